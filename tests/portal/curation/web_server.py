"""A local web server for tests of links: it answers as the worst servers of the web do."""

import contextlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """A handler that answers by path, and records the path and time of each request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append((time.monotonic(), self.command, self.path, dict(self.headers)))
        what = self.path.strip("/").split("/")[0]
        if what == "slow":
            self.server.waiting.wait(5)
        elif what == "reset":
            self.close_connection = True
            self.connection.close()
        elif what == "nonsense":
            self.wfile.write(b"What?\r\n\r\n")
        elif what == "endless":
            self._say(200, length=10**12)
        elif what == "no-head" and self.command == "HEAD":
            self._say(405)
        elif what in self.server.leads:
            status, location = self.server.leads[what]
            self._say(status, Location=location)
        elif what == "busy":
            self._say(429, **{"Retry-After": "3600"})
        elif what == "closed":
            self._say(503, **{"Retry-After": "0"})
        else:
            self._say(int(what) if what.isdecimal() else 200)

    do_HEAD = do_GET

    def _say(self, status, length=0, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *args):
        """Log nothing: the tests read the recorded requests."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.leads, self.waiting = [], {}, threading.Event()

    def at(self, path, host="127.0.0.1"):
        return f"http://{host}:{self.server_port}{path}"

    def handle_error(self, request, client_address):
        """A connection that is aborted on purpose."""

    def paths(self):
        return [f"{command} {path}" for _time, command, path, _headers in self.asked]


@contextlib.contextmanager
def serving():
    """Run a Server on a free port of this machine, and yield it."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.waiting.set()
        server.shutdown()
        server.server_close()
        thread.join()
