"""Export formats of lists and records: the same records as the page, complete and in order, and clear errors."""

import csv
import io
import json
from functools import partial

import pytest
from django.utils import translation
from openpyxl import load_workbook

from portal.core.choices import Area
from portal.formats import serialisers, spreadsheets
from portal.models import Place
from portal.publishing.preview import preview_links
from projects.models import Project
from tests import reading
from tests.counting import counts_of_one_world_and_three
from tests.lists import LISTS
from tests.make import (
    UNPUBLISHED,
    make_area,
    make_citation,
    make_country,
    make_event,
    make_former_key,
    make_indicator,
    make_issue,
    make_observation,
    make_organisation,
    make_participation,
    make_place,
    make_project,
    make_reporting_organisation,
    make_source,
)
from tests.pages import LANGUAGES
from tests.world import SECRET, link, make_world, records, unpublished

pytestmark = pytest.mark.django_db

FORMS = ("csv", "xlsx", "json", "geojson", "atom", "ris", "bib", "csl")
SOMEWHERE = {"issues", "projects", "timeline", "search"}


def content(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


def table(response):
    """Return the rows of a CSV file as dictionaries."""
    text = content(response).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:])))


def items(response):
    return json.loads(content(response))["items"]


def keys(client, address, **query):
    """Return the keys of the records in the CSV of a list, in their order."""
    return [row["key"] for row in table(client.get(address, {**query, "format": "csv"}))]


def forms_of(name):
    return [form for form in FORMS if form != "geojson" or name in SOMEWHERE]


# ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────────────


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
    if form != "iati" or address.startswith("projects"):
        response = client.get(f"/en/{address}&format={form}")
        assert (response.status_code, response.headers["Content-Type"]) == (400, "application/problem+json")
        assert response.json()["detail"] == sentence
    assert client.get(f"/en/{address}").status_code == 200


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("coverage/?format=csv&country=xx&rows=weather", "“country”: there is no “xx”. “rows”: there is no “weather”."),
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
    assert links == [f"/ko/{name}/?format={form}" for form in forms_of(name)]


def test_forms_of_a_list_keep_its_filters_and_order_and_no_page(client):
    make_country(key="uz")
    make_project(status="closed")
    query = "q=saxaul&status=closed&sort=title&page=1&per_page=50"
    links = reading.page(client.get(f"/en/projects/?{query}")).xpath("//details[@class='formats']//a/@href")
    assert links[0] == "/en/projects/?q=saxaul&status=closed&sort=title&format=csv"


def test_list_that_shows_nothing_offers_no_forms(client):
    assert reading.page(client.get("/en/projects/")).xpath("//details[@class='formats']") == []


def test_list_in_place_offers_the_forms_of_what_it_now_shows(client):
    make_project(status="closed")
    part = client.get("/en/projects/?status=closed", headers={"HX-Request": "true"})
    assert "/en/projects/?status=closed&format=csv" in reading.page(part).xpath("//details[@class='formats']//a/@href")


def test_countries_are_a_list_with_forms_too(client):
    for key, group in (("kr", Place.Group.KOREA), ("uz", Place.Group.CENTRAL_ASIA), ("de", "")):
        make_country(key=key, group=group, latitude="41.00000", longitude="64.50000")
    make_country(key="xx", publication="draft")
    assert keys(client, "/en/countries/") == ["uz", "kr", "de"]
    places = json.loads(content(client.get("/en/countries/?format=geojson")))
    assert places["features"][0]["geometry"] == {"type": "Point", "coordinates": [64.5, 41.0]}
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
    assert shown.xpath("//details[@class='formats']//a/@href")[0] == "/en/search/?q=saxaul&format=csv"


# ── What a file says ─────────────────────────────────────────────────────────────────────────────────────────────


def full_project():
    project = make_project(
        key="trees",
        title_en="Trees",
        title_ko="나무",
        title_ru="Деревья",
        start="2020",
        end="2023-05",
        budget="5600000.50",
        currency="USD",
        status="closed",
    )
    # One by one: add() of several stores them in the order of a set.
    project.countries.add(make_country(key="uz", name_ko="우즈베키스탄"))
    project.countries.add(make_country(key="kz", name_en="Kazakhstan"))
    project.places.add(make_place(key="nukus", latitude="42.46000", longitude="59.61000"))
    for area in (Area.FORESTRY, Area.ENERGY):
        make_area(project, area)
    make_participation(project=project, organisation=make_organisation(key="koica", name_en="KOICA"), role="funding")
    make_citation(project, make_source(key="paper", title="A paper", url="https://example.org/paper"))
    return project


def test_table_has_codes_with_words_beside_them_in_all_languages(client):
    full_project()
    [row] = table(client.get("/ru/projects/?format=csv"))
    assert {name: row[name] for name in ("url", "key", "title_en", "title_ko", "title_ru")} == {
        "url": "http://testserver/ru/projects/trees/",
        "key": "trees",
        "title_en": "Trees",
        "title_ko": "나무",
        "title_ru": "Деревья",
    }
    assert [row[f"status{rest}"] for rest in ("", "_iati", "_en", "_ko", "_ru")] == [
        *("closed", "4", "Completed", "완료", "Завершён"),
    ]
    assert (row["start"], row["end"], row["budget"], row["currency"]) == ("2020", "2023-05", "5600000.5", "USD")
    assert (row["countries"], row["countries_en"]) == ("uz; kz", "Uzbekistan; Kazakhstan")
    assert row["countries_ko"] == "우즈베키스탄; Kazakhstan", "English in the gap keeps words beside their keys"
    assert (row["areas"], row["areas_en"]) == ("forestry; energy", "Forestry; Energy")
    assert [row[f"organisations{rest}"] for rest in ("", "_role", "_role_iati")] == ["koica", "funding", "1"]
    assert (row["sources"], row["sources_title"]) == ("paper", "A paper")
    assert row["sources_url"] == "https://example.org/paper"
    assert row["finance"] == row["finance_en"] == row["issues"] == ""


def test_json_says_the_same_in_a_nest(client):
    full_project()
    found = json.loads(content(client.get("/en/projects/trees/?format=json")))
    project = found["record"]
    assert project["title"] == {"en": "Trees", "ko": "나무", "ru": "Деревья"}
    assert project["status"] == {
        "code": "closed",
        "iati": "4",
        "name": {"en": "Completed", "ko": "완료", "ru": "Завершён"},
    }
    assert project["budget"] == {"amount": "5600000.5", "currency": "USD"}
    assert project["finance"] is None
    assert project["summary"] == {"en": "Saxaul is planted on the dry bed.", "ko": None, "ru": None}
    assert [area["code"] for area in project["areas"]] == ["forestry", "energy"]
    assert project["places"][0]["position"] == {"latitude": 42.46, "longitude": 59.61}
    assert project["organisations"][0]["role"]["code"] == "funding"
    assert project["sources"][0]["title"] == "A paper"
    assert found["licence"] == "https://creativecommons.org/licenses/by/4.0/"
    assert (found["count"], found["address"]) == (1, "http://testserver/en/projects/trees/")
    assert len(found["retrieved"]) == 10


def test_json_in_one_language_falls_back_to_english(client):
    full_project()
    [project] = items(client.get("/en/projects/?format=json&lang=ko"))
    assert (project["title"], project["summary"]) == ("나무", "Saxaul is planted on the dry bed.")
    assert project["status"]["name"] == "완료"


def test_text_that_a_spreadsheet_would_take_for_a_formula_is_quoted_and_a_number_is_not(client):
    make_project(key="a", title_en='=HYPERLINK("https://example.org")', title_ko="+1", title_ru="@a", summary_en="-1")
    [row] = table(client.get("/en/projects/?format=csv"))
    assert [row["title_en"], row["title_ko"], row["title_ru"], row["summary_en"]] == [
        *('\'=HYPERLINK("https://example.org")', "'+1", "'@a", "'-1"),
    ]
    observation = make_observation(value="-0.5")
    [row] = table(client.get(f"/en/indicators/{observation.indicator.key}/?format=csv"))
    assert row["value"] == "-0.5"


def test_workbook_has_the_table_and_what_it_is(client):
    full_project()
    make_project(key="formula", title_en="=1+1", start="2019", summary_en="a\x0bb")
    response = client.get("/en/projects/?format=xlsx")
    book = load_workbook(io.BytesIO(content(response)))
    head, trees, formula = book.worksheets[0].iter_rows()
    names = [cell.value for cell in head]
    first = dict(zip(names, (cell.value for cell in trees), strict=True))
    assert (first["key"], first["title_ko"], first["budget"], first["finance"]) == ("trees", "나무", 5600000.5, None)
    title = formula[names.index("title_en")]
    assert (title.value, title.data_type) == ("=1+1", "s")
    about = {row[0].value: row[1].value for row in book.worksheets[1].iter_rows()}
    assert about["Records"] == 2
    assert about["Licence, address"] == "https://creativecommons.org/licenses/by/4.0/"
    assert about["title_ko"] == "title"
    assert set(names) <= set(about)


@pytest.mark.parametrize("language", LANGUAGES)
def test_list_too_long_for_a_workbook_is_offered_as_csv(client, language, monkeypatch):
    monkeypatch.setattr(spreadsheets, "MOST_ROWS_OF_XLSX", 1)
    make_project(), make_project()
    response = client.get(f"/{language}/projects/?format=xlsx&sort=title")
    tree = reading.page(response)
    assert (response.status_code, tree.get("lang")) == (413, language)
    assert tree.xpath("//main//li/a/@href")[:2] == [
        f"/{language}/projects/?sort=title",
        f"/{language}/projects/?sort=title&format=csv",
    ]
    assert not [href for href in tree.xpath("//main//a/@href") if "xlsx" in href]


def test_geojson_puts_longitude_first_and_null_where_no_place_is_known(client):
    full_project()
    many = make_project(key="many", start="2019")
    # One by one: add() of several stores them in the order of a set.
    many.places.add(make_place(key="a", latitude="40.00000", longitude="60.00000"))
    many.places.add(make_place(key="b", latitude="45.00000", longitude="70.00000"))
    many.places.add(make_place(key="c"))
    make_project(key="nowhere", start="2018")
    found = json.loads(content(client.get("/en/projects/?format=geojson")))
    assert [(feature["id"], feature["geometry"]) for feature in found["features"]] == [
        ("trees", {"type": "Point", "coordinates": [59.61, 42.46]}),
        ("many", {"type": "MultiPoint", "coordinates": [[60.0, 40.0], [70.0, 45.0]]}),
        ("nowhere", None),
    ]
    assert found["bbox"] == [59.61, 40.0, 70.0, 45.0]
    assert found["about"]["count"] == 3


def test_geojson_of_nowhere_has_no_box(client):
    make_project(key="nowhere")
    assert "bbox" not in json.loads(content(client.get("/en/projects/?format=geojson")))


def test_indicator_is_its_values_as_a_table_and_both_as_json(client):
    indicator = make_indicator(key="area")
    uz, kz = make_country(key="uz"), make_country(key="kz")
    for place, year, value in ((uz, 2000, "1.500000"), (uz, 2001, "1000"), (kz, 2001, "3")):
        make_observation(indicator=indicator, place=place, year=year, value=value)
    rows = table(client.get("/en/indicators/area/?place=uz&format=csv"))
    assert [(row["indicator"], row["place"], row["year"], row["value"]) for row in rows] == [
        ("area", "uz", "2000", "1.5"),
        ("area", "uz", "2001", "1000"),
    ]
    assert rows[0]["licence_en"] == "CC BY 4.0"
    found = json.loads(content(client.get("/en/indicators/area/?place=uz&format=json")))
    assert found["record"]["key"] == "area"
    assert [(one["year"], one["value"]) for one in found["observations"]] == [(2000, "1.5"), (2001, "1000")]


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


# ── Headers, and what is new ─────────────────────────────────────────────────────────────────────────────────────


def test_file_is_named_for_what_it_is_and_when(client):
    make_project(key="trees")
    named = client.get("/ko/projects/?format=csv").headers["Content-Disposition"]
    assert named.startswith('attachment; filename="projects-20')
    assert named.isascii()
    assert client.get("/ko/projects/?format=json").headers["Content-Disposition"].startswith("inline;")
    assert 'filename="project-trees-20' in client.get("/ko/projects/trees/?format=ris").headers["Content-Disposition"]


def test_csv_is_accompanied_by_its_licence_and_description(client):
    make_project()
    links = client.get("/en/projects/?format=csv&status=closed").headers["Link"]
    assert '<https://creativecommons.org/licenses/by/4.0/>; rel="license"' in links
    assert '<http://testserver/data/projects.csv-metadata.json>; rel="describedby"' in links
    described = client.get("/data/projects.csv-metadata.json").json()
    head = content(client.get("/en/projects/?format=csv")).decode()[1:].splitlines()[0]
    assert [column["titles"] for column in described["tableSchema"]["columns"]] == head.split(",")


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
    assert "Access-Control-Allow-Origin" not in client.get("/en/projects/").headers


def test_list_leads_feed_readers_to_its_feed(client):
    make_project(status="closed")
    [href] = reading.page(client.get("/en/projects/?status=closed")).xpath(
        "//link[@rel='alternate'][@type='application/atom+xml'][contains(@href, 'projects')]/@href"
    )
    assert client.get(href).headers["Content-Type"] == "application/atom+xml; charset=utf-8"


# ── What is not to be had ────────────────────────────────────────────────────────────────────────────────────────


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
        *(f"/{language}/agreements/?q=a&format={form}" for form in forms_of("agreements")),
    ]


@pytest.mark.parametrize("address", ["/en/agreements/?format=geojson", "/en/sources/?format=iati"])
def test_form_that_a_list_has_not_is_said_so(client, address):
    LISTS["agreements"](), LISTS["sources"]()
    response = client.get(address)
    assert response.status_code == 406
    assert reading.words(reading.page(response).find(".//h1")).startswith("Not available as ")


# ── How often the database is asked ──────────────────────────────────────────────────────────────────────────────


def test_files_ask_the_same_of_the_database_for_one_record_as_for_three(client):
    def download(name, form):
        response = client.get(f"/en/{name}/", {"format": form})
        assert response.status_code in {200, 406}
        content(response)

    files = [(name, form) for name in [*LISTS, "countries"] for form in FORMS]
    one, three = counts_of_one_world_and_three({file: partial(download, *file) for file in files})
    assert three == one


def test_records_are_read_in_chunks(client, monkeypatch):
    monkeypatch.setattr(serialisers, "CHUNK", 2)
    for number in range(5):
        project = make_project(key=f"p{number}", start=str(2000 + number))
        project.countries.add(make_country(key=f"c{number}"))
    rows = table(client.get("/en/projects/?format=csv"))
    assert [(row["key"], row["countries"]) for row in rows] == [(f"p{n}", f"c{n}") for n in (4, 3, 2, 1, 0)]


def test_words_of_a_file_do_not_change_the_language_of_what_follows(client):
    make_project(title_ko="나무")
    content(client.get("/ko/projects/?format=ris"))
    with translation.override("en"):
        assert str(Project._meta.verbose_name) == "project"


def test_issue_without_words_in_a_language_has_empty_cells(client):
    make_issue(key="aral", name_ko="", name_ru="")
    [row] = table(client.get("/ko/issues/?format=csv"))
    assert (row["name_en"], row["name_ko"], row["name_ru"]) == ("Depletion of the Aral Sea", "", "")
