"""The cells of the coverage table and the rows of its flow diagram as HTML."""

from decimal import Decimal
from types import SimpleNamespace

from lxml.html import fragment_fromstring

from portal.views.coverage.cells import band_rows, cell_html, row_html
from portal.views.coverage.flows import Band
from portal.views.coverage.table import CoverageCell, Member

NASTY = "<script>alert(1)</script>"


def cells(html):
    """Return (class, text, URL of the link) of each cell."""
    row = fragment_fromstring(f"<tr>{html}</tr>", parser=None)
    return [(cell.get("class"), cell.text_content(), next(iter(cell.xpath(".//@href")), None)) for cell in row]


def test_number_of_projects_links_to_their_list():
    html = cell_html(CoverageCell(1200, "/en/projects/?country=uz&area=waste", step=3))
    assert cells(html) == [("coverage-class-3", "1,200", "/en/projects/?country=uz&area=waste")]


def test_gap_says_that_no_project_was_found():
    assert cells(cell_html(CoverageCell(0, "/en/projects/"))) == [("gap", "no sourced project0", None)]
    assert cells(cell_html(CoverageCell(0, "/en/projects/"), is_total=True))[0][0] == "gap total"


def test_budgets_of_a_currency_say_of_how_many_projects_they_are():
    cell = CoverageCell(3, "/x/", known=2, amount=Decimal("1500000"), step=1)
    assert cells(cell_html(cell, currency="USD")) == [("coverage-class-1", "1.52 of 3", "/x/")]


def test_cell_without_a_known_budget_says_so():
    cell = CoverageCell(3, "/x/")
    assert cells(cell_html(cell, currency="USD", no_amount=NASTY)) == [(None, f"–{NASTY}0 of 3", "/x/")]
    assert cells(cell_html(cell, currency="USD", no_amount=NASTY, is_total=True))[0][0] == "total"


def test_row_ends_with_its_total():
    found = cells(row_html([CoverageCell(1, "/x/", step=1)], CoverageCell(2, "/y/")))
    assert found == [("coverage-class-1", "1", "/x/"), ("total", "2", "/y/")]


def test_names_and_addresses_never_become_markup():
    member = Member("x", NASTY, {}, frozenset())
    html = band_rows([Band(member, member, SimpleNamespace(count=1, url='/x/"onclick='), 0.04)])
    assert "<script" not in html
    [row] = fragment_fromstring(f"<table>{html}</table>").iter("tr")
    assert [cell.text_content() for cell in row] == [NASTY, NASTY, "1", "0.1"]
    assert row.xpath(".//a/@href") == ['/x/"onclick=']
