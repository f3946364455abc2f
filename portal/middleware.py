"""The language of a page is the one in its address."""

from django.http import HttpResponseRedirect
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers


class AddressLanguageMiddleware(LocaleMiddleware):
    """Django's, without its guess: a page under /ko/ is Korean whoever asks, so that a cache may keep it.

    Only `/` looks at Accept-Language. Addresses outside the languages (admin, health) follow Accept-Language too.
    """

    def process_response(self, request, response):
        language = translation.get_language()
        in_address = translation.get_language_from_path(request.path_info)
        if not in_address:
            patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", in_address or language)
        return response


def home_in_readers_language(request):
    """Lead from `/` to the home page in the language that the browser asks for."""
    response = HttpResponseRedirect(f"/{translation.get_language_from_request(request)}/")
    patch_vary_headers(response, ("Accept-Language",))
    return response
