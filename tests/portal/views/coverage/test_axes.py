"""The rows and columns of the coverage table."""

import pytest

from portal.core.choices import Area
from portal.models import Place
from tests.make import make_country, make_issue
from tests.portal.views.coverage.pages import ask, coverage_of, make, table
from tests.reading import chips, page, words

pytestmark = pytest.mark.django_db


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
