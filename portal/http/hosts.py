"""The middleware that refuses a Host header with a port that is not the portal's."""

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http.request import split_domain_port, validate_host


def is_port_allowed(host: str) -> bool:
    """Return True if `host` has no port, or a port that `settings.HOST_PORTS` allows for it.

    `host` is an allowed host from request.get_host(). Loopback names may have any port, since a port may be forwarded
    to this machine and is then not known here.
    """
    domain, port = split_domain_port(host)
    if not port or domain in settings.LOOPBACK:
        return True
    return validate_host(domain, [allowed for allowed, its_port in settings.HOST_PORTS if its_port == port])


class HostPortMiddleware:
    """Causes a 400 response to a Host header with a port that is neither in PUBLIC_URL nor in ALLOWED_HOSTS.

    Django checks only the host name. The middleware does not respond itself: it makes `request.get_host()` raise
    DisallowedHost, as Django does for a wrong name, so that both get the same response.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        try:
            host = request.get_host()
        except DisallowedHost:
            return self.get_response(request)  # CommonMiddleware calls get_host() again, which gives a 400 response
        if not is_port_allowed(host):
            request.get_host = lambda: _refuse(host)
        return self.get_response(request)


def _refuse(host):
    raise DisallowedHost(
        f"Invalid HTTP_HOST header: {host!r}. You may need to add it, with its port, to ALLOWED_HOSTS."
    )
