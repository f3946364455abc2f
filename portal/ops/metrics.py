"""Metrics of the running portal for Prometheus, at `/metrics`, for the networks in METRICS_NETWORKS.

Under gunicorn each worker writes its metrics to files of its own (gunicorn.conf.py sets the folder). The worker that
answers `/metrics` adds up the files of all workers.
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
    """Counts responses and measures their time in seconds, for a streamed response until streaming begins."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        began = time.perf_counter()
        response = self.get_response(request)
        # Label by view name: there are few views, but clients can request any number of URLs that do not exist.
        view = _view_of(request)
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(view, method, str(response.status_code)).inc()
        SECONDS.labels(view).observe(time.perf_counter() - began)
        return response


def _view_of(request):
    """Return the name of the requested view, or "none" if the URL does not exist.

    The page cache responds before Django resolves the URL, so the URL of a cached page is resolved here.
    """
    try:
        return (request.resolver_match or resolve(request.path_info)).view_name
    except Resolver404:
        return "none"


class HealthCollector:
    """Gauges of the whole portal, computed when Prometheus asks. They are the same in every worker."""

    def collect(self):
        """Yield whether each part is ready, and the number of the content version if the database responds."""
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
    """Return the metrics as Prometheus text. Raise Http404 for a client outside METRICS_NETWORKS."""
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
