"""Terms of the glossary in prose: where a text uses them, in any inflection, and the marks that lead to definitions.

A mark is a button that opens a popover, with no script: it answers to keyboard and touch, Escape closes it, and the
definition describes the button to a screen reader. Definitions stand at the end of the page, each once.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from itertools import pairwise

from django.apps import apps
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from portal.search.analyser import stem

LETTERS = {"en": "latin", "ru": "cyrillic"}
WORD = re.compile(r"\w+(?:\.\d+)?")
BETWEEN = re.compile(r"[\s\-‐‑–—«»“”\"]{1,3}")  # what may stand between two words of one term
ASIDE = re.compile(r"\s*\(([^()]*)\)\s*")

# What follows a Korean noun. A compound (사막화방지협약) is another word, and no use of the term.
PARTICLES = (
    "들?(?:은|는|이|가|을|를|의|도|만|와|과|나|이나|이며|인|란|이란|라는|이라는|에|에는|에도|에서|에서는|에서도|에서의|에게"
    "|으?로|으?로는|으?로도|으?로서|으?로의|와의|과의|까지|부터|마다|보다|보다는|처럼|만큼|뿐)?"
)
SHORT = 4  # letters; a word no longer than that has no ending to spare: сель is not сёла

TAG = re.compile(r"(<[^>]*>)")
TAG_NAME = re.compile(r"</?([a-z0-9]+)", re.IGNORECASE)
# Both match any text, if only its empty end or start: the first of their matches is always there.
TOUCHING_BEFORE, TOUCHING_AFTER = re.compile(r"\S{0,12}$"), re.compile(r"\S{0,12}")
CLOSED = {"a", "abbr", "button", "code", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "sup"}  # no marks in these

Found = tuple[int, int, str]  # start, end, key of the term


def spellings(term: str) -> list[str]:
    """How a term may be written: `North (Small) Aral Sea` is two names, `Carbon (long words)` is one."""
    aside = ASIDE.search(term)
    if aside is None:
        return [term]
    before, inside, after = term[: aside.start()], aside[1], term[aside.end() :]
    if after:
        return [f"{before} {after}", f"{before.rpartition(' ')[0]} {inside} {after}".strip()]
    return [before] if " " in inside else [before, inside]


def fold(word: str) -> str:
    return word.casefold().replace("ё", "е")


def same_word(word: str, known: str, language: str) -> bool:
    """Whether `word` is `known` in some inflection. Acronyms are never inflected, and keep their capitals."""
    if known.isupper() and len(known) > 1:
        return word in (known, f"{known}s")
    word, known = fold(word), fold(known)
    if word == known:
        return True
    # An ending changes the last two letters at most; beyond that a like stem is a like word: tail is not tailings.
    return (
        len(known) > SHORT
        and word[: len(known) - 2] == known[:-2]
        and stem(word, LETTERS[language]) == stem(known, LETTERS[language])
    )


def stemmed_matcher(language: str, terms: Iterable[tuple[str, str]]) -> Callable[[str], Iterator[Found]]:
    """What finds the uses of `terms` (pairs of key and term) in a text, by words and their stems; longest first."""
    by_start: dict[str, list[tuple[list[str], str]]] = {}
    for key, term in terms:
        for spelling in spellings(term):
            if words := WORD.findall(spelling):
                by_start.setdefault(fold(words[0])[:3], []).append((words, key))
    for candidates in by_start.values():
        candidates.sort(key=lambda candidate: (-len(candidate[0]), -len("".join(candidate[0]))))

    def find(text: str) -> Iterator[Found]:
        words = list(WORD.finditer(text))
        joined = [bool(BETWEEN.fullmatch(text, one.end(), two.start())) for one, two in pairwise(words)]
        at = 0
        while at < len(words):
            length = 1
            inside_compound = words[at].start() and text[words[at].start() - 1] in "-‐‑"
            for known, key in () if inside_compound else by_start.get(fold(words[at][0])[:3], ()):
                here = words[at : at + len(known)]
                if (
                    len(here) == len(known)
                    and all(joined[at : at + len(known) - 1])
                    and all(same_word(word[0], one, language) for word, one in zip(here, known, strict=True))
                ):
                    yield here[0].start(), here[-1].end(), key
                    length = len(known)
                    break
            at += length

    return find


def korean_matcher(terms: Iterable[tuple[str, str]]) -> Callable[[str], Iterator[Found]]:
    """What finds the uses of `terms` in a Korean text: at the start of a word, with a particle or without."""
    keys = {re.sub(r"\s", "", spelling): key for key, term in terms for spelling in spellings(term)}
    if not keys:
        return lambda text: iter(())
    written = (r"\s?".join(map(re.escape, spelling)) for spelling in sorted(keys, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w-])({'|'.join(written)})(?={PARTICLES}(?!\w))")

    def find(text: str) -> Iterator[Found]:
        for match in pattern.finditer(text):
            yield match.start(1), match.end(1), keys[re.sub(r"\s", "", match[1])]

    return find


@functools.lru_cache(maxsize=16)
def term_matcher(language: str, terms: tuple[tuple[str, str], ...]) -> Callable[[str], Iterator[Found]]:
    """What finds the uses of `terms` in a text of that language; the same terms are compiled once."""
    return korean_matcher(terms) if language == "ko" else stemmed_matcher(language, terms)


def mark_terms(html: str, find: Callable[[str], Iterator[Found]], mark: Callable[[str, str], str]) -> SafeString:
    """Return safe HTML with the first use of each term as `mark(key, word)` makes it. Only running text is looked at.

    A button is a box, at whose sides a line may break: what touches it (a particle, a comma, a note) is kept with it.
    """
    seen: set[str] = set()
    pieces: list[str] = []
    closed = 0  # how deep in elements that take no marks
    kept = False  # whether what touches a word is not over
    parts = TAG.split(html)
    for number, part in enumerate(parts):
        if number % 2:
            name = TAG_NAME.match(part)
            if name and name[1].lower() in CLOSED:
                closed += -1 if part.startswith("</") else 1
        if number % 2 or closed:
            pieces.append(part)
            continue
        text = unescape(part)
        uses: list[Found] = []
        for use in find(text):
            if use[2] not in seen:
                seen.add(use[2])
                uses.append(use)
        limits = [*(start for start, _end, _key in uses), len(text)]
        done = 0
        if kept:
            done = next(TOUCHING_AFTER.finditer(text, 0, limits[0])).end()
            pieces += [escape(text[:done]), "</span>"]
            kept = False
        for (start, end, key), limit in zip(uses, limits[1:], strict=True):
            before = next(TOUCHING_BEFORE.finditer(text, done, start)).start()
            after = next(TOUCHING_AFTER.finditer(text, end, limit)).end()
            kept = after == len(text) and "".join(parts[number + 1 : number + 2]).startswith("<sup")
            alone = (before, after) == (start, end) and not kept
            pieces += [
                escape(text[done:before]),
                "" if alone else '<span class="term-kept">',
                escape(text[before:start]),
                mark(key, text[start:end]),
                escape(text[end:after]),
                "" if alone or kept else "</span>",
            ]
            done = after
        pieces.append(escape(text[done:]))
    return mark_safe("".join(pieces))


class GlossaryMarker:
    """The terms that one page explains: asks for the glossary once, when the first prose is shown.

    Ids of definitions begin with `anchor`, which tells apart those of two texts on one page.
    """

    def __init__(self, anchor: str = "gloss"):
        self.anchor = anchor
        self._used: dict[str, None] = {}

    @cached_property
    def terms(self) -> dict[str, dict[str, str]]:
        """Key -> term and definition in the reader's language and English."""
        languages = dict.fromkeys(("en", get_language() or "en"))
        columns = [f"{name}_{language}" for language in languages for name in ("term", "definition")]
        rows = apps.get_model("issues.Term").objects.published().order_by("key").values("key", *columns)
        return {row.pop("key"): row for row in rows}

    def mark(self, html: str, language: str) -> SafeString:
        """Return safe HTML, with the first use of each term in that language as a button that shows its definition."""
        known = tuple((key, row[f"term_{language}"]) for key, row in self.terms.items() if row[f"term_{language}"])
        return mark_terms(html, term_matcher(language, known), self._button)

    def _button(self, key: str, word: str) -> SafeString:
        self._used[key] = None
        return format_html(
            '<button class="term" popovertarget="{0}-{1}" aria-describedby="{0}-{1}-text">{2}</button>',
            self.anchor,
            key,
            word,
        )

    def used(self) -> Iterator[tuple[str, str, str, str, str]]:
        """For each term that was marked: key, term, its language, definition, its language; as the reader gets them."""
        reader = get_language() or "en"
        for key in self._used:
            row = self.terms[key]
            found = [
                (row[f"{name}_{language}"], language)
                for name in ("term", "definition")
                for language in [reader if row[f"{name}_{reader}"] else "en"]
            ]
            yield key, *found[0], *found[1]


def glossary(request: HttpRequest) -> dict[str, GlossaryMarker]:
    """Give templates what marks the terms of a page and remembers which they were."""
    return {"glosses": GlossaryMarker()}
