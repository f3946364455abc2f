"""The gunicorn worker of the portal. No thread of it waits for a client.

gunicorn's threaded worker reads requests and sends answers in its few threads, so that a few slow clients can hold all
of them. Here the loop that accepts connections also moves the bytes, for a thousand clients at a time:

- A thread gets a request when its head and its body have come. The body is kept in memory or in a temporary file.
- A body above DATA_UPLOAD_MAX_MEMORY_SIZE, which only staff may send, is not read at first. The thread gets the head,
  and the application (`portal.http.throttling.RequestSizeMiddleware`) refuses the request or calls
  `ClientSocket.read_body`. Then the loop reads the body, and the request goes to a thread a second time.
- What a client does not take of an answer at once is kept in memory or in a temporary file, and the loop sends it. The
  thread is free as soon as the answer is made.

A client that is slower than MIN_BYTES_PER_SECOND is disconnected. What all clients of a worker leave here is bounded.

gunicorn has no setting for this. Its gevent worker would need a patched database driver and would run all requests in
one thread. Its ASGI worker reads each body before the application can refuse it, and Django then holds streamed answers
in memory as a whole. Waitress keeps bodies and answers as this module does, but in a single process; it also reads each
body first, and lets threads wait for slow readers of large answers.

The module builds on these internals of gunicorn 27 (requirements.txt: >=27,<28), which gunicorn does not document. If
another release changes one of them, tests/portal/ops/test_gunicorn_worker.py fails and names it.

workers.gthread.ThreadWorker
    run                  accepts while `nr_conns` < `worker_connections`; calls `murder_pending` after events and at
                         least once a second; once `alive` is False, goes on until `nr_conns` is 0
    wait_for_and_dispatch_events
                         calls what was registered with `poller`, in the one thread of the loop
    accept               counts the connection in `nr_conns` and calls `enqueue_req` with it
    on_client_socket_readable
                         calls `enqueue_req` with a kept connection on which the next request comes
    enqueue_req          has a thread call `handle`, and then the loop `finish_request`
    handle               waits for nothing if `data_ready`; parses a request out of `conn.sock`; returns True if the
                         connection may be kept, and False after each error
    handle_request       has the request answered; an error after the head of the answer closes `conn.sock`
    finish_request       keeps the connection if `handle` returned True
    murder_keepalived    closes kept connections on which no request comes
workers.gthread.TConn
    __init__, init       `init` makes the `parser`, once while `initialized` is False
    close                closes `conn.sock`
http.parser.Parser
    finish_body          reads what the application did not read of a body
http.unreader.SocketUnreader
    chunk                calls `recv` of `conn.sock`, nothing else
http.message.Message
    force_close          has the answer say "Connection: close", and `handle` return False
http.wsgi
    create               calls `send` of `conn.sock`, only for "100 Continue"
    default_environ      gives `conn.sock` to the application as "gunicorn.socket"
    Response.sendfile    calls `sendfile` of `conn.sock`
util
    write, write_chunk   call `sendall` of `conn.sock`
    write_nonblock       calls `gettimeout`, and leaves the socket alone if that is 0.0
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
CLOSING_SECONDS = 2  # for the client to close a connection that is closed on this side
# A whole body or answer may take STALL_SECONDS plus its size / MIN_BYTES_PER_SECOND. GPRS, the slowest mobile network
# in use, carries 4 kB/s: 1 MB takes four minutes. A phone in a tunnel may be silent for STALL_SECONDS.
STALL_SECONDS = 30
MIN_BYTES_PER_SECOND = 4_000
READ_BYTES = 65_536  # at a time
# What clients leave in a worker: this much of each in memory, the rest in temporary files (in TMPDIR).
MEMORY_BYTES = 65_536
RESERVED_BYTES = 262_144  # that each client may leave in any case: any form or page
TOTAL_BYTES = 1_073_741_824  # that all clients of a worker may leave; more than that, and whoever adds to it is cut off
COURTESY_SECONDS = 0.0002  # for each connection that a worker has, it lets other workers go first
MOST_COURTESIES = 5

END_OF_HEAD = b"\r\n\r\n"
# gunicorn parses the head itself, and strictly. If the two disagree, the thread finds nothing more to read and fails.
HEADERS = re.compile(rb"\r\n(content-length|transfer-encoding|expect)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)


def disconnected(why):
    """Return the error that gunicorn and this module take for a client that has gone."""
    return ConnectionResetError(errno.ECONNRESET, why)


class Room:
    """Counts the bytes that all clients of a worker have left here."""

    def __init__(self):
        self.taken, self.lock = 0, Lock()

    def add(self, count):
        with self.lock:
            self.taken += count


class Spool:
    """Bytes on their way: written at the end, read from the beginning, kept in memory or in a temporary file."""

    def __init__(self, room):
        self.room = room
        self.file = None
        self.start = self.end = 0

    def __len__(self):
        return self.end - self.start

    def write(self, data):
        """Add bytes. Raise ConnectionResetError if all clients together have left too many."""
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
        """Return up to `size` bytes from the beginning, which stay there."""
        if self.file is None:
            return b""
        self.file.seek(self.start)
        return self.file.read(min(size, len(self)))

    def skip(self, count):
        """Remove bytes from the beginning."""
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
    """A client's socket that never waits, in the place of the blocking one that gunicorn's threads expect.

    Either the loop or a thread uses it, never both at once.
    """

    def __init__(self, sock, room):
        sock.setblocking(False)
        self.sock = sock
        self.received = bytearray()  # what came after the last request: the next one, as far as it has come
        self.body, self.answer = Spool(room), Spool(room)
        self.deadline = 0
        self.next_request()

    # ── For the loop ─────────────────────────────────────────────────────────────────────────────────────────

    def next_request(self):
        """Forget the request that was answered."""
        self.head = None  # bytes, once it has come
        self.unread_head = b""
        self.body.clear()
        self.missing = 0  # bytes of the body that have not come
        self.has_length = True  # False of a chunked body, which is not read
        self.reads_body = True  # False until the application asks for a large one
        self.asks_for_body = False
        self.deadline = time.monotonic() + HEAD_SECONDS

    @property
    def has_body(self):
        """Whether the whole body of the request is here. It may be empty."""
        return self.has_length and not self.missing

    def receive(self):
        """Read what has come. Return True when a thread can take the request; raise OSError if it will never come."""
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
                end = len(self.received)  # gunicorn says what is too long
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
        """Begin to read the body, which the client may have begun to send."""
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
        """Send what the client takes now; return how many bytes these are."""
        try:
            return self.sock.send(data)
        except BlockingIOError:
            return 0

    def flush(self):
        """Send a piece of what is left of the answer. Return True if that was all."""
        if self.answer:
            sent = self._send(self.answer.peek(READ_BYTES))
            self.answer.skip(sent)
            self.deadline += sent / MIN_BYTES_PER_SECOND
        return not self.answer

    def fileno(self):
        return self.sock.fileno()

    # ── For the application ──────────────────────────────────────────────────────────────────────────────────

    def read_body(self):
        """Have the loop read a large body. The request comes again when it is here; this answer is thrown away."""
        self.asks_for_body = True

    # ── For gunicorn, which takes this for its socket ────────────────────────────────────────────────────────

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
        """Do nothing: gunicorn sends only "100 Continue" by this, which the loop has sent if it was wanted."""
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
    """gunicorn's worker with threads, whose loop reads requests and sends answers.

    A connection is in one of four places: with a thread; in `watched`, until the client has sent or taken something; in
    gunicorn's `keepalived_conns`, between two requests; or closed.
    """

    @classmethod
    def check_config(cls, cfg, log):
        super().check_config(cfg, log)
        if cfg.is_ssl:
            raise RuntimeError("This worker does not speak TLS. Put a proxy before gunicorn (docs/operation.md).")

    def init_process(self):
        self.room = Room()
        self.watched = set()  # connections whose client has to do something before the deadline of its socket
        self.next_look = 0
        super().init_process()

    def accept(self, listener):
        """Accept a connection, after other workers that have fewer connections have had the chance to.

        Otherwise the worker that wakes first to several connections would keep all of them on its one core.
        """
        if self.cfg.workers > 1:
            time.sleep(COURTESY_SECONDS * min(self.nr_conns, MOST_COURTESIES))
        super().accept(listener)

    # ── Requests ─────────────────────────────────────────────────────────────────────────────────────────────

    def enqueue_req(self, conn):
        """Read the next request of a connection, and give it to a thread when it has come."""
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
        """Close the connection afterwards if the body is not here: its bytes would be taken for the next request."""
        if not conn.sock.has_body:
            req.force_close()
        return super().handle_request(req, conn)

    # ── Answers ──────────────────────────────────────────────────────────────────────────────────────────────

    def finish_request(self, conn, fs):
        """Send what is left of the answer, or read the body that the application asked for."""
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
        """Go on with the connection if the result of ThreadWorker.handle is true, otherwise close it."""
        if fs.cancelled() or fs.exception() is not None or not fs.result():
            self._close(conn)
        elif conn.sock.received:
            self.enqueue_req(conn)  # the client has sent the next request already
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
        """Close a connection. The client gets a moment to read the end of the answer; the loop does not wait for it."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn)
            return
        conn.sock.deadline = time.monotonic() + CLOSING_SECONDS
        self._watch(conn, EVENT_READ, self._drain)

    def _drain(self, conn):
        """Throw away what still comes. Closing a socket with unread bytes would cut off the end of the answer."""
        try:
            if conn.sock.sock.recv(READ_BYTES):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._drop(conn)

    def murder_pending(self):
        """Disconnect clients whose time is over. gunicorn calls this after each event and at least once a second."""
        super().murder_pending()
        now = time.monotonic()
        if now < self.next_look:
            return
        self.next_look = now + 1
        for conn in [conn for conn in self.watched if conn.sock.deadline < now]:
            self._drop(conn)
