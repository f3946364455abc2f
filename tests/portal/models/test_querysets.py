"""Queryset methods of every kind of record on both databases, and natural keys."""

import pytest
from django.apps import apps
from django.utils import translation

from issues.models import IssueCitation, Term
from portal.core.choices import PublicationStatus
from portal.models import Place, Record, Source
from portal.models.querysets import reader_text, remembering_keys
from portal.search.ranking import matching
from projects.models import AgreementParty, Organisation
from tests.make import (
    make_alias,
    make_area_report,
    make_citation,
    make_comparison_example,
    make_country,
    make_external_identifier,
    make_former_key,
    make_issue,
    make_issue_feature,
    make_issue_motif,
    make_organisation,
    make_organisation_identifier,
    make_page_indicator,
    make_party,
    make_place,
    make_place_identifier,
    make_reporting_organisation,
    make_source,
    make_term,
    make_tombstone,
)
from tests.world import make_world

pytestmark = pytest.mark.django_db

OURS = {"portal", "issues", "projects"}


def keys(queryset):
    return [record.key for record in queryset]


@pytest.mark.parametrize("publication", PublicationStatus)
def test_published_is_what_readers_may_see(publication):
    make_place(publication=publication)
    assert Place.objects.published().count() == (publication == "published")


# ── Texts ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        *("Aral", "aral", "ARAL", "aral sea", "sea aral", "ara"),
        *("아랄", "아랄해"),
        *("Аральское", "аральское", "АРАЛЬСКОЕ", "аральское море", "Море"),
        *("аральское SEA", "아랄해 aral", "  aral   море "),
    ],
)
def test_matching_finds_every_word_in_a_name_of_any_language_and_case(text):
    make_place(key="aral-sea", name_en="Aral Sea", name_ko="아랄해", name_ru="Аральское море")
    make_place(key="balkhash", name_en="Lake Balkhash", name_ko="발하시호", name_ru="Озеро Балхаш")
    assert keys(matching(Place.objects, text)) == ["aral-sea"]


@pytest.mark.parametrize("text", ["aral balkhash", "%", "_", "аrаl", "\\"])
def test_matching_finds_nothing_where_a_word_is_in_no_name(text):
    make_place(name_en="Aral Sea")
    make_place(name_en="Lake Balkhash")
    assert keys(matching(Place.objects, text)) == []


def test_matching_of_no_words_is_all():
    make_place(), make_place()
    assert matching(Place.objects, " ").count() == 2


@pytest.mark.parametrize(
    ("make", "fields"),
    [
        (make_source, {"author": "Micklin"}),
        (make_organisation, {"acronym": "Micklin", "name_en": "Institute"}),
    ],
)
def test_matching_asks_all_that_names_a_record(make, fields):
    found, _other = make(**fields), make()
    assert list(matching(type(found).objects, "micklin")) == [found]


def test_matching_asks_the_aliases_of_a_record():
    found, _other = make_place(name_en="Lake"), make_place()
    make_alias(found, text="Micklin")
    assert list(matching(Place.objects, "micklin")) == [found]


# ── Order ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def terms():
    make_term(key="three", term_en="Aquifer", term_ko="하천", term_ru="Яма")
    make_term(key="two", term_en="Basin", term_ko="나무", term_ru="Бассейн")
    make_term(key="one", term_en="Canal", term_ko="", term_ru=None)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["three", "two", "one"]),
        ("ko", ["one", "two", "three"]),  # Canal, 나무, 하천
        ("ru", ["one", "two", "three"]),  # Canal, Бассейн, Яма
    ],
)
def test_in_order_of_sorts_by_what_the_reader_sees(terms, language, expected):
    with translation.override(language):
        assert keys(Term.objects.in_order_of("term")) == expected


def test_in_order_of_sorts_like_names_by_key():
    for key in ("b", "a"):
        make_place(key=key)
    assert keys(Place.objects.in_order_of("name")) == ["a", "b"]


def test_reader_text_walks_to_another_record():
    kazakhstan = make_country(name_en="Kazakhstan", name_ko="카자흐스탄")
    uzbekistan = make_country(name_en="Uzbekistan", name_ko="")
    make_organisation(key="kz", country=kazakhstan)
    make_organisation(key="uz", country=uzbekistan)
    with translation.override("ko"):
        found = Organisation.objects.annotate(shown=reader_text("country__name")).order_by("key")
        assert [organisation.shown for organisation in found] == ["카자흐스탄", "Uzbekistan"]


# ── Natural keys ─────────────────────────────────────────────────────────────────────────────────────────────


def stored_rows():
    """Return a row of every model of ours that fixtures contain, from a world that has them all."""
    make_world()
    make_alias()
    make_former_key()
    make_tombstone()
    make_organisation_identifier()
    make_place_identifier()
    make_external_identifier()
    make_reporting_organisation()
    make_citation(make_place())
    for make in (
        make_page_indicator,
        make_issue_feature,
        make_issue_motif,
        make_area_report,
        make_comparison_example,
    ):
        make()
    return [
        model._base_manager.earliest("pk")
        for model in apps.get_models()
        if model._meta.app_label in OURS and hasattr(model, "natural_key")
    ]


def test_every_row_is_found_by_its_natural_key():
    rows = stored_rows()
    assert [type(row)._default_manager.get_by_natural_key(*row.natural_key()) for row in rows] == rows


def test_natural_keys_name_no_number_of_the_database():
    named = {type(row).__name__: row.natural_key() for row in stored_rows()}
    assert named["FormerKey"][0] == "source"
    assert named["Observation"][2] == 2020
    assert all(isinstance(part, str | int | None) for natural_key in named.values() for part in natural_key)


def test_party_is_found_whether_it_is_a_country_or_an_organisation():
    country = make_party(country=make_country(key="uz"))
    organisation = make_party(organisation=make_organisation(key="koica"))
    assert [party.natural_key()[1:] for party in (country, organisation)] == [("uz", None), (None, "koica")]
    for party in (country, organisation):
        assert AgreementParty.objects.get_by_natural_key(*party.natural_key()) == party


def test_rows_say_what_they_are():
    citation = make_citation(make_issue(), make_source(title="The Future Aral Sea"))
    assert str(make_former_key(key="old", now="new")) == "old → new"
    assert str(citation) == "The Future Aral Sea"
    # It asks no query for what is not loaded.
    assert str(type(citation).objects.get(pk=citation.pk)) == f"citation {citation.pk}"


# ── Remembering keys while fixtures load ─────────────────────────────────────────────────────────────────────


def test_a_remembered_key_is_looked_up_once(django_assert_num_queries):
    source = make_source(key="micklin-2016")
    with remembering_keys():
        with django_assert_num_queries(1):
            found = [Source.objects.get_by_natural_key("micklin-2016") for _ in range(3)]
        assert found == [source] * 3


def test_a_remembered_record_names_a_row_without_another_look(django_assert_num_queries):
    issue, source = make_issue(key="aral"), make_source(key="micklin-2016")
    pk = make_citation(issue, source).pk
    with remembering_keys():
        type(issue).objects.get_by_natural_key("aral")
        Source.objects.get_by_natural_key("micklin-2016")
        citation = IssueCitation.objects.get(pk=pk)
        with django_assert_num_queries(0):
            assert citation.natural_key() == ("aral", "micklin-2016")


def test_rows_that_a_table_lacks_are_known_without_a_query_each(django_assert_num_queries):
    issue = make_issue(key="aral")
    pk = make_citation(issue, make_source(key="micklin-2016")).pk
    with remembering_keys():
        with django_assert_num_queries(1):
            assert IssueCitation.objects.get_by_natural_key("aral", "micklin-2016").pk == pk
            for key in ("glantz-1999", "zonn-2009"):
                with pytest.raises(IssueCitation.DoesNotExist):
                    IssueCitation.objects.get_by_natural_key("aral", key)
        added = make_citation(issue, make_source(key="zonn-2009"))
        assert IssueCitation.objects.get_by_natural_key("aral", "zonn-2009") == added


def test_keys_are_forgotten_afterwards(django_assert_num_queries):
    make_source(key="micklin-2016")
    with remembering_keys():
        Source.objects.get_by_natural_key("micklin-2016")
    with django_assert_num_queries(2):
        for _ in range(2):
            Source.objects.get_by_natural_key("micklin-2016")


def test_a_key_that_no_record_has_is_an_error_and_not_remembered():
    with remembering_keys():
        with pytest.raises(Source.DoesNotExist):
            Source.objects.get_by_natural_key("micklin-2016")
        source = make_source(key="micklin-2016")
        assert Source.objects.get_by_natural_key("micklin-2016") == source


# ── Saving ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_saving_notes_when_a_record_changed():
    place = make_place()
    before = place.updated_at
    place.save()
    place.refresh_from_db()
    assert before < place.updated_at
    assert issubclass(Place, Record)
    assert place.created_at < place.updated_at
