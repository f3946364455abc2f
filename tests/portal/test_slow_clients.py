"""What the portal's gunicorn worker keeps for clients. tests/faults/test_slow_clients.py attacks a running one."""

import logging
import socket
from types import SimpleNamespace

import pytest

from portal import slow_clients
from portal.slow_clients import ClientSocket, Room, Spool, Worker


@pytest.fixture
def room():
    return Room()


@pytest.fixture
def small_room(monkeypatch):
    monkeypatch.setattr(slow_clients, "MEMORY_BYTES", 10)
    monkeypatch.setattr(slow_clients, "RESERVED_BYTES", 100)
    monkeypatch.setattr(slow_clients, "TOTAL_BYTES", 1_000)


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
    """A client, and the socket that gunicorn gets for it."""
    ours, client = socket.socketpair()
    client.settimeout(5)
    with client:
        gunicorns = ClientSocket(ours, room)
        yield gunicorns, client
        gunicorns.close()


@pytest.mark.usefixtures("small_room")
def test_spool_returns_what_was_written_in_order(room, new_spool):
    spool = new_spool()
    for number in range(30):  # most of it is beyond the memory, in a file
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
    small.write(100 * b"a")  # what each may leave in any case
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
    gunicorns.sendall(b"HTTP/1.1 100")  # is not sent
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


def test_worker_leaves_tls_to_the_proxy():
    configuration = SimpleNamespace(worker_connections=9, threads=4, keepalive=5, is_ssl=True)
    with pytest.raises(RuntimeError, match="Put a proxy before gunicorn"):
        Worker.check_config(configuration, logging.getLogger())
