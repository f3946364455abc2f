"""A search that names an indicator, a place and a year gets the stored value; every other search gets none."""

import pytest
from django.utils.translation import override

from issues.found_figure import find
from issues.models import Observation
from tests import reading
from tests.make import make_indicator, make_observation, make_place, make_source

LANGUAGES = ("en", "ko", "ru")

UNANSWERABLE = """
water | 물 | вода | Aral Sea | 아랄해 | Аральское море | Uzbekistan | 우즈베키스탄 | Узбекистан | drought | 가뭄
засуха | Gyeonggi Samarkand | 경기도 사마르칸트 | Кёнгидо Самарканд | KOICA
smart farm Uzbekistan | 스마트팜 우즈베키스탄
water stress Kazakhstan Uzbekistan | 물 스트레스 카자흐스탄 우즈베키스탄 | water stress Uzbekistan 2010 2020
water stress Mongolia | population of Samarkand in cars | 2020 | share | level | доля | why is the Aral Sea dry
forest restoration project Kazakhstan | 사막화 방지 사업 | desertification | the of in | percentage of people
""".replace("\n", "|")


def found(text):
    """Return (key of the indicator, key of the place, year, value) of the figure that is found, or None."""
    figure = find(text)
    if figure is None or figure.observation is None:
        return None
    one = figure.observation
    return figure.indicator.key, figure.place.key, one.year, one.value


class TestContent:
    @pytest.mark.any_database
    def test_questions_by_stored_names_get_their_figure_in_three_languages(self, content):
        shown = Observation.objects.published().select_related("indicator", "place")
        newest = {one.indicator_id: one for one in shown.order_by("year", "place__key")}
        questions, wrong = 0, []
        for one in newest.values():
            for language in LANGUAGES:
                with override(language):
                    text = f"{one.indicator.name} {one.place.name} {one.year}"
                questions += 1
                figure = find(text)
                if figure is None or (figure.indicator, figure.place, figure.observation.year) != (
                    one.indicator,
                    one.place,
                    one.year,
                ):
                    wrong.append(text)
        assert questions > 100
        assert len(wrong) <= questions * 0.02, wrong

    @pytest.mark.parametrize("text", [text.strip() for text in UNANSWERABLE.split("|") if text.strip()])
    def test_other_searches_get_no_figure(self, content, text):
        assert find(text) is None

    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("water stress uzbekistan", "water-stress"),
            ("우즈베키스탄의 물 스트레스", "water-stress"),
            ("водный стресс Узбекистан в 2019 году", "water-stress"),
            ("what is the population of Kyrgyzstan", "population"),
            ("выбросы CO2 Казахстан 2019 г.", "co2-emissions"),
            ("아랄해 수면적 2018년", "aral-sea-area"),
        ],
    )
    def test_word_forms_and_parts_of_a_name_are_enough(self, content, text, key):
        assert found(text)[0] == key


pytestmark = pytest.mark.django_db


@pytest.fixture
def stress():
    """Water stress of Uzbekistan in 2017 and 2021."""
    indicator = make_indicator(key="stress", name_en="Level of water stress", unit_symbol_en="%")
    uz = make_place(key="uz", name_en="Uzbekistan")
    for year, value in ((2017, "168.9"), (2021, "121.9")):
        make_observation(indicator=indicator, place=uz, year=year, value=value, source=indicator.source)
    make_observation(indicator=indicator, place=make_place(key="kz", name_en="Kazakhstan"), year=2020, value="32")
    return indicator


def box(client, query):
    return reading.said(client.get("/en/search/", {"q": query}), "found-figure")


def test_the_search_begins_with_the_figure_and_its_source(client, stress):
    [text] = box(client, "water stress Uzbekistan")
    assert text.startswith("Found figure 121.9% Level of water stress · Uzbekistan · 2021 Source:")
    assert text.endswith("From stored data, not generated.")
    [text] = box(client, "water stress Uzbekistan 2017")
    assert "168.9%" in text


def test_a_year_without_a_value_gets_the_nearest_years(client, stress):
    [text] = box(client, "water stress Uzbekistan 2019")
    assert "No such figure in the portal." in text
    assert "2017: 168.9% 2021: 121.9%" in text


def test_a_filter_or_a_further_page_has_no_figure(client, stress):
    assert box(client, "water stress Uzbekistan") != []
    response = client.get("/en/search/", {"q": "water stress Uzbekistan", "kind": "indicator"})
    assert reading.said(response, "found-figure") == []


def test_values_of_unpublished_sources_and_places_are_not_found(client, stress):
    hidden = make_source(publication="draft")
    make_observation(indicator=stress, place=make_place(key="tj", name_en="Tajikistan"), source=hidden, year=2020)
    assert box(client, "water stress Tajikistan") == []


def test_an_indicator_of_one_place_needs_no_place(stress):
    level = make_indicator(key="level", name_en="Level of the Caspian Sea")
    make_observation(indicator=level, place=make_place(key="sea", name_en="Caspian Sea"), year=2022, value="-28")
    assert found("level of the Caspian Sea")[:3] == ("level", "sea", 2022)
    assert find("level of water stress") is None, "it has several places"
