"""The page of Korea: its cooperation with the five countries, its provinces and cities, its agreements and its aid."""

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from django.urls import reverse
from django.utils import timezone

from issues.charts import figures_for
from issues.figures import latest_observations, latest_rows
from issues.models import PageIndicator
from portal.core.choices import Level
from portal.core.urls import with_query
from portal.facets import registry
from portal.facets.bitmaps import NONE
from portal.facets.filters import OfGyeonggi
from portal.graphics.histogram import Decade, decades
from portal.http.page_cache import cached_for_version
from portal.models import Outlook, Place
from portal.models.place import GYEONGGI
from portal.views.country.rows import CountRow, count_rows
from portal.views.gyeonggi.front import by_year
from portal.views.home import merge_by_date
from projects.filters import AgreementFilter, projects_with_status
from projects.models import UNDER_WAY, Agreement, Organisation, Project
from projects.ties import local_governments, side_of, ties_of

MOST_DATED = 200  # agreements and events that the page lists
MOST_CHARTS = 3
LATEST = 4  # agreements and events that are shown at once
SIDES = 6  # provinces and cities that are shown at once


@dataclass(frozen=True)
class PartnerRow:
    """A country of Central Asia and what Korea shares with it.

    `levels` are the projects by level of the Korean side, `facts` other numbers; both are pairs of a number and the URL
    of its list. `latest` are the newest values of the chosen indicators, a list of observations for each.
    """

    place: Place
    projects: tuple[int, str]
    levels: list[tuple[int, str]]
    facts: list[tuple[int, str]]
    latest: list


@dataclass(frozen=True)
class LocalRow:
    """A province or city of Korea (a place or its government): its projects and ties, each with the URL of the list.

    They are those of its local government. The row of Gyeonggi has the numbers of the front page of Gyeonggi instead,
    with cities and institutions. Elsewhere the seats of few institutions are recorded.
    """

    side: Place | Organisation
    is_gyeonggi: bool
    projects: tuple[int, str]
    ties: tuple[int, str]


class TieCounts(NamedTuple):
    """The numbers of ties by the key of the country of Central Asia, and by the key of the Korean side."""

    by_country: Counter[str]
    by_side: Counter[str]


def tie_counts(*, only_gyeonggi: bool) -> TieCounts:
    """Return the numbers of ties of local governments of Korea, or of those of Gyeonggi."""

    def count():
        ties = ties_of(local_governments(only_gyeonggi=only_gyeonggi), timezone.localdate())
        return TieCounts(Counter(tie.country.key for tie in ties), Counter(tie.korean.key for tie in ties))

    return cached_for_version(count, "numbers of ties", only_gyeonggi)


def korea_context(projects, agreements, events):
    """Return what only the page of Korea has. `projects` are the ids of its projects."""
    partners = list(Place.objects.published().countries_of_central_asia())
    ties = tie_counts(only_gyeonggi=False)
    chosen = PageIndicator.objects.indicators_on(PageIndicator.Page.KOREA)
    latest = latest_rows(latest_observations(indicator__in=chosen, place__in=partners), partners)
    facets = registry.facet_index(Project).facets
    light = list(agreements.order_by().only("kind", "date"))
    sides = local_rows(ties.by_side, tie_counts(only_gyeonggi=True).by_country.total())
    dated = merge_by_date(agreements[:MOST_DATED], events[:MOST_DATED])[:MOST_DATED]
    return {
        "levels_of_all": list(Level),
        "partners": partner_rows(partners, ties.by_country, latest),
        "partner_indicators": [row.indicator for row in latest],
        "all_levels": level_cells(projects, facets, "kr"),
        "sides": sides[:SIDES],
        "more_sides": sides[SIDES:],
        "other_provinces": provinces_without_entries(sides),
        "tie_count": ties.by_country.total(),
        "agreement_kinds": agreement_rows(light),
        "strip": by_year(light),
        "aid": figures_for(chosen, most=MOST_CHARTS, place__group=Place.Group.KOREA),
        # What was planned and has no recorded outcome never leads the list.
        "dated": sorted(dated[: 2 * LATEST], key=lambda record: record.outlook == Outlook.NOT_RECORDED)[:LATEST],
        "decades": by_decade(dated),
    }


def level_cells(ids, facets, country):
    """Return the number of projects of each level among `ids`, with the URL of the list for the country."""
    return [
        (
            ids.intersection_cardinality(facets["level"][level.value]),
            with_query(reverse("projects"), {"country": country, "level": level.value}),
        )
        for level in Level
    ]


def partner_rows(partners, tied, latest) -> list[PartnerRow]:
    """Return a row for each country of Central Asia, whose numbers are those of the lists.

    `tied` are the numbers of ties by the key of the country.
    """
    facets, [current] = registry.facet_index(Project).facets, projects_with_status(UNDER_WAY)
    of_gyeonggi = facets["gyeonggi"][OfGyeonggi.YES.value]
    agreed = AgreementFilter(queryset=Agreement.objects.published()).counter.facet_counts("country")
    rows = []
    for number, place in enumerate(partners):
        ids, query = facets["country"][place.key], {"country": place.key}
        rows.append(
            PartnerRow(
                place,
                (len(ids), with_query(reverse("projects"), query)),
                level_cells(ids, facets, place.key),
                [
                    (
                        ids.intersection_cardinality(current),
                        with_query(reverse("projects"), query | {"status_now": [one.value for one in UNDER_WAY]}),
                    ),
                    (
                        ids.intersection_cardinality(of_gyeonggi),
                        with_query(reverse("projects"), query | {"gyeonggi": OfGyeonggi.YES.value}),
                    ),
                    (agreed.get(place.key, 0), with_query(reverse("agreements"), query)),
                    (tied[place.key], with_query(reverse("gyeonggi-ties"), query | {"korea": "1"})),
                ],
                [row.by_country[number] for row in latest],
            )
        )
    return rows


def local_rows(tied: Counter[str], tied_in_gyeonggi: int) -> list[LocalRow]:
    """Return the provinces and cities of Korea with projects or ties: Gyeonggi first, then those with most projects.

    `tied` are the numbers of ties by the key of the side, `tied_in_gyeonggi` that of the province with its cities.
    """
    facets = registry.facet_index(Project).facets
    bodies: dict[str, list[str]] = {}
    sides: dict[str, Place | Organisation] = {}
    for body in local_governments(only_gyeonggi=False):
        side = side_of(body)
        sides.setdefault(side.key, side)
        bodies.setdefault(side.key, []).append(body.key)
    rows = []
    for key, side in sides.items():
        ids = NONE.union(*(facets["organisation"][body] for body in bodies[key]))
        query = {"organisation": sorted(bodies[key])}
        ties = tied[key], f"{reverse('gyeonggi-ties')}?korea=1#{key}"
        if key == GYEONGGI:
            ids, query = facets["gyeonggi"][OfGyeonggi.YES.value], {"gyeonggi": OfGyeonggi.YES.value}
            ties = tied_in_gyeonggi, reverse("gyeonggi-ties")
        if ids or tied[key] or key == GYEONGGI:
            rows.append(
                LocalRow(
                    side,
                    key == GYEONGGI,
                    (len(ids), with_query(reverse("projects"), query)),
                    ties,
                )
            )
    return sorted(rows, key=lambda row: (not row.is_gyeonggi, -row.projects[0], -row.ties[0], row.side.key))


def provinces_without_entries(rows: list[LocalRow]):
    """Return the published provinces of Korea, and cities that are part of none, that are in no row; by name."""
    units = Place.objects.published().filter(
        country__group=Place.Group.KOREA, kind__in=[Place.Kind.PROVINCE, Place.Kind.CITY], part_of=None
    )
    return units.exclude(key__in=[row.side.key for row in rows]).in_order_of("name")


def agreement_rows(agreements) -> list[CountRow]:
    """Return the numbers of agreements by kind, the most frequent first."""
    counts = Counter(agreement.kind for agreement in agreements)
    kinds = [(kind, counts[kind.value]) for kind in Agreement.Kind if counts[kind.value]]
    return count_rows(sorted(kinds, key=lambda pair: -pair[1]), "kind", {"country": "kr"}, "agreements")


def by_decade(records) -> list[tuple[Decade, list]]:
    """Return pairs of a decade and its dated records, the latest decade first. Decades without records are left out."""
    years = Counter(record.date.year for record in records)
    found = decades({year: (count,) for year, count in years.items()})
    rows = [
        (decade, [record for record in records if decade.first <= record.date.year <= decade.last]) for decade in found
    ]
    return [(decade, there) for decade, there in reversed(rows) if there]
