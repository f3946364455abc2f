"""The image that messengers show beside a link: the region, with the countries of the page in colour.

There is one image for each selection of countries. It has no text: the text comes with the link, in the language of the
page. Each process draws each image at most once. A record with places on the map has an image with these places, which
is drawn over that of its countries.
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

DOT = 14  # radius in pixels of a place
MOST_PLACES = 100  # places in one image

THIN = 2 * FINER
# Colours of static/css/tokens.css and static/geo/base.svg.
PAPER, LAND, SHADED, LINE = "#fbfaf6", "#f7ecd9", "#0b5866", "#87500d"
MARK, HALO = "#d9480f", "#ffffff"
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
    return to_png(image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))


def render_places(name, positions):
    """Return the image `name` as PNG bytes, with a dot at each (longitude, latitude)."""
    image = Image.open(io.BytesIO(render_map(name))).convert("RGB")
    size = 2 * DOT + 1
    for radius, colour in ((DOT, HALO), (DOT - 3, MARK)):
        disc = Image.new("L", (size * FINER, size * FINER))
        ImageDraw.Draw(disc).circle((size * FINER / 2, size * FINER / 2), radius * FINER, fill=255)
        disc = disc.resize((size, size), Image.Resampling.LANCZOS)
        for position in positions[:MOST_PLACES]:
            x, y = (round(value / FINER) for value in compose(geometry.project(*position)))
            image.paste(colour, (x - DOT, y - DOT), disc)
    return to_png(image, 256)  # with fewer, the few pixels of a dot get the colour of the borders


def to_png(image, colours=COLOURS):
    """Return an image as PNG bytes with at most that many colours."""
    file = io.BytesIO()
    image.quantize(colours).save(file, "PNG", optimize=True)
    return file.getvalue()


def positions_of(places):
    """Return longitude and latitude of the places on the map of the region."""
    found = [(float(place.longitude), float(place.latitude)) for place in places if place.latitude is not None]
    return [position for position in found if geometry.FRAME.holds(geometry.project(*position))]


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
