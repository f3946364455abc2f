"""The command encrypt_factors encrypts the secrets of second factors again after a change of SECRET_KEY."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from portal.accounts.adapters import encrypt_factors
from tests.portal.accounts.test_factors import NEW, OLD, code, deciphered, store_plain_factors, stored

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def lasting_key(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY_IS_TEMPORARY = OLD, [], False


@pytest.fixture
def anna():
    return User.objects.create_user("anna", password="a-dry-sea-remembers-1960")


@pytest.fixture
def plain(anna):
    return store_plain_factors(anna)


def test_factors_are_read_by_a_former_key_and_encrypted_anew_by_the_present_one(plain, settings, capsys):
    call_command("encrypt_factors")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, ["older still", OLD]
    assert [deciphered(data) for data in stored()] == plain
    call_command("encrypt_factors")
    assert capsys.readouterr().out == "Encrypted: 3\n" * 2
    settings.SECRET_KEY_FALLBACKS = []
    assert [deciphered(data) for data in stored()] == plain


def test_a_key_that_is_lost_is_named_and_nothing_is_changed(plain, anna, settings):
    encrypt_factors()
    before = stored()
    settings.SECRET_KEY = NEW
    with pytest.raises(ImproperlyConfigured, match="Put that key into SECRET_KEY_FALLBACKS"):
        Authenticator.objects.get(user=anna, type="totp").wrap().validate_code(code())
    with pytest.raises(CommandError, match=r"Nothing was changed\. .*SECRET_KEY_FALLBACKS"):
        call_command("encrypt_factors")
    settings.SECRET_KEY_IS_TEMPORARY = True
    with pytest.raises(CommandError, match="SECRET_KEY is not set"):
        call_command("encrypt_factors")
    assert stored() == before
