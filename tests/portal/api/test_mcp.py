"""`POST /mcp`: what assistants send, and what they get."""

import json

import pytest
from django.test import Client

from portal.api.mcp import HANDSHAKES, MODERN, MOST_BYTES, VERSION_KEY
from portal.api.mcp_tools import TOOLS, TYPES
from portal.core.choices import PublicationStatus
from portal.http import throttling
from portal.models import Tombstone
from tests.make import make_citation, make_country, make_issue, make_observation, make_place, make_project, make_source
from tests.projects.brief.worlds import make_world

pytestmark = pytest.mark.django_db

ADDRESS = "/mcp"


@pytest.fixture
def program():
    """Return a client that checks CSRF tokens: an assistant has none."""
    return Client(enforce_csrf_checks=True)


def send(client, message, **headers):
    body = message if isinstance(message, str | bytes) else json.dumps(message)
    return client.post(ADDRESS, body, content_type="application/json", **headers)


def ask(client, method, params=None, version=None):
    params = params or {}
    if version:
        params |= {"_meta": {VERSION_KEY: version}}
    return send(client, {"jsonrpc": "2.0", "id": 7, "method": method, "params": params})


def call(client, name, **arguments):
    """Return the answer of a tool as JSON; the text if it is an error."""
    response = ask(client, "tools/call", {"name": name, "arguments": arguments})
    assert response.status_code == 200, response.content
    result = response.json()["result"]
    [part] = result["content"]
    return part["text"] if result["isError"] else json.loads(part["text"])


# ── The protocol ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", HANDSHAKES)
def test_assistant_of_the_older_form_begins_with_a_handshake(program, version):
    response = ask(program, "initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": {}})
    answer = response.json()
    assert (response.status_code, answer["id"], answer["result"]["protocolVersion"]) == (200, 7, version)
    assert list(answer["result"]["capabilities"]) == ["tools"]
    assert response.cookies == {}
    noted = send(program, {"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (noted.status_code, noted.content) == (202, b"")


def test_unknown_older_version_is_answered_with_the_newest(program):
    result = ask(program, "initialize", {"protocolVersion": "2024-01-01"}).json()["result"]
    assert result["protocolVersion"] == HANDSHAKES[0]


def test_assistant_of_the_newer_form_discovers_what_is_served(program):
    result = ask(program, "server/discover", version=MODERN).json()["result"]
    assert result["supportedVersions"] == [MODERN]
    assert (result["resultType"], result["cacheScope"]) == ("complete", "public")
    tools = ask(program, "tools/list", version=MODERN).json()["result"]
    assert [tool["name"] for tool in tools["tools"]] == list(TOOLS)
    assert tools["resultType"] == "complete"


def test_version_that_is_not_served_is_refused_with_those_that_are(program):
    response = ask(program, "tools/list", version="2030-01-01")
    assert response.status_code == 400
    assert response.json()["error"]["data"] == {"supported": [MODERN], "requested": "2030-01-01"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, -32700),
        (b"\xff", 400, -32700),
        ("[" * 50_000, 400, -32700),
        ("[]", 400, -32600),
        ('{"jsonrpc": "1.0", "id": 1, "method": "ping"}', 400, -32600),
        ('{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', 400, -32600),
        ('{"jsonrpc": "2.0", "id": true, "method": "ping"}', 400, -32600),
        ('{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}', 400, -32600),
        ('{"jsonrpc": "2.0", "id": 1, "method": "resources/list"}', 200, -32601),
        ('{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "drop"}}', 200, -32602),
        ('{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": ["search"]}}', 200, -32602),
        ("a" * (MOST_BYTES + 1), 413, -32600),
    ],
)
def test_message_that_cannot_be_served_gets_an_error(program, body, status, code):
    response = send(program, body)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


def test_only_post_is_served_and_answers_are_not_stored(client):
    response = client.get(ADDRESS)
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "no-store" in ask(client, "ping")["Cache-Control"]


# ── The tools ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def world(on):
    on("2026-11-27")
    return make_world()


def test_schemas_say_what_each_tool_takes():
    for tool in TOOLS.values():
        schema = tool.described()["inputSchema"]
        assert set(schema["required"]) <= set(schema["properties"])
        assert {each["type"] for each in schema["properties"].values()} <= set(TYPES)


def test_search_finds_records_in_the_language_that_was_asked_for(program, world):
    answer = call(program, "search", q="Uzbekistan", language="ko", limit=1)
    [hit] = answer["items"]
    assert (hit["kind"], hit["key"], hit["name"]) == ("places", "uz", "우즈베키스탄")
    assert hit["url"] == "http://testserver/ko/countries/uz/"
    assert answer["url"] == "http://testserver/ko/search/?q=Uzbekistan"
    assert answer["licence"].startswith("https://creativecommons.org/")
    assert answer["retrieved"] == "2026-11-27"
    only = call(program, "search", q="water", kind="issue")
    assert [one["key"] for one in only["items"]] == ["water-scarcity"]


def test_record_comes_with_its_sources(program, world):
    make_citation(world.project, make_source(title="The report", url="https://example.org/report"))
    answer = call(program, "get_record", kind="projects", key="smart-water")
    assert answer["record"]["title"] == "Smart water for Osh"
    assert "https://example.org/report" in [source["url"] for source in answer["record"]["sources"]]
    assert answer["url"] == "http://testserver/api/v1/projects/smart-water?lang=en"


def test_list_has_the_records_of_the_list_in_the_api(program, client, world):
    asked = {"country": "uz", "issue": "water-scarcity"}
    answer = call(program, "list_records", kind="projects", filters=asked)
    listed = client.get("/api/v1/projects", {**asked, "lang": "en"}).json()
    assert (answer["count"], answer["items"]) == (listed["count"], listed["items"])
    assert answer["count"] == 1
    assert call(program, "list_records", kind="projects", limit=1, offset=1)["items"] == []


def test_observations_have_place_year_and_source(program, world):
    make_observation(indicator=world.indicator, place=make_place(key="nukus"), year=2020, value="80")
    answer = call(program, "observations", indicator="water-stress", place="uz", year_from=2022)
    [row] = answer["items"]
    assert (row["place"]["key"], row["year"]) == ("uz", 2022)
    assert row["source"]["key"]


def test_overlap_check_finds_near_projects(program, world):
    answer = call(program, "overlap_check", text="Smart water for the town of Osh", countries=["uz"])
    assert [item["key"] for item in answer["items"]] == ["smart-water"]
    assert answer["items"][0]["url"].startswith("http://testserver/en/projects/")


def test_brief_has_numbered_sources(program, world):
    answer = call(program, "brief", country="uz", issue="water-scarcity")
    assert answer["title"] == "Uzbekistan: Water scarcity"
    lines = [line for section in answer["sections"] for line in section["lines"]]
    assert any("Operators must be trained first. [" in line for line in lines)
    assert [source["number"] for source in answer["sources"]] == list(range(1, len(answer["sources"]) + 1))
    past = call(program, "brief", country="uz", issue="water-scarcity", day="2021-06-30")
    assert past["made"].startswith("As of 30")


def test_drafts_are_not_told(program, world):
    make_project(key="secret", title_en="Hidden plan", publication=PublicationStatus.DRAFT)
    assert call(program, "search", q="Hidden")["items"] == []
    answers = [
        call(program, "list_records", kind="projects", limit=25),
        call(program, "list_records", kind="results", limit=25),
        call(program, "overlap_check", text="Hidden plan"),
        call(program, "brief", country="uz", issue="water-scarcity"),
    ]
    assert not [answer for answer in answers if "Hidden" in json.dumps(answer)]
    assert "no published record" in call(program, "get_record", kind="projects", key="secret")


def test_removed_record_says_so(program):
    Tombstone.objects.create(kind="project", key="gone", reason=Tombstone.Reason.values[0])
    assert "no longer published" in call(program, "get_record", kind="projects", key="gone")


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("search", {}, "“q” is missing."),
        ("search", {"q": 5}, "“q” is of type string."),
        ("search", {"q": "a", "limit": 26}, "“limit” is from 1 to 25."),
        ("search", {"q": "a", "limit": True}, "“limit” is of type integer."),
        ("search", {"q": "a", "kind": "planet"}, "“kind” is one of: "),
        ("search", {"q": "a", "country": "mars"}, "there is no “mars”"),
        ("search", {"q": "a", "why": "b"}, "There is no argument “why”."),
        ("list_records", {"kind": "projects", "filters": {"colour": "red"}}, "There is no filter “colour”."),
        ("list_records", {"kind": "projects", "filters": {"country": ["uz"]}}, "is a text or a number"),
        ("list_records", {"kind": "users"}, "“kind” is one of: "),
        ("get_record", {"kind": "places", "key": "no\0where"}, "There is no record with this key."),
        ("overlap_check", {"years": ["soon"]}, "“years” is empty"),
        ("brief", {"country": "uz"}, "“country”"),
        ("brief", {"country": "uz", "issue": "a", "day": "soon"}, "is not a day"),
    ],
)
def test_mistake_in_the_arguments_is_told_to_the_assistant(program, name, arguments, words):
    make_issue(key="a")
    answer = call(program, name, **arguments)
    assert isinstance(answer, str), answer
    assert words in answer


def test_brief_without_a_topic_asks_for_one(program):
    make_country(key="uz")
    assert call(program, "brief", country="uz") == "State an issue or an area."


def test_arguments_that_are_no_object_are_a_mistake(program):
    result = ask(program, "tools/call", {"name": "search", "arguments": ["a"]}).json()["result"]
    assert result["isError"]


def test_network_that_asks_too_often_is_told_when_to_come_back(program, settings):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"api": 10}
    throttling.buckets = throttling.TokenBuckets()
    arguments = {"name": "list_records", "arguments": {"kind": "projects"}}
    found = [ask(program, "tools/call", arguments) for _time in range(14)]
    assert (found[0].status_code, found[-1].status_code) == (200, 429)
    assert int(found[-1]["Retry-After"]) <= 61


@pytest.mark.any_database
@pytest.mark.usefixtures("content")
@pytest.mark.parametrize("name", ["search", "list_records"])
def test_answer_asks_as_few_queries_for_many_results_as_for_few(program, django_assert_max_num_queries, name):
    arguments = {"q": "water"} if name == "search" else {"kind": "projects"}
    with django_assert_max_num_queries(45):
        assert len(call(program, name, limit=25, **arguments)["items"]) == 25
