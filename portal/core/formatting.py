"""How readers of each language write numbers, units, money, dates, ranges, coordinates and lists of names.

Pages, charts, mails and files for people use it. Files for machines write plain numbers and ISO dates. The forms are
those of the three languages’ style rules; CLDR differs from them: thin spaces around dashes, “대한민국 원”, “4.979만”.
"""

import functools
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from django.utils.dateformat import format as format_date
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, override, pgettext

from portal.core.choices import Currency
from portal.core.languages import in_language
from portal.core.partial_dates import PartialDate

NBSP = "\u00a0"

# ── Rules of the languages ───────────────────────────────────────────────────────────────────────────────────────

# Powers of ten with a word of their own, the largest first.
SCALES = {
    "en": ((12, "trillion"), (9, "billion"), (6, "million")),
    "ko": ((12, "조"), (8, "억"), (4, "만")),
    "ru": ((12, "трлн"), (9, "млрд"), (6, "млн")),
}
# Words of magnitude that a stored unit may contain: “million ha”, “US$ million”, “백만 톤”.
MAGNITUDES = {
    "en": {"thousand": 3, "million": 6, "billion": 9, "trillion": 12},
    "ko": {"천": 3, "만": 4, "백만": 6, "억": 8, "10억": 9, "십억": 9, "조": 12},
    "ru": {"тыс.": 3, "млн": 6, "млрд": 9, "трлн": 12},
}
DIMENSIONLESS = {"index", "지수", "индекс"}  # not written after a number: 0.85
# English puts the code before the amount. Russian has the genitive plural, which round amounts need.
CURRENCIES = {
    "en": {code: code for code in Currency.values},
    "ko": {
        "USD": "달러",
        "KRW": "원",
        "EUR": "유로",
        "CHF": "스위스 프랑",
        "CNY": "위안",
        "GBP": "파운드",
        "JPY": "엔",
        "KZT": "텡게",
        "UZS": "숨",
        "KGS": "솜",
        "TJS": "소모니",
        "TMT": "마나트",
        "RUB": "루블",
        "XDR": "SDR",
    },
    "ru": {
        "USD": "долл. США",
        "KRW": "вон",
        "EUR": "евро",
        "CHF": "швейцарских франков",
        "CNY": "юаней",
        "GBP": "фунтов стерлингов",
        "JPY": "иен",
        "KZT": "тенге",
        "UZS": "сумов",
        "KGS": "сомов",
        "TJS": "сомони",
        "TMT": "манатов",
        "RUB": "руб.",
        "XDR": "СДР",
    },
}
SYMBOLS = {"USD": "US$"}  # before an English amount in words; other currencies keep their code

# Formats of `django.utils.dateformat` by precision.
DATES = {
    "en": {"day": "j F Y", "month": "F Y", "year": "Y"},
    "ko": {"day": "Y년 n월 j일", "month": "Y년 n월", "year": "Y년"},
    "ru": {"day": f"j E Y{NBSP}г.", "month": f"F Y{NBSP}г.", "year": f"Y{NBSP}г."},
}
# How a range is written by what its ends share: the format of the first, what is between, the format of the last.
# Ends that share nothing are written in full, with the last text between them.
RANGES = {
    "en": {
        "days": ("j", "–", "j F Y"),
        "days of a year": ("j F", " – ", "j F Y"),
        "months": ("F", "–", "F Y"),
        "years": ("Y", "–", "Y"),
        "": ("", " – ", ""),
    },
    "ko": {
        "days": ("Y년 n월 j", "~", "j일"),
        "days of a year": ("Y년 n월 j일", "~", "n월 j일"),
        "months": ("Y년 n", "~", "n월"),
        "years": ("Y", "~", "Y년"),
        "": ("", "~", ""),
    },
    "ru": {
        "days": ("j", "–", f"j E Y{NBSP}г."),
        "days of a year": ("j E", " – ", f"j E Y{NBSP}г."),
        "months": ("F", "–", f"F Y{NBSP}г."),
        "years": ("Y", "–", f"Y{NBSP}гг."),
        "": ("", " – ", ""),
    },
}
NUMBERS_BETWEEN = {"en": "–", "ko": "~", "ru": "–"}
MOMENTS = {"en": "j F Y, H:i", "ko": "Y년 n월 j일 H:i", "ru": f"j E Y{NBSP}г., H:i"}


def _language() -> str:
    language = get_language()
    return language if language in SCALES else "en"


# ── Numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────

Number = Decimal | float | str
SIGNIFICANT = 4  # digits of a number in words


class MeasuredValue(Protocol):
    """A record with a value, such as an observation."""

    @property
    def value(self) -> Decimal: ...


class HasCoordinates(Protocol):
    """A record with a position in degrees."""

    @property
    def latitude(self) -> Decimal: ...

    @property
    def longitude(self) -> Decimal: ...


def number(value: Number | None) -> str:
    """Return a number with grouped thousands and no trailing zeros: 68000 → 68,000; 24.100000 → 24.1; None → ""."""
    return "" if value is None or value == "" else _written(str(value), get_language())


@functools.lru_cache(maxsize=32_768)
def _written(value: str, language: str | None) -> str:
    """Return `number` in a language. Cached: the pages of indicators write the same thousands of numbers each time."""
    exact = Decimal(value)
    short = exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact.normalize()
    text = number_format(abs(short), use_l10n=True, force_grouping=True)
    return f"−{text}" if short < 0 else text


def large_number(value: Number, *, rounded: bool = False) -> str:
    """Return a number with words for large powers of ten: 6 billion; 60억; 6 млрд.

    `rounded` keeps four significant digits of a million and more. Otherwise nothing is lost: a number that words do
    not make shorter is written in digits, such as 1,243,146.
    """
    exact = Decimal(str(value))
    if rounded and abs(exact) >= 10**6:
        exact = exact.quantize(Decimal(1).scaleb(exact.adjusted() - SIGNIFICANT + 1))
    language = _language()
    words = _in_myriads(abs(exact)) if language == "ko" else _in_thousands(abs(exact), SCALES[language])
    return number(exact) if words is None else f"−{words}" if exact < 0 else words


def _in_myriads(value: Decimal) -> str | None:
    """Return a number in groups of four digits: 1억 9,250만. None if it has a fraction or more than two groups."""
    rest, groups = int(value), []
    for power, word in (*SCALES["ko"], (0, "")):
        count, rest = divmod(rest, 10**power)
        if count:
            groups.append(f"{number(count)}{word}")
    return NBSP.join(groups) if value == int(value) and 0 < len(groups) <= 2 else None


def _in_thousands(value: Decimal, scales: Sequence[tuple[int, str]]) -> str | None:
    """Return a number of a million or more with the word of its scale; None if it has too many digits for that."""
    for power, word in scales:
        if value >= 10**power:
            scaled = value.scaleb(-power).normalize()
            return f"{number(scaled)}{NBSP}{word}" if len(scaled.as_tuple().digits) <= SIGNIFICANT else None
    return None


def number_range(low: Number, high: Number) -> str:
    """Return a range of numbers: 20–60; 20~60."""
    return f"{number(low)}{NUMBERS_BETWEEN[_language()]}{number(high)}"


def value_rows(rows: Iterable[tuple[int, Iterable[MeasuredValue | None]]]) -> SafeString:
    """Return the HTML rows of a table of years. `rows` are pairs of a year and its observations; None is “no data”.

    A page has thousands of rows, so they are joined as text: years and formatted numbers need no escaping.
    """
    language = get_language()
    none = format_html(
        '<td><span class="text-muted" aria-hidden="true">·</span><span class="visually-hidden">{}</span></td>',
        gettext("no data"),
    )

    def cell(one: MeasuredValue | None) -> str:
        return none if one is None else f"<td>{_written(str(one.value), language)}</td>"

    return mark_safe(
        "".join(f'<tr><th scope="row">{year:d}</th>{"".join(map(cell, cells))}</tr>' for year, cells in rows)
    )


# ── Units and money ──────────────────────────────────────────────────────────────────────────────────────────────

ENGLISH_CURRENCY = re.compile(rf"(US\$|{'|'.join(Currency.values)})(?=$|[/ ])")


class Quantity(NamedTuple):
    """A number with its unit as four texts, which make the whole: “US$ ”, “4.5 billion”, “”, “”."""

    before: str
    number: str
    gap: str
    unit: str


def _quantity(value: Number, unit: str, *, rounded: bool) -> Quantity:
    """Return the parts of a number with its unit, which is in the active language."""
    language = _language()
    power, words = 0, unit.split(" ")
    for place, word in enumerate(words[:2]):
        if word in MAGNITUDES[language]:
            power = MAGNITUDES[language][words.pop(place)]
            break
    before, unit = "", " ".join(words)
    if language == "en" and (match := ENGLISH_CURRENCY.match(unit)):
        before = f"{SYMBOLS.get(match[0], match[0])}{NBSP}"
        unit = unit[match.end() :].lstrip()
    text = large_number(Decimal(str(value)).scaleb(power), rounded=rounded)
    if not unit or unit in DIMENSIONLESS:
        return Quantity(before, text, "", "")
    closed = (
        unit.startswith("/")
        or (unit.startswith("%") and language != "ru")
        or (language == "ko" and "가" <= unit[0] <= "힣" and text[-1].isdigit())  # 55명, but 20만 명
    )
    return Quantity(before, text, "" if closed else NBSP, unit)


def quantity(value: Number, unit: str, *, rounded: bool = False) -> str:
    """Return a number with its unit: 45%; 8 million ha; 8,000만 ha; 8 млн га; US$ 4.5 billion.

    `unit` is a stored unit in the active language, with or without a word of magnitude. See `large_number` about
    `rounded`.
    """
    return "".join(_quantity(value, unit, rounded=rounded))


def quantities(values: Sequence[Number], unit: str) -> list[str]:
    """Return rounded numbers with their unit. If that makes different values look equal, none is rounded."""
    texts = [quantity(value, unit, rounded=True) for value in values]
    if len(set(texts)) == len(set(values)):
        return texts
    return [quantity(value, unit) for value in values]


def quantity_html(value: Number, unit: str, language: str, *, rounded: bool = False) -> str:
    """Return a number with its unit as HTML. `language` is that of the unit, which may stand in for a missing one.

    See `large_number` about `rounded`.
    """
    with override(language):
        before, text, gap, name = _quantity(value, unit, rounded=rounded)
    html = format_html('{}{}{}<span class="stat-unit">{}</span>', before, text, gap, name) if name else before + text
    return in_language(html, language) or ""


def money(amount: Decimal | None, currency: str) -> str:
    """Return an exact amount in digits: USD 1,243,146; 1,243,146달러; “Not known” for None."""
    if amount is None:
        return gettext("Not known")
    language = _language()
    name = CURRENCIES[language].get(currency, currency)
    if language == "en":
        return f"{name}{NBSP}{number(amount)}"
    return f"{number(amount)}{'' if name >= '가' else NBSP}{name}"


def money_in_words(amount: Decimal | None, currency: str, *, rounded: bool = False) -> str:
    """Return an amount as text writes it: US$ 6 billion; KRW 200 billion; 60억 달러; 6 млрд долл. США.

    An amount that words do not make shorter is in digits, as `money` writes it. “Not known” for None. See
    `large_number` about `rounded`.
    """
    if amount is None:
        return gettext("Not known")
    if large_number(amount, rounded=rounded) == number(amount):
        return money(amount, currency)
    return quantity(amount, CURRENCIES[_language()].get(currency, currency), rounded=rounded)


# ── Dates ────────────────────────────────────────────────────────────────────────────────────────────────────────


def date_in_pattern(value: PartialDate, pattern: str) -> str:
    """Return a date in a pattern of `django.utils.dateformat`, such as one that a citation style prescribes."""
    return _dated(value, pattern, get_language())


@functools.lru_cache(maxsize=32_768)
def _dated(value: PartialDate, pattern: str, language: str | None) -> str:
    """Return `date_in_pattern` in a language. Cached: a page of a country writes two hundred dates."""
    text = format_date(value.first_day, pattern)
    # Django writes a Russian month without a day with a capital, as at the head of a calendar.
    return text.lower() if _language() == "ru" else text


def date_text(value: PartialDate | date | str | None) -> str:
    """Return a day, month or year as it stands on its own: 2 July 2021; 2021년 7월; 2021. "" for none."""
    if not value:
        return ""
    value = as_partial(value)
    return str(value.year) if value.precision == "year" else date_in_sentence(value)


def date_in_sentence(value: PartialDate | date | str) -> str:
    """Return a date as `date_text`, but a year with the word that it needs within a sentence: 2021년; 2021 г."""
    value = as_partial(value)
    return date_in_pattern(value, DATES[_language()][value.precision])


def as_partial(value: PartialDate | date | str) -> PartialDate:
    """Return a day, or an ISO text, as a PartialDate. The time of a datetime is left out."""
    return PartialDate(value.strftime("%Y-%m-%d") if isinstance(value, date) else value)


def date_and_time(value: datetime) -> str:
    """Return a date and time of the day. `value` is in the time zone to show."""
    return format_date(value, MOMENTS[_language()])


def partial_date(value: PartialDate | date | str | None) -> str:
    """Return a day, month or year as a <time> element; "" for none."""
    if not value:
        return ""
    value = as_partial(value)
    return format_html('<time datetime="{}">{}</time>', value, date_text(value))


def _range(start: PartialDate, end: PartialDate) -> tuple[str, str, str]:
    """Return the texts of the first date, of what is between, and of the last date."""
    kind = ""
    if start.precision == end.precision == "year":
        kind = "years"
    elif start.year == end.year and start.precision == end.precision:
        kind = "months" if start.precision == "month" else "days" if start.month == end.month else "days of a year"
    first, between, last = RANGES[_language()][kind]
    if not kind:
        return date_in_sentence(start), between, date_in_sentence(end)
    return date_in_pattern(start, first), between, date_in_pattern(end, last)


def date_range(start: PartialDate | date | str | None, end: PartialDate | date | str | None) -> str:
    """Return a period as <time> elements; a sentence says which end is not known."""
    if start and end:
        start, end = as_partial(start), as_partial(end)
        if start == end:
            return partial_date(start)
        first, between, last = _range(start, end)
        return format_html(
            '<time datetime="{}">{}</time>{}<wbr><time datetime="{}">{}</time>', start, first, between, end, last
        )
    if start or end:
        known = as_partial(start or end or "")
        words = gettext("from {date}, end not known") if start else gettext("until {date}, start not known")
        return format_html(words, date=format_html('<time datetime="{}">{}</time>', known, date_in_sentence(known)))
    return gettext("Dates not known")


def year_range(first: int, last: int) -> str:
    """Return a range of years as text, or one year: 2019–2021; 2019~2021년; 2019–2021 гг."""
    return str(first) if first == last else "".join(_range(PartialDate(f"{first:04}"), PartialDate(f"{last:04}")))


# ── Coordinates ──────────────────────────────────────────────────────────────────────────────────────────────────


def coordinates(place: HasCoordinates) -> str:
    """Return the position of a place in degrees with its hemispheres: 45.5° N, 60° E."""
    north = pgettext("latitude", "{degrees}° N") if place.latitude >= 0 else pgettext("latitude", "{degrees}° S")
    east = pgettext("longitude", "{degrees}° E") if place.longitude >= 0 else pgettext("longitude", "{degrees}° W")
    return ", ".join(
        words.format(degrees=number(abs(degrees)))
        for words, degrees in ((north, place.latitude), (east, place.longitude))
    )


# ── Lists of names ───────────────────────────────────────────────────────────────────────────────────────────────


def name_list(names: Sequence[str]) -> str:
    """Return names joined as in a sentence: A, B and C; A, B и C; 한국, 몽골과 일본."""
    if len(names) < 2:
        return "".join(names)
    first, last = ", ".join(names[:-1]), names[-1]
    language = _language()
    if language == "ko":
        return f"{first}{_with(first)}{last}"
    return f"{first} {'и' if language == 'ru' else 'and'} {last}"


def _with(name: str) -> str:
    """Return the Korean particle for “and” after a name, with the space after it; a comma if the name is not Hangul.

    A remark in brackets at the end has no effect: 북아랄해(소아랄해)와.
    """
    sound = re.sub(r"\s*\([^()]*\)$", "", name)[-1:]
    if not "가" <= sound <= "힣":
        return ", "
    return "과 " if (ord(sound) - ord("가")) % 28 else "와 "
