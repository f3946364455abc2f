"""The lookup of sources while typing and the preview of prose, for users who may see sources."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.core.choices import PublicationStatus
from portal.models.workflow import EDITOR, REVIEWER, TRANSLATORS
from tests.counting import settle
from tests.make import make_issue, make_source, make_term
from tests.portal.staff.test_admin import change_address

pytestmark = pytest.mark.django_db

CITE, PROSE = "/admin/portal/source/cite/", "/admin/portal/source/prose/"


@pytest.fixture
def desk(client):
    def sign_in(group):
        client.logout()
        if group:
            user, _created = User.objects.get_or_create(username=group, is_staff=True)
            user.groups.set([Group.objects.get(name=group)])
            client.force_login(user)
        return client

    return sign_in


def keys(client, text):
    return [found["key"] for found in client.get(CITE, {"q": text}).json()["suggestions"]]


def shown(client, text, field="drivers_en", language="en"):
    response = client.post(PROSE, {"field": field, "language": language, "text": text})
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(("group", "status"), [(None, 302), (TRANSLATORS["ko"], 200), (EDITOR, 200), (REVIEWER, 200)])
def test_who_may_ask(desk, group, status):
    client = desk(group)
    assert client.get(CITE, {"q": "aral"}).status_code == status
    assert client.post(PROSE, {"field": "x", "language": "en", "text": "y"}).status_code == status


def test_who_sees_no_sources_may_not(client):
    client.force_login(User.objects.create_user("guest", is_staff=True))
    assert client.get(CITE, {"q": "aral"}).status_code == 403
    assert client.post(PROSE, {"field": "x", "language": "en", "text": "y"}).status_code == 403


# ── Sources to cite ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text", ["future aral", "MICKLIN", "micklin-20", "будущее арала", "아랄해의", "Springer future", " aral   sea "]
)
def test_a_source_is_found_by_what_one_knows_of_it(desk, text):
    make_source(
        key="micklin-2016",
        title="The Future Aral Sea",
        title_original="Будущее Арала: 아랄해",
        author="Philip Micklin",
        publisher="Springer",
        language="ru",
    )
    make_source(key="other-2020", title="Dust", publisher="Elsevier")
    assert keys(desk(EDITOR), text) == ["micklin-2016"]


def test_a_source_is_told_with_its_author_and_state(desk):
    make_source(
        key="kei-2021",
        title="Aral restoration",
        title_original="아랄해 복원",
        author="KEI",
        publisher="KEI",
        date="2021-05",
        language="ko",
        publication=PublicationStatus.DRAFT,
    )
    assert desk(EDITOR).get(CITE, {"q": "kei"}).json()["suggestions"] == [
        {"key": "kei-2021", "name": "아랄해 복원", "language": "ko", "about": "KEI, 2021-05", "state": "Draft"}
    ]


def test_a_key_that_begins_so_comes_first_then_the_latest(desk):
    make_source(key="aral-2001", title="Salt", date="2001")
    make_source(key="dust-2020", title="Dust of the Aral", date="2020")
    make_source(key="salt-2023", title="Salt of the Aral", date="2023")
    assert keys(desk(EDITOR), "aral") == ["aral-2001", "salt-2023", "dust-2020"]


@pytest.mark.parametrize("text", ["", "   ", "%", "zzz", "x" * 5_000, "' OR 1=1 --", "a " * 300])
def test_any_question_is_answered(desk, text):
    make_source(key="micklin-2016", title="The Future Sea", author="", publisher="Springer")
    assert keys(desk(EDITOR), text) in ([], ["micklin-2016"])


def test_at_most_eight_are_told(desk):
    for number in range(12):
        make_source(key=f"aral-{number}", title=f"Aral {number}")
    assert len(keys(desk(EDITOR), "aral")) == 8


@pytest.mark.any_database
def test_sources_are_found_with_as_many_queries_for_one_as_for_three(desk):
    client, counts = desk(EDITOR), []
    for more in (1, 2):
        for _ in range(more):
            make_source(title="Aral")
        settle()
        keys(client, "aral")
        with CaptureQueriesContext(connection) as queries:
            keys(client, "aral")
        counts.append(len(queries))
    assert counts[0] == counts[1]


# ── Prose ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_marks_become_numbered_notes_with_their_sources(desk):
    make_source(key="micklin-2016", title="The Future Aral Sea")
    make_source(key="icwc-2019", title="Limits of water")
    page = shown(desk(EDITOR), "Cotton [icwc-2019]. Canals leak [micklin-2016][icwc-2019].\n\nAnd so on.")
    assert page.count("<p>") >= 2
    assert 'href="#note-drivers_en-1" title="Limits of water">1</a>' in page
    assert '<li id="note-drivers_en-2" value="2">' in page
    assert "The Future Aral Sea" in page
    assert "No source has this key" not in page


def test_what_is_wrong_with_marks_is_said_in_words(desk):
    make_source(key="draft-2020", title="A draft", publication=PublicationStatus.DRAFT)
    page = shown(desk(EDITOR), "One [nobody-2020]. Two [draft-2020].")
    assert "No source has this key: <b>[nobody-2020]</b>" in page
    assert "This source is not public yet: <b>[draft-2020]</b>" in page
    assert "A draft" in page


def test_terms_of_the_glossary_are_explained_in_the_language_of_the_text(desk):
    make_term(key="tugai", term_en="Tugai", term_ko="투가이림", definition_en="Forest.", definition_ko="강가의 숲.")
    page = shown(desk(EDITOR), "투가이림은 줄었다.", field="state_ko", language="ko")
    assert 'popovertarget="gloss-state_ko-tugai"' in page
    assert '<p id="gloss-state_ko-tugai-text">' in page
    assert '<div class="prose-as-read" lang="ko">' in page
    assert "강가의 숲." in page


def test_prose_is_text_and_never_markup(desk):
    page = shown(desk(EDITOR), "<script>alert(1)</script> <b>bold</b> [x")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &lt;b&gt;bold&lt;/b&gt; [x" in page
    assert "<script" not in page


def test_an_empty_text_says_so(desk):
    assert "Nothing is written yet." in shown(desk(EDITOR), " \n ")


@pytest.mark.parametrize(
    "data",
    [
        {"field": "drivers_en", "language": "en", "text": "x" * 50_001},
        {"field": "drivers_en", "language": "fr", "text": "x"},
        {"field": '"><script>', "language": "en", "text": "x"},
        {},
    ],
)
def test_what_no_form_sends_is_refused(desk, data):
    response = desk(EDITOR).post(PROSE, data)
    assert (response.status_code, "<script" in response.content.decode()) == (400, False)


def test_prose_is_sent_not_asked_for_by_an_address(desk):
    assert desk(EDITOR).get(PROSE).status_code == 405
    assert desk(EDITOR).post(CITE).status_code == 405


@pytest.mark.any_database
def test_prose_is_shown_with_as_many_queries_for_one_source_as_for_three(desk):
    client, counts = desk(EDITOR), []
    for number in (1, 3):
        made = [make_source(key=f"source-{number}-{n}") for n in range(number)]
        settle()
        text = " ".join(f"A claim [{source.key}]." for source in made)
        shown(client, text)
        with CaptureQueriesContext(connection) as queries:
            shown(client, text)
        counts.append(len(queries))
    assert counts[0] == counts[1]


# ── The form ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_form_names_the_texts_that_carry_marks_and_whom_to_ask(desk):
    issue = make_issue(publication=PublicationStatus.DRAFT)
    page = desk(EDITOR).get(change_address(issue)).content.decode()
    assert page.count("data-marks") == 15  # five sections in three languages
    assert f'data-cite-address="{CITE}"' in page
    assert 'data-add-address="/admin/portal/source/add/"' in page
    page = desk(TRANSLATORS["ko"]).get(change_address(issue)).content.decode()
    assert page.count("data-marks") == 5
    assert 'data-add-address=""' in page


def test_a_form_without_such_texts_has_no_such_help(desk):
    page = desk(EDITOR).get(change_address(make_term(publication=PublicationStatus.DRAFT))).content.decode()
    assert "data-marks" not in page
    assert "citation-field.js" not in page
