"""Maps of the region on pages: the right marks, each with a link and a row in a list, in three languages."""

import re

import pytest
from django.template import Context, Template
from django.utils.translation import override
from lxml import html

from portal.core.choices import PublicationStatus
from portal.facets.bitmaps import BitMap
from portal.maps import geometry
from portal.maps.region import counted_radius, mark_of, shapes
from portal.models import Place
from portal.views.map_data import with_project_ids
from projects.models import Project
from tests import reading
from tests.make import (
    make_country,
    make_issue,
    make_place,
    make_project,
)
from tests.maps import FIVE, NUKUS, SEOUL, TASHKENT, drawn, listed, marks, of_class

pytestmark = pytest.mark.django_db


# ── Marks of a page ─────────────────────────────────────────────────────────────────────────────────────────────


def test_map_marks_places_and_lists_the_same(five):
    places = [make_place(key="nukus", **NUKUS), make_place(key="tashkent", name_en="Tashkent", **TASHKENT)]
    found = drawn("{% region_map id='m' label='Places' places=places %}", places=places)
    expected = [("Nukus", "/en/places/nukus/"), ("Tashkent", "/en/places/tashkent/")]
    assert marks(found, "fine") == marks(found, "coarse") == expected
    assert listed(found) == [("Nukus · City", "/en/places/nukus/"), ("Tashkent · City", "/en/places/tashkent/")]
    assert found.xpath(".//svg[@role='group']/@aria-label") == ["Places"]


def test_map_links_each_country(five):
    found = drawn("{% region_map id='m' label='m' shaded=shaded %}", shaded=[five["uz"]])
    assert found.xpath(".//*[contains(@class, 'map-country')]/@href")[:5] == [f"/en/countries/{key}/" for key in FIVE]
    [shaded] = of_class(found, "map-shaded")
    assert shaded.get("d") == shapes()["countries"]["uz"]["path"]


def test_unpublished_countries_are_drawn_without_link_and_name(five):
    Place.objects.filter(key="tm").update(publication=PublicationStatus.DRAFT)
    found = drawn("{% region_map id='m' label='m' shaded=shaded whole=True %}", shaded=[five["uz"]])
    assert len(of_class(found, "map-shape")) == 5
    assert "/en/countries/tm/" not in found.xpath(".//@href")
    assert "Turkmenistan" not in reading.words(found)


def test_names_are_escaped():
    place = make_place(name_en='<b>"Nukus" & co</b>', **NUKUS)
    source = Template("{% region_map id='m' label=label places=places %}").render(
        Context({"places": [place], "label": '"><script>'})
    )
    assert "<b>" not in source
    assert "<script" not in source
    [(title, _url)] = marks(html.fromstring(source))
    assert title == '<b>"Nukus" & co</b>'


def test_what_the_map_cannot_show_is_listed_with_the_reason(five):
    places = [
        make_place(name_en="Known", **NUKUS),
        make_place(name_en="Nowhere"),
        make_place(name_en="Seoul", **SEOUL),
    ]
    found = drawn("{% region_map id='m' label='m' places=places %}", places=places)
    assert [words for words, _url in listed(found)] == [
        "Known · City",
        "Nowhere · City · position not known",
        "Seoul · City · outside this map",
    ]
    assert len(marks(found)) == 1


def test_without_anything_to_show_there_is_no_map_but_the_list(five):
    found = drawn("{% region_map id='m' label='m' places=places %}", places=[make_place(name_en="Seoul", **SEOUL)])
    assert found.xpath(".//svg") == []
    assert [words for words, _url in listed(found)] == ["Seoul · City"]


def test_marks_too_close_for_the_drawing_are_one_that_leads_to_the_list(five):
    places = [
        make_place(name_en="Osh", latitude="40.52", longitude="72.79"),
        make_place(name_en="Osh Region", latitude="40.52", longitude="72.79"),
        make_place(name_en="Almaty", latitude="43.24", longitude="76.9"),
    ]
    found = drawn("{% region_map id='m' label='m' places=places %}", places=places)
    assert marks(found)[0] == ("Osh + 1 place", "#m-list")
    assert len(marks(found)) == 2
    assert found.xpath(".//ul/@id") == ["m-list"]


@pytest.mark.parametrize(("size", "pixels"), [("coarse", 303), ("fine", 544)])
def test_marks_are_targets_of_24_pixels_that_do_not_overlap(content, size, pixels):
    places = Place.objects.published().filter(latitude__isnull=False)
    found = drawn("{% region_map id='m' label='m' places=places whole=True %}", places=places)
    at = [
        tuple(float(value) * pixels / 1000 for value in re.findall(r"[-.\d]+", group.get("transform"))[:2])
        for group in found.xpath(f".//*[@class='map-{size}']//*[contains(@class, 'map-mark')]/g")
    ]
    assert len(at) > 10
    assert min(geometry.math.dist(a, b) for i, a in enumerate(at) for b in at[:i]) >= 23.9
    assert {circle.get("r") for circle in of_class(found, "map-target")} == {"12"}


def test_counted_marks_carry_the_number_of_published_projects(five):
    nukus = make_place(**NUKUS)
    for publication in (PublicationStatus.PUBLISHED, PublicationStatus.PUBLISHED, PublicationStatus.DRAFT):
        make_project(publication=publication).places.add(nukus)
    found = drawn("{% region_map id='m' label='m' places=places counted=True %}", places=with_project_ids([nukus]))
    assert marks(found)[0][0] == "Nukus: 2 projects"
    assert [count.text for count in of_class(found, "map-count")] == ["2", "2"]
    assert listed(found)[0][0] == "Nukus · City · 2 projects"


def test_marks_stay_within_bounds_and_hold_their_numbers_however_many_there_are():
    counts = [90_114, 1_234, 7]
    most, some, few = (counted_radius(count, counts) for count in counts)
    assert most == 24
    assert geometry.text_width("1,234", 11.5) / 2 < some < 24
    assert few == 12
    assert counted_radius(25, [25, 7]) == 12


def test_a_project_at_two_places_of_one_mark_counts_once(five):
    places = [make_place(**NUKUS), make_place(name_en="Province", **NUKUS)]
    project = make_project()
    project.places.add(*places)
    found = drawn("{% region_map id='m' label='m' places=places counted=True %}", places=with_project_ids(places))
    assert marks(found)[0][0] == "Nukus + 1 place: 1 project"


@pytest.mark.parametrize(("language", "name"), [("en", "Nukus"), ("ko", "누쿠스"), ("ru", "Нукус")])
def test_map_speaks_the_readers_language(five, language, name):
    place = make_place(key="nukus", name_ko="누쿠스", name_ru="Нукус", **NUKUS)
    with override(language):
        found = drawn("{% region_map id='m' label='m' places=places %}", places=[place])
    assert marks(found) == [(name, f"/{language}/places/nukus/")]
    assert name in [reading.words(text) for text in of_class(found, "map-words-mark")]
    sea = {"en": "Aral Sea", "ko": "아랄해", "ru": "Аральское море"}[language]
    assert sea in [reading.words(text) for text in of_class(found, "map-words-water")]


def test_english_that_stands_in_says_so(five):
    place = make_place(**NUKUS)
    with override("ko"):
        found = drawn("{% region_map id='m' label='m' places=places %}", places=[place])
    assert {text.get("lang") for text in of_class(found, "map-words-mark")} == {"en"}


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_numbers_in_the_drawing_have_points(five, language):
    """Russian writes 0,5, which SVG cannot read."""
    with override(language):
        source = Template("{% region_map id='m' label='m' places=places %}").render(
            Context({"places": [make_place(**NUKUS)]})
        )
    drawing = source[source.index("<svg") : source.index("</svg>")]
    assert not re.search(r'(?:transform|x|y|r|width|height)="[^"]*\d,\d', drawing)
    assert "style=" not in drawing


@pytest.mark.parametrize(
    ("language", "words"), [("en", "of the 2010s"), ("ko", "2010년대의 수면"), ("ru", "2010-х годов")]
)
def test_map_says_of_when_the_water_of_the_aral_sea_is(five, language, words):
    with override(language):
        found = drawn("{% region_map id='m' label='m' places=places %}", places=[make_place(**NUKUS)])
    assert words in reading.words(found)


def test_map_says_how_the_aral_sea_is_drawn_only_where_it_is(five):
    at_the_sea = drawn("{% region_map id='m' label='m' places=places %}", places=[make_place(**NUKUS)])
    elsewhere = make_place(latitude="43.24", longitude="76.9")
    far = drawn("{% region_map id='m' label='m' places=places %}", places=[elsewhere])
    assert "1950s" in reading.words(at_the_sea)
    assert "1950s" not in reading.words(far)


# ── Pages with maps ─────────────────────────────────────────────────────────────────────────────────────────────


def test_country_page_maps_its_published_places_with_their_projects(five, client):
    nukus = make_place(key="nukus", country=five["uz"], **NUKUS)
    make_place(name_en="Hidden", country=five["uz"], publication=PublicationStatus.DRAFT, **TASHKENT)
    make_project().places.add(nukus)
    found = reading.page(client.get("/en/countries/uz/"))
    assert marks(found) == [("Nukus: 1 project", "/en/places/nukus/")]
    assert "Hidden" not in reading.words(found)
    assert "/en/map/?country=uz" in found.xpath("//@href")


def test_issue_page_maps_its_published_places(five, client):
    issue = make_issue(key="aral")
    issue.places.add(make_place(key="nukus", **NUKUS))
    issue.places.add(make_place(name_en="Hidden", publication=PublicationStatus.DRAFT, **TASHKENT))
    found = reading.page(client.get("/en/issues/aral/"))
    assert marks(found) == [("Nukus", "/en/places/nukus/")]
    assert listed(found) == [("Nukus · City", "/en/places/nukus/")]


def test_project_page_maps_its_places_and_shades_its_countries(five, client):
    project = make_project(key="trees")
    project.countries.add(five["uz"])
    project.places.add(make_place(key="nukus", **NUKUS))
    found = reading.page(client.get("/en/projects/trees/"))
    assert marks(found) == [("Nukus", "/en/places/nukus/")]
    assert len(of_class(found, "map-shaded")) == 1


def test_project_page_without_a_known_position_shades_its_countries(five, client):
    project = make_project(key="trees")
    project.countries.add(five["uz"], five["kz"])
    project.places.add(make_place())
    found = reading.page(client.get("/en/projects/trees/"))
    assert marks(found) == []
    assert len(of_class(found, "map-shaded")) == 2
    assert [words for words, _url in listed(found)] == ["Nukus · City · position not known"]


def test_place_page_maps_itself(five, client):
    make_place(key="nukus", country=five["uz"], **NUKUS)
    assert marks(reading.page(client.get("/en/places/nukus/"))) == [("Nukus", "/en/places/nukus/")]


def test_home_page_maps_countries_with_their_published_projects(five, client):
    for publication in (PublicationStatus.PUBLISHED, PublicationStatus.PUBLISHED, PublicationStatus.DRAFT):
        make_project(publication=publication).countries.add(five["uz"])
    make_project().countries.add(five["kz"], make_country(key="kr", group=Place.Group.KOREA, name_en="Korea"))
    found = reading.page(client.get("/en/"))
    assert sorted(marks(found)) == [
        ("Kazakhstan: 1 project", "/en/countries/kz/"),
        ("Uzbekistan: 2 projects", "/en/countries/uz/"),
    ]


@pytest.mark.parametrize("path", ["countries/uz/", "issues/aral-sea-depletion/", "projects/", "places/nukus/", ""])
def test_every_mark_of_a_page_is_in_its_list_too(content, client, path):
    if path == "projects/":
        path += Project.objects.published().filter(places__latitude__isnull=False).first().key + "/"
    found = reading.page(client.get(f"/en/{path}"))
    addresses = {url for _title, url in marks(found) if url.startswith("/")}
    elsewhere = set(found.xpath("//main//a[not(ancestor::svg)]/@href"))
    assert path == "places/nukus/" or addresses <= elsewhere
    for _title, url in marks(found) + marks(found, "coarse"):
        assert url.startswith("/") or found.xpath(f"//*[@id='{url[1:]}']")


@pytest.mark.any_database
@pytest.mark.parametrize("count", [1, 12])
def test_maps_ask_the_same_of_the_database_for_one_place_as_for_twelve(five, count, django_assert_num_queries):
    for _ in range(count):
        place = make_place(country=five["uz"], **NUKUS)
        for _ in range(count):
            make_project().places.add(place)
    places = with_project_ids(five["uz"].places.published())
    assert [len(place.project_ids) for place in places] == [count] * count
    with django_assert_num_queries(1):  # the countries
        drawn("{% region_map id='m' label='m' places=places counted=True %}", places=places)


def test_mark_of_a_place_without_position_is_none():
    assert mark_of(make_place()) is None
    assert mark_of(make_place(key="nukus", **NUKUS), [7, 7]).records == BitMap([7])
