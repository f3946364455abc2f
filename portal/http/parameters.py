"""Query parameters: which ones a view declares, and how requests with other ones are answered.

A function view declares its parameters by `takes`, a class by `known_parameters`. All others are unknown. With unknown
parameters, one page would have any number of URLs, and each would be rendered anew. So a page redirects to its URL
without them before it is rendered. For files and the API the response is 400, since a program would not notice that a
misspelt filter has no effect.
"""

from django.http import HttpResponseRedirect
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext, override

from portal.http import problems

# Staff pages, and services that ignore their parameters.
UNCHECKED = ("/admin/", "/accounts/", "/healthz", "/readyz", "/content-version", "/metrics")


def takes(*names, page=False):
    """Decorate a function view with the names of its parameters. With `page` it returns pages, otherwise files."""

    def declare(view):
        view.parameters, view.is_page = frozenset(names), page
        return view

    return declare


def checks_parameters_itself(view):
    """Decorate a function view whose parameters the middleware does not check.

    The view's own form refuses unknown ones, or the view passes all parameters on to another view.
    """
    view.parameters = None
    return view


def is_file(request, view):
    """Return True if the response is a file: the view makes no pages, or it has formats and the request names one."""
    view_class = getattr(view, "view_class", None)
    if view_class is None:
        return not getattr(view, "is_page", False)
    return not getattr(view_class, "is_page", True) or (
        "format" in known_parameters(view, as_file=True) and bool(request.GET.get("format", "").strip())
    )


def known_parameters(view, *, as_file):
    """Return the names of the parameters of a view, as a page or as a file; None if they are not checked here."""
    view_class = getattr(view, "view_class", None)
    if view_class is None:
        return getattr(view, "parameters", frozenset())
    return view_class.known_parameters(as_file) if hasattr(view_class, "known_parameters") else frozenset()


def without_empty_values(query):
    """Return a copy of a QueryDict without blank values, which a form sends for its empty fields."""
    rest = query.copy()
    for name in list(rest):
        values = [value for value in rest.getlist(name) if value.strip()]
        if values:
            rest.setlist(name, values)
        else:
            del rest[name]
    return rest


def unknown_sentence(name, known):
    """Return the message that the URL has no parameter `name`, with the names in `known`. Shows 60 characters of it."""
    if not known:
        return gettext("There is no parameter “{name}” here. This address takes none.").format(name=name[:60])
    return gettext("There is no parameter “{name}” here. Valid parameters: {known}.").format(
        name=name[:60], known=", ".join(sorted(known))
    )


class ParametersMiddleware:
    """Redirects pages to the URL without unknown or empty parameters; answers 400 for files with unknown ones.

    Class-based views also redirect files with empty parameters; function views keep empty parameters. Such URLs never
    become keys of the page cache, since only pages with status 200 are cached.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if request.method not in {"GET", "HEAD"} or not request.GET or request.path_info.startswith(UNCHECKED):
            return None
        as_file = is_file(request, view)
        known = known_parameters(view, as_file=as_file)
        if known is None:
            return None
        unknown = set(request.GET) - known
        if unknown and as_file:
            with override("en" if request.path_info.startswith("/api/") else get_language()):
                return problems.answer(request, problems.ProblemDetail(400, unknown_sentence(min(unknown), known)))
        query = without_empty_values(request.GET) if hasattr(view, "view_class") else request.GET.copy()
        for name in unknown:
            query.pop(name, None)
        if query == request.GET:
            return None
        if request.headers.get("HX-Request") and not unknown:
            request.GET = query  # a form that htmx sends: the view sends the new URL to the browser
            return None
        return HttpResponseRedirect(f"{request.path}?{urlencode(query, doseq=True)}" if query else request.path)
