"""Export formats of lists and records: the same records as the page, complete and in order, and clear errors."""

import io
import json

import pytest
from openpyxl import load_workbook

from portal.models import Place
from portal.publishing.preview import preview_links
from tests import reading
from tests.lists import LISTS
from tests.make import (
    UNPUBLISHED,
    make_area,
    make_country,
    make_event,
    make_former_key,
    make_indicator,
    make_observation,
    make_organisation,
    make_project,
    make_reporting_organisation,
)
from tests.pages import LANGUAGES
from tests.portal.formats.files import FORMS, content, items, table
from tests.world import SECRET, link, make_world, records, unpublished

pytestmark = pytest.mark.django_db

# Lists that only some formats suit: those of records with positions, and with dates for calendars.
SUITED = {"geojson": {"issues", "projects", "timeline", "search"}, "ics": {"projects", "agreements", "timeline"}}


def keys(client, address, **query):
    """Return the keys of the records in the CSV of a list, in their order."""
    return [row["key"] for row in table(client.get(address, {**query, "format": "csv"}))]


def forms_of(name):
    return [form for form in FORMS if name in SUITED.get(form, {name})]


# ── Lists ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", LISTS)
def test_file_has_all_pages_of_the_list_in_its_order(client, name):
    for _ in range(27):
        LISTS[name]()
    on_pages = [
        key for page in (1, 2) for key in reading.shown(client.get(f"/en/{name}/", {"page": page}, follow=True))
    ]
    on_pages = list(dict.fromkeys(on_pages))
    rows = keys(client, f"/en/{name}/")
    assert len(rows) == 27
    if name == "issues":  # the page shows a tree, the file its order
        assert set(rows) == set(on_pages)
    else:
        assert rows == on_pages
    assert [item["key"] for item in items(client.get(f"/en/{name}/", {"format": "json"}))] == rows


def test_file_has_the_filtered_and_sorted_list_whatever_page_was_open(client):
    uz, kz = make_country(key="uz"), make_country(key="kz", name_en="Kazakhstan")
    for key, title, country in (("a", "Birches", uz), ("b", "Alders", uz), ("c", "Cedars", kz), ("d", "Elms", uz)):
        make_project(key=key, title_en=title, start="2020").countries.add(country)
    asked = {"country": "uz", "sort": "title", "page": "7", "per_page": "50"}
    assert keys(client, "/en/projects/", **asked) == ["b", "a", "d"]
    found = json.loads(content(client.get("/en/projects/", {**asked, "format": "json"})))
    assert (found["count"], [item["key"] for item in found["items"]]) == (3, ["b", "a", "d"])
    assert found["address"] == "http://testserver/en/projects/?country=uz&sort=title"


WRONG = [
    ("projects/?organisation=no-such", "“organisation”: there is no “no-such”."),
    ("projects/?year_from=soon", "“year_from”: Enter a whole number."),
    ("timeline/?kind=nothing", "“kind”: there is no “nothing”."),
    ("search/?q=aral&country=xx", "“country”: there is no “xx”."),
]


@pytest.mark.parametrize("form", [*FORMS, "iati"])
@pytest.mark.parametrize(("address", "sentence"), WRONG, ids=[address for address, _sentence in WRONG])
def test_file_with_a_wrong_filter_is_refused(client, address, sentence, form):
    make_project()
    make_event()
    make_reporting_organisation()
    if form not in {"iati", "ics"} or address.startswith("projects"):
        response = client.get(f"/en/{address}&format={form}")
        assert (response.status_code, response.headers["Content-Type"]) == (400, "application/problem+json")
        assert response.json()["detail"] == sentence
    assert client.get(f"/en/{address}").status_code == 200


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        (
            "coverage/?format=csv&country=xx&rows=weather",
            "“country”: there is no “xx”. “rows”: “weather” is not available.",
        ),
        ("coverage/?format=svg&country=xx", "“country”: there is no “xx”."),
        ("compare/?format=csv&country=uz&country=kz&country=xx", "“country”: there is no “xx”."),
        ("compare/?format=csv&country=uz", "Choose two to four."),
        ("indicators/aral-sea-area/?format=csv&place=atlantis", "“place”: there is no “atlantis”."),
        ("indicators/aral-sea-area/?format=svg&place=atlantis", "“place”: there is no “atlantis”."),
        ("issues/?format=svg&view=causes&country=xx", "“country”: there is no “xx”."),
        ("projects/?format=csv&sort=colour", "“sort” is one of: title, "),
        ("projects/?format=csv&lang=de", "“lang” is one of: en, ko, ru."),
    ],
)
def test_every_file_with_a_wrong_parameter_is_refused(content, client, address, sentence):
    response = client.get(f"/en/{address}")
    assert response.status_code == 400
    assert response.json()["detail"].startswith(sentence)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "“country”: there is no “xx”."),
        ("ko", "“country”: “xx” 값은 없습니다."),
        ("ru", "«country»: значения «xx» нет."),
    ],
)
def test_reader_of_a_wrong_file_is_told_in_a_page(client, language, sentence):
    response = client.get(f"/{language}/projects/?country=xx&format=csv", headers={"Accept": "text/html"})
    tree = reading.page(response)
    assert (response.status_code, tree.get("lang")) == (400, language)
    assert sentence in reading.words(tree.find(".//main"))
    assert f"/{language}/projects/?country=xx" in tree.xpath("//main//a/@href")


@pytest.mark.parametrize("form", FORMS)
def test_file_takes_codes_in_any_case(client, form):
    make_project(key="one").countries.add(make_country(key="uz"))
    make_project(key="other")
    lower, upper = (client.get(f"/en/projects/?country={code}&format={form}") for code in ("uz", "UZ"))
    assert (lower.status_code, upper.status_code) == (200, 200)
    if form != "xlsx":  # a workbook contains the time
        assert content(upper).replace(b"UZ", b"uz") == content(lower)


def test_file_of_a_known_key_without_hits_has_no_rows(client):
    make_project()
    make_organisation(key="idle")
    assert keys(client, "/en/projects/", organisation="idle") == []


def test_drafts_are_in_no_file(client):
    world = make_world()
    new = unpublished(UNPUBLISHED[0])
    for record in records(world):
        link(record, new, SECRET)
    for name in LISTS:
        for publication in UNPUBLISHED:
            LISTS[name](key=f"list-{SECRET.lower()}-{publication}", publication=publication)
        for form in forms_of(name):
            response = client.get(f"/en/{name}/", {"format": form})
            said = content(response)
            if form == "xlsx":
                book = load_workbook(io.BytesIO(said))
                said = repr([[cell.value for cell in row] for sheet in book for row in sheet.iter_rows()]).encode()
            assert response.status_code == 200
            # Rows in between contain the word too: only the keys of unpublished records must not appear.
            assert f"{SECRET.lower()}-".encode() not in said, (name, form)


@pytest.mark.parametrize("name", LISTS)
def test_list_offers_its_forms(client, name):
    LISTS[name]()
    response = client.get(f"/ko/{name}/", {"q": ""}, follow=True)
    links = reading.page(response).xpath("//details[@class='formats']//a/@href")
    assert links == [f"/ko/{name}.{form}" for form in forms_of(name)]


def test_forms_of_a_list_keep_its_filters_and_order_and_no_page(client):
    make_country(key="uz")
    make_project(status="closed")
    query = "q=saxaul&status=closed&sort=title&page=1&per_page=50"
    links = reading.page(client.get(f"/en/projects/?{query}")).xpath("//details[@class='formats']//a/@href")
    assert links[0] == "/en/projects.csv?q=saxaul&status=closed&sort=title"


def test_list_that_shows_nothing_offers_no_forms(client):
    assert reading.page(client.get("/en/projects/")).xpath("//details[@class='formats']") == []


def test_list_in_place_offers_the_forms_of_what_it_now_shows(client):
    make_project(status="closed")
    part = client.get("/en/projects/?status=closed", headers={"HX-Request": "true"})
    assert "/en/projects.csv?status=closed" in reading.page(part).xpath("//details[@class='formats']//a/@href")


def test_countries_are_a_list_with_forms_too(client):
    for key, group in (("kr", Place.Group.KOREA), ("uz", Place.Group.CENTRAL_ASIA), ("de", "")):
        make_country(key=key, group=group)
    make_country(key="xx", publication="draft")
    assert keys(client, "/en/countries/") == ["uz", "kr", "de"]
    places = json.loads(content(client.get("/en/countries/?format=geojson")))
    shapes = [(feature["geometry"]["type"], feature["properties"]["precision"]) for feature in places["features"]]
    assert shapes == [("MultiPolygon", "country"), ("Point", "country"), ("Point", "country")]
    assert places["features"][0]["properties"]["url"] == "http://testserver/en/countries/uz/"


def test_timeline_has_both_kinds_in_one_table(client):
    make_event(key="dam", date="2005-08", title_en="A dam")
    LISTS["agreements"](key="memo", date="2009", title_en="A memorandum")
    rows = table(client.get("/en/timeline/?format=csv"))
    assert [(row["type"], row["key"], row["date"], row["name_en"]) for row in rows] == [
        ("event", "dam", "2005-08", "A dam"),
        ("agreement", "memo", "2009", "A memorandum"),
    ]
    assert [item["type"] for item in items(client.get("/en/timeline/?format=json"))] == ["event", "agreement"]


def test_search_hands_out_all_its_hits_the_best_first(client):
    make_project(key="about", title_en="Saxaul for the dry bed", summary_en="Trees.")
    make_organisation(key="nursery", name_en="Nursery of saxaul")
    make_project(key="other", title_en="Wells", summary_en="Water.")
    shown = reading.page(client.get("/en/search/", {"q": "saxaul"}))
    assert {"about", "nursery"} == set(keys(client, "/en/search/", q="saxaul"))
    assert shown.xpath("//details[@class='formats']//a/@href")[0] == "/en/search.csv?q=saxaul"


# ── What a file says ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("issue", "issues"),
        ("indicator", "indicators"),
        ("event", "timeline"),
        ("organisation", "organisations"),
        ("project", "projects"),
        ("agreement", "agreements"),
        ("country", "countries"),
        ("place", "places"),
        ("source", "sources"),
    ],
)
def test_record_is_had_in_every_form_that_its_page_offers(client, kind, path):
    world = make_world()
    record = getattr(world, kind)
    links = reading.page(client.get(f"/ko/{path}/{record.key}/")).xpath("//details[@class='formats']//a/@href")
    assert len(links) >= 5
    for href in links:
        response = client.get(href)
        assert (response.status_code, bool(content(response))) == (200, True), href


def test_preview_offers_no_forms(client):
    project = make_project(publication="draft")
    [(_code, _name, address), *_] = preview_links(project)
    path = address.removeprefix("http://testserver")
    assert reading.page(client.get(path)).xpath("//details[@class='formats']") == []
    assert client.get(f"{path}?format=json").headers["Content-Type"].startswith("text/html")


def test_former_key_leads_on_and_an_unknown_one_nowhere(client):
    make_project(key="now")
    make_former_key(kind="project", key="then", now="now")
    assert client.get("/en/projects/then/?format=json").status_code == 301
    assert client.get("/en/projects/never/?format=json").status_code == 404


# ── Headers and caching ─────────────────────────────────────────────────────────────────────────────────────────


def test_file_is_named_for_what_it_is_and_when(client):
    make_project(key="trees")
    named = client.get("/ko/projects/?format=csv").headers["Content-Disposition"]
    assert named.startswith('attachment; filename="projects-20')
    assert named.isascii()
    assert client.get("/ko/projects/?format=json").headers["Content-Disposition"].startswith("inline;")
    assert 'filename="project-trees-20' in client.get("/ko/projects/trees/?format=ris").headers["Content-Disposition"]


def test_csv_is_accompanied_by_its_licence_and_description(client):
    make_observation(indicator=make_indicator(key="area")), make_project()
    links = client.get("/en/indicators/area/?format=csv&year_from=1990").headers["Link"]
    assert '<https://creativecommons.org/licenses/by/4.0/>; rel="license"' in links
    assert '<http://testserver/data/observations.csv-metadata.json>; rel="describedby"' in links
    described = client.get("/data/observations.csv-metadata.json").json()
    head = content(client.get("/en/indicators/area/?format=csv")).decode()[1:].splitlines()[0]
    assert [column["titles"] for column in described["tableSchema"]["columns"]] == head.split(",")
    # The list has more columns than the table under /data/, and so has a list in one language other ones.
    for address in ("/en/projects.csv", "/en/indicators/area.csv?lang=ko"):
        assert "describedby" not in client.get(address).headers["Link"]


@pytest.mark.parametrize("form", FORMS)
def test_who_has_the_newest_file_is_told_so_until_something_changes(client, form):
    project = make_project(key="trees")
    address = f"/en/projects/?format={form}"
    first = client.get(address)
    content(first)
    tag = first.headers["ETag"]
    assert tag.startswith('W/"')
    assert "public" in first.headers["Cache-Control"]
    again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    make_area(project)
    changed = client.get(address, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    content(changed)
    assert changed.headers["ETag"] != tag


def test_other_questions_and_languages_have_other_tags(client):
    make_project()
    addresses = ("/en/projects/?format=csv", "/ko/projects/?format=csv", "/en/projects/?format=csv&q=a")
    tags = {client.get(address).headers["ETag"] for address in addresses}
    assert len(tags) == 3


def test_scripts_of_other_sites_may_read_files(client):
    make_project()
    assert client.get("/en/projects/?format=json").headers["Access-Control-Allow-Origin"] == "*"


def test_list_leads_feed_readers_to_its_feed(client):
    make_project(status="closed")
    [href] = reading.page(client.get("/en/projects/?status=closed")).xpath(
        "//link[@rel='alternate'][@type='application/atom+xml'][contains(@href, 'projects')]/@href"
    )
    assert client.get(href).headers["Content-Type"] == "application/atom+xml; charset=utf-8"


# ── Unknown formats ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", LANGUAGES)
def test_unknown_form_is_a_page_that_names_the_known_ones(client, language):
    make_agreement = LISTS["agreements"]
    make_agreement()
    response = client.get(f"/{language}/agreements/?format=%3Cdocx%3E&q=a")
    tree = reading.page(response)
    assert (response.status_code, tree.get("lang")) == (400, language)
    assert "<docx>" in reading.words(tree.find(".//h1"))
    assert tree.xpath("//main//li/a/@href") == [
        f"/{language}/agreements/?q=a",
        *(f"/{language}/agreements.{form}?q=a" for form in forms_of("agreements")),
    ]


@pytest.mark.parametrize("address", ["/en/agreements/?format=geojson", "/en/sources/?format=iati"])
def test_form_that_a_list_has_not_is_said_so(client, address):
    LISTS["agreements"](), LISTS["sources"]()
    response = client.get(address)
    assert response.status_code == 406
    assert reading.words(reading.page(response).find(".//h1")).startswith("Not available as ")
