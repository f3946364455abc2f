"""Records as CSV and XLSX for spreadsheets."""

import io

import pytest
from openpyxl import load_workbook

from portal.formats import spreadsheets
from tests import reading
from tests.make import make_observation, make_project
from tests.pages import LANGUAGES
from tests.portal.formats.files import content, full_project, table

pytestmark = pytest.mark.django_db


def test_text_that_a_spreadsheet_would_take_for_a_formula_is_quoted_and_a_number_is_not(client):
    make_project(key="a", title_en='=HYPERLINK("https://example.org")', title_ko="+1", title_ru="@a", summary_en="-1")
    [row] = table(client.get("/en/projects/?format=csv"))
    assert [row["title_en"], row["title_ko"], row["title_ru"], row["summary_en"]] == [
        *('\'=HYPERLINK("https://example.org")', "'+1", "'@a", "'-1"),
    ]
    observation = make_observation(value="-0.5")
    [row] = table(client.get(f"/en/indicators/{observation.indicator.key}/?format=csv"))
    assert row["value"] == "-0.5"


def test_workbook_has_the_table_and_what_it_is(client):
    full_project()
    make_project(key="formula", title_en="=1+1", start="2019", summary_en="a\x0bb")
    response = client.get("/en/projects/?format=xlsx")
    book = load_workbook(io.BytesIO(content(response)))
    head, trees, formula = book.worksheets[0].iter_rows()
    names = [cell.value for cell in head]
    first = dict(zip(names, (cell.value for cell in trees), strict=True))
    assert (first["key"], first["title_ko"], first["budget"], first["finance"]) == ("trees", "나무", 5600000.5, None)
    title = formula[names.index("title_en")]
    assert (title.value, title.data_type) == ("=1+1", "s")
    about = {row[0].value: row[1].value for row in book.worksheets[1].iter_rows()}
    assert about["Records"] == 2
    assert about["Licence, address"] == "https://creativecommons.org/licenses/by/4.0/"
    assert about["title_ko"] == "title"
    assert set(names) <= set(about)


@pytest.mark.parametrize("language", LANGUAGES)
def test_list_too_long_for_a_workbook_is_offered_as_csv(client, language, monkeypatch):
    monkeypatch.setattr(spreadsheets, "MOST_ROWS_OF_XLSX", 1)
    make_project(), make_project()
    response = client.get(f"/{language}/projects/?format=xlsx&sort=title")
    tree = reading.page(response)
    assert (response.status_code, tree.get("lang")) == (413, language)
    assert tree.xpath("//main//li/a/@href")[:2] == [
        f"/{language}/projects/?sort=title",
        f"/{language}/projects.csv?sort=title",
    ]
    assert not [href for href in tree.xpath("//main//a/@href") if "xlsx" in href]
