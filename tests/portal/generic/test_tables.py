"""The rows of lists: what each kind of record shows."""

import pytest
from django.utils import translation

from projects.models import Organisation
from tests import reading
from tests.make import (
    make_country,
    make_organisation,
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


@pytest.mark.parametrize(("language", "kind"), [("en", "Government"), ("ko", "정부")])
def test_cells_have_labels_of_choices_links_and_numbers(client, language, kind):
    uzbekistan = make_country(key="uz", name_en="Uzbekistan", name_ko="우즈베키스탄")
    make_organisation(key="one", name_en="One", name_ko="하나", country=uzbekistan, kind=Organisation.Kind.GOVERNMENT)
    [row] = reading.page(client.get(f"/{language}/organisations/")).xpath("//table[@class='records']/tbody/tr")
    name = uzbekistan.name_en if language == "en" else uzbekistan.name_ko
    assert [reading.words(cell) for cell in row][1:] == [kind, name, "0", "0"]
    assert row.xpath(".//a/@href") == [f"/{language}/organisations/one/", f"/{language}/countries/uz/"]
    assert [cell.get("class") for cell in row] == ["name", None, None, "figure", "figure"]


def test_text_of_cells_is_escaped_and_an_empty_value_is_a_dash(client):
    make_source(key="one", title="<b>Forests</b>", publisher="<i>Institute</i>", date="2021")
    make_source(key="two", title="Lakes", publisher="", date="2020")
    response = client.get("/en/sources/")
    marked, empty = reading.table_rows(response)
    assert (marked["Source"], marked["Publisher"]) == ("<b>Forests</b>", "<i>Institute</i>")
    assert empty["Publisher"] == "—"
    assert not reading.page(response).xpath("//tbody//b | //tbody//i")
