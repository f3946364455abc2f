"""Map geometry as numbers: projection, frames, paths, clusters, names, classes and GeoJSON."""

import math
import random
import re

import pytest

from portal.maps import geometry

SQUARE = [(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)]


# ── Projection ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("lon", "lat", "x", "y"),
    [
        (67, 45.5, 505, 365),  # the origin
        (69.25, 41.3, 563.4, 511.1),  # Tashkent
        (76.9, 43.24, 753.3, 429.0),  # Almaty
        (51.2, 43.65, 113.0, 391.7),  # Aktau
        (87.3, 49.1, 959.7, 182.2),  # the eastern end of Kazakhstan
    ],
)
def test_project_gives_map_units(lon, lat, x, y):
    assert geometry.project(lon, lat) == pytest.approx((x, y), abs=0.1)


def test_unproject_undoes_project():
    for lon in range(44, 93, 4):
        for lat in range(33, 58, 4):
            assert geometry.unproject(*geometry.project(lon, lat)) == pytest.approx((lon, lat), abs=1e-9)


@pytest.mark.parametrize("lat", [35, 40, 45, 50, 55])
def test_areas_are_true(lat):
    """The area of a cell of one degree on the map is that on the ground, to a thousandth."""
    ring = [geometry.project(lon, lat + up) for lon, up in ((66, 0), (67, 0), (67, 1), (66, 1))]
    on_the_map = abs(geometry.area(ring)) * geometry.UNIT_KM**2
    on_the_ground = (
        geometry.EARTH_KM**2 * math.radians(1) * (math.sin(math.radians(lat + 1)) - math.sin(math.radians(lat)))
    )
    assert on_the_map == pytest.approx(on_the_ground, rel=1e-3)


@pytest.mark.parametrize("lat", [34, 38, 45, 52, 56])
def test_shapes_are_off_by_two_per_cent_at_most(lat):
    east = math.dist(geometry.project(66.5, lat), geometry.project(67.5, lat)) / math.cos(math.radians(lat))
    north = math.dist(geometry.project(67, lat - 0.5), geometry.project(67, lat + 0.5))
    assert east / north == pytest.approx(1, abs=0.03)
    assert east * geometry.UNIT_KM == pytest.approx(111.2, rel=0.02)


def test_the_script_has_the_same_projection():
    it = geometry.PROJECTION
    r = it["units"] * math.sqrt(it["c"] - 2 * it["n"] * math.sin(math.radians(41.3))) / it["n"]
    t = it["n"] * math.radians(69.25 - it["lon"])
    assert (it["x"] + r * math.sin(t), it["y"] - it["rho"] + r * math.cos(t)) == pytest.approx(
        geometry.project(69.25, 41.3)
    )


def test_the_poles_and_the_far_side_have_a_point():
    for lon, lat in ((0, 90), (-180, -90), (180, 0), (126.98, 37.57)):
        assert all(math.isfinite(value) for value in geometry.project(lon, lat))


def test_zoom_doubles_the_pixels():
    assert [geometry.pixels_per_unit(zoom) for zoom in (0, 1, 2)] == [0.25, 0.5, 1]


# ── Bounds and frames ────────────────────────────────────────────────────────────────────────────────────────


def test_bounds_are_the_smallest_box():
    assert geometry.bounds([(3, 4), (1, 9), (2, 2)]) == geometry.BoundingBox(1, 2, 2, 7)
    assert geometry.bounds([]) is None


def test_box_knows_what_lies_in_it():
    box = geometry.BoundingBox(0, 0, 10, 5)
    assert (box.right, box.bottom, box.center) == (10, 5, (5, 2.5))
    assert box.holds((10, 5))
    assert not box.holds((10.1, 5))
    assert box.meets(geometry.BoundingBox(9, 4, 5, 5))
    assert not box.meets(geometry.BoundingBox(10, 0, 5, 5))
    assert box.contains(geometry.BoundingBox(1, 1, 9, 4))
    assert not box.contains(geometry.BoundingBox(1, 1, 9.5, 4))
    assert box.grown(1) == geometry.BoundingBox(-1, -1, 12, 7)


def test_frame_without_points_is_the_whole():
    assert geometry.frame_around([]) == geometry.FRAME


@pytest.mark.parametrize(
    "points",
    [[(500, 300)], [(0, 0)], [(1000, 740)], [(100, 100), (120, 700)], [(10, 370), (990, 380)], [(0, 0), (1000, 740)]],
)
def test_frame_holds_its_points_and_lies_in_the_map(points):
    frame = geometry.frame_around(points)
    assert geometry.FRAME.grown(1e-6).contains(frame)
    assert all(frame.grown(1e-6).holds(point) for point in points)
    assert frame.width / frame.height == pytest.approx(1000 / 740)
    assert frame.width >= 220


def test_frame_leaves_a_margin():
    assert geometry.frame_around([(400, 300), (600, 400)], margin=0.1).width == pytest.approx(250)
    assert geometry.frame_around([(400, 300), (410, 300)], smallest=50) == geometry.BoundingBox(380, 281.5, 50, 37)


def test_degrees_around_a_frame_hold_its_whole_edge():
    west, south, east, north = geometry.degrees_around(geometry.FRAME)
    for x in range(0, 1001, 50):
        for y in (0, 740):
            lon, lat = geometry.unproject(x, y)
            assert west - 0.01 <= lon <= east + 0.01
            assert south - 0.2 <= lat <= north + 0.2


# ── Paths ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(12, 1, "12"), (0.5, 1, ".5"), (-0.5, 1, "-.5"), (-0.04, 1, "0"), (10.0, 1, "10"), (1.25, 2, "1.25"), (0, 0, "0")],
)
def test_short_numbers(value, decimals, text):
    assert geometry.short(value, decimals) == text


def test_path_goes_in_relative_steps():
    assert geometry.path([[(0, 0), (10, 0), (10.5, 10.25), (0, 10)]], closed=False) == "M0 0l10 0 .5 10.2-10.5-.2"


def test_path_of_a_ring_closes_itself():
    assert geometry.path([SQUARE], closed=True) == "M0 0l10 0 0 10-10 0z"


def test_path_leaves_out_what_is_too_small_to_see():
    assert geometry.path([[(0, 0), (0.01, 0), (0, 0.01), (0, 0)], [(5, 5), (5.01, 5)]], closed=True) == ""


def test_path_does_not_drift():
    line = [(i / 3, i / 7) for i in range(1000)]
    numbers = geometry.path([line], closed=False, decimals=1)
    x = y = 0.0
    values = [float(value) for value in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", numbers)]
    for dx, dy in zip(values[::2], values[1::2], strict=True):
        x, y = x + dx, y + dy
    assert (x, y) == pytest.approx(line[-1], abs=0.06)


def test_simplify_keeps_corners_and_ends():
    line = [(0, 0), (1, 0.01), (2, 0), (3, 0), (3, 1), (3, 2)]
    assert geometry.simplify(line, 0.1) == [(0, 0), (3, 0), (3, 2)]
    assert geometry.simplify(line, 0.001) == [(0, 0), (1, 0.01), (2, 0), (3, 0), (3, 2)]
    assert geometry.simplify(line[:2], 5) == line[:2]


def test_simplify_keeps_a_ring_a_ring():
    ring = [(0, 0), (5, 0.01), (10, 0), (10, 10), (0, 10), (0, 0)]
    assert geometry.simplify(ring, 0.1) == [(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)]
    assert geometry.simplify([(1, 1)] * 4, 0.1) == [(1, 1)]


def test_area_of_a_ring():
    assert geometry.area(SQUARE) == 100
    assert geometry.area(SQUARE[::-1]) == -100


def test_is_inside_minds_holes():
    hole = [(4, 4), (6, 4), (6, 6), (4, 6), (4, 4)]
    assert geometry.is_inside((5, 5), [SQUARE])
    assert not geometry.is_inside((5, 5), [SQUARE, hole])
    assert not geometry.is_inside((11, 5), [SQUARE])


def test_label_point_lies_where_there_is_room():
    assert geometry.label_points([SQUARE]) == [(5, 5)]
    # An L: its corner has the most space.
    bent = [(0, 0), (100, 0), (100, 60), (60, 60), (60, 100), (0, 100), (0, 0)]
    [(x, y)] = geometry.label_points([bent], wide=1)
    assert 25 <= x <= 45
    assert 25 <= y <= 45
    assert geometry.label_points([]) == []


def test_label_points_lie_apart_and_inside():
    wide = [(0, 0), (400, 0), (400, 40), (0, 40), (0, 0)]
    points = geometry.label_points([wide], most=3, within=geometry.BoundingBox(0, 0, 200, 40))
    assert len(points) == 3
    assert all(0 < x < 200 and 0 < y < 40 for x, y in points)


# ── Marks and names ──────────────────────────────────────────────────────────────────────────────────────────


def test_clusters_gather_what_lies_near_under_the_heaviest():
    points = [(0, 0, 1), (5, 0, 9), (100, 100, 2), (12, 0, 3)]
    assert geometry.clusters(points, 10) == [[1, 3, 0], [2]]


def test_clusters_of_nothing_and_of_one_spot():
    assert geometry.clusters([], 10) == []
    assert geometry.clusters([(1, 1, 0)] * 3, 10) == [[0, 1, 2]]


@pytest.mark.parametrize("distance", [1, 10, 60])
def test_clusters_lose_nobody_and_keep_apart(distance):
    chance = random.Random(7)
    points = [(chance.uniform(0, 300), chance.uniform(0, 200), chance.randrange(9)) for _ in range(300)]
    groups = geometry.clusters(points, distance)
    assert sorted(i for group in groups for i in group) == list(range(300))
    leaders = [points[group[0]] for group in groups]
    assert all(math.dist(a[:2], b[:2]) >= distance for i, a in enumerate(leaders) for b in leaders[:i])
    assert all(points[group[0]][2] == max(points[i][2] for i in group) for group in groups)
    assert all(math.dist(points[group[0]][:2], points[i][:2]) < distance for group in groups for i in group)


def test_clusters_compare_a_point_with_leaders_nearby_only(monkeypatch):
    chance = random.Random(1)
    points = [(chance.uniform(0, 1e4), chance.uniform(0, 1e4), 1) for _ in range(5_000)]
    compared = []
    monkeypatch.setattr(geometry, "math", Counting(compared))
    geometry.clusters(points, 40)
    # Nine cells of the size of the distance have few points that are so far apart. Every pair would be 12 million.
    assert 0 < len(compared) < 20 * len(points)


class Counting:
    """The module math, which notes each distance that is asked for."""

    floor = math.floor

    def __init__(self, asked):
        self.asked = asked

    def dist(self, *pair):
        self.asked.append(pair)
        return math.dist(*pair)


def test_radius_makes_areas_comparable():
    assert geometry.radius(100) == 24
    assert geometry.radius(25) == 12
    assert geometry.radius(400, largest=400) == 24
    assert geometry.radius(0) == geometry.radius(1) == 8
    assert geometry.radius(50, least=30) == 30


PAPER = geometry.BoundingBox(0, 0, 200, 100)


def test_name_stands_to_the_right_of_its_mark():
    [spot] = geometry.set_names([geometry.NamePlacement(50, 50, 40, radius=6)], PAPER)
    assert (spot.dx, spot.anchor) == (10, "start")


def test_name_at_the_edge_stands_to_the_left():
    [spot] = geometry.set_names([geometry.NamePlacement(180, 50, 40, radius=6)], PAPER)
    assert (spot.dx, spot.anchor) == (-10, "end")


def test_name_between_two_marks_stands_below():
    names = [geometry.NamePlacement(x, 50, width, radius=6) for x, width in ((100, 60), (125, 0), (75, 0))]
    spot = geometry.set_names(names, PAPER)[0]
    assert (spot.dx, spot.anchor) == (0, "middle")
    assert spot.dy > 6


def test_name_without_room_is_left_out():
    assert geometry.set_names([geometry.NamePlacement(100, 50, 300, radius=6)], PAPER) == [None]


def test_name_over_a_point_goes_where_it_may():
    first, second = geometry.set_names(
        [geometry.NamePlacement(100, 50, 60), geometry.NamePlacement(100, 50, 60, steps=((0, 5), (0, 30)))], PAPER
    )
    assert (first.dx, first.dy, first.anchor) == (0, pytest.approx(4.8), "middle")
    assert (second.dx, second.dy) == (0, pytest.approx(34.8))


@pytest.mark.parametrize(("rows", "pad"), [(1, (0, 0)), (1, (4, 1.5)), (2, (4, 1.5))], ids=["bare", "plates", "rows"])
def test_names_never_meet(rows, pad):
    chance = random.Random(3)
    names = [
        geometry.NamePlacement(chance.uniform(0, 600), chance.uniform(0, 400), 50, radius=8, rows=rows, pad=pad)
        for _ in range(60)
    ]
    spots = geometry.set_names(names, geometry.BoundingBox(0, 0, 600, 400))
    boxes = [geometry.extent(name, spot) for name, spot in zip(names, spots, strict=True) if spot]
    assert len(boxes) > 20
    assert not any(a.meets(b) for i, a in enumerate(boxes) for b in boxes[:i])
    others = [
        (box, geometry.BoundingBox(other.x - 8, other.y - 8, 16, 16))
        for box, name in zip(boxes, (name for name, spot in zip(names, spots, strict=True) if spot), strict=True)
        for other in names
        if other is not name
    ]
    assert not any(box.meets(mark) for box, mark in others)


def test_plate_stands_around_the_name():
    name = geometry.NamePlacement(50, 50, 40, radius=6, pad=(4, 2))
    [spot] = geometry.set_names([name], PAPER)
    assert (spot.dx, spot.anchor) == (11, "start")
    plate = geometry.extent(name, spot)
    assert (plate.left, plate.width, plate.height) == (57, 48, 12.75 + 4)


def test_free_spot_is_the_first_wanted_one_that_is_free():
    taken = [(50, 50, 10)]
    assert geometry.free_spot([(50, 55), (80, 50)], 10, taken, PAPER) == (80, 50)
    assert geometry.free_spot([(50, 80)], 10, taken, PAPER) == (50, 80)


def test_free_spot_goes_outwards_and_stays_on_the_paper():
    taken = [(100, 95, 10)]
    x, y = geometry.free_spot([(100, 95)], 10, taken, PAPER)
    assert geometry.math.dist((x, y), (100, 95)) == pytest.approx(24)
    assert y <= 90


def test_free_spot_gives_up_where_nothing_is_free():
    assert geometry.free_spot([(50, 50)], 10, [(100, 50, 500)], PAPER) == (50, 50)


def test_text_width_knows_the_scripts():
    assert geometry.text_width("Aral") < geometry.text_width("Aralsk")
    assert geometry.text_width("아랄해") == 36
    assert geometry.text_width("Арал", 10) == pytest.approx(25.6)
    assert geometry.text_width("Щучинск") > geometry.text_width("Астанск")


@pytest.mark.parametrize(
    ("largest", "limits"),
    [
        (0, []),
        (1, [1]),
        (4, [1, 2]),
        (39, [1, 2, 5, 10, 20]),
        (50, [1, 5, 20]),
        (900, [1, 5, 20, 100, 500]),
    ],
)
def test_limits_of_counts_are_round_and_few(largest, limits):
    assert geometry.count_limits(largest) == limits


# ── Classes ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("values", "breaks"),
    [
        ([34.6, 50, 61.7, 135, 168.9], [30, 60, 90, 120, 150, 180]),
        ([0.2, 0.55, 0.9], [0.15, 0.3, 0.45, 0.6, 0.75, 0.9]),
        ([19, 21], [19, 19.5, 20, 20.5, 21]),
        ([-1, 1], [-1, -0.5, 0, 0.5, 1]),
        ([5, 5, 5], [0, 8]),
        ([0], [0, 1]),
        ([], []),
    ],
)
def test_class_breaks_are_round(values, breaks):
    assert geometry.class_breaks(values) == pytest.approx(breaks)


def test_class_breaks_hold_every_value_in_five_classes_at_most():
    chance = random.Random(5)
    for _ in range(2000):
        scale = 10 ** chance.uniform(-4, 9)
        values = [chance.uniform(-0.2, 1) * scale for _ in range(chance.randint(1, 5))]
        breaks = geometry.class_breaks(values)
        assert 2 <= len(breaks) <= 6
        assert breaks == sorted(set(breaks))
        assert breaks[0] <= min(values)
        assert max(values) <= breaks[-1]
        for value in values:
            number = geometry.class_of(value, breaks)
            assert breaks[number - 1] <= value <= breaks[number]


def test_class_of_a_limit_is_the_class_above_it():
    breaks = [0, 10, 20]
    assert [geometry.class_of(value, breaks) for value in (0, 9.9, 10, 20)] == [1, 1, 2, 2]


# ── GeoJSON ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_feature_is_a_point_or_says_that_there_is_none():
    assert geometry.feature("nukus", 59.602199, 42.4647, {"name": "Nukus"}) == {
        "type": "Feature",
        "id": "nukus",
        "geometry": {"type": "Point", "coordinates": [59.6022, 42.4647]},
        "properties": {"name": "Nukus"},
    }
    assert geometry.feature("x", None, None, {})["geometry"] is None


def test_collection_carries_more():
    assert geometry.feature_collection([], total=3) == {"type": "FeatureCollection", "features": [], "total": 3}


# ── The files ────────────────────────────────────────────────────────────────────────────────────────────────
