"""Pages show a limited number of projects, state the whole number, and link to the list of exactly these."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.core.choices import Area, Level
from projects.models import Participation, Project, ProjectArea, ProjectCitation, ProjectIssue
from tests import reading
from tests.counting import settle
from tests.make import make_agreement, make_country, make_issue, make_organisation, make_party, make_place, make_source

pytestmark = pytest.mark.django_db

# From the page to its section of projects and their maximum number.
PARTS = {
    "/en/issues/aral/": ("answers", 24),
    "/en/issues/main/": ("answers", 24),
    "/en/places/nukus/": ("projects", 12),
    "/en/places/region/": ("projects", 12),
    "/en/countries/uz/": ("projects", 4),
    "/en/sources/micklin-2016/": ("cited-by", 24),
    "/en/organisations/koica/": ("projects", 5),
}
WITHOUT = (
    "/en/",
    "/en/issues/",
    "/en/issues/?view=causes",
    "/en/countries/",
    "/en/organisations/",
    "/en/organisations/?role=partner&sort=project_count",
    "/en/agreements/memorandum/",
    "/en/about/data/",
)


@pytest.fixture
def grow():
    """Return a function that links that many more projects to one issue, place, country and organisation."""
    main = make_issue(key="main")
    issue = make_issue(key="aral", parent=main)
    country = make_country(key="uz")
    place = make_place(key="nukus", part_of=make_place(key="region", country=country), country=country)
    organisation = make_organisation(key="koica", country=country)
    source = make_source(key="micklin-2016")
    make_party(agreement=make_agreement(key="memorandum", date="2020-02"), country=country)

    def more(count):
        made = Project.objects.bulk_create(
            Project(
                key=f"one-{number}",
                title_en="Trees for the Aralkum",
                level=Level.NATIONAL,
                status=Project.Status.IMPLEMENTATION,
                start="2020",
                confidence="high",
                publication="published",
            )
            for number in range(Project.objects.count(), Project.objects.count() + count)
        )
        ProjectIssue.objects.bulk_create(
            ProjectIssue(project=project, issue=issue, significance=aim, rationale_en="So it is.")
            for project, aim in zip(made, ["principal", "significant"] * count, strict=False)
        )
        ProjectCitation.objects.bulk_create(ProjectCitation(project=project, source=source) for project in made)
        ProjectArea.objects.bulk_create(ProjectArea(project=project, area=Area.FORESTRY) for project in made)
        Participation.objects.bulk_create(
            Participation(project=project, organisation=organisation, role=role)
            for project in made
            for role in ("funding", "partner")
        )
        for rows, there in ((Project.countries.through, country), (Project.places.through, place)):
            rows.objects.bulk_create(rows(project=project, place=there) for project in made)

    return more


def asked(client, address):
    """Return a page and its number of queries."""
    settle()
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address)
    assert response.status_code == 200
    return response, len(queries)


@pytest.mark.any_database
@pytest.mark.parametrize("address", [*PARTS, *WITHOUT])
def test_page_is_as_large_for_many_projects_as_for_more(client, grow, address):
    client.get("/en/about/")  # The first page of a process fills Django's own caches.
    grow(54)
    some, queries = asked(client, address)
    grow(30)
    more, queries_of_more = asked(client, address)
    assert queries_of_more == queries
    assert abs(len(more.content) - len(some.content)) < 200


@pytest.mark.parametrize("address", PARTS)
def test_page_says_how_many_there_are_and_leads_to_them(client, grow, address):
    grow(41)
    name, most = PARTS[address]
    [part] = reading.page(client.get(address)).xpath(f"//section[@aria-labelledby='{name}']")
    assert len(part.find_class("entry") or part.xpath(".//li")) == most
    [link] = part.xpath(".//p[contains(@class, 'section-more')]/a")
    assert reading.words(link) == "All 41 projects, with filters and sorting"
    assert client.get(link.get("href")).context["count"] == 41
