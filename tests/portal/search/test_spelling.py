"""Spelling suggestions of the search."""

import pytest

from portal.search import indexing
from portal.search.spelling import closest, did_you_mean, typed_in_korean, typed_in_latin, typed_in_russian
from tests.make import make_issue, make_place


@pytest.mark.parametrize(
    ("keys", "korean"),
    [
        ("rkana", "가뭄"),
        ("dkfkfgo", "아랄해"),
        ("tkakrghk", "사막화"),
        ("anf qnwhr", "물 부족"),
        ("dksgek", "않다"),
        ("ekfrdl", "닭이"),
        ("rhksfl", "관리"),
    ],
)
def test_korean_typed_with_a_latin_keyboard_and_back(keys, korean):
    assert typed_in_korean(keys) == korean
    assert typed_in_latin(korean) == keys


@pytest.mark.parametrize(("keys", "russian"), [("fhfk", "арал"), ("pfce[f", "засуха"), ("djlf", "вода")])
def test_russian_typed_with_a_latin_keyboard_and_back(keys, russian):
    assert typed_in_russian(keys) == russian
    assert typed_in_latin(russian) == keys


@pytest.fixture
def known(db):
    make_issue(name_en="Desertification and drought", name_ko="사막화와 가뭄", name_ru="Опустынивание и засуха")
    make_place(name_en="Kyrgyzstan", name_ko="키르기스스탄", name_ru="Кыргызстан", kind="country")
    indexing.flush_index()


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("deserification", "en", "desertification"),
        ("Krygyzstan drought", "en", "kyrgyzstan drought"),
        ("опустынивнаие", "ru", "опустынивание"),
        ("가믐", "ko", "가뭄"),
        ("삼막화의", "ko", "사막화"),
        ("rkana", "ko", "가뭄"),
        ("pfce[f", "ru", "засуха"),
        ("ㅇㄱㅐㅕㅎㅗㅅ", "en", "drought"),
        ("вкщгпре", "ru", "drought"),
        ("drought", "en", ""),  # it has results
        ("kangaroo", "en", ""),  # no word is similar
        ("zz", "en", ""),
        ("", "en", ""),
    ],
)
def test_offers_another_spelling_only_where_one_finds_something(known, text, language, expected):
    assert did_you_mean(text, language) == expected


def test_nearest_word_is_near(known):
    assert closest("drougth") == "drought"
    assert closest("dog") == ""
