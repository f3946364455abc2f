"""The reason for a change: required for public records, and stored with all changes of the form."""

import pytest
from django.contrib.admin.models import LogEntry

from issues.models import IssueLink, KeyFigure, Observation, Term
from portal.core.choices import PublicationStatus
from portal.models.workflow import ADMINISTRATOR, EDITOR, REVIEWER, TRANSLATORS
from tests import reading
from tests.make import (
    make_citation,
    make_indicator,
    make_issue,
    make_issue_link,
    make_key_figure,
    make_observation,
    make_place,
    make_source,
    make_term,
)
from tests.portal.staff.test_admin import address, change_address, errors_of, form_data

pytestmark = pytest.mark.django_db

D, R, S, P, A, _ASIDE = PublicationStatus
ASKED = {"why": ["Your changes are visible to readers. State the reason in one sentence; it is published too."]}


def whys(record):
    states = type(record).history.filter(id=record.pk).order_by("pk")
    return list(states.values_list("history_change_reason", flat=True))


def send(client, record, **changes):
    url = change_address(record)
    return client.post(url, form_data(client.get(url)) | changes)


@pytest.mark.parametrize("why", ["", "   "])
@pytest.mark.parametrize("group", [REVIEWER, ADMINISTRATOR])
def test_a_change_that_readers_see_needs_a_note(desk, group, why):
    term = make_term(definition_en="Old.")
    response = send(desk(group), term, definition_en="New.", why=why)
    assert errors_of(response) == ASKED
    term.refresh_from_db()
    assert (term.definition_en, whys(term)) == ("Old.", [""])


def test_a_translator_says_why_too(desk):
    term = make_term()
    make_citation(term)
    client = desk(TRANSLATORS["ko"])
    assert errors_of(send(client, term, definition_ko="강가의 숲", why="")) == ASKED
    assert send(client, term, definition_ko="강가의 숲", why="처음 옮김").status_code == 302
    assert whys(term) == ["", "처음 옮김"]


@pytest.mark.parametrize("state", [D, R])
def test_a_note_on_what_readers_do_not_see_may_be_left_out(desk, state):
    term = make_term(publication=state)
    client = desk(EDITOR)
    assert send(client, term, definition_en="New.", why="").status_code == 302
    assert send(client, term, definition_en="Newer.", why="Kim found a better source.").status_code == 302
    assert whys(term) == ["", "", "Kim found a better source."]


def test_a_note_goes_with_the_rows_that_a_form_changes(desk):
    term, source = make_term(), make_source()
    rows = {"citations-TOTAL_FORMS": 1, "citations-0-source": source.pk}
    assert send(desk(REVIEWER), term, why="A  source\nwas missing.", **rows).status_code == 302
    assert whys(term.citations.get()) == ["A source was missing."]


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_the_form_asks_in_the_editors_language(desk, language):
    term = make_term()
    client = desk(REVIEWER)
    headers = {"accept-language": language}
    data = form_data(client.get(change_address(term), headers=headers)) | {"why": ""}
    tree = reading.page(client.post(change_address(term), data, headers=headers))
    [row] = tree.find_class("field-why")
    expected = {"en": "State the reason in one sentence", "ko": "변경 사유를", "ru": "Укажите причину"}[language]
    assert expected in reading.words(row)


def test_a_new_record_explains_itself(desk):
    assert "why" not in desk(EDITOR).get(address(Term, "add")).context["adminform"].form.fields


def test_who_may_only_look_is_not_asked(desk):
    assert "id_why" not in desk(EDITOR).get(change_address(make_term())).content.decode()


ROWS = {
    KeyFigure: (make_key_figure, lambda state: {"issue": make_issue(publication=state)}, "label_en", "Surface"),
    IssueLink: (make_issue_link, lambda state: {"effect": make_issue(publication=state)}, "mechanism_en", "By water."),
    Observation: (make_observation, lambda state: {"indicator": make_indicator(publication=state)}, "year", 2021),
}


@pytest.mark.parametrize("model", ROWS)
def test_rows_of_a_record_that_readers_see_are_changed_for_a_reason(desk, model):
    make, owner, field, value = ROWS[model]
    row = make(**owner(P))
    client = desk(REVIEWER)
    assert errors_of(send(client, row, why="", **{field: value})) == ASKED
    assert send(client, row, why="A slip.", **{field: value}).status_code == 302
    assert whys(row) == ["", "A slip."]


@pytest.mark.parametrize("model", [KeyFigure, Observation])
def test_rows_of_a_draft_are_changed_without_one(desk, model):
    make, owner, field, value = ROWS[model]
    row = make(**owner(D))
    assert send(desk(EDITOR), row, why="", **{field: value}).status_code == 302


def test_a_row_that_is_added_to_what_readers_see_needs_a_note_as_well(desk):
    client = desk(REVIEWER)
    observation = {"place": make_place().pk, "year": 2020, "value": "1", "source": make_source().pk}
    data = {"indicator": make_indicator().pk, **observation}
    assert errors_of(client.post(address(Observation, "add"), data)) == ASKED
    assert client.post(address(Observation, "add"), data | {"why": "A new year."}).status_code == 302
    draft = {**data, "indicator": make_indicator(publication=D).pk}
    assert client.post(address(Observation, "add"), draft).status_code == 302
    assert [whys(row) for row in Observation.objects.order_by("pk")] == [["A new year."], [""]]


@pytest.mark.parametrize("model", ROWS)
def test_a_row_that_is_deleted_says_so(desk, model):
    row = ROWS[model][0]()
    pk = row.pk
    desk(ADMINISTRATOR).post(address(model, "delete", pk), {"post": "yes"})
    row.pk = pk
    assert whys(row)[-1] == "Deleted at the editors’ desk."


@pytest.mark.parametrize(
    ("action", "old", "why"),
    [
        ("submit_selected", D, "Sent to review, from the list of records."),
        ("publish_selected", R, "Published, from the list of records."),
        ("send_back_selected", R, "Sent back to its author, from the list of records."),
        ("archive_selected", P, "Archived, from the list of records."),
    ],
)
def test_a_move_from_the_list_says_that_it_was_one(desk, action, old, why):
    terms = [make_term(publication=old), make_term(publication=old)]
    for term in terms:
        make_citation(term)
    data = {"action": action, "_selected_action": [term.pk for term in terms], "confirmed": len(terms)}
    desk(REVIEWER).post(address(Term, "changelist"), data)
    assert [whys(term)[-1] for term in terms] == [why, why]


def test_the_note_is_no_field_that_changed(desk):
    term = make_term()
    client = desk(REVIEWER)
    send(client, term, definition_en="New.")
    assert LogEntry.objects.get().get_change_message() == "Changed Definition (English)."
