"""Finding and ordering: which entries answer a question, the best one first.

The database finds and counts; it orders nothing. Of what it found the candidates are scored here, with the formula of
BM25F (Robertson and Zaragoza 2009, “The Probabilistic Relevance Framework: BM25 and Beyond”, section 3.6) over the
tokens of the fields, so that both databases give the same hits in the same order.
"""

import functools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice

from django.db.models import Model, QuerySet

from portal.core.database import IdList
from portal.http.page_cache import cached_for_version
from portal.models.search_index import LAST, NO_LANGUAGE, Kind, SearchName, holds, kinds_of, of_kind, record_of
from portal.search import indexing, store
from portal.search.analyser import BREAK, STEMMED, identifier, normal, pieces, without_particle
from portal.search.query import Alternative, Clause, Phrase, Query, parse, phrase_of

# How much a token counts by the field it stands in: title, related, summary, body.
WEIGHTS = (10.0, 2.0, 4.0, 1.0)
# The usual length of each field in tokens, and how much a longer one counts less.
USUAL = (40, 120, 160, 500)
B, K = 0.6, 6.0
# Entries that are scored; a question that matches more shows the best of these.
CANDIDATES = 300
# Of more, so many of each kind by name, and so many others.
OF_A_KIND = 15
# A word in more entries than this is as common as a word can be.
COMMON = 5_000
# A question with fewer hits than this is widened by letting go of words.
ENOUGH = 10
MOST_ALTERNATIVES = 60
# A name that so many records hold as it was typed is not asked for by its other spellings too.
FAMILIAR = 200

# The shortest beginning of an unknown word that is looked for, in letters and as a share of the word; the share is also
# how much a beginning counts beside the word.
SHORTEST_BEGINNING, BEGINNING = 4, 0.6

# Kinds whose other names a question means too, and how much such a name counts beside the one that was typed.
NAMED = (Kind.PLACE, Kind.COUNTRY, Kind.ORGANISATION)
OTHER_NAME = 0.8
OTHER_NAMES = 12

# How likely a reader means a record of the kind, all else being equal.
PRIOR = {
    "issue": 1.25,
    "country": 1.2,
    "indicator": 1.1,
    "term": 1.0,
    "place": 1.05,
    "organisation": 1.05,
    "project": 1.0,
    "agreement": 1.0,
    "result": 0.9,
    "event": 0.95,
    "source": 0.7,
}

# The ways to meet a clause, as they are scored: the weight of each, and its phrases as they stand in a field's tokens.
SoughtWays = Sequence[tuple[float, Sequence[str]]]


def parse_query(text: str) -> Query:
    """What a reader types, as it is asked of the index: with the other names of what has some."""
    indexing.flush_index()
    query, frequency = parse(text), functools.cache(lambda query: store.frequency(query, FAMILIAR))
    clauses = [_without_beginnings(clause, frequency) for clause in query.clauses]
    return _with_other_names(replace(query, clauses=tuple(clauses)), frequency)


def _without_beginnings(clause: Clause, frequency: Callable[[Query], int]) -> Clause:
    """Return a clause without the ways to meet it by beginnings of words, if enough records hold the word itself."""
    whole = replace(clause, ways=tuple(way for way in clause.ways if not any(phrase.prefix for phrase in way.phrases)))
    if len(whole.ways) == len(clause.ways) or clause.firm or frequency(Query(whole.typed, (whole,))) < ENOUGH:
        return clause
    return whole


def _with_other_names(query: Query, frequency: Callable[[Query], int]) -> Query:
    """The question, met by any name of a place or an organisation where it has one: Orol dengizi is the Aral Sea.

    One that is the identifier of a record is met by that record. `frequency` counts the entries that match, up to
    FAMILIAR.
    """
    whole = normal(query.typed)
    typed = {name: clause for clause in query.loose for name in (clause.typed, without_particle(clause.typed))}
    named = SearchName.objects.filter(normal__in=[*typed, whole, without_particle(whole)], whole=True)
    # The last row of a name counts: an alias, if no record has the name itself.
    rows = list(named.order_by("-is_alias", "pk").values_list("normal", "entry", "kind", "language"))
    if any(name == whole and language == NO_LANGUAGE for name, _entry, _kind, language in rows):
        ways: tuple[Alternative, ...] = (_together(query), Alternative((Phrase((identifier(query.typed),)),)))
        return replace(query, clauses=(Clause(whole, ways),), cut=False)
    meant = {name: entry for name, entry, kind, _language in rows if kind in NAMED}
    # A name that many records hold as it was typed needs no other.
    meant = {name: entry for name, entry in meant.items() if frequency(parse(f"{name} ")) < FAMILIAR}
    if not meant:
        return query
    names: defaultdict[int, list[Phrase]] = defaultdict(list)
    known = SearchName.objects.filter(entry__in=meant.values(), whole=True).exclude(language=NO_LANGUAGE).order_by("pk")
    for entry, name in known.values_list("entry", "text"):
        names[entry].append(phrase_of(name))
    if len(query.loose) == len(query.clauses) and not query.excluded:
        for name in (whole, without_particle(whole)):
            if name in meant:
                ways = (_together(query), *_ways(names[meant[name]]))
                return replace(query, clauses=(Clause(whole, ways),))
    clauses: dict[Clause, Sequence[Alternative]] = dict.fromkeys(query.clauses, ())
    for name, clause in typed.items():
        if name in meant:
            clauses[clause] = _ways(names[meant[name]])
    return replace(
        query, clauses=tuple(replace(clause, ways=(*clause.ways, *ways)) for clause, ways in clauses.items())
    )


def _together(query: Query) -> Alternative:
    """Return all clauses of a question, each as it was typed, as one way."""
    return Alternative(tuple(phrase for clause in query.clauses for phrase in clause.ways[0].phrases))


def _ways(phrases: Iterable[Phrase]) -> list[Alternative]:
    names = list(dict.fromkeys(phrases))[:OTHER_NAMES]
    return [Alternative((phrase,), OTHER_NAME, is_other_name=True) for phrase in names]


def find(query: Query) -> tuple[Query, list[int]]:
    """Return the question, widened if it has too few hits, and the ids of all entries that match, in ascending order.

    As few of its loose clauses are let go as give enough hits; words that nothing holds go first. Of a word that
    nothing holds, the longest beginning that something holds stays: it may be an inflected word of a language that has
    no stemmer here, such as Uzbek.
    """
    loose, found = query.loose, matching_ids(query)
    if not loose or len(found) >= (ENOUGH if len(loose) > 1 else 1):
        return query, found
    kept = (clause if store.frequency(clause, 1) else _beginning(clause) for clause in loose)
    known = [clause for clause in kept if clause]
    query = replace(query, clauses=(*query.firm, *known))
    for least in range(len(known), 0, -1):
        wider = replace(query, least=least)
        if len(wider.alternatives) <= MOST_ALTERNATIVES:
            found = matching_ids(wider)
            if len(found) >= (1 if least == 1 else ENOUGH):
                return wider, found
    return query, matching_ids(query)


def _beginning(clause: Clause) -> Clause | None:
    """Return the clause of the longest beginning of an unknown word that the index holds, or None."""
    runs = list(pieces(clause.typed))
    if len(runs) != 1 or len(runs[0]) != 1 or runs[0][0].kind not in STEMMED:
        return None
    word = runs[0][0].text
    for length in range(len(word), max(SHORTEST_BEGINNING, math.ceil(len(word) * BEGINNING)) - 1, -1):
        phrase = Phrase((word[:length],), prefix=True)
        found = Clause(clause.typed, (Alternative((phrase,), BEGINNING),))
        if store.frequency(found, 1):
            return found
    return None


def matching_ids(query: Query, only_title: bool = False) -> list[int]:
    """The ids of all entries that match, in any field or in the title alone, in ascending order.

    They are cached: the filters, pages and files of a search need them again, and the database takes long to read many.
    """
    if not query:
        return []
    words = store.words_of(query)
    return list(cached_for_version(lambda: store.ids(query, only_title), "matching ids", words, only_title))


def keys_matching(model: type[Model], text: str) -> list[int]:
    """Return the primary keys of the published records of `model` that a search for `text` finds."""
    found = matching_ids(parse_query(text))
    return [entry & LAST for kind in kinds_of(model) for entry in of_kind(kind, found)]


def matching(records: QuerySet, text: str) -> QuerySet:
    """Return those of `records` that are published and that a search for `text` finds, unranked; all for blank text."""
    return records.filter(pk__in_ids=IdList(keys_matching(records.model, text))) if text.strip() else records.all()


def ranked(query: Query, ids: list[int]) -> list[int]:
    """The best of the entries `ids` that match (`find`), the best one first; at most CANDIDATES. `ids` ascend."""
    exact = {entry: is_alias for entry, is_alias in named_exactly(query.typed).items() if holds(ids, entry)}
    some = ids if len(ids) <= CANDIDATES else [*exact, *_candidates(query, ids)]
    scores = score(query, some)
    # False, True, 2: what has the name, what has it as an alias, the rest.
    return sorted(scores, key=lambda entry: (exact.get(entry, 2), -scores[entry], entry))[:CANDIDATES]


def _candidates(query: Query, ids: list[int]) -> Iterable[int]:
    """Return the entries worth scoring where too many match: those that meet more of the question than they must, and
    of each kind the newest whose names match and the newest of all.
    """
    found: set[int] = set()
    if query.least < len(query.loose):  # fewer than ENOUGH: for them the question was widened
        found.update(entry for entry in matching_ids(replace(query, least=query.least + 1)) if holds(ids, entry))
    by_name = matching_ids(query, only_title=True)
    for kind in Kind:
        some = of_kind(kind, ids)
        found.update(some[-OF_A_KIND:])
        # There may be very many of both: the last ones of the shorter list are looked up in the longer one.
        shorter, longer = sorted((of_kind(kind, by_name), some), key=len)
        found.update(islice((entry for entry in reversed(shorter) if holds(longer, entry)), OF_A_KIND))
    return found


def by_name(query: Query, most: int, kind: Kind | None = None) -> list[int]:
    """Ids of some entries, perhaps of one kind, whose names match, the best one first: quick, for while one types."""
    scores = score(query, store.some_ids(query, 50, only_title=True, kind=kind))
    return sorted(scores, key=lambda entry: (-scores[entry], entry))[:most]


def named_exactly(text: str) -> dict[int, bool]:
    """Entries that have the text as a name or an identifier, with whether it is only an alias."""
    name = normal(text)[:600]
    names = [name, without_particle(name)] if name else []
    rows = SearchName.objects.filter(normal__in=names, whole=True).order_by("is_alias", "entry")[:50]
    return dict(reversed(rows.values_list("entry", "is_alias")))  # of several rows of an entry the first one counts


def score(query: Query, ids: list[int]) -> dict[int, float]:
    """How well each entry answers the question."""
    if not ids or not query:
        return {}
    if len(query.clauses) > 1:
        rarities = [math.log(1 + COMMON / (1 + store.frequency(clause, COMMON))) for clause in query.clauses]
    else:
        rarities = [1.0]  # rare or not, there is nothing to weigh it against
    asked: list[SoughtWays] = [
        [(way.weight, [_sought(phrase) for phrase in way.phrases]) for way in clause.ways] for clause in query.clauses
    ]
    most = sum(rarities)
    scores = {}
    for entry, fields in store.texts(ids).items():
        shares = [
            each / (1 - B + B * max(text.count(" "), 1) / usual)
            for text, each, usual in zip(fields, WEIGHTS, USUAL, strict=True)
        ]
        total, met = 0.0, 0.0
        for ways, rarity in zip(asked, rarities, strict=True):
            weight = max(weight * _found(sought, fields, shares) for weight, sought in ways)
            if weight:
                total += rarity * weight / (K + weight)
                met += rarity
        total *= (1 + _title_fit(asked, rarities, fields[0])) * met / most
        scores[entry] = total / most * PRIOR[record_of(entry)[0].value]
    return scores


def _sought(phrase: Phrase) -> str:
    """Return a phrase as it stands in the tokens of a field."""
    return f" {' '.join(phrase.tokens)}" + ("" if phrase.prefix else " ")


def _found(sought: Iterable[str], fields: Sequence[str], shares: Sequence[float]) -> float:
    """Return the weight of how often, and in which fields, all phrases are found; 0 if one of them is not."""
    least = math.inf
    for words in sought:
        weight = sum(
            share * min(count, 5) for text, share in zip(fields, shares, strict=True) if (count := text.count(words))
        )
        if not weight:
            return 0.0
        least = min(least, weight)
    return least


def _title_fit(asked: Sequence[SoughtWays], rarities: Sequence[float], title: str) -> float:
    """Return how well the best-fitting name fits: the share of the name that fits times that of the question."""
    if not any(words in title for ways in asked for _weight, sought in ways for words in sought):
        return 0.0
    best = 0.0
    for name in title.split(BREAK):
        length = name.count(" ") - 1
        if length < 1:
            continue
        met = share = 0.0
        for ways, rarity in zip(asked, rarities, strict=True):
            fit = max(
                weight * sum(words.strip().count(" ") + 1 for words in sought)
                if all(words in name for words in sought)
                else 0
                for weight, sought in ways
            )
            met += fit
            share += rarity * (fit > 0)
        best = max(best, min(met / length, 1.0) * share)
    return best / sum(rarities)
