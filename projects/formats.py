"""What projects, agreements and organisations state."""

from django.utils.translation import gettext_lazy as _

from issues.formats import ISSUE
from portal.core.choices import Area, Confidence, Level
from portal.formats.fields import Code, Date, Mention, Money, One, Own, Rows, Text, codes, several
from portal.formats.portal_serialisers import COUNTRY, KEY, PLACE, TIMES, cited, column
from portal.formats.responses import FORMATS, Format
from portal.formats.serialisers import Address, Serialiser
from projects.iati import exporting, serving
from projects.models import (
    Agreement,
    AgreementArea,
    AgreementCitation,
    AgreementParty,
    Organisation,
    OrganisationCitation,
    Participation,
    Project,
    ProjectArea,
    ProjectCitation,
    ProjectIssue,
    ProjectSdg,
    RioMarker,
    Sector,
)

ORGANISATION = Mention(Organisation)
SECTOR = Mention(Sector, code="code")


def evidence(model):
    """What a record rests on, in its editors’ words."""
    return (
        Code("confidence", column(model, "confidence"), Confidence),
        Text("evidence", column(model, "evidence")),
        Text("note", column(model, "note")),
    )


Serialiser(
    Project,
    [
        KEY,
        Text("title", column(Project, "title")),
        Own("title_original", column(Project, "title_original")),
        Code("level", column(Project, "level"), Level, optional=True),
        Code("status", column(Project, "status"), Project.Status),
        Date("start", column(Project, "start")),
        Date("end", column(Project, "end")),
        Money("budget", column(Project, "budget"), column(Project, "currency")),
        Code("finance", column(Project, "finance"), Project.Finance, optional=True),
        several("countries", column(Project, "countries"), Project.countries.through, "project", "place", COUNTRY),
        several("places", column(Project, "places"), Project.places.through, "project", "place", PLACE),
        codes("areas", _("areas"), ProjectArea, "project", Code("area", _("area"), Area)),
        several("sectors", column(Project, "sectors"), Project.sectors.through, "project", "sector", SECTOR),
        Rows(
            "organisations",
            column(Project, "organisations"),
            Participation,
            "project",
            [
                One("organisation", column(Participation, "organisation"), ORGANISATION, inline=True),
                Code("role", column(Participation, "role"), Participation.Role),
            ],
        ),
        Rows(
            "issues",
            column(Project, "issues"),
            ProjectIssue,
            "project",
            [
                One("issue", column(ProjectIssue, "issue"), ISSUE, inline=True),
                Code("significance", column(ProjectIssue, "significance"), ProjectIssue.Significance),
                Text("rationale", column(ProjectIssue, "rationale")),
            ],
            order=("significance", "pk"),
        ),
        codes("sdgs", _("SDG"), ProjectSdg, "project", Own("code", _("SDG"), optional=False)),
        Rows(
            "rio_markers",
            _("Rio markers"),
            RioMarker,
            "project",
            [
                Code("marker", column(RioMarker, "marker"), RioMarker.Marker),
                Own("significance", column(RioMarker, "significance"), type="integer", optional=False),
            ],
        ),
        Text("summary", column(Project, "summary")),
        Text("activities", column(Project, "activities")),
        Text("results", column(Project, "results")),
        *evidence(Project),
        cited(ProjectCitation, "project"),
        *TIMES,
    ],
    address=Address("project"),
    name="title",
    summary="summary",
    date="start",
    where="places",
)

Serialiser(
    Agreement,
    [
        KEY,
        Date("date", column(Agreement, "date"), optional=False),
        Code("kind", column(Agreement, "kind"), Agreement.Kind),
        Text("title", column(Agreement, "title")),
        Code("level", column(Agreement, "level"), Level),
        Text("summary", column(Agreement, "summary")),
        Rows(
            "parties",
            _("parties"),
            AgreementParty,
            "agreement",
            [
                One("country", column(AgreementParty, "country"), COUNTRY),
                One("organisation", column(AgreementParty, "organisation"), ORGANISATION),
            ],
        ),
        codes("areas", _("areas"), AgreementArea, "agreement", Code("area", _("area"), Area)),
        several("issues", column(Agreement, "issues"), Agreement.issues.through, "agreement", "issue", ISSUE),
        *evidence(Agreement),
        cited(AgreementCitation, "agreement"),
        *TIMES,
    ],
    address=Address("agreement"),
    name="title",
    summary="summary",
    date="date",
)

Serialiser(
    Organisation,
    [
        KEY,
        Text("name", column(Organisation, "name")),
        Own("acronym", column(Organisation, "acronym")),
        Own("other_spellings", column(Organisation, "other_spellings")),
        Code("kind", column(Organisation, "kind"), Organisation.Kind),
        One("country", column(Organisation, "country"), COUNTRY),
        Own("website", column(Organisation, "url"), path="url", format="uri"),
        cited(OrganisationCitation, "organisation"),
        *TIMES,
    ],
    address=Address("organisation"),
)


FORMATS["iati"] = Format(
    "iati",
    "IATI",
    _("aid data as IATI 2.03 has it"),
    "application/xml",
    make=None,
    suits=lambda kinds, single: kinds == {"project"} and exporting.reports(),
    attached=False,
    respond=lambda request, records: serving.response(request, Project.objects.published().filter(pk__in=records.pks)),
)
