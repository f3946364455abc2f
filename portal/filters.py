"""Filters that lists share: facets with counts, years, words. Values are keys and codes, never ids."""

import functools
from collections import Counter, defaultdict
from dataclasses import dataclass

import django_filters
from django import forms
from django.core.validators import slug_re
from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal import kept, members
from portal.database import Keys
from portal.index.ranking import keys_matching
from portal.languages import language_name
from portal.models import Place, Source
from portal.places import wholes_by_part
from portal.problems import Problem
from portal.querysets import reader_text

SHORT_LIST = 12  # a facet with at most this many choices also shows those that would find nothing


class CaselessMixin:
    """For fields with choices: take a value in upper or lower case for the choice that it names."""

    def as_offered(self, value):
        """Return the choice that equals `value` but for case; `value` itself if there is none."""
        choices = [str(choice) for choice, _label in self.choices]
        if value in choices:
            return value
        return next((choice for choice in choices if choice.casefold() == value.casefold()), value)


class FacetField(CaselessMixin, forms.MultipleChoiceField):
    """Several values of one facet, in upper or lower case. Wrong ones are left out and remembered in `rejected`, so
    that the good ones hold.
    """

    def to_python(self, value):
        return list(dict.fromkeys(self.as_offered(one) for one in super().to_python(value)))

    def clean(self, value):
        values = self.to_python(value)
        self.rejected = [v for v in values if not self.valid_value(v)]
        return [v for v in values if v not in self.rejected]


@dataclass(frozen=True)
class Option:
    """One value of a facet, with how many records the list would show for it, or None where that is not counted."""

    value: str
    label: str
    count: int | None
    chosen: bool

    @property
    def is_disabled(self):
        """Whether the option cannot be chosen, because the list would be empty."""
        return self.count == 0 and not self.chosen


class Facet(django_filters.Filter):
    """A choice of several values, counted.

    `paths` lead from the record to the value; a record has a value if any path leads to it. `options` is an enumeration
    or a function that returns pairs of value and label. `records` are those whose keys are valid beside the options
    (they may have no hits); by default the published records at the end of a path such as `issues__key`. `where` holds
    conditions on the row that `paths` pass through.
    `limit` is how many options stand in the open; a facet with `rare` stands under “More filters”; `hint` is a sentence
    under its name. With `shows_empty`, a short facet keeps options that would find nothing.
    """

    field_class = FacetField
    held = True  # whether a long list keeps its sets in memory
    beside = ()  # names of filters that `conditions` depend on

    def __init__(
        self, *paths, options, label, records=None, where=None, limit=8, rare=False, hint="", shows_empty=True
    ):
        super().__init__(field_name=paths[0], label=label)
        self.records = records
        self.paths, self.where, self.limit, self.rare = paths, where or {}, limit, rare
        self.options, self.hint, self.shows_empty = options, hint, shows_empty

    @functools.cached_property
    def choices(self):
        """Pairs of value and label: the options, then other records that the request names."""
        choices = getattr(self.options, "choices", None)
        offered = list(choices if choices is not None else self.options())
        known = {str(value).casefold() for value, _label in offered}
        # The database is not asked about what cannot be a key.
        asked = {key.lower() for key in self._asked() if key.casefold() not in known and slug_re.fullmatch(key)}
        records = self._keyed_records() if asked else None
        if records is None:
            return offered
        return [*offered, *((record.key, str(record)) for record in records.published().filter(key__in=asked))]

    def _asked(self):
        """Return the values that the request has for this filter."""
        names = [name for name, item in self.parent.filters.items() if item is self] if hasattr(self, "parent") else []
        return self.field_class.widget().value_from_datadict(self.parent.data, {}, names[0]) or () if names else ()

    def _keyed_records(self):
        """Return the records whose keys are values of this facet, or None if its values are codes."""
        *path, column = self.paths[0].split("__")
        if self.records is not None or column != "key":
            return self.records
        model = self.model
        for name in path:
            model = model._meta.get_field(name).related_model
        return model.objects

    @property
    def field(self):
        if not hasattr(self, "_field"):
            self._field = self.field_class(label=self.label, required=False, choices=self.choices)
        return self._field

    def filter(self, queryset, values):
        if not values:
            return queryset
        condition = Q()
        for path in self.paths:
            condition |= has_value(queryset.model, path, values, self.conditions())
        return queryset.filter(condition)

    def conditions(self):
        """What must hold of the row that leads to a value."""
        return self.where

    def counts(self, queryset):
        """How many records of `queryset` have each value."""
        queryset = queryset.order_by()
        if len(self.paths) == 1:
            path = self.paths[0]
            head = path.partition("__")[0]
            queryset = queryset.filter(**{f"{head}__{name}": value for name, value in self.conditions().items()})
            return dict(queryset.values_list(path).annotate(Count("pk", distinct=True)))
        # Not a UNION: Django would not keep the columns of each part in the same order.
        pairs = set().union(*(queryset.values_list("pk", path) for path in self.paths))
        return Counter(value for _pk, value in pairs)

    def lookups(self, model):
        """Where the values stand, for sets of the records that have them (`portal.members`)."""
        return [self.lookup(model, path) for path in self.paths]

    def lookup(self, model, path, *columns):
        """Where the values at a path stand, with those of other columns of the same rows."""
        rows, owner, column = rows_at(model, path)
        return members.Lookup(rows, owner, (column, *columns), tuple(self.where.items()))

    def sets(self, found) -> dict:
        """The records that have each value, of what was found at each of the lookups."""
        sets = {}
        for values in found:
            for value, keys in values.items():
                sets[value] = sets[value] | keys if value in sets else keys
        return sets

    def among(self, sets, values):
        """The primary keys of the records that have one of `values`, of the facet’s sets."""
        return members.NONE.union(*(sets[value] for value in values))

    def shares(self, sets, found):
        """How many of the records with these primary keys have each value."""
        return {value: found.intersection_cardinality(keys) for value, keys in sets.items()}


class AskedFacet(Facet):
    """A facet with more values than a page can offer: only keys of records that the request names are offered."""

    held = False

    def __init__(self, path, *, label):
        super().__init__(path, options=tuple, label=label)


def rows_at(model, path):
    """Where the values at a path stand: the model of the rows, the column that names the record, the path from it."""
    head, _dots, rest = path.partition("__")
    field = model._meta.get_field(head)
    if field.many_to_many:
        return field.remote_field.through, field.m2m_field_name(), f"{field.m2m_reverse_field_name()}__{rest}"
    if field.one_to_many:
        return field.related_model, field.remote_field.name, rest
    return model, "pk", path


def has_value(model, path, values, where=None):
    """The condition that a record of `model` has one of `values` at `path`, without joining: rows stay single."""
    through, owner, rest = rows_at(model, path)
    if through is model:
        return Q(**{f"{path}__in": values})
    rows = through._base_manager.filter(**{owner: OuterRef("pk"), f"{rest}__in": values}, **(where or {}))
    return Q(Exists(rows))


class RecordFilterSet(django_filters.FilterSet):
    """Filters of a list of records. Facets are declared; words (`q`), asked of the search index, every list has."""

    q = django_filters.CharFilter(label=_("Words"), method="by_words", max_length=200)

    def by_words(self, queryset, name, value):
        return queryset.filter(pk__among=self.worded)

    @functools.cached_property
    def worded(self):
        """The primary keys of the records that have the words: asked for once, however often they are counted."""
        return Keys(keys_matching(self.queryset.model, self.cleaned["q"]))

    @functools.cached_property
    def cleaned(self):
        """The values that hold, by filter; wrong ones are left out."""
        if not self.is_bound:
            return {}
        self.form.is_valid()
        return {name: value for name, value in self.form.cleaned_data.items() if value not in (None, "", [])}

    @functools.cached_property
    def problems(self):
        """A sentence for each value that was left out."""
        if not self.is_bound:
            return []
        self.form.is_valid()
        sentences = [
            gettext("{label}: there is no “{value}”. It was left out.").format(label=field.label, value=value[:60])
            for field in self.form.fields.values()
            for value in getattr(field, "rejected", [])
        ]
        for name, errors in self.form.errors.items():
            label = self.form.fields[name].label if name in self.form.fields else ""
            sentences += [
                gettext("{label}: {problem} It was left out.").format(label=label, problem=error) for error in errors
            ]
        return sentences

    @property
    def mistakes(self):
        """A sentence for each value that is wrong, with the name of its parameter. Pages leave such values out and show
        `problems`; files and the API are refused (`refuse_mistakes`).
        """
        if not self.problems:
            return []
        fields = self.form.fields.items()
        wrong = [(name, value) for name, field in fields for value in getattr(field, "rejected", [])]
        return [
            *(gettext("“{name}”: there is no “{value}”.").format(name=name, value=value[:60]) for name, value in wrong),
            *(f"“{name}”: {error}" for name, errors in self.form.errors.items() for error in errors),
        ]

    def refuse_mistakes(self):
        """Raise Problem 400 if a value is wrong."""
        if mistakes := self.mistakes:
            raise Problem(400, " ".join(mistakes))

    kept = True  # whether its numbers are kept for as long as the content stays as it is

    @functools.cached_property
    def numbers(self):
        """How many records there are (`all`), how many the filters let through (`found`), and the counts of facets."""
        if not self.kept:
            return self._count()
        # The SQL is part of the key: the same filters may stand before other records, such as one indicator's values.
        asked = str(self.queryset.order_by().query)
        return kept.once(self._count, "list", type(self).__qualname__, asked, sorted(self.cleaned.items()))

    @functools.cached_property
    def facet_filters(self):
        """The facets, by name."""
        return {name: item for name, item in self.filters.items() if isinstance(item, Facet)}

    def _count(self):
        return {
            "all": self.count_all(),
            "found": self.count(),
            "facets": {name: self.counts(name) for name in self.facet_filters},
        }

    def count_all(self):
        """How many records there are without any filter."""
        return self.queryset.count()

    def count(self):
        """How many records the filters let through."""
        return self.qs.count()

    def filtered_without(self, *names):
        """The records that all filters but these let through."""
        queryset = self.queryset.all()
        for other, value in self.cleaned.items():
            if other not in names:
                queryset = self.filters[other].filter(queryset, value)
        return queryset

    @functools.cached_property
    def facets(self):
        """Return the facets, each with its chosen options first and then those that find most.

        A facet with few choices keeps those that would find nothing, so that the form does not jump. A facet without
        any record in the whole list is left out.
        """
        facets = [self._facet(name, item) for name, item in self.facet_filters.items()]
        return [facet for facet in facets if self._is_shown(facet.options)]

    def _is_shown(self, options):
        return any(not option.is_disabled or self.cleaned for option in options)

    @property
    def has_rare_facets(self):
        """Whether some facet stands under “More filters”."""
        return any(facet.rare for facet in self.facets)

    def counts(self, name):
        """How many records the list would show for each value of a facet; None if that is not counted."""
        item = self.filters[name]
        return item.counts(self.filtered_without(name, *item.beside))

    def _facet(self, name, item):
        chosen = self.cleaned.get(name, [])
        counts = self.numbers["facets"][name]
        shows_all = counts is None or (item.shows_empty and len(item.choices) <= SHORT_LIST)
        options = [
            Option(value, label, None if counts is None else counts.get(value, 0), value in chosen)
            for value, label in item.choices
            if shows_all or counts.get(value) or value in chosen
        ]
        options.sort(key=lambda option: (not option.chosen, -(option.count or 0)))
        return FacetView(name, item.label, options, item.limit, item.rare and not chosen, item.hint)

    @functools.cached_property
    def chips(self):
        """Each chosen value with its words and the query that takes it away."""
        chips = []
        for name, value in self.cleaned.items():
            item = self.filters[name]
            labels = dict(item.choices) if isinstance(item, Facet) else {}
            if isinstance(value, list):
                chips += [Chip(item.label, labels.get(one, one), self._query_without(name, one)) for one in value]
            else:
                chips.append(Chip(item.label, value, self._query_without(name)))
        return chips

    def _query_without(self, name, value=None):
        """The query that is left without one value of a filter, or without all of them."""
        rest = self.data.copy()
        left = [one for one in rest.getlist(name) if value is not None and one.casefold() != value.casefold()]
        rest.setlist(name, left)
        rest.pop("page", None)
        return rest.urlencode()


class LongFilterSet(RecordFilterSet):
    """Filters of a list that may grow long: what they let through is found and counted in memory."""

    kept = False  # it takes as long to count as to look up what was counted
    further = {}  # facets by which nobody filters, by name: by what else the records are counted

    @functools.cached_property
    def counted_facets(self):
        """The facets whose sets are kept, by name."""
        return {name: item for name, item in self.facet_filters.items() if item.held} | self.further

    # Fewer records than this are asked for by their primary keys.
    FEW = 10_000

    @functools.cached_property
    def sets(self):
        return members.registry.of(self, self.queryset.all())

    @functools.cached_property
    def _having(self):
        """The primary keys of the records that each chosen filter lets through."""
        return {name: self._passing(name, value) for name, value in self.cleaned.items()}

    def _passing(self, name, value):
        item = self.filters[name]
        if name in self.sets.facets:
            return item.among(self.sets.facets[name], value)
        if name == "q":
            return members.BitMap(self.worded.pks)
        return members.every(item.filter(self.queryset.all(), value))

    def found_without(self, *names):
        """The primary keys of the records that all filters but these let through."""
        found = self.sets.all
        for name, keys in self._having.items():
            if name not in names:
                found = found & keys
        return found

    @functools.cached_property
    def found(self):
        return self.found_without()

    @functools.cached_property
    def qs(self):
        """The records that the filters let through: found by what was found in memory where the database would have to
        look further.
        """
        if "q" in self.cleaned or len(self.cleaned) > 1 or (self.cleaned and len(self.found) < self.FEW):
            return self.queryset.filter(pk__among=Keys(self.found))
        return super().qs

    def count_all(self):
        return len(self.sets.all)

    def count(self):
        return len(self.found)

    def counts(self, name):
        item = self.filters[name]
        found = self.found_without(name, *item.beside) if name in self.cleaned or item.beside else self.found
        if not item.held:
            return {one: len(found & self._passing(name, [one])) for one in self.cleaned.get(name, [])}
        return item.shares(self.sets.facets[name], found)


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
    def open_options(self):
        return self.options[: self.limit]

    @property
    def more_options(self):
        return self.options[self.limit :]


@dataclass(frozen=True)
class Chip:
    """A chosen value and the query that is left without it."""

    label: str
    value: str
    query: str


def names(queryset, field="name"):
    """A function that gives the published records of `queryset` as pairs of key and name, in the reader's language."""

    def pairs():
        return list(
            queryset.published().annotate(shown=reader_text(field)).order_by("shown", "key").values_list("key", "shown")
        )

    return pairs


class YearFilter(django_filters.NumberFilter):
    """A year of four digits."""

    field_class = forms.IntegerField

    def __init__(self, label, method):
        super().__init__(label=label, method=method, min_value=1800, max_value=2200)


class YearFacet(Facet):
    """The years of partial dates."""

    def sets(self, found):
        by_year = defaultdict(list)
        for values in found:
            for date, keys in values.items():
                by_year[date.year].append(keys)
        return {year: members.NONE.union(*sets) for year, sets in by_year.items()}


class DatedFilterSet(RecordFilterSet):
    """Filters of records that have one `date`."""

    year_from = YearFilter(_("In or after"), "dated_from")
    year_to = YearFilter(_("In or before"), "dated_to")

    def dated_from(self, queryset, name, year):
        return queryset.filter(date__gte=f"{year:04}")

    def dated_to(self, queryset, name, year):
        return queryset.filter(date__lt=f"{year + 1:04}")


def source_languages():
    """The languages that published sources are in."""
    codes = Source.objects.published().order_by("language").values_list("language", flat=True).distinct()
    return [(code, language_name(code)) for code in codes]


class SourceFilter(DatedFilterSet):
    """Sources by kind, language and year."""

    kind = Facet("kind", options=Source.Kind, label=_("Kind"))
    language = Facet("language", options=source_languages, label=_("Language"), limit=6)

    class Meta:
        model = Source
        fields = []


def portal_countries():
    """The countries that the portal is about."""
    return names(Place.objects.filter(group__in=Place.Group.values))()


def places_but_countries():
    """Places that are no country."""
    return names(Place.objects.exclude(kind__in=[Place.Kind.COUNTRY, Place.Kind.WORLD]))()


class PlaceFacet(Facet):
    """Places, each of which covers all that lie in it. `paths` lead to their keys."""

    @functools.cached_property
    def wholes(self):
        return wholes_by_part()

    def filter(self, queryset, values):
        wanted = set(values)
        parts = {part for part, wholes in self.wholes.items() if wanted & wholes}
        return super().filter(queryset, sorted(wanted | parts))

    def counts(self, queryset):
        queryset = queryset.order_by()
        named = set().union(*(queryset.values_list("pk", path) for path in self.paths))
        covered = {(pk, whole) for pk, key in named if key for whole in {key, *self.wholes.get(key, ())}}
        return Counter(whole for _pk, whole in covered)

    def sets(self, found):
        return super().sets(
            {whole: keys}
            for values in found
            for place, keys in values.items()
            for whole in {place, *self.wholes.get(place, ())}
        )
