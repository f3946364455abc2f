"""Sources: their title and names in the reader's script, and what their fields accept."""

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from portal.models import PlaceCitation, Source
from tests.make import make_citation, make_place, make_source

RUSSIAN = {
    "title": "The future of the Aral Sea",
    "title_original": "Будущее Аральского моря",
    "author": "Micklin, Philip",
    "author_original": "Миклин, Филип",
    "publisher": "Nauka",
    "publisher_original": "Наука",
    "language": "ru",
}


@pytest.mark.parametrize(
    ("fields", "title", "language"),
    [
        (RUSSIAN, "Будущее Аральского моря", "ru"),
        (RUSSIAN | {"title_original": ""}, "The future of the Aral Sea", "en"),
        ({"title": "Aral", "language": "en"}, "Aral", "en"),
    ],
)
def test_own_title_is_the_original_one_else_the_english_one(fields, title, language):
    source = Source(**fields)
    assert (source.own_title, source.own_title_language) == (title, language)
    with override("ko"):
        assert source.name_and_language() == (title, language)


@pytest.mark.parametrize(
    ("language", "author", "publisher"),
    [("ru", "Миклин, Филип", "Наука"), ("en", "Micklin, Philip", "Nauka"), ("ko", "Micklin, Philip", "Nauka")],
)
def test_names_are_in_the_script_of_the_source_for_readers_of_its_language(language, author, publisher):
    source = Source(**RUSSIAN)
    with override(language):
        assert (source.author_name, source.publisher_name) == (author, publisher)


def test_name_without_an_original_form_is_in_latin_letters_for_all():
    source = Source(**RUSSIAN | {"author_original": "", "publisher_original": ""})
    with override("ru"):
        assert (source.author_name, source.publisher_name) == ("Micklin, Philip", "Nauka")


@pytest.mark.parametrize(
    ("reader", "code", "name"),
    [("en", "ko", "Korean"), ("ru", "en", "Английский"), ("ko", "ru", "러시아어"), ("en", "xyz", "xyz")],
)
def test_name_of_its_language_is_in_the_language_of_the_reader(reader, code, name):
    with override(reader):
        assert Source(language=code).language_name.lower() == name.lower()


def test_source_has_an_address_of_its_own():
    assert Source(key="micklin-2016").get_absolute_url() == "/en/sources/micklin-2016/"


# ── What is accepted ─────────────────────────────────────────────────────────────────────────────────────────


def errors(**fields):
    """Return the messages that a source with these fields gives, by field."""
    source = make_source()
    for name, value in fields.items():
        setattr(source, name, value)
    try:
        source.full_clean()
    except ValidationError as error:
        return error.message_dict
    return {}


@pytest.mark.django_db
@pytest.mark.parametrize("doi", ["", "10.1007/s12665-016-5614-5", "10.1234/a/b(c)", "10.123456789/x"])
def test_doi_with_a_prefix_and_a_slash_is_accepted(doi):
    assert errors(doi=doi) == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "doi", ["10.1007", "10.1007/", "11.1007/x", "10.1/x", "doi:10.1007/x", "https://doi.org/10.1007/x", "10.1007/a b"]
)
def test_other_doi_is_refused(doi):
    assert errors(doi=doi) == {"doi": ["A DOI begins with “10.” and contains a slash."]}


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "is_valid"), [("ko", True), ("kaa", True), ("k", False), ("KO", False)])
def test_language_is_a_code_of_two_or_three_small_letters(language, is_valid):
    expected = {} if is_valid else {"language": ["A language is written as its ISO 639 code, such as ko."]}
    assert errors(language=language) == expected


@pytest.mark.django_db
def test_sources_without_an_address_do_not_clash():
    for source in (make_source(), make_source()):
        source.url = ""
        source.full_clean()
        source.save()
    assert list(Source.objects.values_list("url", flat=True)) == [None, None]


# ── Order ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_newest_source_comes_first_and_one_without_a_date_last():
    for key, date in (("undated", None), ("old", "1998"), ("b", "2016-03"), ("a", "2016-03"), ("new", "2020")):
        make_source(key=key, date=date)
    assert [source.key for source in Source.objects.all()] == ["new", "a", "b", "old", "undated"]


@pytest.mark.django_db
def test_citations_keep_the_order_of_the_editors_then_of_their_creation():
    place = make_place()
    last, first, second = (make_citation(place, position=position) for position in (2, 1, 1))
    assert list(PlaceCitation.objects.all()) == [first, second, last]
