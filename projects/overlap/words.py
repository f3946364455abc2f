"""The words of a plan and how rare each is among projects, through the analyser of the portal's search.

A record has its texts in three languages, and the search index keeps the tokens of all of them. So a plan in one
language meets the words of a record in that language, whichever language its sources have.
"""

import functools
import math
from collections import Counter
from dataclasses import dataclass, replace

from django.db.models import Max, Min

from portal.facets.bitmaps import VersionedSnapshot, changed_since, snapshots
from portal.models.search_index import Kind, entry_id
from portal.search import store
from portal.search.analyser import BREAK, PARTICLES, STEMMED, clean, pieces, stem, without_particle
from portal.search.query import FILLERS, Alternative, Clause, Phrase, Query
from projects.models import Project

FEWEST = 200  # projects that are assumed at least: in a portal with few, no word would be rare
SAMPLE = 1_000  # projects from which the rarity of a word is estimated
# Words that most plans and projects of the portal have, whatever their subject.
PLANNING = (
    "project plan program programme propose would want like year new help support provide use work local need build "
    "Korea Korean Central Asia cooperation region country "
    "проект программа план хотели предлагаем новый помощь поддержка наш год Корея корейский Центральная Азия "
    "сотрудничество область страна "
    "사업 계획 지원 협력 한국 우리 중앙아시아 나라 지역 현지 국내 추진"
)


@dataclass(frozen=True, kw_only=True)
class WordRarity(VersionedSnapshot):
    """How many of `projects` projects have each token. `sample` are the primary keys of the projects that were read."""

    sample: tuple[int, ...]
    projects: int
    counts: dict[str, int]

    def weight(self, token):
        """Return how much a token says: the logarithm of the share of projects that have it, as in BM25."""
        count = self.counts.get(token, 0)
        return math.log(1 + (max(self.projects, FEWEST) - count + 0.5) / (count + 0.5))


def rarity():
    """Return the rarity of words in the current content. It is read anew if a project of the sample changes."""
    return snapshots.current("overlap-words", _read, _update)


def _update(old, state):
    pks, changed = sample_of_projects(), changed_since(old, state, Project)
    if changed is None or pks != old.sample or not changed.isdisjoint(pks):
        return _read(state, pks)
    return replace(old, state=state)


def _read(state, pks=None):
    pks = sample_of_projects() if pks is None else pks
    texts = store.texts([entry_id(Kind.PROJECT, pk) for pk in pks]) if pks else {}
    counts = Counter()
    for fields in texts.values():
        counts.update({token for text in fields for token in text.split()} - {BREAK})
    return WordRarity(state=state, sample=pks, projects=len(texts), counts=counts)


def sample_of_projects():
    """Return the primary keys of up to SAMPLE published projects, spread evenly over all of them."""
    ends = Project.objects.aggregate(Min("pk"), Max("pk"))
    if ends["pk__min"] is None:
        return ()
    step = max((ends["pk__max"] - ends["pk__min"] + 1) // SAMPLE, 1)
    wanted = list(range(ends["pk__min"], ends["pk__max"] + 1, step))[: SAMPLE * 2]
    found = Project.objects.published().filter(pk__in=wanted).order_by("pk")
    return tuple(found.values_list("pk", flat=True)[:SAMPLE])


def tokens_of(text):
    """Return the tokens of a text that may say something of its subject, each with the word that it comes from.

    They are those of the index, without the words of every question and every plan, without the particles of Korean
    nouns, and without the bigrams that join two Korean words.
    """
    found = _tokens(text)
    for token in _planning() & found.keys():
        del found[token]
    return found


@functools.lru_cache(maxsize=20_000)
def tokens_of_name(name):
    """Return the tokens of a name, as a set."""
    return frozenset(tokens_of(name))


@functools.cache
def _planning():
    return _tokens(PLANNING).keys()


def _tokens(text):
    found = {}
    for word in pieces(clean(text)):
        for piece in word:
            if piece.text in FILLERS:
                continue
            if piece.kind == "east":
                bare = without_particle(piece.text)
                if bare not in FILLERS and bare not in PARTICLES:
                    for at in range(len(bare) - 1):
                        found.setdefault(bare[at : at + 2], bare)
            elif piece.kind in STEMMED:
                if len(piece.text) > 2:
                    found.setdefault(stem(piece.text, piece.kind), piece.text)
            elif len(piece.text) < 5:
                found.setdefault(piece.text, piece.text)
    return found


def projects_with(token, most):
    """Return the primary keys of some `most` published projects whose text has a token, by the search index."""
    clause = Clause(token, (Alternative((Phrase((token,)),)),))
    ids = store.some_ids(Query(token, (clause,)), most, kind=Kind.PROJECT)
    first = entry_id(Kind.PROJECT, 0)
    return [entry - first for entry in ids]
