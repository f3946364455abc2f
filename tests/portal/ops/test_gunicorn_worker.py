"""The limits and buffers of the portal's gunicorn worker. tests/faults/test_slow_clients.py attacks a running one."""

import ast
import hashlib
import importlib.metadata
import inspect
import logging
import pkgutil
import re
import socket
import textwrap
from types import SimpleNamespace

import pytest

from portal.ops import gunicorn_worker
from portal.ops.gunicorn_worker import ClientSocket, Room, SlowClientWorker, Spool


@pytest.fixture
def room():
    return Room()


@pytest.fixture
def small_room(monkeypatch):
    monkeypatch.setattr(gunicorn_worker, "MEMORY_BYTES", 10)
    monkeypatch.setattr(gunicorn_worker, "RESERVED_BYTES", 100)
    monkeypatch.setattr(gunicorn_worker, "TOTAL_BYTES", 1_000)


@pytest.fixture
def new_spool(room):
    spools = []

    def new():
        spools.append(Spool(room))
        return spools[-1]

    yield new
    for spool in spools:
        spool.clear()
    assert room.taken == 0


@pytest.fixture
def pair(room):
    """Yield a client and the socket that gunicorn gets for it."""
    ours, client = socket.socketpair()
    client.settimeout(5)
    with client:
        gunicorns = ClientSocket(ours, room)
        yield gunicorns, client
        gunicorns.close()


@pytest.mark.usefixtures("small_room")
def test_spool_returns_what_was_written_in_order(room, new_spool):
    spool = new_spool()
    for number in range(30):  # most of it is in a file, not in memory
        spool.write(b"%02d" % number)
    assert spool.peek(4) == spool.peek(4) == b"0001"
    spool.skip(3)
    spool.write(b"end")
    assert spool.peek(5) == b"10203"
    spool.skip(len(spool) - 3)
    assert (spool.peek(99), len(spool), room.taken) == (b"end", 3, 63)
    spool.skip(3)
    assert (spool.peek(99), len(spool), room.taken) == (b"", 0, 0)


@pytest.mark.usefixtures("small_room")
def test_all_clients_together_leave_a_bounded_number_of_bytes(room, new_spool, caplog):
    large, other, small = new_spool(), new_spool(), new_spool()
    large.write(900 * b"a")
    other.write(100 * b"a")
    with caplog.at_level(logging.WARNING), pytest.raises(ConnectionResetError):
        other.write(b"a")
    assert [record.message for record in caplog.records] == [
        "A client was cut off: all clients together have left more than 1000 bytes."
    ]
    small.write(100 * b"a")  # what each may always use
    large.clear()
    other.write(100 * b"a")
    assert (len(other), len(small), room.taken) == (200, 100, 300)


def test_answer_that_the_client_does_not_take_waits_for_it(pair, room, tmp_path):
    gunicorns, client = pair
    file = tmp_path / "file"
    file.write_bytes(b"0123456789" * 400_000)
    with file.open("rb") as opened:
        gunicorns.sendall(b"head ")
        gunicorns.sendfile(opened, offset=5, count=3_999_990)
        gunicorns.sendall(b" end")
    assert room.taken > 1_000_000
    received = bytearray()
    while not received.endswith(b" end"):
        gunicorns.flush()
        received += client.recv(1_000_000)
    assert bytes(received) == b"head " + file.read_bytes()[5:-5] + b" end"
    assert (gunicorns.flush(), room.taken) == (True, 0)


def test_request_is_ready_when_it_has_come_as_a_whole(pair):
    gunicorns, client = pair
    client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 4\r\n")
    assert not gunicorns.receive()
    client.sendall(b"\r\nab")
    assert not gunicorns.receive()
    client.sendall(b"cdGET / HTTP/1.1\r\n\r\n")
    assert gunicorns.receive()
    assert gunicorns.recv(99) == b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n"
    assert (gunicorns.recv(99), gunicorns.recv(99)) == (b"abcd", b"")
    gunicorns.next_request()
    assert gunicorns.receive()
    assert gunicorns.recv(99) == b"GET / HTTP/1.1\r\n\r\n"
    client.close()
    gunicorns.next_request()
    with pytest.raises(ConnectionResetError):
        gunicorns.receive()


def test_large_body_is_read_when_the_application_asks_for_it(pair):
    gunicorns, client = pair
    head = b"POST / HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n"
    client.sendall(head + b"abc")
    assert gunicorns.receive()
    assert gunicorns.recv(999) == head
    assert not gunicorns.has_body
    with pytest.raises(ConnectionResetError):
        gunicorns.recv(1)
    gunicorns.read_body()
    gunicorns.sendall(b"HTTP/1.1 100")  # it is not sent
    gunicorns.start_body()
    assert not gunicorns.receive()
    client.setblocking(False)
    sent = 3
    while not gunicorns.receive():
        sent += client.send(b"d" * min(60_000, 3_000_000 - sent))
    assert gunicorns.has_body
    assert gunicorns.recv(5) == b"abcdd"
    with pytest.raises(BlockingIOError):
        client.recv(1)


@pytest.mark.parametrize(
    ("length", "missing"),
    [(b"9" * 5_000, 0), (b"+4", 0), (b"4\r\nTransfer-Encoding: chunked", 0), (b"9000000", 9_000_000)],
)
def test_body_of_no_use_is_left_to_the_thread(pair, length, missing):
    gunicorns, client = pair
    client.sendall(b"POST / HTTP/1.1\r\nContent-Length: " + length + b"\r\n\r\n")
    assert (gunicorns.receive(), gunicorns.missing) == (True, missing)


def test_head_that_never_ends_is_left_to_the_thread(pair):
    gunicorns, client = pair
    for _ in range(8):
        client.sendall(b"GET /" + 7_995 * b"a")
        assert not gunicorns.receive()
    client.sendall(2_000 * b"a")
    assert gunicorns.receive()
    assert len(gunicorns.recv(99_999)) == 66_000
    assert not gunicorns.has_body


@pytest.mark.parametrize(("version", "answer"), [(b"1.1", b"HTTP/1.1 100 Continue\r\n\r\n"), (b"1.0", b"")])
def test_only_http_1_1_has_100_continue(pair, version, answer):
    gunicorns, client = pair
    client.sendall(b"POST / HTTP/" + version + b"\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
    assert not gunicorns.receive()
    gunicorns.shutdown(socket.SHUT_WR)
    assert client.recv(99) == answer


def test_client_has_more_time_the_more_it_has_to_send(pair):
    gunicorns, client = pair
    client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 60000\r\n\r\n")
    assert not gunicorns.receive()
    before = gunicorns.deadline
    client.sendall(40_000 * b"a")
    assert not gunicorns.receive()
    assert gunicorns.deadline - before == pytest.approx(10)


def test_worker_leaves_tls_to_the_proxy():
    configuration = SimpleNamespace(worker_connections=9, threads=4, keepalive=5, is_ssl=True)
    with pytest.raises(RuntimeError, match="Put a proxy before gunicorn"):
        SlowClientWorker.check_config(configuration, logging.getLogger())


# ── gunicorn's internals ─────────────────────────────────────────────────────────────────────────────────────

# The code of gunicorn 27.0.1 on which portal/ops/gunicorn_worker.py depends, as hashes without comments.
INTERNALS = {
    "workers.gthread.ThreadWorker.run": "07d09ff570f478f8",
    "workers.gthread.ThreadWorker.wait_for_and_dispatch_events": "9420ba21c0f5483f",
    "workers.gthread.ThreadWorker.accept": "6caa4b7133e9a676",
    "workers.gthread.ThreadWorker.on_client_socket_readable": "4029c905c80526d6",
    "workers.gthread.ThreadWorker.enqueue_req": "40705dfd017f2521",
    "workers.gthread.ThreadWorker.handle": "97ce4b5e874488a4",
    "workers.gthread.ThreadWorker.handle_request": "b88a0588ec72b96c",
    "workers.gthread.ThreadWorker.finish_request": "3700b1e78c40d736",
    "workers.gthread.ThreadWorker.murder_keepalived": "767dc0152960bf2d",
    "workers.gthread.TConn.__init__": "bd9a09c1ceb49cd9",
    "workers.gthread.TConn.init": "2fa7f88ec45ca8ce",
    "workers.gthread.TConn.close": "8c44a09e20eb6a87",
    "http.parser.Parser.finish_body": "62331c39fdd74b73",
    "http.unreader.SocketUnreader.chunk": "6333e08ff40c1b7b",
    "http.message.Message.force_close": "510d824fc7d4143f",
    "http.wsgi.create": "0bdae8522bd51088",
    "http.wsgi.default_environ": "d5d4b8a36b45960a",
    "http.wsgi.Response.sendfile": "eb177ba3e669ab4c",
    "util.write": "a59c3b84d22d3124",
    "util.write_chunk": "c67683f93f52dff3",
    "util.write_nonblock": "916c68ba0a0c84bc",
    "util.close_graceful": "79ce04fd17d85e40",
}


def code_of(name):
    """Return the code of an object of gunicorn, without comments, in a form that is equal in each version of Python."""
    return ast.unparse(ast.parse(textwrap.dedent(inspect.getsource(pkgutil.resolve_name(f"gunicorn.{name}")))))


@pytest.mark.parametrize("name", INTERNALS)
def test_internals_of_gunicorn_are_those_that_the_worker_builds_on(name):
    release = importlib.metadata.version("gunicorn")
    try:
        found = hashlib.sha256(code_of(name).encode()).hexdigest()[:16]
    except AttributeError:
        found = "removed"
    assert found == INTERNALS[name], (
        f"gunicorn {release} changed gunicorn.{name}. Read it again, and correct portal/ops/gunicorn_worker.py where "
        f"it no longer does what the docstring of that module says. When tests/faults/test_slow_clients.py passes with "
        f"this release, store the new hash here."
    )


def test_each_internal_of_gunicorn_is_explained():
    for name in INTERNALS:
        assert re.search(rf"\b{name.rpartition('.')[2]}\b", gunicorn_worker.__doc__), name
