"""Parameters of addresses: which a view knows, and what becomes of the others.

A function view declares its parameters by `takes`, a class by `known_parameters`. What is not declared is unknown. An
unknown parameter would make any number of addresses for one page, each made anew: pages redirect to the address without
it before anything is made. Files and the API are refused, since a program would take a misspelt filter for a filter.
"""

from django.http import HttpResponseRedirect
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext, override

from portal.http import problems

# Staff pages, and services that ignore their parameters.
UNCHECKED = ("/admin/", "/accounts/", "/healthz", "/readyz", "/metrics")


def takes(*names, page=False):
    """Declare the parameters of a function view, and whether it is a page; other views are files."""

    def declare(view):
        view.parameters, view.is_page = frozenset(names), page
        return view

    return declare


def checks_parameters_itself(view):
    """Declare that a function view refuses unknown parameters in its own form, or that all are meant for another."""
    view.parameters = None
    return view


def is_file(request, view):
    """Return True if the answer is a file: the view makes no pages, or the request names a format that it has."""
    view_class = getattr(view, "view_class", None)
    if view_class is None:
        return not getattr(view, "is_page", False)
    return not getattr(view_class, "is_page", True) or (
        "format" in known_parameters(view, as_file=True) and bool(request.GET.get("format", "").strip())
    )


def known_parameters(view, *, as_file):
    """Return the names of the parameters that a view knows, as a page or as a file; None if it checks them itself."""
    view_class = getattr(view, "view_class", None)
    if view_class is None:
        return getattr(view, "parameters", frozenset())
    return view_class.known_parameters(as_file) if hasattr(view_class, "known_parameters") else frozenset()


def without_empty_values(query):
    """Return a copy of a QueryDict without blank values: a form sends its empty fields too."""
    rest = query.copy()
    for name in list(rest):
        values = [value for value in rest.getlist(name) if value.strip()]
        if values:
            rest.setlist(name, values)
        else:
            del rest[name]
    return rest


def unknown_sentence(name, known):
    """Return the sentence that an address has no such parameter, and which it has."""
    if not known:
        return gettext("There is no parameter “{name}” here. This address takes none.").format(name=name[:60])
    return gettext("There is no parameter “{name}” here. Known are: {known}.").format(
        name=name[:60], known=", ".join(sorted(known))
    )


class ParametersMiddleware:
    """Redirects pages with unknown or empty parameters to the address without them; refuses files with unknown ones.

    Such addresses never become keys of the page cache, since only pages that were made are kept.
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
            request.GET = query  # a form that is sent in place: the view tells the browser the new address
            return None
        return HttpResponseRedirect(f"{request.path}?{urlencode(query, doseq=True)}" if query else request.path)
