"""The coverage table: each cell equals the linked project list, for all axes, filters and measures."""

from decimal import Decimal

import pytest

from portal.core.choices import Area
from portal.views.coverage.table import shades
from projects.models import Project
from tests.portal.views.coverage.pages import FILTERED, PAIRS, ask, coverage_of, make, table
from tests.reading import count, page, said, words

pytestmark = pytest.mark.django_db


# ── A cell is what the list shows ───────────────────────────────────────────────────────────────────────────────


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


# ── Rows, columns, totals ───────────────────────────────────────────────────────────────────────────────────────


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


def test_nothing_found_is_said_with_a_way_out(client, two_countries):
    make("one", countries=two_countries)
    response = ask(client, "q=nowhere&rows=level")
    assert page(response).find_class("coverage-table") == []
    assert "Nothing here matches" in said(response, "empty")[0]
    assert page(response).xpath("//*[@class='empty']//a/@href") == ["/en/coverage/?rows=level&columns=country"]


# ── Shades, sentence ────────────────────────────────────────────────────────────────────────────────────────────


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
