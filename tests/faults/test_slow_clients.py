"""Clients that are slow, or pretend to be, do not slow down others."""

import contextlib
import itertools
import os
import re
import socket
import statistics
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import lxml.html
import pytest
import yaml
from django.conf import settings

from issues.models import Observation
from tests.browser.served import PATIENCE, serve
from tests.faults.visiting import ask, session_of, until, workers_of
from tests.make import make_citation, make_indicator, make_place, make_source, make_term
from tests.test_deployment import proxied

pytestmark = pytest.mark.any_database

MANY = 24  # of each kind; the server has four threads
SOON = 5  # seconds, on a machine that also runs other tests


def connect(site):
    """Open a connection with a long timeout."""
    address = urlsplit(site.url)
    return socket.create_connection((address.hostname, address.port), timeout=60)


def said(connection):
    """Return all that the server sends until it closes the connection."""
    pieces = []
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


@pytest.fixture
def site(own_database):
    make_citation(make_term(key="tugai"), make_source())
    with serve(own_database) as running:
        assert ask(running, "/en/glossary/").is_whole_page
        yield running


@pytest.mark.django_db(transaction=True)  # the server only sees committed data
def test_others_are_served_meanwhile(site):
    begun = time.monotonic()
    with contextlib.ExitStack() as connections:

        def many(words):
            opened = [connections.enter_context(connect(site)) for _ in range(MANY)]
            for connection in opened:
                connection.sendall(words)
            return opened

        silent = many(b"")
        slow = many(b"GET /en/glossary/ HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        # These got a response and keep the connection open.
        answered = many(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        for number in range(6):
            for connection in slow:
                with contextlib.suppress(OSError):  # on a busy machine the time for a head may be over
                    connection.sendall(b"X-%d: 1\r\n" % number)
            page = ask(site, f"/ko/glossary/?q=tugai{number}")
            assert page.is_whole_page
            assert page.seconds < SOON
        # A client that is slow but completes its request gets a response. The server disconnects one that does not.
        patient = connections.enter_context(connect(site))
        patient.sendall(b"GET /en/glossary/ HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        time.sleep(1)
        patient.sendall(b"Connection: close\r\n\r\n")
        assert said(patient).startswith(b"HTTP/1.1 200 OK")
        assert [said(connection)[-3:] for connection in answered] == [b"ok\n"] * MANY
        assert {said(connection) for connection in slow + silent} == {b""}
        assert time.monotonic() - begun < 60


# ── Attacks on the portal itself ─────────────────────────────────────────────────────────────────────────────

ATTACKERS = 14
LANGUAGES = ("en", "ko", "ru")
HEALTHY_SECONDS = 1
FORM = "Content-Type: application/x-www-form-urlencoded"
IMPORT = "/admin/portal/source/import/"
CSRF_COOKIE = "csrftoken=" + 32 * "a"  # with this cookie, Django reads the form to compare its token
FILE_FORM = "Content-Type: multipart/form-data; boundary=x"
BEGUN_FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'


def head(method, path, *headers, host="127.0.0.1"):
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {host}", *headers, "", ""]).encode()


def stays_healthy(site, attackers=(), word=b"", seconds=4):
    """Assert that /healthz answers, usually in time, while attackers sometimes send a few bytes.

    A thread that an attacker holds costs ten seconds or more. On a busy machine a single response may be late, so the
    median counts.
    """
    took = []
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(took) < 5:
        for attacker in attackers:
            with contextlib.suppress(OSError):  # it was disconnected
                attacker.sendall(word)
        answer = ask(site, "/healthz", timeout=PATIENCE)
        assert (answer.status, answer.text) == (200, "ok\n")
        took.append(answer.seconds)
        time.sleep(0.2)
    assert statistics.median(took) < HEALTHY_SECONDS


def greedy_reader(site, path):
    """Open a connection that sends a request and reads no more of the response than a small buffer holds."""
    address = urlsplit(site.url)
    reader = socket.socket()
    reader.settimeout(20)
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    reader.connect((address.hostname, address.port))
    reader.sendall(head("GET", path, "Connection: close"))
    return reader


def large_table(years=100):
    """Publish observations whose table is larger than all buffers between two sockets. Return their number."""
    texts = {
        f"{field}_{language}": length * "가"
        for field, length in (("name", 160), ("licence", 200))
        for language in LANGUAGES
    }
    indicator, source = make_indicator(**texts), make_source(title=400 * "가")
    places = [make_place() for _ in range(10)]
    Observation.objects.bulk_create(
        Observation(indicator=indicator, place=place, year=year, value=year, source=source)
        for place in places
        for year in range(1800, 1800 + years)
    )
    return len(places) * years


@pytest.fixture
def attacked(own_database):
    """Run a portal with one worker of four threads, a large table, and an administrator's session cookie."""
    rows, session = large_table(), session_of("gulnara")
    with serve(own_database) as site:
        site.rows, site.cookie = rows, f"{settings.SESSION_COOKIE_NAME}={session}"
        assert ask(site, "/data/observations.csv").text.count("\n") == rows + 1
        yield site


@contextlib.contextmanager
def attackers(site, request):
    """Open that many connections that begin to send a request."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(site)) for _ in range(ATTACKERS)]
        for client in clients:
            client.sendall(request)
        yield clients


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/oai", "/accounts/login/", IMPORT])
def test_slow_bodies_hold_no_thread(attacked, path):
    size = 2_500_000 if path == IMPORT else 9_999
    with attackers(attacked, head("POST", path, FORM, f"Content-Length: {size}", f"Cookie: {CSRF_COOKIE}")) as clients:
        stays_healthy(attacked, clients, b"a=b&")


@pytest.mark.django_db(transaction=True)
def test_large_bodies_hold_no_thread(attacked):
    large = (FILE_FORM, f"Content-Length: {60 * 2**20}")
    request = head("POST", IMPORT, *large, f"Cookie: {CSRF_COOKIE}") + BEGUN_FILE
    with attackers(attacked, request) as strangers:
        stays_healthy(attacked, strangers, b"a=b&", seconds=1)
        assert {said(stranger)[:13] for stranger in strangers} <= {b"HTTP/1.1 413 ", b""}
    # A client that sends everything before it reads still gets the reason for the refusal.
    with connect(attacked) as hasty:
        with contextlib.suppress(ConnectionError):
            hasty.sendall(head("POST", IMPORT, FORM, "Content-Length: 9000000", "Accept: text/html") + 9_000_000 * b"a")
        answer = said(hasty)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nConnection: close\r\n" in answer
    assert b"Sign in, then send the file again." in answer
    # Staff may send this much, as slowly as anybody else.
    request = head("POST", IMPORT, *large, f"Cookie: {attacked.cookie}; {CSRF_COOKIE}") + BEGUN_FILE
    with attackers(attacked, request) as staff:
        stays_healthy(attacked, staff, b"a=b&")


@pytest.mark.django_db(transaction=True)
def test_slow_readers_hold_no_thread(attacked):
    path = "/data/observations.csv"
    whole = ask(attacked, path).text.encode()
    assert len(whole) > 4_000_000
    with contextlib.ExitStack() as stack:
        readers = []
        for _ in range(ATTACKERS):
            reader = stack.enter_context(greedy_reader(attacked, path))
            assert reader.recv(12) == b"HTTP/1.1 200"
            readers.append(reader)
        stays_healthy(attacked)
        # A client that is slow but reads gets the whole response.
        assert len(said(readers.pop())) > len(whole)


def assert_import(client, cookie):
    """Assert that a file of staff that is larger than the limit for forms arrives completely."""
    with client:
        page = client.get(IMPORT, headers={"Cookie": cookie})
        assert page.status_code == 200
        token = lxml.html.fromstring(page.text).xpath("string(//form//input[@name='csrfmiddlewaretoken']/@value)")
        headers = {
            "Cookie": f"{cookie}; csrftoken={page.cookies['csrftoken']}",
            "Referer": f"{client.base_url}{IMPORT}",
        }
        form = {"csrfmiddlewaretoken": token, "table": "source", "why": "A better list"}
        lines = "key\n" + "".join(f"no-source-{number:0>990}\n" for number in range(6_000))
        files = {"file": ("sources.csv", lines.encode(), "text/csv")}
        answer = client.post(IMPORT, data=form, files=files, headers=headers)
        assert answer.status_code == 200
        assert "6000" in answer.text or "6,000" in answer.text


@pytest.mark.django_db(transaction=True)
def test_staff_send_large_files(attacked):
    assert_import(httpx.Client(base_url=attacked.url, timeout=60, trust_env=False), attacked.cookie)


@pytest.mark.django_db(transaction=True)
def test_no_thread_waits_for_clients_of_the_proxy(own_database, tmp_path):
    composed = yaml.safe_load((settings.BASE_DIR / "compose.yaml").read_text(encoding="utf-8"))
    large_table(years=320)
    cookie = f"{settings.SESSION_COOKIE_NAME}={session_of('gulnara')}"
    with (
        serve(own_database, BEHIND_PROXY="1", ALLOWED_HOSTS="localhost,127.0.0.1") as site,
        proxied(composed, tmp_path, portal_port=urlsplit(site.url).port) as (address, trust),
        contextlib.ExitStack() as stack,
    ):
        host = urlsplit(address)

        def visit(request, buffer=None):
            client = socket.socket()
            client.settimeout(20)
            if buffer:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            client.connect(("127.0.0.1", host.port))
            client = stack.enter_context(trust.wrap_socket(client, server_hostname=host.hostname))
            client.sendall(request)
            return client

        def head_of(method, path, *headers):
            return head(method, path, *headers, host=host.netloc)

        def stays_quick(clients=()):
            stays_healthy(site, clients, b"a=b&", seconds=3)
            took = []
            for _time in range(3):
                begun = time.monotonic()
                assert httpx.get(f"{address}/healthz", verify=trust, trust_env=False, timeout=60).text == "ok\n"
                took.append(time.monotonic() - begun)
            assert statistics.median(took) < HEALTHY_SECONDS

        # Slow forms wait at the proxy, and so do large files as far as it buffers them.
        stays_quick([visit(head_of("POST", "/oai", FORM, "Content-Length: 2400000")) for _ in range(ATTACKERS)])
        upload = (FILE_FORM, f"Cookie: {CSRF_COOKIE}", f"Origin: {address}", f"Content-Length: {60 * 2**20}")
        strangers = [visit(head_of("POST", IMPORT, *upload)) for _ in range(ATTACKERS)]
        for stranger in strangers:
            with contextlib.suppress(OSError):
                stranger.sendall(BEGUN_FILE + 4_500_000 * b"a")
        stays_quick(strangers)
        for _ in range(ATTACKERS):
            assert visit(head_of("GET", "/data/observations.csv"), buffer=2048).recv(12) == b"HTTP/1.1 200"
        stays_quick()
        assert_import(httpx.Client(base_url=address, verify=trust, timeout=60, trust_env=False), cookie)


# ── What a client may expect ─────────────────────────────────────────────────────────────────────────────────


def statuses_of(answers):
    return re.findall(rb"HTTP/1\.[01] (\d+) ", answers)


@pytest.mark.django_db(transaction=True)
def test_requests_come_in_any_pieces_and_several_at_once(site):
    form = head("POST", "/oai", FORM, "Content-Length: 13") + b"verb=Identify"
    last = head("GET", "/healthz", "Connection: close")
    with connect(site) as client:
        client.sendall(head("GET", "/healthz") + form + head("GET", "/healthz") + form + last)
        assert statuses_of(said(client)) == [b"200"] * 5
    with connect(site) as client:
        for piece in (form[:7], form[7:-5], form[-5:] + last[:9], last[9:]):
            client.sendall(piece)
            time.sleep(0.2)
        assert statuses_of(said(client)) == [b"200"] * 2
    with connect(site) as client:  # HTTP/1.0 closes by itself
        client.sendall(b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        assert said(client).endswith(b"\r\n\r\nok\n")


@pytest.mark.django_db(transaction=True)
def test_client_that_waits_for_100_continue_gets_it_unless_it_is_refused(site):
    with connect(site) as client:
        client.sendall(head("POST", "/oai", FORM, "Content-Length: 13", "Expect: 100-continue", "Connection: close"))
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"verb=Identify")
        assert statuses_of(said(client)) == [b"200"]
    with connect(site) as client:
        client.sendall(head("POST", "/oai", FORM, "Content-Length: 9000000", "Expect: 100-continue"))
        assert statuses_of(said(client)) == [b"413"]


@pytest.mark.django_db(transaction=True)
def test_client_that_is_refused_is_not_cut_off_while_it_sends(site):
    """A reset could reach the client before it has read the reason for the refusal (RFC 9112, section 9.6)."""
    with connect(site) as client:
        client.sendall(head("POST", "/oai", FORM, "Content-Length: 9000000"))
        assert statuses_of(said(client)) == [b"413"]
        client.sendall(1_000_000 * b"a")
        client.shutdown(socket.SHUT_WR)


@pytest.mark.django_db(transaction=True)
def test_client_that_never_closes_its_connection_is_let_go(site):
    [worker], port = workers_of(site.process), urlsplit(site.url).port
    with connect(site) as client:
        client.sendall(head("GET", "/healthz", "Connection: close"))
        assert said(client).endswith(b"ok\n")
        until(lambda: connections_of(worker, port, HALF_CLOSED) + connections_of(worker, port) == 0)


@pytest.mark.django_db(transaction=True)
def test_chunks_without_a_length_are_refused_and_never_taken_for_a_request(site):
    with connect(site) as client:
        chunks = b"1c\r\n" + head("GET", "/healthz")[:28] + b"\r\n0\r\n\r\n"
        client.sendall(head("POST", "/oai", FORM, "Transfer-Encoding: chunked") + chunks)
        answer = said(client)
    assert statuses_of(answer) == [b"411"]
    assert b"Send the length of the body in Content-Length" in answer


@pytest.mark.django_db(transaction=True)
def test_clients_that_are_too_slow_are_disconnected(own_database):
    large_table()
    with (
        serve(own_database, "--worker-class", "tests.faults.impatient.SlowClientWorker") as site,
        connect(site) as sender,
    ):
        sender.sendall(head("POST", "/oai", FORM, "Content-Length: 9999"))
        reader = greedy_reader(site, "/data/observations.csv")
        begun = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - begun < 30:  # a byte now and then is not enough
                sender.sendall(b"a")
                time.sleep(0.2)
        assert time.monotonic() - begun < 30
        with reader:
            time.sleep(6)
            answer = said(reader)
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert not answer.endswith(b"0\r\n\r\n")


ESTABLISHED, HALF_CLOSED = "01", "05"  # states of a connection in /proc/net/tcp


def connections_of(process, port, wanted=ESTABLISHED):
    """Return the number of connections of a process to a port of this machine in a state."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    established = {
        f"socket:[{inode}]"
        for _, here, _, state, *_, inode in (line[:10] for line in lines)
        if state == wanted and int(here.partition(":")[2], 16) == port
    }
    count = 0
    for one in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            count += os.readlink(one) in established
    return count


@pytest.mark.django_db(transaction=True)
def test_workers_share_readers_who_come_at_once_and_stay(own_database):
    with serve(own_database, "--workers", "2") as site:
        until(lambda: len(workers_of(site.process)) == 2)
        workers, port = workers_of(site.process), urlsplit(site.url).port

        def held():
            return [connections_of(worker, port) for worker in workers]

        def share():
            until(lambda: held() == [0, 0])
            with contextlib.ExitStack() as readers:
                for reader in [readers.enter_context(socket.socket()) for _ in range(16)]:
                    reader.setblocking(False)
                    reader.connect_ex(("127.0.0.1", port))
                until(lambda: sum(held()) == 16)
                return min(held())

        until(share, 30)  # the second worker may still be starting
        # On a busy machine one worker may sleep through a burst. Without sharing, one worker takes every burst whole.
        shared = (burst for burst in range(15) if share() >= 5)
        assert len([*itertools.islice(shared, 3)]) == 3
