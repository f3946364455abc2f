"""Measure export, reading, comparison, dry run and import of ten thousand rows, and the undo of an import."""

import pytest
from django.contrib.auth.models import User

from issues.models import Observation, Term
from portal.import_export import files
from portal.import_export.apply import apply_plan
from portal.import_export.plan import ImportPlan
from portal.import_export.tables import schema_for
from portal.import_export.undo import ImportUndo, undoable_imports
from projects.models import Project
from tests.make import make_country, make_indicator, make_place, make_source

pytestmark = pytest.mark.django_db

ROWS = 10_000
UNDONE = 5_000  # each deleted record has its own state in the history, and leaves the search index
PROSE = "Saxaul is planted on the dry bed. " * 12


def observations():
    indicator, source = make_indicator(), make_source()
    places = [make_place().key for _ in range(ROWS // 400)]
    header = ["indicator", "place", "year", "source", "value"]
    return header, [[indicator.key, places[n // 400], str(1800 + n % 400), source.key, f"{n}.5"] for n in range(ROWS)]


def projects():
    countries = " ".join(make_country().key for _ in range(2))
    fixed = {
        **{"level": "national", "status": "closed", "confidence": "high", "start": "2021-07", "countries": countries},
        **{f"{name}_{code}": PROSE for name in ("summary", "evidence", "activities") for code in ("en", "ko", "ru")},
    }
    return ["key", "title_en", *fixed], [[f"made-up-{n}", f"Trees {n}", *fixed.values()] for n in range(ROWS)]


def finish(work):
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize("step", ["trial", "storing", "comparing", "changing", "csv", "xlsx", "reading xlsx"])
@pytest.mark.parametrize(("model", "rows"), [(Observation, observations), (Project, projects)])
def test_ten_thousand_rows(benchmark, model, rows, step):
    table, (header, lines) = schema_for(model), rows()
    changing = "value" if model is Observation else "note_en"

    def carry(header, lines, keep):
        sheet = files.Sheet(header, [(line, list(cells)) for line, cells in enumerate(lines, 2)])
        return finish(
            apply_plan(lambda: ImportPlan(table, sheet), keep=keep, why="To measure", file="bench.csv")
        ).counts

    def export(form):
        cells = (table.row(record) for record in table.in_batches(table.all_keys()))
        texts = [table.is_text(name) for name in table.header]
        if form == files.CSV:
            return "".join(files.csv_lines(table.header, texts, cells)).encode()
        with files.xlsx_file("Rows", table.header, texts, cells) as file:
            return file.read()

    def once(function, *args):
        return benchmark.pedantic(function, args=args, rounds=1)

    if step == "trial":
        assert once(carry, header, lines, False)["new"] == ROWS
        return
    if step == "storing":
        assert once(carry, header, lines, True)["new"] == ROWS
        return
    carry(header, lines, keep=True)
    if step == "comparing":
        assert once(carry, header, lines, True)["unchanged"] == ROWS
    elif step == "changing":
        named = [name for column in table.natural for name in column.names]
        places = [header.index(name) for name in named]
        changed = [[*(line[place] for place in places), str(n)] for n, line in enumerate(lines)]
        assert once(carry, [*named, changing], changed, True)["changed"] == ROWS
    elif step == "reading xlsx":
        data = export(files.XLSX)
        assert len(once(files.read, "bench.xlsx", data, table.header).rows) == ROWS
    else:
        assert once(export, step)


def test_undo_of_five_thousand_new_records(benchmark):
    table, header = schema_for(Term), ["key", "term_en", "definition_en"]
    lines = [(n + 2, [f"made-up-{n}", f"Term {n}", f"What term {n} means."]) for n in range(UNDONE)]
    sheet = files.Sheet(header, lines)
    finish(apply_plan(lambda: ImportPlan(table, sheet), keep=True, why="To measure", file="bench.csv"))
    user = User.objects.create_superuser("bench")
    undo = ImportUndo(table, undoable_imports([table]).first(), user)
    benchmark.pedantic(finish, args=(undo.apply(),), rounds=1)
    assert not Term.objects.exists()
