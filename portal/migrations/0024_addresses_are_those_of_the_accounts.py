"""Delete the copies of e-mail addresses that password resets made: the portal keeps addresses with the accounts.

A copy is not verified, and nobody can verify it; until then allauth sets up no second step for the account. It also
outlives a change of the address by an administrator, so that the former address could still reset the password.
"""

from django.db import migrations


def drop_copies(apps, schema_editor):
    using = schema_editor.connection.alias
    for name in ("EmailConfirmation", "EmailAddress"):
        apps.get_model("account", name).objects.using(using).all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0023_encrypt_second_factors"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [migrations.RunPython(drop_copies, migrations.RunPython.noop)]  # the accounts have what was deleted
