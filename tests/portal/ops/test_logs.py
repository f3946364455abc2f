"""Request ids and logs of requests."""

import json
import logging
import logging.config
import re

import pytest
from django.db import OperationalError
from django.urls import URLPattern, get_resolver
from gunicorn.config import Config
from gunicorn.glogging import Logger

from portal.http.parameters import ParametersMiddleware
from portal.ops import logs

MADE = re.compile(r"[0-9a-f]{32}")

# ── Ids ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("address", ["/en/about/", "/healthz", "/api/v1/nothing", "/admin/"])
def test_every_answer_has_an_id_of_its_own(client, db, address):
    found = {client.get(address).headers["X-Request-ID"] for _ in range(2)}
    assert len(found) == 2
    assert all(map(MADE.fullmatch, found))


def test_static_files_are_sent_without_an_id(client):
    response = client.get("/static/css/site.css")
    assert b"".join(response.streaming_content)  # read to the end, which closes the file
    assert "X-Request-ID" not in response.headers


def test_an_id_that_a_proxy_gave_is_kept(client):
    given = "7b0c6a4e-2f1d-4f5e-9a55-1c8ef0a4b1c2"
    assert client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "short", "a" * 65, "line\nbreak-of-8", 'quo"ted-and-long', "идентификатор"])
def test_an_id_that_is_none_is_replaced(client, given):
    found = client.get("/healthz", headers={"X-Request-ID": given.encode().decode("latin-1")})
    assert MADE.fullmatch(found.headers["X-Request-ID"])


# ── Logs ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def logged(capsys):
    """Return a function that configures logging in a format and returns the lines written since."""
    root, level = logging.getLogger(), logging.getLogger().level
    names = ("portal.requests", "httpx", "gunicorn.error", "gunicorn.access")
    handlers, loggers = root.handlers[:], {name: logging.getLogger(name).level for name in names}

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


# ── Secrets of links ────────────────────────────────────────────────────────────────────────────────────────────

SECRET = "Nobody0May0Read0Me"
# Parameters of URLs that open nothing for whoever has them: keys of records, names of files, numbers.
OPEN_PARAMETERS = {
    *("app_label", "content_type_id", "day", "digest", "file", "form", "format", "id", "key", "kind", "name", "number"),
    *("object_id", "part", "pk", "quarter", "section", "url", "when", "width"),
}
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
GROUP = re.compile(r"\(\?P<(\w+)>[^()]*\)")


def routes(resolver=None, before="/"):
    """Yield the name and the route of all URLs, with those of accounts and the admin."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern).removeprefix("^").removesuffix("$")
        if isinstance(pattern, URLPattern):
            yield pattern.name, route
        else:
            yield from routes(pattern, route)


def addresses_with_secrets():
    """Return a dict from the address of each URL with a secret, which is SECRET, to its name."""
    found = {}
    for name, route in routes():
        route = GROUP.sub(r"<\1>", route)
        if set(PARAMETER.findall(route)) - OPEN_PARAMETERS:
            found[PARAMETER.sub(SECRET, route)] = name
    return found


def test_secret_of_every_url_is_hidden():
    """A parameter with a new name needs a place in OPEN_PARAMETERS or in the rule for secrets."""
    found = addresses_with_secrets()
    assert {"account_reset_password_from_key", "preview", "plan-result", "plan-kept"} <= set(found.values())
    assert f"/admin/issues/issue/import/{SECRET}/" in found
    assert [address for address in found if SECRET in logs.without_secret(address)] == []


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_log_has_the_secret_of_a_link(client, db, logged, monkeypatch, form):
    """Whether the page is there or not, and whatever fails. The imports of all kinds are alike, so one is asked for."""
    lines, failure = logged(form), []
    answer = ParametersMiddleware.__call__

    def answer_or_fail(self, request):
        if failure:
            raise failure[0](f"It failed at {request.build_absolute_uri()}")
        return answer(self, request)

    monkeypatch.setattr(ParametersMiddleware, "__call__", answer_or_fail)
    client.raise_request_exception = False
    statuses = set()
    for address in addresses_with_secrets():
        if "/import/" in address and "/issue/import/" not in address:
            continue
        for path in (address, address.upper(), address.removesuffix("/"), address.replace(SECRET, f"a b{SECRET}")):
            statuses |= {client.get(path).status_code, client.put(path).status_code}
        for error in (RuntimeError, OperationalError):
            failure[:] = [error]
            statuses.add(client.get(address).status_code)
        failure.clear()
    assert {404, 405, 500, 503} <= statuses
    written = lines()
    assert len(written) > 20
    assert [line for line in written if SECRET in line.replace(SECRET.upper(), SECRET)] == []
    assert [line for line in written if "/en/preview/[hidden]" in line]


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_line_of_the_server_has_a_secret_a_query_or_an_ip_address(logged, form):
    lines, config = logged(form), Config()
    config.set("logconfig_dict", logs.configuration("INFO", form))
    server = Logger(config)
    server.access_log.info('203.0.113.7 "GET /en/about/"')
    for path in (
        f"/en/preview/{SECRET}/",
        f"http://testserver/en/preview/{SECRET}/",
        f"/en/digests/stop/?key={SECRET}",
    ):
        server.exception("Error handling request %s %s", "GET", path)
    server.warning(f"Invalid request from ip=2001:db8::7: Invalid HTTP Version 'GET /en/digests/stop/?key={SECRET}'")
    logging.getLogger("django.server").warning('"%s" %s', f"GET /en/preview/{SECRET}/ HTTP/1.1", 500)
    written = lines()
    assert len([line for line in written if "[hidden]" in line]) == 5
    assert not [line for line in written if SECRET in line or "203.0.113" in line or "2001:db8" in line]


def test_path_without_a_secret_is_logged_as_it_is():
    for path in (
        "/en/projects/preview/",
        "/en/plan/",
        "/admin/issues/issue/import/",
        "/admin/issues/issue/import/undo/7/",
    ):
        assert logs.without_secret(path) == path


def test_django_mails_no_errors():
    """Its mails have the whole request."""
    assert not logging.getLogger("django").handlers
