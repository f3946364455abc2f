"""A reader gets a text in their own language, or in English that is marked as such."""

import pytest
from django.utils import translation

from portal.core.languages import in_language, label_list, language_name, name_html, reader_html, text_and_language
from portal.facets.filters import source_languages
from tests.make import make_source, make_term

LANGUAGES = ("en", "ko", "ru")


@pytest.fixture
def term(db):
    return make_term(term_en="Tugai <forest>", term_ko="투가이", term_ru="")


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", ("Tugai <forest>", "en")), ("ko", ("투가이", "ko")), ("ru", ("Tugai <forest>", "en"))],
)
def test_text_comes_with_the_language_it_is_in(term, language, expected):
    with translation.override(language):
        assert text_and_language(term, "term") == expected


def test_text_is_english_where_no_language_is_active(term):
    with translation.override(None):
        assert text_and_language(term, "term") == ("Tugai <forest>", "en")


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "Tugai <forest>"),  # plain text: the template escapes it
        ("ko", "투가이"),
        ("ru", '<span lang="en">Tugai &lt;forest&gt;</span>'),
    ],
)
def test_english_that_stands_in_for_another_language_says_so(term, language, expected):
    with translation.override(language):
        assert reader_html(term, "term") == name_html(term) == expected


@pytest.mark.parametrize("text", ["", None])
def test_nothing_has_no_language(text):
    assert in_language(text, "ko") == text


def test_other_names_are_those_of_the_languages_that_the_reader_does_not_use(db):
    term = make_term(term_en="Tugai", term_ko="투가이", term_ru="Тугай")
    with translation.override("ko"):
        assert term.other_names == [("en", "Tugai"), ("ru", "Тугай")]


def test_other_names_leave_out_what_is_missing(term):
    with translation.override("en"):
        assert term.other_names == [("ko", "투가이")]


def test_record_without_a_name_is_called_by_its_key(db):
    assert str(make_term(key="tugai", term_en="")) == "tugai"


# ── Titles of sources, which stand in a language of their own ────────────────────────────────────────────────


@pytest.fixture
def report(db):
    return make_source(title="Forests of the Aralkum", title_original="Леса Аралкума", language="ru")


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", '<span lang="ru">Леса Аралкума</span>'),
        ("ko", '<span lang="ru">Леса Аралкума</span>'),
        ("ru", "Леса Аралкума"),
    ],
)
def test_source_is_named_as_it_names_itself(report, language, expected):
    with translation.override(language):
        assert name_html(report) == expected


def test_title_of_a_source_without_an_original_is_english(db):
    source = make_source(title="Decree on the Aral Sea", title_original="", language="kk")
    with translation.override("ru"):
        assert name_html(source) == '<span lang="en">Decree on the Aral Sea</span>'


# ── Names of languages ───────────────────────────────────────────────────────────────────────────────────────


def test_language_has_a_name():
    assert [language_name(code) for code in ("ko", "sco")] == ["Korean", "Scots"]


def test_language_without_a_known_name_stays_a_code():
    assert language_name("xx") == "xx"


def test_source_says_its_language(report):
    assert report.language_name == "Russian"


def test_every_language_of_the_content_has_a_name(content):
    assert [code for code, name in source_languages() if name == code] == []


@pytest.mark.parametrize(
    ("language", "listed"),
    [
        ("ru", "Помощь развитию (ОПР), энергетика, «умное» сельское хозяйство, ИТ-образование"),
        ("en", "Помощь развитию (ОПР), Энергетика, «Умное» сельское хозяйство, ИТ-образование"),
    ],
)
def test_russian_labels_begin_with_a_small_letter_from_the_second_on(language, listed):
    labels = ["Помощь развитию (ОПР)", "Энергетика", "«Умное» сельское хозяйство", "ИТ-образование"]
    with translation.override(language):
        assert label_list(labels) == listed
