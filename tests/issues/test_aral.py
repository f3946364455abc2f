"""The Aral Sea's part of pages: the dated outlines, what is known of their dates, and the credit that one needs."""

import json

import pytest
from django.conf import settings
from django.utils import translation

from issues import aral
from issues.models import IssueFeature
from portal.maps import geometry
from tests import reading
from tests.make import make_indicator, make_issue, make_issue_feature, make_observation, make_place
from tests.pages import LANGUAGES

CREDIT = "© OpenStreetMap contributors"


@pytest.fixture
def page(db, client):
    """Return the page at an address, of a portal whose issue `aral` has the part."""
    make_issue_feature(issue=make_issue(key="aral"), part=IssueFeature.Part.ARAL_SEA)
    area, sea = make_indicator(key=aral.AREA), make_place(key="aral-sea")
    for year, value in ((1960, 68000), (2018, 6990)):
        make_observation(indicator=area, place=sea, year=year, value=value)
    return lambda address: reading.page(client.get(address))


@pytest.mark.parametrize("name", aral.OUTLINES)
def test_an_outline_encloses_the_area_that_it_states(name):
    [feature] = [one for one in aral.read_layer(aral.OUTLINES[name]) if one["id"] == name]
    enclosed = sum(
        abs(geometry.area([geometry.project(*point) for point in ring])) * (1 if place == 0 else -1)  # then islands
        for polygon in aral.polygons(feature["geometry"])
        for place, ring in enumerate(polygon)
    )
    assert enclosed * geometry.UNIT_KM**2 == pytest.approx(feature["properties"]["area_km2_of_outline"], rel=0.02)


def test_the_outline_of_openstreetmap_is_a_file_of_its_own_with_its_licence():
    files = {path.name: path.read_text(encoding="utf-8") for path in (settings.BASE_DIR / "static/geo").iterdir()}
    assert [name for name, text in files.items() if "ODbL" in text] == ["aral-sea-openstreetmap.geojson"]
    [feature] = json.loads(files["aral-sea-openstreetmap.geojson"])["features"]
    assert feature["properties"]["licence"] == f"ODbL 1.0, {CREDIT}"


@pytest.mark.parametrize("address", ["/en/", "/en/issues/aral/"])
def test_pages_lead_with_the_2010s_over_the_late_1950s(page, address):
    found, *_rest = aral.outlines()
    lead = page(address).find_class("aral-picture")[0]
    assert [path.get("d") for path in lead.xpath(".//g[contains(@class, 'shore')]/path")] == [
        found[aral.LATE_1950S].path,
        found[aral.LATEST].path,
    ]
    sentence = page(address).find_class("figure-sentence")[0]
    assert reading.words(sentence) == (
        "The shore of the late 1950s enclosed 67,644 km²; the water of the 2010s, drawn over it, covers 7,014 km²."
    )


def test_each_of_four_shapes_states_its_date_and_how_it_is_known(page):
    [dates] = page("/en/issues/aral/").find_class("aral-dates")
    items = [reading.words(item) for item in dates.xpath(".//li")]
    assert [item.partition(" km²")[0] for item in items] == [
        "late 1950s 67,644",
        "about 2005 18,434",
        "about 2012–2013 9,003",
        "2010s (about 2014) 7,014",
    ]
    assert [CREDIT in item for item in items] == [False, False, True, False]
    assert {svg.get("viewbox") or svg.get("viewBox") for svg in dates.xpath(".//li/svg")} == {
        f"0 0 {aral.WIDTH} {aral.outlines()[2][1]}"
    }


def test_only_the_small_pictures_show_the_outline_of_openstreetmap(page):
    found, *_rest = aral.outlines()
    home = page("/en/")
    assert CREDIT not in reading.words(home)
    assert found[aral.OPENSTREETMAP].small_path not in {path.get("d") for path in home.xpath("//path")}


def test_bars_are_as_long_as_the_areas():
    bars = aral.dated_outlines()["chart"].bars
    longest = bars[0]
    assert [round(bar.width / longest.width, 2) for bar in bars] == [1, 0.27, 0.13, 0.1]


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_dates_are_told_in_each_language(language):
    english = aral.dated_outlines()["shapes"]
    with translation.override(language):
        told = aral.dated_outlines()["shapes"]
    assert all(one.date != other.date and one.basis != other.basis for one, other in zip(english, told, strict=True))
