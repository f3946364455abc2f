"""The stored value that a search asks for: “water stress Uzbekistan 2019”.

A value is found only if the words name one indicator, at most one place and at most one year, and nothing else. So a
search never gets a figure that it did not ask for; most searches get none.
"""

import re
from dataclasses import dataclass

from django.conf import settings

from issues.key_figures import observed
from issues.models import Indicator, Observation
from portal.http.page_cache import cached_for_version
from portal.models import Place, attach_aliases
from portal.search.analyser import clean, tokens, without_particle

LEAST_SHARE = 0.6  # of the words of an indicator's name; with fewer, “water” would name an indicator
YEAR = re.compile(r"(?<!\d)(1[89]\d\d|2[01]\d\d)(?!\d)(?:\s*(?:년|год[а-яё]*\b|г\.?(?!\w)))?")
PARENTHESES = re.compile(r"\(([^)]*)\)")


def words_of(text: str) -> frozenset[str]:
    """Return the tokens of the words of a text. Korean words lose their particle; no token spans two words."""
    return frozenset(token.text for word in clean(text).split() for token in tokens(without_particle(word)))


IDLE = words_of("of the in to from a an and for at on with per by as is what how much в на из и по для на за какой")


@dataclass(frozen=True)
class FoundFigure:
    """An indicator and a place that a search names, with the value of the year asked for.

    `observation` is None if the portal has no value of `year`; `nearest` are then the values of the nearest years.
    """

    indicator: Indicator
    place: Place
    year: int | None
    observation: Observation | None
    nearest: tuple[Observation, ...] = ()


def find(text: str) -> FoundFigure | None:
    """Return the figure that the words of a search name, or None. No query if they name none, else five at most."""
    years = set(YEAR.findall(text))
    asked = words_of(YEAR.sub(" ", text)) - IDLE
    if not asked or len(years) > 1:
        return None
    named = _named(asked, cached_for_version(_names, "names of figures"))
    if named is None:
        return None
    indicator, place = named
    year = int(years.pop()) if years else None
    observation = observed([(indicator, place, year)]).get((indicator, place, year))
    nearest = () if observation else _nearest(indicator, place, year)
    return FoundFigure(Indicator.objects.get(pk=indicator), Place.objects.get(pk=place), year, observation, nearest)


def _named(asked, names):
    """Return the primary keys of the indicator and the place that the words `asked` name, or None.

    Every word must be of the indicator or of the place. The indicator of whose name the most words are asked for wins;
    of two that are equal neither does.
    """
    indicators, places, places_of = names
    if any(asked <= words for _place, words in places):
        return None  # “Aral Sea” names a place only
    there = [(place, words) for place, words in places if words <= asked]
    found = {}
    for indicator, full, variants in indicators:
        for place, of_place in [(None, frozenset()), *there]:
            shares = [
                len(asked & words) / len(words) for words in variants if asked & words and asked <= words | of_place
            ]
            only = places_of[indicator]
            at = place or (next(iter(only)) if len(only) == 1 else None)
            if shares and max(shares) >= LEAST_SHARE and at:
                whole = max(len(asked & words) / len(words) for words in full)
                rank = (max(shares), whole, at in only, len(of_place))
                found[indicator, at] = max(rank, found.get((indicator, at), rank))
    best = [pair for pair, rank in found.items() if rank == max(found.values())]
    return best[0] if len(best) == 1 else None


def _names():
    """Return the words of the names of all published indicators and places with values.

    Three parts: (primary key, words of its name in each language, words of each name or part of one) of indicators;
    (primary key, words) of each name of places; and from each indicator to the primary keys of its places.
    """
    places_of = {}
    for indicator, place in Observation.objects.published().order_by().values_list("indicator", "place").distinct():
        places_of.setdefault(indicator, set()).add(place)
    indicators = Indicator.objects.filter(pk__in=places_of).in_bulk()
    places = Place.objects.filter(pk__in=set().union(*places_of.values())).in_bulk()
    attach_aliases([*indicators.values(), *places.values()])
    of_indicators = []
    for pk, record in indicators.items():
        variants = {words_of(part) - IDLE for name in _texts(record) for part in _parts(name)} - {frozenset()}
        full = {words_of(name) - IDLE for name in _names_of(record)} - {frozenset()}
        of_indicators.append((pk, tuple(full), tuple(variants)))
    of_places = {(pk, words_of(name) - IDLE) for pk, record in places.items() for name in _texts(record)}
    return of_indicators, [pair for pair in of_places if pair[1]], places_of


def _names_of(record):
    """Return the names of a record in all languages that it has one in."""
    names = (getattr(record, f"name_{language}") for language, _name in settings.LANGUAGES)
    return [name for name in names if name]


def _texts(record):
    """Return the names of a record in all languages and its aliases."""
    return [*_names_of(record), *(alias.text for alias in record.aliases)]


def _parts(name):
    """Return a name as it is, without what stands in parentheses, and what stands in them."""
    return [name, PARENTHESES.sub(" ", name), *PARENTHESES.findall(name)]


def _nearest(indicator, place, year):
    """Return the observations of the nearest years before and after `year`, one of each, as far as there are some."""
    of_series = Observation.objects.published().filter(indicator=indicator, place=place).order_by()
    years = sorted(set(of_series.values_list("year", flat=True)))
    near = [
        *[one for one in years if one < year][-1:],
        *[one for one in years if one > year][:1],
    ]
    found = observed((indicator, place, one) for one in near)
    return tuple(found[indicator, place, one] for one in near)
