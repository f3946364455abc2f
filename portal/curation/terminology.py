"""Terms that occur in a text, with their equivalents in another language: from the glossary and from the term base.

The term base (portal/locale/terms.csv) decides the words of the interface and of the content. A synonym after "ko:" is
forbidden in the Korean interface, one after "ko!:" in the content too.
"""

import csv
import functools
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings

from portal.search.glossary_terms import term_matcher

TERM_BASE = settings.BASE_DIR / "portal" / "locale" / "terms.csv"
CODES = tuple(code for code, _name in settings.LANGUAGES)


@dataclass(frozen=True)
class Equivalent:
    """A term of a text and its equivalent in another language. `avoid` are words not to use for it."""

    term: str
    equivalent: str
    avoid: tuple[str, ...] = ()
    is_glossary: bool = False


@functools.cache
def term_base():
    """Return the rows of the term base: dicts by the names of its columns."""
    with TERM_BASE.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def avoided(row, language):
    """Return the synonyms that a row of the term base forbids in a language."""
    marks = (f"{language}:", f"{language}!:")
    words = (entry.strip() for entry in row["forbidden synonyms"].split(";"))
    return tuple(word.partition(":")[2].strip() for word in words if word.startswith(marks))


class Terminology:
    """The terms of the glossary and of the term base for one pair of languages. It asks for the glossary once."""

    def __init__(self, source, target):
        self.source = source
        self.known = {}
        for row in term_base():
            if row[source] and row[target]:
                self.known[f"base/{row['concept']}"] = Equivalent(row[source], row[target], avoided(row, target))
        columns = [f"term_{code}" for code in CODES]
        for row in apps.get_model("issues.Term").objects.published().order_by("key").values("key", *columns):
            if row[f"term_{source}"] and row[f"term_{target}"]:
                equivalent = Equivalent(row[f"term_{source}"], row[f"term_{target}"], is_glossary=True)
                self.known[f"glossary/{row['key']}"] = equivalent
        pairs = {"base": [], "glossary": []}
        for key, equivalent in self.known.items():
            pairs[key.partition("/")[0]].append((key, equivalent.term))
        # Each has a matcher of its own: a matcher finds one term at each place.
        self.matchers = [term_matcher(source, tuple(some)) for some in pairs.values() if some]

    def terms_in(self, text):
        """Return the Equivalents of the terms in a text, each once, in the order of the text."""
        found = {}
        for find in self.matchers:
            for start, _end, key in find(text):
                found.setdefault(key, start)
        return [self.known[key] for key in sorted(found, key=found.get)]
