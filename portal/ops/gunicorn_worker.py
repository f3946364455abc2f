"""The gunicorn worker of the portal. None of its threads waits for a client.

gunicorn's threaded worker reads requests and sends responses in its few threads, so a few slow clients can block all of
them. In this worker, the event loop that accepts connections also reads and writes the bytes, for up to a thousand
clients at a time:

- A thread gets a request when its head and its body have arrived. The body is kept in memory or in a temporary file.
- A body above DATA_UPLOAD_MAX_MEMORY_SIZE, which only staff may send, is not read at first. The thread gets the head,
  and the application (`portal.http.throttling.RequestSizeMiddleware`) refuses the request or calls
  `ClientSocket.read_body`. Then the loop reads the body, and the request goes to a thread a second time.
- The part of a response that the client does not take at once is kept in memory or in a temporary file, and the loop
  sends it. The thread is free as soon as the response has been generated.

A client that is slower than MIN_BYTES_PER_SECOND is disconnected. The bytes that all clients of a worker have waiting
here are limited (TOTAL_BYTES).

gunicorn has no setting for this. Its gevent worker would need a patched database driver and would run all requests in
one thread. Its ASGI worker reads each body before the application can refuse it, and Django then holds a whole streamed
response in memory. Waitress buffers bodies and responses as this module does, but in a single process. It also reads
each body before the application can refuse it, and its threads wait for slow readers of large responses.

The module depends on these internals of gunicorn 27 (requirements.txt: >=27,<28), which gunicorn does not document. If
another release changes one of them, tests/portal/ops/test_gunicorn_worker.py fails and names it.

workers.gthread.ThreadWorker
    run                  accepts while `nr_conns` < `worker_connections`; calls `murder_pending` after events and at
                         least once a second; once `alive` is False, goes on until `nr_conns` is 0
    wait_for_and_dispatch_events
                         calls the callbacks registered with `poller`, in the one thread of the loop
    accept               counts the connection in `nr_conns` and calls `enqueue_req` with it
    on_client_socket_readable
                         calls `enqueue_req` with a kept connection on which the next request arrives
    enqueue_req          has a thread call `handle`, and then the loop call `finish_request`
    handle               does not wait if `data_ready`; parses a request from `conn.sock`; returns True if the
                         connection may be kept, and False after each error
    handle_request       calls the application; an error after the head of the response closes `conn.sock`
    finish_request       keeps the connection if `handle` returned True
    murder_keepalived    closes kept connections on which no request arrives
workers.gthread.TConn
    __init__, init       `init` creates the `parser`, once while `initialized` is False
    close                closes `conn.sock`
http.parser.Parser
    finish_body          reads the rest of a body that the application did not read
http.unreader.SocketUnreader
    chunk                calls `recv` of `conn.sock`, nothing else
http.message.Message
    force_close          makes the response say "Connection: close", and `handle` return False
http.wsgi
    create               calls `send` of `conn.sock`, only for "100 Continue"
    default_environ      gives `conn.sock` to the application as "gunicorn.socket"
    Response.sendfile    calls `sendfile` of `conn.sock`
util
    write, write_chunk   call `sendall` of `conn.sock`
    write_nonblock       calls `gettimeout`, and does not change the socket if that is 0.0
    close_graceful       calls `shutdown`, `settimeout`, `recv` and `close`
"""

import errno
import logging
import re
import socket
import time
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from tempfile import SpooledTemporaryFile
from threading import Lock

from django.conf import settings
from gunicorn.workers.gthread import ThreadWorker

logger = logging.getLogger(__name__)

HEAD_SECONDS = 10  # for the whole head of a request
HEAD_BYTES = 65_536
CLOSING_SECONDS = 2  # for the client to close a connection after this side has closed it
# A whole body or response may take STALL_SECONDS plus its size / MIN_BYTES_PER_SECOND. GPRS, the slowest mobile network
# in use, carries 4 kB/s: 1 MB takes four minutes. A phone in a tunnel may be silent for STALL_SECONDS.
STALL_SECONDS = 30
MIN_BYTES_PER_SECOND = 4_000
READ_BYTES = 65_536  # per call
# Limits on the bytes that wait in a worker: this many per body or response in memory, the rest in temporary files (in
# TMPDIR).
MEMORY_BYTES = 65_536
RESERVED_BYTES = 262_144  # per body or response, allowed in any case: enough for any form or page
TOTAL_BYTES = 1_073_741_824  # for all clients of a worker; above it, a client that adds more is cut off
COURTESY_SECONDS = 0.0002  # pause before accepting, per connection of this worker, so that other workers go first
MOST_COURTESIES = 5

END_OF_HEAD = b"\r\n\r\n"
# gunicorn parses the head itself, and strictly. If the two results differ, the thread finds no more bytes to read and
# fails.
HEADERS = re.compile(rb"\r\n(content-length|transfer-encoding|expect)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)


def disconnected(why):
    """Return the error that gunicorn and this module treat as a client that has disconnected."""
    return ConnectionResetError(errno.ECONNRESET, why)


class Room:
    """Counts the bytes that wait in this worker for all of its clients. Thread-safe."""

    def __init__(self):
        self.taken, self.lock = 0, Lock()

    def add(self, count):
        with self.lock:
            self.taken += count


class Spool:
    """A queue of bytes, written at the end and read from the beginning, in memory or in a temporary file."""

    def __init__(self, room):
        self.room = room
        self.file = None
        self.start = self.end = 0

    def __len__(self):
        return self.end - self.start

    def write(self, data):
        """Append bytes. Raise ConnectionResetError if this exceeds RESERVED_BYTES here and TOTAL_BYTES in all."""
        if self.end + len(data) > RESERVED_BYTES and self.room.taken + len(data) > TOTAL_BYTES:
            logger.warning("A client was cut off: all clients together have left more than %s bytes.", TOTAL_BYTES)
            raise disconnected("There is no room for what clients have left.")
        if self.file is None:
            self.file = SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 - closed when all is read
        self.file.seek(self.end)
        self.file.write(data)
        self.end += len(data)
        self.room.add(len(data))

    def peek(self, size):
        """Return up to `size` bytes from the beginning without removing them."""
        if self.file is None:
            return b""
        self.file.seek(self.start)
        return self.file.read(min(size, len(self)))

    def skip(self, count):
        """Remove `count` bytes from the beginning."""
        self.start += count
        if not len(self):
            self.clear()

    def clear(self):
        if self.file is not None:
            self.file.close()
            self.room.add(-self.end)
        self.file = None
        self.start = self.end = 0


class ClientSocket:
    """A client's socket that never blocks. gunicorn's threads use it instead of their blocking socket.

    Either the loop or a thread uses it, never both at the same time.
    """

    def __init__(self, sock, room):
        sock.setblocking(False)
        self.sock = sock
        self.received = bytearray()  # bytes after the last request, so the start of the next one
        self.body, self.answer = Spool(room), Spool(room)
        self.deadline = 0
        self.next_request()

    # ── For the loop ─────────────────────────────────────────────────────────────────────────────────────────

    def next_request(self):
        """Reset the state for the next request. The client has HEAD_SECONDS to send its head."""
        self.head = None  # bytes, once the head has arrived
        self.unread_head = b""
        self.body.clear()
        self.missing = 0  # bytes of the body that have not arrived
        self.has_length = True  # False for a chunked body, which is not read
        self.reads_body = True  # False until the application asks for a large one
        self.asks_for_body = False
        self.deadline = time.monotonic() + HEAD_SECONDS

    @property
    def has_body(self):
        """Return True if the whole body of the request has arrived. The body may be empty."""
        return self.has_length and not self.missing

    def receive(self):
        """Read the bytes that have arrived. Return True if a thread can take the request.

        Raise OSError if the request will never be complete.
        """
        if not self._is_ready():
            try:
                data = self.sock.recv(READ_BYTES if self.head is None else min(READ_BYTES, self.missing))
            except BlockingIOError:
                return False
            if not data:
                raise disconnected("The client closed the connection.")
            if self.head is None:
                self.received += data
            else:
                self._add_to_body(data)
        return self._is_ready()

    def _is_ready(self):
        if self.head is None:
            end = self.received.find(END_OF_HEAD) + len(END_OF_HEAD)
            if end < len(END_OF_HEAD):
                if len(self.received) <= HEAD_BYTES:
                    return False
                end = len(self.received)  # gunicorn responds with an error that says what is too long
                self.has_length = False
            self._take_head(end)
        return not (self.reads_body and self.missing)

    def _take_head(self, end):
        self.head = self.unread_head = bytes(self.received[:end])
        del self.received[:end]
        headers = {name.lower(): value.strip() for name, value in HEADERS.findall(self.head)}
        length = headers.get(b"content-length", b"")
        self.missing = int(length) if length.isdigit() and len(length) < 19 else 0
        if b"transfer-encoding" in headers:
            self.missing, self.has_length = 0, False
        self.reads_body = self.missing <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        is_http_1_1 = b" HTTP/1.1\r\n" in self.head[: self.head.find(b"\n") + 1]
        self.awaits_continue = is_http_1_1 and headers.get(b"expect", b"").lower() == b"100-continue"
        if self.missing and self.reads_body:
            self.start_body()

    def start_body(self):
        """Start to read the body. The client may have sent a part of it already."""
        self.reads_body, self.asks_for_body = True, False
        self.deadline = time.monotonic() + STALL_SECONDS
        begun = self.received[: self.missing]
        del self.received[: self.missing]
        self._add_to_body(begun)
        if self.awaits_continue and self.missing:
            self._send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _add_to_body(self, data):
        self.body.write(data)
        self.missing -= len(data)
        self.deadline += len(data) / MIN_BYTES_PER_SECOND

    def _send(self, data):
        """Send as many bytes as the client takes now, and return their number."""
        try:
            return self.sock.send(data)
        except BlockingIOError:
            return 0

    def flush(self):
        """Send up to READ_BYTES of the rest of the response. Return True if nothing is left."""
        if self.answer:
            sent = self._send(self.answer.peek(READ_BYTES))
            self.answer.skip(sent)
            self.deadline += sent / MIN_BYTES_PER_SECOND
        return not self.answer

    def fileno(self):
        return self.sock.fileno()

    # ── For the application ──────────────────────────────────────────────────────────────────────────────────

    def read_body(self):
        """Make the loop read a large body.

        The request is handled again when the body has arrived, and the present response is discarded.
        """
        self.asks_for_body = True

    # ── For gunicorn, which uses this object as its socket ───────────────────────────────────────────────────

    def recv(self, size):
        if self.unread_head:
            data, self.unread_head = self.unread_head[:size], self.unread_head[size:]
            return data
        if not self.has_body:
            raise disconnected("The body of the request was not read.")
        data = self.body.peek(size)
        self.body.skip(len(data))
        return data

    def send(self, data):
        """Do nothing. gunicorn uses this only for "100 Continue", which the loop sends if the client asks for it."""
        return len(data)

    def sendall(self, data):
        if self.asks_for_body:
            return
        if self.flush():
            data = data[self._send(data) :]
        if data:
            self.answer.write(data)

    def sendfile(self, file, offset=0, count=None):
        file.seek(offset)
        while count and (data := file.read(min(count, READ_BYTES))):
            self.sendall(data)
            count -= len(data)

    def setblocking(self, blocking):
        """Do nothing: the socket never blocks."""

    settimeout = setblocking

    def gettimeout(self):
        return 0.0

    def shutdown(self, how):
        self.sock.shutdown(how)

    def close(self):
        self.body.clear()
        self.answer.clear()
        self.sock.close()


class SlowClientWorker(ThreadWorker):
    """gunicorn's threaded worker, with a loop that reads requests and sends responses.

    A connection is in one of four states: with a thread; in `watched`, until the client has sent or taken bytes; in
    gunicorn's `keepalived_conns`, between two requests; or closed.
    """

    @classmethod
    def check_config(cls, cfg, log):
        super().check_config(cfg, log)
        if cfg.is_ssl:
            raise RuntimeError("This worker does not speak TLS. Put a proxy before gunicorn (docs/operation.md).")

    def init_process(self):
        self.room = Room()
        self.watched = set()  # connections whose client must act before the deadline of its socket
        self.next_look = 0
        super().init_process()

    def accept(self, listener):
        """Accept a connection after a short pause, so that workers with fewer connections can accept it first.

        Without the pause, the worker that wakes first for several connections would keep all of them on its one core.
        """
        if self.cfg.workers > 1:
            time.sleep(COURTESY_SECONDS * min(self.nr_conns, MOST_COURTESIES))
        super().accept(listener)

    # ── Requests ─────────────────────────────────────────────────────────────────────────────────────────────

    def enqueue_req(self, conn):
        """Read the next request of a connection, and give it to a thread when it has arrived."""
        if not isinstance(conn.sock, ClientSocket):
            conn.sock = ClientSocket(conn.sock, self.room)
            conn.data_ready = True
        else:
            conn.sock.next_request()
        self._receive(conn)

    def _receive(self, conn):
        try:
            is_ready = conn.sock.receive()
        except OSError:
            self._drop(conn)
            return
        if is_ready:
            self._unwatch(conn)
            super().enqueue_req(conn)
        else:
            self._watch(conn, EVENT_READ, self._receive)

    def handle_request(self, req, conn):
        """Close the connection after the response if the body was not read.

        Otherwise its bytes would be parsed as the next request.
        """
        if not conn.sock.has_body:
            req.force_close()
        return super().handle_request(req, conn)

    # ── Responses ────────────────────────────────────────────────────────────────────────────────────────────

    def finish_request(self, conn, fs):
        """Send the rest of the response, or read the body that the application asked for."""
        if conn.sock.asks_for_body:
            self._read_body(conn)
        elif conn.sock.answer:
            conn.sock.deadline = time.monotonic() + STALL_SECONDS
            self._send(fs, conn)
        else:
            self._end_request(conn, fs)

    def _read_body(self, conn):
        conn.parser, conn.initialized = None, False  # the same head is parsed again
        conn.sock.unread_head = conn.sock.head
        try:
            conn.sock.start_body()
        except OSError:
            self._drop(conn)
        else:
            self._receive(conn)

    def _send(self, fs, conn):
        try:
            is_sent = conn.sock.flush()
        except OSError:
            self._drop(conn)
            return
        if is_sent:
            self._unwatch(conn)
            self._end_request(conn, fs)
        else:
            self._watch(conn, EVENT_WRITE, partial(self._send, fs))

    def _end_request(self, conn, fs):
        """Keep the connection if ThreadWorker.handle returned True, otherwise close it."""
        if fs.cancelled() or fs.exception() is not None or not fs.result():
            self._close(conn)
        elif conn.sock.received:
            self.enqueue_req(conn)  # the client has already sent the next request
        else:
            super().finish_request(conn, fs)

    # ── Connections ──────────────────────────────────────────────────────────────────────────────────────────

    def _watch(self, conn, event, callback):
        if conn not in self.watched:
            self.watched.add(conn)
            self.poller.register(conn.sock, event, lambda _sock: callback(conn))

    def _unwatch(self, conn):
        if conn in self.watched:
            self.watched.remove(conn)
            self.poller.unregister(conn.sock)

    def _drop(self, conn):
        self._unwatch(conn)
        self.nr_conns -= 1
        conn.close()

    def _close(self, conn):
        """Close a connection after up to CLOSING_SECONDS, so that the client can read the end of the response.

        The loop does not wait: it drops the connection when the client closes it, or at the deadline.
        """
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn)
            return
        conn.sock.deadline = time.monotonic() + CLOSING_SECONDS
        self._watch(conn, EVENT_READ, self._drain)

    def _drain(self, conn):
        """Discard bytes that still arrive. Closing a socket with unread bytes would cut off the end of the response."""
        try:
            if conn.sock.sock.recv(READ_BYTES):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._drop(conn)

    def murder_pending(self):
        """Disconnect clients whose deadline has passed.

        gunicorn calls this after each event and at least once a second.
        """
        super().murder_pending()
        now = time.monotonic()
        if now < self.next_look:
            return
        self.next_look = now + 1
        for conn in [conn for conn in self.watched if conn.sock.deadline < now]:
            self._drop(conn)
