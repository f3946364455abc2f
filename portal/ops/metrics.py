"""Numbers about the running portal for Prometheus, at `/metrics`, for the networks of those who run it.

Under gunicorn each worker writes its numbers to a file of its own (gunicorn.conf.py names the folder), and whichever
worker is asked answers for all.
"""

import ipaddress
import os
import time

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import Http404, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from portal.ops.health import health_checks
from portal.tracking import content_version

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
METHODS = {"GET", "HEAD", "POST", "OPTIONS"}

REQUESTS = Counter("portal_requests", "Answers, by view, method and status.", ["view", "method", "status"])
SECONDS = Histogram("portal_request_seconds", "How long an answer takes, by view.", ["view"], buckets=BUCKETS)


class MetricsMiddleware:
    """Counts answers and how long they took; a streamed one until it begins."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        began = time.perf_counter()
        response = self.get_response(request)
        # Names of views are few; addresses that nobody thought of are as many as askers like.
        view = _view_of(request)
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(view, method, str(response.status_code)).inc()
        SECONDS.labels(view).observe(time.perf_counter() - began)
        return response


def _view_of(request):
    """The name of the view that a request is for; a page that is kept is answered without asking which."""
    try:
        return (request.resolver_match or resolve(request.path_info)).view_name
    except Resolver404:
        return "none"


class HealthCollector:
    """What is true of the portal as a whole at the moment of asking, whichever worker says it."""

    def collect(self):
        """Whether each part is ready, and the number that moves with every change of the content."""
        ready = GaugeMetricFamily("portal_ready", "Whether a part is ready (1) or not (0).", labels=["part"])
        found, _amiss = health_checks()
        for part, is_ready in found.items():
            ready.add_metric([part], int(is_ready))
        yield ready
        if found["database"]:
            yield GaugeMetricFamily(
                "portal_content_changes", "How often the content has changed.", value=content_version.state().number
            )


@never_cache
@require_safe
def metrics(request):
    """`/metrics`. From any other network there is nothing here."""
    address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    if not any(address in network for network in settings.METRICS_NETWORKS):
        raise Http404
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)
    else:
        for collector in (REQUESTS, SECONDS):
            registry.register(collector)
    registry.register(HealthCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
