"""Terms of the glossary: their address on its page, their aliases and their citations."""

import pytest
from django.utils.translation import override

from issues.models import Term
from tests.make import make_alias, make_citation, make_source, make_term


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_term_has_its_place_on_the_page_of_the_glossary(language):
    with override(language):
        assert Term(key="tugai").get_absolute_url() == f"/{language}/glossary/#tugai"


def test_term_is_called_by_its_word_in_the_language_of_the_reader():
    term = Term(key="tugai", term_en="Tugai", term_ko="투가이", term_ru="")
    names = []
    for language in ("en", "ko", "ru"):
        with override(language):
            names.append(term.name_and_language())
    assert names == [("Tugai", "en"), ("투가이", "ko"), ("Tugai", "en")]


@pytest.mark.django_db
def test_term_can_have_aliases_which_are_deleted_with_it():
    term, other = make_term(), make_term()
    alias, kept = make_alias(term, text="tugay"), make_alias(other, text="toʻqay")
    assert [one.text for one in term.aliases] == ["tugay"]
    term.delete()
    assert list(type(alias).objects.all()) == [kept]


@pytest.mark.django_db
def test_terms_and_citations_are_found_by_their_natural_keys():
    term = make_term(key="tugai")
    citation = make_citation(term, make_source(key="report"))
    assert Term.objects.get_by_natural_key("tugai") == term
    assert citation.natural_key() == ("tugai", "report")
    assert type(citation).objects.get_by_natural_key("tugai", "report") == citation


@pytest.mark.django_db
def test_terms_are_sorted_by_key():
    make_term(key="b"), make_term(key="a")
    assert [term.key for term in Term.objects.all()] == ["a", "b"]
