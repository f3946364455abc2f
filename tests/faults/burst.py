"""Many connections of one network that ask for pages which have to be made, and a reader of another network meanwhile.

`python -m tests.faults.burst URL SECONDS` is the crowd, a process of its own; it writes how often it was answered what.
"""

import asyncio
import contextlib
import http.client
import itertools
import json
import random
import subprocess
import sys
import time
from collections import Counter
from urllib.parse import urlsplit

CONNECTIONS = 48
CROWD, READER = "127.0.0.2", "127.0.0.1"  # the loopback has addresses for two networks
# “{}” is a number that none before had.
ADDRESSES = (
    "/en/map/?z={}",
    "/en/map/?bbox=56,37,73.{},46",
    "/en/compare/?country=uz&country=kz&country=kr&country=x{}",
    "/ru/timeline/?q=water{}&year_from=1990",
    "/en/coverage/?rows=level&q=w{}",
    "/ko/issues/?view=causes&q=w{}",
    "/en/search/?q=water+{}",
    "/en/projects/?sort=title&q=w{}",
    "/en/projects/?country=uz&country=x{}",
    "/en/projects/?format=json&sort=title&q=water+{}",
)


async def _ask_on(host, port, numbers, end, statuses):
    """Ask one address after the other, on a connection that is kept open."""
    addresses = random.sample(ADDRESSES, len(ADDRESSES))
    writer = None
    for path in itertools.cycle(addresses):
        if time.monotonic() > end:
            break
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection(host, port, local_addr=(CROWD, 0))
            head = f"GET {path.format(next(numbers))} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: text/html\r\n\r\n"
            writer.write(head.encode())
            told = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            statuses[told[9:12]] += 1
            if "content-length: " in told:
                await reader.readexactly(int(told.partition("content-length: ")[2].split()[0]))
            else:  # a stream: leave it
                raise ConnectionError
            if "connection: close" in told:
                raise ConnectionError
        except (OSError, EOFError, asyncio.LimitOverrunError):
            if writer is not None:
                writer.close()
            writer = None


async def _crowd(url, seconds):
    address, numbers, statuses = urlsplit(url), itertools.count(random.randrange(10**6)), Counter()
    end = time.monotonic() + seconds
    asking = [_ask_on(address.hostname, address.port, numbers, end, statuses) for _ in range(CONNECTIONS)]
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*asking), seconds + 5)
    return statuses


@contextlib.contextmanager
def crowd(url, seconds):
    """Let a crowd ask as long as the block lasts, `seconds` at most; gives a function that returns its statuses."""
    command = [sys.executable, "-m", "tests.faults.burst", url, str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def statuses():
        return json.loads(process.communicate(timeout=seconds + 30)[0])

    try:
        time.sleep(1)
        yield statuses
    finally:
        process.kill()
        process.wait()


def read(url, path, seconds, pause=0.05):
    """Read an address again and again for some seconds: the statuses, and how long each took in seconds."""
    address, end, statuses, took = urlsplit(url), time.monotonic() + seconds, Counter(), []
    while time.monotonic() < end:
        connection = http.client.HTTPConnection(address.netloc, timeout=60, source_address=(READER, 0))
        begun = time.monotonic()
        connection.request("GET", path, headers={"Accept": "text/html"})
        response = connection.getresponse()
        response.read()
        took.append(time.monotonic() - begun)
        statuses[response.status] += 1
        connection.close()
        time.sleep(pause)
    return statuses, sorted(took)


def percentile(took, part):
    """The time within which this part of the answers came, of ascending times."""
    return took[min(int(len(took) * part), len(took) - 1)]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_crowd(sys.argv[1], float(sys.argv[2])))))
