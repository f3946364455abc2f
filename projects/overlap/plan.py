"""What a planner states about a project that does not exist yet. It is plain data, and it is never stored."""

from dataclasses import dataclass, field

MOST_TITLE, MOST_TEXT = 300, 2_000  # characters
MOST_VALUES = 20  # countries, places and so on, of each kind
FIRST_YEAR, LAST_YEAR = 1990, 2100
MOST_BUDGET = 10**13  # units of the currency
MOST_NAME = 200  # characters of the name of a place or an organisation


@dataclass(frozen=True)
class Plan:
    """A planned project. Every field may be empty.

    `countries`, `places`, `areas`, `issues` and `organisations` are keys or names in any language. `years` is empty, or
    the first and the last year. `budget` is in whole units of `currency`, 0 if it is not stated. It is compared with
    the budgets of the projects that are found, and finds none.
    """

    language: str = "en"
    title: str = ""
    text: str = ""
    countries: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    issues: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    budget: int = 0
    currency: str = "USD"

    def __bool__(self):
        """Return True if the plan states something to look for. Years and a budget alone are near to everything."""
        return any((self.title, self.text, self.countries, self.places, self.areas, self.issues, self.organisations))


@dataclass(frozen=True)
class PlanFacts:
    """What was read from a plan: keys of records, each with how certain it is that the plan is about it (0 to 1).

    `unknown` are the names that the portal does not have, as they were written. `read_as`
    are triples of a name and the kind and key of the record that it was taken for, where the spelling differs. `words`
    are the tokens of the title and the text, `title_words` those of the title. `typed` has the word of
    the plan that a token comes from. `is_described` is True if it has a title or a description.
    """

    countries: dict[str, float] = field(default_factory=dict)
    places: dict[str, float] = field(default_factory=dict)
    areas: dict[str, float] = field(default_factory=dict)
    issues: dict[str, float] = field(default_factory=dict)
    organisations: dict[str, float] = field(default_factory=dict)
    sectors: dict[str, float] = field(default_factory=dict)
    years: tuple[int, ...] = ()
    unknown: tuple[str, ...] = ()
    read_as: tuple[tuple[str, str, str], ...] = ()
    title_words: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    typed: dict[str, str] = field(default_factory=dict)
    is_described: bool = False
