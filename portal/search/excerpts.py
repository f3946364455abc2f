"""The part of a text that shows why a record was found, with what was asked for marked in it. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from portal.core.citation_marks import MARKS
from portal.search.analyser import PARTICLES, clean, tokens, without_particle
from portal.search.query import Phrase, Query

# Characters of an excerpt, and how far before its first mark it may begin.
LENGTH, BEFORE = 240, 60

Span = tuple[int, int]  # start, end


@dataclass(frozen=True)
class Snippet:
    """A text and the places in it, in order, that answer the question; `matched` says how many clauses they answer."""

    text: str
    spans: tuple[Span, ...]
    matched: int

    @property
    def html(self) -> SafeString:
        """The whole text as safe HTML with its marks."""
        return self._html(0, len(self.text))

    @property
    def excerpt(self) -> SafeString:
        """Where the marks stand closest, as safe HTML; the beginning where there is none."""
        start, end = self._window()
        html = self._html(start, end)
        return format_html("{}{}{}", "… " if start else "", html, " …" if end < len(self.text) else "")

    def _window(self) -> Span:
        """Return where the excerpt is: from the mark with most marks after it within reach, at the edges of words."""
        if len(self.text) <= LENGTH:
            return 0, len(self.text)
        first = 0
        if self.spans:
            first, _end = max(
                self.spans,
                key=lambda span: (sum(span[0] <= s[0] < span[0] + LENGTH - BEFORE for s in self.spans), -span[0]),
            )
        start = max(first - BEFORE, 0)
        if start:
            start = self.text.find(" ", start, first) + 1 or first
        end = min(start + LENGTH, len(self.text))
        if end < len(self.text):
            end = max(self.text.rfind(" ", start + LENGTH // 2, end), 0) or end
        return start, end

    def _html(self, start: int, end: int) -> SafeString:
        pieces, place = [], start
        for first, last in self.spans:
            if first < start or last > end:
                continue
            pieces += [format_html("{}", self.text[place:first]), format_html("<mark>{}</mark>", self.text[first:last])]
            place = last
        pieces.append(format_html("{}", self.text[place:end]))
        return mark_safe("".join(pieces))


def highlight(text: str, query: Query) -> Snippet:
    """A text, without its marks of sources, as it answers a question."""
    text = " ".join(clean(MARKS.sub("", text)).split())
    found = list(tokens(text))
    words = [token.text for token in found]
    spans: set[Span] = set()
    matched = 0
    for clause in query.clauses:
        here = {
            span
            for way in clause.ways
            for phrase in way.phrases
            for place in _places(words, phrase)
            if (span := _span(text, found[place].start, found[place + len(phrase.tokens) - 1].end, phrase.prefix))
        }
        spans |= here
        matched += bool(here)
    return Snippet(text, tuple(_joined(sorted(spans))), matched)


def _places(words: list[str], phrase: Phrase) -> Iterator[int]:
    *first, last = phrase.tokens
    length = len(phrase.tokens)
    for place in range(len(words) - length + 1):
        end = words[place + length - 1]
        if (end.startswith(last) if phrase.prefix else end == last) and words[place : place + length - 1] == first:
            yield place


def _span(text: str, start: int, end: int, prefix: bool) -> Span | None:
    """Return the characters to mark for a match, or None for syllables that only seem to be a Korean word.

    Tokens of Korean are pairs of syllables, also across a space: “구한 국토” has 한국. So a match across a space must
    begin with a word, and end with more than the first syllable of one. The beginning of a word marks the whole word,
    without its particle.
    """
    is_inside = _is_hangul(text, start) and _is_hangul(text, start - 1)
    if prefix and _is_hangul(text, start):
        while _is_hangul(text, end):
            end += 1
        word = text[start:end]
        if is_inside or " " in word:
            return None
        bare = word[:1] if word[1:] in PARTICLES else without_particle(word)
        return start, start + len(bare)
    if " " in text[start:end] and (is_inside or (text[end - 2] == " " and _is_hangul(text, end))):
        return None
    return start, end


def _is_hangul(text: str, place: int) -> bool:
    return 0 <= place < len(text) and "가" <= text[place] <= "힣"


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Return spans, which come in order, with those that touch or overlap made one."""
    joined: list[Span] = []
    for first, last in spans:
        if joined and first <= joined[-1][1]:
            start, end = joined[-1]
            joined[-1] = start, max(end, last)
        else:
            joined.append((first, last))
    return joined
