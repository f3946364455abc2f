"""The first administrator signs in with an app and a passkey, on a phone, without violations of the content policy."""

import re
import time
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.management import call_command
from django.db import connection

from tests.browser.served import VIEWPORTS, serve
from tests.browser.test_accessibility import AXE, EVERYTHING, report, violations
from tests.databases import store_of

PASSWORD = "a-dry-sea-remembers-1960"
WIDEST = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
ACCOUNTS = {"en": "gulnara", "ko": "hyejin", "ru": "aigul"}
NEWCOMER = "zarina"


@pytest.fixture(scope="module")
def desk(django_db_setup, django_db_blocker, database_of_a_server, tmp_path_factory):
    """Run a portal that requires two-factor authentication of staff. Its only accounts are those of createsuperuser."""
    if connection.vendor != "sqlite":
        pytest.skip("what a browser sees does not depend on the database")
    copy = tmp_path_factory.mktemp("desk") / "desk.sqlite3"
    with django_db_blocker.unblock():
        store_of(connection).save_to(copy)  # empty, and migrated: migrating it here takes half a minute
    with pytest.MonkeyPatch.context() as patch, database_of_a_server(copy):
        patch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
        for name in [*ACCOUNTS.values(), NEWCOMER]:
            email = f"{name}@example.org"
            call_command("createsuperuser", interactive=False, username=name, email=email, verbosity=0)
    with serve(f"sqlite:///{copy}", STAFF_MFA="1") as site:
        site.url = site.url.replace("127.0.0.1", "localhost")  # passkeys need a host name
        yield site


class Person:
    """A user's browser: opens pages, checks each one, and collects the errors of the browser."""

    def __init__(self, context, look):
        self.page = context.new_page()
        self.look = look
        self.complaints = []
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _on_console(self, message):
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text} ({self.page.url})")

    def at(self, path):
        """Wait for the page at a path and check it."""
        self.page.wait_for_url(re.compile(rf"://[^/]*{re.escape(path)}(\?|$)"), wait_until="networkidle")
        self.look(self.page)

    def go(self, path):
        self.page.goto(path, wait_until="networkidle")
        self.at(path)

    def sign_in(self, name):
        self.page.fill("[name=login]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("main [type=submit]")

    def answer(self, secret):
        """Type the code of the authenticator app."""
        self.page.fill("[name=code]", format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
        self.page.locator("main form:has([name=code]) [type=submit]").first.click()


def first_day(person, name):
    """Sign in, set up an app and a passkey, sign out, and sign in again with the passkey."""
    page = person.page
    page.goto("/admin/")
    person.at("/accounts/login/")
    person.sign_in("nobody")
    person.at("/accounts/login/")
    person.sign_in(name)
    person.at("/accounts/")
    page.goto("/accounts/2fa/totp/activate/")
    person.at("/accounts/2fa/totp/activate/")
    page.click("summary")
    person.answer(page.inner_text(".account-secret"))
    person.at("/accounts/2fa/recovery-codes/")
    page.click("main .account-button")
    page.wait_for_url("**/admin/")
    person.go("/accounts/2fa/webauthn/add/")
    page.click("#mfa_webauthn_add")
    person.at("/accounts/")
    for path in (
        *("2fa/webauthn/", "2fa/totp/deactivate/", "2fa/recovery-codes/generate/", "password/change/"),
        *("reauthenticate/", "2fa/reauthenticate/", "2fa/webauthn/reauthenticate/", "sessions/", "logout/"),
    ):
        person.go(f"/accounts/{path}")
    page.click("main [type=submit]")
    person.at("/accounts/login/")
    person.sign_in(name)
    person.at("/accounts/2fa/authenticate/")
    page.click("#mfa_webauthn_authenticate")
    page.wait_for_url("**/admin/")
    page.goto("/admin/portal/auditentry/")
    for path in ("signup/", "password/reset/", "password/reset/done/"):
        page.goto("/admin/", wait_until="networkidle")
        page.context.clear_cookies()
        page.goto(f"/accounts/{path}")
        person.at(f"/accounts/{path}")


def with_a_key(context, page):
    """Add a virtual security key to the browser, which confirms each request at once."""
    network = context.new_cdp_session(page)
    network.send("WebAuthn.enable")
    key = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True}
    options = key | {"hasResidentKey": True, "automaticPresenceSimulation": True}
    network.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.mark.parametrize("language", ACCOUNTS)
def test_first_administrator_comes_in(desk, new_context, language):
    """English runs under the content policy. Korean and Russian run with axe, which the policy would block."""
    english = language == "en"
    context = new_context(
        base_url=desk.url,
        viewport=VIEWPORTS["phone"],
        locale=language,
        bypass_csp=not english,
        color_scheme="light" if language == "ko" else "dark",
        reduced_motion="reduce",
    )
    if not english:
        context.add_init_script(AXE)
    found, seen = [], set()

    def look(page):
        seen.add(urlsplit(page.url).path)
        assert page.get_attribute("html", "lang") == language
        assert page.evaluate(WIDEST) <= 0, f"{page.url} is wider than the telephone"
        if not english:
            found.extend(f"{page.url}: {report(violation)}" for violation in violations(page, {"runOnly": EVERYTHING}))

    person = Person(context, look)
    with_a_key(context, person.page)
    first_day(person, ACCOUNTS[language])

    assert found == []
    assert person.complaints == []
    assert len(seen) == 18, desk.log()


def test_a_key_that_is_not_read_is_told(desk, new_context):
    person = Person(new_context(base_url=desk.url), lambda _page: None)
    person.page.goto("/accounts/login/")
    person.sign_in(NEWCOMER)
    person.go("/accounts/2fa/webauthn/add/")
    person.page.evaluate(
        "() => { navigator.credentials.create = () => Promise.reject(new DOMException('', 'NotAllowedError')) }"
    )
    person.page.click("#mfa_webauthn_add")
    person.page.wait_for_selector("text=The key could not be read. Try again, or use a code.")
    assert person.complaints == []
