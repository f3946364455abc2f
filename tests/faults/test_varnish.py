"""Varnish before the portal, as in compose: readers get no old and no private page, also while it is stopped."""

import os
import signal
import time
from urllib.parse import urlsplit

import brotli
import httpx
import pytest
from django.conf import settings
from django.test import override_settings

from portal.publishing.preview import preview_links
from portal.tracking.change_log import content_transaction
from tests.browser.served import serve, settings_of_a_local_run
from tests.faults.varnish_server import running_varnish
from tests.faults.visiting import session_of, until, workers_of
from tests.make import make_project, make_term

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.any_database]

SECONDS = 1  # until all readers see a change
BROWSER = {"Accept": "text/html,application/xhtml+xml", "Accept-Encoding": "br, gzip"}
PAGES = {
    "/en/projects/aral/": "title_en",
    "/ko/projects/aral/": "title_ko",
    "/ru/projects/aral/": "title_ru",
    "/en/projects/": "title_en",
}


@pytest.fixture
def project():
    return make_project(key="aral", title_en="Aral one", title_ko="아랄 one", title_ru="Арал one")


@pytest.fixture
def site(own_database, project):
    with serve(own_database, BEHIND_PROXY="1", LOG_FORMAT="json", LOG_LEVEL="INFO") as site:
        yield site


@pytest.fixture
def reader(site):
    """Return a client of the cache that names the portal as its host."""
    with (
        running_varnish(site.url) as url,
        httpx.Client(base_url=url, headers=BROWSER | {"Host": site.url[7:]}, trust_env=False, timeout=60) as reader,
    ):
        yield reader


def change(project, word):
    with content_transaction():
        for name in ("title_en", "title_ko", "title_ru"):
            setattr(project, name, f"{getattr(project, name).split()[0]} {word}")
        project.save()


def is_from_the_portal(site, reader, path, **headers):
    """Return True if the portal itself answers the second of two requests: its log names the request."""
    reader.get(path, headers=headers)
    name = f"asked-{time.monotonic_ns()}"
    reader.get(path, headers=headers | {"X-Request-ID": name})
    time.sleep(0.1)
    return name in site.log()


def test_pages_and_static_files_come_from_the_cache(site, reader):
    for path in (*PAGES, "/en/projects/?sort=title"):
        assert reader.get(path).status_code == 200
        # On a busy machine, a page may be no longer fresh when it is asked for again.
        until(lambda path=path: not is_from_the_portal(site, reader, path))
    styles = reader.get("/en/").text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert not is_from_the_portal(site, reader, styles)
    page = reader.get("/en/projects/", headers={"X-Request-ID": "mine"})
    assert page.headers["X-Request-ID"] == "mine"
    assert not {"Via", "X-Varnish", "Content-Version"} & set(page.headers)
    again = reader.get("/en/projects/", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_pages_of_one_reader_and_answers_to_programs_come_from_the_portal(site, reader):
    session = f"{settings.SESSION_COOKIE_NAME}={session_of('kim')}"
    for path, headers in (
        ("/en/report/", {}),
        ("/en/digests/", {}),
        ("/accounts/login/", {}),
        ("/en/projects/no-such/", {}),
        ("/en/projects/", {"HX-Request": "true"}),
        ("/en/projects/", {"Cookie": session}),
        ("/en/projects/", {"Cookie": "theme=dark; __Host-sessionid=abc"}),  # the name with HTTPS
        ("/en/projects/", {"Accept-Encoding": "br;q=0, gzip"}),
        ("/en/projects/aral/", {"Accept": "application/json"}),
    ):
        assert is_from_the_portal(site, reader, path, **headers), (path, headers)
    assert reader.get("/admin/", headers={"Cookie": session}).status_code in {200, 302}


def test_each_address_and_each_compression_has_its_own_page(reader):
    one, other = (reader.get(f"/en/search/?q={word}") for word in ("aral", "nothing"))
    assert one.text != other.text
    raw = {}
    for accepted in ("br, gzip", "gzip", "identity"):
        for _ in range(2):
            with reader.stream("GET", "/en/projects/", headers={"Accept-Encoding": accepted}) as answer:
                raw[accepted] = (answer.headers.get("Content-Encoding"), b"".join(answer.iter_raw()))
    assert [encoding for encoding, _ in raw.values()] == ["br", "gzip", None]
    assert brotli.decompress(raw["br, gzip"][1]) == raw["identity"][1]
    redirect = reader.get("/en/projects/aral/", headers={"Accept": "application/json"})
    assert redirect.status_code != 200 or "json" in redirect.headers["Content-Type"]
    assert "text/html" in reader.get("/en/projects/aral/").headers["Content-Type"]


def test_all_readers_see_a_save_within_a_second(reader, project):
    for word in ("two", "three", "four"):
        for path in PAGES:
            reader.get(path)
        change(project, word)
        for path in PAGES:
            until(lambda path=path, word=word: word in reader.get(path).text, seconds=30, pause=0.02)
    change(project, "five")
    time.sleep(SECONDS)
    assert [path for path in PAGES if "five" not in reader.get(path).text] == []


def test_hidden_record_is_gone_within_a_second(reader, project):
    assert reader.get("/en/projects/aral/").status_code == 200
    with content_transaction():
        project.publication = "draft"
        project.save()
    time.sleep(SECONDS)
    assert reader.get("/en/projects/aral/").status_code in {404, 410}


def test_preview_of_a_draft_is_not_stored(site, reader):
    draft = make_project(key="draft", title_en="Not yet", publication="draft")
    with override_settings(SECRET_KEY=settings_of_a_local_run()["SECRET_KEY"]):
        path = urlsplit(preview_links(draft)[0][2]).path
    assert "Not yet" in reader.get(path).text
    assert is_from_the_portal(site, reader, path)


def test_readers_notice_nothing_while_the_portal_is_stopped(site, reader, project):
    seen = {path: reader.get(path).text for path in PAGES}
    reader.get("/en/projects/?sort=title")
    change(project, "two")  # the portal stops before anyone has read this
    time.sleep(SECONDS)
    assert "two" in reader.get("/en/projects/aral/").text
    site.process.terminate()
    site.process.wait(timeout=60)
    for _ in range(3):
        for path, text in seen.items():
            answer = reader.get(path)
            assert answer.status_code == 200
            assert path == "/en/projects/aral/" or answer.text == text
        time.sleep(SECONDS)
    assert "two" in reader.get("/en/projects/aral/").text
    unknown = reader.get("/en/glossary/")
    assert (unknown.status_code, unknown.headers["X-Cache-Away"]) == (503, "1")


def test_readers_notice_nothing_while_the_portal_hangs(site, reader):
    seen = {path: reader.get(path).text for path in PAGES}
    workers = workers_of(site.process)
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    try:
        assert {path: reader.get(path, timeout=30).text for path in PAGES} == seen
    finally:
        for worker in workers:
            os.kill(worker, signal.SIGCONT)


def test_nobody_may_delete_from_the_cache(site, reader):
    make_term(key="tugai")
    reader.get("/en/glossary/")
    for method in ("PURGE", "BAN", "REFRESH"):
        assert reader.request(method, "/en/glossary/").status_code == 405
    until(lambda: not is_from_the_portal(site, reader, "/en/glossary/"))  # it may just be no longer fresh
