"""Parsing of a search text into clauses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.search.query import LONGEST_QUERY, MOST_CLAUSES, fts5, parse, tsquery


def typed(text):
    return [clause.typed for clause in parse(text).clauses]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What does Gyeonggi do against drought?", ["gyeonggi", "against", "drought"]),
        ("почему высохло Аральское море", ["высохло", "аральское", "море"]),
        ("물이 왜 부족한가", ["물이", "부족한가"]),
        ("who is it", ["who", "is", "it"]),  # nothing else was searched
        ("KOICA의 2019년 사업", ["koica", "2019", "사업"]),
        ("water water", ["water"]),
        ("?!", []),
        ("", []),
    ],
)
def test_words_that_carry_a_question_count_only_if_nothing_else_was_asked(text, expected):
    assert typed(text) == expected


@pytest.mark.parametrize("text", ['"Aral Sea"', "“Aral Sea”", "«Aral Sea»", '"Aral Sea'])
def test_quoted_words_are_one_clause_that_is_never_let_go(text):
    [clause] = parse(text).clauses
    assert clause.firm
    assert fts5(parse(text)) == '(("aral sea"))'


@pytest.mark.parametrize("text", ["water -salt", "water −salt", "-salt water"])
def test_word_after_a_minus_is_excluded(text):
    query = parse(text)
    assert [clause.typed for clause in query.clauses] == ["water"]
    assert [clause.typed for clause in query.excluded] == ["salt"]


def test_hyphen_within_a_word_excludes_nothing():
    assert parse("Kok-Aral").excluded == ()


def test_question_in_the_words_of_each_database():
    query = parse('사막화를 "water use" -salt dam')
    assert fts5(query) == ('((("water use") AND ("사막 막화 화를" OR "사막 막화") AND ("dam" OR "dam"*))) NOT ("salt")')
    assert tsquery(query) == (
        "((('water' <-> 'use')) & (('사막화' <-> '막화를') | ('사막화')) & (('dam') | ('dam':*))) & !(('salt'))"
    ).replace("((('water'", "(((('water'").replace("('dam':*)))", "('dam':*))))")


def test_question_that_is_too_long_is_cut_and_says_so():
    many = parse(" ".join(f"word{number}" for number in range(MOST_CLAUSES + 1)))
    assert (len(many.clauses), many.cut) == (MOST_CLAUSES, True)
    long = parse("가" * LONGEST_QUERY + " 끝")
    assert (len(long.clauses), long.cut) == (1, True)
    assert not parse("water").cut


@given(st.text(max_size=200))
def test_any_text_is_a_question(text):
    query = parse(text)
    if query:
        assert fts5(query).count("(") == fts5(query).count(")")
        assert tsquery(query).count("(") == tsquery(query).count(")")
