"""The command write_map writes the map files of the portal from geodata, and the stored files are what it writes."""

import gzip
import io
import itertools
import json
import re
import shutil

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from portal.management.commands import write_map
from portal.maps import geometry

GEODATA = settings.BASE_DIR.parent / "shared" / "geo"
PROVINCES = settings.BASE_DIR.parent / "shared" / "content" / "november-2026" / "gazetteer-provinces.geojson"


FILES = [
    "portal/maps/mapdata.json",
    "static/geo/base.svg",
    *(f"static/geo/{name}.geojson" for name in ("aral-sea", "countries", "lakes", "neighbours", "provinces", "rivers")),
]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    layers, folder = tmp_path_factory.mktemp("layers"), tmp_path_factory.mktemp("written")
    for path in GEODATA.glob("*.geojson"):
        shutil.copyfile(path, layers / path.name)
    provinces = json.loads(PROVINCES.read_text("utf-8"))
    for feature in provinces["features"]:
        feature["properties"]["place"] = feature["properties"].pop("key")
    (layers / "provinces.geojson").write_text(json.dumps(provinces), "utf-8")
    call_command("write_map", layers, into=folder, stdout=io.StringIO())
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == sorted(FILES)
    return folder


@pytest.mark.skipif(not (GEODATA.is_dir() and PROVINCES.is_file()), reason="../shared is not there")
@pytest.mark.parametrize("name", FILES)
def test_files_are_what_the_command_writes(written, name):
    assert (settings.BASE_DIR / name).read_bytes() == (written / name).read_bytes()


def test_command_says_what_a_folder_lacks(tmp_path):
    (tmp_path / "lakes.geojson").write_text('{"features": []}')
    with pytest.raises(CommandError, match=r"lacks countries\.geojson, provinces\.geojson"):
        call_command("write_map", tmp_path)


def test_base_picture_is_small_and_carries_both_schemes():
    picture = (settings.BASE_DIR / "static" / "geo" / "base.svg").read_bytes()
    assert len(gzip.compress(picture)) < 12_000
    assert b"prefers-color-scheme:dark" in picture
    assert b"style=" not in picture


def test_base_picture_has_the_aral_sea_of_the_2010s():
    picture = (settings.BASE_DIR / "static" / "geo" / "base.svg").read_text()
    *_others, sea = re.findall(r'<path class="l" d="([^"]+)"', picture)
    drawn = 0
    for ring in sea.split("M")[1:]:
        numbers = [float(number) for number in re.findall(r"-?\d*\.?\d+", ring)]
        steps = list(zip(numbers[::2], numbers[1::2], strict=True))
        points = [(sum(x for x, _y in steps[: i + 1]), sum(y for _x, y in steps[: i + 1])) for i in range(len(steps))]
        drawn += abs(geometry.area([*points, points[0]])) * geometry.UNIT_KM**2
    assert drawn == pytest.approx(7_014, rel=0.03)  # km², the area of the outline in static/geo/aral-sea-2010s.geojson


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".geojson")])
def test_layers_have_three_decimals_and_three_languages(name):
    text = (settings.BASE_DIR / name).read_text()
    layer = json.loads(text)

    def numbers(value):
        if isinstance(value, list):
            for inner in value:
                yield from numbers(inner)
        else:
            yield value

    assert layer["features"]
    for feature in layer["features"]:
        assert all(round(value, 3) == value for value in numbers(feature["geometry"]["coordinates"]))
        if name != "static/geo/neighbours.geojson":
            assert all(feature["properties"][f"name_{language}"] for language in ("en", "ko", "ru"))


def test_countries_have_the_areas_that_the_map_promises():
    """The areas of the five shapes equal those of the source's outlines (to one per cent)."""
    shapes = json.loads((settings.BASE_DIR / "portal" / "maps" / "mapdata.json").read_text())["countries"]
    km2 = {"kz": 2_720_792, "uz": 447_934, "kg": 199_041, "tj": 142_205, "tm": 470_903}
    assert set(shapes) == set(km2)
    for key, shape in shapes.items():
        total = 0.0
        for ring in shape["path"].split("z"):
            if ring:
                total += geometry.area(points_of(ring))
        assert abs(total) * geometry.UNIT_KM**2 == pytest.approx(km2[key], rel=0.01), key
        assert geometry.FRAME.holds(tuple(shape["labels"][0]))


def points_of(ring):
    """Return the points of one ring of a path with relative coordinates."""
    numbers = [float(value) for value in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", ring)]
    steps = zip(numbers[::2], numbers[1::2], strict=True)
    return list(itertools.accumulate(steps, lambda at, step: (at[0] + step[0], at[1] + step[1])))


# ── Small layers ─────────────────────────────────────────────────────────────────────────────────────────────
#
# Two areas share the border from (70, 40) to (70, 44). It has a corner at (70.5, 42) and a point that bends it by less
# than any tolerance.

BORDER = [(70.0, 40.0), (70.2, 41.0), (70.5, 42.0), (70.2001, 43.0), (70.0, 44.0)]
WEST = [*BORDER, (66.0, 44.0), (66.0, 40.0), (70.0, 40.0)]
EAST = [*reversed(BORDER), (74.0, 40.0), (74.0, 44.0), (70.0, 44.0)]


def feature(key, coordinates, shape="Polygon", **properties):
    """Return a GeoJSON feature with names in three languages."""
    names = {f"name_{language}": f"{key} {language}" for language in ("en", "ko", "ru")}
    geometry = {"type": shape, "coordinates": coordinates}
    return {"type": "Feature", "id": key, "properties": names | properties, "geometry": geometry}


def square(left, bottom, size):
    """Return a square with its south-western corner at (left, bottom), sizes in degrees."""
    right, top = left + size, bottom + size
    return [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]


@pytest.fixture
def neighbours():
    return [feature("west", [WEST]), feature("east", [EAST])]


def test_polygons_and_lines_have_one_form_whether_there_is_one_or_several():
    ring, line = square(60, 40, 2), [(60, 40, 12), (61, 41, 15)]
    assert write_map.polygons(feature("a", [ring])) == [[ring]]
    assert write_map.polygons(feature("a", [[ring], [ring]], "MultiPolygon")) == [[ring], [ring]]
    assert write_map.lines(feature("a", line, "LineString")) == [[(60, 40), (61, 41)]]  # without heights
    assert write_map.lines(feature("a", [line, line], "MultiLineString")) == [[(60, 40), (61, 41)]] * 2


def test_rings_include_holes():
    outer, hole = square(60, 40, 4), square(61, 41, 1)
    assert write_map.rings(feature("a", [outer, hole])) == [outer, hole]


def test_border_that_two_areas_share_stays_the_same_when_it_is_simplified(neighbours):
    arcs = write_map.Arcs(neighbours)
    west, east = (arcs.simplified(ring, 0.1) for ring in (WEST, EAST))
    border = [(70.0, 40.0), (70.5, 42.0), (70.0, 44.0)]
    assert west[:3] == border
    assert east[:3] == border[::-1]
    assert (west[0], east[0]) == (west[-1], east[-1])


def test_areas_are_cut_where_a_border_ends(neighbours):
    arcs = write_map.Arcs(neighbours)
    assert arcs.knots == {BORDER[0], BORDER[-1]}
    assert arcs.cut(WEST) == [BORDER, WEST[4:]]


def test_ring_without_a_neighbour_is_one_arc_from_its_smallest_point():
    ring = square(60, 40, 2)
    turned = [*ring[2:], *ring[1:3]]
    assert write_map.Arcs([feature("a", [ring])]).cut(turned) == [ring]


def test_shared_borders_are_listed_once_and_coasts_are_not(neighbours):
    assert write_map.Arcs(neighbours).shared(neighbours) == [BORDER]
    assert write_map.Arcs(neighbours[:1]).shared(neighbours[:1]) == []


def test_lines_may_be_changed_before_they_are_simplified(neighbours):
    shifted = write_map.Arcs(neighbours).simplified(WEST, 0.1, lambda line: [(x + 1, y) for x, y in line])
    assert shifted[:3] == [(71.0, 40.0), (71.5, 42.0), (71.0, 44.0)]


def test_numbers_are_rounded_at_any_depth_and_other_values_stay():
    value = {"a": [1.23456, (2.00049, "3.14159")], "b": {"c": 7, "d": None, "e": True}}
    assert write_map.rounded(value) == {"a": [1.235, [2.0, "3.14159"]], "b": {"c": 7, "d": None, "e": True}}


def test_layer_has_one_feature_a_line():
    text = write_map.written([feature("a", [60.12345, 40.0], "Point"), feature("б", [61, 41], "Point")])
    head, first, second, foot = text.splitlines()
    assert (head, foot) == ('{"type":"FeatureCollection","features":[', "]}")
    assert first.endswith('"coordinates":[60.123,40.0]}},')
    assert '"name_en":"б en"' in second
    assert len(json.loads(text)["features"]) == 2


def test_feature_keeps_its_names_and_the_known_properties_that_are_asked_for():
    lake = feature("sea", [], kind="lake", note=None, area=12)
    assert write_map.described(lake, "MultiPolygon", [[]], ("kind", "note", "country")) == {
        "type": "Feature",
        "id": "sea",
        "properties": {"name_en": "sea en", "name_ko": "sea ko", "name_ru": "sea ru", "kind": "lake"},
        "geometry": {"type": "MultiPolygon", "coordinates": [[]]},
    }


def test_names_of_the_content_come_before_those_of_the_geodata():
    chui = feature("kg-chuy", [])
    assert write_map.names(chui) == {"name_en": "Chui Region", "name_ko": "kg-chuy ko", "name_ru": "kg-chuy ru"}


@pytest.fixture
def geodata(tmp_path, neighbours):
    """A folder with small layers of each kind."""
    layers = {
        "countries": [
            feature("uz", [[WEST], [square(60, 40, 0.01)]], "MultiPolygon", iso_a2="UZ"),
            feature("kg", [EAST], iso_a2="KG"),
        ],
        "provinces": [feature("p", [WEST], country="uz", iso_3166_2="UZ-QR", note=None)],
        "neighbours": [feature("china", [EAST]), feature("mongolia", [WEST])],
        "lakes": [
            feature("aral-sea", [square(59, 44, 2)], kind="lake", name_en="Aral Sea (2010s)"),
            feature("issyk-kul", [square(76, 42, 1)], kind="lake"),
            feature("pond", [square(72, 41, 0.5)], kind="lake"),
        ],
        "rivers": [
            feature("amu-darya", [(60, 42), (66, 38)], "LineString", main=True),
            feature("brook", [(61, 42), (62, 43)], "LineString", main=False),
        ],
        "aral-sea-outlines": [feature(write_map.ARAL_BEFORE, [square(58, 43.5, 3)], date="1957")],
    }
    folder = tmp_path / "geodata"
    folder.mkdir()
    for name, features in layers.items():
        (folder / f"{name}.geojson").write_text(json.dumps({"features": features}), "utf-8")
    return folder


def test_command_writes_every_file_and_says_how_large_each_is(geodata, tmp_path):
    out = io.StringIO()
    call_command("write_map", geodata, into=tmp_path / "portal", stdout=out)
    sizes = {name: (tmp_path / "portal" / name).stat().st_size for name in FILES}
    assert sorted(out.getvalue().splitlines()) == sorted(f"{name}: {size:,} bytes" for name, size in sizes.items())


def test_same_folder_gives_the_same_files(geodata, tmp_path):
    for name in ("one", "two"):
        call_command("write_map", geodata, into=tmp_path / name, stdout=io.StringIO())
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_map_data_have_countries_by_code_and_the_names_that_orient(geodata, tmp_path):
    call_command("write_map", geodata, into=tmp_path, stdout=io.StringIO())
    data = json.loads((tmp_path / "portal" / "maps" / "mapdata.json").read_text("utf-8"))
    assert list(data["countries"]) == ["kg", "uz"]
    for shape in data["countries"].values():
        assert shape["path"].count("z") == 1  # the island of uz is too small to see
        left, top, width, height = shape["box"]
        for x, y in shape["labels"]:
            assert left <= x <= left + width
            assert top <= y <= top + height
    assert [(name["kind"], name["name_en"]) for name in data["names"]] == [
        ("neighbour", "china en"),
        ("water", "Aral Sea"),  # without the year of one of its outlines
        ("water", "issyk-kul en"),
    ]


def test_layers_leave_the_aral_sea_to_its_own_file(geodata, tmp_path):
    call_command("write_map", geodata, into=tmp_path, stdout=io.StringIO())

    def layer(name):
        return json.loads((tmp_path / "static" / "geo" / f"{name}.geojson").read_text("utf-8"))["features"]

    assert [one["id"] for one in layer("lakes")] == ["issyk-kul", "pond"]
    assert [(one["id"], one["properties"]["date"]) for one in layer("aral-sea")] == [("aral-sea-late-1950s", "1957")]
    assert [one["properties"]["main"] for one in layer("rivers")] == [True, False]
    assert layer("provinces")[0]["properties"] | {"note": None} == {
        **{f"name_{language}": f"p {language}" for language in ("en", "ko", "ru")},
        "country": "uz",
        "iso_3166_2": "UZ-QR",
        "note": None,
    }
    [borders] = layer("neighbours")
    assert (borders["id"], len(borders["geometry"]["coordinates"])) == ("borders-of-neighbours", 1)
