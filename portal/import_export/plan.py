"""Plan an import: compare each row of a file with the record that it names, and find all errors.

Nothing is stored here. A row is new, changed, unchanged or refused. Errors are in words, with their line and column.
The rules are those of the admin's forms: who may change what in which state and language (portal.models.workflow).
"""

import difflib
import hashlib
from collections import Counter
from dataclasses import dataclass, field

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.core.choices import PublicationStatus
from portal.import_export.files import FileError, UnreadableFile
from portal.import_export.tables import RelatedLookup, RelationSheetColumn, RelationsSheetColumn
from portal.models import workflow
from portal.publishing.review_trail import own_submissions
from portal.tracking.history import in_batches

NEW, CHANGED, UNCHANGED, REFUSED = "new", "changed", "unchanged", "refused"


@dataclass(frozen=True)
class PlannedChange:
    """A change of one column by a row: its cells before and after."""

    column: object
    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def name(self):
        return self.column.names[0]


@dataclass
class PlannedRow:
    """A row of a file and the record that it names."""

    line: int
    cells: list[str]
    name: tuple[str, ...] = ()  # the cells of the natural key
    record: models.Model | None = None
    new: bool = False
    changes: list[PlannedChange] = field(default_factory=list)
    relations: dict = field(default_factory=dict)  # many-to-many column -> its new records
    was: str = PublicationStatus.DRAFT  # the publication state before
    errors: list[tuple[str, str]] = field(default_factory=list)  # pairs of column ("" for the row) and message

    def add_error(self, column, words):
        if (column, words) not in self.errors:
            self.errors.append((column, words))

    def add_validation_error(self, error, column=""):
        """Add the messages of a ValidationError. `column` is their column unless the error names fields."""
        if not hasattr(error, "error_dict"):
            for words in error.messages:
                self.add_error(column, words)
            return
        for name, errors in error.error_dict.items():
            for one in errors:
                for words in one.messages:
                    self.add_error("" if name == NON_FIELD_ERRORS else name, words)


class ImportPlan:
    """What a file changes in a table, for a user. Without a user (a command) everything is permitted."""

    def __init__(self, table, sheet, user=None):
        self.table, self.sheet, self.user = table, sheet, user
        self.places = _places(table, sheet.header)
        self.rows = [PlannedRow(line, cells) for line, cells in sheet.rows]
        self.given = [column for column in table.columns if column.names[0] in self.places]
        self._actions = {}
        self._own = None  # the primary keys of the records that the user may not publish, when they are known

    # ── Outcome ──────────────────────────────────────────────────────────────────────────────────────────────

    def state(self, row):
        """Return the state of a row: REFUSED, NEW, CHANGED or UNCHANGED."""
        if row.errors:
            return REFUSED
        if row.new:
            return NEW
        return CHANGED if row.changes else UNCHANGED

    @property
    def counts(self):
        """The number of rows in each state."""
        return {NEW: 0, CHANGED: 0, UNCHANGED: 0, REFUSED: 0} | Counter(map(self.state, self.rows))

    @property
    def refused(self):
        return any(row.errors for row in self.rows)

    @property
    def effective_rows(self):
        """The rows that are new or changed."""
        return [row for row in self.rows if row.new or row.changes]

    @property
    def fingerprint(self):
        """The SHA-256 digest of all changes, to detect that the plan differs from the one that a user confirmed."""
        told = hashlib.sha256()
        for row in self.effective_rows:
            told.update(repr((row.name, row.new, [(c.name, c.old, c.new) for c in row.changes])).encode())
        return told.hexdigest()

    def affected_records(self):
        """Return the rows of each record that they change, by (model, primary key). Child rows change their owners."""
        found = {}
        for row in self.effective_rows:
            for record in self.owners(row):
                found.setdefault((type(record), record.pk), []).append(row)
        return found

    # ── Making it ────────────────────────────────────────────────────────────────────────────────────────────

    def make(self):
        """Compare all rows. A generator: it yields the number of rows in each compared batch."""
        related = RelatedLookup()
        seen = {}
        for some in in_batches(self.rows):
            self._name(some, related, seen)
        for some in in_batches(self.rows):
            self._compare(some, related)
            yield len(some)
        self._check_relations_among_new()

    def cells(self, row, column):
        """Return the cells of a row in a column, which may have several names."""
        return tuple(row.cells[self.places[name]] for name in column.names)

    def _value(self, row, column, related):
        """Return the value of a row in a column. If it is invalid, add an error to the row and return None."""
        for name in column.names:
            cell = row.cells[self.places[name]]
            if isinstance(cell, UnreadableFile):
                row.add_error(name, str(cell))
                return None
        try:
            return column.value(self.cells(row, column), row.record, related)
        except ValidationError as error:
            row.add_validation_error(error, column.names[0])
            return None

    def _name(self, rows, related, seen):
        """Find the record of each row, or create an unsaved one.

        `seen` maps the identities of earlier rows to their lines; a second row for one record is refused.
        """
        for column in self.table.natural:
            if isinstance(column, RelationSheetColumn):
                related.load(column, [tuple(cell.strip() for cell in self.cells(row, column)) for row in rows])
        named = {}
        for row in rows:
            if len(row.cells) > len(self.sheet.header):
                row.add_error("", _("There are more cells in the line than columns."))
                continue
            row.name = tuple(cell.strip() for column in self.table.natural for cell in self.cells(row, column))
            values = [self._value(row, column, related) for column in self.table.natural]
            if row.errors:
                continue
            identity = tuple(map(_identity, values))
            if identity in seen:
                row.add_error("", _("Line {line} refers to the same record.").format(line=seen[identity]))
                continue
            seen[identity] = row.line
            named[identity] = row, values
        stored = self._stored(named)
        for identity, (row, values) in named.items():
            row.record = stored.get(identity)
            row.new = row.record is None
            if row.new:
                row.record = self.table.model()
                if len(row.name) == 1:
                    related.new[self.table.model, row.name] = row.record
            for column, value in zip(self.table.natural, values, strict=True):
                if row.new or isinstance(column, RelationSheetColumn):  # rows of one record share its instance
                    column.put(row.record, value)
            row.was = getattr(row.record, "publication", PublicationStatus.DRAFT)

    def _stored(self, named):
        """Return the stored records among those that the rows name, by the values of their natural key."""
        conditions = {
            f"{column.field.attname}__in": {identity[place] for identity in named}
            for place, column in enumerate(self.table.natural)
            if not column.field.null
        }
        return {
            tuple(getattr(record, column.field.attname) for column in self.table.natural): record
            for record in (self.table.records(self.given).filter(**conditions) if named else ())
        }

    def _compare(self, rows, related):
        others = [column for column in self.given if column not in self.table.natural]
        differing = {id(row): self._differing(row, others) for row in rows}
        for column in others:
            if isinstance(column, RelationSheetColumn | RelationsSheetColumn):
                cells = [self.cells(row, column) for row in rows if column in differing[id(row)]]
                if isinstance(column, RelationsSheetColumn):
                    cells = [(key,) for cell in cells for key in column.keys(cell)]
                related.load(column, [tuple(text.strip() for text in cell) for cell in cells])
        for row in rows:
            for column in differing[id(row)]:
                self._change(row, column, related)
            if row.record is not None and (row.new or row.changes):
                self._check(row)

    def _differing(self, row, columns):
        """Return the columns whose cells differ from the record. New records: filled or required columns."""
        if row.record is None or row.errors:
            return []
        if row.new:
            return [column for column in columns if any(self.cells(row, column)) or _is_needed(column.field)]
        return [column for column in columns if self.cells(row, column) != column.texts(row.record)]

    def _change(self, row, column, related):
        faults = len(row.errors)
        value = self._value(row, column, related)
        if len(row.errors) > faults:
            return
        old = ("",) * len(column.names) if row.new else column.texts(row.record)
        if isinstance(column, RelationsSheetColumn):
            if not row.new and set(value) == set(column.stored(row.record)):
                return
            row.relations[column] = value
            new = (" ".join(sorted(column.keys(self.cells(row, column)))),)
        else:
            if not row.new and _same(value, column.stored(row.record)):
                return
            column.put(row.record, value)
            new = column.texts(row.record)
        row.changes.append(PlannedChange(column, old, new))

    # ── Rules ────────────────────────────────────────────────────────────────────────────────────────────────

    def _check(self, row):
        """Check what no column can check alone: missing columns, the version, permissions, the state and `clean()`."""
        if row.new:
            for column in self.table.columns:
                if column not in self.given and _is_needed(column.field):
                    row.add_error(column.names[0], _("A column required for a new record is missing."))
        if self.table.is_record and "version" in self.places:
            self._check_version(row)
        self._check_rights(row)
        if self.table.is_record:
            self._check_move(row)
        if not row.errors and type(row.record).clean is not models.Model.clean:
            try:
                row.record.clean()
            except ValidationError as error:
                row.add_validation_error(error)

    def _check_version(self, row):
        text = row.cells[self.places["version"]].strip()
        if text and row.new:
            row.add_error(
                "version", _("No record has this key (any more), or the key is mistyped: a new record has no version.")
            )
        elif text and text != str(row.record.version):
            row.add_error(
                "version",
                _(
                    "The record has changed since the file was made: it is now version {now}; the file has {then}."
                ).format(now=row.record.version, then=text),
            )

    def actions(self, model):
        """Return the workflow actions that the user may do with records of a model. Cached for each model."""
        if model not in self._actions:
            every = frozenset(model._meta.default_permissions)
            self._actions[model] = workflow.allowed_actions(self.user, model) if self.user else every
        return self._actions[model]

    def _rights(self, row):
        """Return whether the user may change all of a row, and the languages that they may change otherwise."""
        model = self.table.model
        actions = self.actions(model)
        if self.table.is_record:
            whole = "add" in actions if row.new else workflow.can_edit(actions, row.was)
            return whole, workflow.languages(actions, row.was)
        owners = [(self.actions(type(owner)), owner.publication) for owner in self.table.owners_of(row.record)]
        are_open = all(workflow.can_edit(may, publication) for may, publication in owners)
        if owners and not admin.site.is_registered(model):  # rows that are edited only in an inline
            return are_open, frozenset.intersection(*(workflow.languages(*owner) for owner in owners))
        is_resting = any(publication in workflow.RESTING_STATES for _may, publication in owners)
        whole = ("add" if row.new else "change") in actions and are_open
        return whole, frozenset() if is_resting else workflow.languages(actions, None)

    def _check_rights(self, row):
        whole, languages = self._rights(row)
        if whole:
            return
        forbidden = [change.name for change in row.changes if change.column.language not in languages]
        if languages and not row.new:
            for name in forbidden:
                row.add_error(name, _("You may change the columns of your language only."))
        elif self.table.is_record and row.new:
            row.add_error("", _("You may not add records of this kind."))
        elif PublicationStatus.SET_ASIDE in {row.was, *(owner.publication for owner in self.owners(row))}:
            row.add_error("", _("It is set aside. Take it up again first."))
        elif any("change" in self.actions(type(owner)) for owner in self.owners(row)):
            row.add_error("", _("This record is public: only a reviewer may change it."))
        else:
            row.add_error("", _("You may not change records of this kind."))

    def check_rights_again(self):
        """Check the permissions of all rows again, with the user's present ones. Call it after the rows are locked."""
        self._actions, self._own = {}, None
        if self.user:
            self.user = get_user_model()._default_manager.get(pk=self.user.pk)
        for row in self.effective_rows:
            self._check_rights(row)
            if self.table.is_record:
                self._check_move(row)

    def owners(self, row):
        """Return the records that a row changes for readers: its own record, or the owners of a child row."""
        return [row.record] if self.table.is_record else self.table.owners_of(row.record)

    def _check_move(self, row):
        """Refuse a change of state that the workflow does not permit, and a wrong time of publication."""
        actions, record = self.actions(self.table.model), row.record
        changed = {change.name for change in row.changes}
        old, new = PublicationStatus(row.was), PublicationStatus(record.publication)
        if new != old and not workflow.can_transition(actions, old, new):
            row.add_error(
                "publication",
                _("You may not move it from “{old}” to “{new}”.").format(old=old.label, new=new.label)
                if new in workflow.TRANSITIONS[old]
                else _("It cannot be moved from “{old}” to “{new}”.").format(old=old.label, new=new.label),
            )
        elif new == PublicationStatus.SET_ASIDE and record.was_public:
            row.add_error("publication", _("Readers saw it, so it cannot be set aside."))
        elif new in workflow.PUBLIC_STATES and old in workflow.EDITABLE_STATES and self._is_own(row):
            row.add_error("publication", _("You wrote or submitted it, so another reviewer publishes it."))
        if "publish_at" in changed and record.publish_at and new != PublicationStatus.SCHEDULED:
            row.add_error("publish_at", _("Only a scheduled record has a publication time."))
        elif "publish_at" in changed and "publish" not in actions:
            row.add_error("publish_at", _("The time is set by someone who may publish."))
        elif new == PublicationStatus.SCHEDULED and changed & {"publication", "publish_at"} and not _is_ahead(record):
            row.add_error("publish_at", _("Enter a time in the future."))

    def _is_own(self, row):
        """Return True if the user may not publish the record of a row because it is their own submission."""
        if self.user is None or row.new:
            return self.user is not None and not settings.REVIEW_OWN
        if self._own is None:
            stored = [one for one in self.rows if one.record is not None and not one.new]
            waiting = [one.record.pk for one in stored if one.was in workflow.EDITABLE_STATES]
            self._own = own_submissions(self.user, self.table.model, waiting)
        return row.record.pk in self._own

    def _check_relations_among_new(self):
        """Refuse a relation to a new record of the same file that the field's `limit_choices_to` excludes.

        RelatedLookup checks this for stored records only.
        """
        among = [c for c in self.given if isinstance(c, RelationSheetColumn) and c.model is self.table.model]
        for row in self.rows:
            for change in row.changes:
                if change.column not in among:
                    continue
                other = change.column.stored(row.record)
                limits = change.column.field.get_limit_choices_to()
                if other is not None and other._state.adding and any(getattr(other, n) != v for n, v in limits.items()):
                    row.add_error(
                        change.name,
                        _("“{name}” exists but is of the wrong kind.").format(name=change.new[0]),
                    )


def _is_ahead(record):
    return record.publish_at is not None and record.publish_at > timezone.now()


def _identity(value):
    return value.pk if isinstance(value, models.Model) else value


def _same(value, stored):
    return value == stored or (value in ("", None) and stored in ("", None))


def _is_needed(field):
    """Return True if a new record needs a value in this field."""
    return not (field.blank or field.has_default())


def _places(table, header):
    """Return the index of each column of a file, by name. Raise FileError with all errors of the header."""
    names = [name.strip() for name in header]
    known = table.header
    faults = []
    for name, times in Counter(names).items():
        if not name:
            faults.append(_("A column has no name."))
        elif times > 1:
            faults.append(_("The column “{name}” is there twice.").format(name=name))
        elif name not in known:
            faults.append(_unknown(name, known))
    needed = [name for column in table.natural for name in column.names]
    faults += [
        _("The column “{name}” is missing; it says what each line is about.").format(name=name)
        for name in needed
        if name not in names
    ]
    if faults:
        raise FileError(*faults)
    return {name: place for place, name in enumerate(names)}


def _unknown(name, known):
    close = [f"{name}_{code}" for code, _language in settings.LANGUAGES if f"{name}_{code}" in known]
    close = close or difflib.get_close_matches(name.lower().replace(" ", "_"), known, 2)
    if close:
        return _("There is no column “{name}”. Did you mean {close}?").format(name=name, close=" / ".join(close))
    return _("There is no column “{name}”.").format(name=name)
