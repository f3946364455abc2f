"""Budgets in the coverage table: sums in one currency, and how many are known."""

from array import array
from decimal import Decimal

import pytest
from django.utils import timezone

from portal.core.choices import Area
from portal.facets.bitmaps import BitMap
from portal.tracking.content_version import ContentState
from portal.views.coverage.table import in_millions
from projects.budgets import Budgets
from projects.models import Project
from tests.portal.formats.files import table
from tests.portal.views.coverage.pages import ask, coverage_of, make
from tests.reading import page, said, words

pytestmark = pytest.mark.django_db


# ── Budgets ─────────────────────────────────────────────────────────────────────────────────────────────────────


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
        "4 projects: 2 with a known budget in USD, 1 in another currency (not converted), 1 without a known budget."
    )
    [found] = page(response).find_class("coverage-table")
    forestry, waste = ([words(cell) for cell in row] for row in list(found.iter("tr"))[1:3])
    assert forestry == ["Forestry", "3.52 of 4", "2.51 of 1", "3.52 of 4"]
    assert waste[:2] == ["Waste", "–no known budget0 of 1"]
    assert found.xpath("(.//data)[1]/@value") == ["3500000.50"]


def test_only_currencies_that_occur_can_be_chosen(client, budgets):
    options = page(ask(client)).xpath("//select[@name='measure']/option/@value")
    converted = ["converted-USD", "converted-KRW", "converted-EUR"]
    assert options == ["projects", "budget-USD", "budget-KRW", *converted]


def test_converted_budgets_are_added_with_their_rates_and_source(client, budgets):
    Project.objects.filter(key="won").update(start="2014-03-28")
    coverage = coverage_of("measure=converted-USD")
    [[_row, cells, total]] = [line for line in coverage.table if line[0].key == Area.FORESTRY]
    won = round(Decimal(900_000_000) * Decimal("1.3759") / Decimal("1470.08"), 2)
    assert [(cell.amount, cell.known, cell.count) for cell in [*cells, total]] == [
        (Decimal("3500000.50") + won, 3, 4),
        (Decimal("2500000.50"), 1, 1),
        (Decimal("3500000.50") + won, 3, 4),
    ]
    response = ask(client, "measure=converted-USD")
    [sentence] = [one for one in said(response, "figure-sentence") if "Converted" in one]
    assert sentence.startswith("Budget known for 3 of 4: US$ 3.5 million and KRW 900 million. Converted into USD:")
    assert "(28 March 2014)" in sentence
    assert page(response).xpath("//p[@class='figure-sentence']/a[starts-with(@href, 'https://www.ecb.europa.eu/')]")


def test_file_of_converted_budgets_has_the_days_and_the_source_of_the_rates(client, budgets):
    Project.objects.filter(key="won").update(start="2014-03-28")
    rows = table(ask(client, "measure=converted-USD&format=csv"))
    days = {row["Area of cooperation"]: row["first day of the exchange rates"] for row in rows}
    assert {area: day for area, day in days.items() if day} == {"Forestry": "2014-03-28", "All": "2014-03-28"}
    assert rows[0]["source of the exchange rates"].startswith("European Central Bank")


def test_budget_without_a_rate_is_left_out_and_counted(client, budgets):
    response = ask(client, "measure=converted-EUR")  # no project has a known start
    sentence = said(response, "figure-sentence")[1]
    assert sentence.endswith("3 budgets are left out, because there is no rate for the start of their projects.")
    [found] = page(response).find_class("coverage-table")
    assert words(list(found.iter("tr"))[1][1]) == "–no budget with a rate0 of 4"


@pytest.mark.parametrize(
    ("amount", "text"),
    [("150000", "0.15"), ("1243146", "1.24"), ("62150000", "62.2"), ("737400000", "737"), ("0", "0"), (None, "")],
)
def test_amounts_are_in_millions_to_three_digits(amount, text):
    assert in_millions(amount and Decimal(amount)) == text


# ── The page ────────────────────────────────────────────────────────────────────────────────────────────────────


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
