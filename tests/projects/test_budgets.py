"""Sums of budgets as stated and in one currency, on the list of projects and in its files."""

import json
from decimal import Decimal

import pytest

from portal.facets.bitmaps import BitMap
from projects.budgets import convert, converted_budgets, sum_budgets
from projects.models import Project
from tests.make import make_project
from tests.portal.formats.files import content, table
from tests.reading import page, words

RATE = Decimal("1.3759") / Decimal("1470.08")  # US dollars for a won on 28 March 2014


@pytest.fixture
def projects(db):
    make_project(key="dollars", budget="2000000", currency="USD", start="2020-01-01")
    make_project(key="won", budget="1000000000", currency="KRW", start="2014-03-28")
    make_project(key="undated", budget="500000000", currency="KRW", start=None)
    make_project(key="tenge", budget="7", currency="KZT", start="2020-01-01")
    make_project(key="unknown", start="2014-03-28")
    make_project(key="draft", budget="9000000", currency="USD", start="2020-01-01", publication="draft")


def summed(currency="", **filters):
    return sum_budgets(BitMap(Project.objects.published().filter(**filters).values_list("pk", flat=True)), currency)


def test_sum_as_stated_stands_beside_how_many_are_known(projects):
    budgets = summed()
    assert budgets.stated == [
        ("USD", Decimal(2_000_000), 1),
        ("KRW", Decimal(1_500_000_000), 2),
        ("KZT", Decimal(7), 1),
    ]
    assert budgets.converted is None
    assert budgets.sentence.startswith("Budget known for 4 of 5: US$")


def test_converted_sum_leaves_out_what_has_no_rate(projects):
    found = summed("USD").converted
    assert (found.amount, found.count, found.left_out) == (round(2_000_000 + 1_000_000_000 * RATE, 2), 2, 2)
    assert [str(day) for day in found.rate_days] == ["2014-03-28", "2014-03-28"]
    assert found.sentence.endswith(
        "(2 of 4 known budgets). 2 budgets are left out, because there is no rate for the start of their projects."
    )


def test_budgets_that_are_stated_in_the_currency_need_no_rate(projects):
    found = summed("USD", key="dollars").converted
    assert (found.amount, found.count, found.rate_days, found.rates) == (Decimal(2_000_000), 1, None, "")


def test_sum_without_any_rate_is_not_zero_but_left_out(projects):
    assert summed("USD", key="tenge").converted.sentence == (
        "1 budget is left out, because there is no rate for the start of its project."
    )


def test_one_budget_has_the_same_amount_as_its_sum(projects):
    won = Project.objects.get(key="won")
    assert convert(won.budget, won.currency, won.start, "USD").amount == summed("USD", key="won").converted.amount
    assert convert(won.budget, won.currency, won.start, "KRW") is None


@pytest.mark.django_db(transaction=True)
def test_converted_budgets_follow_what_changes():
    project = make_project(budget="10", currency="EUR", start="2014-03-28")
    ids = BitMap([project.pk])
    assert converted_budgets("USD").sum(ids) == Decimal("13.76")
    Project.objects.filter(pk=project.pk).update(start="2014-12-31")
    assert converted_budgets("USD").sum(ids) == Decimal("12.14")
    other = make_project(budget="5", currency="USD")
    assert converted_budgets("USD").known == BitMap([project.pk, other.pk])
    Project.objects.filter(pk=project.pk).update(start=None)
    assert converted_budgets("USD").known == BitMap([other.pk])


# ── The list ─────────────────────────────────────────────────────────────────────────────────────────────────────


def budget_sum(response):
    [found] = page(response).find_class("budget-sum")
    return words(found).replace("\N{NO-BREAK SPACE}", " ")


def test_list_shows_amounts_as_stated_and_offers_currencies(client, projects):
    response = client.get("/en/projects/")
    assert "Budget known for 4 of 5:" in budget_sum(response)
    assert "Converted" not in budget_sum(response)
    links = page(response).xpath("//*[@class='budget-sum']//a/@href")
    assert links == ["/en/projects/", *(f"/en/projects/?currency={code}" for code in ("usd", "krw", "eur"))]


def test_list_in_one_currency_says_amount_day_and_source(client, projects):
    response = client.get("/en/projects/?currency=usd")
    text = budget_sum(response)
    assert text.index("KRW 1.5 billion") < text.index("Converted into USD: US$ 2.936 million")  # as stated comes first
    assert "(28 March 2014)" in text
    assert page(response).xpath("//*[@class='budget-sum']//a[starts-with(@href, 'https://www.ecb.europa.eu/')]")
    [row] = page(response).xpath("//tr[.//a[@href='/en/projects/won/']]/td[last()]")
    assert words(row).replace("\N{NO-BREAK SPACE}", " ") == (
        "KRW 1,000,000,000 about USD 935,900, rate of 28 March 2014"
    )


def test_filters_keep_the_currency(client, projects):
    tree = page(client.get("/en/projects/?currency=usd&started_from=2014"))
    assert tree.xpath("//form[@id='filters']//input[@name='currency']/@value") == ["usd"]
    assert tree.xpath("//p[@class='filters-buttons']/a/@href") == ["/en/projects/?currency=usd"]
    assert "/en/projects/?started_from=2014&currency=krw" in tree.xpath("//*[@class='budget-sum']//a/@href")
    assert tree.xpath("//*[@class='formats']//a[@type='text/csv']/@href") == [
        "/en/projects.csv?currency=usd&started_from=2014"
    ]


def test_currency_that_is_not_offered_is_a_message_and_no_file(client, projects):
    response = client.get("/en/projects/?currency=kzt")
    assert "Currency (ignored): “kzt” is not available." in words(page(response).find(".//main"))
    assert "Converted" not in budget_sum(response)
    refused = client.get("/en/projects/?currency=kzt&format=csv")
    assert (refused.status_code, refused.json()["detail"]) == (400, "“currency” is one of: usd, krw, eur.")


def test_list_in_one_currency_has_the_plain_list_as_canonical_url(client, projects):
    head = page(client.get("/en/projects/?currency=usd")).find("head")
    assert head.xpath("link[@rel='canonical']/@href") == ["http://testserver/en/projects/"]


# ── Files ────────────────────────────────────────────────────────────────────────────────────────────────────────

COLUMNS = ("budget", "currency", "converted_budget", "converted_currency", "rate", "rate_date")


def test_table_has_the_amount_as_stated_and_converted_with_rate_day_and_source(client, projects):
    rows = {row["key"]: row for row in table(client.get("/en/projects/?format=csv&currency=usd"))}
    assert {key: tuple(row[name] for name in COLUMNS) for key, row in rows.items()} == {
        "dollars": ("2000000", "USD", "2000000", "USD", "", ""),
        "won": ("1000000000", "KRW", "935935.46", "USD", "0.00093593546", "2014-03-28"),
        "undated": ("500000000", "KRW", "", "", "", ""),
        "tenge": ("7", "KZT", "", "", "", ""),
        "unknown": ("", "", "", "", "", ""),
    }
    assert rows["won"]["rate_source"] == "European Central Bank, euro foreign exchange reference rates"
    assert rows["dollars"]["rate_source"] == ""


def test_table_has_no_such_columns_unless_asked(client, projects):
    assert "converted_budget" not in table(client.get("/en/projects/?format=csv"))[0]
    assert 'rel="describedby"' not in client.get("/en/projects/?format=csv&currency=usd").headers["Link"]


def test_json_has_the_same(client, projects):
    items = {
        one["key"]: one for one in json.loads(content(client.get("/en/projects/?format=json&currency=usd")))["items"]
    }
    assert items["won"]["budget"] == {"amount": 1000000000, "currency": "KRW"}
    assert items["won"]["converted_budget"] == {
        "amount": 935935.46,
        "currency": "USD",
        "rate": {
            "value": 0.00093593546,
            "date": "2014-03-28",
            "source": "European Central Bank, euro foreign exchange reference rates",
        },
    }
    assert items["dollars"]["converted_budget"] == {"amount": 2000000, "currency": "USD", "rate": None}
    assert items["tenge"]["converted_budget"] is None


@pytest.mark.parametrize(("query", "is_said"), [("sort=-budget&currency=krw", True), ("sort=-budget", False)])
def test_list_says_that_it_is_not_sorted_by_the_converted_amounts(projects, client, query, is_said):
    said = words(page(client.get(f"/en/projects/?{query}")))
    assert ("Sorted by the currency and the amount that the source gives" in said) == is_said
