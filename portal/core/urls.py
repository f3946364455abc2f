"""URLs of pages: with a query, in the other languages, and of a record as it was on a day."""

import functools
from collections.abc import Iterable, Mapping
from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, get_language_from_path

Query = Mapping[str, str | int | Iterable[str | int]]  # one value or several by the name of a parameter

PRIVATE_PATHS = ("/accounts/", "/admin/")  # below them lie the pages for those who sign in
DEFAULT = "x-default"  # for readers of any other language


def default_of(english: str) -> str:
    """The path for readers of no language of ours: `/` asks the browser, of all other pages the English one stands."""
    return "/" if english == "/en/" else english


def path_in(path: str, code: str) -> str:
    """Return the path of the same page in the language `code`: only the prefix of a path differs by language.

    A path without a language prefix becomes the home page.
    """
    return f"/{code}/{path.split('/', 2)[2]}" if get_language_from_path(path) else f"/{code}/"


def languages_of(path: str, query: Query | None = None) -> list[tuple[str, str]]:
    """Return pairs of language code and path of a page in each language, and for all others.

    A page without a language prefix has none.
    """
    if not get_language_from_path(path):
        return []
    found = {code: path_in(path, code) for code, _name in settings.LANGUAGES}
    found[DEFAULT] = default_of(found["en"])
    return [(code, with_query(there, query)) for code, there in found.items()]


def record_path(name: str, key: str) -> str:
    """Return the path of the page of a record in the active language. `name` is that of its URL."""
    return _record_path(name, key, get_language())


@functools.lru_cache(maxsize=32_768)
def _record_path(name: str, key: str, _language: str | None) -> str:
    """Return `record_path`. Cached: a page has hundreds of links to records, and `reverse` takes 13 µs for each."""
    return reverse(name, args=[key])


def snapshot_url(address: str, day: date) -> str:
    """Return the URL of a record as it was on `day`, made of its own URL `address`. A URL with a fragment stays."""
    return address if "#" in address else f"{address}on/{day.isoformat()}/"


def with_query(path: str, query: Query | None) -> str:
    """Return a path with a query, without a question mark where there is none."""
    return f"{path}?{urlencode(query, doseq=True)}" if query else path


def file_path(path: str, name: str) -> str:
    """Return the short address of a page’s content in a format, such as `/en/projects.csv`."""
    return f"{path.removesuffix('/')}.{name}"


def file_url(url: str, name: str) -> str:
    """Return the short address of a page’s content in a format. `url` is that of the page and may have a query."""
    path, _mark, query = url.partition("?")
    return file_path(path, name) + (f"?{query}" if query else "")


def is_embed(path: str) -> bool:
    """Return whether a path is that of an embed, a page for the frames of other sites, or lies where embeds are."""
    language, folder = (path.split("/", 3) + ["", "", ""])[1:3]
    return folder == "embed" and language in dict(settings.LANGUAGES)


def embed_path(path: str) -> str:
    """Return the path of the embed of a page: `/en/embed/projects/` of `/en/projects/`."""
    _start, language, rest = path.split("/", 2)
    return f"/{language}/embed/{rest}"


def page_of_embed(path: str) -> str:
    """Return the path of the page of an embed, the inverse of `embed_path`."""
    _start, language, _embed, rest = path.split("/", 3)
    return f"/{language}/{rest}"


def page_path(path: str) -> str:
    """Return the path of the page whose content is at the short address `path`."""
    return f"{path.rpartition('.')[0]}/"
