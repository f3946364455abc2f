"""The public changes of a record: a page in three languages, and a feed."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from lxml import etree

from issues.models import Issue
from portal.core.choices import PublicationStatus
from portal.generic.changes import PER_PAGE
from portal.models import FormerKey, Tombstone
from portal.tracking.history import change_reason, change_times, without_history
from tests import reading
from tests.counting import settle
from tests.make import (
    UNPUBLISHED,
    make_agreement,
    make_citation,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_issue_in_country,
    make_key_figure,
    make_observation,
    make_organisation,
    make_participation,
    make_place,
    make_project,
    make_source,
    make_tombstone,
)

pytestmark = pytest.mark.django_db

ATOM = {"a": "http://www.w3.org/2005/Atom"}
MAKERS = [
    *(make_issue, make_indicator, make_event, make_project, make_organisation, make_agreement),
    *(make_country, make_place, make_source),
]


def change(record, why="", **fields):
    with change_reason(why):
        for name, value in fields.items():
            setattr(record, name, value)
        record.save()


def page_of(record, language="en"):
    with translation.override(language):
        return f"{record.get_absolute_url()}changes/"


def told(response):
    """Return the words of each change on a page."""
    return [reading.words(one) for one in reading.page(response).find_class("change")]


def entries(response):
    return etree.fromstring(response.content).xpath("//a:entry", namespaces=ATOM)


def text(entry, path):
    [found] = entry.xpath(f"a:{path}/text()", namespaces=ATOM)
    return found


# ── The page ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("make", MAKERS)
def test_every_record_with_a_page_has_one_of_its_changes_that_it_leads_to(client, make):
    record = make()
    links = reading.page(client.get(record.get_absolute_url())).xpath("//*[@class='cite']/p/a/@href")
    assert links[0] == page_of(record)
    response = client.get(page_of(record))
    assert [heading.text for heading in reading.page(response).xpath("//h1")] == ["Changes"]
    assert reading.page(response).xpath("//meta[@name='robots']/@content") == ["noindex"]


def test_a_change_is_told_with_its_reason_and_without_its_editor(client):
    project = make_project(title_en="Poplars", results_en="Nothing yet.")
    change(project, "The ministry counted anew.", results_en="Ten hectares.", budget="5000", currency="USD")
    with change_reason("A source was missing."):
        make_citation(project, make_source(title="The count of 2024"))
    type(project).history.update(history_user=User.objects.create_superuser("kim", first_name="Kim"))
    response = client.get(page_of(project))
    cited, counted, first = told(response)
    assert "A source was missing." in cited
    assert "Sources added The count of 2024" in cited
    assert all(part in counted for part in ("The ministry counted anew.", "Results", "Ten hectares.", "5,000"))
    assert "First published" in first
    assert "kim" not in response.content.decode().lower()


def test_each_language_tells_of_its_own_texts_and_names_the_others(client):
    issue = make_issue(summary_en="Old.", summary_ko="옛", summary_ru="Старое")
    change(issue, "Better.", summary_en="New.", summary_ko="새것")
    en, ko, ru = (told(client.get(page_of(issue, language)))[0] for language in ("en", "ko", "ru"))
    assert ("New." in en, "새것" in en, "Korean" in en) == (True, False, True)
    assert ("New." in ko, "새것" in ko, "영어" in ko) == (False, True, True)
    assert ("New." in ru, "새것" in ru, "английск" in ru.lower(), "корейск" in ru.lower()) == (False, False, True, True)


def test_what_was_a_draft_stays_between_editors(client):
    issue = make_issue(publication=PublicationStatus.DRAFT, summary_en="Kim is a fool.")
    change(issue, "An internal note.", summary_en="A first sentence.")
    change(issue, "Checked by two.", publication=PublicationStatus.PUBLISHED, summary_en="A sentence.")
    [first] = told(client.get(page_of(issue)))
    assert "Checked by two." in first
    assert not any(secret in first for secret in ("fool", "internal", "first sentence"))


def test_a_record_that_never_changed_says_so(client):
    with without_history():
        issue = make_issue()
    assert "No changes recorded yet." in client.get(page_of(issue)).content.decode()
    Issue.objects.update(published_at=timezone.now())
    Issue.history.all().delete()
    assert "No changes since first publication on" in client.get(page_of(issue)).content.decode()


@pytest.mark.parametrize("publication", UNPUBLISHED)
@pytest.mark.parametrize("feed", ["", "feed/"])
def test_what_readers_do_not_see_has_no_page_of_changes(client, publication, feed):
    issue = make_issue(publication=publication, name_en="A secret")
    response = client.get(page_of(issue) + feed)
    assert response.status_code == (410 if publication == PublicationStatus.ARCHIVED else 404)
    assert "A secret" not in response.content.decode()


@pytest.mark.parametrize("feed", ["", "feed/"])
def test_a_record_that_was_deleted_is_gone_with_its_changes(client, feed):
    make_tombstone(kind=Tombstone.Kind.ISSUE, key="dust")
    assert client.get(f"/en/issues/dust/changes/{feed}").status_code == 410
    assert client.get(f"/en/issues/never-was/changes/{feed}").status_code == 404


def test_a_former_key_leads_to_the_record_that_stays(client):
    source = make_source(key="new")
    FormerKey.objects.create(kind="source", key="old", now="new")
    response = client.get("/en/sources/old/changes/")
    assert (response.status_code, response.headers["Location"]) == (301, source.get_absolute_url())


@pytest.mark.parametrize("feed", ["", "feed/"])
def test_changes_of_a_country_stand_beside_its_own_page(client, feed):
    country, place = make_country(key="uz"), make_place(key="nukus")
    response = client.get(f"/en/places/uz/changes/{feed}")
    assert (response.status_code, response.headers["Location"]) == (301, page_of(country) + feed)
    response = client.get(f"/en/countries/nukus/changes/{feed}")
    assert (response.status_code, response.headers["Location"]) == (301, page_of(place) + feed)


def test_changes_go_on_page_by_page(client):
    issue = make_issue()
    for n in range(PER_PAGE + 1):
        change(issue, f"Change {n}.", summary_en=f"{n}")
    first, second = (client.get(page_of(issue), {"page": page}) for page in (1, 2))
    assert (len(told(first)), len(told(second))) == (PER_PAGE, 2)
    assert "Change 0." in told(second)[0]
    assert "?page=2" in reading.page(first).xpath("//nav[@class='pagination']//a/@href")


def test_pages_are_full_although_readers_see_nothing_of_some_changes(client):
    issue = make_issue()
    for n in range(PER_PAGE):
        change(issue, "Order.", position=n + 1)
        change(issue, f"Change {n}.", summary_en=f"{n}")
    response = client.get(page_of(issue))
    assert len(told(response)) == PER_PAGE
    assert "Order." not in response.content.decode()


def test_only_so_many_changes_are_told(client, monkeypatch):
    monkeypatch.setattr("portal.generic.changes.MOST", 2)
    issue = make_issue()
    for n in range(3):
        change(issue, f"Change {n}.", summary_en=f"{n}")
    response = client.get(page_of(issue))
    assert len(told(response)) == 2
    assert "Only the latest 2 changes are listed." in response.content.decode()


def test_texts_of_changes_are_never_markup(client):
    issue = make_issue(summary_en="Old.")
    change(issue, "<i>why</i>", summary_en="<b>new</b>")
    for address in (page_of(issue), f"{page_of(issue)}feed/"):
        assert not any(tag in client.get(address).content for tag in (b"<i>why", b"<b>new"))


ROWS = {
    make_issue: lambda issue, n: (
        make_citation(issue),
        make_citation(make_key_figure(issue=issue, position=n)),
        make_issue_in_country(issue=issue),
    ),
    make_project: lambda project, n: (
        make_citation(project),
        make_participation(project=project),
        project.countries.add(make_country()),
    ),
    make_indicator: lambda indicator, n: make_observation(indicator=indicator, year=2000 + n),
}


@pytest.mark.any_database
@pytest.mark.parametrize("make", ROWS)
@pytest.mark.parametrize("feed", ["", "feed/"])
def test_changes_ask_the_same_of_the_database_however_many_there_are(client, make, feed):
    record = make()

    def queries():
        settle()
        with CaptureQueriesContext(connection) as asked:
            assert client.get(page_of(record) + feed).status_code == 200
        return len(asked)

    for n in range(4):
        with change_reason(f"{n}"):
            ROWS[make](record, n)
        if n == 0:
            queries()
            one = queries()
    assert queries() == one


# ── The feed ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_feed_has_an_entry_for_each_change_that_leads_to_it(client):
    issue = make_issue(name_en="Dust", summary_en="Old.")
    change(issue, "Better.", summary_en="New.")
    page = client.get(page_of(issue))
    assert reading.page(page).xpath("//link[@type='application/atom+xml']/@href") == ["/en/feed/", "feed/"]
    response = client.get(f"{page_of(issue)}feed/")
    assert response.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = etree.fromstring(response.content)
    assert text(feed, "title") == "Changes: Dust"
    newest, first = entries(response)
    assert [text(entry, "title") for entry in (newest, first)] == ["Summary", "First published"]
    assert "Better." in text(newest, "content")
    assert "<ins>New.</ins>" in text(newest, "content")
    [link] = newest.xpath("a:link/@href", namespaces=ATOM)
    address, _hash, anchor = link.partition("#")
    assert address == f"http://testserver{page_of(issue)}"
    assert reading.page(page).xpath(f"//article[@id='{anchor}']")
    assert text(newest, "id") == f"tag:testserver,2026:issue/{issue.key}/changes/{anchor}"


@pytest.mark.parametrize(("language", "title"), [("en", "Summary"), ("ko", "요약"), ("ru", "Краткое описание")])
def test_the_feed_is_in_the_language_of_its_address(client, language, title):
    issue = make_issue(summary_en="Old.", summary_ko="옛", summary_ru="Старое")
    change(issue, "Better.", summary_en="New.", summary_ko="새것", summary_ru="Новое")
    response = client.get(f"{page_of(issue, language)}feed/")
    feed = etree.fromstring(response.content)
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == language
    assert text(entries(response)[0], "title") == title


def test_the_feed_is_sent_again_only_if_it_changed(client):
    issue = make_issue(summary_en="Old.")
    first = client.get(f"{page_of(issue)}feed/")
    for header, value in (
        ("if-none-match", first.headers["ETag"]),
        ("if-modified-since", first.headers["Last-Modified"]),
    ):
        assert client.get(f"{page_of(issue)}feed/", headers={header: value}).status_code == 304
    change(issue, "Better.", summary_en="New.")
    again = client.get(f"{page_of(issue)}feed/", headers={"if-none-match": first.headers["ETag"]})
    assert (again.status_code, len(entries(again))) == (200, 2)


def test_a_record_is_handed_out_at_its_own_address_alone(client):
    response = client.get(page_of(make_issue()), {"format": "csv"}, follow=True)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert reading.page(response).find_class("formats") == []


def test_an_empty_feed_stays_the_same(client):
    with without_history():
        issue = make_issue()
    first, second = (client.get(f"{page_of(issue)}feed/") for _ in range(2))
    assert first.headers["ETag"] == second.headers["ETag"]
    assert entries(first) == []
    assert change_times(issue) == []
