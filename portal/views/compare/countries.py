"""The comparison of countries: indicators, charts, counts of records, areas, issues."""

from django.db.models import Count, Prefetch
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from issues.charts import SMALL, IndicatorFigure, place_tones
from issues.figures import latest_observations, latest_rows, readings
from issues.filters import IssueFilter
from issues.models import Indicator, Issue, IssueInCountry, Observation, PageIndicator
from portal.core.choices import Area
from portal.core.languages import text_and_language
from portal.models import FormerKey, Place
from portal.models.querysets import reader_text
from portal.views.compare.rows import (
    VISIBLE,
    Comparison,
    ComparisonEntry,
    ComparisonRow,
    ComparisonSection,
    counted,
    list_address,
    prose,
    published,
    with_shares,
)
from projects.filters import AgreementFilter, OrganisationFilter, ProjectFilter
from projects.models import Agreement, Organisation, Project

MOST_CHARTS = 4
TOP_AREAS = 5
SHOWN_FIGURES, SHOWN_ISSUES = 10, 3  # the others are folded


class Countries(Comparison):
    """The countries of the portal, which are those with a group."""

    name = "country"
    label = _("Country")
    title = _("Country comparison")
    choose = _("Compare countries")
    add = _("Add a country")
    others_left_out = _("Only one kind of record can be compared at a time. The countries in the address were ignored.")
    sentence_for_one = _("Selected: {name}. Choose one to three more countries.")
    former = FormerKey.Kind.PLACE

    def options(self):
        return Place.objects.published().exclude(group="").order_by("group", reader_text("name"))

    def groups(self, options):
        """Return the options in one group without a heading, because they are few."""
        return [("", options)]

    def parts(self, places):
        latest = list(latest_observations(place__in=places))
        years = self.years_together(places)
        projects = ProjectFilter(queryset=Project.objects.published())
        return [
            self.counts(places, projects),
            ComparisonSection(
                "values", gettext("Latest figures"), self.value_rows(places, latest, years), shown=SHOWN_FIGURES
            ),
            self.areas(places, projects.index.facets),
            self.issues(places),
        ]

    @staticmethod
    def years_together(places):
        """Return, for each indicator, a dict from year to the number of these places with a value for it."""
        found = {}
        rows = (
            Observation.objects.published()
            .filter(place__in=places)
            .order_by()
            .values_list("indicator", "year")
            .annotate(n=Count("place", distinct=True))
        )
        for indicator, year, count in rows:
            found.setdefault(indicator, {})[year] = count
        return found

    @staticmethod
    def recorded(place, count):
        """Return True if a count is meaningful: projects and issues are recorded for countries of Central Asia only."""
        return count or place.group == Place.Group.CENTRAL_ASIA

    @staticmethod
    def lead(places):
        if all(place.group == Place.Group.CENTRAL_ASIA for place in places):
            return ""
        return gettext(
            "Projects and issues are recorded for the Central Asian countries they concern. Korea has the "
            "projects in which its organisations take part."
        )

    def counts(self, places, projects):
        """Return a row each for projects, agreements, organisations and issues, counted as their lists count."""
        rows = []
        for label, listed, route in (
            (_("Projects"), projects, "projects"),
            (_("Agreements"), AgreementFilter(queryset=Agreement.objects.published()), "agreements"),
            (_("Organisations"), OrganisationFilter(queryset=Organisation.objects.published()), "organisations"),
            (_("Issues"), IssueFilter(queryset=Issue.objects.published()), "issues"),
        ):
            counts = listed.counter.facet_counts("country")
            cells = [
                counted(count, route, country=place.key) if self.recorded(place, count) else []
                for place in places
                for count in [counts.get(place.key, 0)]
            ]
            rows.append(ComparisonRow(label, with_shares(cells), missing=_("not counted")))
        return ComparisonSection("counts", gettext("In the portal"), rows, self.lead(places))

    def value_rows(self, places, observations, years):
        """Return a row for each indicator: its latest value, from each source that has one for that year.

        The indicators that editors chose as key figures come first, then those chosen for comparisons.
        """
        pages = (PageIndicator.Page.FIGURES, PageIndicator.Page.COMPARISON)
        chosen = PageIndicator.objects.filter(page__in=pages).values_list("page", "position", "indicator")
        order = {}
        for page, position, indicator in chosen:
            order[indicator] = min(order.get(indicator, (len(pages), 0)), (pages.index(page), position))
        rows = []
        for found in sorted(
            latest_rows(observations, places), key=lambda row: order.get(row.indicator.pk, (len(pages), 0))
        ):
            indicator = found.indicator
            if not any(found.by_country):
                continue
            symbol = text_and_language(indicator, "unit_symbol")[0]
            cells = [
                [
                    ComparisonEntry(one.value, unit=symbol, year=one.year, sources=published([one.source]))
                    for one in observations_of_place
                ]
                for observations_of_place in found.by_country
            ]
            name, language = indicator.name_and_language()
            unit, unit_language = text_and_language(indicator, "unit")
            rows.append(
                ComparisonRow(
                    name,
                    with_shares(cells),
                    language,
                    url=f"{indicator.get_absolute_url()}?{urlencode([('place', place.key) for place in places])}",
                    unit=unit,
                    unit_language=unit_language,
                    caution=self.caution(cells, years.get(indicator.pk, {})),
                )
            )
        return rows

    @staticmethod
    def caution(cells, years):
        """Return a warning if the years of a row differ, with the latest year that all its countries have."""
        latest = {cell[0].year for cell in cells if cell}
        if len(latest) < 2:
            return ""
        having = sum(1 for cell in cells if cell)
        together = max((year for year, count in years.items() if count == having), default=None)
        if together is None:
            return gettext("The years differ, and no year has values for all.")
        return gettext("The years differ. {year} is the last with values for all.").format(year=together)

    @staticmethod
    def areas(places, facets):
        """Return the section on areas: the TOP_AREAS areas with the most projects in each of the countries."""
        counts = {
            (place.key, area): count
            for place in places
            for area, projects in facets["area"].items()
            if (count := projects.intersection_cardinality(facets["country"][place.key]))
        }
        top = set()
        for place in places:
            own = sorted((-count, area) for (country, area), count in counts.items() if country == place.key)
            top |= {area for _count, area in own[:TOP_AREAS]}
        total = {area: sum(counts.get((place.key, area), 0) for place in places) for area in top}
        active = {country for country, _area in counts}
        rows = [
            ComparisonRow(
                Area(area).label,
                with_shares(
                    [
                        counted(counts.get((place.key, area), 0), "projects", country=place.key, area=area)
                        if Countries.recorded(place, place.key in active)
                        else []
                        for place in places
                    ]
                ),
                url=list_address("projects", area=area),
                missing=_("not counted"),
            )
            for area in sorted(top, key=lambda area: (-total[area], area))
        ]
        lead = gettext(
            "Projects in the areas that have the most of them. Zero means that the portal has no sourced project there."
        )
        return ComparisonSection("areas", gettext("Areas of cooperation"), rows, lead)

    @staticmethod
    def issues(places):
        """Return the section on issues: the note on each issue for each of the countries."""
        notes = IssueInCountry.objects.filter(country__in=places, issue__publication=VISIBLE)
        found = {}
        for note in notes.prefetch_related(Prefetch("issue", Issue.objects.without_sections())):
            found.setdefault(note.issue, {})[note.country_id] = note
        rows = []
        for issue, by_country in sorted(found.items(), key=lambda pair: (pair[0].position, pair[0].key)):
            name, language = issue.name_and_language()
            cells = [prose(by_country[place.pk], "note") if place.pk in by_country else [] for place in places]
            rows.append(
                ComparisonRow(
                    name,
                    cells,
                    language,
                    issue.get_absolute_url(),
                    missing=_("not listed there"),
                    wide=True,
                    absent=True,
                )
            )
        return ComparisonSection("issues", gettext("Issues, and what they mean there"), rows, shown=SHOWN_ISSUES)

    def figures(self, places):
        """Return charts of at most MOST_CHARTS indicators.

        An indicator qualifies if two or more of the countries have a value in each of at least three years. Those that
        editors chose come first, and the others follow in their own order.
        """
        years = self.years_together(places)
        comparable = [pk for pk, counts in years.items() if sum(1 for count in counts.values() if count > 1) > 2]
        chosen = PageIndicator.objects.indicators_on(PageIndicator.Page.COMPARISON)
        order = {indicator.pk: place for place, indicator in enumerate(chosen)}
        indicators = sorted(
            Indicator.objects.filter(pk__in=comparable),
            key=lambda indicator: (order.get(indicator.pk, len(order)), indicator.position, indicator.key),
        )[:MOST_CHARTS]
        observations = readings(Observation.objects.filter(indicator__in=indicators, place__in=places))
        query = {"place": [place.key for place in places]}
        return [IndicatorFigure(one, observations[one.pk], (SMALL,), query) for one in indicators]

    def tones(self, places):
        return place_tones(places)
