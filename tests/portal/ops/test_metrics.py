"""Metrics for Prometheus, and who may read them."""

import json

import httpx
import pytest
from django.http import HttpResponse
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from portal.ops import metrics
from portal.search import indexing
from tests.browser.served import serve
from tests.make import make_source


def answered(request, response=None):
    return metrics.MetricsMiddleware(lambda request: response or HttpResponse("ok"))(request)


def counted(**labels):
    return REGISTRY.get_sample_value("portal_requests_total", labels) or 0


def test_answers_are_counted_by_view_and_not_by_address(rf):
    before = counted(view="none", method="GET", status="404")
    for address in ("/one/", "/another/"):
        request = rf.get(address)
        request.resolver_match = None
        answered(request, HttpResponse(status=404))
    assert counted(view="none", method="GET", status="404") == before + 2


def test_methods_that_nobody_knows_make_no_numbers_of_their_own(rf):
    before = counted(view="none", method="other", status="200")
    for method in ("BREW", "PROPFIND"):
        request = rf.generic(method, "/nowhere/")
        request.resolver_match = None
        answered(request)
    assert counted(view="none", method="other", status="200") == before + 2


@pytest.mark.django_db
def test_parts_that_are_not_ready_are_told():
    def ready():
        [family] = [family for family in metrics.HealthCollector().collect() if family.name == "portal_ready"]
        return {sample.labels["part"]: sample.value for sample in family.samples}

    assert ready() == {"database": 1, "content": 0, "search": 0}
    make_source()
    indexing.flush_index()
    assert ready() == {"database": 1, "content": 1, "search": 1}


def test_there_are_no_numbers_where_no_network_is_named(client, db):
    assert client.get("/metrics").status_code == 404


@pytest.mark.any_database
def test_workers_count_together_and_tell_only_the_networks_that_are_named(content_url):
    """Run a server with two workers behind a proxy, with logs in JSON, as on a public host."""
    variables = {"METRICS_NETWORKS": "127.0.0.0/8, ::1", "LOG_FORMAT": "json", "LOG_LEVEL": "INFO", "BEHIND_PROXY": "1"}
    with (
        serve(content_url, "--workers", "2", **variables) as site,
        httpx.Client(base_url=site.url, trust_env=False, timeout=30) as client,
    ):
        for _ in range(20):
            client.get("/en/about/", headers={"Connection": "close"})
        told = [client.get("/metrics", headers={"Connection": "close"}) for _ in range(4)]
        assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 404
        lines = [json.loads(line) for line in site.log().splitlines() if line.startswith("{")][1:]
    for response in told:
        assert response.status_code == 200
        families = {family.name: family for family in text_string_to_metric_families(response.text)}
        about = [
            sample.value
            for sample in families["portal_requests"].samples
            if sample.name == "portal_requests_total" and sample.labels["view"] == "about"
        ]
        assert about == [20]
        assert {sample.labels["part"] for sample in families["portal_ready"].samples} == {
            "database",
            "content",
            "search",
        }
    asked = [line for line in lines if line.get("path") == "/metrics"]
    assert {line["status"] for line in asked} == {200, 404}
    assert len({line["request_id"] for line in asked}) == len(asked)
