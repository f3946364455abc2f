"""The part of a text that shows why a record was found, with what was asked for marked in it. Pure."""

from dataclasses import dataclass

from django.utils.html import format_html, mark_safe

from portal.core.citation_marks import MARKS
from portal.search.analyser import clean, tokens
from portal.search.query import Query

# Characters of an excerpt, and how far before its first mark it may begin.
LENGTH, BEFORE = 240, 60


@dataclass(frozen=True)
class Snippet:
    """A text and the places in it, in order, that answer the question; `met` says how many clauses they answer."""

    text: str
    spans: tuple[tuple[int, int], ...]
    met: int

    @property
    def html(self) -> str:
        """The whole text as safe HTML with its marks."""
        return self._html(0, len(self.text))

    @property
    def excerpt(self) -> str:
        """Where the marks stand closest, as safe HTML; the beginning where there is none."""
        start, end = self._window()
        html = self._html(start, end)
        return format_html("{}{}{}", "… " if start else "", html, " …" if end < len(self.text) else "")

    def _window(self):
        """The bounds of the excerpt: from the mark with most marks after it within reach, at the edges of words."""
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

    def _html(self, start, end):
        pieces, place = [], start
        for first, last in self.spans:
            if first < start or last > end:
                continue
            pieces += [format_html("{}", self.text[place:first]), format_html("<mark>{}</mark>", self.text[first:last])]
            place = last
        pieces.append(format_html("{}", self.text[place:end]))
        return mark_safe("".join(pieces))


def marked(text: str, query: Query) -> Snippet:
    """A text, without its marks of sources, as it answers a question."""
    text = " ".join(clean(MARKS.sub("", text)).split())
    found = list(tokens(text))
    words = [token.text for token in found]
    spans, met = set(), 0
    for clause in query.clauses:
        here = {
            (found[place].start, found[place + len(phrase.tokens) - 1].end)
            for way in clause.ways
            for phrase in way.phrases
            for place in _places(words, phrase)
        }
        spans |= here
        met += bool(here)
    return Snippet(text, tuple(_joined(sorted(spans))), met)


def _places(words, phrase):
    *first, last = phrase.tokens
    length = len(phrase.tokens)
    for place in range(len(words) - length + 1):
        end = words[place + length - 1]
        if (end.startswith(last) if phrase.prefix else end == last) and words[place : place + length - 1] == first:
            yield place


def _joined(spans):
    """Spans that touch or overlap as one."""
    start = end = None
    for first, last in spans:
        if end is not None and first <= end:
            end = max(end, last)
            continue
        if end is not None:
            yield start, end
        start, end = first, last
    if end is not None:
        yield start, end
