"""Template tags and filters for numbers, money, dates and coordinates."""

from django import template

from portal.core import formatting
from portal.core.languages import text_and_language

register = template.Library()

for _filter in (formatting.number, formatting.partial_date):
    register.filter(_filter)
for _filter in (formatting.date_text, formatting.date_and_time):
    register.filter(_filter.__name__, _filter, expects_localtime=True)
for _tag in (
    formatting.coordinates,
    formatting.date_range,
    formatting.money,
    formatting.money_in_words,
    formatting.value_rows,
    formatting.year_range,
):
    register.simple_tag(_tag)


@register.simple_tag
def quantity(value, record, field):
    """Return a number with its unit, which is the text of a translated field of the record."""
    return formatting.quantity_html(value, *text_and_language(record, field))
