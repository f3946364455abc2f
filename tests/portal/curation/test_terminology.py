"""Terms of the glossary and of the term base that occur in a text."""

import pytest

from portal.core.choices import PublicationStatus
from portal.curation.terminology import Equivalent, Terminology, avoided, term_base
from tests.make import make_term

pytestmark = pytest.mark.django_db


def test_term_base_is_complete():
    assert len(term_base()) > 50
    assert all(row["en"] and row["ko"] and row["ru"] for row in term_base())


@pytest.mark.parametrize(
    ("synonyms", "words"), [("ko:웹사이트; ru:сайт; ko!:홈페이지", ("웹사이트", "홈페이지")), ("", ())]
)
def test_forbidden_synonyms_of_one_language(synonyms, words):
    assert avoided({"forbidden synonyms": synonyms}, "ko") == words


def test_terms_are_found_in_any_inflection_and_once():
    make_term(key="glacier", term_en="Glacier", term_ko="빙하", term_ru="Ледник")
    english = Terminology("en", "ko").terms_in("Glaciers feed rivers. A glacier melts.")
    russian = Terminology("ru", "ko").terms_in("Таяние ледников.")
    assert english == [Equivalent("Glacier", "빙하", is_glossary=True)]
    assert russian == [Equivalent("Ледник", "빙하", is_glossary=True)]


def test_korean_can_be_the_source():
    make_term(key="glacier", term_en="Glacier", term_ko="빙하", term_ru="Ледник")
    assert Terminology("ko", "ru").terms_in("빙하가 녹는다.") == [Equivalent("빙하", "Ледник", is_glossary=True)]


def test_terms_without_an_equivalent_and_unpublished_terms_are_left_out():
    make_term(key="glacier", term_en="Glacier", term_ko="")
    make_term(key="takyr", term_en="Takyr", term_ko="타키르", publication=PublicationStatus.DRAFT)
    assert Terminology("en", "ko").terms_in("A glacier and a takyr.") == []
