"""A shared cache stops and starts under load: readers do not notice, and the portal recovers by itself."""

import httpx
import pytest

from tests.browser.served import serve
from tests.faults.redis_server import running_redis
from tests.faults.visiting import Readers, ask, early_in_a_minute, sign_in_wrongly, until
from tests.make import make_source

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.any_database]

PAGES = ("/en/glossary/", "/ko/sources/", "/ru/", "/en/sources/?q=aral{}")
WORDS = {"en": "Back in a moment", "ko": "곧 다시 열립니다", "ru": "Скоро вернёмся"}


@pytest.fixture
def redis():
    with running_redis() as server:
        yield server


def test_readers_do_not_notice_and_who_signs_in_is_told(own_database, redis):
    make_source(title="Aral")
    with (
        serve(own_database, "--workers", "2", CACHE_URL=redis.url) as site,
        httpx.Client(base_url=site.url, headers={"Referer": site.url}, trust_env=False, timeout=30) as client,
    ):
        with Readers(site, PAGES, count=4) as readers:
            readers.wait_for(200, count=3)
            assert redis.client.dbsize() > 0  # pages are cached in it
            redis.stop()
            readers.wait_for(200, count=20)
            for language, words in WORDS.items():
                refused = sign_in_wrongly(client, language)
                assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")
                assert words in refused.text
            assert ask(site, "/readyz").status == 200  # the proxy may send readers here
            redis.start()
            until(lambda: ask(site, "/en/glossary/").is_whole_page and redis.client.dbsize() > 0)
            assert sign_in_wrongly(client, "en").status_code == 200
        assert "Traceback" not in site.log()
        assert "Redis does not answer" in site.log()
    assert [answer for answer in readers.answers if not answer.is_whole_page] == []


def test_workers_count_requests_of_an_address_together(own_database, redis):
    with serve(own_database, "--workers", "2", CACHE_URL=redis.url, LIMIT_SEARCH="20") as site:
        early_in_a_minute()
        answers = [ask(site, f"/en/search/?q=water{number}").status for number in range(40)]
    # A worker reserves two tokens before it asks the cache. After that both workers use the same bucket.
    assert answers.count(200) <= 20 + 2 * 2
    assert answers[-1] == 429


def test_a_redis_that_never_answered_stops_nobody_from_reading(own_database):
    with serve(own_database, CACHE_URL="redis://127.0.0.1:1/0") as site:
        assert ask(site, "/en/glossary/").is_whole_page
