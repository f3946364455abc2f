"""Request ids and logs of requests."""

import json
import logging
import logging.config
import re

import pytest

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
