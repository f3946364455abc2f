"""Pages of countries and places; places that several countries share, and identifiers of other registers."""

import json

import pytest

from portal.core.choices import Area
from portal.models import Place
from tests import reading
from tests.make import (
    make_agreement,
    make_area,
    make_citation,
    make_country,
    make_event,
    make_external_identifier,
    make_issue,
    make_issue_in_country,
    make_observation,
    make_organisation,
    make_party,
    make_place,
    make_place_identifier,
    make_project,
)
from tests.portal.views.sections import keys, sections

pytestmark = pytest.mark.django_db


@pytest.fixture
def sea():
    """The Aral Sea of Kazakhstan and Uzbekistan; its North Aral Sea is Kazakhstan's."""
    kz, uz = make_country(key="kz", name_en="Kazakhstan"), make_country(key="uz", name_en="Uzbekistan")
    make_country(key="tm", name_en="Turkmenistan")
    sea = make_place(key="aral-sea", kind="lake", name_en="Aral Sea", latitude=45, longitude=60)
    sea.countries.add(kz)
    sea.countries.add(uz)
    make_place(key="north-aral", kind="lake", name_en="North Aral Sea", country=kz, part_of=sea)
    return sea


def data(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return json.loads(response.getvalue())


def main(response):
    """The schema.org object that a page is about."""
    [script] = reading.page(response).xpath("//script[@type='application/ld+json']")
    [found] = [one for one in json.loads(script.text)["@graph"] if one.get("@id", "").endswith("#it") and "url" in one]
    return found


# ── Shared places ────────────────────────────────────────────────────────────────────────────────────────────────


def test_page_of_a_shared_place_names_all_its_countries(client, sea):
    response = client.get("/en/places/aral-sea/")
    assert reading.said(response, "kicker") == ["Lake or sea, Kazakhstan, Uzbekistan"]
    [facts] = reading.said(response, "facts")
    assert "Shared by Kazakhstan Uzbekistan" in facts
    assert [whole["name"] for whole in main(response)["containedInPlace"]] == ["Kazakhstan", "Uzbekistan"]


def test_page_of_a_shared_place_hides_an_unpublished_country(client, sea):
    sea.countries.add(make_country(key="draft", name_en="Draftland", publication="draft"))
    assert "Draftland" not in client.get("/en/places/aral-sea/").content.decode()
    assert [one["key"] for one in data(client, "/api/v1/places/aral-sea")["countries"]] == ["kz", "uz"]


@pytest.mark.parametrize(
    ("key", "country", "countries"), [("aral-sea", None, ["kz", "uz"]), ("north-aral", "kz", ["kz"])]
)
def test_api_and_files_have_the_country_and_all_countries(client, sea, key, country, countries):
    place = data(client, f"/api/v1/places/{key}")
    assert place["country"] == (country and {"key": "kz", "name": place["country"]["name"]})
    assert [one["key"] for one in place["countries"]] == countries
    lines = client.get(f"/en/places/{key}/?format=csv").getvalue().decode("utf-8-sig").splitlines()
    row = dict(zip(lines[0].split(","), lines[1].split(","), strict=False))
    assert (row["country"], row["countries"]) == (country or "", "; ".join(countries))


def test_places_can_be_filtered_by_each_country_that_shares_them(client, sea):
    keys = {
        country: [place["key"] for place in data(client, f"/api/v1/places?country={country}")["items"]]
        for country in ("kz", "uz", "tm")
    }
    assert keys == {"kz": ["aral-sea", "north-aral"], "uz": ["aral-sea"], "tm": []}


def test_search_finds_a_shared_place_by_each_country(client, sea):
    for country, expected in (("kz", 2), ("uz", 1), ("tm", 0)):
        response = client.get("/en/search/", {"q": "aral", "country": country, "kind": "place"})
        assert len(reading.page(response).find_class("hit")) == expected


def test_page_of_each_country_shows_the_shared_place(client, sea):
    for country, expected in (("kz", True), ("uz", True), ("tm", False)):
        project = make_project()
        project.places.add(sea)
        assert ("/en/places/aral-sea/" in client.get(f"/en/countries/{country}/").content.decode()) is expected


def test_place_of_no_country_says_nothing_of_one(client, sea):
    sea.countries.clear()
    assert "Shared by" not in " ".join(reading.said(client.get("/en/places/aral-sea/"), "facts"))


def test_page_of_a_whole_has_projects_issues_and_events_of_its_parts(client, sea):
    part = sea.parts.get()
    make_project(title_en="Dam of the north").places.add(part)
    make_issue(name_en="Empty nets").places.add(part)
    make_event(title_en="The dam stands").places.add(part)
    text = reading.words(reading.page(client.get("/en/places/aral-sea/")).find_class("main-column")[0])
    assert all(words in text for words in ("Dam of the north", "Empty nets", "The dam stands"))
    assert reading.shown(client.get("/en/projects/?place=aral-sea")) == reading.shown(
        client.get("/en/projects/?place=north-aral")
    )


# ── Identifiers ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def identified():
    country = make_country(key="kz", name_en="Kazakhstan")
    for scheme, value in (("wikidata", "Q232"), ("iso3166-1-alpha2", "KZ"), ("iso3166-1-alpha3", "KAZ")):
        make_place_identifier(place=country, scheme=scheme, value=value)
    city = make_place(key="nukus")
    make_place_identifier(place=city, scheme="geonames", value="601294")
    bank = make_organisation(key="world-bank", name_en="World Bank", url="https://worldbank.org/")
    make_external_identifier(organisation=bank, scheme="ror", value="https://ror.org/00ae7jd04")
    for record in (country, city, bank):
        make_citation(record)


PAGES = {
    "countries/kz": (
        [
            {"scheme": "iso3166-1-alpha2", "value": "KZ", "url": None},
            {"scheme": "iso3166-1-alpha3", "value": "KAZ", "url": None},
            {"scheme": "wikidata", "value": "Q232", "url": "https://www.wikidata.org/wiki/Q232"},
        ],
        ["https://www.wikidata.org/wiki/Q232"],
    ),
    "places/nukus": (
        [{"scheme": "geonames", "value": "601294", "url": "https://www.geonames.org/601294/"}],
        ["https://www.geonames.org/601294/"],
    ),
    "organisations/world-bank": (
        [{"scheme": "ror", "value": "https://ror.org/00ae7jd04", "url": "https://ror.org/00ae7jd04"}],
        ["https://worldbank.org/", "https://ror.org/00ae7jd04"],
    ),
}


@pytest.mark.parametrize("path", PAGES)
def test_identifiers_stand_on_the_page_in_files_and_in_the_api(client, identified, path):
    rows, same = PAGES[path]
    response = client.get(f"/en/{path}/")
    links = reading.page(response).xpath("//main//a[@rel='external']/@href")
    assert links == [*(same if path.startswith("org") else [row["url"] for row in rows if row["url"]])]
    assert all(row["value"] in reading.said(response, "facts")[0] for row in rows)
    assert main(response)["sameAs"] == same
    assert [one["value"] for one in main(response)["identifier"]] == [row["value"] for row in rows]
    assert data(client, f"/api/v1/{path}")["identifiers"] == rows
    assert data(client, f"/en/{path}/?format=json")["record"]["identifiers"] == rows
    table = client.get(f"/en/{path}/?format=csv").getvalue().decode("utf-8-sig")
    assert "; ".join(row["value"] for row in rows) in table


@pytest.mark.parametrize("path", PAGES)
def test_harvesters_get_the_addresses_of_identifiers(client, identified, path):
    folder, _slash, key = path.partition("/")
    asked = {"verb": "GetRecord", "metadataPrefix": "oai_dc"}
    kind = {"countries": "place", "places": "place", "organisations": "organisation"}[folder]
    text = client.get("/oai", asked | {"identifier": f"oai:testserver:{kind}/{key}"}).content.decode()
    for row in PAGES[path][0]:
        if row["url"]:
            assert f"<dc:relation>{row['url']}</dc:relation>" in text


def test_countries_stand_by_group_and_then_by_name(client):
    make_country(key="uz", name_en="Uzbekistan")
    make_country(key="kz", name_en="Kazakhstan")
    make_country(key="kr", name_en="Republic of Korea", group=Place.Group.KOREA)
    make_country(key="jp", name_en="Japan", group="")
    make_organisation(country=make_country(key="ch", name_en="Switzerland", group=""))
    tree = reading.page(client.get("/en/countries/"))
    assert keys(tree.xpath("//h2/a/@href")) == ["kz", "uz", "kr"]
    others = tree.xpath("//section[@aria-labelledby='others']//li")
    assert [reading.words(item) for item in others] == ["Japan", "Switzerland 1"]


def test_country_has_everything_that_touches_it(client):
    uzbekistan = make_country(key="uz", name_en="Uzbekistan")
    ministry = make_organisation(name_en="Ministry of Ecology", country=uzbekistan)
    make_issue_in_country(issue=make_issue(name_en="Salt dust"), country=uzbekistan, note_en="It falls on the fields.")
    project = make_project(title_en="Trees for the Aralkum")
    project.countries.add(uzbekistan)
    make_area(project, Area.FORESTRY)
    make_party(agreement=make_agreement(title_en="Signed by the country"), country=uzbekistan)
    make_party(agreement=make_agreement(title_en="Signed by the ministry"), organisation=ministry)
    make_event(title_en="The dam is finished").countries.add(uzbekistan)
    make_observation(place=uzbekistan, value="24.1", year=2020)
    make_place(key="nukus", country=uzbekistan)
    response = client.get("/en/countries/uz/")
    numbers = [reading.words(stat) for stat in reading.page(response).find_class("stat")]
    assert numbers[:3] == ["1 project", "2 agreements", "1 organisation"]
    assert sections(response)["Issues and what they mean here"].endswith("Salt dust It falls on the fields.")
    said = reading.words(reading.page(response).xpath("//article")[0])
    for title in (
        *("Trees for the Aralkum", "The dam is finished"),
        *("Signed by the country", "Signed by the ministry"),
    ):
        assert (title, said.count(title)) == (title, 1)
    [organisations] = reading.page(response).xpath("//details[summary/h2[@id='organisations']]")
    assert "Ministry of Ecology" in reading.words(organisations)
    assert "/en/places/nukus/" in reading.addresses(response, "//main")


def test_country_shows_four_of_many_and_leads_to_the_rest(client):
    uzbekistan = make_country(key="uz")
    for _ in range(9):
        make_project().countries.add(uzbekistan)
    response = client.get("/en/countries/uz/")
    [projects] = reading.page(response).xpath("//section[@aria-labelledby='projects']")
    assert len(projects.find_class("entry")) == 4
    assert projects.find_class("section-more")[0].xpath("a/@href") == ["/en/projects/?country=uz"]


def test_place_shows_what_happens_in_its_parts_too(client):
    uzbekistan = make_country(name_en="Uzbekistan")
    sea = make_place(
        key="aral-sea", name_en="Aral Sea", name_ko="아랄해", country=uzbekistan, latitude=45, longitude=60
    )
    north = make_place(name_en="North Aral Sea", part_of=sea)
    delta = make_place(name_en="Syr Darya Delta", part_of=north)
    make_issue(name_en="Fisheries").places.add(delta)
    for place in (sea, north, delta):
        make_project(title_en=f"Project at {place.name_en}").places.add(place)
        make_event(title_en=f"Event at {place.name_en}").places.add(place)
    response = client.get("/en/places/aral-sea/")
    parts = sections(response)
    for heading in ("Project", "Event"):
        for name in ("Aral Sea", "North Aral Sea", "Syr Darya Delta"):
            assert parts[f"{heading}s"].count(f"{heading} at {name}") == 1
    assert "Fisheries" in parts["Issues"]
    facts = {reading.words(row[0]): reading.words(row[1]) for row in reading.page(response).xpath("//aside//dl/div")}
    assert facts == {
        "Kind": "City",
        "Country": "Uzbekistan",
        "Places in it": "North Aral Sea Syr Darya Delta",
        "Position": "45° N, 60° E",
        "Names in other languages": "아랄해",
    }


def test_place_of_which_nothing_is_known_says_so(client):
    make_place(key="nukus")
    response = client.get("/en/places/nukus/")
    assert reading.said(response, "unknown") == ["No other record mentions this place yet."]
    facts = {reading.words(row[0]): reading.words(row[1]) for row in reading.page(response).xpath("//aside//dl/div")}
    assert facts["Position"] == "Not stated in the source"
