"""Each page asks the database as often for many records as for few: growth must not show."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.counting import settle
from tests.lists import LISTS
from tests.pages import PAGES, status
from tests.world import link, make_world, records

pytestmark = pytest.mark.django_db

# Pages that are no record's, and such of them as a reader asks something of.
ADDRESSES = [
    *(f"/en/{path}" for kind, path in PAGES.items() if status(kind) == 200 and "/" not in path.rstrip("/")),
    "/en/about/data/",
    *(f"/en/{name}/?q=a&sort=-title&per_page=50" for name in LISTS if name not in {"issues", "glossary"}),
    *(f"/en/{name}/?q=a&sort=-title" for name in ("issues", "glossary")),  # lists of one page
    "/en/projects/?country=kz&issue=aral&status=closed&role=funding&organisation=koica&year_from=1990",
    "/en/issues/?view=causes",
]
KINDS = (
    "main",
    "issue",
    "indicator",
    "event",
    "organisation",
    "project",
    "agreement",
    "country",
    "province",
    "place",
    "source",
)


def queries(client, address):
    """What a page asks the database, each query once a time it is asked."""
    settle()  # as the end of the transaction would that made the records
    with CaptureQueriesContext(connection) as asked:
        response = client.get(address)
    assert response.status_code == 200
    return [query["sql"] for query in asked]


@pytest.fixture(autouse=True)
def _warm(client):
    """The first page of a process also learns what Django keeps for all later ones."""
    client.get("/en/about/")


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_page_asks_the_same_of_the_database_for_one_as_for_three(client, address, language):
    address = f"/{language}{address.removeprefix('/en')}"
    make_world()
    one = queries(client, address)
    make_world(), make_world()
    assert len(queries(client, address)) == len(one)


@pytest.mark.parametrize("kind", KINDS)
def test_record_asks_the_same_of_the_database_with_one_of_all_that_hangs_on_it_as_with_three(client, kind):
    world = make_world()
    for record in records(world):
        link(record)
    address = getattr(world, kind).get_absolute_url()
    one = queries(client, address)
    for _ in range(2):
        for record in records(world):
            link(record)
    three = queries(client, address)
    assert len(three) == len(one), [sql for sql in three if sql not in one]


@pytest.mark.parametrize("name", LISTS)
def test_list_asks_the_same_of_the_database_whatever_hangs_on_its_records(client, name):
    world = make_world()
    for record in records(world):
        link(record)
    one = queries(client, f"/en/{name}/")
    for _ in range(2):
        for record in records(world):
            link(record)
    assert len(queries(client, f"/en/{name}/")) == len(one)
