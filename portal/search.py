"""The search over everything: the page, and suggestions while one types."""

import django_filters
from django.db import connection
from django.db.models import Count, Q
from django.http import JsonResponse
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from issues.models import Issue
from portal.choices import Area
from portal.filters import Facet, RecordFilterSet, YearFilter, names, portal_countries
from portal.index import documents, keeping, ranking, spelling, store
from portal.index.analyser import normal
from portal.index.excerpts import marked
from portal.index.query import LONGEST_QUERY, MOST_CLAUSES, Query, parse
from portal.index.tables import NO_LANGUAGE, Kind, SearchEntry, SearchFacet, SearchName, kinds_of, record_of
from portal.languages import in_language, language_name
from portal.listing import RecordListView
from portal.tables import RecordTable
from portal.templatetags.figures import number

# With more hits than this the choices of a facet are shown without counts: counting would take longer than finding.
MOST_COUNTED = 10_000

MODELS = {kind: model for model in keeping.searched_models() for kind in kinds_of(model)}


# ── Filters ──────────────────────────────────────────────────────────────────────────────────────────────────────


class ValueFacet(Facet):
    """A facet whose values stand in the index, by its own name."""

    def __init__(self, name, **kwargs):
        super().__init__("values__value", where={"name": name}, **kwargs)

    def counts(self, queryset):
        rows = SearchFacet.objects.filter(entry__in=queryset.order_by(), **self.where).order_by()
        return dict(rows.values_list("value").annotate(Count("entry")))


def languages():
    """The languages that records or sources are in."""
    codes = SearchFacet.objects.filter(name="language").order_by("value").values_list("value", flat=True).distinct()
    return [(code, language_name(code)) for code in codes]


class SearchFilter(RecordFilterSet):
    """What a search can be narrowed to. `query` is the question as it is asked, widened where it finds too little."""

    q = django_filters.CharFilter(label=_("Words"), method="by_words")
    kind = Facet("kind", options=Kind, label=_("What it is"), limit=10)
    country = ValueFacet("country", options=portal_countries, label=_("Country"))
    issue = ValueFacet("issue", options=names(Issue.objects.all()), label=_("Issue"), limit=6)
    area = ValueFacet("area", options=Area, label=_("Area"), limit=6)
    language = ValueFacet("language", options=languages, label=_("Language"), limit=3)
    year_from = YearFilter(_("In or after"), "in_or_after")
    year_to = YearFilter(_("In or before"), "in_or_before")

    class Meta:
        model = SearchEntry
        fields = []

    def __init__(self, *args, **kwargs):
        keeping.settle()  # the languages on offer stand in the index
        super().__init__(*args, **kwargs)

    @cached_property
    def asked(self) -> Query:
        """The question with all that was typed."""
        return ranking.question(self.cleaned.get("q", ""))

    @cached_property
    def query(self) -> Query:
        return ranking.widened(self.asked)

    def by_words(self, queryset, name, value):
        return ranking.matching(self.query, queryset)

    def in_or_after(self, queryset, name, year):
        return queryset.filter(last_year__gte=year)

    def in_or_before(self, queryset, name, year):
        return queryset.filter(first_year__lte=year)

    @cached_property
    def problems(self):
        """A sentence for each value that was left out, and one if the question was cut."""
        cut = gettext(
            "A search takes {characters} characters and {words} words. What came after them was left out."
        ).format(characters=LONGEST_QUERY, words=MOST_CLAUSES)
        return [*super().problems, *([cut] if self.asked.cut else [])]

    @cached_property
    def chips(self):
        """The chosen values; the words stand in the field above."""
        return [chip for chip in super().chips if chip.label != self.filters["q"].label]

    @cached_property
    def narrowed(self):
        """Whether anything but words was chosen."""
        return any(name != "q" for name in self.cleaned)

    @cached_property
    def by_kind(self):
        """How many records match the words alone, by kind."""
        found = store.counts_by_kind(self.query) if self.query else {}
        return {Kind.OF_NUMBER[number].value: count for number, count in found.items()}

    @cached_property
    def total(self):
        """How many records match."""
        return self.qs.count() if self.narrowed else sum(self.by_kind.values())

    @cached_property
    def whole(self):
        """How many records match with all that was typed."""
        return ranking.matching(self.asked, self.filtered_without("q")).count()

    @cached_property
    def ids(self):
        """The ids of the best hits, the best one first; without words, those of the filters in the order of kinds."""
        if "q" in self.cleaned:
            return ranking.ranked(self.query, self.filtered_without("q"))
        return list(self.qs.order_by("pk").values_list("pk", flat=True)[: ranking.CANDIDATES]) if self.narrowed else []

    def counts(self, name):
        if name == "kind" and not self.narrowed:
            return self.by_kind
        return None if self.total > MOST_COUNTED else super().counts(name)


# ── Hits ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Hit:
    """A record that a search found, as the page shows it."""

    def __init__(self, kind, record, query):
        self.kind, self.record, self.query = kind, record, query
        self.plain_name, self.language = record.name_and_language()

    @property
    def name(self):
        """The name with its marks."""
        return in_language(marked(self.plain_name, self.query).html, self.language)

    @property
    def years(self):
        """The record's first and last year, as far as they are known."""
        first, last = documents.years_of(self.record)
        return f"{first}–{last}" if first != last else first or ""

    @cached_property
    def excerpt(self):
        """The text that answers best: in the reader's language if one does, else the first in another that does."""
        best = ("", "")
        most, in_name = -1, marked(self.plain_name, self.query).met
        for field, language, text in self._texts():
            found = marked(text, self.query)
            # A text shows itself; another name or a long text is shown only for what it adds.
            least = {"summary": -1, "body": 0, "title": in_name}[field]
            if found.met > max(most, least):
                best, most = (found.excerpt, language), found.met
            if most == len(self.query.clauses):
                break
        return best

    @property
    def excerpt_html(self):
        text, language = self.excerpt
        return in_language(text, language) if language else text

    @property
    def excerpt_language(self):
        """The language of the excerpt in words, where it is not the reader's."""
        return language_name(self.excerpt[1]) if self.excerpt[1] not in {get_language(), ""} else ""

    def _texts(self):
        """Field, language and text of what the record says beside its name, the reader's language first."""
        own = [
            (field, language, text)
            for field in ("summary", "body", "title")
            for language, text in documents.own_texts(self.record, field)
            if text != self.plain_name
        ]
        reader = get_language()
        first = reader if any(language == reader for _field, language, _text in own) else "en"
        return sorted(own, key=lambda text: text[1] not in {first, ""})


def hits(ids, query):
    """The records with these ids, in this order, each with what was found in it."""
    wanted = {}
    for kind, pk in (pairs := [record_of(entry) for entry in ids]):
        wanted.setdefault(kind, []).append(pk)
    records = {
        (kind, pk): record
        for kind, pks in wanted.items()
        for pk, record in MODELS[kind].objects.published().in_bulk(pks).items()
    }
    return [Hit(kind, records[kind, pk], query) for kind, pk in pairs if (kind, pk) in records]


class HitTable(RecordTable):
    """Hits have one order: the best first."""

    class Meta(RecordTable.Meta):
        orderable = False
        fields = ()


class Search(RecordListView):
    """Everything that answers a question, the best first."""

    filterset_class = SearchFilter
    table_class = HitTable
    template_name = "portal/search.html"
    results_template = "portal/includes/hits.html"
    empty_template = "portal/includes/no_hits.html"
    title = _("Search")
    lead = _("Issues, figures, projects, agreements, organisations, places and sources, in three languages at once.")

    @staticmethod
    def count_words(count):
        return ngettext("%(count)s record", "%(count)s records", count) % {"count": number(count)}

    def get_queryset(self):
        return SearchEntry.objects.all()

    def get_table_data(self):
        return self.filterset.ids

    def get_count(self, table):
        return self.filterset.total

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        found = self.filterset
        words = found.cleaned.get("q", "")
        return context | {
            "words": words,
            "words_above": True,
            "results_note": "portal/includes/search_notes.html",
            "hits": hits([row.record for row in context["table"].page.object_list], found.query),
            "most": ranking.CANDIDATES,
            "widened": found.whole if found.total and found.query != found.asked else None,
            "meant": spelling.meant(words, get_language()) if words else "",
            "without_filters": sum(found.by_kind.values()) if found.narrowed and not found.total else 0,
            "mains": Issue.objects.published().filter(parent=None).without_sections()
            if not found.total
            else Issue.objects.none(),
        }


# ── While one types ──────────────────────────────────────────────────────────────────────────────────────────────

SUGGESTIONS, OF_A_KIND = 8, 3


def suggested(text: str) -> list[int]:
    """Ids of entries with a name that begins as the text does, at any word where there are few of the kind."""
    keeping.settle()
    start = normal(text)[:200]
    if not start:
        return []
    found = {}
    for kind in Kind:
        rows = SearchName.objects.filter(begins_with(start), kind=kind).exclude(language=NO_LANGUAGE)
        entries = rows.order_by("normal").values_list("entry", flat=True)[: 4 * OF_A_KIND]
        found[kind] = list(dict.fromkeys(entries))[:OF_A_KIND]
    if sum(map(len, found.values())) < SUGGESTIONS and (query := ranking.question(text)):
        for entry in ranking.by_name(query, SUGGESTIONS):
            of_kind = found[record_of(entry)[0]]
            if entry not in of_kind and len(of_kind) < OF_A_KIND:
                of_kind.append(entry)
    return [entry for of_kind in found.values() for entry in of_kind][:SUGGESTIONS]


def begins_with(start):
    """The condition that a name begins so, in the words that let each database use its index."""
    if connection.vendor == "sqlite":
        return Q(normal__gte=start, normal__lt=start + chr(0x10FFFF))
    return Q(normal__startswith=start)


@require_GET
def suggest(request):
    """Records whose names go on as the reader began, as JSON: address, name, its language, what it is."""
    text = request.GET.get("q", "")
    query = parse(text)
    return JsonResponse(
        {
            "suggestions": [
                {
                    "url": hit.record.get_absolute_url(),
                    "name": hit.plain_name,
                    "language": hit.language,
                    "kind": str(hit.kind.one),
                }
                for hit in hits(suggested(text), query)
            ]
        },
        json_dumps_params={"ensure_ascii": False},
    )
