"""The workflow in the admin: who may see, edit, submit, publish, archive and delete."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from issues.models import IssueInCountry, KeyFigure, Observation, Term
from portal.core.choices import PublicationStatus
from portal.models import Record, Tombstone
from portal.tracking.audit_log import AuditEntry
from projects.models import Project
from tests import reading
from tests.make import (
    make_agreement,
    make_citation,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_issue_in_country,
    make_key_figure,
    make_observation,
    make_organisation,
    make_place,
    make_project,
    make_source,
    make_term,
    make_tombstone,
)
from tests.portal.staff.test_admin import address, change_address, errors_of, form_data

pytestmark = pytest.mark.django_db

D, R, S, P, A, _ASIDE = PublicationStatus
RECORDS = Record.__subclasses__()
MAKERS = [
    *(make_project, make_agreement, make_organisation, make_issue, make_indicator, make_event),
    *(make_country, make_place, make_source, make_term),
]


def cited_term(**fields):
    term = make_term(**fields)
    make_citation(term)
    return term


def offered(client, record):
    """Return the states that the form offers, or None if the state cannot be changed."""
    form = client.get(change_address(record)).context["adminform"].form
    field = form.fields.get("publication")
    return field and {value for value, _label in field.choices}


def save(client, record, **changes):
    url = change_address(record)
    response = client.post(url, form_data(client.get(url), **changes))
    record.refresh_from_db()
    return response


def act(client, action, *records):
    data = {"action": action, "_selected_action": [record.pk for record in records], "confirmed": len(records)}
    response = client.post(address(type(records[0]), "changelist"), data, follow=True)
    for record in records:
        record.refresh_from_db()
    return [strip_tags(str(message)) for message in response.context["messages"]]


# ── Who ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.any_database
@pytest.mark.parametrize("model", RECORDS)
@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("anonymous", {"changelist": 302, "add": 302}),
        ("translator", {"changelist": 200, "add": 403}),
        ("editor", {"changelist": 200, "add": 200}),
        ("reviewer", {"changelist": 200, "add": 200}),
        ("administrator", {"changelist": 200, "add": 200}),
    ],
)
def test_who_may_open_lists_and_add(desk, model, who, may):
    client = desk(who)
    assert {page: client.get(address(model, page)).status_code for page in may} == may


@pytest.mark.parametrize(
    ("who", "states"),
    [
        ("translator", {D: None, R: None, S: None, P: None, A: None}),
        ("editor", {D: {D, R}, R: {R, D}, S: None, P: None, A: None}),
        ("reviewer", {D: {D, R, S, P}, R: {R, D, S, P}, S: {S, R, P}, P: {P, R, A}, A: {A, R, P}}),
        ("administrator", {D: {D, R, S, P}, R: {R, D, S, P}, S: {S, R, P}, P: {P, R, A}, A: {A, R, P}}),
    ],
)
def test_forms_offer_each_the_moves_that_are_theirs(desk, who, states):
    client = desk(who)
    assert {state: offered(client, cited_term(publication=state)) for state in states} == states


@pytest.mark.any_database
@pytest.mark.parametrize("make", MAKERS)
def test_no_form_lets_an_editor_publish(desk, make):
    client = desk("editor")
    record = make(publication=R)
    assert offered(client, record) == {R, D}
    response = save(client, record, publication=P.value)
    assert record.publication == R
    assert "publication" in errors_of(response)


@pytest.mark.parametrize("who", ["anonymous", "translator", "editor"])
@pytest.mark.parametrize("state", [S, P, A])
def test_what_readers_saw_is_not_changed_by(desk, who, state):
    term = cited_term(publication=state)
    data = form_data(desk("reviewer").get(change_address(term)), definition_en="Another text.")
    desk(who).post(change_address(term), data)
    term.refresh_from_db()
    assert term.definition_en == "Forest along the rivers of a desert."


@pytest.mark.parametrize(
    ("who", "status"), [("anonymous", 302), ("translator", 403), ("editor", 403), ("reviewer", 403)]
)
@pytest.mark.parametrize("state", PublicationStatus)
def test_only_administrators_delete(desk, who, status, state):
    term = make_term(publication=state)
    assert desk(who).post(address(Term, "delete", term.pk), {"post": "yes"}).status_code == status
    assert Term.objects.filter(pk=term.pk).exists()
    desk("administrator").post(address(Term, "delete", term.pk), {"post": "yes"})
    assert not Term.objects.filter(pk=term.pk).exists()


EDITORS_ACTIONS = {"submit_selected", "send_back_selected", "set_aside_selected", "take_up_selected", "delete_unseen"}
EDITORS_ACTIONS |= {"change_field_selected"}
EVERY_ACTION = EDITORS_ACTIONS | {"publish_selected", "archive_selected"}


@pytest.mark.parametrize(
    ("who", "actions"),
    [
        ("translator", set()),
        ("editor", EDITORS_ACTIONS),
        ("reviewer", EVERY_ACTION),
        ("administrator", EVERY_ACTION),
    ],
)
@pytest.mark.parametrize("model", RECORDS)
def test_lists_offer_each_the_actions_that_are_theirs(desk, who, actions, model, rf):
    request = rf.get("/")
    desk(who)
    request.user = User.objects.get(username=who)
    assert set(admin.site.get_model_admin(model).get_actions(request)) == actions | {"export_selected"}


def test_a_forged_choice_is_refused(desk):
    term = cited_term(publication=R)
    response = save(desk("editor"), term, publication=P.value)
    assert list(errors_of(response)) == ["publication"]
    assert term.publication == R


def test_a_forged_action_is_refused(desk):
    term = cited_term(publication=R)
    act(desk("editor"), "publish_selected", term)
    assert term.publication == R


# ── Rows belong to their record ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("who", "state", "allowed"),
    [("editor", D, True), ("editor", P, False), ("reviewer", P, True), ("translator", D, False)],
)
def test_rows_with_a_page_of_their_own_follow_their_record(desk, who, state, allowed):
    client = desk(who)
    issue = make_issue(publication=state)
    figure = make_key_figure(issue=issue)
    data = {"issue": issue.pk, "position": 1, "label_en": "Mended", "value": 1, "unit_en": "km²", "why": "So."}
    data |= {"citations-TOTAL_FORMS": 0, "citations-INITIAL_FORMS": 0}
    client.post(change_address(figure), data)
    client.post(address(KeyFigure, "add"), data | {"position": 2, "label_en": "Added"})
    labels = set(KeyFigure.objects.values_list("label_en", flat=True))
    assert labels == ({"Mended", "Added"} if allowed else {"Area of the sea"})
    response = client.post(address(KeyFigure, "delete", figure.pk), {"post": "yes"})
    assert (response.status_code == 302) == allowed


def test_an_editor_hears_why_a_row_cannot_join_a_published_record(desk):
    observation = make_observation()
    response = desk("editor").post(
        address(Observation, "add"),
        {
            "indicator": observation.indicator.pk,
            "place": make_place().pk,
            "year": 2021,
            "value": 1,
            "source": observation.source.pk,
        },
    )
    assert errors_of(response) == {"indicator": ["This record is public: only a reviewer may change it."]}


# ── Translators ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", [D, R, S, P])
def test_a_translator_writes_in_their_language_only(desk, state):
    term = cited_term(publication=state)
    client = desk("translator")
    form = client.get(change_address(term)).context["adminform"].form
    assert set(form.fields) == {"term_ko", "definition_ko", "why"}
    save(client, term, definition_ko="강가의 숲", definition_en="Forged.", definition_ru="Forged.", publication=A.value)
    assert (term.definition_ko, term.definition_en, term.definition_ru, term.publication) == (
        "강가의 숲",
        "Forest along the rivers of a desert.",
        None,
        state,
    )


def test_a_translator_writes_rows_in_their_language_and_adds_or_removes_none(desk):
    issue = make_issue()
    make_citation(issue)
    row = make_issue_in_country(issue=issue)
    client = desk("translator")
    data = form_data(client.get(change_address(issue)))
    data |= {
        "in_countries-0-note_ko": "북부에서 느낀다.",
        "in_countries-0-note_en": "Forged.",
        "in_countries-0-DELETE": "on",
        "in_countries-TOTAL_FORMS": 2,
        "in_countries-1-country": make_country().pk,
        "in_countries-1-note_en": "Forged.",
        "citations-0-DELETE": "on",
        "in_countries-0-id": row.pk,
        "in_countries-0-issue": issue.pk,
    }
    client.post(change_address(issue), data)
    [row] = IssueInCountry.objects.all()
    assert (row.note_ko, row.note_en, issue.citations.count()) == ("북부에서 느낀다.", "It is felt in the north.", 1)


def test_a_translator_leaves_archived_records_alone(desk):
    term = cited_term(publication=A)
    response = desk("translator").post(change_address(term), {"definition_ko": "강가의 숲"})
    term.refresh_from_db()
    assert (response.status_code, term.definition_ko) == (403, None)


@pytest.mark.parametrize("make", MAKERS)
def test_every_form_opens_for_a_translator_and_shows_no_other_field(desk, make):
    response = desk("translator").get(change_address(make()))
    fields = set(response.context["adminform"].form.fields) - {"why"}
    assert fields
    assert all(name.endswith("_ko") for name in fields)


# ── Publishing ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("who", "action", "old", "new", "told"),
    [
        ("editor", "submit_selected", D, R, "1 record was submitted."),
        ("editor", "send_back_selected", R, D, "1 record was sent back."),
        ("reviewer", "send_back_selected", S, R, "1 record was sent back."),
        ("reviewer", "send_back_selected", P, R, "1 record was sent back."),
        ("reviewer", "send_back_selected", A, R, "1 record was sent back."),
        ("reviewer", "publish_selected", D, P, "1 record was published."),
        ("reviewer", "publish_selected", R, P, "1 record was published."),
        ("reviewer", "publish_selected", S, P, "1 record was published."),
        ("reviewer", "publish_selected", A, P, "1 record was published."),
        ("reviewer", "archive_selected", P, A, "1 record was archived."),
        ("editor", "submit_selected", R, R, "it stays “In review”."),
        ("editor", "send_back_selected", D, D, "it stays “Draft”."),
        ("editor", "send_back_selected", P, P, "you may not move it from “Published” to “In review”."),
        ("reviewer", "archive_selected", D, D, "it cannot be moved from “Draft” to “Archived”."),
    ],
)
def test_actions_move_what_may_be_moved_and_say_why_the_rest_stays(desk, who, action, old, new, told):
    term = cited_term(publication=old)
    [message] = act(desk(who), action, term)
    assert message == (told if old != new else f"Tugai: {told}")
    assert (term.publication, term.version) == (new, 1 if old == new else 2)
    assert (term.published_at is not None) == (old != new and P in {old, new})


def test_an_action_publishes_what_is_whole_and_lists_what_the_rest_lacks(desk):
    whole, bare = cited_term(publication=R), make_term(publication=R, term_en="Solonchak", definition_en="")
    told = act(desk("reviewer"), "publish_selected", whole, bare)
    assert told == [
        "1 record was published.",
        "Solonchak: Definition (English): the text is missing. No source is cited.",
    ]
    assert (whole.publication, bare.publication) == (P, R)


def test_an_action_publishes_a_record_after_the_one_that_it_stands_on(desk):
    main = make_issue(publication=R)
    child = make_issue(publication=R, parent=main, position=0)
    main.position = 9
    main.save()
    make_citation(main), make_citation(child)
    assert act(desk("reviewer"), "publish_selected", child, main) == ["2 records were published."]


def test_the_form_lists_what_is_missing_with_a_way_to_the_field(desk):
    term = make_term(publication=R, definition_en="")
    tree = reading.page(desk("editor").get(change_address(term)))
    links = {link.text: link.get("href") for link in tree.xpath("//*[@class='desk-note']//li/a")}
    assert links == {
        "Definition (English): the text is missing.": "#id_definition_en",
        "No source is cited.": "#citations-group",
    }
    assert all(tree.xpath(f"//*[@id='{href[1:]}']") for href in links.values())


def test_the_form_refuses_to_publish_what_lacks_something_and_keeps_what_was_typed(desk):
    term = make_term(publication=R)
    response = save(desk("reviewer"), term, publication=P.value, definition_en="A better text.")
    assert errors_of(response) == {"__all__": ["No source is cited."]}
    assert "A better text." in response.content.decode()
    assert (term.publication, term.definition_en, term.version) == (R, "Forest along the rivers of a desert.", 1)
    assert list(response.context["messages"]) == []


def test_the_form_publishes_with_the_rows_that_come_with_it(desk):
    term, source = make_term(publication=R), make_source()
    rows = {"citations-TOTAL_FORMS": 1, "citations-0-source": source.pk, "citations-0-position": ""}
    response = save(desk("reviewer"), term, publication=P.value, **rows)
    assert (response.status_code, term.publication) == (302, P)
    assert term.published_at is not None


def test_marks_of_an_issue_are_its_sources_when_it_is_published(desk):
    make_source(key="micklin-2016")
    issue = make_issue(publication=R)
    save(desk("reviewer"), issue, publication=P.value, drivers_en="Cotton [micklin-2016].")
    assert issue.publication == P


def test_a_published_record_may_be_mended_but_not_broken(desk):
    client = desk("reviewer")
    lacking = make_term()
    assert save(client, lacking, definition_en="Mended.").status_code == 302
    whole = cited_term()
    response = save(client, whole, **{"citations-0-DELETE": "on"})
    assert errors_of(response) == {"__all__": ["No source is cited."]}
    assert whole.citations.count() == 1


@pytest.mark.any_database
@pytest.mark.parametrize("who", ["editor", "reviewer", "translator"])
@pytest.mark.parametrize("state", PublicationStatus)
def test_change_page_asks_the_same_of_the_database_whoever_opens_it(desk, who, state):
    def queries(rows):
        project = make_project(publication=state)
        project.countries.add(make_country())
        for _ in range(rows):
            make_citation(project)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(change_address(project)).status_code == 200
        return len(asked)

    client = desk(who)
    queries(1)
    assert queries(1) == queries(3)


# ── Scheduling ───────────────────────────────────────────────────────────────────────────────────────────────


def at(moment):
    """Return the data that a browser sends for a time."""
    return {"publish_at": timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")}


@pytest.mark.parametrize("state", [S, P])
def test_what_is_published_at_a_time_to_come_is_scheduled(desk, state):
    term = cited_term(publication=R)
    moment = timezone.now().replace(second=0, microsecond=0) + timedelta(days=1)
    assert save(desk("reviewer"), term, publication=state.value, **at(moment)).status_code == 302
    assert (term.publication, term.publish_at, term.published_at) == (S, moment, None)


def test_a_scheduled_record_has_a_time_that_is_still_to_come(desk):
    term, client = cited_term(publication=R), desk("reviewer")
    said = {"publish_at": ["Enter a time in the future."]}
    for time in ({}, at(timezone.now() - timedelta(days=1))):
        assert errors_of(save(client, term, publication=S.value, **time)) == said
    assert term.publication == R


def test_what_readers_see_already_is_not_scheduled(desk):
    term = cited_term()
    response = save(desk("reviewer"), term, **at(timezone.now() + timedelta(days=1)))
    assert errors_of(response) == {"publish_at": ["It cannot be scheduled from “Published”."]}


def test_what_lacks_something_is_not_scheduled(desk):
    term = make_term(publication=R)
    response = save(desk("reviewer"), term, publication=S.value, **at(timezone.now() + timedelta(days=1)))
    assert errors_of(response) == {"__all__": ["No source is cited."]}


def test_a_record_that_is_sent_back_waits_for_no_time(desk):
    term = cited_term(publication=S, publish_at=timezone.now() + timedelta(days=1))
    act(desk("reviewer"), "send_back_selected", term)
    assert (term.publication, term.publish_at, term.was_public) == (R, None, False)


def test_editors_set_no_time(desk):
    term = cited_term(publication=R)
    save(desk("editor"), term, **at(timezone.now() + timedelta(days=1)))
    assert term.publish_at is None


# ── Preview ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_form_links_to_the_preview_in_each_language(desk):
    project = make_project(publication=D)
    client = desk("editor")
    found = reading.page(client.get(change_address(project))).xpath("//p[@class='desk-note']/a[@hreflang]")
    assert [link.get("hreflang") for link in found] == ["en", "ko", "ru"]
    client.logout()
    assert [client.get(link.get("href").removeprefix("http://testserver")).status_code for link in found] == [200] * 3


def test_an_editor_ends_the_links_to_a_preview_at_the_form(desk):
    project = make_project(publication=D)
    client = desk("editor")

    def form():
        tree = reading.page(client.get(change_address(project)))
        return tree, tree.xpath("//p[@class='desk-note']/a[@hreflang='en']/@href")[0].removeprefix("http://testserver")

    tree, given_out = form()
    [end] = tree.xpath("//button[@form='desk-care'][.='End the links given out so far']/@formaction")
    assert client.get(end).status_code == 405
    response = client.post(end, follow=True)
    assert "The links to the preview have ended. The form has new ones." in response.content.decode()
    assert [client.get(path).status_code for path in (given_out, form()[1])] == [410, 200]
    entry = AuditEntry.objects.first()
    assert (entry.what, entry.kind, entry.key) == ("previews-ended", "project", project.key)


def test_whoever_may_not_change_a_record_ends_no_links_to_its_preview(desk):
    project = make_project(publication=D)
    end = address(Project, "end_previews", project.pk)
    client = desk("translator")
    assert end not in client.get(change_address(project)).content.decode()
    assert client.post(end).status_code == 403
    assert client.post(address(Project, "end_previews", 0)).status_code == 404


def test_a_published_record_needs_no_preview(desk):
    tree = reading.page(desk("editor").get(change_address(make_project())))
    assert tree.xpath("//a[contains(@href, '/preview/')]") == []


# ── Deletion ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_whoever_deletes_what_readers_saw_says_why(desk):
    client = desk("administrator")
    project, successor = make_project(), make_project()
    url = address(Project, "delete", project.pk)
    assert client.get(url).context["tombstone"].errors == {}
    response = client.post(url, {"post": "yes", "successor": "nobody"})
    assert response.status_code == 200
    assert dict(response.context["tombstone"].errors) == {
        "reason": ["This field is required."],
        "successor": ["No other published record of this kind has this key."],
    }
    assert Project.objects.filter(pk=project.pk).exists()
    data = {"post": "yes", "reason": "duplicate", "note_ko": "합쳤습니다.", "successor": successor.key}
    assert client.post(url, data).status_code == 302
    stone = Tombstone.objects.get(kind="project", key=project.key)
    assert (stone.reason, stone.note_ko, stone.successor) == ("duplicate", "합쳤습니다.", successor.key)
    assert client.get(project.get_absolute_url()).status_code == 410


def test_a_record_that_was_once_published_is_not_deleted_in_silence(desk):
    term, project = cited_term(), make_project()
    make_citation(project)
    project.countries.add(make_country())
    act(desk("reviewer"), "send_back_selected", project)
    assert (project.publication, project.was_public) == (R, True)
    assert "tombstone" in desk("administrator").get(address(Project, "delete", project.pk)).context
    assert "tombstone" not in desk("administrator").get(address(Term, "delete", term.pk)).context


def test_a_draft_is_deleted_without_a_word(desk):
    project = make_project(publication=D)
    desk("administrator").post(address(Project, "delete", project.pk), {"post": "yes"})
    assert not Project.objects.exists()
    assert not Tombstone.objects.exists()


def test_what_was_said_when_a_record_was_archived_can_be_changed_when_it_is_deleted(desk):
    project = make_project(publication=A)
    make_tombstone(key=project.key, reason="outdated")
    desk("administrator").post(address(Project, "delete", project.pk), {"post": "yes", "reason": "unfounded"})
    assert [stone.reason for stone in Tombstone.objects.all()] == ["unfounded"]


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_screens_of_the_workflow_open_in_each_language_and_obey_the_content_policy(desk, language):
    client = desk("administrator")
    draft, public = make_project(publication=D), make_project()
    for url in (
        change_address(draft),
        change_address(public),
        address(Project, "delete", public.pk),
        address(Project, "changelist"),
        reverse("admin:portal_tombstone_add"),
    ):
        tree = reading.page(client.get(url, headers={"accept-language": language}))
        assert tree.get("lang") == language
        assert tree.xpath("//style | //script[not(@src)][not(@type='application/json')] | //*[@style]") == []
