"""The interactive map of projects by place, with filters, zoom and panning.

The server draws the map, and the browser replaces the drawing when the reader moves it.
"""

import bisect
import dataclasses
import json
import math
from types import SimpleNamespace

from django import forms
from django.http import JsonResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from portal.core.formatting import number
from portal.core.languages import text_and_language
from portal.core.urls import with_query
from portal.generic.list import RecordListView
from portal.maps import geometry
from portal.maps.provinces import by_province, province_name, province_of
from portal.maps.region import (
    LARGE_DRAWINGS,
    ShadedProvince,
    View,
    central_asia,
    counted_projects,
    drafts_of_names,
    draw,
    mark_drafts,
    shapes,
    with_value,
)
from portal.views.map_data import Located, at_any, country_of_all
from portal.views.map_list import lists_of_points, lists_of_provinces
from projects.filters import ProjectFilter
from projects.models import Project
from projects.tables import ProjectTable
from projects.views import ProjectList

APART = 44  # least distance in pixels of two marks on the interactive map
CLOSEST = 40.0  # map units: the least width of the drawn map
NAMED = 3  # projects named at each place in the popups of the interactive map
NAMED_BELOW = 20  # most projects that are named of those known only by one country, or not even by that
OUTSIDE = 50  # most places outside the map that are listed


class BoxField(forms.CharField):
    """A GeoJSON bounding box: west, south, east and north in degrees, separated by commas.

    The cleaned value is a `geometry.BoundingBox` in degrees, or None if it is empty.
    """

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError:
            west = south = east = north = math.nan
        if not (-180 <= west < east <= 180 and -85 <= south < north <= 85):  # every comparison with NaN is false
            raise forms.ValidationError(
                gettext(
                    "The map area “{value}” could not be read: give west, south, east and north in degrees, such as "
                    "56,37,73,46."
                ).format(value=text[:60])
            )
        return geometry.BoundingBox(west, south, east - west, north - south)


class ViewForm(forms.Form):
    """The part of the map (`bbox`) and the zoom of a request."""

    bbox = BoxField(required=False, max_length=120)
    zoom = forms.FloatField(
        required=False,
        min_value=0,
        max_value=geometry.MAX_ZOOM,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"),
            _("Zoom must be a number from 0 (whole region) to 4.5 (closest)."),
        ),
    )

    @property
    def problems(self):
        """Return a message for each value that is not valid."""
        return [error for errors in self.errors.values() for error in errors]


class Explorer(RecordListView):
    """Projects by place: the filters of the project list, a map, and a list in step with it that works without the map.

    The map shows points, or provinces shaded by their number of projects (`view=provinces`). With `format=json` the
    response has the marks for `bbox` and `zoom` as GeoJSON.
    """

    queryset = Project.objects.all()
    filterset_class = ProjectFilter
    followed_as = "projects"
    embed_height = 700
    table_class = ProjectTable
    template_name = "portal/map.html"
    results_template = "portal/includes/map_results.html"
    whole = True
    parameters = ("bbox", "zoom")
    views = (("", pgettext_lazy("view of the map", "Points")), ("provinces", _("By province")))
    title = _("Map")
    lead = _("Where Korea and Central Asia cooperate, where the sources name a place.")
    count_words = staticmethod(ProjectList.count_words)

    def get(self, request, *args, **kwargs):
        if request.GET.get("format") == "json":
            return self.marks_as_json()
        return super().get(request, *args, **kwargs)

    def sort_choices(self, table):
        return ()

    @cached_property
    def view_form(self):
        return ViewForm(self.request.GET)

    @property
    def embed_query(self):
        """The view, and the part of the map."""
        query = {"view": self.chosen_view} if self.chosen_view else {}
        return query | ({"bbox": self.request.GET["bbox"]} if self.box else {})

    # ── As a page ────────────────────────────────────────────────────────────────────────────────────────────

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        located = Located.of(self.filterset)
        placed = [place for place in located.inside if not self.chosen_view or province_of(place)]
        countries = self.with_only_country(located, placed)
        provinces = self.provinces(placed) if self.chosen_view else []
        drawing = self.drawing([] if self.chosen_view else placed, countries, provinces)
        shown, only = at_any(placed), at_any(countries)
        rest = SimpleNamespace(key="", project_ids=self.filterset.found - shown - only - at_any(located.outside))
        newest = located.newest([*countries, rest], NAMED_BELOW)
        return context | {
            "problems": [*context["problems"], *self.view_form.problems],
            "wide_results": True,
            "map": drawing,
            "frame_words": " ".join(
                geometry.short(value)
                for value in (self.frame.left, self.frame.top, self.frame.width, self.frame.height)
            ),
            "projection": json.dumps(geometry.PROJECTION),
            "max_zoom": geometry.short(geometry.MAX_ZOOM),
            # Only valid filters: the page shows a message for each wrong one, but a request for data with a wrong
            # filter is refused.
            "data_url": with_query(self.request.path, self.filterset.valid_data | {"format": "json"}),
            "whole_url": self.address(None) if self.box else "",
            "closer_url": self.address(scaled(self.frame, 0.5)) if self.frame.width > CLOSEST else "",
            "wider_url": self.address(scaled(self.frame, 2)) if self.box else "",
            "lists": lists_of_provinces(drawing, countries, {country.key: country for country in self.countries})
            if self.chosen_view
            else lists_of_points(drawing, placed, countries, self.place_url),
            "classes": legend(provinces),
            "on_map": len(shown),
            "only_count": len(only - shown),
            "only": [
                (country, newest[country.key], max(0, len(country.project_ids) - NAMED_BELOW)) for country in countries
            ],
            "outside": [(place, self.place_url(place)) for place in fullest(located.outside)[:OUTSIDE]],
            "outside_count": len(at_any(located.outside) - shown - only),
            "without": len(rest.project_ids),
            "unplaced": newest[rest.key],
            "unplaced_more": max(0, len(rest.project_ids) - NAMED_BELOW),
        }

    @cached_property
    def box(self):
        """Return the requested part of the map in map units, or None for the whole region."""
        return in_map_units(self.view_form.cleaned_data.get("bbox")) if self.view_form.is_valid() else None

    @cached_property
    def countries(self):
        return central_asia()

    @cached_property
    def frame(self):
        return geometry.frame_around(box_points(self.box), margin=0, smallest=CLOSEST) if self.box else geometry.FRAME

    @property
    def page_path(self):
        """The path of the page of the map, to which zooming leads."""
        return self.request.path

    def address(self, frame):
        """Return the URL of this page with the same filters and view for the part `frame` of the map; None is all."""
        query = self.request.GET.copy()
        for name in ("bbox", "zoom", "format", "page"):
            query.pop(name, None)
        if frame is not None:
            query["bbox"] = ",".join(f"{value:.2f}" for value in geometry.degrees_around(frame))
        return f"{self.page_path}?{query.urlencode(safe=',')}#map"

    def list_url(self, places):
        """Return the URL of the project list for places, with the same filters."""
        return with_query(reverse("projects"), self.filterset.valid_data | {"place": [place.key for place in places]})

    def place_url(self, place):
        """Return the URL of the place; with filters, that of its projects that match them."""
        return self.list_url([place]) if self.filterset.valid_data else place.get_absolute_url()

    def with_only_country(self, located, placed):
        """Return the countries with projects at none of the `placed` places in them: these are their `project_ids`."""
        only = located.only_country([one for one in self.countries if one.key in shapes()["countries"]], placed)
        found = [country for country in self.countries if country.key in only]
        for country in found:
            country.project_ids = only[country.key]
        return found

    def provinces(self, placed):
        """Return all provinces with the number of projects at places in them, and the URL of the list of these."""
        inside = by_province(placed)
        counts = {key: len(at_any(places)) for key, places in inside.items()}
        limits = geometry.count_limits(max(counts.values(), default=0))
        found = []
        for key in shapes()["provinces"]:
            count, name = counts.get(key, 0), province_name(key)
            tone = f"map-class-{bisect.bisect_right(limits, count)}" if count else "map-class-zero"
            title = with_value(name, counted_projects(count) if count else gettext("no sourced project"))
            url = self.list_url(inside[key]) if count else ""
            found.append(ShadedProvince(key, name, count, url, title, tone))
        return found

    def drawing(self, places, countries, provinces):
        def cluster_url(marks):
            box = geometry.bounds(mark.at for mark in marks)
            if max(box.width, box.height) < CLOSEST / 10:  # these marks stay one at any zoom
                return self.list_url(marks)
            return self.address(geometry.frame_around(box_points(box), margin=0.2, smallest=CLOSEST))

        return draw(
            id="map",
            label=gettext("Map of projects by place"),
            countries=self.countries,
            marks=[
                *(dataclasses.replace(place.mark, url=self.place_url(place)) for place in places),
                *(country_mark(country) for country in countries),
            ],
            frame=self.frame,
            counted=True,
            cluster_url=cluster_url,
            sizes=LARGE_DRAWINGS,
            provinces=provinces,
        )

    # ── As data ──────────────────────────────────────────────────────────────────────────────────────────────

    def marks_as_json(self):
        form, filterset = self.view_form, self.get_filterset(self.get_filterset_class())
        self.filterset = filterset
        filterset.raise_for_errors()
        if not form.is_valid():
            problem = {"title": gettext("The map could not be drawn"), "status": 400, "detail": " ".join(form.problems)}
            return JsonResponse(problem, status=400, content_type="application/problem+json")
        zoom, bbox = form.cleaned_data["zoom"], form.cleaned_data["bbox"]
        located = Located.of(filterset)
        countries = self.with_only_country(located, located.inside)
        marks = [*(place.mark for place in located.places), *(country_mark(country) for country in countries)]
        view = View(geometry.FRAME, geometry.pixels_per_unit(0 if zoom is None else zoom))
        paper = geometry.BoundingBox(-1e6, -1e6, 2e6, 2e6)
        whole = geometry.BoundingBox(0, 0, geometry.FRAME.width * view.zoom, geometry.FRAME.height * view.zoom)
        drafts = [
            *mark_drafts(marks, view, APART, whole, counted=True),
            *drafts_of_names(
                {place.key: place for place in self.countries}, view, without={country.key for country in countries}
            ),
        ]
        spots = geometry.set_names([draft.name for draft in drafts], paper)
        by_key = {place.key: place for place in (*located.places, *countries)}
        shown, names = [], []
        for draft, spot in zip(drafts, spots, strict=True):
            at = view.degrees((draft.x, draft.y))
            if draft.kind == "mark":
                if bbox is None or bbox.holds(at):
                    shown.append((draft, spot, at, [by_key[mark.key] for mark in draft.members]))
            elif spot is not None:
                at = view.degrees((draft.x + spot.dx, draft.y + spot.dy - draft.name.baseline))
                if bbox is None or bbox.holds(at):
                    lon, lat = (round(value, 3) for value in at)
                    names.append({"name": draft.rows[0], "kind": draft.kind, "lon": lon, "lat": lat})
        newest = located.newest([places[0] for *_draft, places in shown if len(places) == 1], NAMED)
        only, beyond = at_any(countries), at_any(located.outside)
        return JsonResponse(
            geometry.feature_collection(
                [self.feature(draft, spot, at, places, newest) for draft, spot, at, places in shown],
                names=names,
                projects=len(filterset.found),
                projects_on_map=len(located.on_map),
                projects_only_by_country=len(only - located.on_map),
                projects_beyond=len(beyond - located.on_map - only),
            ),
            json_dumps_params={"ensure_ascii": False},
            content_type="application/geo+json",
        )

    def feature(self, draft, spot, at, places, newest):
        """Return the GeoJSON feature of a mark: one place with its newest projects, or several with counts."""
        lead = places[0]
        country = lead if draft.members[0].approximate else country_of_all(places)
        properties = {
            "name": draft.rows[0],
            "language": draft.language,
            "more_places": draft.rows[1] if len(places) > 1 else "",
            "title": draft.title,
            "country": country.name_and_language()[0] if country else gettext("Several countries"),
            "projects": len(at_any(places)),
            "places": len(places),
            "approximate": gettext("known only by country") if draft.members[0].approximate else "",
            "radius": round(draft.radius, 1),
            # Offset in pixels from the centre of the mark to the baseline of the name; None if there is no room.
            "spot": spot and {"dx": round(spot.dx, 1), "dy": round(spot.dy, 1), "anchor": spot.anchor},
        }
        if len(places) == 1:
            properties |= {
                "kind": lead.kind_beside_name,
                "url": lead.get_absolute_url(),
                "links": [
                    self.link(project, "title") | {"status": project.status_now_words} for project in newest[lead.key]
                ],
                "more": "",
            }
            if len(lead.project_ids) > NAMED:
                # The list has no filter for what is known only by country: the page names these projects.
                properties["more"] = f"#only-{lead.key}" if properties["approximate"] else self.list_url([lead])
        else:
            box = geometry.bounds((place.mark.lon, place.mark.lat) for place in places)
            properties |= {
                "links": [
                    self.link(place, "name") | {"count": counted_projects(len(place.project_ids))} for place in places
                ],
                "bbox": [round(value, 5) for value in (box.left, box.top, box.right, box.bottom)],
            }
        return geometry.feature(lead.key, *at, properties)

    def link(self, record, field):
        text, language = text_and_language(record, field)
        return {"text": text, "language": language, "url": record.get_absolute_url()}


def country_mark(country):
    """Return the mark of the projects that are known only by this country, in the middle of its shape."""
    lon, lat = geometry.unproject(*shapes()["countries"][country.key]["labels"][0])
    name, language = country.name_and_language()
    url = f"#only-{country.key}"
    return geometry.MapMark(country.key, lon, lat, name, language, url, records=country.project_ids, approximate=True)


def legend(provinces):
    """Return the classes of the provinces on the map: CSS class and words, such as "5 to 9 projects"."""
    counts = sorted(province.count for province in provinces)
    if not counts:
        return []
    limits = geometry.count_limits(counts[-1])
    classes = [("map-class-zero", gettext("no sourced project"))] if counts[0] == 0 else []
    for i, low in enumerate(limits):
        high = limits[i + 1] - 1 if i + 1 < len(limits) else counts[-1]
        words = counted_projects(low)
        if high > low:
            words = ngettext("{low} to {high} project", "{low} to {high} projects", high).format(
                low=number(low), high=number(high)
            )
        classes.append((f"map-class-{i + 1}", words))
    return classes


def fullest(places):
    """Return the places with the most projects first; equal ones keep their order."""
    return sorted(places, key=lambda place: -len(place.project_ids))


def box_points(box):
    """Return two opposite corners of a box."""
    return [(box.left, box.top), (box.right, box.bottom)]


def in_map_units(degrees):
    """Return the box in map units around a box in degrees, or None if it does not overlap the region.

    The box in degrees is sampled at 5 × 5 points.
    """
    if degrees is None:
        return None
    steps = [i / 4 for i in range(5)]
    box = geometry.bounds(
        geometry.project(degrees.left + across * degrees.width, degrees.top + up * degrees.height)
        for across in steps
        for up in steps
    )
    return box if box.meets(geometry.FRAME) else None


def scaled(frame, factor):
    """Return the frame with the same centre, `factor` times as wide, inside the region; None for all of it."""
    width, height = frame.width * factor, frame.height * factor
    if width >= geometry.FRAME.width:
        return None
    x, y = frame.center
    box = geometry.BoundingBox(x - width / 2, y - height / 2, width, height)
    return geometry.frame_around(box_points(box), margin=0, smallest=CLOSEST)
