"""Configuration of the app for issues, indicators, events and the glossary."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IssuesConfig(AppConfig):
    name = "issues"
    verbose_name = _("What we know about the region")

    def ready(self):
        from issues import key_figures  # noqa: F401, PLC0415 - registers its publishing check
