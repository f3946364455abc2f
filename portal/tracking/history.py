"""The history of records: what each of them, and each row that belongs to it, was; who changed it, when, and why.

Every act (a form that was saved, a list that was imported) writes the states that it leaves behind, all with the same
moment: that is what holds them together. A record that came with the fixtures has no history until it is first
changed; then the state before that change is written too, as what it was from the beginning. What changed meanwhile
without being told (fixtures that were loaded again) is found at the next change, and said.
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
# How a state came to be: django-simple-history’s three signs, and one for what was there before history began.
CREATED, CHANGED, DELETED, BEGINNING = "+", "~", "-", "="
# What a record carries that says nothing of what it states.
METADATA_FIELDS = frozenset({"version", "created_at", "updated_at"})
MICROSECOND = datetime.timedelta(microseconds=1)


# ── Acts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class ChangeGroup:
    """Something that is done at one go, and why. Its moment is that of its first change."""

    why: str


_act = contextvars.ContextVar("act", default=None)
_unrecorded = contextvars.ContextVar("unrecorded", default=False)


@contextlib.contextmanager
def change_reason(reason):
    """Everything that changes inside is one act, done for this reason. Of two that are nested the inner one counts."""
    token = _act.set(ChangeGroup(str(reason)))
    try:
        yield
    finally:
        _act.reset(token)


@contextlib.contextmanager
def without_history():
    """What changes inside leaves no history: content that is loaded, records that are made up to measure with."""
    token = _unrecorded.set(True)
    try:
        yield
    finally:
        _unrecorded.reset(token)


def _request():
    return getattr(HistoricalRecords.context, "request", None)


def _who():
    """Who is at it: the user of the request, nobody for a command or a clock."""
    user = getattr(_request(), "user", None)
    return user if user is not None and user.is_authenticated else None


def _moment():
    """When the act at hand happened: the block of `change_reason`, else the request, else this one change."""
    act = _act.get() or _request()
    if act is None:
        return timezone.now()
    if not hasattr(act, "_moment"):
        act._moment = timezone.now()
    return act._moment


def _why():
    act = _act.get()
    return act.why if act else ""


# ── What is tracked ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class HistorizedModel:
    """A model whose states are kept. `of` are its columns that name the record, or the row, that it belongs to;
    `named_by` those that tell it from its like. Rows that stand `apart` have pages of their own at the desk.
    """

    model: type
    states: type  # django-simple-history's model of them
    columns: tuple[str, ...]
    of: tuple[str, ...]
    named_by: tuple[str, ...]
    apart: bool

    @property
    def owners(self):
        """The models that its rows belong to."""
        return {self.model._meta.get_field(name).related_model for name in self.of}

    @property
    def key(self):
        """The column of the primary key."""
        return self.model._meta.pk.attname

    @property
    def telling(self):
        """The columns that say something about what it states."""
        return [column for column in self.columns if column not in METADATA_FIELDS]


TRACKED = {}


class RecordHistory(HistoricalRecords):
    """Django-simple-history’s. It writes what the database holds after a change, and nothing where nothing changed."""

    def add_extra_methods(self, cls):
        """None: `without_history` is the one way to leave no history."""

    def finalize(self, sender, **kwargs):
        super().finalize(sender, **kwargs)
        pre_save.connect(self.pre_save, sender=sender, weak=False)
        if sender._meta.auto_created:
            m2m_changed.connect(_related, sender=sender)

    def copy_fields(self, model):
        """The columns without what only forms need, so that a better help text is no migration of history."""
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
        for through, name in _relations_of(type(instance)):  # Django tells nobody that these rows go with it
            _write_end(through, through._base_manager.filter(**{name: instance.pk}))

    def post_delete(self, instance, **kwargs):
        if not _unrecorded.get():
            _write(type(instance), instance.__dict__.pop("_state_before", {}).values(), DELETED)


def _is_told(raw, update_fields):
    """Whether history tells of a save: not where fixtures are loaded, nor where only bookkeeping is stored."""
    return not (raw or _unrecorded.get() or (update_fields is not None and set(update_fields) <= METADATA_FIELDS))


def register_history(model, *, of=(), named_by=(), apart=False):
    """Keep the history of a model from now on, and of its plain relations. Called when its columns are all there."""
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
    """Whether a model is one of those that keep the states of another."""
    return issubclass(model, HistoricalChanges)


@functools.cache
def child_models(model):
    """What belongs to records of a model: its rows, and then the rows of these."""
    rows = [one for one in TRACKED.values() if model in one.owners]
    return (*rows, *(one for row in rows for one in child_models(row.model)))


@functools.cache
def _relations_of(model):
    """Pairs of a plain relation’s table and the column of it that names records of a model."""
    throughs = [one for one in TRACKED.values() if one.model._meta.auto_created]
    return [
        (one.model, name)
        for one in throughs
        for name in (*one.of, *one.named_by)
        if one.model._meta.get_field(name).related_model is model
    ]


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def in_batches(items):
    """A list in pieces that a query can name."""
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def _states(model, pks):
    """What the database holds of the rows of a model, by primary key."""
    columns = TRACKED[model].columns
    return {
        state[model._meta.pk.attname]: state
        for some in in_batches(list(pks))
        for state in model._base_manager.filter(pk__in=some).values(*columns)
    }


def _last_states(model, pks):
    """What history says last of rows, by primary key: pairs of how that came and the state."""
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
    return all(one[column] == other[column] for column in TRACKED[model].telling if column != model._meta.pk.attname)


def _write(model, states, kind, *, before=datetime.timedelta(), **told):
    """Add states to the history, as those of the act at hand unless it is `told` who and why."""
    told = {"history_user": _who(), "history_change_reason": _why(), "history_date": _moment() - before} | told
    of_model = TRACKED[model].states
    of_model._base_manager.bulk_create(
        [of_model(history_type=kind, **told, **state) for state in states], batch_size=BATCH
    )


def _know(model, states):
    """See to it that history ends with what rows are before a change: what it lacks began so, or was found so."""
    last = _last_states(model, states)
    nobody = {"before": MICROSECOND, "history_user": None}
    beginning = [state for pk, state in states.items() if pk not in last]
    found = [
        state
        for pk, state in states.items()
        if pk in last and (last[pk][0] == DELETED or not _same(model, last[pk][1], state))
    ]
    if beginning:
        _write(model, beginning, BEGINNING, history_change_reason="", **nobody)
    if found:
        _write(model, found, CHANGED, history_change_reason=ChangeReason.FOUND_CHANGED.value, **nobody)


def _write_changes(model, before, pks):
    """Add what rows are now, those that differ from what they were before."""
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
    """A plain relation was changed: its rows come and go without a signal of their own."""
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
    """Add the first state of rows that were created in a way that no signal tells of."""
    if model in TRACKED and not _unrecorded.get():
        _write_changes(model, {}, pks)


@contextlib.contextmanager
def record_history(model, pks):
    """Add the states of rows that are changed inside in a way that no signal tells of."""
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
    """The models that tell of a record: its own, then those of its rows."""
    return (TRACKED[type(record)], *child_models(type(record)))


def all_ids_ever(tracked, record):
    """The primary keys of the rows of a kind that belong to a record or ever did, as history knows them."""
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
    """All that history says of the rows of a kind that ever belonged to a record."""
    return tracked.states._base_manager.order_by().filter(**{f"{tracked.key}__in": all_ids_ever(tracked, record)})


def belongs_to(tracked, state, record, rows):
    """Whether a row belonged to a record in a state. `rows` are the primary keys, by model, of the record's rows."""
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
    """When a record or its rows changed, the last time first: a moment for each act."""
    told = [
        versions(tracked, record).exclude(history_type=BEGINNING).values_list("history_date", flat=True)
        for tracked in versions_of(record)
    ]
    return list(told[0].union(*told[1:]).order_by("-history_date"))


def has_full_history(record):
    """Whether history tells of a record from its creation on."""
    tracked = TRACKED[type(record)]
    first = tracked.states._base_manager.filter(**{tracked.key: record.pk}).order_by("pk")
    return first.values_list("history_type", flat=True).first() == CREATED


def version_at(record, moment=None):
    """What a record and its rows were at a moment, or are now: for each model of `versions_of`, states by primary key.

    What has no history has always been what it is now. Before their first recorded change rows were what they were
    then. A record that was not there yet, or no longer, has no state, and no rows.
    """
    found = {tracked.model: {} for tracked in versions_of(record)}
    for tracked in versions_of(record):
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
    """What history says that rows were at a moment."""
    until, beginning = Q(history_date__lte=moment), Q(history_type=BEGINNING)
    last = (
        versions(tracked, record)
        .values(tracked.key)
        .annotate(last=Coalesce(Max("pk", filter=until), Min("pk", filter=beginning)))
    )
    states = tracked.states._base_manager.filter(pk__in=last.values("last")).exclude(history_type=DELETED)
    return list(states.values(*tracked.columns))


def _stored(tracked, record, found, untold):
    """What the database holds of a record's rows: of all, or of those that history never told of."""
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
    """The record as it was at the end of a day, with its rows and what they lead to; None if it was not there.

    What it returns is to be read, not to be saved. Its relations answer `all()` with what they held on that day; other
    questions to them would be answered from today.
    """
    moment = timezone.make_aware(datetime.datetime.combine(day, datetime.time.max))
    states = version_at(record, moment)
    if not states[type(record)]:
        return None
    rows = {
        model: [_row(model, state) for state in of_model.values()] for model, of_model in states.items() if of_model
    }
    known = _related_to(rows)
    for model, some in rows.items():
        for row in some:
            for column in model._meta.concrete_fields:
                if column.is_relation and (one := known.get((column.related_model, getattr(row, column.attname)))):
                    setattr(row, column.name, one)
    for model in rows:
        for row in rows[model]:
            _fill_relations(row, rows, known)
    return rows[type(record)][0]


def _row(model, state):
    return model.from_db(DEFAULT_DB_ALIAS, list(state), list(state.values()))


def _related_to(rows):
    """All that rows lead to, by model and primary key: the rows themselves, and others as they are now."""
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
    """Let the relations of a row that are tracked answer `all()` with what they held."""
    row._prefetched_objects_cache = cache = {}
    for part in TRACKED.values():
        for name in part.of:
            column = part.model._meta.get_field(name)
            if column.related_model is type(row) and not part.model._meta.auto_created:
                mine = [one for one in rows.get(part.model, ()) if getattr(one, column.attname) == row.pk]
                cache[column.remote_field.get_accessor_name()] = with_prefetched_result(part.model, in_order(mine))
    for relation in row._meta.many_to_many:
        through = relation.remote_field.through
        if through in TRACKED:
            own, other = through._meta.get_field(relation.m2m_field_name()), relation.m2m_reverse_field_name()
            leads = through._meta.get_field(other).attname
            ends = [
                (relation.related_model, getattr(one, leads))
                for one in in_order(rows.get(through, ()))
                if getattr(one, own.attname) == row.pk
            ]
            cache[relation.name] = with_prefetched_result(
                relation.related_model, [known[end] for end in ends if end in known]
            )


def in_order(rows):
    """Rows as their editors ordered them."""
    return sorted(rows, key=lambda row: (getattr(row, "position", 0), row.pk))


def with_prefetched_result(model, rows):
    """A queryset that has been answered."""
    queryset = model._default_manager.get_queryset()
    queryset._result_cache = list(rows)
    queryset._prefetch_done = True
    return queryset
