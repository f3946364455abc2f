"""A Redis server for one test, which may stop and start it, on its own port."""

import contextlib
import shutil
import subprocess

import pytest
from redis import Redis
from redis.exceptions import ConnectionError

from tests.browser.served import free_port
from tests.faults.visiting import until

NO_PROGRAM = "redis-server was not found: install it"


class Server:
    """A server that does not write to disk. `options` are further options of redis-server."""

    def __init__(self, *options):
        self.port, self.process, self.options = free_port(), None, options
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = Redis(port=self.port, socket_timeout=5)

    def start(self):
        options = ("--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no")
        self.process = subprocess.Popen(["redis-server", *options, *self.options], cwd="/", stdout=subprocess.DEVNULL)
        until(self.answers)

    def answers(self):
        with contextlib.suppress(ConnectionError):
            return self.client.ping()

    def stop(self):
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def running_redis(*options):
    """Run a server until the test stops it or the block ends. Skip the test if Redis is not installed."""
    if not shutil.which("redis-server"):
        pytest.skip(NO_PROGRAM)
    server = Server(*options)
    server.start()
    try:
        yield server
    finally:
        server.client.close()
        server.stop()
