"""Fixtures of tests of issues."""

import pytest

from tests.issues.grids import D
from tests.make import make_country, make_indicator, make_observation


@pytest.fixture
def editor(desk):
    return desk("editor")


@pytest.fixture
def area():
    """Make a draft of an indicator with two values of one source: Uzbekistan 2019 and Kazakhstan 2020."""
    indicator = make_indicator(key="area", publication=D)
    for key, year, value in (("uz", 2019, "24.1"), ("kz", 2020, "68000")):
        country = make_country(key=key, name_en={"uz": "Uzbekistan", "kz": "Kazakhstan"}[key])
        make_observation(indicator=indicator, place=country, year=year, value=value, source=indicator.source)
    return indicator
