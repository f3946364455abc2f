"""Filters that lists share: facets with counts, years and text. Values are keys and codes, never ids."""

import copy
import functools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import django_filters
from django import forms
from django.core.validators import slug_re
from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet, TextChoices
from django.http import QueryDict
from django.utils.translation import get_language, gettext, pgettext
from django.utils.translation import gettext_lazy as _

from portal.core.database import IdList
from portal.core.languages import language_name
from portal.facets import registry
from portal.facets.bitmaps import BitMap, FacetIndex, FacetSource, ValueBitmaps, snapshots, union
from portal.facets.counting import FacetCounter, IndexCounter, QuerySetCounter
from portal.http import page_cache
from portal.http.problems import KeysChanged, ProblemDetail
from portal.models import FormerKey, Place, Source
from portal.models.querysets import RecordManager, reader_text
from portal.search.ranking import keys_matching

SHORT_LIST = 12  # a facet with at most this many choices also shows those without hits


class CaselessMixin:
    """Ignores the case of values, for fields with choices."""

    choices: Any

    def as_offered(self, value: str) -> str:
        """Return the choice that equals `value` apart from case, or `value` itself if there is none."""
        choices = [str(choice) for choice, _label in self.choices]
        if value in choices:
            return value
        return next((choice for choice in choices if choice.casefold() == value.casefold()), value)


class FacetField(CaselessMixin, forms.MultipleChoiceField):
    """Several values of one facet, in any case. Wrong values are left out and listed in `rejected`; the others hold."""

    def to_python(self, value: Any) -> list[str]:
        return list(dict.fromkeys(self.as_offered(one) for one in super().to_python(value)))

    def clean(self, value: Any) -> list[str]:
        values = self.to_python(value)
        self.rejected = [v for v in values if not self.valid_value(v)]
        return [v for v in values if v not in self.rejected]


@dataclass(frozen=True)
class Option:
    """One value of a facet; `count` is how many records the list would show for it, or None if that is not counted."""

    value: str
    label: str
    count: int | None
    chosen: bool

    @property
    def is_disabled(self) -> bool:
        """Whether the option cannot be chosen, because the list would be empty."""
        return self.count == 0 and not self.chosen


class Facet(django_filters.Filter):
    """A filter with several values, each shown with a count.

    `paths` are lookups from the record to the value; a record has a value if any path leads to it. `options` is an
    enumeration, or a function that returns pairs of value and label. `records` is the manager of further valid values
    (by key, they may have no hits); the default is the model at the end of a path such as `issues__key`. `where` are
    lookups that the row between record and value must fulfil.
    `limit` is how many options are visible; a facet with `rare` stands under “More filters”; `hint` is a sentence under
    its name. With `shows_empty`, a short facet keeps options without hits.

    A list counts a facet in the database (`counts_from_queryset`) or by an index (`index_sources` and the methods after
    it): see `portal.facets.counting`. A facet whose values differ from the stored ones overrides `expand`.
    """

    field_class = FacetField
    is_indexed = True  # whether the index of an IndexedFilterSet has the facet
    depends_on: tuple[str, ...] = ()  # names of filters that `conditions` depend on
    is_expanded = False  # whether `expand` returns other values than the stored one

    def __init__(
        self,
        *paths: str,
        options: Any,
        label: Any,
        records: RecordManager | None = None,
        where: dict[str, Any] | None = None,
        limit: int = 8,
        rare: bool = False,
        hint: Any = "",
        shows_empty: bool = True,
    ) -> None:
        super().__init__(field_name=paths[0], label=label)
        self.records = records
        self.paths, self.where, self.limit, self.rare = paths, where or {}, limit, rare
        self.options, self.hint, self.shows_empty = options, hint, shows_empty

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        # Each filter set copies its filters. The arguments of a facet are shared: nothing changes them.
        return copy.copy(self)

    @functools.cached_property
    def choices(self) -> list[tuple[Any, Any]]:
        """Pairs of value and label: the options, then other records that the request names."""
        name = next(name for name, item in self.parent.filters.items() if item is self)
        offered: list[tuple[Any, Any]] = self.parent.offered_choices[name]
        asked = self.field_class.widget().value_from_datadict(self.parent.data, {}, name)
        if not asked:
            return offered
        known = {str(value).casefold() for value, _label in offered}
        # Only text that can be a key is looked up in the database.
        keys = {key.lower() for key in asked if key.casefold() not in known and slug_re.fullmatch(key)}
        records = self._keyed_records() if keys else None
        if records is None:
            return offered
        return [*offered, *((record.key, str(record)) for record in records.published().filter(key__in=keys))]

    def read_options(self) -> list[tuple[Any, str]]:
        """Return the options as pairs of value and label, in the reader's language."""
        choices = getattr(self.options, "choices", None)
        return [(value, str(label)) for value, label in (self.options() if choices is None else choices)]

    def _keyed_records(self) -> RecordManager | None:
        """Return the records whose keys are values of this facet, or None if its values are codes."""
        *path, column = self.paths[0].split("__")
        if self.records is not None or column != "key":
            return self.records
        model = self.model
        for name in path:
            model = model._meta.get_field(name).related_model
        return model.objects

    @property
    def field(self) -> FacetField:
        if not hasattr(self, "_field"):
            # A function, so that a form without values of this facet reads no choices and copies none.
            self._field = self.field_class(label=self.label, required=False, choices=lambda: self.choices)
        return self._field

    def present_keys(self, values: Iterable[str]) -> dict[str, str]:
        """Return the present keys of published records by those of `values` that are their former keys."""
        records = self._keyed_records()
        asked = {value.lower() for value in values if slug_re.fullmatch(value)}
        if records is None or not asked:
            return {}
        kind = records.model._meta.model_name
        found = dict(FormerKey.objects.filter(kind=kind, key__in=asked).values_list("key", "now"))
        shown = set(records.published().filter(key__in=found.values()).values_list("key", flat=True)) if found else ()
        return {former: now for former, now in found.items() if now in shown}

    # ── Values ───────────────────────────────────────────────────────────────────────────────────────────────────

    def expand(self, stored: Any) -> Iterable[Any]:
        """Return the values that a record has whose stored value is `stored`."""
        return (stored,)

    def stored_values(self, values: Iterable[str]) -> list[str]:
        """Return the stored values that have one of `values`: the inverse of `expand`."""
        return list(values)

    def is_counted(self, value: Any) -> bool:
        """Return whether the page shows a count for `value`. Tuples are values that only the index has."""
        return not isinstance(value, tuple)

    def conditions(self) -> dict[str, Any]:
        """Return the lookups that the row between record and value must fulfil."""
        return self.where

    # ── In the database ──────────────────────────────────────────────────────────────────────────────────────────

    def filter(self, queryset: QuerySet, values: list[str]) -> QuerySet:
        if not values:
            return queryset
        stored, condition = self.stored_values(values), Q()
        for path in self.paths:
            condition |= has_value(queryset.model, path, stored, self.conditions())
        return queryset.filter(condition)

    def counts_from_queryset(self, queryset: QuerySet) -> dict[Any, int]:
        """Return how many records of `queryset` have each value."""
        queryset = queryset.order_by()
        if len(self.paths) == 1 and not self.is_expanded:
            path = self.paths[0]
            head = path.partition("__")[0]
            queryset = queryset.filter(**{f"{head}__{name}": value for name, value in self.conditions().items()})
            return dict(queryset.values_list(path).annotate(Count("pk", distinct=True)))
        # Not a UNION: Django would not keep the columns of each part in the same order.
        stored: set[tuple] = set().union(*(queryset.values_list("pk", path) for path in self.paths))
        pairs = {(pk, value) for pk, one in stored if one for value in self.expand(one) if self.is_counted(value)}
        return Counter(value for _pk, value in pairs)

    # ── By the index ─────────────────────────────────────────────────────────────────────────────────────────────

    def index_sources(self, model: type[Model]) -> list[FacetSource]:
        """Return where the index finds the values."""
        return [self.index_source(model, path) for path in self.paths]

    def index_source(self, model: type[Model], path: str, *columns: str) -> FacetSource:
        """Return the source of the values at a path; with other columns of the same rows, of tuples of values."""
        rows, owner, column = rows_at(model, path)
        return FacetSource(rows, owner, (column, *columns), tuple(self.where.items()))

    def build_bitmaps(self, found: list[dict]) -> dict[Any, BitMap]:
        """Return the ids of the records that have each value. `found` are ids by stored value, one for each source."""
        bitmaps = defaultdict(list)
        for ids_by_stored in found:
            for stored, ids in ids_by_stored.items():
                for value in self.expand(stored):
                    bitmaps[value].append(ids)
        return {value: union(parts) for value, parts in bitmaps.items()}

    def ids_for_value(self, bitmaps: ValueBitmaps, value: Any) -> BitMap:
        """Return the ids of the records that have `value`."""
        return bitmaps[value]

    def ids_for_values(self, bitmaps: ValueBitmaps, values: Iterable[Any]) -> BitMap:
        """Return the ids of the records that have one of `values`."""
        return union([self.ids_for_value(bitmaps, value) for value in values])

    def counts_from_index(self, bitmaps: ValueBitmaps, ids: BitMap) -> dict[Any, int]:
        """Return how many of the records with these ids have each value."""
        return {
            value: ids.intersection_cardinality(self.ids_for_value(bitmaps, value))
            for value in bitmaps
            if self.is_counted(value)
        }


class LazyChoiceFacet(Facet):
    """A facet with more values than a page can offer: its choices are only the records that the request names."""

    is_indexed = False

    def __init__(self, path: str, *, label: Any) -> None:
        super().__init__(path, options=tuple, label=label)


def rows_at(model: type[Model], path: str) -> tuple[type[Model], str, str]:
    """Return the model of the rows with the values at `path`, their column for the record, and the path from them."""
    head, _dots, rest = path.partition("__")
    field: Any = model._meta.get_field(head)
    if field.many_to_many:
        return field.remote_field.through, field.m2m_field_name(), f"{field.m2m_reverse_field_name()}__{rest}"
    if field.one_to_many:
        return field.related_model, field.remote_field.name, rest
    return model, "pk", path


def has_value(model: type[Model], path: str, values: list[str], where: dict[str, Any] | None = None) -> Q:
    """Return the condition that a record of `model` has one of `values` at `path`.

    It is an EXISTS, not a join, so that no record comes twice.
    """
    through, owner, rest = rows_at(model, path)
    if through is model:
        return Q(**{f"{path}__in": values})
    rows = through._base_manager.filter(**{owner: OuterRef("pk"), f"{rest}__in": values}, **(where or {}))
    return Q(Exists(rows))


class OfGyeonggi(TextChoices):
    """The one value of the facet of Gyeonggi."""

    YES = "1", _("Province, cities, institutions")


class GyeonggiFacet(Facet):
    """Whether a record is of Gyeonggi, as `of_gyeonggi` of the queryset of its list defines it."""

    def __init__(self) -> None:
        super().__init__("pk", options=OfGyeonggi, label=_("Gyeonggi"))

    def filter(self, queryset: Any, values: list[str]) -> QuerySet:
        return queryset.of_gyeonggi() if values else queryset

    def counts_from_queryset(self, queryset: Any) -> dict[Any, int]:
        return {OfGyeonggi.YES.value: queryset.of_gyeonggi().count()}

    def index_sources(self, model: type[Model]) -> list[FacetSource]:
        records: Any = model._default_manager
        # EXISTS and not IN: when one record changed, SQLite would find all records of Gyeonggi first.
        found = Exists(records.of_gyeonggi().order_by().filter(pk=OuterRef("pk")))
        return [FacetSource(model, "pk", ("publication",), (found,))]

    def build_bitmaps(self, found: list[dict]) -> dict[Any, BitMap]:
        [by_publication] = found
        return {OfGyeonggi.YES.value: union(list(by_publication.values()))}


class RecordFilterSet(django_filters.FilterSet):
    """The filters of a list. Subclasses declare facets; every list has the text filter `q`.

    `counter_class` says how the list finds and counts.
    """

    counter_class: type[FacetCounter] = QuerySetCounter
    caches_counts = True  # whether counts are stored in the cache until the content changes

    q = django_filters.CharFilter(label=_("Keywords"), method="filter_text", max_length=200)

    def filter_text(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(pk__in_ids=self.text_matches)

    @functools.cached_property
    def text_matches(self) -> IdList:
        """The primary keys of the records that match `q`, read once for all counts."""
        return IdList(keys_matching(self.queryset.model, self.valid_data["q"]))

    @functools.cached_property
    def form(self) -> forms.Form:
        """The form of the values. It has the fields of the filters themselves, where Django would copy each of them."""
        form = self._meta.form(self.data if self.is_bound else None, prefix=self.form_prefix)
        form.fields = {name: item.field for name, item in self.filters.items()}
        return form

    @functools.cached_property
    def valid_data(self) -> dict[str, Any]:
        """The valid values by filter; wrong and empty ones are left out."""
        if not self.is_bound:
            return {}
        self.form.is_valid()
        return {name: value for name, value in self.form.cleaned_data.items() if value not in (None, "", [])}

    @functools.cached_property
    def error_messages(self) -> list[str]:
        """A sentence for each value that was left out."""
        if not self.is_bound:
            return []
        self.form.is_valid()
        sentences = [
            gettext("{label}: “{value}” was not found and was ignored.").format(label=field.label, value=value[:60])
            for field in self.form.fields.values()
            for value in getattr(field, "rejected", [])
        ]
        for name, errors in self.form.errors.items():
            label = self.form.fields[name].label if name in self.form.fields else ""
            sentences += [
                pgettext("value of a filter", "{label} (ignored): {problem}").format(label=label, problem=error)
                for error in errors
            ]
        return sentences

    @property
    def parameter_errors(self) -> list[str]:
        """A sentence for each wrong value, with the name of its parameter.

        Pages leave wrong values out and show `error_messages`; files and the API answer 400 (`raise_for_errors`).
        """
        if not self.error_messages:
            return []
        fields = self.form.fields.items()
        wrong = [(name, value) for name, field in fields for value in getattr(field, "rejected", [])]
        return [
            *(gettext("“{name}”: there is no “{value}”.").format(name=name, value=value[:60]) for name, value in wrong),
            *(f"“{name}”: {error}" for name, errors in self.form.errors.items() for error in errors),
        ]

    def raise_for_former_keys(self) -> None:
        """Raise KeysChanged, which redirects permanently, if a value is the former key of a published record.

        It queries the database only if a value was left out.
        """
        if not self.error_messages:
            return
        changed, told = {}, []
        for name, field in self.form.fields.items():
            item = self.filters[name]
            present = item.present_keys(rejected) if (rejected := getattr(field, "rejected", None)) else {}
            if present:
                values = [present.get(value.lower(), value) for value in self.data.getlist(name)]
                changed[name] = list(dict.fromkeys(values))
                told += [
                    gettext("“{name}”: the key “{former}” is now “{present}”.").format(
                        name=name, former=former, present=now
                    )
                    for former, now in present.items()
                ]
        if changed:
            raise KeysChanged(" ".join(told), changed)

    def raise_for_errors(self) -> None:
        """Raise Problem 400 if a value is wrong, and KeysChanged if one is a former key."""
        self.raise_for_former_keys()
        if errors := self.parameter_errors:
            raise ProblemDetail(400, " ".join(errors))

    # ── Counts ───────────────────────────────────────────────────────────────────────────────────────────────────

    @functools.cached_property
    def counter(self) -> FacetCounter:
        return self.counter_class(self)

    @functools.cached_property
    def facet_filters(self) -> dict[str, Facet]:
        """The facets, by name."""
        return {name: item for name, item in self.filters.items() if isinstance(item, Facet)}

    @functools.cached_property
    def offered_choices(self) -> dict[str, list[tuple[Any, str]]]:
        """The options of each facet, by its name."""
        return page_cache.cached_for_version(
            self._read_options, "options of facets", type(self).__qualname__, get_language()
        )

    def _read_options(self) -> dict[str, list[tuple[Any, str]]]:
        return {name: item.read_options() for name, item in self.facet_filters.items()}

    @functools.cached_property
    def counts(self) -> dict[str, Any]:
        """How many records the list has (`all`) and the filters let through (`found`), and the counts by facet."""
        if not self.caches_counts:
            return self._count()
        # The SQL is part of the key: the same filters may stand before other records, such as one indicator’s values.
        query = str(self.queryset.order_by().query)
        return page_cache.cached_for_version(
            self._count, "list", type(self).__qualname__, query, sorted(self.valid_data.items())
        )

    def _count(self) -> dict[str, Any]:
        return {
            "all": self.counter.count_all(),
            "found": self.counter.count(),
            "facets": {name: self.counter.facet_counts(name) for name in self.facet_filters},
        }

    # ── For the page ─────────────────────────────────────────────────────────────────────────────────────────────

    @functools.cached_property
    def facets(self) -> list["FacetView"]:
        """The facets, each with its chosen options first and then those with the highest counts.

        A facet with few choices keeps those without hits, so that the form does not jump. A facet without any record in
        the whole list is left out.
        """
        facets = [self._facet(name, item) for name, item in self.facet_filters.items()]
        return [facet for facet in facets if self._is_shown(facet.options)]

    def _is_shown(self, options: list[Option]) -> bool:
        return any(not option.is_disabled or self.valid_data for option in options)

    @property
    def has_rare_facets(self) -> bool:
        """Whether some facet stands under “More filters”."""
        return any(facet.rare for facet in self.facets)

    def _facet(self, name: str, item: Facet) -> "FacetView":
        chosen = self.valid_data.get(name, [])
        counts = self.counts["facets"][name]
        shows_all = counts is None or (item.shows_empty and len(item.choices) <= SHORT_LIST)
        options = [
            Option(value, label, None if counts is None else counts.get(value, 0), value in chosen)
            for value, label in item.choices
            if shows_all or counts.get(value) or value in chosen
        ]
        options.sort(key=lambda option: (not option.chosen, -(option.count or 0)))
        return FacetView(name, item.label, options, item.limit, item.rare and not chosen, item.hint)

    @functools.cached_property
    def active_filters(self) -> list["ActiveFilter"]:
        """Each chosen value with its label and the query string that removes it."""
        active = []
        for name, value in self.valid_data.items():
            item = self.filters[name]
            labels: dict[str, str] = dict(item.choices) if isinstance(item, Facet) else {}
            if isinstance(value, list):
                chosen: list[str] = value
                active += [
                    ActiveFilter(name, item.label, labels.get(one, one), self._query_without(name, one))
                    for one in chosen
                ]
            else:
                active.append(ActiveFilter(name, item.label, value, self._query_without(name)))
        return active

    def _query_without(self, name: str, value: str | None = None) -> str:
        """Return the query string without one value of a filter, or without all of them."""
        rest = self.data.copy()
        left = [one for one in rest.getlist(name) if value is not None and one.casefold() != value.casefold()]
        rest.setlist(name, left)
        rest.pop("page", None)
        return rest.urlencode()

    @functools.cached_property
    def loosened(self) -> list["LoosenedFilter"]:
        """What the list would show without one of its active filters, for each of them that hides something.

        Empty if there is only one filter: without it the list is whole. It takes some queries for each filter.
        """
        values: dict[str, list[str]] = {}
        for active in self.active_filters:
            values.setdefault(active.name, []).append(str(active.value))
        found = []
        for name in values if len(values) > 1 else ():
            query = self._query_without(name)
            rest = type(self)(QueryDict(query), queryset=self.queryset.all(), request=self.request)
            if count := rest.counter.count():
                found.append(LoosenedFilter(self.filters[name].label, ", ".join(values[name]), query, count))
        return found


class IndexedFilterSet(RecordFilterSet):
    """The filters of a list that may grow long: it finds and counts by bitmaps in memory."""

    counter: IndexCounter
    counter_class = IndexCounter
    caches_counts = False  # counting is as fast as reading the counts from the cache
    index_only_facets: ClassVar[dict[str, Facet]] = {}  # facets of the index that are no filters, by name
    # With fewer records found, `qs` asks for their primary keys.
    ID_LOOKUP_MAX = 10_000

    @functools.cached_property
    def indexed_facets(self) -> dict[str, Facet]:
        """The facets of the index, by name."""
        return {name: item for name, item in self.facet_filters.items() if item.is_indexed} | self.index_only_facets

    @classmethod
    def index_of(cls, make: Callable[[], Self]) -> FacetIndex:
        """Return the current bitmaps of the whole list. `make()` returns its filters, and is called only to read it."""

        def source() -> tuple[dict[str, Facet], QuerySet]:
            filterset = make()
            return filterset.indexed_facets, filterset.queryset.all()

        return snapshots.facet_index(cls.__qualname__, source)

    @property
    def index(self) -> FacetIndex:
        """The bitmaps of the whole list."""
        return self.counter.index

    @property
    def found(self) -> BitMap:
        """The ids of the records that the filters let through."""
        return self.counter.matches

    @functools.cached_property
    def qs(self) -> QuerySet:
        """The records that the filters let through; by primary keys where the database would be slower."""
        data = self.valid_data
        if "q" in data or len(data) > 1 or (data and len(self.found) < self.ID_LOOKUP_MAX):
            return self.queryset.filter(pk__in_ids=IdList(self.found))
        return super().qs

    def scanned_ids(self, rows: QuerySet, start: int, stop: int) -> list[int] | None:
        """Return the primary keys of a part of `rows`, which are `qs` in some order; None if a query is faster.

        It is for the first pages of a long list in the order of its model, which an index has. There the database would
        read and sort all records that the filters let through.
        """
        order = rows.model._meta.ordering
        if not self.valid_data or list(rows.query.order_by or order) != order:
            return None
        if stop * len(self.index.all) > registry.SCAN_AHEAD * len(self.found):
            return None  # probably not among the records that are scanned
        found = registry.scanned_ids(self.queryset.order_by(*order), self.found, stop)
        return None if found is None else found[start:]


@dataclass(frozen=True)
class FacetView:
    """A facet as a page shows it."""

    name: str
    label: str
    options: list[Option]
    limit: int
    rare: bool
    hint: str = ""

    @property
    def open_options(self) -> list[Option]:
        return self.options[: self.limit]

    @property
    def more_options(self) -> list[Option]:
        return self.options[self.limit :]


@dataclass(frozen=True)
class ActiveFilter:
    """A chosen value of the filter `name`, and the query string that removes it."""

    name: str
    label: str
    value: str
    query: str


@dataclass(frozen=True)
class LoosenedFilter:
    """A chosen filter with its values in words, the query string without it, and how many records are then found."""

    label: str
    value: str
    query: str
    count: int


def names(queryset: Any, field: str = "name") -> Callable[[], list[tuple[str, str]]]:
    """Return a function that returns key and name of the published records of a queryset, in the reader’s language."""

    def pairs() -> list[tuple[str, str]]:
        return list(
            queryset.published().annotate(shown=reader_text(field)).order_by("shown", "key").values_list("key", "shown")
        )

    return pairs


class YearFilter(django_filters.NumberFilter):
    """A year of four digits."""

    field_class = forms.IntegerField

    def __init__(self, label: Any, method: str) -> None:
        super().__init__(label=label, method=method, min_value=1800, max_value=2200)


class YearFacet(Facet):
    """The years of partial dates."""

    is_expanded = True

    def expand(self, stored: Any) -> tuple[int]:
        return (stored.year,)


class DatedFilterSet(RecordFilterSet):
    """Filters of records that have one `date`."""

    year_from = YearFilter(_("From year"), "dated_from")
    year_to = YearFilter(_("To year"), "dated_to")

    def dated_from(self, queryset: QuerySet, name: str, year: int) -> QuerySet:
        return queryset.filter(date__gte=f"{year:04}")

    def dated_to(self, queryset: QuerySet, name: str, year: int) -> QuerySet:
        return queryset.filter(date__lt=f"{year + 1:04}")


def source_languages() -> list[tuple[str, str]]:
    """Return code and name of the languages that published sources are in."""
    codes = Source.objects.published().order_by("language").values_list("language", flat=True).distinct()
    return [(code, language_name(code)) for code in codes]


class SourceFilter(DatedFilterSet):
    """Sources by kind, language and year."""

    kind = Facet("kind", options=Source.Kind, label=_("Kind"))
    language = Facet("language", options=source_languages, label=_("Language"), limit=6)

    class Meta:
        model = Source
        fields = ()


def portal_countries() -> list[tuple[str, str]]:
    """Return key and name of the countries that the portal is about."""
    return names(Place.objects.filter(group__in=Place.Group.values))()


def places_but_countries() -> list[tuple[str, str]]:
    """Return key and name of the places that are not countries."""
    return names(Place.objects.exclude(kind__in=Place.IN_NO_COUNTRY))()


class PlaceFacet(Facet):
    """Places by key. A record at a place is also at each place that contains it."""

    is_expanded = True

    @functools.cached_property
    def wholes(self) -> dict[str, set[str]]:
        """The keys of all places that contain a place, by its key."""
        return Place.objects.wholes_by_part()

    def expand(self, stored: str) -> set[str]:
        return {stored, *self.wholes.get(stored, ())}

    def stored_values(self, values: Iterable[str]) -> list[str]:
        wanted = set(values)
        return sorted(wanted | {part for part, wholes in self.wholes.items() if wanted & wholes})
