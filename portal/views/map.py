"""The interactive map of projects by place, with filters, zoom and panning.

The server draws the map, and the browser replaces the drawing when the reader moves it.
"""

import dataclasses
import json
import math

from django import forms
from django.http import JsonResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.core.languages import text_and_language
from portal.core.urls import with_query
from portal.generic.list import RecordListView
from portal.maps import geometry
from portal.maps.region import View, central_asia, cluster_marks, counted_projects, drafts_of_names, draw
from portal.views.map_data import Located, at_any, is_inside
from projects.filters import ProjectFilter
from projects.models import Project
from projects.tables import ProjectTable
from projects.views import ProjectList

APART = 44  # least distance in pixels of two marks on the interactive map
CLOSEST = 40.0  # map units: the least width of the drawn map
NAMED = 3  # projects named at each place, in the list and on the map
UNLOCATED = 100  # most projects without a known position that are named
LISTED = 200  # most places in the list beside the map


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
    """Projects by place: the filters of the project list, a map, and a list of the places that works without the map.

    With `format=json` the response has the marks for `bbox` and `zoom` as GeoJSON.
    """

    queryset = Project.objects.all()
    filterset_class = ProjectFilter
    table_class = ProjectTable
    template_name = "portal/map.html"
    results_template = "portal/includes/map_results.html"
    whole = True
    parameters = ("bbox", "zoom")
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

    @cached_property
    def kept(self):
        """Return the query string without the parameters of the view (part of the map, zoom, format, page)."""
        query = self.request.GET.copy()
        for name in ("bbox", "zoom", "format", "page"):
            query.pop(name, None)
        return query

    # ── As a page ────────────────────────────────────────────────────────────────────────────────────────────

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        located = Located.of(self.filterset)
        listed = fullest(located.places)
        on_map, beyond = located.counts()
        return context | {
            "problems": [*context["problems"], *self.view_form.problems],
            "map": self.drawing(located, listed),
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
            "groups": self.groups(listed, located.newest(listed, NAMED)),
            "listed": len(listed),
            "places": len(located.places),
            "on_map": on_map,
            "beyond": beyond,
            "without": len(located.unlocated),
            "unlocated": located.unlocated_first(UNLOCATED),
            "unlocated_more": max(0, len(located.unlocated) - UNLOCATED),
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

    def query(self, query, **more):
        query = query.copy()
        for name, value in more.items():
            query[name] = value
        return query.urlencode(safe=",")

    def address(self, frame):
        """Return the URL of this page with the same filters for the part `frame` of the map; None is the whole."""
        bbox = {} if frame is None else {"bbox": ",".join(f"{value:.2f}" for value in geometry.degrees_around(frame))}
        return f"{self.request.path}?{self.query(self.kept, **bbox)}#map"

    def drawing(self, located, listed):
        in_list = {place.key for place in listed}

        def cluster_url(marks):
            box = geometry.bounds(mark.at for mark in marks)
            if max(box.width, box.height) < CLOSEST / 10:  # these marks stay one at any zoom
                return marks[0].url
            return self.address(geometry.frame_around(box_points(box), margin=0.2, smallest=CLOSEST))

        return draw(
            id="map",
            label=gettext("Map of projects by place"),
            countries=self.countries,
            marks=[
                dataclasses.replace(place.mark, url=f"#place-{place.key}") if place.key in in_list else place.mark
                for place in located.inside
            ],
            frame=self.frame,
            counted=True,
            cluster_url=cluster_url,
        )

    def groups(self, places, newest):
        """Return the places grouped by country, those on the map first.

        Each group has its heading and the language of it, whether the map shows its places, and the places with their
        projects.
        """
        groups = {}
        for place in places:
            heading = place.country.name_and_language() if place.country else (gettext("Several countries"), "")
            groups.setdefault((not is_inside(place), *heading), []).append(
                {
                    "place": place,
                    "count": len(place.project_ids),
                    "projects": newest[place.key],
                    "more_url": self.list_url(place) if len(place.project_ids) > NAMED else "",
                }
            )
        return [
            {"heading": heading, "language": language, "inside": not outside, "places": places}
            for (outside, heading, language), places in sorted(groups.items(), key=lambda item: item[0])
        ]

    def list_url(self, place):
        """Return the URL of the project list for a place, with the same filters."""
        return f"{reverse('projects')}?{self.query(self.kept, place=place.key)}"

    # ── As data ──────────────────────────────────────────────────────────────────────────────────────────────

    def marks_as_json(self):
        form, filterset = self.view_form, self.get_filterset(self.get_filterset_class())
        filterset.raise_for_errors()
        if not form.is_valid():
            problem = {"title": gettext("The map could not be drawn"), "status": 400, "detail": " ".join(form.problems)}
            return JsonResponse(problem, status=400, content_type="application/problem+json")
        zoom, bbox = form.cleaned_data["zoom"], form.cleaned_data["bbox"]
        located = Located.of(filterset)
        view = View(geometry.FRAME, geometry.pixels_per_unit(0 if zoom is None else zoom))
        drafts = [
            *cluster_marks([place.mark for place in located.places], view, APART, counted=True),
            *drafts_of_names({place.key: place for place in self.countries}, view),
        ]
        spots = geometry.set_names([draft.name for draft in drafts], geometry.BoundingBox(-1e6, -1e6, 2e6, 2e6))
        by_key = {place.key: place for place in located.places}
        shown, names = [], []
        for draft, spot in zip(drafts, spots, strict=True):
            if draft.kind == "mark" and (bbox is None or bbox.holds((draft.members[0].lon, draft.members[0].lat))):
                shown.append((draft, spot, [by_key[mark.key] for mark in draft.members]))
            elif draft.kind != "mark" and spot is not None:
                at = view.degrees((draft.x + spot.dx, draft.y + spot.dy - draft.name.baseline))
                if bbox is None or bbox.holds(at):
                    lon, lat = (round(value, 3) for value in at)
                    names.append({"name": draft.rows[0], "kind": draft.kind, "lon": lon, "lat": lat})
        alone = [places[0] for _draft, _spot, places in shown if len(places) == 1]
        newest = located.newest(alone, NAMED)
        on_map, beyond = located.counts()
        return JsonResponse(
            geometry.feature_collection(
                [self.feature(draft, spot, places, newest) for draft, spot, places in shown],
                names=names,
                projects=len(filterset.found),
                projects_on_map=on_map,
                projects_beyond=beyond,
            ),
            json_dumps_params={"ensure_ascii": False},
            content_type="application/geo+json",
        )

    def feature(self, draft, spot, places, newest):
        """Return the GeoJSON feature of a mark: one place with its newest projects, or several with counts."""
        lead = places[0]
        properties = {
            "name": draft.rows[0],
            "language": draft.language,
            "title": draft.title,
            "projects": len(at_any(places)),
            "places": len(places),
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
                "more": self.list_url(lead) if len(lead.project_ids) > NAMED else "",
            }
        else:
            box = geometry.bounds((place.mark.lon, place.mark.lat) for place in places)
            properties |= {
                "links": [
                    self.link(place, "name") | {"count": counted_projects(len(place.project_ids))} for place in places
                ],
                "bbox": [round(value, 5) for value in (box.left, box.top, box.right, box.bottom)],
            }
        return geometry.feature(lead.key, lead.mark.lon, lead.mark.lat, properties)

    def link(self, record, field):
        text, language = text_and_language(record, field)
        return {"text": text, "language": language, "url": record.get_absolute_url()}


def fullest(places):
    """Return the LISTED places with the most projects, in the order of `places`."""
    keys = {place.key for place in sorted(places, key=lambda place: -len(place.project_ids))[:LISTED]}
    return [place for place in places if place.key in keys]


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
