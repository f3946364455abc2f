"""Changes by e-mail: the form, the confirmation, the digest, and the end, through a mail server on this machine."""

import logging
import re
from datetime import timedelta
from html import unescape

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from portal.http import throttling
from portal.models import DigestSubscription
from portal.tracking.history import without_history
from portal.views import digest_mail, digests
from tests import reading
from tests.counting import settle
from tests.mail_server import mail_server
from tests.make import (
    UNPUBLISHED,
    make_correction,
    make_country,
    make_digest_subscription,
    make_issue,
    make_project,
    make_result,
)
from tests.pages import LANGUAGES

pytestmark = pytest.mark.django_db

FORM = "/en/digests/"
READER = "reader@example.org"


@pytest.fixture
def mailbox(settings):
    with mail_server(settings) as mailbox:
        yield mailbox


@pytest.fixture
def reader(monkeypatch):
    """Return a client that checks CSRF tokens, as a browser does. Its forms are old enough to be accepted."""
    monkeypatch.setattr("portal.http.form_tokens.LEAST_SECONDS", -1)
    return Client(enforce_csrf_checks=True)


def loaded(make, **fields):
    """Make a record as the first load of the content does."""
    with without_history():
        return make(**fields)


def send(reader, path=FORM, **fields):
    """Send the form at `path` as it is filled in."""
    form = reading.page(reader.get(path)).xpath("//form[contains(@class, 'report-form')]")[0]
    data = {field.get("name"): field.get("value") or "" for field in form.xpath(".//input")}
    return reader.post(form.get("action"), data | {"email": READER, "frequency": "weekly"} | fields)


def links(message, path):
    """Return the paths and queries of the links to `path` in the plain text, and check that the HTML has the same."""
    text, html = (message.get_body([form]).get_content() for form in ("plain", "html"))
    found = re.findall(rf"http://testserver(\S*{path}\S*)", text)
    assert set(found) <= set(re.findall(r'href="http://testserver([^"]*)"', unescape(html)))
    return found


def subscribe(reader, mailbox, path=FORM, **fields):
    """Ask for the changes and confirm. Return the stored subscription."""
    send(reader, path, **fields)
    [link] = links(mailbox.messages[-1], "/digests/confirm/")
    assert reader.post(link).status_code == 200
    return DigestSubscription.objects.latest("pk")


def own_log(caplog):
    """Return what was logged, without the log of the mail server in this process, which names addresses."""
    return str([(one.getMessage(), vars(one)) for one in caplog.records if one.name != "mail.log"])


def send_digests():
    settle()
    call_command("send_digests")


# ── From the form to the digest ──────────────────────────────────────────────────────────────────────────────


def test_reader_confirms_gets_a_digest_and_stops(reader, mailbox, on):
    on("2026-11-02")
    kz = loaded(make_country, key="kz", name_en="Kazakhstan")
    trees, wells = (loaded(make_project, title_en=name, status="implementation") for name in ("Trees", "Wells"))
    trees.countries.add(kz)
    response = send(reader, f"{FORM}?list=projects&country=kz")
    assert (response.status_code, response["Location"]) == (303, "/en/digests/sent/")
    subscription = DigestSubscription.objects.get()
    assert (subscription.email, subscription.is_confirmed) == (READER, False)
    [(to, confirmation)] = mailbox.received
    assert (to, confirmation["To"]) == ([READER], READER)
    assert "Country: Kazakhstan" in confirmation.get_body(["plain"]).get_content()

    [link] = links(confirmation, "/digests/confirm/")
    page = reading.page(reader.get(link))
    assert not DigestSubscription.objects.confirmed().exists()  # a program that checks links confirms nothing
    [form] = page.xpath("//main//form")
    assert reader.post(form.get("action")).status_code == 200
    assert DigestSubscription.objects.confirmed().count() == 1

    on("2026-11-04")
    for project in (trees, wells):
        project.status = "closed"
        project.save()
    on("2026-11-08")
    send_digests()
    assert len(mailbox.received) == 1  # not due yet
    on("2026-11-09")
    send_digests()
    [_confirmation, (to, digest)] = mailbox.received
    assert to == [READER]
    for body in (digest.get_body([form]).get_content() for form in ("plain", "html")):
        assert "Trees" in body
        assert "Status: Under way → Completed" in body
        assert "Wells" not in body
    assert links(digest, f"/projects/{trees.key}/") == [f"/en/projects/{trees.key}/"]
    assert reader.get(links(digest, "/changes/")[0]).status_code == 200

    [link] = links(digest, "/digests/stop/")
    reader.get(link)
    assert DigestSubscription.objects.exists()
    page = reading.page(reader.post(link))
    assert reading.words(page.find(".//h1")) == "You get no more of these mails"
    assert not DigestSubscription.objects.exists()
    assert reader.post(link).status_code == reader.get(link).status_code == 200


def test_mail_program_stops_with_one_click(reader, mailbox, on):
    on("2026-11-02")
    subscribe(reader, mailbox)
    on("2026-11-03")
    make_issue()
    on("2026-11-09")
    send_digests()
    digest = mailbox.messages[-1]
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = re.fullmatch(r"<http://testserver(/\S+)>", digest["List-Unsubscribe"])[1]
    program = Client(enforce_csrf_checks=True)
    response = program.post(address, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert (response.status_code, response.cookies) == (200, {})
    assert not DigestSubscription.objects.exists()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Please confirm", "What changed", "Kazakhstan", "Trees", "New")),
        ("ko", ("확인해 주십시오", "변경", "카자흐스탄", "나무", "신규")),
        ("ru", ("Подтвердите", "Что изменилось", "Казахстан", "Деревья", "Новое")),
    ],
)
def test_mails_are_in_the_language_of_the_reader(reader, mailbox, on, language, words):
    on("2026-11-02")
    kz = loaded(make_country, key="kz", name_en="Kazakhstan", name_ko="카자흐스탄", name_ru="Казахстан")
    subscribe(reader, mailbox, f"/{language}/digests/?country=kz")
    on("2026-11-03")
    project = make_project(title_en="Trees", title_ko="나무", title_ru="Деревья")
    project.countries.add(kz)
    on("2026-11-09")
    send_digests()
    confirmation, digest = mailbox.messages
    asked, changed, country, name, label = words
    assert asked in confirmation["Subject"]
    assert changed in digest["Subject"]
    for form in ("plain", "html"):
        assert country in confirmation.get_body([form]).get_content()
        body = digest.get_body([form]).get_content()
        assert all(word in body for word in (country, name, label))
    assert f'<html lang="{language}">' in digest.get_body(["html"]).get_content()


def test_mails_load_nothing_and_track_nobody(reader, mailbox, on):
    on("2026-11-02")
    subscribe(reader, mailbox)
    on("2026-11-03")
    project = make_project()
    on("2026-11-09")
    send_digests()
    for message in mailbox.messages:
        html = message.get_body(["html"]).get_content()
        assert not re.search(r"<(img|link|script|style|iframe)|src=|background", html)
        assert READER not in html
    urls = re.findall(
        r'href="http://testserver([^"]*)"', unescape(mailbox.messages[1].get_body(["html"]).get_content())
    )
    plain = [f"/en/projects/{project.key}/", "/en/changes/", "/en/", "/en/privacy/"]
    assert [url for url in urls if "/digests/stop/" not in url] == plain


def test_monthly_digest_comes_after_a_month(reader, mailbox, on):
    on("2026-10-31")
    subscribe(reader, mailbox, frequency="monthly")
    on("2026-11-01")
    make_issue()
    on("2026-11-29")
    send_digests()
    assert len(mailbox.received) == 1
    on("2026-11-30")
    send_digests()
    assert len(mailbox.received) == 1
    on("2026-12-01")
    send_digests()
    assert len(mailbox.received) == 2


def test_no_mail_comes_without_a_change_and_no_change_comes_twice(reader, mailbox, on):
    on("2026-11-02")
    loaded(make_project)
    subscribe(reader, mailbox)
    on("2026-11-09")
    send_digests()
    assert len(mailbox.received) == 1
    make_issue()  # on the day of the run: the next digest has it
    send_digests()
    on("2026-11-16")
    send_digests()
    send_digests()
    assert len(mailbox.received) == 2
    on("2026-11-23")
    send_digests()
    assert len(mailbox.received) == 2


@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_drafts_do_not_leak_into_digests(reader, mailbox, on, publication):
    on("2026-11-02")
    subscribe(reader, mailbox)
    on("2026-11-03")
    secret = make_project(title_en="Secret wells", publication=publication)
    make_result(project=secret, text_en="Secret result.", publication=publication)
    make_correction(record=secret, what_en="The year.")
    on("2026-11-09")
    send_digests()
    body = mailbox.messages[-1].as_string()
    assert "The year." in body  # the log of corrections is public
    assert "Secret" not in body
    assert secret.key not in body


def test_long_digest_is_cut_and_leads_to_the_page(reader, mailbox, on, monkeypatch):
    monkeypatch.setattr(digest_mail, "MOST_IN_MAIL", 2)
    on("2026-11-02")
    subscribe(reader, mailbox)
    on("2026-11-03")
    for _number in range(3):
        make_issue()
    on("2026-11-09")
    send_digests()
    body = mailbox.messages[-1].get_body(["plain"]).get_content()
    assert body.count("* New:") == 2
    assert "There are more changes." in body


def test_form_leaves_out_filters_of_other_lists(client):
    response = client.get(f"{FORM}?list=sources&status=closed&language=ko")
    assert (response.status_code, response["Location"]) == (302, f"{FORM}?list=sources&language=ko")


def test_filter_whose_value_is_gone_sends_nothing(reader, mailbox, on):
    on("2026-11-02")
    kz = loaded(make_country, key="kz")
    subscribe(reader, mailbox, f"{FORM}?country=kz")
    on("2026-11-03")
    make_issue()
    kz.publication = "archived"
    kz.save()
    on("2026-11-09")
    send_digests()
    assert len(mailbox.received) == 1


def test_second_subscription_to_the_same_changes_takes_the_place_of_the_first(reader, mailbox):
    subscribe(reader, mailbox)
    other = subscribe(reader, mailbox, f"{FORM}?list=issues")
    latest = subscribe(reader, mailbox, email=READER.upper(), frequency="monthly")
    assert set(DigestSubscription.objects.all()) == {other, latest}


# ── Failures ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_mail_that_cannot_be_sent_is_told_and_nothing_is_kept(reader, mailbox):
    mailbox.refused.add(READER)
    response = send(reader)
    assert response.status_code == 503
    assert "could not be sent" in response.content.decode()
    assert not DigestSubscription.objects.exists()


def test_digest_that_fails_is_sent_by_the_next_run_and_others_are_sent(reader, mailbox, on, caplog):
    on("2026-11-02")
    subscribe(reader, mailbox)
    subscribe(reader, mailbox, email="other@example.org")
    on("2026-11-03")
    make_issue()
    on("2026-11-09")
    mailbox.refused.add(READER)
    with caplog.at_level(logging.DEBUG):
        send_digests()
    assert [to for to, _message in mailbox.received[2:]] == [["other@example.org"]]
    assert "sent 1, unchanged 0, outdated 0, failed 1" in caplog.text
    assert "example.org" not in own_log(caplog)
    mailbox.refused.clear()
    send_digests()
    assert [to for to, _message in mailbox.received[3:]] == [[READER]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_portal_without_a_mail_server_states_so_and_has_no_form(client, language, mailoutbox):
    response = client.get(f"/{language}/digests/?list=projects")
    page = reading.page(response)
    assert page.xpath("//main//form") == []
    assert page.xpath("//main//div[@class='empty']//a/@href") == [f"/{language}/changes/feed/?list=projects"]
    assert client.post(f"/{language}/digests/", {"email": READER, "frequency": "weekly"}).status_code == 503
    make_digest_subscription(covered_until=timezone.now() - timedelta(days=40))
    make_issue()
    send_digests()
    assert mailoutbox == []
    assert not DigestSubscription.objects.unconfirmed().exists()


# ── Attacks ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "email",
    [
        "reader@example.org\nBcc: victim@example.org",
        "reader@example.org\r\nSubject: Buy",
        "reader@example.org, victim@example.org",
        "Reader <reader@example.org>",
        "reader@example.org%0ABcc:victim@example.org",
        "a" * 250 + "@example.org",
        "",
    ],
)
def test_address_carries_no_other_header_or_reader(reader, mailbox, email):
    response = send(reader, email=email)
    assert response.status_code == 200
    assert reading.page(response).xpath("//*[@class='reader-error']")
    assert (mailbox.received, DigestSubscription.objects.count()) == ([], 0)


def test_confirmation_has_no_words_that_somebody_typed(reader, mailbox):
    send(reader, f"{FORM}?q=buy+at+evil.example")
    assert DigestSubscription.objects.get().query == "q=buy+at+evil.example"
    assert "evil" not in mailbox.messages[0].as_string()
    assert "Only records with the words" in mailbox.messages[0].get_body(["plain"]).get_content()


def test_words_and_names_never_become_markup(reader, mailbox, on):
    on("2026-11-02")
    subscribe(reader, mailbox, f"{FORM}?q=<b>trees</b>")
    on("2026-11-03")
    make_project(title_en="<b>Trees</b>")
    on("2026-11-09")
    send_digests()
    digest = mailbox.messages[-1]
    assert "&lt;b&gt;Trees&lt;/b&gt;" in digest.get_body(["html"]).get_content()
    assert "<b>" not in digest.get_body(["html"]).get_content()
    assert "<b>Trees</b>" in digest.get_body(["plain"]).get_content()


def test_huge_filter_is_refused(reader, mailbox):
    for number in range(60):
        loaded(make_country, key=f"country-of-some-long-name-{number}")
    keys = "&".join(f"country=country-of-some-long-name-{number}" for number in range(60))
    assert send(reader, f"{FORM}?{keys}").status_code == 400
    assert (mailbox.received, DigestSubscription.objects.count()) == ([], 0)


@pytest.mark.parametrize("query", ["country=zz", "list=nothing", "year_from=12"])
def test_filter_that_does_not_exist_is_refused(reader, mailbox, query):
    form = reading.page(reader.get(FORM)).xpath("//input[@name='token']/@value")[0]
    data = {"token": form, "email": READER, "frequency": "weekly"}
    assert reader.post(f"{FORM}?{query}", data).status_code == 400
    assert (mailbox.received, DigestSubscription.objects.count()) == ([], 0)


@pytest.mark.parametrize("purpose", ["confirm", "stop"])
def test_links_cannot_be_guessed(client, mailbox, purpose):
    subscription = make_digest_subscription()
    other = digest_mail.STOP if purpose == "confirm" else digest_mail.CONFIRM
    right = digest_mail.key_of(subscription, f"digest-{purpose}")
    wrong = [
        *("", "1", subscription.nonce, f"{subscription.nonce}:", f"{subscription.nonce}:x", right[:-1], f"x{right}"),
        digest_mail.key_of(subscription, other),
    ]
    for key in wrong:
        address = f"/en/digests/{purpose}/"
        assert client.get(address, {"key": key}).status_code == 404
        assert client.post(f"{address}?key={key}").status_code == 404
    assert not DigestSubscription.objects.get().is_confirmed
    assert client.get(f"/en/digests/{purpose}/", {"key": right}).status_code == 200


def test_mailbox_of_somebody_else_is_not_flooded(reader, mailbox, monkeypatch):
    for _number in range(digests.MOST_UNCONFIRMED + 2):
        assert send(reader)["Location"] == "/en/digests/sent/"
    assert len(mailbox.received) == DigestSubscription.objects.count() == digests.MOST_UNCONFIRMED
    monkeypatch.setattr(digests, "MOST_A_DAY", digests.MOST_UNCONFIRMED)
    assert send(reader, email="other@example.org").status_code == 503
    assert len(mailbox.received) == digests.MOST_UNCONFIRMED


def test_forms_are_throttled(reader, mailbox, settings):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"reports": 2}
    throttling.buckets.minute = None
    responses = [send(reader, email=f"reader{number}@example.org") for number in range(4)]
    assert 429 in {response.status_code for response in responses}
    refused = next(response for response in responses if response.status_code == 429)
    assert int(refused["Retry-After"]) > 0


def test_programs_are_refused(reader, mailbox, monkeypatch):
    assert "must stay empty" in send(reader, website="https://spam.example/").content.decode()
    data = {"email": READER, "frequency": "weekly", "token": "forged"}
    assert "open for too long" in reader.post(FORM, data).content.decode()
    monkeypatch.setattr("portal.http.form_tokens.LEAST_SECONDS", 4)
    assert "as programs do" in send(reader).content.decode()
    assert (mailbox.received, DigestSubscription.objects.count()) == ([], 0)


def test_form_that_is_sent_twice_is_one_subscription(reader, mailbox):
    token = reading.page(reader.get(FORM)).xpath("//input[@name='token']/@value")[0]
    for _time in range(2):
        response = reader.post(FORM, {"token": token, "email": READER, "frequency": "weekly"})
        assert response.status_code == 303
    assert (len(mailbox.received), DigestSubscription.objects.count()) == (1, 1)


def test_link_expires_with_the_address(reader, mailbox):
    send(reader)
    DigestSubscription.objects.update(asked_at=timezone.now() - timedelta(days=7))
    [link] = links(mailbox.messages[0], "/digests/confirm/")
    page = reading.page(reader.post(link))
    assert reading.words(page.find(".//h1")) == "This link has expired"
    assert not DigestSubscription.objects.confirmed().exists()


# ── Privacy ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_pages_set_no_cookie_and_are_not_cached_or_indexed(reader, mailbox):
    subscription = make_digest_subscription()
    for purpose in (digest_mail.CONFIRM, digest_mail.STOP):
        response = reader.get(digest_mail.link_of(subscription, purpose).removeprefix("http://testserver"))
        assert "no-store" in response["Cache-Control"]
        assert b'<meta name="robots" content="noindex">' in response.content
        assert READER not in response.content.decode()
    assert reader.get(FORM)["Cache-Control"] == response["Cache-Control"]
    assert reader.cookies == {}


def test_address_is_in_one_table_only_and_in_no_log(reader, mailbox, on, caplog):
    on("2026-11-02")
    with caplog.at_level(logging.DEBUG):
        subscription = subscribe(reader, mailbox)
        on("2026-11-03")
        make_issue()
        on("2026-11-09")
        send_digests()
    logged = own_log(caplog)
    assert READER not in logged
    assert subscription.nonce not in logged
    with connection.cursor() as cursor:
        holding = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            if READER in str(cursor.fetchall()):
                holding.append(table)
    assert holding == ["portal_digestsubscription"]
    assert not hasattr(DigestSubscription, "history")
