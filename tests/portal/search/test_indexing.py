"""The index follows the records: saved, changed, archived, deleted, loaded, in bulk."""

import json

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from issues.models import Issue
from portal.core.choices import Area, PublicationStatus
from portal.models import Source
from portal.models.search_index import SearchEntry, SearchName, SearchState, SearchWord
from portal.search import indexing, store
from portal.tracking.change_log import content_transaction
from projects.models import Project
from tests.make import (
    UNPUBLISHED,
    make_answer,
    make_area,
    make_country,
    make_issue,
    make_place,
    make_project,
    make_result,
)
from tests.portal.search.found import found

pytestmark = pytest.mark.django_db


def test_saved_record_is_found_by_its_new_words_and_not_by_its_old_ones():
    project = make_project(title_en="Quinoa nursery")
    assert found("nursery") == ["project"]
    project.title_en = "Quinoa seedlings"
    project.save()
    assert (found("nursery"), found("seedlings")) == ([], ["project"])


def test_deleted_record_is_forgotten():
    project = make_project(title_en="Quinoa nursery")
    assert found("nursery") == ["project"]
    project.delete()
    assert found("nursery") == []
    assert (SearchEntry.objects.count(), SearchName.objects.count(), store.texts([1])) == (0, 0, {})


@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_record_is_found_while_it_is_published(publication):
    project = make_project(title_en="Quinoa nursery", publication=publication)
    assert found("nursery") == []
    project.publication = PublicationStatus.PUBLISHED
    project.save()
    assert found("nursery") == ["project"]
    project.publication = publication
    project.save()
    assert found("nursery") == []


@pytest.mark.parametrize(
    "change",
    [
        lambda: Project.objects.update(title_en="Willow"),
        lambda: Project.objects.bulk_update([_renamed(Project.objects.get())], ["title_en"]),
    ],
)
def test_change_of_many_at_once_is_found(change):
    make_project(title_en="Quinoa")
    assert found("willow") == []
    change()
    assert found("willow") == ["project"]


def _renamed(project):
    project.title_en = "Willow"
    return project


def test_many_that_are_created_at_once_are_found():
    Source.objects.bulk_create(
        Source(key=f"s{n}", title="Kangaroo", publisher="P", kind="news", language="en", publication="published")
        for n in range(3)
    )
    assert found("kangaroo") == ["source"] * 3


def test_publishing_and_archiving_many_at_once():
    make_project(title_en="Quinoa", publication=PublicationStatus.DRAFT)
    assert found("quinoa") == []
    Project.objects.update(publication=PublicationStatus.PUBLISHED)
    assert found("quinoa") == ["project"]
    Project.objects.update(publication=PublicationStatus.ARCHIVED)
    assert found("quinoa") == []


# ── When ────────────────────────────────────────────────────────────────────────────────────────────────────────


def save_and_fail(record):
    record.save()
    raise DatabaseError("the disk is full")


def test_what_is_undone_leaves_no_trace():
    project = make_project(title_en="Quinoa")
    indexing.flush_index()
    project.title_en = "Willow"
    with pytest.raises(DatabaseError), content_transaction():
        save_and_fail(project)
    assert (found("willow"), found("quinoa")) == ([], ["project"])


def test_index_and_records_change_in_one_transaction(django_assert_num_queries):
    with content_transaction():
        make_project(title_en="Quinoa")
    with django_assert_num_queries(1):
        assert SearchEntry.objects.count() == 1


def test_loading_fixtures_is_found_at_once(tmp_path):
    file = tmp_path / "place.json"
    fields = {"key": "zembla", "publication": "published", "name_en": "Zembla", "kind": "city"}
    file.write_text(json.dumps([{"model": "portal.place", "fields": fields}]))
    call_command("loaddata", file, verbosity=0)
    assert SearchEntry.objects.count() == 1
    assert found("zembla") == ["place"]


def test_form_of_an_editor_is_found_at_once(admin_client):
    place = make_place(name_en="Zembla")
    indexing.flush_index()
    admin_client.post("/admin/portal/place/", {"action": "archive_selected", "_selected_action": [place.pk]})
    place.refresh_from_db()
    assert place.publication == PublicationStatus.ARCHIVED
    assert SearchEntry.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_commit_settles_the_index_without_being_asked():
    with transaction.atomic():
        make_project(title_en="Quinoa")
        assert SearchEntry.objects.count() == 0
    assert SearchEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_flush_empties_the_index():
    make_project(title_en="Quinoa")
    assert store.exists()
    call_command("flush", interactive=False, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {store.TABLE}")
        assert cursor.fetchone() == (0,)


# ── All at once ─────────────────────────────────────────────────────────────────────────────────────────────────


def broken():
    """Make records whose index rows were deleted."""
    make_project(title_en="Quinoa"), make_project(title_en="Willow"), make_place(name_en="Zembla")
    indexing.flush_index()
    store.clear()
    SearchEntry.objects.filter(kind="place").first().delete()
    SearchWord.objects.all().delete()


def test_rebuild_brings_everything_back(capsys):
    broken()
    call_command("rebuild_search_index", "--if-needed", verbosity=0)
    assert (found("quinoa"), found("willow"), found("zembla")) == (["project"], ["project"], ["place"])
    assert "quinoa" in SearchWord.objects.values_list("word", flat=True)
    assert not store.exists(store.NEW_TABLE)
    assert capsys.readouterr().out.splitlines() == [
        "The index has 0 of 1 places.",
        "The search index holds 3 records.",
    ]
    call_command("rebuild_search_index", "--if-needed", verbosity=0)
    assert capsys.readouterr().out == "The search index is whole.\n"


def test_rebuild_forgets_what_is_no_longer_there():
    make_project(title_en="Quinoa")
    indexing.flush_index()
    Project._base_manager.filter()._raw_delete(connection.alias)
    assert indexing.state_of_index() == "The index has 1 of 0 projects."
    indexing.rebuild()
    assert (indexing.state_of_index(), found("quinoa")) == ("", [])


def test_rebuild_that_was_stopped_goes_on_while_the_old_index_answers(monkeypatch):
    monkeypatch.setattr(indexing.in_batches, "__defaults__", (1,))
    for name in ("Quinoa", "Willow", "Poplar"):
        make_project(title_en=name)
    indexing.flush_index()
    brought = []

    def stop_after_two(count):
        brought.append(count)
        if len(brought) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        indexing.rebuild(stop_after_two)
    assert SearchState.objects.get().building
    assert indexing.pending_rebuild() == 1
    assert (found("quinoa"), found("poplar")) == (["project"], ["project"])
    project = Project.objects.get(title_en="Quinoa")
    project.title_en = "Tamarisk"
    project.save()
    assert found("tamarisk") == ["project"]
    indexing.rebuild(brought.append)
    assert brought == [1, 1, 1]
    assert (found("quinoa"), found("tamarisk"), found("poplar")) == ([], ["project"], ["project"])
    assert Issue.objects.count() == 0


def test_index_of_another_analyser_is_made_anew():
    make_project()
    indexing.flush_index()
    SearchState.objects.update(analyser=0)
    assert indexing.state_of_index() == "The index was made by another version of the portal."
    indexing.rebuild()
    assert indexing.state_of_index() == ""


def values_of(record, facet):
    """Return the values of a record in the index, by which a search is filtered."""
    indexing.flush_index()
    entry = SearchEntry.objects.get(kind=record._meta.model_name, record=record.pk)
    return set(entry.values.filter(name=facet).values_list("value", flat=True))


def test_result_is_found_by_its_words_and_by_what_its_project_is_about():
    project = make_project()
    result = make_result(project=project, text_en="Saxaul needs watering.", text_ko="삭사울에는 물이 필요하다.")
    assert [found(text) for text in ("watering", "삭사울")] == [["result"], ["result"]]
    project.countries.add(make_country(key="uz"))
    make_area(project, Area.FORESTRY)
    make_answer(project=project, issue=make_issue(key="salt"))
    assert [values_of(result, facet) for facet in ("country", "area", "issue")] == [{"uz"}, {"forestry"}, {"salt"}]
    project.publication = PublicationStatus.ARCHIVED
    project.save()
    assert values_of(result, "country") == set()
