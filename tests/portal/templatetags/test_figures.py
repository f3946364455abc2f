"""Template tags and filters for numbers, money, dates and coordinates."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils.translation import override

from issues.models import Indicator
from portal.core import formatting
from portal.models import Place


def rendered(source, language="en", **context):
    with override(language):
        return Template("{% load figures %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("source", "values", "expected"),
    [
        ("{{ value|number }}", {"value": Decimal("1234.50")}, "1,234.5"),
        ("{% money value 'USD' %}", {"value": 1_243_146}, "USD\N{NO-BREAK SPACE}1,243,146"),
        ("{% money value 'USD' %}", {"value": None}, "Not known"),
        ("{{ value|partial_date }}", {"value": "2021-07"}, '<time datetime="2021-07">July 2021</time>'),
        ("{% year_range 2019 2021 %}", {}, "2019–2021"),
        ("{% year_range 2019 2019 %}", {}, "2019"),
        ("{% coordinates place %}", {"place": Place(latitude=Decimal("45.50"), longitude=60)}, "45.5° N, 60° E"),
    ],
)
def test_template_shows_what_the_formatter_returns(source, values, expected):
    assert rendered(source, **values) == expected


def test_time_is_that_of_the_portals_time_zone(settings):
    """20:00 in UTC is 5 o'clock of the next day in Korea."""
    settings.TIME_ZONE = "Asia/Seoul"
    evening = datetime(2026, 11, 27, 20, 0, tzinfo=UTC)
    assert rendered("{{ value|date_and_time }}", value=evening) == formatting.date_and_time(evening.astimezone())
    assert "28" in rendered("{{ value|date_text }}", value=evening)


def test_quantity_has_the_unit_of_the_record_in_the_language_of_the_reader():
    indicator = Indicator(unit_symbol_en="km²", unit_symbol_ko="㎢", unit_symbol_ru="")
    shown = {
        language: rendered("{% quantity value indicator 'unit_symbol' %}", language, value=24, indicator=indicator)
        for language in ("en", "ko", "ru")
    }
    assert "km²" in shown["en"]
    assert "㎢" in shown["ko"]
    assert ("km²" in shown["ru"], 'lang="en"' in shown["ru"], 'lang="en"' in shown["en"]) == (True, True, False)


def test_unit_is_escaped():
    indicator = Indicator(unit_symbol_en="<b>km</b>")
    assert "<b>" not in rendered("{% quantity 1 indicator 'unit_symbol' %}", indicator=indicator)
