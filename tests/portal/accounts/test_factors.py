"""Secrets of second factors are encrypted in the database, and survive a change of SECRET_KEY."""

import json
import os
import subprocess
import time
from importlib import import_module
from types import SimpleNamespace

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

pytestmark = pytest.mark.django_db

NAME = "0023_encrypt_second_factors"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SEED = "5eed" * 20
OLD, NEW = "the-key-of-last-year-0123456789", "the-key-of-this-year-0123456789"
migration = import_module(f"portal.migrations.{NAME}")


@pytest.fixture(autouse=True)
def lasting_key(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY_IS_TEMPORARY = OLD, [], False


@pytest.fixture
def anna():
    return User.objects.create_user("anna", password="a-dry-sea-remembers-1960")


@pytest.fixture
def plain(anna):
    return store_plain_factors(anna)


def store_plain_factors(anna):
    """Create factors as earlier versions stored them: an app, recovery codes, and codes from another system."""
    min_ = User.objects.create_user("min")
    webauthn = {"name": "Key", "credential": {"id": "abc"}}
    for user, kind, data in (
        (anna, "totp", {"secret": SECRET}),
        (anna, "recovery_codes", {"seed": SEED, "used_mask": 5, "viewed_at": 1.5}),
        (min_, "recovery_codes", {"migrated_codes": ["12345678", "87654321"]}),
        (anna, "webauthn", webauthn),
    ):
        Authenticator.objects.create(user=user, type=kind, data=data)
    return stored()


def stored():
    """Return the stored data of every factor."""
    return list(Authenticator.objects.order_by("pk").values_list("data", flat=True))


def deciphered(data):
    decrypt = get_adapter().decrypt
    read = {name: decrypt(data[name]) for name in ("secret", "seed") if name in data}
    if "migrated_codes" in data:
        read["migrated_codes"] = list(map(decrypt, data["migrated_codes"]))
    return data | read


def code():
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))


def run(step):
    apps = MigrationExecutor(connection).loader.project_state(("portal", NAME)).apps
    step(apps, SimpleNamespace(connection=connection))


# ── At rest ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_secret_of_a_new_factor_can_be_read_in_the_database(anna):
    app, codes = TOTP.activate(anna, SECRET), RecoveryCodes.activate(anna)
    written = json.dumps(stored())
    seed = get_adapter().decrypt(codes.instance.data["seed"])
    assert len(seed) == 80
    for secret in (SECRET, seed, *codes.get_unused_codes()):
        assert secret not in written
    assert app.validate_code(code())
    assert codes.validate_code(codes.get_unused_codes()[0])
    assert len(codes.get_unused_codes()) == 9


def test_each_encryption_differs():
    adapter = get_adapter()
    assert adapter.encrypt(SECRET) != adapter.encrypt(SECRET)
    assert adapter.decrypt(adapter.encrypt(SECRET)) == SECRET


def test_plain_text_of_a_process_of_the_version_before_is_read(plain, anna):
    assert Authenticator.objects.get(user=anna, type="totp").wrap().validate_code(code())


# ── What is there already ────────────────────────────────────────────────────────────────────────────────────


def test_migration_encrypts_what_is_there_and_can_be_undone(plain):
    run(migration.encrypt_secrets)
    encrypted = stored()
    for text in (SECRET, SEED, "12345678", "87654321"):
        assert text not in json.dumps(encrypted)
    assert [deciphered(data) for data in encrypted] == plain
    assert encrypted[3] == plain[3]  # public
    run(migration.encrypt_secrets)
    assert [deciphered(data) for data in stored()] == plain  # not encrypted twice
    run(migration.decrypt_secrets)
    assert stored() == plain


def test_migration_encrypts_nothing_by_a_key_that_ends_with_the_process(plain, settings):
    settings.SECRET_KEY_IS_TEMPORARY = True
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is not set, and there are second factors"):
        run(migration.encrypt_secrets)
    assert stored() == plain
    Authenticator.objects.exclude(type="webauthn").delete()
    run(migration.encrypt_secrets)  # nothing to lose


# ── Another key ──────────────────────────────────────────────────────────────────────────────────────────────


def test_make_migrates_by_the_key_that_the_server_has():
    environment = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
    told = subprocess.run(
        ["make", "--dry-run", "migrated"],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert ". ./.env.local; export SECRET_KEY; fi; .venv/bin/python manage.py migrate" in told
