"""The search over all records: the page, and suggestions while the reader types."""

from bisect import bisect_left, insort
from functools import reduce
from operator import or_

import django_filters
from django.conf import settings
from django.db.models import Count, Q
from django.http import JsonResponse
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext, ngettext, override
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from issues import found_figure
from issues.filters import EventCountryFacet, EventFilter
from issues.models import Event, Issue
from portal.core.choices import Area
from portal.core.formatting import number
from portal.core.languages import language_name
from portal.facets.bitmaps import BitMap
from portal.facets.counting import FacetCounter
from portal.facets.filters import (
    Facet,
    GyeonggiFacet,
    OfGyeonggi,
    RecordFilterSet,
    YearFilter,
    names,
    portal_countries,
    source_languages,
)
from portal.generic.list import RecordListView
from portal.generic.tables import RecordTable
from portal.http import throttling
from portal.http.page_cache import cached_for_version
from portal.http.parameters import takes
from portal.models import Alias, Place
from portal.models.search_index import (
    NO_LANGUAGE,
    Kind,
    SearchEntry,
    SearchFacet,
    SearchName,
    entry_id,
    holds,
    of_kind,
    record_of,
)
from portal.search import indexing, ranking, spelling, store
from portal.search.analyser import normal, uzbek_in_both_scripts
from portal.search.query import LONGEST_QUERY, MOST_CLAUSES, Query, parse
from portal.views.hits import MODELS, OF_A_GROUP, HitGroup, alias_sentence, best_of_each_kind, hits
from projects.filters import projects_of_countries

# With fewer hits than this, the ids of a filter are read only among the hits, not among all records.
FEW = 1_000
# With more hits than this, the options of a facet have no counts: counting would take longer than searching.
MOST_COUNTED = 5_000


# ── Filters ──────────────────────────────────────────────────────────────────────────────────────────────────────


class ValueFacet(Facet):
    """A facet whose values are in the search index, under the name of the facet."""

    def __init__(self, name, **kwargs):
        super().__init__("values__value", where={"name": name}, **kwargs)


class GyeonggiEntryFacet(GyeonggiFacet):
    """Whether the record of an entry is of Gyeonggi. Places are of Gyeonggi if they are in the province."""

    def filter(self, queryset, values):
        return queryset.filter(self._of_gyeonggi()) if values else queryset

    def counts_from_entries(self, entries):
        """Return how many of the entries with these ids are of Gyeonggi."""
        known = cached_for_version(self._entries_of_gyeonggi, "entries of Gyeonggi")
        return {OfGyeonggi.YES.value: len(known.intersection(entries))}

    def _entries_of_gyeonggi(self):
        return {
            entry_id(kind, pk)
            for kind, records in self._records_of_gyeonggi().items()
            for pk in records.order_by().values_list("pk", flat=True)
        }

    def _of_gyeonggi(self):
        """Return the condition that the record of an entry is of Gyeonggi."""
        found = self._records_of_gyeonggi().items()
        return reduce(or_, (Q(kind=kind, record__in=records.order_by().values("pk")) for kind, records in found))

    @staticmethod
    def _records_of_gyeonggi():
        """Return the querysets of the records of Gyeonggi, by kind."""
        return {
            kind: model.objects.of_gyeonggi()
            for kind, model in MODELS.items()
            if kind != Kind.COUNTRY and hasattr(model.objects, "of_gyeonggi")
        }


def languages():
    """Return the languages of the portal and of the sources, as sorted (code, name)."""
    own = {code: language_name(code) for code, _name in settings.LANGUAGES}
    return sorted((own | dict(source_languages())).items())


def agreements_by_event():
    """Return a dict from the entry of an event that is an agreement too to the entry of the agreement."""
    return cached_for_version(_agreements_by_event, "agreements by event")


def _agreements_by_event():
    pairs = Event.objects.published().with_same_agreement().exclude(same_agreement=None)
    return {
        entry_id(Kind.EVENT, event): entry_id(Kind.AGREEMENT, agreement)
        for event, agreement in pairs.values_list("pk", "same_agreement").order_by()
    }


def with_agreements(entries):
    """Return the ids of entries with the agreement in place of each event that is one too. Both lists ascend.

    There may be very many, and few such events: the others are not looked at.
    """
    agreements, found = agreements_by_event(), list(entries)
    for event in of_kind(Kind.EVENT, entries):
        if event in agreements:
            del found[bisect_left(found, event)]
            if not holds(found, agreements[event]):
                insort(found, agreements[event])
    return found


def entries_of_partner(key, matches=None):
    """Return the ids of the projects and events that their lists show for the partner country `key`, as a set.

    The index has no value for most of them: projects have their partners as participants, and events between a partner
    and the region name only the other country. `matches` limits them to some entries, in ascending order.
    """
    projects = projects_of_countries([key])[key]
    events = EventFilter.base_filters["country"].filter(Event.objects.published().order_by(), [key])
    if matches is not None:
        projects = projects & BitMap(record_of(entry)[1] for entry in of_kind(Kind.PROJECT, matches))
        events = events.filter(pk__in=[record_of(entry)[1] for entry in of_kind(Kind.EVENT, matches)])
    return {entry_id(Kind.PROJECT, pk) for pk in projects} | {
        entry_id(Kind.EVENT, pk) for pk in events.values_list("pk", flat=True)
    }


class SearchCounter(FacetCounter[list[int] | None]):
    """Finds and counts by lists of entry ids in ascending order. None stands for all entries.

    An event that is an agreement too is never among them: the agreement is found in its place.
    """

    def all_matches(self):
        indexing.flush_index()
        return None

    def narrow(self, matches, name):
        if name == "q":  # the first filter of all
            return self.text_matches
        ids = self._ids_for(name)
        return sorted(ids) if matches is None else [entry for entry in matches if entry in ids]

    def matches_excluding(self, *names):
        """Return the matches as a list: all entries beside the only filter, but [] if nothing is searched for."""
        found = super().matches_excluding(*names)
        if found is None:
            return self._all_entries if self.filterset.valid_data else []
        return found

    @cached_property
    def _all_entries(self):
        entries = self.filterset.queryset.order_by("pk").values_list("pk", flat=True)
        agreements = agreements_by_event()
        return [entry for entry in entries if entry not in agreements]

    def count_matches(self, matches):
        return len(matches)

    def count_all(self):
        # “14 of 1,926” is shown only if there are filters: counting all entries takes longer than a search.
        if not self.filterset.is_narrowed:
            return self.count()
        return self.filterset.queryset.count() - len(agreements_by_event())

    def count_values(self, matches, name):
        if name == "kind":
            return {kind.value: len(of_kind(kind, matches)) for kind in Kind}
        if len(matches) > MOST_COUNTED:
            return None
        item = self.filterset.filters[name]
        if isinstance(item, GyeonggiEntryFacet):
            return item.counts_from_entries(matches)
        if name not in self.filterset.valid_data:
            counts = self._counts_of_matches.get(name, {})
        else:
            rows = SearchFacet.objects.filter(entry__in=matches, name=name).order_by()
            counts = dict(rows.values_list("value").annotate(Count("entry")))
        return counts | self._counts_of_partners(matches) if name == "country" else counts

    def _counts_of_partners(self, matches):
        """Return how many of `matches` each partner country has, by key."""
        counts = {}
        for key in self._partners:
            rows = SearchFacet.objects.filter(entry__in=matches, name="country", value=key)
            counts[key] = len(entries_of_partner(key, matches).union(rows.values_list("entry", flat=True)))
        return counts

    @cached_property
    def _partners(self):
        return EventCountryFacet.korea()

    @cached_property
    def _counts_of_matches(self):
        """Return the counts by facet and value among all matches, from one query."""
        rows = SearchFacet.objects.filter(entry__in=self.matches).order_by()
        counts = {}
        for name, value, count in rows.values_list("name", "value").annotate(Count("entry")):
            counts.setdefault(name, {})[value] = count
        return counts

    @cached_property
    def text_matches(self):
        """Return the ids of the entries that match the words, in ascending order, which groups them by kind."""
        return with_agreements(self.filterset.query_and_ids[1])

    @cached_property
    def whole_matches(self):
        """Return the ids of the entries that match all words that were typed, in ascending order."""
        asked, query = self.filterset.asked, self.filterset.query
        return self.text_matches if query == asked else with_agreements(ranking.matching_ids(asked))

    @cached_property
    def _ids_by_filter(self):
        return {}

    def _ids_for(self, name):
        """Return the ids of the entries that one filter lets through. They are read once."""
        if name not in self._ids_by_filter:
            item, data = self.filterset.filters[name], self.filterset.valid_data
            if isinstance(item, ValueFacet):
                rows = SearchFacet.objects.filter(name=name, value__in=data[name])
                entries = rows.order_by().values_list("entry", flat=True)
            else:
                entries = item.filter(SearchEntry.objects.order_by(), data[name]).values_list("pk", flat=True)
            within = self.text_matches if "q" in data and len(self.text_matches) < FEW else None
            if within is not None:
                column = "entry" if entries.model is SearchFacet else "pk"
                entries = entries.filter(**{f"{column}__in": within})
            found = set(entries)
            if name == "country":
                found.update(*(entries_of_partner(key, within) for key in self._partners if key in data[name]))
            self._ids_by_filter[name] = found.difference(agreements_by_event())
        return self._ids_by_filter[name]


class SearchFilter(RecordFilterSet):
    """The filters of the search. `query` is the parsed text, with clauses dropped if it has too few hits."""

    counter_class = SearchCounter
    caches_counts = False  # the page needs the ids of all hits anyway

    q = django_filters.CharFilter(label=_("Keywords"), method="filter_text")
    kind = Facet("kind", options=Kind, label=_("Record type"), limit=10)
    country = ValueFacet("country", options=portal_countries, records=Place.objects, label=_("Country"))
    gyeonggi = GyeonggiEntryFacet()
    issue = ValueFacet("issue", options=names(Issue.objects.all()), records=Issue.objects, label=_("Issue"), limit=6)
    area = ValueFacet("area", options=Area, label=_("Area of cooperation"), limit=6)
    language = ValueFacet("language", options=languages, label=_("Language"), limit=3)
    year_from = YearFilter(_("From year"), "in_or_after")
    year_to = YearFilter(_("To year"), "in_or_before")

    class Meta:
        model = SearchEntry
        fields = []

    @cached_property
    def asked(self) -> Query:
        """Return the parsed text with all clauses that the reader typed."""
        return ranking.parse_query(self.valid_data.get("q", ""))

    @cached_property
    def query_and_ids(self):
        """Return `query`, and the ids of all entries that match it."""
        return ranking.find(self.asked)

    @property
    def query(self) -> Query:
        return self.query_and_ids[0]

    def filter_text(self, queryset, name, value):
        return queryset.filter(store.entries_matching(self.query)) if self.query else queryset.none()

    def in_or_after(self, queryset, name, year):
        return queryset.filter(last_year__gte=year)

    def in_or_before(self, queryset, name, year):
        return queryset.filter(first_year__lte=year)

    @cached_property
    def error_messages(self):
        """Return a message for each value that was left out, and one if the text was cut."""
        cut = gettext("A search can have {characters} characters and {words} words. The rest was ignored.").format(
            characters=LONGEST_QUERY, words=MOST_CLAUSES
        )
        return [*super().error_messages, *([cut] if self.asked.cut else [])]

    @cached_property
    def active_filters(self):
        """Return the chosen values without the words, which the search field above shows."""
        return [active for active in super().active_filters if active.name != "q"]

    @property
    def is_narrowed(self):
        """Return True if there is any filter besides the words."""
        return any(name != "q" for name in self.valid_data)

    @property
    def found(self):
        """Return the ids of all entries that match the words and the filters, in ascending order."""
        return self.counter.matches

    @property
    def total(self):
        return len(self.found)

    @cached_property
    def whole(self):
        """Return how many of the hits match everything that was typed."""
        return len(set(self.counter.whole_matches).intersection(self.found))

    @cached_property
    def best(self):
        """Return the ids of the best hits, the best first. Without words, return the first CANDIDATES hits by id."""
        return ranking.ranked(self.query, self.found) if "q" in self.valid_data else self.found[: ranking.CANDIDATES]


# ── The page ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class HitTable(RecordTable):
    """The table of hits. Readers cannot sort it: the best hit comes first."""

    class Meta(RecordTable.Meta):
        orderable = False
        fields = ()


class Search(RecordListView):
    """The search page: all records that match the text and the filters, the best first."""

    filterset_class = SearchFilter
    followed_as = "search"
    table_class = HitTable
    template_name = "portal/search.html"
    results_template = "portal/includes/hits.html"
    empty_template = "portal/includes/no_hits.html"
    title = _("Search")
    lead = _(
        "Search issues, indicators, projects, agreements, organisations, places and sources in all three languages "
        "at once."
    )

    @staticmethod
    def count_words(count):
        return ngettext("%(count)s record", "%(count)s records", count) % {"count": number(count)}

    def get_queryset(self):
        return SearchEntry.objects.all()  # all entries are of published records

    @cached_property
    def found_kinds(self):
        """Return the number of hits of each kind that has some."""
        by_kind = {kind: len(of_kind(kind, self.filterset.found)) for kind in Kind}
        return {kind: count for kind, count in by_kind.items() if count}

    @property
    def is_paginated(self):
        """Return True if all hits are of one kind. Otherwise the page has the best hits of each kind."""
        return len(self.found_kinds) < 2

    @property
    def kinds(self):
        return tuple(model._meta.model_name for model in indexing.searched_models())

    def get_table_data(self):
        return self.filterset.best

    def keys_of(self, rows):
        """Return all hits: the best ones in their order, then those that are not ranked."""
        ranked = set(rows)
        pairs = map(record_of, [*rows, *(entry for entry in self.filterset.found if entry not in ranked)])
        return [("place" if kind == Kind.COUNTRY else kind.value, pk) for kind, pk in pairs]

    def render_to_response(self, context, **kwargs):
        """Return the page with the number of hits as a header, which `portal.http.usage` counts by, cached or not."""
        response = super().render_to_response(context, **kwargs)
        response.headers["Search-Hits"] = self.filterset.total
        return response

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        found = self.filterset
        words = found.valid_data.get("q", "")
        if self.is_paginated:
            page = context["table"].page
            shown = hits([row.record for row in page.object_list], found.query)
            groups = [HitGroup(*self.found_kinds, shown)] if shown else []
        else:
            # Without words nothing is ranked, and the first CANDIDATES hits may be of some kinds only.
            first = [entry for kind in self.found_kinds for entry in of_kind(kind, found.found)[:OF_A_GROUP]]
            groups = best_of_each_kind(found.best if words else first, self.found_kinds, found.query)
        return context | {
            "words": words,
            "words_above": True,
            "figure": None if found.is_narrowed else found_figure.find(words),
            "results_note": "portal/includes/search_notes.html",
            "groups": groups,
            "most": ranking.CANDIDATES,
            "areas": [area for area in areas_named(words) if area not in found.valid_data.get("area", ())],
            "widened": found.whole if found.total and found.query != found.asked else None,
            "meant": spelling.did_you_mean(words, get_language()) if words and not found.counter.whole_matches else "",
            "without_filters": len(found.counter.text_matches) if found.is_narrowed and not found.total else 0,
            "mains": Issue.objects.published().filter(parent=None).without_sections()
            if not found.total
            else Issue.objects.none(),
        }


# ── Areas ────────────────────────────────────────────────────────────────────────────────────────────────────────


def areas_named(words):
    """Return the areas of cooperation that `words` name by a label or an alias, wholly or in part.

    An area is no record and so no hit: the page leads to the records of the area.
    """
    asked = f" {normal(words)} "
    known = cached_for_version(_names_of_areas, "names of areas")
    named = {name: area for name, area in known.items() if f" {name} " in asked}
    # “Renewable energy” is not “energy” too.
    longest = (area for name, area in named.items() if not any(name in other and name != other for other in named))
    return [Area(area) for area in dict.fromkeys(longest)]


def _names_of_areas():
    """Return a dict from the normalised names of areas to their values."""
    names = []
    for language, _name in settings.LANGUAGES:
        with override(language):
            names += [(area.value, str(area.label)) for area in Area]
    aliases = Alias.objects.filter(kind=Alias.Kind.AREA).order_by("pk").values_list("key", "text", "language")
    names += [(key, name) for key, text, language in aliases for name in uzbek_in_both_scripts(text, language)]
    return {normal(name): area for area, name in reversed(names)}  # a label before an alias of another area


# ── Suggestions while the reader types ───────────────────────────────────────────────────────────────────────────

SUGGESTIONS, OF_A_KIND = 8, 3
LAST_LETTER = chr(0x10FFFF)


def suggested(text: str, kinds=tuple(Kind)) -> list[int]:
    """Return at most SUGGESTIONS ids of entries with a name that begins with `text`.

    With fewer names than that, other words of a name may begin with it. With several `kinds`, there are at most
    OF_A_KIND ids of each, and no events that are agreements too; with one kind, all may be of that kind.
    """
    indexing.flush_index()
    start = normal(text)[:200]
    if not start:
        return []
    of_a_kind = OF_A_KIND if len(kinds) > 1 else SUGGESTIONS
    doubles = agreements_by_event() if len(kinds) > 1 else {}
    found = {}
    for kind in kinds:
        rows = SearchName.objects.filter(kind=kind, normal__gte=start, normal__lt=start + LAST_LETTER)
        entries = rows.exclude(language=NO_LANGUAGE).order_by("normal").values_list("entry", flat=True)[: 4 * of_a_kind]
        found[kind] = [entry for entry in dict.fromkeys(entries) if entry not in doubles][:of_a_kind]
    suggestions = [entry for of_kind in found.values() for entry in of_kind]
    if len(suggestions) < SUGGESTIONS and (query := ranking.parse_query(text)):
        for entry in ranking.by_name(query, SUGGESTIONS, None if len(kinds) > 1 else kinds[0]):
            so_far = found[record_of(entry)[0]]
            if entry not in so_far and entry not in doubles and len(so_far) < of_a_kind:
                so_far.append(entry)
                suggestions.append(entry)
    return suggestions[:SUGGESTIONS]


@takes("q", "kind")
@require_GET
def suggest(request):
    """Return suggestions as JSON: records of any kind, or of `kind`, whose names begin with `q`.

    Each has its URL, key, name, language of the name, and kind, and a sentence on the alias that it is found by. The
    throttle rate is that of the search.
    """
    throttling.throttle(request, "search")
    text = request.GET.get("q", "")
    kinds = [kind for kind in Kind if kind == request.GET.get("kind")] or tuple(Kind)
    return JsonResponse(
        {
            "suggestions": [
                {
                    "url": hit.record.get_absolute_url(),
                    "key": hit.record.key,
                    "name": hit.plain_name,
                    "language": hit.language,
                    "kind": str(hit.kind.one),
                    "alias": alias_sentence(hit.alias).format(name=hit.alias.text) if hit.alias else "",
                }
                for hit in hits(suggested(text, kinds), parse(text), names_only=True)
            ]
        },
        json_dumps_params={"ensure_ascii": False},
    )
