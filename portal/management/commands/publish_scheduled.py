"""Publish the scheduled records and revisions whose time has come.

A timer runs this command every minute (docs/operation.md).
"""

from django.core.management.base import BaseCommand

from portal.publishing.scheduler import publish_scheduled


class Command(BaseCommand):
    help = (
        "Publish the scheduled records and revisions whose time has come. The log names them. "
        "It may run in several places at once."
    )

    def handle(self, **options):
        publish_scheduled()
