"""Clients that are slow, or pretend to be, take nobody else’s time."""

import contextlib
import os
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.served import serve
from tests.faults.visiting import ask, until, workers_of
from tests.make import make_citation, make_source, make_term

MANY = 24  # of each sort; the server has four threads
SOON = 5  # seconds, on a machine that is busy with other tests


def connect(site):
    """A connection of somebody who may take their time."""
    address = urlsplit(site.url)
    return socket.create_connection((address.hostname, address.port), timeout=60)


def said(connection):
    """All that the server says until it closes the connection."""
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


@pytest.mark.django_db(transaction=True)  # the server sees what is committed
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
        # These were answered and do not hang up.
        answered = many(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        for number in range(6):
            for connection in slow:
                connection.sendall(b"X-%d: 1\r\n" % number)
            page = ask(site, f"/ko/glossary/?q=tugai{number}")
            assert page.is_whole_page
            assert page.seconds < SOON
        # Whoever was slow and meant it gets an answer; whoever never came to the end is shown out.
        patient = slow.pop()
        patient.sendall(b"Connection: close\r\n\r\n")
        assert said(patient).startswith(b"HTTP/1.1 200 OK")
        assert [said(connection)[-3:] for connection in answered] == [b"ok\n"] * MANY
        assert {said(connection) for connection in slow + silent} == {b""}
        assert time.monotonic() - begun < 60


@pytest.mark.django_db(transaction=True)
def test_bodies_that_are_announced_and_do_not_come_are_waited_for_some_seconds_and_no_more(site):
    head = b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n"
    head += b"Content-Type: application/x-www-form-urlencoded\r\nCookie: csrftoken=" + 32 * b"a" + b"\r\n\r\n"
    with contextlib.ExitStack() as connections:
        for _ in range(4):  # one for each thread
            connections.enter_context(connect(site)).sendall(head)
        time.sleep(0.5)
        page = ask(site, "/en/glossary/?q=tugai")
        assert page.is_whole_page
        assert page.seconds < 10 + SOON
    assert ask(site, "/en/glossary/?q=forest").seconds < SOON


def connections_of(process, port):
    """How many clients a process holds that are connected to a port of this machine."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    established = {
        f"socket:[{inode}]"
        for _, here, _, state, *_, inode in (line[:10] for line in lines)
        if state == "01" and int(here.partition(":")[2], 16) == port
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

        until(share, 30)  # the second worker may still be preparing itself
        assert [share() >= 5 for _time in range(3)] == [True] * 3
