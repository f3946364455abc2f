"""The search of the desk: all kinds and states, for those who may see them."""

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.models import Term
from portal.core.choices import PublicationStatus
from tests import reading
from tests.make import UNPUBLISHED, make_project, make_source, make_term
from tests.portal.staff.test_admin import change_address, form_data
from tests.staff import ROLES, sign_in

pytestmark = pytest.mark.django_db

SEARCH = "/admin/search/"


def shown(client, text, **headers):
    """Return what the page shows: by heading, the names of the records."""
    page = reading.page(client.get(SEARCH, {"q": text}, **headers))
    return {
        reading.words(section.find("h2")): [reading.words(link) for link in section.xpath(".//li/a[1]")]
        for section in page.xpath("//section[contains(@class, 'desk')]")
    }


@pytest.mark.parametrize("who", ROLES)
def test_each_role_finds_records_of_all_kinds_and_states(client, who):
    make_term(term_en="Quinoa")
    make_project(title_en="Quinoa farms", publication=PublicationStatus.DRAFT)
    found = shown(sign_in(client, who), "quinoa")
    assert found["Not published 1"] == ["Quinoa farms"]
    assert found["Published 1"] == ["Quinoa"]


def test_results_lead_to_the_form_the_history_and_the_public_page(client):
    term = make_term(term_en="Quinoa")
    [hit] = reading.page(sign_in(client, "editor").get(SEARCH, {"q": "quinoa"})).xpath("//li[contains(., 'Quinoa')]")
    form = change_address(term)
    assert hit.xpath("./a/@href") == [form, form.replace("/change/", "/history/"), term.get_absolute_url()]
    Term.objects.update(publication=PublicationStatus.DRAFT)
    [hit] = reading.page(client.get(SEARCH, {"q": "quinoa"})).xpath("//li[contains(., 'Quinoa')]")
    assert hit.xpath("./a/@href") == [form, form.replace("/change/", "/history/")]


def test_record_with_exactly_this_name_or_key_comes_first(client):
    make_project(key="quinoa", title_en="Farms", publication=PublicationStatus.DRAFT)
    make_project(key="b", title_en="Quinoa seeds", publication=PublicationStatus.DRAFT)
    make_term(term_en="Quinoa", publication=PublicationStatus.DRAFT)
    make_source(title="More quinoa", publication=PublicationStatus.DRAFT)
    found = shown(sign_in(client, "editor"), "quinoa")["Not published 4"]
    assert (found[:2], found[2:]) == (["Quinoa", "Farms"], ["More quinoa", "Quinoa seeds"])


def test_search_shows_no_kind_that_one_may_not_see(client):
    user = User.objects.create_user("lee", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_term"))
    client.force_login(user)
    make_term(term_en="Quinoa")
    for state in (PublicationStatus.PUBLISHED, *UNPUBLISHED):
        make_project(title_en="Secret quinoa", publication=state)
    make_source(title="Secret quinoa", publication=PublicationStatus.DRAFT)
    assert shown(client, "quinoa") == {"Published 1": ["Quinoa"], "Your last changes": []}
    assert "Secret" not in client.get(SEARCH, {"q": "secret"}).content.decode()


def test_search_is_closed_to_readers_and_to_staff_without_rights(client):
    make_project(title_en="Quinoa", publication=PublicationStatus.DRAFT)
    assert client.get(SEARCH, {"q": "quinoa"}).headers["Location"].startswith("/admin/login/")
    client.force_login(User.objects.create_user("reader"))
    assert client.get(SEARCH, {"q": "quinoa"}).status_code == 302
    client.force_login(User.objects.create_user("lee", is_staff=True))
    assert client.get(SEARCH, {"q": "quinoa"}).status_code == 403


@pytest.mark.parametrize(
    ("language", "heading", "none"),
    [
        ("en", "Your last changes", "No record has all these words."),
        ("ko", "내가 최근에 수정한 자료", "이 단어가 모두 들어 있는 자료가 없습니다."),
        ("ru", "Ваши последние изменения", "Нет записи со всеми этими словами."),
    ],
)
def test_page_says_in_each_language_that_nothing_was_found(client, language, heading, none):
    answer = sign_in(client, "editor").get(SEARCH, {"q": "quinoa\x00"}, headers={"Accept-Language": language})
    text = reading.words(reading.page(answer))
    assert heading in text
    assert none in text


def test_records_that_one_changed_last_are_below(client):
    sign_in(client, "editor")
    make_term(term_en="Somebody else’s", publication=PublicationStatus.DRAFT)
    for name in ("Tugai", "Saxaul"):
        term = make_term(term_en="Before", publication=PublicationStatus.DRAFT)
        client.post(change_address(term), form_data(client.get(change_address(term)), term_en=name))
    assert shown(client, "") == {"Your last changes": ["Saxaul", "Tugai"]}


def test_each_page_of_the_desk_has_the_search(client):
    term = make_term(publication=PublicationStatus.DRAFT)
    sign_in(client, "editor")
    for address in ("/admin/", "/admin/issues/term/", change_address(term), f"{SEARCH}?q=quinoa"):
        [form] = reading.page(client.get(address)).xpath("//form[@id='desk-search']")
        assert (form.get("action"), form.get("method")) == (SEARCH, None)


@pytest.mark.any_database
def test_search_asks_the_same_of_the_database_for_few_as_for_many(client):
    sign_in(client, "administrator")
    counted = []
    for _ in range(2):
        for _ in range(4):
            make_term(term_en="Quinoa")
            make_project(title_en="Quinoa", publication=PublicationStatus.DRAFT)
        client.get(SEARCH, {"q": "quinoa"})
        with CaptureQueriesContext(connection) as queries:
            client.get(SEARCH, {"q": "quinoa"})
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 50
