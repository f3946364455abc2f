"""The form for reports of mistakes, the contact page, and the public log of corrections."""

import logging
import re
from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

from issues.models import Term
from portal.core.choices import PublicationStatus
from portal.http import throttling
from portal.models import Correction, ReaderReport
from portal.views import corrections
from tests import reading
from tests.counting import queries
from tests.make import (
    make_agreement,
    make_correction,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_organisation,
    make_place,
    make_portal_details,
    make_project,
    make_reader_report,
    make_result,
    make_source,
    make_term,
)

pytestmark = pytest.mark.django_db

FORM = "/en/report/"
SEEN = {"en": "Report a mistake", "ko": "오류 신고", "ru": "Сообщить об ошибке"}
MAKERS = (
    *(make_project, make_agreement, make_organisation, make_issue, make_indicator, make_event, make_source),
    *(make_place, make_country, make_result),
)


@pytest.fixture
def clock(monkeypatch):
    """Stop the clock of the tokens, and return a list whose only element is the time in seconds."""
    now = [1_800_000_000.0]
    monkeypatch.setattr("django.core.signing.time.time", lambda: now[0])
    return now


@pytest.fixture
def reader(clock):
    """Return a client that checks CSRF tokens, as a browser meets them."""
    return Client(enforce_csrf_checks=True)


def fetch(reader, clock, path=FORM, seconds=30):
    """Return the data of an empty form, as a reader has it after some seconds."""
    page = reading.page(reader.get(path))
    clock[0] += seconds
    form = page.xpath("//form[contains(@class, 'report-form')]")[0]
    return {field.get("name"): field.get("value") or "" for field in form.xpath(".//input | .//textarea")}


def send(reader, clock, path=FORM, **fields):
    return reader.post(path.partition("?")[0], fetch(reader, clock, path) | {"message": "The end is 2023."} | fields)


def errors(response):
    """Return the messages at the fields, by the name of the field, and those above the form by ""."""
    page = reading.page(response)
    found = {}
    for box in page.xpath("//*[contains(@class, 'reader-error')]"):
        [field] = page.xpath("//*[contains(@aria-describedby, $id)]", id=box.find("ul").get("id"))
        assert field.get("aria-invalid") == "true"
        found[field.get("name")] = reading.words(box)
    above = page.xpath("//form//*[@role='alert']/p[position() > 1]")
    return found | ({"": reading.words(above[0])} if above else {})


# ── A report that is sent ────────────────────────────────────────────────────────────────────────────────────


def test_reader_without_account_or_cookie_sends_a_report_and_gets_its_number(reader, clock):
    address = make_project().get_absolute_url()
    response = send(
        reader, clock, f"{FORM}?address={address}", url="example.org/report.pdf", email="reader@example.org"
    )
    report = ReaderReport.objects.get()
    assert (response.status_code, response["Location"]) == (303, f"/en/report/sent/{report.pk}/")
    stored = (report.address, report.message, report.url, report.email, report.state, report.day)
    assert stored == (
        *(address, "The end is 2023.", "https://example.org/report.pdf", "reader@example.org"),
        *("new", timezone.localdate()),
    )
    thanks = reader.get(response["Location"])
    assert f"Its number is {report.pk}." in thanks.content.decode()
    assert (response.cookies, thanks.cookies, reader.cookies) == ({}, {}, {})


def test_log_of_the_server_has_nothing_of_a_report(reader, clock, caplog):
    with caplog.at_level(logging.DEBUG):
        send(reader, clock, message="Zzyzx", url="https://zzyzx.example/", email="zzyzx@example.org")
    assert ReaderReport.objects.get().message == "Zzyzx"
    assert "zzyzx" not in f"{caplog.text} {[record.__dict__ for record in caplog.records]}".lower()


def test_two_fields_may_stay_empty(reader, clock):
    assert send(reader, clock).status_code == 303
    assert ReaderReport.objects.filter(url="", email="", address="").count() == 1


@pytest.mark.parametrize("language", SEEN)
def test_form_has_the_page_and_the_day_filled_in(client, language):
    address = f"/{language}/projects/aral/"
    page = reading.page(client.get(f"/{language}/report/?address={address}"))
    assert reading.words(page.find(".//h1")) == SEEN[language]
    [link] = page.xpath("//dl[@class='report-facts']//a")
    assert (link.get("href"), link.text) == (address, address)
    [day] = page.xpath("//dl[@class='report-facts']//time/@datetime")
    assert day == timezone.localdate().isoformat()


@pytest.mark.parametrize("make", MAKERS)
def test_every_record_leads_to_the_form_with_its_address(client, make):
    record = make()
    address = record.get_absolute_url()
    page = reading.page(client.get(address))
    filled = f"{FORM}?address={address}"
    links = page.xpath("//main//a[normalize-space(.)='Report a mistake']/@href")
    assert [link.replace("%2F", "/") for link in links] == [filled]
    assert page.xpath("//footer//a[normalize-space(.)='Report a mistake']/@href") == [filled]


def test_term_leads_to_the_form_with_its_address(client, reader, clock):
    term = make_term(key="saxaul")
    [link] = reading.page(client.get("/en/glossary/")).xpath("//div[@id='saxaul']//a[contains(@href, 'report')]/@href")
    send(reader, clock, link)
    assert ReaderReport.objects.get().address == term.get_absolute_url() == "/en/glossary/#saxaul"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/en/",
        "/admin/",
        "javascript:alert(1)",
        '/en/"><script>alert(1)</script>',
        "/en/\r\nSet-Cookie: a=b",
        "/en/" + "a" * 500,
        "/en/page/\x00",
    ],
)
def test_address_that_is_no_page_of_the_portal_is_dropped(reader, clock, address):
    response = reader.get(FORM, {"address": address})
    assert response.status_code == 200
    assert "evil" not in response.content.decode().replace(f"?{response.request['QUERY_STRING']}", "")
    assert "<script>alert" not in response.content.decode()
    send(reader, clock, address=address)
    assert [report.address for report in ReaderReport.objects.all()] in ([""], [])


# ── A report that is refused ─────────────────────────────────────────────────────────────────────────────────

WRONG = {
    "en": ("Write what is wrong.", "This is not a link. It begins with https://."),
    "ko": ("잘못된 내용을 적어 주십시오.", "링크가 아닙니다. 링크는 https://로 시작합니다."),
    "ru": ("Напишите, в чём ошибка.", "Это не ссылка. Ссылка начинается с https://."),
}


@pytest.mark.parametrize("language", WRONG)
def test_errors_stand_at_their_fields_and_the_text_stays(reader, clock, language):
    path = f"/{language}/report/?address=/{language}/projects/aral/"
    response = send(reader, clock, path, message=" ", url="javascript:alert(1)", email="reader@example.org")
    assert errors(response) == dict(zip(("message", "url"), WRONG[language], strict=True))
    page = reading.page(response)
    values = {name: page.xpath(f"//form//input[@name='{name}']/@value") for name in ("url", "email", "address")}
    assert values == {
        "url": ["javascript:alert(1)"],
        "email": ["reader@example.org"],
        "address": [f"/{language}/projects/aral/"],
    }
    assert not ReaderReport.objects.exists()


@pytest.mark.parametrize("url", ["ftp://example.org/", "data:text/html,a", "https://", "http://a b"])
def test_link_of_another_scheme_is_refused(reader, clock, url):
    assert list(errors(send(reader, clock, url=url))) == ["url"]


def test_huge_or_broken_text_is_refused_at_its_field(reader, clock):
    most = ReaderReport.MOST_LETTERS
    assert list(errors(send(reader, clock, message="a" * (most + 1)))) == ["message"]
    assert list(errors(send(reader, clock, message="a\x00b"))) == ["message"]
    assert list(errors(send(reader, clock, email="a@example.org\nBcc: b@example.org"))) == ["email"]
    assert list(errors(send(reader, clock, url="https://example.org/" + "a" * 600))) == ["url"]
    assert send(reader, clock, message="а" * most).status_code == 303


def test_body_above_the_limit_is_refused_unread(reader):
    response = reader.post(FORM, {"message": "a" * 3_000_000})
    assert (response.status_code, ReaderReport.objects.count()) == (413, 0)


def test_program_that_sends_too_early_is_refused_and_may_send_again(reader, clock):
    data = fetch(reader, clock, seconds=1) | {"message": "Buy <b>now</b>"}
    response = reader.post(FORM, data)
    assert "within a few seconds" in errors(response)[""]
    page = reading.page(response)
    assert page.xpath("//form//input[@name='token']/@value") == [data["token"]]
    assert page.xpath("//form//textarea")[0].text.strip() == "Buy <b>now</b>"
    clock[0] += 30
    assert reader.post(FORM, data).status_code == 303


@pytest.mark.parametrize("spoil", [lambda token: "", lambda token: token[:-2] + "xx", lambda token: "x" * 5_000])
def test_forged_token_is_refused_and_replaced(reader, clock, spoil):
    data = fetch(reader, clock) | {"message": "The end is 2023."}
    response = reader.post(FORM, data | {"token": spoil(data["token"])})
    assert "open for too long" in errors(response)[""]
    [token] = reading.page(response).xpath("//form//input[@name='token']/@value")
    assert token not in {"", data["token"], spoil(data["token"])}
    assert not ReaderReport.objects.exists()


def test_form_that_was_open_for_more_than_a_day_comes_back_with_its_text(reader, clock):
    data = fetch(reader, clock, seconds=25 * 60 * 60) | {"message": "The end is 2023."}
    response = reader.post(FORM, data)
    assert "Your text is still here" in errors(response)[""]
    [token] = reading.page(response).xpath("//form//input[@name='token']/@value")
    clock[0] += 30
    assert reader.post(FORM, data | {"token": token}).status_code == 303


def test_form_that_is_sent_twice_is_one_report(reader, clock):
    data = fetch(reader, clock) | {"message": "The end is 2023."}
    first, second = reader.post(FORM, data), reader.post(FORM, data | {"message": "Another"})
    assert first["Location"] == second["Location"]
    assert [report.message for report in ReaderReport.objects.all()] == ["The end is 2023."]


def test_field_that_readers_do_not_see_catches_programs(reader, clock):
    assert "must stay empty" in errors(send(reader, clock, website="https://spam.example/"))[""]
    assert not ReaderReport.objects.exists()


def test_network_that_reports_too_often_is_told_when_to_go_on_and_keeps_its_text(reader, clock, settings, monkeypatch):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"reports": 10}
    monkeypatch.setattr(throttling, "time", lambda: 1_800_000_010.0)
    monkeypatch.setattr(throttling, "buckets", throttling.TokenBuckets())
    assert [send(reader, clock).status_code for _ in range(10)] == [303] * 10
    response = send(reader, clock, message="The eleventh")
    assert (response.status_code, response["Retry-After"]) == (429, "51")
    assert errors(response) == {"": "Too many reports came from your network. Please send yours again in 51 seconds."}
    assert reading.page(response).xpath("//form//textarea")[0].text.strip() == "The eleventh"
    assert ReaderReport.objects.count() == 10


def test_reports_of_a_day_are_limited_for_all_networks_together(reader, clock, monkeypatch):
    monkeypatch.setattr(corrections, "MOST_REPORTS_A_DAY", 1)
    make_reader_report(day=date(2026, 11, 1))
    assert send(reader, clock).status_code == 303
    response = send(reader, clock)
    assert (response.status_code, list(errors(response))) == (503, [""])
    assert ReaderReport.objects.count() == 2


def test_markup_of_a_reader_stays_text(reader, clock):
    response = send(reader, clock, message="</textarea><script>alert(1)</script>", email='"><img src=x>')
    text = response.content.decode()
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_another_site_cannot_use_the_session_of_an_editor(client, clock, django_user_model):
    """A cross-site POST stores a report at most. It needs a token, and the report does not name the editor."""
    client.force_login(django_user_model.objects.create_superuser("gulnara"))
    assert client.post(FORM, {"message": "x"}, headers={"Origin": "https://evil.example"}).status_code == 200
    assert not ReaderReport.objects.exists()
    assert "gulnara" not in {str(field) for field in ReaderReport._meta.get_fields()}


# ── Caches, cookies, robots ──────────────────────────────────────────────────────────────────────────────────


def test_page_of_a_record_is_cached_and_the_form_is_not(page_cache, client, django_assert_num_queries):
    address = make_project().get_absolute_url()
    first, second = client.get(address), client.get(address)
    assert first.content == second.content
    assert first["Cache-Control"] == "public, max-age=0, must-revalidate"
    forms = [client.get(f"{FORM}?address={address}") for _ in range(2)]
    assert forms[0].content != forms[1].content
    token = re.compile(r'name="token" value="[^"]+"')
    assert len({token.sub("", form.content.decode()) for form in forms}) == 1
    assert all("no-store" in form["Cache-Control"] for form in forms)
    assert [response.cookies for response in (first, second, *forms)] == [{}] * 4


@pytest.mark.parametrize("path", ["contact/", "corrections/", "privacy/", "report/", "report/sent/3/", "about/"])
def test_no_page_sets_a_cookie(client, path):
    assert client.get(f"/en/{path}").cookies == {}


def test_search_engines_keep_the_form_and_the_thanks_out(client):
    told = {
        path: reading.page(client.get(f"/en/{path}")).xpath("//meta[@name='robots']/@content")
        for path in ("report/", "report/sent/3/", "contact/", "corrections/", "privacy/")
    }
    assert {path for path, robots in told.items() if robots == ["noindex"]} == {"report/", "report/sent/3/"}
    assert [robots for robots in told.values() if robots not in ([], ["noindex"])] == []


def test_number_of_the_thanks_is_a_number(client):
    assert client.get("/en/report/sent/x/").status_code == 404
    assert client.get(f"/en/report/sent/{'9' * 5_000}/").status_code == 404


# ── Contact ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_message_from_the_contact_page_has_no_page(reader, clock):
    assert send(reader, clock, "/ru/contact/", email="reader@example.org").status_code == 303
    assert ReaderReport.objects.filter(address="", url="", email="reader@example.org").count() == 1


def test_contact_says_calmly_what_is_not_given(client):
    text = reading.words(reading.page(client.get("/en/contact/")).find(".//main"))
    assert "The publisher is not named here yet." in text
    assert "No office address is given yet." in text
    assert "mailto:" not in client.get("/en/contact/").content.decode()


@pytest.mark.parametrize("path", ["contact/", "about/", "privacy/"])
def test_pages_show_the_details_in_the_language_of_the_reader(client, path):
    names = {"publisher_en": "An institute", "publisher_ko": "연구원"}
    make_portal_details(**names, office_en="1 Road\nSuwon", email="e@example.org")
    page = reading.page(client.get(f"/ko/{path}"))
    details = page.xpath("//dl[@class='facts']")[-1]
    assert "연구원" in reading.words(details)
    assert details.xpath(".//span[@class='lines']/span/@lang") == ["en"]
    assert details.xpath(".//a/@href") == ["mailto:e@example.org"]


def test_about_adds_the_rules_of_the_editors(client):
    make_portal_details(rules_en="We answer <b>each</b> report.")
    text = client.get("/en/about/").content.decode()
    assert "We answer &lt;b&gt;each&lt;/b&gt; report." in text


# ── The public log ───────────────────────────────────────────────────────────────────────────────────────────


def entries(response):
    return [reading.words(entry) for entry in reading.page(response).xpath("//ol[@class='corrections']/li")]


def test_log_says_what_changed_why_and_how_long_it_took(client):
    project = make_project(title_en="Saxaul belts")
    make_correction(project, reported_on=date(2026, 11, 20), corrected_on=date(2026, 11, 24))
    [entry] = entries(client.get("/en/corrections/"))
    assert entry == (
        "Saxaul belts What changed The end was 2024. It is 2023. Why The report of the agency says so. "
        "Corrected on 24 November 2026 Reported on 20 November 2026 Days taken 4"
    )


@pytest.mark.parametrize(("language", "word"), [("ko", "처리 기간(일)"), ("ru", "Срок исправления, дней")])
def test_log_marks_english_that_stands_in_for_a_translation(client, language, word):
    make_correction(what_ko="끝은 2023년이다.", what_ru="Срок — 2023 год.", reported_on=date(2026, 11, 20))
    page = reading.page(client.get(f"/{language}/corrections/"))
    assert page.xpath("//ol[@class='corrections']//dd/span/@lang") == ["en"]
    assert word in reading.words(page)


def test_log_is_filtered_by_kind_and_record(client):
    one, other, issue = make_project(), make_project(), make_issue()
    for record in (one, other, issue):
        make_correction(record)
    assert len(entries(client.get("/en/corrections/"))) == 3
    assert len(entries(client.get("/en/corrections/?kind=project"))) == 2
    assert len(entries(client.get(f"/en/corrections/?kind=project&key={one.key}"))) == 1
    wrong = client.get("/en/corrections/?kind=nothing")
    assert len(entries(wrong)) == 3
    assert "There is no such kind of record." in wrong.content.decode()


@pytest.mark.parametrize("key", ["%00", "bishkek-air%00", "no-such-key", "Two words", "x" * 500])
def test_log_of_a_key_that_no_record_has_is_empty(client, key):
    make_correction(make_project(key="trees"))
    response = client.get(f"/en/corrections/?kind=project&key={key}")
    assert (response.status_code, entries(response)) == (200, [])


def test_log_is_paginated_and_a_wrong_page_is_the_last_one(client, monkeypatch):
    monkeypatch.setattr(corrections, "PER_PAGE", 2)
    for _ in range(3):
        make_correction()
    assert len(entries(client.get("/en/corrections/?page=2"))) == 1
    assert len(entries(client.get("/en/corrections/?page=99"))) == 1


def test_log_names_no_record_that_is_not_published(client):
    record = make_project(title_en="Zzyzx belts")
    make_correction(record)
    record.publication = PublicationStatus.ARCHIVED
    record.save()
    response = client.get("/en/corrections/")
    assert "Zzyzx" not in response.content.decode()
    assert f"Project: {record.key} (no longer published)" in entries(response)[0]


def test_log_escapes_what_editors_write(client):
    make_correction(what_en="<script>alert(1)</script>", why_en="A & B")
    text = client.get("/en/corrections/").content.decode()
    assert "<script>alert" not in text
    assert "A &amp; B" in text


@pytest.mark.any_database
def test_log_asks_the_same_of_the_database_for_one_entry_as_for_six(client):
    def grow():
        for make in (make_project, make_issue, make_place):
            make_correction(make())

    grow()
    one = queries(client, "/en/corrections/")
    grow()
    assert len(queries(client, "/en/corrections/")) == len(one)


@pytest.mark.parametrize("make", MAKERS)
def test_page_of_a_record_says_when_it_was_corrected(client, make):
    record = make()
    assert "Corrected " not in client.get(record.get_absolute_url()).content.decode()
    make_correction(record, corrected_on=date(2026, 11, 24))
    page = reading.page(client.get(record.get_absolute_url()))
    [link] = page.xpath("//main//a[contains(normalize-space(.), 'Corrected 24 November 2026')]/@href")
    assert len(entries(client.get(link))) == 1


def test_term_says_when_it_was_corrected(client):
    one = make_term()
    make_term()
    make_correction(one, corrected_on=date(2026, 11, 24))
    page = reading.page(client.get("/ko/glossary/"))
    assert [reading.words(link) for link in page.xpath("//dl//a[contains(@href, 'corrections')]")] == [
        "2026년 11월 24일 정정"
    ]
    assert Term.objects.count() == 2


def test_former_version_of_a_record_does_not_speak_of_today(client):
    project = make_project()
    make_correction(project)
    assert "Corrected " not in client.get(f"{project.get_absolute_url()}on/{timezone.localdate()}/").content.decode()


def test_log_is_empty_at_first(client):
    assert "No correction is in the log yet." in client.get("/en/corrections/").content.decode()
    assert not Correction.objects.exists()
