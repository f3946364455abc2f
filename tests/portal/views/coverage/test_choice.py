"""The axes and the measure that the query of a coverage table chooses."""

import pytest

from portal.core.choices import Area
from tests.portal.views.coverage.pages import ask, coverage_of, make
from tests.reading import chips, page, problems

pytestmark = pytest.mark.django_db


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
            ["Rows and columns were both set to “Lead (Korean side)”. Columns now show “Country”."],
        ),
        (
            "rows=country&columns=country",
            "country",
            "area",
            ["Rows and columns were both set to “Country”. Columns now show “Area of cooperation”."],
        ),
        ("rows=weather", "area", "country", ["Rows (ignored): “weather” is not available."]),
        ("columns=nothing&rows=period", "period", "country", ["Columns (ignored): “nothing” is not available."]),
        ("measure=budget-EUR", "area", "country", ["Cell value (ignored): “budget-EUR” is not available."]),
        ("only=all", "area", "country", ["Only gaps (ignored): “all” is not available."]),
        ("column=xx", "area", "country", ["Column (ignored): “xx” is not available."]),
        ("column=forestry", "area", "country", []),
        ("country=xx&rows=level", "level", "country", ["Country: “xx” was not found and was ignored."]),
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
