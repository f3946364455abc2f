"""The front page of Gyeonggi: what the province, its cities and counties and its institutions do in Central Asia."""

from collections import Counter
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext
from django.views.generic import TemplateView

from issues.models import AreaReport, Event
from portal.core.choices import Area
from portal.core.urls import with_query
from portal.facets import registry
from portal.facets.bitmaps import NONE
from portal.facets.filters import OfGyeonggi
from portal.graphics.charts import PHONE_WIDTH
from portal.graphics.histogram import histogram
from portal.models import Place
from portal.models.place import GYEONGGI
from portal.seo.head import PageMetadataMixin
from portal.views.gyeonggi.ties import WIDE, TieView, threads_of
from projects.budgets import sum_budgets
from projects.filters import projects_with_status
from projects.models import UNDER_WAY, Agreement, Organisation, Project, Result, StatusNow
from projects.ties import Tie, local_governments, ties_of

NO_LONGER_KNOWN = (StatusNow.IMPLEMENTATION_LAST_REPORTED, StatusNow.FINALISATION_LAST_REPORTED)
SHOWN = 3  # most records of each part of the page
NEWEST_TIES = 4
RESULTS = 2
AREAS = 2  # areas that are shown at once, besides those that the report names
LATEST = 3  # newest records of any kind
CITIES = 4  # cities and counties that are shown at once
MOTIF = (340, 64)  # of the drawing without labels, in pixels
STRIP = (PHONE_WIDTH, 84)  # of the drawing of agreements by year, in pixels
FILTER = {"gyeonggi": OfGyeonggi.YES.value}


@dataclass(frozen=True)
class AreaRow:
    """An area of cooperation: the projects of Gyeonggi in it, and all projects; `share` is per cent of the fullest."""

    area: Area
    count: int
    of_korea: int
    is_named: bool
    share: int


@dataclass(frozen=True)
class PlaceRow:
    """A city or county: the projects of its bodies or that name it, its ties, and the newest sign of a tie."""

    place: Place
    projects: int
    ties: int
    last_sign: object


def area_rows(ids, facets, named) -> list[AreaRow]:
    """Return the areas: those that the report names first, fewest projects first; then the others, most first."""
    counts = {area: ids.intersection_cardinality(facets["area"][area.value]) for area in Area}
    most = max(counts.values(), default=0) or 1
    rows = [
        AreaRow(area, count, len(facets["area"][area.value]), area.value in named, round(100 * count / most))
        for area, count in counts.items()
    ]
    return sorted(
        (row for row in rows if row.count or row.is_named),
        key=lambda row: (not row.is_named, row.count if row.is_named else -row.count, row.area.label),
    )


def areas(ids, facets, report):
    """Return the rows of areas: those that are shown at once, and the others."""
    rows = area_rows(ids, facets, report.areas if report else ())
    shown = sum(row.is_named for row in rows) + AREAS
    return {"areas": rows[:shown], "more_areas": rows[shown:]}


def place_rows(ids, facets, ties: list[Tie]) -> tuple[list[PlaceRow], int]:
    """Return the cities and counties of the province with entries, the fullest first, and how many there are in all."""
    places = list(
        Place.objects.published()
        .filter(part_of__key=GYEONGGI, kind__in=(Place.Kind.CITY, Place.Kind.DISTRICT))
        .in_order_of("name")
    )
    bodies = {}
    for key, seat in Organisation.objects.published().of_gyeonggi().values_list("key", "seat"):
        bodies.setdefault(seat, []).append(key)
    tied = Counter(tie.korean.key for tie in ties)
    signs = {}
    for tie in ties:
        if tie.last_sign:
            signs[tie.korean.key] = max(tie.last_sign, signs.get(tie.korean.key, ""))
    rows = []
    for place in places:
        of_bodies = [facets["organisation"][key] for key in bodies.get(place.pk, ())]
        there = ids & NONE.union(facets["place"][place.key], *of_bodies)
        rows.append(PlaceRow(place, len(there), tied[place.key], signs.get(place.key)))
    with_entries = [row for row in rows if row.projects or row.ties]
    return sorted(with_entries, key=lambda row: (-row.projects, -row.ties)), len(places)


class GyeonggiPage(PageMetadataMixin, TemplateView):
    """The front page of Gyeonggi."""

    template_name = "portal/gyeonggi.html"

    def share_countries(self, context):
        return [place for place, _count in context["countries"]]

    def get_context_data(self, **kwargs):
        today = timezone.localdate()
        facets = registry.facet_index(Project).facets
        ids = facets["gyeonggi"][OfGyeonggi.YES.value]
        ties = ties_of(local_governments(only_gyeonggi=True), today)
        agreements = list(Agreement.objects.published().of_gyeonggi().with_outlook().order_by("-date", "key"))
        report = AreaReport.objects.shown()
        cities, all_cities = place_rows(ids, facets, ties)
        countries = [
            (place, count)
            for place in Place.objects.published().countries_of_central_asia()
            if (count := ids.intersection_cardinality(facets["country"][place.key]))
        ]
        newest_ties = sorted(ties, key=lambda tie: tie.last_sign or "", reverse=True)
        return super().get_context_data(**kwargs) | {
            "title": _("Gyeonggi and Central Asia"),
            "trail": [(_("Gyeonggi"), None)],
            "counts": [
                (
                    len(ids),
                    npgettext("count", "project", "projects", len(ids)),
                    with_query(reverse("projects"), FILTER),
                ),
                (
                    len(agreements),
                    npgettext("count", "agreement", "agreements", len(agreements)),
                    with_query(reverse("agreements"), FILTER),
                ),
                (len(ties), npgettext("count", "tie", "ties", len(ties)), reverse("gyeonggi-ties")),
                (len(cities), npgettext("count", "city or county", "cities and counties", len(cities)), "#cities"),
            ],
            "countries": countries,
            "ties": [TieView(tie) for tie in newest_ties[:NEWEST_TIES]],
            "threads": threads_of(ties, width=WIDE) if ties else None,
            "motif": threads_of(ties, width=MOTIF[0], height=MOTIF[1], labelled=False) if ties else None,
            "report": report,
            **areas(ids, facets, report),
            **current_projects(ids),
            **reported_results(),
            "money": sum_budgets(ids).stated,
            "project_count": len(ids),
            "latest": latest(ids, agreements, today),
            "agreements": agreements,
            "strip": by_year(agreements),
            "cities": cities[:CITIES],
            "more_cities": cities[CITIES:],
            "city_count": len(cities),
            "all_cities": all_cities,
        }


def current_projects(ids):
    """Return the projects under way, the newest report first, and the numbers and links of their lists."""
    context = {}
    groups = {"current": UNDER_WAY, "no_longer_known": NO_LONGER_KNOWN}
    for (name, statuses), of_status in zip(groups.items(), projects_with_status(*groups.values()), strict=True):
        found = ids & of_status
        query = FILTER | {"status_now": [status.value for status in statuses]}
        context |= {f"{name}_count": len(found), f"{name}_url": with_query(reverse("projects"), query)}
        if name == "current":
            newest = Project.objects.published().last_reported_first().defer_texts()
            context["current"] = registry.first_records(newest, found, SHOWN)
    return context


def reported_results():
    """Return the results reported of projects of Gyeonggi, those of the latest projects first, with number and link."""
    results = Result.objects.published().of_gyeonggi().filter(kind=Result.Kind.RESULT)
    query = FILTER | {"kind": Result.Kind.RESULT.value}
    return {
        "results": results.latest_first().for_list()[:RESULTS],
        "result_count": results.count(),
        "results_url": with_query(reverse("results"), query),
    }


def latest(ids, agreements, today):
    """Return (date, kind in words, record, text shown) of the latest projects, events and agreements.

    Those that lie ahead are left out. The text of the newest event is shown.
    """
    projects = registry.first_records(
        Project.objects.published().filter(start__lte=today.isoformat()).latest_first().defer_texts(), ids, LATEST
    )
    events = Event.objects.published().of_gyeonggi().without_agreements().order_by("-date", "key")
    events = list(events.filter(date__lte=today.isoformat())[:LATEST])
    found = [
        *((one.start, one._meta.verbose_name, one) for one in projects),
        *((one.date, one._meta.verbose_name, one) for one in events),
        *((one.date, one.get_kind_display(), one) for one in agreements if one.date.first_day <= today),
    ]
    newest = sorted(found, key=lambda entry: (entry[0], entry[2].key), reverse=True)[:LATEST]
    return [(*entry, entry[2] in events[:1]) for entry in newest]


def by_year(agreements):
    """Return the drawing of the numbers of agreements by year, and the first year; None without agreements."""
    if not agreements:
        return None
    years = Counter(agreement.date.year for agreement in agreements)
    return histogram({year: (count,) for year, count in years.items()}, *STRIP), min(years)
