"""The changes of the content that matter to readers who follow it, read from the history.

Four kinds are substantive: a record that is published for the first time, a status that changed, a result that was
added, and an entry in the log of corrections. Everything else, such as a better wording, is only in the changelog of
its record. Content from the fixtures has no history, so its first load is not a change. A later version of the content
(`manage.py update_content`) may bring hundreds of changes at once: they are one change, of the kind UPDATE.
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext, ngettext, pgettext_lazy

from portal.core.choices import PublicationStatus
from portal.core.formatting import number
from portal.core.languages import in_language, text_and_language
from portal.core.urls import with_query
from portal.formats.serialisers import short_records
from portal.history.diff import FieldDifference, RecordNames, value_in_words
from portal.models import Correction, Record
from portal.models.corrections import attach_records
from portal.tracking.change_reasons import ChangeReason
from portal.tracking.history import CHANGED, CREATED, TRACKED

MOST_APART = 20  # changes of one update of the content that are listed one by one
MOST_READ = 10_000  # states of one model: comparing them takes about 0.5 s; an import may write more
MOST_CHANGES = 1_000
# Readers of a record in one of these states saw it, or still see a notice of it.
SEEN = (PublicationStatus.PUBLISHED, PublicationStatus.ARCHIVED)

# From a model and primary keys to those that a reader asked for.
Matching = Callable[[type[Record], Collection[int]], set[int]]


class ChangeKind(models.TextChoices):
    """The kinds of substantive changes."""

    NEW = "new", pgettext_lazy("kind of change", "New")
    STATUS = "status", pgettext_lazy("kind of change", "Status changed")
    RESULT = "result", pgettext_lazy("kind of change", "Result added")
    CORRECTION = "correction", pgettext_lazy("kind of change", "Corrected")
    UPDATE = "update", pgettext_lazy("kind of change", "New content")

    @property
    def tone(self) -> str:
        """The tone of its tag: a class of static/css/components/tag.css."""
        return {
            self.NEW: "water",
            self.STATUS: "plain",
            self.RESULT: "done",
            self.CORRECTION: "stale",
            self.UPDATE: "water",
        }[self]


@dataclass
class SubstantiveChange:
    """One substantive change of a record that is published now.

    `record` is None for a correction of a page or of a record that is no longer published. `about` is the record that a
    result belongs to. `differences` are FieldDifferences of a status. `is_update` is True if an update of the content
    made it. A change of the kind UPDATE has the joined changes as `parts`, and the numbers of all records that the
    update changed, by model, as `edited`.
    """

    kind: ChangeKind
    moment: datetime.datetime
    identity: str  # the same in all feeds, and different for each change
    record: Any = None
    about: Any = None
    differences: list[FieldDifference] = field(default_factory=list)
    correction: Correction | None = None
    is_update: bool = False
    parts: list["SubstantiveChange"] = field(default_factory=list)
    edited: Counter[type[Record]] = field(default_factory=Counter)

    def name_and_language(self) -> tuple[str, str]:
        """Return the name of the record, or the kind of what was corrected, and the language of it."""
        if self.parts:
            count = len({(type(part.record), part.record.pk) for part in self.parts})
            sentence = ngettext("{number} new or changed record", "{number} new or changed records", count).format(
                number=number(count)
            )
            return sentence, get_language()
        if self.record:
            return self.record.name_and_language()
        return str(self.correction.get_kind_display()), get_language()

    def get_absolute_url(self) -> str:
        """Return the path of the record, of the entry in the log of corrections, or of the list of new records."""
        if self.parts:
            return with_query(reverse("what-changed"), {"change": ChangeKind.NEW.value})
        return (
            self.record.get_absolute_url()
            if self.record
            else f"{reverse('corrections')}#correction-{self.correction.pk}"
        )

    @property
    def text_and_language(self) -> tuple[str, str]:
        """What was corrected, the status or the update in words, and the language of it. Empty for other changes."""
        if self.correction:
            return text_and_language(self.correction, "what")
        if self.parts:
            return self._update_in_words(), get_language()
        return "; ".join(f"{one.label}: {one.old} → {one.new}" for one in self.differences), get_language()

    def _update_in_words(self) -> str:
        """Return sentences with the numbers of new records, changed statuses, new results and edited records."""
        by_kind = {kind: Counter(type(part.record) for part in self.parts if part.kind == kind) for kind in ChangeKind}
        results = by_kind[ChangeKind.RESULT].total()
        sentences = (
            (gettext("New records: {counts}."), counts_in_words(by_kind[ChangeKind.NEW])),
            (gettext("Changed statuses: {counts}."), counts_in_words(by_kind[ChangeKind.STATUS])),
            (gettext("New results: {counts}."), number(results) if results else ""),
            (gettext("Corrected or reworded: {counts}."), counts_in_words(self.edited)),
        )
        return " ".join(sentence.format(counts=counts) for sentence, counts in sentences if counts)

    @property
    def text_html(self) -> str | None:
        """`text_and_language` as HTML."""
        return in_language(*self.text_and_language)

    @property
    def record_kind(self) -> str:
        """What the record is, such as “Project”; "" without a record."""
        return "" if self.record is None else str(capfirst(self.record._meta.verbose_name))


def counts_in_words(counts: Counter[type[Record]]) -> str:
    """Return numbers of records by model as a list, the largest first: “projects 48, events 53”."""
    return ", ".join(f"{model._meta.verbose_name_plural} {number(count)}" for model, count in counts.most_common())


@dataclass(frozen=True)
class ChangesFound:
    """Substantive changes, the newest first. `is_cut` is True if there may be more than were read."""

    changes: list[SubstantiveChange]
    is_cut: bool


def followed_models() -> list[type[Record]]:
    """Return the models of records that have a history."""
    return [model for model in apps.get_models() if issubclass(model, Record) and model in TRACKED]


def substantive_changes(
    since: datetime.datetime,
    until: datetime.datetime | None = None,
    *,
    kinds: Collection[str] = tuple(ChangeKind),
    matching: Matching | None = None,
) -> ChangesFound:
    """Return the substantive changes from `since` to just before `until`, at most MOST_CHANGES.

    `kinds` are those of ChangeKind to return. `matching` limits them to records that a reader asked for; a result is
    also found by the record that it belongs to. The number of queries depends on the number of models only.

    With UPDATE among the kinds, the changes of an update of the content are one change if they are more than
    MOST_APART. Without it, each is listed.
    """
    window = Q(history_date__gte=since) & (Q(history_date__lt=until) if until else Q())
    wanted, is_joined = kinds, ChangeKind.UPDATE in kinds
    if is_joined:
        kinds = tuple(ChangeKind)  # an update is made of all of them
    found, is_cut = [], False
    for model in followed_models():
        limit = _limit(model, window)
        states = _own_states(model, window & limit, kinds)
        added = _added_rows(model, window) if ChangeKind.RESULT in kinds else []
        is_cut = is_cut or bool(limit) or len(added) >= MOST_READ
        found += _changes_of(model, states, added, kinds, matching)
    if ChangeKind.CORRECTION in kinds:
        found += _corrections(window, matching)
    if is_joined:
        found = [change for change in _join_updates(found, matching) if change.kind in wanted]
    found.sort(key=lambda change: (change.moment, change.identity), reverse=True)
    return ChangesFound(found[:MOST_CHANGES], is_cut or len(found) > MOST_CHANGES)


def _published(model, window):
    """Return the recorded changes of a window after which a record of the model was published."""
    states = TRACKED[model].states._base_manager
    return states.filter(window, history_type__in=[CREATED, CHANGED], publication=PublicationStatus.PUBLISHED)


def _limit(model, window):
    """Return the condition that leaves at most MOST_READ published states in a window, the newest; empty if all do.

    The states of one action have the same time, so it leaves all of them or none.
    """
    oldest = _published(model, window).order_by("-history_date").values_list("history_date", flat=True)
    cut = oldest[MOST_READ : MOST_READ + 1]
    return Q(history_date__gt=cut[0]) if len(cut) else Q()


def _own_states(model, window, kinds):
    """Return the published states that are new, have another status or a first text of results, the newest first.

    A state is compared with the last one that was published. So changes while a record was hidden count when it is
    published again.
    """
    tracked = TRACKED[model]
    states = tracked.states._base_manager
    earlier = states.filter(**{tracked.key: OuterRef(tracked.key)}, pk__lt=OuterRef("pk"))
    last = earlier.filter(publication=PublicationStatus.PUBLISHED).order_by("-pk")
    was_seen = Exists(earlier.filter(Q(publication__in=SEEN) | Q(published_at__isnull=False)))
    watched = _watched(model)
    conditions = Q()
    if {ChangeKind.NEW, ChangeKind.RESULT} & set(kinds):
        conditions |= Q(was_seen=False)
    if ChangeKind.STATUS in kinds:
        for name in model.status_fields:
            before = f"before_{name}"
            conditions |= Q(**{f"{before}__isnull": False}) & ~Q(**{before: models.F(name)})
    if ChangeKind.RESULT in kinds and model.result_field:
        name = f"{model.result_field}_en"
        conditions |= Q(was_seen=True, before_text="") & ~Q(**{name: ""}) & Q(**{f"{name}__isnull": False})
    if not conditions:
        return []
    return list(
        _published(model, window)
        .annotate(was_seen=was_seen, **_columns_before(model, last))
        .filter(conditions)
        .order_by("-history_date", "-pk")
        .values("pk", "history_date", "history_change_reason", "was_seen", tracked.key, *watched, *_names_before(model))
    )


def _watched(model):
    texts = [f"{model.result_field}_en"] if model.result_field else []
    about = [model._meta.get_field(model.result_of).attname] if model.result_of else []
    return [*model.status_fields, *texts, *about]


def _names_before(model):
    return [*(f"before_{name}" for name in model.status_fields), *(["before_text"] if model.result_field else [])]


def _columns_before(model, last):
    """Return subqueries of the watched columns in the last published state. An empty text is ""."""
    found = {f"before_{name}": Subquery(last.values(name)[:1]) for name in model.status_fields}
    if model.result_field:
        # Null in the last state is an empty text too; without a last state the result is null.
        empty = Coalesce(f"{model.result_field}_en", models.Value(""), output_field=models.TextField())
        found["before_text"] = Subquery(last.annotate(text=empty).values("text")[:1])
    return found


def _added_rows(model, window):
    """Return the rows of `result_rows` that were added: dicts of the row, its owner and the moment."""
    if not model.result_rows:
        return []
    relation = model._meta.get_field(model.result_rows)
    tracked = TRACKED[relation.related_model]
    states = tracked.states._base_manager.filter(window, history_type=CREATED).order_by("-history_date", "-pk")
    owner = relation.field.attname
    rows = list(states.values("pk", "history_date", "history_change_reason", tracked.key, owner)[:MOST_READ])
    kept = _rows_with_public_ends(relation.related_model, [row[tracked.key] for row in rows]) if rows else {}
    return [
        {
            "state": row["pk"],
            "moment": row["history_date"],
            "is_update": _is_update(row),
            "owner": row[owner],
            "row": kept[row[tracked.key]],
        }
        for row in rows
        if row[tracked.key] in kept
    ]


def _rows_with_public_ends(model, pks):
    """Return the stored rows by primary key, without those that refer to a record that is not published."""
    ends = [column for column in model._meta.concrete_fields if _leads_to_record(column)]
    public = {f"{column.name}__publication": PublicationStatus.PUBLISHED for column in ends}
    return model._base_manager.filter(**public).select_related(*(column.name for column in ends)).in_bulk(pks)


def _leads_to_record(column):
    return column.is_relation and issubclass(column.related_model, Record)


def _changes_of(model, states, added, kinds, matching):
    """Return the changes of the records of a model that are published now and that `matching` lets through."""
    tracked = TRACKED[model]
    wanted = {state[tracked.key] for state in states} | {row["owner"] for row in added}
    if not wanted:
        return []
    about = model._meta.get_field(model.result_of) if model.result_of else None
    records = short_records(model).in_bulk(list(wanted))
    abouts = {}
    if about:
        named = {pk for record in records.values() if (pk := getattr(record, about.attname))}
        abouts = short_records(about.related_model).in_bulk(list(named))
    let_through = set(records) if matching is None else matching(model, records)
    if matching is not None and abouts:
        followed = matching(about.related_model, abouts)
        let_through |= {pk for pk, record in records.items() if getattr(record, about.attname) in followed}
    found, first_seen = [], {}
    for state in states:
        pk = state[tracked.key]
        if not state["was_seen"]:
            first_seen[pk] = state["history_date"]
        if pk in let_through:
            subject = abouts.get(getattr(records[pk], about.attname)) if about else None
            found += _changes_in(model, state, records[pk], subject, kinds)
    for row in added:
        record = records.get(row["owner"]) if row["owner"] in let_through else None
        # A row that is not younger than the first publication came with the record.
        begin = record and (first_seen.get(record.pk) or record.published_at)
        if record and (begin is None or begin < row["moment"]):
            identity = f"{model._meta.model_name}/{record.key}/{model.result_rows}/{row['state']}"
            about_row = _named_end(model, row["row"])
            found.append(
                SubstantiveChange(
                    ChangeKind.RESULT, row["moment"], identity, record, about_row, is_update=row["is_update"]
                )
            )
    return found


def _named_end(model, row):
    """Return the record that a row of results leads to from the record of `model`."""
    ends = (getattr(row, column.name) for column in row._meta.concrete_fields if _leads_to_record(column))
    return next((end for end in ends if not isinstance(end, model)), None)


def _changes_in(model, state, record, about, kinds):
    """Return the changes that one state of a record makes: new, or else its status and its first text of results."""
    moment = state["history_date"]

    def change(kind, **values):
        identity = f"{model._meta.model_name}/{record.key}/{kind}/{state['pk']}"
        return SubstantiveChange(kind, moment, identity, record, is_update=_is_update(state), **values)

    if not state["was_seen"]:
        kind = ChangeKind.RESULT if model.result_of else ChangeKind.NEW
        return [change(kind, about=about)] if kind in kinds else []
    found = []
    if differences := _status_differences(model, state):
        found.append(change(ChangeKind.STATUS, differences=differences))
    if model.result_field and state["before_text"] == "" and state[f"{model.result_field}_en"]:
        found.append(change(ChangeKind.RESULT))
    return [one for one in found if one.kind in kinds]


def _status_differences(model, state):
    names, found = RecordNames(public=True), []
    for name in model.status_fields:
        old, new = state[f"before_{name}"], state[name]
        if old is not None and old != new:
            column = model._meta.get_field(name)
            words = [value_in_words(column, value, names) for value in (old, new)]
            found.append(FieldDifference(str(capfirst(column.verbose_name)), *words))
    return found


def _is_update(state):
    return state["history_change_reason"] == ChangeReason.CONTENT_UPDATED


def _join_updates(changes, matching) -> Iterable[SubstantiveChange]:
    """Yield the changes. Those of one update of the content are one change if they are more than MOST_APART."""
    updates = defaultdict(list)
    for change in changes:
        if change.is_update:
            updates[change.moment].append(change)
    updates = {moment: parts for moment, parts in updates.items() if len(parts) > MOST_APART}
    yield from (change for change in changes if not (change.is_update and change.moment in updates))
    edited = _edited_records(list(updates)) if updates and matching is None else {}
    for moment, parts in updates.items():
        yield SubstantiveChange(
            ChangeKind.UPDATE,
            moment,
            f"update/{moment.isoformat()}",
            parts=parts,
            edited=edited.get(moment, Counter()),
        )


def _edited_records(moments):
    """Return the numbers of published records that changed at each moment: dicts by moment, and by model."""
    found = defaultdict(Counter)
    for model in followed_models():
        tracked = TRACKED[model]
        states = tracked.states._base_manager.filter(
            history_date__in=moments, history_type=CHANGED, publication=PublicationStatus.PUBLISHED
        )
        counts = states.order_by().values("history_date").annotate(count=Count(tracked.key, distinct=True))
        for moment, count in counts.values_list("history_date", "count"):
            found[moment][model] = count
    return found


def _corrections(window, matching):
    """Return the entries of the log of corrections by the time at which they were stored."""
    tracked = TRACKED[Correction]
    states = tracked.states._base_manager.filter(window, history_type=CREATED).order_by("-history_date", "-pk")
    moments = dict(states.values_list(tracked.key, "history_date")[:MOST_CHANGES])
    corrections = list(Correction.objects.filter(pk__in=list(moments)))
    attach_records(corrections)
    if matching is not None:
        by_model = {}
        for one in corrections:
            if one.record:
                by_model.setdefault(type(one.record), set()).add(one.record.pk)
        followed = {model: matching(model, pks) for model, pks in by_model.items()}
        corrections = [one for one in corrections if one.record and one.record.pk in followed[type(one.record)]]
    return [
        SubstantiveChange(
            ChangeKind.CORRECTION, moments[one.pk], f"correction/{one.pk}", record=one.record, correction=one
        )
        for one in corrections
    ]
