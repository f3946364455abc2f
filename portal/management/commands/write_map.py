"""Write the map files of the portal from a folder of geodata: `manage.py write_map ../geodata`.

The folder has GeoJSON layers in WGS 84 (countries, provinces, neighbours, lakes, rivers, aral-sea-outlines). Each
feature has an `id`, and `name_en`, `name_ko` and `name_ru` among its properties. A province may have `place`, the key
of its place in the portal. The command writes

- `portal/maps/mapdata.json`: paths of the countries and provinces in map units (portal/maps/geometry.py), and points
  for names;
- `static/geo/base.svg`: borders of the neighbours, rivers, lakes, and two outlines of the Aral Sea, in a separate
  image that browsers cache. Pages show it on top of the countries, because the Aral Sea lies across their borders;
- `static/geo/*.geojson`: layers of the interactive map, with three decimals and names in three languages.

The later outline of the sea in base.svg is that of `static/geo/aral-sea-2010s.geojson`, which no command writes. The
same folder gives the same files, byte for byte.
"""

import itertools
import json
from collections import defaultdict
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.maps import geometry as maps_geometry

LANGUAGES = ("en", "ko", "ru")
LAYERS = ("countries", "provinces", "neighbours", "lakes", "rivers", "aral-sea-outlines")

# How far a simplified line may be from its source: in map units (3.2 km) for drawings (countries, water, Aral Sea), and
# in degrees for the interactive map (provinces and countries, neighbours).
COUNTRY_TOLERANCE = 1.0
SHADE_TOLERANCE = 1.3  # provinces in drawings, in whole map units: 53 paths must not weigh more than the five countries
WATER_TOLERANCE = 0.8
ARAL_TOLERANCE = 0.4
PROVINCE_TOLERANCE = 0.02
NEIGHBOUR_TOLERANCE = 0.05

# The outline before the sea was drained, and the file of the latest one, with which the home page leads too.
ARAL_BEFORE = "aral-sea-late-1950s"
ARAL_LATEST = settings.BASE_DIR / "static" / "geo" / "aral-sea-2010s.geojson"

# Names besides those of the countries, for orientation. Only neighbours of which the frame shows enough are named.
NAMED_NEIGHBOURS = ("russia", "china", "afghanistan", "iran")
NAMED_WATERS = ("caspian-sea", "aral-sea", "lake-balkhash", "issyk-kul")

# Names of provinces that the content writes otherwise than the geodata, by id. tests/portal/maps/test_provinces.py
# compares the names with those of places; Zhambyl is so written in names of places in that region.
NAMES_OF_THE_CONTENT = {
    "kg-chuy": {"name_en": "Chui Region"},
    "kz-aktobe": {"name_ko": "악퇴베주"},
    "kz-jambyl": {"name_en": "Zhambyl Region"},
    "kz-kyzylorda": {"name_ko": "크질오르다주"},
}

# The style of static/geo/base.svg. CSS of the page does not apply inside an image, so the file has both colour schemes.
# The colours are those of static/css/map.css.
WATER_STYLE = (
    "path{fill:none;stroke-linejoin:round;vector-effect:non-scaling-stroke}"
    ".n{stroke:#c9c4b4;stroke-width:1}"
    ".r{stroke:#9cc3d2;stroke-width:.9}.m{stroke:#6ba7bd;stroke-width:1.9}"
    ".o{fill:#efd9ae;stroke:#87500d;stroke-width:1;stroke-dasharray:4 2.5}"
    ".l{fill:#bddce6;stroke:#6ba7bd;stroke-width:.7}"
    "@media (prefers-color-scheme:dark){"
    ".n{stroke:#3a484d}.r{stroke:#2f6272}.m{stroke:#3f8297}.o{fill:#4a3a1d;stroke:#e2ad68}.l{fill:#1c4654;stroke:#3f8297}}"
)


class Command(BaseCommand):
    help = "Write the portal's map files (portal/maps/mapdata.json, static/geo/) out of a folder of GeoJSON layers."

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path, help="The folder that holds countries.geojson and the other layers.")
        parser.add_argument("--into", type=Path, default=settings.BASE_DIR, help="The project's folder.")

    def handle(self, *, folder, into, **options):
        missing = [name for name in LAYERS if not (folder / f"{name}.geojson").is_file()]
        if missing:
            raise CommandError(f"{folder} lacks {', '.join(f'{name}.geojson' for name in missing)}.")
        layers = {name: json.loads((folder / f"{name}.geojson").read_text("utf-8"))["features"] for name in LAYERS}
        files = {
            "portal/maps/mapdata.json": map_data(layers),
            "static/geo/base.svg": base_picture(layers),
            **{f"static/geo/{name}.geojson": text for name, text in explorer_layers(layers).items()},
        }
        for name, text in files.items():
            path = into / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            self.stdout.write(f"{name}: {len(text.encode()):,} bytes")


# ── Input ────────────────────────────────────────────────────────────────────────────────────────────────────


def polygons(feature):
    """Return the polygons of a feature, each a list of rings of (longitude, latitude)."""
    geometry = feature["geometry"]
    found = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [[[tuple(point[:2]) for point in ring] for ring in polygon] for polygon in found]


def lines(feature):
    """Return the lines of a feature, each a list of (longitude, latitude)."""
    geometry = feature["geometry"]
    found = geometry["coordinates"] if geometry["type"] == "MultiLineString" else [geometry["coordinates"]]
    return [[tuple(point[:2]) for point in line] for line in found]


def rings(feature):
    """Return all rings of a feature, including holes."""
    return [ring for polygon in polygons(feature) for ring in polygon]


def names(feature):
    """Return the names of a feature, as `name_en`, `name_ko` and `name_ru`. Those of the content come first."""
    known = feature["properties"] | NAMES_OF_THE_CONTENT.get(feature["id"], {})
    return {f"name_{language}": known[f"name_{language}"] for language in LANGUAGES}


def projected(line):
    return [maps_geometry.project(*point) for point in line]


# ── Borders that areas share ─────────────────────────────────────────────────────────────────────────────────


class Arcs:
    """The rings of a layer, cut where three areas meet: neighbours keep the same border when it is simplified."""

    def __init__(self, features):
        touching = defaultdict(set)  # point -> the segments that start or end there
        self.owners = defaultdict(set)  # segment -> the ids of the features that it bounds
        for feature in features:
            for ring in rings(feature):
                for a, b in itertools.pairwise(ring):
                    step = (min(a, b), max(a, b))
                    touching[a].add(step)
                    touching[b].add(step)
                    self.owners[step].add(feature["id"])
        self.knots = {
            point
            for point, steps in touching.items()
            if len(steps) != 2 or len({frozenset(self.owners[step]) for step in steps}) != 1
        }

    def cut(self, ring):
        """Return a ring as arcs from knot to knot. A ring without knots is one arc."""
        points = ring[:-1]
        starts = [i for i, point in enumerate(points) if point in self.knots]
        if not starts:
            first = points.index(min(points))  # the same start for all areas with this ring
            return [points[first:] + points[: first + 1]]
        turned = points[starts[0] :] + points[: starts[0] + 1]
        cuts = [i for i, point in enumerate(turned) if point in self.knots]
        return [turned[a : b + 1] for a, b in itertools.pairwise(cuts)]

    def simplified(self, ring, tolerance, change=lambda line: line):
        """Return the ring with simplified arcs. An arc is simplified in the same way for both of its areas.

        `change` is applied to each arc first, for example a projection.
        """
        whole = []
        for arc in self.cut(ring):
            forward = arc[0] < arc[-1] or (arc[0] == arc[-1] and arc[1] < arc[-2])
            line = maps_geometry.simplify(change(arc if forward else arc[::-1]), tolerance)
            whole += (line if forward else line[::-1])[:-1]
        return [*whole, whole[0]]

    def shared(self, features):
        """Return the arcs between two areas, each once."""
        found = {}
        for feature in features:
            for ring in rings(feature):
                for arc in self.cut(ring):
                    step = (min(arc[0], arc[1]), max(arc[0], arc[1]))
                    if len(self.owners[step]) > 1:
                        found.setdefault(frozenset(arc), arc if arc[0] < arc[-1] else arc[::-1])
        return sorted(found.values())


# ── Output ───────────────────────────────────────────────────────────────────────────────────────────────────


def map_data(layers):
    """Return the text of mapdata.json.

    It has the paths, label points and boxes of the countries and provinces in map units, the borders between countries
    as the provinces have them, and the names of waters and neighbours with their label points. Outlines with an area
    below 2 square map units are left out.
    """
    arcs = Arcs(layers["countries"])
    countries = {}
    for feature in layers["countries"]:
        outlines = [
            line
            for ring in rings(feature)
            if abs(maps_geometry.area(line := arcs.simplified(ring, COUNTRY_TOLERANCE, projected))) >= 2
        ]
        outlines.sort(key=lambda ring: -abs(maps_geometry.area(ring)))
        box = maps_geometry.bounds(point for ring in outlines for point in ring)
        countries[feature["properties"]["iso_a2"].lower()] = {
            "path": maps_geometry.path(outlines, closed=True),
            "labels": maps_geometry.label_points([outlines[0]], most=8),
            "box": [round(value, 1) for value in (box.left, box.top, box.width, box.height)],
        }
    provinces, borders = province_shapes(layers["provinces"])
    inside = maps_geometry.FRAME.grown(-8)
    named = []
    for feature in layers["neighbours"]:
        if feature["id"] in NAMED_NEIGHBOURS:
            outline = max(
                ([projected(ring) for ring in polygon] for polygon in polygons(feature)),
                key=lambda p: abs(maps_geometry.area(p[0])),
            )
            points = maps_geometry.label_points(outline, most=4, within=inside, wide=4)
            named.append({"kind": "neighbour", "labels": points, **names(feature)})
    outlines = {feature["id"]: feature for feature in layers["aral-sea-outlines"]}
    for feature in layers["lakes"]:
        if feature["id"] in NAMED_WATERS:
            is_aral = feature["id"] == "aral-sea"
            outline = [projected(ring) for ring in rings(outlines[ARAL_BEFORE] if is_aral else feature)]
            # The name of the sea, without the addition of one of its outlines in brackets.
            called = {f"name_{code}": feature["properties"][f"name_{code}"].split(" (")[0] for code in LANGUAGES}
            named.append(
                {"kind": "water", "labels": maps_geometry.label_points(outline, most=3, within=inside), **called}
            )
    words = ",\n".join(json.dumps(name, ensure_ascii=False) for name in named)
    return (
        f'{{"countries": {{\n{one_a_line(countries)}\n}}, "provinces": {{\n{one_a_line(provinces)}\n}}, '
        f'"borders": {json.dumps(borders)}, "names": [\n{words}\n]}}\n'
    )


def province_shapes(features):
    """Return the shapes of the provinces by their ids, and the path of the borders of countries between them.

    Coordinates are whole map units. The same point is rounded in the same way, so neighbours have no gap between them.
    """
    arcs = Arcs(features)
    country_of = {feature["id"]: feature["properties"]["country"] for feature in features}
    shapes, borders = {}, {}
    for feature in features:
        outlines = [arcs.simplified(ring, SHADE_TOLERANCE, projected) for ring in rings(feature)]
        outlines = [ring for ring in outlines if abs(maps_geometry.area(ring)) >= 2]
        outlines.sort(key=lambda ring: -abs(maps_geometry.area(ring)))
        shapes[feature["id"]] = {
            "path": maps_geometry.path(outlines, closed=True, decimals=0),
            "labels": maps_geometry.label_points([outlines[0]], most=4, wide=1.5),
            "country": feature["properties"]["country"].lower(),
            **names(feature),
        }
        for ring in rings(feature):
            for arc in arcs.cut(ring):
                owners = arcs.owners[min(arc[0], arc[1]), max(arc[0], arc[1])]
                if len({country_of[owner] for owner in owners}) > 1 or len(owners) == 1:
                    line = maps_geometry.simplify(projected(min(arc, arc[::-1])), SHADE_TOLERANCE)
                    borders[frozenset(arc)] = line
    return shapes, maps_geometry.path(sorted(borders.values()), closed=False, decimals=0)


def one_a_line(shapes):
    """Return the members of a JSON object, one a line and sorted, so that diffs are readable."""
    return ",\n".join(
        f"{json.dumps(key)}: {json.dumps(shape, ensure_ascii=False)}" for key, shape in sorted(shapes.items())
    )


def base_picture(layers):
    """Return base.svg, the image on top of the countries."""
    frame = maps_geometry.FRAME.grown(4)

    def drawn(lines_in_degrees, tolerance, closed=False):
        found = [maps_geometry.simplify(projected(line), tolerance) for line in lines_in_degrees]
        return maps_geometry.path([line for line in found if maps_geometry.bounds(line).meets(frame)], closed=closed)

    neighbours = Arcs(layers["neighbours"])
    borders = drawn(neighbours.shared(layers["neighbours"]), WATER_TOLERANCE * 2)
    minor = [line for feature in layers["rivers"] if not feature["properties"]["main"] for line in lines(feature)]
    main = [line for feature in layers["rivers"] if feature["properties"]["main"] for line in lines(feature)]
    lakes = [ring for feature in layers["lakes"] if feature["id"] != "aral-sea" for ring in rings(feature)]
    [before] = [rings(feature) for feature in layers["aral-sea-outlines"] if feature["id"] == ARAL_BEFORE]
    [latest] = [rings(feature) for feature in json.loads(ARAL_LATEST.read_text("utf-8"))["features"]]
    paths = [
        ("n", borders),
        ("r", drawn(minor, WATER_TOLERANCE)),
        ("m", drawn(main, WATER_TOLERANCE)),
        ("o", drawn(before, ARAL_TOLERANCE, closed=True)),
        ("l", drawn(lakes, WATER_TOLERANCE, closed=True)),
        ("l", drawn(latest, ARAL_TOLERANCE, closed=True)),
    ]
    width, height = int(maps_geometry.FRAME.width), int(maps_geometry.FRAME.height)
    body = "".join(f'<path class="{name}" d="{d}" fill-rule="evenodd"/>\n' for name, d in paths)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
        f"<style>{WATER_STYLE}</style>\n{body}</svg>\n"
    )


def explorer_layers(layers):
    """Return the layers of the interactive map, from file name to GeoJSON text."""
    found = {}
    for layer, keep in {"countries": ("iso_a2",), "provinces": ("country", "iso_3166_2", "place", "note")}.items():
        arcs = Arcs(layers[layer])
        found[layer] = [
            described(
                feature,
                "MultiPolygon",
                [[arcs.simplified(ring, PROVINCE_TOLERANCE) for ring in polygon] for polygon in polygons(feature)],
                keep,
            )
            for feature in layers[layer]
        ]
    found["lakes"] = [
        described(feature, "MultiPolygon", polygons(feature), ("kind",))
        for feature in layers["lakes"]
        if feature["id"] != "aral-sea"
    ]
    found["aral-sea"] = [
        described(feature, "MultiPolygon", polygons(feature), ("date", "date_basis", "area_km2_of_outline"))
        for feature in layers["aral-sea-outlines"]
    ]
    found["rivers"] = [described(feature, "MultiLineString", lines(feature), ("main",)) for feature in layers["rivers"]]
    borders = Arcs(layers["neighbours"]).shared(layers["neighbours"])
    found["neighbours"] = [
        {
            "type": "Feature",
            "id": "borders-of-neighbours",
            "properties": {},
            "geometry": {
                "type": "MultiLineString",
                "coordinates": [maps_geometry.simplify(line, NEIGHBOUR_TOLERANCE) for line in borders],
            },
        }
    ]
    return {name: written(features) for name, features in found.items()}


def described(feature, kind, coordinates, keep):
    """Return a feature with its id, its names, and those of its other properties that `keep` lists."""
    properties = feature["properties"]
    return {
        "type": "Feature",
        "id": feature["id"],
        "properties": {
            **names(feature),
            **{name: properties[name] for name in keep if properties.get(name) is not None},
        },
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def written(features):
    """Return GeoJSON text with at most three decimals and one feature per line, so that diffs are readable."""
    rows = [json.dumps(rounded(row), ensure_ascii=False, separators=(",", ":")) for row in features]
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(rows) + "\n]}\n"


def rounded(value):
    """Return the value with every float in it rounded to three decimals."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(inner) for inner in value]
    return value
