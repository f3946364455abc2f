"""Which pages other sites may show in a frame: embeds only, by the sites in `settings.EMBED_ANCESTORS`."""

from django.conf import settings

from portal.core.urls import is_embed


class FramingMiddleware:
    """Lets frames of other sites show every answer below `/<language>/embed/`, and keeps these out of search engines.

    Errors and redirects are among them, so that a frame shows words and not an empty box. Only frame-ancestors of the
    content policy changes. X-Frame-Options cannot name several sites, so these answers have none.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if is_embed(request.path_info):
            response.xframe_options_exempt = True
            response._csp_replace = {"frame-ancestors": settings.EMBED_ANCESTORS}
            response.headers["X-Robots-Tag"] = "noindex"
        return response
