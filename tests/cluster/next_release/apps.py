"""The code that uses the new column."""

from django.apps import AppConfig
from django.db import models


class NextReleaseConfig(AppConfig):
    name = "tests.cluster.next_release"

    def ready(self):
        from issues.models import Term

        Term.add_to_class("next_release", models.TextField(null=True))
