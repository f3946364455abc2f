"""Sign-in: permissions of accounts, second factors and limits on attempts."""

import re
import time
from datetime import timedelta

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.adapters import display, needs_mfa_setup
from tests import reading

pytestmark = pytest.mark.django_db

PASSWORD = "a-dry-sea-remembers-1960"
LOGIN, ACCOUNT, DESK = "/accounts/login/", "/accounts/", "/admin/"
FORBIDDEN = (  # for the content policy: inline code that runs, and resources of other hosts
    "<style",
    r"<script(?![^>]*(?: src=|type=\"application/json\"))",
    r"\s(?:style|on[a-z]+)=[\"']",
    r"(?:src|href)=[\"'](?:data|https?):",
)
EVERY_LANGUAGE = pytest.mark.parametrize("language", ["en", "ko", "ru"])


@pytest.fixture(autouse=True)
def second_step_is_asked(settings):
    settings.STAFF_MFA = True


@pytest.fixture
def editor():
    return User.objects.create_superuser("gulnara", "gulnara@example.org", PASSWORD)


@pytest.fixture
def reader():
    return User.objects.create_user("reader", "reader@example.org", PASSWORD)


@pytest.fixture
def secret(editor):
    """Return the secret of the editor’s authenticator app."""
    TOTP.activate(editor, secret := "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    return secret


def code(secret):
    """Return the present code of an authenticator app."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sign_in(client, username, password=PASSWORD, **more):
    return client.post(LOGIN, {"login": username, "password": password, **more})


def leads_to(response):
    assert response.status_code == 302
    return response.headers["Location"]


def found(response, path):
    """Return the texts of the elements at an XPath of the page."""
    return [element.text_content().strip() for element in reading.page(response).xpath(path)]


def heading(response):
    [text] = found(response, "//h1")
    return text


def errors(response):
    return found(response, "//ul[starts-with(@class, 'errorlist')]/li")


# ── Sign-in to the admin ─────────────────────────────────────────────────────────────────────────────────────


def test_anonymous_is_led_from_the_desk_to_the_portals_own_sign_in(client):
    there = leads_to(client.get("/admin/portal/place/"))
    assert there == "/admin/login/?next=/admin/portal/place/"
    assert leads_to(client.get(there)) == "/accounts/login/?next=/admin/portal/place/"
    assert leads_to(client.get("/admin/login/")) == "/accounts/login/?next=/admin/"


def test_staff_without_a_second_step_sets_one_up_before_the_desk_opens(client, editor):
    assert leads_to(sign_in(client, "gulnara")) == DESK
    assert leads_to(client.get(DESK)) == "/admin/login/?next=/admin/"
    assert leads_to(client.get("/admin/login/?next=/admin/")) == ACCOUNT
    assert "One more step before you can edit" in client.get(ACCOUNT).content.decode()

    page = client.get("/accounts/2fa/totp/activate/")  # the password is not asked again: it was entered a moment ago
    assert heading(page) == "Set up an authenticator app"
    done = client.post("/accounts/2fa/totp/activate/", {"code": code(page.context["form"].secret)})
    assert leads_to(done) == "/accounts/2fa/recovery-codes/"
    assert len(found(client.get(leads_to(done)), "//ul[@class='account-codes']/li")) == 10
    assert client.get(DESK).status_code == 200
    assert "One more step before you can edit" not in client.get(ACCOUNT).content.decode()


def test_wrong_code_sets_nothing_up(client, editor):
    sign_in(client, "gulnara")
    client.get("/accounts/2fa/totp/activate/")
    assert errors(client.post("/accounts/2fa/totp/activate/", {"code": "0"})) == ["This code is wrong."]
    assert not Authenticator.objects.exists()


def test_picture_for_the_app_stands_in_the_page(client, editor):
    sign_in(client, "gulnara")
    page = reading.page(client.get("/accounts/2fa/totp/activate/"))
    [picture] = page.xpath("//svg[@class='qr']")
    assert picture.get("aria-label") == "QR code for the authenticator app"
    assert len(picture.find("path").get("d")) > 1000
    assert page.xpath("//img") == []


def test_picture_holds_nothing_but_its_dots():
    assert re.fullmatch(r'<svg [^>]*><path d="[Mhvz0-9,-]+"/></svg>', get_adapter().build_totp_svg('"><script>'))


def test_staff_with_a_second_step_is_asked_for_it(client, editor, secret):
    assert leads_to(sign_in(client, "gulnara")) == "/accounts/2fa/authenticate/"
    assert client.get(DESK).status_code == 302
    page = client.get("/accounts/2fa/authenticate/")
    assert heading(page) == "Two-step verification"
    assert "Use the key" not in page.content.decode()  # this element does not exist
    assert errors(client.post("/accounts/2fa/authenticate/", {"code": "0"})) == ["This code is wrong."]
    assert leads_to(client.post("/accounts/2fa/authenticate/", {"code": code(secret)})) == DESK
    assert client.get(DESK).status_code == 200


def test_recovery_code_opens_once(client, editor, secret):
    [spare, *_more] = RecoveryCodes.activate(editor).get_unused_codes()
    for answer in (302, 200):
        sign_in(client, "gulnara")
        assert client.post("/accounts/2fa/authenticate/", {"code": spare}).status_code == answer
        client.post("/accounts/logout/")


def test_recovery_codes_alone_are_no_second_step(editor):
    RecoveryCodes.activate(editor)
    assert needs_mfa_setup(editor)


def test_reader_comes_to_their_account_and_not_to_the_desk(client, reader):
    assert leads_to(sign_in(client, "reader")) == ACCOUNT
    assert "One step" not in client.get(ACCOUNT).content.decode()
    assert leads_to(client.get(DESK)) == "/admin/login/?next=/admin/"
    refused = client.get("/admin/login/")
    assert (refused.status_code, heading(refused)) == (403, "Not for this account")


def test_second_step_is_not_asked_where_the_setting_is_off(client, editor, settings):
    settings.STAFF_MFA = False
    sign_in(client, "gulnara")
    assert client.get(DESK).status_code == 200
    assert leads_to(client.get("/admin/login/")) == DESK


def test_account_is_called_by_its_owners_name():
    assert [display(User(username="anna", last_name=name)) for name in ("", "Kim")] == ["anna", "Kim"]


# ── Next, language, caches ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("/admin/portal/place/", "/admin/portal/place/"),
        ("https://example.com/", ACCOUNT),
        ("//example.com/", ACCOUNT),
        ("javascript:alert(1)", ACCOUNT),
    ],
)
def test_sign_in_leads_on_only_within_the_portal(client, reader, asked, given):
    assert leads_to(sign_in(client, "reader", next=asked)) == given


PAGES = {  # by the account that sees them
    None: ["login/", "signup/", "password/reset/", "password/reset/done/", "password/reset/key/done/", "inactive/"],
    "gulnara": [
        *("", "logout/", "password/change/", "reauthenticate/", "2fa/reauthenticate/", "2fa/totp/deactivate/"),
        *("2fa/recovery-codes/", "2fa/recovery-codes/generate/", "2fa/webauthn/", "2fa/webauthn/add/"),
    ],
}


@EVERY_LANGUAGE
@pytest.mark.parametrize(("who", "path"), [(who, path) for who, paths in PAGES.items() for path in paths])
def test_page_is_in_the_browsers_language_private_and_within_the_policy(client, editor, secret, who, path, language):
    if who:
        RecoveryCodes.activate(editor)
        sign_in(client, who)
        client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    response = client.get(f"/accounts/{path}", headers={"Accept-Language": language})
    html = response.content.decode()
    assert response.status_code == 200
    assert reading.page(response).get("lang") == language
    assert heading(response)
    if language != "en":
        letters = {"ko": "[가-힣]", "ru": "[а-я]"}[language]
        texts = found(response, "//h1 | //h2 | //main//label | //main//button")
        assert [text for text in texts if not re.search(letters, text)] == []
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert re.findall("|".join(FORBIDDEN), html) == []


def test_chosen_language_stays(client):
    chosen = client.post("/accounts/language/", {"language": "ko", "next": LOGIN})
    assert leads_to(chosen) == LOGIN
    assert reading.page(client.get(LOGIN)).get("lang") == "ko"
    assert leads_to(client.get("/")) == "/ko/"
    assert "Cookie" in client.get("/").headers["Vary"]


def test_no_page_speaks_of_accounts_to_search_engines(client):
    assert "Disallow: /accounts/" in client.get("/robots.txt").content.decode()


# ── Passwords, sign-up, sign-out ─────────────────────────────────────────────────────────────────────────────


def test_nobody_opens_an_account_for_themselves(client):
    assert heading(client.get("/accounts/signup/")) == "Registration is closed"
    data = {"username": "anna", "email": "", "password1": PASSWORD, "password2": PASSWORD}
    assert heading(client.post("/accounts/signup/", data)) == "Registration is closed"
    assert not User.objects.exists()


def test_there_is_no_account_by_default():
    assert not User.objects.exists()


def test_signing_out_wants_a_click(client, reader):
    sign_in(client, "reader")
    assert heading(client.get("/accounts/logout/")) == "Sign out"
    assert heading(client.get(ACCOUNT)) == "Your account"
    there = leads_to(client.post("/accounts/logout/"))
    assert there == "/accounts/login/?signed-out"
    assert found(client.get(there), "//p[@role='status']") == ["You have signed out."]
    assert found(client.get(LOGIN), "//p[@role='status']") == []


@pytest.mark.parametrize("address", ["/accounts/logout/", "/admin/logout/"])
def test_signing_out_clears_cache_and_cookies_of_the_browser_and_leaves_its_storage(client, editor, settings, address):
    settings.STAFF_MFA = False
    sign_in(client, "gulnara")
    assert "Clear-Site-Data" not in client.get(address).headers
    response = client.post(address)
    assert response.headers["Clear-Site-Data"] == '"cache", "cookies"'  # never "storage": it has unsaved text
    assert not Session.objects.exists()
    assert leads_to(client.get(ACCOUNT)) == "/accounts/login/?next=/accounts/"


def test_desk_signs_out_and_changes_passwords_by_the_same_pages(client, editor, secret):
    client.force_login(editor)
    assert leads_to(client.get("/admin/password_change/")) == "/accounts/password/change/"
    assert leads_to(client.post("/admin/logout/")) == "/accounts/login/?signed-out"
    assert client.get(DESK).status_code == 302


def test_password_is_long_and_not_a_common_one(client, reader):
    sign_in(client, "reader")
    data = {"oldpassword": PASSWORD, "password1": "12345678901", "password2": "12345678901"}
    assert errors(client.post("/accounts/password/change/", data)) == [
        "This password is too short. It must contain at least 12 characters.",
        "This password is too common.",
        "This password is entirely numeric.",
    ]


def test_forgotten_password_is_set_anew_by_mail(client, editor, secret):
    client.post("/accounts/password/reset/", {"email": "gulnara@example.org"})
    [message] = mail.outbox
    link = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", message.body)[1]
    form = leads_to(client.get(link))
    new = "the-sea-comes-back-2030"
    done = client.post(form, {"password1": new, "password2": new})
    assert leads_to(done) == "/accounts/2fa/authenticate/"  # the second factor stays
    assert leads_to(sign_in(Client(), "gulnara", new)) == "/accounts/2fa/authenticate/"


def test_stranger_gets_no_mail_and_is_told_nothing(client):
    response = client.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert leads_to(response) == "/accounts/password/reset/done/"
    assert mail.outbox == []


def test_owner_is_told_of_a_change(client, editor):
    sign_in(client, "gulnara")
    page = client.get("/accounts/2fa/totp/activate/")
    with pytest.MonkeyPatch.context() as patch:  # mail that cannot be sent does not undo the change
        patch.setattr(EmailBackend, "send_messages", lambda *_: (_ for _ in ()).throw(ConnectionRefusedError()))
        client.post("/accounts/2fa/totp/activate/", {"code": code(page.context["form"].secret)})
    assert Authenticator.objects.filter(user=editor, type="totp").exists()


# ── Length of a session ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def signed_in(client, editor, settings, at):
    """Return a client in which the editor signed in at the start of the clock."""
    settings.STAFF_MFA = False
    at()
    sign_in(client, "gulnara")
    return client


def desk_is_open(client):
    return client.get(DESK).status_code == 200


def test_session_ends_after_an_hour_in_which_nothing_is_asked_for(signed_in, at):
    at(minutes=59)
    assert desk_is_open(signed_in)
    at(minutes=59 + 59)
    assert desk_is_open(signed_in)
    at(minutes=59 + 59 + 61)
    assert not desk_is_open(signed_in)


def test_session_ends_after_ten_hours_whatever_is_done_in_it(signed_in, at):
    for minutes in range(20, 600, 20):
        at(minutes=minutes)
        assert desk_is_open(signed_in)
        # Entering the password again or changing it does not extend the session.
        assert leads_to(signed_in.post("/accounts/reauthenticate/", {"password": PASSWORD})) == DESK
    change = {"oldpassword": PASSWORD, "password1": "the-sea-comes-back-2030", "password2": "the-sea-comes-back-2030"}
    assert leads_to(signed_in.post("/accounts/password/change/", change))
    assert desk_is_open(signed_in)
    at(minutes=599, seconds=59)
    assert desk_is_open(signed_in)
    at(minutes=600, seconds=1)
    assert not desk_is_open(signed_in)
    sign_in(signed_in, "gulnara", "the-sea-comes-back-2030")
    at(minutes=655)
    assert desk_is_open(signed_in)


def test_session_is_written_once_a_minute_at_most(signed_in, at):
    def writes():
        with CaptureQueriesContext(connection) as queries:
            assert desk_is_open(signed_in)
        return len([query for query in queries if re.match('UPDATE "django_session"', query["sql"])])

    assert desk_is_open(signed_in)  # shows the message of the sign-in and removes it from the session
    counts = []
    for seconds in (1, 30, 59, 61, 100, 120, 122):
        at(seconds=seconds)
        counts.append(writes())
    assert counts == [0, 0, 0, 1, 0, 0, 1]


def test_session_from_before_there_was_a_limit_gets_one(signed_in, at):
    session = signed_in.session
    for key in ("session_began_at", "session_active_at", "_session_expiry"):
        session.pop(key, None)
    session.set_expiry(timedelta(hours=20))
    session.save()
    at(minutes=2)
    assert desk_is_open(signed_in)
    at(minutes=63)
    assert not desk_is_open(signed_in)


def test_public_pages_neither_extend_a_session_nor_set_its_cookie(signed_in, at):
    at(minutes=59)
    response = signed_in.get("/en/about/")
    assert (response.status_code, dict(response.cookies)) == (200, {})
    assert "Cookie" not in response.headers["Vary"]
    at(minutes=61)
    assert not desk_is_open(signed_in)


# ── Rate limits ──────────────────────────────────────────────────────────────────────────────────────────────


MISMATCH = "Wrong username or password. Try again."
REFUSED = "There were too many attempts that did not fit. Your account is safe."


def attempt(username, password, address, **more):
    """Return the error of the sign-in page for an attempt from an address, or the URL to which it redirects."""
    response = Client(REMOTE_ADDR=address).post(LOGIN, {"login": username, "password": password}, **more)
    return response.headers.get("Location") or " ".join(errors(response))


@pytest.mark.parametrize("name", ["gulnara", "GULNARA"])
def test_attempt_limit_of_a_network_is_the_same_for_every_host_header(editor, settings, name):
    settings.ALLOWED_HOSTS = ["*"]
    for n in range(5):
        assert attempt("gulnara", "wrong", "10.0.0.1", HTTP_HOST=f"127.0.0.1:{n + 1}") == MISMATCH
    for host in ("127.0.0.1:6", "127.0.0.1", "localhost", "[::1]:7", "example.org"):
        assert attempt(name, PASSWORD, "10.0.0.1", HTTP_HOST=host).startswith(REFUSED)


def test_attempt_limit_counts_the_addresses_of_a_network_together(editor):
    for n in range(5):
        assert attempt("gulnara", "wrong", f"10.0.0.{n}") == MISMATCH
    assert attempt("gulnara", PASSWORD, "10.0.0.9").startswith(REFUSED)
    for n in range(5):
        assert attempt("gulnara", "wrong", f"2001:db8:1:{n}::1") == MISMATCH
    assert attempt("gulnara", PASSWORD, "2001:db8:1:9::1").startswith(REFUSED)


def test_stranger_cannot_lock_an_account_from_one_network(editor, at):
    """While one network keeps trying, the owner can sign in from another one, known or unknown to the portal."""
    for minutes in range(0, 24 * 60, 30):
        at(minutes=minutes)
        for _n in range(5):
            attempt("gulnara", "wrong", "10.6.6.6")
    assert attempt("gulnara", PASSWORD, "10.6.6.6").startswith(REFUSED)
    assert attempt("gulnara", PASSWORD, "10.0.0.1") == DESK


def test_attempt_limit_of_an_account_counts_all_networks_that_it_did_not_sign_in_from(editor, at):
    assert attempt("gulnara", PASSWORD, "10.0.0.1") == DESK
    for n in range(100):
        assert attempt("gulnara", "wrong", f"10.6.{n}.6") == MISMATCH
    assert attempt("gulnara", PASSWORD, "10.7.7.7").startswith(REFUSED)
    assert attempt("gulnara", PASSWORD, "10.0.0.99") == DESK  # the owner’s own network
    at(minutes=24 * 60 + 1)
    assert attempt("gulnara", PASSWORD, "10.7.7.7") == DESK


def test_attempts_on_other_accounts_do_not_stop_owners_in_a_network_that_they_signed_in_from(editor):
    assert attempt("gulnara", PASSWORD, "10.0.0.1") == DESK
    for n in range(11):
        attempt(f"nobody-{n}", "wrong", "10.0.0.1")
    assert attempt("nobody", "wrong", "10.0.0.1").startswith(REFUSED)
    assert attempt("gulnara", PASSWORD, "10.0.0.1") == DESK


def test_attempt_limit_holds_in_a_network_that_the_account_signed_in_from(editor):
    assert attempt("gulnara", PASSWORD, "10.0.0.1") == DESK
    for _n in range(5):
        assert attempt("gulnara", "wrong", "10.0.0.1") == MISMATCH
    assert attempt("gulnara", PASSWORD, "10.0.0.1").startswith(REFUSED)


@pytest.mark.any_database
def test_attempts_with_names_that_nobody_has_ask_as_many_queries(editor):
    """The time of a response does not reveal whether there is an account."""
    counts = []
    for name in ("gulnara", "nobody"):
        with CaptureQueriesContext(connection) as queries:
            assert attempt(name, "wrong", "10.0.0.1") == MISMATCH
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_password_reset_signs_in_however_many_attempts_there_were(editor, secret):
    for n in range(101):
        attempt("gulnara", "wrong", f"10.6.{n}.6")
    browser = Client(REMOTE_ADDR="10.7.7.7")
    assert errors(sign_in(browser, "gulnara"))[0].startswith(REFUSED)
    browser.post("/accounts/password/reset/", {"email": "gulnara@example.org"})
    link = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", mail.outbox[0].body)[1]
    new = "the-sea-comes-back-2030"
    done = browser.post(leads_to(browser.get(link)), {"password1": new, "password2": new})
    assert leads_to(done) == "/accounts/2fa/authenticate/"  # the second factor stays
    assert leads_to(browser.post("/accounts/2fa/authenticate/", {"code": code(secret)})) == DESK
    browser.post("/accounts/logout/")
    assert leads_to(sign_in(browser, "gulnara", new)) == "/accounts/2fa/authenticate/"  # the network is known now


def test_limit_on_one_address_counts_whatever_the_account(client):
    for n in range(10):
        sign_in(client, f"nobody-{n}", "wrong")
    assert errors(sign_in(client, "nobody-10", "wrong"))[0].startswith("There were too many attempts")


def test_too_many_requests_are_told_kindly(client):
    for _n in range(30):
        client.post(LOGIN)
    response = client.post(LOGIN)
    assert (response.status_code, heading(response)) == (429, "Too many requests")


@pytest.mark.django_db(transaction=True)
def test_limit_holds_for_every_worker(monkeypatch):
    """Another worker has its own cache object and shares no memory."""
    for _n in range(5):
        sign_in(Client(REMOTE_ADDR="10.1.0.1"), "gulnara", "wrong")
    for name in caches.settings:
        monkeypatch.setattr(caches._connections, name, DatabaseCache("portal_cache", {}), raising=False)
    [kind] = errors(sign_in(Client(REMOTE_ADDR="10.1.0.2"), "gulnara", "wrong"))
    assert kind.startswith("There were too many attempts")


def test_cache_has_its_table():
    assert "portal_cache" in connection.introspection.table_names()


# ── Re-authentication ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def signed_in_before(client, editor, secret):
    """Return a client in which the editor signed in some time ago."""
    client.force_login(editor)
    return client


@pytest.mark.parametrize(
    "address",
    [
        lambda user: reverse("admin:auth_user_add"),
        lambda user: reverse("admin:auth_user_change", args=[user.pk]),
        lambda user: reverse("admin:auth_user_delete", args=[user.pk]),
        lambda user: reverse("admin:auth_user_password_change", args=[user.pk]),
        lambda user: reverse("admin:auth_group_add"),
        lambda user: reverse("admin:mfa_authenticator_delete", args=[user.authenticator_set.get().pk]),
        lambda user: reverse("mfa_deactivate_totp"),
        lambda user: reverse("mfa_view_recovery_codes"),
    ],
)
def test_sensitive_page_asks_again_who_is_there(signed_in_before, editor, address):
    there = address(editor)
    RecoveryCodes.activate(editor)
    assert leads_to(signed_in_before.get(there)).startswith("/accounts/reauthenticate/?next=")
    assert leads_to(signed_in_before.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": there})) == there
    assert signed_in_before.get(there).status_code == 200


def test_what_was_sent_goes_on_after_the_password(signed_in_before):
    asked = signed_in_before.post(reverse("admin:auth_group_add"), {"name": "Translators"})
    assert not Group.objects.filter(name="Translators").exists()
    signed_in_before.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": reverse("admin:auth_group_add")})
    assert leads_to(asked).startswith("/accounts/reauthenticate/")
    assert Group.objects.filter(name="Translators").exists()


def test_lists_of_accounts_open_and_ask_again_before_they_change(signed_in_before, editor):
    users = reverse("admin:auth_user_changelist")
    assert signed_in_before.get(users).status_code == 200
    sent = signed_in_before.post(users, {"action": "delete_selected", "_selected_action": [editor.pk]})
    assert leads_to(sent).startswith("/accounts/reauthenticate/")


def test_secret_of_a_second_step_is_shown_to_nobody(signed_in_before, editor, secret):
    step = editor.authenticator_set.get(type="totp")
    signed_in_before.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = signed_in_before.get(reverse("admin:mfa_authenticator_change", args=[step.pk]))
    assert (page.status_code, secret in page.content.decode()) == (200, False)
    assert signed_in_before.get(reverse("admin:mfa_authenticator_add")).status_code == 403


def test_administrator_takes_a_lost_second_step_away(signed_in_before, editor):
    other = User.objects.create_user("anna", is_staff=True)
    step = TOTP.activate(other, "JBSWY3DPEHPK3PXP").instance
    signed_in_before.post("/accounts/reauthenticate/", {"password": PASSWORD})
    signed_in_before.post(reverse("admin:mfa_authenticator_delete", args=[step.pk]), {"post": "yes"})
    assert needs_mfa_setup(other)


# ── Who may change accounts ──────────────────────────────────────────────────────────────────────────────────────


def account_page(user):
    return reverse("admin:auth_user_change", args=[user.pk])


def test_administrator_makes_nobody_a_superuser(administrator):
    han = User.objects.create_user("han", is_staff=True)
    form = administrator.get(account_page(han)).context["adminform"].form
    assert "is_staff" in form.fields
    assert "is_superuser" not in form.fields
    rights = dict.fromkeys(("is_superuser", "is_staff", "is_active"), "on")
    administrator.post(account_page(han), {"username": "han"} | rights)
    han.refresh_from_db()
    assert (han.is_staff, han.is_superuser) == (True, False)


@pytest.mark.parametrize("page", ["auth_user_delete", "auth_user_password_change"])
def test_administrator_touches_no_superuser(administrator, page):
    root = User.objects.create_superuser("root", password=PASSWORD)
    data = {"password1": "x" * 20, "password2": "x" * 20, "post": "yes"}
    assert administrator.post(reverse(f"admin:{page}", args=[root.pk]), data).status_code == 403
    assert User.objects.get(username="root").check_password(PASSWORD)
