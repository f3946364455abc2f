"""Refuses a Host header whose port the portal does not answer on."""

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http.request import split_domain_port, validate_host


def is_port_allowed(host: str) -> bool:
    """Return True if an allowed `host`, as request.get_host() gives it, names no port, or one that belongs to it.

    Loopback names may have any port: a port that is forwarded to this machine cannot be known here.
    """
    domain, port = split_domain_port(host)
    if not port or domain in settings.LOOPBACK:
        return True
    return validate_host(domain, [allowed for allowed, its_port in settings.HOST_PORTS if its_port == port])


class HostPortMiddleware:
    """Answers 400 to a Host header with a port that is neither in PUBLIC_URL nor in ALLOWED_HOSTS.

    Django checks the name only. The middleware does not answer itself: it makes `request.get_host()` raise
    DisallowedHost, as Django does for a wrong name, so that both get the same answer.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        try:
            host = request.get_host()
        except DisallowedHost:
            return self.get_response(request)  # CommonMiddleware asks again, and answers 400
        if not is_port_allowed(host):
            request.get_host = lambda: _refuse(host)
        return self.get_response(request)


def _refuse(host):
    raise DisallowedHost(
        f"Invalid HTTP_HOST header: {host!r}. You may need to add it, with its port, to ALLOWED_HOSTS."
    )
