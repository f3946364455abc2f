"""Numbers, units, money, dates, ranges, coordinates and lists of names in each language."""

import datetime
import re
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.utils import translation

from portal.core import formatting
from portal.core.choices import Currency
from portal.core.formatting import (
    coordinates,
    date_and_time,
    date_in_sentence,
    date_range,
    date_text,
    large_number,
    money,
    money_in_words,
    name_list,
    number,
    number_range,
    partial_date,
    quantities,
    quantity,
    quantity_html,
    year_range,
)
from portal.core.partial_dates import PartialDate

LANGUAGES = ("en", "ko", "ru")
NBSP = "\u00a0"


def in_each_language(write):
    """Return what `write` returns in English, Korean and Russian. A non-breaking space is written `_`."""
    found = []
    for language in LANGUAGES:
        with translation.override(language):
            found.append(write().replace(NBSP, "_"))
    return tuple(found)


def written(html):
    """Return the text of a piece of HTML, and the dates in its <time> elements."""
    return re.sub(r"<[^>]+>", "", html), re.findall(r'<time datetime="([^"]+)">', html)


# ── Numbers ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "english", "russian"),
    [
        (Decimal("68000.000000"), "68,000", "68_000"),
        (Decimal("24.100000"), "24.1", "24,1"),
        (1_234_567.5, "1,234,567.5", "1_234_567,5"),
        (Decimal("1E+3"), "1,000", "1_000"),
        (Decimal("0.000001"), "0.000001", "0,000001"),
        (-5.5, "−5.5", "−5,5"),
        (Decimal("-0.0"), "0", "0"),
        (0, "0", "0"),
        ("7", "7", "7"),
        (None, "", ""),
        ("", "", ""),
    ],
)
def test_number_parts_thousands_and_drops_idle_zeros(value, english, russian):
    assert in_each_language(lambda: number(value)) == (english, english, russian)


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (0, ("0", "0", "0")),
        (9_999, ("9,999", "9,999", "9_999")),
        (10_000, ("10,000", "1만", "10_000")),
        (49_786, ("49,786", "4만_9,786", "49_786")),
        (-20_000, ("−20,000", "−2만", "−20_000")),
        (20_000.5, ("20,000.5", "20,000.5", "20_000,5")),
        (2_400_000, ("2.4_million", "240만", "2,4_млн")),
        (80_000_000, ("80_million", "8,000만", "80_млн")),
        (Decimal("192500000.00"), ("192.5_million", "1억_9,250만", "192,5_млн")),
        (6_000_000_000, ("6_billion", "60억", "6_млрд")),
        (-4_500_000_000, ("−4.5_billion", "−45억", "−4,5_млрд")),
        (16_000_000_000_000, ("16_trillion", "16조", "16_трлн")),
        (1_243_146, ("1,243,146", "124만_3,146", "1_243_146")),
        (123_456_789, ("123,456,789", "123,456,789", "123_456_789")),
    ],
)
def test_large_number_has_the_words_of_each_language_and_loses_nothing(value, texts):
    assert in_each_language(lambda: large_number(value)) == texts


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (37_543_209, ("37.54_million", "3,754만", "37,54_млн")),
        (9_999_999, ("10_million", "1,000만", "10_млн")),
        (-123_456_789.5, ("−123.5_million", "−1억_2,350만", "−123,5_млн")),
        (999_999, ("999,999", "99만_9,999", "999_999")),
        (34.6, ("34.6", "34.6", "34,6")),
    ],
)
def test_rounded_number_keeps_four_digits_of_a_million_and_more(value, texts):
    assert in_each_language(lambda: large_number(value, rounded=True)) == texts


def test_number_range_has_the_dash_of_the_language():
    assert in_each_language(lambda: number_range(20, 6000.5)) == ("20–6,000.5", "20~6,000.5", "20–6_000,5")


# ── Units ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "units", "texts"),
    [
        (45.1, ("%", "%", "%"), ("45.1%", "45.1%", "45,1_%")),
        (4.8, ("% of GDP", "% (GDP 대비)", "% ВВП"), ("4.8% of GDP", "4.8% (GDP 대비)", "4,8_% ВВП")),
        (7, ("km²", "km²", "км²"), ("7_km²", "7_km²", "7_км²")),
        (1.6, ("°C", "°C", "°C"), ("1.6_°C", "1.6_°C", "1,6_°C")),
        (55, ("people", "명", "человек"), ("55_people", "55명", "55_человек")),
        (200_000, ("people", "명", "человек"), ("200,000_people", "20만_명", "200_000_человек")),
        (80, ("million ha", "백만 ha", "млн га"), ("80_million_ha", "8,000만_ha", "80_млн_га")),
        (Decimal("44.5"), ("billion m³", "10억 m³", "млрд м³"), ("44.5_billion_m³", "445억_m³", "44,5_млрд_м³")),
        (9.9, ("million people", "백만 명", "млн человек"), ("9.9_million_people", "990만_명", "9,9_млн_человек")),
        (4213.4, ("thousand ha", "천 ha", "тыс. га"), ("4,213,400_ha", "421만_3,400_ha", "4_213_400_га")),
        (0.5, ("million t", "백만 톤", "млн т"), ("500,000_t", "50만_톤", "500_000_т")),
        (0, ("million t", "백만 톤", "млн т"), ("0_t", "0톤", "0_т")),
        (0.85, ("index", "지수", "индекс"), ("0.85", "0.85", "0,85")),
        (4.5, ("billion USD", "십억 달러", "млрд долл. США"), ("US$_4.5_billion", "45억_달러", "4,5_млрд_долл. США")),
        (
            12.3,
            ("US$ million", "백만 달러", "млн долл. США"),
            ("US$_12.3_million", "1,230만_달러", "12,3_млн_долл. США"),
        ),
        (16, ("trillion KRW", "조 원", "трлн вон"), ("KRW_16_trillion", "16조_원", "16_трлн_вон")),
        (0.8, ("US$/m³", "달러/m³", "долл. США/м³"), ("US$_0.8/m³", "0.8달러/m³", "0,8_долл. США/м³")),
        (3, ("TWh", "TWh", "ТВт·ч"), ("3_TWh", "3_TWh", "3_ТВт·ч")),
    ],
)
def test_quantity_joins_number_and_unit_as_the_language_does(value, units, texts):
    units = iter(units)
    assert in_each_language(lambda: quantity(value, next(units))) == texts


def test_quantities_are_rounded_unless_they_would_look_equal():
    assert quantities([51_234_567, 34_600_001], "people") == [
        f"51.23{NBSP}million{NBSP}people",
        f"34.6{NBSP}million{NBSP}people",
    ]
    assert quantities([51_780_001, 51_780_002], "people") == [f"51,780,001{NBSP}people", f"51,780,002{NBSP}people"]
    assert quantities([5.0, 5.0], "t") == [f"5{NBSP}t", f"5{NBSP}t"]


def test_quantity_as_html_sets_the_unit_apart_and_escapes_it():
    assert quantity_html(Decimal("4.500000"), "million <ha>", "en") == (
        f'4.5{NBSP}million{NBSP}<span class="stat-unit">&lt;ha&gt;</span>'
    )
    assert quantity_html(4.5, "billion USD", "en") == f"US${NBSP}4.5{NBSP}billion"


def test_quantity_with_an_english_unit_is_english_on_a_korean_page():
    with translation.override("ko"):
        assert quantity_html(4_000_000, "people", "en") == (
            f'<span lang="en">4{NBSP}million{NBSP}<span class="stat-unit">people</span></span>'
        )
        assert quantity_html(4_000_000, "명", "ko") == f'400만{NBSP}<span class="stat-unit">명</span>'


# ── Money ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("amount", "currency", "texts"),
    [
        ("1243146.00", "USD", ("USD_1,243,146", "1,243,146달러", "1_243_146_долл. США")),
        ("200000000000", "KRW", ("KRW_200,000,000,000", "200,000,000,000원", "200_000_000_000_вон")),
        ("0.00", "KRW", ("KRW_0", "0원", "0_вон")),
        ("10.5", "XDR", ("XDR_10.5", "10.5_SDR", "10,5_СДР")),
        ("10", "AUD", ("AUD_10", "10_AUD", "10_AUD")),
    ],
)
def test_money_is_exact_with_its_currency(amount, currency, texts):
    assert in_each_language(lambda: money(Decimal(amount), currency)) == texts


@pytest.mark.parametrize(
    ("amount", "currency", "texts"),
    [
        ("6000000000", "USD", ("US$_6_billion", "60억_달러", "6_млрд_долл. США")),
        ("200000000000", "KRW", ("KRW_200_billion", "2,000억_원", "200_млрд_вон")),
        ("5600000.00", "EUR", ("EUR_5.6_million", "560만_유로", "5,6_млн_евро")),
        ("230000", "USD", ("USD_230,000", "23만_달러", "230_000_долл. США")),
        ("1243146", "USD", ("USD_1,243,146", "124만_3,146달러", "1_243_146_долл. США")),
        ("1243146.25", "USD", ("USD_1,243,146.25", "1,243,146.25달러", "1_243_146,25_долл. США")),
    ],
)
def test_money_in_words_loses_nothing(amount, currency, texts):
    assert in_each_language(lambda: money_in_words(Decimal(amount), currency)) == texts


def test_money_in_words_can_be_rounded():
    assert in_each_language(lambda: money_in_words(Decimal("1243146.25"), "USD", rounded=True)) == (
        "US$_1.243_million",
        "124만_3,000달러",
        "1,243_млн_долл. США",
    )


def test_every_currency_has_a_name_in_every_language():
    assert [set(formatting.CURRENCIES[language]) for language in LANGUAGES] == [set(Currency.values)] * 3


@pytest.mark.parametrize("write", [money, money_in_words])
def test_an_unknown_amount_says_so(write):
    assert write(None, "") == "Not known"


# ── Dates ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("date", "texts", "in_sentence"),
    [
        (
            "2021-07-02",
            ("2 July 2021", "2021년 7월 2일", "2 июля 2021_г."),
            ("2 July 2021", "2021년 7월 2일", "2 июля 2021_г."),
        ),
        ("2021-07", ("July 2021", "2021년 7월", "июль 2021_г."), ("July 2021", "2021년 7월", "июль 2021_г.")),
        ("2021", ("2021", "2021", "2021"), ("2021", "2021년", "2021_г.")),
        (
            datetime.date(2021, 7, 2),
            ("2 July 2021", "2021년 7월 2일", "2 июля 2021_г."),
            ("2 July 2021", "2021년 7월 2일", "2 июля 2021_г."),
        ),
    ],
)
def test_date_is_no_more_precise_than_known(date, texts, in_sentence):
    assert in_each_language(lambda: date_text(date)) == texts
    assert in_each_language(lambda: date_in_sentence(date)) == in_sentence


@pytest.mark.parametrize("nothing", [None, ""])
def test_date_of_nothing_is_nothing(nothing):
    assert (date_text(nothing), partial_date(nothing)) == ("", "")


@pytest.mark.parametrize(
    ("language", "words"), [("en", "July 2021"), ("ko", "2021년 7월"), ("ru", f"июль 2021{NBSP}г.")]
)
def test_partial_date_is_for_readers_and_machines(language, words):
    with translation.override(language):
        assert partial_date("2021-07") == f'<time datetime="2021-07">{words}</time>'


def test_date_and_time_has_24_hours():
    moment = datetime.datetime(2021, 7, 2, 14, 5)
    assert in_each_language(lambda: date_and_time(moment)) == (
        "2 July 2021, 14:05",
        "2021년 7월 2일 14:05",
        "2 июля 2021_г., 14:05",
    )


@pytest.mark.parametrize(
    ("start", "end", "texts"),
    [
        ("2025-09-01", "2025-09-05", ("1–5 September 2025", "2025년 9월 1~5일", "1–5 сентября 2025_г.")),
        (
            "2025-08-28",
            "2025-09-05",
            ("28 August – 5 September 2025", "2025년 8월 28일~9월 5일", "28 августа – 5 сентября 2025_г."),
        ),
        ("2025-05", "2025-06", ("May–June 2025", "2025년 5~6월", "май–июнь 2025_г.")),
        ("2019", "2021", ("2019–2021", "2019~2021년", "2019–2021_гг.")),
        ("2025-05-16", "2030", ("16 May 2025 – 2030", "2025년 5월 16일~2030년", "16 мая 2025_г. – 2030_г.")),
        ("2022", "2024-04-22", ("2022 – 22 April 2024", "2022년~2024년 4월 22일", "2022_г. – 22 апреля 2024_г.")),
        ("2020-05", "2021-06", ("May 2020 – June 2021", "2020년 5월~2021년 6월", "май 2020_г. – июнь 2021_г.")),
        (
            "2025-12-30",
            "2026-01-02",
            (
                "30 December 2025 – 2 January 2026",
                "2025년 12월 30일~2026년 1월 2일",
                "30 декабря 2025_г. – 2 января 2026_г.",
            ),
        ),
        ("2025", "2025-06", ("2025 – June 2025", "2025년~2025년 6월", "2025_г. – июнь 2025_г.")),
        ("2020-05", "2020-05", ("May 2020", "2020년 5월", "май 2020_г.")),
        ("2020", None, ("from 2020, end not known", "2020년~종료 미상", "2020_г. — окончание неизвестно")),
        (None, "2020", ("until 2020, start not known", "시작 미상~2020년", "окончание: 2020_г., начало неизвестно")),
        (None, None, ("Dates not known", "기간 미상", "Сроки неизвестны")),
    ],
)
def test_date_range_states_what_its_ends_share_once(start, end, texts):
    start, end = (part and PartialDate(part) for part in (start, end))
    assert in_each_language(lambda: written(date_range(start, end))[0]) == texts
    dates = list(dict.fromkeys(filter(None, (start, end))))
    for language in LANGUAGES:
        with translation.override(language):
            assert written(date_range(start, end))[1] == dates


def test_year_range_of_one_year_is_that_year():
    assert in_each_language(lambda: year_range(2019, 2021)) == ("2019–2021", "2019~2021년", "2019–2021_гг.")
    assert in_each_language(lambda: year_range(2019, 2019)) == ("2019", "2019", "2019")


# ── Coordinates and lists of names ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("latitude", "longitude", "texts"),
    [
        (
            Decimal("45.50000"),
            Decimal("60.00000"),
            ("45.5° N, 60° E", "북위 45.5°, 동경 60°", "45,5°_с._ш., 60°_в._д."),
        ),
        (
            Decimal("-45.5"),
            Decimal("-60.25"),
            ("45.5° S, 60.25° W", "남위 45.5°, 서경 60.25°", "45,5°_ю._ш., 60,25°_з._д."),
        ),
        (0, 0, ("0° N, 0° E", "북위 0°, 동경 0°", "0°_с._ш., 0°_в._д.")),
    ],
)
def test_coordinates_name_their_hemispheres(latitude, longitude, texts):
    place = SimpleNamespace(latitude=latitude, longitude=longitude)
    assert in_each_language(lambda: coordinates(place)) == texts


@pytest.mark.parametrize(
    ("names", "texts"),
    [
        ([], ("", "", "")),
        (["A"], ("A", "A", "A")),
        (["A", "B"], ("A and B", "A, B", "A и B")),
        (["A", "B", "C"], ("A, B and C", "A, B, C", "A, B и C")),
        (["한국", "몽골"], ("한국 and 몽골", "한국과 몽골", "한국 и 몽골")),
        (["몽골", "스위스", "한국"], ("몽골, 스위스 and 한국", "몽골, 스위스와 한국", "몽골, 스위스 и 한국")),
        (
            ["북아랄해 (소아랄해)", "한국"],
            ("북아랄해 (소아랄해) and 한국", "북아랄해 (소아랄해)와 한국", "북아랄해 (소아랄해) и 한국"),
        ),
    ],
)
def test_name_list_joins_names_as_a_sentence_does(names, texts):
    assert in_each_language(lambda: name_list(names)) == texts


# ── One formatter ────────────────────────────────────────────────────────────────────────────────────────────

ELSEWHERE = re.compile(
    r"""(?<!_)date_format\(|number_format\(|intcomma|floatformat|\|date:"(DATE|DATETIME|SHORT_DATE|YEAR_MONTH)_FORMAT"|\|localize"""
)


def test_no_other_module_or_template_formats_numbers_and_dates():
    files = [
        path
        for folder, ending in (
            ("portal", "py"),
            ("issues", "py"),
            ("projects", "py"),
            ("templates", "html"),
            ("templates", "txt"),
        )
        for path in (settings.BASE_DIR / folder).rglob(f"*.{ending}")
    ]
    assert len(files) > 300
    found = {
        path.relative_to(settings.BASE_DIR).as_posix() for path in files if ELSEWHERE.search(path.read_text("utf-8"))
    }
    assert found == {"portal/core/formatting.py"}
