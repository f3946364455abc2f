"""Prose with `[source-key]` marks: which sources it cites, and its safe HTML with numbered notes."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

MARK = re.compile(r"\[([a-z0-9][a-z0-9-]*)\]")
MARKS = re.compile(r"\s*((?:\[[a-z0-9][a-z0-9-]*\])+)")


def cited_keys(prose: str) -> list[str]:
    """The keys of the sources that `prose` cites, each once, in the order of its marks."""
    return list(dict.fromkeys(MARK.findall(prose)))


class CitedSource(Protocol):
    """What the notes need of a source (`portal.models.Source`)."""

    @property
    def key(self) -> str: ...

    @property
    def own_title(self) -> str: ...


class Footnotes:
    """The numbered notes of one page: a source gets its number where the page first cites it.

    `sources` maps keys to records. `cite` gives a key's number; iterating gives `(number, source, passages)` in order.
    `passages` are the citations that tell what the page cites of a source, by its key. The ids of notes begin with
    `anchor`, which tells apart the notes of two texts on one page.
    """

    def __init__(
        self,
        sources: Iterable[CitedSource],
        anchor: str = "note",
        passages: Mapping[str, Sequence[object]] | None = None,
    ) -> None:
        self.anchor = anchor
        self._passages = passages or {}
        self._sources = {source.key: source for source in sources}
        self._numbers: dict[str, int] = {}

    def cite(self, key: str) -> int | None:
        """The number of the note for `key`, or None where no such source is known to the page."""
        if key not in self._sources:
            return None
        return self._numbers.setdefault(key, len(self._numbers) + 1)

    def cite_all(self) -> None:
        """Number the sources that nothing has cited yet, in their own order."""
        for key in self._sources:
            self.cite(key)

    def source(self, key: str) -> CitedSource:
        """Return the source behind a key that `cite` has numbered."""
        return self._sources[key]

    def __iter__(self) -> Iterator[tuple[int, CitedSource, Sequence[object]]]:
        for key, number in self._numbers.items():
            yield number, self._sources[key], self._passages.get(key, ())

    def __len__(self) -> int:
        return len(self._numbers)


def footnote_links(keys: Iterable[str], notes: Footnotes) -> str:
    """The bracketed numbers of `keys` as links to the notes at the foot of the page; safe HTML."""
    numbered = [(number, notes.source(key)) for key in keys if (number := notes.cite(key)) is not None]
    if not numbered:
        return ""
    links = format_html_join(
        " ",
        '<a href="#{}-{}" title="{}">{}</a>',
        ((notes.anchor, number, source.own_title, number) for number, source in numbered),
    )
    return format_html('<sup class="notes">{}</sup>', links)


def render_prose(prose: str, notes: Footnotes) -> SafeString:
    """Return `prose` as paragraphs of safe HTML, with its marks as links to `notes`. Blank lines part paragraphs."""
    paragraphs = []
    for paragraph in re.split(r"\n\s*\n", prose.strip()):
        parts = MARKS.split(paragraph)
        pieces: list[str] = [format_html("{}", parts[0])]
        for marks, text in zip(parts[1::2], parts[2::2], strict=True):
            pieces.append(footnote_links(MARK.findall(marks), notes))
            pieces.append(format_html("{}", text))
        paragraphs.append(format_html("<p>{}</p>", mark_safe("".join(pieces))))
    return mark_safe("\n".join(paragraphs))
