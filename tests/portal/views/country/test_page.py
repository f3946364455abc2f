"""The page of a country: what Korea does there, in numbers that equal the lists, and what was not found."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from issues.models import PageIndicator
from portal.models import Place
from tests import reading
from tests.conftest import empty_caches
from tests.counting import settle
from tests.make import (
    make_agreement,
    make_area,
    make_country,
    make_indicator,
    make_issue,
    make_issue_in_country,
    make_observation,
    make_organisation,
    make_page_indicator,
    make_participation,
    make_party,
    make_place,
    make_project,
    make_result,
)

pytestmark = pytest.mark.django_db


def make_cooperation(uz, number):
    """Make three projects of a body of Gyeonggi in Uzbekistan, its agreement there, and a project elsewhere."""
    seat = Place.objects.filter(key="gyeonggi").first() or make_place(key="gyeonggi", name_en="Gyeonggi")
    korea = Place.objects.filter(key="kr").first() or make_country(key="kr", group="korea")
    body = make_organisation(kind="local-government", country=korea, seat=seat)
    partner = make_organisation(country=uz)
    for status, as_of, level in (
        ("implementation", timezone.localdate().isoformat(), "national"),
        ("implementation", "2001", "provincial"),
        ("closed", None, "provincial"),
    ):
        project = make_project(
            status=status, status_as_of=as_of, level=level, start="2019", budget="5", currency="USD", end=None
        )
        project.countries.add(uz)
        make_area(project, "forestry")
        make_participation(project=project, organisation=body)
    make_result(kind="result", project=project, text_en=f"Trees {number}.")
    agreement = make_agreement()
    for organisation in (body, partner):
        make_party(agreement=agreement, organisation=organisation)
    make_project().countries.add(make_country())


@pytest.fixture
def uz():
    return make_country(key="uz", name_en="Uzbekistan")


def links_with_numbers(response):
    """Return pairs of a list and the number that the page shows for it."""
    part = reading.page(response).xpath("//section[@aria-labelledby='projects']")[0]
    rows = part.xpath(".//ul[@class='bar-rows']/li")
    return [(row.xpath("a/@href")[0], int(reading.words(row.xpath("span")[0]))) for row in rows]


def test_numbers_of_the_page_are_those_of_the_lists(client, uz):
    make_cooperation(uz, 0)
    response = client.get("/en/countries/uz/")
    rows = links_with_numbers(response)
    assert {count for _url, count in rows} == {1, 2, 3}
    assert [(url, client.get(url).context["count"]) for url, _count in rows] == rows
    said = reading.words(reading.page(response).xpath("//section[@aria-labelledby='projects']")[0])
    assert "Gyeonggi here 3 projects of Gyeonggi · 1 tie of the province and its cities" in said
    assert "Known budgets USD 15 3 of 3 projects" in said.replace("\xa0", " ")
    assert client.get("/en/projects/?country=uz&gyeonggi=1").context["count"] == 3
    assert client.get("/en/gyeonggi/ties/?country=uz").context["count"] == 1
    assert "Trees 0." in said


def test_projects_under_way_come_first(client, uz):
    make_project(title_en="New plan", status="pipeline", start="2030").countries.add(uz)
    make_project(
        title_en="Under way", status="implementation", status_as_of=timezone.localdate().isoformat(), start="2001"
    ).countries.add(uz)
    titles = reading.page(client.get("/en/countries/uz/")).xpath("//p[@class='entry-title']/a/text()")
    assert titles == ["Under way", "New plan"]


def test_overview_states_stored_values_and_the_number_of_the_list(client, uz):
    for key, symbol, value in (("population", "people", 35), ("gdp-per-capita", "US$", 3890)):
        indicator = make_indicator(key=key, unit_symbol_en=symbol)
        make_page_indicator(indicator=indicator, page=PageIndicator.Page.FIGURES)
        make_observation(indicator=indicator, place=uz, year=2023, value=value)
    make_cooperation(uz, 0)
    [overview] = reading.said(client.get("/en/countries/uz/"), "overview")
    assert overview.replace("\xa0", " ") == (
        "The population was 35 people in 2023; GDP per person was US$ 3,890 in 2023. "
        "Korea’s cooperation here since 2019 counts 3 projects (known to be under way today: 1); "
        "the most frequent area is Forestry (3)."
    )


def test_key_figures_are_those_that_editors_chose_in_their_order(client, uz):
    for position, (key, page) in enumerate((("b", "figures"), ("a", "figures"), ("c", "country")), 1):
        make_page_indicator(indicator=make_indicator(key=key, name_en=key), page=page, position=position)
    make_observation(indicator=make_page_indicator(page="figures", position=0).indicator, place=uz)
    names = reading.said(client.get("/en/countries/uz/"), "key-figure-name")
    assert names[1:] == ["b", "a"]
    assert reading.said(client.get("/en/countries/uz/"), "key-figure")[1:] == ["b Not known", "a Not known"]


def test_page_says_calmly_what_was_not_found(client, uz):
    response = client.get("/en/countries/uz/")
    said = reading.words(reading.page(response).xpath("//article")[0])
    assert "No project or agreement of Korea here was found." in said
    assert "No sourced project of Korea here is in the portal. What is not shown may exist all the same." in said
    assert "The portal describes no issue of this country yet." in said
    make_project().countries.add(uz)
    said = reading.words(reading.page(client.get("/en/countries/uz/")).xpath("//article")[0])
    for words in (
        "No sourced project of Gyeonggi was found. · no sourced tie",
        "No source that was read reports results.",
        "No source that was read states a budget.",
    ):
        assert words in said


def test_issues_beyond_the_first_are_folded(client, uz):
    for number in range(8):
        make_issue_in_country(issue=make_issue(position=number, name_en=f"Issue {number}"), country=uz)
    part = reading.page(client.get("/en/countries/uz/")).xpath("//section[@aria-labelledby='issues']")[0]
    assert len(part.xpath("dl/div")) == 5
    assert reading.words(part.xpath("details/summary")[0]) == "3 more issues"
    assert len(part.xpath("details/dl/div")) == 3


def test_country_outside_the_portal_has_its_records_only(client):
    make_organisation(name_en="A bank", country=make_country(key="ch", group=""))
    page = reading.page(client.get("/en/countries/ch/"))
    assert not page.xpath("//section[@aria-labelledby='projects']")
    assert reading.words(page.xpath("//details[@open]//li")[0]) == "A bank 0"


@pytest.mark.any_database
def test_page_asks_the_same_of_the_database_for_one_as_for_three(client, uz):
    counts = []
    make_cooperation(uz, 0)
    client.get("/en/about/")
    for more in ((), (1, 2)):
        for number in more:
            make_cooperation(uz, number)
        settle()
        empty_caches()
        with CaptureQueriesContext(connection) as asked:
            client.get("/en/countries/uz/")
        counts.append(len(asked))
    assert counts[0] == counts[1]
