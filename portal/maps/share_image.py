"""The picture that a messenger shows beside a link: the region, with the countries that the page is about in colour.

There is one for each choice of countries, and no words on it: those come with the link, in the language of the page. A
process draws each once.
"""

import functools
import io
import itertools
import json

from django.conf import settings
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe
from PIL import Image, ImageDraw

from portal.maps import geometry
from portal.maps.region import shapes

WIDTH, HEIGHT = 1200, 630  # what those who show it ask for
FINER = 2  # drawn so much larger and then made smaller, which smooths the edges
COLOURS = 96
KEYS = tuple(sorted(shapes()["countries"]))
WHOLE = "region"  # no country more than the others
YEAR = 31_536_000

THIN = 2 * FINER
# Colours of static/css/tokens.css and static/geo/base.svg.
PAPER, LAND, SHADED, LINE = "#fbfaf6", "#f7ecd9", "#0b5866", "#87500d"
FAINT, WATER, BED = "#c9c4b4", "#6ba7bd", "#efd9ae"


def name_of(keys):
    """The name of the picture with these countries in colour; of all or none of them the region."""
    shown = [key for key in KEYS if key in set(keys)]
    return WHOLE if len(shown) in {0, len(KEYS)} else "-".join(shown)


NAMES = frozenset(name_of(keys) for size in range(len(KEYS)) for keys in itertools.combinations(KEYS, size))


@require_safe
def share_image_view(request, name):
    """`/picture/<countries>.png`: the same bytes as long as the portal draws alike, so anybody may keep them."""
    if name not in NAMES:
        raise Http404
    response = HttpResponse(render_map(name), content_type="image/png")
    response.headers["Cache-Control"] = f"public, max-age={YEAR}"
    return response


@functools.cache
def render_map(name):
    """The picture as PNG."""
    shaded = set(name.split("-"))
    image = Image.new("RGB", (WIDTH * FINER, HEIGHT * FINER), PAPER)
    draw = ImageDraw.Draw(image)
    countries = {feature["properties"]["iso_a2"].lower(): outlines(feature) for feature in features("countries")}
    for key, rings in countries.items():
        for ring in rings:
            draw.polygon(ring, fill=SHADED if key in shaded else LAND)
    for lines, fill in (("rivers", WATER), ("neighbours", FAINT)):
        for feature in features(lines):
            for line in outlines(feature):
                draw.line(line, fill=fill, width=THIN, joint="curve")
    once, now = features("aral-sea")
    for fill, waters in ((WATER, features("lakes")), (BED, [once]), (WATER, [now])):
        for feature in waters:
            for ring in outlines(feature):
                draw.polygon(ring, fill=fill)
    for rings in countries.values():
        for ring in rings:
            draw.line([*ring, ring[0]], fill=LINE, width=THIN, joint="curve")
    image = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).quantize(COLOURS)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def features(file):
    """The shapes of a file of static/geo/."""
    return json.loads((settings.BASE_DIR / "static" / "geo" / f"{file}.geojson").read_text("utf-8"))["features"]


def outlines(feature):
    """The lines of a shape, or the outer rings of its areas, in points of the drawing."""
    parts = feature["geometry"]["coordinates"]
    if feature["geometry"]["type"] == "MultiPolygon":
        parts = [rings[0] for rings in parts]
    return [[compose(geometry.project(lon, lat)) for lon, lat in part] for part in parts]


def compose(point):
    """Where a point of the map lies in the drawing: the region in the middle, as high as the picture."""
    scale = FINER * HEIGHT / geometry.FRAME.height
    x, y = point
    return (x - geometry.FRAME.center[0]) * scale + FINER * WIDTH / 2, (y - geometry.FRAME.top) * scale
