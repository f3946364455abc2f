"""The changes of the content that matter to readers who follow it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from issues.models import Issue
from portal.core.choices import PublicationStatus
from portal.history import substantive
from portal.history.substantive import MOST_APART, ChangeKind, substantive_changes
from portal.tracking.change_reasons import ChangeReason
from portal.tracking.history import change_reason, without_history
from tests.counting import settle
from tests.make import (
    UNPUBLISHED,
    make_agreement,
    make_correction,
    make_issue,
    make_outcome,
    make_project,
    make_result,
    make_source,
)

pytestmark = pytest.mark.django_db

DRAFT, PUBLISHED = PublicationStatus.DRAFT, PublicationStatus.PUBLISHED


@pytest.fixture
def since():
    """Return a time before all changes of the test."""
    return timezone.now() - timedelta(days=1)


def loaded(make, **fields):
    """Make a record as the first load of the content does."""
    with without_history():
        return make(**fields)


def found(since, **asked):
    """Return the kind and the key of the record of each change, the newest first."""
    changes = substantive_changes(since, **asked).changes
    return [(str(change.kind), change.record.key if change.record else "") for change in changes]


def test_first_load_of_content_is_no_change(since):
    loaded(make_project), loaded(make_issue), loaded(make_agreement), loaded(make_correction)
    assert found(since) == []


def test_new_record_is_a_change_from_its_publication_on(since):
    project = make_project(key="trees", publication=DRAFT)
    project.summary_en = "Pines."
    project.save()
    assert found(since) == []
    project.publication = PUBLISHED
    project.update_publication_dates(DRAFT)
    project.save()
    assert found(since) == [("new", "trees")]


@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_record_that_is_no_longer_published_has_no_change(since, publication):
    project = make_project(status="implementation")
    project.status = "closed"
    project.save()
    assert len(found(since)) == 2
    project.publication = publication
    project.save()
    assert found(since) == []


def test_record_that_is_published_again_is_not_new(since):
    project = loaded(make_project, publication=PublicationStatus.ARCHIVED)
    project.publication = PUBLISHED
    project.save()
    assert found(since) == []


def test_better_wording_is_no_change(since):
    project = loaded(make_project, key="trees", status="implementation")
    project.summary_en = "Other words."
    project.save()
    assert found(since) == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Status: Under way → Completed"),
        ("ko", "진행 상태: 진행 중 → 완료"),
        ("ru", "Статус: Реализуется → Завершён"),
    ],
)
def test_status_has_its_old_and_new_value_in_words(since, language, words):
    project = loaded(make_project, key="trees", status="implementation")
    project.status = "closed"
    project.save()
    with translation.override(language):
        [change] = substantive_changes(since).changes
        assert change.text_and_language == (words, language)
    assert (change.kind, change.record) == (ChangeKind.STATUS, project)


def test_status_that_changed_in_a_draft_counts_when_it_is_published_again(since):
    project = loaded(make_project, key="trees", status="implementation")
    for fields in ({"publication": DRAFT}, {"status": "closed"}):
        for name, value in fields.items():
            setattr(project, name, value)
        project.save()
        assert found(since) == []
    project.publication = PUBLISHED
    project.save()
    assert found(since) == [("status", "trees")]


def test_agreement_that_ended_has_another_status(since):
    agreement = loaded(make_agreement, key="mou")
    agreement.ended = True
    agreement.save()
    assert found(since) == [("status", "mou")]


def test_first_text_of_results_is_a_result_and_another_wording_is_not(since):
    project = loaded(make_project, key="trees")
    project.results_en = "12 ha were planted."
    project.save()
    assert found(since) == [("result", "trees")]
    project.results_en = "Twelve hectares were planted."
    project.save()
    assert found(since) == [("result", "trees")]


def test_result_names_the_project_and_is_found_by_it(since):
    project, other = loaded(make_project), loaded(make_project)
    result = make_result(key="planted", project=project)
    [change] = substantive_changes(since).changes
    assert (change.kind, change.record, change.about) == (ChangeKind.RESULT, result, project)

    def follow(*wanted):
        return lambda model, pks: {one.pk for one in wanted if isinstance(one, model) and one.pk in pks}

    assert found(since, matching=follow(project)) == [("result", "planted")]
    assert found(since, matching=follow(other)) == []


def test_result_of_a_draft_is_not_shown(since):
    make_result(publication=DRAFT, project=loaded(make_project))
    assert found(since) == []


def test_outcome_of_an_agreement_is_a_result(since):
    agreement, project = loaded(make_agreement, key="mou"), loaded(make_project)
    make_outcome(agreement=agreement, project=project)
    [change] = substantive_changes(since).changes
    assert (change.kind, change.record, change.about) == (ChangeKind.RESULT, agreement, project)


def test_outcome_in_a_project_that_is_not_published_is_not_shown(since):
    make_outcome(agreement=loaded(make_agreement), project=loaded(make_project, publication=DRAFT))
    assert found(since) == []


def test_outcome_that_came_with_a_new_agreement_is_not_told_apart(since):
    agreement = make_agreement(key="mou", publication=DRAFT)
    make_outcome(agreement=agreement, project=loaded(make_project))
    agreement.publication = PUBLISHED
    agreement.save()
    assert found(since) == [("new", "mou")]


def test_correction_is_a_change_with_its_text(since):
    project = loaded(make_project, key="trees")
    correction = make_correction(record=project, what_en="The year.")
    [change] = substantive_changes(since).changes
    assert (change.kind, change.record, change.correction) == (ChangeKind.CORRECTION, project, correction)
    assert change.text_and_language == ("The year.", "en")


def test_correction_of_a_hidden_record_has_no_record(since):
    make_correction(record=loaded(make_project, publication=DRAFT))
    [change] = substantive_changes(since).changes
    assert change.record is None
    assert substantive_changes(since, matching=lambda model, pks: set(pks)).changes == []


def test_changes_are_those_of_the_window_and_kinds(since, on):
    on("2026-11-03")
    project = make_project(key="old", status="implementation")
    on("2026-11-09")
    make_issue(key="heat")
    project.status = "closed"
    project.save()
    start, end = (datetime(2026, 11, day, tzinfo=UTC) for day in (2, 5))
    assert found(start, until=end) == [("new", "old")]
    assert sorted(found(end)) == [("new", "heat"), ("status", "old")]
    assert found(start, kinds=[ChangeKind.STATUS]) == [("status", "old")]


def test_number_of_changes_is_limited_and_the_limit_is_stated(since, monkeypatch):
    monkeypatch.setattr(substantive, "MOST_CHANGES", 2)
    make_issue(key="a"), make_issue(key="b")
    assert not substantive_changes(since).is_cut
    make_issue(key="c")
    answer = substantive_changes(since)
    assert ([change.record.key for change in answer.changes], answer.is_cut) == (["c", "b"], True)


def test_number_of_states_that_are_read_is_limited(since, on, monkeypatch):
    monkeypatch.setattr(substantive, "MOST_READ", 2)
    for day, key in enumerate("abc", start=1):
        on(f"2026-11-0{day}")
        make_issue(key=key)
    answer = substantive_changes(datetime(2026, 11, 1, tzinfo=UTC))
    assert ([change.record.key for change in answer.changes], answer.is_cut) == (["c", "b"], True)
    answer = substantive_changes(datetime(2026, 11, 2, tzinfo=UTC))
    assert (len(answer.changes), answer.is_cut) == (2, False)


@pytest.mark.any_database
def test_number_of_queries_does_not_grow(since):
    def queries():
        settle()
        with CaptureQueriesContext(connection) as asked:
            substantive_changes(since)
        return len(asked)

    def grow():
        for make in (make_project, make_agreement, make_issue, make_source, make_result, make_correction):
            make()
        make_outcome()

    grow()
    before = queries()
    grow(), grow()
    assert queries() == before


def test_identities_are_unique_and_stay(since):
    project = make_project(key="trees")
    project.status = "cancelled"
    project.results_en = "None."
    project.save()
    first = [change.identity for change in substantive_changes(since).changes]
    assert len(set(first)) == len(first) == 3
    project.summary_en = "Other words."
    project.save()
    assert [change.identity for change in substantive_changes(since).changes] == first


def test_content_of_the_fixtures_is_no_change(content, since):
    assert substantive_changes(since - timedelta(days=3650)).changes == []


# ── Updates of the content ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def updated(since):
    """Bring new content as `update_content` does: enough records that their changes are joined."""
    stale = loaded(make_project, key="stale", status="pipeline")
    done = loaded(make_project, key="done", title_en="Wells")
    agreement = loaded(make_agreement, key="memorandum")
    with change_reason(ChangeReason.CONTENT_UPDATED), transaction.atomic():
        for number in range(MOST_APART):
            make_project(key=f"new-{number}")
        make_issue(key="heat")
        make_issue(key="hidden", publication=DRAFT)
        stale.status = "implementation"
        stale.save()
        done.title_en = "Deep wells"
        done.save()
        make_outcome(agreement=agreement, project=done)


@pytest.mark.parametrize(
    ("language", "name", "text"),
    [
        (
            "en",
            "23 new or changed records",
            "New records: projects 20, issues 1. Changed statuses: projects 1. New results: 1. "
            "Corrected or reworded: projects 2.",
        ),
        (
            "ko",
            "신규 또는 변경된 자료 23건",
            "신규 자료: 사업 20, 환경 문제 1. 진행 상태 변경: 사업 1. 새 성과: 1. 정정 또는 표현 수정: 사업 2.",
        ),
        (
            "ru",
            "23 новые или изменённые записи",
            "Новые записи: проекты 20, проблемы 1. Изменён статус: проекты 1. Новые результаты: 1. "
            "Исправлены или отредактированы: проекты 2.",
        ),
    ],
)
def test_update_of_the_content_is_one_change_in_words(updated, since, language, name, text):
    with translation.override(language):
        [change] = substantive_changes(since).changes
        assert (change.kind, change.name_and_language()) == (ChangeKind.UPDATE, (name, language))
        assert change.text_and_language == (text, language)
        assert change.get_absolute_url() == f"/{language}/changes/?change=new"


def test_update_is_listed_record_by_record_for_who_asks_for_a_kind(updated, since):
    assert len(found(since, kinds=[ChangeKind.NEW])) == MOST_APART + 1
    assert found(since, kinds=[ChangeKind.STATUS]) == [("status", "stale")]
    assert found(since, kinds=[ChangeKind.RESULT]) == [("result", "memorandum")]
    assert found(since, kinds=[ChangeKind.UPDATE]) == [("update", "")]


def test_few_changes_of_an_update_are_listed_one_by_one(updated, since):
    heat = found(since, matching=lambda model, pks: {pk for pk in pks if model is Issue})
    assert heat == [("new", "heat")]


def test_change_of_an_editor_beside_an_update_is_listed(updated, since):
    make_project(key="by-hand")
    assert found(since) == [("new", "by-hand"), ("update", "")]


def test_number_of_queries_does_not_depend_on_the_size_of_an_update(updated, since, django_assert_num_queries):
    with CaptureQueriesContext(connection) as few:
        substantive_changes(since)
    with change_reason(ChangeReason.CONTENT_UPDATED), transaction.atomic():
        for number in range(2 * MOST_APART):
            make_project(key=f"later-{number}")
    with django_assert_num_queries(len(few)):
        assert len(substantive_changes(since).changes) == 2
