"""Which records the query of a comparison selects."""

import pytest

from portal.models import FormerKey
from tests.make import make_country, make_former_key, make_issue, make_project
from tests.portal.views.compare.pages import KINDS, address, ask, heads, rows, three_countries
from tests.reading import page, problems, words

pytestmark = pytest.mark.django_db


def make_five(kind):
    return {
        "country": lambda: [make_country(name_en=f"Country {n}", key=f"c{n}") for n in range(5)],
        "issue": lambda: [make_issue(name_en=f"Issue {n}") for n in range(5)],
        "project": lambda: [make_project(title_en=f"Project {n}") for n in range(5)],
    }[kind]()


@pytest.mark.parametrize("kind", KINDS)
def test_columns_stand_in_the_order_of_the_address(client, kind):
    five = make_five(kind)
    response = ask(client, kind, five[2], five[0], five[4])
    assert [head[-1] for head in heads(response)] == ["2", "0", "4"]
    assert problems(response) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_key_is_left_out_and_the_good_ones_hold(client, kind):
    five = make_five(kind)
    response = ask(client, kind, five[0], "nowhere", five[1])
    assert [head[-1] for head in heads(response)] == ["0", "1"]
    assert problems(response) == [
        f"{kind.capitalize()}: “nowhere” was not found and was ignored.",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_more_than_four_are_cut_with_a_message(client, kind):
    five = make_five(kind)
    response = ask(client, kind, *five)
    assert [head[-1] for head in heads(response)] == ["0", "1", "2", "3"]
    assert problems(response) == [
        f"At most four can be compared at a time. Not compared: {kind.capitalize()} 4.",
    ]
    assert page(response).xpath("//select[@id='add']") == []


@pytest.mark.parametrize("kind", KINDS)
def test_one_alone_is_kept_in_a_form_that_asks_for_more(client, kind):
    five = make_five(kind)

    response = ask(client, kind, five[3], "nowhere")

    assert rows(response) == {}
    [lead] = page(response).find_class("lead")
    assert (
        words(lead)
        == {
            "country": "Selected: Country 3. Choose one to three more countries.",
            "issue": "Selected: Issue 3. Choose one to three more issues.",
            "project": "Selected: Project 3. Choose one to three more projects.",
        }[kind]
    )
    assert len(problems(response)) == 1
    chosen = page(response).xpath("//main//input[@checked]/@value|//main//option[@selected]/@value")
    assert chosen == [five[3].key]
    fields = {field.get("name") for field in page(response).xpath("//main//form//*[@name]")}
    assert fields == ({kind, "find", "compare"} if kind == "project" else {kind})


def test_one_named_twice_is_one(client):
    [first, *_others] = make_five("country")
    assert rows(ask(client, "country", first, first)) == {}


def test_the_kind_that_the_address_names_most_of_holds(client):
    country, *_rest = make_five("country")
    issues = make_five("issue")

    response = client.get(address("country", country) + f"&issue={issues[0].key}&issue={issues[1].key}&project=no")

    assert heads(response) == ["Issue 0", "Issue 1"]
    assert problems(response) == [
        "Project: “no” was not found and was ignored.",
        "Only one kind of record can be compared at a time. The countries in the address were ignored.",
    ]


def test_nothing_good_gives_all_forms_and_says_why(client):
    response = ask(client, "country", "nowhere", "<b>")
    assert problems(response) == [
        "Country: “nowhere” was not found and was ignored.",
        "Country: “<b>” was not found and was ignored.",
    ]
    assert len(page(response).xpath("//main//form")) == 3


def test_a_hundred_wrong_keys_are_not_all_named(client):
    assert len(problems(ask(client, "issue", *(f"no-{n}" for n in range(100))))) == 4


def test_a_former_key_means_the_record_that_stays(client):
    first, second, *_rest = make_five("project")
    make_former_key(kind=FormerKey.Kind.PROJECT, key="old", now=second.key)
    make_former_key(kind=FormerKey.Kind.SOURCE, key="other", now=second.key)

    response = ask(client, "project", first, "old", "other")

    assert heads(response) == ["Project 0", "Project 1"]
    assert problems(response) == ["Project: “other” was not found and was ignored."]


def test_a_code_in_capitals_is_understood(client):
    three_countries()
    assert heads(ask(client, "country", "UZ", "Kz")) == ["Uzbekistan", "Kazakhstan"]


def test_empty_fields_of_a_form_leave_the_address(client):
    response = client.get("/en/compare/?issue=a&issue=&issue=b&issue=+&country=")
    assert response.status_code == 302
    assert response["Location"] == "/en/compare/?issue=a&issue=b"
    assert client.get("/en/compare/?issue=&issue=")["Location"] == "/en/compare/"


def test_a_country_of_no_group_and_a_province_are_not_compared(client):
    three_countries()
    make_country(key="cn", name_en="China", group="")
    response = ask(client, "country", "uz", "kz", "cn")
    assert heads(response) == ["Uzbekistan", "Kazakhstan"]
    assert problems(response) == ["Country: “cn” was not found and was ignored."]
