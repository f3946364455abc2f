"""Keeps clients that are slow, or pretend to be, from taking the threads that serve everybody else.

A worker has a few threads, and each stays with a request until it is answered. Here a connection gets one only when the
head of its request has come as a whole; until then it waits with all the others in the loop that accepts connections,
where a thousand of them cost nothing. So does one that is closed, until the client closes it too. A thread waits for
the next piece of a body, or for a client to take the next piece of an answer, for some seconds and no longer. Whoever
sends a byte now and then within them still takes a thread: a proxy before the portal, which collects requests and
answers before it passes them on, is what helps against many of those.
"""

import socket
import struct
import time
from collections import deque
from functools import partial
from selectors import EVENT_READ

from gunicorn.workers.gthread import TConn, ThreadWorker

HEAD_SECONDS = 10  # for the head of a request, all in all
SILENCE_SECONDS = 10  # between two pieces of a body or of an answer
CLOSING_SECONDS = 2  # for a client to close what is closed
LONGEST_HEAD = 65536  # bytes; what is longer is refused by whoever reads it
CLOSE_WAIT = 8  # the state of a TCP connection that the client has closed
COURTESY_SECONDS = 0.0002  # that a worker leaves others to take a connection first, for each that it has
MOST_COURTESIES = 5


class Worker(ThreadWorker):
    """gunicorn’s worker with threads, for clients that need time."""

    def init_process(self):
        self.heads = {}  # connections whose head has not come yet: until when it may
        self.closings = deque()  # sockets that are closed on this side: until when the other may take
        super().init_process()

    # ── Beginning ────────────────────────────────────────────────────────────────────────────────────────────

    def accept(self, listener):
        """Take a connection, unless another worker does that has fewer: one that came first to several connections
        would keep them, and answer them all on one core, while another is idle.
        """
        if self.cfg.workers > 1:
            time.sleep(COURTESY_SECONDS * min(self.nr_conns, MOST_COURTESIES))
        super().accept(listener)

    def enqueue_req(self, conn):
        """Give a connection to a thread, as soon as the head of a request is there."""
        if conn.sock.family == socket.AF_UNIX or self.cfg.is_ssl or self._has_read_ahead(conn):
            super().enqueue_req(conn)  # a proxy that does the waiting; what cannot be looked into; what is there
            return
        silence = struct.pack("ll", SILENCE_SECONDS, 0)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, silence)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, silence)
        if self._head_is_there(conn):
            self._give_to_a_thread(conn)
        else:
            self.heads[conn] = time.monotonic() + HEAD_SECONDS
            self.poller.register(conn.sock, EVENT_READ, partial(self._more_has_come, conn))

    def _more_has_come(self, conn, sock):
        if self._head_is_there(conn):
            del self.heads[conn]
            self.poller.unregister(sock)
            self._give_to_a_thread(conn)

    def _give_to_a_thread(self, conn):
        conn.data_ready = True
        super().enqueue_req(conn)

    @staticmethod
    def _has_read_ahead(conn):
        """Whether something of the next request came with the one before, and is no more in the socket."""
        return conn.parser is not None and conn.parser.unreader.buf.getvalue() != b""

    @staticmethod
    def _head_is_there(conn):
        """Whether the head of a request is there, or nothing more will come. Reads nothing away."""
        sock = conn.sock
        try:
            come = sock.recv(LONGEST_HEAD, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            ended = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == CLOSE_WAIT
        except BlockingIOError:
            return False
        except OSError:
            return True  # it is broken, as the thread will find
        there = ended or b"\r\n\r\n" in come or len(come) == LONGEST_HEAD
        # Wakes this loop again only when there is more than now.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1 if there else len(come) + 1)
        return there

    # ── Ending ───────────────────────────────────────────────────────────────────────────────────────────────

    def finish_request(self, conn, fs):
        """Close what is to be closed without waiting for the client, which all others would wait for too."""
        conn.close = partial(self._close, conn)
        super().finish_request(conn, fs)

    def _close(self, conn, graceful=False):
        if not graceful or len(self.closings) >= self.worker_connections:
            TConn.close(conn)
            return
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            TConn.close(conn)
            return
        self.closings.append((conn, time.monotonic() + CLOSING_SECONDS))
        self.poller.register(conn.sock, EVENT_READ, partial(self._drain, conn))

    def _drain(self, conn, sock):
        try:
            if sock.recv(LONGEST_HEAD):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self.poller.unregister(sock)
        TConn.close(conn)

    # ── Whose time is over ───────────────────────────────────────────────────────────────────────────────────

    def murder_pending(self):
        """Part with connections that had their time. gunicorn asks for this once a second at least."""
        super().murder_pending()
        now = time.monotonic()
        for conn in [conn for conn, end in self.heads.items() if end < now]:
            del self.heads[conn]
            self.nr_conns -= 1
            self.poller.unregister(conn.sock)
            TConn.close(conn)
        while self.closings and self.closings[0][1] < now:
            conn, _end = self.closings.popleft()
            if conn.sock.fileno() >= 0:
                self.poller.unregister(conn.sock)
                TConn.close(conn)
