"""Maps shaded by an indicator: years, classes, legend and sources."""

import pytest
from django.test import RequestFactory

from issues.charts import best_year, common_years, legend, value_map
from tests import reading
from tests.make import make_indicator, make_observation, make_source
from tests.maps import FIVE, drawn, of_class

pytestmark = pytest.mark.django_db


def rows(element):
    """Return the words of each cell of each row of a table's body."""
    return [" | ".join(reading.words(cell) for cell in row) for row in element.xpath(".//tbody/tr")]


@pytest.fixture
def indicator(five):
    """Make values of 2019 and 2020 for three countries, of 2021 for one; a zero among them."""
    indicator = make_indicator(key="stress", name_en="Water stress", unit_symbol_en="%")
    for key, values in {
        "uz": {2019: 80, 2020: 100, 2021: 120},
        "kz": {2019: 30, 2020: 34.5},
        "tj": {2019: 61, 2020: 0},
    }.items():
        for year, value in values.items():
            make_observation(indicator=indicator, place=five[key], year=year, value=value, source=indicator.source)
    return indicator


def choropleth(indicator, year=None, query=""):
    request = RequestFactory().get(f"/en/indicators/stress/{query}")
    return drawn("{% choropleth values %}", values=value_map(indicator, year), request=request)


def tones(found):
    """Return the class of each country's shape by the country's name."""
    return {
        link.find("title").text.partition(":")[0]: link.find("path").get("class").split()[-1]
        for link in found.xpath(".//*[@class='map-country']")
    }


def test_shaded_map_shows_the_latest_year_that_the_countries_share(indicator):
    found = choropleth(indicator)
    assert tones(found) == {
        "Kazakhstan": "map-class-1",
        "Kyrgyzstan": "map-class-none",
        "Tajikistan": "map-class-zero",
        "Turkmenistan": "map-class-none",
        "Uzbekistan": "map-class-5",
    }
    assert rows(found) == [
        "Kazakhstan | 34.5 2020",
        "Kyrgyzstan | no data for 2020",
        "Tajikistan | 0 2020",
        "Turkmenistan | no data for 2020",
        "Uzbekistan | 100 2020",
    ]
    assert "Source of all values: The Future Aral Sea" in reading.words(found)
    assert [reading.words(item) for item in found.xpath(".//ul[@class='map-legend']/li")] == [
        "zero",
        "30 to under 45",
        "45 to under 60",
        "60 to under 75",
        "75 to under 90",
        "90 to 105",
        "no data",
    ]


def test_missing_and_zero_look_different_and_say_so(indicator):
    found = choropleth(indicator)
    titles = [title.text for title in found.xpath(".//*[@class='map-country']/title")]
    assert "Kyrgyzstan: no data" in titles
    assert "Tajikistan: 0" in titles
    [hatched] = {path.get("fill") for path in of_class(found, "map-class-none") if path.tag == "path"}
    assert hatched == "url(#map-hatch)"
    assert found.xpath(".//pattern/@id") == ["map-hatch"]


def test_shaded_map_says_what_it_shows(indicator):
    [sentence] = of_class(choropleth(indicator), "figure-sentence")
    assert reading.words(sentence) == (
        "Highest in 2020, of the 3 places with comparable data: Uzbekistan (100%). Lowest: Tajikistan (0%)."
    )


def test_values_that_are_all_alike_are_said_in_one(five):
    indicator = make_indicator(unit_symbol_en="%")
    for key in ("uz", "kz", "tj"):
        make_observation(indicator=indicator, place=five[key], value=10, source=indicator.source)
    [sentence] = of_class(choropleth(indicator), "figure-sentence")
    assert reading.words(sentence) == "In 2020, the value was 10% in all 3 places with comparable data."


def test_values_of_different_authors_are_not_compared(five):
    indicator = make_indicator(unit_symbol_en="%")
    for key, value in (("uz", 10), ("kz", 20), ("tj", 30)):
        make_observation(indicator=indicator, place=five[key], value=value, source=make_source(author=key))
    found = choropleth(indicator)
    assert len(rows(found)) == 5
    assert of_class(found, "figure-sentence") == []


def test_reader_chooses_a_year(indicator):
    found = choropleth(indicator, "2019", "?year=2019&place=uz")
    assert tones(found)["Tajikistan"].startswith("map-class-")
    assert "Tajikistan | 61 2019" in rows(found)
    assert found.xpath(".//select[@name='year']/option/text()") == ["2020", "2019"]
    assert found.xpath(".//option[@selected]/text()") == ["2019"]
    assert [(i.get("name"), i.get("value")) for i in found.xpath(".//input[@type='hidden']")] == [("place", "uz")]


@pytest.mark.parametrize("asked", ["2021", "1850", "soon", "20200", "²⁰²⁰"])
def test_a_year_without_a_map_is_a_message(indicator, asked):
    found = choropleth(indicator, asked)
    [problem] = of_class(found, "problems")
    assert reading.words(problem) == f"There is no map for the year “{asked}”: this one shows 2020."


def test_indicator_of_two_countries_has_no_map(five):
    indicator = make_indicator()
    for key in ("uz", "kz"):
        make_observation(indicator=indicator, place=five[key])
    assert not choropleth(indicator).xpath(".//svg")


def test_sources_that_disagree_all_stand_and_the_main_one_shades(five):
    indicator = make_indicator()
    for key in ("uz", "kz", "tj"):
        make_observation(indicator=indicator, place=five[key], value=10, source=indicator.source)
    other = make_source(publisher="Another")
    make_observation(indicator=indicator, place=five["uz"], value=99, source=other)
    found = choropleth(indicator)
    assert rows(found)[-2:] == [
        "Uzbekistan | 10 2020 | Environmental Earth Sciences",
        "Uzbekistan | 99 2020 | Another",
    ]
    assert "the map follows the indicator’s main source" in reading.words(found)
    assert tones(found)["Uzbekistan"] == tones(found)["Kazakhstan"]


@pytest.mark.any_database
@pytest.mark.parametrize("years", [1, 20])
def test_shaded_map_asks_the_same_of_the_database_for_one_year_as_for_twenty(five, years, django_assert_num_queries):
    indicator = make_indicator()
    for key in FIVE:
        for year in range(2000, 2000 + years):
            make_observation(indicator=indicator, place=five[key], year=year, source=indicator.source)
    with django_assert_num_queries(2):  # the countries, the values with their sources
        choropleth(indicator)


def test_every_indicator_with_values_for_three_countries_has_a_map(content, client):
    found = reading.page(client.get("/ru/indicators/water-stress/?view=map&year=2017"))
    assert len(of_class(found, "map-shape")) >= 10  # five countries, and the legend
    assert "168,9" in reading.words(found)


def test_common_years_and_the_best_of_them():
    years = {"uz": {1993, 2000, 2020}, "kz": {1993, 2000}, "tj": {1993, 2020}, "kg": {1993, 2020}}
    assert common_years(years) == [2020, 1993]
    assert best_year(years, [2020, 1993]) == 2020
    assert best_year(years, [2020, 1993], patience=40) == 1993


def test_legend_names_zero_and_no_data_only_where_they_are():
    words = [one.words for one in legend([0, 10, 20], {"map-class-1", "map-class-2"})]
    assert words == ["0 to under 10", "10 to 20"]
