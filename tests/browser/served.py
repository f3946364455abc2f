"""Run the portal as in production: gunicorn, hashed and compressed static files; and the machine's own Chromium."""

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http.server import ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Chromium on a server or in a container has no sandbox and no graphics card, and must not download anything.
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
VIEWPORTS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1360, "height": 900}}
SCHEMES = ("light", "dark")
PATIENCE = 60  # seconds until a test gives up waiting for what should take two
NO_CHROMIUM = "Chromium was not found: install it, or name it in CHROMIUM"


def chromium():
    """Return the path of the machine's Chromium, or None. Many networks block the download of Playwright's own."""
    if named := os.environ.get("CHROMIUM"):
        return named
    # The headless shell has no window, toolbar or extensions to start for each page, so it is faster.
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    found = (shutil.which(name) for name in names)
    return next(filter(None, found), None)


_port_holders = []  # sockets that keep the ports of `free_port` until this process ends


def free_port():
    """Return a port of this machine that no other process is given while this one lives.

    A socket that is bound to it, but does not listen, keeps it. A server that sets SO_REUSEADDR, as all here do, may
    listen there all the same, and again later. Until then, clients are refused.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    _port_holders.append(holder)
    return holder.getsockname()[1]


def until(condition, seconds=PATIENCE, pause=0.05):
    """Wait until `condition()` is true and return its value. Raise AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while not (held := condition()):
        assert time.monotonic() < end, f"{condition} did not come to hold within {seconds} seconds."
        time.sleep(pause)
    return held


def settings_of_a_local_run(database_url=None, **more):
    """Return the environment for a server: this process's, without variables of the portal, with its own secret key.

    No client is throttled. `more` are further variables.
    """
    ours = {
        "DEBUG",
        "ALLOWED_HOSTS",
        "PUBLIC_URL",
        "ID_BASE_URL",
        "CSRF_TRUSTED_ORIGINS",
        "HTTPS",
        "BEHIND_PROXY",
        "DJANGO_SETTINGS_MODULE",
    }
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment["SECRET_KEY"] = "a-key-that-lives-as-long-as-this-server-0123456789-abcdefghijklmnop"
    environment["LOG_LEVEL"] = "WARNING"
    environment |= dict.fromkeys(
        ("LIMIT_PAGES", "LIMIT_SEARCH", "LIMIT_EXPORT", "LIMIT_API", "LIMIT_REPORTS", "LIMIT_AT_ONCE"), "0"
    )
    if database_url:
        environment["DATABASE_URL"] = database_url
    return environment | more


def collect_static_files():
    """Collect static files as `make run` does, unless nothing has changed since. One process at a time."""
    environment = {name: value for name, value in settings_of_a_local_run().items() if name != "MAKEFLAGS"}
    with (ROOT / "manage.py").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "--silent", "collected"], cwd=ROOT, env=environment, check=True)


class Site:
    """A running portal: its URL, its process and its log."""

    def __init__(self, url, process, log):
        self.url = url
        self.process = process
        self._log = log

    def log(self, characters=4_000):
        """Return the last characters of the server's log: the traceback of a page that failed."""
        return self._log.read_text(errors="replace")[-characters:]


@contextlib.contextmanager
def serve(database_url=None, *options, port=None, **environment):
    """Run the portal on a port of this machine, a free one by default, during the block. Yield a Site.

    `options` are options of gunicorn, `environment` further variables.
    """
    collect_static_files()
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    if "ALLOWED_HOSTS" not in environment:
        environment.setdefault("PUBLIC_URL", url)
    with tempfile.TemporaryDirectory(prefix="portal-") as folder:
        if database_url:  # the archive and the files of another database are not its own
            environment.setdefault("DATA_DIR", folder)
        log = Path(folder) / "server.log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}"]
                + ["--workers", "1", "--threads", "4", "--log-level", "warning"]
                + list(options),
                cwd=ROOT,
                env=settings_of_a_local_run(database_url, **environment),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_for(url, server, log)
            yield Site(url, server, log)
        finally:
            server.terminate()
            try:
                server.wait(timeout=40)  # gunicorn gives requests 30 seconds to end
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def wait_for(url, server, log, seconds=180):
    """Return as soon as the server answers any request."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{url}/robots.txt", timeout=10).close()
            return
        except urllib.error.HTTPError as answer:
            answer.close()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"The server did not start:\n{log.read_text(errors='replace')}")


@contextlib.contextmanager
def other_site(handler):
    """Run a site that is not the portal on a free port during the block. Yield its server, which has its `url`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
