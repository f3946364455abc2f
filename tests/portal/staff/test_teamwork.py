"""Comments, sending back, who reviews a record, and notices on the desk and by mail."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from issues.models import Term
from portal.core.choices import PublicationStatus
from portal.models import Assignment, Comment, Notice, NoticePreference
from portal.publishing.notices import comment, preference_of
from portal.publishing.scheduler import publish_scheduled
from portal.tracking.change_reasons import ChangeReason
from projects.models import Project
from tests import reading
from tests.mail_server import mail_server
from tests.make import make_assignment, make_citation, make_comment, make_notice, make_project, make_term
from tests.portal.staff.test_admin import address, change_address, form_data
from tests.portal.staff.test_workflow import act, save

pytestmark = pytest.mark.django_db

D, R, S, P, A, _ASIDE = PublicationStatus
NOTICES = "/admin/notices/"


@pytest.fixture
def people(desk):
    """Return the accounts of an editor and a reviewer, with addresses."""
    for name in ("editor", "reviewer", "administrator", "translator"):
        desk(name)
        User.objects.filter(username=name).update(email=f"{name}@example.org")
    return {user.username: user for user in User.objects.all()}


def submitted(desk, **data):
    """Return a term that the editor wrote and submitted, with a source."""
    client = desk("editor")
    data = {"key": "takyr", "term_en": "Takyr", "definition_en": "A clay bed.", "publication": R.value} | data
    client.post(address(Term, "add"), form_data(client.get(address(Term, "add")), **data))
    term = Term.objects.get(key="takyr")
    make_citation(term)
    return term


def post(client, record, page, **data):
    response = client.post(address(type(record), page, record.pk), data)
    record.refresh_from_db()
    return response


def told():
    """Return the notices so far as triples of recipient, event and actor, in their order."""
    return [
        (notice.recipient.username, str(notice.event), notice.actor and notice.actor.username)
        for notice in Notice.objects.order_by("pk")
    ]


# ── Comments ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("who", ["translator", "editor", "reviewer", "administrator"])
@pytest.mark.parametrize("state", PublicationStatus)
def test_everybody_on_the_desk_comments_on_any_record(desk, who, state):
    project = make_project(publication=state)
    client = desk(who)
    assert post(client, project, "comment", text="Which <b>year</b>?\n\nOf the start.").status_code == 302
    [written] = Comment.objects.all()
    assert (written.author.username, written.is_sending_back) == (who, False)
    page = client.get(change_address(project)).content.decode()
    assert "<p>Which &lt;b&gt;year&lt;/b&gt;?</p>" in page


def test_strangers_and_accounts_without_rights_do_not_comment(desk, client):
    project = make_project()
    assert post(desk("anonymous"), project, "comment", text="So?").status_code == 302
    client.force_login(User.objects.create_user("guest", is_staff=True))
    assert post(client, project, "comment", text="So?").status_code == 403
    assert not Comment.objects.exists()


def test_a_comment_has_a_text_and_is_posted(desk):
    project = make_project()
    client = desk("editor")
    for text in ("", "  ", "x" * 4_001):
        post(client, project, "comment", text=text)
    assert client.get(address(Project, "comment", project.pk)).status_code == 405
    assert post(client, project, "comment", text="a\0b").status_code in {302, 400}
    assert not Comment.objects.exists()


def test_authors_delete_their_own_comments_only(desk, people):
    project = make_project()
    own, other = (make_comment(project, author=people[name]) for name in ("editor", "reviewer"))
    client = desk("editor")
    for erased in (own.pk, other.pk, "x", 0):
        post(client, project, "comment", erase=erased)
    assert list(Comment.objects.all()) == [other]


def test_mentions_and_participants_get_notices_and_nobody_gets_two(desk, people):
    term = submitted(desk)
    post(desk("administrator"), term, "comment", text="Ask @reviewer, @nobody or x@translator.")
    assert told() == [
        ("reviewer", "mentioned", "administrator"),
        ("editor", "commented", "administrator"),
    ]
    post(desk("editor"), term, "comment", text="I did.")
    assert told()[2:] == [("administrator", "commented", "editor")]


def test_a_mention_reaches_nobody_who_may_not_see_the_record(people):
    guest = User.objects.create_user("guest", is_staff=True)
    comment(make_project(), people["editor"], "@guest @editor")
    assert not Notice.objects.filter(recipient=guest).exists()
    assert told() == []


def test_comments_go_with_their_record(people):
    project = make_project()
    make_notice(project, recipient=people["editor"], comment=make_comment(project))
    make_assignment(project, assignee=people["reviewer"])
    project.delete()
    assert [model.objects.count() for model in (Comment, Notice, Assignment)] == [0, 0, 0]


# ── Sending back ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_record_is_sent_back_with_its_reason(desk, people):
    term = submitted(desk)
    response = post(desk("reviewer"), term, "comment", text="The source is missing.", send_back="1")
    assert (response.status_code, term.publication) == (302, D)
    assert term.history.first().history_change_reason == ChangeReason.SENT_BACK_WITH_COMMENT
    assert told() == [("editor", "sent-back", "reviewer")]
    client = desk("editor")
    form = reading.page(client.get(change_address(term)))
    [note] = form.xpath("//section[contains(@class, 'desk-sent-back')]")
    assert reading.words(note).startswith(f"Sent back by reviewer on {timezone.localdate()}")
    assert "The source is missing." in reading.words(note)
    start = reading.page(client.get(reverse("admin:index")))
    [line] = start.xpath("//section[h2[@id='desk-back']]//li")
    assert reading.words(line) == "Takyr Term Sent back by reviewer: The source is missing."
    save(client, term, publication=R.value)
    assert reading.page(client.get(reverse("admin:index"))).xpath("//h2[@id='desk-back']") == []
    assert "desk-sent-back" not in client.get(change_address(term)).content.decode()


@pytest.mark.parametrize(
    ("who", "state", "status"),
    [
        ("translator", R, 403),
        ("editor", R, 302),
        ("reviewer", R, 302),
        ("administrator", R, 302),
        ("editor", D, 403),
        ("editor", P, 403),
        ("reviewer", P, 403),
    ],
)
def test_who_sends_back(desk, who, state, status):
    term = make_term(publication=state)
    assert post(desk(who), term, "comment", text="No.", send_back="1").status_code == status
    assert term.publication == (D if status == 302 else state)
    assert Comment.objects.exists() == (status == 302)


def test_the_form_and_the_list_send_back_too(desk, people):
    term = submitted(desk)
    save(desk("reviewer"), term, publication=D.value, why="Cite the report.")
    assert [(one.text, one.is_sending_back) for one in Comment.objects.all()] == [("Cite the report.", True)]
    save(desk("editor"), term, publication=R.value)
    act(desk("reviewer"), "send_back_selected", term)
    assert [one.text for one in Comment.objects.all()] == ["Cite the report.", ""]
    assert told() == [("editor", "sent-back", "reviewer")] * 2


def test_who_takes_back_their_own_record_sends_nothing_back(desk, people):
    term = submitted(desk)
    act(desk("editor"), "send_back_selected", term)
    assert (term.publication, Comment.objects.count(), told()) == (D, 0, [])


# ── Who reviews ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reviewer_takes_a_record_and_gives_it_back(desk, people):
    term = submitted(desk)
    client = desk("reviewer")
    start = reading.page(client.get(reverse("admin:index")))
    [line] = start.xpath("//section[h2[@id='desk-waiting']]//li")
    assert "Submitted by: editor" in reading.words(line)
    [take] = line.xpath(".//button")
    assert reading.words(take) == "Take this: Takyr"
    assert client.post(take.get("formaction"), {"take": "1", "next": "desk"}).url == reverse("admin:index")
    assert Assignment.objects.get().assignee == people["reviewer"]
    listed = reading.page(client.get(f"{address(Term, 'changelist')}?care=review"))
    row = reading.words(listed.xpath("//table[@id='result_list']//tbody/tr")[0])
    assert "Takyr editor reviewer" in row
    for chosen, count in (("me", 1), ("nobody", 0)):
        assert len(client.get(f"{address(Term, 'changelist')}?reviewer={chosen}").context["cl"].result_list) == count
    post(client, term, "assign", give_back="1")
    assert not Assignment.objects.exists()
    assert len(client.get(f"{address(Term, 'changelist')}?reviewer=nobody").context["cl"].result_list) == 1
    assert told() == []


def test_a_reviewer_asks_another_one(desk, people):
    term = submitted(desk)
    client = desk("reviewer")
    page = reading.page(client.get(change_address(term)))
    assert page.xpath("//select[@id='desk-assignee']/option/text()") == ["administrator", "reviewer"]
    post(client, term, "assign", assignee=people["administrator"].pk)
    assert told() == [("administrator", "assigned", "reviewer")]
    save(desk("editor"), term, publication=D.value)
    save(desk("editor"), term, publication=R.value)
    assert told()[1:] == [("administrator", "submitted", "editor")]
    assert post(client, term, "assign", assignee=people["editor"].pk).status_code == 403
    assert post(client, term, "assign", assignee="x").status_code == 403


@pytest.mark.parametrize(
    ("who", "state", "status"),
    [
        ("anonymous", R, 302),
        ("translator", R, 403),
        ("editor", R, 403),
        ("reviewer", R, 302),
        ("administrator", R, 302),
        ("reviewer", D, 403),
        ("reviewer", P, 403),
    ],
)
def test_who_takes_records(desk, who, state, status):
    term = make_term(publication=state)
    client = desk(who)
    assert post(client, term, "assign", take="1").status_code == status
    assert Assignment.objects.exists() == (who in {"reviewer", "administrator"} and state == R)
    if who != "anonymous":
        assert client.get(address(Term, "assign", term.pk)).status_code == 405


def test_nobody_takes_their_own_submission(desk, settings):
    settings.REVIEW_OWN = False
    term = make_term(publication=R)
    client = desk("reviewer")
    term.history.update(history_user=User.objects.get(username="reviewer"))
    post(client, term, "assign", take="1")
    assert not Assignment.objects.exists()
    assert "Take this" not in client.get(change_address(term)).content.decode()


# ── Notices on the desk ──────────────────────────────────────────────────────────────────────────────────────


def test_publishing_tells_the_one_who_submitted(desk, people):
    term = submitted(desk)
    post(desk("reviewer"), term, "assign", take="1")
    act(desk("reviewer"), "publish_selected", term)
    assert told() == [("editor", "published", "reviewer")]
    assert not Assignment.objects.exists()


def test_the_scheduler_tells_it_too(desk, people):
    term = submitted(desk)
    Term.objects.filter(pk=term.pk).update(publication=S, publish_at=timezone.now() - timedelta(minutes=1))
    publish_scheduled()
    assert told() == [("editor", "published", None)]
    assert "“Takyr” was published." in desk("editor").get(NOTICES).content.decode()


def test_notices_are_counted_listed_and_marked_as_read_by_a_post(desk, people):
    first, second = (make_notice(recipient=people["editor"], actor=people["reviewer"]) for _ in range(2))
    other = make_notice(recipient=people["reviewer"])
    client = desk("editor")
    page = reading.page(client.get(NOTICES))
    assert page.xpath("string(//*[@class='desk-unread'])") == "2"
    assert len(page.xpath("//li[@class='is-unread']")) == 2
    for pk in (first.pk, other.pk, "x"):
        client.post(NOTICES, {"read": pk})
    assert set(Notice.objects.filter(read_at=None)) == {second, other}
    client.post(NOTICES, {"read": "all"})
    assert set(Notice.objects.filter(read_at=None)) == {other}
    assert reading.page(client.get(NOTICES)).xpath("//*[@class='desk-unread']") == []


def test_the_desk_says_that_nothing_is_sent_without_a_mail_server(desk, people, settings):
    words = "This portal has no mail server (EMAIL_URL), so it sends no notices by e-mail."
    assert words in desk("editor").get(NOTICES).content.decode()
    settings.HAS_MAIL_SERVER = True
    assert words not in desk("editor").get(NOTICES).content.decode()
    User.objects.update(email="")
    assert "Your account has no e-mail address." in desk("editor").get(NOTICES).content.decode()


def test_each_person_chooses_how_notices_come(desk, people):
    client = desk("editor")
    assert preference_of(people["editor"]).frequency == "at-once"
    client.post(NOTICES, {"frequency": "daily", "language": "ru"})
    client.post(NOTICES, {"frequency": "weekly", "language": "ru"})
    [chosen] = NoticePreference.objects.all()
    assert (chosen.user, chosen.frequency, chosen.language) == (people["editor"], "daily", "ru")
    page = client.get(reverse("mfa_index")).content.decode()
    assert f'href="{NOTICES}#notices-mail"' in page


def test_a_stranger_sees_no_notices(client):
    assert client.get(NOTICES).status_code == 302


# ── Notices by mail ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def mailbox(settings):
    with mail_server(settings) as mailbox:
        yield mailbox


def sent(mailbox):
    """Run the command. Return the mails since the last run as pairs of recipient and subject."""
    mailbox.received.clear()
    call_command("send_notices")
    return [(message["To"], message["Subject"]) for message in mailbox.messages]


def test_a_notice_is_mailed_at_once_and_once(people, mailbox):
    project = make_project()
    make_notice(
        project,
        recipient=people["editor"],
        actor=people["reviewer"],
        event="sent-back",
        comment=make_comment(project, text="Cite the report."),
    )
    assert sent(mailbox) == [("editor@example.org", "Editors’ desk: reviewer sent back “Trees for the Aralkum”.")]
    body = mailbox.messages[0].get_content()
    assert f"http://testserver{change_address(project)}" in body
    assert "Cite the report." in body
    assert f"http://testserver{NOTICES}" in body
    assert sent(mailbox) == []


def test_mails_follow_the_choice_and_the_language_of_each(people, mailbox):
    for name, frequency, language in (
        ("editor", "at-once", "ko"),
        ("reviewer", "daily", "ru"),
        ("translator", "none", "ko"),
    ):
        NoticePreference.objects.create(user=people[name], frequency=frequency, language=language)
        for _ in range(2):
            make_notice(recipient=people[name], actor=people["administrator"])
    assert sent(mailbox) == [("editor@example.org", "편집자 관리 화면: 알림 2건")]
    Notice.objects.update(at=timezone.now() - timedelta(days=1))
    assert sent(mailbox) == [("reviewer@example.org", "Редакция: 2 уведомления")]
    assert sent(mailbox) == []


def test_what_was_read_or_is_old_or_has_no_address_is_not_mailed(people, mailbox):
    make_notice(recipient=people["editor"], read_at=timezone.now())
    make_notice(recipient=people["editor"], at=timezone.now() - timedelta(days=4))
    User.objects.filter(username="reviewer").update(email="")
    make_notice(recipient=people["reviewer"])
    User.objects.filter(username="translator").update(is_active=False)
    make_notice(recipient=people["translator"])
    assert sent(mailbox) == []


def test_a_mail_that_the_server_refuses_is_sent_again(people, mailbox, caplog):
    make_notice(recipient=people["editor"], actor=people["reviewer"])
    mailbox.refused.add("editor@example.org")
    assert sent(mailbox) == []
    own = [record.getMessage() for record in caplog.records if record.name.startswith("portal")]
    assert own[0].startswith("Notices could not be sent: SMTPRecipientsRefused.")
    assert "editor@example.org" not in " ".join(own)
    mailbox.refused.clear()
    assert len(sent(mailbox)) == 1


def test_nothing_is_sent_without_a_mail_server(people, mailoutbox):
    make_notice(recipient=people["editor"])
    call_command("send_notices")
    assert mailoutbox == []
    assert Notice.objects.get().mailed_at is None


# ── Queries ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.any_database
def test_pages_need_the_same_queries_for_any_number_of_rows_and_at_most_fifty(desk, people):
    project = make_project(publication=R)
    client = desk("reviewer")
    urls = [
        change_address(project),
        NOTICES,
        reverse("admin:index"),
        f"{address(Project, 'changelist')}?care=review",
        f"{address(Project, 'changelist')}?reviewer=me",
    ]

    def grow():
        for _ in range(3):
            make_comment(project, author=people["editor"])
            draft = make_project(publication=D)
            make_notice(draft, recipient=people["reviewer"], event="sent-back", comment=make_comment(draft))
            make_assignment(make_project(publication=R), assignee=people["reviewer"])

    def counts():
        found = []
        for url in urls:
            client.get(url)
            with CaptureQueriesContext(connection) as asked:
                assert client.get(url).status_code == 200
            found.append(len(asked))
        return found

    grow()
    before = counts()
    grow()
    assert counts() == before
    assert max(before) <= 50, before
