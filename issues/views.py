"""Pages of issues, indicators, events and the glossary."""

import functools
import itertools
from dataclasses import replace

from django.db.models import OuterRef, Prefetch, Subquery
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from issues import aral, schema
from issues.causes import NEAR_NARROW, NEAR_WIDE, CausesFigure, causes_file
from issues.charts import (
    LARGE,
    NARROW,
    IndicatorFigure,
    chart_file,
    chartable,
    figures_for,
    has_map,
    map_file,
    multiples_file,
    value_map,
)
from issues.figures import (
    country_rank,
    latest_observations,
    latest_rows,
    past_readings,
    readings,
    value_columns,
    value_rows,
)
from issues.filters import IndicatorFilter, IssueFilter, ObservationFilter, TermFilter
from issues.key_figures import with_observations
from issues.models import (
    Event,
    Indicator,
    Issue,
    IssueFeature,
    IssueInCountry,
    IssueLink,
    KeyFigure,
    Observation,
    Section,
    Term,
)
from issues.motifs import HEAD, motifs_of_issues
from issues.projects import (
    latest_projects_for_issues,
    projects_for_issue,
    response_to_issue,
    with_project_counts,
    with_project_counts_in_countries,
)
from issues.tables import IndicatorTable, IssueTable, TermTable
from portal.citations.references import citations_of, source_keys
from portal.core.choices import PublicationStatus
from portal.core.citation_marks import Footnotes, render_prose
from portal.core.languages import text_and_language
from portal.formats import responses
from portal.formats.serialisers import RecordSelection
from portal.generic.detail import RecordView, footnotes_of, source_footnotes
from portal.generic.list import RecordListView
from portal.graphics.svg_export import asks_for_picture
from portal.models import Correction, Place, Source
from portal.publishing.preview import visible_to

VISIBLE = PublicationStatus.PUBLISHED
# Readers ask what is so before they ask why.
SECTIONS = (Section.STATE, Section.DRIVERS, Section.PRESSURES, Section.IMPACTS, Section.RESPONSES)
HEAD_FIGURES = 4  # key figures at the head of an issue; the others stand with its state
LATEST_DATED = 5  # events and agreements that are not folded
PARENT = Prefetch("parent", Issue.objects.published().without_sections())  # None if the parent is not published


class IssueList(RecordListView):
    """Issues as a tree of main issues and sub-issues, or as a graph of causes and effects."""

    queryset = Issue.objects.all()
    filterset_class = IssueFilter
    followed_as = "issues"
    table_class = IssueTable
    template_name = "issues/issue_list.html"
    whole = True
    views = (("", _("Hierarchy")), ("causes", _("Causes and effects")))
    title = _("Issues")
    lead = _(
        "What is happening to Central Asia’s water, land and air. Each issue is described by its drivers, pressures, "
        "state, impacts and responses, and linked to its causes and effects and to the projects that address it."
    )
    causes_lead = _("How issues cause and worsen one another. Each link is given with its mechanism and sources.")

    @staticmethod
    def count_words(count):
        return ngettext("%(count)s issue", "%(count)s issues", count) % {"count": count}

    @property
    def results_template(self):
        return f"issues/includes/{'causes' if self.chosen_view else 'issue_tree'}.html"

    def get_queryset(self):
        return super().get_queryset().prefetch_related(PARENT).without_sections()

    def render_to_response(self, context, **kwargs):
        if asks_for_picture(self.request) and self.chosen_view and context["causes"].links:
            self.filterset.raise_for_errors()
            return causes_file(self.request, context["causes"], "causes-and-effects", _("Causes and effects"))
        return super().render_to_response(context, **kwargs)

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        found = list(context["table"].data)
        if self.chosen_view:
            figure, notes = causes_among(found)
            return context | {
                "title": _("Causes and effects"),
                "lead": self.causes_lead,
                "trail": [(self.title, reverse("issues")), (_("Causes and effects"), None)],
                "wide_results": True,
                "causes": figure,
                "notes": notes,
            }
        found = with_project_counts(found)
        mains = {issue.pk: issue for issue in found if issue.parent is None}
        for issue in found:
            if issue.parent is not None:
                mains.setdefault(issue.parent_id, issue.parent)
        tree = [
            (main, [issue for issue in found if issue.parent_id == main.pk])
            for main in sorted(mains.values(), key=lambda issue: issue.position)
        ]
        return context | {"tree": tree}


class IssuePage(RecordView):
    """The page of one issue with its sections, figures, links, charts, events and projects."""

    model = Issue
    subject_type = "Article"
    file_parameters = ("part",)
    list_title, list_url = _("Issues"), "issues"

    def schema_objects(self, tell, context):
        return [schema.issue(tell, self.object)]

    def share_countries(self, context):
        return [link.country for link in self.object.in_countries.all()]

    def share_places(self, context):
        return self.object.places.all() if self.snapshot_date is None else []

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .prefetch_related(
                PARENT,
                "sdgs",
                Prefetch("children", Issue.objects.published().without_sections()),
                Prefetch("places", Place.objects.published().in_order_of("name")),
                Prefetch(
                    "in_countries",
                    IssueInCountry.objects.filter(country__publication=VISIBLE).select_related("country"),
                ),
                Prefetch("key_figures", KeyFigure.objects.prefetch_related("citations__source")),
                link_prefetch("cause_links", "cause"),
                link_prefetch("effect_links", "effect"),
            )
        )

    def get_context_data(self, **kwargs):
        issue = self.object
        stated = with_observations(issue.key_figures.all())
        notes = self.notes(issue, stated)
        figures = [(figure, [source.key for source in figure.stated_sources]) for figure in stated]
        for _figure, keys in figures:
            for key in keys:
                notes.cite(key)
        sections = []
        for section in SECTIONS:
            prose, language = text_and_language(issue, section.value)
            sections.append((section, render_prose(prose, notes), language))
        links = {
            name: [(link, source_keys(link)) for link in getattr(issue, name).all()]
            for name in ("cause_links", "effect_links")
        }
        for found in links.values():
            for _link, keys in found:
                for key in keys:
                    notes.cite(key)
        notes.cite_all()
        return super().get_context_data(**kwargs) | {
            "figures": figures[:HEAD_FIGURES],
            "more_figures": figures[HEAD_FIGURES:],
            "state": sections[0],
            "sections": sections[1:],
            "notes": notes,
            "columns": self.central_asia,
            **links,
        }

    @functools.cached_property
    def central_asia(self):
        """Return the five countries, ordered by name."""
        return list(Place.objects.published().countries_of_central_asia())

    def related_context(self, issue):
        indicators = list(issue.indicators.published())
        events = list(issue.events.published().with_outlook())
        has_sea = issue.features.filter(part=IssueFeature.Part.ARAL_SEA).exists()
        sea = aral.feature(issue, events) if has_sea else None
        charts = [one for one in indicators if sea is None or one.key != aral.AREA]
        answer_count, answers = projects_for_issue(issue)
        dated = dated_once(events, issue.agreements.published().with_outlook())
        return {
            "latest": latest_rows(latest_observations(indicator__in=indicators), self.central_asia),
            "charts": figures_for(charts, most=1 if sea else 3),  # the sea has its own, and the page a limit of bytes
            "aral": sea,
            "dated": dated[:LATEST_DATED],
            "dated_count": len(dated),
            "decades": by_decade(dated[LATEST_DATED:]),
            "response": response_to_issue(issue),
            "answer_count": answer_count,
            "answers": answers,
            "motif": motifs_of_issues([issue], HEAD).get(issue.pk),
            "parts": with_project_counts_in_countries(issue),
            "causes": causes_near(issue) if issue.cause_links.all() or issue.effect_links.all() else None,
        }

    def render_to_response(self, context, **kwargs):
        drawn = asks_for_picture(self.request) and self.snapshot_date is None
        return (self.picture(context) if drawn else None) or super().render_to_response(context, **kwargs)

    def picture(self, context):
        """Return the requested `part` of the page as an SVG file response; None if there is no such picture."""
        part, sea = self.request.GET.get("part"), context["aral"]
        if part == "sea" and sea:
            return aral.sea_file(self.request, sea["picture"])
        if part == "planting" and sea and sea["planting"]:
            return aral.planting_file(self.request, sea["planting"])
        if part == "causes" and context["causes"]:
            title = gettext("Causes and effects: {issue}").format(issue=self.object.name_and_language()[0])
            return causes_file(self.request, context["causes"], f"{self.object.key}-causes", title)
        return None

    def notes(self, issue, figures):
        """Return the footnotes of the page: the published sources of the issue, its figures and its links."""
        citations = [
            *citations_of(issue),
            *(c for link in [*issue.cause_links.all(), *issue.effect_links.all()] for c in link.citations.all()),
        ]
        of_figures = [c for figure in figures if not figure.observation for c in figure.citations.all()]
        of_observations = [source for figure in figures for source in figure.stated_sources]
        return footnotes_of([*citations, *of_figures], of_observations)


def dated_once(events, agreements):
    """Return events and agreements, the latest first, without events of the title and date of one of the agreements."""
    agreements = list(agreements)
    told = {(agreement.title_en, agreement.date) for agreement in agreements}
    events = [event for event in events if (event.title_en, event.date) not in told]
    return sorted([*events, *agreements], key=lambda record: (record.date, record.key), reverse=True)


def by_decade(records):
    """Return pairs of the first year of a decade and its records, in the order of `records`, which are by date."""
    return [(year, list(found)) for year, found in itertools.groupby(records, lambda one: one.date.year // 10 * 10)]


def main_issues():
    """Return the main issues in the editors' order, which determines their colours."""
    return list(Issue.objects.published().filter(parent=None).without_sections())


def causes_among(issues):
    """Return the graph of `issues` with the links between them, and the footnotes of the list of these links.

    The list assigns the numbers of the footnotes.
    """
    shown = [issue.pk for issue in issues]
    links = list(
        IssueLink.objects.filter(cause__in=shown, effect__in=shown)
        .order_by("cause__position", "cause__key", "effect__position", "effect__key")
        .prefetch_related("citations__source")
    )
    notes = footnotes_of(citation for link in links for citation in link.citations.all())
    return CausesFigure(issues, links, mains=main_issues()), notes


def causes_near(issue):
    """Return the graph of an issue with its causes and effects. The links must be prefetched."""
    causes, effects = issue.cause_links.all(), issue.effect_links.all()
    around = {one.pk: one for one in [*(link.cause for link in causes), issue, *(link.effect for link in effects)]}
    return CausesFigure(
        list(around.values()), [*causes, *effects], mains=main_issues(), shapes=(NEAR_WIDE, NEAR_NARROW), focus=issue
    )


def link_prefetch(name, other):
    """Return a prefetch of the links to published issues, with the issue at the other end and the sources."""
    links = IssueLink.objects.filter(**{f"{other}__publication": VISIBLE})
    return Prefetch(name, links.select_related(other).prefetch_related("citations__source"))


class IndicatorList(RecordListView):
    """All indicators."""

    queryset = Indicator.objects.all()
    filterset_class = IndicatorFilter
    followed_as = "indicators"
    table_class = IndicatorTable
    title = _("Indicators")
    lead = _("Time series by year; each value has its own source and licence.")

    @staticmethod
    def count_words(count):
        return ngettext("%(count)s indicator", "%(count)s indicators", count) % {"count": count}


class IndicatorPage(RecordView):
    """One indicator: a chart, a map or a table of the chosen places and years, also as CSV and as SVG."""

    model = Indicator
    subject_type, data_formats = "Dataset", ("csv", "xlsx", "jsonl")
    parameters = (*ObservationFilter.base_filters, "year", "view")
    views = (("chart", _("Chart")), ("map", _("Map")), ("table", _("Table")))
    file_parameters = ("part",)
    list_title, list_url = _("Indicators"), "indicators"

    def schema_objects(self, tell, context):
        places = self.share_countries(context)
        return [schema.indicator(tell, self.object, context["observations"], context["main_source"], places)]

    def share_countries(self, context):
        return context["drawn_places"]

    def share_chart(self, context):
        return context.get("figure")

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .select_related("source")
            .prefetch_related(Prefetch("issues", Issue.objects.published().without_sections()))
        )

    def render_to_response(self, context, **kwargs):
        drawn = asks_for_picture(self.request) and self.snapshot_date is None
        return (self.picture(context) if drawn else None) or super().render_to_response(context, **kwargs)

    @property
    def kinds(self):
        """Return the kind of the exported records in a tuple.

        CSV, XLSX and JSON Lines contain the shown observations. All other formats, and the page of an earlier day,
        contain the indicator.
        """
        values = self.snapshot_date is None and responses.requested_format(self.request) in {"csv", "xlsx", "jsonl"}
        return ("observation",) if values else ("indicator",)

    def get_records(self):
        """Return the records to export: the values of the chosen places and years, or the indicator with these values.

        On the page of an earlier day, return the indicator only.
        """
        if self.snapshot_date:
            return super().get_records()
        indicator = self.object
        self.choice.raise_for_errors()
        pks = self.choice.qs.order_by("place__kind", "place__key", "source__key", "year").values_list("pk", flat=True)
        addresses = responses.addresses(self.request)
        values = RecordSelection(
            list(pks), kind="observation", label=indicator.key, title=indicator.name_and_language()[0], **addresses
        )
        if self.kinds == ("observation",):
            return values
        records = super().get_records()
        records.beside["observations"] = values
        return records

    def picture(self, context):
        """Return the requested `part` of the page as an SVG file response; None if there is no such picture."""
        self.choice.raise_for_errors()
        part, figure = self.request.GET.get("part"), context["figure"]
        if part == "map":
            return map_file(self.request, self.object, context["value_map"]())
        if part == "each":
            return multiples_file(self.request, figure) if figure and figure.multiples else None
        return chart_file(self.request, figure) if figure else None

    def get_context_data(self, **kwargs):
        indicator = self.object
        observations = (
            past_readings(indicator) if self.snapshot_date else readings(self.choice.qs).get(indicator.pk, [])
        )
        columns = value_columns(observations)
        main_source = getattr(indicator, "source", None)  # a past version has none if readers do not see it
        if main_source and main_source.publication != VISIBLE:
            main_source = None
        sources = [source for column in columns for source in column.sources]
        notes = Footnotes([main_source, *sources] if main_source else sources)
        notes.cite_all()
        context = super().get_context_data(**kwargs) if self.snapshot_date else self.drawn(observations, **kwargs)
        return context | {
            "main_source": main_source,
            "columns": [(column, [source.key for source in column.sources]) for column in columns],
            "drawn_places": list({column.place.pk: column.place for column in columns}.values()),
            "rows": value_rows(columns),
            "notes": notes,
            "observations": observations,
        }

    @functools.cached_property
    def choice(self):
        """Return the filter with the chosen places and years."""
        return ObservationFilter(self.request.GET or None, queryset=Observation.objects.shown_of(self.object))

    @property
    def embed_height(self):
        return 720 if "view" in self.embed_query else 600

    @functools.cached_property
    def embed_query(self):
        """The places and years, and the map with its year if the page shows it."""
        asked = self.request.GET
        query = {name: self.choice.data.getlist(name) for name in self.choice.valid_data}
        if asked.get("view") == "map":
            query |= {name: asked[name] for name in ("view", "year") if asked.get(name)}
        return query

    def drawn(self, observations, **kwargs):
        """Return the context with the chart of `observations` and the form to choose others."""
        choice = self.choice
        choice.raise_for_former_keys()
        drawn, left_out = (observations, []) if choice.valid_data.get("place") else chartable(observations)
        query = {name: choice.data.getlist(name) for name in choice.valid_data} if choice.is_bound else {}
        figure = None
        if observations:
            figure = IndicatorFigure(self.object, drawn, (LARGE, NARROW), query=query, left_out=left_out, worded=True)
        offered = [(key, label) for key, label in self.views if key != "map" or has_map(self.object)]
        asked = self.request.GET.get("view")
        view = asked if asked in dict(offered) else "chart"
        return super().get_context_data(**kwargs) | {
            "choice": choice,
            "places": self.place_options({one.place.key for one in drawn}),
            "shown_as": view,
            "tabs": [(label, tab_url(self.request, key), key == view) for key, label in offered],
            "figure": figure,
            # The template and `picture` call it only if they need the map, so a chart file does not run its queries.
            "value_map": functools.partial(value_map, self.object, self.request.GET.get("year")),
            "projects": functools.partial(latest_projects_for_issues, self.object.issues.all()),
            "issue_keys": [issue.key for issue in self.object.issues.all()],
        }

    def place_options(self, drawn):
        """Return the options of places, those of `drawn` (keys) ticked, countries first and in their usual order.

        Return an empty list if there is nothing to choose.
        """
        options = [replace(one, chosen=one.value in drawn) for facet in self.choice.facets for one in facet.options]
        options.sort(key=lambda one: (country_rank(one.value), one.label))
        return options if len(options) > 1 else []


def tab_url(request, view):
    """Return the URL of another view of an indicator, with the chosen places and years."""
    query = request.GET.copy()
    for name in ("view", "format", "part"):
        query.pop(name, None)
    if view != "chart":
        query["view"] = view
    return f"{request.path}?{query.urlencode()}" if query else request.path


class EventPage(RecordView):
    """The page of one event."""

    model = Event
    subject_type = "Event"
    list_title, list_url = _("Timeline"), "timeline"

    def schema_objects(self, tell, context):
        return [schema.event(tell, self.object)]

    def share_countries(self, context):
        return self.object.countries.all()

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .prefetch_related(
                Prefetch("countries", Place.objects.published().in_order_of("name")),
                Prefetch("places", Place.objects.published().in_order_of("name")),
                Prefetch("issues", Issue.objects.published().without_sections()),
            )
        )

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {"notes": source_footnotes(self.object)}

    def related_context(self, event):
        published = Event.objects.published().only("key", "date", "title_en", "title_ko", "title_ru")
        return {
            "before": published.filter(date__lte=event.date).exclude(pk=event.pk).order_by("-date", "key").first(),
            "after": published.filter(date__gt=event.date).order_by("date", "key").first(),
        }


class Glossary(RecordListView):
    """All terms on one page."""

    queryset = Term.objects.all()
    filterset_class = TermFilter
    followed_as = "glossary"
    table_class = TermTable
    results_template = "issues/includes/glossary.html"
    whole = True
    title = _("Glossary")
    lead = _("Terms used on this portal, in English, Korean and Russian.")
    default_sort = "term"

    def schema_objects(self, tell, context):
        path = reverse("glossary")
        name, url = str(self.title), tell.base + path
        return [schema.node("DefinedTermSet", tell.identity(path), name=name, description=str(self.lead), url=url)]

    @staticmethod
    def count_words(count):
        return ngettext("%(count)s term", "%(count)s terms", count) % {"count": count}

    def get_queryset(self):
        return visible_to(self.request, Term.objects.in_order_of("term"))

    def get_table_data(self):
        latest = Correction.objects.filter(kind=Correction.Kind.TERM, key=OuterRef("key")).order_by("-corrected_on")
        found = self.object_list.annotate(corrected=Subquery(latest.values("corrected_on")[:1]))
        return found.prefetch_related(Prefetch("sources", Source.objects.published()))
