"""What the offline edition contains: the addresses of its pages, the file of each, and the records it tells of."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.translation import override

from portal.core.choices import PublicationStatus
from portal.models import Tombstone
from portal.open_data.offline.rendering import render
from portal.open_data.offline.rewriting import canonical
from portal.open_data.sitemaps import SITEMAPS

LANGUAGES = [code for code, _name in settings.LANGUAGES]
# Pages that are not of a record: URL names, with the query of each further view. A page whose only use is a form is
# left out.
PAGES = (
    *(("home", ""), ("issues", ""), ("issues", "view=causes"), ("indicators", ""), ("ledger", ""), ("countries", "")),
    *(("timeline", ""), ("coverage", ""), ("map", ""), ("map", "view=provinces"), ("gyeonggi", "")),
    *(("gyeonggi-ties", ""), ("glossary", ""), ("about", ""), ("about-data", ""), ("corrections", "")),
)
# Lists of several pages, all of which are in the edition.
LISTS = ("projects", "organisations", "agreements", "results", "sources")
PER_PAGE = "per_page=100"
# Sources are many and short: so many share a file, since each file repeats the frame of the page.
OF_A_FILE = 50
SHARED = "/sources/"


def record_querysets():
    """Return the published records whose pages the edition has, by the label of their model."""
    maps = {name: sitemap for name, sitemap in SITEMAPS.items() if name != "pages"}
    return {sitemap.queryset.model._meta.label_lower: sitemap.queryset.order_by("key") for sitemap in maps.values()}


def page_addresses() -> dict[str, str]:
    """Return the file of each page by its canonical address, in reading order.

    A source has a fragment in a file that it shares with others. The first page of a list is there twice, with and
    without its query.
    """
    found: dict[str, str] = {}
    for language in LANGUAGES:
        with override(language):
            for address in _page_addresses(language):
                found[canonical(address)] = file_of(canonical(address))
            for records in record_querysets().values():
                paths = [record.get_absolute_url() for record in records]
                if paths and paths[0].startswith(f"/{language}{SHARED}"):
                    for place, path in enumerate(paths):
                        found[path] = f"{language}/sources.records-{place // OF_A_FILE + 1}.html#{path.split('/')[3]}"
                else:
                    found |= {path: file_of(path) for path in paths}
            for path in _removed_paths():
                found.setdefault(path, file_of(path))
    return found


def _page_addresses(language) -> Iterator[str]:
    for name, query in PAGES:
        yield reverse(name) + (f"?{query}" if query else "")
    for name in LISTS:
        path = reverse(name)
        first = f"{path}?{PER_PAGE}"
        pages = render(first).context["table"].paginator.num_pages
        yield from (first, *(f"{first}&page={number}" for number in range(2, pages + 1)))


def _removed_paths() -> Iterator[str]:
    """Yield the addresses of records that were public and are archived or removed: their pages say so."""
    for kind, key in Tombstone.objects.values_list("kind", "key"):
        yield reverse(kind, args=[key])
    for label, records in record_querysets().items():
        archived = records.model.objects.filter(publication=PublicationStatus.ARCHIVED)
        for key in archived.values_list("key", flat=True):
            yield reverse(label.partition(".")[2], args=[key])


def file_of(address: str) -> str:
    """Return the path of the file of a page by its canonical address.

    Keys have no full stop: so no query of a list gives the name of a record's file.
    """
    parts = urlsplit(address)
    query = "".join(f".{name}-{value}" for name, value in parse_qsl(parts.query) if f"{name}={value}" != PER_PAGE)
    segments = parts.path.strip("/").split("/")
    return f"{'/'.join(segments)}{query}.html" if len(segments) > 1 else f"{segments[0]}/index.html"


def aliases(files: dict[str, str]) -> dict[str, str]:
    """Return the further addresses of the pages: lists without a query, and their first page by its number."""
    more = {}
    for address, file in files.items():
        path, _mark, query = address.partition("?")
        if query == PER_PAGE:
            more |= {path: file, canonical(f"{path}?{PER_PAGE}&page=1"): file}
    return more
