"""The special part of the Aral Sea's page: outlines, area beside events, changes since, and planting."""

import functools
import json
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from issues.charts import NARROW, IndicatorFigure, axis_number, source_line
from issues.figures import readings
from issues.models import Indicator, Issue, IssueFeature, Observation
from portal.core.formatting import quantity
from portal.core.languages import text_and_language
from portal.graphics.charts import PHONE_WIDTH, bar_chart
from portal.graphics.svg_export import LegendEntry, Panel, picture_file
from portal.maps import geometry as maps_geometry
from portal.models import Place

AREA, PLANTING = "aral-sea-area", "aralkum-afforested-area"
THEN_AND_SINCE = (AREA, "aral-sea-volume", "aral-sea-salinity", "aral-sea-river-inflow")
PLACES = ("aralsk", "muynak", "kokaral-dam", "north-aral-sea", "south-aral-sea")
WIDTH, MARGIN = 420, 30


# Dated outlines: id of the feature -> file in static/geo/. The one of OpenStreetMap is under the ODbL: it stays a file
# of its own, and its credit stands beside it.
LATE_1950S, ABOUT_2005 = "aral-sea-late-1950s", "aral-sea-mid-2000s"
OPENSTREETMAP, LATEST = "aral-sea-openstreetmap", "aral-sea-2010s"
OUTLINES = {LATE_1950S: "aral-sea", ABOUT_2005: "aral-sea", OPENSTREETMAP: OPENSTREETMAP, LATEST: LATEST}
LEADING = (LATE_1950S, LATEST)  # drawn over each other at the head of pages
TOLERANCE = 0.8  # SVG user units: less than a pixel where the outlines are drawn large
SMALL_TOLERANCE = 4  # SVG user units: one to two pixels where the outlines are drawn small


@dataclass(frozen=True)
class Outline:
    """A dated shoreline: its SVG path, the same path simplified for small pictures, and its area in the source."""

    path: str
    small_path: str
    area_km2: int


@functools.cache
def outlines():
    """Return (outlines by id, place, (width, height), length of 100 km); lengths are in SVG user units.

    `place` maps a projected point to a position in the picture. All outlines have one scale. The result is cached for
    the life of the process.
    """
    layers = {name: read_layer(name) for name in OUTLINES.values()}
    shapes = {
        feature["id"]: [
            [maps_geometry.project(*point) for point in ring]
            for polygon in polygons(feature["geometry"])
            for ring in polygon
        ]
        for layer in layers.values()
        for feature in layer
    }
    box = maps_geometry.bounds(point for shape in shapes.values() for ring in shape for point in ring)
    scale = (WIDTH - 2 * MARGIN) / box.width

    def place(point):
        return ((point[0] - box.left) * scale + MARGIN, (point[1] - box.top) * scale + MARGIN)

    areas = {
        feature["id"]: feature["properties"]["area_km2_of_outline"] for layer in layers.values() for feature in layer
    }
    found = {}
    for name in OUTLINES:
        rings = [[place(point) for point in ring] for ring in shapes[name]]
        small = [maps_geometry.simplify(ring, SMALL_TOLERANCE) for ring in rings]
        small = [ring for ring in small if len(ring) > 3]
        large = [maps_geometry.simplify(ring, TOLERANCE) for ring in rings]
        large = [ring for ring in large if len(ring) > 3]
        found[name] = Outline(
            maps_geometry.path(large, closed=True, decimals=0),
            maps_geometry.path(small, closed=True, decimals=0),
            areas[name],
        )
    return found, place, (WIDTH, round(box.height * scale + 2 * MARGIN)), 100 / maps_geometry.UNIT_KM * scale


def read_layer(name):
    """Return the features of a GeoJSON file of static/geo/."""
    path = settings.BASE_DIR / "static" / "geo" / f"{name}.geojson"
    return json.loads(path.read_text(encoding="utf-8"))["features"]


def polygons(geometry):
    """Return the polygons of a GeoJSON geometry, each as a list of rings."""
    return geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]


@dataclass(frozen=True)
class AralMark:
    """A place in the picture, in SVG user units. `left` is True if its label is to the left of the point."""

    place: object
    x: float
    y: float
    left: bool


def issue_of_the_sea():
    """Return the published issue for which editors chose this part; None if there is none."""
    chosen = Issue.objects.published().filter(features__part=IssueFeature.Part.ARAL_SEA)
    return chosen.without_sections().first()


def picture(issue):
    """Return the template context of the map of the sea: the outlines of LEADING, places, size and scale bar.

    `issue` is the one whose page has the part.
    """
    found, place, size, hundred_km = outlines()
    shores = [found[name] for name in LEADING]
    marks = []
    for record in Place.objects.published().filter(key__in=PLACES, latitude__isnull=False):
        x, y = place(maps_geometry.project(float(record.longitude), float(record.latitude)))
        marks.append(AralMark(record, round(x, 1), round(y, 1), x > size[0] * 0.55))
    return {
        "shores": shores,
        "marks": marks,
        "width": size[0],
        "height": size[1],
        "hundred_km": round(hundred_km, 1),
        "scale_y": size[1] - 12,
        "sentence": _(
            "The shore of the late 1950s enclosed {large}; the water of the 2010s, drawn over it, covers {small}."
        ).format(large=area(shores[0]), small=area(shores[1])),
        "issue_url": issue.get_absolute_url(),
        "picture_url": f"{issue.get_absolute_url()}?part=sea",
    }


def area(outline):
    """Return the area of an outline in words."""
    return quantity(outline.area_km2, _("km²"))


@dataclass(frozen=True)
class DatedOutline:
    """An outline among the small pictures: its date, how the date is known, and its credit if it needs one."""

    outline: Outline
    date: str
    area: str
    basis: str
    needs_credit: bool


def dated_outlines():
    """Return the template context of all outlines at one scale, oldest first, and of bars of their areas."""
    found, _place, size, _hundred_km = outlines()
    told = {
        LATE_1950S: (_("late 1950s"), _("The source states the date.")),
        ABOUT_2005: (
            _("about 2005"),
            _("The source states no date. It is inferred from the area, which matches the one reported for 2005."),
        ),
        OPENSTREETMAP: (
            _("about 2012–2013"),
            _(
                "The map is of November 2017. The date is inferred from the areas, which match those reported for "
                "2012 and 2013. The waters in the east are seasonal."
            ),
        ),
        LATEST: (
            _("2010s (about 2014)"),
            _(
                "Redrawn by the source in 2021 from images without a date. The areas of the north and the west match "
                "those reported for 2014. The seasonal waters in the east are not drawn."
            ),
        ),
    }
    shapes = []
    for name, (date, basis) in told.items():
        shapes.append(DatedOutline(found[name], date, area(found[name]), basis, needs_credit=name == OPENSTREETMAP))
    return {
        "shapes": shapes,
        "width": size[0],
        "height": size[1],
        "chart": bar_chart(
            [(shape.date, shape.outline.area_km2, "") for shape in shapes],
            width=PHONE_WIDTH,
            format_value=axis_number,
            missing=_("no data"),
            tones=[4] * len(shapes),
        ),
    }


@dataclass(frozen=True)
class IndicatorChange:
    """The first and the last known value of an indicator for the whole sea."""

    indicator: object
    first: object
    last: object


def feature(issue, events):
    """Return the template context of the part; None if the portal has no published values of the sea's area.

    `events` are the events of the issue. Those within the years of the area's values are numbered by year.
    """
    indicators = {one.key: one for one in Indicator.objects.published().filter(key__in=[*THEN_AND_SINCE, PLANTING])}
    values = readings(Observation.objects.published().filter(indicator__in=indicators.values()))
    area = indicators.get(AREA)
    if area is None or area.pk not in values:
        return None
    numbered = list(enumerate(sorted({event.date.year for event in events}), 1))
    years = {observation.year for observation in values[area.pk]}
    numbered = [(number, year) for number, year in numbered if min(years) <= year <= max(years)]
    number_of = {year: number for number, (_number, year) in enumerate(numbered, 1)}
    changes = []
    for key in THEN_AND_SINCE:
        if key in indicators:
            whole = [one for one in values.get(indicators[key].pk, []) if one.place.key == "aral-sea"]
            if len(whole) > 1:
                by_year = sorted(whole, key=lambda one: one.year)
                changes.append(IndicatorChange(indicators[key], by_year[0], by_year[-1]))
    return {
        "picture": picture(issue),
        "dates": dated_outlines(),
        "figure": IndicatorFigure(
            area,
            values[area.pk],
            (NARROW,),  # it stands beside the outline
            moments=tuple((year, str(number)) for year, number in number_of.items()),
        ),
        "events": [(number_of[event.date.year], event) for event in events if event.date.year in number_of],
        "changes": changes,
        "planting": planting(issue, indicators.get(PLANTING), values),
    }


def planting(issue, indicator, values):
    """Return the context of a bar chart of the planted area that officials reported, one bar for each year of report.

    Return None if there are no values.
    """
    found = values.get(indicator.pk) if indicator else None
    if not found:
        return None
    found = sorted(found, key=lambda one: one.year)
    return {
        "indicator": indicator,
        "observations": found,
        "chart": bar_chart(
            [(str(one.year), float(one.value), "") for one in found],
            width=PHONE_WIDTH,
            format_value=axis_number,
            missing=_("no data"),
            tones=[4] * len(found),
        ),
        "unit": text_and_language(indicator, "unit")[0],
        "sentence": IndicatorFigure(indicator, found).sentence,
        "picture_url": f"{issue.get_absolute_url()}?part=planting",
    }


def sea_file(request, drawn):
    """Return the outlines as an SVG file response."""
    return picture_file(
        request,
        "aral-sea",
        [Panel(render_to_string("issues/includes/aral_picture.html", {"picture": drawn}))],
        title=_("Outline of the Aral Sea"),
        sentence=drawn["sentence"],
        source=_(
            "Made with Natural Earth (public domain). The seasonal waters in the east are not drawn; the western part "
            "has shrunk further since."
        ),
        key=[
            LegendEntry(_("late 1950s, according to the source"), "swatch shore-1"),
            LegendEntry(_("2010s: about 2014, inferred from the area; the source states no date"), "swatch shore-2"),
        ],
        width=WIDTH,
    )


def planting_file(request, bars):
    """Return the bar chart of the planted area as an SVG file response."""
    indicator = bars["indicator"]
    return picture_file(
        request,
        f"{indicator.key}-bars",
        [Panel(render_to_string("charts/bar.html", {"chart": bars["chart"]}))],
        title=text_and_language(indicator, "name")[0],
        unit=bars["unit"],
        sentence=f"{bars['sentence']} {_('Area planted, not area surviving: totals as reported.')}",
        source=source_line(
            dict.fromkeys(one.source for one in bars["observations"]), text_and_language(indicator, "licence")[0]
        ),
    )
