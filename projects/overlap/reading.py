"""Reads a plan: which records it is about, stated by key or by name, or named in its title and text."""

from portal.models import Place
from projects.overlap.names import AREA, COUNTRY, ISSUE, ORGANISATION, PLACE, SECTOR, TERM, country_in, name_index
from projects.overlap.places import place_map
from projects.overlap.plan import PlanFacts
from projects.overlap.words import tokens_of, tokens_of_name

# How certain it is that a plan is about what its text names, beside what is stated (1).
IN_TITLE, IN_TEXT = 0.8, 0.6
OF_A_PLACE = 0.9  # the country of a place


def read_plan(plan):
    """Return the PlanFacts of a plan."""
    names, places = name_index(), place_map()
    facts = {kind: {} for kind in (COUNTRY, PLACE, AREA, ISSUE, ORGANISATION, SECTOR, TERM)}
    unknown, read_as = [], []
    for kinds, typed in (
        ((COUNTRY,), plan.countries),
        ((PLACE, COUNTRY), plan.places),
        ((AREA,), plan.areas),
        ((ISSUE,), plan.issues),
        ((ORGANISATION,), plan.organisations),
    ):
        for name in typed:
            found = names.resolve(name, kinds, places, plan.countries)
            if found is None:
                unknown.append(name)
                continue
            facts[found.kind][found.key] = 1.0
            if not found.is_exact:
                read_as.append((name, found.kind, found.key))
    for text, certainty in ((" · ".join((plan.title, *unknown)), IN_TITLE), (plan.text, IN_TEXT)):
        for kind, key in names.in_prose(text):
            facts[kind].setdefault(key, certainty)
    for key, certainty in facts[PLACE].items():
        countries = places.countries.get(key, ())
        if len(countries) == 1:
            facts[COUNTRY].setdefault(countries[0], certainty * OF_A_PLACE)
    # Korea takes part in each project, so it tells none from another.
    for key in Place.objects.filter(kind=Place.Kind.COUNTRY, group=Place.Group.KOREA).values_list("key", flat=True):
        facts[COUNTRY].pop(key, None)
    # The names of places count as places, in any case. Of a term of the glossary, any name may stand in a record.
    located = _tokens(names, [(kind, key) for kind in (PLACE, COUNTRY) for key in facts[kind]])
    typed = tokens_of(" · ".join((plan.title, plan.text, *unknown)))
    located |= {token for token, word in typed.items() if country_in(word) in facts[COUNTRY]}
    words = (typed.keys() | _tokens(names, [(TERM, key) for key in facts[TERM]])) - located
    return PlanFacts(
        countries=facts[COUNTRY],
        places=facts[PLACE],
        areas=facts[AREA],
        issues=facts[ISSUE],
        organisations=facts[ORGANISATION],
        sectors=facts[SECTOR],
        years=plan.years,
        unknown=tuple(unknown),
        read_as=tuple(read_as),
        title_words=frozenset(tokens_of(plan.title).keys() - located),
        words=frozenset(words),
        typed=typed,
        is_described=bool(plan.title.strip() or plan.text.strip()),
    )


def _tokens(names, named):
    """Return the tokens of all names of these records."""
    return set().union(*(tokens_of_name(name) for one in named for name in names.written[one]))
