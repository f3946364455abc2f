"""The description of the API: that it is what was promised, and that the API does what it says."""

import json

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from portal.management.commands.write_openapi import STORED, described
from portal.wsgi import application

RENEW = "If that is meant, and nothing is taken away: .venv/bin/python manage.py write_openapi"


def promises(schema):
    """What programs build on: addresses, what they take, what they answer, the fields of records."""
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            yield path, method
            for parameter in operation.get("parameters", []):
                value = parameter["schema"]
                yield path, method, "takes", parameter["name"]
                for allowed in value.get("enum", value.get("items", {}).get("enum", [])):
                    yield path, method, "takes", parameter["name"], allowed
            for status in operation["responses"]:
                yield path, method, "answers", str(status)
    for name, one in schema["components"]["schemas"].items():
        for field, said in one.get("properties", {}).items():
            yield name, field, said.get("type", said.get("$ref", ""))


def test_nothing_that_was_promised_is_gone():
    stored, now = json.loads(STORED.read_text(encoding="utf-8")), json.loads(described())
    gone = set(promises(stored)) - set(promises(now))
    assert gone == set(), "Programs of others break. Put what has changed under a new version of the API."


def test_stored_description_is_the_present_one():
    assert STORED.read_text(encoding="utf-8") == described(), RENEW


def test_description_is_served(client):
    response = client.get("/api/v1/openapi.json")
    assert response.json() == json.loads(described())
    assert response.json()["openapi"].startswith("3.1")


def test_every_parameter_is_described_with_an_example():
    for path, operations in json.loads(described())["paths"].items():
        for parameter in operations["get"]["parameters"]:
            assert parameter["description"], (path, parameter["name"])
            if parameter["in"] == "query" and parameter["name"] not in {"sort"}:
                assert "example" in parameter, (path, parameter["name"])


# ── Asked at random ──────────────────────────────────────────────────────────────────────────────────────────────

SCHEMA = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
OPERATIONS = {operation.ok().label: operation.ok() for operation in SCHEMA.get_all_operations()}


@pytest.fixture
def _connection_stays():
    """A request of the server’s kind would close the connection that the test’s transaction is in."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("_connection_stays")
@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("label", OPERATIONS)
def test_api_does_what_it_says(content, label, mode):
    """Whatever is asked, rightly or wrongly: no failure, no answer but those described. Which keys there are, only the
    database knows: a key that is none is refused, though its form is right.
    """

    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def ask(case):
        plain = {"Accept-Encoding": "identity"}  # the client undoes no compression
        case.call_and_validate(headers=plain, excluded_checks=[positive_data_acceptance])

    ask()


def test_examples_of_the_description_have_answers(content, client):
    for path, operations in json.loads(described())["paths"].items():
        if "{" not in path:
            query = {one["name"]: one["example"] for one in operations["get"]["parameters"] if "example" in one}
            for name, example in query.items():
                response = client.get(path, {name: example})
                assert response.status_code == 200, (path, name, response.content)
