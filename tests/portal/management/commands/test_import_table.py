"""The commands import_table and export_table."""

import io

import pytest
from django.core.management import CommandError, call_command

from issues.models import Observation
from portal.tracking import content_version
from portal.tracking.audit_log import AuditEntry
from tests.make import (
    make_observation,
    make_term,
)

pytestmark = pytest.mark.django_db


def run(*args, **options):
    out, err = io.StringIO(), io.StringIO()
    call_command(*args, stdout=out, stderr=err, verbosity=0, **options)
    return out.getvalue(), err.getvalue()


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_commands_write_a_table_and_bring_it_back(tmp_path, ending):
    observation, file = make_observation(value="24.1"), tmp_path / f"values.{ending}"
    assert run("export_table", "observation", file)[0] == f"{file} has 1 rows.\n"
    Observation.objects.all().update(value="1")
    said = run("import_table", "observation", file, why="They were lost", dry_run=True)[0]
    assert said == "Nothing is stored, as asked: 0 new, 1 changed, 0 unchanged, 0 refused.\n"
    said = run("import_table", "observation", file, why="They were lost")[0]
    assert said == "Done: 0 new, 1 changed, 0 unchanged, 0 refused.\n"
    observation.refresh_from_db()
    assert str(observation.value) == "24.100000"
    entries = AuditEntry.objects.order_by("pk").values_list("what", "who", "details__table")
    assert list(entries)[-2:] == [("exported", "", "observation"), ("imported", "", "observation")]


@pytest.mark.parametrize(("name", "change"), [("term", "term_en"), ("observation", "value")])
def test_an_import_moves_the_number_of_the_content(tmp_path, name, change):
    record, file = {"term": make_term, "observation": make_observation}[name](), tmp_path / "rows.csv"
    run("export_table", name, file)
    type(record).objects.update(**{change: "7"})
    before = content_version.current_version()
    run("import_table", name, file, why="They were lost")
    assert content_version.current_version() > before
    before = content_version.current_version()
    run("import_table", name, file, why="Nothing changes", dry_run=True)
    assert content_version.current_version() == before


def test_the_command_takes_the_rights_of_a_user_and_tells_each_mistake(tmp_path, desk):
    desk("editor")
    term, file = make_term(), tmp_path / "terms.csv"
    file.write_text(f"key,term_en\n{term.key},Changed\nnew,\n", encoding="utf-8")
    err = io.StringIO()
    with pytest.raises(CommandError, match=r"^Nothing is stored: 0 new, 0 changed, 0 unchanged, 2 refused\.$"):
        call_command("import_table", "term", file, why="So", user="editor", stderr=err, verbosity=1)
    assert "Line 2: This record is public: only a reviewer may change it." in err.getvalue()
    assert "Line 3, term_en: This field cannot be blank." in err.getvalue()


@pytest.mark.parametrize(
    ("args", "options", "words"),
    [
        (("import_table", "term", "nowhere.csv"), {"why": "So"}, "No such file"),
        (("import_table", "term", __file__), {"why": "So"}, "The column “key” is missing"),
        (("import_table", "term", __file__), {}, "Say why"),
        (("import_table", "term", __file__), {"why": "So", "user": "nobody"}, "does not exist"),
        (("export_table", "term", "terms.pdf"), {}, "The file ends in .csv or .xlsx."),
    ],
)
def test_commands_say_what_they_need(args, options, words):
    with pytest.raises(CommandError, match=words):
        run(*args, **options)
