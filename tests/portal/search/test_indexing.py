"""The index follows the records: saved, changed, archived, deleted, loaded, in bulk."""

import json

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from issues.models import Issue
from portal.core.choices import Area, PublicationStatus
from portal.models import Alias, Place, Source
from portal.models.search_index import SearchEntry, SearchName, SearchState, entry_id, record_of
from portal.search import indexing, ranking, store
from portal.tracking.change_log import content_transaction
from projects.models import Project
from tests.make import (
    UNPUBLISHED,
    make_alias,
    make_answer,
    make_area,
    make_country,
    make_indicator,
    make_issue,
    make_organisation,
    make_place,
    make_project,
    make_result,
    make_term,
)
from tests.portal.search.found import found

pytestmark = pytest.mark.django_db


def test_saved_record_is_found_by_its_new_words_and_not_by_its_old_ones():
    project = make_project(title_en="Quinoa nursery")
    assert found("nursery") == ["project"]
    project.title_en = "Quinoa seedlings"
    project.save()
    assert (found("nursery"), found("seedlings")) == ([], ["project"])


@pytest.mark.parametrize("make", [make_place, make_organisation, make_issue, make_indicator, make_term])
def test_record_is_found_by_its_aliases_as_they_stand(make):
    record = make()
    kind = record._meta.model_name
    alias = make_alias(record, text="Moʻynoq", language="uz")
    assert [found(text) for text in ("moynoq", "МЎЙНОҚ", "Oqtov")] == [[kind], [kind], []]
    alias.text = "Oqtov"
    alias.save()
    assert (found("moynoq"), found("oqtov")) == ([], [kind])
    Alias.objects.update(text="Qamishli")
    assert (found("oqtov"), found("qamishli")) == ([], [kind])
    alias.delete()
    assert found("qamishli") == []


def test_alias_that_gets_another_key_leads_to_the_other_record():
    one, other = make_place(key="one"), make_place(key="other")
    alias = make_alias(one, text="Moynoq")
    indexing.flush_index()
    assert ranking.named_exactly("moynoq") == {entry_id("place", one.pk): True}
    alias.key = "other"
    alias.save()
    indexing.flush_index()
    assert ranking.named_exactly("moynoq") == {entry_id("place", other.pk): True}


def test_alias_before_its_record_and_of_an_area_are_no_hits():
    make_alias(kind="area", key="waste", text="chiqindi"), make_alias(kind="place", key="later", text="Moynoq")
    assert (found("chiqindi"), found("moynoq")) == ([], [])
    make_place(key="later", publication=PublicationStatus.DRAFT)
    assert found("moynoq") == []
    Place.objects.update(publication=PublicationStatus.PUBLISHED)
    assert found("moynoq") == ["place"]


def test_name_of_a_record_comes_before_an_alias_of_another():
    alias = make_alias(make_issue(name_en="Salt"), text="Moynoq")
    place = make_place(name_en="Moynoq")
    query = ranking.parse_query("moynoq")
    first, second = ranking.ranked(query, ranking.matching_ids(query))
    assert record_of(first) == ("place", place.pk)
    assert (record_of(second)[0], alias.kind) == ("issue", "issue")


@pytest.mark.parametrize(("text", "kinds"), [("koreyadagi", ["place"]), ("koa", []), ("xyzkoreyadagi", [])])
def test_ending_of_a_word_that_nothing_holds_is_let_go(text, kinds):
    make_alias(make_place(name_en="Seoul"), text="Koreya", language="uz")
    _query, ids = ranking.find(ranking.parse_query(text + " "))
    assert [record_of(entry)[0] for entry in ids] == kinds


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


def test_rebuild_forgets_what_is_no_longer_there():
    make_project(title_en="Quinoa")
    indexing.flush_index()
    Project._base_manager.filter()._raw_delete(connection.alias)
    assert indexing.state_of_index() == "The index has 1 of 0 published projects."
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
