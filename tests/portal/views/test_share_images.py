"""The share images of records: their places on the map, or their chart."""

import io

import pytest
from django.core.cache.backends.locmem import LocMemCache
from PIL import Image

from portal.core.choices import PublicationStatus
from portal.maps import share_image
from portal.views import share_images
from tests.make import make_country, make_indicator, make_issue, make_observation, make_place, make_project
from tests.maps import NUKUS, SEOUL
from tests.portal.seo.heads import SITE, card_of

pytestmark = pytest.mark.django_db

AT_NUKUS = (59.6022, 42.4647)


def colour_at(picture, lon, lat):
    x, y = share_image.compose(share_image.geometry.project(lon, lat))
    return "#{:02x}{:02x}{:02x}".format(*picture.getpixel((round(x / share_image.FINER), round(y / share_image.FINER))))


def is_near(colour, other):
    return sum(abs(a - b) for a, b in zip(bytes.fromhex(colour[1:]), bytes.fromhex(other[1:]), strict=True)) < 40


@pytest.fixture
def project():
    project = make_project(key="trees")
    project.countries.add(make_country(key="uz"))
    project.places.add(make_place(key="nukus", name_ko="누쿠스", name_ru="Нукус", **NUKUS))
    return project


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Map of Central Asia, with places marked: Nukus"),
        ("ko", "중앙아시아 지도, 표시한 지역: 누쿠스"),
        ("ru", "Карта Центральной Азии с отмеченными местами: Нукус"),
    ],
)
def test_link_of_a_project_has_an_image_with_its_places(project, client, language, words):
    card = card_of(client.get(f"/{language}/projects/trees/"))
    assert (card["og:image"], card["og:image:alt"]) == (f"{SITE}/picture/projects/trees.png", words)
    response = client.get("/picture/projects/trees.png")
    picture = Image.open(io.BytesIO(response.content)).convert("RGB")
    assert picture.size == (1200, 630)
    assert len(response.content) < 100_000
    assert response.headers["Cache-Control"] == "public, max-age=86400"
    assert is_near(colour_at(picture, *AT_NUKUS), share_image.MARK)
    assert is_near(colour_at(picture, 65.0, 40.5), share_image.SHADED)  # Uzbekistan
    assert is_near(colour_at(picture, 68.0, 48.5), share_image.LAND)  # Kazakhstan


def test_issues_and_places_have_images_with_their_places(client):
    nukus = make_place(key="nukus", country=make_country(key="uz"), **NUKUS)
    make_issue(key="aral").places.add(nukus)
    for kind, path in (("issue", "issues/aral"), ("place", "places/nukus")):
        address = card_of(client.get(f"/en/{path}/"))["og:image"]
        assert address.startswith(f"{SITE}/picture/{kind}s/")
        picture = Image.open(io.BytesIO(client.get(address.removeprefix(SITE)).content)).convert("RGB")
        assert is_near(colour_at(picture, *AT_NUKUS), share_image.MARK)


def test_record_without_a_place_on_the_map_has_the_image_of_its_countries(client):
    project = make_project(key="visit")
    project.countries.add(make_country(key="uz"))
    project.places.add(make_place(key="seoul", **SEOUL), make_place(key="somewhere"))
    assert card_of(client.get("/en/projects/visit/"))["og:image"] == f"{SITE}/picture/uz.png"
    assert client.get("/picture/projects/visit.png").status_code == 404


def test_image_of_a_draft_or_of_an_unknown_record_is_not_found(project, client):
    assert client.get("/picture/projects/no-such.png").status_code == 404
    assert client.get("/picture/sources/trees.png").status_code == 404
    project.publication = PublicationStatus.DRAFT
    project.save()
    assert client.get("/picture/projects/trees.png").status_code == 404


def test_image_does_not_show_a_place_that_is_a_draft(project, client):
    project.places.add(make_place(publication=PublicationStatus.DRAFT, latitude="48.5", longitude="68"))
    picture = Image.open(io.BytesIO(client.get("/picture/projects/trees.png").content)).convert("RGB")
    assert is_near(colour_at(picture, 68.0, 48.5), share_image.LAND)


def test_image_is_drawn_once_for_each_content_version(project, client, monkeypatch):
    drawn = []
    monkeypatch.setattr(share_images.share_image, "render_places", lambda *args: drawn.append(args) or b"png")
    monkeypatch.setattr("portal.tracking.content_version.is_changing", lambda: False)
    monkeypatch.setattr("portal.http.page_cache.caches", {"pages": LocMemCache("share images", {})})
    for _ in range(3):
        client.get("/picture/projects/trees.png")
    assert len(drawn) == 1


@pytest.fixture
def indicator():
    indicator = make_indicator(key="lake-area", name_en="Lake area", name_ko="호수 면적", name_ru="Площадь озера")
    country = make_country(key="kz")
    for year, value in ((2000, "100"), (2010, "80"), (2020, "20"), (2024, "10")):
        make_observation(indicator=indicator, place=country, year=year, value=value)
    return indicator


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Chart: Lake area"), ("ko", "차트: 호수 면적"), ("ru", "График: Площадь озера")],
)
def test_link_of_an_indicator_has_an_image_with_its_chart(indicator, client, language, words):
    card = card_of(client.get(f"/{language}/indicators/lake-area/"))
    address = f"/{language}/picture/indicators/lake-area.png"
    assert (card["og:image"], card["og:image:alt"]) == (f"{SITE}{address}", words)
    response = client.get(address)
    assert response.headers["Cache-Control"] == "public, max-age=86400"
    assert len(response.content) < 150_000
    picture = Image.open(io.BytesIO(response.content)).convert("RGB")
    assert picture.size == (1200, 630)
    assert (11, 106, 122) in dict(map(reversed, picture.getcolors(maxcolors=1_000_000))), "the colour of Kazakhstan"


def test_chart_of_an_indicator_is_in_the_language_of_the_page(indicator, client):
    pictures = {client.get(f"/{code}/picture/indicators/lake-area.png").content for code in ("en", "ko", "ru")}
    assert len(pictures) == 3


def test_indicator_without_values_or_that_is_a_draft_has_no_image_with_a_chart(indicator, client):
    make_indicator(key="empty")
    assert card_of(client.get("/en/indicators/empty/"))["og:image"] == f"{SITE}/picture/region.png"
    assert client.get("/en/picture/indicators/empty.png").status_code == 404
    assert client.get("/en/picture/indicators/no-such.png").status_code == 404
    indicator.publication = PublicationStatus.DRAFT
    indicator.save()
    assert client.get("/en/picture/indicators/lake-area.png").status_code == 404


def test_words_in_a_chart_are_never_markup(indicator, client):
    indicator.name_en = '#read("card.typ") <b> $x$ \\ [a](b)'
    indicator.save()
    assert client.get("/en/picture/indicators/lake-area.png").status_code == 200
