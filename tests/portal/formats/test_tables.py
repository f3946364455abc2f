"""Tables that are not lists of records: the values of an indicator."""

import json

import pytest

from tests.make import make_country, make_indicator, make_observation
from tests.portal.formats.files import content, table

pytestmark = pytest.mark.django_db


def test_indicator_is_its_values_as_a_table_and_both_as_json(client):
    indicator = make_indicator(key="area")
    uz, kz = make_country(key="uz"), make_country(key="kz")
    for place, year, value in ((uz, 2000, "1.500000"), (uz, 2001, "1000"), (kz, 2001, "3")):
        make_observation(indicator=indicator, place=place, year=year, value=value)
    rows = table(client.get("/en/indicators/area/?place=uz&format=csv"))
    assert [(row["indicator"], row["place"], row["year"], row["value"]) for row in rows] == [
        ("area", "uz", "2000", "1.5"),
        ("area", "uz", "2001", "1000"),
    ]
    assert rows[0]["licence_en"] == "CC BY 4.0"
    found = json.loads(content(client.get("/en/indicators/area/?place=uz&format=json")))
    assert found["record"]["key"] == "area"
    assert [(one["year"], one["value"]) for one in found["observations"]] == [(2000, 1.5), (2001, 1000)]
