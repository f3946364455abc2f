"""Records as CSV for spreadsheets, and what CSV and XLSX have in common."""

import io

import pytest
from openpyxl import load_workbook

from portal.formats import spreadsheets
from portal.formats.serialisers import SERIALISERS, columns_in_language
from tests import reading
from tests.make import make_citation, make_observation, make_project, make_source
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


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_file_in_one_language_has_headings_and_values_in_it(client, form):
    full_project()
    response = client.get(f"/en/projects.{form}?lang=ko")
    if form == "csv":
        [row] = table(response)
    else:
        head, first = load_workbook(io.BytesIO(content(response))).worksheets[0].iter_rows(values_only=True)
        row = dict(zip(head, first, strict=True))
    assert row["제목"] == "나무"
    assert (row["국가 (countries)"], row["국가"]) == (
        "uz; kz",
        "우즈베키스탄; Kazakhstan",
    )  # a name is missing
    assert (row["진행 상태 (status)"], row["진행 상태"]) == ("closed", "완료")
    assert row["요약"]  # the English text, as there is no Korean one
    assert not [name for name in row if name.endswith(("_en", "_ru"))]
    assert "describedby" not in response.headers["Link"]


def test_headings_in_one_language_differ_from_each_other(client):
    for serialiser in SERIALISERS.values():
        for language in LANGUAGES:
            names = [head.title for head in columns_in_language(serialiser.column_headers, language).headers]
            assert len(names) == len(set(names)), (serialiser, language)


def test_values_of_one_cell_can_be_split_in_all_columns(client):
    project = make_project()
    for title in ("Trees; a study", "Wells"):
        make_citation(project, make_source(title=title))
    [row] = table(client.get("/en/projects.csv"))
    assert row["sources_title"] == "Trees, a study; Wells"
    assert len(row["sources"].split("; ")) == len(row["sources_title"].split("; ")) == 2


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
