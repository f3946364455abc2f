"""The portal’s feed, and all feeds as a feed reader reads them."""

from contextlib import closing

import feedparser
import pytest
from django.utils import timezone
from reader import make_reader

from tests import reading
from tests.counting import queries
from tests.lists import LISTS
from tests.make import UNPUBLISHED, make_correction, make_issue, make_project, make_source, make_term
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


# ── Corrections ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", LANGUAGES)
def test_feed_of_corrections_has_the_log(client, language):
    project = make_project(title_en="Trees", title_ko="나무", title_ru="Деревья")
    removed = make_project(publication="draft")
    old = make_correction(record=removed, corrected_on="2026-01-02", what_en="The year.", why_en="A reader wrote.")
    new = make_correction(record=project, corrected_on="2026-03-04", what_en="1 < 2 & more")
    page = client.get(f"/{language}/corrections/")
    address = f"/{language}/corrections/feed/"
    assert reading.page(page).xpath("//link[@type='application/atom+xml']/@href")[-1] == address
    assert address in reading.page(page).xpath("//main//a/@href")
    feed = feedparser.parse(client.get(address).content)
    assert not feed.bozo
    assert [entry.link.rpartition("#")[2] for entry in feed.entries] == [
        f"correction-{new.pk}",
        f"correction-{old.pk}",
    ]
    assert feed.entries[0].title == reading.words(reading.page(page).find_class("entry-title")[0])
    assert feed.entries[1].title == reading.words(reading.page(page).find_class("entry-title")[1])
    assert feed.entries[0].summary.startswith("1 < 2 & more")
    assert feed.entries[0].updated[:7] == "2026-03"


@pytest.mark.any_database
def test_feed_of_corrections_takes_as_many_queries_for_many(client):
    make_correction(record=make_project())
    one = queries(client, "/en/corrections/feed/")
    for _number in range(3):
        make_correction(record=make_project())
    assert len(queries(client, "/en/corrections/feed/")) == len(one) > 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", [*(f"{name}/?format=atom" for name in LISTS), "search/?q=aral&format=atom", "feed/"])
def test_feed_reader_keeps_what_a_feed_says(content, client, tmp_path, path):
    response = client.get(f"/ko/{path}")
    assert response.status_code == 200
    file = tmp_path / "feed.atom"
    file.write_bytes(response.content)
    # Its own `with` leaves a database in memory open.
    with closing(make_reader(":memory:", feed_root=str(tmp_path))) as keeper:
        keeper.add_feed("feed.atom")
        keeper.update_feeds()
        kept = keeper.get_feed("feed.atom")
        assert kept.last_exception is None
        entries = list(keeper.get_entries())
        assert len(entries) == response.content.count(b"<entry>") > 0
        assert all(entry.link and entry.title and entry.updated for entry in entries)
