"""How often one address may ask for searches, files and the API: counted by all processes together."""

import httpx
import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.cache import cache

from portal import limits
from tests import reading
from tests.browser.served import serve
from tests.make import make_project

pytestmark = pytest.mark.django_db

MOST = 10
NOW = 1_800_000_010.0  # ten seconds into a minute
PAGE = {"Accept": "text/html,application/xhtml+xml"}
SEARCH, SUGGEST, LIST = "/en/search/?q=aral", "/en/search/suggest/?q=ar", "/en/projects/?q=aral"
EXPORT, TABLE, API = "/en/projects/?format=csv", "/data/projects.csv", "/api/v1/projects"


@pytest.fixture(autouse=True)
def few(settings, monkeypatch):
    """Ten of each in a minute that stands still, and a process that has counted nothing yet."""
    settings.LIMITS = dict.fromkeys(settings.LIMITS, MOST)
    monkeypatch.setattr(limits, "time", lambda: NOW)
    monkeypatch.setattr(limits, "book", limits.Book())


def statuses(client, address, times, **headers):
    return [client.get(address, headers=headers).status_code for _ in range(times)]


@pytest.mark.parametrize("address", [SEARCH, SUGGEST, LIST, EXPORT, TABLE, API])
def test_what_costs_most_is_answered_so_often_a_minute(client, address):
    make_project()
    assert statuses(client, address, MOST + 2) == [200] * MOST + [429] * 2


def test_pages_are_read_as_often_as_one_likes(client):
    project = make_project()
    for address in ("/en/", "/en/projects/", "/en/projects/?sort=-start", project.get_absolute_url()):
        assert statuses(client, address, MOST + 2) == [200] * (MOST + 2)


def test_each_kind_is_counted_by_itself(client):
    make_project()
    assert statuses(client, SEARCH, MOST + 1)[-1] == 429
    assert statuses(client, SUGGEST, 1) == [429]
    assert statuses(client, EXPORT, 1) == statuses(client, API, 1) == [200]


def test_next_minute_begins_anew(client, monkeypatch):
    assert statuses(client, SEARCH, MOST + 1)[-1] == 429
    monkeypatch.setattr(limits, "time", lambda: NOW + 50)
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
    settings.LIMITS = dict.fromkeys(settings.LIMITS, 0)
    assert statuses(client, SEARCH, 3 * MOST) == [200] * 3 * MOST


def test_reader_who_asks_as_people_do_makes_the_portal_write_nothing(client, settings, monkeypatch):
    settings.LIMITS = dict.fromkeys(settings.LIMITS, 240)
    monkeypatch.setattr(cache, "add", lambda *args: pytest.fail("The shared cache was written to."))
    assert statuses(client, SUGGEST, 24) == [200] * 24


@pytest.mark.parametrize("most", [10, 25, 240])
def test_processes_count_together(rf, settings, most):
    settings.LIMITS = dict.fromkeys(settings.LIMITS, most)
    request = rf.get("/")
    request.user = AnonymousUser()
    processes, answered = [limits.Book() for _ in range(4)], 0
    for number in range(3 * most):
        limits.book = processes[number % 4]
        try:
            limits.spend(request, "search")
            answered += 1
        except limits.TooOften:
            pass
    share = most // 10
    assert most - share < answered <= most + 3 * share


def test_a_cache_that_fails_refuses_nobody(client, monkeypatch, caplog):
    def fail(*args):
        raise ConnectionError("no cache")

    monkeypatch.setattr(cache, "add", fail)
    assert statuses(client, SEARCH, 2 * MOST) == [200] * 2 * MOST
    assert {record.message for record in caplog.records if record.name == "portal.limits"} == {
        "The shared cache does not answer; requests go uncounted."
    }


def test_workers_of_a_server_count_together(content_url):
    with (
        serve(content_url, "--workers", "2", LIMIT_SEARCH="20") as site,
        httpx.Client(base_url=site.url, trust_env=False, timeout=30) as client,
    ):
        answered = [client.get("/en/search/suggest/?q=aral") for _ in range(60)]
    codes = [response.status_code for response in answered]
    assert set(codes) == {200, 429}
    # The minute may end meanwhile; then two minutes' worth is answered.
    assert codes.count(200) in range(20, 2 * (20 + 2) + 1)
