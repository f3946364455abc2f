"""How a list finds its records and counts its facets: in the database, or by bitmaps in memory.

A filter set reads and checks the values of a request; its counter does the rest. `FacetCounter` has the loop over the
filters, and each subclass says how one filter narrows and how matches are counted.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.db.models import QuerySet

from portal.facets.bitmaps import BitMap, FacetIndex, all_ids

if TYPE_CHECKING:
    from portal.facets.filters import IndexedFilterSet, RecordFilterSet

Matches = TypeVar("Matches")


class FacetCounter(ABC, Generic[Matches]):
    """The records that the filters of a list let through, and how many have each value of a facet.

    `Matches` is the type that stands for a set of records, such as a queryset or a bitmap.
    """

    def __init__(self, filterset: RecordFilterSet) -> None:
        self.filterset = filterset

    @abstractmethod
    def all_matches(self) -> Matches:
        """Return the records of the list without any filter."""

    @abstractmethod
    def narrow(self, matches: Matches, name: str) -> Matches:
        """Return those of `matches` that the filter called `name` lets through."""

    @abstractmethod
    def count_matches(self, matches: Matches) -> int:
        """Return how many records `matches` are."""

    @abstractmethod
    def count_values(self, matches: Matches, name: str) -> dict[Any, int] | None:
        """Return how many of `matches` have each value of the facet called `name`, or None to count nothing."""

    def matches_excluding(self, *names: str) -> Matches:
        """Return the records that all filters except those called `names` let through."""
        matches = self.all_matches()
        for name in self.filterset.valid_data:
            if name not in names:
                matches = self.narrow(matches, name)
        return matches

    @functools.cached_property
    def matches(self) -> Matches:
        """The records that all filters let through."""
        return self.matches_excluding()

    def count_all(self) -> int:
        """Return how many records the list has without any filter."""
        return self.count_matches(self.all_matches())

    def count(self) -> int:
        """Return how many records the filters let through."""
        return self.count_matches(self.matches)

    def facet_counts(self, name: str) -> dict[Any, int] | None:
        """Return for each value of a facet how many records the list would show for it; None if that is not counted.

        The facet’s own filter, and those that it depends on, do not count.
        """
        excluded = {name, *self.filterset.filters[name].depends_on} & self.filterset.valid_data.keys()
        return self.count_values(self.matches_excluding(*excluded) if excluded else self.matches, name)


class QuerySetCounter(FacetCounter[QuerySet]):
    """Finds and counts in the database: for lists of up to some thousand records."""

    def all_matches(self) -> QuerySet:
        return self.filterset.queryset.all()

    def narrow(self, matches: QuerySet, name: str) -> QuerySet:
        return self.filterset.filters[name].filter(matches, self.filterset.valid_data[name])

    def count_matches(self, matches: QuerySet) -> int:
        return matches.count()

    def count_values(self, matches: QuerySet, name: str) -> dict[Any, int]:
        return self.filterset.filters[name].counts_from_queryset(matches)


class IndexCounter(FacetCounter[BitMap]):
    """Finds and counts by bitmaps in memory (`portal.facets.bitmaps`): for lists that may grow to 200,000 records."""

    filterset: IndexedFilterSet

    @functools.cached_property
    def index(self) -> FacetIndex:
        """The bitmaps of the whole list."""
        return type(self.filterset).index_of(lambda: self.filterset)

    def all_matches(self) -> BitMap:
        return self.index.all

    def narrow(self, matches: BitMap, name: str) -> BitMap:
        return matches & self._ids_by_filter[name]

    def count_matches(self, matches: BitMap) -> int:
        return len(matches)

    def count_values(self, matches: BitMap, name: str) -> dict[Any, int]:
        facet = self.filterset.filters[name]
        if facet.is_indexed:
            return facet.counts_from_index(self.index.facets[name], matches)
        chosen = self.filterset.valid_data.get(name, [])
        return {value: len(matches & self._ids_for(name, [value])) for value in chosen}

    @functools.cached_property
    def _ids_by_filter(self) -> dict[str, BitMap]:
        """The ids of the records that each chosen filter lets through."""
        return {name: self._ids_for(name, value) for name, value in self.filterset.valid_data.items()}

    def _ids_for(self, name: str, value: Any) -> BitMap:
        item = self.filterset.filters[name]
        if name in self.index.facets:
            return item.ids_for_values(self.index.facets[name], value)
        if name == "q":
            return BitMap(self.filterset.text_matches.pks)
        return all_ids(item.filter(self.filterset.queryset.all(), value))
