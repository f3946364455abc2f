"""Template tags and filters for numbers, money, dates and coordinates."""

from django import template

from portal.core import formatting

register = template.Library()

for _filter in (formatting.number, formatting.partial_date, formatting.isodate):
    register.filter(_filter)
for _tag in (formatting.value_rows, formatting.money, formatting.date_range, formatting.coordinates):
    register.simple_tag(_tag)
