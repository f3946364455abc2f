"""The page of the overlap check: its form, its result, and what it keeps for itself."""

import datetime
import json
import logging

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.core.choices import Area, PublicationStatus
from portal.http import throttling
from portal.http.form_tokens import make_token
from portal.models import Place
from portal.views import plan
from projects.models import Agreement, Project, StoredCheck
from tests import reading
from tests.conftest import empty_caches
from tests.make import (
    make_agreement,
    make_answer,
    make_area,
    make_country,
    make_issue,
    make_organisation,
    make_participation,
    make_party,
    make_place,
    make_project,
    make_result,
)

pytestmark = pytest.mark.django_db

PAGE = "/en/plan/"
TEXT = "A new forest of saxaul on the dry bed of the sea, with a nursery and tractors for two forestry units"


@pytest.fixture
def reader():
    """Return a client that checks CSRF tokens, as a browser meets them."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def saxaul():
    """Make a project with a result, its organisation, and an agreement of its country and area."""
    country = make_country(key="uz")
    place = make_place(country=country)
    issue = make_issue()
    project = make_project(
        title_en="Saxaul forest on the dry sea bed",
        title_ko="마른 바다 바닥의 삭사울 숲",
        title_ru="Саксауловый лес на сухом дне моря",
        summary_en="A nursery and tractors for forestry units.",
        start="2021",
        end="2024",
    )
    project.countries.add(country)
    project.places.add(place)
    make_answer(project=project, issue=issue)
    make_area(project, Area.FORESTRY)
    make_participation(project=project, organisation=make_organisation())
    make_result(project=project, text_en="Some 4,000 ha were planted.")
    agreement = make_agreement()
    make_party(agreement=agreement, country=country)
    make_area(agreement, Area.FORESTRY)
    return project


def send(client, path=PAGE, **fields):
    return client.post(path, {"token": make_token(), **fields})


def neighbours(response):
    page = reading.page(response)
    return [reading.words(link) for link in page.xpath("//ol[contains(@class, 'plan-neighbours')]/li/p[1]/a")]


# ── What a planner gets ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", TEXT),
        ("ko", "마른 바다 바닥에 삭사울 숲을 만들고자 한다"),
        ("ru", "Саксауловые леса посадим на сухом дне моря"),
    ],
)
def test_description_in_each_language_finds_the_project(reader, saxaul, language, text):
    response = send(reader, f"/{language}/plan/", text=text)
    assert (response.status_code, response["Content-Language"]) == (200, language)
    assert neighbours(response) == [
        saxaul.name_and_language()[0] if language == "en" else getattr(saxaul, f"title_{language}")
    ]


def test_planner_gets_reasons_results_whom_to_ask_and_agreements(reader, saxaul):
    page = reading.page(send(reader, text=TEXT, country="uz", area="forestry", year_from="2027", year_to="2030"))
    words = reading.words(page.find(".//main"))
    organisation = saxaul.organisations.get()
    agreement = page.xpath("//section[@aria-labelledby='agreements']//ul//a")
    for told in (
        "The same areas: Forestry",
        "Same country: Uzbekistan",
        "Ended 3 years before the planned start: 2021–2024",
        "Some 4,000 ha were planted.",
        f"Whom to ask {organisation.name_en}",
        "Uzbekistan: areas without a sourced project:",
    ):
        assert told in words
    assert "Shared words:" in words
    assert "saxaul" in words
    assert len(agreement) == 1


def test_planner_sees_how_large_a_project_was_beside_the_plan(reader, saxaul):
    Project.objects.filter(pk=saxaul.pk).update(budget="5600000", currency="USD")
    words = "USD 5,600,000, about 140% of the planned budget"
    assert words not in reading.words(reading.page(send(reader, text=TEXT)))
    fields = {"text": TEXT, "budget": "4000000", "currency": "USD"}
    assert words in reading.words(reading.page(send(reader, **fields)))
    assert send(reader, format="json", **fields).json()["items"][0]["budget_share"] == 140
    response = send(reader, country="uz", budget="4000000", currency="KRW")
    assert response["Location"] == f"{PAGE}?country=uz&budget=4000000&currency=KRW"
    assert "currency" not in send(reader, country="uz", currency="KRW")["Location"]


def test_nothing_near_is_said_with_how_it_was_searched(reader, saxaul):
    words = reading.words(reading.page(send(reader, text="Yodelling lessons")).find(".//main"))
    assert "No project in the portal is near to this. It may exist all the same." in words
    assert "Of 1 published projects" in words
    assert "lessons, yodelling" in words


def test_related_projects_are_not_called_overlap_nor_nothing(reader, saxaul):
    response = reader.get(f"{PAGE}?country=uz")
    words = reading.words(reading.page(response).find(".//main"))
    assert neighbours(response) == ["Saxaul forest on the dry sea bed"]
    assert "No project overlaps with the plan; 1 is related." in words
    assert "It may exist all the same." not in words


def test_unknown_names_are_told_and_mistyped_ones_are_read(reader, saxaul):
    make_place(kind=Place.Kind.CITY, name_en="Muynak", key="muynak")
    response = reader.get(f"{PAGE}?place=Atlantis&place=Muinak&organisation=Acme+Ltd")
    words = reading.words(reading.page(response).find(".//main"))
    assert "Not in the portal, so only searched as words: Atlantis, Acme Ltd" in words
    assert "“Muinak” was read as: Muynak" in words


# ── Where the plan goes ──────────────────────────────────────────────────────────────────────────────────────


def test_choices_without_description_get_an_address_of_their_own(reader, saxaul):
    response = send(reader, country="uz", place="Nukus; Muynak\nAral", area=["forestry", "water-resources"])
    assert response.status_code == 303
    assert response["Location"] == (
        f"{PAGE}?country=uz&place=Nukus&place=Muynak&place=Aral&area=forestry&area=water-resources"
    )
    assert neighbours(reader.get(response["Location"])) == ["Saxaul forest on the dry sea bed"]


def test_description_is_in_no_address_log_table_or_cookie(reader, saxaul, caplog):
    send(reader, text=TEXT)  # the first question also indexes what the test made
    with caplog.at_level(logging.DEBUG), CaptureQueriesContext(connection) as asked:
        response = send(reader, title="Zzyzx road", text="Zzyzx forest", country="uz")
    assert response.status_code == 200
    assert not [query["sql"] for query in asked if query["sql"].startswith(("INSERT", "UPDATE"))]
    assert "zzyzx" not in caplog.text.lower()
    page = reading.page(response)
    assert [link.get("href") for link in page.xpath("//a[contains(@href, 'Zzyzx')]")] == []
    assert page.xpath("string(//textarea[@name='text'])").strip() == "Zzyzx forest"
    assert (response.cookies, reader.cookies, response["Cache-Control"]) == (
        *({}, {}),
        "max-age=0, no-cache, no-store, must-revalidate, private",
    )


def test_file_has_what_the_page_shows(reader, saxaul):
    fields = {"text": TEXT, "country": "uz"}
    response = send(reader, **fields, format="json")
    answer = json.loads(response.content)
    assert response["Content-Disposition"].startswith("attachment")
    assert [item["title"] for item in answer["items"]] == neighbours(send(reader, **fields))
    assert answer["items"][0]["url"] == f"http://testserver/en/projects/{saxaul.key}/"


@pytest.mark.parametrize(("form", "begins"), [("pdf", b"%PDF"), ("docx", b"PK")])
def test_document_has_the_neighbours_and_is_named_after_the_day(reader, saxaul, on, form, begins):
    on("2026-11-27")
    response = send(reader, title="Trees <b>", text=TEXT, country="uz", format=form)
    assert response.content.startswith(begins)
    assert response["Content-Disposition"] == f'attachment; filename="overlap-2026-11-27.{form}"'


def test_unknown_format_is_refused(reader, saxaul):
    response = send(reader, text=TEXT, format="odt")
    assert response.status_code == 400
    assert response.json()["detail"] == "“format” is one of: pdf, docx, json."


def test_file_without_a_plan_is_refused(reader, saxaul):
    for address in (f"{PAGE}?format=json", f"{PAGE}?format=csv", f"{PAGE}?country=uz&format=csv"):
        assert reader.get(address).status_code == 400, address


def test_brief_begins_with_the_projects_that_overlap(reader, saxaul):
    page = reading.page(send(reader, text=TEXT, country="uz", area="forestry"))
    [link] = page.xpath("//a[starts-with(@href, '/en/brief/?country')]/@href")
    assert link == f"/en/brief/?country=uz&area=forestry&project={saxaul.key}"
    assert reader.get(link).status_code == 200
    page = reading.page(send(reader, text="Yodelling lessons", country="uz"))
    assert page.xpath("//a[starts-with(@href, '/en/brief/?country')]") == []


# ── What is refused ──────────────────────────────────────────────────────────────────────────────────────────


def errors(response):
    page = reading.page(response)
    return [
        reading.words(box) for box in page.xpath("//*[contains(@class, 'reader-error')] | //form//*[@role='alert']/p")
    ]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "State something: a description, a country, a place, an area …"),
        ({"year_from": "2027"}, "State something: a description, a country, a place, an area …"),
        ({"text": "x" * 2_001}, "Ensure this value has at most 2000 characters (it has 2001)."),
        ({"country": "xx"}, "“xx” is not available."),
        ({"budget": "-5", "year_from": "2027"}, "Ensure this value is greater than or equal to 1."),
        ({"budget": "5", "currency": "XXX"}, "“XXX” is not available."),
        ({"year_from": "soon"}, "A year from 1990 to 2100."),
        ({"year_from": "2030", "year_to": "2027"}, "The last year is before the first one."),
        ({"place": ";".join(f"p{n}" for n in range(21))}, "At most 20 names, please."),
        ({"organisation": "x" * 201}, "A name has at most 200 characters."),
    ],
)
def test_mistake_is_told_and_what_was_typed_stays(reader, saxaul, fields, told):
    response = (
        send(reader, title="Working title", **fields)
        if "country" in fields or "text" in fields
        else send(reader, **fields)
    )
    assert response.status_code == 200
    assert told in errors(response)
    page = reading.page(response)
    for name, value in fields.items():
        if name not in {"country", "currency"}:
            [field] = page.xpath(f"//*[@name='{name}']")
            assert value in (field.get("value") or field.text or "")


@pytest.mark.parametrize("token", ["", "forged", "nonce:1abcde:signature"])
def test_plan_with_a_bad_token_comes_back(reader, saxaul, token):
    response = reader.post(PAGE, {"token": token, "text": TEXT})
    assert "The form was open for too long. Your text is still here: please send it again." in errors(response)
    assert neighbours(response) == []


def test_network_that_checks_too_often_waits(reader, saxaul, settings):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"search": 10}
    throttling.buckets = throttling.TokenBuckets()
    found = [send(reader, text=TEXT) for _check in range(8)]
    assert found[0].status_code == 200
    assert found[-1].status_code == 429
    assert int(found[-1]["Retry-After"]) <= 61
    assert "Too many checks came from your network." in errors(found[-1])[1]


# ── Attacks and leaks ────────────────────────────────────────────────────────────────────────────────────────

NASTY = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{names} {0} {0.__class__} %(names)s %s %n",
    "\x00\u202e😀 ' \" ) OR 1=1 -- NEAR( * ^ : §",
    "가" * 2_000,
    "a " * 1_000,
    "-" * 2_000,
)


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_nasty_text_is_only_text(reader, saxaul, text, language):
    page = f"/{language}/plan/"
    for fields in ({"text": text}, {"title": text[:300]}, {"place": text[:200], "organisation": text[:200]}):
        response = send(reader, page, **fields)
        if response.status_code == 303:
            response = reader.get(response["Location"])
        assert response.status_code == 200
        assert "<script>alert" not in response.content.decode()
        assert "<img src=x" not in response.content.decode()


def test_draft_never_appears(reader, saxaul):
    before = reading.words(reading.page(send(reader, text=TEXT, country="uz", area="forestry")).find(".//main"))
    unseen = make_project(
        key="unseen", title_en="Unseen saxaul forest on the dry sea bed", publication=PublicationStatus.DRAFT
    )
    unseen.countries.add(saxaul.countries.get())
    make_area(unseen, Area.FORESTRY)
    make_result(project=saxaul, text_en="Unseen result", publication=PublicationStatus.DRAFT)
    hidden = make_organisation(name_en="Unseen institute", publication=PublicationStatus.DRAFT)
    make_participation(project=saxaul, organisation=hidden)
    saxaul.places.add(make_place(key="unseen-place", name_en="Unseenville", publication=PublicationStatus.DRAFT))
    make_answer(project=saxaul, issue=make_issue(name_en="Unseen issue", publication=PublicationStatus.DRAFT))
    party = make_agreement(title_en="Unseen pact", publication=PublicationStatus.DRAFT)
    make_party(agreement=party, country=saxaul.countries.get())
    make_area(party, Area.FORESTRY)
    empty_caches()
    after = reading.words(reading.page(send(reader, text=TEXT, country="uz", area="forestry")).find(".//main"))
    assert after == before
    named = reader.get(f"{PAGE}?place=Unseenville&organisation=Unseen+institute")
    told = "Not in the portal, so only searched as words: Unseenville, Unseen institute"
    assert told in reading.words(reading.page(named).find(".//main"))


# ── Queries ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.any_database
def test_number_of_queries_does_not_grow_with_the_projects(reader, saxaul):
    def count():
        empty_caches()
        with CaptureQueriesContext(connection) as asked:
            assert send(reader, text=TEXT, country="uz", area="forestry").status_code == 200
        return len(asked)

    send(reader, text=TEXT)
    first = count()
    for n in range(5):
        other = make_project(title_en=f"Saxaul forest {n}", start="2021")
        other.countries.add(saxaul.countries.get())
        other.places.add(make_place(country=saxaul.countries.get()))
        make_area(other, Area.FORESTRY)
        make_participation(project=other, organisation=make_organisation())
        make_result(project=other)
        agreement = make_agreement()
        make_party(agreement=agreement, country=saxaul.countries.get())
        make_area(agreement, Area.FORESTRY)
    send(reader, text=TEXT)
    assert count() == first


# ── A result that is kept ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def keep(reader, saxaul, at):
    """Return a function that keeps a result, and returns the address for its maker and the one for others."""

    def kept(language="en", **fields):
        at(seconds=0)
        token = make_token()
        at(seconds=30)
        response = reader.post(f"/{language}/plan/", {"token": token, "text": TEXT, "keep": "1", **fields})
        assert response.status_code == 303
        mine = response["Location"]
        return mine, mine.rpartition("/")[0].rpartition("/")[0] + "/"

    return kept


def test_result_is_kept_only_if_the_planner_asks_for_it(reader, saxaul, keep):
    send(reader, text=TEXT)
    assert not StoredCheck.objects.exists()
    mine, shared = keep(title="Saxaul in Muynak", country="uz")
    stored = StoredCheck.objects.get()
    assert stored.expires_on - stored.made_on == datetime.timedelta(days=90)
    assert shared == f"/en/plan/result/{stored.address}/"
    assert f"http://testserver{shared}" in reader.get(mine).content.decode()
    response = Client().get(shared)
    page = reading.page(response)
    words = reading.words(page.find(".//main"))
    assert reading.words(page.find(".//h1")) == "Saxaul in Muynak"
    assert TEXT in words
    assert neighbours(response) == ["Saxaul forest on the dry sea bed"]
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]
    assert "no-store" in response["Cache-Control"]
    assert stored.secret not in response.content.decode()


def test_kept_result_is_shown_in_its_language_and_as_a_file(reader, saxaul, keep):
    _mine, shared = keep("ko", text="마른 바다 바닥의 삭사울 숲")
    response = reader.get(shared.replace("/ko/", "/en/"))
    assert (response.status_code, response["Location"]) == (302, shared)
    answer = reader.get(f"{shared}?format=json").json()
    assert answer["plan"]["text"] == "마른 바다 바닥의 삭사울 숲"
    assert answer["items"][0]["url"] == f"http://testserver/ko/projects/{saxaul.key}/"


def test_maker_deletes_the_result_and_nobody_else_can(reader, keep):
    mine, shared = keep()
    forged = f"{shared}{'0' * 32}/"
    assert (reader.get(forged).status_code, reader.post(forged).status_code) == (404, 404)
    assert reader.get(mine).status_code == 200
    assert StoredCheck.objects.exists()
    assert "The result was deleted" in reader.post(mine).content.decode()
    assert not StoredCheck.objects.exists()
    assert (reader.get(mine).status_code, reader.get(shared).status_code) == (404, 404)


def test_kept_result_ends_after_90_days(reader, keep, on):
    _mine, shared = keep()
    stored = StoredCheck.objects.get()
    on(stored.expires_on.isoformat())
    assert reader.get(shared).status_code == 200
    on((stored.expires_on + datetime.timedelta(days=1)).isoformat())
    assert reader.get(shared).status_code == 404
    call_command("erase_expired_data")
    assert not StoredCheck.objects.exists()


def test_form_that_is_sent_twice_keeps_one_result(reader, saxaul, at):
    at(seconds=0)
    fields = {"token": make_token(), "text": TEXT, "keep": "1"}
    too_early = reader.post(PAGE, fields)
    assert "The form was sent within a few seconds" in too_early.content.decode()
    at(seconds=30)
    assert reader.post(PAGE, fields)["Location"] == reader.post(PAGE, fields)["Location"]
    assert StoredCheck.objects.count() == 1


def test_kept_result_leaves_out_what_is_no_longer_published(reader, saxaul, keep):
    _mine, shared = keep(country="uz", area="forestry")
    assert "Some 4,000 ha were planted." in reader.get(shared).content.decode()
    for record in (saxaul.result_records.get(), saxaul.organisations.get(), Agreement.objects.get()):
        record.publication = PublicationStatus.ARCHIVED
        record.save()
    page = reading.page(reader.get(shared))
    assert [link for link in page.xpath("//main//a/@href") if "/lessons/" in link or "/agreements/" in link] == []
    assert [link for link in page.xpath("//main//a/@href") if "/organisations/" in link] == []
    saxaul.publication = PublicationStatus.ARCHIVED
    saxaul.save()
    assert neighbours(reader.get(shared)) == []


def test_no_more_results_are_kept_a_day_than_the_table_should_grow(reader, saxaul, keep, monkeypatch, at):
    monkeypatch.setattr(plan, "MOST_A_DAY", 1)
    keep()
    at(seconds=60)
    token = make_token()
    at(seconds=90)
    response = reader.post(PAGE, {"token": token, "text": TEXT, "keep": "1"})
    assert response.status_code == 503
    assert "Very many results were kept today." in response.content.decode()
    assert neighbours(response) == ["Saxaul forest on the dry sea bed"]
    assert StoredCheck.objects.count() == 1
