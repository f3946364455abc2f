"""The number of queries of a page does not grow with the number of records."""

import functools

import pytest

from tests.counting import queries_while_growing
from tests.lists import LISTS
from tests.pages import PAGES, status
from tests.world import link, make_world, records

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

# Pages that are not of one record, and some of them with a query.
ADDRESSES = [
    *(f"/en/{path}" for kind, path in PAGES.items() if status(kind) == 200 and "/" not in path.rstrip("/")),
    "/en/about/data/",
    "/en/gyeonggi/ties/",
    "/en/agreements/ledger/?scope=all",
    "/en/agreements/ledger/?scope=all&state=quiet&place=gyeonggi&q=a",
    "/en/agreements/ledger/?scope=all&view=years",
    *(f"/en/{name}/?q=a&sort=-title&per_page=50" for name in LISTS if name not in {"issues", "glossary"}),
    *(f"/en/{name}/?q=a&sort=-title" for name in ("issues", "glossary")),  # lists with one page
    "/en/projects/?country=kz&issue=aral&status=closed&role=funding&organisation=koica&year_from=1990",
    "/en/projects/?currency=usd",
    "/en/coverage/?measure=converted-USD",
    "/en/issues/?view=causes",
    "/en/embed/projects/",
    "/en/embed/agreements/",
    "/en/embed/map/",
]
KINDS = (
    "main",
    "issue",
    "indicator",
    "event",
    "organisation",
    "project",
    "agreement",
    "result",
    "lesson",
    "country",
    "province",
    "place",
    "source",
)

EMBEDDED = ("indicator", "project")  # kinds of records with an embed


def address_in(language, address):
    return f"/{language}{address.removeprefix('/en')}"


# It takes longer to make the worlds than the pages. The first test of a process makes them for all in its transaction.


@functools.cache
def queries_of_pages():
    """Return the queries of each page, with one world and with three."""
    make_world()
    addresses = [address_in(language, address) for address in ADDRESSES for language in ("en", "ko")]
    return queries_while_growing(addresses, lambda: (make_world(), make_world()))


@functools.cache
def queries_of_records_and_lists():
    """Return the queries of each record page and list, with one linked record of each kind and with three."""
    tied = records(world := make_world())

    def grow():
        for record in tied:
            link(record)

    grow()
    addresses = {kind: getattr(world, kind).get_absolute_url() for kind in KINDS}
    addresses |= {name: f"/en/{name}/" for name in LISTS}
    for kind in EMBEDDED:
        addresses[f"embed of {kind}"] = addresses[kind].replace("/en/", "/en/embed/")
    found = queries_while_growing(addresses.values(), lambda: (grow(), grow()))
    return {name: found[address] for name, address in addresses.items()}


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_page_asks_the_same_of_the_database_for_one_as_for_three(address, language):
    one, three = queries_of_pages()[address_in(language, address)]
    assert len(three) == len(one)


@pytest.mark.parametrize("kind", [*KINDS, *(f"embed of {kind}" for kind in EMBEDDED)])
def test_record_asks_the_same_of_the_database_with_one_of_all_that_hangs_on_it_as_with_three(kind):
    one, three = queries_of_records_and_lists()[kind]
    assert len(three) == len(one), [sql for sql in three if sql not in one]


@pytest.mark.parametrize("name", LISTS)
def test_list_asks_the_same_of_the_database_whatever_hangs_on_its_records(name):
    one, three = queries_of_records_and_lists()[name]
    assert len(three) == len(one)
