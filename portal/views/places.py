"""The list of countries, and the pages of places."""

from django.db.models import Count, Prefetch, Q
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from issues.figures import latest_observations, latest_rows
from issues.models import Event, Issue
from portal.core.choices import PublicationStatus
from portal.facets import registry
from portal.formats import responses
from portal.formats.serialisers import RecordSelection
from portal.generic.detail import RecordView, source_footnotes
from portal.graphics.svg_export import asks_for_picture
from portal.models import Place
from portal.models.place import GYEONGGI
from portal.models.querysets import reader_text
from portal.seo import schema_org
from portal.seo.head import PageMetadataMixin
from portal.views.home import countries_with_counts
from portal.views.levels import levels_by_country, levels_file
from projects.models import Project

VISIBLE = PublicationStatus.PUBLISHED


class CountryList(PageMetadataMixin, TemplateView):
    """The list of countries, with those of the portal (with a group) first."""

    @staticmethod
    def known_parameters(as_file):
        return {"format", *(("lang", "full") if as_file else ())}

    template_name = "portal/country_list.html"
    kinds = ("place",)
    page_kind = "CollectionPage"

    def get(self, request, *args, **kwargs):
        if responses.requested_format(request):
            return responses.export_response(request, self.kinds, self.get_records)
        return super().get(request, *args, **kwargs)

    def get_records(self):
        """Return all published countries for a file, those of the portal first."""
        countries = Place.objects.published().filter(kind=Place.Kind.COUNTRY)
        about = countries.exclude(group="").order_by("group", reader_text("name"))
        others = countries.filter(group="").in_order_of("name")
        return RecordSelection(
            [pk for found in (about, others) for pk in found.values_list("pk", flat=True)],
            kind="place",
            label="countries",
            title=_("Countries"),
            **responses.addresses(self.request),
        )

    def render_to_response(self, context, **kwargs):
        if asks_for_picture(self.request) and context["levels"]:
            return levels_file(self.request, context["levels"])
        return super().render_to_response(context, **kwargs)

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {
            "title": _("Countries"),
            "trail": [(_("Countries"), None)],
            "formats": responses.format_links(self.request, self.kinds),
            "countries": (countries := countries_with_counts()),
            "levels": levels_by_country(countries),
            "others": Place.objects.published()
            .filter(kind=Place.Kind.COUNTRY, group="")
            .annotate(
                organisation_count=Count("organisations", filter=Q(organisations__publication=VISIBLE), distinct=True)
            )
            .in_order_of("name"),
        }


class PlacePage(RecordView):
    """The page of a place, with all records about it or its parts. A country is redirected to its own page."""

    model = Place
    subject_type = "Place"
    template_name = "portal/place.html"
    list_title, list_url = _("Countries"), "countries"
    preview_limit = 12

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .prefetch_related(
                *(Prefetch(name, Place.objects.published()) for name in ("country", "countries", "part_of"))
            )
            .prefetch_related("identifiers")
        )

    def schema_objects(self, tell, context):
        place = self.object
        wholes = [*([place.part_of] if place.part_of else []), *place.all_countries]
        return [schema_org.place(tell, place, wholes)]

    def share_countries(self, context):
        return context["shaded"]

    def share_places(self, context):
        return [self.object] if self.snapshot_date is None else []

    def get(self, request, *args, **kwargs):
        response = super().get(request, *args, **kwargs)
        found = getattr(self, "object", None)
        if found is not None and found.kind == Place.Kind.COUNTRY and self.snapshot_date is None:
            return redirect(found, permanent=True)
        return response

    def get_context_data(self, **kwargs):
        place = self.object
        context = super().get_context_data(**kwargs)
        if place.country:
            context["trail"].insert(1, (str(place.country), place.country.get_absolute_url()))
        return context | {
            "place": place,
            "here": [place],
            "shaded": place.all_countries,
            "notes": source_footnotes(place),
        }

    def related_context(self, place):
        within = [part for part, wholes in Place.objects.wholes_by_part("pk").items() if place.pk in wholes]
        parts = list(Place.objects.published().filter(pk__in=within).in_order_of("name"))
        here = [place.pk, *(part.pk for part in parts)]
        projects = registry.facet_index(Project).facets["place"][place.key]
        return {
            "parts": parts,
            "issues": Issue.objects.published()
            .filter(pk__in=Issue.places.through.objects.filter(place__in=here).values("issue"))
            .without_sections(),
            "project_count": len(projects),
            "projects": registry.first_records(
                Project.objects.published().latest_first().for_list(), projects, self.preview_limit
            ),
            "events": Event.objects.published()
            .with_outlook()
            .filter(pk__in=Event.places.through.objects.filter(place__in=here).values("event"))
            .order_by("-date", "key"),
            "columns": [],
            "latest": latest_rows(latest_observations(place=place), []),
            "is_gyeonggi": place.key == GYEONGGI,
        }
