"""Records that readers never saw: their authors delete them, and many are deleted at once; copies of records."""

import pytest
from django.contrib.admin.models import DELETION, LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from issues.models import Term
from portal.core.choices import PublicationStatus
from portal.models.workflow import EDITOR
from portal.tracking.audit_log import AuditEntry
from projects.models import Project
from tests.make import (
    make_answer,
    make_citation,
    make_observation,
    make_participation,
    make_place,
    make_project,
    make_sector,
    make_term,
)
from tests.portal.staff.test_admin import LINKED, address, form_data
from tests.staff import sign_in

pytestmark = pytest.mark.django_db
DRAFT, SET_ASIDE = PublicationStatus.DRAFT, PublicationStatus.SET_ASIDE
LIST = address(Term, "changelist")


def written(client, who, **fields):
    """Return a draft that a user has written at the desk."""
    sign_in(client, who)
    data = {"key": "tugai", "term_en": "Tugai", "definition_en": "Forest along rivers."} | fields
    client.post(address(Term, "add"), form_data(client.get(address(Term, "add")), **data))
    return Term.objects.get(key=data["key"])


def delete(client, term):
    client.post(address(Term, "delete", term.pk), {"post": "yes"})
    return not Term.objects.filter(pk=term.pk).exists()


def delete_selected(client, *records):
    model = type(records[0])
    data = {"action": "delete_unseen", "_selected_action": [one.pk for one in records], "confirmed": len(records)}
    response = client.post(address(model, "changelist"), data, follow=True)
    return [strip_tags(str(message)) for message in response.context["messages"]] if response.context else []


# ── Deletion ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("who", "may"),
    [("editor", True), (EDITOR, False), ("reviewer", False), ("translator", False), ("administrator", True)],
)
def test_author_and_administrator_delete_a_draft(client, who, may):
    term = written(client, "editor")
    make_citation(term)
    sign_in(client, who)
    assert (client.get(address(Term, "delete", term.pk)).status_code == 200) is may
    assert delete(client, term) is may


@pytest.mark.parametrize("state", [state for state in PublicationStatus if state not in {DRAFT, SET_ASIDE}])
def test_author_deletes_nothing_but_drafts(client, state):
    term = written(client, "editor")
    Term.objects.filter(pk=term.pk).update(publication=state)
    assert not delete(client, term)


def test_author_does_not_delete_a_draft_that_readers_saw(client):
    term = written(client, "editor")
    term.publication = PublicationStatus.PUBLISHED
    term.update_publication_dates(DRAFT)
    term.save()
    Term.objects.update(publication=DRAFT)
    assert not delete(client, term)


def test_selected_records_are_deleted_after_a_confirmation_and_the_others_are_named(client):
    make_term(term_en="Other", publication=DRAFT), make_term(term_en="Public")
    own = written(client, "editor")
    every = list(Term.objects.order_by("pk"))
    client.post(LIST, {"action": "delete_unseen", "_selected_action": [own.pk]})
    assert Term.objects.count() == 3
    assert delete_selected(client, *every) == [
        "1 record was deleted.",
        "Other: Only its author or an administrator deletes it.",
        "Public: Readers saw it, or will see it: delete it from its form.",
    ]
    assert sorted(Term.objects.values_list("term_en", flat=True)) == ["Other", "Public"]
    entry = LogEntry.objects.get(action_flag=DELETION)
    assert (entry.object_id, entry.object_repr, entry.user.username) == (str(own.pk), "Tugai", "editor")
    assert AuditEntry.objects.filter(what="deleted", key="tugai", who="editor").exists()


@pytest.mark.parametrize("who", ["anonymous", "translator", "editor", "reviewer", "administrator"])
def test_who_deletes_the_drafts_of_others(client, who):
    listed = [state for state in PublicationStatus if state != SET_ASIDE]
    terms = [make_term(publication=state) for state in listed]
    sign_in(client, who)
    delete_selected(client, *terms)
    left = set(Term.objects.values_list("publication", flat=True))
    unseen = {DRAFT, PublicationStatus.IN_REVIEW}
    assert left == set(listed) - (unseen if who == "administrator" else set())


def test_record_that_others_need_stays(client):
    place = make_place(name_en="Plain", publication=DRAFT)
    make_observation(place=place)
    sign_in(client, "administrator")
    [told] = delete_selected(client, place)
    assert told.startswith("Plain: Other records refer to it: ")


# ── Set aside ────────────────────────────────────────────────────────────────────────────────────────────────


def act(client, action, *terms, state=""):
    """Do an action with selected terms of the list, or of the list of those in a state. Return the messages."""
    data = {"action": action, "_selected_action": [one.pk for one in terms]}
    response = client.post(f"{LIST}?publication__exact={state}" if state else LIST, data, follow=True)
    return [strip_tags(str(message)) for message in response.context["messages"]]


def listed(client, **query):
    return [str(one) for one in client.get(LIST, query).context["cl"].result_list]


def state_of(term):
    return Term.objects.get(pk=term.pk).publication


@pytest.mark.parametrize(
    ("who", "may"),
    [("anonymous", False), ("translator", False), ("editor", True), ("reviewer", True), ("administrator", True)],
)
def test_who_sets_a_draft_aside_and_takes_it_up_again(client, who, may):
    term = make_term(publication=DRAFT)
    sign_in(client, who)
    button = address(Term, "set_aside", term.pk)
    assert client.get(button).status_code in {302, 405}
    client.post(button)
    assert state_of(term) == (SET_ASIDE if may else DRAFT)
    Term.objects.update(publication=SET_ASIDE)
    client.post(button)
    assert state_of(term) == (DRAFT if may else SET_ASIDE)


def test_lists_counts_and_search_leave_out_what_is_set_aside_until_asked(client):
    term = written(client, "editor", term_en="Saxaul")
    make_term(term_en="Tugai", publication=DRAFT)
    before = client.get("/admin/").context["desk"]
    assert ([str(line["record"]) for line in before.my_drafts()], _drafts(before)) == (["Saxaul"], 2)
    client.post(address(Term, "set_aside", term.pk))
    desk = client.get("/admin/").context["desk"]
    assert (desk.my_drafts(), _drafts(desk)) == ([], 1)
    assert listed(client) == listed(client, care="draft") == ["Tugai"]
    assert listed(client, publication__exact="set-aside") == ["Saxaul"]
    search = client.get("/admin/search/", {"q": "saxaul"})
    assert search.context["found"] == []
    [hits] = client.get(f"/admin/search/{search.context['set_aside_url']}").context["found"]
    assert ([str(hit.record) for hit in hits.hits], hits.count) == (["Saxaul"], 1)


def _drafts(desk):
    return sum(count.total for count in desk.mine() if count.words == "Drafts")


def test_many_are_set_aside_and_taken_up_at_once_and_the_others_are_named(client):
    sign_in(client, "editor")
    drafts = [make_term(term_en=f"Draft {number}", publication=DRAFT) for number in (1, 2)]
    waiting = make_term(term_en="Waiting", publication=PublicationStatus.IN_REVIEW)
    seen = make_term(term_en="Seen", publication=DRAFT, published_at=timezone.now())
    assert act(client, "set_aside_selected", *drafts, waiting, seen) == [
        "2 records were set aside.",
        "Waiting: it cannot be moved from “In review” to “Set aside”.",
        "Seen: Readers saw it, so it cannot be set aside.",
    ]
    assert [state_of(term) for term in (*drafts, waiting, seen)] == [SET_ASIDE, SET_ASIDE, "in-review", DRAFT]
    assert act(client, "take_up_selected", *drafts, state=SET_ASIDE) == ["2 records are drafts again."]
    assert {state_of(term) for term in drafts} == {DRAFT}


@pytest.mark.parametrize("who", ["translator", "editor", "reviewer", "administrator"])
def test_nobody_changes_a_draft_that_is_set_aside(client, who):
    term = make_term(publication=SET_ASIDE)
    sign_in(client, who)
    page = client.get(address(Term, "change", term.pk))
    assert "This draft is set aside" in page.content.decode()
    client.post(address(Term, "change", term.pk), form_data(page) | {"term_en": "Changed", "term_ko": "바뀜"})
    assert Term.objects.get(pk=term.pk).term_en == term.term_en


def test_selected_drafts_that_are_set_aside_are_exported(client):
    sign_in(client, "editor")
    term = make_term(key="saxaul", publication=SET_ASIDE)
    data = {"action": "export_selected", "_selected_action": [term.pk]}
    export = client.post(f"{LIST}?publication__exact=set-aside", data).headers["Location"]
    answer = client.post(export, {"table": "term", "format": "csv"})
    assert "saxaul" in b"".join(answer.streaming_content).decode()


def test_history_shows_both_steps_and_neither_counts_as_writing(client, settings):
    settings.REVIEW_OWN = False
    term = written(client, "reviewer")
    make_citation(term)
    sign_in(client, "editor")
    client.post(address(Term, "set_aside", term.pk))
    client.post(address(Term, "set_aside", term.pk))
    reasons = list(Term.history.filter(id=term.pk).values_list("history_change_reason", "publication"))
    assert reasons[:2] == [
        ("Taken up again.", "draft"),
        ("Set aside: nobody works on this draft now.", "set-aside"),
    ]
    page = client.get(address(Term, "history", term.pk)).content.decode()
    assert "Set aside" in page
    assert "Taken up again." in page
    sign_in(client, "reviewer")
    client.post(LIST, {"action": "publish_selected", "_selected_action": [term.pk], "confirmed": 1})
    assert state_of(term) == DRAFT


def test_record_that_is_set_aside_was_never_there_for_readers(client):
    term = make_project(publication=SET_ASIDE)
    assert client.get(term.get_absolute_url()).status_code == 404


# ── Copies ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_copy_is_a_draft_with_the_same_texts_relations_and_rows(client):
    project = make_project(key="trees", title_en="Trees", title_ko="나무", start="2020-05", iati_identifier="KR-1")
    project.sectors.add(make_sector())
    make_participation(project=project), make_citation(project), make_answer(project=project)
    sign_in(client, "editor").post(address(Project, "copy", project.pk), {"key": "trees-2"})
    made = Project.objects.get(key="trees-2")
    assert (made.title_en, made.title_ko, str(made.start)) == ("Trees", "나무", "2020-05")
    assert (made.publication, made.published_at, made.version, made.iati_identifier) == (DRAFT, None, 1, None)
    for name in ("participations", "citations", "issue_links", "sectors"):
        assert getattr(made, name).count() == getattr(project, name).count() == 1
    assert delete(client, make_term()) is False  # an editor still deletes only drafts of their own
    client.post(address(Project, "delete", made.pk), {"post": "yes"})
    assert not Project.objects.filter(key="trees-2").exists()


@pytest.mark.parametrize("model", [model for model in LINKED if hasattr(model, "publication")])
def test_record_of_each_kind_can_be_copied(client, model):
    record = LINKED[model]()
    sign_in(client, "editor").post(address(model, "copy", record.pk), {"key": "a-copy"})
    assert model.objects.get(key="a-copy").publication == DRAFT


@pytest.mark.parametrize("key", ["taken", "Former!", ""])
def test_copy_needs_a_key_of_its_own(client, key):
    term = make_term(key="taken")
    sign_in(client, "editor")
    assert client.post(address(Term, "copy", term.pk), {"key": key}).status_code == 200
    assert Term.objects.count() == 1


@pytest.mark.parametrize(
    ("who", "status"),
    [("anonymous", 302), ("translator", 403), ("editor", 200), ("reviewer", 200), ("administrator", 200)],
)
def test_who_copies_a_record(client, who, status):
    term = make_term()
    sign_in(client, who)
    assert client.get(address(Term, "copy", term.pk)).status_code == status
    client.post(address(Term, "copy", term.pk), {"key": "a-copy"})
    assert Term.objects.filter(key="a-copy").exists() == (status == 200)
    assert client.get(address(Term, "copy", 0)).status_code in {302, 404}


@pytest.mark.any_database
def test_confirmation_asks_the_same_of_the_database_for_few_as_for_many(client):
    sign_in(client, "administrator")
    counted = []
    for count in (12, 24):
        data = {"action": "delete_unseen", "_selected_action": [make_term(publication=DRAFT).pk for _ in range(count)]}
        client.post(LIST, data)
        with CaptureQueriesContext(connection) as queries:
            client.post(LIST, data)
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 50
