"""Find records that may describe the same thing: same URL, DOI or acronym, or similar names in any script.

Names are compared word by word. A word that many records have (ministry, Kazakhstan) has little weight, a rare one
much. Names with different numbers are not similar. Words in two scripts, or in two spellings, are compared by a
phonetic key: Nukus, Нукус, 누쿠스; Bostanlyk, Bostanliq. Drafts are compared too. The search index has no drafts, so
the names of a table are read from the database, in one query, and its aliases in another.
"""

import functools
import itertools
import math
import operator
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from anyascii import anyascii
from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext_lazy
from rapidfuzz.distance import Levenshtein

from portal.models import attach_aliases
from portal.search.analyser import clean, pieces, stem
from portal.search.documents import aliases_of, names_of

LANGUAGES = [code for code, _name in settings.LANGUAGES]
LONGEST = 400  # characters of a name; the rest is not compared
ALIKE = 0.8  # lowest score of similar names: the share of their weight in common words
SAME_WORD = 0.82  # lowest Levenshtein similarity of two words
SAME_KOREAN = 0.9  # lowest Levenshtein similarity of two Korean names; whole names, since spacing varies
LEAST = 0.3  # weight of generic words, and lower bound of others
SHORT = 5  # letters; shorter words must be equal, since one other letter makes another word
MOST = 8  # matches that are returned for one record
# Candidates share signs (index keys) with a name: of its RAREST rarest signs, those that at most CROWD records have. A
# name of more than SHARED words must share SHARED of them, a shorter name one.
RAREST, CROWD, SHARED = 8, 60, 3

# Words that are left out (JOINING), and generic words of place names, which one language adds and another omits.
JOINING = frozenset(
    """
    the of and for in on to a an at by with и в на по для с о об из от 및 와 과 의
    """.split()
)
GENERIC = frozenset(
    """
    sea lake river region province district city town desert mountains glacier reservoir canal oblast island peninsula
    море озеро река область район город пустыня горы ледник водохранилище канал остров 해 바다 호 호수 강 주 시 구 군
    사막 산맥 빙하 저수지 운하 섬
    """.split()
)
KOREAN_GENERIC = re.compile(r"(?<=..)(?:[해호강주시구군도산섬]|사막|산맥|빙하|저수지|운하)$")
ROMAN = {text: str(number) for number, text in enumerate(("i", "ii", "iii", "iv", "v", "vi", "vii", "viii"), start=1)}

# Replacements for the phonetic key, in this order: sounds that not all alphabets of the region distinguish become one.
SOUNDS = [
    (re.compile(pattern), letter)
    for pattern, letter in (
        (r"[^a-z]+", ""),
        (r"shch|sch|sh", "s"),
        (r"dzh|zh|dz|ch|ts|tz|jj|c(?=[eiy])", "j"),
        (r"[kg]h", "h"),
        (r"eu(?![aeiouy])", ""),  # the vowel that Korean inserts between consonants
        (r"ng", "n"),
        (r"ph", "p"),
        (r"th", "t"),
        (r"x", "ks"),
        (r"[qcg]", "k"),
        (r"[bfv]", "p"),
        (r"d", "t"),
        (r"z", "j"),
        (r"r", "l"),
        (r"[aeiouyw]+", "a"),
        (r"(.)\1+", r"\1"),
    )
]

FIRST_PAGE = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)$")
TRACKING = re.compile(r"^(?:utm_\w+|fbclid|gclid|yclid|mc_[ce]id)$")


REASONS = {
    "doi": gettext_lazy("the same DOI"),
    "address": gettext_lazy("the same address"),
    "name": gettext_lazy("the same name: {name}"),
    "similar": gettext_lazy("a similar name: {name}"),
    "acronym": gettext_lazy("the same acronym: {acronym}"),
}


def reason_in_words(why, shared):
    """Return in words why two records are alike: `why` is a key of REASONS, `shared` the name that they share."""
    return REASONS[why].format(name=shared, acronym=shared)


@dataclass(frozen=True)
class Match:
    """A record that may be the same as another one, the reason, and a score up to 1."""

    record: object
    why: str  # a key of REASONS
    shared: str  # the common name or acronym, if that is the reason
    score: float

    @property
    def reason(self):
        return reason_in_words(self.why, self.shared)


# ── Names and URLs ───────────────────────────────────────────────────────────────────────────────────────────────


class ComparedWord(NamedTuple):
    """A word of a name, and its phonetic key in Latin letters; "" for generic words."""

    text: str
    sound: str


class ComparedName(NamedTuple):
    """A name, normalised for comparison. `scripts` are kinds of portal.search.analyser.pieces."""

    text: str
    words: tuple[ComparedWord, ...]
    scripts: frozenset[str]
    numbers: frozenset[str]
    generic: frozenset[str]

    @property
    def joined(self) -> str:
        """All words without spaces."""
        return "".join(word.text for word in self.words)


@functools.lru_cache(maxsize=50_000)
def normalize(text: str) -> ComparedName:
    """Return a name normalised for comparison. Roman numerals I to VIII count as numbers."""
    words, scripts, numbers = [], set(), set()
    for piece in itertools.chain.from_iterable(pieces(clean(text[:LONGEST]))):
        if piece.kind == "number" or piece.text in ROMAN:
            numbers.add(ROMAN.get(piece.text, piece.text))
        elif piece.text not in JOINING:
            words.append(
                ComparedWord(piece.text, "" if piece.text in GENERIC else phonetic_key(piece.text, piece.kind))
            )
            scripts.add(piece.kind)
    generic = {word.text for word in words if word.text in GENERIC}
    if scripts == {"east"} and (ending := KOREAN_GENERIC.search(words[-1].text)):
        generic.add(ending[0])
    return ComparedName(text, tuple(words), frozenset(scripts), frozenset(numbers), frozenset(generic))


@functools.lru_cache(maxsize=50_000)
def phonetic_key(word: str, kind: str) -> str:
    """Return the phonetic key of a word: `nakas` for Nukus, Нукус and 누쿠스."""
    if kind == "east":
        word = KOREAN_GENERIC.sub("", word)
    elif kind == "cyrillic":
        word = stem(word, kind)
    heard = anyascii(word).lower()
    for pattern, letter in SOUNDS:
        heard = pattern.sub(letter, heard)
    return heard


def canonical_url(url: str) -> str:
    """Return a URL without the parts that do not change where it leads; "" if it is no URL.

    These are the scheme, "www.", tracking parameters, the name of an index page, and the slash at the end. Parameters
    are sorted.
    """
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:  # not a URL
        return ""
    if not host:
        return ""
    query = urlencode(sorted(pair for pair in parse_qsl(parts.query) if not TRACKING.match(pair[0])))
    path = FIRST_PAGE.sub("/", parts.path).rstrip("/")
    # The fragment is kept: it may select a file of a repository or a page of an application.
    return host + path + (f"?{query}" if query else "") + (f"#{parts.fragment}" if parts.fragment else "")


# ── Records to compare ───────────────────────────────────────────────────────────────────────────────────────────


class ComparedRecord(NamedTuple):
    """The compared values of a record. `apart` are its `distinguishing_fields`.

    If these differ, similar names do not match, and equal names match with the lower score ALIKE. `aliases` are the
    texts of its aliases by their letters without spaces. An alias matches only a name of the other record, not an
    alias: ministries of two countries share many.
    """

    names: tuple[ComparedName, ...] = ()
    acronym: str = ""
    address: str = ""
    doi: str = ""
    apart: tuple[str, ...] = ()
    aliases: Mapping[str, str] = MappingProxyType({})


def compared(record) -> ComparedRecord:
    """Return the compared values of a record, which need not be stored."""
    acronym = getattr(record, "acronym", "")
    names = {text for _language, text in names_of(record) if text and text != acronym}
    return ComparedRecord(
        tuple(map(normalize, sorted(names))),
        acronym.casefold().strip(),
        canonical_url(getattr(record, "url", "") or ""),
        getattr(record, "doi", "").casefold().strip(),
        tuple(_plain(getattr(record, column)) for column in record.distinguishing_fields),
        {_plain(text): text for _language, text in aliases_of(record)},
    )


def _plain(text):
    return normalize(text or "").joined


def compared_columns(model) -> list[str]:
    """Return the columns of a model that are compared."""
    titles = [
        column
        for path in model.search_paths["title"]
        for column in ([f"{path}_{code}" for code in LANGUAGES] if _has(model, f"{path}_en") else [path])
    ]
    return [*titles, *(column for column in ("url", "doi") if _has(model, column)), *model.distinguishing_fields]


def _has(model, column):
    try:
        model._meta.get_field(column)
    except FieldDoesNotExist:
        return False
    return True


def _signs_of(name: ComparedName) -> Iterator[str]:
    """Yield the index keys of a name, of which similar names share several.

    These are the first 6 letters and the consonants of each word, and the first and last 4 consonants of the whole
    name; for Korean names also all sequences of 3 syllables.
    """
    for word in name.words:
        yield f"word {word.text[:6]}"
        if word.sound:
            yield f"sound {word.sound.replace('a', '')}"
    heard = "".join(word.sound for word in name.words).replace("a", "")
    yield f"start {heard[:4]}"
    yield f"end {heard[-4:]}"
    if "east" in name.scripts:
        yield from (f"three {name.joined[place : place + 3]}" for place in range(len(name.joined) - 2))


def _certain_signs_of(one: ComparedRecord) -> Iterator[str]:
    yield from (f"name {name.joined}" for name in one.names if name.words)
    yield from (f"name {joined}" for joined in one.aliases if joined)
    if one.acronym:
        yield f"name {one.acronym}"
    for what in ("address", "doi"):
        if value := getattr(one, what):
            yield f"{what} {value}"


class MatchIndex:
    """An index of the records of a model, to find similar ones. One query, and one for the aliases."""

    def __init__(self, model):
        shown = ("key", "publication", *compared_columns(model))
        self.records = {record.pk: record for record in model._base_manager.only(*shown)}
        attach_aliases(self.records.values())
        self.known = {pk: compared(record) for pk, record in self.records.items()}
        self._having, self._counts = defaultdict(list), Counter()
        for pk, one in self.known.items():
            signs = {sign for name in one.names for sign in _signs_of(name)}
            for sign in signs.union(_certain_signs_of(one)):
                self._having[sign].append(pk)
            self._counts.update({text for name in one.names for word in name.words for text in word if text})

    def like(self, one: ComparedRecord, wanted=lambda pk: True) -> Iterator[Match]:
        """Yield the matches of `one` among the records for whose primary key `wanted` returns True."""
        for pk in self._candidates(one):
            if wanted(pk) and (found := self._alike(one, self.known[pk])):
                yield Match(self.records[pk], *found)

    def _candidates(self, one):
        """Return the primary keys of records that share rare index keys with `one`, sorted."""
        found = {pk for sign in _certain_signs_of(one) for pk in self._having.get(sign, ())}
        for name in one.names:
            signs = [sign for sign in set(_signs_of(name)) if sign in self._having]
            signs.sort(key=lambda sign: (len(self._having[sign]), sign))
            rare = [sign for sign in signs[:RAREST] if len(self._having[sign]) <= CROWD]
            hits = Counter(pk for sign in rare for pk in self._having[sign])
            least = SHARED if len(name.words) > SHARED else 1
            found.update(pk for pk, shared in hits.items() if shared >= min(least, len(rare)))
        return sorted(found)

    def _alike(self, one, other):
        """Return why two records are alike, the name that they share, and the score; None if they are not alike."""
        if one.doi and one.doi == other.doi:
            return "doi", "", 1.0
        if one.address and one.address == other.address:
            return "address", "", 0.99
        scores = [
            (self._names_alike(a, b), b) for a, b in itertools.product(one.names, other.names) if _fit(a, b, one, other)
        ]
        score, twin = max(scores, default=(0.0, None))
        told_apart = any(
            mine and theirs and mine != theirs for mine, theirs in zip(one.apart, other.apart, strict=False)
        )
        if score < 1 and (alias := _alias_of_other(one, other) or _alias_of_other(other, one)):
            return "name", alias, ALIKE if told_apart else 0.98
        if score == 1:
            return "name", twin.text, ALIKE if told_apart else 0.98
        # If the numbers differ in one language, names that are similar in another are of another phase or year.
        if score >= ALIKE and not told_apart and min(scores)[0] > -ALIKE:
            return "similar", twin.text, min(score, 0.97)
        if acronym := _same_acronym(one, other):
            return "acronym", acronym, ALIKE
        return None

    def _names_alike(self, a, b):
        """Return the score of two names, up to 1; negative if their numbers differ."""
        if not (a.words and b.words):
            return 0.0
        if a.joined == b.joined:
            score = 1.0
        elif a.generic and b.generic and a.scripts == b.scripts and not a.generic & b.generic:
            return 0.0  # for example a city and its region
        elif a.scripts == b.scripts == {"east"}:
            score = _korean_alike(a, b)
        else:
            score = self._shared(a, b)
        return score if a.numbers == b.numbers else -score

    def _shared(self, a, b):
        """Return the share of the weight of two names that is in words of both."""
        across = not a.scripts & b.scripts
        first, left = ([word for word in name.words if word.sound or not across] for name in (a, b))
        total = sum(map(self._weight, itertools.chain(first, left)))
        shared = 0.0
        for word in sorted(first, key=lambda word: word not in left):  # match equal words first
            likeness, twin = 0.0, None
            for other in left:
                if (alike := _words_alike(word, other, across)) > likeness:
                    likeness, twin = alike, other
            if twin:
                left.remove(twin)
                shared += likeness * (self._weight(word) + self._weight(twin))
        return shared / total if total else 0.0

    def _weight(self, word):
        """Return the weight of a word: LEAST + ln(1 + N / (1 + n)), where n of N records have the word.

        If no record has the word, n is the number of records with its phonetic key. Generic words weigh LEAST.
        """
        if word.text in GENERIC:
            return LEAST
        having = self._counts[word.text] or self._counts[word.sound]
        return LEAST + math.log(1 + len(self.records) / (1 + having))


def _fit(a, b, one, other):
    """Return True if two names can be compared.

    Names in two scripts are compared, by sound, unless each record also has a name in the script of the other name.
    """
    return bool(a.scripts & b.scripts) or not (
        any(name.scripts & b.scripts for name in one.names) and any(name.scripts & a.scripts for name in other.names)
    )


def _alias_of_other(one, other):
    """Return the alias of `other` that is a name of `one`; "" if there is none."""
    return next((other.aliases[name.joined] for name in one.names if name.words and name.joined in other.aliases), "")


def _same_acronym(one, other):
    """Return the acronym of one record that is an acronym or a name of the other; "" if there is none."""
    for acronym, there in ((one.acronym, other), (other.acronym, one)):
        if acronym and (acronym == there.acronym or any(acronym == name.joined for name in there.names)):
            return acronym.upper()
    return ""


@functools.lru_cache(maxsize=100_000)
def _words_alike(a, b, across):
    """Return the similarity of two words, up to 1; 0 if they are different words.

    `across` says that the words are in two scripts and are compared by sound only.
    """
    if a.text == b.text:
        return 1.0
    if min(len(a.sound), len(b.sound)) >= SHORT - across:
        if a.sound == b.sound:
            return 0.95
        if across and (a.sound.startswith(b.sound) or b.sound.startswith(a.sound)):
            return 0.9  # only one language has an ending: Арал-ьское
    pair = (a.sound, b.sound) if across else (a.text, b.text)
    if min(map(len, pair)) < SHORT:
        return 0.0
    return Levenshtein.normalized_similarity(*pair, score_cutoff=SAME_WORD)


def _korean_alike(a, b):
    letters = (unicodedata.normalize("NFD", name.joined) for name in (a, b))
    return Levenshtein.normalized_similarity(*letters, score_cutoff=SAME_KOREAN)


# ── Public functions ─────────────────────────────────────────────────────────────────────────────────────────────


def similar_records(
    model, names: Iterable[str], url="", doi="", acronym="", apart=(), exclude=None, index: MatchIndex | None = None
) -> list[Match]:
    """Return the records that may be the one with these names, the likeliest first, at most MOST. One query.

    `apart` are values of the model's `distinguishing_fields`. `exclude` is the primary key of a record to leave out.
    With the `index` of the model there is no query.
    """
    one = ComparedRecord(
        tuple(normalize(name) for name in dict.fromkeys(names) if name),
        acronym.casefold().strip(),
        canonical_url(url),
        doi.casefold().strip(),
        tuple(map(_plain, apart)),
    )
    return _likeliest((index or MatchIndex(model)).like(one, lambda pk: pk != exclude))[:MOST]


def find_similar(record) -> list[Match]:
    """Return the records that may be the same as this one, which need not be stored; at most MOST. One query."""
    return _likeliest(MatchIndex(type(record)).like(compared(record), lambda pk: pk != record.pk))[:MOST]


def similar_pairs(model) -> list[tuple[object, Match]]:
    """Return all pairs of records that may be the same, the likeliest first. One query."""
    table = MatchIndex(model)
    pairs = [
        (table.records[first], similar)
        for first, one in table.known.items()
        for similar in table.like(one, functools.partial(operator.lt, first))
    ]
    return sorted(pairs, key=lambda pair: (-pair[1].score, pair[0].key, pair[1].record.key))


def _likeliest(found):
    return sorted(found, key=lambda similar: (-similar.score, similar.record.key))
