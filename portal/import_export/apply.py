"""Store a plan: all of it or nothing, in batches, with history, audit log and search index.

Rows are written in batches of BATCH. Only a batch that the database refuses is tried again row by row, so that each
error is reported for its row.
"""

import json
from collections import defaultdict

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, models, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal.core.choices import PublicationStatus
from portal.curation import translations
from portal.import_export.tables import BATCH, RelationSheetColumn
from portal.models import workflow
from portal.publishing.checks import fields_checked, publishing_blockers
from portal.search import indexing
from portal.tracking import audit_log, content_version
from portal.tracking.audit_log import AuditEntry
from portal.tracking.change_log import content_transaction
from portal.tracking.history import change_moment, change_reason, in_batches, record_history, write_created

MOVED = ("publish_at", "published_at")
IMPORTED = {"imported": True}  # part of the messages of Django's log entries that an import creates


class _DryRunRollback(Exception):
    """Raised to roll back the transaction; never leaves this module."""


def run_to_end(work):
    """Run a generator to its end and return its return value. What it yields, the progress, is dropped."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def apply_plan(plan_anew, *, keep, fingerprint="", why="", file=""):
    """Store a plan. Roll back if it has errors or unless `keep` is True.

    A generator: it yields pairs of a stage ("compared", "stored" or "checked") and a number of rows, and returns the
    plan. `plan_anew` returns a plan that is not compared yet; it is called a second time if a record had publishing
    blockers before the import already. `fingerprint` is that of the plan that the user confirmed: if it is given, only
    a plan with the same one is stored. Without a `file` there is no import entry in the audit log.
    """
    plan = plan_anew()
    for count in plan.make():
        yield "compared", count
    if plan.refused or not plan.effective_rows or (fingerprint and plan.fingerprint != fingerprint):
        return plan
    lacking = yield from _attempt(plan, keep, why, file, {})
    if lacking and not plan.refused:
        # The rollback restored the records. Blockers that they had before do not prevent the import.
        known = {one: set(_gaps(*one, publication=PublicationStatus.PUBLISHED)) for one in lacking}
        rows = plan.affected_records()
        for one, found in lacking.items():
            for gap in found:
                if gap not in known[one]:
                    rows[one][0].add_error(gap.field if gap.field in plan.places else "", gap.text)
        if keep and not plan.refused:
            plan = plan_anew()
            for _count in plan.make():
                continue
            yield from _attempt(plan, keep, why, file, known)
    return plan


def _attempt(plan, keep, why, file, known):
    """Store a plan in one transaction. Roll back if it has errors or blockers, or unless `keep` is True.

    Return the publishing blockers of scheduled and published records that are not in `known`, by (model, primary key).
    """
    lacking = {}
    try:
        with change_reason(why), content_transaction():
            yield from _store(plan)
            if not plan.refused:
                for one in _released(plan):
                    if found := [gap for gap in _gaps(*one) if gap not in known.get(one, ())]:
                        lacking[one] = found
                    yield "checked", 1
            if not keep or plan.refused or lacking:
                raise _DryRunRollback
            _tell(plan, why, file)
    except _DryRunRollback:
        pass
    return lacking


def _released(plan):
    """Return the scheduled and published records, as (model, primary key), that may have new publishing blockers."""
    released = {
        (type(record), record.pk)
        for row in plan.effective_rows
        if not plan.table.is_record or row.new or _may_leave_gaps(row)
        for record in plan.owners(row)
        if record.publication in workflow.PUBLIC_STATES
    }
    return [one for one in plan.affected_records() if one in released]


def _may_leave_gaps(row):
    columns = fields_checked(type(row.record))
    return any(change.name in columns for change in row.changes)


def _gaps(model, pk, **where):
    """Return the publishing blockers of a stored record; [] if there is none that meets the conditions `where`."""
    record = model.objects.filter(pk=pk, **where).first()
    return publishing_blockers(record) if record else []


# ── Write to the database ────────────────────────────────────────────────────────────────────────────────────────


def _store(plan):
    if not plan.table.is_record:
        _lock_owners(plan)
    plan.check_rights_again()
    if plan.refused:
        return
    yield from _create(plan, [row for row in plan.effective_rows if row.new])
    for some in in_batches([row for row in plan.effective_rows if not row.new]):
        _update(plan, some)
        yield "stored", len(some)
    if not plan.table.is_record:
        for model, pks in _by_model(plan.affected_records()).items():
            for some in in_batches(pks):
                bump_versions(model, some)
    if not plan.refused and hasattr(plan.table.model, "cite_marks"):
        for row in plan.effective_rows:
            row.record.cite_marks()


def _lock_owners(plan):
    """Lock the owners of the rows. Refuse rows whose owner has changed its publication state since the comparison."""
    touched = plan.affected_records()
    for model, pks in _by_model(touched).items():
        for some in in_batches(sorted(pks)):
            locked = models.QuerySet(model).filter(pk__in=some).order_by("pk").select_for_update()
            stored = dict(locked.values_list("pk", "publication"))
            for pk in some:
                for row in touched[model, pk]:
                    owner = next(one for one in plan.owners(row) if (type(one), one.pk) == (model, pk))
                    if owner.publication != stored.get(pk):
                        _refuse_as_changed(row)


def _refuse_as_changed(row):
    row.add_error("", _("Another editor has changed this. Check the file’s changes again."))


def _create(plan, waiting):
    """Create new records. A record that others of the same file refer to is created before them."""
    among = [c.field.name for c in plan.given if isinstance(c, RelationSheetColumn) and c.model is plan.table.model]
    while waiting:
        ready = [row for row in waiting if all(_is_stored(getattr(row.record, name)) for name in among)]
        if not ready:
            for row in waiting if not plan.refused else ():
                row.add_error("", _("The records refer to each other in a circle."))
            return
        for some in in_batches(ready):
            for row in some:
                if plan.table.is_record:
                    row.record.update_publication_dates(row.was)
            _all_or_each(some, lambda rows: _insert(plan.table.model, [row.record for row in rows]))
            if not plan.refused:
                _relate(plan, some)
            yield "stored", len(some)
        waiting = [row for row in waiting if row not in ready]


def _is_stored(record):
    return record is None or not record._state.adding


def _insert(model, records):
    for record in records:  # a refused batch has left its primary keys on the instances
        record.pk, record._state.adding = None, True
    with translation.override("en"):  # the field without a language suffix is English
        models.QuerySet(model).bulk_create(records, batch_size=BATCH)
    write_created(model, [record.pk for record in records])


def _relate(plan, rows):
    """Store the many-to-many relations of new records."""
    for column in {column for row in rows for column in row.relations}:
        through = column.field.remote_field.through
        own, other = column.field.m2m_field_name(), column.field.m2m_reverse_field_name()
        _insert(
            through,
            [through(**{own: row.record, other: one}) for row in rows for one in row.relations.get(column, ())],
        )


def _update(plan, rows):
    """Update stored records in the columns that the file changes, and no others.

    Refuse rows whose record has changed since the comparison.
    """
    table, now = plan.table, timezone.now()
    changing = {change.column for row in rows for change in row.changes}
    locked = table.records(changing).filter(pk__in=[row.record.pk for row in rows]).select_for_update()
    fresh = {record.pk: record for record in locked}
    alike = defaultdict(list)
    for row in rows:
        stored = fresh.get(row.record.pk)
        if (
            stored is None
            or (table.is_record and stored.publication != row.was)
            or any(change.column.texts(stored) != change.old for change in row.changes)
        ):
            _refuse_as_changed(row)
            continue
        columns = {change.column.field.name for change in row.changes if change.column not in row.relations}
        columns |= {change.column.field.translated_field.name for change in row.changes if change.column.language}
        if table.is_record:
            row.record.update_publication_dates(row.was)
            columns |= set(MOVED) if "publication" in columns else set()
        alike[frozenset(columns)].append(row)
    for columns, some in alike.items():

        def write(rows, columns=columns):
            stored = models.QuerySet(table.model).filter(pk__in=[row.record.pk for row in rows])
            texts = translations.snapshot_before_update(stored, columns)
            with record_history(table.model, [row.record.pk for row in rows]), translation.override("en"):
                if columns:
                    models.QuerySet(table.model).bulk_update([row.record for row in rows], columns, batch_size=100)
                if table.is_record:
                    stored.update(version=models.F("version") + 1, updated_at=now)
            translations.compare_after_update(table.model, texts)

        _all_or_each(some, write)
    for row in rows:
        for column, others in row.relations.items() if not row.errors else ():
            getattr(row.record, column.field.name).set(others)


def _all_or_each(rows, write):
    """Write the rows together. If the database refuses them, write each one alone and add its errors to it."""
    try:
        with transaction.atomic():
            write(rows)
    except (IntegrityError, DataError):
        for row in rows:
            try:
                row.record.validate_unique()
                row.record.validate_constraints()
                with transaction.atomic():
                    write([row])
            except ValidationError as error:
                row.add_validation_error(error)
            except (IntegrityError, DataError):
                row.add_error("", _("The database cannot hold this."))


def bump_versions(model, pks):
    """Increase the version of records whose child rows changed."""
    records = list(models.QuerySet(model).filter(pk__in=pks).select_for_update())
    for record in records:
        record.version, record.updated_at = record.version + 1, timezone.now()
    with record_history(model, pks):
        models.QuerySet(model).bulk_update(records, ["version", "updated_at"], batch_size=BATCH)


def _by_model(touched):
    found = defaultdict(list)
    for model, pk in touched:
        found[model].append(pk)
    return found


# ── After the write ──────────────────────────────────────────────────────────────────────────────────────────────


def _tell(plan, why, file):
    """Do what signals do for rows that are saved one by one, and log the import in the audit log.

    This updates the search index and the content version, and logs changes of the publication state.
    """
    table, counts = plan.table, plan.counts
    indexing.mark_saved([row.record for row in plan.effective_rows])
    for model, pks in _by_model(plan.affected_records()).items():
        content_version.mark_changed(model, pks=pks)
    if table.is_record:
        for row in plan.effective_rows:
            audit_log.log_publication(row.record, row.was, row.record.publication)
    if plan.user:
        _log(plan)
    if file:
        told = {"table": table.name, "file": file, "new": counts["new"], "changed": counts["changed"], "why": why}
        told["moment"] = change_moment().isoformat()  # by which the import can be undone (undo.py)
        audit_log.log_action(AuditEntry.Action.IMPORTED, plan.user, **told)


def _log(plan):
    """Create Django's log entries. The dashboard and edit conflicts use them: who changed a record, and when."""
    entries = []
    for (model, pk), rows in plan.affected_records().items():
        created = plan.table.is_record and rows[0].new
        fields = sorted({change.name for row in rows for change in row.changes})
        record = next(one for one in plan.owners(rows[0]) if (type(one), one.pk) == (model, pk))
        entries.append(
            LogEntry(
                user=plan.user,
                content_type=ContentType.objects.get_for_model(model),
                object_id=pk,
                object_repr=str(record)[:200],
                action_flag=ADDITION if created else CHANGE,
                change_message=json.dumps([IMPORTED | ({"added": {}} if created else {"changed": {"fields": fields}})]),
            )
        )
    LogEntry.objects.bulk_create(entries, batch_size=BATCH)
