"""The changes of a record as data: word differences of its texts; rows that were added, changed or removed."""

import datetime
import difflib
import functools
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.db import models
from django.db.models import Count, F, OuterRef, Subquery, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.core.choices import PublicationStatus
from portal.core.formatting import date_and_time, date_text, number
from portal.core.languages import language_name
from portal.core.partial_dates import PartialDateField
from portal.models import Citation, Record
from portal.tracking.change_reasons import localized
from portal.tracking.history import (
    DELETED,
    INITIAL,
    TRACKED,
    RowVersionPair,
    belongs_to,
    child_models,
    versions,
    versions_of,
)

LANGUAGES = [code for code, _name in settings.LANGUAGES]
ADDED, CHANGED, REMOVED = "added", "changed", "removed"
MOST_ROWS = 20  # rows of one model that a change lists; an import may change thousands
AROUND = 8  # unchanged words that are shown before and after changed ones
MOST_WORDS = 4_000  # words of both texts together; longer texts are not compared word by word
# Fields that readers do not see, or see only in the order of records or rows.
UNSEEN = frozenset({"key", "publication", "publish_at", "position", "headline"})


# ── Word differences ─────────────────────────────────────────────────────────────────────────────────────────────


def diff_excerpt(before, after):
    """Return the word difference as pairs of "same", "del", "ins" or "cut" and a text.

    Long unchanged parts are shortened to AROUND words beside each change, with "cut" between.
    """
    pieces = word_diff(before, after)
    found = []
    for place, (what, words) in enumerate(pieces):
        first, last = place == 0, place == len(pieces) - 1
        if what == "same" and len(words) > (AROUND if first or last else 2 * AROUND) + 2:
            head = [] if first else words[:AROUND]
            tail = [] if last else words[-AROUND:]
            found += [("same", "".join(head)), ("cut", "… "), ("same", "".join(tail))]
        else:
            found.append((what, "".join(words)))
    return [(what, text) for what, text in found if text]


def word_diff(before, after):
    """Return the whole word difference: pairs of "same", "del" or "ins" and a list of words with their spaces.

    Texts of more than MOST_WORDS words in all are one "del" and one "ins".
    """
    old, new = (re.findall(r"\S+\s*", text) for text in (before, after))
    if len(old) + len(new) > MOST_WORDS:
        return [("del", [before]), ("ins", [after])]
    pieces = []
    words = ([word.rstrip() for word in text] for text in (old, new))
    for what, a, b, c, d in difflib.SequenceMatcher(None, *words, autojunk=False).get_opcodes():
        if what == "equal":
            # Take the longer of both spellings: the last word of a text has no space after it.
            pieces.append(("same", [max(pair, key=len) for pair in zip(old[a:b], new[c:d], strict=True)]))
        else:
            # A space separates the removed words from the words inserted in their place.
            went = [*old[a : b - 1], f"{old[b - 1].rstrip()} "] if a < b else []
            pieces += [(tag, words) for tag, words in (("del", went), ("ins", new[c:d])) if words]
    return pieces


def diff_html(before, after):
    """Return the word difference as HTML with <del> and <ins>."""
    tags = {"del": "<del>{}</del>{}", "ins": "<ins>{}</ins>{}", "same": "{}{}", "cut": '<span class="cut">{}</span>{}'}
    pieces = diff_excerpt(before, after)
    return format_html_join(
        "", "{}", ((format_html(tags[what], text.rstrip(), text[len(text.rstrip()) :]),) for what, text in pieces)
    )


# ── Changes as data ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class FieldDifference:
    """The old and new value of a field in words. `language` is that of a translated column."""

    label: str
    old: str
    new: str
    language: str = ""
    prose: bool = False

    @property
    def language_name(self):
        return language_name(self.language) if self.language else ""

    @property
    def difference_html(self):
        """The word difference of prose as HTML; "" if it is not prose or one of the texts is empty."""
        return diff_html(self.old, self.new) if self.prose and self.old and self.new else ""


@dataclass(frozen=True)
class RowChange:
    """A row that was added, changed or removed: its name and its other fields."""

    what: str
    name: str
    differences: list

    @property
    def word(self):
        return {ADDED: _("added"), CHANGED: _("changed"), REMOVED: _("removed")}[self.what]


@dataclass
class RowChanges:
    """The changed rows of one model in a change; `more` is the number of rows that are not listed."""

    label: str
    changes: list = field(default_factory=list)
    more: int = 0


@dataclass
class RecordChange:
    """What one group of changes did to a record and its rows."""

    moment: datetime.datetime | None = None
    who: object = None
    why: str = ""
    first: bool = False  # True for the first publication
    moved: tuple = ()  # publication states before and after
    differences: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    languages: list = field(default_factory=list)  # for readers: other languages whose texts changed

    @property
    def anchor(self):
        """The permanent fragment identifier of the change: its moment in UTC, with microseconds."""
        return f"c{self.moment.astimezone(datetime.UTC):%Y%m%dT%H%M%S%f}"

    @property
    def language_names(self):
        return [language_name(code) for code in LANGUAGES if code in self.languages]

    def __bool__(self):
        return bool(self.first or self.moved or self.differences or self.rows or self.languages)


# ── Names of related records ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class RecordName:
    """The name of a related record, whether it is published now, and whether readers ever saw it."""

    text: str
    public: bool = True
    seen: bool = True


class RecordNames:
    """The names of records that versions refer to.

    For each model one query for the stored records, and one for deleted records, from the history. With `public`,
    records that are not published now have no name.
    """

    def __init__(self, public=False):
        self.public, self.wanted, self.found = public, defaultdict(set), {}

    def want(self, model, state):
        """Note the related records of a version."""
        for column in _columns(model):
            if column.is_relation and state[column.attname] is not None:
                self.wanted[column.related_model].add(state[column.attname])

    def fetch(self):
        """Read the names of all noted records."""
        for model, pks in self.wanted.items():
            tracked = TRACKED[model]
            columns = [column for column in tracked.columns if column in _naming(model)]
            for state in model._base_manager.filter(pk__in=pks).values(*columns):
                self.found[model, state[tracked.key]] = _name(model, state, there=True)
            gone = [pk for pk in pks if (model, pk) not in self.found]
            past = tracked.states._base_manager.order_by().filter(**{f"{tracked.key}__in": gone})
            last = past.values(tracked.key).annotate(last=models.Max("pk")).values("last")
            for state in tracked.states._base_manager.filter(pk__in=last).values(*columns) if gone else ():
                self.found[model, state[tracked.key]] = _name(model, state, there=False)

    def is_seen(self, model, pk):
        """Return True if readers see a record, or ever saw it."""
        return (model, pk) in self.found and self.found[model, pk].seen

    def of(self, model, pk):
        """Return the name of a record, or words that say why it has none."""
        name = self.found.get((model, pk))
        if name is None:
            return _("(no longer there)")
        if self.public and not name.public:
            return _("(no longer public)") if name.seen else _("(not public)")
        return name.text


@functools.cache
def _naming(model):
    """Return the columns of a model that its name and its visibility depend on."""
    names = {*("code", "publication", "published_at"), TRACKED[model].key}
    for name in (getattr(model, "name_field", "name"), "label"):
        names |= {name, *(f"{name}_{code}" for code in LANGUAGES)}
    return names


def _name(model, state, there):
    texts = [state["code"]] if "code" in state else []
    names = (in_readers_language(state, name) for name in (getattr(model, "name_field", "name"), "label"))
    texts += [text for text in names if text][:1]
    if not issubclass(model, Record):
        return RecordName(" ".join(texts))
    published = state["publication"] == PublicationStatus.PUBLISHED
    return RecordName(" ".join(texts), public=there and published, seen=published or state["published_at"] is not None)


def in_readers_language(state, name):
    """Return a translated text of a version in the current language, or in English if that is empty."""
    return state.get(f"{name}_{get_language()}") or state.get(f"{name}_en") or state.get(name) or ""


# ── Values in words ──────────────────────────────────────────────────────────────────────────────────────────────


@functools.cache
def _columns(model):
    """Return the columns of a model that the history stores, in the order of its fields."""
    kept = set(TRACKED[model].columns)
    return [column for column in model._meta.concrete_fields if column.attname in kept]


def field_label(column):
    """Return the label of a column, without its language."""
    return str(capfirst(getattr(column, "translated_field", column).verbose_name))


def _language(column):
    return column.language if hasattr(column, "translated_field") else ""


def value_in_words(column, value, names):
    """Return a value of a column as text for people. `names` are the RecordNames of related records."""
    if value is None or value == "":
        return ""
    if column.is_relation:
        return names.of(column.related_model, value)
    if column.flatchoices:
        return str(dict(column.flatchoices).get(value, value))
    if isinstance(column, models.BooleanField):
        return _("yes") if value else _("no")
    if isinstance(column, models.DecimalField):
        return number(value)
    if isinstance(column, models.DateTimeField):
        return date_and_time(timezone.localtime(value))
    if isinstance(column, PartialDateField):
        return date_text(value)
    return str(value)


def _differences(model, before, after, names, besides):
    """Return the FieldDifferences of two versions of a row. None is a row that did not exist.

    `besides` are fields or columns to leave out.
    """
    found = []
    for column in _columns(model):
        old, new = (state[column.attname] if state else None for state in (before, after))
        if old == new or column.attname in besides or column.name in besides:
            continue
        told = [value_in_words(column, value, names) for value in (old, new)]
        if told[0] != told[1]:
            prose = isinstance(column, models.TextField) or max(map(len, told)) > 60
            found.append(FieldDifference(field_label(column), *told, _language(column), prose))
    return found


# ── Changes of a record ──────────────────────────────────────────────────────────────────────────────────────────


def describe_changes(record, steps, names, counts=None):
    """Return what `steps` changed in a record and its rows, as a RecordChange without its moment.

    `steps` are RowVersionPairs by model and primary key. `counts` are the numbers of changed rows by model, if `steps`
    does not have all of them.
    """
    change = RecordChange()
    for tracked in versions_of(record):
        mine = [step for step in steps.get(tracked.model, {}).values() if step.before or step.after]
        if tracked.model is type(record):
            for step in mine:
                _tell_record(change, tracked, step, names)
        elif mine:
            _tell_rows(change, record, tracked, mine, names, (counts or {}).get(tracked.model, 0))
    return change


def _tell_record(change, tracked, step, names):
    old, new = (state["publication"] if state and "publication" in state else "" for state in (step.before, step.after))
    change.moved = (old, new) if old != new else ()
    if step.before is None or step.after is None:
        return
    besides = {"published_at", "publication", *set(tracked.columns) - set(tracked.content_fields), *_unseen(names)}
    _add(change, _differences(tracked.model, step.before, step.after, names, besides), change.differences, names)


def _tell_rows(change, record, tracked, steps, names, count):
    rows = RowChanges(label_of(tracked, record), more=max(count - MOST_ROWS, 0))
    steps = _without_returns(tracked, steps)
    for step in steps:
        if names.public and _leads_to_unseen(record, tracked, step, names):
            continue
        what = ADDED if step.before is None else REMOVED if step.after is None else CHANGED
        besides = {
            tracked.key,
            *tracked.of,
            *_unseen(names),
            *(() if what == CHANGED else (*tracked.named_by, "position")),
        }
        row = RowChange(what, row_name(tracked, step.after or step.before, names), [])
        _add(change, _differences(tracked.model, step.before, step.after, names, besides), row.differences, names)
        if row.differences or what != CHANGED:
            rows.changes.append(row)
    if rows.changes:
        change.rows.append(rows)


def _unseen(names):
    return UNSEEN if names.public else ()


def _without_returns(tracked, steps):
    """Return the steps without rows that were removed and added again unchanged, with another primary key."""

    def content(state):
        return tuple(state[column] for column in tracked.columns if column != tracked.key)

    came = Counter(content(step.after) for step in steps if step.before is None)
    went = Counter(content(step.before) for step in steps if step.after is None)
    both = came & went
    left = [both.copy(), both.copy()]
    found = []
    for step in steps:
        if step.before and step.after:
            found.append(step)
            continue
        side, state = (left[0], step.after) if step.after else (left[1], step.before)
        if side[content(state)]:
            side[content(state)] -= 1
        else:
            found.append(step)
    return found


def _add(change, differences, to, names):
    """Add differences to the list `to`: all for editors; for readers those in the current language.

    The other languages with differences are added to `change.languages`.
    """
    for one in differences:
        if not names.public or one.language in {"", get_language()}:
            to.append(one)
        elif one.language not in change.languages:
            change.languages.append(one.language)


def row_name(tracked, state, names):
    """Return the text that identifies a row among the rows of its record."""
    words = []
    columns = {column.name: column for column in _columns(tracked.model)}
    for name in tracked.named_by:
        if name not in columns:  # a translated field
            words.append(in_readers_language(state, name))
        elif columns[name].flatchoices or not isinstance(columns[name], models.IntegerField):
            words.append(value_in_words(columns[name], state[columns[name].attname], names))
        else:
            words.append(str(state[name]))
    return ", ".join(word for word in words if word)


def _leads_to_unseen(record, tracked, step, names):
    """Return True if a row referred, before or after, to another record that readers never saw."""
    return any(
        not names.is_seen(column.related_model, state[column.attname])
        for state in (step.before, step.after)
        if state
        for column in _columns(tracked.model)
        if column.is_relation
        and issubclass(column.related_model, Record)
        and state[column.attname] is not None
        and (column.related_model, state[column.attname]) != (type(record), record.pk)
    )


def label_of(tracked, record):
    """Return the label of the rows of a model beside their record."""
    if tracked.model._meta.auto_created:
        relations = type(record)._meta.many_to_many
        [label] = [one.verbose_name for one in relations if one.remote_field.through is tracked.model]
        return str(capfirst(label))
    if not issubclass(tracked.model, Citation):
        return str(capfirst(tracked.model._meta.verbose_name_plural))
    [owner] = tracked.owners
    if owner is type(record):
        return _("Sources")
    return _("{rows}: sources").format(rows=capfirst(owner._meta.verbose_name_plural))


def changes_of(record, groups, public=False):
    """Return one RecordChange for each group of moments in `groups`.

    The number of queries does not depend on the number of groups: two or three for each model of rows, and one or two
    for each model of names.
    """
    reading = _RecordChanges(record, groups, RecordNames(public))
    return [reading.change(place) for place in range(len(groups))]


class _RecordChanges:
    """The versions that groups of changes created, and the versions before them."""

    def __init__(self, record, groups, names):
        self.record, self.groups, self.names = record, groups, names
        self.place = {moment: place for place, group in enumerate(groups) for moment in group}
        self.steps = [defaultdict(dict) for _group in groups]
        self.counts = [Counter() for _group in groups]
        self.last = [None for _group in groups]
        self.rows = {}
        for tracked in versions_of(record):
            self._read(tracked)
        names.fetch()

    def change(self, place):
        """Return the change of a group of moments. Its user and reason are those of the last moment."""
        change = describe_changes(self.record, self.steps[place], self.names, self.counts[place])
        change.moment = max(self.groups[place])
        if last := self.last[place]:
            change.who, change.why = last.history_user, localized(last.history_change_reason)
        return change

    def _read(self, tracked):
        told = self._told(tracked)
        known = {one.pk: one for one in told}
        before = [one.before for one in told if one.before not in known]
        known |= {one.pk: one for one in tracked.states._base_manager.filter(pk__in=before)}
        if any(tracked.model in part.owners for part in child_models(type(self.record))):
            self.rows[tracked.model] = set(
                versions(tracked, self.record).values_list(tracked.key, flat=True).distinct()
            )
        for one in told:
            place, pk = self.place[one.history_date], getattr(one, tracked.key)
            steps = self.steps[place][tracked.model]
            before = steps[pk].before if pk in steps else self._state(tracked, known.get(one.before))
            steps[pk] = RowVersionPair(before, self._state(tracked, one))
            if one.nth == 1:
                self.counts[place][tracked.model] += one.of_act
            if self.last[place] is None or one.history_date >= self.last[place].history_date:
                self.last[place] = one

    def _told(self, tracked):
        """Return the versions that were written at the moments, the first MOST_ROWS of each moment.

        Each has the history id of the version before it (`before`), its place (`nth`) and the number of versions at its
        moment (`of_act`).
        """
        states = tracked.states._base_manager
        earlier = states.filter(**{tracked.key: OuterRef(tracked.key)}, pk__lt=OuterRef("pk")).order_by("-pk")
        return list(
            versions(tracked, self.record)
            .filter(history_date__in=list(self.place))
            .exclude(history_type=INITIAL)
            .annotate(
                before=Subquery(earlier.values("pk")[:1]),
                nth=Window(RowNumber(), partition_by=F("history_date"), order_by=F("pk").asc()),
                of_act=Window(Count("pk"), partition_by=F("history_date")),
            )
            .filter(nth__lte=MOST_ROWS)
            .select_related("history_user")
            .order_by("pk")
        )

    def _state(self, tracked, one):
        if one is None or one.history_type == DELETED:
            return None
        state = {column: getattr(one, column) for column in tracked.columns}
        if not belongs_to(tracked, state, self.record, self.rows):
            return None
        self.names.want(tracked.model, state)
        return state


# ── The public changelog ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class PublicGroup:
    """A change as readers saw it: its moments, newest first, and whether it was the first publication."""

    moments: list
    first: bool


def public_changelog(record, groups):
    """Return the changes that readers saw, in the current language and without the names of editors."""
    found = changes_of(record, [group.moments for group in groups], public=True)
    return [
        RecordChange(change.moment, why=change.why, first=True) if group.first else replace(change, who=None)
        for group, change in zip(groups, found, strict=True)
    ]


def public_groups(record, every):
    """Return the changes that readers of a record saw, newest first, as PublicGroups.

    `every` are the moments at which the record changed, newest first. Changes while the record was not published belong
    to the group of the next publication. The group of the first publication has only the moment of the publication:
    readers have nothing to compare it with.
    """
    tracked = TRACKED[type(record)]
    own = list(
        tracked.states._base_manager.filter(**{tracked.key: record.pk})
        .order_by("pk")
        .values("history_date", "history_type", "publication", "published_at")
    )
    first = own[0] if own else {"publication": record.publication, "published_at": record.published_at}
    begins = not own or first["history_type"] == INITIAL
    shown = {PublicationStatus.PUBLISHED, PublicationStatus.ARCHIVED}
    seen = begins and (first["published_at"] is not None or first["publication"] in shown)
    published = begins and first["publication"] == PublicationStatus.PUBLISHED
    later = iter([state for state in own if state["history_type"] != INITIAL])
    state = next(later, None)
    groups, waiting = [], []
    for moment in reversed(every):
        while state is not None and state["history_date"] <= moment:
            published, state = state["publication"] == PublicationStatus.PUBLISHED, next(later, None)
        waiting.append(moment)
        if published:
            groups.append(PublicGroup(waiting[::-1] if seen else [moment], first=not seen))
            seen, waiting = True, []
    return groups[::-1]
