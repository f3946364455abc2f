"""Bring a portal up to date from fixtures/, and leave alone what its editors changed.

What editors changed is read from the history. Rows without history are as they were loaded. Changes of an update itself
are in the history too, with the reason `ChangeReason.CONTENT_UPDATED`; the next update does not take them for changes
of editors. So a page of an earlier day still shows the record as it was.

- A row of the fixtures that the portal lacks is added, unless somebody removed it here.
- A field is brought up to date unless somebody changed it here. A changed English text keeps its translations too.
- A row that left the fixtures is removed unless somebody changed it here, or the portal's own records name it.
- The state of publication, the times and the version of a stored record are not in the fixtures' hands.
- Of the models ONLY_ADDED, editors' rows may be without history. Missing rows are added; none is changed or removed.
- Other models without history, the choices for pages, are loaded only while the portal has none.
"""

import json
from collections import Counter, defaultdict
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone, translation

from portal.core.choices import PublicationStatus
from portal.curation.translations import owner_field, suppress_outdated, translated_fields
from portal.import_export.apply import bump_versions
from portal.import_export.fixtures import (
    content_models,
    fixture_relations,
    identifying_fields,
    natural_fields,
    relate,
)
from portal.models import FormerKey, Record, Tombstone
from portal.tracking import content_version
from portal.tracking.change_log import content_transaction
from portal.tracking.change_reasons import ChangeReason
from portal.tracking.history import BATCH, CHANGED, CREATED, DELETED, INITIAL, TRACKED, change_reason

ONLY_ADDED = frozenset({"portal.FormerKey", "portal.Tombstone", "portal.Alias"})
# Fields that an update never changes in a stored record.
KEPT = frozenset({"key", "publication", "publish_at", "published_at", "version", "created_at", "updated_at"})


class FixtureError(ValueError):
    """Raised if a fixture names a model, a field or a natural key in a way that the portal does not know."""


class _DryUpdateRollback(Exception):
    """Raised to roll back the transaction; never leaves this module."""


@dataclass
class UpdateReport:
    """What an update did: counts by model, the changes in words, and what it left alone, as (what, reason)."""

    counts: dict = field(default_factory=lambda: defaultdict(Counter))  # "added" | "changed" | "removed" -> models
    changes: list = field(default_factory=list)
    left_alone: list = field(default_factory=list)

    def add(self, action, model, key, fields=()):
        self.counts[action][model] += 1
        named = f": {', '.join(fields)}" if fields else ""
        self.changes.append(f"{action} {named_row(model, key)}{named}")

    def leave(self, model, key, reason):
        self.left_alone.append((named_row(model, key), reason))


def named_row(model, key):
    """Return the kind of a row and its natural key in words, such as "project trees" or "party mou-2021/kr"."""
    return f"{model._meta.verbose_name} {'/'.join(str(part) for part in key if part is not None)}"


def update_content(folder, *, dry_run=False):
    """Bring the portal up to date from the fixtures in `folder`, in one transaction. Return an UpdateReport.

    With `dry_run` the transaction is rolled back. Raise FixtureError if the fixtures do not fit the models.
    """
    given = read_fixtures(folder)
    update = _Update(given)
    try:
        with (
            translation.override(settings.LANGUAGE_CODE),  # the column without a language is English
            change_reason(ChangeReason.CONTENT_UPDATED),
            content_transaction(),
        ):
            update.run()
            if dry_run:
                raise _DryUpdateRollback
    except _DryUpdateRollback:
        pass
    return update.report


def read_fixtures(folder):
    """Return the fields of all rows in the fixtures of `folder`, by model, in their order."""
    given = {model: [] for model in content_models()}
    known = {model._meta.label_lower: model for model in given}
    for path in sorted(folder.glob("*.json")):
        for row in json.loads(path.read_text(encoding="utf-8")):
            if row["model"] not in known:
                raise FixtureError(f"{path.name}: the model {row['model']} is unknown.")
            given[known[row["model"]]].append(row["fields"])
    return given


# ── What editors changed ─────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Edits:
    """What editors did to the rows of a model, by its history. A row of their own has every column in `columns`."""

    columns: dict  # primary key -> names of the columns that somebody changed
    own: set  # primary keys of rows that somebody created here
    gone: set  # the identity of rows that somebody removed or renamed: the values of `identifying_columns`


def identifying_columns(model):
    """Return the columns that identify a row of a model: those of its natural key, or both of an automatic table."""
    if model._meta.auto_created:
        return [column.attname for column in model._meta.concrete_fields if column.is_relation]
    return [model._meta.get_field(name).attname for name in identifying_fields(model)]


def edits_of(model):
    """Return the Edits of a model. One query."""
    edits = Edits(defaultdict(set), set(), set())
    tracked = TRACKED.get(model)
    if tracked is None:
        return edits
    identity = identifying_columns(model)
    before = {}
    states = tracked.states._base_manager.order_by("pk")
    for state in states.values("history_type", "history_change_reason", "history_user_id", *tracked.columns).iterator():
        pk = state[tracked.key]
        by_update = state["history_change_reason"] == ChangeReason.CONTENT_UPDATED and not state["history_user_id"]
        last, before[pk] = before.get(pk), state
        if by_update or state["history_type"] == INITIAL:
            continue
        if state["history_type"] == CREATED:
            edits.own.add(pk)
            edits.columns[pk].update(tracked.content_fields)
        elif state["history_type"] == DELETED:
            edits.gone.add(tuple(state[column] for column in identity))
        elif state["history_type"] == CHANGED and last is not None:
            changed = {column for column in tracked.content_fields if state[column] != last[column]}
            edits.columns[pk] |= changed
            if changed & set(identity):
                edits.gone.add(tuple(last[column] for column in identity))
    return edits


# ── The update ───────────────────────────────────────────────────────────────────────────────────────────────


class _Update:
    """One update. Rows are known by model and natural key; `ids` has their primary keys."""

    def __init__(self, given):
        self.given, self.report = given, UpdateReport()
        self.rows, self.ids, self.edits, self.relations = {}, {}, {}, {}
        self.changed_owners = defaultdict(set)  # model -> primary keys of records whose rows changed
        self.pending = []  # rows to create in one batch: natural key, fields, row
        self.is_started = False

    def run(self):
        self.former = {(kind, key): now for kind, key, now in FormerKey.objects.values_list("kind", "key", "now")}
        self.removed = set(Tombstone.objects.values_list("kind", "key"))
        for model in self.given:
            self._read(model)
        self.keys = {model: {self._key(model, row) for row in rows} for model, rows in self.given.items()}
        self.leaving = self._leaving()
        for model in reversed(list(self.given)):
            self._remove_rows(model)
        for model in self.given:
            self._write(model)
        self._remove_records()
        for model, pks in self.changed_owners.items():
            if issubclass(model, Record):
                bump_versions(model, sorted(pks))
        self.report.left_alone = list(dict.fromkeys(self.report.left_alone))

    def _start(self):
        """Mark all content as changed, before the first change: the content version then moves once."""
        if not self.is_started:
            content_version.mark_changed()
            self.is_started = True

    @contextmanager
    def _attempt(self):
        """Make changes that the database may refuse. If it does, nothing counts as changed by them."""
        was_started = self.is_started
        try:
            with transaction.atomic():
                self._start()
                yield
        except IntegrityError:  # ProtectedError too
            self.is_started = was_started
            raise

    # ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────

    def _read(self, model):
        rows = {row.pk: row for row in model._base_manager.select_for_update().order_by("pk")}
        relate(rows.values(), self.rows | {model: rows})
        self.rows[model] = rows
        self.ids[model] = {row.natural_key(): row.pk for row in rows.values()}
        self.edits[model] = edits_of(model)
        for relation in fixture_relations(model):
            through = relation.remote_field.through
            self.edits[through] = edits_of(through)
            self.relations[relation] = defaultdict(dict)  # primary key of the record -> of the other -> of the row
            own, other = (through._meta.get_field(name()).attname for name in _ends(relation))
            for pk, record, target in through._base_manager.values_list("pk", own, other):
                self.relations[relation][record][target] = pk

    def _key(self, model, fields):
        """Return the natural key of a row of the fixtures. A former key stands for the key of today."""
        try:
            values = [self._key_part(model, path, fields) for path in natural_fields(model)]
        except KeyError as error:
            raise FixtureError(f"{model._meta.label}: a row has no field {error}.") from error
        return tuple(values)

    def _key_part(self, model, path, fields):
        name, _dots, rest = path.partition("__")
        column = model._meta.get_field(name)
        if not column.is_relation:
            return column.to_python(fields[name])
        if fields[name] is None:
            return None
        return self._today(column.related_model, fields[name])[natural_fields(column.related_model).index(rest)]

    def _today(self, model, key):
        """Return a natural key from the fixtures as the portal has it: a merged record has the key of the other."""
        key = tuple(key)
        if key in self.ids[model]:
            return key
        paths = natural_fields(model)
        if paths == ("key",):
            return (self.former.get((model._meta.model_name, key[0]), key[0]),)
        return tuple(
            self._today(model._meta.get_field(path.partition("__")[0]).related_model, [part])[0]
            if path.endswith("__key") and part is not None and path.count("__") == 1
            else part
            for path, part in zip(paths, key, strict=True)
        )

    def _owner(self, model, pk):
        """Return the record that a stored row belongs to, as (model, primary key); the row itself if to none."""
        while (column := owner_field(model)) is not None:
            model, pk = column.related_model, getattr(self.rows[model][pk], column.attname)
        return model, pk

    # ── Removing ─────────────────────────────────────────────────────────────────────────────────────────────

    def _leaving(self):
        """Return the records that left the fixtures and that nobody changed, nor any of their rows."""
        changed = {
            self._owner(model, pk)
            for model, rows in self.rows.items()
            for pk in self.edits[model].columns
            if pk in rows
        }
        for relation, targets in self.relations.items():
            edited = self.edits[relation.remote_field.through].columns
            changed |= {(relation.model, pk) for pk, pairs in targets.items() if edited.keys() & set(pairs.values())}
        leaving = set()
        for model, ids in self.ids.items():
            if owner_field(model) is not None or model not in TRACKED or model._meta.label in ONLY_ADDED:
                continue
            for key, pk in ids.items():
                if key in self.keys[model]:
                    continue
                if (model, pk) not in changed:
                    leaving.add((model, pk))
                elif pk not in self.edits[model].own:
                    self.report.leave(model, key, "it left the fixtures, but it was changed here")
        return leaving

    def _remove_rows(self, model):
        """Remove the rows of records that stay, if they left the fixtures and nobody changed them."""
        if owner_field(model) is None or model not in TRACKED or model._meta.label in ONLY_ADDED:
            return
        edits = self.edits[model]
        gone = []
        for key, pk in self.ids[model].items():
            owner_model, owner = self._owner(model, pk)
            if key in self.keys[model] or not self._is_of_fixtures(owner_model, owner):
                continue
            if pk not in edits.columns:
                gone.append((key, pk))
            elif pk not in edits.own:
                self.report.leave(model, key, "it left the fixtures, but it was changed here")
        for key, pk in gone:
            self._start()
            self.changed_owners[self._owner(model, pk)[0]].add(self._owner(model, pk)[1])
            self.report.add("removed", model, key)
            del self.ids[model][key]
        if gone:
            model._base_manager.filter(pk__in=[pk for _key, pk in gone]).delete()
        for _key, pk in gone:
            del self.rows[model][pk]

    def _is_of_fixtures(self, model, pk):
        """Return True if a stored record is in the fixtures and not the portal's own with the same key."""
        row = self.rows[model].get(pk)
        return row is not None and row.natural_key() in self.keys[model] and pk not in self.edits[model].own

    def _remove_records(self):
        """Remove the records that left the fixtures, with their rows. One that others name stays."""
        order = list(self.given)
        waiting = sorted(self.leaving, key=lambda one: (-order.index(one[0]), one[1]))
        while waiting:
            kept = [one for one in waiting if not self._delete(*one)]
            if len(kept) == len(waiting):
                break
            waiting = kept
        for model, pk in waiting:
            self.report.leave(
                model, self.rows[model][pk].natural_key(), "it left the fixtures, but records of this portal name it"
            )

    def _delete(self, model, pk):
        row = self.rows[model][pk]
        key = row.natural_key()
        try:
            with self._attempt():
                row.delete()
        except ProtectedError:
            return False
        self.report.add("removed", model, key)
        return True

    # ── Adding and changing ──────────────────────────────────────────────────────────────────────────────────

    def _write(self, model):
        """Add and change the rows of a model. Rows that do not fit yet are tried again after the others."""
        if model not in TRACKED and model._meta.label not in ONLY_ADDED and self.rows[model]:
            self._compare_choices(model)
            return
        waiting = [(self._key(model, fields), fields) for fields in self.given[model]]
        while waiting:
            refused = [(key, fields, why) for key, fields in waiting if (why := self._store(model, key, fields))]
            refused += self._create_pending(model)
            if len(refused) == len(waiting):
                for key, _fields, why in refused:
                    self.report.leave(model, key, why)
                break
            waiting = [(key, fields) for key, fields, _why in refused]

    def _compare_choices(self, model):
        """Report that the portal keeps its own choices, if they differ from the fixtures."""
        if set(self.ids[model]) != self.keys[model]:
            self.report.left_alone.append((str(model._meta.verbose_name_plural), "the portal has its own choices"))

    def _store(self, model, key, fields):
        """Add or change one row. Return why it does not fit, or an empty string."""
        pk = self.ids[model].get(key)
        if pk is None:
            return self._create(model, key, fields)
        if model._meta.label in ONLY_ADDED or model not in TRACKED:
            return ""
        if pk in self.edits[model].own:
            if owner_field(model) is None:
                self.report.leave(model, key, "the portal has a record of its own with this key")
            return ""
        owner_model, owner = self._owner(model, pk)
        if owner in self.edits[owner_model].own:
            return ""
        return self._change(model, key, self.rows[model][pk], fields)

    def _values(self, model, fields):
        """Return the values of a row by column, and the natural key of the first related row that is not here."""
        values = {}
        for name, value in fields.items():
            try:
                column = model._meta.get_field(name)
            except FieldDoesNotExist as error:
                raise FixtureError(f"{model._meta.label} has no field {name}.") from error
            if column.many_to_many:
                continue
            if not column.is_relation:
                values[column.attname] = column.to_python(value)
            elif value is None:
                values[column.attname] = None
            else:
                values[column.attname] = self.ids[column.related_model].get(self._today(column.related_model, value))
                if values[column.attname] is None:
                    return values, (column.related_model, tuple(value))
        return values, None

    def _create(self, model, key, fields):
        values, missing = self._values(model, fields)
        if missing:
            owner = owner_field(model)
            if owner and missing[0] is owner.related_model:
                return ""  # its record is not here, which is reported for the record
            return f"it names {named_row(*missing)}, which is not here"
        if tuple(values[column] for column in identifying_columns(model)) in self.edits[model].gone:
            self.report.leave(model, key, "it was removed here")
            return ""
        if model in (FormerKey, Tombstone):
            kinds = {other._meta.model_name: other for other in self.ids}
            if (key[1],) in self.ids[kinds[key[0]]] and (kinds[key[0]], self.ids[kinds[key[0]]][key[1],]) not in (
                self.leaving
            ):
                return "a record with this key is here"
        elif issubclass(model, Record):
            if (model._meta.model_name, key[0]) in self.removed:
                self.report.leave(model, key, "it was removed here")
                return ""
        elif (owner := owner_field(model)) and not self._is_of_fixtures(
            *self._owner(owner.related_model, values[owner.attname])
        ):
            return ""
        if not issubclass(model, Record):
            self.pending.append((key, fields, model(**values)))
            return ""
        row = model(**{name: value for name, value in values.items() if name not in KEPT - {"key", "publication"}})
        row.update_publication_dates(PublicationStatus.DRAFT)
        if why := self._write_row(row, None):
            return why
        self._note_added(model, key, row)
        self._relate(model, key, row, fields, report=False)
        return ""

    def _create_pending(self, model):
        """Create the rows that wait, in batches; one by one if the database refuses one of them.

        Return the refused ones, as (natural key, fields, reason).
        """
        pending, self.pending = self.pending, []
        if not pending:
            return []
        refused = []
        try:
            with self._attempt():
                model._default_manager.bulk_create([row for _key, _fields, row in pending], batch_size=BATCH)
        except IntegrityError:
            for key, fields, row in pending:
                row.pk, row._state.adding = None, True  # a refused batch has left its primary keys on the rows
                if why := self._write_row(row, None):
                    refused.append((key, fields, why))
        kept = {key for key, _fields, _why in refused}
        for key, _fields, row in pending:
            if key not in kept:
                self._note_added(model, key, row)
        return refused

    def _note_added(self, model, key, row):
        self.rows[model][row.pk], self.ids[model][key] = row, row.pk
        relate([row], self.rows)
        self.report.add("added", model, key)
        self._note_owner(model, row.pk)

    def _change(self, model, key, row, fields):
        values, missing = self._values(model, fields)
        if missing:
            return f"it names {named_row(*missing)}, which is not here"
        edited = self._edited_columns(model, row.pk)
        differing = [column for column, value in values.items() if column not in KEPT and getattr(row, column) != value]
        kept = [column for column in differing if column in edited]
        taken = [column for column in differing if column not in edited]
        if kept:
            self.report.leave(model, key, f"changed here: {', '.join(kept)}")
        if taken:
            was = {column: getattr(row, column) for column in taken}
            for column in taken:
                setattr(row, column, values[column])
            if why := self._write_row(row, taken, partly=bool(kept)):
                for column, value in was.items():
                    setattr(row, column, value)
                return why
            relate([row], self.rows)
            self.report.add("changed", model, key, taken)
            self._note_owner(model, row.pk)
        self._relate(model, key, row, fields)
        return ""

    def _edited_columns(self, model, pk):
        """Return the columns that editors changed. Translations of a text belong to its English."""
        edited = set(self.edits[model].columns.get(pk, ()))
        for name in translated_fields(model):
            if f"{name}_{settings.LANGUAGE_CODE}" in edited:
                edited |= {f"{name}_{code}" for code, _language in settings.LANGUAGES}
        return edited

    def _note_owner(self, model, pk):
        owner_model, owner = self._owner(model, pk)
        if (owner_model, owner) != (model, pk):
            self.changed_owners[owner_model].add(owner)

    def _write_row(self, row, columns, partly=False):
        """Save a row, or only these columns of it. Return why the database would refuse it, or an empty string.

        Translations are up to date with the fixtures, unless a text is `partly` that of the portal.
        """
        model = type(row)
        try:
            row.validate_constraints()
        except ValidationError as error:
            return " ".join(error.messages)
        if columns is not None:
            names = {column.name for column in model._meta.concrete_fields if column.attname in columns}
            names |= {name for name in translated_fields(model) if f"{name}_{settings.LANGUAGE_CODE}" in names}
            if isinstance(row, Record):
                row.version += 1
                row.updated_at = timezone.now()
                names |= {"version", "updated_at"}
            columns = names
        try:
            with nullcontext() if partly else suppress_outdated(), self._attempt():
                row.save(update_fields=columns)
        except IntegrityError as error:
            return str(error).splitlines()[0]
        return ""

    def _relate(self, model, key, row, fields, report=True):
        """Bring the many-to-many relations of a record up to date."""
        for relation in fixture_relations(model):
            if relation.name not in fields:
                continue
            through, stored = relation.remote_field.through, self.relations[relation][row.pk]
            edits = self.edits[through]
            ids = self.ids[relation.related_model]
            wanted = {pk for one in fields[relation.name] if (pk := ids.get(self._today(relation.related_model, one)))}
            columns = identifying_columns(through)
            own, other = (through._meta.get_field(name()).attname for name in _ends(relation))
            gone = {
                pk
                for pk in wanted - stored.keys()
                if tuple({own: row.pk, other: pk}[column] for column in columns) in edits.gone
            }
            added = wanted - stored.keys() - gone
            dropped = {pk for pk in stored.keys() - wanted if stored[pk] not in edits.columns}
            if gone:
                self.report.leave(model, key, f"changed here: {relation.name}")
            if added or dropped:
                self._start()
                getattr(row, relation.name).add(*added)
                getattr(row, relation.name).remove(*dropped)
                if report:
                    self.report.add("changed", model, key, [relation.name])
                self.changed_owners[model].add(row.pk)


def _ends(relation):
    return relation.m2m_field_name, relation.m2m_reverse_field_name
