"""Hits of the search: each with a line of facts and an excerpt, and the groups in which the page shows them."""

from dataclasses import dataclass

from django.db.models import Prefetch, Q, TextField
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language, gettext, ngettext

from portal.core.documents import DocumentFormat
from portal.core.formatting import date_range, number, partial_date, year_range
from portal.core.languages import in_language, language_name, name_html, reader_html
from portal.facets import registry
from portal.models import Alias, AliasedMixin, Attachment, DocumentText, Place, attach_aliases
from portal.models.search_index import Kind, kinds_of, record_of
from portal.search import documents, indexing, ranking
from portal.search.excerpts import highlight
from portal.templatetags.components import outlook_tag, status_tag
from projects.filters import projects_of_countries
from projects.models import AgreementParty, Project

MODELS = {kind: model for model in indexing.searched_models() for kind in kinds_of(model)}

OF_A_GROUP = 3  # hits of a group; a link leads to the others


@dataclass(frozen=True)
class DocumentExcerpt:
    """Where a document of a record matches a query."""

    attachment: Attachment
    page: int
    html: str


class Hit:
    """A hit of the search, as the page shows it. `documents` are pairs of a shown attachment and its text."""

    documents = ()

    def __init__(self, kind, record, query):
        self.kind, self.record, self.query = kind, record, query
        self.plain_name, self.language = record.name_and_language()

    @property
    def name(self):
        """Return the name as HTML with the matches marked."""
        return in_language(highlight(self.plain_name, self.query).html, self.language)

    @cached_property
    def alias(self):
        """Return the alias that the record was found by, or None if its names match as much of the query.

        `highlighted` of the alias is its text as HTML with the matches marked.
        """
        if not isinstance(self.record, AliasedMixin):
            return None
        query = self.query.without_other_names()
        best = None
        most = max(highlight(name, query).matched for _language, name in documents.names_of(self.record))
        for alias in self.record.aliases:
            if most == len(query.clauses):
                break
            if (found := highlight(alias.text, query)).matched > most:
                best, most = alias, found.matched
                alias.highlighted = in_language(found.html, alias.language)
        return best

    @property
    def alias_note(self):
        """Return a sentence on the alias that the record was found by; "" if there is none."""
        return format_html(alias_sentence(self.alias), name=self.alias.highlighted) if self.alias else ""

    @cached_property
    def matched(self):
        """Return how many clauses the shown name matches, or the alias that the record was found by."""
        found = highlight(self.plain_name, self.query).matched
        return max(found, highlight(self.alias.text, self.query).matched) if self.alias else found

    @property
    def facts(self):
        """Return what the record is, when, where and how much, as HTML texts without what is not known."""
        return [fact for fact in FACTS[self.kind](self.record) if fact]

    @property
    def excerpt(self):
        """Return the excerpt of the record's own texts that matches most clauses, and its language."""
        return self._own_excerpt[:2]

    @cached_property
    def in_document(self):
        """Return the excerpt of a document of the record that matches more clauses than its own texts; None if none."""
        best, most = None, max(self._own_excerpt[2], highlight(self.plain_name, self.query).matched)
        for attachment, text in self.documents:
            for page, words in enumerate(text.split("\f"), start=1):
                if most == len(self.query.clauses):
                    return best
                if (found := highlight(words, self.query)).matched > most:
                    best, most = DocumentExcerpt(attachment, page, found.excerpt), found.matched
        return best

    @cached_property
    def _own_excerpt(self):
        """Return the excerpt that matches most clauses, its language, and how many clauses it matches.

        Texts in the language of the reader are tried first. A later text must match more clauses to replace an earlier
        one.
        """
        best = ("", "", 0)
        in_name = highlight(self.plain_name, self.query).matched
        # The name of a result is the beginning of its text, so the text is shown only if it matches more.
        most = in_name if self.kind == Kind.RESULT else -1
        for field, language, text in self._texts():
            found = highlight(text, self.query)
            # The summary is shown even without a match. A long text is shown only if it matches something, another name
            # only if it matches more than the shown name.
            least = {"summary": -1, "body": 0, "title": in_name}[field]
            if found.matched > max(most, least):
                best, most = (found.excerpt, language, found.matched), found.matched
            if most == len(self.query.clauses):
                break
        return best

    @property
    def excerpt_html(self):
        text, language = self.excerpt
        return in_language(text, language) if language else text

    @property
    def excerpt_language(self):
        """Return the name of the excerpt's language; "" if it is the language of the reader."""
        return language_name(self.excerpt[1]) if self.excerpt[1] not in {get_language(), ""} else ""

    def _texts(self):
        """Return (field, language, text) of all texts except the shown name, those in the language of the reader first.

        If the record has no text in that language, those in English come first.
        """
        texts = [(field, pair) for field in ("summary", "body") for pair in documents.own_texts(self.record, field)]
        texts += [("title", pair) for pair in documents.names_of(self.record)]
        own = [(field, language, text) for field, (language, text) in texts if text != self.plain_name]
        reader = get_language()
        first = reader if any(language == reader for _field, language, _text in own) else "en"
        return sorted(own, key=lambda text: text[1] not in {first, ""})


def alias_sentence(alias):
    """Return the sentence that a record is found by an alias, with the gap `{name}` for its text."""
    if alias.period == Alias.Period.FORMER:
        return gettext("Formerly: {name}. The record has a newer name.")
    if alias.period == Alias.Period.NEWER:
        return gettext("Also known as {name}, which is a newer name.")
    return gettext("Also known as {name}")


def hits(ids, query, names_only=False):
    """Return Hits for the entries with these ids, in this order.

    Entries whose record is no longer published are left out. `names_only` defers the long texts, and no facts can be
    shown. A fixed number of queries per kind of record, and one for the aliases.
    """
    wanted = {}
    for kind, pk in (pairs := [record_of(entry) for entry in ids]):
        wanted.setdefault(kind, []).append(pk)
    records = {}
    for kind, pks in wanted.items():
        found = MODELS[kind].objects.published()
        if names_only:
            columns = MODELS[kind]._meta.concrete_fields
            found = found.defer(*(column.name for column in columns if isinstance(column, TextField)))
        else:
            found = _with_facts(kind, found)
        by_pk = found.in_bulk(pks)
        if not names_only:
            _count_projects(kind, by_pk.values())
        records |= {(kind, pk): record for pk, record in by_pk.items()}
    attach_aliases(records.values())
    found = [Hit(kind, records[kind, pk], query) for kind, pk in pairs if (kind, pk) in records]
    if not names_only:
        _set_documents(found)
    return found


def _set_documents(found):
    """Set the documents of hits. At most two queries."""
    of_record = {}
    condition = Q()
    for owner in Attachment.OWNERS:
        hits_of_kind = [hit for hit in found if hit.kind == owner]
        of_record |= {(owner, hit.record.pk): hit for hit in hits_of_kind}
        condition |= Q(**{f"{owner}__in": [hit.record.pk for hit in hits_of_kind]})
    if not of_record:
        return
    shown = list(Attachment.objects.filter(condition, is_shown=True, format=DocumentFormat.PDF))
    texts = DocumentText.objects.in_bulk([attachment.digest for attachment in shown]) if shown else {}
    for attachment in shown:
        for owner in Attachment.OWNERS:
            hit = of_record.get((owner, getattr(attachment, f"{owner}_id")))
            if hit is not None and attachment.digest in texts:
                hit.documents = (*hit.documents, (attachment, texts[attachment.digest].text))


# ── Groups ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class HitGroup:
    """The hits of one kind that the page shows; `more` is how many there are if others are left out, else None."""

    kind: Kind
    hits: list[Hit]
    more: int | None = None


def best_of_each_kind(best, counts, query):
    """Return the best hits of each kind as HitGroups. `best` are ids, the best first; `counts` are all hits by kind.

    The kind of the best hit comes first, with two exceptions. Places do not come before issues whose names match as
    much: who searches for a lake wants to know what happens to it. Sources come last, unless the text is the name or
    the identifier of a source and of nothing else.
    """
    by_kind = {}
    for entry in best:
        by_kind.setdefault(record_of(entry)[0], []).append(entry)
    shown = hits([entry for entries in by_kind.values() for entry in entries[:OF_A_GROUP]], query)
    hits_of = {kind: [hit for hit in shown if hit.kind == kind] for kind in by_kind}
    found = [
        HitGroup(kind, some, counts[kind] if counts[kind] > len(some) else None)
        for kind, some in hits_of.items()
        if some
    ]
    kinds = [group.kind for group in found]
    if Kind.ISSUE in hits_of:
        # Sub-issues often have the name of their main issue as an alias, such as the Aral Sea.
        most = max(hit.matched for hit in hits_of[Kind.ISSUE])
        hits_of[Kind.ISSUE].sort(key=lambda hit: hit.record.parent_id is not None or hit.matched < most)
    if {Kind.ISSUE, Kind.PLACE} <= hits_of.keys() and kinds.index(Kind.PLACE) < kinds.index(Kind.ISSUE):
        most = {kind: max(hit.matched for hit in hits_of[kind]) for kind in (Kind.ISSUE, Kind.PLACE)}
        if most[Kind.ISSUE] >= most[Kind.PLACE]:
            found.insert(kinds.index(Kind.PLACE), found.pop(kinds.index(Kind.ISSUE)))
    if {record_of(entry)[0] for entry in ranking.named_exactly(query.typed)} != {Kind.SOURCE}:
        found.sort(key=lambda group: group.kind == Kind.SOURCE)
    return found


# ── Facts ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _with_facts(kind, found):
    """Return a queryset of records of `kind` with what their facts show: no fact asks a query for one record."""
    countries = Prefetch("countries", Place.objects.published())
    country = Prefetch("country", Place.objects.published())
    match kind:
        case Kind.PROJECT | Kind.ISSUE:
            return found.prefetch_related(countries)
        case Kind.EVENT:
            return found.with_outlook().prefetch_related(countries)
        case Kind.AGREEMENT:
            return found.with_outlook().prefetch_related(Prefetch("parties", AgreementParty.objects.published()))
        case Kind.PLACE:
            return found.prefetch_related(country, countries)
        case Kind.ORGANISATION:
            return found.prefetch_related(country)
        case Kind.INDICATOR:
            return found.for_list()
        case Kind.RESULT:
            return found.prefetch_related(Prefetch("project", Project.objects.published().defer_texts()))
    return found


def _count_projects(kind, records):
    """Set `project_count` of issues, organisations and places: how many projects their lists show."""
    if kind == Kind.COUNTRY:
        projects = projects_of_countries([record.key for record in records])
    elif kind in (Kind.ISSUE, Kind.ORGANISATION, Kind.PLACE):
        projects = registry.facet_index(Project).facets[kind.value]
    else:
        return
    for record in records:
        record.project_count = len(projects[record.key])


def _names(records):
    return format_html_join(", ", "{}", ((name_html(record),) for record in records))


def _projects(record):
    count = record.project_count
    return ngettext("{n} project", "{n} projects", count).format(n=number(count)) if count else ""


def _issue_facts(issue):
    count = len(issue.countries.all())
    return ngettext("{n} country", "{n} countries", count).format(n=count) if count else "", _projects(issue)


def _country_facts(country):
    return country.get_group_display() or country.get_kind_display(), _projects(country)


def _indicator_facts(indicator):
    count = indicator.place_count
    return (
        reader_html(indicator, "unit"),
        (ngettext("%(n)s place", "%(n)s places", count) % {"n": number(count)}) if count else "",
        year_range(indicator.first_year, indicator.last_year) if count else "",
    )


def _project_facts(project):
    return status_tag(project), date_range(project.start, project.end), _names(project.countries.all())


def _agreement_facts(agreement):
    return (
        agreement.get_kind_display(),
        partial_date(agreement.date),
        outlook_tag(agreement),
        _names(party.who for party in agreement.parties.all()),
    )


def _result_facts(result):
    return result.get_kind_display(), name_html(result.project) if result.project else ""


def _organisation_facts(organisation):
    where = name_html(organisation.country) if organisation.country else ""
    if not organisation.country_id:
        where = gettext("Several countries")
    return organisation.get_kind_display(), where, _projects(organisation)


def _event_facts(event):
    return event.get_kind_display(), partial_date(event.date), outlook_tag(event), _names(event.countries.all())


def _place_facts(place):
    return place.get_kind_display(), _names(place.all_countries), _projects(place)


def _term_facts(term):
    return ()  # its excerpt is its definition


def _source_facts(source):
    return source.publisher_name, partial_date(source.date), source.get_kind_display(), language_name(source.language)


FACTS = {
    Kind.ISSUE: _issue_facts,
    Kind.COUNTRY: _country_facts,
    Kind.INDICATOR: _indicator_facts,
    Kind.PROJECT: _project_facts,
    Kind.AGREEMENT: _agreement_facts,
    Kind.RESULT: _result_facts,
    Kind.ORGANISATION: _organisation_facts,
    Kind.EVENT: _event_facts,
    Kind.PLACE: _place_facts,
    Kind.TERM: _term_facts,
    Kind.SOURCE: _source_facts,
}
