"""Serialisers of projects, agreements and organisations, and the export format IATI."""

from django.utils.translation import gettext_lazy as _

from issues.formats import ISSUE
from portal.core.choices import Area, Confidence, Level
from portal.formats.fields import (
    ChoiceField,
    DateField,
    MoneyField,
    PlainField,
    RelatedField,
    RelatedRowsField,
    RelatedSummary,
    TranslatedTextField,
    choice_list,
    related_many,
)
from portal.formats.portal_serialisers import COUNTRY, KEY, PLACE, TIMES, cited, column, identifiers
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
    OrganisationExternalIdentifier,
    Participation,
    Project,
    ProjectArea,
    ProjectCitation,
    ProjectIssue,
    ProjectSdg,
    RioMarker,
    Sector,
)

ORGANISATION = RelatedSummary(Organisation)
SECTOR = RelatedSummary(Sector, code="code")


def evidence(model):
    """Return the fields of `EvidenceModel`: confidence, evidence and note."""
    return (
        ChoiceField("confidence", column(model, "confidence"), Confidence),
        TranslatedTextField("evidence", column(model, "evidence")),
        TranslatedTextField("note", column(model, "note")),
    )


Serialiser(
    Project,
    [
        KEY,
        TranslatedTextField("title", column(Project, "title")),
        PlainField("title_original", column(Project, "title_original")),
        ChoiceField("level", column(Project, "level"), Level, optional=True),
        ChoiceField("status", column(Project, "status"), Project.Status),
        DateField("status_as_of", column(Project, "status_as_of")),
        DateField("start", column(Project, "start")),
        DateField("end", column(Project, "end")),
        MoneyField("budget", column(Project, "budget"), column(Project, "currency")),
        ChoiceField("finance", column(Project, "finance"), Project.Finance, optional=True),
        related_many("countries", column(Project, "countries"), Project.countries.through, "project", "place", COUNTRY),
        related_many("places", column(Project, "places"), Project.places.through, "project", "place", PLACE),
        choice_list("areas", _("areas"), ProjectArea, "project", ChoiceField("area", _("area"), Area)),
        related_many("sectors", column(Project, "sectors"), Project.sectors.through, "project", "sector", SECTOR),
        RelatedRowsField(
            "organisations",
            column(Project, "organisations"),
            Participation,
            "project",
            [
                RelatedField("organisation", column(Participation, "organisation"), ORGANISATION, inline=True),
                ChoiceField("role", column(Participation, "role"), Participation.Role),
            ],
        ),
        RelatedRowsField(
            "issues",
            column(Project, "issues"),
            ProjectIssue,
            "project",
            [
                RelatedField("issue", column(ProjectIssue, "issue"), ISSUE, inline=True),
                ChoiceField("significance", column(ProjectIssue, "significance"), ProjectIssue.Significance),
                TranslatedTextField("rationale", column(ProjectIssue, "rationale")),
            ],
            order=("significance", "pk"),
        ),
        choice_list("sdgs", _("SDG"), ProjectSdg, "project", PlainField("code", _("SDG"), optional=False)),
        RelatedRowsField(
            "rio_markers",
            _("Rio markers"),
            RioMarker,
            "project",
            [
                ChoiceField("marker", column(RioMarker, "marker"), RioMarker.Marker),
                PlainField("significance", column(RioMarker, "significance"), type="integer", optional=False),
            ],
        ),
        TranslatedTextField("summary", column(Project, "summary")),
        TranslatedTextField("activities", column(Project, "activities")),
        TranslatedTextField("results", column(Project, "results")),
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
        DateField("date", column(Agreement, "date"), optional=False),
        ChoiceField("kind", column(Agreement, "kind"), Agreement.Kind),
        TranslatedTextField("title", column(Agreement, "title")),
        ChoiceField("level", column(Agreement, "level"), Level),
        TranslatedTextField("summary", column(Agreement, "summary")),
        RelatedRowsField(
            "parties",
            _("parties"),
            AgreementParty,
            "agreement",
            [
                RelatedField("country", column(AgreementParty, "country"), COUNTRY),
                RelatedField("organisation", column(AgreementParty, "organisation"), ORGANISATION),
            ],
        ),
        choice_list("areas", _("areas"), AgreementArea, "agreement", ChoiceField("area", _("area"), Area)),
        related_many("issues", column(Agreement, "issues"), Agreement.issues.through, "agreement", "issue", ISSUE),
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
        TranslatedTextField("name", column(Organisation, "name")),
        PlainField("acronym", column(Organisation, "acronym")),
        PlainField("other_spellings", column(Organisation, "other_spellings")),
        ChoiceField("kind", column(Organisation, "kind"), Organisation.Kind),
        RelatedField("country", column(Organisation, "country"), COUNTRY),
        PlainField("website", column(Organisation, "url"), path="url", format="uri"),
        identifiers(OrganisationExternalIdentifier, "organisation"),
        cited(OrganisationCitation, "organisation"),
        *TIMES,
    ],
    address=Address("organisation"),
)


FORMATS["iati"] = Format(
    "iati",
    "IATI",
    _("IATI 2.03 aid data"),
    "application/xml",
    make=None,
    suits=lambda kinds, single: kinds == {"project"} and exporting.reports(),
    attached=False,
    respond=lambda request, records: serving.response(request, Project.objects.published().filter(pk__in=records.pks)),
)
