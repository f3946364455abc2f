"""Configuration of the app for issues, indicators, events and the glossary."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IssuesConfig(AppConfig):
    name = "issues"
    verbose_name = _("What we know about the region")
