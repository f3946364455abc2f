"""Encrypt the secrets of authenticator apps and of recovery codes, which were stored in plain text."""

from allauth.mfa.utils import decrypt, encrypt
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import migrations


def change_secrets(apps, schema_editor, change):
    """Save every secret as `change` returns it. WebAuthn has none: its keys are public."""
    factors = apps.get_model("mfa", "Authenticator").objects.using(schema_editor.connection.alias)
    for factor in factors.filter(type__in=["totp", "recovery_codes"]):
        if settings.SECRET_KEY_IS_TEMPORARY:
            raise ImproperlyConfigured(
                "SECRET_KEY is not set, and there are second factors to encrypt, which nobody could use afterwards. "
                "Run migrate with the SECRET_KEY of the portal (`make run` reads it from .env.local)."
            )
        for name in {"secret", "seed"} & factor.data.keys():
            factor.data[name] = change(factor.data[name])
        if "migrated_codes" in factor.data:
            factor.data["migrated_codes"] = [change(code) for code in factor.data["migrated_codes"]]
        factor.save(update_fields=["data"])


def encrypt_secrets(apps, schema_editor):
    change_secrets(apps, schema_editor, lambda text: encrypt(decrypt(text)))


def decrypt_secrets(apps, schema_editor):
    change_secrets(apps, schema_editor, decrypt)


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0022_index_audit_by_account"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [migrations.RunPython(encrypt_secrets, decrypt_secrets)]
