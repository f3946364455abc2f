"""Numbers, money, dates and units as a reader of each language expects them."""

import functools
from decimal import Decimal

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext, pgettext

from portal.dates import PartialDate

register = template.Library()


@register.filter
def number(value):
    """A number with its thousands parted and no idle zeros: 68000 → 68,000; 24.100000 → 24.1. Nothing stays nothing."""
    return "" if value is None or value == "" else _written(str(value), get_language())


@functools.lru_cache(maxsize=32_768)
def _written(value, language):
    """`number` in a language; kept, since the pages of indicators write the same thousands of numbers each time."""
    value = Decimal(value)
    value = value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()
    text = number_format(abs(value), use_l10n=True, force_grouping=True)
    return f"−{text}" if value < 0 else text


@register.simple_tag
def value_rows(rows):
    """The rows of a table of years: pairs of year and its readings; none is a dot that is read as “no data”.

    In Python, and put together as text, since a page has thousands: years and written numbers hold nothing to escape.
    """
    language = get_language()
    none = format_html(
        '<td class="figure"><span class="quiet" aria-hidden="true">·</span><span class="hidden">{}</span></td>',
        gettext("no data"),
    )

    def cell(one):
        return none if one is None else f'<td class="figure">{_written(str(one.value), language)}</td>'

    return mark_safe(
        "".join(f'<tr><th scope="row">{year:d}</th>{"".join(map(cell, cells))}</tr>' for year, cells in rows)
    )


@register.simple_tag
def money(amount, currency):
    """An amount with its currency as the source gives it, or that it is not known."""
    if amount is None:
        return gettext("Not known")
    return pgettext("money", "{currency} {amount}").format(amount=number(amount), currency=currency)


@register.filter
def partial_date(value):
    """A partial date as a <time> element."""
    if not value:
        return ""
    value = PartialDate(value)
    return format_html('<time datetime="{}">{}</time>', value, value.localized())


@register.filter
def isodate(value):
    """A day as a <time> element, as readers write it."""
    return partial_date(value.isoformat()) if value else ""


@register.simple_tag
def span(record):
    """From when to when a project runs, saying which end is not known."""
    if record.start and record.end:
        if record.start == record.end:
            return partial_date(record.start)
        return format_html("{}–<wbr>{}", partial_date(record.start), partial_date(record.end))
    if record.start:
        return format_html(gettext("{}, end not known"), partial_date(record.start))
    if record.end:
        return format_html(gettext("until {}, start not known"), partial_date(record.end))
    return gettext("Dates not known")


@register.simple_tag
def coordinates(place):
    """A position in degrees with its hemispheres."""
    north = pgettext("latitude", "N") if place.latitude >= 0 else pgettext("latitude", "S")
    east = pgettext("longitude", "E") if place.longitude >= 0 else pgettext("longitude", "W")
    return f"{number(abs(place.latitude))}° {north}, {number(abs(place.longitude))}° {east}"
