"""Undo an import as a whole: delete the rows that it created, and restore the values that it changed.

The history knows both by the time of the import, which the audit log keeps. Nothing is undone if a row has changed
since, if readers have seen a new record, or if the user may not change it. The restored values are stored as an import
of the former values, so the same rules apply.
"""

import datetime
from collections import defaultdict

from django.db import models
from django.db.models import Max, ProtectedError
from django.utils.translation import gettext as _

from portal.import_export.apply import apply_plan, bump_versions
from portal.import_export.files import Sheet
from portal.import_export.plan import ImportPlan
from portal.import_export.tables import RelationSheetColumn, RelationsSheetColumn
from portal.models import workflow
from portal.publishing.checks import publishing_blockers
from portal.tracking import audit_log
from portal.tracking.audit_log import AuditEntry
from portal.tracking.change_log import content_transaction
from portal.tracking.change_reasons import ChangeReason
from portal.tracking.history import CREATED, DELETED, TRACKED, change_reason, in_batches


class UndoRefusedError(Exception):
    """An import cannot be undone. `reasons` are pairs of the name of a row and a message."""

    def __init__(self, reasons):
        super().__init__(reasons)
        self.reasons = list(reasons)


def undoable_imports(tables, user=None):
    """Return the audit entries of the imports into these tables that were not undone, the newest first.

    With a `user` only those of that user.
    """
    undone = AuditEntry.objects.filter(what=AuditEntry.Action.IMPORT_UNDONE)
    entries = AuditEntry.objects.filter(
        what=AuditEntry.Action.IMPORTED,
        details__table__in=[table.name for table in tables if table.model in TRACKED],
        details__has_key="moment",
    ).exclude(details__moment__in=list(undone.values_list("details__moment", flat=True)))
    if user is not None:
        entries = entries.filter(who=user.get_username())
    return entries.order_by("-at", "-pk")


class ImportUndo:
    """What undoing an import does. `created` are the primary keys of the new rows, `changed` those of the others."""

    def __init__(self, table, entry, user):
        self.table, self.entry, self.user = table, entry, user
        self.model, self.tracked = table.model, TRACKED[table.model]
        self.moment = datetime.datetime.fromisoformat(entry.details["moment"])
        own = self._states(self.tracked).values_list(self.tracked.key, "history_type")
        self.created = {pk for pk, kind in own if kind == CREATED}
        # By column of a many-to-many relation: triples of a row, another record, and whether the import related them.
        self.relations = {
            column: self._related(column)
            for column in table.columns
            if isinstance(column, RelationsSheetColumn) and column.field.remote_field.through in TRACKED
        }
        touched = {pk for pk, _kind in own} | {pk for found in self.relations.values() for pk, _other, _is_new in found}
        self.changed = touched - self.created

    def _states(self, tracked):
        return tracked.states._base_manager.filter(history_date=self.moment).order_by("pk")

    def _related(self, column):
        tracked = TRACKED[column.field.remote_field.through]
        own, other = (
            tracked.model._meta.get_field(name).attname
            for name in (column.field.m2m_field_name(), column.field.m2m_reverse_field_name())
        )
        states = self._states(tracked).filter(history_type__in=[CREATED, DELETED])
        return [(pk, one, kind == CREATED) for pk, one, kind in states.values_list(own, other, "history_type")]

    # ── What prevents it ─────────────────────────────────────────────────────────────────────────────────────

    def obstacles(self):
        """Return pairs of the name of a row and the reason why the import cannot be undone; [] if it can."""
        rows = self.table.records().in_bulk(self.created | self.changed)
        changed = _changed_since(self.tracked, {pk: pk for pk in self.created}, self.moment, with_rows=True)
        changed |= _changed_since(self.tracked, {pk: pk for pk in self.changed}, self.moment, with_rows=False)
        found = [
            (str(rows.get(pk, f"{self.table.title} {pk}")), _("It has changed since the import, or was deleted."))
            for pk in sorted(changed | ((self.created | self.changed) - rows.keys()))
        ]
        for pk in sorted(self.created & rows.keys()):
            if reason := self._why_not_deleted(rows[pk]):
                found.append((str(rows[pk]), reason))
        return found

    def _why_not_deleted(self, row):
        owners = [row] if self.table.is_record else self.table.owners_of(row)
        if self.table.is_record and row.publication not in workflow.EDITABLE_STATES | {workflow.ARCHIVED}:
            return _("It is public. Take it back first.")
        if self.table.is_record and row.was_public:
            return _("Readers have seen it. Archive it instead.")
        if not all(workflow.can_edit(self._actions(type(owner)), owner.publication) for owner in owners):
            return _("You may not change it.")
        return ""

    def _actions(self, model):
        return workflow.allowed_actions(self.user, model)

    # ── The former values ────────────────────────────────────────────────────────────────────────────────────

    def former_values(self):
        """Return a Sheet that gives the changed rows their values from before the import."""
        now = self.table.records().in_bulk(self.changed)
        before = self._before()
        cells, given = {}, set()
        for column in self.table.columns:
            if column in self.table.natural:
                continue
            texts = self._former_relations(column, now) if column in self.relations else self._former(column, before)
            for pk, former in texts.items():
                if pk in now and former != column.texts(now[pk]):
                    cells[pk, column] = former
                    given.add(column)
        columns = [*self.table.natural, *(column for column in self.table.columns if column in given)]
        sheet = Sheet([name for column in columns for name in column.names])
        for line, pk in enumerate(sorted({pk for pk, _column in cells}), 2):
            texts = (cells.get((pk, column)) or column.texts(now[pk]) for column in columns)
            sheet.rows.append((line, [text for some in texts for text in some]))
        return sheet

    def _before(self):
        """Return the changed rows as they were before the import, by primary key."""
        states, key, columns = self.tracked.states._base_manager, self.tracked.key, self.tracked.columns
        found = {}
        for some in in_batches(sorted(self.changed)):
            last = states.filter(**{f"{key}__in": some}, history_date__lt=self.moment).order_by()
            last = last.values(key).annotate(last=Max("pk")).values("last")
            for state in states.filter(pk__in=last).values(*columns):
                found[state[key]] = self.model.from_db(None, list(state), list(state.values()))
        return found

    def _former(self, column, before):
        if isinstance(column, RelationSheetColumn):
            others = column.model._base_manager.in_bulk(
                {getattr(row, column.field.attname) for row in before.values()} - {None}
            )
            for row in before.values():
                column.field.set_cached_value(row, others.get(getattr(row, column.field.attname)))
        return {pk: column.texts(row) for pk, row in before.items() if not isinstance(column, RelationsSheetColumn)}

    def _former_relations(self, column, now):
        others = column.model._base_manager.in_bulk({other for _pk, other, _is_new in self.relations[column]})
        keys = {}
        for pk, other, is_new in self.relations[column]:
            if pk in now and other in others:
                found = keys.setdefault(pk, set(column.keys(column.texts(now[pk]))))
                key = column.keys((str(getattr(others[other], column.paths[0])),))
                found.difference_update(key) if is_new else found.update(key)
        return {pk: (" ".join(sorted(found)),) for pk, found in keys.items()}

    # ── Doing it ─────────────────────────────────────────────────────────────────────────────────────────────

    def apply(self):
        """Undo the import. A generator: it yields pairs of a stage and a number of rows, like `apply_plan`.

        Raise UndoRefusedError, with nothing changed, if something prevents it.
        """
        why = ChangeReason.IMPORT_UNDONE.format(file=self.entry.details["file"])
        with change_reason(why), content_transaction():
            for some in in_batches(sorted(self.created | self.changed)):
                list(models.QuerySet(self.model).filter(pk__in=some).order_by("pk").select_for_update().values("pk"))
            if found := self.obstacles():
                raise UndoRefusedError(found)
            sheet = self.former_values()
            plan = yield from apply_plan(lambda: ImportPlan(self.table, sheet, self.user), keep=True, why=why)
            if plan.refused:
                raise UndoRefusedError(
                    (" / ".join(row.name), message) for row in plan.rows for _column, message in row.errors
                )
            yield from self._delete_created()
            told = {name: self.entry.details[name] for name in ("table", "file", "moment")}
            audit_log.log_action(AuditEntry.Action.IMPORT_UNDONE, self.user, **told)

    def _delete_created(self):
        owners = {} if self.table.is_record else self._owners_of_created()
        gaps = {one: set(publishing_blockers(owner)) for one, owner in owners.items() if _is_public(owner)}
        left = set(self.created)
        while left:
            needed = self._needed(left)
            for some in in_batches(sorted(left - needed or left)):
                try:
                    models.QuerySet(self.model).filter(pk__in=some).delete()
                except ProtectedError as error:
                    raise UndoRefusedError(
                        (str(one), _("It refers to a record of the import.")) for one in error.protected_objects
                    ) from error
                yield "stored", len(some)
            left &= needed
        by_model = defaultdict(list)
        for model, pk in owners:
            by_model[model].append(pk)
        for model, pks in by_model.items():
            bump_versions(model, pks)
        for (model, pk), known in gaps.items():
            if new := [gap for gap in publishing_blockers(model.objects.get(pk=pk)) if gap not in known]:
                raise UndoRefusedError((str(owners[model, pk]), gap.text) for gap in new)

    def _owners_of_created(self):
        rows = self.table.records().in_bulk(self.created).values()
        return {(type(owner), owner.pk): owner for row in rows for owner in self.table.owners_of(row)}

    def _needed(self, pks):
        """Return those of the new rows to which others of them refer: they are deleted after these."""
        names = [c.field.attname for c in self.table.columns if isinstance(c, RelationSheetColumn)]
        names = [name for name in names if self.model._meta.get_field(name).related_model is self.model]
        rows = models.QuerySet(self.model).filter(pk__in=pks)
        return {pk for name in names for pk in rows.values_list(name, flat=True)} & pks


def _is_public(record):
    return record.publication in workflow.PUBLIC_STATES


def _changed_since(tracked, roots, moment, with_rows):
    """Return the values of `roots` (by primary key of a row of `tracked`) whose rows have changed after `moment`.

    The rows of a many-to-many relation count too. `with_rows` says that all rows of a record count.
    """
    found = set()
    for some in in_batches(sorted(roots)):
        states = tracked.states._base_manager.filter(**{f"{tracked.key}__in": some}, history_date__gt=moment)
        found |= {roots[pk] for pk in states.order_by().values_list(tracked.key, flat=True)}
        for part in TRACKED.values():
            if tracked.model not in part.owners or not (with_rows or part.model._meta.auto_created):
                continue
            for column in (part.model._meta.get_field(name) for name in part.of):
                if column.related_model is tracked.model:
                    rows = part.states._base_manager.filter(**{f"{column.attname}__in": some}).order_by()
                    parts = {row: roots[owner] for row, owner in rows.values_list(part.key, column.attname)}
                    found |= _changed_since(part, parts, moment, with_rows)
    return found
