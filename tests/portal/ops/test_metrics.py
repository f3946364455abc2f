"""Logs with request ids, metrics for Prometheus, and who may read them."""

import json
import logging
import logging.config
import re

import httpx
import pytest
from django.http import HttpResponse
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from portal.ops import logs, metrics
from portal.search import indexing
from tests.browser.served import serve
from tests.make import make_source

MADE = re.compile(r"[0-9a-f]{32}")


# ── Ids ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("address", ["/en/about/", "/healthz", "/api/v1/nothing", "/admin/"])
def test_every_answer_has_an_id_of_its_own(client, db, address):
    found = {client.get(address).headers["X-Request-ID"] for _ in range(2)}
    assert len(found) == 2
    assert all(map(MADE.fullmatch, found))


def test_an_id_that_a_proxy_gave_is_kept(client):
    given = "7b0c6a4e-2f1d-4f5e-9a55-1c8ef0a4b1c2"
    assert client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "short", "a" * 65, "line\nbreak-of-8", 'quo"ted-and-long', "идентификатор"])
def test_an_id_that_is_none_is_replaced(client, given):
    found = client.get("/healthz", headers={"X-Request-ID": given.encode().decode("latin-1")})
    assert MADE.fullmatch(found.headers["X-Request-ID"])


# ── Logs ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def logged(capsys):
    """Return a function that configures logging in a format and returns the lines written since."""
    root, level = logging.getLogger(), logging.getLogger().level
    handlers, loggers = root.handlers[:], {name: logging.getLogger(name).level for name in ("portal.requests", "httpx")}

    def lines():
        return capsys.readouterr().err.splitlines()

    def set_up(form):
        logging.config.dictConfig(logs.configuration("INFO", form))
        return lines

    yield set_up
    root.handlers, root.level = handlers, level
    for name, before in loggers.items():
        logging.getLogger(name).setLevel(before)


def test_json_has_a_line_for_each_request_and_nothing_of_who_asked(client, db, logged):
    lines = logged("json")
    who = {"User-Agent": "Somebody’s browser", "X-Request-ID": "an-id-of-a-proxy"}
    client.get("/en/no-such-page/?q=what-nobody-should-know", headers=who, REMOTE_ADDR="203.0.113.77")
    told = [json.loads(line) for line in lines()]
    assert [(line["level"], line["logger"], line["request_id"]) for line in told] == [
        ("INFO", "portal.requests", "an-id-of-a-proxy"),
        ("WARNING", "django.request", "an-id-of-a-proxy"),
    ]
    last = told[0].copy()
    assert last.pop("milliseconds") >= 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}", last.pop("time"))
    assert last == {
        "level": "INFO",
        "logger": "portal.requests",
        "message": "GET /en/no-such-page/ 404",
        "method": "GET",
        "path": "/en/no-such-page/",
        "view": "",
        "status": 404,
        "request_id": "an-id-of-a-proxy",
    }
    whole = json.dumps(told, ensure_ascii=False)
    assert not any(secret in whole for secret in ("nobody-should", "Somebody", "203.0.113"))


def test_text_has_lines_for_people_and_none_for_what_went_well(client, logged):
    lines = logged("text")
    client.get("/healthz")
    logging.getLogger("portal.somewhere").warning("Something happened.")
    [line] = lines()
    assert line.endswith(" WARNING portal.somewhere: Something happened.")


def test_a_failure_is_told_with_the_id_of_its_request(logged):
    lines = logged("json")
    token = logs.request_id.set("an-id-of-a-proxy")
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        logging.getLogger("portal.somewhere").exception("It failed.")
    finally:
        logs.request_id.reset(token)
    told = json.loads(lines()[0])
    assert (told["message"], told["request_id"]) == ("It failed.", "an-id-of-a-proxy")
    assert told["exc_info"].endswith("ZeroDivisionError: division by zero")


# ── Numbers ──────────────────────────────────────────────────────────────────────────────────────────────────


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
