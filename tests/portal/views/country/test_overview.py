"""The sentences that sum up a country, from plain values, in three languages."""

import pytest
from django.utils import translation

from portal.views.country.overview import YearlyValue, people_and_income, water_and_climate, what_korea_does

PEOPLE, INCOME = YearlyValue("7 people", 2023), YearlyValue("US$ 9", 2024)
STRESS, SHARE = YearlyValue("135%", 2022), YearlyValue("92%", 2021)
WARMER, COOLER = YearlyValue("2 °C", 2025), YearlyValue("0.5 °C", 2025, is_negative=True)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The population was 7 people in 2023; GDP per person was US$ 9 in 2024."),
        ("ko", "인구는 2023년 7 people, 1인당 국내총생산은 2024년 US$ 9입니다."),
        ("ru", "Население в 2023 г.: 7 people; ВВП на душу населения в 2024 г.: US$ 9."),
    ],
)
def test_people_and_income(language, sentence):
    with translation.override(language):
        assert people_and_income(PEOPLE, INCOME) == sentence


def test_sentence_on_people_or_income_states_what_is_known():
    with translation.override("en"):
        assert people_and_income(PEOPLE, None) == "The population was 7 people in 2023."
        assert people_and_income(None, INCOME) == "GDP per person was US$ 9 in 2024."
        assert people_and_income(None, None) == ""


@pytest.mark.parametrize(
    ("language", "anomaly", "sentence"),
    [
        (
            "en",
            WARMER,
            "Water stress was 135% in 2022, agriculture took 92% of the water withdrawn in 2021, and 2025 was 2 °C "
            "warmer than the average of 1991–2020.",
        ),
        (
            "en",
            COOLER,
            "Water stress was 135% in 2022, agriculture took 92% of the water withdrawn in 2021, and 2025 was 0.5 °C "
            "cooler than the average of 1991–2020.",
        ),
        (
            "ko",
            COOLER,
            "물 스트레스 수준은 2022년 135%, 취수량 가운데 농업 비중은 2021년 92%이고, 2025년 평균 기온은 "
            "1991~2020년 평균보다 0.5 °C 낮았습니다.",
        ),
        (
            "ru",
            WARMER,
            "Водный стресс в 2022 г. составил 135%, доля сельского хозяйства в водозаборе в 2021 г. — 92%, а 2025 г. "
            "был на 2 °C теплее среднего за 1991–2020 гг.",
        ),
    ],
)
def test_water_and_climate(language, anomaly, sentence):
    with translation.override(language):
        assert water_and_climate(STRESS, SHARE, anomaly) == sentence


def test_sentences_on_water_and_climate_state_what_is_known():
    with translation.override("en"):
        assert water_and_climate(STRESS, None, COOLER) == (
            "Water stress was 135% in 2022. The year 2025 was 0.5 °C cooler than the average of 1991–2020."
        )
        assert water_and_climate(None, SHARE, None) == "Agriculture took 92% of the water withdrawn in 2021."
        assert water_and_climate(None, None, None) == ""


@pytest.mark.parametrize(
    ("language", "projects", "sentence"),
    [
        (
            "en",
            90,
            "Korea’s cooperation here since 2003 counts 90 projects (known to be under way today: 12); the "
            "most frequent area is Water (40).",
        ),
        (
            "ko",
            90,
            "2003년 이후 한국의 협력 사업은 모두 90건이며, 오늘 기준 진행 중으로 확인된 사업은 12건입니다. 가장 많은 "
            "분야: Water(40건).",
        ),
        (
            "ru",
            22,
            "Сотрудничество Кореи здесь с 2003 г. — 22 проекта; по последним сведениям сейчас выполняется: 12. Самое "
            "частое направление: Water (40).",
        ),
    ],
)
def test_what_korea_does(language, projects, sentence):
    with translation.override(language):
        assert what_korea_does(projects, 12, [2010, 2003], ("Water", 40), 5) == sentence


def test_sentence_on_korea_says_calmly_what_was_not_found():
    with translation.override("en"):
        assert what_korea_does(1, 0, [], None, 0) == (
            "Korea’s cooperation here counts 1 project (known to be under way today: 0)."
        )
        assert what_korea_does(0, 0, [], None, 2) == "No project of Korea here was found; 2 agreements were."
        assert what_korea_does(0, 0, [], None, 0) == "No project or agreement of Korea here was found."
