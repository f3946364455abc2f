"""The page of a country."""

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from issues.charts import figures_for
from issues.figures import latest_observations, latest_rows
from issues.filters import EventFilter
from issues.models import Event, Issue, IssueInCountry, PageIndicator
from issues.motifs import HEAD, motif_of_country
from portal.core.choices import Area, Level, PublicationStatus
from portal.core.urls import with_query
from portal.facets import registry
from portal.facets.filters import OfGyeonggi
from portal.generic.detail import RecordView, source_footnotes
from portal.models import Place
from portal.seo import schema_org
from portal.views.country.figures import country_figures
from portal.views.country.korea import korea_context, tie_counts
from portal.views.country.overview import people_and_income, water_and_climate, what_korea_does
from portal.views.country.rows import count_rows
from portal.views.home import choice_counts, merge_by_date
from portal.views.map_data import with_project_ids
from projects.budgets import sum_budgets
from projects.filters import ResultFilter, projects_of_countries, projects_with_status
from projects.models import UNDER_WAY, Agreement, Project, Result, StatusNow

VISIBLE = PublicationStatus.PUBLISHED
MOST_CHARTS = 4  # six would make the Russian pages larger than 60,000 bytes
CHARTS = 2  # charts that are shown at once
PROJECTS = 4
RESULTS = 2
AREAS = 5  # areas of cooperation that are shown at once
NOTES = 5  # issues that are shown at once
# What the sentences of the overview state, if editors chose it as a key figure.
PEOPLE, INCOME = "population", "gdp-per-capita"
STRESS, AGRICULTURE, ANOMALY = "water-stress", "water-withdrawal-agriculture-share", "temperature-anomaly"


def current_first(projects, current, limit):
    """Return the first projects: those under way by the date of the report, then the others by start."""
    queryset = Project.objects.published()
    found = registry.first_ids(queryset.last_reported_first(), current, limit)
    found += registry.first_ids(queryset.latest_first(), projects - current, limit - len(found))
    return registry.in_bulk_ordered(queryset.for_list(), found)


def missing_cooperation(country):
    """Return the areas, and the issues of the country, for which no project with a source is in the portal.

    Return None for a country outside Central Asia.
    """
    if country.group != Place.Group.CENTRAL_ASIA:
        return None
    facets = registry.facet_index(Project).facets
    here = facets["country"][country.key]
    issues = Issue.objects.published().filter(in_countries__country=country).without_sections()
    return {
        "areas": [area for area in Area if here.isdisjoint(facets["area"][area.value])],
        "issues": [issue for issue in issues if here.isdisjoint(facets["issue"][issue.key])],
    }


def agreements_and_events(country):
    """Return the agreements of a country, and the events that are not agreements too, as its lists have them."""
    agreements = (
        Agreement.objects.published()
        .filter(Q(pk__in=country.agreement_parties.values("agreement")) | Q(parties__organisation__country=country))
        .with_outlook()
        .distinct()
    )
    events = EventFilter.base_filters["country"].filter(Event.objects.published(), [country.key])
    return agreements, events.without_agreements().with_outlook().order_by("-date", "key")


class CountryPage(RecordView):
    """The page of a country, with all records that are about it. The page of Korea has its own template."""

    model = Place
    subject_type = "Country"
    template_name = "portal/country.html"
    list_title, list_url = _("Countries"), "countries"
    preview_limit = 8

    def get_template_names(self):
        if self.object.group == Place.Group.KOREA and self.snapshot_date is None:
            return ["portal/korea.html"]
        return super().get_template_names()

    def get_queryset(self):
        return super().get_queryset().filter(kind=Place.Kind.COUNTRY).prefetch_related("identifiers")

    def schema_objects(self, tell, context):
        return [schema_org.place(tell, self.object, [])]

    def share_countries(self, context):
        return [self.object]

    def get_context_data(self, **kwargs):
        country = self.object
        return super().get_context_data(**kwargs) | {"country": country, "notes": source_footnotes(country)}

    def related_context(self, country):
        projects = projects_of_countries([country.key])[country.key]
        agreements, events = agreements_and_events(country)
        context = self.records(country, projects, agreements, events)
        if country.group:
            context |= self.measured(country)
        if country.group == Place.Group.KOREA:
            return context | korea_context(projects, agreements, events)
        context |= self.places(country)
        if country.group == Place.Group.CENTRAL_ASIA:
            context |= self.of_central_asia(country, projects)
            context["overview"] = overview(context)
        return context

    def records(self, country, projects, agreements, events):
        """Return the records of any country, with the numbers of their lists."""
        limit = self.preview_limit
        organisations = country.organisations.published().for_list().order_by("-project_count", "key")
        agreement_count, event_count = agreements.count(), events.count()
        return {
            "project_count": len(projects),
            **self.cooperation(country, projects),
            "agreement_count": agreement_count,
            "organisation_count": organisations.count(),
            "organisations": organisations[:limit],
            "event_count": event_count,
            "dated_count": agreement_count + event_count,
            "motif": motif_of_country(country, HEAD),
            "dated": merge_by_date(agreements[:limit], events[:limit])[:limit],
        }

    def places(self, country):
        """Return the places of a country for its map, each with the ids of its projects."""
        return {
            "places": with_project_ids(
                Place.objects.published()
                .filter(Q(country=country) | Q(pk__in=country.shared_places.values("pk")))
                .in_order_of("name")
            ),
            "shaded": [country],
        }

    def cooperation(self, country, projects):
        """Return the projects of a country: their numbers by status, level and area, money, latest ones, results."""
        facets = registry.facet_index(Project).facets
        query = {"country": country.key}
        under_way, *of_statuses = projects_with_status(UNDER_WAY, *([status] for status in StatusNow))
        by_status = [(status, len(projects & ids)) for status, ids in zip(StatusNow, of_statuses, strict=True)]
        current = projects & under_way
        areas = choice_counts(facets["area"], Area, projects)
        # Results name the countries that projects concern, never Korea: it has all of them.
        of_country = {} if country.group == Place.Group.KOREA else query
        results = ResultFilter.base_filters["country"].filter(
            Result.objects.published().filter(kind=Result.Kind.RESULT), list(of_country.values())
        )
        return {
            "under_way": len(current),
            "first_years": [year for year, ids in facets["started"].items() if not projects.isdisjoint(ids)],
            "statuses": count_rows([pair for pair in by_status if pair[1]], "status_now", query),
            "levels": count_rows(choice_counts(facets["level"], Level, projects), "level", query),
            "areas": count_rows(areas[:AREAS], "area", query),
            "more_areas": count_rows(areas[AREAS:], "area", query),
            "top_area": areas[0] if areas else None,
            "projects": current_first(projects, current, PROJECTS),
            "money": sum_budgets(projects).stated,
            "results": results.latest_first().for_list()[:RESULTS],
            "result_count": results.count(),
            "results_url": with_query(reverse("results"), of_country | {"kind": Result.Kind.RESULT.value}),
        }

    def of_central_asia(self, country, projects):
        """Return what only the countries of Central Asia have: Gyeonggi's part, issues and gaps."""
        of_gyeonggi = registry.facet_index(Project).facets["gyeonggi"][OfGyeonggi.YES.value]
        notes = list(
            IssueInCountry.objects.filter(country=country, issue__publication=VISIBLE)
            .select_related("issue")
            .order_by("issue__position")
        )
        return {
            "gyeonggi_count": len(projects & of_gyeonggi),
            "tie_count": tie_counts(only_gyeonggi=True).by_country[country.key],
            "issue_notes": notes[:NOTES],
            "more_notes": notes[NOTES:],
            "gaps": missing_cooperation(country),
        }

    def measured(self, country):
        """Return the figures of a country of the portal: key figures, charts and latest values."""
        charts = figures_for(
            PageIndicator.objects.indicators_on(PageIndicator.Page.COUNTRY),
            most=MOST_CHARTS,
            focus=country,
            place__group__in=Place.Group.values,
        )
        figures = country_figures(PageIndicator.objects.indicators_on(PageIndicator.Page.FIGURES), country)
        return {
            "figures": figures,
            "figure_sources": list(
                dict.fromkeys(
                    one.source for figure in figures for one in (figure.newest, figure.korea) if one is not None
                )
            ),
            "charts": charts[:CHARTS],
            "more_charts": charts[CHARTS:],
            "columns": [country],
            "latest": latest_rows(latest_observations(place=country), [country]),
        }


def overview(context):
    """Return the sentences that sum up a country of Central Asia, from the values that its page shows."""
    values = {figure.indicator.key: figure.yearly_value for figure in context["figures"]}
    area, count = context["top_area"] or ("", 0)
    sentences = (
        people_and_income(values.get(PEOPLE), values.get(INCOME)),
        water_and_climate(values.get(STRESS), values.get(AGRICULTURE), values.get(ANOMALY)),
        what_korea_does(
            context["project_count"],
            context["under_way"],
            context["first_years"],
            (area.label, count) if area else None,
            context["agreement_count"],
        ),
    )
    return [sentence for sentence in sentences if sentence]
