"""The list of an account's sessions: the owner sees them and can end them."""

import pytest
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import formats, timezone, translation

from portal.accounts.sessions import device
from portal.ops.backup.files import EXCLUDED_TABLES
from portal.tracking.audit_log import AuditEntry
from tests import reading
from tests.portal.accounts.test_adapters import PASSWORD, code, found, leads_to, sign_in

pytestmark = pytest.mark.django_db

PAGE = "/accounts/sessions/"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 "
    "Mobile/15E148 Safari/604.1"
)


@pytest.fixture(autouse=True)
def editor(settings):
    settings.STAFF_MFA = False
    return User.objects.create_superuser("gulnara", "gulnara@example.org", PASSWORD)


def browser(address="203.0.113.7", user_agent=CHROME):
    """Return a client in which the editor has signed in."""
    client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=user_agent)
    sign_in(client, "gulnara")
    return client


def is_in(client):
    return client.get("/admin/").status_code == 200


def listed(client):
    """Return the heading of each session on the page and the lines below it."""
    items = reading.page(client.get(PAGE)).xpath("//ul[@class='account-sessions']/li")
    return [
        [" ".join(item.xpath("h2")[0].text_content().split()), *(line.strip() for line in item.xpath("p/text()"))]
        for item in items
    ]


def test_owner_sees_device_network_and_last_use_of_each_session(at):
    at()
    there = browser("198.51.100.77", SAFARI)
    here = browser("2001:db8:1:2::3")
    at(minutes=5)
    assert is_in(there)
    at(minutes=8)
    assert is_in(there)
    assert is_in(here)
    at(minutes=8, seconds=30)
    assert is_in(there)  # within the minute: not stored
    first, second = UserSession.objects.order_by("pk")
    assert listed(here) == [
        ["Chrome on Windows This browser", *moments(second), "Network: 2001:db8:1::/48"],
        ["Safari on iPhone", *moments(first), "Network: 198.51.100.0/24"],
    ]
    assert first.last_seen_at == second.last_seen_at  # the eighth minute


def moments(row):
    """Return the lines that say when a session was used and when it began."""
    used, began = (
        formats.date_format(timezone.localtime(moment), "DATETIME_FORMAT")
        for moment in (row.last_seen_at, row.created_at)
    )
    return [f"Last used: {used}", f"Signed in: {began}"]


def test_addresses_are_not_kept():
    browser("198.51.100.77")
    browser("2001:db8:1:2::3")
    assert sorted(UserSession.objects.values_list("ip", flat=True)) == ["198.51.100.0", "2001:db8:1::"]


def test_owner_ends_one_session():
    here, there, elsewhere = browser(), browser(), browser()
    one = UserSession.objects.get(session_key=there.session.session_key)
    response = here.post(PAGE, {"session": one.pk}, follow=True)
    assert found(response, "//div[@class='account-messages']/p")[-1] == "You have been signed out there."
    assert [is_in(client) for client in (here, there, elsewhere)] == [True, False, True]
    last = AuditEntry.objects.first()
    assert (last.who, last.what, last.details) == ("gulnara", "signed-out", {"sessions": 1})


def test_owner_ends_all_other_sessions():
    here, there, elsewhere = browser(), browser(), browser()
    here.post(PAGE)
    assert [is_in(client) for client in (here, there, elsewhere)] == [True, False, False]
    assert Session.objects.count() == UserSession.objects.count() == 1
    assert "You are signed in nowhere else." in here.get(PAGE).content.decode()


def test_nobody_ends_sessions_of_others():
    User.objects.create_user("reader", password=PASSWORD)
    here, theirs = browser(), Client()
    sign_in(theirs, "reader")
    other = UserSession.objects.get(user__username="reader")
    response = here.post(PAGE, {"session": other.pk})
    assert found(response, "//p[@role='alert']") == ["That session has ended already."]
    here.post(PAGE)
    assert theirs.get("/accounts/").status_code == 200
    assert leads_to(Client().post(PAGE)).startswith("/accounts/login/")


@pytest.mark.parametrize("value", ["0", "x", "9" * 30])
def test_a_session_that_is_not_there_is_told(value):
    here, there = browser(), browser()
    response = here.post(PAGE, {"session": value})
    assert found(response, "//p[@role='alert']") == ["That session has ended already."]
    assert is_in(there)


def test_other_sessions_are_offered_for_ending_after_a_change_of_factor():
    here = browser()
    told = "Your account is signed in elsewhere too. See and end the other sessions"
    page = here.get("/accounts/2fa/totp/activate/")
    done = here.post("/accounts/2fa/totp/activate/", {"code": code(page.context["form"].secret)}, follow=True)
    assert told not in found(done, "//div[@class='account-messages']/p")  # this message does not exist
    there = Client()
    sign_in(there, "gulnara")
    there.post("/accounts/2fa/authenticate/", {"code": code(page.context["form"].secret)})
    here.post("/accounts/reauthenticate/", {"password": PASSWORD})
    done = here.post("/accounts/2fa/totp/deactivate/", follow=True)
    assert found(done, "//div[@class='account-messages']/p").count(told) == 1
    assert found(done, f"//div[@class='account-messages']//a[@href='{PAGE}']") == ["See and end the other sessions"]


def test_change_of_password_ends_other_sessions_and_says_so():
    here, there = browser(), browser()
    new = "the-sea-comes-back-2030"
    data = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    done = here.post("/accounts/password/change/", data, follow=True)
    told = found(done, "//div[@class='account-messages']/p")
    assert "Your account is signed in nowhere else any more." in told
    assert [is_in(client) for client in (here, there)] == [True, False]
    assert len(listed(here)) == 1


def test_session_from_before_they_were_listed_is_listed_when_it_is_used(at):
    at()
    here = browser()
    UserSession.objects.all().delete()
    at(minutes=2)
    assert is_in(here)
    assert [heading for heading, *_rest in listed(here)] == ["Chrome on Windows This browser"]


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (CHROME, "Chrome on Windows"),
        (SAFARI, "Safari on iPhone"),
        (f"{CHROME} Edg/131.0.0.0", "Edge on Windows"),
        (f"{CHROME} Whale/4.29.282.14", "Whale on Windows"),
        (f"{CHROME} YaBrowser/24.10", "Yandex Browser on Windows"),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-S911N) SamsungBrowser/27.0 Chrome/125.0 Mobile",
            "Samsung Internet on Android",
        ),
        ("Links (2.28; Linux)", "Unknown browser on Linux"),
        ("curl/8.5.0", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_device_in_plain_words(user_agent, words):
    assert device(user_agent) == words


@pytest.mark.parametrize(("language", "words"), [("ko", "Chrome(Windows)"), ("ru", "Chrome, Windows")])
def test_device_in_the_readers_language(language, words):
    with translation.override(language):
        assert device(CHROME) == words


def test_sessions_are_in_no_backup_and_at_no_desk():
    assert UserSession._meta.db_table in EXCLUDED_TABLES
    assert not admin.site.is_registered(UserSession)
