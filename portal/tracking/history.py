"""The history of records and of the rows that belong to them: each state, who changed it, when, and why.

It is built on django-simple-history. A change group is what one action changes, such as a saved form or an import. All
states that it writes have the same time, which is how they are recognised as one group. A record from the fixtures has
no history until its first change. Then the state before that change is written too, as INITIAL. Changes that were not
recorded, such as fixtures that were loaded again, are found at the next recorded change. They are written as a
state with the reason `ChangeReason.FOUND_CHANGED`.
"""

import contextlib
import contextvars
import datetime
import functools
import operator
from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS, models, transaction
from django.db.models import Max, Min, Q
from django.db.models.functions import Coalesce
from django.db.models.signals import m2m_changed, pre_save
from django.utils import timezone
from modeltranslation.translator import NotRegistered, translator
from simple_history import register
from simple_history.models import HistoricalChanges, HistoricalRecords

from portal.tracking.change_reasons import ChangeReason

BATCH = 500
# The type of a state: three of django-simple-history, and INITIAL for the state before the first recorded change.
CREATED, CHANGED, DELETED, INITIAL = "+", "~", "-", "="
# Bookkeeping columns. A change of these columns only is not written to the history.
METADATA_FIELDS = frozenset({"version", "created_at", "updated_at"})
# Columns that neither a revert nor a revision changes: the publication state of a record and its key.
STAYS = frozenset({"key", "publication", "publish_at", "published_at"})
MICROSECOND = datetime.timedelta(microseconds=1)


# ── Change groups ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class ChangeGroup:
    """Changes that belong together, their reason, and their author if it is not the user of the request.

    The time of the group is the time of its first change.
    """

    why: str
    author: object = None


_act = contextvars.ContextVar("act", default=None)
_unrecorded = contextvars.ContextVar("unrecorded", default=False)


@contextlib.contextmanager
def change_reason(reason, author=None):
    """Record all changes within the block as one change group with this reason. The innermost block applies.

    `author` is the user who wrote the changes; None is the user of the request.
    """
    token = _act.set(ChangeGroup(str(reason), author))
    try:
        yield
    finally:
        _act.reset(token)


@contextlib.contextmanager
def without_history():
    """Write no history for changes within the block, such as fixtures or generated records for measurements."""
    token = _unrecorded.set(True)
    try:
        yield
    finally:
        _unrecorded.reset(token)


def _request():
    return getattr(HistoricalRecords.context, "request", None)


def _who():
    """Return the author of the change group, or the signed-in user of the request; None, as for a command."""
    if (act := _act.get()) is not None and act.author is not None:
        return act.author
    user = getattr(_request(), "user", None)
    return user if user is not None and user.is_authenticated else None


def _moment():
    """Return the time of the first change in the block of `change_reason`, or else in the request, or else now."""
    act = _act.get() or _request()
    if act is None:
        return timezone.now()
    if not hasattr(act, "_moment"):
        act._moment = timezone.now()
    return act._moment


def change_moment():
    """Return the time of the current change group: all states that it writes to the history have it."""
    return _moment()


def _why():
    act = _act.get()
    return act.why if act else ""


# ── What is tracked ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class HistorizedModel:
    """A model whose states are stored in the history.

    `of` names the foreign keys to the record or row that a row belongs to. `named_by` names the fields that identify a
    row among the rows of its record. `apart` is True if the rows have pages of their own in the admin.
    """

    model: type
    states: type  # the historical model of django-simple-history
    columns: tuple[str, ...]
    of: tuple[str, ...]
    named_by: tuple[str, ...]
    apart: bool

    @property
    def owners(self):
        """Return the set of models that its rows belong to."""
        return {self.model._meta.get_field(name).related_model for name in self.of}

    @property
    def key(self):
        """Return the name of the primary key column."""
        return self.model._meta.pk.attname

    @property
    def content_fields(self):
        """Return the columns without bookkeeping (`METADATA_FIELDS`). Two states are equal if these are."""
        return [column for column in self.columns if column not in METADATA_FIELDS]


@dataclass(frozen=True)
class RowVersionPair:
    """The version of a row before and after a change; None if it did not exist or belonged to another record."""

    before: dict | None
    after: dict | None


TRACKED = {}


class RecordHistory(HistoricalRecords):
    """HistoricalRecords that writes the stored row after a change, and writes nothing if the row did not change."""

    def add_extra_methods(self, cls):
        """Add none: `without_history` is the only way to save without history."""

    def finalize(self, sender, **kwargs):
        super().finalize(sender, **kwargs)
        pre_save.connect(self.pre_save, sender=sender, weak=False)
        if sender._meta.auto_created:
            m2m_changed.connect(_related, sender=sender)

    def copy_fields(self, model):
        """Return copies without help texts and validators, so that a change of these needs no migration of history."""
        fields = super().copy_fields(model)
        for column in fields.values():
            column.help_text, column._validators = "", []
        return fields

    def get_meta_options(self, model):
        return super().get_meta_options(model) | {"default_permissions": ()}  # nobody edits history

    def pre_save(self, instance, raw=False, update_fields=None, **kwargs):
        if _is_told(raw, update_fields) and not instance._state.adding:
            instance._state_before = _states(type(instance), [instance.pk])
            _know(type(instance), instance._state_before)

    def post_save(self, instance, raw=False, update_fields=None, **kwargs):
        if _is_told(raw, update_fields):
            _write_changes(type(instance), instance.__dict__.pop("_state_before", {}), [instance.pk])

    def pre_delete(self, instance, **kwargs):
        if _unrecorded.get():
            return
        instance._state_before = _states(type(instance), [instance.pk])
        _know(type(instance), instance._state_before)
        for through, name in _relations_of(type(instance)):  # Django sends no signal for these rows
            _write_end(through, through._base_manager.filter(**{name: instance.pk}))

    def post_delete(self, instance, **kwargs):
        if not _unrecorded.get():
            _write(type(instance), instance.__dict__.pop("_state_before", {}).values(), DELETED)


def _is_told(raw, update_fields):
    """Return True if history records a save: not for fixtures (`raw`), and not if only METADATA_FIELDS are saved."""
    return not (raw or _unrecorded.get() or (update_fields is not None and set(update_fields) <= METADATA_FIELDS))


def register_history(model, *, of=(), named_by=(), apart=False):
    """Record the history of a model and of its many-to-many relations without a through model of their own.

    Call it when the model has all its columns, after its registration with modeltranslation. The arguments are
    as in `HistorizedModel`; `of` and `named_by` may also be one name.
    """
    try:
        translated = list(translator.get_options_for_model(model).all_fields)
    except NotRegistered:
        translated = []
    of = (of,) if isinstance(of, str) else tuple(of)
    fields = model._meta.concrete_fields
    unasked = [column for column in fields if column.name not in of and not column.primary_key]
    register(
        model,
        records_class=RecordHistory,
        excluded_fields=translated + [column.name for column in fields if column.generated],
        no_db_index=[name for column in unasked for name in (column.name, column.attname)],
        history_id_field=models.BigAutoField(),
        history_change_reason_field=models.TextField(default="", blank=True),
    )
    states = model.history.model
    states.is_audited = False
    columns = tuple(column.attname for column in states.tracked_fields)
    TRACKED[model] = HistorizedModel(
        model, states, columns, of, (named_by,) if isinstance(named_by, str) else named_by, apart
    )
    for relation in model._meta.local_many_to_many:
        through = relation.remote_field.through
        if through._meta.auto_created:
            register_history(through, of=relation.m2m_field_name(), named_by=relation.m2m_reverse_field_name())


def is_history(model):
    """Return True for a historical model, which stores the states of another one."""
    return issubclass(model, HistoricalChanges)


@functools.cache
def child_models(model):
    """Return the HistorizedModels whose rows belong to records of a model, directly and then through other rows."""
    rows = [one for one in TRACKED.values() if model in one.owners]
    return (*rows, *(one for row in rows for one in child_models(row.model)))


@functools.cache
def _relations_of(model):
    """Return pairs of a tracked automatic through table and the name of its foreign key to `model`."""
    throughs = [one for one in TRACKED.values() if one.model._meta.auto_created]
    return [
        (one.model, name)
        for one in throughs
        for name in (*one.of, *one.named_by)
        if one.model._meta.get_field(name).related_model is model
    ]


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def in_batches(items):
    """Return a generator of slices of at most BATCH items, so that a query has a limited number of parameters."""
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def _states(model, pks):
    """Return the stored rows of a model as dicts of their tracked columns, by primary key."""
    columns = TRACKED[model].columns
    return {
        state[model._meta.pk.attname]: state
        for some in in_batches(list(pks))
        for state in model._base_manager.filter(pk__in=some).values(*columns)
    }


def _last_states(model, pks):
    """Return the last recorded states of rows by primary key, as pairs of type and dict of columns without the key."""
    states = TRACKED[model].states._base_manager
    key = model._meta.pk.attname
    return {
        last.pop(key): (last.pop("history_type"), last)
        for some in in_batches(list(pks))
        for last in states.filter(
            pk__in=states.filter(**{f"{key}__in": some}).values(key).annotate(last=Max("pk")).values("last")
        ).values("history_type", *TRACKED[model].columns)
    }


def _same(model, one, other):
    key = model._meta.pk.attname
    return all(one[column] == other[column] for column in TRACKED[model].content_fields if column != key)


def _write(model, states, kind, *, before=datetime.timedelta(), **told):
    """Add states of type `kind` to the history, with the current user, reason and time.

    `told` overrides these fields of the historical model. The time is earlier by `before`.
    """
    told = {"history_user": _who(), "history_change_reason": _why(), "history_date": _moment() - before} | told
    of_model = TRACKED[model].states
    of_model._base_manager.bulk_create(
        [of_model(history_type=kind, **told, **state) for state in states], batch_size=BATCH
    )


def _know(model, states):
    """Make the last recorded states equal the stored `states`, before a change of these rows.

    Rows without history get an INITIAL without a reason. Rows that differ from their last state, or that were deleted
    by it, get a CHANGED state with the reason FOUND_CHANGED. Both have no user, and a time one microsecond before the
    change.
    """
    last = _last_states(model, states)
    nobody = {"before": MICROSECOND, "history_user": None}
    beginning = [state for pk, state in states.items() if pk not in last]
    found = [
        state
        for pk, state in states.items()
        if pk in last and (last[pk][0] == DELETED or not _same(model, last[pk][1], state))
    ]
    if beginning:
        _write(model, beginning, INITIAL, history_change_reason="", **nobody)
    if found:
        _write(model, found, CHANGED, history_change_reason=ChangeReason.FOUND_CHANGED.value, **nobody)


def _write_changes(model, before, pks):
    """Add the present states of rows: CREATED if they are not in `before`, CHANGED if they differ from it."""
    now = _states(model, pks)
    created = [state for pk, state in now.items() if pk not in before]
    changed = [state for pk, state in now.items() if pk in before and not _same(model, before[pk], state)]
    if created:
        _write(model, created, CREATED)
    if changed:
        _write(model, changed, CHANGED)


def _write_end(model, rows):
    states = _states(model, rows.values_list("pk", flat=True))
    if states:
        _know(model, states)
        _write(model, states.values(), DELETED)


def _related(sender, instance, action, reverse, pk_set, **kwargs):
    """Receive m2m_changed: write the history of the through table, for whose rows Django sends no other signal."""
    if _unrecorded.get() or action not in {"post_add", "pre_remove", "pre_clear"}:
        return
    own, other = TRACKED[sender].of[0], TRACKED[sender].named_by[0]
    if reverse:
        own, other = other, own
    rows = sender._base_manager.filter(**{own: instance.pk})
    if pk_set is not None:
        rows = rows.filter(**{f"{other}__in": pk_set})
    if action == "post_add":
        write_created(sender, rows.values_list("pk", flat=True))
    else:
        _write_end(sender, rows)


def write_created(model, pks):
    """Add the first states of rows that were created without a signal, as by bulk_create()."""
    if model in TRACKED and not _unrecorded.get():
        _write_changes(model, {}, pks)


@contextlib.contextmanager
def record_history(model, pks):
    """Record rows that the block changes without a signal, as by update(). One transaction."""
    if model not in TRACKED or _unrecorded.get():
        yield
        return
    with transaction.atomic():
        before = _states(model, pks)
        _know(model, before)
        yield
        _write_changes(model, before, pks)


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────


def versions_of(record):
    """Return the HistorizedModels of a record: its own, then those of its rows."""
    return (TRACKED[type(record)], *child_models(type(record)))


def parts_of(record):
    """Return the HistorizedModels that one form changes: `versions_of` without those `apart` and their child rows."""
    own, *parts = versions_of(record)
    found = [own]
    for part in parts:
        if not part.apart and part.owners & {one.model for one in found}:
            found.append(part)
    return found


def rows_by_key(tracked, rows):
    """Return the states of rows by primary key; those of an automatic through table by the key of the related record.

    Such a row has no content of its own, and it may be removed and added again.
    """
    key = step_key(tracked)
    return {state[key]: state for state in rows}


def step_key(tracked):
    """Return the name of the column that identifies a row between two versions of its record (`rows_by_key`)."""
    if tracked.model._meta.auto_created:
        return tracked.model._meta.get_field(tracked.named_by[0]).attname
    return tracked.key


def changeable_columns(tracked, record):
    """Return the columns of a record or its row that a revert or a revision changes. A row keeps its owner."""
    owners = {tracked.model._meta.get_field(name).attname for name in tracked.of}
    stays = {tracked.key, *owners} | (STAYS if tracked.model is type(record) else set())
    return [column for column in tracked.content_fields if column not in stays]


def row_steps(tracked, record, before, after):
    """Return the RowVersionPairs that lead from one version to another, by the keys of `rows_by_key`.

    `before` and `after` are the states of the rows of `tracked` by primary key, as `version_at` returns them.
    """
    if tracked.model is type(record):
        own, then = before[record.pk], after[record.pk]
        then = own | {column: then[column] for column in changeable_columns(tracked, record)}
        return {} if own == then else {record.pk: RowVersionPair(own, then)}
    before, after = (rows_by_key(tracked, states.values()) for states in (before, after))
    return {
        one: RowVersionPair(before.get(one), after.get(one))
        for one in dict.fromkeys([*before, *after])
        if not _alike(tracked, before.get(one), after.get(one))
    }


def _alike(tracked, before, after):
    return bool(before and after) and all(before[c] == after[c] for c in tracked.columns if c != tracked.key)


def all_ids_ever(tracked, record):
    """Return a queryset of the primary keys of all rows of `tracked` that belonged to a record in any recorded state.

    It serves as a subquery. Owners between the row and the record are followed in the same way.
    """
    states = tracked.states._base_manager.order_by()
    if tracked.model is type(record):
        return states.filter(**{tracked.key: record.pk}).values(tracked.key)
    owned = [
        Q(**{name: record.pk}) if owner is type(record) else Q(**{f"{name}__in": all_ids_ever(TRACKED[owner], record)})
        for name, owner in ((name, tracked.model._meta.get_field(name).related_model) for name in tracked.of)
        if owner is type(record) or TRACKED[owner] in child_models(type(record))
    ]
    return states.filter(functools.reduce(operator.or_, owned)).values(tracked.key)


def versions(tracked, record):
    """Return a queryset of all states of the rows of `tracked` that ever belonged to a record. No order."""
    return tracked.states._base_manager.order_by().filter(**{f"{tracked.key}__in": all_ids_ever(tracked, record)})


def belongs_to(tracked, state, record, rows):
    """Return True if a row in `state` belongs to a record. `rows` has the primary keys of all its rows, by model."""
    if tracked.model is type(record):
        return True
    for name in tracked.of:
        column = tracked.model._meta.get_field(name)
        if column.related_model is type(record):
            if state[column.attname] == record.pk:
                return True
        elif state[column.attname] in rows.get(column.related_model, ()):
            return True
    return False


def change_times(record):
    """Return the times at which a record or its rows changed, newest first, one for each change group. One query."""
    told = [
        versions(tracked, record).exclude(history_type=INITIAL).values_list("history_date", flat=True)
        for tracked in versions_of(record)
    ]
    return list(told[0].union(*told[1:]).order_by("-history_date"))


def has_full_history(record):
    """Return True if the history of a record starts with its creation."""
    tracked = TRACKED[type(record)]
    first = tracked.states._base_manager.filter(**{tracked.key: record.pk}).order_by("pk")
    return first.values_list("history_type", flat=True).first() == CREATED


def creator_id(record):
    """Return the primary key of the user who created a record; None if the history does not have it."""
    tracked = TRACKED[type(record)]
    first = tracked.states._base_manager.filter(**{tracked.key: record.pk}, history_type=CREATED).order_by("pk")
    return first.values_list("history_user", flat=True).first()


def version_at(record, moment=None, kinds=None):
    """Return the states of a record and its rows at `moment`, or now: for each model, dicts of columns by primary key.

    The models are `kinds`, or else those of `versions_of`. A row without history is taken as it is now, for any time.
    Before its first recorded change, a row is taken as it was just before that change (INITIAL). If the record did not
    exist at `moment`, no model has states.
    """
    kinds = kinds or versions_of(record)
    found = {tracked.model: {} for tracked in kinds}
    for tracked in kinds:
        states = _stored(tracked, record, found, untold=moment is not None)
        if moment is not None:
            states += _past(tracked, record, moment)
        rows = {model: set(of_model) for model, of_model in found.items()}
        mine = (state for state in states if belongs_to(tracked, state, record, rows))
        found[tracked.model] = {state[tracked.key]: state for state in mine}
        if not found[type(record)]:
            break
    return found


def _past(tracked, record, moment):
    """Return the recorded states of rows at a moment, without deleted rows."""
    until, beginning = Q(history_date__lte=moment), Q(history_type=INITIAL)
    last = (
        versions(tracked, record)
        .values(tracked.key)
        .annotate(last=Coalesce(Max("pk", filter=until), Min("pk", filter=beginning)))
    )
    states = tracked.states._base_manager.filter(pk__in=last.values("last")).exclude(history_type=DELETED)
    return list(states.values(*tracked.columns))


def _stored(tracked, record, found, untold):
    """Return the stored states of a record's rows: of all rows, or with `untold` only of those without history.

    `found` has the states of the models before it, which give the owners of the rows.
    """
    rows = tracked.model._base_manager
    if tracked.model is type(record):
        rows = rows.filter(pk=record.pk)
    else:
        owned = Q()
        for column in map(tracked.model._meta.get_field, tracked.of):
            if column.related_model is type(record):
                owned |= Q(**{column.attname: record.pk})
            elif column.related_model in found:
                owned |= Q(**{f"{column.attname}__in": list(found[column.related_model])})
        rows = rows.filter(owned)
    if untold:
        past = tracked.states._base_manager.filter(**{tracked.key: models.OuterRef("pk")})
        rows = rows.exclude(models.Exists(past))
    return list(rows.values(*tracked.columns))


def as_of(record, day):
    """Return the record as it was at the end of a day, with its rows and related records; None if it did not exist.

    Do not save the result. `all()` of its tracked relations returns what they contained on that day, from a prefetch
    cache; other querysets of them return the present rows. Records that are not part of it are as they are now.
    """
    moment = timezone.make_aware(datetime.datetime.combine(day, datetime.time.max))
    states = version_at(record, moment)
    return record_in(type(record), states) if states[type(record)] else None


def record_in(model, states):
    """Return the record of the model that has these states (as of `version_at`), as `as_of` does.

    Relations whose models have no entry in `states` return the present rows.
    """
    rows = {model: [_row(model, state) for state in of_model.values()] for model, of_model in states.items()}
    known = _related_to(rows)
    for of, some in rows.items():
        for row in some:
            for column in of._meta.concrete_fields:
                if column.is_relation and (one := known.get((column.related_model, getattr(row, column.attname)))):
                    setattr(row, column.name, one)
    for some in rows.values():
        for row in some:
            _fill_relations(row, rows, known)
    return rows[model][0]


def _row(model, state):
    return model.from_db(DEFAULT_DB_ALIAS, list(state), list(state.values()))


def _related_to(rows):
    """Return objects by (model, primary key): the rows themselves, and all that their foreign keys refer to, as of now.

    At most one query for each related model.
    """
    known = {(model, row.pk): row for model, some in rows.items() for row in some}
    wanted = {}
    for model, some in rows.items():
        for column in model._meta.concrete_fields:
            if column.is_relation:
                wanted.setdefault(column.related_model, set()).update(getattr(row, column.attname) for row in some)
    for model, pks in wanted.items():
        pks = [pk for pk in pks if pk is not None and (model, pk) not in known]
        known |= {(model, one.pk): one for one in model._base_manager.filter(pk__in=pks)}
    return known


def _fill_relations(row, rows, known):
    """Fill the prefetch cache of a row, so that `all()` of its tracked relations returns `rows` and `known` objects."""
    row._prefetched_objects_cache = cache = {}
    for part in TRACKED.values():
        for name in part.of if part.model in rows else ():
            column = part.model._meta.get_field(name)
            if column.related_model is type(row) and not part.model._meta.auto_created:
                mine = [one for one in rows.get(part.model, ()) if getattr(one, column.attname) == row.pk]
                cache[column.remote_field.get_accessor_name()] = with_prefetched_result(part.model, sort_rows(mine))
    for relation in row._meta.many_to_many:
        through = relation.remote_field.through
        if through in rows:
            own, other = through._meta.get_field(relation.m2m_field_name()), relation.m2m_reverse_field_name()
            leads = through._meta.get_field(other).attname
            ends = [
                (relation.related_model, getattr(one, leads))
                for one in sort_rows(rows.get(through, ()))
                if getattr(one, own.attname) == row.pk
            ]
            cache[relation.name] = with_prefetched_result(
                relation.related_model, [known[end] for end in ends if end in known]
            )


def sort_rows(rows):
    """Return the rows sorted by `position`, where they have one, then by primary key."""
    return sorted(rows, key=lambda row: (getattr(row, "position", 0), row.pk))


def with_prefetched_result(model, rows):
    """Return a queryset of the model that is evaluated already, with `rows` as its result."""
    queryset = model._default_manager.get_queryset()
    queryset._result_cache = list(rows)
    queryset._prefetch_done = True
    return queryset
