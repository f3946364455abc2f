"""The page of the coverage table: files, languages, unpublished records and query counts."""

import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from portal.core.choices import Area, PublicationStatus
from projects.models import Organisation
from tests.counting import settle
from tests.make import (
    make_answer,
    make_area,
    make_country,
    make_issue,
    make_organisation,
    make_participation,
    make_project,
)
from tests.portal.views.coverage.pages import LANGUAGES, PAIRS, ask, coverage_of, file, make, table
from tests.reading import count, page, words
from tests.world import SECRET, make_world, unpublished

pytestmark = pytest.mark.django_db


# ── The file ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("query", ["rows=area&columns=country", "rows=issue&columns=organisation-kind&level=national"])
def test_file_has_the_numbers_of_the_table(content, client, query):
    shown = table(ask(client, query))
    [head, *rows] = file(client, query)
    assert head[1:] == shown[0]
    assert [row[1:] for row in rows] == shown[1:]
    assert all(row[0] for row in rows[:-1])


def test_file_of_budgets_is_exact_and_says_how_much_is_known(client, budgets):
    [head, forestry, *_rest] = file(client, "measure=budget-USD")
    assert head[:5] == [
        "Key",
        "Area of cooperation",
        "Kazakhstan: USD",
        "Kazakhstan: projects with a budget in USD",
        "Kazakhstan: projects",
    ]
    assert forestry[:8] == ["forestry", "Forestry", "3500000.50", "2", "4", "2500000.50", "1", "1"]


def test_only_gaps_leaves_out_full_rows_of_the_table_the_list_and_the_file(client, two_countries):
    kz, uz = two_countries
    make("both", countries=[kz, uz], areas=[Area.FORESTRY])
    make("one", countries=[kz], areas=[Area.WASTE])
    response, only = ask(client), ask(client, "only=gaps")
    areas = [row[0] for row in table(only)[1:-1]]
    assert areas == [row[0] for row in table(response)[1:-1] if row[0] != "Forestry"]
    assert areas[0] == "Waste"
    assert [row[1] for row in file(client, "only=gaps")[1:-1]] == areas
    assert phone_rows(only)[0] == ("Waste", "1", "no sourced project: Uzbekistan")
    assert page(response).xpath("//p[@class='coverage-rows-choice']/a/@href") == [
        "/en/coverage/?rows=area&columns=country&only=gaps"
    ]
    of_kz = ask(client, "only=gaps&column=kz")
    assert "Waste" not in [row[0] for row in table(of_kz)]
    assert phone_rows(of_kz)[0][1] == "no sourced project"
    assert page(of_kz).xpath("//p[@class='coverage-rows-choice']/a/@href") == [
        "/en/coverage/?rows=area&columns=country&column=kz"
    ]


def phone_rows(response):
    """Return the parts of each row of the list for phones: label, number or gap, columns without projects."""
    rows = page(response).find_class("coverage-rows")[0]
    for share_known in rows.xpath(".//a/small"):
        share_known.drop_tree()
    return [tuple(words(part) for part in row if part.tag != "svg") for row in rows]


@pytest.mark.parametrize("query", ["", "rows=issue&columns=period", "rows=country&columns=level&measure=budget-USD"])
def test_list_of_a_phone_shows_each_column_with_the_numbers_of_the_project_lists(content, client, listed, query):
    columns = page(ask(client, query)).xpath("//nav[@class='coverage-columns']//a")
    assert [column.get("aria-current") for column in columns] == ["true", *[None] * (len(columns) - 1)]
    whole = table(ask(client, query))
    for number, column in enumerate(columns):
        response = client.get(column.get("href"))
        chosen = page(response).xpath("//nav[@class='coverage-columns']//a[@aria-current]")
        assert [words(one) for one in chosen] == [words(column)]
        position = number or len(columns)
        assert [row[:2] for row in phone_rows(response)] == [
            (row[0], row[position].replace("0", "no sourced project") if row[position] == "0" else row[position])
            for row in whole[1:-1]
        ]
        for link in page(response).find_class("coverage-number")[:2] if "budget" not in query else ():
            assert listed(link.get("href")) == int(words(link))


def test_filters_keep_the_column_and_the_choice_of_gaps(client, two_countries):
    make("one", countries=two_countries[:1], areas=[Area.FORESTRY])
    response = ask(client, "only=gaps&column=kz")
    assert page(response).xpath("//form[@id='filters']/input[@type='hidden']/@name") == ["only", "column"]


def test_file_is_named_for_its_axes(client, two_countries):
    response = client.get("/en/coverage/?rows=level&columns=period&format=csv")
    today = timezone.localdate().isoformat()
    assert response["Content-Disposition"] == f'attachment; filename="coverage-level-period-{today}.csv"'


@pytest.mark.parametrize("query", ["rows=area&columns=country", "measure=budget-USD", "part=streams"])
def test_workbook_and_json_have_the_numbers_of_the_csv(content, client, query):
    [head, *rows] = file(client, query)
    book = load_workbook(io.BytesIO(client.get(f"/en/coverage/?{query}&format=xlsx").content))
    sheet = [list(row) for row in book.worksheets[0].values]
    assert sheet[0] == head
    told = json.loads(b"".join(client.get(f"/en/coverage/?{query}&format=json").streaming_content))
    assert told["count"] == len(rows)
    items = [list(item.values()) for item in told["items"]]
    for found in (sheet[1:], items):
        assert [[comparable(cell) for cell in row] for row in found] == [
            [comparable(cell) for cell in row] for row in rows
        ]
    assert told["licence"].startswith("https://")


def comparable(cell):
    """Return a cell as a number if it is one: files write 5, 5.0 and 5.00."""
    text = "" if cell is None else str(cell)
    return float(text) if text.replace(".", "", 1).isdecimal() else text


def test_page_offers_its_forms_with_its_filters(client, two_countries):
    make("one", countries=two_countries, areas=[Area.FORESTRY], status="closed")
    links = page(ask(client, "rows=area&status=closed")).xpath("//details[@class='formats']//a/@href")
    assert links == [f"/en/coverage.{form}?rows=area&status=closed" for form in ("csv", "xlsx", "json", "jsonl")]


def test_json_names_its_columns_by_keys_in_every_language(client, two_countries):
    make("one", countries=two_countries, areas=[Area.FORESTRY])
    told = json.loads(b"".join(client.get("/ko/coverage/?rows=area&columns=country&format=json").streaming_content))
    assert list(told["items"][0]) == ["key", "label", *(place.key for place in two_countries), "all"]


@pytest.mark.parametrize(("form", "status"), [("docx", 400), ("geojson", 406), ("ris", 406)])
def test_form_that_the_table_has_not_is_said_so(client, two_countries, form, status):
    response = client.get(f"/ru/coverage/?rows=area&format={form}")
    assert response.status_code == status
    assert page(response).xpath("//main//li/a/@href")[1:] == [
        f"/ru/coverage.{one}?rows=area" for one in ("csv", "xlsx", "json", "jsonl")
    ]


# ── What no reader may see ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "publication", [PublicationStatus.DRAFT, PublicationStatus.IN_REVIEW, PublicationStatus.ARCHIVED]
)
def test_unpublished_records_are_not_counted_or_named(client, two_countries, publication):
    new = unpublished(publication)
    kept = make("kept", countries=two_countries, areas=[Area.FORESTRY], start="2020")
    hidden = make_project(key="hidden", publication=publication, start="1990", budget=5, currency="USD")
    hidden.countries.set(two_countries)
    make_area(hidden, Area.FORESTRY)
    kept.countries.add(new(make_country))
    make_issue(name_en="Desertification")
    make_answer(project=kept, issue=new(make_issue))
    make_participation(project=kept, organisation=new(make_organisation, kind=Organisation.Kind.FOUNDATION))
    for rows, columns in [*PAIRS, ("area", "country")]:
        response = ask(client, f"rows={rows}&columns={columns}")
        assert SECRET not in response.content.decode()
        assert table(response)[-1][-1] == "1"
    coverage = coverage_of("rows=organisation-kind&columns=period")
    assert [member.label for member in coverage.columns] == ["2020–2024"]
    assert all(not member.projects for member in coverage.rows)
    assert [value for value, _words in coverage.choice.form.fields["measure"].choices] == ["projects"]


# ── The page ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("query", ["", "rows=issue&columns=area", "rows=level&columns=period&measure=budget-USD"])
def test_page_opens_in_each_language(content, client, language, query):
    tree = page(ask(client, query, language))
    assert tree.get("lang") == language
    assert len(tree.findall(".//h1")) == 1
    [region] = tree.find_class("coverage-scroll")
    assert region.get("tabindex") == "0"
    assert tree.get_element_by_id(region.get("aria-labelledby")).text_content().strip()
    [found] = tree.find_class("coverage-table")
    assert {head.get("scope") for head in found.xpath(".//thead//th")} == {"col"}
    assert {row[0].get("scope") for row in found.xpath(".//tbody/tr | .//tfoot/tr")} == {"row"}
    assert tree.xpath("//*[@style]") == []
    assert {script.get("type") for script in tree.xpath("//script[not(@src)]")} == {"application/ld+json"}


def test_page_can_be_found(content, client):
    for address in ("/en/", "/en/about/data/"):
        assert reverse("coverage") in page(client.get(address)).xpath("//a/@href")
    assert "/ko/coverage/" in client.get("/sitemap-pages.xml").content.decode()


@pytest.mark.any_database
def test_page_asks_the_same_of_the_database_whatever_the_axes_and_however_much_there_is(client):
    def asked():
        settle()
        ask(client)  # reads the facet index
        found = {}
        for rows, columns in PAIRS:
            with CaptureQueriesContext(connection) as queries:
                ask(client, f"rows={rows}&columns={columns}&level=national")
            found[rows, columns] = len(queries)
        return found

    world = make_world()
    few = asked()
    for number in range(6):
        country, issue = make_country(key=f"c{number}"), make_issue(parent=world.main)
        project = make(f"p{number}", countries=[country, world.country], areas=list(Area)[:number], issues=[issue])
        make_participation(project=project, organisation=make_organisation(kind=Organisation.Kind.values[number]))
    assert asked() == few
    assert len(set(few.values())) == 1


def test_page_does_not_grow_with_the_projects(client, two_countries):
    def add(numbers):
        for number in numbers:
            make(
                f"p{number}",
                countries=two_countries,
                areas=[Area.FORESTRY, Area.WASTE],
                start=f"{2000 + number % 20}",
                budget=number,
                currency="USD",
            )

    def asked():
        settle()
        with CaptureQueriesContext(connection) as queries:
            response = ask(client, "measure=budget-USD")
        return count(response), len(queries), len(response.content)

    add(range(10, 40))
    few, queries, size = asked()
    add(range(40, 100))
    many, as_many, larger = asked()
    assert (few, many) == ("30 projects", "90 projects")
    assert queries == as_many
    assert abs(larger - size) < size / 50
