"""The records that OAI-PMH lists: published, deleted, and changed within a period."""

import datetime

import pytest
from django.utils import timezone
from lxml import etree
from sickle.oaiexceptions import (
    BadResumptionToken,
    IdDoesNotExist,
    NoRecordsMatch,
)

from portal.core.choices import PublicationStatus
from portal.formats.serialisers import SERIALISERS
from portal.open_data.oai import listing, protocol
from tests.make import (
    make_issue,
    make_project,
    make_source,
)
from tests.portal.open_data.oai.harvest import MAKERS, NAMES, Harvester, changed, identifiers

pytestmark = pytest.mark.django_db


def states(harvester, **asked):
    """Return by identifier, without the host, whether the record is deleted."""
    headers = harvester.ListIdentifiers(metadataPrefix="oai_dc", **asked)
    return {header.identifier.rpartition(":")[2]: header.deleted for header in headers}


# ── Content ─────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── What is gone ────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── Only what changed ───────────────────────────────────────────────────────────────────────────────────────────

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


# ── In parts ────────────────────────────────────────────────────────────────────────────────────────────────────


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
