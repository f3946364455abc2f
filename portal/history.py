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
from dataclasses import dataclass

from django.db import models, transaction
from django.db.models import Max
from django.db.models.signals import m2m_changed, pre_save
from django.utils import timezone
from django.utils.translation import gettext_noop
from modeltranslation.translator import NotRegistered, translator
from simple_history import register
from simple_history.models import HistoricalChanges, HistoricalRecords

BATCH = 500
# How a state came to be: django-simple-history’s three signs, and one for what was there before history began.
CREATED, CHANGED, DELETED, BEGINNING = "+", "~", "-", "="
# What a record carries that says nothing of what it states.
BOOKKEEPING = frozenset({"version", "created_at", "updated_at"})
FOUND_CHANGED = gettext_noop("Found changed: it was changed outside the editors’ desk.")
TICK = datetime.timedelta(microseconds=1)


# ── Acts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Act:
    """Something that is done at one go, and why. Its moment is that of its first change."""

    why: str


_act = contextvars.ContextVar("act", default=None)
_unrecorded = contextvars.ContextVar("unrecorded", default=False)


@contextlib.contextmanager
def because(reason):
    """Everything that changes inside is one act, done for this reason. Of two that are nested the inner one counts."""
    token = _act.set(Act(str(reason)))
    try:
        yield
    finally:
        _act.reset(token)


@contextlib.contextmanager
def unrecorded():
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
    """When the act at hand happened: the block of `because`, else the request, else this one change."""
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
class Tracked:
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
    def telling(self):
        """The columns that say something about what it states."""
        return [column for column in self.columns if column not in BOOKKEEPING]


TRACKED = {}


class StatesOfRecords(HistoricalRecords):
    """Django-simple-history’s. It writes what the database holds after a change, and nothing where nothing changed."""

    def add_extra_methods(self, cls):
        """None: `unrecorded` is the one way to leave no history."""

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
    return not (raw or _unrecorded.get() or (update_fields is not None and set(update_fields) <= BOOKKEEPING))


def track(model, *, of=(), named_by=(), apart=False):
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
        records_class=StatesOfRecords,
        excluded_fields=translated + [column.name for column in fields if column.generated],
        no_db_index=[name for column in unasked for name in (column.name, column.attname)],
        history_id_field=models.BigAutoField(),
        history_change_reason_field=models.TextField(default="", blank=True),
    )
    states = model.history.model
    columns = tuple(column.attname for column in states.tracked_fields)
    TRACKED[model] = Tracked(model, states, columns, of, (named_by,) if isinstance(named_by, str) else named_by, apart)
    for relation in model._meta.local_many_to_many:
        through = relation.remote_field.through
        if through._meta.auto_created:
            track(through, of=relation.m2m_field_name(), named_by=relation.m2m_reverse_field_name())


def is_history(model):
    """Whether a model is one of those that keep the states of another."""
    return issubclass(model, HistoricalChanges)


@functools.cache
def parts_of(model):
    """What belongs to records of a model: its rows, and then the rows of these."""
    rows = [one for one in TRACKED.values() if model in one.owners]
    return (*rows, *(one for row in rows for one in parts_of(row.model)))


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
    nobody = {"before": TICK, "history_user": None}
    beginning = [state for pk, state in states.items() if pk not in last]
    found = [
        state
        for pk, state in states.items()
        if pk in last and (last[pk][0] == DELETED or not _same(model, last[pk][1], state))
    ]
    if beginning:
        _write(model, beginning, BEGINNING, history_change_reason="", **nobody)
    if found:
        _write(model, found, CHANGED, history_change_reason=FOUND_CHANGED, **nobody)


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
def recording(model, pks):
    """Add the states of rows that are changed inside in a way that no signal tells of."""
    if model not in TRACKED or _unrecorded.get():
        yield
        return
    with transaction.atomic():
        before = _states(model, pks)
        _know(model, before)
        yield
        _write_changes(model, before, pks)
