"""The ids of entries of the search index, and the columns that a lookup by prefix needs."""

import pytest
from django.apps import apps
from django.utils.translation import override

from portal.models import Place, Record
from portal.models.search_index import (
    LAST,
    Kind,
    SearchEntry,
    SearchFacet,
    SearchName,
    SearchState,
    SearchWord,
    entry_id,
    kinds_of,
    of_kind,
    record_of,
)

RECORDS = [model for model in apps.get_models() if issubclass(model, Record)]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("pk", [1, 41, 2**32, LAST])
def test_id_of_an_entry_gives_back_its_kind_and_record(kind, pk):
    entry = entry_id(kind, pk)
    assert record_of(entry) == (kind, pk)
    assert 0 < entry < 2**63  # it fits into the column


def test_each_kind_has_a_number_of_its_own_that_never_changes():
    """The numbers are stored in the ids of entries."""
    assert {kind.value: kind.number for kind in Kind} == {
        "issue": 1,
        "country": 2,
        "indicator": 3,
        "project": 4,
        "agreement": 5,
        "organisation": 6,
        "event": 7,
        "place": 8,
        "term": 9,
        "source": 10,
        "result": 11,
    }


def test_entries_of_a_kind_are_one_range():
    entries = sorted(entry_id(kind, pk) for kind in Kind for pk in (1, 5, LAST))
    for kind in Kind:
        assert of_kind(kind, entries) == [entry_id(kind, pk) for pk in (1, 5, LAST)]
    assert of_kind(Kind.TERM, [entry_id(Kind.PLACE, LAST), entry_id(Kind.SOURCE, 1)]) == []
    assert of_kind(Kind.TERM, []) == []


def test_every_model_of_records_has_its_kinds():
    assert kinds_of(Place) == [Kind.COUNTRY, Kind.PLACE]
    assert sorted(kind for model in RECORDS for kind in kinds_of(model)) == sorted(Kind)


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_kind_has_a_label_in_the_singular_and_one_in_the_plural(language):
    with override(language):
        singular = [str(kind.one) for kind in Kind]
        plural = [str(kind.label) for kind in Kind]
    assert all(singular)
    assert len(set(singular)) == len(set(plural)) == len(Kind)
    if language != "ko":  # Korean has no plural of nouns
        assert [one for one, several in zip(singular, plural, strict=True) if one == several] == []


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (SearchEntry(kind="place", record=7), "place 7"),
        (SearchFacet(name="country", value="uz"), "country=uz"),
        (SearchName(text="Nukus"), "Nukus"),
        (SearchWord(word="nukus"), "nukus"),
        (SearchState(analyser=3), "analyser 3"),
    ],
)
def test_row_is_named_by_what_it_holds(row, name):
    assert str(row) == name


@pytest.mark.django_db
def test_names_are_sorted_by_code_point_on_both_databases():
    """PostgreSQL's usual collation would put ё between е and ж, and ignore spaces and hyphens."""
    entry = SearchEntry.objects.create(id=entry_id(Kind.PLACE, 1), kind=Kind.PLACE, record=1)
    words = ["aral", "aral sea", "aral-sea", "aralsk", "Я", "ежов", "жар", "ёлка", "아랄"]
    SearchName.objects.bulk_create(
        SearchName(entry=entry, kind=Kind.PLACE, text=word, normal=word, whole=True) for word in reversed(words)
    )
    assert list(SearchName.objects.order_by("normal").values_list("normal", flat=True)) == sorted(words)


@pytest.mark.django_db
def test_facets_and_names_are_deleted_with_their_entry():
    entry = SearchEntry.objects.create(id=entry_id(Kind.PLACE, 1), kind=Kind.PLACE, record=1)
    entry.values.create(name="country", value="uz")
    entry.names.create(kind=Kind.PLACE, text="Nukus", normal="nukus", whole=True)
    entry.delete()
    assert not SearchFacet.objects.exists()
    assert not SearchName.objects.exists()
