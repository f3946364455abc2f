"""The sitemaps for crawlers: all pages in all languages, each with its alternates."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap, views
from django.core.paginator import Paginator
from django.db.models import Max
from django.shortcuts import render
from django.urls import reverse

from issues.models import Event, Indicator, Issue
from portal.core.urls import DEFAULT, default_of
from portal.http.parameters import takes
from portal.models import Place, Source
from portal.open_data import editions
from portal.tracking import content_version
from projects.models import Agreement, Organisation, Project, Result


class InEachLanguage(Sitemap):
    """Pages that exist in each language. Each URL has its alternates, and x-default for readers of other languages."""

    i18n = alternates = True

    def get_protocol(self, protocol=None):
        return urlsplit(settings.PUBLIC_URL).scheme

    def get_domain(self, site=None):
        return urlsplit(settings.PUBLIC_URL).netloc

    def get_urls(self, page=1, site=None, protocol=None):
        urls = super().get_urls(page, site, protocol)
        for url in urls:
            [english] = [other["location"] for other in url["alternates"] if other["lang_code"] == "en"]
            there = default_of(english.removeprefix(settings.PUBLIC_URL))
            url["alternates"].append({"location": settings.PUBLIC_URL + there, "lang_code": DEFAULT})
        return urls


class PageSitemap(InEachLanguage):
    """Pages that are not of a record. All of them change with the content, except the page about the portal."""

    names = (
        "home",
        "issues",
        "indicators",
        "projects",
        "organisations",
        "agreements",
        "ledger",
        "brief",
        "results",
        "countries",
        "timeline",
        "coverage",
        "map",
        "gyeonggi",
        "gyeonggi-ties",
        "plan",
        "compare",
        "glossary",
        "sources",
        "about",
        "about-data",
        "contact",
        "corrections",
        "what-changed",
        "privacy",
        "data",
    )

    def items(self):
        self.changed = content_version.state().changed_at
        return [*self.names, *(f"edition/{name}" for name in editions.stored_names())]

    def location(self, item):
        name, _slash, edition = item.partition("/")
        return reverse(name, args=[edition] if edition else None)

    def lastmod(self, item):
        return None if item == "about" else self.changed

    def get_latest_lastmod(self):
        return content_version.state().changed_at


class Versions:
    """The records of a queryset, once for each language, as a sequence that reads only the requested slice."""

    def __init__(self, records, languages):
        self.records, self.languages = records, languages

    def __len__(self):
        return self.records.count() * len(self.languages)

    def __getitem__(self, part):
        """Return a slice whose ends are at multiples of the number of languages."""
        width = len(self.languages)
        found = self.records[part.start // width : -(-part.stop // width)]
        return [(record, language) for record in found for language in self.languages]


class RecordSitemap(InEachLanguage):
    """The published records of one model."""

    limit = 3_000  # URLs, of 1,000 records: a file of 2 MB, which is built in memory

    def __init__(self, queryset):
        # A sitemap needs only URLs and dates, so long texts are not loaded.
        columns = {"key", "updated_at", *(["kind"] if queryset.model is Place else [])}
        self.queryset = queryset.published().only(*columns)

    def items(self):
        return self.queryset.order_by("key")

    @property
    def paginator(self):
        return Paginator(Versions(self.items(), self._languages()), self.limit)

    def lastmod(self, record):
        return record.updated_at

    def get_latest_lastmod(self):
        return self.queryset.aggregate(last=Max("updated_at"))["last"]


SITEMAPS = {
    "pages": PageSitemap,
    "issues": RecordSitemap(Issue.objects.all()),
    "indicators": RecordSitemap(Indicator.objects.all()),
    "events": RecordSitemap(Event.objects.all()),
    "projects": RecordSitemap(Project.objects.all()),
    "organisations": RecordSitemap(Organisation.objects.all()),
    "agreements": RecordSitemap(Agreement.objects.all()),
    "results": RecordSitemap(Result.objects.all()),
    "places": RecordSitemap(Place.objects.all()),
    "sources": RecordSitemap(Source.objects.all()),
}


def index(request):
    """`/sitemap.xml`: the list of sitemap files. Django’s own view would take their host from the Host header."""

    def made():
        response = render(request, "sitemap_index.xml", {"sitemaps": list(_files())}, content_type="application/xml")
        response.headers["X-Robots-Tag"] = "noindex, noodp, noarchive"  # as Django sets it for the sections
        return response

    return _kept(request, "index", made)


def _files():
    """Yield each sitemap file: its URL, and the time of the last change in it."""
    for name, sitemap in SITEMAPS.items():
        sitemap = sitemap() if callable(sitemap) else sitemap
        address = settings.PUBLIC_URL + reverse("sitemap-section", args=[name])
        changed = sitemap.get_latest_lastmod()
        yield views.SitemapIndexItem(address, changed)
        for page in range(2, sitemap.paginator.num_pages + 1):
            yield views.SitemapIndexItem(f"{address}?p={page}", changed)


@takes("p")
def section(request, section):
    """`/sitemap-<section>.xml`: the URLs of a kind of page."""
    return _kept(
        request, f"{section}-{request.GET.get('p', '')[:9]}", lambda: views.sitemap(request, SITEMAPS, section)
    )


def _kept(request, name, make):
    """Return the result of `make`, or 304 if the content has not changed since the crawler’s copy."""
    state = content_version.state()
    headers = {"Cache-Control": "public, max-age=0, must-revalidate"}
    return content_version.conditional_response(
        request, f'W/"{state.number}-sitemap-{name}"', state.changed_at, make, headers
    )
