"""Pages and values are cached until the content version changes: fast and never outdated."""

import httpx
import pytest
from django.core.cache import caches
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from lxml import html

from portal.http import page_cache
from portal.tracking import content_version
from tests import reading
from tests.browser.served import serve
from tests.counting import settle
from tests.faults.redis_server import running_redis
from tests.make import make_indicator, make_observation, make_place, make_project, make_source

pytestmark = pytest.mark.django_db

CACHES = {
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "kept"},
    "database": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "portal_cache"},
    "redis": {"BACKEND": "portal.http.redis_cache.FailSafeRedisCache"},
}


@pytest.fixture(scope="module")
def redis():
    with running_redis() as server:
        yield server


@pytest.fixture(params=CACHES)
def cache(request, settings):
    """Turn on the cache of pages, which is off in other tests."""
    kept_in = dict(CACHES[request.param])
    if request.param == "redis":
        kept_in["LOCATION"] = request.getfixturevalue("redis").url
    settings.CACHES = settings.CACHES | {"pages": kept_in}
    caches["pages"].clear()  # that of a process survives the test
    return request.param


def asked(client, address, **headers):
    """Return the response and its number of queries outside the cache."""
    settle()
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address, headers=headers)
    return response, [query["sql"] for query in queries if "portal_cache" not in query["sql"]]


def test_page_is_made_once_and_then_only_asked_whether_it_is_old(client, cache):
    project = make_project()
    for address in (project.get_absolute_url(), "/en/projects/", "/ko/search/?q=aral", "/ru/"):
        first, made = asked(client, address)
        second, again = asked(client, address)
        assert (second.status_code, second.content) == (200, first.content)
        assert len(made) > len(again) == 1
        assert "portal_freshness" in again[0]


def test_page_shows_each_change_at_once(client, cache):
    project = make_project(title_en="Before")
    page = project.get_absolute_url()
    assert "Before" in client.get(page).content.decode()
    project.title_en = "After"
    project.save()
    assert "After" in client.get(page).content.decode()
    assert "After" in client.get("/en/projects/").content.decode()
    project.delete()
    assert client.get(page).status_code == 404
    assert "After" not in client.get("/en/projects/").content.decode()


def test_reader_who_has_the_page_is_told_so(client, cache):
    source = make_source()
    page = source.get_absolute_url()
    first = client.get(page)
    assert first["Cache-Control"] == "public, max-age=0, must-revalidate"
    again, queries = asked(client, page, if_none_match=first["ETag"])
    assert (again.status_code, again.content, again["ETag"], len(queries)) == (304, b"", first["ETag"], 1)
    source.note = "A new one"
    source.title = "Another title"
    source.save()
    assert client.get(page, headers={"if-none-match": first["ETag"]}).status_code == 200


def test_change_elsewhere_makes_a_page_anew_but_not_for_who_has_it(client, cache):
    page = make_source().get_absolute_url()
    tag = client.get(page)["ETag"]
    make_project()
    assert client.get(page, headers={"if-none-match": tag}).status_code == 304


@pytest.mark.parametrize(
    "headers",
    [{"accept-encoding": "br"}, {"accept-encoding": "gzip"}, {"hx-request": "true"}],
    ids=lambda headers: next(iter(headers)) + ": " + next(iter(headers.values())),
)
def test_page_of_another_form_is_another_page(client, cache, headers):
    make_project()
    plain = client.get("/en/projects/").content
    other = client.get("/en/projects/", headers=headers)
    assert other.content == client.get("/en/projects/", headers=headers).content
    assert other.content != plain
    assert client.get("/en/projects/").content == plain


def test_kept_pages_come_compressed(client, cache):
    make_project()
    small = [client.get("/en/projects/", headers={"accept-encoding": "br, gzip"}) for _ in range(2)]
    assert [response["Content-Encoding"] for response in small] == ["br", "br"]
    assert small[0].content == small[1].content
    assert int(small[1]["Content-Length"]) == len(small[1].content)


def test_languages_are_kept_apart(client, cache):
    pages = [client.get(f"/{language}/about/").content for language in ("en", "ko", "ru", "en")]
    assert len(set(pages)) == 3
    assert pages[0] == pages[3]


@pytest.mark.parametrize(
    "address", ["/en/projects/nothing/", "/en/projects/?country=", "/admin/login/", "/accounts/login/"]
)
def test_what_is_no_page_of_all_readers_is_made_each_time(client, cache, address):
    assert asked(client, address)[0].status_code == asked(client, address)[0].status_code
    assert "public" not in client.get(address).headers.get("Cache-Control", "")


def test_wrong_host_is_refused_as_ever(client, cache):
    assert client.get("/en/", headers={"host": "elsewhere.example"}).status_code == 400


def test_readers_get_pages_as_they_were_while_the_database_does_not_answer(client, cache, monkeypatch):
    make_project(title_en="Still there")
    client.get("/en/projects/")

    def fail():
        raise OperationalError("The database is away.")

    monkeypatch.setattr(content_version, "current_version", fail)
    assert "Still there" in client.get("/en/projects/").content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kept_by", ["each worker", "redis"])
def test_no_worker_shows_a_page_that_another_process_made_old(own_database, kept_by, request):
    source = make_source(title="As it was")
    shared = {"CACHE_URL": request.getfixturevalue("redis").url} if kept_by == "redis" else {}
    with (
        serve(own_database, "--workers", "2", **shared) as site,
        httpx.Client(base_url=site.url, trust_env=False, timeout=30) as client,
    ):

        def titles():
            pages = [client.get(f"/en/sources/{source.key}/").text for _ in range(8)]
            return {html.fromstring(page).xpath("//h1")[0].text_content().strip() for page in pages}

        assert titles() == {"As it was"}
        source.title = "Changed by another process"
        source.save()
        assert titles() == {"Changed by another process"}


def test_another_release_makes_pages_anew(client, cache, monkeypatch):
    make_project()
    client.get("/en/projects/")
    monkeypatch.setattr(page_cache, "release_hash", lambda: "another")
    assert len(asked(client, "/en/projects/")[1]) > 1


def test_indicator_page_offers_its_own_places_after_another_was_opened(client, cache):
    shares, areas = make_indicator(key="water-stress"), make_indicator(key="sea-area")
    for indicator, key in ((areas, "nukus"), (areas, "muynak"), (shares, "osh"), (shares, "khujand")):
        make_observation(indicator=indicator, place=make_place(key=key))
    settle()
    for name, places in (("sea-area", ["muynak", "nukus"]), ("water-stress", ["khujand", "osh"])):
        boxes = reading.page(client.get(f"/en/indicators/{name}/")).xpath("//article//input[@name='place']")
        assert sorted(box.get("value") for box in boxes) == places


def test_pages_of_all_readers_have_the_version_that_a_cache_in_front_compares(client, cache):
    project = make_project()
    page = project.get_absolute_url()
    first = client.get(page)
    assert first.headers["Content-Version"] == client.get("/content-version").headers["Content-Version"]
    told = client.get(page, headers={"If-None-Match": first.headers["ETag"]})
    assert (told.status_code, told.headers["Content-Version"]) == (304, first.headers["Content-Version"])
    project.save()
    now = client.get("/content-version").headers["Content-Version"]
    assert now != first.headers["Content-Version"]
    assert client.get(page).headers["Content-Version"] == now
    for address in ("/en/report/", "/en/projects/no-such/", "/admin/", "/en/projects/?format=csv"):
        assert "Content-Version" not in client.get(address).headers


def test_version_for_a_cache_in_front_changes_at_midnight(client, on):
    on("2026-11-27", "23:59:59")
    before = client.get("/content-version").headers["Content-Version"]
    on("2026-11-28", "00:00:00")
    assert client.get("/content-version").headers["Content-Version"] != before
