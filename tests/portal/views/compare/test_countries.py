"""The rows of a comparison of countries."""

import pytest

from issues.models import Indicator, PageIndicator
from portal.core.choices import Area
from portal.models import Place
from tests.make import (
    make_area,
    make_country,
    make_indicator,
    make_issue,
    make_issue_in_country,
    make_observation,
    make_organisation,
    make_page_indicator,
    make_project,
    make_source,
)
from tests.portal.views.compare.pages import ask, heads, notes, row, rows, three_countries
from tests.reading import count, page, words

pytestmark = pytest.mark.django_db


def test_a_value_stands_with_its_year_and_its_source(client):
    uz, kz, tm = three_countries()
    stress = make_indicator(name_en="Water stress", unit_en="percentage", key="water-stress")
    first, second = make_source(title="FAO 2021"), make_source(title="World Bank 2023")
    make_observation(indicator=stress, place=uz, year=2018, value="99", source=first)
    make_observation(indicator=stress, place=uz, year=2020, value="135.200000", source=first)
    make_observation(indicator=stress, place=kz, year=2020, value="0", source=second)

    response = ask(client, "country", uz, kz, tm)

    assert heads(response) == ["Uzbekistan", "Kazakhstan", "Turkmenistan"]
    assert row(response, "Water stress") == ["135.2 20201", "0 20202", "no data"]
    assert [words(cell.find_class("notes")[0]) for cell in rows(response)["Water stress"][:2]] == ["1", "2"]
    assert "FAO 2021" in notes(response)["1"]
    assert "World Bank 2023" in notes(response)["2"]
    head = page(response).xpath("//tr[th/a[text()='Water stress']]/th")[0]
    assert words(head) == "Water stress percentage Different"
    assert head.xpath("a/@href") == ["/en/indicators/water-stress/?place=uz&place=kz&place=tm"]


def test_years_that_differ_are_marked_with_the_last_that_all_have(client):
    uz, kz, tm = three_countries()
    stress, use = make_indicator(name_en="Water stress"), make_indicator(name_en="Water use")
    source = make_source()
    for place, years in ((uz, (2018, 2019)), (kz, (2018, 2021))):
        for year in years:
            make_observation(indicator=stress, place=place, year=year, source=source)
    make_observation(indicator=use, place=uz, year=2018, source=source)
    make_observation(indicator=use, place=kz, year=2021, source=source)

    response = ask(client, "country", uz, kz, tm)

    said = [words(mark) for mark in page(response).find_class("compare-caution")]
    assert said == [
        "The years differ. 2018 is the last with values for all.",
        "The years differ, and no year has values for all.",
    ]


def test_two_sources_of_one_year_both_stand(client):
    uz, kz, _tm = three_countries()
    area = make_indicator(name_en="Area")
    make_observation(indicator=area, place=uz, value="8", source=make_source(key="a"))
    make_observation(indicator=area, place=uz, value="10", source=make_source(key="b"))

    assert row(ask(client, "country", uz, kz), "Area") == ["8 20201 | 10 20202", "no data"]


def test_an_indicator_without_a_value_for_them_has_no_row(client):
    uz, kz, tm = three_countries()
    make_observation(indicator=make_indicator(name_en="Camels"), place=tm)
    make_observation(indicator=make_indicator(name_en="Yaks"), place=uz)

    labels = rows(ask(client, "country", uz, kz))

    assert "Yaks" in labels
    assert "Camels" not in labels


def test_bars_are_sizes_against_the_largest_and_none_is_below_zero(client):
    uz, kz, tm = three_countries()
    rain, warmth = make_indicator(name_en="Rain"), make_indicator(name_en="Warmth")
    for place, mm, degrees in ((uz, "50", "-1"), (kz, "200", "1"), (tm, "0", "2")):
        make_observation(indicator=rain, place=place, value=mm)
        make_observation(indicator=warmth, place=place, value=degrees)

    found = rows(ask(client, "country", uz, kz, tm))

    assert [cell.xpath(".//rect/@width") for cell in found["Rain"]] == [["25"], ["100"], ["0"]]
    assert [cell.xpath(".//rect") for cell in found["Warmth"]] == [[], [], []]


def test_figures_that_editors_chose_come_first_and_the_others_are_folded(client):
    uz, kz, _tm = three_countries()
    for number in range(12):
        indicator = make_indicator(name_en=f"Figure {number}", position=number)
        for place in (uz, kz):
            make_observation(indicator=indicator, place=place, value=number)
    PageIndicator.objects.create(page=PageIndicator.Page.COMPARISON, indicator=indicator)

    section = page(ask(client, "country", uz, kz)).xpath("//section[@aria-labelledby='values']")[0]

    shown = [words(label) for label in section.xpath("table/tbody/tr/th/a")]
    folded = [words(label) for label in section.xpath("details/table/tbody/tr/th/a")]
    assert shown == ["Figure 11", *(f"Figure {number}" for number in range(9))]
    assert folded == ["Figure 9", "Figure 10"]
    assert words(section.xpath("details/summary")[0]) == "2 more rows"


def test_counts_and_areas_lead_to_lists_of_just_as_many(client, content):
    response = ask(client, "country", "uz", "tm")

    counted = [
        (words(anchor), anchor.get("href"))
        for section in ("counts", "areas")
        for anchor in page(response).xpath(f"//section[@aria-labelledby='{section}']//td//a")
    ]

    assert len(counted) > 12
    for number_here, href in counted:
        assert int(count(client.get(href)).split()[0].replace(",", "")) == int(number_here), href


def test_korea_is_not_counted_where_only_central_asia_is(client):
    uz, _kz, _tm = three_countries()
    korea = make_country(key="kr", name_en="Republic of Korea", group=Place.Group.KOREA)
    project = make_project()
    project.countries.add(uz)
    make_area(project, Area.FORESTRY)
    make_organisation(country=korea)

    response = ask(client, "country", uz, korea)

    assert row(response, "Projects") == ["1", "not counted"]
    assert row(response, "Organisations") == ["0", "1"]
    assert row(response, "Forestry") == ["1", "not counted"]


def test_issues_stand_with_what_they_mean_in_each_country(client):
    uz, kz, _tm = three_countries()
    issue = make_issue(name_en="Soil salinization")
    make_issue_in_country(issue=issue, country=uz, note_en="Half of the fields are salty.")

    assert row(ask(client, "country", uz, kz), "Soil salinization") == [
        "Half of the fields are salty.",
        "not listed there",
    ]


def test_charts_compare_the_countries_where_two_have_several_years(client):
    uz, kz, _tm = three_countries()
    source = make_source()
    for key, places in {"co2": (uz, kz), "water-stress": (uz, kz), "lonely": (uz,)}.items():
        indicator = make_indicator(key=key)
        for place in places:
            for year in (2018, 2019, 2020):
                make_observation(indicator=indicator, place=place, year=year, source=source)
    make_observation(indicator=make_indicator(key="short"), place=uz)
    for key in ("lonely", "water-stress"):
        make_page_indicator(page=PageIndicator.Page.COMPARISON, indicator=Indicator.objects.get(key=key))
    make_page_indicator(page=PageIndicator.Page.COUNTRY, indicator=Indicator.objects.get(key="co2"))

    response = ask(client, "country", uz, kz)

    assert page(response).xpath("//figure/@id") == ["chart-water-stress", "chart-co2"]
    assert page(response).xpath("//figure[1]//a[text()='CSV']/@href") == [
        "/en/indicators/water-stress.csv?place=uz&place=kz"
    ]
    assert "charts.css" in response.content.decode()


def test_there_are_four_charts_at_most(client, content):
    response = ask(client, "country", "uz", "kz", "kr")
    assert len(page(response).xpath("//figure")) == 4
    assert {words(label) for label in page(response).xpath("//figure[1]//table/thead//th")} >= {
        "Uzbekistan",
        "Kazakhstan",
        "Republic of Korea",
    }
