"""The history in the admin: permissions, content, and reverts only after a preview."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.models import Issue, KeyFigure, Term
from portal.core.choices import PublicationStatus
from portal.staff.history import PER_PAGE, stamp
from portal.tracking.history import TRACKED, change_reason, change_times, without_history
from projects.models import Project
from tests import reading
from tests.make import (
    make_citation,
    make_country,
    make_issue,
    make_key_figure,
    make_participation,
    make_project,
    make_source,
    make_term,
)
from tests.portal.staff.test_admin import LINKED, MODELS, add_rows, address, change_address, form_data

pytestmark = pytest.mark.django_db

D, R, S, P, A, _ASIDE = PublicationStatus


def history_address(record):
    return address(type(record), "history", record.pk)


def revert_address(record, when):
    return address(type(record), "revert", record.pk, when if isinstance(when, str) else stamp(when))


def changes(response):
    """Return the words of each change on a page, the newest first."""
    return [reading.words(one) for one in reading.page(response).find_class("history-change")]


def change(record, why="", **fields):
    with change_reason(why):
        for name, value in fields.items():
            setattr(record, name, value)
        record.save()


def cited_term(**fields):
    term = make_term(**fields)
    make_citation(term)
    return term


# ── What it shows ────────────────────────────────────────────────────────────────────────────────────────────


def test_history_tells_who_changed_what_and_why(desk):
    term, source = make_term(definition_en="Old words.", publication=R), make_source(title="A report")
    client = desk("editor")
    data = form_data(client.get(change_address(term)), definition_en="New words.", definition_ko="새 글", why="A slip.")
    client.post(change_address(term), data | {"citations-TOTAL_FORMS": 1, "citations-0-source": source.pk})
    newest, made = changes(client.get(history_address(term)))
    for text in ("editor", "A slip.", "Definition (English)", "Old New words.", "Definition (Korean)", "새 글"):
        assert text in newest
    assert "Sources added A report" in newest
    assert "automatic" in made
    assert "Created as “In review”." in made


def test_words_that_changed_are_marked(desk):
    term = make_term(definition_en="Forest along the rivers.")
    change(term, definition_en="Forest along the lakes.")
    page = reading.page(desk("editor").get(history_address(term)))
    assert [one.text.strip() for one in page.xpath("//dd[@lang='en']/del | //dd[@lang='en']/ins")] == [
        "rivers.",
        "lakes.",
    ]


def test_moves_are_told_by_their_names(desk):
    term = cited_term(publication=R)
    change(term, publication=P)
    assert "From “In review” to “Published”." in changes(desk("editor").get(history_address(term)))[0]


def test_what_was_loaded_has_a_beginning(desk):
    with without_history():
        term = make_term(definition_en="Loaded.")
    client = desk("reviewer")
    [beginning] = changes(client.get(history_address(term)))
    assert "Before the first recorded change" in beginning
    assert "Revert" not in beginning
    change(term, definition_en="Mended.")
    mended, beginning = changes(client.get(history_address(term)))
    assert "Loaded. Mended." in mended
    assert "Revert to this version" in beginning


def test_texts_in_history_are_never_markup(desk):
    term = make_term(definition_en="Old.")
    change(term, "<i>why</i>", definition_en="<b>new</b>", term_en="<u>t</u>")
    page = desk("editor").get(history_address(term)).content
    assert not any(tag in page for tag in (b"<i>why", b"<b>new", b"<u>t"))


def test_history_goes_on_page_by_page(desk):
    term = make_term()
    for n in range(PER_PAGE + 1):
        change(term, f"Change {n}.", definition_en=f"{n}")
    client = desk("editor")
    first, second = (client.get(history_address(term), {"page": page}) for page in (1, 2))
    assert (len(changes(first)), len(changes(second))) == (PER_PAGE, 2)
    assert "Change 0." in changes(second)[0]
    links = [link.get("href") for link in reading.page(first).xpath("//nav[@class='paginator']/a")]
    assert links == ["?page=2"]


@pytest.mark.any_database
@pytest.mark.parametrize("model", [model for model in MODELS if model in TRACKED])
def test_history_asks_the_same_of_the_database_for_one_change_as_for_three(desk, model):
    record = LINKED[model]()
    client, url = desk("administrator"), history_address(record)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url).status_code == 200
        return len(asked)

    def add(n):
        with change_reason(f"{n}"):
            add_rows(record, n)

    add(1)
    queries()
    one = queries()
    add(2), add(3)
    assert queries() == one


@pytest.mark.any_database
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_history_opens_in_each_language_and_obeys_the_content_policy(desk, model, language):
    record = LINKED[model]()
    client = desk("administrator")
    tree = reading.page(client.get(history_address(record), headers={"accept-language": language}))
    assert tree.get("lang") == language
    assert tree.xpath("//style | //script[not(@src)][not(@type='application/json')] | //*[@style]") == []


@pytest.mark.parametrize(
    ("who", "status"), [("anonymous", 302), ("translator", 200), ("editor", 200), ("reviewer", 200)]
)
@pytest.mark.parametrize("state", PublicationStatus)
def test_whoever_may_look_at_a_record_may_look_at_its_history(desk, who, status, state):
    assert desk(who).get(history_address(make_term(publication=state))).status_code == status


# ── The way back ─────────────────────────────────────────────────────────────────────────────────────────────


def offered(response):
    return [link.get("href") for link in reading.page(response).xpath("//a[contains(@href, '/revert/')]")]


@pytest.mark.parametrize(
    ("who", "state", "may"),
    [
        ("translator", D, False),
        ("editor", D, True),
        ("editor", R, True),
        ("editor", P, False),
        ("editor", A, False),
        ("reviewer", D, True),
        ("reviewer", P, True),
        ("reviewer", A, True),
    ],
)
def test_whoever_may_change_a_record_may_revert_it(desk, who, state, may):
    term = cited_term(publication=state, definition_en="Right.")
    right = change_times(term)[0]
    change(term, definition_en="Wrong.")
    client, url = desk(who), revert_address(term, right)
    assert (url in offered(client.get(history_address(term)))) is may
    assert client.get(url).status_code == (200 if may else 403)
    client.post(url, {"seen": stamp(change_times(term)[0]), "why": "It was right."})
    term.refresh_from_db()
    assert term.definition_en == ("Right." if may else "Wrong.")


def test_strangers_are_sent_to_the_login(desk):
    term = cited_term()
    url = revert_address(term, change_times(term)[0])
    assert desk("anonymous").post(url).status_code == 302


def send(client, url, **data):
    """Send the form of a page as a browser would."""
    form = reading.page(client.get(url)).xpath("//form[.//input[@name='seen']]")[0]
    fields = {one.get("name"): one.get("value") or "" for one in form.xpath(".//input[@name]")}
    return client.post(url, fields | data, follow=True)


def test_reverting_shows_first_what_it_would_change(desk):
    term = cited_term(publication=R, definition_en="Right.")
    right = change_times(term)[0]
    change(term, definition_en="Wrong.")
    make_citation(term, make_source(title="A bad source"))
    client, url = desk("editor"), revert_address(term, right)
    [told] = changes(client.get(url))
    assert "Wrong. Right." in told
    assert "Sources removed A bad source" in told
    response = send(client, url)
    assert [str(message) for message in response.context["messages"]] == ["The record was reverted."]
    assert "Reverted to the state of" in changes(client.get(history_address(term)))[0]
    assert "editor" in changes(client.get(history_address(term)))[0]
    assert term.citations.count() == 1


def test_what_readers_see_is_reverted_for_a_reason(desk):
    term = cited_term(definition_en="Right.")
    right = change_times(term)[0]
    change(term, definition_en="Wrong.")
    client, url = desk("reviewer"), revert_address(term, right)
    response = send(client, url, why=" ")
    assert "Your changes are visible to readers." in response.content.decode()
    term.refresh_from_db()
    assert term.definition_en == "Wrong."
    send(client, url, why="It was right.")
    term.refresh_from_db()
    assert (term.definition_en, term.version) == ("Right.", 2)


def test_nothing_is_reverted_that_was_changed_after_one_looked(desk):
    term = cited_term(publication=D, definition_en="Right.")
    right = change_times(term)[0]
    change(term, definition_en="Wrong.")
    client, url = desk("editor"), revert_address(term, right)
    seen = stamp(change_times(term)[0])
    change(term, definition_en="Worked on meanwhile.")
    response = client.post(url, {"seen": seen})
    assert "The record has changed." in response.content.decode()
    term.refresh_from_db()
    assert term.definition_en == "Worked on meanwhile."


def test_a_form_that_was_open_meanwhile_meets_the_reversion(desk):
    term = cited_term(publication=D, definition_en="Right.")
    right = change_times(term)[0]
    change(term, definition_en="Wrong.")
    client = desk("editor")
    opened = client.get(change_address(term))
    send(client, revert_address(term, right))
    response = client.post(change_address(term), form_data(opened, definition_en="Mine."))
    assert "Another editor has changed this record" in response.content.decode()


def test_what_would_leave_readers_with_less_is_refused_in_words(desk):
    term = make_term(publication=D)
    bare = change_times(term)[0]
    make_citation(term)
    change(term, publication=P)
    response = send(desk("reviewer"), revert_address(term, bare), why="Back.")
    assert "No source is cited." in response.content.decode()
    assert term.citations.count() == 1


def test_what_is_gone_is_named_before_one_tries(desk):
    project, source = make_project(publication=D), make_source(title="A report")
    make_citation(project, source)
    cited = change_times(project)[0]
    project.citations.all().delete()
    source.delete()
    client, url = desk("editor"), revert_address(project, cited)
    assert "“A report” (source) no longer exists." in client.get(url).content.decode()
    send(client, url)
    assert project.citations.count() == 0


def test_the_state_that_stands_offers_no_way_back_and_changes_nothing(desk):
    term = cited_term(publication=D)
    client = desk("editor")
    now = revert_address(term, change_times(term)[0])
    assert now not in offered(client.get(history_address(term)))
    assert "Nothing: the record is the same as it was then." in client.get(now).content.decode()


@pytest.mark.parametrize("when", ["yesterday", "20200101T000000000000", "beginning"])
def test_there_is_no_way_back_to_where_it_was_not(desk, when):
    term = make_term(publication=D)
    assert desk("editor").get(revert_address(term, when)).status_code == 404


def test_rows_that_stay_as_they_are_are_named(desk):
    issue = make_issue(publication=D)
    change(issue, name_en="Dust")
    page = desk("editor").get(revert_address(issue, change_times(issue)[-1])).content.decode()
    assert "These have a history of their own and stay as they are: Causes and effects." in page


@pytest.mark.parametrize(("who", "may"), [("editor", False), ("reviewer", True)])
def test_rows_with_a_page_of_their_own_follow_their_record(desk, who, may):
    figure = make_key_figure(label_en="Area")
    make_citation(figure), make_citation(figure.issue)
    right = change_times(figure)[0]
    change(figure, label_en="Volume")
    client, url = desk(who), revert_address(figure, right)
    assert client.get(url).status_code == (200 if may else 403)
    client.post(url, {"seen": stamp(change_times(figure)[0]), "why": "It was right."})
    assert KeyFigure.objects.get().label_en == ("Area" if may else "Volume")


@pytest.mark.any_database
def test_reverting_asks_the_same_of_the_database_for_one_row_as_for_three(desk):
    client = desk("editor")

    def queries(count):
        project = make_project(publication=D)
        start = change_times(project)[0]
        for _ in range(count):
            make_citation(project), make_participation(project=project), project.countries.add(make_country())
        with CaptureQueriesContext(connection) as asked:
            assert client.get(revert_address(project, start)).status_code == 200
        return len(asked)

    queries(1)
    assert queries(1) == queries(3)


def test_every_tracked_model_with_a_page_has_its_history_there():
    ours = {admin.site.get_model_admin(model).history_view.__func__.__module__ for model in MODELS if model in TRACKED}
    assert ours == {"portal.staff.history"}
    assert {Issue, Project, Term} <= set(MODELS)
