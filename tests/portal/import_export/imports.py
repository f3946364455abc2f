"""Import files and read the errors in tests."""

from portal.core.choices import PublicationStatus
from portal.import_export.apply import apply_plan
from portal.import_export.files import Sheet
from portal.import_export.plan import ImportPlan
from portal.import_export.tables import schema_for

D, R, S, P, A, ASIDE = PublicationStatus


def finish(work):
    """Return the return value of a generator."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def bring(model, text, user=None, keep=True, **how):
    """Import a file: the names of the columns in the first line, cells between bars."""
    header, *rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return bring_rows(model, header, rows, user, keep, **how)


def bring_rows(model, header, rows, user=None, keep=True, **how):
    def plan():
        return ImportPlan(
            schema_for(model), Sheet(header, [(line, list(row)) for line, row in enumerate(rows, 2)]), user
        )

    return finish(apply_plan(plan, keep=keep, **{"why": "A better list", "file": "list.csv"} | how))


def told(plan):
    """Return line, column and message of each error."""
    return [(row.line, column, words) for row in plan.rows for column, words in row.errors]


def counts(plan):
    return "{new} new, {changed} changed, {unchanged} unchanged, {refused} refused".format(**plan.counts)


def refusals(model, text, **how):
    return told(bring(model, text, **how))


NO_WAY = "You may not change records of this kind."
