"""Citation marks in prose become numbered notes; other text stays the same."""

import re
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.citation_marks import MARK, Footnotes, cited_keys, footnote_links, render_prose


def source(key, title="The Future Aral Sea"):
    return SimpleNamespace(key=key, own_title=title)


def notes_of(*keys):
    return Footnotes(source(key) for key in keys)


def link(number, title="The Future Aral Sea"):
    return f'<a href="#note-{number}" title="{title}">{number}</a>'


def test_marks_name_each_source_once_in_their_order():
    assert cited_keys("Dust [b-2020]. Salt [a-2019][b-2020]. Wind [c].") == ["b-2020", "a-2019", "c"]


@pytest.mark.parametrize("prose", ["", "None.", "[Not a key]", "[UPPER]", "[]", "[-a]", "a [b c]", "[a"])
def test_other_brackets_are_no_marks(prose):
    assert cited_keys(prose) == []


def test_a_mark_becomes_a_link_to_its_note():
    notes = notes_of("micklin-2016")
    assert render_prose("The sea shrank [micklin-2016].", notes) == (
        f'<p>The sea shrank<sup class="notes">{link(1)}</sup>.</p>'
    )


def test_notes_are_numbered_where_the_page_first_cites_them():
    notes = notes_of("a", "b", "c")
    assert render_prose("One [c]. Two [a][c].", notes) == (
        f'<p>One<sup class="notes">{link(1)}</sup>. Two<sup class="notes">{link(2)} {link(1)}</sup>.</p>'
    )
    assert [(number, note.key) for number, note, _passages in notes] == [(1, "c"), (2, "a")]
    assert len(notes) == 2


def test_notes_go_on_counting_from_text_to_text():
    notes = notes_of("a", "b")
    render_prose("One [b].", notes)
    assert render_prose("Two [a].", notes) == f'<p>Two<sup class="notes">{link(2)}</sup>.</p>'


def test_sources_that_no_mark_cites_are_numbered_last():
    notes = notes_of("a", "b", "c")
    notes.cite("b")
    notes.cite_all()
    assert [(number, note.key) for number, note, _passages in notes] == [(1, "b"), (2, "a"), (3, "c")]


def test_a_mark_whose_source_is_not_shown_leaves_no_trace():
    assert render_prose("Salt [draft-2020]. Dust [draft-2020][a].", notes_of("a")) == (
        f'<p>Salt. Dust<sup class="notes">{link(1)}</sup>.</p>'
    )
    assert footnote_links(["draft-2020"], notes_of("a")) == ""


def test_markup_in_prose_and_in_titles_is_shown_as_written():
    notes = Footnotes([source("a", title='"><script>alert(1)</script>')])
    assert render_prose("<b>5 < 6</b> & more [a]", notes) == (
        "<p>&lt;b&gt;5 &lt; 6&lt;/b&gt; &amp; more"
        f'<sup class="notes">{link(1, "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;")}</sup></p>'
    )


def test_blank_lines_part_paragraphs():
    assert render_prose("\n One.\nStill one.\n \n\nTwo. \n", notes_of()) == "<p>One.\nStill one.</p>\n<p>Two.</p>"


class Markup(HTMLParser):
    """Return the elements of a piece of HTML, whether each is closed in order, and the text outside of notes."""

    def __init__(self, html):
        super().__init__()
        self.names, self.open, self.balanced, self.text = set(), [], True, ""
        self.feed(html)
        self.close()
        self.balanced = self.balanced and not self.open

    def handle_starttag(self, name, attributes):
        self.names.add((name, *(attribute for attribute, _value in attributes)))
        self.open.append(name)

    def handle_endtag(self, name):
        self.balanced = self.balanced and bool(self.open) and self.open.pop() == name

    def handle_data(self, data):
        if "sup" not in self.open:
            self.text += data

    def handle_comment(self, data):
        self.names.add("comment")

    handle_decl = handle_pi = unknown_decl = handle_comment


PIECES = ["[known]", "[other]", "[unknown]", "[", "]", "<script>", "</p>", "<!--", "&lt;", "'", '"', "{}", "\n\n", "%s"]
PROSE = st.lists(st.sampled_from(PIECES) | st.text(max_size=8)).map("".join)


def letters(text):
    return re.sub(r"\s", "", text)


@given(PROSE, PROSE)
def test_any_text_becomes_balanced_html_that_only_says_what_was_written(prose, title):
    html = render_prose(prose, Footnotes([source("known", title), source("other", title)]))
    markup = Markup(html)
    assert markup.balanced
    assert markup.names <= {("p",), ("sup", "class"), ("a", "href", "title")}
    assert letters(markup.text) == letters(MARK.sub("", prose))
