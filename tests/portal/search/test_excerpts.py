"""Excerpts of texts with highlighted matches."""

import pytest

from portal.search.excerpts import LENGTH, highlight
from portal.search.query import parse


def test_every_form_of_a_word_is_marked():
    text = "Droughts and a drought"
    assert highlight(text, parse("drought")).html == "<mark>Droughts</mark> and a <mark>drought</mark>"
    assert highlight("Засухи нет", parse("засуха")).html == "<mark>Засухи</mark> нет"


def test_part_of_a_korean_word_is_marked():
    text = "중앙아시아의 사막화를 막는다"
    assert highlight(text, parse("사막화")).html == "중앙아시아의 <mark>사막화</mark>를 막는다"
    assert highlight("물 부족", parse("물부족")).html == "<mark>물 부족</mark>"


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("한국", "자료로 구한 국토 정보"),
        ("호수", "발하슈호 수위"),
        ("부산", "비상사태부 산림청"),
        ("수도관", "상수도 관리사업"),
        ("쌀", "햅쌀 밥"),
        ("물", "건물 지하물탱크"),
    ],
)
def test_syllables_across_a_space_or_inside_a_word_are_not_marked(asked, text):
    assert "<mark>" not in highlight(text, parse(asked)).html


@pytest.mark.parametrize(
    ("asked", "html"),
    [
        ("쌀", "<mark>쌀</mark> 기업"),
        ("섬", "<mark>섬</mark> 생물"),
        ("물", "<mark>물부족</mark>과 <mark>물</mark>을 나누는"),
        ("산림청의", "한국 <mark>산림청의</mark> 조림"),
        ("사르도바댐", "<mark>사르도바 댐</mark>"),
        ("토양염류화", "<mark>토양 염류화</mark>는"),
    ],
)
def test_one_syllable_marks_a_word_and_never_part_of_one(asked, html):
    text = html.replace("<mark>", "").replace("</mark>", "")
    assert highlight(text, parse(asked)).html == html


def test_text_is_never_markup():
    assert highlight("<b>water</b> & salt", parse("water")).html == "&lt;b&gt;<mark>water</mark>&lt;/b&gt; &amp; salt"


def test_marks_of_sources_are_left_out():
    assert highlight("The sea fell [micklin-2007].", parse("sea")).html == "The <mark>sea</mark> fell."


def test_excerpt_is_where_the_question_is_answered():
    text = f"{'Before. ' * 80}The salt storm came. {'After. ' * 80}"
    excerpt = highlight(text, parse("salt storm")).excerpt
    assert "<mark>salt</mark> <mark>storm</mark>" in excerpt
    assert excerpt.startswith("… ")
    assert excerpt.endswith(" …")
    assert len(excerpt) < LENGTH + 40


def test_excerpt_of_a_text_without_a_mark_is_its_beginning():
    text = "word " * 100
    assert highlight(text, parse("salt")).excerpt == f"{'word ' * 48}".strip() + " …"


def test_how_many_clauses_a_text_answers():
    assert [highlight(text, parse("salt storm")).matched for text in ("none", "a salt", "salt and storms")] == [0, 1, 2]
