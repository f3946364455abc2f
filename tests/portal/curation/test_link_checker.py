"""The link checker, against local servers that answer as the worst servers of the web do."""

import contextlib
import itertools
import socket
import time
from email.utils import format_datetime

import pytest
from django.utils import timezone

from portal.curation import link_checker
from portal.curation.link_checker import LinkCheck, check_links, retry_after
from portal.models.curation import ExternalLink
from tests.portal.curation.web_server import serving

CheckOutcome = ExternalLink.CheckOutcome


@pytest.fixture
def server(settings):
    settings.LINKS_MAY_BE_PRIVATE = True
    with serving() as running:
        yield running


def answers(*addresses, **options):
    return dict(check_links(addresses, **{"pause": 0, **options}))


def answer(address, **options):
    [found] = answers(address, **options).values()
    return found


@pytest.mark.parametrize(
    ("path", "outcome", "status"),
    [
        ("/200", CheckOutcome.ANSWERS, 200),
        ("/204", CheckOutcome.ANSWERS, 204),
        ("/404", CheckOutcome.NOT_FOUND, 404),
        ("/410", CheckOutcome.GONE, 410),
        ("/401", CheckOutcome.REFUSED, 401),
        ("/403", CheckOutcome.REFUSED, 403),
        ("/418", CheckOutcome.REFUSED, 418),
        ("/429", CheckOutcome.TOO_MANY, 429),
        ("/500", CheckOutcome.SERVER_ERROR, 500),
        ("/502", CheckOutcome.SERVER_ERROR, 502),
        ("/closed", CheckOutcome.UNAVAILABLE, 503),
        ("/reset", CheckOutcome.BROKEN_OFF, None),
        ("/nonsense", CheckOutcome.BROKEN_OFF, None),
    ],
)
def test_each_answer_has_its_meaning(server, path, outcome, status):
    assert answer(server.at(path)) == LinkCheck(outcome, status)


def test_head_goes_first_and_get_only_where_it_is_not_understood(server):
    assert answers(server.at("/200"), server.at("/no-head"), server.at("/404/a")) == {
        server.at("/200"): LinkCheck(CheckOutcome.ANSWERS, 200),
        server.at("/no-head"): LinkCheck(CheckOutcome.ANSWERS, 200),
        server.at("/404/a"): LinkCheck(CheckOutcome.NOT_FOUND, 404),
    }
    assert server.paths() == ["HEAD /200", "HEAD /no-head", "GET /no-head", "HEAD /404/a", "GET /404/a"]


def test_the_portal_says_who_asks_and_nothing_else(server):
    answer(server.at("/200"))
    [(_time, _command, _path, headers)] = server.asked
    assert headers["User-Agent"].startswith("Central Asia Environment and Cooperation Portal (")
    assert not {"Cookie", "Authorization", "Referer", "From year"} & set(headers)
    assert headers["Host"] == f"127.0.0.1:{server.server_port}"


def test_of_an_answer_without_end_only_the_head_is_read(server):
    started = time.monotonic()
    assert answer(server.at("/endless")) == LinkCheck(CheckOutcome.ANSWERS, 200)
    assert time.monotonic() - started < 3


def test_who_does_not_answer_in_time_is_left(server):
    assert answer(server.at("/slow"), whole=0.3) == LinkCheck(CheckOutcome.TIMEOUT)


def test_a_port_that_nobody_listens_at_and_a_name_that_nobody_has(settings):
    settings.LINKS_MAY_BE_PRIVATE = True
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert answer(f"http://127.0.0.1:{port}/") == LinkCheck(CheckOutcome.NO_CONNECTION)
    assert answer("http://nobody.invalid/") == LinkCheck(CheckOutcome.NO_HOST)


@pytest.mark.parametrize("port", ["65536", "99999", "9" * 20])
def test_port_that_does_not_exist_is_broken_and_stops_no_other_check(server, port):
    there = f"http://127.0.0.1:{port}/"
    server.leads = {"old": (301, there)}
    assert answers(there, server.at("/old"), "http://nobody.invalid/", server.at("/200")) == {
        there: LinkCheck(CheckOutcome.BROKEN_OFF),
        server.at("/old"): LinkCheck(CheckOutcome.BROKEN_OFF),
        "http://nobody.invalid/": LinkCheck(CheckOutcome.NO_HOST),
        server.at("/200"): LinkCheck(CheckOutcome.ANSWERS, 200),
    }


def test_a_certificate_that_cannot_be_verified_is_no_failure(server):
    assert answer(server.at("/200").replace("http:", "https:")) == LinkCheck(CheckOutcome.CERTIFICATE)


# ── Redirects ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [301, 308])
def test_what_moved_for_good_has_a_new_address(server, status):
    server.leads = {"old": (status, "/new")}
    assert answer(server.at("/old")) == LinkCheck(CheckOutcome.MOVED, 200, server.at("/new"))


@pytest.mark.parametrize("status", [302, 303, 307])
def test_what_leads_elsewhere_for_a_while_stands_as_it_is(server, status):
    server.leads = {"old": (status, "/new")}
    assert answer(server.at("/old")) == LinkCheck(CheckOutcome.ANSWERS, 200)


def test_a_new_address_is_what_is_for_good_and_no_further(server):
    server.leads = {"old": (301, "/new"), "new": (302, "/login")}
    assert answer(server.at("/old")) == LinkCheck(CheckOutcome.MOVED, 200, server.at("/new"))


def test_a_new_address_that_is_missing_is_missing(server):
    server.leads = {"old": (301, "/404")}
    assert answer(server.at("/old")) == LinkCheck(CheckOutcome.NOT_FOUND, 404)


def test_a_slash_at_the_end_is_no_move(server):
    server.leads = {"old": (301, "/page/")}
    assert answer(server.at("/old")).outcome == CheckOutcome.MOVED
    assert link_checker.classify("http://a.org/b", "https://www.a.org/b/", 200, "https://www.a.org/b/") == LinkCheck(
        CheckOutcome.ANSWERS, 200
    )


def test_a_page_that_became_the_front_page_may_be_gone(server):
    server.leads = {"old": (302, "/")}
    assert answer(server.at("/old/article")) == LinkCheck(CheckOutcome.FRONT_PAGE, 200, server.at("/"))


def test_a_circle_is_left(server):
    server.leads = {"a": (302, "/b"), "b": (302, "/a")}
    assert answer(server.at("/a")) == LinkCheck(CheckOutcome.LOOP, 302)
    assert len(server.asked) == link_checker.HOPS


def test_a_redirect_to_nowhere_is_no_crash(server):
    server.leads = {"a": (301, "http://[/"), "b": (301, "javascript:alert(1)"), "c": (301, "")}
    found = answers(*(server.at(f"/{name}") for name in "abc"))
    assert [one.outcome for one in found.values()] == [
        CheckOutcome.NO_HOST,
        CheckOutcome.BROKEN_OFF,
        CheckOutcome.ANSWERS,
    ]


def test_a_doi_that_leads_on_is_known(server, monkeypatch):
    monkeypatch.setattr(link_checker, "DOI", server.at("/doi/"))
    server.leads = {"doi": (302, "/403")}
    assert answer(server.at("/doi/10.1000/x")) == LinkCheck(CheckOutcome.ANSWERS, 302)
    assert server.paths() == ["HEAD /doi/10.1000/x"]


# ── Rate of requests ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_host_is_asked_with_pauses_whatever_led_there(server):
    server.leads = {"old": (301, "/new")}
    answers(server.at("/old"), server.at("/200"), pause=0.2)
    times = [moment for moment, *_rest in server.asked]
    assert len(times) == 3
    assert all(later - earlier >= 0.19 for earlier, later in itertools.pairwise(times))


def test_another_host_need_not_wait(server):
    started = time.monotonic()
    answers(server.at("/a"), server.at("/b", host="localhost"), pause=3)
    assert time.monotonic() - started < 2


def test_a_host_that_asks_to_be_left_alone_is(server):
    found = answers(server.at("/busy"), server.at("/200"), server.at("/200/b"))
    assert list(found.values()) == [LinkCheck(CheckOutcome.TOO_MANY, 429), None, None]
    assert server.paths() == ["HEAD /busy"]


def test_what_was_answered_is_told_at_once_and_who_stops_listening_stops_the_asking(server):
    with contextlib.closing(check_links([server.at("/200"), server.at("/slow"), server.at("/200/c")], pause=0)) as told:
        assert next(told) == (server.at("/200"), LinkCheck(CheckOutcome.ANSWERS, 200))
    assert server.paths() in (["HEAD /200"], ["HEAD /200", "HEAD /slow"])


@pytest.mark.parametrize(("text", "seconds"), [("120", 120), ("", 0), ("soon", 0), ("-5", 0)])
def test_a_wait_is_read_as_seconds(text, seconds):
    assert retry_after(text) == seconds


def test_a_wait_is_read_as_a_date():
    assert 3500 < retry_after(format_datetime(timezone.now() + timezone.timedelta(hours=1))) <= 3600
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0


# ── Security ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://[::1]:{port}/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://0.0.0.0:{port}/",
        "http://2130706433:{port}/",
        "http://user:secret@example.org/",
        "ftp://example.org/",
        "file:///etc/hostname",
        "http:///",
    ],
)
def test_no_link_leads_into_a_private_network(server, settings, address):
    settings.LINKS_MAY_BE_PRIVATE = False
    assert answer(address.format(port=server.server_port)).outcome == CheckOutcome.PRIVATE
    assert server.asked == []


def test_no_redirect_leads_there_either(server, settings, monkeypatch):
    server.leads = {"inside": (302, f"http://localhost:{server.server_port}/secret")}
    settings.LINKS_MAY_BE_PRIVATE = False

    async def place(host, port, ask=link_checker.public_place):
        return "127.0.0.1" if host == "public.example" else await ask(host, port)

    monkeypatch.setattr(link_checker, "public_place", place)
    assert answer(server.at("/inside", host="public.example")) == LinkCheck(CheckOutcome.PRIVATE)
    assert server.paths() == ["HEAD /inside"]


def test_an_error_of_the_program_is_not_kept_silent(server, monkeypatch):
    async def fail(self, address):
        raise ZeroDivisionError

    monkeypatch.setattr(link_checker.LinkChecker, "answer", fail)
    with pytest.raises(BaseExceptionGroup, match="unhandled errors"):
        answers(server.at("/200"))
