"""Which projects are worth a score: found by the facet bitmaps and the search index, never by reading all projects."""

from collections import Counter

from portal.facets import registry
from portal.facets.bitmaps import BitMap, most_matching, union
from projects.models import Project
from projects.overlap.words import projects_with

MOST = 160  # projects that are scored
BY_FACETS = 100  # of these, those that share most of the places, issues, areas … of the plan
RARE_WORDS = 24  # the rarest words of a plan are asked of the index
MOST_WITH_A_WORD = 1_000


def find_candidates(facts, places, rarity):
    """Return the primary keys of the published projects that are worth a score, at most MOST."""
    index = registry.facet_index(Project)
    by_words = Counter()
    words = sorted(facts.words, key=lambda token: (-rarity.weight(token), token))[:RARE_WORDS]
    with_word = []
    for token in words:
        found = BitMap(projects_with(token, MOST_WITH_A_WORD)) & index.all
        with_word.append(found)
        weight = rarity.weight(token)
        for pk in found:
            by_words[pk] += weight
    shared = [ids for ids in _facet_bitmaps(facts, places, index) if ids]
    found = dict.fromkeys(most_matching(shared, BY_FACETS // 2) if shared else ())
    both = [*shared, *(ids for ids in with_word if ids)]
    found.update(dict.fromkeys(most_matching(both, BY_FACETS) if both else ()))
    ranked = sorted(by_words, key=lambda pk: (-by_words[pk], pk))
    return list({**found, **dict.fromkeys(ranked[: MOST - BY_FACETS // 2])})[:MOST]


def _facet_bitmaps(facts, places, index):
    """Return one bitmap for each value of the plan, of the projects that share it; of a place, those near to it."""
    facets = index.facets
    for key in facts.places:
        near = places.neighbourhood(key)
        yield facets["place"][key]  # the same place counts twice
        yield union([facets["place"][other] for other in near] or [BitMap()])
    for name, keys in (
        ("country", facts.countries),
        ("issue", facts.issues),
        ("area", facts.areas),
        ("organisation", facts.organisations),
        ("sector", facts.sectors),
    ):
        for key in keys:
            yield facets[name][key]
