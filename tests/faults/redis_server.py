"""A Redis server for one test, which may stop and start it, on its own port."""

import contextlib
import os
import shutil
import subprocess

import pytest
from redis import Redis
from redis.exceptions import ConnectionError, TimeoutError

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
        # Not on the day of the tests: under libfaketime (TEST_DAY) redis-server does not start.
        environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
        self.process = subprocess.Popen(
            ["redis-server", *options, *self.options], cwd="/", env=environment, stdout=subprocess.DEVNULL
        )
        until(lambda: self.process.poll() is not None or self.answers())
        assert self.process.poll() is None, f"redis-server ended with {self.process.returncode}."

    def answers(self):
        with contextlib.suppress(ConnectionError, TimeoutError):
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
    try:
        server.start()
        yield server
    finally:
        server.client.close()
        server.stop()
