"""Embeds: a chart, a map, a project or a list as a small page for the frames of other sites.

The embed of a page has the path of the page with `embed/` after its language, and takes those parameters of the page
that choose what it shows. It is light, works without scripts, sets no cookie and links back to the page.
"""

import dataclasses

from django.conf import settings
from django.db.models import Prefetch
from django.http import Http404, HttpResponsePermanentRedirect
from django.urls import reverse
from django.views.generic import DetailView

from issues.charts import NARROW, WIDE, IndicatorFigure, chartable, value_map
from issues.figures import readings
from issues.filters import ObservationFilter
from issues.models import Indicator, Observation
from portal.core.choices import PublicationStatus
from portal.core.urls import page_of_embed, with_query
from portal.generic.detail import source_footnotes
from portal.models import FormerKey, Place
from portal.views.map import Explorer
from projects.models import Participation, Project
from projects.views import AgreementList, ProjectList

ROWS = 8  # of a list; its page has all
NAMED_SOURCES = 3  # of a project; its page has all


class EmbedMixin:
    """Adds to a view what every embed has: the URL of its page, with and without the parameters of the embed."""

    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs):
        path = page_of_embed(self.request.path)
        return super().get_context_data(**kwargs) | {
            "canonical_url": settings.PUBLIC_URL + path,
            "page_url": settings.PUBLIC_URL + with_query(path, dict(self.request.GET.lists())),
        }


class RecordEmbed(EmbedMixin, DetailView):
    """The embed of a published record by its key. A former key redirects; any other unknown key is 404."""

    parameters = ()
    slug_field = slug_url_kwarg = "key"

    @classmethod
    def known_parameters(cls, as_file):
        return set(cls.parameters)

    def get_queryset(self):
        return super().get_queryset().published()

    def get(self, request, *args, **kwargs):
        try:
            return super().get(request, *args, **kwargs)
        except Http404:
            present = FormerKey.present_key(self.model._meta.model_name, kwargs["key"])
            if present is None:
                raise
        there = reverse(request.resolver_match.url_name, args=[present])
        return HttpResponsePermanentRedirect(with_query(there, dict(request.GET.lists())))


class IndicatorEmbed(RecordEmbed):
    """The chart of an indicator, or its map with `view=map`; bars or one number where it has few values."""

    model = Indicator
    context_object_name = "indicator"
    template_name = "embeds/indicator.html"
    parameters = (*ObservationFilter.base_filters, "view", "year")

    def get_context_data(self, **kwargs):
        indicator, asked = self.object, self.request.GET
        context = super().get_context_data(**kwargs)
        if asked.get("view") == "map" and (shown := value_map(indicator, asked.get("year"))):
            return context | {"shown": shown, "problems": [shown["problem"]] if shown["problem"] else []}
        choice = ObservationFilter(asked or None, queryset=Observation.objects.shown_of(indicator))
        choice.raise_for_former_keys()
        observations = readings(choice.qs).get(indicator.pk, [])
        drawn, left_out = (observations, []) if choice.valid_data.get("place") else chartable(observations)
        figure = None
        if observations:
            figure = IndicatorFigure(indicator, drawn, (WIDE, NARROW), left_out=left_out, worded=True)
        return context | {"figure": figure, "problems": choice.error_messages}


class ProjectEmbed(RecordEmbed):
    """A project as a card: its facts, its summary and the first of its sources."""

    model = Project
    context_object_name = "project"
    template_name = "embeds/project.html"

    def get_queryset(self):
        seen = PublicationStatus.PUBLISHED
        parts = Participation.objects.filter(organisation__publication=seen).select_related("organisation")
        countries = Place.objects.published().in_order_of("name")
        return (
            super().get_queryset().prefetch_related(Prefetch("countries", countries), Prefetch("participations", parts))
        )

    def get_context_data(self, **kwargs):
        parts = list(self.object.participations.all())
        leading = [part for role in Participation.Role.leading() for part in parts if part.role == role]
        sources = [source for _number, source, _passages in source_footnotes(self.object)]
        return super().get_context_data(**kwargs) | {
            "lead": leading[:1],
            "sources": sources[:NAMED_SOURCES],
            "more_sources": max(len(sources) - NAMED_SOURCES, 0),
        }


class ListEmbedMixin(EmbedMixin):
    """Makes the embed of a list page: its first rows in its order, with its filters."""

    page_sizes = (ROWS,)
    parameters = ("sort",)
    embed_height = 0

    @classmethod
    def known_parameters(cls, as_file):
        return {*cls.filterset_class.base_filters, *cls.parameters}

    def get_template_names(self):
        return [self.template_name]

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        chosen = [str(active.value) for active in context["filter"].active_filters]
        return context | {
            "chosen": chosen,
            "rows": [] if self.whole else [row.record for row in context["table"].page.object_list],
        }


class ProjectListEmbed(ListEmbedMixin, ProjectList):
    """The list of projects."""

    template_name = "embeds/projects.html"


class AgreementListEmbed(ListEmbedMixin, AgreementList):
    """The list of agreements."""

    template_name = "embeds/agreements.html"


class MapEmbed(ListEmbedMixin, Explorer):
    """The map of projects. Its links, also those to a part of the map, lead to the page."""

    template_name = "embeds/map.html"
    parameters = ("view", "bbox")

    def provinces(self, placed):
        """Return the provinces without links, which would make the embed too heavy. Their numbers are on the map."""
        return [dataclasses.replace(province, url="") for province in super().provinces(placed)]

    @property
    def page_path(self):
        return page_of_embed(self.request.path)
