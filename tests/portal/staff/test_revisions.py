"""Draft revisions of published records: who may do what, what a form stores, and what readers see."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from issues.models import KeyFigure, Term
from portal.core.choices import PublicationStatus
from portal.models import Notice, Record, Revision
from portal.publishing.notices import attach_records, sentence
from portal.publishing.scheduler import next_due, publish_scheduled
from portal.staff.history import stamp
from portal.tracking.audit_log import AuditEntry
from portal.tracking.content_version import ContentVersion, PendingChange
from portal.tracking.history import TRACKED, change_reason, change_times, parts_of, version_at
from projects.models import Participation, Project
from tests import reading
from tests.make import (
    UNPUBLISHED,
    make_citation,
    make_country,
    make_issue,
    make_key_figure,
    make_organisation,
    make_participation,
    make_project,
    make_revision,
    make_source,
    make_term,
)
from tests.portal.staff.test_admin import LINKED, MODELS, add_rows, address, change_address, count_queries, form_data
from tests.staff import ROLES, sign_in

pytestmark = pytest.mark.django_db

RECORDS = [model for model in MODELS if issubclass(model, Record)]
WHY = "The yearbook says so."


def revise_address(record):
    return address(type(record), "revise", record.pk)


def page_address(revision, page="revision"):
    return address(revision.model, page, revision.record, revision.pk)


def term(**fields):
    record = make_term(**{"term_en": "Tugai", "definition_en": "A forest along rivers.", **fields})
    make_citation(record)
    return record


def revise(client, record, button="_submit", **changes):
    """Open the form of a revision, change it and send it. Return the stored revision."""
    url = revise_address(record)
    opened = client.get(url, follow=True)
    response = client.post(url, form_data(opened, why=WHY, **{button: "x"}, **changes))
    assert response.status_code == 302, response.context["adminform"].form.errors
    return Revision.objects.latest("pk")


def decide(client, revision, action, **data):
    """Press a button on the page of a revision."""
    url = page_address(revision)
    seen = client.get(url).context["seen"]
    data = {"action": action, "seen": seen, "why": revision.why} | data
    return client.post(url, data)


def reasons(response):
    assert response.status_code == 200
    return response.context["reasons"]


def stored(record):
    """Return what the database has of a record, its history and everything that follows from a change."""
    return (
        version_at(record),
        {one.model: one.states.objects.count() for one in TRACKED.values()},
        LogEntry.objects.count(),
        AuditEntry.objects.count(),
        list(ContentVersion.objects.values_list("number")),
        PendingChange.objects.count(),
    )


@pytest.fixture
def editor():
    return sign_in(Client(), "editor")


@pytest.fixture
def reviewer():
    return sign_in(Client(), "reviewer")


# ── The form ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_editor_revises_a_published_record_and_readers_keep_it(editor, client):
    record = term()
    before = stored(record)
    revision = revise(editor, record, definition_en="A forest on the banks of rivers.")
    assert stored(record) == before
    assert (revision.state, revision.author.username, revision.why) == ("in-review", "editor", WHY)
    page = reading.words(reading.page(editor.get(page_address(revision))).get_element_by_id("content-main"))
    assert "A forest along on the banks of rivers." in page
    assert "A forest along rivers." in client.get("/en/glossary/").content.decode()


def test_reviewer_publishes_a_revision_as_one_change(editor, reviewer, client):
    record = term()
    revision = revise(editor, record, definition_en="Trees on river banks.")
    assert decide(reviewer, revision, "publish").status_code == 302
    record.refresh_from_db()
    assert (record.definition_en, record.version) == ("Trees on river banks.", 2)
    assert "Trees on river banks." in client.get("/en/glossary/").content.decode()
    revision.refresh_from_db()
    [moment] = [one for one in change_times(record) if one == revision.decided_at]
    state = TRACKED[Term].states.objects.get(history_date=moment)
    assert (state.history_user.username, state.history_change_reason) == ("editor", WHY)
    assert (revision.state, revision.approver.username, revision.changes) == ("published", "reviewer", {})
    words = reading.words(
        reading.page(reviewer.get(address(Term, "history", record.pk))).find_class("history-change")[0]
    )
    assert "Written by: editor" in words
    assert "Approved by: reviewer" in words
    assert LogEntry.objects.filter(object_id=str(record.pk), user__username="reviewer").count() == 1


def test_rows_are_part_of_a_revision(editor, reviewer):
    """One row is changed, one is removed and one is added, and a relation too; readers get all of it at once."""
    project = make_project()
    make_citation(project)
    kept, gone = make_participation(project=project), make_participation(project=project)
    country, other = make_country(), make_country()
    project.countries.add(country)
    partner = make_organisation(name_en="Forest agency")
    opened = editor.get(revise_address(project))
    pks = [form.instance.pk for form in formset_of(opened, Participation).forms]
    rows = {
        f"participations-{pks.index(kept.pk)}-role": Participation.Role.FUNDING,
        f"participations-{pks.index(gone.pk)}-DELETE": "on",
        "participations-TOTAL_FORMS": "3",
        "participations-2-organisation": str(partner.pk),
        "participations-2-role": Participation.Role.IMPLEMENTING,
        "participations-2-project": str(project.pk),
    }
    revision = revise(editor, project, countries=[country.pk, other.pk], **rows)
    assert set(project.participations.values_list("pk", flat=True)) == {kept.pk, gone.pk}
    words = reading.words(reading.page(editor.get(page_address(revision))).get_element_by_id("content-main"))
    assert all(text in words for text in ("added Forest agency", "removed", "changed", other.name_en))

    opened = editor.get(page_address(revision, "revision_edit"))
    shown = {form.instance.organisation_id: form for form in formset_of(opened, Participation).forms}
    assert set(shown) == {kept.organisation_id, partner.pk}
    assert shown[partner.pk].instance.pk < 0
    assert "Forest agency" in opened.content.decode()
    again = editor.post(
        page_address(revision, "revision_edit"), form_data(opened, why=WHY, _save="x", summary_en="Trees.")
    )
    assert again.status_code == 302

    assert decide(reviewer, revision, "publish").status_code == 302
    project = Project.objects.get(pk=project.pk)
    found = set(project.participations.values_list("organisation", "role"))
    assert found == {(kept.organisation_id, "funding"), (partner.pk, "implementing")}
    assert min(project.participations.values_list("pk", flat=True)) > 0
    assert set(project.countries.values_list("pk", flat=True)) == {country.pk, other.pk}
    assert project.summary_en == "Trees."


def formset_of(response, model):
    return next(inline.formset for inline in response.context["inline_admin_formsets"] if inline.formset.model is model)


@pytest.mark.parametrize("model", RECORDS)
def test_unchanged_form_is_no_revision(editor, model):
    """The form of each kind shows and reads back all that is stored: nothing differs if nobody changes anything."""
    record = LINKED[model]()
    add_rows(record, 1)
    opened = editor.get(revise_address(record))
    assert opened.status_code == 200
    response = editor.post(revise_address(record), form_data(opened, why=WHY, _submit="x"))
    assert response.status_code == 302
    assert not Revision.objects.exists()


@pytest.mark.parametrize("model", RECORDS)
def test_all_rows_of_the_form_are_part_of_a_revision(model):
    """An inline whose rows have no history would show the live rows, and a change of them would be lost."""
    parts = {part.model for part in parts_of(LINKED[model]())}
    assert {inline.model for inline in admin.site.get_model_admin(model).inlines} <= parts


def test_invalid_form_is_shown_again_with_what_was_typed(editor):
    record = term()
    opened = editor.get(revise_address(record))
    before = stored(record)
    response = editor.post(revise_address(record), form_data(opened, why="", definition_en="Trees.", _submit="x"))
    assert response.status_code == 200
    assert set(response.context["adminform"].form.errors) == {"why"}
    assert "Trees." in response.content.decode()
    assert not Revision.objects.exists()
    assert stored(record) == before


def test_second_form_of_an_editor_changes_the_same_revision(editor):
    record = term()
    revision = revise(editor, record, button="_save", definition_en="Trees.")
    assert revision.state == "draft"
    assert editor.get(revise_address(record)).headers["Location"] == page_address(revision)
    opened = editor.get(page_address(revision, "revision_edit"))
    assert opened.context["adminform"].form["definition_en"].value() == "Trees."
    assert opened.context["adminform"].form["why"].value() == WHY
    editor.post(page_address(revision, "revision_edit"), form_data(opened, term_ko="투가이", _submit="x"))
    revision = Revision.objects.get()
    step = revision.steps[Term][record.pk]
    assert (step.after["definition_en"], step.after["term_ko"], revision.state) == ("Trees.", "투가이", "in-review")


def test_two_windows_of_one_revision_overwrite_nothing(editor):
    record = term()
    revision = revise(editor, record, button="_save", definition_en="Trees.")
    url = page_address(revision, "revision_edit")
    opened = editor.get(url)
    editor.post(url, form_data(editor.get(url), definition_en="Trees by rivers.", _save="x"))
    response = editor.post(url, form_data(opened, definition_en="Woods.", _save="x"))
    assert response.status_code == 200
    assert reading.page(response).xpath("//input[@name='_clash']/@value") == ["definition_en"]
    assert Revision.objects.get().steps[Term][record.pk].after["definition_en"] == "Trees by rivers."


def test_marks_in_a_text_cite_their_sources_in_the_revision(editor, reviewer):
    """The form of an issue adds the sources that its texts cite; a revision does so too."""
    issue = make_issue()
    make_citation(issue)
    source = make_source(key="micklin-2016")
    revision = revise(editor, issue, state_en="The sea has shrunk [micklin-2016].")
    assert not issue.citations.filter(source=source).exists()
    decide(reviewer, revision, "publish")
    assert issue.citations.filter(source=source).exists()


@pytest.mark.any_database
def test_form_of_a_revision_asks_the_same_for_one_row_as_for_three(editor):
    for page in ("revision_edit", "revision"):
        issue = make_issue()
        add_rows(issue, 1)
        author = User.objects.get(username="editor")
        revision = make_revision(issue, {"summary_en": "Less."}, author=author, state="draft")
        url = page_address(revision, page)
        editor.get(url)
        one = count_queries(editor, url)
        assert one <= 50
        add_rows(issue, 2)
        add_rows(issue, 3)
        assert count_queries(editor, url) == one


# ── Who may do what ──────────────────────────────────────────────────────────────────────────────────────────

EVERY = ("edit", "submit", "take-back", "publish", "send-back", "discard")
# What each role may do with a revision of its own and with that of another, by the state of the revision.
OWN = {
    "editor": {
        "draft": {"edit", "submit", "discard"},
        "in-review": {"edit", "take-back", "discard"},
        "scheduled": set(),
    },
    "reviewer": {
        "draft": {"edit", "submit", "publish", "discard"},
        "in-review": {"edit", "take-back", "publish", "send-back", "discard"},
        "scheduled": {"publish", "send-back", "discard"},
    },
    "translator": {"draft": set(), "in-review": set(), "scheduled": set()},
}
OTHERS = {
    "editor": {"draft": set(), "in-review": set(), "scheduled": set()},
    "reviewer": {
        "draft": {"edit", "submit", "publish", "discard"},
        "in-review": {"edit", "publish", "send-back", "discard"},
        "scheduled": {"publish", "send-back", "discard"},
    },
    "translator": {"draft": set(), "in-review": set(), "scheduled": set()},
}
OWN["administrator"], OTHERS["administrator"] = OWN["reviewer"], OTHERS["reviewer"]


@pytest.mark.parametrize("is_own", [True, False])
@pytest.mark.parametrize("state", ["draft", "in-review", "scheduled"])
@pytest.mark.parametrize("role", ROLES)
def test_each_role_has_its_actions_and_is_refused_the_others(client, role, state, is_own):
    sign_in(client, role)
    author = User.objects.get(username=role) if is_own else User.objects.create(username="lee")
    times = {"publish_at": timezone.now() + timedelta(days=1), "decided_at": timezone.now()}
    revision = make_revision(
        term(), {"definition_en": "Trees."}, author=author, state=state, **(times if state == "scheduled" else {})
    )
    allowed = (OWN if is_own else OTHERS)[role][state]
    response = client.get(page_address(revision))
    assert response.context["actions"] == allowed
    assert client.get(page_address(revision, "revision_edit")).status_code == (200 if "edit" in allowed else 403)
    for action in set(EVERY) - allowed:
        sent = {"action": action, "seen": response.context["seen"], "why": WHY, "note": "No."}
        assert client.post(page_address(revision), sent).status_code == 403, action
    revision.refresh_from_db()
    assert revision.state == state


def test_own_revision_is_published_by_another_reviewer_where_two_must_check(reviewer, settings):
    revision = revise(reviewer, term(), definition_en="Trees.")
    other = make_revision(term(), {"definition_en": "Trees."}, author=User.objects.create(username="lee"))
    settings.REVIEW_OWN = False
    response = reviewer.get(page_address(revision))
    assert "publish" not in response.context["actions"]
    assert "You wrote this revision, so another reviewer publishes it." in response.content.decode()
    sent = {"action": "publish", "seen": response.context["seen"], "why": WHY}
    assert reviewer.post(page_address(revision), sent).status_code == 403
    assert decide(reviewer, other, "publish").status_code == 302


@pytest.mark.parametrize(("role", "status"), [("editor", 200), ("reviewer", 200), ("translator", 403)])
def test_who_may_begin_a_revision(client, role, status):
    sign_in(client, role)
    record = term()
    assert client.get(revise_address(record)).status_code == status
    assert (revise_address(record) in client.get(change_address(record)).content.decode()) == (status == 200)


@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_only_published_records_are_revised(editor, publication):
    record = term(publication=publication)
    assert editor.get(revise_address(record)).status_code == 403
    assert revise_address(record) not in editor.get(change_address(record)).content.decode()


def test_record_that_was_sent_back_meanwhile_is_not_revised(editor, reviewer):
    """The rights are checked again when the form is sent, and when the revision is to be published."""
    record = term()
    opened = editor.get(revise_address(record))
    revision = make_revision(record, {"definition_en": "Trees."})
    Term.objects.filter(pk=record.pk).update(publication=PublicationStatus.IN_REVIEW)
    assert editor.post(revise_address(record), form_data(opened, why=WHY)).status_code == 403
    seen = reviewer.get(page_address(revision)).context["seen"]
    sent = {"action": "publish", "seen": seen, "why": WHY}
    assert reviewer.post(page_address(revision), sent).status_code == 403


def test_revision_of_another_record_has_no_page_here(reviewer):
    revision = make_revision(term(), {"definition_en": "Trees."})
    assert reviewer.get(address(Term, "revision", term().pk, revision.pk)).status_code == 404


# ── Decisions ────────────────────────────────────────────────────────────────────────────────────────────────


def test_reviewer_sends_a_revision_back_with_a_reason_and_its_author_reads_it(editor, reviewer):
    revision = revise(editor, term(), definition_en="Trees.")
    assert reasons(decide(reviewer, revision, "send-back")) == ["State the reason for the author, in one sentence."]
    assert decide(reviewer, revision, "send-back", note="Cite the yearbook.").status_code == 302
    revision.refresh_from_db()
    assert (revision.state, revision.note) == ("draft", "Cite the yearbook.")
    for url in ("/admin/", page_address(revision), page_address(revision, "revision_edit")):
        assert "Cite the yearbook." in editor.get(url).content.decode()


def told(username):
    """Return who told a user what, the oldest first."""
    found = Notice.objects.filter(recipient__username=username).order_by("pk")
    return list(found.values_list("actor__username", "event"))


def test_author_gets_a_notice_when_a_revision_is_sent_back_or_published(editor, reviewer, later):
    revision = revise(editor, term(), definition_en="Trees.")
    decide(reviewer, revision, "send-back", note="Cite the yearbook.")
    decide(editor, revision, "submit")
    schedule(reviewer, revision)
    assert told("editor") == [("reviewer", "sent-back")]
    assert "reviewer sent back" in editor.get("/admin/notices/").content.decode()
    later(timedelta(hours=2))
    publish_scheduled()
    assert told("editor") == [("reviewer", "sent-back"), ("reviewer", "published")]
    assert told("reviewer") == []


def discarded_notices():
    rows = list(Notice.objects.filter(event=Notice.Event.DISCARDED).select_related("recipient", "actor", "comment"))
    attach_records(rows)
    return rows


@pytest.mark.parametrize("who", ["editor", "reviewer"])
def test_discarded_revision_changes_nothing(editor, reviewer, who):
    record = term()
    revision = revise(editor, record, definition_en="Trees.")
    before = stored(record)
    decide({"editor": editor, "reviewer": reviewer}[who], revision, "discard", note="It is wrong.")
    revision.refresh_from_db()
    assert (revision.state, revision.approver.username) == ("discarded", who)
    assert stored(record) == before
    told = [(notice.recipient.username, sentence(notice), notice.comment.text) for notice in discarded_notices()]
    name = f"“{record}”"
    assert told == (
        [] if who == "editor" else [("editor", f"reviewer discarded your revision of {name}.", "It is wrong.")]
    )
    assert not {"edit", "publish"} & reviewer.get(page_address(revision)).context["actions"]


def test_decision_about_an_older_version_is_refused(editor, reviewer):
    record = term()
    revision = revise(editor, record, definition_en="Trees.")
    seen = reviewer.get(page_address(revision)).context["seen"]
    url = page_address(revision, "revision_edit")
    editor.post(url, form_data(editor.get(url), definition_en="Woods.", _save="x"))
    response = reviewer.post(page_address(revision), {"action": "publish", "seen": seen, "why": WHY})
    assert reasons(response) == ["The revision has changed. Check it again."]
    record.refresh_from_db()
    assert record.definition_en == "A forest along rivers."


def test_revision_with_something_missing_is_saved_and_not_published(editor, reviewer):
    project = make_project()
    project.countries.add(make_country())
    make_citation(project)
    draft = make_source(key="draft", publication=PublicationStatus.DRAFT)
    rows = {"citations-TOTAL_FORMS": "2", "citations-1-source": str(draft.pk), "citations-1-project": str(project.pk)}
    url = revise_address(project)
    response = editor.post(url, form_data(editor.get(url), why=WHY, _submit="x", **rows), follow=True)
    missing = "The source draft is not published: publish it first."
    assert missing in response.content.decode()
    revision = Revision.objects.get()
    assert reasons(decide(reviewer, revision, "publish")) == [missing]
    assert project.citations.count() == 1
    draft.publication = PublicationStatus.PUBLISHED
    draft.save()
    assert decide(reviewer, revision, "publish").status_code == 302
    assert project.citations.count() == 2


def test_revision_that_refers_to_a_deleted_record_is_not_published(editor, reviewer):
    project = make_project()
    project.countries.add(make_country())
    make_citation(project)
    partner = make_organisation(name_en="Forest agency")
    rows = {
        "participations-TOTAL_FORMS": "1",
        "participations-0-organisation": str(partner.pk),
        "participations-0-role": "funding",
        "participations-0-project": str(project.pk),
    }
    revision = revise(editor, project, **rows)
    partner.delete()
    assert editor.get(page_address(revision, "revision_edit")).status_code == 200
    [reason] = reasons(decide(reviewer, revision, "publish"))
    assert "Forest agency" in reason
    assert "no longer exists" in reason


def test_revisions_are_deleted_with_their_record():
    record, other = term(), term()
    make_revision(record, {"definition_en": "Trees."}), make_revision(other, {"definition_en": "Trees."})
    record.delete()
    assert [revision.record for revision in Revision.objects.all()] == [other.pk]


# ── At a time ────────────────────────────────────────────────────────────────────────────────────────────────


def schedule(reviewer, revision):
    moment = timezone.localtime(timezone.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    response = decide(reviewer, revision, "publish", publish_at=moment)
    assert response.status_code == 302, response.context["reasons"]
    revision.refresh_from_db()


def test_revision_is_published_at_its_time_and_not_before(editor, reviewer, later):
    record = term()
    revision = revise(editor, record, definition_en="Trees.")
    before = stored(record)
    schedule(reviewer, revision)
    assert (revision.state, next_due()) == ("scheduled", revision.publish_at)
    assert stored(record) == before
    assert publish_scheduled() == []
    later(timedelta(hours=2))
    assert publish_scheduled() == [record]
    record.refresh_from_db()
    revision.refresh_from_db()
    assert (record.definition_en, revision.state, revision.approver.username) == ("Trees.", "published", "reviewer")
    assert next_due() is None


def test_revision_with_a_clash_at_its_time_goes_back_to_review(editor, reviewer, later):
    record = term()
    revision = revise(editor, record, definition_en="Trees.")
    schedule(reviewer, revision)
    record.definition_en = "Woods."
    record.save()
    later(timedelta(hours=2))
    assert publish_scheduled() == []
    record.refresh_from_db()
    revision.refresh_from_db()
    assert (record.definition_en, revision.state, revision.publish_at) == ("Woods.", "in-review", None)
    assert "Choose which version to keep." in revision.note


def test_scheduled_revision_is_taken_back(editor, reviewer):
    revision = revise(editor, term(), definition_en="Trees.")
    schedule(reviewer, revision)
    decide(reviewer, revision, "send-back", note="Wait for the yearbook.")
    revision.refresh_from_db()
    assert (revision.state, revision.publish_at) == ("draft", None)


# ── Overlaps ─────────────────────────────────────────────────────────────────────────────────────────────────


def questions(client, revision):
    """Return the questions on the page of a revision, as dicts of their label and three values by name."""
    return {one.name: one for one in client.get(page_address(revision)).context["questions"]}


def test_what_others_changed_elsewhere_stays(editor, reviewer):
    record = term()
    revision = revise(editor, record, definition_en="Trees.")
    record.term_ko = "투가이"
    record.save()
    assert questions(reviewer, revision) == {}
    assert decide(reviewer, revision, "publish").status_code == 302
    record.refresh_from_db()
    assert (record.definition_en, record.term_ko) == ("Trees.", "투가이")


@pytest.mark.parametrize(("choice", "stands"), [("mine", "Trees."), ("theirs", "Woods.")])
def test_real_clash_is_shown_and_must_be_answered(editor, reviewer, choice, stands):
    record = term()
    revision = revise(editor, record, definition_en="Trees.", term_ko="투가이")
    record.definition_en = "Woods."
    record.save()
    [name] = asked = questions(reviewer, revision)
    assert (asked[name].before, asked[name].theirs, asked[name].mine) == ("A forest along rivers.", "Woods.", "Trees.")
    assert "English" in asked[name].label
    clash = {"_clash": [name]}
    for answer in ({}, clash, clash | {f"_clash-{name}": "other"}):
        refused = reasons(decide(reviewer, revision, "publish", **answer))
        assert refused == ["Somebody else changed the same text. Choose which version to keep."]
    assert decide(reviewer, revision, "publish", **clash, **{f"_clash-{name}": choice}).status_code == 302
    record.refresh_from_db()
    assert (record.definition_en, record.term_ko) == (stands, "투가이")


def test_two_revisions_of_one_record_do_not_overwrite_each_other(editor, reviewer):
    record = term()
    first = revise(editor, record, definition_en="Trees.")
    own = revise(reviewer, record, definition_en="Woods.", term_ru="Тугай")
    assert "A revision by editor is waiting for review." in reviewer.get(change_address(record)).content.decode()
    decide(reviewer, first, "publish")
    [name] = questions(reviewer, own)
    assert decide(reviewer, own, "publish", _clash=[name], **{f"_clash-{name}": "theirs"}).status_code == 302
    record.refresh_from_db()
    assert (record.definition_en, record.term_ru) == ("Trees.", "Тугай")


def test_clash_stays_one_while_the_author_goes_on_writing(editor, reviewer):
    record = term()
    revision = revise(editor, record, definition_en="Trees.")
    record.definition_en = "Woods."
    record.save()
    url = page_address(revision, "revision_edit")
    editor.post(url, form_data(editor.get(url), term_ko="투가이", _save="x"))
    [one] = questions(reviewer, revision).values()
    assert (one.before, one.theirs, one.mine) == ("A forest along rivers.", "Woods.", "Trees.")
    editor.post(url, form_data(editor.get(url), definition_en="Woods.", _save="x"))
    assert questions(reviewer, revision) == {}


def issue_with_figure(**fields):
    issue = make_issue()
    make_citation(issue)
    return issue, make_key_figure(issue=issue, label_en="Area", value="68000", year=1960, **fields)


@pytest.mark.parametrize(("choice", "value"), [("mine", 60000), ("theirs", 50000)])
def test_clash_in_a_row_is_one_of_its_value_only(editor, reviewer, choice, value):
    issue, figure = issue_with_figure()
    revision = revise(editor, issue, **{"key_figures-0-value": "60000", "key_figures-0-label_en": "Surface"})
    with change_reason("By the other."):
        figure.value = 50000
        figure.save()
    [name] = questions(reviewer, revision)
    assert decide(reviewer, revision, "publish", _clash=[name], **{f"_clash-{name}": choice}).status_code == 302
    figure.refresh_from_db()
    assert (figure.value, figure.label_en) == (value, "Surface")


@pytest.mark.parametrize("choice", ["mine", "theirs"])
def test_row_that_one_removed_and_the_other_changed_is_asked_about(editor, reviewer, choice):
    issue, figure = issue_with_figure()
    revision = revise(editor, issue, **{"key_figures-0-DELETE": "on"})
    figure.value = 50000
    figure.save()
    [name] = questions(reviewer, revision)
    assert decide(reviewer, revision, "publish", _clash=[name], **{f"_clash-{name}": choice}).status_code in {200, 302}
    assert KeyFigure.objects.filter(pk=figure.pk).exists() == (choice == "theirs")


@pytest.mark.parametrize("choice", ["mine", "theirs"])
def test_row_that_others_removed_meanwhile_is_asked_about(editor, reviewer, choice):
    project = make_project()
    project.countries.add(make_country())
    make_citation(project)
    row = make_participation(project=project)
    revision = revise(editor, project, summary_en="Less.", **{"participations-0-role": "funding"})
    row.delete()
    url = page_address(revision, "revision_edit")
    editor.post(url, form_data(editor.get(url), title_ko="아랄해", _save="x"))
    [name] = questions(reviewer, revision)
    assert decide(reviewer, revision, "publish", _clash=[name], **{f"_clash-{name}": choice}).status_code == 302
    project = Project.objects.get(pk=project.pk)
    assert list(project.participations.values_list("role", flat=True)) == (["funding"] if choice == "mine" else [])
    assert (project.summary_en, project.title_ko) == ("Less.", "아랄해")


def test_figures_that_both_add_at_one_position_both_stay(editor, reviewer):
    issue, figure = issue_with_figure()
    rows = {
        "key_figures-TOTAL_FORMS": "2",
        "key_figures-1-label_en": "Volume",
        "key_figures-1-value": "1000",
        "key_figures-1-unit_en": "km³",
        "key_figures-1-issue": str(issue.pk),
    }
    revision = revise(editor, issue, **rows)
    make_key_figure(issue=issue, label_en="Salinity", position=figure.position + 1)
    found = revision.as_record().key_figures.all()
    assert [one.label_en for one in found] == ["Area", "Salinity", "Volume"]
    assert [one.position for one in found] == sorted({one.position for one in found})


def test_source_that_both_cite_is_cited_once(editor, reviewer):
    record = term()
    source = make_source()
    rows = {"citations-TOTAL_FORMS": "2", "citations-1-source": str(source.pk), "citations-1-term": str(record.pk)}
    revision = revise(editor, record, definition_en="Trees.", **rows)
    make_citation(record, source)
    assert questions(reviewer, revision) == {}
    assert decide(reviewer, revision, "publish").status_code == 302
    assert record.citations.filter(source=source).count() == 1


def test_revision_that_says_what_the_record_says_already_is_not_published(editor, reviewer):
    record = term()
    revision = revise(editor, record, definition_en="Trees.")
    record.definition_en = "Trees."
    record.save()
    [reason] = reasons(decide(reviewer, revision, "publish"))
    assert reason == "The record already says all of this. Nothing is left to publish."


def test_published_revision_is_reverted_like_any_change(editor, reviewer):
    record = term()
    term_before = record.definition_en
    revision = revise(editor, record, definition_en="Trees.")
    decide(reviewer, revision, "publish")
    url = address(Term, "revert", record.pk, stamp(change_times(record)[1]))
    seen = reading.page(reviewer.get(url)).xpath("//input[@name='seen']/@value")[0]
    assert reviewer.post(url, {"seen": seen, "why": "It was right."}).status_code == 302
    record.refresh_from_db()
    assert record.definition_en == term_before


# ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_desk_shows_what_waits_to_reviewers_and_what_is_being_written_to_its_author(editor, reviewer):
    waiting = revise(editor, term(term_en="Tugai"), definition_en="Trees.")
    writing = revise(editor, term(term_en="Saxaul"), button="_save", definition_en="A shrub.")
    desk = reviewer.get("/admin/")
    [line] = reading.page(desk).xpath("//section[@aria-labelledby='desk-waiting']//li")
    assert "Tugai Term, revision" in reading.words(line)
    assert line.xpath(".//a/@href") == [page_address(waiting)]
    lists = {one.words: one.lists for one in desk.context["desk"].mine()}
    url = address(Revision, "changelist")
    assert lists["Revisions of published records"] == [
        ("Being written", 1, f"{url}?state__exact=draft"),
        ("In review", 1, f"{url}?state__exact=in-review"),
    ]
    own = reading.page(editor.get("/admin/")).xpath("//section[@aria-labelledby='desk-revisions']//a/@href")
    assert own == [page_address(writing)]


def test_list_of_revisions_leads_to_their_pages(editor, client):
    first = make_revision(term(), {"definition_en": "Trees."})
    url = address(Revision, "changelist")
    editor.get(url)
    one = count_queries(editor, url)
    make_revision(term(), {"definition_en": "Trees."}), make_revision(make_project(), {"summary_en": "Trees."})
    make_revision(make_project(), {"summary_en": "Trees."})
    assert count_queries(editor, url) == one + 1  # one query for each kind of record
    assert page_address(first) in editor.get(url).content.decode()
    response = editor.get(address(Revision, "change", first.pk))
    assert response.headers["Location"] == page_address(first)
    assert sign_in(client, "translator").get(url).status_code == 403
    assert editor.post(address(Revision, "delete", first.pk), {"post": "yes"}).status_code == 403
