"""The address by which a page is known, and the same page in the other languages."""

from django.conf import settings
from django.utils.http import urlencode
from django.utils.translation import get_language_from_path

from portal.templatetags.languages import path_in

DEFAULT = "x-default"  # for readers of any other language


def default_of(english):
    """The path for readers of no language of ours: `/` asks the browser, of all other pages the English one stands."""
    return "/" if english == "/en/" else english


def languages_of(path, query=""):
    """Pairs of language code and path of a page in each language, and for all others; none of a page that has one."""
    if not get_language_from_path(path):
        return []
    found = {code: path_in(path, code) for code, _name in settings.LANGUAGES}
    found[DEFAULT] = default_of(found["en"])
    return [(code, with_query(there, query)) for code, there in found.items()]


def with_query(path, query):
    """A path with a query, without a question mark where there is none."""
    return f"{path}?{urlencode(query, doseq=True)}" if query else path
