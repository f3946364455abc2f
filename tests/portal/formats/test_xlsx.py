"""Records as workbooks."""

import datetime
import io

import pytest
from openpyxl import load_workbook

from tests.make import make_project, make_source
from tests.portal.formats.files import content, full_project

pytestmark = pytest.mark.django_db


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


def test_workbook_has_typed_cells_links_and_filters(client):
    full_project()
    book = load_workbook(io.BytesIO(content(client.get("/en/projects.xlsx"))))
    sheet = book.worksheets[0]
    names, [row] = [cell.value for cell in sheet[1]], list(sheet.iter_rows(min_row=2))
    cells = dict(zip(names, row, strict=True))
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", sheet.dimensions)
    assert [cells[name].value for name in ("start", "end")] == ["2020", "2023-05"]  # known to the year and the month
    assert cells["changed"].is_date
    assert cells["budget"].data_type == "n"
    assert cells["url"].hyperlink.target == cells["url"].value == "http://testserver/en/projects/trees/"
    make_source(key="paper-2", date="2021-07-02", url="https://example.org/a?b=c#d")
    sheet = load_workbook(io.BytesIO(content(client.get("/en/sources.xlsx?q=paper-2")))).worksheets[0]
    cells = dict(zip([cell.value for cell in sheet[1]], sheet[2], strict=True))
    assert cells["date"].value == datetime.datetime(2021, 7, 2)
    assert cells["link"].hyperlink.target == "https://example.org/a?b=c#d"
