"""The rows and orders of the lists of issues, indicators and terms."""

import pytest
from django.utils import translation

from issues.models import Indicator, Issue, Term
from issues.tables import IndicatorTable, IssueTable, TermTable
from tests import reading
from tests.make import make_indicator, make_issue, make_observation, make_place, make_term

pytestmark = pytest.mark.django_db


def test_indicator_row_tells_its_years_and_places(client):
    indicator = make_indicator()
    aral, balkhash = make_place(), make_place()
    for place, year in ((aral, 1960), (aral, 2018), (balkhash, 1990)):
        make_observation(indicator=indicator, place=place, year=year)
    assert Indicator.objects.count() == 1
    assert reading.table_rows(client.get("/en/indicators/")) == [
        {
            "Indicator": "Area of the Aral Sea",
            "Unit": "square kilometres",
            "From year": "1960",
            "To year": "2018",
            "Places": "2",
            "Licence": "CC BY 4.0",
        }
    ]


def keys(table_class, records, order=None):
    return [record.key for record in table_class(records, order_by=order).data.data]


def test_indicator_row_marks_english_that_stands_in(client):
    make_indicator(name_ko="면적", unit_ko="제곱킬로미터")
    page = reading.page(client.get("/ko/indicators/"))
    cells = page.xpath("//table[contains(@class, 'records')]/tbody/tr/td")
    languages = {reading.words(cell): cell.xpath(".//@lang") for cell in cells}
    assert (languages["면적"], languages["제곱킬로미터"], languages["CC BY 4.0"]) == ([], [], ["en"])


def test_indicators_are_sorted_by_name_for_the_reader_and_by_their_years():
    for key, name_en, name_ko, years in (
        ("a", "Water stress", "가뭄", (1990, 2000)),
        ("b", "Area", "호수", (1960, 2020)),
        ("c", "Cotton", "", ()),
    ):
        indicator = make_indicator(key=key, name_en=name_en, name_ko=name_ko)
        for year in years:
            make_observation(indicator=indicator, place=make_place(), year=year)

    def sorted_by(order):
        return keys(IndicatorTable, Indicator.objects.for_list(), order)

    assert (sorted_by("name"), sorted_by("-name")) == (["b", "c", "a"], ["a", "c", "b"])
    assert (sorted_by("first_year"), sorted_by("-last_year")) == (["b", "a", "c"], ["b", "a", "c"])
    with translation.override("ko"):
        assert sorted_by("name") == ["c", "a", "b"]  # Latin letters sort before Korean ones


def test_issues_stay_in_the_order_of_the_editors():
    make_issue(key="z", position=1), make_issue(key="a", position=2)
    assert keys(IssueTable, Issue.objects.all(), "-name") == ["z", "a"]


def test_terms_are_sorted_by_their_word():
    make_term(key="a", term_en="Tugai"), make_term(key="b", term_en="Saxaul")
    assert keys(TermTable, Term.objects.all(), "term") == ["b", "a"]
    assert keys(TermTable, Term.objects.all(), "-term") == ["a", "b"]
