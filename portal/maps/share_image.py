"""The image that messengers show beside a link: the region, with the countries of the page in colour.

There is one image for each selection of countries. It has no text: the text comes with the link, in the language of the
page. Each process draws each image at most once.
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

WIDTH, HEIGHT = 1200, 630  # pixels, as the services that show link previews recommend
FINER = 2  # draw at this multiple of the size and scale down, which smooths the edges
COLOURS = 96
KEYS = tuple(sorted(shapes()["countries"]))
ARAL_BEFORE = "aral-sea-late-1950s"
WHOLE = "region"  # no country is highlighted
YEAR = 31_536_000

THIN = 2 * FINER
# Colours of static/css/tokens.css and static/geo/base.svg.
PAPER, LAND, SHADED, LINE = "#fbfaf6", "#f7ecd9", "#0b5866", "#87500d"
FAINT, WATER, BED = "#c9c4b4", "#6ba7bd", "#efd9ae"


def name_of(keys):
    """Return the name of the image with these countries in colour; "region" for all of them or none."""
    shown = [key for key in KEYS if key in set(keys)]
    return WHOLE if len(shown) in {0, len(KEYS)} else "-".join(shown)


NAMES = frozenset(name_of(keys) for size in range(len(KEYS)) for keys in itertools.combinations(KEYS, size))


@require_safe
def share_image_view(request, name):
    """Return `/picture/<name>.png`; raise Http404 for an unknown name.

    Any cache may keep it for a year, because it changes only with the code and the map data.
    """
    if name not in NAMES:
        raise Http404
    response = HttpResponse(render_map(name), content_type="image/png")
    response.headers["Cache-Control"] = f"public, max-age={YEAR}"
    return response


@functools.cache
def render_map(name):
    """Return the image as PNG bytes."""
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
    [before] = [feature for feature in features("aral-sea") if feature["id"] == ARAL_BEFORE]
    for fill, waters in ((WATER, features("lakes")), (BED, [before]), (WATER, features("aral-sea-2010s"))):
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
    """Return the features of a GeoJSON file of static/geo/."""
    return json.loads((settings.BASE_DIR / "static" / "geo" / f"{file}.geojson").read_text("utf-8"))["features"]


def outlines(feature):
    """Return the lines of a feature, or the outer rings of its polygons, in pixels of the enlarged image."""
    parts = feature["geometry"]["coordinates"]
    if feature["geometry"]["type"] == "MultiPolygon":
        parts = [rings[0] for rings in parts]
    return [[compose(geometry.project(lon, lat)) for lon, lat in part] for part in parts]


def compose(point):
    """Return the position of a map point in the enlarged image. The region is centred and fills the height."""
    scale = FINER * HEIGHT / geometry.FRAME.height
    x, y = point
    return (x - geometry.FRAME.center[0]) * scale + FINER * WIDTH / 2, (y - geometry.FRAME.top) * scale
