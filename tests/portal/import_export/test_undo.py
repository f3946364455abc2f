"""An import is undone as a whole, or not at all: new rows are deleted, changed ones get their former values."""

import pytest

from issues.models import Term
from portal.core.choices import PublicationStatus
from portal.models import Place
from portal.models.workflow import EDITOR
from portal.tracking.audit_log import AuditEntry
from portal.tracking.change_reasons import localized
from portal.tracking.history import TRACKED
from projects.models import Participation, Project
from tests import reading
from tests.make import (
    make_citation,
    make_country,
    make_observation,
    make_organisation,
    make_project,
    make_sector,
    make_term,
)
from tests.portal.staff.test_admin import address
from tests.portal.staff.test_import_export import bring
from tests.staff import ROLES, sign_in

pytestmark = pytest.mark.django_db


def bring_in(client, model, text, page=None, **more):
    """Import a table, and return the address of the page that undoes it."""
    outcome = bring(client, page or model, text, table=model._meta.model_name, **more).headers["Location"]
    told = client.post(outcome, follow=True)
    assert AuditEntry.objects.filter(what="imported").exists(), reading.words(reading.page(told))
    [link] = reading.page(told).xpath("//*[@class='messagelist']//a/@href")
    return link


def obstacles(client, undo):
    return [
        reading.words(li) for li in reading.page(client.get(undo)).xpath("//p[@class='errornote']/following::ul[1]/li")
    ]


@pytest.fixture
def editor(client):
    return sign_in(client, "editor")


def test_import_is_undone_and_leaves_the_history_and_the_audit_log(editor):
    old = make_term(key="saxaul", term_en="Saxaul", term_ko="삭사울", publication=PublicationStatus.DRAFT)
    undo = bring_in(
        editor, Term, "key,term_en,term_ko,definition_en\nsaxaul,Black saxaul,,A shrub\ntugai,Tugai,투가이,A forest\n"
    )
    page = reading.words(reading.page(editor.get(undo)))
    assert "1 new row will be deleted." in page
    assert "1 changed row gets its former values." in page
    told = reading.words(reading.page(editor.post(undo, follow=True)))
    assert "The import of list.csv was undone." in told
    before = (old.term_en, old.term_ko, old.definition_en)
    [term] = Term.objects.all()
    assert (term.term_en, term.term_ko, term.definition_en, term.version) == (*before, 3)
    last = TRACKED[Term].states.objects.filter(id=old.pk).latest("pk")
    assert last.history_change_reason == "Undid the import of list.csv"
    assert localized(last.history_change_reason) == last.history_change_reason
    entry = AuditEntry.objects.get(what="import-undone")
    assert (entry.who, entry.details["table"], entry.details["file"]) == ("editor", "term", "list.csv")
    assert editor.get(undo).status_code == 404  # it is undone once


def test_relations_and_dates_come_back_as_they_were(editor):
    one, other = make_sector(code="one"), make_sector(code="two")
    project = make_project(key="trees", start="2020-05", budget=None, publication=PublicationStatus.DRAFT)
    project.sectors.add(one)
    undo = bring_in(editor, Project, "key,start,budget,currency,sectors\ntrees,2021,5,USD,two\n")
    project.refresh_from_db()
    assert (str(project.start), project.budget, [*project.sectors.all()]) == ("2021", 5, [other])
    editor.post(undo)
    project.refresh_from_db()
    assert (str(project.start), project.budget, project.currency) == ("2020-05", None, "")
    assert [*project.sectors.all()] == [one]


def test_new_records_that_refer_to_each_other_are_deleted_in_order(editor):
    make_country(key="uz")
    text = "key,kind,name_en,country,part_of\nb,site,Inner,uz,a\na,site,Outer,uz,\n"
    undo = bring_in(editor, Place, text)
    assert Place.objects.filter(key__in="ab").count() == 2
    editor.post(undo)
    assert not Place.objects.filter(key__in="ab").exists()


def test_rows_of_records_are_undone_and_raise_the_version_of_their_record(editor):
    project, body = make_project(key="trees", publication=PublicationStatus.DRAFT), make_organisation(key="koica")
    undo = bring_in(editor, Participation, "project,organisation,role\ntrees,koica,funding\n", page=Project)
    assert Participation.objects.get().organisation == body
    version = Project.objects.get().version
    editor.post(undo)
    assert not Participation.objects.exists()
    assert Project.objects.get().version == version + 1
    assert project.pk == Project.objects.get().pk


# ── What prevents it ─────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_undone_if_a_row_has_changed_since(editor):
    make_term(key="saxaul", term_en="Saxaul", publication=PublicationStatus.DRAFT)
    undo = bring_in(editor, Term, "key,term_en,definition_en\nsaxaul,Black saxaul,A shrub\ntugai,Tugai,A forest\n")
    changed = Term.objects.get(key="saxaul")
    changed.definition_en = "A tree."
    changed.save()
    assert obstacles(editor, undo) == ["Black saxaul: It has changed since the import, or was deleted."]
    editor.post(undo)
    assert Term.objects.count() == 2
    changed.delete()
    assert len(obstacles(editor, undo)) == 1


def test_new_record_with_rows_of_its_own_has_changed_since(editor):
    undo = bring_in(editor, Term, "key,term_en,definition_en\ntugai,Tugai,A forest\n")
    make_citation(Term.objects.get())
    assert obstacles(editor, undo) == ["Tugai: It has changed since the import, or was deleted."]


def test_record_that_another_one_needs_is_not_deleted(editor):
    undo = bring_in(editor, Place, "key,kind,name_en\nplain,site,A plain\n")
    make_observation(place=Place.objects.get(key="plain"))
    told = editor.post(undo, follow=True)
    assert Place.objects.filter(key="plain").exists()
    assert told.redirect_chain[-1][0] == undo


def test_record_that_readers_have_seen_is_not_deleted(client):
    sign_in(client, "reviewer")
    undo = bring_in(client, Term, "key,term_en,definition_en\ntugai,Tugai,A forest\n")
    term = Term.objects.get()
    make_citation(term)
    Term._base_manager.filter(pk=term.pk).update(publication=PublicationStatus.PUBLISHED)
    assert any("has changed since" in line or "It is public" in line for line in obstacles(client, undo))
    client.post(undo)
    assert Term.objects.exists()


@pytest.mark.parametrize(
    ("who", "status"),
    [("anonymous", 302), ("translator", 404), ("editor", 404), ("reviewer", 200), ("administrator", 200)],
)
def test_imports_of_others_are_undone_by_reviewers(client, who, status):
    undo = bring_in(sign_in(client, EDITOR), Term, "key,term_en,definition_en\ntugai,Tugai,A forest\n")
    sign_in(client, who)
    assert client.get(undo).status_code == status
    client.post(undo)
    assert Term.objects.exists() == (status != 200)


@pytest.mark.parametrize("who", ROLES)
def test_last_imports_are_listed_where_the_next_one_begins(client, who):
    undo = bring_in(sign_in(client, "editor"), Term, "key,term_en,definition_en\ntugai,Tugai,A forest\n")
    links = reading.page(sign_in(client, who).get(address(Term, "import"))).xpath("//a/@href")
    assert (undo in links) == (who in {"editor", "reviewer", "administrator"})
