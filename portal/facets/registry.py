"""The facet index of each long list, by model, and the first records among many ids.

The app that defines a list registers it, so that modules below that app can use its index too.
"""

import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django.db import Error, connections
from django.db.models import Model, QuerySet
from pyroaring import BitMap

from portal.core.database import IdList
from portal.facets.bitmaps import FacetIndex, snapshots

DATABASE_LOOKUP_MAX = 3_000  # up to so many ids the database finds the first records fast
SCAN_AHEAD = 2_000  # so many records of the whole ordered table are searched before more ids are looked up
FIRST_SCAN = 8  # at first, so many for each that is wanted

Record = TypeVar("Record", bound=Model)

_indexes: dict[type[Model], Callable[[], FacetIndex]] = {}
_facets: dict[type[Model], Mapping[str, Any]] = {}
_preloaded: list[Callable[[], None]] = []

logger = logging.getLogger(__name__)


def register(model: type[Model], get_index: Callable[[], FacetIndex], facets: Mapping[str, Any]) -> None:
    """Register the function that returns the current facet index of the list of a model, and its facets by name."""
    _indexes[model], _facets[model] = get_index, facets


def register_preload(read: Callable[[], None]) -> None:
    """Register a function that reads what else a process keeps in memory."""
    _preloaded.append(read)


def preload() -> None:
    """Read all facet indexes, and what else is registered, when a process starts. So its first readers need not wait.

    An index that must be read in full is stored for the next process. Log a warning if the database does not answer;
    the first reader of a list then reads its index.
    """
    snapshots.is_storing = True
    try:
        for read in (*_indexes.values(), *_preloaded):
            read()
    except Error as error:
        logger.warning("The facet indexes are read at their first use: %s", error)
    finally:
        snapshots.is_storing = False
        connections.close_all()


def facet_index(model: type[Model]) -> FacetIndex:
    """Return the current facet index of the list of a model."""
    return _indexes[model]()


def ids_with(index: FacetIndex, model: type[Model], facet: str, values: Sequence[Any]) -> BitMap:
    """Return the ids of the records of a list that have one of the values of a facet. `index` is that of the list."""
    return _facets[model][facet].ids_for_values(index.facets[facet], values)


def first_ids(ordered: QuerySet, ids: BitMap, limit: int) -> list[int]:
    """Return the primary keys of the first records of an ordered queryset that are in `ids`, at most `limit`."""
    if not ids or limit < 1:
        return []
    found = scanned_ids(ordered, ids, limit)
    return list(_pks(ordered).filter(pk__in_ids=IdList(ids))[:limit]) if found is None else found


def scanned_ids(ordered: QuerySet, ids: BitMap, limit: int) -> list[int] | None:
    """Return the primary keys of the first `limit` records of an ordered queryset that are in `ids`.

    Only the first records of the queryset are read: an index should have its order. Return None if there are too few
    among them, or if `ids` are so few that the database finds the first ones fast.
    """
    if len(ids) <= DATABASE_LOOKUP_MAX or limit > SCAN_AHEAD:
        return None
    for ahead in sorted({min(FIRST_SCAN * limit, SCAN_AHEAD), SCAN_AHEAD}):
        found = list(itertools.islice((pk for pk in _pks(ordered)[:ahead] if pk in ids), limit))
        if len(found) == limit:
            return found
    return None


def _pks(queryset: QuerySet) -> QuerySet:
    return queryset.prefetch_related(None).values_list("pk", flat=True)


def in_bulk_ordered(queryset: QuerySet[Record], pks: Sequence[int]) -> list[Record]:
    """Return the records with these primary keys, in the order of `pks`."""
    found = queryset.in_bulk(pks)
    return [found[pk] for pk in pks if pk in found]


def first_records(ordered: QuerySet[Record], ids: BitMap, limit: int) -> list[Record]:
    """Return the first records of an ordered queryset that are in `ids`, at most `limit`."""
    return in_bulk_ordered(ordered, first_ids(ordered, ids, limit))
