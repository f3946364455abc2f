"""The command export_table writes the records of a model, or the rows between records, to a file."""

import csv
import io

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from portal.staff.import_export import all_tables
from portal.tracking.audit_log import AuditEntry
from tests.make import make_participation, make_project, make_term

pytestmark = pytest.mark.django_db


def run(*args):
    out = io.StringIO()
    call_command(*args, stdout=out, verbosity=0)
    return out.getvalue()


def test_the_command_says_that_a_text_is_too_long_for_a_workbook(tmp_path):
    make_term(definition_en="x" * 40_000)
    with pytest.raises(CommandError, match="Use CSV"):
        run("export_table", "term", tmp_path / "terms.xlsx")


def test_csv_has_a_heading_and_a_row_for_each_record(tmp_path):
    make_term(key="tugai", term_ko="투가이"), make_term(key="saxaul", term_en="Saxaul")
    file = tmp_path / "terms.csv"
    assert run("export_table", "term", file) == f"{file} has 2 rows.\n"
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
    assert {row["key"]: (row["term_en"], row["term_ko"]) for row in rows} == {
        "tugai": ("Tugai", "투가이"),
        "saxaul": ("Saxaul", ""),
    }


def test_workbook_has_the_same_rows(tmp_path):
    make_term(key="tugai"), make_term(key="saxaul")
    for ending in ("csv", "XLSX"):  # the case of the ending does not matter
        run("export_table", "term", tmp_path / f"terms.{ending}")
    [sheet] = [one for one in load_workbook(tmp_path / "terms.XLSX").worksheets if one.max_row > 1][:1]
    written = list(csv.reader(io.StringIO((tmp_path / "terms.csv").read_text("utf-8-sig"))))
    assert [["" if cell is None else str(cell) for cell in row] for row in sheet.values] == written


def test_rows_between_records_have_a_table_too(tmp_path):
    make_participation(project=make_project(key="trees"), role="funding")
    file = tmp_path / "rows.csv"
    assert "participation" in all_tables()
    assert run("export_table", "participation", file) == f"{file} has 1 rows.\n"
    [row] = csv.DictReader(io.StringIO(file.read_text("utf-8-sig")))
    assert (row["project"], row["role"]) == ("trees", "funding")


def test_table_without_records_has_only_a_heading(tmp_path):
    file = tmp_path / "terms.csv"
    assert run("export_table", "term", file) == f"{file} has 0 rows.\n"
    assert len(file.read_text("utf-8-sig").splitlines()) == 1


def test_unknown_table_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(CommandError, match=r"invalid choice: 'people' \(choose from .*project"):
        call_command("export_table", "people", str(tmp_path / "people.csv"))
    assert list(tmp_path.iterdir()) == []


def test_wrong_ending_writes_nothing(tmp_path):
    with pytest.raises(CommandError, match=r"^The file ends in \.csv or \.xlsx\.$"):
        run("export_table", "term", tmp_path / "terms.ods")
    assert list(tmp_path.iterdir()) == []
    assert not AuditEntry.objects.filter(what="exported").exists()


def test_export_is_in_the_audit_log(tmp_path):
    make_term()
    run("export_table", "term", tmp_path / "terms.csv")
    [entry] = AuditEntry.objects.filter(what="exported")
    assert {name: entry.details[name] for name in ("table", "rows", "format")} == {
        "table": "term",
        "rows": 1,
        "format": "csv",
    }
