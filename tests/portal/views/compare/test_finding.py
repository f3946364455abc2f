"""The search for projects to compare."""

import pytest

from portal.core.choices import PublicationStatus
from projects.models import Project
from tests.make import make_country, make_project
from tests.portal.views.compare.pages import address, ask, heads, queries, rows, three_countries
from tests.reading import count, page, words

pytestmark = pytest.mark.django_db


def offered(response):
    """Return the projects that can be chosen: a dict from key to whether it is ticked."""
    boxes = page(response).xpath("//main//input[@type='checkbox'][@name='project']")
    return {box.get("value"): box.get("checked") is not None for box in boxes}


def test_projects_are_found_by_their_words_beside_the_chosen_ones(client):
    uz = make_country(name_en="Uzbekistan")
    trees, more, wells = (
        make_project(key=key, title_en=f"A project of {key}") for key in ("trees", "trees-2", "wells")
    )
    trees.countries.set([uz])
    make_project(key="hidden", title_en="Trees that nobody may see", publication=PublicationStatus.DRAFT)

    response = ask(client, "project", wells, find="trees")

    assert offered(response) == {"wells": True, "trees": False, "trees-2": False}
    [chosen, found] = [words(legend) for legend in page(response).xpath("//main//legend")]
    assert (chosen, found) == ("Chosen", "2 projects match.")
    assert "A project of trees Uzbekistan, Dates not known" in [
        words(label) for label in page(response).find_class("compare-option")
    ]
    assert words(page(response).find_class("lead")[0]) == (
        "Selected: A project of wells. Choose one to three more projects."
    )
    assert heads(ask(client, "project", wells, more)) == ["A project of wells", "A project of trees-2"]


def test_a_choice_outlives_a_search_and_the_search_is_not_in_the_address_of_the_comparison(client):
    trees, wells = make_project(key="trees"), make_project(key="wells", title_en="Wells")
    searching = ask(client, "project", trees, wells, find="wells")
    assert rows(searching) == {}
    assert offered(searching) == {"trees": True, "wells": True}

    response = client.get(address("project", trees, wells, find="wells", compare="1"))

    assert response.status_code == 302
    assert response["Location"] == "/en/compare/?project=trees&project=wells"


def test_a_comparison_of_projects_leads_to_a_search_for_another(client):
    one, other, _third = (make_project(key=key) for key in ("one", "other", "third"))
    [form] = page(ask(client, "project", one, other)).xpath("//form[.//input[@id='add']]")
    assert form.xpath(".//input/@name") == ["project", "project", "find"]
    assert form.xpath(".//input[@type='hidden']/@value") == ["one", "other"]
    assert form.xpath(".//input/@data-suggest") == ["/en/search/suggest/?kind=project"]


def test_what_nothing_has_is_said_with_the_words_still_there(client):
    make_project()
    response = client.get("/en/compare/?find=snow leopards")
    assert [words(legend) for legend in page(response).xpath("//main//legend")] == ["No projects match."]
    assert page(response).xpath("//input[@id='find']/@value") == ["snow leopards"]
    assert offered(response) == {}


def test_other_kinds_are_compared_whatever_projects_are_searched_for(client):
    uz, kz, _tm = three_countries()
    assert heads(ask(client, "country", uz, kz, find="trees")) == ["Uzbekistan", "Kazakhstan"]


@pytest.mark.parametrize("query", ["", "?find=trees", "?project=p0", "?project=p0&find=trees"])
def test_the_choice_does_not_grow_with_the_projects(client, query):
    def add(numbers):
        for one in numbers:
            make_project(key=f"p{one}", title_en=f"Trees {one:03}")

    def asked():
        url = f"/en/compare/{query}"
        response = client.get(url)
        [link] = page(response).xpath("//form//a[starts-with(@href, '/en/projects/')]")
        assert words(link) == f"All {Project.objects.count()} in the list of projects"
        assert count(client.get(link.get("href"))).split()[0] == str(Project.objects.count())
        return queries(client, url), len(response.content), len(offered(response))

    add(range(30))
    few, size, boxes = asked()
    add(range(30, 90))
    many, larger, as_many = asked()
    assert boxes == as_many <= 21
    assert few == many
    assert abs(larger - size) < size / 50
