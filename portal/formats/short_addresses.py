"""Short addresses of files: `/en/projects.csv?country=uz` is `/en/projects/?country=uz&format=csv`.

`file_urls` adds them for each page that has files. The middleware turns a request for one into the request with the
parameter `format`, so that the page's own view answers both.
"""

from django.http import Http404
from django.urls import URLPattern, include, path, register_converter
from django.urls.resolvers import RoutePattern
from django.utils.translation import gettext

from portal.core.urls import page_path
from portal.formats.responses import FORMATS
from portal.graphics.svg_export import FORMATS as PICTURES
from portal.http.parameters import known_parameters
from portal.http.problems import ProblemDetail, answer


class FormatConverter:
    """The ending of a short address: the name of a format, or of a kind of picture."""

    regex = "[a-z]+"

    def to_python(self, value):
        if value not in FORMATS and value not in PICTURES:
            raise ValueError(value)
        return value

    def to_url(self, value):
        return value


register_converter(FormatConverter, "format")


def file_urls(patterns):
    """Return the short addresses of those pages among the URL patterns that take the parameter `format`.

    They have the names of the pages: `reverse("project", kwargs={"key": …, "format": "json"})`.
    """
    found = []
    for pattern in patterns:
        if not isinstance(pattern, URLPattern):
            found.append(path("", include(file_urls(pattern.url_patterns))))
        elif isinstance(pattern.pattern, RoutePattern) and _has_files(pattern.callback):
            route = str(pattern.pattern).removesuffix("/")
            found.append(path(f"{route}.<format:format>", pattern.callback, pattern.default_args, pattern.name))
    return found


def _has_files(view):
    return hasattr(view, "view_class") and "format" in (known_parameters(view, as_file=True) or ())


class ShortAddressMiddleware:
    """Turns a request for a short address into one for the page with the parameter `format`.

    It is outside the middlewares that read the parameters. A page that has no such file answers 404.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if getattr(request, "is_short_address", False) and response.status_code == 200 and is_page:
            raise Http404
        return response

    def process_view(self, request, view, args, kwargs):
        if (name := kwargs.pop("format", None)) is None:
            return None
        if "format" in request.GET:
            detail = gettext("The address already ends with the format. Leave out “format”.")
            return answer(request, ProblemDetail(400, detail))
        query = request.GET.copy()
        query["format"] = name
        request.is_short_address = True
        request.path, request.path_info = page_path(request.path), page_path(request.path_info)
        request.GET, request.META["QUERY_STRING"] = query, query.urlencode()
        return None
