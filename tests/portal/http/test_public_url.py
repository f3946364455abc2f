"""Absolute URLs and ids come from PUBLIC_URL and ID_BASE_URL, never from the Host header of a request."""

import re

import feedparser
import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core import mail
from lxml import etree

from portal.formats.responses import FORMATS
from portal.http import throttling
from portal.open_data import archive
from portal.publishing.preview import preview_links
from portal.tracking.change_reasons import ChangeReason
from portal.tracking.history import change_reason
from tests.addresses import addresses, filled, unpacked
from tests.make import make_participation, make_project, make_reporting_organisation, make_source
from tests.world import make_world, records

pytestmark = pytest.mark.django_db

OTHER = "127.0.0.1:31337"  # ALLOWED_HOSTS allows it with any port


@pytest.fixture
def world():
    """Return the key of each kind in a published world that is reported to IATI, with a public change."""
    world = make_world()
    publisher = make_reporting_organisation()
    make_participation(project=world.project, organisation=publisher.organisation)
    with change_reason(ChangeReason.ON_TIME):
        world.project.title_en = "Another title"
        world.project.save()
    keys = {}
    for record in records(world):
        if hasattr(record, "key"):
            keys[record._meta.model_name] = [record.key]
    return keys


def asked(keys):
    """Return every public URL, each page also in each format."""
    for route in addresses():
        for path in filled(route, keys):
            yield path
            if path.startswith("/en/") and path.endswith("/"):
                yield from (f"{path}?format={name}" for name in (*FORMATS, "svg"))
    for verb in ("Identify", "ListRecords&metadataPrefix=oai_dc", "ListIdentifiers&metadataPrefix=oai_dc"):
        yield f"/oai?verb={verb}"


@pytest.mark.any_database
def test_no_answer_repeats_the_host_that_was_asked(world, client):
    named, count = [], 0
    for address in asked(world):
        response = client.get(address, headers={"host": OTHER})
        headers = " ".join(f"{name}: {value}" for name, value in response.headers.items())
        count += 1
        if b"127.0.0.1" in unpacked(response) or "127.0.0.1" in headers:
            named.append(address)
    assert named == []
    assert count > 200


def test_pages_of_the_api_stay_on_the_host_that_was_asked(client):
    for _ in range(3):
        make_project()
    page = client.get("/api/v1/projects?limit=1&offset=1", headers={"host": OTHER}).json()
    assert page["next"] == f"http://{OTHER}/api/v1/projects?limit=1&offset=2"
    assert page["previous"] == f"http://{OTHER}/api/v1/projects?limit=1&offset=0"
    assert page["items"][0]["url"].startswith("http://testserver/en/projects/")


def test_addresses_are_those_of_public_url(client, settings):
    settings.PUBLIC_URL = "https://portal.example.org:8443"
    make_project(key="trees")
    sitemap = etree.fromstring(client.get("/sitemap.xml").content).xpath("//*[local-name()='loc']/text()")
    assert sitemap[0] == "https://portal.example.org:8443/sitemap-pages.xml"
    assert "Sitemap: https://portal.example.org:8443/sitemap.xml" in client.get("/robots.txt").content.decode()
    page = client.get("/ko/projects/trees/").content.decode()
    assert '<link rel="canonical" href="https://portal.example.org:8443/ko/projects/trees/">' in page


# ── Ids ──────────────────────────────────────────────────────────────────────────────────────────────────────


def ids(client):
    """Return the ids in feeds and OAI-PMH."""
    feeds = [feedparser.parse(client.get(path).content) for path in ("/en/feed/", "/en/projects/?format=atom")]
    changes = feedparser.parse(client.get("/en/projects/trees/changes/feed/").content)
    oai = client.get("/oai?verb=ListIdentifiers&metadataPrefix=oai_dc").content.decode()
    return [
        *(one for feed in feeds for one in (feed.feed.id, feed.entries[0].id)),
        changes.feed.id,
        *re.findall("<identifier>(.*?)</identifier>", oai),
    ]


def expected(base, host):
    return [
        *(f"{base}/en/feed/", f"tag:{host},2026:project/trees"),
        *(f"{base}/en/projects/?format=atom", f"tag:{host},2026:project/trees"),
        f"tag:{host},2026:project/trees/changes/en",
        f"oai:{host}:project/trees",
    ]


def test_ids_have_the_host_of_public_url_without_its_port(client):
    make_project(key="trees")
    assert ids(client) == expected("http://testserver", "testserver")


def test_ids_stay_when_the_portal_moves(client, settings):
    settings.PUBLIC_URL, settings.ID_BASE_URL = "https://new.example.org", "http://old.example.org:8080"
    make_project(key="trees")
    assert ids(client) == expected("http://old.example.org:8080", "old.example.org")
    record = client.get("/oai?verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:old.example.org:project/trees")
    assert b"https://new.example.org/en/projects/trees/" in record.content


# ── The archive ──────────────────────────────────────────────────────────────────────────────────────────────


def test_archive_is_made_anew_when_public_url_changes(settings):
    make_source(key="one")
    first = archive.make()
    settings.PUBLIC_URL = "https://portal.example.org"
    assert not first.is_fresh
    assert archive.make().base == "https://portal.example.org"


def test_asker_who_asks_too_often_makes_nothing_be_made(client, settings, monkeypatch):
    make_source()
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"export": 1}
    monkeypatch.setattr(throttling, "buckets", throttling.TokenBuckets())
    monkeypatch.setattr(throttling, "time", lambda: 1_800_000_000)
    assert client.get("/data/sources.csv").status_code == 200
    assert client.get(f"/data/{archive.NAME}").status_code == 429
    assert archive.current_archive() is None
    monkeypatch.setattr(throttling, "time", lambda: 1_800_000_060)
    first = client.get(f"/data/{archive.NAME}")
    assert first.status_code == 200
    assert b"sources.csv" in unpacked(first)
    begun = []
    monkeypatch.setattr(archive, "build_in_background", lambda *_base: begun.append(1))
    make_source()
    assert client.get(f"/data/{archive.NAME}", headers={"if-none-match": first["ETag"]}).status_code == 429
    assert begun == []


# ── Mail and previews ────────────────────────────────────────────────────────────────────────────────────────


def test_mail_leads_to_the_public_address(client):
    user = User.objects.create_user("gulnara", "gulnara@example.org", "the-sea-went-away-1960")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    client.post("/accounts/password/reset/", {"email": user.email}, headers={"host": OTHER})
    [message] = mail.outbox
    assert "http://testserver/accounts/password/reset/key/" in message.body
    assert message.body.rstrip().endswith("http://testserver/en/")
    assert "127.0.0.1" not in message.body


def test_preview_links_are_for_others(settings):
    settings.PUBLIC_URL = "https://portal.example.org"
    assert {url.partition("/en/")[0] for code, _name, url in preview_links(make_project()) if code == "en"} == {
        "https://portal.example.org"
    }
