"""Names in a plan: the records that somebody means by a typed name, and the names that stand in prose.

The names are those of the search index, in all languages, with the aliases of the portal. A word of an alphabet is
compared by its stem, so that «в Ташкенте» names Tashkent; a Korean name may be followed by a particle. The index of
names is in the memory of the process, and is read anew only when a name changes.
"""

import re
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import Count, Max
from django.utils.translation import override
from rapidfuzz import fuzz, process

from issues.models import Issue, Term
from portal.core.choices import Area
from portal.models import Alias, Place
from portal.models.search_index import NO_LANGUAGE, Kind, SearchName, record_of
from portal.search.analyser import PARTICLES, STEMMED, clean, normal, pieces, stem, without_particle
from portal.search.documents import LANGUAGES
from projects.models import Organisation, Sector

AREA, SECTOR = "area", "sector"
PLACE, COUNTRY, ORGANISATION, ISSUE, TERM = (
    kind.value for kind in (Kind.PLACE, Kind.COUNTRY, Kind.ORGANISATION, Kind.ISSUE, Kind.TERM)
)
MODELS = {PLACE: Place, COUNTRY: Place, ORGANISATION: Organisation, ISSUE: Issue, TERM: Term}
SHORTEST = 4  # letters of a name of one word in prose: shorter ones are words of other meanings too ("who", "Ош")
INFLECTED = 5  # letters from which a name of one word may have another ending: "сёла" is not "сель"
MOST_WORDS = 8  # of a name
ALIKE = 83  # the least ratio of rapidfuzz, 0 to 100, of a mistyped name and the name that it is taken for
SHORTEST_MISTYPED = 4  # letters

# How words begin that are formed from the name of a country: Kyrgyz, казахстанский, 우즈벡.
FORMED_FROM_COUNTRIES = {
    "kazakh": "kz", "казах": "kz", "카자흐": "kz",
    "kyrgyz": "kg", "kirgiz": "kg", "кыргыз": "kg", "киргиз": "kg", "키르기스": "kg", "키르기즈": "kg",
    "tajik": "tj", "таджик": "tj", "타지크": "tj", "타지키": "tj",
    "turkmen": "tm", "туркмен": "tm", "투르크멘": "tm",
    "uzbek": "uz", "узбек": "uz", "우즈벡": "uz", "우즈베크": "uz", "우즈베키": "uz",
}  # fmt: skip
_FORMED = re.compile("|".join(map(re.escape, FORMED_FROM_COUNTRIES)))
# Words for a kind of place, which people leave out of a name or add to it: Chui for Chui Region, 하틀론주.
KIND_WORDS = frozenset(
    ["region", "oblast", "province", "district", "city", "viloyat", "viloyati", "oblys"]
    + ["область", "области", "обл", "район", "района", "город"]
)
# What parts the names within the name of an organisation: 대한민국 기후에너지환경부(옛 환경부).
FULL_NAME = re.compile(r"\s*(?:\((?:옛 |formerly |former |бывш\w* )?|\)|^대한민국 )\s*")
KIND_ENDINGS = ("주", "시", "군", "도")

Named = tuple[str, str]  # kind and key


def country_in(word):
    """Return the key of the country from whose name a word is formed, in lower case; None if there is none."""
    formed = _FORMED.match(word)
    return formed and FORMED_FROM_COUNTRIES[formed[0]]


class ResolvedName(NamedTuple):
    """The record that a typed name means. `is_exact` is False if the name was mistyped."""

    kind: str
    key: str
    is_exact: bool


@dataclass(frozen=True)
class NameIndex:
    """The names of the portal. `version` says of which state."""

    version: tuple
    exact: dict[str, list[Named]] = field(default_factory=lambda: defaultdict(list))
    by_stem: dict[str, list[tuple[tuple[str, ...], str, Named]]] = field(default_factory=lambda: defaultdict(list))
    korean: dict[str, Named] = field(default_factory=dict)
    written: dict[Named, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, text, named, is_short=False):
        """Add a name of a record. A short name does not take the place of another record's name."""
        name = normal(text)
        if not name or (is_short and self.exact.get(name)):
            return
        if named not in self.exact[name]:
            self.exact[name].append(named)
            self.written[named].append(name)
        stems = stems_of(name)
        if stems is None:
            joined = name.replace(" ", "")
            if len(joined) >= 2:
                self.korean.setdefault(joined, named)
        elif 0 < len(stems) <= MOST_WORDS and (len(stems) > 1 or len(name) >= SHORTEST):
            self.by_stem[stems[0]].append((stems, name, named))

    def resolve(self, typed, kinds, places, countries=()):
        """Return the record of one of `kinds` that `typed`, a key or a name, means; None if there is none.

        Of several, one of an earlier kind is preferred, and of these one in `countries`. A mistyped name is taken for
        the most similar one. `places` is a PlaceMap.
        """
        name = normal(typed)

        def best(known):
            named = min(
                (named for named in self.exact[known] if named[0] in kinds),
                key=lambda named: (kinds.index(named[0]), not set(places.countries.get(named[1], ())) & set(countries)),
                default=None,
            )
            return named and ResolvedName(*named, is_exact=known in (name, without_particle(name), short_name(name)))

        for known in (name, without_particle(name), short_name(name)):
            if known in self.exact and (found := best(known)):
                return found
        if len(name) < SHORTEST_MISTYPED:
            return None
        known = [other for other, found in self.exact.items() if any(named[0] in kinds for named in found)]
        match = process.extractOne(name, known, scorer=fuzz.ratio, score_cutoff=ALIKE)
        return match and best(match[0])

    def in_prose(self, text):
        """Return the records that a text names, as a set of kind and key. The longest name at a place counts."""
        words = list(pieces(clean(text)))
        found = {(COUNTRY, country_in(word[0].text)) for word in words} & self.written.keys()
        at = 0
        while at < len(words):
            length, named = self._at(words, at)
            if named:
                found.add(named)
            at += length
        return found

    def _at(self, words, at):
        """Return how many words the longest name takes that begins at word `at`, and what it names."""
        first = words[at][0]
        if first.kind == "east":
            return self._korean_at(words, at)
        stems = []
        for word in words[at : at + MOST_WORDS]:
            stems += (stem(piece.text, piece.kind) if piece.kind in STEMMED else piece.text for piece in word)
        for name, written, named in self.by_stem.get(stems[0], ()):
            if tuple(stems[: len(name)]) == name and (len(written) >= INFLECTED or written == first.text):
                return len(name), named  # the longest one comes first
        return 1, None

    def _korean_at(self, words, at):
        joined = ""
        best = (1, None)
        for length, word in enumerate(words[at : at + 4], 1):
            if any(piece.kind != "east" for piece in word[:1]):
                break
            run = word[0].text
            for end in range(len(run), 0, -1):
                name = joined + run[:end]
                if (rest := run[end:]) and rest not in PARTICLES:
                    continue
                if len(name) >= 2 and name in self.korean:
                    best = (length, self.korean[name])
                    break
            joined += run
        return best


def short_name(name):
    """Return a normalised name without the words for a kind of place, or with nothing left out as it is."""
    words = name.split()
    kept = [word for word in words if word not in KIND_WORDS]
    if len(words) == 1 and len(name) > 2 and name.endswith(KIND_ENDINGS):
        return name[:-1]
    return " ".join(kept or words)


def stems_of(name):
    """Return the stems of a name in an alphabet as a tuple; None for a Korean name."""
    stems = []
    for word in pieces(name):
        for piece in word:
            if piece.kind == "east":
                return None
            stems.append(stem(piece.text, piece.kind) if piece.kind in STEMMED else piece.text)
    return tuple(stems)


_lock = threading.Lock()
_newest = None


def name_index():
    """Return the current index of names."""
    global _newest
    version = _version()
    index = _newest
    if index is None or index.version != version:
        with _lock:
            index = _newest
            if index is None or index.version != version:
                index = _newest = _read(version)
    return index


def _version():
    """Return what changes whenever a name does: rows of a record whose names change are written anew.

    Only the kinds with names in plans are counted, by the index of kinds: there are few, however many projects.
    """
    names = SearchName.objects.filter(kind__in=MODELS).aggregate(Count("pk"), Max("pk"))
    aliases = Alias.objects.filter(kind=Alias.Kind.AREA).aggregate(Count("pk"), Max("pk"))
    return (*names.values(), *aliases.values(), Sector.objects.count())


def _read(version):
    index = NameIndex(version)
    keys = {
        kind: dict(model.objects.published().values_list("pk", "key"))
        for kind, model in (
            (PLACE, Place),
            (COUNTRY, Place),
            (ORGANISATION, Organisation),
            (ISSUE, Issue),
            (TERM, Term),
        )
    }
    rows = SearchName.objects.filter(kind__in=keys, whole=True).order_by("is_alias", "pk")
    full_names = []
    for entry, kind, text in rows.exclude(language=NO_LANGUAGE).values_list("entry", "kind", "text"):
        key = keys[kind].get(record_of(entry)[1])
        if key:
            index.add(text, (kind, key))
            if kind == ORGANISATION and FULL_NAME.search(text):
                full_names.append(((kind, key), text))
    for named, names in list(index.written.items()):
        if named[0] == PLACE:
            for name in list(names):
                index.add(short_name(name), named, is_short=True)
    for named, text in full_names:
        for part in FULL_NAME.split(text):
            index.add(part, named, is_short=True)
    for kind, of_kind in keys.items():
        for key in of_kind.values():
            named = (kind, key)
            if named not in index.exact[normal(key)]:
                index.exact[normal(key)].insert(0, named)
    for area in Area:
        index.exact[normal(area.value)].append((AREA, area.value))
    for language in LANGUAGES:
        with override(language):
            for area in Area:
                index.add(str(area.label), (AREA, area.value))
    for key, text in Alias.objects.filter(kind=Alias.Kind.AREA).order_by("pk").values_list("key", "text"):
        index.add(text, (AREA, key))
    for code, *names in Sector.objects.values_list("code", *(f"name_{language}" for language in LANGUAGES)):
        for name in filter(None, names):
            index.add(name, (SECTOR, code))
    for names in index.by_stem.values():
        names.sort(key=lambda name: -len(name[0]))
    return index
