"""`/api/v1/reconcile`: what OpenRefine and others send, and what they get."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.api.reconciliation import MOST_IDS, MOST_QUERIES, MOST_TEXT, PROPERTIES, TYPES
from portal.core.choices import PublicationStatus
from portal.http import throttling
from portal.models import Place, PlaceIdentifier
from tests import reading
from tests.make import make_alias, make_country, make_issue, make_organisation, make_place, make_term

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/reconcile"


@pytest.fixture
def world():
    """Make records of all types: two of one name, one with aliases and an identifier, and a draft."""
    uz = make_country(key="uz", name_en="Uzbekistan", name_ko="우즈베키스탄")
    kg = make_country(key="kg", name_en="Kyrgyzstan")
    nukus = make_place(
        key="nukus",
        name_en="Nukus",
        name_ko="누쿠스",
        name_ru="Нукус",
        country=uz,
        kind=Place.Kind.CITY,
        latitude=42.5,
        longitude=59.6,
    )
    make_alias(nukus, text="Nókis")
    PlaceIdentifier.objects.create(place=nukus, scheme="wikidata", value="Q489898")
    make_place(key="karasuu", name_en="Kara-Suu", country=kg, kind=Place.Kind.CITY)
    make_place(key="karasuu-uz", name_en="Kara-Suu", country=uz, kind=Place.Kind.CITY)
    make_place(key="secret", name_en="Secretplace", publication=PublicationStatus.DRAFT)
    make_organisation(key="koica", name_en="Korea International Cooperation Agency", acronym="KOICA")
    make_issue(key="water-scarcity", name_en="Water scarcity", summary_en="There is too little water.")
    make_term(key="term-ifas", term_en="IFAS", definition_en="A fund of five states.")


def send(client, **fields):
    return client.post(ADDRESS, {name: json.dumps(value) for name, value in fields.items()})


def results_of(client, query):
    response = send(client, queries={"q0": query})
    assert response.status_code == 200, response.content
    return response.json()["q0"]["result"]


def ids_of(results):
    return [one["id"] for one in results]


# ── The manifest ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_manifest_names_what_the_service_can_do(client):
    response = client.get(ADDRESS)
    manifest = response.json()
    here = f"http://testserver{ADDRESS}"
    assert manifest["versions"] == ["0.2"]
    assert [one["id"] for one in manifest["defaultTypes"]] == list(TYPES)
    assert manifest["view"]["url"] == f"{here}/view?id={{{{id}}}}"
    for kind in ("entity", "type", "property"):
        told = manifest["suggest"][kind]
        assert client.get(told["service_url"] + told["service_path"], {"prefix": "a"}).status_code == 200
    proposed = manifest["extend"]["propose_properties"]
    assert client.get(proposed["service_url"] + proposed["service_path"]).status_code == 200
    again = client.get(ADDRESS, headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304


def test_other_sites_may_ask_without_a_token_or_cookie(world):
    program = Client(enforce_csrf_checks=True)
    body = {"queries": json.dumps({"q0": {"query": "Nukus"}})}
    response = program.post(ADDRESS, body, headers={"Origin": "http://127.0.0.1:3333"})
    assert (response.status_code, response.cookies) == (200, {})
    assert response["Access-Control-Allow-Origin"] == "*"


# ── Candidates ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["Nukus", "nukus", " NUKUS ", "누쿠스", "Нукус", "Nókis", "nokis"])
def test_name_in_any_script_is_a_match(client, world, name):
    [best, *_others] = results_of(client, {"query": name})
    assert (best["id"], best["name"], best["score"], best["match"]) == ("places/nukus", "Nukus", 100, True)
    assert best["description"] == "City, Uzbekistan"
    assert best["type"] == [{"id": "places", "name": "Place"}]


@pytest.mark.parametrize(("name", "found"), [("Nukuss", "places/nukus"), ("Water scarsity", "issues/water-scarcity")])
def test_mistyped_name_is_a_candidate_but_no_match(client, world, name, found):
    [best, *_others] = results_of(client, {"query": name})
    assert (best["id"], best["match"]) == (found, False)
    assert 60 <= best["score"] < 100


@pytest.mark.parametrize(
    ("name", "found"),
    [("KOICA", "organisations/koica"), ("IFAS", "terms/term-ifas"), ("Uzbekistan", "places/uz")],
)
def test_every_type_is_found(client, world, name, found):
    assert ids_of(results_of(client, {"query": name}))[0] == found


def test_type_limits_the_candidates(client, world):
    assert ids_of(results_of(client, {"query": "Nukus", "type": "organisations"})) == []
    assert ids_of(results_of(client, {"query": "Nukus", "type": ["issues", "places"]}))[0] == "places/nukus"
    assert ids_of(results_of(client, {"query": "Nukus", "type": "Q515"})) == []


def test_two_records_of_one_name_are_no_match_until_a_property_tells_them_apart(client, world):
    both = results_of(client, {"query": "Kara-Suu"})
    assert [(one["id"], one["match"]) for one in both[:2]] == [("places/karasuu", False), ("places/karasuu-uz", False)]
    for value in ("Uzbekistan", "uz", {"id": "places/uz"}, ["Mars", "uz"]):
        told = results_of(client, {"query": "Kara-Suu", "properties": [{"pid": "country", "v": value}]})
        assert [(one["id"], one["match"]) for one in told[:2]] == [
            ("places/karasuu-uz", True),
            ("places/karasuu", False),
        ]


def test_property_that_differs_or_is_not_known_lowers_the_score(client, world):
    def score(pid, value):
        return results_of(client, {"query": "Nukus", "properties": [{"pid": pid, "v": value}]})[0]

    assert score("country", "Kyrgyzstan")["score"] == 70
    assert score("identifiers.geonames", "601294")["score"] == 90
    assert score("population", 300_000)["score"] == 100  # the portal has no such property
    assert not score("country", "Kyrgyzstan")["match"]


def test_identifier_alone_finds_its_record(client, world):
    query = {"properties": [{"pid": "identifiers.wikidata", "v": "Q489898"}]}
    [found] = results_of(client, query)
    assert (found["id"], found["match"]) == ("places/nukus", True)
    assert results_of(client, {**query, "type": "organisations"}) == []


def test_drafts_are_no_candidates(client, world):
    assert "places/secret" not in ids_of(results_of(client, {"query": "Secretplace"}))
    PlaceIdentifier.objects.create(place=Place.objects.get(key="secret"), scheme="wikidata", value="Q1")
    assert results_of(client, {"properties": [{"pid": "identifiers.wikidata", "v": "Q1"}]}) == []
    assert send(client, extend={"ids": ["places/secret"], "properties": [{"id": "name.en"}]}).json()["rows"] == {
        "places/secret": {"name.en": []}
    }
    assert client.get(f"{ADDRESS}/suggest/entity", {"prefix": "secret"}).json() == {"result": []}
    for page in ("view", "preview"):
        assert client.get(f"{ADDRESS}/{page}", {"id": "places/secret"}).status_code == 404


def test_limit_is_kept(client, world):
    assert len(results_of(client, {"query": "Kara-Suu", "limit": 1})) == 1


@pytest.mark.any_database
def test_number_of_database_queries_does_not_grow_with_the_names(client, world):
    def asked(queries):
        with CaptureQueriesContext(connection) as found:
            assert send(client, queries=queries).status_code == 200
        return len(found)

    names = ["Nukus", "KOICA", "Water scarcity", "IFAS"]
    queries = {f"q{number}": {"query": name} for number, name in enumerate(names)}
    asked(queries)
    assert asked(queries) == asked({f"{name}{copy}": query for copy in range(10) for name, query in queries.items()})


# ── Values ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_properties_of_records_can_be_added_to_a_table(client, world):
    properties = ["name.ko", "country", "position.latitude", "identifiers.wikidata", "acronym", "kind"]
    ids = ["places/nukus", "organisations/koica", "places/nowhere", "nonsense"]
    answer = send(client, extend={"ids": ids, "properties": [{"id": one} for one in properties]}).json()
    assert answer["meta"][1] == {"id": "country", "name": "Country", "type": {"id": "places", "name": "Place"}}
    assert answer["rows"]["places/nukus"] == {
        "name.ko": [{"str": "누쿠스"}],
        "country": [{"id": "places/uz", "name": "Uzbekistan"}],
        "position.latitude": [{"float": 42.5}],
        "identifiers.wikidata": [{"str": "Q489898"}],
        "acronym": [],
        "kind": [{"str": "City"}],
    }
    assert answer["rows"]["organisations/koica"]["acronym"] == [{"str": "KOICA"}]
    assert set(map(str, answer["rows"]["places/nowhere"].values())) == {"[]"}
    assert list(answer["rows"]) == ids


@pytest.mark.parametrize("kind", list(TYPES))
def test_every_proposed_property_has_values_of_the_right_form(client, world, kind):
    proposed = client.get(f"{ADDRESS}/properties", {"type": kind}).json()["properties"]
    ids = {"places": "nukus", "organisations": "koica", "issues": "water-scarcity", "terms": "term-ifas"}
    one = f"{kind}/{ids[kind]}"
    answer = send(client, extend={"ids": [one], "properties": [{"id": each["id"]} for each in proposed]}).json()
    values = answer["rows"][one]
    assert list(values) == [each["id"] for each in proposed]
    assert values["name.en"][0]["str"]
    assert {tuple(value) for some in values.values() for value in some} <= {("str",), ("float",), ("id", "name")}


# ── Suggestions and pages ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("nuk", ["places/nukus"]),
        ("누쿠", ["places/nukus"]),
        ("cooperation", ["organisations/koica"]),
        ("nukuss", ["places/nukus"]),
        ("", []),
    ],
)
def test_records_are_suggested_while_somebody_types(client, world, prefix, found):
    assert ids_of(client.get(f"{ADDRESS}/suggest/entity", {"prefix": prefix}).json()["result"])[:1] == found


def test_types_and_properties_are_suggested(client):
    assert ids_of(client.get(f"{ADDRESS}/suggest/type", {"prefix": "pla"}).json()["result"]) == ["places"]
    found = ids_of(client.get(f"{ADDRESS}/suggest/property", {"prefix": "latitude"}).json()["result"])
    assert found == ["position.latitude"]
    assert len(client.get(f"{ADDRESS}/properties").json()["properties"]) == len(PROPERTIES)
    assert len(client.get(f"{ADDRESS}/properties", {"type": "terms", "limit": 2}).json()["properties"]) == 2


def test_record_can_be_opened_and_previewed_in_the_frame_of_another_program(client, world):
    assert client.get(f"{ADDRESS}/view", {"id": "places/uz"})["Location"] == "/en/countries/uz/"
    Place.objects.filter(key="nukus").update(name_ko="<b>누쿠스</b>")
    response = client.get(f"{ADDRESS}/preview", {"id": "places/nukus"})
    assert "frame-ancestors *" in response["Content-Security-Policy"]
    assert "X-Frame-Options" not in response
    page = reading.page(response)
    assert reading.words(page.body) == "Nukus (Place) <b>누쿠스</b> Нукус City, Uzbekistan"
    for wrong in ("", "places", "places/none", "projects/any", "places/no\0where"):
        assert client.get(f"{ADDRESS}/preview", {"id": wrong}).status_code == 404


# ── Mistakes ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({}, "Send “queries” or “extend”"),
        ({"queries": "{"}, "“queries” is JSON"),
        ({"queries": "[" * 100_000}, "“queries” is JSON"),
        ({"queries": "[]"}, "“queries” is a JSON object."),
        ({"queries": '{"q0": "Nukus"}'}, "Each query is a JSON object."),
        ({"queries": '{"q0": {"query": 5}}'}, "“query” is a text"),
        ({"queries": json.dumps({"q0": {"query": "a" * (MOST_TEXT + 1)}})}, "“query” is a text"),
        ({"queries": '{"q0": {"query": "a", "limit": 0}}'}, "“limit” is a whole number above 0."),
        ({"queries": '{"q0": {"query": "a", "limit": true}}'}, "“limit” is a whole number above 0."),
        ({"queries": '{"q0": {"query": "a", "type": [5]}}'}, "“type” is a type"),
        ({"queries": '{"q0": {"query": "a", "properties": [{"v": "b"}]}}'}, "“properties” is a list"),
        ({"queries": '{"q0": {"query": "a", "properties": [{"pid": "x", "v": null}]}}'}, "“v” is a text"),
        ({"queries": json.dumps({f"q{number}": {} for number in range(MOST_QUERIES + 1)})}, "at most 50 queries"),
        ({"extend": "5"}, "“extend” is a JSON object."),
        ({"extend": '{"properties": []}'}, "“ids” is a list"),
        ({"extend": json.dumps({"ids": ["a"] * (MOST_IDS + 1), "properties": []})}, "“ids” is a list"),
        ({"extend": '{"ids": [], "properties": ["name"]}'}, "“properties” is a list of objects with “id”."),
        ({"extend": '{"ids": [], "properties": [{"id": "secret"}]}'}, "There is no property “secret”."),
    ],
)
def test_what_means_nothing_is_refused_in_words(client, fields, detail):
    response = client.post(ADDRESS, fields)
    assert response.status_code == 400
    assert detail in response.json()["detail"]


@pytest.mark.parametrize("name", ["", "\0", "%", "'; DROP TABLE", "\ud800".encode("utf-8", "replace").decode(), "…"])
def test_odd_names_have_no_match(client, world, name):
    query = {"query": name, "properties": [{"pid": "identifiers.wikidata", "v": name}]}
    assert not any(one["match"] for one in results_of(client, query))


def test_many_queries_count_as_searches(client, world, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "search": 20}
    throttling.buckets = throttling.TokenBuckets()
    queries = {f"q{number}": {"query": "Nukus"} for number in range(MOST_QUERIES)}
    found = [send(client, queries=queries).status_code for _time in range(6)]
    assert (found[0], found[-1]) == (200, 429)
