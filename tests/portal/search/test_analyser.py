"""Text analysis: forms of one word become the same tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.search.analyser import (
    BREAK,
    MOST_TOKENS,
    clean,
    indexed,
    normal,
    tokens,
    uzbek_in_both_scripts,
    without_particle,
)


def tokens_of(text):
    return [token.text for token in tokens(clean(text))]


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("drought", ["Droughts", "DROUGHT", "drought’s"]),
        ("Аральское море", ["Аральского моря", "АРАЛЬСКОМУ МОРЮ", "аральским морем"]),
        ("зелёный", ["зеленый", "Зелёные"]),
        ("Oʻzbekiston", ["O‘zbekiston", "O'zbekiston", "O’zbekiston", "Ozbekiston"]),
        ("Нөкис", ["нокис", "НӨКИС"]),
        ("Türkmenistan", ["Turkmenistan", "Tu\u0308rkmenistan"]),
        ("CO₂", ["CO2", "co2"]),
        ("가뭄", ["\u1100\u1161\u1106\u116e\u11b7"]),  # composed and decomposed
        ("ＫＯＩＣＡ", ["KOICA", "koica"]),
    ],
)
def test_spellings_and_forms_of_a_word_are_the_same_tokens(text, others):
    assert [tokens_of(other) for other in others] == [tokens_of(text)] * len(others)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("사막화", ["사막", "막화"]),
        ("물 부족", ["물", "물부", "부족"]),
        ("물부족", ["물부", "부족"]),
        ("강물이", ["강물", "물이"]),
        ("물이", ["물", "물이"]),
        ("2019년", ["2019", "년"]),
        ("가뭄, 홍수", ["가뭄", "홍수"]),
    ],
)
def test_hangul_becomes_bigrams_that_run_over_spaces_but_not_over_marks(text, expected):
    assert tokens_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("6.4", ["6.4"]),
        ("6.4.2", ["6.4.2", "6.4"]),
        ("68,000 km", ["68000", "km"]),
        ("1,234,567.5", ["1234567.5"]),
        ("3,5", ["3.5"]),
        ("in 2019.", ["in", "2019"]),
        ("KR-GOV-051", ["kr", "gov", "krgov", "051"]),
    ],
)
def test_numbers_and_codes_stay(text, expected):
    assert tokens_of(text) == expected


def test_hyphened_name_is_found_as_one_word_too():
    assert tokens_of("Kok-Aral") == ["kok", "aral", "kokar"]
    assert tokens_of("Kokaral") == ["kokar"]


def test_tokens_know_where_they_stand():
    text = "The Аральское море, 물 부족"
    assert {token.text: text[token.start : token.end] for token in tokens(text)} == {
        "the": "The",
        "аральск": "Аральское",
        "мор": "море",
        "물": "물",
        "물부": "물 부",
        "부족": "부족",
    }


def test_field_keeps_its_texts_apart_and_has_an_end():
    assert indexed(["Aral Sea", "아랄해"]) == f" aral sea {BREAK} 아랄 랄해 {BREAK} "
    assert indexed([]) == "  "
    assert indexed(["a " * 2 * MOST_TOKENS]).count(" ") == MOST_TOKENS + 1


@pytest.mark.parametrize(
    ("word", "bare"),
    [
        ("아랄해의", "아랄해"),
        ("사막화를", "사막화"),
        ("중앙아시아에서", "중앙아시아"),
        ("국가", "국가"),
        ("도로", "도로"),
    ],
)
def test_particle_is_left_out_where_a_word_remains(word, bare):
    assert without_particle(word) == bare


def test_name_is_compared_without_case_marks_and_punctuation():
    assert normal("  «Kok–Aral»:  the DAM (2005)") == "kok aral the dam 2005"


@given(st.text(max_size=300))
def test_any_text_gives_tokens_that_no_database_takes_for_an_operator(text):
    for token in tokens(clean(text)):
        assert token.text != BREAK
        assert token.text.replace(".", "").isalnum()
        assert token.text.isprintable()


# ── Uzbek ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("spelling", ["Moʻynoq", "Mo'ynoq", "Mo‘ynoq", "Mo’ynoq", "Mo`ynoq", "MOʻYNOQ", "Moynoq"])
def test_apostrophes_of_uzbek_do_not_tell_words_apart(spelling):
    assert normal(spelling) == "moynoq"


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Moʻynoq", "uz", "мўйноқ"),
        ("Fargʻona yoʻli", "uz", "фарғона йўли"),
        ("ekologiya va ta'lim", "uz", "экология ва таълим"),
        ("Yerlarning shoʻrlanishi", "uz", "ерларнинг шўрланиши"),
        ("Ўзбекистон", "uz-Cyrl", "oʻzbekiston"),
        ("Чанг бўрони", "uz-Cyrl", "chang boʻroni"),
        ("Ер ва Европа", "uz-Cyrl", "yer va yevropa"),
        ("Арал теңізі", "kk", None),
        ("Water", "", None),
    ],
)
def test_uzbek_is_written_in_both_of_its_alphabets(text, language, expected):
    assert uzbek_in_both_scripts(text, language) == ((text, expected) if expected else (text,))
