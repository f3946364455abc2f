"""Maps on pages and the large map: the right marks, each with a link and a row in a list, in three languages."""

import json
import re

import pytest
from django.db import connection
from django.http import QueryDict
from django.template import Context, Template
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override
from lxml import html

from issues.charts import best_year, common_years, legend, value_map
from issues.models import Issue
from portal.core.choices import Level, PublicationStatus
from portal.facets import registry
from portal.facets.bitmaps import BitMap
from portal.maps import geometry
from portal.maps.region import counted_radius, mark_of, shapes
from portal.models import Place
from portal.views import map
from portal.views.map_data import Located, with_project_ids
from projects.filters import ProjectFilter
from projects.models import Project
from tests import reading
from tests.counting import settle
from tests.make import (
    make_answer,
    make_country,
    make_indicator,
    make_issue,
    make_observation,
    make_place,
    make_project,
    make_source,
)

pytestmark = pytest.mark.django_db

NUKUS = {"latitude": "42.4647", "longitude": "59.6022"}
TASHKENT = {"latitude": "41.3", "longitude": "69.25"}
SEOUL = {"latitude": "37.566", "longitude": "126.978"}
FIVE = {"kg": "Kyrgyzstan", "kz": "Kazakhstan", "tj": "Tajikistan", "tm": "Turkmenistan", "uz": "Uzbekistan"}


@pytest.fixture
def five():
    """Return the five countries by key."""
    return {key: make_country(key=key, name_en=name, name_ko=f"{name}-ko") for key, name in FIVE.items()}


def drawn(source, **context):
    """Render a template tag of a map."""
    return html.fromstring(f"<div>{Template(source).render(Context(context))}</div>")


def rows(element):
    """Return the words of each cell of each row of a table's body."""
    return [" | ".join(reading.words(cell) for cell in row) for row in element.xpath(".//tbody/tr")]


def of_class(element, name):
    return element.xpath(f".//*[contains(concat(' ', @class, ' '), ' {name} ')]")


def marks(element, size="fine"):
    """Return the marks of a drawing: (title, URL), in its order."""
    return [
        (mark.find("title").text, mark.get("href"))
        for mark in element.xpath(f".//*[@class='map-{size}']//*[contains(@class, 'map-mark')]")
    ]


def listed(element):
    """Return the list beside a map: (words, URL)."""
    return [(reading.words(item), item.find("a").get("href")) for item in element.xpath(".//ul[@class='map-list']/li")]


# ── Marks on a page ──────────────────────────────────────────────────────────────────────────────────────────


def test_map_marks_places_and_lists_the_same(five):
    places = [make_place(key="nukus", **NUKUS), make_place(key="tashkent", name_en="Tashkent", **TASHKENT)]
    found = drawn("{% region_map id='m' label='Places' places=places %}", places=places)
    expected = [("Nukus", "/en/places/nukus/"), ("Tashkent", "/en/places/tashkent/")]
    assert marks(found, "fine") == marks(found, "coarse") == expected
    assert listed(found) == [("Nukus City", "/en/places/nukus/"), ("Tashkent City", "/en/places/tashkent/")]
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
        "Known City",
        "Nowhere City · position not known",
        "Seoul City · outside this map",
    ]
    assert len(marks(found)) == 1


def test_without_anything_to_show_there_is_no_map_but_the_list(five):
    found = drawn("{% region_map id='m' label='m' places=places %}", places=[make_place(name_en="Seoul", **SEOUL)])
    assert found.xpath(".//svg") == []
    assert [words for words, _url in listed(found)] == ["Seoul City"]


def test_marks_too_close_for_the_drawing_are_one_that_leads_to_the_list(five):
    places = [
        make_place(name_en="Osh", latitude="40.52", longitude="72.79"),
        make_place(name_en="Osh Region", latitude="40.52", longitude="72.79"),
        make_place(name_en="Almaty", latitude="43.24", longitude="76.9"),
    ]
    found = drawn("{% region_map id='m' label='m' places=places %}", places=places)
    assert marks(found)[0] == ("Osh, Osh Region", "#m-list")
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
    assert listed(found)[0][0] == "Nukus City · 2 projects"


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
    assert marks(found)[0][0] == "Nukus, Province: 1 project"


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


def test_map_says_how_the_aral_sea_is_drawn_only_where_it_is(five):
    at_the_sea = drawn("{% region_map id='m' label='m' places=places %}", places=[make_place(**NUKUS)])
    elsewhere = make_place(latitude="43.24", longitude="76.9")
    far = drawn("{% region_map id='m' label='m' places=places %}", places=[elsewhere])
    assert "1950s" in reading.words(at_the_sea)
    assert "1950s" not in reading.words(far)


# ── Which pages have which map ───────────────────────────────────────────────────────────────────────────────


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
    assert listed(found) == [("Nukus City", "/en/places/nukus/")]


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
    assert [words for words, _url in listed(found)] == ["Nukus City · position not known"]


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


# ── Shaded by an indicator ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def indicator(five):
    """Make values of 2019 and 2020 for three countries, of 2021 for one; a zero among them."""
    indicator = make_indicator(key="stress", name_en="Water stress", unit_symbol_en="%")
    for key, values in {
        "uz": {2019: 80, 2020: 100, 2021: 120},
        "kz": {2019: 30, 2020: 34.5},
        "tj": {2019: 61, 2020: 0},
    }.items():
        for year, value in values.items():
            make_observation(indicator=indicator, place=five[key], year=year, value=value, source=indicator.source)
    return indicator


def choropleth(indicator, year=None, query=""):
    request = RequestFactory().get(f"/en/indicators/stress/{query}")
    return drawn("{% choropleth values %}", values=value_map(indicator, year), request=request)


def tones(found):
    """Return the class of each country's shape by the country's name."""
    return {
        link.find("title").text.partition(":")[0]: link.find("path").get("class").split()[-1]
        for link in found.xpath(".//*[@class='map-country']")
    }


def test_shaded_map_shows_the_latest_year_that_the_countries_share(indicator):
    found = choropleth(indicator)
    assert tones(found) == {
        "Kazakhstan": "map-class-1",
        "Kyrgyzstan": "map-class-none",
        "Tajikistan": "map-class-zero",
        "Turkmenistan": "map-class-none",
        "Uzbekistan": "map-class-5",
    }
    assert rows(found) == [
        "Kazakhstan | 34.5 2020",
        "Kyrgyzstan | no data for 2020",
        "Tajikistan | 0 2020",
        "Turkmenistan | no data for 2020",
        "Uzbekistan | 100 2020",
    ]
    assert "Source of all values: The Future Aral Sea" in reading.words(found)
    assert [reading.words(item) for item in found.xpath(".//ul[@class='map-legend']/li")] == [
        "zero",
        "30 to under 45",
        "45 to under 60",
        "60 to under 75",
        "75 to under 90",
        "90 to 105",
        "no data",
    ]


def test_missing_and_zero_look_different_and_say_so(indicator):
    found = choropleth(indicator)
    titles = [title.text for title in found.xpath(".//*[@class='map-country']/title")]
    assert "Kyrgyzstan: no data" in titles
    assert "Tajikistan: 0" in titles
    [hatched] = {path.get("fill") for path in of_class(found, "map-class-none") if path.tag == "path"}
    assert hatched == "url(#map-hatch)"
    assert found.xpath(".//pattern/@id") == ["map-hatch"]


def test_shaded_map_says_what_it_shows(indicator):
    [sentence] = of_class(choropleth(indicator), "figure-sentence")
    assert reading.words(sentence) == ("In 2020 it was highest in Uzbekistan (100 %) and lowest in Tajikistan (0 %).")


def test_values_that_are_all_alike_are_said_in_one(five):
    indicator = make_indicator(unit_symbol_en="%")
    for key in ("uz", "kz", "tj"):
        make_observation(indicator=indicator, place=five[key], value=10)
    [sentence] = of_class(choropleth(indicator), "figure-sentence")
    assert reading.words(sentence) == "In 2020 all 3 countries with data stood at 10 %."


def test_reader_chooses_a_year(indicator):
    found = choropleth(indicator, "2019", "?year=2019&place=uz")
    assert tones(found)["Tajikistan"].startswith("map-class-")
    assert "Tajikistan | 61 2019" in rows(found)
    assert found.xpath(".//select[@name='year']/option/text()") == ["2020", "2019"]
    assert found.xpath(".//option[@selected]/text()") == ["2019"]
    assert [(i.get("name"), i.get("value")) for i in found.xpath(".//input[@type='hidden']")] == [("place", "uz")]


@pytest.mark.parametrize("asked", ["2021", "1850", "soon", "20200", "²⁰²⁰"])
def test_a_year_without_a_map_is_a_message(indicator, asked):
    found = choropleth(indicator, asked)
    [problem] = of_class(found, "problems")
    assert reading.words(problem) == f"There is no map for the year “{asked}”: this one shows 2020."


def test_indicator_of_two_countries_has_no_map(five):
    indicator = make_indicator()
    for key in ("uz", "kz"):
        make_observation(indicator=indicator, place=five[key])
    assert not choropleth(indicator).xpath(".//svg")


def test_sources_that_disagree_all_stand_and_the_main_one_shades(five):
    indicator = make_indicator()
    for key in ("uz", "kz", "tj"):
        make_observation(indicator=indicator, place=five[key], value=10, source=indicator.source)
    other = make_source(publisher="Another")
    make_observation(indicator=indicator, place=five["uz"], value=99, source=other)
    found = choropleth(indicator)
    assert rows(found)[-2:] == [
        "Uzbekistan | 10 2020 | Environmental Earth Sciences",
        "Uzbekistan | 99 2020 | Another",
    ]
    assert "the map follows the indicator’s main source" in reading.words(found)
    assert tones(found)["Uzbekistan"] == tones(found)["Kazakhstan"]


@pytest.mark.parametrize("years", [1, 20])
def test_shaded_map_asks_the_same_of_the_database_for_one_year_as_for_twenty(five, years, django_assert_num_queries):
    indicator = make_indicator()
    for key in FIVE:
        for year in range(2000, 2000 + years):
            make_observation(indicator=indicator, place=five[key], year=year, source=indicator.source)
    with django_assert_num_queries(2):  # the countries, the values with their sources
        choropleth(indicator)


def test_every_indicator_with_values_for_three_countries_has_a_map(content, client):
    found = reading.page(client.get("/ru/indicators/water-stress/"))
    assert len(of_class(found, "map-shape")) >= 10  # five countries, and the legend
    assert "168,9" in reading.words(found)


def test_common_years_and_the_best_of_them():
    years = {"uz": {1993, 2000, 2020}, "kz": {1993, 2000}, "tj": {1993, 2020}, "kg": {1993, 2020}}
    assert common_years(years) == [2020, 1993]
    assert best_year(years, [2020, 1993]) == 2020
    assert best_year(years, [2020, 1993], patience=40) == 1993


def test_legend_names_zero_and_no_data_only_where_they_are():
    words = [one.words for one in legend([0, 10, 20], {"map-class-1", "map-class-2"})]
    assert words == ["0 to under 10", "10 to 20"]


# ── The large map ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def located(five):
    """Make projects: two in Nukus (one also in Tashkent), one in Seoul, two without a known place, and a draft."""
    nukus = make_place(key="nukus", country=five["uz"], **NUKUS)
    tashkent = make_place(key="tashkent", name_en="Tashkent", country=five["uz"], **TASHKENT)
    korea = make_country(key="kr", group=Place.Group.KOREA, name_en="Republic of Korea")
    seoul = make_place(key="seoul", name_en="Seoul", country=korea, **SEOUL)
    unknown = make_place(key="unknown", name_en="Unknown", country=five["uz"])
    hidden = make_place(key="hidden", name_en="Hidden", publication=PublicationStatus.DRAFT, **TASHKENT)
    for key, places, fields in (
        ("water", [nukus, tashkent], {"level": Level.NATIONAL}),
        ("trees", [nukus], {"level": Level.PROVINCIAL}),
        ("visit", [seoul], {}),
        ("vague", [unknown], {}),
        ("nowhere", [hidden], {}),
        ("draft", [nukus], {"publication": PublicationStatus.DRAFT}),
    ):
        make_project(key=key, title_en=f"Project {key}", **fields).places.add(*places)


def located_projects(query=""):
    """Return the projects that the list would show, by place."""
    return Located.of(ProjectFilter(QueryDict(query), queryset=Project.objects.published()))


def data(client, **query):
    response = client.get("/en/map/", {"format": "json", **query})
    assert response.status_code == 200
    assert response["Content-Type"] == "application/geo+json"
    return response.json()


def test_located_projects_are_counted_by_where_they_are(located):
    found = located_projects()
    assert [place.key for place in found.places] == ["nukus", "seoul", "tashkent"]
    assert [place.key for place in found.inside] == ["nukus", "tashkent"]
    assert found.counts() == (2, 1)
    assert sorted(project.key for project in found.unlocated_first(10)) == ["nowhere", "vague"]
    assert [project.key for project in found.unlocated_first(1)] == ["nowhere"]


def test_large_map_lists_places_with_their_projects(located, client):
    found = reading.page(client.get("/en/map/"))
    places = {item.get("id"): item for item in found.xpath("//ul[@class='map-places-list']/li")}
    assert list(places) == ["place-nukus", "place-tashkent", "place-seoul"]
    assert reading.words(places["place-nukus"]).startswith("Nukus City, 2 projects")
    named = places["place-nukus"].xpath("./ul/li/a")
    assert sorted(reading.words(link) for link in named) == ["Project trees", "Project water"]
    assert {link.get("href") for link in named} == {"/en/projects/trees/", "/en/projects/water/"}
    assert [reading.words(h) for h in found.xpath("//section[@id='places']/h3")] == [
        "Uzbekistan",
        "Republic of Korea outside the map",
        "Without a place with known coordinates",
    ]
    assert "draft" not in reading.words(found).lower()
    assert "Hidden" not in reading.words(found)


def test_large_map_says_honestly_what_it_does_not_show(located, client):
    found = reading.page(client.get("/en/map/"))
    [sums] = of_class(found, "map-sums")
    assert reading.words(sums) == (
        "2 projects are on the map. 1 project has places only outside it. "
        "2 projects have no place with known coordinates."
    )
    [unlocated] = of_class(found, "map-unlocated")
    assert sorted(reading.words(item) for item in unlocated) == ["Project nowhere", "Project vague"]


def test_marks_of_the_large_map_lead_to_the_list(located, client):
    found = reading.page(client.get("/en/map/"))
    assert marks(found) == [("Nukus: 2 projects", "#place-nukus"), ("Tashkent: 1 project", "#place-tashkent")]
    for _title, url in marks(found):
        assert found.xpath(f"//li[@id='{url[1:]}']")


def test_clusters_of_the_drawing_lead_closer(content, client):
    found = reading.page(client.get("/en/map/"))
    clusters = [url for title, url in marks(found) if "bbox=" in url]
    assert clusters
    closer = reading.page(client.get(clusters[0].partition("#")[0]))
    assert len(marks(closer)) >= 2
    assert closer.xpath("//*[contains(@class, 'map-whole')]/@href") == ["/en/map/?#map"]


def test_filters_hold_on_the_map_and_in_its_list(located, client):
    response = client.get("/en/map/", {"level": "provincial"})
    assert reading.count(response) == "1 project of 5"
    assert reading.chips(response) == [("Level: Provincial", "/en/map/")]
    assert marks(reading.page(response)) == [("Nukus: 1 project", "#place-nukus")]
    assert [feature["id"] for feature in data(client, level="provincial")["features"]] == ["nukus"]


def test_a_wrong_filter_is_a_message_and_the_others_hold(located, client):
    response = client.get("/en/map/", {"level": ["provincial", "galactic"]})
    assert reading.problems(response) == ["Level: there is no “galactic”. It was left out."]
    assert marks(reading.page(response)) == [("Nukus: 1 project", "#place-nukus")]
    refused = client.get("/en/map/", {"format": "json", "level": ["provincial", "galactic"]})
    assert (refused.status_code, refused.json()["detail"]) == (400, "“level”: there is no “galactic”.")
    # The request of the interactive map has only the filters in use.
    [url] = reading.page(response).xpath("//*[@data-url]/@data-url")
    assert url == "/en/map/?level=provincial&format=json"


def test_a_filter_without_projects_offers_to_widen(located, client):
    response = client.get("/en/map/", {"q": "zeppelin"})
    assert response.status_code == 200
    assert "Nothing here matches" in reading.words(reading.page(response))
    assert data(client, q="zeppelin")["features"] == []


def test_data_of_a_place_and_of_several(located, client):
    apart = {feature["id"]: feature for feature in data(client, zoom="3")["features"]}
    assert set(apart) == {"nukus", "tashkent", "seoul"}
    nukus = apart["nukus"]
    assert nukus["geometry"] == {"type": "Point", "coordinates": [59.6022, 42.4647]}
    assert nukus["properties"]["title"] == "Nukus: 2 projects"
    assert nukus["properties"]["url"] == "/en/places/nukus/"
    assert {link["url"] for link in nukus["properties"]["links"]} == {"/en/projects/trees/", "/en/projects/water/"}


def test_data_of_several_places_as_one(five, client):
    for key, lat in (("osh", "40.52"), ("ozgur", "40.53")):
        make_project().places.add(make_place(key=key, name_en=key.title(), latitude=lat, longitude="72.79"))
    [feature] = data(client, zoom="4.5")["features"]
    it = feature["properties"]
    assert (it["name"], it["title"], it["places"], it["projects"]) == ("Osh +1", "Osh, Ozgur: 2 projects", 2, 2)
    assert it["bbox"] == [72.79, 40.52, 72.79, 40.53]
    assert [(link["text"], link["url"], link["count"]) for link in it["links"]] == [
        ("Osh", "/en/places/osh/", "1 project"),
        ("Ozgur", "/en/places/ozgur/", "1 project"),
    ]


@pytest.mark.parametrize("zoom", ["0", "1", "2.25", "4.5"])
def test_clusters_sum_to_the_totals(content, client, zoom):
    found = data(client, zoom=zoom)
    here = located_projects()
    assert sum(feature["properties"]["places"] for feature in found["features"]) == len(here.places)
    assert (found["projects_on_map"], found["projects_beyond"]) == here.counts()
    for feature in found["features"]:
        inside = feature["properties"]
        assert inside["projects"] >= 1
        assert inside["places"] == 1 or len(inside["links"]) == inside["places"]
    at = [geometry.project(*feature["geometry"]["coordinates"]) for feature in found["features"]]
    apart = 44 / geometry.pixels_per_unit(float(zoom))
    assert all(geometry.math.dist(a, b) >= apart for i, a in enumerate(at) for b in at[:i])


def test_counts_of_single_places_match_the_records(content, client):
    found = {feature["id"]: feature["properties"] for feature in data(client, zoom="4.5")["features"]}
    alone = {key: it["projects"] for key, it in found.items() if it["places"] == 1}
    assert len(alone) > 20
    for key, count in alone.items():
        listed = ProjectFilter(QueryDict(f"place={key}"), queryset=Project.objects.published())
        assert listed.qs.count() == count, key


def test_bbox_keeps_what_lies_in_it(content, client):
    whole = data(client, zoom="2")["features"]
    part = data(client, zoom="2", bbox="66,38,80,45")["features"]
    inside = [
        feature
        for feature in whole
        if 66 <= feature["geometry"]["coordinates"][0] <= 80 and 38 <= feature["geometry"]["coordinates"][1] <= 45
    ]
    assert part == inside
    assert 0 < len(part) < len(whole)


@pytest.mark.parametrize(
    "query",
    [
        {"bbox": "here"},
        {"bbox": "1,2,3"},
        {"bbox": "73,37,56,46"},
        {"bbox": "56,46,73,37"},
        {"bbox": "nan,nan,nan,nan"},
        {"bbox": "-inf,0,inf,50"},
        {"bbox": "0,0,400,50"},
        {"zoom": "near"},
        {"zoom": "99"},
        {"zoom": "-1"},
        {"zoom": "nan"},
    ],
)
def test_a_part_of_the_map_that_cannot_be_read_is_a_kind_400(located, client, query):
    response = client.get("/en/map/", {"format": "json", **query})
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["title"] == "The map could not be drawn"
    assert re.search("could not be read|The zoom is a number", problem["detail"])
    page = client.get("/en/map/", query)
    assert page.status_code == 200
    assert reading.problems(page) == [problem["detail"]]
    assert len(marks(reading.page(page))) == 2


def test_a_part_beyond_the_region_shows_the_whole(located, client):
    found = reading.page(client.get("/en/map/", {"bbox": "120,30,130,40"}))
    assert len(marks(found)) == 2
    assert found.xpath("//*[contains(@class, 'map-whole')]") == []


def test_zooming_out_again_ends_at_the_whole(located, client):
    address = "/en/map/?bbox=58,41,61,44&level=provincial"
    for _ in range(12):
        found = reading.page(client.get(address.partition("#")[0]))
        wider = found.xpath("//a[@data-zoom='-1']/@href")
        if not wider:
            break
        [address] = wider
        assert "level=provincial" in address
    assert "bbox" not in address


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_large_map_stands_in_each_language(located, client, language):
    response = client.get(f"/{language}/map/")
    page = reading.page(response)
    assert page.get("lang") == language
    assert len(page.xpath("//h1")) == 1
    assert all(url.startswith(f"/{language}/") for url in page.xpath("//section[@id='places']//li/a/@href"))


def test_more_projects_than_are_named_lead_to_the_list_with_the_same_filters(five, client):
    nukus = make_place(key="nukus", country=five["uz"], **NUKUS)
    for _ in range(6):
        make_project(level=Level.PROVINCIAL).places.add(nukus)
    found = reading.page(client.get("/en/map/?level=provincial"))
    [item] = found.xpath("//li[@id='place-nukus']")
    assert len(item.xpath("./ul/li")) == 4
    assert item.xpath("./ul/li[last()]/a/@href") == ["/en/projects/?level=provincial&place=nukus"]
    [feature] = data(client, level="provincial")["features"]
    assert feature["properties"]["more"] == "/en/projects/?level=provincial&place=nukus"


def test_whole_place_has_the_projects_of_its_parts_as_in_the_list(five, client):
    sea = make_place(key="sea", name_en="Aral Sea", latitude="45.1", longitude="59.3")
    nukus = make_place(key="nukus", part_of=sea, **NUKUS)
    for _ in range(4):
        make_project().places.add(nukus)
    found = reading.page(client.get("/en/map/"))
    [item] = found.xpath("//li[@id='place-sea']")
    assert reading.words(item).startswith("Aral Sea City, 4 projects")
    assert reading.count(client.get(item.xpath("./ul/li[last()]/a/@href")[0])) == "4 projects of 4"
    assert located_projects().counts() == (4, 0)


@pytest.mark.parametrize("stretch", [0, 5, 4_000])
def test_newest_projects_of_each_place_are_found(five, monkeypatch, stretch):
    monkeypatch.setattr(registry, "SCAN_AHEAD", stretch)
    places = [make_place(key=f"place-{n}", latitude=f"{40 + n}", longitude="60") for n in range(3)]
    starts = [None, None, "1999", "2005-03", "2005-11", "2005", None, "2020-01-31", "2021", "1998-07"]
    for number, start in enumerate(starts):
        for place in places[: 1 + number % 3]:
            make_project(key=f"p{number}-{place.key}", start=start).places.add(place)
    make_project(start="2024")
    found = located_projects()
    for place in found.places:
        newest = Project.objects.published().filter(places=place).latest_first().values_list("key", flat=True)[:3]
        assert [project.key for project in found.newest(found.places, 3)[place.key]] == list(newest)


def test_list_beside_the_map_names_the_places_with_the_most_projects(five, client, monkeypatch):
    monkeypatch.setattr(map, "LISTED", 2)
    for key, count in {"a": 1, "b": 3, "c": 2}.items():
        place = make_place(key=key, name_en=key.upper(), latitude="42", longitude=f"{60 + 3 * count}")
        for _ in range(count):
            make_project().places.add(place)
    found = reading.page(client.get("/en/map/"))
    assert [item.get("id") for item in found.xpath("//ul[@class='map-places-list']/li")] == ["place-b", "place-c"]
    [lead] = found.xpath("//section[@id='places']/p[@class='section-lead']")
    assert reading.words(lead) == "The 2 places with the most projects, of 3. The map shows all."
    assert dict(marks(found)) == {
        "A: 1 project": "/en/places/a/",
        "B: 3 projects": "#place-b",
        "C: 2 projects": "#place-c",
    }


def test_large_map_does_not_grow_with_the_projects(five, client):
    def add(count):
        for _ in range(count):
            make_project(start="2020").places.add(nukus)
            make_project()

    def asked():
        queries = counted_queries(client, {})
        response = client.get("/en/map/")
        [item] = reading.page(response).xpath("//li[@id='place-nukus']")
        listed = reading.count(client.get(item.xpath("./ul/li[last()]/a/@href")[0])).split()[0]
        assert reading.words(item).startswith(f"Nukus City, {listed} projects")
        return queries, len(response.content)

    nukus = make_place(key="nukus", country=five["uz"], **NUKUS)
    add(map.UNLOCATED + 30)
    few, size = asked()
    add(60)
    many, larger = asked()
    assert few == many
    assert abs(larger - size) < size / 50


def counted_queries(client, query):
    settle()
    with CaptureQueriesContext(connection) as queries:
        response = client.get("/en/map/", query)
    assert response.status_code == 200
    return len(queries)


def grow(five, count):
    for i in range(count):
        place = make_place(country=five["uz"], latitude=f"{40 + i / 3:.2f}", longitude=f"{60 + i / 2:.2f}")
        for _ in range(count):
            project = make_project()
            project.places.add(place)
            make_answer(project=project, issue=Issue.objects.first() or make_issue())
        make_project()


@pytest.mark.parametrize("query", [{}, {"format": "json", "zoom": "4.5"}], ids=["page", "data"])
def test_large_map_asks_the_same_of_the_database_for_one_place_as_for_nine(five, client, query):
    grow(five, 1)
    client.get("/en/map/", query)
    few = counted_queries(client, query)
    grow(five, 8)
    assert counted_queries(client, query) == few


def test_data_is_utf8_and_names_are_in_the_readers_language(content, client):
    response = client.get("/ko/map/", {"format": "json"})
    assert "타슈켄트" in response.content.decode()
    names = {name["name"]: name for name in json.loads(response.content)["names"]}
    assert "카자흐스탄" in names
    assert all(abs(name["lat"]) < 90 for name in names.values())
