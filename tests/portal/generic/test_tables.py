"""The rows of lists: what each kind of record shows."""

import pytest
from django.utils import translation

from tests import reading
from tests.make import (
    make_source,
)

pytestmark = pytest.mark.django_db


def test_source_row_has_its_own_title_and_the_english_one(client):
    make_source(title="Forests of the Aralkum", title_original="Леса Аралкума", language="ru", date="2021")
    with translation.override("en"):
        [row] = reading.table_rows(client.get("/en/sources/"))
    assert row["Source"] == "Леса Аралкума Forests of the Aralkum"
    assert (row["Language"], row["Kind"], row["Date"]) == ("Russian", "Journal article", "2021")
    [row] = reading.table_rows(client.get("/ru/sources/"))
    assert next(iter(row.values())) == "Леса Аралкума"
