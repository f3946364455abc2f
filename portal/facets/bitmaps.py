"""Bitmaps of primary keys by facet value, held in memory to filter and count long lists.

Each facet value has a Roaring bitmap of the records that have it (Lemire et al. 2018, “Roaring Bitmaps: Implementation
of an Optimized Software Library”). A filter is an intersection of bitmaps, and a count is the size of one. So a list of
200,000 records is counted by 14 facets in a few milliseconds.

Each process reads the bitmaps once, and afterwards only the records that changed (`portal.tracking.content_version`).
The first process stores what it has read for those after it (`portal.facets.stored`).
A transaction that has changed content reads the bitmaps anew and keeps them to itself, because nobody else may see what
is not committed.
"""

import itertools
import threading
from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, Exists, Model, Q, QuerySet, TextField
from django.db.models.sql.compiler import SQLCompiler
from pyroaring import BitMap

from portal.core.database import unpack_int_array
from portal.facets import stored
from portal.tracking import change_log, content_version
from portal.tracking.content_version import ContentState

NONE = BitMap()


class AggregatedIds(Aggregate):
    """Primary keys as one value; `to_bitmap` parses it. Reading one value is much faster than reading many rows."""

    function = "group_concat"
    output_field = TextField()

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Sequence[str | int]]:
        return self.as_sql(compiler, connection, template="string_agg(int4send(%(expressions)s::int), '')", **context)


def to_array(code: str, aggregated: str | bytes | None) -> array:
    """Return the integers in an aggregated value of either database, as an array with the type code `code`."""
    if not aggregated:
        return array(code)
    if isinstance(aggregated, str):
        return array(code, map(int, aggregated.split(",")))
    return unpack_int_array(code, aggregated)


def to_bitmap(aggregated: str | bytes | None) -> BitMap:
    """Return the primary keys in a value of `AggregatedIds`."""
    return BitMap(to_array("I", aggregated))


def union(bitmaps: Sequence[BitMap]) -> BitMap:
    """Return the ids that are in any of the bitmaps. A single bitmap is returned itself, so never change the result."""
    return bitmaps[0] if len(bitmaps) == 1 else NONE.union(*bitmaps)


def all_ids(queryset: QuerySet) -> BitMap:
    """Return the primary keys of all records of a queryset."""
    return to_bitmap(queryset.order_by().aggregate(ids=AggregatedIds("pk"))["ids"])


def ids_by_min_matches(bitmaps: Sequence[BitMap]) -> list[BitMap]:
    """Return the ids that are in at least one of the bitmaps, in at least two, and so on up to all of them."""
    found = [NONE] * len(bitmaps)
    for ids in bitmaps:
        for place in reversed(range(1, len(bitmaps))):
            found[place] = found[place] | (found[place - 1] & ids)
        found[0] = found[0] | ids
    return found


def most_matching(bitmaps: Sequence[BitMap], limit: int) -> list[int]:
    """Return at most `limit` ids, those that are in the most bitmaps first."""
    found: dict[int, None] = {}
    for ids in reversed(ids_by_min_matches(bitmaps)):
        found.update(dict.fromkeys(itertools.islice(ids, limit)))
    return list(found)[:limit]


@dataclass(frozen=True)
class FacetSource:
    """Where the values of a facet are stored: `columns` of the model `rows`, whose column `owner` names the record.

    `where` are conditions that the rows must fulfil: pairs of lookup and value, or expressions. With several columns, a
    value is a tuple.
    """

    rows: type[Model]
    owner: str
    columns: tuple[str, ...]
    where: tuple[tuple[str, object] | Exists, ...] = ()


def ids_by_value(sources: Collection[FacetSource], pks: Iterable[int] | None = None) -> dict[FacetSource, dict]:
    """Return for each source a dictionary from value to the ids of the records that have it.

    `pks` limits the records. Sources with the same rows are read by one query. Null and empty values are left out.
    """
    found: dict[FacetSource, dict] = {source: defaultdict(BitMap) for source in sources}
    for group, columns, queryset in _grouped(sources, pks):
        for *values, aggregated in queryset:
            ids, by_column = to_bitmap(aggregated), dict(zip(columns, values, strict=True))
            for source in group:
                value = tuple(by_column[column] for column in source.columns)
                if None not in value and "" not in value:
                    found[source][value[0] if len(value) == 1 else value] |= ids
    return found


def _grouped(
    sources: Collection[FacetSource], pks: Iterable[int] | None = None
) -> Iterator[tuple[list[FacetSource], list[str], QuerySet]]:
    """Yield a query for each group of sources with the same rows: the sources, their columns, and the query.

    Rows of a query are the values of the columns and the ids of the records that have them.
    """
    groups = defaultdict(list)
    for source in sources:
        groups[source.rows, source.owner, source.where].append(source)
    for (rows, owner, where), group in groups.items():
        columns = list(dict.fromkeys(column for source in group for column in source.columns))
        queryset = rows._base_manager.filter(Q(*where)).order_by()
        if pks is not None:
            queryset = queryset.filter(**{f"{owner}__in": pks})
        yield group, columns, queryset.values_list(*columns).annotate(ids=AggregatedIds(owner))


@dataclass(frozen=True, kw_only=True)
class VersionedSnapshot:
    """Data in memory that were read from one state of the content."""

    state: ContentState


Snapshot = TypeVar("Snapshot", bound=VersionedSnapshot)


class ValueBitmaps(dict[Any, BitMap]):
    """From each value of a facet to the ids of the records that have it; an empty bitmap for an unknown value.

    `derived` is a pair of a key and what the facet has derived from the bitmaps for it, to be derived once.
    """

    derived: tuple[Any, Any] = (None, None)

    def __missing__(self, value: object) -> BitMap:
        return NONE


@dataclass(frozen=True, kw_only=True)
class FacetIndex(VersionedSnapshot):
    """The bitmaps of a list: the ids of all records, and by facet and value."""

    all: BitMap
    facets: dict[str, ValueBitmaps]


class IndexedFacet(Protocol):
    """What the index needs of a facet (`portal.facets.filters.Facet`)."""

    def index_sources(self, model: type[Model]) -> list[FacetSource]: ...

    def build_bitmaps(self, found: list[dict]) -> dict[Any, BitMap]: ...


def changed_since(old: VersionedSnapshot | None, state: ContentState, model: type[Model]) -> set[int] | None:
    """Return the primary keys of the records that changed between a snapshot and `state`.

    Return None if they are not known, so that the snapshot must be read anew.
    """
    return None if old is None else content_version.changed_since(old.state, state, model)


class SnapshotRegistry:
    """The newest snapshot of each name in this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.newest: dict[str, Any] = {}
        self.is_storing = False  # whether an index that is read in full is stored for the next process

    def clear(self) -> None:
        """Forget all snapshots: the next use of each one reads it anew."""
        self.newest.clear()

    def facet_index(self, name: str, source: Callable[[], tuple[Mapping[str, IndexedFacet], QuerySet]]) -> FacetIndex:
        """Return the current bitmaps of the list called `name`.

        `source()` returns its facets and its records. It is called only if the content has changed.
        """
        return self.current(
            name,
            lambda state: _read(state, *source()),
            lambda old, state: self._updated(name, old, state, *source()),
        )

    def _updated(
        self,
        name: str,
        old: FacetIndex | None,
        state: ContentState,
        facets: Mapping[str, IndexedFacet],
        queryset: QuerySet,
    ) -> FacetIndex:
        """Return the bitmaps of `state`, from older ones: those of this process, or else the stored ones."""
        reader = _IndexReader(facets, queryset)
        if old is None and (values := stored.load(name, reader.queries())):
            old_state, present, found = values
            if old_state.number <= state.number:
                old = reader.index(old_state, present, found)
        changed = changed_since(old, state, queryset.model)
        if old is not None and changed is not None:
            return apply_changes(old, state, changed, facets, queryset)
        present, found = reader.read()
        if self.is_storing:
            stored.save(name, reader.queries(), state, present, found)
        return reader.index(state, present, found)

    def current(
        self,
        name: str,
        read: Callable[[ContentState], Snapshot],
        update: Callable[[Snapshot | None, ContentState], Snapshot],
    ) -> Snapshot:
        """Return the snapshot called `name` for the current content.

        `update(old, state)` returns the snapshot of `state`, given an older one or None. In a transaction that has
        changed content `read(state)` is used instead, and kept until the next change or the end of the transaction.
        """
        if changes := content_version.open_changes():
            kept = change_log.current_log().snapshots
            if name not in kept or kept[name][0] != changes:
                kept[name] = changes, read(content_version.state())
            return kept[name][1]
        number, newest = content_version.current_version(), self.newest.get(name)
        if newest is None or newest.state.number != number:
            with self.lock:  # one thread reads, the others wait for its result
                state, newest = content_version.state(), self.newest.get(name)
                if newest is None or newest.state.number != state.number:
                    newest = self.newest[name] = update(newest, state)
        return newest


class _IndexReader:
    """Reads what the bitmaps of a list are made of, and makes them."""

    def __init__(self, facets: Mapping[str, IndexedFacet], queryset: QuerySet) -> None:
        self.facets, self.queryset = facets, queryset
        self.sources = {name: facet.index_sources(queryset.model) for name, facet in facets.items()}
        self.all_sources = list(dict.fromkeys(source for some in self.sources.values() for source in some))

    def queries(self) -> list[str]:
        """Return the SQL that reads all records, and which source has which columns."""
        grouped = [(group, str(queryset.query)) for group, _columns, queryset in _grouped(self.all_sources)]
        read_by = {source: number for number, (group, _sql) in enumerate(grouped) for source in group}
        columns = repr([(read_by[source], source.columns) for source in self.all_sources])
        return [str(self.queryset.order_by().query), columns, *(sql for _group, sql in grouped)]

    def read(self, pks: Collection[int] | None = None) -> tuple[BitMap, list[dict]]:
        """Return the ids of all records, or of those in `pks`, and for each source the ids by value."""
        present = all_ids(self.queryset if pks is None else self.queryset.filter(pk__in=pks))
        found = ids_by_value(self.all_sources, pks)
        return present, [found[source] for source in self.all_sources]

    def index(self, state: ContentState, present: BitMap, found: list[dict]) -> FacetIndex:
        """Return the bitmaps of what was read."""
        by_source, index = dict(zip(self.all_sources, found, strict=True)), {}
        for name, of_facet in self.sources.items():
            bitmaps = self.facets[name].build_bitmaps([by_source[source] for source in of_facet])
            index[name] = ValueBitmaps({value: ids & present for value, ids in bitmaps.items()})
        return FacetIndex(state=state, all=present, facets=index)


def _read(
    state: ContentState, facets: Mapping[str, IndexedFacet], queryset: QuerySet, pks: Collection[int] | None = None
) -> FacetIndex:
    """Return the bitmaps of all records of the queryset, or of those in `pks`."""
    reader = _IndexReader(facets, queryset)
    return reader.index(state, *reader.read(pks))


def apply_changes(
    old: FacetIndex, state: ContentState, changed: set[int], facets: Mapping[str, IndexedFacet], queryset: QuerySet
) -> FacetIndex:
    """Return the bitmaps of a later state: only the records that changed since `old` are read."""
    if not changed:
        return replace(old, state=state)
    new = _read(state, facets, queryset, changed)
    gone, index = BitMap(changed), {}
    for name, bitmaps in old.facets.items():
        index[name] = ValueBitmaps(bitmaps)  # most bitmaps stay the same
        for value, ids in bitmaps.items():
            if not gone.isdisjoint(ids):
                index[name][value] = ids - gone
        for value, ids in new.facets[name].items():
            index[name][value] = index[name][value] | ids
    return FacetIndex(state=state, all=(old.all - gone) | new.all, facets=index)


snapshots = SnapshotRegistry()
