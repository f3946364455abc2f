"""Each page and mail of the accounts is in the language of its user, and in the portal's words."""

import re
import time

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.db import transaction
from django.urls import reverse

from tests.staff import note_sign_in
from tests.untranslated import english_words, pattern, visible_texts

pytestmark = pytest.mark.django_db

LANGUAGES = pytest.mark.parametrize("language", ["ko", "ru"])
PASSWORD = "a-dry-sea-remembers-1960"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CONTENT = pattern({"gulnara", SECRET})
SIGNED_OUT = ("account_login", "account_signup", "account_inactive", "account_reset_password")
SIGNED_OUT += ("account_reset_password_done", "account_reset_password_from_key_done")
SIGNED_IN = (
    *("mfa_index", "usersessions_list", "account_change_password", "account_reauthenticate", "account_logout"),
    *("mfa_reauthenticate", "mfa_deactivate_totp", "mfa_list_webauthn", "mfa_add_webauthn"),
    *("mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_reauthenticate_webauthn"),
)


@pytest.fixture
def gulnara():
    return User.objects.create_superuser("gulnara", "gulnara@example.org", PASSWORD)


@pytest.fixture
def signed_in(client, gulnara):
    """The client of an account that has just signed in and has all second factors."""
    client.force_login(gulnara)
    note_sign_in(client)
    return client


def give_factors(user):
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)
    credential = {
        "credential": {},
        "name": get_adapter().generate_authenticator_name(user, Authenticator.Type.WEBAUTHN),
    }
    return Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=credential)


def english_of(response):
    assert response.status_code == 200
    texts = visible_texts(response.content.decode())
    return [text for text in texts if english_words(text, CONTENT)]


def speak(client, language):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language


@LANGUAGES
@pytest.mark.parametrize("name", SIGNED_OUT)
def test_page_before_signing_in_has_no_english_word(client, language, name):
    speak(client, language)
    assert english_of(client.get(reverse(name))) == []


@LANGUAGES
def test_account_has_no_english_word(signed_in, gulnara, language):
    speak(signed_in, language)
    assert english_of(signed_in.get(reverse("mfa_index"))) == []
    assert english_of(signed_in.get(reverse("mfa_activate_totp"))) == []
    key = give_factors(gulnara)
    found = {name: english_of(signed_in.get(reverse(name))) for name in SIGNED_IN if "webauthn" not in name}
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        found[name] = english_of(signed_in.get(reverse(name, args=[key.pk])))
    found["mfa_list_webauthn"] = english_of(signed_in.get(reverse("mfa_list_webauthn")))
    assert {name: texts for name, texts in found.items() if texts} == {}


@LANGUAGES
def test_refused_form_of_an_account_has_no_english_word(signed_in, gulnara, language):
    give_factors(gulnara)
    speak(signed_in, language)
    posts = {
        "account_change_password": {"oldpassword": "no", "password1": "a", "password2": "b"},
        "account_reauthenticate": {"password": "no"},
        "mfa_reauthenticate": {"code": "123456"},
    }
    found = {name: english_of(signed_in.post(reverse(name), data)) for name, data in posts.items()}
    signed_in.logout()
    speak(signed_in, language)
    found["login"] = english_of(signed_in.post(reverse("account_login"), {"login": "gulnara", "password": "no"}))
    found["reset"] = english_of(signed_in.post(reverse("account_reset_password"), {"email": "no address"}))
    assert {name: texts for name, texts in found.items() if texts} == {}


@LANGUAGES
def test_password_reset_has_no_english_word(client, gulnara, language):
    speak(client, language)
    assert english_of(client.post(reverse("account_reset_password"), {"email": gulnara.email}, follow=True)) == []
    link = re.search(r"http://testserver(/\S+)", mail.outbox[0].body)[1]
    assert english_of(client.get(link, follow=True)) == []
    form = client.get(link).headers["Location"]
    assert english_of(client.post(form, {"password1": "short", "password2": "shorter"})) == []
    assert english_of(client.get(link.replace("-", "-x"), follow=True)) == []  # no longer valid


@LANGUAGES
def test_mails_have_no_english_word(signed_in, gulnara, language, monkeypatch):
    monkeypatch.setattr(transaction, "on_commit", lambda run: run())  # allauth sends mails then; a test never commits
    speak(signed_in, language)
    new = {"oldpassword": PASSWORD, "password1": "the-sea-comes-back-2030", "password2": "the-sea-comes-back-2030"}
    secret = signed_in.get(reverse("mfa_activate_totp")).context["form"].secret
    signed_in.post(reverse("account_reset_password"), {"email": gulnara.email})
    signed_in.post(reverse("mfa_activate_totp"), {"code": code(secret)})
    signed_in.post(reverse("mfa_generate_recovery_codes"))
    signed_in.post(reverse("mfa_deactivate_totp"))
    signed_in.post(reverse("account_change_password"), new)
    assert len({message.subject for message in mail.outbox}) == 5
    texts = [text for message in mail.outbox for text in (message.subject, *message.body.splitlines())]
    assert [text for text in texts if english_words(text, CONTENT)] == []


def code(secret):
    """Return the present code of an authenticator app."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))
