"""Embeds show what their page shows, name its sources and lead back to it; pages offer their code."""

import pytest
from django.utils import timezone
from lxml import html

from portal.models import Place
from tests import reading
from tests.make import (
    make_agreement,
    make_citation,
    make_country,
    make_former_key,
    make_indicator,
    make_observation,
    make_organisation,
    make_participation,
    make_place,
    make_project,
    make_source,
)
from tests.pages import EMBEDS, LANGUAGES

pytestmark = pytest.mark.django_db


def page_urls(response):
    """Return the canonical URL of an embed, and that of its link to the page."""
    tree = reading.page(response)
    [canonical] = tree.xpath("//link[@rel='canonical']/@href")
    return canonical, tree.xpath("//footer//p[last()]/a/@href")[0]


@pytest.fixture
def area():
    """Make an indicator with values of three countries for 2000 and 2001, of one source."""
    indicator = make_indicator(key="area", name_en="Area")
    source = make_source(title="A yearbook")
    for key, name in (("uz", "Uzbekistan"), ("kz", "Kazakhstan"), ("tm", "Turkmenistan")):
        country = make_country(key=key, name_en=name)
        for year in (2000, 2001):
            make_observation(indicator=indicator, place=country, source=source, year=year, value=year)
    return indicator


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", EMBEDS)
def test_embed_is_a_page_in_its_language_that_leads_back(content, client, kind, language):
    response = client.get(f"/{language}/{EMBEDS[kind]}")
    tree = reading.page(response)
    assert (response.status_code, tree.get("lang")) == (200, language)
    [heading] = tree.xpath("//h1")
    assert reading.words(heading)
    assert tree.xpath("//meta[@name='robots']/@content") == ["noindex"]
    canonical, back = page_urls(response)
    there = f"http://testserver/{language}/{EMBEDS[kind].removeprefix('embed/')}"
    assert (canonical, back) == (there.partition("?")[0], there)
    assert client.get(back.removeprefix("http://testserver")).status_code == 200
    assert tree.xpath("//base/@target") == ["_blank"]
    assert tree.xpath("//footer//a[contains(@href, '/sources/')]") or "CC BY" in reading.words(tree.find(".//footer"))


def test_chart_has_its_values_sources_and_choice(client, area):
    response = client.get("/en/embed/indicators/area/?place=uz&place=kz&year_from=2001")
    assert {one.place.key for one in response.context["figure"].observations} == {"uz", "kz"}
    assert {one.year for one in response.context["figure"].observations} == {2001}
    said = reading.words(reading.page(response).find(".//footer"))
    assert "Source: A yearbook." in said
    back = "http://testserver/en/indicators/area/?place=uz&place=kz&year_from=2001"
    assert page_urls(response) == ("http://testserver/en/indicators/area/", back)


def test_map_of_an_indicator_has_the_chosen_year_or_says_that_there_is_none(client, area):
    for year, shown, problems in (
        ("2000", 2000, []),
        ("1950", 2001, ["There is no map for the year “1950”: this one shows 2001."]),
    ):
        response = client.get(f"/en/embed/indicators/area/?view=map&year={year}")
        assert response.context["shown"]["year"] == shown
        assert [reading.words(one) for one in reading.page(response).xpath("//ul[@class='problems']/li")] == problems


def test_map_that_is_not_there_is_the_chart(client):
    observation = make_observation()
    response = client.get(f"/en/embed/indicators/{observation.indicator.key}/?view=map")
    assert len(response.context["figure"].observations) == 1


def test_indicator_without_values_says_so(client):
    make_indicator(key="empty")
    response = client.get("/en/embed/indicators/empty/")
    assert "No data for this selection." in reading.words(reading.page(response).find(".//main"))


def test_card_of_a_project_has_its_facts_and_first_sources(client):
    project = make_project(key="trees", title_en="Trees", summary_en="Saxaul on the dry bed.")
    make_participation(project=project, organisation=make_organisation(name_en="KOICA"), role="funding")
    make_participation(project=project, organisation=make_organisation(publication="draft", name_en="Nobody"))
    project.countries.add(make_country(key="uz", name_en="Uzbekistan"))
    for number in range(5):
        make_citation(project, make_source(title=f"Paper {number}"))
    tree = reading.page(client.get("/en/embed/projects/trees/"))
    said = reading.words(tree.find(".//main"))
    assert all(words in said for words in ("Trees", "Saxaul on the dry bed.", "Uzbekistan"))
    assert "Nobody" not in said
    assert "Paper 2; and 2 more." in reading.words(tree.find(".//footer"))


def test_list_has_the_first_records_of_its_page_in_the_same_order(client):
    for number in range(12):
        make_project(key=f"one-{number}", title_en=f"Project {number:02}", start=f"{2000 + number}")
    response = client.get("/en/embed/projects/?sort=title")
    titles = [reading.words(one) for one in reading.page(response).find_class("entry-title")]
    assert titles == [f"Project {number:02}" for number in range(8)]
    assert "12 projects" in reading.words(reading.page(response).find(".//main"))
    assert page_urls(response)[1] == "http://testserver/en/projects/?sort=title"


def test_list_keeps_its_filters_and_names_them(client):
    country = make_country(key="uz", name_en="Uzbekistan")
    make_project(key="here", title_en="Here").countries.add(country)
    make_project(key="there", title_en="There")
    response = client.get("/en/embed/projects/?country=uz&country=atlantis")
    tree = reading.page(response)
    assert [reading.words(one) for one in tree.find_class("entry-title")] == ["Here"]
    assert "1 project · Uzbekistan" in reading.words(tree.find(".//main"))
    assert [reading.words(one) for one in tree.xpath("//ul[@class='problems']/li")] == [
        "Country: “atlantis” was not found and was ignored."
    ]


def test_agreements_are_a_list_too(client):
    make_agreement(title_en="A memorandum", date="2020-02")
    assert "A memorandum" in reading.words(reading.page(client.get("/en/embed/agreements/")).find(".//main"))


def test_links_of_the_map_lead_to_the_page_of_the_map(client):
    for number in range(6):
        place = make_place(key=f"place-{number}", latitude="42.4", longitude=f"{59 + number / 10}")
        make_project().places.add(place)
    tree = reading.page(client.get("/en/embed/map/"))
    links = tree.xpath("//main//a/@href")
    assert [link for link in links if "/embed/" in link] == []
    assert [link for link in links if link.startswith("/en/map/?bbox=")] != []


@pytest.mark.parametrize(
    ("kind", "make", "path"), [("project", make_project, "projects"), ("indicator", make_indicator, "indicators")]
)
def test_former_key_redirects_to_the_embed_of_the_record(client, kind, make, path):
    make(key="now")
    make_former_key(kind=kind, key="then", now="now")
    asked = "?place=uz" if kind == "indicator" else ""
    response = client.get(f"/ko/embed/{path}/then/{asked}")
    assert (response.status_code, response.headers["Location"]) == (301, f"/ko/embed/{path}/now/{asked}")


def test_former_key_in_a_filter_redirects_to_the_embed_with_the_present_one(client):
    make_place(key="now")
    make_former_key(kind="place", key="then", now="now")
    response = client.get("/en/embed/projects/?place=then")
    assert (response.status_code, response.headers["Location"]) == (301, "/en/embed/projects/?place=now")


@pytest.mark.parametrize("path", ["projects/?page=2&colour=red", "map/?format=json", "projects/?format=csv"])
def test_parameter_that_an_embed_does_not_take_is_left_out(client, path):
    response = client.get(f"/en/embed/{path}")
    assert (response.status_code, response.headers["Location"]) == (302, f"/en/embed/{path.partition('?')[0]}")


@pytest.mark.parametrize("path", ["projects.csv", "map.json", "indicators/area.svg", "issues/", "sources/"])
def test_embed_that_is_none_is_404_in_words(client, path):
    response = client.get(f"/ko/embed/{path}")
    tree = reading.page(response)
    assert response.status_code == 404
    assert [reading.words(one) for one in tree.xpath("//h1")] == ["표시할 내용이 없습니다"]
    assert tree.xpath("//footer//a/@href") == ["/ko/"]


# ── On pages ─────────────────────────────────────────────────────────────────────────────────────────────────


def offered(response):
    """Return the address of the frame in the code that a page offers, and that in its oEmbed link; None without."""
    tree = reading.page(response)
    codes = tree.xpath("//textarea[@readonly]/text()")
    links = tree.xpath("//link[@type='application/json+oembed']/@href")
    if not codes and not links:
        return None
    [code], [link] = codes, links
    assert tree.xpath("//textarea/@id") == tree.xpath("//label[@class='cite-style']/@for")
    [frame] = html.fragments_fromstring(code)
    return frame.get("src"), link


@pytest.mark.parametrize(
    ("shown", "embed"),
    [
        ("indicators/area/", "embed/indicators/area/"),
        ("indicators/area/?view=table&place=uz", "embed/indicators/area/?place=uz"),
        ("indicators/area/?view=map&year=2000", "embed/indicators/area/?view=map&year=2000"),
        ("projects/trees/", "embed/projects/trees/"),
        ("projects/?country=uz&country=xx&sort=-title&per_page=50", "embed/projects/?country=uz&sort=-title"),
        ("projects/?sort=colour", "embed/projects/"),
        ("agreements/", "embed/agreements/"),
        ("map/?view=provinces&country=uz", "embed/map/?country=uz&view=provinces"),
        ("map/?bbox=56,37,73,46", "embed/map/?bbox=56%2C37%2C73%2C46"),
    ],
)
def test_page_offers_the_embed_of_what_it_shows(client, area, shown, embed):
    make_project(key="trees").countries.add(make_country(key="kg"))
    make_project(key="more").countries.add(Place.objects.get(key="uz"))
    make_agreement(key="memo")
    src, link = offered(client.get(f"/en/{shown}"))
    assert src == f"http://testserver/en/{embed}"
    assert client.get(src.removeprefix("http://testserver")).status_code == 200
    answer = client.get(link.removeprefix("http://testserver")).json()
    assert html.fragments_fromstring(answer["html"])[0].get("src") == src


@pytest.mark.parametrize("path", ["issues/", "organisations/", "sources/", "timeline/", "", "projects/trees/on/{}/"])
def test_other_pages_offer_none(client, path):
    make_project(key="trees")
    assert offered(client.get(f"/en/{path.format(timezone.localdate())}")) is None
