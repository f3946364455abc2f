"""Filters of projects, agreements and organisations; the names are the portal's shared parameters."""

from django.utils.translation import gettext_lazy as _

from issues.models import Issue
from portal.choices import Area, Confidence, Goal, Level
from portal.filters import (
    DatedFilterSet,
    Facet,
    RecordFilterSet,
    YearFilter,
    has_value,
    names,
    places_but_countries,
    portal_countries,
)
from portal.models import Place
from portal.sdg import in_order
from projects.models import Agreement, Organisation, Participation, Project, ProjectSdg, RioMarker, Sector


def sectors():
    return [(sector.code, str(sector)) for sector in Sector.objects.all()]


def goals_and_targets():
    """The goals by name, and such targets as some project names."""
    targets = ProjectSdg.objects.filter(code__contains=".").values_list("code", flat=True).distinct()
    return [(goal.value, f"{goal.value} {goal.label}") for goal in Goal] + [
        (code, code) for code in sorted(targets, key=in_order)
    ]


class RoleFacet(Facet):
    """Roles; beside chosen organisations it asks for the role of those."""

    def filter(self, queryset, values):
        organisations = self.parent.cleaned.get("organisation")
        where = {"organisation__key__in": organisations} if organisations else None
        return queryset.filter(has_value(queryset.model, self.field_name, values, where)) if values else queryset


class SdgFacet(Facet):
    """Goals, counted; a target is a value too."""

    def filter(self, queryset, values):
        if not values:
            return queryset
        goals = has_value(queryset.model, "sdgs__goal", values)
        return queryset.filter(goals | has_value(queryset.model, "sdgs__code", values))


class ProjectFilter(RecordFilterSet):
    """Projects by country, issue, area …"""

    country = Facet("countries__key", options=portal_countries, label=_("Country"))
    issue = Facet("issues__key", "issues__parent__key", options=names(Issue.objects.all()), label=_("Issue"), limit=6)
    area = Facet("areas__area", options=Area, label=_("Area"), limit=6)
    level = Facet("level", options=Level, label=_("Level"))
    status = Facet("status", options=Project.Status, label=_("Status"))
    finance = Facet("finance", options=Project.Finance, label=_("Finance"), rare=True)
    organisation = Facet(
        "organisations__key", options=names(Organisation.objects.all()), label=_("Organisation"), rare=True
    )
    role = RoleFacet("participations__role", options=Participation.Role, label=_("Role"), rare=True)
    sector = Facet("sectors__code", options=sectors, label=_("Sector (OECD DAC)"), limit=6, rare=True)
    marker = Facet(
        "rio_markers__marker",
        options=RioMarker.Marker,
        label=_("Rio marker"),
        where={"significance__gt": 0},
        rare=True,
    )
    sdg = SdgFacet("sdgs__goal", options=goals_and_targets, label=_("SDG"), limit=6, rare=True)
    place = Facet(
        "places__key", "places__part_of__key", options=places_but_countries, label=_("Place"), limit=6, rare=True
    )
    confidence = Facet("confidence", options=Confidence, label=_("Confidence"), rare=True)
    year_from = YearFilter(_("Running in or after"), "running_from")
    year_to = YearFilter(_("Running in or before"), "running_to")

    class Meta:
        model = Project
        fields = []

    def running_from(self, queryset, name, year):
        return queryset.running_in(year, None)

    def running_to(self, queryset, name, year):
        return queryset.running_in(None, year)


class AgreementFilter(DatedFilterSet):
    """Agreements by country, kind, issue …"""

    country = Facet(
        "parties__country__key",
        "parties__organisation__country__key",
        options=portal_countries,
        label=_("Country"),
    )
    kind = Facet("kind", options=Agreement.Kind, label=_("Kind"))
    issue = Facet("issues__key", "issues__parent__key", options=names(Issue.objects.all()), label=_("Issue"), limit=6)
    area = Facet("areas__area", options=Area, label=_("Area"), limit=6)
    level = Facet("level", options=Level, label=_("Level"))
    organisation = Facet(
        "parties__organisation__key", options=names(Organisation.objects.all()), label=_("Organisation"), rare=True
    )
    confidence = Facet("confidence", options=Confidence, label=_("Confidence"), rare=True)

    class Meta:
        model = Agreement
        fields = []


class OrganisationFilter(RecordFilterSet):
    """Organisations by country, kind and what they take part in."""

    country = Facet("country__key", options=names(Place.objects.filter(kind=Place.Kind.COUNTRY)), label=_("Country"))
    kind = Facet("kind", options=Organisation.Kind, label=_("Kind"), limit=9)
    role = Facet("participations__role", options=Participation.Role, label=_("Role in projects"))

    class Meta:
        model = Organisation
        fields = []
