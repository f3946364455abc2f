"""The OpenAPI description is stable, and the API does what it says."""

import importlib
import json
import os
import re
import subprocess
import sys

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from portal.api import description as description_of
from portal.api.resources import RESOURCES
from portal.management.commands.write_openapi import STORED, described
from portal.wsgi import application


def promises(schema):
    """What clients depend on: paths, parameters, responses, and the fields of records."""
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
            yield name, field, str(said.get("type", said.get("$ref", "")))


def test_nothing_that_was_promised_is_gone():
    stored, now = json.loads(STORED.read_text(encoding="utf-8")), json.loads(described())
    gone = set(promises(stored)) - set(promises(now))
    assert gone == set(), "Programs of others break. Put what has changed under a new version of the API."


def test_every_parameter_is_described_with_an_example():
    for path, operations in json.loads(described())["paths"].items():
        for parameter in next(iter(operations.values()))["parameters"]:
            assert parameter["description"], (path, parameter["name"])
            if parameter["in"] == "query" and parameter["name"] not in {"sort"}:
                assert "example" in parameter, (path, parameter["name"])


# ── Random queries ───────────────────────────────────────────────────────────────────────────────────────────────

SCHEMA = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
OPERATIONS = {operation.ok().label: operation.ok() for operation in SCHEMA.get_all_operations()}


@pytest.fixture
def _connection_stays():
    """The request would close the database connection of the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("_connection_stays")
@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("label", OPERATIONS)
def test_api_does_what_it_says(content, label, mode):
    """Every response to valid and invalid requests is one that the description lists, and none is a server error.

    Only the database knows which keys exist: an unknown key of the right form is refused too.
    """

    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def ask(case):
        plain = {"Accept-Encoding": "identity"}  # the client does not decompress
        case.call_and_validate(headers=plain, excluded_checks=[positive_data_acceptance])

    ask()


def test_examples_of_the_description_have_answers(content, client):
    for path, operations in json.loads(described())["paths"].items():
        if "{" not in path and "get" in operations:
            query = {one["name"]: one["example"] for one in operations["get"]["parameters"] if "example" in one}
            for name, example in query.items():
                response = client.get(path, {name: example})
                assert response.status_code == 200, (path, name, response.content)


@pytest.mark.parametrize("resource", RESOURCES, ids=[resource.path for resource in RESOURCES])
def test_every_record_has_all_fields_and_with_fields_only_those(content, client, resource):
    description = json.loads(described())
    name = description_of.schema_name(resource)

    def wrong(schema, records):
        validator = Draft202012Validator({"$ref": f"#/components/schemas/{schema}", **description})
        return [error.message for record in records for error in validator.iter_errors(record)]

    address = f"/api/v1/{resource.path}?limit=100"
    for query in ("", "&lang=ko"):
        records = client.get(address + query).json()["items"]
        assert wrong(name, records) == []
        assert wrong(f"{name}Fields", records) == []
        assert {tuple(record) for record in records} == {tuple(resource.serialiser.by_name)}
    some = list(resource.serialiser.by_name)[2:4]
    records = client.get(address, {"fields": ",".join(some)}).json()["items"]
    assert wrong(f"{name}Fields", records) == []
    assert records
    assert len(wrong(name, records)) == sum(len(set(resource.serialiser.by_name) - set(one)) for one in records)


# ── Tools of others ──────────────────────────────────────────────────────────────────────────────────────────────


def values(schema, name):
    """Yield every value under a name anywhere in the description."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == name and isinstance(value, list):
                yield value
            yield from values(value, name)
    elif isinstance(schema, list):
        for value in schema:
            yield from values(value, name)


def test_no_enumeration_is_empty():
    assert [] not in list(values(json.loads(described()), "enum"))


def test_list_of_one_order_can_be_sorted_by_change_only(client):
    answer = client.get("/api/v1/issues?sort=name")
    assert (answer.status_code, answer.json()["detail"]) == (400, "“sort” is one of: changed, -changed.")


@pytest.fixture(scope="module")
def foreign_client(tmp_path_factory):
    """Return the package that openapi-python-client writes from the description, without a warning."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_text(described(), encoding="utf-8")
    tools = os.path.dirname(sys.executable)
    done = subprocess.run(
        [f"{tools}/openapi-python-client", "generate", "--path", "openapi.json", "--fail-on-warning"]
        + ["--meta", "none", "--output-path", "foreign_client"],
        cwd=folder,
        env=os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"},  # it formats its output with ruff
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield "foreign_client"


def test_client_that_a_tool_writes_reads_every_list(content, client, foreign_client):
    for path, operations in json.loads(described())["paths"].items():
        if "{" not in path and "get" in operations:
            schema = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            name = schema["$ref"].rpartition("/")[2]
            module = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
            page = getattr(importlib.import_module(f"{foreign_client}.models.{module}"), name)
            said = client.get(path, {"limit": 100}).json()
            read = page.from_dict(said)
            assert (read.count, len(read.items)) == (said["count"], len(said["items"]))
            # UTC is written in another way, and fields are in another order; everything else is equal.
            back = json.loads(json.dumps(read.to_dict()).replace("+00:00", "Z"))
            assert back == json.loads(json.dumps(said)), path


@pytest.mark.parametrize(
    "address",
    ["/api/v1/", "/api/v1/openapi.json", "/data/datapackage.json", "/data/projects.csv-metadata.json"],
)
def test_description_carries_an_etag(client, db, address):
    first = client.get(address)
    assert first.status_code == 200
    for method in (client.get, client.head):
        again = method(address, headers={"if-none-match": first["ETag"]})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert again["Access-Control-Allow-Origin"] == "*"
    assert client.get(address, headers={"if-none-match": 'W/"another"'}).content == first.content


def test_schemas_have_names_of_their_own_and_every_reference_holds():
    schemas = json.loads(described())["components"]["schemas"]
    assert {"ProjectPage", "StatedStatus", "StatedStatusCode", "Money", "PlaceSummary", "ParticipationRow"} <= set(
        schemas
    )
    assert schemas["Money"]["properties"]["amount"]["type"] == "number"
    named = set(re.findall(r'"#/components/schemas/(\w+)"', described()))
    assert named - set(schemas) == set()
    assert not [name for name in schemas if re.search(r"\d$", name)]


def test_every_object_of_a_response_has_a_name():
    """A generator names the class of an object without a name by its field, so that `Organisation` was there twice."""

    def unnamed(schema, path):
        if isinstance(schema, dict):
            if "properties" in schema and len(path) > 1:
                yield path
            for name, inner in schema.items():
                yield from unnamed(inner, (*path, name))
        elif isinstance(schema, list):
            for index, inner in enumerate(schema):
                yield from unnamed(inner, (*path, index))

    schemas = json.loads(described())["components"]["schemas"]
    assert [path for name, schema in schemas.items() for path in unnamed(schema, (name,))] == []
    assert schemas["Overlap"]["properties"]["read"] == {
        "$ref": "#/components/schemas/OverlapReading",
        "description": "What was read from the plan.",
    }


def test_every_operation_describes_the_limit():
    for path, operations in json.loads(described())["paths"].items():
        for operation in operations.values():
            assert "Retry-After" in operation["responses"]["429"]["headers"], path
