"""Limits on searches, files and the API for one address, counted over all processes."""

import ipaddress
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.cache import cache

from portal.http import throttling
from tests import reading
from tests.browser.served import serve
from tests.faults.visiting import until
from tests.make import make_project

pytestmark = pytest.mark.django_db

MOST = 10
NOW = 1_800_000_010.0  # ten seconds into a minute
PAGE = {"Accept": "text/html,application/xhtml+xml"}
SEARCH, SUGGEST, LIST = "/en/search/?q=aral", "/en/search/suggest/?q=ar", "/en/projects/?q=aral"
EXPORT, TABLE, API = "/en/projects/?format=csv", "/data/projects.csv", "/api/v1/projects"


@pytest.fixture(autouse=True)
def few(settings, monkeypatch):
    """Set limits of ten a minute, stop the clock and empty the buckets. Pages and concurrency have no limits."""
    settings.THROTTLE_RATES = dict.fromkeys(settings.THROTTLE_RATES, MOST) | {"pages": 0, "at_once": 0}
    monkeypatch.setattr(throttling, "time", lambda: NOW)
    monkeypatch.setattr(throttling, "buckets", throttling.TokenBuckets())


def statuses(client, address, times, **headers):
    return [client.get(address, headers=headers).status_code for _ in range(times)]


@pytest.mark.parametrize("address", [SEARCH, SUGGEST, LIST, EXPORT, TABLE, API])
def test_what_costs_most_is_answered_so_often_a_minute(client, address):
    make_project()
    assert statuses(client, address, MOST + 2) == [200] * MOST + [429] * 2


# ── Pages ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def few_pages(settings):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"pages": MOST}


@pytest.mark.parametrize(
    ("address", "cost"),
    [
        ("/en/", 1),
        ("/en/projects/?sort=-start", 1),
        ("/en/no-such-page/", 1),
        ("/en/projects/no-such-project/", 1),
        ("/api/docs", 1),
        *((f"/en/{name}/", cost) for name, cost in throttling.PAGE_COSTS.items()),
        ("/en/embed/map/", throttling.PAGE_COSTS["map"]),
    ],
)
def test_page_that_has_to_be_made_is_counted_by_its_cost(client, few_pages, address, cost):
    answered = MOST // cost
    [status] = set(statuses(client, address, answered, **PAGE))
    assert status in {200, 404}
    assert statuses(client, address, 2, **PAGE) == ([429] * 2)


def test_cached_pages_are_neither_counted_nor_refused(client, few_pages, page_cache):
    address = make_project().get_absolute_url()
    assert statuses(client, address, 3 * MOST) == [200] * 3 * MOST
    # One was made: nine are left.
    assert statuses(client, "/en/no-such-page/", MOST) == [404] * (MOST - 1) + [429]
    assert statuses(client, address, 1) == [200]


def test_redirects_to_the_canonical_address_are_not_counted(client, few_pages, page_cache):
    assert statuses(client, "/en/about/?z=1", 3 * MOST) == [302] * 3 * MOST
    assert statuses(client, "/en/about/", 1) == [200]


def test_files_health_and_staff_pages_are_no_pages(client, few_pages, settings):
    settings.THROTTLE_RATES = dict.fromkeys(settings.THROTTLE_RATES, 0) | {"pages": 1}
    make_project()
    assert statuses(client, "/en/about/", 2) == [200, 429]
    for address in (EXPORT, TABLE, API, SUGGEST, "/healthz", "/robots.txt"):
        assert statuses(client, address, 1) == [200]
    assert statuses(client, "/admin/", 1) == [302]
    assert statuses(client, "/accounts/login/", 1) == [200]


def test_pages_are_made_for_whoever_is_signed_in(client, few_pages):
    client.force_login(User.objects.create_user("gulnara"))
    assert statuses(client, "/en/map/", MOST) == [200] * MOST


# ── Files ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("form", "rows", "most"), [("csv", 0, 30), ("csv", 8, 10), ("json", 8, 6), ("geojson", 8, 6)])
def test_file_costs_by_its_rows(client, settings, monkeypatch, form, rows, most):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"export": 30}
    monkeypatch.setattr(throttling, "ROWS", {"csv": 4})
    monkeypatch.setattr(throttling, "ROWS_OTHERWISE", 2)
    for _ in range(rows):
        make_project()
    answered = statuses(client, f"/en/projects/?format={form}", most + 1)
    assert answered == [200] * most + [429]


def test_file_that_costs_more_than_a_minute_has_is_still_to_be_had(client, settings, monkeypatch):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"export": 20}
    monkeypatch.setattr(throttling, "ROWS", {"csv": 1})
    for _ in range(3 * MOST):
        make_project()
    small = "/data/sources.csv"
    assert statuses(client, small, 1) == [200]
    assert statuses(client, TABLE, 2) == [200, 429]
    # Of 20, the first took 1 and 16, the small one 1; the next request took 1, and its refused rows nothing.
    assert statuses(client, small, 2) == [200, 429]


def test_rows_are_counted_before_a_file_is_made(client, settings, monkeypatch):
    monkeypatch.setattr(throttling, "ROWS", {"csv": 1})
    make_project(), make_project()
    assert statuses(client, EXPORT, 3) == [200] * 3
    monkeypatch.setattr("portal.formats.spreadsheets.csv_text", lambda *args, **more: pytest.fail("The file was made."))
    assert statuses(client, EXPORT, 1) == [429]


@pytest.mark.parametrize("form", ["json", "geojson"])
def test_large_json_costs_far_more_than_a_small_file(form):
    assert 1 + throttling.cost_of_rows(form, 50_000) > 100
    assert 1 + throttling.cost_of_rows(form, 171) == 1


# ── At once ──────────────────────────────────────────────────────────────────────────────────────────────────

HERE, THERE = "203.0.113.7", "203.0.113.8"


@pytest.fixture
def places(settings, monkeypatch):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"at_once": 3}
    monkeypatch.setattr(throttling, "free_slots", throttling.FreeSlots())
    return throttling.free_slots


def test_few_requests_of_one_network_are_worked_on_at_once(client, places, monkeypatch):
    monkeypatch.setattr(throttling, "WAIT_SECONDS", 0.01)
    assert [places.take(HERE, False, 0.01) for _ in range(4)] == [True] * 3 + [False]
    assert places.take(THERE, False)
    places.give_back(HERE, False)
    assert places.take(HERE, False)


def test_files_leave_a_place_to_pages(places):
    assert [places.take(HERE, True, 0.01) for _ in range(3)] == [True, True, False]
    assert places.take(HERE, False, 0.01)
    assert not places.take(HERE, False, 0.01)


def test_some_wait_until_a_place_is_free_and_the_others_are_refused(places):
    for _ in range(3):
        places.take(HERE, False)
    with ThreadPoolExecutor(throttling.WAITING) as threads:
        waiting = [threads.submit(places.take, HERE, False, 60) for _ in range(throttling.WAITING)]
        until(lambda: places.waiting == throttling.WAITING)
        assert not places.take(HERE, False, 60)  # at once: no thread is left to wait in
        for _ in range(throttling.WAITING):
            places.give_back(HERE, False)
        assert [future.result(60) for future in waiting] == [True] * throttling.WAITING
    assert places.waiting == 0


def test_short_answers_do_not_wait_for_a_long_file(client, places, settings):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"at_once": 2}
    make_project()
    download = client.get("/en/projects/?format=csv")
    assert [client.get(path).status_code for path in ("/en/search/suggest/?q=aral", "/robots.txt")] == [200, 200]
    download.close()


def test_request_without_a_place_is_told_to_come_again(client, places, monkeypatch):
    monkeypatch.setattr(throttling.FreeSlots.take, "__defaults__", (0.01,))
    for _ in range(3):
        places.take(ipaddress.ip_address(HERE), False)
    for address in ("/en/about/", "/api/v1/projects"):
        response = client.get(address, REMOTE_ADDR=HERE)
        assert (response.status_code, response.headers["Retry-After"]) == (429, str(throttling.RETRY_SECONDS))
    response = client.get("/oai?verb=Identify", REMOTE_ADDR=HERE)
    assert (response.status_code, response.headers["Retry-After"]) == (503, str(throttling.RETRY_SECONDS))
    assert client.get("/healthz", REMOTE_ADDR=HERE).status_code == 200
    assert client.get("/en/about/", REMOTE_ADDR=THERE).status_code == 200
    client.force_login(User.objects.create_user("gulnara"))
    assert client.get("/en/about/", REMOTE_ADDR=HERE).status_code == 200


def test_place_is_given_back_after_each_answer_however_it_ends(client, places, monkeypatch):
    client.raise_request_exception = False
    for address in ("/en/about/", "/en/projects/no-such/", "/en/nothing/", "/en/about/?z=1", SEARCH, API):
        client.get(address)
    monkeypatch.setattr("portal.views.About.get_context_data", None)
    assert client.get("/en/about/").status_code == 500
    assert (dict(places.taken), dict(places.files)) == ({}, {})


def test_streamed_answer_holds_its_place_until_it_is_closed(client, places):
    make_project()
    response = client.get(EXPORT)
    assert response.streaming
    assert sum(places.taken.values()) == sum(places.files.values()) == 1
    response.close()
    assert (dict(places.taken), dict(places.files)) == ({}, {})


# ── Who asks ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_kind_is_counted_by_itself(client):
    make_project()
    assert statuses(client, SEARCH, MOST + 1)[-1] == 429
    assert statuses(client, SUGGEST, 1) == [429]
    assert statuses(client, EXPORT, 1) == statuses(client, API, 1) == [200]


def test_next_minute_begins_anew(client, monkeypatch):
    assert statuses(client, SEARCH, MOST + 1)[-1] == 429
    monkeypatch.setattr(throttling, "time", lambda: NOW + 50)
    assert statuses(client, SEARCH, MOST + 1) == [200] * MOST + [429]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Please try again in 51 seconds."),
        ("ko", "51초 뒤에 다시 시도해 주십시오."),
        ("ru", "Попробуйте снова через 51 секунду."),
    ],
)
def test_reader_is_told_in_their_language_when_to_come_again(client, language, said):
    address = f"/{language}/search/?q=aral"
    statuses(client, address, MOST)
    response = client.get(address, headers=PAGE)
    tree = reading.page(response)
    assert (response.status_code, tree.get("lang"), response.headers["Retry-After"]) == (429, language, "51")
    assert said in reading.words(tree.find(".//main"))
    assert tree.xpath("//main//a/@href") == [f"/{language}/data/", f"/{language}/"]
    assert tree.xpath("//meta[@name='robots']/@content") == ["noindex"]
    assert "no-store" in response.headers["Cache-Control"]
    assert "Accept" in response.headers["Vary"].split(", ")


@pytest.mark.parametrize(("address", "headers"), [(API, {}), (API, PAGE), (TABLE, {}), (SUGGEST, {"Accept": "*/*"})])
def test_program_is_told_in_its_own_form(client, address, headers):
    make_project()
    statuses(client, address, MOST)
    response = client.get(address, headers=headers)
    assert (response.status_code, response.headers["Retry-After"]) == (429, "51")
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json() == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "This address asked too often. Ask again after the seconds that Retry-After says.",
        "retry_after": 51,
    }


@pytest.mark.parametrize("address", [EXPORT, TABLE, API])
def test_what_one_has_already_is_not_counted(client, address):
    make_project()
    have = client.get(address).headers["ETag"]
    assert statuses(client, address, 2 * MOST, **{"If-None-Match": have}) == [304] * 2 * MOST
    assert statuses(client, address, MOST) == [200] * (MOST - 1) + [429]
    assert statuses(client, address, 1, **{"If-None-Match": have}) == [304]


def test_whoever_is_signed_in_is_never_refused(client):
    client.force_login(User.objects.create_user("gulnara"))
    assert statuses(client, SEARCH, MOST + 3) == [200] * (MOST + 3)


def test_each_address_is_counted_by_itself_and_a_network_of_ipv6_as_one(client):
    def asked(address, times):
        return [client.get(SEARCH, REMOTE_ADDR=address).status_code for _ in range(times)]

    assert asked("203.0.113.7", MOST + 1)[-1] == 429
    assert asked("203.0.113.8", 1) == [200]
    assert asked("2001:db8:1:2::7", MOST) == [200] * MOST
    assert asked("2001:db8:1:2:ffff::8", 1) == [429]
    assert asked("2001:db8:1:3::7", 1) == [200]


@pytest.mark.parametrize(("proxies", "last"), [(0, 429), (1, 200)])
def test_the_address_that_a_proxy_forwards_counts_only_behind_one(client, settings, proxies, last):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    forwarded = [
        client.get(SEARCH, headers={"X-Forwarded-For": f"198.51.100.9, 203.0.113.{number}"}).status_code
        for number in range(MOST + 1)
    ]
    assert forwarded == [200] * MOST + [last]


def test_no_limit_is_no_limit(client, settings):
    settings.THROTTLE_RATES = dict.fromkeys(settings.THROTTLE_RATES, 0)
    assert statuses(client, SEARCH, 3 * MOST) == [200] * 3 * MOST


def test_reader_who_asks_as_people_do_makes_the_portal_write_nothing(client, settings, monkeypatch):
    settings.THROTTLE_RATES = dict.fromkeys(settings.THROTTLE_RATES, 240)
    monkeypatch.setattr(cache, "add", lambda *args: pytest.fail("The shared cache was written to."))
    assert statuses(client, SUGGEST, 24) == [200] * 24


@pytest.mark.parametrize("most", [10, 25, 240])
def test_processes_count_together(rf, settings, most):
    settings.THROTTLE_RATES = dict.fromkeys(settings.THROTTLE_RATES, most)
    request = rf.get("/")
    request.user = AnonymousUser()
    processes, answered = [throttling.TokenBuckets() for _ in range(4)], 0
    for number in range(3 * most):
        throttling.buckets = processes[number % 4]
        try:
            throttling.throttle(request, "search")
            answered += 1
        except throttling.Throttled:
            pass
    share = most // 10
    assert most - share < answered <= most + 3 * share


def test_a_cache_that_fails_refuses_nobody(client, monkeypatch, caplog):
    def fail(*args):
        raise ConnectionError("no cache")

    monkeypatch.setattr(cache, "add", fail)
    assert statuses(client, SEARCH, 2 * MOST) == [200] * 2 * MOST
    assert {record.message for record in caplog.records if record.name == "portal.http.throttling"} == {
        "The shared cache does not answer; requests go uncounted."
    }


def test_workers_of_a_server_count_together(content_url):
    with (
        serve(content_url, "--workers", "2", LIMIT_SEARCH="20", BEHIND_PROXY="1") as site,
        httpx.Client(base_url=site.url, trust_env=False, timeout=30) as client,
    ):
        # Its own address: servers of other tests count in the same database.
        client.headers["X-Forwarded-For"] = "192.0.2.44"
        answered = [client.get("/en/search/suggest/?q=aral") for _ in range(60)]
    codes = [response.status_code for response in answered]
    assert set(codes) == {200, 429}
    # The minute may end meanwhile; then the limits of two minutes apply.
    assert codes.count(200) in range(20, 2 * (20 + 2) + 1)
