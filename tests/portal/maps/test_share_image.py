"""The share image: one map for each choice of countries."""

import io

import pytest
from PIL import Image

from portal.maps import share_image
from tests.make import (
    make_country,
    make_project,
)
from tests.portal.seo.heads import SITE, card_of

pytestmark = pytest.mark.django_db


def test_picture_of_a_link_has_the_countries_of_the_page_in_colour(client):
    project = make_project(key="trees")
    for key, name in (("uz", "Uzbekistan"), ("kz", "Kazakhstan"), ("kr", "Korea")):
        project.countries.add(make_country(key=key, name_en=name))
    card = card_of(client.get("/en/projects/trees/"))
    assert card["og:image"] == f"{SITE}/picture/kz-uz.png"
    assert card["og:image:alt"] == "Map of Central Asia, in colour: Kazakhstan, Uzbekistan"


@pytest.mark.parametrize("keys", [(), ("kg", "kz", "tj", "tm", "uz"), ("kr",)])
def test_picture_of_none_or_all_countries_is_that_of_the_region(keys):
    assert share_image.name_of(keys) == "region"


def test_pictures_differ_and_are_as_large_as_is_asked_for(client):
    found = {}
    for name in ("region", "tj", "kg-tj"):
        response = client.get(f"/picture/{name}.png")
        picture = Image.open(io.BytesIO(response.content))
        assert (picture.format, picture.size) == ("PNG", (1200, 630))
        assert len(response.content) < 100_000
        assert "max-age=31536000" in response.headers["Cache-Control"]
        # Count the points with nearly that colour: an image with few colours has none of them exactly.
        red, green, blue = bytes.fromhex(share_image.SHADED[1:])
        points = picture.convert("RGB").resize((120, 63), Image.Resampling.NEAREST).get_flattened_data()
        found[name] = sum(abs(r - red) + abs(g - green) + abs(b - blue) < 12 for r, g, b in points)
    assert found["region"] < found["tj"] < found["kg-tj"]


def test_picture_has_the_aral_sea_of_the_2010s():
    picture = Image.open(io.BytesIO(share_image.render_map("region"))).convert("RGB")

    def colour_at(lon, lat):
        x, y = share_image.compose(share_image.geometry.project(lon, lat))
        return picture.getpixel((round(x / share_image.FINER), round(y / share_image.FINER)))

    def is_near(one, hex_colour):
        return sum(abs(a - b) for a, b in zip(one, bytes.fromhex(hex_colour[1:]), strict=True)) < 40

    assert is_near(colour_at(59.7, 44.8), share_image.BED)  # the eastern basin, which had water about 2005
    assert is_near(colour_at(60.9, 46.3), share_image.WATER)  # the northern sea


@pytest.mark.parametrize("name", ["uz-kz", "kz-kz", "kr", "kg-kz-tj-tm-uz", "nothing"])
def test_there_is_one_address_for_each_picture_and_no_other(client, name):
    assert client.get(f"/picture/{name}.png").status_code == 404


def test_there_are_as_many_pictures_as_choices_of_countries():
    assert len(share_image.NAMES) == 31
