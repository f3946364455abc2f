"""Numbers, money, dates and units as a reader of each language expects them."""

import functools
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Protocol

from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, pgettext

from portal.core.partial_dates import PartialDate


class MeasuredValue(Protocol):
    """A record with a value, such as an observation."""

    @property
    def value(self) -> Decimal: ...


class Dated(Protocol):
    """A record of a period, such as a project. None is an end that is not known."""

    @property
    def start(self) -> PartialDate | None: ...

    @property
    def end(self) -> PartialDate | None: ...


class HasCoordinates(Protocol):
    """A record with a position in degrees."""

    @property
    def latitude(self) -> Decimal: ...

    @property
    def longitude(self) -> Decimal: ...


def number(value: Decimal | float | str | None) -> str:
    """Return a number with grouped thousands and no trailing zeros: 68000 → 68,000; 24.100000 → 24.1; None → ""."""
    return "" if value is None or value == "" else _written(str(value), get_language())


@functools.lru_cache(maxsize=32_768)
def _written(value: str, language: str | None) -> str:
    """Return `number` in a language. Cached: the pages of indicators write the same thousands of numbers each time."""
    exact = Decimal(value)
    short = exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact.normalize()
    text = number_format(abs(short), use_l10n=True, force_grouping=True)
    return f"−{text}" if short < 0 else text


def value_rows(rows: Iterable[tuple[int, Iterable[MeasuredValue | None]]]) -> SafeString:
    """Return the HTML rows of a table of years. `rows` are pairs of a year and its observations; None is “no data”.

    A page has thousands of rows, so they are joined as text: years and formatted numbers need no escaping.
    """
    language = get_language()
    none = format_html(
        '<td class="figure"><span class="text-muted" aria-hidden="true">·</span>'
        '<span class="visually-hidden">{}</span></td>',
        gettext("no data"),
    )

    def cell(one: MeasuredValue | None) -> str:
        return none if one is None else f'<td class="figure">{_written(str(one.value), language)}</td>'

    return mark_safe(
        "".join(f'<tr><th scope="row">{year:d}</th>{"".join(map(cell, cells))}</tr>' for year, cells in rows)
    )


def money(amount: Decimal | None, currency: str) -> str:
    """Return an amount with its currency as the source gives it; “Not known” for None."""
    if amount is None:
        return gettext("Not known")
    return pgettext("money", "{currency} {amount}").format(amount=number(amount), currency=currency)


def partial_date(value: PartialDate | str | None) -> str:
    """Return a partial date as a <time> element; "" for none."""
    if not value:
        return ""
    value = PartialDate(value)
    return format_html('<time datetime="{}">{}</time>', value, value.localized())


def isodate(value: date | None) -> str:
    """Return a day as a <time> element; "" for None."""
    return partial_date(value.isoformat()) if value else ""


def date_range(record: Dated) -> str:
    """Return the period from `record.start` to `record.end`, saying which end is not known."""
    if record.start and record.end:
        if record.start == record.end:
            return partial_date(record.start)
        return format_html("{}–<wbr>{}", partial_date(record.start), partial_date(record.end))
    if record.start:
        return format_html(gettext("from {}, end not known"), partial_date(record.start))
    if record.end:
        return format_html(gettext("until {}, start not known"), partial_date(record.end))
    return gettext("Dates not known")


def coordinates(place: HasCoordinates) -> str:
    """Return the position of a place in degrees with its hemispheres."""
    north = pgettext("latitude", "N") if place.latitude >= 0 else pgettext("latitude", "S")
    east = pgettext("longitude", "E") if place.longitude >= 0 else pgettext("longitude", "W")
    return f"{number(abs(place.latitude))}° {north}, {number(abs(place.longitude))}° {east}"
