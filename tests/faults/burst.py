"""Many connections of one network request uncached pages while a reader of another network reads.

`python -m tests.faults.burst URL SECONDS` is the crowd, in its own process. It prints the number of responses by
status.
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
# “{}” becomes a number that no earlier request used.
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
    """Request one URL after the other on a connection that stays open."""
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
            else:  # a streamed response: do not read it
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
    """Let a crowd send requests during the block, `seconds` at most. Yield a function that returns its statuses."""
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
    """Request a URL again and again for some seconds. Return the statuses and the seconds of each response."""
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
    """Return the time within which this share of the responses came; `times` ascend."""
    return took[min(int(len(took) * part), len(took) - 1)]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_crowd(sys.argv[1], float(sys.argv[2])))))
