"""The coverage table: each cell equals the linked project list, for all axes, filters and measures."""

import csv
import io
import itertools
import json
from array import array
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from openpyxl import load_workbook

from portal.core.choices import Area, Level, PublicationStatus
from portal.facets.bitmaps import BitMap
from portal.facets.filters import Facet
from portal.models import Place
from portal.tracking.content_version import ContentState
from portal.views.coverage.axes import AXES
from portal.views.coverage.budgets import Budgets
from portal.views.coverage.flows import FlowDiagram
from portal.views.coverage.table import Coverage, in_millions, shades
from projects.filters import ProjectFilter
from projects.models import Organisation, Project
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
from tests.reading import chips, count, page, problems, said, words
from tests.world import SECRET, make_world, unpublished

pytestmark = pytest.mark.django_db

LANGUAGES = ("en", "ko", "ru")
PAIRS = list(itertools.combinations(AXES, 2))
# Filters with axes to test them on. On some of them a filter is also an axis.
FILTERED = {
    "country=uz&country=kz": ("area", "country"),
    "issue=water-scarcity&area=education": ("issue", "period"),
    "organisation=koica&role=funding&level=national": ("issue", "area"),
    "organisation_kind=private-sector&year_from=2015": ("organisation-kind", "level"),
    "started_from=2012&started_to=2022&country=kg": ("area", "period"),
    "q=water&confidence=high&year_to=2024": ("issue", "organisation-kind"),
}


def coverage_of(query=""):
    return Coverage(QueryDict(query))


@pytest.fixture
def listed():
    """Return a function that returns the number of projects in the list at a URL. It reads names of choices once."""
    known = ProjectFilter(QueryDict(), queryset=Project.objects.published())

    def listed(url):
        filterset = ProjectFilter(QueryDict(urlsplit(url).query), queryset=known.queryset)
        for name, item in filterset.filters.items():
            if isinstance(item, Facet):
                item.choices = known.filters[name].choices
        assert filterset.error_messages == []
        return filterset.qs.count()

    return listed


def ask(client, query="", language="en"):
    response = client.get(f"/{language}/coverage/{query and '?'}{query}")
    assert response.status_code == 200
    return response


def table(response):
    """Return the table as rows of words: head, body, foot; an empty cell is 0."""
    [found] = page(response).find_class("coverage-table")
    for absent in [*found.find_class("gap-words"), *found.xpath(".//small")]:
        absent.drop_tree()
    return [[words(cell) for cell in row] for row in found.iter("tr")]


def file(client, query):
    content = b"".join(client.get(f"/en/coverage/?{query}&format=csv").streaming_content)
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def make(key, *, countries=(), areas=(), issues=(), **fields):
    project = make_project(key=key, **fields)
    project.countries.set(countries)
    for area in areas:
        make_area(project, area)
    for issue in issues:
        make_answer(project=project, issue=issue)
    return project


@pytest.fixture
def two_countries():
    return make_country(key="kz", name_en="Kazakhstan"), make_country(key="uz", name_en="Uzbekistan")


# ── A cell is what the list shows ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("rows", "columns"), PAIRS)
def test_every_cell_counts_what_its_list_shows(content, listed, rows, columns):
    coverage = coverage_of(f"rows={rows}&columns={columns}")
    counted = {
        cell.url: cell.count
        for _row, cells, total in coverage.table
        for cell in [*cells, total, *coverage.column_totals, coverage.total]
    }
    assert len(counted) == (len(coverage.rows) + 1) * (len(coverage.columns) + 1) > 20
    assert {url: listed(url) for url in counted} == counted
    assert sum(counted.values()) > Project.objects.count()


@pytest.mark.parametrize(("query", "axes"), FILTERED.items())
def test_filtered_cells_count_what_their_lists_show(content, listed, query, axes):
    coverage = coverage_of(f"{query}&rows={axes[0]}&columns={axes[1]}")
    assert 0 < coverage.total.count < Project.objects.count()
    for _row, cells, total in coverage.table:
        for cell in [*cells, total, *coverage.column_totals, coverage.total]:
            assert listed(cell.url) == cell.count, cell.url


def test_turned_table_has_the_same_cells(content):
    one, other = (coverage_of(f"rows={a}&columns={b}") for a, b in (("area", "issue"), ("issue", "area")))
    turned = [list(cells) for cells in zip(*other.cells, strict=True)]
    assert [[cell.count for cell in row] for row in one.cells] == [[cell.count for cell in row] for row in turned]


def test_page_leads_to_lists_of_as_many_projects(content, client):
    links = page(ask(client)).xpath("//table[contains(@class, 'coverage-table')]//td/a")
    assert len(links) > 50
    for link in links[::9]:
        assert int(words(link)) == int(count(client.get(link.get("href"))).split()[0])


# ── Rows, columns, totals ────────────────────────────────────────────────────────────────────────────────────


def test_totals_count_a_project_once(client, two_countries):
    make("both", countries=two_countries, areas=[Area.FORESTRY, Area.WASTE])
    make("one", countries=two_countries[:1], areas=[Area.FORESTRY])
    make("none")
    rows = table(ask(client))
    assert rows[0] == ["Area of cooperation", "Kazakhstan", "Uzbekistan", "All"]
    assert rows[1:3] == [["Forestry", "2", "1", "2"], ["Waste", "1", "1", "1"]]
    assert rows[-1] == ["All", "2", "1", "3"]
    notes = said(ask(client), "figure-foot")[0]
    assert "counts in each of them; totals count it once" in notes
    assert "1 project belongs to no area and counts only in totals." in notes
    assert "1 project names no country of Central Asia and counts only in totals." in notes


def test_empty_cell_says_so_in_words_and_leads_nowhere(client, two_countries):
    make("one", countries=two_countries[:1], areas=[Area.FORESTRY])
    [found] = page(ask(client)).find_class("coverage-table")
    [row] = [row for row in found.iter("tr") if words(row[0]) == "Forestry"]
    assert row[2].get("class") == "gap"
    assert words(row[2].find_class("gap-words")[0]) == "no sourced project"
    assert row[2].find(".//a") is None
    assert row[1].get("class") == "coverage-class-1"
    assert "41 of 42 cells have no sourced project." in said(ask(client), "figure-sentence")[0]


def test_main_issue_counts_what_lies_under_it(client, two_countries):
    main = make_issue(key="water", name_en="Water scarcity", position=1)
    child = make_issue(key="irrigation", name_en="Irrigation", parent=main, position=2)
    other = make_issue(key="air", name_en="Air", position=0)
    make("one", countries=two_countries, issues=[child])
    make("two", countries=two_countries[:1], issues=[main, other])
    rows = table(ask(client, "rows=issue"))
    assert rows[1:4] == [["Air", "1", "0", "1"], ["Water scarcity", "2", "1", "2"], ["Irrigation", "1", "1", "1"]]
    [found] = page(ask(client, "rows=issue")).find_class("coverage-table")
    assert [words(row[0]) for row in found.find_class("under")] == ["Irrigation"]
    assert [member.key for member in coverage_of("rows=issue&issue=water").rows] == ["water", "irrigation"]


def test_periods_are_five_years_without_holes(two_countries):
    for start in ("2004-11", "2005", "2017-01-31", None):
        make(f"from-{start}", countries=two_countries, start=start)
    coverage = coverage_of("columns=period")
    assert [member.label for member in coverage.columns] == ["2000–2004", "2005–2009", "2010–2014", "2015–2019"]
    assert [cell.count for cell in coverage.column_totals] == [1, 1, 0, 1]
    assert "1 project has no known start and counts only in totals." in coverage.notes


def test_filter_on_years_of_start_cuts_the_periods(two_countries, listed):
    for start in ("2004", "2005", "2008", "2011"):
        make(f"from-{start}", countries=two_countries, start=start)
    coverage = coverage_of("columns=period&started_from=2004&started_to=2008")
    assert [(member.label, len(member.projects)) for member in coverage.columns] == [("2004", 1), ("2005–2008", 2)]
    assert [listed(cell.url) for cell in coverage.column_totals] == [1, 2]


def test_filter_on_an_axis_leaves_its_chosen_values(client, two_countries):
    make("both", countries=two_countries, areas=[Area.FORESTRY])
    make("other", countries=two_countries[1:], areas=[Area.FORESTRY])
    response = ask(client, "country=kz")
    assert table(response)[0] == ["Area of cooperation", "Kazakhstan", "All"]
    assert table(response)[1] == ["Forestry", "1", "1"]
    assert chips(response) == [("Country: Kazakhstan", "/en/coverage/")]


def test_korea_is_no_column_unless_asked_for(two_countries):
    make_country(key="kr", group=Place.Group.KOREA, name_en="Republic of Korea")
    assert [member.key for member in coverage_of().columns] == ["kz", "uz"]
    assert [member.key for member in coverage_of("country=kr&country=uz").columns] == ["kr", "uz"]


def test_nothing_found_is_said_with_a_way_out(client, two_countries):
    make("one", countries=two_countries)
    response = ask(client, "q=nowhere&rows=level")
    assert page(response).find_class("coverage-table") == []
    assert "Nothing here matches" in said(response, "empty")[0]
    assert page(response).xpath("//*[@class='empty']//a/@href") == ["/en/coverage/?rows=level&columns=country"]


# ── Wrong wishes ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "rows", "columns", "sentences"),
    [
        ("", "area", "country", []),
        ("rows=country", "country", "area", []),
        ("columns=area", "country", "area", []),
        ("rows=country&columns=level", "country", "level", []),
        (
            "rows=level&columns=level",
            "level",
            "country",
            ["Rows and columns were both “Level”. The columns are “Country” instead."],
        ),
        (
            "rows=country&columns=country",
            "country",
            "area",
            ["Rows and columns were both “Country”. The columns are “Area” instead."],
        ),
        ("rows=weather", "area", "country", ["Rows: there is no “weather”. It was left out."]),
        ("columns=nothing&rows=period", "period", "country", ["Columns: there is no “nothing”. It was left out."]),
        ("measure=budget-EUR", "area", "country", ["In each cell: there is no “budget-EUR”. It was left out."]),
        ("country=xx&rows=level", "level", "country", ["Country: there is no “xx”. It was left out."]),
    ],
)
def test_wrong_axes_become_a_message_and_the_default(client, two_countries, query, rows, columns, sentences):
    make("one", countries=two_countries, areas=[Area.FORESTRY])
    response = ask(client, query)
    assert problems(response) == sentences
    chosen = page(response).xpath("//select/option[@selected]/@value")
    assert chosen == [rows, columns, "projects"]


def test_wrong_filter_does_not_follow_into_the_lists(two_countries):
    make("one", countries=two_countries, areas=[Area.FORESTRY])
    assert coverage_of("country=xx&level=national&status=").total.url == "/en/projects/?level=national"


def test_empty_fields_are_taken_out_of_the_address(client):
    response = client.get("/en/coverage/?rows=level&q=&year_from=+&country=uz&country=")
    assert response.status_code == 302
    assert response["Location"] == "/en/coverage/?rows=level&country=uz"


def test_wishes_outlive_filters_and_filters_wishes(client, two_countries):
    make("one", countries=two_countries, areas=[Area.FORESTRY], budget=5, currency="USD", start="2020")
    response = ask(client, "rows=level&columns=period&measure=budget-USD&country=kz")
    assert [away for _words, away in chips(response)] == ["/en/coverage/?rows=level&columns=period&measure=budget-USD"]
    [swap] = page(response).xpath("//*[contains(@class, 'coverage-choice')]/a/@href")
    assert swap == "/en/coverage/?country=kz&rows=period&columns=level&measure=budget-USD"
    assert set(page(response).xpath("//select/@form")) == {"filters"}


# ── Budgets ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def budgets(two_countries):
    kz, uz = two_countries
    make("dollars", countries=[kz, uz], areas=[Area.FORESTRY], budget="2500000.50", currency="USD")
    make("more", countries=[kz], areas=[Area.FORESTRY], budget="1000000", currency="USD")
    make("won", countries=[kz], areas=[Area.FORESTRY], budget="900000000", currency="KRW")
    make("unknown", countries=[kz], areas=[Area.FORESTRY, Area.WASTE])
    return two_countries


def test_budgets_of_different_currencies_are_never_added(budgets):
    amounts = {}
    for currency in ("USD", "KRW"):
        coverage = coverage_of(f"measure=budget-{currency}")
        [[_row, cells, total]] = [line for line in coverage.table if line[0].key == Area.FORESTRY]
        amounts[currency] = [(cell.amount, cell.known, cell.count) for cell in [*cells, total]]
    assert amounts["USD"] == [
        (Decimal("3500000.50"), 2, 4),
        (Decimal("2500000.50"), 1, 1),
        (Decimal("3500000.50"), 2, 4),
    ]
    assert amounts["KRW"] == [(Decimal(900_000_000), 1, 4), (None, 0, 1), (Decimal(900_000_000), 1, 4)]


def test_page_says_how_many_budgets_are_not_known(client, budgets):
    response = ask(client, "measure=budget-USD")
    assert said(response, "figure-sentence")[1] == (
        "4 projects: 2 with a known budget in USD, 1 with one in another currency, which is never converted, "
        "1 without a known budget."
    )
    [found] = page(response).find_class("coverage-table")
    forestry, waste = ([words(cell) for cell in row] for row in list(found.iter("tr"))[1:3])
    assert forestry == ["Forestry", "3.52 of 4", "2.51 of 1", "3.52 of 4"]
    assert waste[:2] == ["Waste", "–no known budget0 of 1"]
    assert found.xpath("(.//data)[1]/@value") == ["3500000.50"]


def test_only_currencies_that_occur_can_be_chosen(client, budgets):
    options = page(ask(client)).xpath("//select[@name='measure']/option/@value")
    assert options == ["projects", "budget-USD", "budget-KRW"]


@pytest.mark.parametrize(
    ("amount", "text"),
    [("150000", "0.15"), ("1243146", "1.24"), ("62150000", "62.2"), ("737400000", "737"), ("0", "0"), (None, "")],
)
def test_amounts_are_in_millions_to_three_digits(amount, text):
    assert in_millions(amount and Decimal(amount)) == text


# ── Shades, sentence ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("values", "bounds"),
    [
        ([], []),
        ([0, None, 0], []),
        ([3, 3], [3]),
        ([1, 2, 0], [1, 2]),
        (range(1, 42), [2, 4, 9, 20, 41]),
        ([Decimal(150_000), Decimal(4_000_000_000)], [1_200_000, 8_800_000, 68_000_000, 520_000_000, 4_000_000_000]),
    ],
)
def test_shades_grow_by_equal_factors_to_the_most(values, bounds):
    assert shades(values) == bounds


def test_each_cell_lies_in_the_shade_that_the_legend_names(content):
    coverage = coverage_of()
    low = 0
    for step, bound in enumerate(coverage.bounds, 1):
        counts = {cell.count for row in coverage.cells for cell in row if cell.step == step}
        assert counts
        assert low < min(counts) <= max(counts) <= bound
        low = bound
    assert {cell.count for row in coverage.cells for cell in row if not cell.step} == {0}
    assert [words for _step, words in coverage.legend][-1].endswith(f"–{max(coverage.bounds)}")


def test_sentence_names_the_fullest_cell_and_counts_the_empty_ones(content):
    coverage = coverage_of()
    every = {
        (row.label, column.label): cell.count
        for row, cells, _total in coverage.table
        for column, cell in zip(coverage.columns, cells, strict=True)
    }
    [(row, column)] = [pair for pair, n in every.items() if n == max(every.values())]
    assert coverage.sentences == [
        f"The highest count in one cell is {max(every.values())} projects ({row} × {column}).",
        f"{list(every.values()).count(0)} of {len(every)} cells have no sourced project.",
    ]


def test_many_fullest_cells_are_counted_not_named(two_countries):
    make("one", countries=two_countries, areas=[Area.FORESTRY, Area.WASTE])
    assert coverage_of().sentences[0] == "The highest count in one cell is 1 project, in 4 cells."


# ── The file ─────────────────────────────────────────────────────────────────────────────────────────────────


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
    assert links == [f"/en/coverage/?rows=area&status=closed&format={form}" for form in ("csv", "xlsx", "json")]


def test_json_names_its_columns_by_keys_in_every_language(client, two_countries):
    make("one", countries=two_countries, areas=[Area.FORESTRY])
    told = json.loads(b"".join(client.get("/ko/coverage/?rows=area&columns=country&format=json").streaming_content))
    assert list(told["items"][0]) == ["key", "label", *(place.key for place in two_countries), "all"]


@pytest.mark.parametrize(("form", "status"), [("docx", 400), ("geojson", 406), ("ris", 406)])
def test_form_that_the_table_has_not_is_said_so(client, two_countries, form, status):
    response = client.get(f"/ru/coverage/?rows=area&format={form}")
    assert response.status_code == status
    assert page(response).xpath("//main//li/a/@href")[1:] == [
        f"/ru/coverage/?rows=area&format={one}" for one in ("csv", "xlsx", "json")
    ]


# ── What no reader may see ───────────────────────────────────────────────────────────────────────────────────


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


# ── Streams ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_project_is_one_wide_and_divided_equally(two_countries):
    make("both", countries=two_countries, areas=[Area.FORESTRY, Area.WASTE], level=Level.PROVINCIAL)
    make("one", countries=two_countries[:1], areas=[Area.FORESTRY], level=Level.NATIONAL)
    make("nowhere", areas=[Area.FORESTRY])
    streams = FlowDiagram(coverage_of())
    assert streams.widths[0] == {
        ("provincial", "forestry"): 0.5,
        ("provincial", "waste"): 0.5,
        ("national", "forestry"): 1.0,
    }
    assert streams.widths[1] == {
        ("forestry", "kz"): 1.25,
        ("forestry", "uz"): 0.25,
        ("waste", "kz"): 0.25,
        ("waste", "uz"): 0.25,
    }
    assert "1 project without a level, an area or a country of Central Asia is not drawn." in streams.notes


@pytest.mark.parametrize("query", ["", *list(FILTERED)[:3]])
def test_streams_lose_nothing_and_count_what_their_lists_show(content, listed, query):
    streams = FlowDiagram(coverage_of(query))
    for step in streams.widths:
        assert sum(step.values()) == pytest.approx(len(streams.drawn))
    for bands in streams.bands:
        for band in bands:
            assert 0 < band.width <= band.cell.count + 1e-9
            assert listed(band.cell.url) == band.cell.count
    for _size, picture in streams.pictures:
        for node in picture.nodes:
            assert listed(node.item.url) == int(node.item.count)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_in_the_streams_is_cut(content, language):
    with translation.override(language):
        for size, picture in FlowDiagram(coverage_of()).pictures:
            for node in picture.nodes:
                assert " ".join(words for words, _y in node.rows).strip() == node.item.name, size


def test_picture_table_and_file_of_streams_agree(content, client):
    tree = page(ask(client))
    titles = tree.xpath("//*[contains(@class, 'chart-wide')]//*[@class='ribbons']//title/text()")
    rows = [[words(cell) for cell in row] for row in tree.xpath("//section[@aria-labelledby='streams']//tbody/tr")]
    assert sorted(titles) == sorted(
        f"{source} → {target}: {n} project{'s' * (n != '1')}" for source, target, n, _width in rows
    )
    in_file = [[row[1], *row[3:5], float(row[5])] for row in file(client, "part=streams")[1:]]
    assert in_file == [[*row[:3], float(row[3])] for row in rows]


def test_page_without_streams_stands(client, two_countries):
    make("one", countries=two_countries)
    response = ask(client)
    assert page(response).find_class("sankey") == []
    assert file(client, "part=streams") == [["From (key)", "From year", "To (key)", "To year", "Projects", "Width"]]


# ── The page ─────────────────────────────────────────────────────────────────────────────────────────────────


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


def test_page_asks_the_same_of_the_database_whatever_the_axes_and_however_much_there_is(client):
    def asked():
        found = {}
        for rows, columns in PAIRS:
            settle()
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


@pytest.mark.django_db(transaction=True)
def test_sums_follow_what_changes():
    def sums(currency):
        coverage = coverage_of(f"measure=budget-{currency}")
        return coverage.total.known, coverage.total.amount

    first = make("first", budget="10.10", currency="USD")
    assert sums("USD") == (1, Decimal("10.10"))
    make("second", budget="90000000000000.05", currency="USD")
    assert sums("USD") == (2, Decimal("90000000000010.15"))
    Project.objects.filter(pk=first.pk).update(currency="EUR", budget=7)
    assert sums("EUR") == (1, Decimal(7))
    assert sums("USD") == (1, Decimal("90000000000000.05"))
    Project.objects.filter(pk=first.pk).update(currency="", budget=None)
    assert sums("EUR") == (0, None)
    Project.objects.get(key="second").delete()
    assert coverage_of("measure=budget-USD").choice.currency == ""


def test_project_that_budgets_do_not_know_yet_adds_nothing():
    budgets = Budgets(state=ContentState(1, 1, timezone.now()), hundredths=array("q", [0, 1050, 200]))
    assert budgets.sum(BitMap([1, 2])) == Decimal("12.50")
    assert budgets.sum(BitMap([1, 2, 3, 70_000])) == Decimal("12.50")


# ── Filters of the list that periods and kinds of organisations lead to ──────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("started_from=2012", {"y2012", "y2013"}),
        ("started_to=2012", {"y2011", "y2012"}),
        ("started_from=2012&started_to=2012", {"y2012"}),
        ("started_from=20", {"y2011", "y2012", "y2013", "never"}),
    ],
)
def test_list_can_be_asked_for_years_of_start(query, found):
    for key, start in (("y2011", "2011-12-31"), ("y2012", "2012-05"), ("y2013", "2013"), ("never", None)):
        make_project(key=key, start=start)
    filterset = ProjectFilter(QueryDict(query), queryset=Project.objects.published())
    assert {project.key for project in filterset.qs} == found


def test_list_keeps_years_of_start_in_its_form(client):
    make_project(start="2012-05")
    tree = page(client.get("/en/projects/?started_from=2012&started_to=2014"))
    assert tree.xpath("//form[@id='filters']//input[starts-with(@name, 'started')]/@value") == ["2012", "2014"]
    assert tree.xpath("//details[@open]//input[@name='started_from']")
