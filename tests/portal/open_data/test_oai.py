"""OAI-PMH, as library harvesters use it, and checked against the protocol."""

import datetime

import pytest
import requests
from django.utils import timezone
from lxml import etree
from sickle import Sickle
from sickle.oaiexceptions import (
    BadArgument,
    BadResumptionToken,
    CannotDisseminateFormat,
    IdDoesNotExist,
    NoRecordsMatch,
)

from portal.core.choices import PublicationStatus
from portal.formats.serialisers import SERIALISERS
from portal.open_data.oai import listing, protocol
from tests.make import (
    make_agreement,
    make_area,
    make_citation,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_organisation,
    make_party,
    make_place,
    make_project,
    make_result,
    make_source,
    make_term,
)
from tests.test_query_counts import queries
from tests.world import link, make_world, records

pytestmark = pytest.mark.django_db

NAMES = {"oai": "http://www.openarchives.org/OAI/2.0/", "dc": "http://purl.org/dc/elements/1.1/"}
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
MAKERS = (
    *(make_issue, make_indicator, make_event, make_project),
    *(make_organisation, make_agreement, make_place, make_result, make_source),
)


class Harvester(Sickle):
    """Return a harvester that requests the portal."""

    def __init__(self, client, **options):
        super().__init__("http://testserver/oai", **options)
        self.client = client

    def _request(self, asked):
        answer = (self.client.get if self.http_method == "GET" else self.client.post)("/oai", asked)
        response = requests.Response()
        response.status_code, response._content = answer.status_code, answer.content
        response.headers.update(answer.headers)
        return response


@pytest.fixture
def harvester(client):
    return Harvester(client)


def identifiers(harvester, **asked):
    return [header.identifier for header in harvester.ListIdentifiers(metadataPrefix="oai_dc", **asked)]


def states(harvester, **asked):
    """Return by identifier, without the host, whether the record is deleted."""
    headers = harvester.ListIdentifiers(metadataPrefix="oai_dc", **asked)
    return {header.identifier.rpartition(":")[2]: header.deleted for header in headers}


def changed(record, text):
    """Set the time of the last change of a record."""
    moment = datetime.datetime.fromisoformat(text)
    type(record).objects.filter(pk=record.pk).update(updated_at=moment)
    return record


def ask(client, query):
    """Return the errors of a response and the request that it repeats."""
    response = client.get(f"/oai?{query}")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    tree = etree.fromstring(response.content)
    [request] = tree.findall("oai:request", NAMES)
    assert request.text == "http://testserver/oai"
    return [error.get("code") for error in tree.findall("oai:error", NAMES)], dict(request.attrib)


def dublin_core(harvester, identifier):
    """Return the elements of a record: (name, language, text)."""
    record = harvester.GetRecord(identifier=f"oai:testserver:{identifier}", metadataPrefix="oai_dc")
    [root] = record.xml.find("oai:metadata", NAMES)
    assert etree.QName(root).localname == "dc"
    return [(etree.QName(child).localname, child.get(LANG), child.text) for child in root]


# ── What is there ────────────────────────────────────────────────────────────────────────────────────────────


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


def test_records_are_to_be_had_as_dublin_core(harvester):
    make_project(key="trees")
    for asked in ({}, {"identifier": "oai:testserver:project/trees"}):
        [form] = harvester.ListMetadataFormats(**asked)
        assert (form.metadataPrefix, form.metadataNamespace) == (
            "oai_dc",
            "http://www.openarchives.org/OAI/2.0/oai_dc/",
        )


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_record_of_the_content_is_harvested_once(content, client, method):
    harvester = Harvester(client, http_method=method)
    found = [record.header.identifier for record in harvester.ListRecords(metadataPrefix="oai_dc", set="projects")]
    expected = SERIALISERS["project"].published().values_list("key", flat=True)
    assert len(found) > protocol.PAGE
    assert sorted(found) == sorted(f"oai:testserver:project/{key}" for key in expected)


def test_every_kind_of_record_of_the_content_is_whole(content, harvester):
    found = {}
    for record in harvester.ListRecords(metadataPrefix="oai_dc"):
        kind = record.header.identifier.partition("/")[0].rpartition(":")[2]
        found[kind] = found.get(kind, 0) + 1
        assert {"title", "identifier", "type"} <= set(record.metadata)
        assert all(text.strip() for texts in record.metadata.values() for text in texts)
    assert found == {kind: SERIALISERS[kind].published().count() for kind in listing.KINDS}


# ── A record ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_record_is_told_in_all_languages_that_it_is_written_in(harvester):
    issue, country = make_issue(name_ko="아랄해 고갈"), make_country(key="uz", name_ru="Узбекистан")
    project = make_project(key="trees", title_ru="Деревья", start="2021", end="2024-12")
    project.countries.add(country)
    project.issue_links.create(issue=issue, significance="principal", rationale_en="It says so.")
    make_area(project)
    make_citation(project, make_source(url="https://example.org/trees"))
    told = dublin_core(harvester, "project/trees")
    assert [one for one in told if one[0] == "title"] == [
        ("title", "en", "Trees for the Aralkum"),
        ("title", "ru", "Деревья"),
    ]
    assert ("subject", "ko", "아랄해 고갈") in told
    assert ("description", "en", "Saxaul is planted on the dry bed.") in told
    assert [one[2] for one in told if one[0] == "coverage"] == ["Uzbekistan", "Узбекистан", "2021/2024-12"]
    assert [one[2] for one in told if one[0] == "language"] == ["en", "ru"]
    assert ("identifier", None, "http://testserver/en/projects/trees/") in told
    assert ("source", None, "https://example.org/trees") in told
    assert ("rights", None, "https://creativecommons.org/licenses/by/4.0/") in told


def test_source_is_told_as_the_work_that_it_is(harvester):
    make_source(
        key="aral",
        title_original="Будущее",
        language="ru",
        date="2016-03",
        author="Micklin",
        doi="10.1007/x",
        kind="dataset",
    )
    told = dublin_core(harvester, "source/aral")
    assert told == [
        ("title", "ru", "Будущее"),
        ("title", "en", "The Future Aral Sea"),
        ("creator", None, "Micklin"),
        ("publisher", None, "Environmental Earth Sciences"),
        ("date", None, "2016-03"),
        ("type", None, "Dataset"),
        ("type", "en", "Dataset"),
        ("identifier", None, "https://doi.org/10.1007/x"),
        ("identifier", None, "http://testserver/en/sources/aral/"),
        ("language", None, "ru"),
    ]


def test_parties_are_what_an_agreement_covers(harvester):
    agreement = make_agreement(key="forests", date="2021-07-02")
    make_party(agreement=agreement, country=make_country(key="uz"), organisation=None)
    told = dublin_core(harvester, "agreement/forests")
    assert [one[2] for one in told if one[0] == "coverage"] == ["Uzbekistan", "2021-07-02"]


def test_text_with_signs_of_xml_is_whole(harvester):
    make_project(key="trees", title_en="<b>Trees & “more” \x0b</b>")
    assert ("title", "en", "<b>Trees & “more” </b>") in dublin_core(harvester, "project/trees")


def test_terms_have_no_page_and_no_record(harvester):
    make_term(key="tugai"), make_project()
    assert len(identifiers(harvester)) == 1
    with pytest.raises(IdDoesNotExist):
        harvester.GetRecord(identifier="oai:testserver:term/tugai", metadataPrefix="oai_dc")


# ── What is gone ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "publication", [PublicationStatus.DRAFT, PublicationStatus.IN_REVIEW, PublicationStatus.SCHEDULED]
)
def test_what_readers_never_saw_is_not_there(harvester, publication):
    make_project(key="seen"), make_project(key="unseen", publication=publication).delete()
    make_project(key="unseen-too", publication=publication)
    assert states(harvester) == {"project/seen": False}
    with pytest.raises(IdDoesNotExist):
        harvester.GetRecord(identifier="oai:testserver:project/unseen-too", metadataPrefix="oai_dc")


@pytest.mark.parametrize("publication", [PublicationStatus.ARCHIVED, PublicationStatus.DRAFT])
def test_what_readers_saw_and_see_no_more_is_deleted(harvester, publication):
    project = make_project(key="trees", published_at=timezone.now())
    project.publication = publication
    project.save()
    assert states(harvester) == {"project/trees": True}
    record = harvester.GetRecord(identifier="oai:testserver:project/trees", metadataPrefix="oai_dc")
    assert record.deleted
    assert record.xml.find("oai:metadata", NAMES) is None


@pytest.mark.parametrize("make", MAKERS)
def test_record_of_any_kind_that_was_deleted_says_so_from_then_on(harvester, make):
    record = make(key="gone")
    kind, before = record._meta.model_name, timezone.now()
    record.delete()
    moment = before.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert states(harvester, **{"from": moment, "set": SERIALISERS[kind].file}) == {f"{kind}/gone": True}
    assert states(harvester, ignore_deleted=True, set=SERIALISERS[kind].file) == {}
    record = harvester.GetRecord(identifier=f"oai:testserver:{kind}/gone", metadataPrefix="oai_dc")
    assert record.header.datestamp >= moment


def test_record_that_came_again_under_its_key_is_there(harvester):
    make_project(key="trees").delete()
    make_project(key="trees")
    assert states(harvester) == {"project/trees": False}


# ── Only what changed ────────────────────────────────────────────────────────────────────────────────────────

NINE, TEN = "2026-03-09T12:00:00.900+00:00", "2026-03-10T00:00:00+00:00"


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ({}, ["nine", "ten"]),
        ({"from": "2026-03-09"}, ["nine", "ten"]),
        ({"until": "2026-03-09"}, ["nine"]),
        ({"from": "2026-03-10"}, ["ten"]),
        ({"from": "2026-03-09", "until": "2026-03-09"}, ["nine"]),
        ({"from": "2026-03-09T12:00:00Z", "until": "2026-03-09T12:00:00Z"}, ["nine"]),
        ({"from": "2026-03-09T12:00:01Z"}, ["ten"]),
        ({"until": "9999-12-31"}, ["nine", "ten"]),
        ({"until": "9999-12-31T23:59:59Z"}, ["nine", "ten"]),
        ({"until": "2026-03-09T11:59:59Z"}, []),
        ({"set": "sources"}, []),
    ],
)
def test_harvester_gets_what_changed_in_a_time(harvester, asked, keys):
    changed(make_project(key="ten"), TEN)
    changed(make_project(key="nine"), NINE)
    if not keys:
        with pytest.raises(NoRecordsMatch):
            identifiers(harvester, **asked)
        return
    assert identifiers(harvester, **asked) == [f"oai:testserver:project/{key}" for key in keys]


# ── In parts ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def short(monkeypatch):
    """Limit lists to two records at a time."""
    monkeypatch.setattr(protocol, "PAGE", 2)


def test_long_list_comes_in_parts_in_the_order_of_change(client, short):
    """Make records of several kinds that changed at the same moment, one of them deleted."""
    for make, key in ((make_source, "a"), (make_project, "b"), (make_project, "c"), (make_issue, "d")):
        changed(make(key=key), NINE)
    changed(make_source(key="e"), TEN)
    make_project(key="f").delete()
    tokens, found, query = [], [], "metadataPrefix=oai_dc"
    while True:
        tree = etree.fromstring(client.get(f"/oai?verb=ListIdentifiers&{query}").content)
        found += [text.rpartition(":")[2] for text in tree.xpath("//oai:identifier/text()", namespaces=NAMES)]
        [token] = tree.xpath("//oai:resumptionToken", namespaces=NAMES)
        tokens.append((token.get("cursor"), token.get("completeListSize")))
        if not token.text:
            break
        query = f"resumptionToken={token.text}"
    assert found == ["issue/d", "project/b", "project/c", "source/a", "source/e", "project/f"]
    assert tokens == [("0", "6"), ("2", "6"), ("4", "6")]


def test_list_of_one_part_has_no_token(client):
    make_project()
    assert b"resumptionToken" not in client.get("/oai?verb=ListIdentifiers&metadataPrefix=oai_dc").content


def test_what_changes_during_a_harvest_is_not_passed_by(harvester, short):
    projects = [
        changed(make_project(key=key), f"2026-03-0{day}T00:00:00+00:00") for day, key in enumerate("abcd", start=1)
    ]
    headers = harvester.ListIdentifiers(metadataPrefix="oai_dc")
    found = [next(headers).identifier, next(headers).identifier]
    projects[0].save(), projects[2].save()
    found += [header.identifier for header in headers]
    assert [text[-1] for text in found] == ["a", "b", "d", "a", "c"]


def test_token_keeps_what_was_asked(harvester, short):
    for key in "abc":
        (
            changed(make_project(key=key), NINE),
            changed(make_source(key=key), NINE),
            changed(make_project(key=f"{key}2"), TEN),
        )
    asked = {"set": "projects", "until": "2026-03-09"}
    assert identifiers(harvester, **asked) == [f"oai:testserver:project/{key}" for key in "abc"]


def test_token_that_was_tampered_with_is_refused(harvester, client, short):
    for _ in range(3):
        make_project()
    tree = etree.fromstring(client.get("/oai?verb=ListRecords&metadataPrefix=oai_dc").content)
    token = tree.findtext(".//oai:resumptionToken", None, NAMES)
    for verb, wrong in (("ListRecords", f"{token}x"), ("ListRecords", "nonsense"), ("ListIdentifiers", token)):
        with pytest.raises(BadResumptionToken):
            getattr(harvester, verb)(resumptionToken=wrong)
    assert [record.deleted for record in harvester.ListRecords(resumptionToken=token)] == [False]


# ── What is wrong ────────────────────────────────────────────────────────────────────────────────────────────


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


# ── What it costs ────────────────────────────────────────────────────────────────────────────────────────────


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
