"""The history of records: every change of them and their rows is stored with its user and reason."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from issues.models import IssueCitation, KeyFigure, Observation, Term
from portal.core.choices import PublicationStatus
from portal.models import HeldFileModel, Record, Source, ThroughModel
from portal.publishing.scheduler import publish_scheduled
from portal.tracking.change_reasons import ChangeReason
from portal.tracking.history import INITIAL, TRACKED, change_reason, is_history, without_history
from projects.models import Participation, Project
from tests.make import (
    make_citation,
    make_country,
    make_issue,
    make_key_figure,
    make_observation,
    make_participation,
    make_place,
    make_project,
    make_source,
    make_term,
)
from tests.portal.staff.test_admin import change_address, form_data

pytestmark = pytest.mark.django_db


def past(record):
    """Return the states of a row, the first one first: the type of the change, and the row as it was."""
    return [(state.history_type, state) for state in type(record).history.filter(id=record.pk).order_by("pk")]


def kinds(record):
    return "".join(kind for kind, _state in past(record))


def loaded(make, **fields):
    """Make a record without history, as the fixtures do."""
    with without_history():
        return make(**fields)


# ── What is tracked ──────────────────────────────────────────────────────────────────────────────────────────


def test_every_record_every_row_and_every_relation_has_a_history():
    stored = [model for model in apps.get_models(include_auto_created=True) if not is_history(model)]
    records = {model for model in stored if issubclass(model, Record | ThroughModel)}
    records |= {relation.remote_field.through for record in records for relation in record._meta.local_many_to_many}
    # What editors choose for pages says nothing about the region: the audit log records who changed it.
    assert {model.__name__ for model in records - set(TRACKED)} == {
        "AreaReport",
        "ComparisonExample",
        "IssueFeature",
        "IssueMotif",
        "PageIndicator",
    }
    assert {model.__name__ for model in set(TRACKED) - records} == {
        "Alias",
        "Attachment",
        "Correction",
        "Picture",
        "PortalDetails",
        "Sector",
    }


@pytest.mark.parametrize("model", TRACKED, ids=lambda model: model.__name__)
def test_rows_belong_to_what_cannot_be_without_them(model):
    """`of` names the foreign keys whose deletion also deletes the row."""
    along = {
        column.name
        for column in model._meta.concrete_fields
        if column.is_relation and column.remote_field.on_delete is models.CASCADE
    }
    if issubclass(model, HeldFileModel):  # it may be hidden while its record is published: it has a history of its own
        along = set()
    tracked = TRACKED[model]
    assert set(tracked.of) == (along if not model._meta.auto_created else along - set(tracked.named_by))
    assert bool(tracked.named_by) == bool(tracked.of)


@pytest.mark.parametrize("model", TRACKED, ids=lambda model: model.__name__)
def test_history_keeps_every_column_that_is_not_derived(model):
    derived = {column.attname for column in model._meta.concrete_fields if column.generated}
    derived |= {name for name in ("name", "title") if hasattr(model, f"{name}_en")}
    columns = {column.attname for column in model._meta.concrete_fields} - derived
    translated = {name.removesuffix("_en") for name in columns if name.endswith("_en")}
    assert set(TRACKED[model].columns) == columns - translated


def test_nobody_is_given_rights_over_history():
    assert not Permission.objects.filter(codename__contains="historical").exists()


# ── One change ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_record_that_is_made_and_changed_leaves_both_states():
    term = make_term(definition_en="Old.", definition_ko="옛")
    term.definition_ko = "새"
    term.save()
    assert [(kind, state.definition_en, state.definition_ko) for kind, state in past(term)] == [
        ("+", "Old.", "옛"),
        ("~", "Old.", "새"),
    ]


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_each_language_is_kept_whichever_is_active(language):
    with translation.override(language):
        term = make_term(term_en="Tugai", term_ko="투가이", term_ru=None)
        term.term_ru = "Тугай"
        term.save()
    _kind, state = past(term)[-1]
    assert (state.term_en, state.term_ko, state.term_ru) == ("Tugai", "투가이", "Тугай")


def test_a_save_that_changes_nothing_leaves_nothing():
    term = make_term()
    term.version += 1
    term.save()
    assert kinds(term) == "+"


def test_what_was_not_stored_is_not_in_history():
    term = make_term(definition_en="Old.")
    term.term_en, term.definition_en = "Tugay", "Never stored."
    term.save(update_fields=["term_en"])
    _kind, state = past(term)[-1]
    assert (state.term_en, state.definition_en) == ("Tugay", "Old.")


def test_a_value_is_kept_as_the_database_has_it():
    observation = make_observation(value="24.1")
    observation.value = models.F("value") + 1
    observation.save()
    assert [str(state.value) for _kind, state in past(observation)] == ["24.100000", "25.100000"]


def test_deletion_leaves_the_last_state_of_a_record_and_of_all_its_rows():
    project, country = make_project(title_en="Willow"), make_country()
    project.countries.add(country)
    rows = [make_citation(project), make_participation(project=project), Project.countries.through.objects.get()]
    pk = project.pk
    project.delete()
    project.pk = pk
    assert [kinds(one) for one in (project, *rows)] == ["+-"] * 4
    assert past(project)[-1][1].title_en == "Willow"


def test_rows_of_a_relation_come_and_go_from_either_side():
    project, other = make_project(), make_project()
    uz, kz = make_country(), make_country()
    through = Project.countries.through
    project.countries.add(uz)
    project.countries.set([kz])
    kz.projects_of_country.add(other)
    kz.projects_of_country.remove(project)
    kz.projects_of_country.clear()
    told = through.history.order_by("pk").values_list("history_type", "project_id", "place_id")
    assert list(told) == [
        ("+", project.pk, uz.pk),
        ("-", project.pk, uz.pk),
        ("+", project.pk, kz.pk),
        ("+", other.pk, kz.pk),
        ("-", project.pk, kz.pk),
        ("-", other.pk, kz.pk),
    ]


def test_a_place_that_is_deleted_leaves_its_relations_in_history():
    project, nukus = make_project(), make_place()
    project.places.add(nukus)
    nukus.delete()
    assert "".join(Project.places.through.history.order_by("pk").values_list("history_type", flat=True)) == "+-"


# ── Many at once ─────────────────────────────────────────────────────────────────────────────────────────────


def test_an_update_of_many_leaves_what_changed():
    old, same, other = make_term(term_en="Old"), make_term(term_en="New"), make_term()
    Term.objects.filter(pk__in=[old.pk, same.pk]).update(term_en="New")
    assert [kinds(one) for one in (old, same, other)] == ["+~", "+", "+"]
    assert past(old)[-1][1].term_en == "New"


def test_rows_leave_history_when_they_are_changed_or_made_at_once():
    figure, issue, source = make_key_figure(), make_issue(), make_source()
    KeyFigure.objects.filter(pk=figure.pk).update(label_en="Area")
    figure.label_en = "Surface"
    KeyFigure.objects.bulk_update([figure], ["label_en"])
    [citation] = IssueCitation.objects.bulk_create([IssueCitation(issue=issue, source=source)])
    observation = make_observation()
    Observation.objects.update(value=2)
    assert [kinds(one) for one in (figure, citation, observation)] == ["+~~", "+", "+~"]


def test_marks_of_an_issue_leave_history_when_they_become_citations():
    source = make_source(key="micklin-2016")
    issue = make_issue(drivers_en="Cotton [micklin-2016].")
    issue.cite_marks()
    assert [kinds(one) for one in issue.citations.all()] == ["+"]
    assert source.pk == issue.citations.get().source_id


def test_records_that_are_made_at_once_leave_history():
    made = Source.objects.bulk_create(
        Source(key=f"s{n}", title="Kangaroo", publisher="P", kind="news", language="en") for n in range(3)
    )
    assert [kinds(one) for one in made] == ["+"] * 3


@pytest.mark.parametrize("how", ["ignore_conflicts", "update_conflicts"])
def test_rows_are_not_made_in_a_way_that_history_could_not_follow(how):
    with pytest.raises(ValueError, match="known to no history"):
        Term.objects.bulk_create([], **{how: True})


def test_an_update_of_many_costs_the_same_however_many_there_are():
    def queries(count):
        with without_history():
            for _ in range(count):
                make_term(term_en="Old")
        Term.objects.filter(term_en="none").update(term_en="New")
        with CaptureQueriesContext(connection) as asked:
            Term.objects.filter(term_en="Old").update(term_en="New")
        return len(asked)

    assert queries(1) == queries(5)


# ── Before the first change ──────────────────────────────────────────────────────────────────────────────────


def test_what_was_loaded_has_no_history_until_it_is_changed():
    term = loaded(make_term, definition_en="As loaded.")
    assert kinds(term) == ""
    term.definition_en = "Mended."
    term.save()
    (how, first), (_changed, second) = past(term)
    assert (how, first.definition_en, second.definition_en) == (INITIAL, "As loaded.", "Mended.")
    assert first.history_date < second.history_date
    assert first.history_user is None


@pytest.mark.parametrize(
    "change",
    [
        lambda project: Project.objects.update(title_en="Willow"),
        lambda project: project.countries.clear(),
        lambda project: project.participations.get().delete(),
        lambda project: project.delete(),
    ],
)
def test_what_was_loaded_is_remembered_whatever_happens_to_it_first(change):
    with without_history():
        project = make_project(title_en="Poplar")
        project.countries.add(make_country())
        make_participation(project=project)
    change(project)
    rows = [*Project.history.all(), *Project.countries.through.history.all(), *Participation.history.all()]
    assert {row.history_type for row in rows} > {INITIAL}


def test_what_changed_untold_is_found_at_the_next_change():
    term = make_term(definition_en="Old.")
    with without_history():
        Term.objects.update(definition_en="Loaded again.")
    term.refresh_from_db()
    term.definition_en = "Mended."
    term.save()
    assert [(state.definition_en, state.history_change_reason) for _kind, state in past(term)] == [
        ("Old.", ""),
        ("Loaded again.", ChangeReason.FOUND_CHANGED),
        ("Mended.", ""),
    ]


def test_what_the_fixtures_bring_has_no_history(content):
    assert Project.objects.exists()
    assert [tracked.states for tracked in TRACKED.values() if tracked.states.objects.exists()] == []


# ── User, time and reason ────────────────────────────────────────────────────────────────────────────────────


def test_all_that_is_done_for_a_reason_is_one_act():
    with change_reason("The ministry corrected the date."):
        project = make_project()
        citation = make_citation(project)
        project.countries.add(make_country())
    states = [past(project)[0][1], past(citation)[0][1], Project.countries.through.history.get()]
    assert {state.history_change_reason for state in states} == {"The ministry corrected the date."}
    assert len({state.history_date for state in states}) == 1


def test_the_inner_reason_counts_and_the_outer_one_comes_back():
    with change_reason("Outer."):
        first = make_term()
        with change_reason("Inner."):
            second = make_term()
        third = make_term()
    last = make_term()
    whys = [past(term)[0][1].history_change_reason for term in (first, second, third, last)]
    assert whys == ["Outer.", "Inner.", "Outer.", ""]
    whens = [past(term)[0][1].history_date for term in (first, second, third)]
    assert whens[0] == whens[2] < whens[1]


def test_a_reason_ends_with_an_error():
    with pytest.raises(RuntimeError), change_reason("It failed."):
        raise RuntimeError
    assert past(make_term())[0][1].history_change_reason == ""


def test_a_request_is_one_act_of_its_user(client):
    editor = User.objects.create_superuser("kim")
    client.force_login(editor)
    term, source = make_term(publication=PublicationStatus.DRAFT), make_source()
    url = change_address(term)
    data = form_data(client.get(url), definition_en="Mended.")
    client.post(url, data | {"citations-TOTAL_FORMS": 1, "citations-0-source": source.pk})
    states = [past(term)[-1][1], past(term.citations.get())[0][1]]
    assert {state.history_user for state in states} == {editor}
    assert len({state.history_date for state in states}) == 1
    assert past(make_term())[0][1].history_user is None  # the request is over


def test_a_scheduled_record_is_published_by_nobody_who_happens_to_ask(client, settings):
    settings.SCHEDULE_SECONDS = 0
    term = make_term(publication=PublicationStatus.SCHEDULED, publish_at=timezone.now() - timedelta(minutes=1))
    make_citation(term)
    client.force_login(User.objects.create_superuser("kim"))
    client.get("/en/glossary/")
    _kind, state = past(term)[-1]
    assert (state.publication, state.history_user) == (PublicationStatus.PUBLISHED, None)
    assert state.history_change_reason == "Published at the time that was set."


def test_a_scheduled_record_that_lacks_something_goes_back_and_says_so():
    term = make_term(publication=PublicationStatus.SCHEDULED, publish_at=timezone.now() - timedelta(minutes=1))
    publish_scheduled()
    _kind, state = past(term)[-1]
    assert (state.publication, state.history_change_reason) == (
        PublicationStatus.IN_REVIEW,
        "Returned to review at its scheduled time because something is missing.",
    )


def test_history_stays_when_an_account_goes():
    editor = User.objects.create_superuser("kim")
    term = make_term()
    Term.history.filter(id=term.pk).update(history_user=editor)
    editor.delete()
    assert [state.history_user for _kind, state in past(term)] == [None]


# ── Beside history ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_source_is_cited_by_records_alone_not_by_their_past(client):
    client.force_login(User.objects.create_superuser("kim"))
    source, term = make_source(), make_term()
    citation = make_citation(term, source)
    citation.position = 3
    citation.save()
    [listed] = client.get("/admin/portal/source/").context["cl"].queryset.filter(pk=source.pk)
    assert listed.cited == 1
