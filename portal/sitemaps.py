"""The addresses that the portal has, for crawlers: every page in every language, with its alternates."""

from django.contrib.sitemaps import Sitemap
from django.urls import reverse

from issues.models import Event, Indicator, Issue
from portal.models import Place, Source
from projects.models import Agreement, Organisation, Project


class Pages(Sitemap):
    """Pages that are no record's."""

    i18n = alternates = x_default = True
    names = (
        "home",
        "issues",
        "indicators",
        "projects",
        "organisations",
        "agreements",
        "countries",
        "timeline",
        "coverage",
        "map",
        "compare",
        "glossary",
        "sources",
        "about",
        "about-data",
        "data",
    )

    def items(self):
        return self.names

    def location(self, item):
        return reverse(item)


class Records(Sitemap):
    """The published records of one model."""

    i18n = alternates = x_default = True

    def __init__(self, queryset):
        self.queryset = queryset.published()
        # Not the long texts: an address and a date are all that a sitemap says.
        self.queryset = self.queryset.only(*{"key", "updated_at", *(["kind"] if queryset.model is Place else [])})

    def items(self):
        return self.queryset.order_by("key")

    def lastmod(self, record):
        return record.updated_at


SITEMAPS = {
    "pages": Pages,
    "issues": Records(Issue.objects.all()),
    "indicators": Records(Indicator.objects.all()),
    "events": Records(Event.objects.all()),
    "projects": Records(Project.objects.all()),
    "organisations": Records(Organisation.objects.all()),
    "agreements": Records(Agreement.objects.all()),
    "places": Records(Place.objects.all()),
    "sources": Records(Source.objects.all()),
}
