"""A large import and its undo in a real browser."""

import pytest
from playwright.sync_api import expect

from issues.models import Term

HAN = 2  # an editor: tests/browser/conftest.py
# More than the rows that are stored without a page of progress. Five thousand rows take minutes:
# tests/benchmarks/test_tables.py measures them.
ROWS = 1_050
SLOW = 120_000  # milliseconds, on a busy machine


def counts(desk):
    """Return the number of imported terms and the number of all terms."""
    with desk.database():
        return Term.objects.filter(key__startswith="made-up-").count(), Term.objects.count()


@pytest.fixture
def file(tmp_path):
    lines = (f"made-up-{n},Made-up term {n},What term {n} means." for n in range(ROWS))
    path = tmp_path / "terms.csv"
    path.write_text("\n".join(["key,term_en,definition_en", *lines]), encoding="utf-8")
    return path


def test_import_of_many_rows_is_undone(editor, desk, file):
    """Nothing is stored before the confirmation, and after the undo all is as it was."""
    _none, before = counts(desk)
    han = editor(HAN)
    han.goto(f"{desk.url}/admin/issues/term/import/")
    han.locator("#id_file").set_input_files(file)
    han.locator("#id_why").fill("A list of terms.")
    han.get_by_role("button", name="Compare").click()
    expect(han.locator(".outcomes")).to_contain_text(f"New {ROWS:,}", timeout=SLOW)
    assert counts(desk) == (0, before)

    han.get_by_role("button", name="Save all").click()
    expect(han.get_by_text(f"terms.csv is imported: {ROWS} new")).to_be_visible(timeout=SLOW)
    assert counts(desk) == (ROWS, before + ROWS)

    han.get_by_role("link", name="Undo", exact=True).click()
    expect(han.locator("#content-main")).to_contain_text(f"{ROWS} new rows will be deleted.")
    han.get_by_role("button", name="Undo the import").click()
    expect(han.get_by_text("The import of terms.csv was undone.")).to_be_visible(timeout=SLOW)
    assert counts(desk) == (0, before)
