"""`POST /api/v1/overlap`: what a program sends, and what it gets."""

import json

import pytest
from django.test import Client

from portal.api.overlap import EXAMPLE
from portal.core.choices import PublicationStatus
from portal.http import throttling
from projects.models import Project
from tests.make import make_country, make_organisation, make_place, make_project

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/overlap"


@pytest.fixture
def program():
    """Return a client that checks CSRF tokens: a program has none."""
    return Client(enforce_csrf_checks=True)


def send(client, body, **headers):
    body = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(ADDRESS, body, content_type="application/json", **headers)


@pytest.fixture
def forest():
    project = make_project(title_en="Saxaul forest on the dry sea bed", title_ko="삭사울 숲", start="2021")
    project.countries.add(make_country(key="uz"))
    project.places.add(make_place(key="muynak", name_en="Muynak", name_ko="무이나크"))
    return project


def test_program_gets_near_projects_without_a_token_or_cookie(program, forest):
    response = send(program, {"text": "Plant a forest of saxaul on the dry bed of the sea", "countries": ["uz"]})
    answer = response.json()
    [item] = answer["items"]
    assert (response.status_code, response.cookies) == (200, {})
    assert (item["key"], item["url"]) == (forest.key, f"http://testserver/en/projects/{forest.key}/")
    assert item["grade"] in {1, 2, 3}
    assert "Shared words: " in " ".join(item["reasons"])
    assert round(sum(item["points"].values()), 1) > 0
    assert response["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


def test_neighbour_without_results_says_when_they_were_looked_for(program, forest):
    Project.objects.update(status="closed", looked_on="2026-11-26")
    [item] = send(program, {"text": "Plant a forest of saxaul"}).json()["items"]
    assert (item["outcome"], item["looked_on_words"]) == ([], "Results were last looked for on 26 November 2026.")


def test_answer_is_in_the_language_that_was_asked_for(program, forest):
    response = send(program, {"language": "ko", "text": "삭사울 숲을 만든다"})
    [item] = response.json()["items"]
    assert response["Content-Language"] == "ko"
    assert (item["title"], item["url"]) == ("삭사울 숲", f"http://testserver/ko/projects/{forest.key}/")


@pytest.mark.parametrize(
    ("stated", "planned", "share"),
    [
        ({"budget": "1000000", "currency": "USD"}, {"budget": 4_000_000}, 25),
        ({"budget": "1000000", "currency": "EUR"}, {"budget": 1_000_000, "currency": "USD"}, 113),  # 1.1326 USD in 2021
        ({"budget": "1000000", "currency": "USD"}, {}, None),
        ({}, {"budget": 4_000_000}, None),
        ({"budget": "1000000", "currency": "USD"}, {"budget": 0}, None),
    ],
)
def test_budgets_are_compared_in_the_planned_currency(program, forest, stated, planned, share):
    Project.objects.filter(pk=forest.pk).update(**stated)
    [item] = send(program, {"text": "Plant a forest of saxaul", **planned}).json()["items"]
    assert item["budget_share"] == share


def test_unknown_names_are_reported_and_never_refused(program, forest):
    make_organisation(key="koica", name_en="Korea International Cooperation Agency")
    answer = send(
        program,
        {
            "places": ["Muinak", "Atlantis", "무이나크"],
            "organisations": ["Korea International Co-operation Agency", "Acme Ltd"],
            "countries": ["uz", "Freedonia"],
            "areas": ["alchemy"],
            "issues": ["ennui"],
        },
    ).json()
    assert answer["unknown"] == ["Freedonia", "Atlantis", "alchemy", "ennui", "Acme Ltd"]
    assert answer["read"]["places"] == ["Muynak"]
    assert answer["read_as"] == [
        {"typed": "Muinak", "name": "Muynak"},
        {
            "typed": "Korea International Co-operation Agency",
            "name": "Korea International Cooperation Agency",
        },
    ]


def test_draft_is_not_in_the_answer(program, forest):
    secret = make_project(
        key="unseen", title_en="Unseen saxaul forest on the dry sea bed", publication=PublicationStatus.DRAFT
    )
    secret.countries.add(forest.countries.get())
    make_place(key="unseen-place", name_en="Unseenville", publication=PublicationStatus.DRAFT)
    response = send(program, {"text": "Saxaul forest on the dry sea bed", "places": ["unseen-place"]})
    assert [item["key"] for item in response.json()["items"]] == [forest.key]
    assert response.json()["unknown"] == ["unseen-place"]


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": None, "places": None, "years": []}, {"years": [2027]}])
def test_plan_that_states_nothing_gets_an_empty_answer(program, forest, body):
    answer = send(program, body).json()
    assert (answer["items"], answer["searched"]) == ([], 1)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "The body is JSON in UTF-8."),
        ("{", "The body is JSON in UTF-8."),
        (b"\xff", "The body is JSON in UTF-8."),
        ("[" * 100_000, "The body is JSON in UTF-8."),
        ("[]", "The body is a JSON object."),
        ({"place": []}, "There is no field “place”."),
        ({"language": "xx"}, "“language” is one of: en, ko, ru."),
        ({"language": ["en"]}, "“language” is one of: en, ko, ru."),
        ({"text": "x" * 2_001}, "“text” is a text of at most 2000 characters."),
        ({"title": 5}, "“title” is a text of at most 300 characters."),
        ({"places": "Nukus"}, "“places” is a list of at most 20 texts"),
        ({"places": ["x"] * 21}, "“places” is a list of at most 20 texts"),
        ({"years": [2030, 2027]}, "“years” is empty, or the first and the last year"),
        ({"budget": -1}, "“budget” is a whole number from 0 to 10000000000000."),
        ({"budget": 1.5}, "“budget” is a whole number"),
        ({"budget": True}, "“budget” is a whole number"),
        ({"currency": "UZS"}, "“currency” is one of: USD, KRW, EUR."),
        ({"currency": ["USD"]}, "“currency” is one of: USD, KRW, EUR."),
        ({"years": [True, 2027]}, "“years” is empty, or the first and the last year"),
    ],
)
def test_body_that_says_it_wrongly_is_refused(program, body, told):
    response = send(program, body)
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["detail"].startswith(told)


def test_nasty_names_come_back_as_they_can_be_stored(program, forest):
    answer = send(program, r'{"text": "\ud83d \u0000 {0} %s <b>", "places": ["\ud83dx", "{names}", "<script>"]}')
    assert answer.status_code == 200
    assert answer.json()["unknown"] == ["x", "{names}", "<script>"]


def test_address_takes_only_post(program):
    response = program.get(ADDRESS)
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert response.json()["detail"] == "This address takes only: POST."


def test_network_that_asks_too_often_is_told_when_to_come_back(program, forest, settings):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"search": 10}
    throttling.buckets = throttling.TokenBuckets()
    found = [send(program, {"text": "saxaul"}) for _check in range(8)]
    assert (found[0].status_code, found[-1].status_code) == (200, 429)
    assert int(found[-1]["Retry-After"]) <= 61


def test_example_of_the_description_finds_ten_projects(content, client):
    answer = send(client, EXAMPLE).json()
    assert len(answer["items"]) >= 10
    assert answer["items"][0]["grade"] > 1
    assert answer["unknown"] == []
