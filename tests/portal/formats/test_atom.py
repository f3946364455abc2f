"""Atom feeds, parsed by the libraries of feed readers."""

from datetime import UTC, datetime

import feedparser
import pytest
from lxml import etree

from portal.formats import atom
from tests.lists import LISTS
from tests.make import make_country, make_project
from tests.pages import LANGUAGES

pytestmark = pytest.mark.django_db


def parsed(client, address):
    response = client.get(address)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    found = feedparser.parse(response.content)
    assert not found.bozo, found.get("bozo_exception")
    assert found.version == "atom10"
    return found


def changed(record, day):
    """Set the day of the last change of a record."""
    moment = datetime(2026, 3, day, 3, tzinfo=UTC)
    type(record).objects.filter(pk=record.pk).update(updated_at=moment)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_list_has_a_feed(client, name, language):
    record = LISTS[name](key="one")
    feed = parsed(client, f"/{language}/{name}/?format=atom")
    [entry] = feed.entries
    assert feed.feed.language == language
    assert entry.id == f"tag:testserver,2026:{record._meta.model_name}/one"
    assert entry.link == f"http://testserver/{language}{record.get_absolute_url()[3:]}"
    assert entry.title
    assert feed.feed.author


def test_feed_has_the_newest_change_first_of_what_the_filters_let_through(client):
    uz = make_country(key="uz")
    for key, day in (("old", 1), ("new", 9), ("middle", 5)):
        project = make_project(key=key, title_en=f"{key} & <i>")
        project.countries.add(uz)
        changed(project, day)
    make_project(key="elsewhere")
    feed = parsed(client, "/en/projects/?format=atom&country=uz")
    assert [entry.title for entry in feed.entries] == ["new & <i>", "middle & <i>", "old & <i>"]
    assert feed.feed.updated == feed.entries[0].updated == "2026-03-09T03:00:00Z"
    # The id is older than the short address of the feed.
    short = parsed(client, "/en/projects.atom?country=uz")
    assert feed.feed.id == short.feed.id == "http://testserver/en/projects/?country=uz&format=atom"
    assert [link.href for link in short.feed.links if link.rel == "self"] == [
        "http://testserver/en/projects.atom?country=uz"
    ]


def test_long_feed_goes_on_from_page_to_page(client, monkeypatch):
    monkeypatch.setattr(atom, "PAGE", 2)
    for day in range(1, 6):
        changed(make_project(key=f"p{day}"), day)
    address, seen = "http://testserver/en/projects.atom", []
    while address:
        feed = parsed(client, address.removeprefix("http://testserver"))
        links = {link.rel: link.href for link in feed.feed.links}
        assert links["self"] == address
        assert links["first"] == "http://testserver/en/projects.atom"
        seen += [entry.id.rpartition("/")[2] for entry in feed.entries]
        address = links.get("next")
    assert seen == ["p5", "p4", "p3", "p2", "p1"]
    for odd in ("0", "-1", "99", "x", "²"):
        parsed(client, f"/en/projects/?format=atom&page={odd}")


def test_empty_feed_is_a_feed(client):
    assert parsed(client, "/en/projects/?format=atom").entries == []


def test_english_in_a_korean_feed_says_so(client):
    make_project(title_en="Trees")
    tree = etree.fromstring(client.get("/ko/projects/?format=atom").content)
    [language] = tree.xpath("//*[local-name()='entry']/*[local-name()='title']/@xml:lang")
    assert language == "en"


def test_signs_that_xml_has_no_place_for_are_left_out(client):
    make_project(title_en="A\x0bB", summary_en="C\x00D".replace("\x00", "\x01"))
    [entry] = parsed(client, "/en/projects/?format=atom").entries
    assert (entry.title, entry.summary) == ("AB", "CD")


def test_name_of_an_entry_does_not_hang_on_a_port(settings):
    settings.ID_BASE_URL = "http://localhost:8000"
    assert atom.tag("project", "trees") == "tag:localhost,2026:project/trees"
