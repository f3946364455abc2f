"""Password reset by e-mail: who gets mail, what it changes, and no response reveals who has an account."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.core import after_response

pytestmark = pytest.mark.django_db

OLD, NEW = "a-dry-sea-remembers-1960", "the-sea-comes-back-2030"
ASK, ENROL, DESK = "/accounts/password/reset/", "/accounts/2fa/totp/activate/", "/admin/"
VARYING = {"Content-Security-Policy", "Expires", "X-Request-ID"}  # parts in any order; clock; a number
MIGRATION = "0024_addresses_are_those_of_the_accounts"
migration = import_module(f"portal.migrations.{MIGRATION}")


@pytest.fixture(autouse=True)
def second_step_is_asked(settings):
    settings.STAFF_MFA = True


@pytest.fixture
def gulnara():
    return User.objects.create_superuser("gulnara", "gulnara@example.org", OLD)


def link_in(message):
    return re.search(r"http://testserver(/accounts/password/reset/key/\S+)", message.body)[1]


def set_new_password(client, link):
    """Open the link of the mail and enter a new password. Return the response."""
    form = client.get(link).headers["Location"]
    return client.post(form, {"password1": NEW, "password2": NEW})


def enrol(client):
    """Set up an authenticator app. Return the response to its first code."""
    secret = client.get(ENROL).context["form"].secret
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    return client.post(ENROL, {"code": code})


# ── The second step ──────────────────────────────────────────────────────────────────────────────────────────


def test_after_a_reset_staff_set_up_the_second_step_and_come_to_the_desk(client, gulnara):
    Client().post(ASK, {"email": "gulnara@example.org"})  # a stranger asks first
    client.post(ASK, {"email": "gulnara@example.org"})
    set_new_password(client, link_in(mail.outbox[-1]))
    client = Client()
    client.post("/accounts/login/", {"login": "gulnara", "password": NEW})
    assert client.get(DESK).headers["Location"] == "/admin/login/?next=/admin/"
    assert enrol(client).headers["Location"] == "/accounts/2fa/recovery-codes/"
    assert client.get(DESK).status_code == 200
    assert not EmailAddress.objects.exists()


def test_migration_mends_accounts_that_a_reset_had_locked_out(client, gulnara):
    EmailAddress.objects.create(user=gulnara, email=gulnara.email, primary=True, verified=False)
    client.post("/accounts/login/", {"login": "gulnara", "password": OLD})
    assert client.get(ENROL).headers["Location"] == "/accounts/"  # until the address is verified, which is impossible
    run(migration.drop_copies)
    assert not EmailAddress.objects.exists()
    enrol(client)
    assert client.get(DESK).status_code == 200


def run(step):
    apps = MigrationExecutor(connection).loader.project_state(("portal", MIGRATION)).apps
    step(apps, SimpleNamespace(connection=connection))


# ── Recipients ───────────────────────────────────────────────────────────────────────────────────────────────


def test_an_address_that_an_administrator_replaced_resets_nothing(client, gulnara):
    client.post(ASK, {"email": "gulnara@example.org"})
    link = link_in(mail.outbox.pop())
    gulnara.email = "gulnara@example.net"
    gulnara.save()
    assert "Location" not in client.get(link).headers  # the link has expired
    client.post(ASK, {"email": "gulnara@example.org"})
    assert mail.outbox == []
    client.post(ASK, {"email": "gulnara@example.net"})
    assert [message.to for message in mail.outbox] == [["gulnara@example.net"]]


def test_an_address_is_found_however_its_letters_are_written(client, gulnara):
    gulnara.email = "Kim@Example.org"
    gulnara.save()
    User.objects.create_user("other", "kım@example.org", OLD)  # looks similar, and PostgreSQL treats it as the same
    User.objects.create_user("gone", "kim@example.org", OLD, is_active=False)
    client.post(ASK, {"email": "kim@example.ORG"})
    [message] = mail.outbox
    set_new_password(client, link_in(message))
    assert User.objects.get(username="gulnara").check_password(NEW)


# ── What anonymous users learn ───────────────────────────────────────────────────────────────────────────────


def test_mail_is_made_and_sent_after_the_answer(client, gulnara, monkeypatch):
    """The mail server does not delay the response."""
    answered, done = threading.Event(), []

    def send(backend, messages):
        done.append(answered.wait(timeout=30))
        return EmailBackend_send(backend, messages)

    EmailBackend_send = EmailBackend.send_messages
    monkeypatch.setattr(EmailBackend, "send_messages", send)
    with ThreadPoolExecutor(1) as executor:
        monkeypatch.setattr(after_response, "executor", executor)
        response = client.post(ASK, {"email": "gulnara@example.org"}, headers={"Accept-Language": "ko"})
        assert (response.status_code, mail.outbox) == (302, [])
        answered.set()
    assert done == [True]
    [message] = mail.outbox
    assert re.search("[가-힣]", message.body)
    set_new_password(client, link_in(message))
    assert User.objects.get().check_password(NEW)


def test_answer_and_its_queries_are_the_same_with_an_account_and_without(client, gulnara, monkeypatch):
    left = []
    monkeypatch.setattr(after_response.executor, "submit", lambda run, job: left.append(job))
    client.post(ASK, {"email": "first@example.org"})
    told = []
    for email in ("nobody@example.org", "gulnara@example.org"):
        with CaptureQueriesContext(connection) as queries:
            response = client.post(ASK, {"email": email})
        headers = {name: value for name, value in response.headers.items() if name not in VARYING}
        told.append((response.status_code, headers, response.cookies, response.content, len(queries)))
    assert told[0] == told[1]
    assert len(left) == 3  # also for nobody: then the job does nothing
    with CaptureQueriesContext(connection) as queries:
        for job in left:
            job()
    assert len(queries) == 0
    assert [message.to for message in mail.outbox] == [["gulnara@example.org"]]


def test_mail_that_cannot_be_sent_is_logged(client, gulnara, monkeypatch, caplog):
    def refuse(*args):
        raise ConnectionRefusedError

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    assert client.post(ASK, {"email": "gulnara@example.org"}).status_code == 302
    [record] = [record for record in caplog.records if record.name == "portal.core.after_response"]
    assert "gulnara@example.org" not in record.getMessage()
