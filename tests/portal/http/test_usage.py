"""Counts of pages, files and searches: what they count, and that they say nothing about who asked."""

import datetime
from collections import Counter

import pytest
from django.apps import apps
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from portal.formats import responses
from portal.graphics import svg_export
from portal.http import usage
from portal.models import UsageCount
from portal.views import brief, plan
from tests.make import make_project, make_source

pytestmark = pytest.mark.django_db

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def counter(monkeypatch):
    counter = usage.UsageCounter()
    monkeypatch.setattr(usage, "counter", counter)
    return counter


@pytest.fixture
def reader(settings, counter):
    """A client with a browser's name. A new one, because a client loads the middleware once."""
    settings.COUNT_USAGE = True
    return Client(headers={"User-Agent": BROWSER})


def stored(counter):
    """Write the counts and return them as a dict from (kind, language, name) to a number."""
    counter.write()
    return {(one.kind, one.language, one.name): one.count for one in UsageCount.objects.all()}


def test_page_counts_once_for_each_time_it_is_shown(reader, counter):
    make_project(key="trees")
    for path in ("/en/projects/trees/", "/en/projects/trees/", "/ko/projects/trees/"):
        assert reader.get(path).status_code == 200
    assert stored(counter) == {("page", "en", "/projects/trees/"): 2, ("page", "ko", "/projects/trees/"): 1}


def test_page_counts_that_the_browser_has_still(reader, counter):
    tag = reader.get("/en/about/").headers["ETag"]
    assert reader.get("/en/about/", headers={"If-None-Match": tag}).status_code == 304
    assert stored(counter) == {("page", "en", "/about/"): 2}


@pytest.mark.parametrize("name", ["", "Googlebot/2.1", "curl/8.5", "python-requests/2.32", "Feedly/1.0"])
def test_program_does_not_count(reader, counter, name):
    reader.get("/en/about/", headers={"User-Agent": name})
    assert stored(counter) == {}


@pytest.mark.parametrize(
    "path", ["/en/no-such-page/", "/en/projects/no-such/", "/", "/en/plan/", "/en/digests/", "/readyz"]
)
def test_what_is_no_page_for_all_does_not_count(reader, counter, path):
    reader.get(path)
    assert stored(counter) == {}


def test_other_methods_and_parts_of_pages_do_not_count(reader, counter):
    reader.head("/en/about/")
    reader.get("/en/projects/", headers={"HX-Request": "true"})
    assert stored(counter) == {}


def test_download_counts_by_its_format(reader, counter):
    make_project(key="trees")
    for path in ("/en/projects/?format=csv", "/ru/projects/trees/?format=JSON", "/data/projects.csv"):
        assert reader.get(path).status_code == 200
    assert reader.get("/en/projects/?format=wrong").status_code == 400
    assert stored(counter) == {("download", "en", "csv"): 1, ("download", "ru", "json"): 1, ("download", "", "csv"): 1}


def test_word_that_is_no_format_does_not_count(reader, counter):
    for word in ("%00x", "junk", "csv%20", "x" * 300):
        assert reader.get(f"/oai?verb=Identify&format={word}").status_code == 200
    reader.get("/en/about/")
    assert stored(counter) == {("page", "en", "/about/"): 1}


def test_formats_of_all_pages_count():
    assert {*responses.FORMATS, *svg_export.FORMATS, *brief.FORMATS, *plan.FILES} == usage.FORMATS


def test_count_that_the_database_refuses_does_not_hold_up_the_others(counter):
    for kind, name in (("page", "/about/"), ("wrong", "/data/"), ("page", "/projects/")):
        counter.add(kind, "en", name)
    if connection.vendor == "postgresql":
        counter.add("page", "en", "\0")
    assert stored(counter) == {("page", "en", "/about/"): 1, ("page", "en", "/projects/"): 1}
    assert not counter.counts


def test_search_counts_with_and_without_hits(reader, counter):
    make_source(key="water", title="Water of the Aral Sea")
    for words in ("aral", "aral", "zzqx"):
        reader.get("/en/search/", {"q": words})
    found = stored(counter)
    assert found[("search", "en", "")] == 3
    assert found[("no-hits", "en", "")] == 1
    assert not any(name for kind, _language, name in found if kind in {"search", "no-hits"}), "words of one network"


def test_words_are_stored_once_three_networks_asked_for_them(reader, counter):
    for number in (1, 2, 2):
        reader.get("/en/search/", {"q": " Zzqx  ABC "}, REMOTE_ADDR=f"198.51.100.{number}")
    assert ("no-hits", "en", "zzqx abc") not in stored(counter)
    reader.get("/en/search/", {"q": "zzqx abc"}, REMOTE_ADDR="198.51.100.3")
    found = stored(counter)
    assert (found["search", "en", "zzqx abc"], found["no-hits", "en", "zzqx abc"]) == (4, 4)


def test_words_of_yesterday_do_not_count_with_those_of_today(counter, monkeypatch):
    counter.add_search("en", "water", "a", 1)
    counter.add_search("en", "water", "b", 1)
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    monkeypatch.setattr(usage.timezone, "localdate", lambda: tomorrow)
    counter.add_search("en", "water", "c", 1)
    assert ("search", "en", "water") not in stored(counter)


def test_process_remembers_a_limited_number_of_words(counter, monkeypatch):
    monkeypatch.setattr(usage, "MOST_WORDS", 3)
    for number in range(10):
        counter.add_search("en", f"water {number}", "a", 1)
    assert list(counter.words) == [("en", f"water {number}") for number in (7, 8, 9)]


def test_cached_page_counts_as_any_other(reader, counter, page_cache):
    for _ in range(3):
        reader.get("/en/search/", {"q": "zzqx"})
    found = stored(counter)
    assert (found["page", "en", "/search/"], found["search", "en", ""], found["no-hits", "en", ""]) == (3, 3, 3)


def test_counts_of_two_processes_add_up(counter):
    day = timezone.localdate()
    for number in (2, 3):
        counter.counts = Counter({(day, "page", "en", "/about/"): number})
        counter.write()
    assert UsageCount.objects.get().count == 5


def test_counts_are_kept_while_the_database_fails(counter, monkeypatch):
    counter.add("page", "en", "/about/")
    with monkeypatch.context() as broken:
        broken.setattr(UsageCount.objects, "add", lambda counts: (_ for _ in ()).throw(DatabaseError("gone")))
        with pytest.raises(DatabaseError):
            counter.write()
    counter.add("page", "en", "/about/")
    assert stored(counter) == {("page", "en", "/about/"): 2}


def test_counts_are_written_once_a_minute(counter):
    assert not counter.is_due()
    counter.written_at -= usage.SECONDS
    assert not counter.is_due(), "nothing is counted"
    counter.add("page", "en", "/about/")
    assert counter.is_due()
    assert not counter.is_due()


def test_request_leaves_the_writing_to_the_time_after_it(reader, counter, monkeypatch):
    jobs = []
    monkeypatch.setattr(usage, "after_response", lambda request, job: jobs.append(job))
    counter.written_at -= usage.SECONDS
    reader.get("/en/about/")
    assert not UsageCount.objects.exists()
    [job] = jobs
    job()
    assert UsageCount.objects.get().name == "/about/"


def test_setting_turns_it_off(settings, counter):
    settings.COUNT_USAGE = False
    Client(headers={"User-Agent": BROWSER}).get("/en/about/")
    assert not counter.counts


def test_nothing_about_the_reader_is_stored():
    assert {field.name for field in UsageCount._meta.fields} == {"id", "day", "kind", "language", "name", "count"}
    assert apps.get_model("portal", "UsageCount").is_audited is False


def test_old_counts_are_erased():
    today = datetime.date(2026, 11, 28)
    for day in (datetime.date(2024, 10, 27), datetime.date(2024, 10, 28)):
        UsageCount.objects.create(day=day, kind="page", language="en", name="/")
    assert UsageCount.objects.erase_before(today) == 1
    assert UsageCount.objects.get().day == datetime.date(2024, 10, 28)


def test_embed_does_not_count_and_the_page_that_it_leads_to_does(reader, counter):
    make_project(key="trees")
    page = "http://testserver/en/projects/trees/"
    for address in ("/en/embed/projects/trees/", "/en/embed/projects/", f"/oembed?format=xml&url={page}", page):
        assert reader.get(address).status_code == 200
    assert stored(counter) == {("page", "en", "/projects/trees/"): 1}
