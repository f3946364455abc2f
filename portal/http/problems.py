"""Error responses as `application/problem+json` (RFC 9457)."""

import json
from http import HTTPStatus

from django.http import HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.utils.translation import gettext

from portal.core.urls import file_path

TYPE = "application/problem+json"
PREFIX = "/api/v1/"


class ProblemDetail(Exception):
    """Raised for a request that cannot be answered. `more` are further members of the problem object."""

    def __init__(self, status, detail, **more):
        super().__init__(detail)
        self.status, self.detail, self.more = status, detail, more


class KeysChanged(ProblemDetail):
    """Raised for a query that names records by former keys. `changed` are the present values by parameter."""

    def __init__(self, detail, changed):
        super().__init__(400, detail)
        self.changed = changed

    def redirect(self, request):
        """Return the permanent redirect to the same address with the present keys."""
        query, path = request.GET.copy(), request.path
        for name, values in self.changed.items():
            query.setlist(name, values)
        if getattr(request, "is_short_address", False):
            path = file_path(path, query.pop("format")[0])
        return HttpResponsePermanentRedirect(f"{path}?{query.urlencode()}")


def response(status, detail, headers=None, **more):
    """Return a problem as a JSON response. `more` are further members of the problem object."""
    told = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail} | more
    return HttpResponse(json.dumps(told, ensure_ascii=False), status=status, content_type=TYPE, headers=headers)


def one_of_sentence(name, choices):
    """Return the message that the parameter `name` must have one of the values in `choices`."""
    return gettext("“{name}” is one of: {choices}.").format(name=name, choices=", ".join(choices))


def is_for_programs(request):
    """Return True if the request is for the API, or if it does not prefer HTML."""
    return request.path_info.startswith(PREFIX) or request.get_preferred_type([TYPE, "text/html"]) != "text/html"


def answer(request, problem):
    """Return the response to a request for a file that cannot be made: JSON for programs, a page for people."""
    if is_for_programs(request):
        told = response(problem.status, problem.detail, **problem.more)
    else:
        # The page at the same path explains a wrong filter, and applies the others.
        rest = [(name, value) for name, values in request.GET.lists() for value in values if name != "format"]
        page = f"{request.path}?{urlencode(rest)}" if "format" in request.GET else ""
        context = {"title": gettext("This file cannot be made"), "detail": problem.detail, "page": page}
        told = render(request, "portal/wrong_request.html", context, status=problem.status)
    if not request.path_info.startswith(PREFIX):
        patch_vary_headers(told, ("Accept",))
    return told


class ProblemMiddleware:
    """Replaces Django's error pages under /api/v1/ by problems in JSON, and answers a raised ProblemDetail.

    A query with former keys is redirected to the one with the present keys.
    """

    DETAILS = {
        400: "The request could not be understood.",
        404: "There is nothing at this address.",
        500: "The portal failed. It is not your request’s fault.",
        503: "The portal cannot reach its data just now. Ask again after the seconds that Retry-After names.",
    }

    KEPT = ("Allow", "Retry-After", "Cache-Control")

    def __init__(self, get_response):
        self.get_response = get_response

    def process_exception(self, request, error):
        if isinstance(error, KeysChanged):
            return error.redirect(request)
        return answer(request, error) if isinstance(error, ProblemDetail) else None

    def __call__(self, request):
        answer = self.get_response(request)
        told = answer.headers.get("Content-Type", "").startswith(TYPE)
        if answer.status_code < 400 or told or not request.path_info.startswith(PREFIX):
            return answer
        detail = self.DETAILS.get(answer.status_code, answer.reason_phrase)
        if answer.status_code == 405:
            detail = f"This address takes only: {answer.headers['Allow']}."
        kept = {name: answer.headers[name] for name in self.KEPT if name in answer.headers}
        return response(answer.status_code, detail, headers=kept)
