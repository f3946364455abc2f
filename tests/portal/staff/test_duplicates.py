"""A record that may exist already is saved only after its editor has seen the similar records."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.core.choices import PublicationStatus
from portal.models import Place, Source
from portal.models.workflow import EDITOR, REVIEWER, TRANSLATORS
from portal.search import indexing
from projects.models import Organisation, Project
from tests.make import make_organisation, make_place, make_project, make_source
from tests.portal.staff.test_admin import address, change_address, errors_of, form_data

pytestmark = pytest.mark.django_db

ASKED = {"__all__": ["This record may already exist. Check the listed records: is it one of them?"]}


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


def told(response):
    """Return the records that the page lists, with the reasons."""
    return {one.record: one.reason for one, _url in response.context["possible_duplicates"]}


def new_organisation(client, **fields):
    url = address(Organisation, "add")
    data = {"key": "new-one", "kind": Organisation.Kind.GOVERNMENT, "name_en": "Korea Forest Service"} | fields
    return client.post(url, form_data(client.get(url), **data))


def test_a_new_record_comes_back_once_with_those_that_are_like_it(desk):
    forest = make_organisation(name_en="Korean Forest Service", publication=PublicationStatus.DRAFT)
    make_organisation(name_en="Green Climate Fund")
    client = desk(EDITOR)
    response = new_organisation(client, name_ko="산림청", acronym="KFS")
    assert errors_of(response) == ASKED
    assert told(response) == {forest: "a similar name: Korean Forest Service"}
    page = response.content.decode()
    assert f'<a href="{change_address(forest)}" target="_blank"' in page
    assert not Organisation.objects.filter(key="new-one").exists()
    values = response.context["adminform"].form
    assert [values[name].value() for name in ("name_ko", "acronym")] == ["산림청", "KFS"]  # no text is lost

    answer = form_data(response) | {"_another": "on", "_look_alike": str(forest.pk)}
    assert client.post(address(Organisation, "add"), answer).status_code == 302
    assert Organisation.objects.get(key="new-one").name_ko == "산림청"


def test_who_looked_at_some_is_asked_again_about_others(desk):
    forest = make_organisation(name_en="Korean Forest Service")
    response = new_organisation(desk(EDITOR), name_en="Green Climate Fund", _another="on", _look_alike=str(forest.pk))
    assert response.status_code == 302
    response = new_organisation(
        desk(EDITOR), key="newer", name_en="The Green Climate Fund", _another="on", _look_alike=str(forest.pk)
    )
    assert errors_of(response) == ASKED


@pytest.mark.parametrize(
    ("make", "add"),
    [
        (
            lambda: make_place(name_en="Nukus", kind=Place.Kind.CITY),
            {"name_en": "Нукус", "kind": Place.Kind.CITY},
        ),
        (
            lambda: make_source(url="https://example.org/aral"),
            {
                "title": "Something else",
                "publisher": "Springer",
                "kind": "report",
                "language": "en",
                "url": "http://www.example.org/aral/",
            },
        ),
        (
            lambda: make_project(title_en="Trees for the Aralkum"),
            {
                "title_en": "Trees for Aralkum",
                "level": "national",
                "status": "pipeline",
                "summary_en": "x",
                "confidence": "low",
                "evidence_en": "x",
            },
        ),
    ],
)
def test_places_sources_and_projects_are_asked_about_too(desk, make, add):
    known = make()
    client, url = desk(EDITOR), address(type(known), "add")
    response = client.post(url, form_data(client.get(url), key="new-one", **add))
    assert list(told(response)) == [known]
    assert errors_of(response)["__all__"] == ASKED["__all__"]


def test_a_change_is_asked_about_only_if_it_makes_records_alike(desk):
    make_place(name_en="Nukus", kind=Place.Kind.CITY)
    place = make_place(name_en="Nukus", kind=Place.Kind.CITY, publication=PublicationStatus.DRAFT)
    client, url = desk(EDITOR), change_address(place)
    assert client.post(url, form_data(client.get(url), latitude="42.46", longitude="59.6")).status_code == 302
    assert errors_of(client.post(url, form_data(client.get(url), name_en="Nukus City"))) == ASKED
    assert client.post(url, form_data(client.get(url), name_en="Termez")).status_code == 302


def test_the_question_is_asked_in_korean(desk):
    make_organisation(name_en="Korea Forest Service", name_ko="산림청")
    client = desk(EDITOR)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "ko"
    page = new_organisation(client).content.decode()
    assert "이미 등록된 자료입니까?" in page
    assert "같은 이름: Korea Forest Service" in page
    assert "다른 자료이므로 그대로 저장" in page


# ── Suggestions while typing ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("group", "status"), [(None, 302), (TRANSLATORS["ko"], 200), (EDITOR, 200), (REVIEWER, 200)])
@pytest.mark.parametrize("model", [Organisation, Place, Source, Project])
def test_who_may_ask_while_typing(desk, model, group, status):
    assert desk(group).post(address(model, "possible_duplicates"), {"name_en": "Nukus"}).status_code == status


def test_who_sees_no_records_may_not_ask(client):
    client.force_login(User.objects.create_user("guest", is_staff=True))
    assert client.post(address(Place, "possible_duplicates"), {"name_en": "Nukus"}).status_code == 403


def test_a_question_is_no_address_to_visit(desk):
    assert desk(EDITOR).get(address(Place, "possible_duplicates")).status_code == 405


def test_those_that_are_like_what_is_typed_are_listed_without_the_record_itself(desk):
    nukus, termez = make_place(name_en="Nukus"), make_place(name_en="Termez")
    client = desk(EDITOR)
    ask = address(Place, "possible_duplicates")
    assert list(told(client.post(ask, {"name_en": "Nukus!"}))) == [nukus]
    assert client.post(ask, {"name_en": "Nukus", "pk": nukus.pk}).content.decode().strip() == ""
    assert client.post(ask, {"name_en": "Osh", "pk": "x' OR 1"}).content.decode().strip() == ""
    assert list(told(client.post(ask, {"name_ru": "Термез", "kind": "city", "pk": ""}))) == [termez]


def test_names_are_shown_as_text(desk):
    make_place(name_en="<script>alert(1)</script>")
    page = (
        desk(EDITOR).post(address(Place, "possible_duplicates"), {"name_en": "script alert 1 script"}).content.decode()
    )
    assert "&lt;script&gt;" in page
    assert "<script" not in page


@pytest.mark.any_database
def test_a_question_asks_the_same_of_the_database_for_one_record_as_for_three(desk):
    client, counts = desk(EDITOR), []
    ask = address(Place, "possible_duplicates")
    client.post(ask, {"name_en": "Nukus"})
    for more in (1, 2):
        for _ in range(more):
            make_place(name_en="Nukus")
        indexing.flush_index()
        with CaptureQueriesContext(connection) as queries:
            client.post(ask, {"name_en": "Nukus"})
        counts.append(len(queries))
    assert counts[0] == counts[1]
