"""The portal’s feed, and all feeds as a feed reader reads them."""

import feedparser
import pytest
from django.utils import timezone
from reader import make_reader

from tests.lists import LISTS
from tests.make import UNPUBLISHED, make_issue, make_project, make_source, make_term
from tests.pages import LANGUAGES

pytestmark = pytest.mark.django_db


def changed(record, day):
    moment = timezone.make_aware(timezone.datetime(2026, 3, day, 12))
    type(record).objects.filter(pk=record.pk).update(updated_at=moment)


@pytest.mark.parametrize("language", LANGUAGES)
def test_feed_has_the_newest_changes_of_all_kinds(client, language):
    for make, day in ((make_source, 3), (make_issue, 9), (make_term, 5)):
        changed(make(key=f"r{day}"), day)
    for publication in UNPUBLISHED:
        make_project(publication=publication)
    feed = feedparser.parse(client.get(f"/{language}/feed/").content)
    assert not feed.bozo
    assert feed.feed.language == language
    assert [entry.id.partition(":2026:")[2] or entry.id.rpartition(":")[2] for entry in feed.entries] == [
        *("issue/r9", "term/r5", "source/r3"),
    ]
    assert feed.entries[1].link == f"http://testserver/{language}/glossary/#r5"


def test_feed_is_empty_before_there_is_anything(client):
    assert feedparser.parse(client.get("/en/feed/").content).entries == []


def test_who_has_the_newest_feed_is_told_so(client):
    make_source()
    first = client.get("/en/feed/")
    again = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/en/feed/", headers=again).status_code == 304
    make_source()
    assert client.get("/en/feed/", headers=again).status_code == 200


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", [*(f"{name}/?format=atom" for name in LISTS), "search/?q=aral&format=atom", "feed/"])
def test_feed_reader_keeps_what_a_feed_says(content, client, tmp_path, path):
    response = client.get(f"/ko/{path}")
    assert response.status_code == 200
    file = tmp_path / "feed.atom"
    file.write_bytes(response.content)
    with make_reader(":memory:", feed_root=str(tmp_path)) as keeper:
        keeper.add_feed("feed.atom")
        keeper.update_feeds()
        kept = keeper.get_feed("feed.atom")
        assert kept.last_exception is None
        entries = list(keeper.get_entries())
        assert len(entries) == response.content.count(b"<entry>") > 0
        assert all(entry.link and entry.title and entry.updated for entry in entries)
