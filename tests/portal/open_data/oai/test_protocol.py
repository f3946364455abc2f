"""OAI-PMH, as library harvesters use it, and checked against the protocol: requests, resumption tokens and errors."""

import pytest
from lxml import etree
from sickle.oaiexceptions import (
    BadArgument,
    CannotDisseminateFormat,
    NoRecordsMatch,
)

from portal.open_data.oai import listing
from tests.counting import queries
from tests.make import make_project, make_source
from tests.portal.open_data.oai.harvest import MAKERS, NAMES, changed
from tests.world import link, make_world, records

pytestmark = pytest.mark.django_db


def ask(client, query):
    """Return the errors of a response and the request that it repeats."""
    response = client.get(f"/oai?{query}")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    tree = etree.fromstring(response.content)
    [request] = tree.findall("oai:request", NAMES)
    assert request.text == "http://testserver/oai"
    return [error.get("code") for error in tree.findall("oai:error", NAMES)], dict(request.attrib)


# ── Content ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_portal_introduces_itself(harvester, settings):
    settings.CONTACT_EMAIL = "editors@example.org"
    changed(make_source(), "2025-02-03T04:05:06.789+00:00")
    make_project()
    told = harvester.Identify()
    assert (told.repositoryName, told.baseURL) == (str(settings.PORTAL_NAME), "http://testserver/oai")
    assert (told.protocolVersion, told.adminEmail) == ("2.0", "editors@example.org")
    assert (told.earliestDatestamp, told.granularity) == ("2025-02-03T04:05:06Z", "YYYY-MM-DDThh:mm:ssZ")
    assert told.deletedRecord == "persistent"


def test_empty_portal_introduces_itself_too(harvester):
    assert harvester.Identify().earliestDatestamp.endswith("Z")
    with pytest.raises(NoRecordsMatch):
        harvester.ListRecords(metadataPrefix="oai_dc")


def test_sets_are_the_kinds_of_records(harvester):
    sets = {one.setSpec: one.setName for one in harvester.ListSets()}
    assert list(sets) == [
        "agreements",
        "events",
        "indicators",
        "issues",
        "organisations",
        "places",
        "projects",
        "results",
        "sources",
    ]
    assert sets["projects"] == "Projects"
    for make in MAKERS:
        make()
    for spec in sets:
        headers = list(harvester.ListIdentifiers(metadataPrefix="oai_dc", set=spec))
        assert {(*header.setSpecs, header.identifier.split(":")[2].partition("/")[0]) for header in headers} == {
            (spec, listing.SETS[spec])
        }


# ── What is wrong ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "badVerb"),
        ("verb=Nothing", "badVerb"),
        ("verb=Identify&verb=Identify", "badVerb"),
        ("verb=Identify&x=1", "badArgument"),
        ("verb=Identify&resumptionToken=1", "badArgument"),
        ("verb=ListRecords", "badArgument"),
        ("verb=GetRecord&metadataPrefix=oai_dc", "badArgument"),
        ("verb=GetRecord&identifier=oai:testserver:project/trees", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&metadataPrefix=oai_dc", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&resumptionToken=1", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-13-01", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-03-09T12:00Z", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-03-10&until=2026-03-09", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-03-10&until=2026-03-10T00:00:00Z", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&set=a%20b", "badArgument"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=%00", "badArgument"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=%EC%95%84", "badArgument"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=[x", "badArgument"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=%25zz", "badArgument"),
    ],
)
def test_what_is_no_request_is_told_and_not_repeated(client, query, code):
    make_project(key="trees")
    assert ask(client, query) == ([code], {})


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"verb": "ListRecords", "metadataPrefix": "marc21"}, "cannotDisseminateFormat"),
        (
            {"verb": "GetRecord", "metadataPrefix": "marc21", "identifier": "oai:testserver:project/trees"},
            "cannotDisseminateFormat",
        ),
        (
            {"verb": "GetRecord", "metadataPrefix": "oai_dc", "identifier": "oai:testserver:project/no"},
            "idDoesNotExist",
        ),
        (
            {"verb": "GetRecord", "metadataPrefix": "oai_dc", "identifier": "oai:elsewhere:project/trees"},
            "idDoesNotExist",
        ),
        ({"verb": "GetRecord", "metadataPrefix": "oai_dc", "identifier": "trees"}, "idDoesNotExist"),
        ({"verb": "ListMetadataFormats", "identifier": "oai:testserver:project/no"}, "idDoesNotExist"),
        ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "set": "nothing"}, "noRecordsMatch"),
        ({"verb": "ListSets", "resumptionToken": "1"}, "badResumptionToken"),
    ],
)
def test_request_that_cannot_be_met_is_repeated_with_the_reason(client, asked, code):
    make_project(key="trees")
    assert ask(client, "&".join(f"{name}={value}" for name, value in asked.items())) == ([code], asked)


def test_harvester_understands_what_is_wrong(harvester):
    make_project(key="trees")
    with pytest.raises(BadArgument):
        harvester.ListRecords()
    with pytest.raises(CannotDisseminateFormat):
        harvester.ListRecords(metadataPrefix="marc21")


def test_harvester_that_asks_too_often_is_told_when_to_go_on(client, settings):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"api": 3}
    answers = [client.get("/oai?verb=Identify", REMOTE_ADDR="203.0.113.9") for _ in range(4)]
    assert [response.status_code for response in answers] == [200, 200, 200, 503]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61


def test_nothing_else_may_be_done_to_it(client):
    assert client.put("/oai").status_code == 405
    assert "noindex" in client.get("/oai?verb=Identify").headers["X-Robots-Tag"]


# ── Query counts ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.any_database
@pytest.mark.parametrize(
    "verb", ["Identify", "ListIdentifiers&metadataPrefix=oai_dc", "ListRecords&metadataPrefix=oai_dc"]
)
def test_answer_asks_the_same_of_the_database_for_one_of_all_as_for_three(client, verb):
    world = make_world()
    for record in records(world):
        link(record)
    make_project().delete()
    one = queries(client, f"/oai?verb={verb}")
    for _ in range(2):
        for record in records(world):
            link(record)
        make_project().delete()
    assert len(queries(client, f"/oai?verb={verb}")) == len(one)
