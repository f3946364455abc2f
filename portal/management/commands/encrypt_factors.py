"""Encrypt the secrets of second factors again with the current SECRET_KEY."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from portal.accounts.adapters import encrypt_factors


class Command(BaseCommand):
    help = (
        "Encrypt the secrets of second factors by the present SECRET_KEY. After that, SECRET_KEY_FALLBACKS is no "
        "longer needed for them."
    )

    def handle(self, **options):
        if settings.SECRET_KEY_IS_TEMPORARY:
            raise CommandError("SECRET_KEY is not set: what is encrypted now could not be read later. Set it first.")
        try:
            count = encrypt_factors()
        except ImproperlyConfigured as error:
            raise CommandError(f"Nothing was changed. {error}") from error
        self.stdout.write(f"Encrypted: {count}")
