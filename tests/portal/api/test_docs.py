"""The documentation of the API: the page with queries to try, the OpenAPI document and the index of resources."""

import json

import pytest

from issues.filters import EventFilter
from portal.api import docs
from portal.api.answering import MOST
from portal.api.resources import RESOURCES
from portal.management.commands.write_openapi import described
from portal.models import Place
from projects.filters import ProjectFilter
from tests import reading
from tests.pages import LANGUAGES

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", LANGUAGES)
def test_documentation_is_in_the_readers_language_and_its_questions_have_answers(content, client, language):
    response = client.get("/api/docs", headers={"Accept-Language": language})
    tree = reading.page(response)
    assert tree.get("lang") == language
    assert len(response.content) < 200_000
    questions = tree.xpath("//main//a[contains(@href, '/api/v1/')]/@href")
    assert len(questions) == len(RESOURCES) + 1
    for question in questions:
        answer = client.get(question)
        assert answer.status_code == 200, question
        assert answer.json().get("items", True), question
    assert Place.objects.exists()


def test_index_leads_to_every_resource_and_to_the_description(client, db):
    index = client.get("/api/v1/").json()
    addresses = [index["description"], index["documentation"], *(one["url"] for one in index["resources"].values())]
    assert len(addresses) == 2 + 12
    for address in addresses:
        assert client.get(address.removeprefix("http://testserver")).status_code == 200


def test_description_is_served(client):
    response = client.get("/api/v1/openapi.json")
    assert response.json() == json.loads(described("http://testserver"))
    assert response.json()["openapi"].startswith("3.1")


def test_index_says_what_each_resource_is_about(client):
    index = client.get("/api/v1/").json()
    assert set(index["resources"]) == {resource.path for resource in RESOURCES}
    assert index["resources"]["events"] == {
        "url": "http://testserver/api/v1/events",
        "about": "Events: dated milestones",
    }
    assert index["licence"].startswith("https://creativecommons.org/")


@pytest.mark.parametrize("address", ["/api/docs", "/api/v1/", "/api/v1/openapi.json"])
def test_documentation_is_only_read(client, address):
    assert client.post(address).status_code == 405
    assert client.head(address).status_code == 200


def test_description_is_in_english_whatever_the_browser_prefers(client):
    korean = client.get("/api/v1/openapi.json", headers={"Accept-Language": "ko"}).json()
    assert korean == json.loads(described("http://testserver"))


# ── Parameters on the page ───────────────────────────────────────────────────────────────────────────────────


def test_filter_with_few_values_lists_them():
    parameter = docs.parameter("kind", EventFilter.base_filters["kind"])
    assert [value for value, _label in parameter.values] == ["environment", "relations"]
    assert parameter.takes == "codes; repeat the parameter for several"


def test_filter_with_many_values_gives_an_example():
    parameter = docs.parameter("country", ProjectFilter.base_filters["country"])
    assert parameter.values == []
    assert parameter.takes == f"keys or codes; repeat the parameter for several: {docs.EXAMPLES['country'][0]}"


@pytest.mark.parametrize(("name", "takes"), [("year_from", "a year"), ("q", "keywords in any of the three languages")])
def test_other_filters_say_what_they_accept(name, takes):
    assert docs.parameter(name, ProjectFilter.base_filters[name]).takes == takes


def test_lists_share_four_parameters():
    assert [parameter.name for parameter in docs.shape()] == ["limit", "offset", "lang", "fields"]
    assert docs.shape()[0].takes == f"a whole number from 1 to {MOST}"


@pytest.mark.parametrize("resource", RESOURCES, ids=[resource.path for resource in RESOURCES])
def test_resource_is_documented_with_its_filters_orders_and_fields(resource):
    _words, address, parameters, fields, question = docs.described(resource)
    names = [parameter.name for parameter in parameters]
    assert address == f"/api/v1/{resource.path}"
    assert names == [*resource.filterset_class.base_filters, *(["sort"] if resource.sorts else [])]
    assert [name for name, _label in fields] == [field.name for field in resource.serialiser.fields]
    assert question.startswith(f"{address}?")


def test_page_shows_the_code_of_each_list(client, db):
    tree = reading.page(client.get("/api/docs"))
    shown = tree.xpath("//main//details[@data-copy]//pre/code/text()")
    texts = [text for resource in RESOURCES for _name, text in docs.code_of(resource)]
    assert shown == texts
    assert len(shown) == len(RESOURCES) * 4
