"""Measure what each kind of page costs when it is made, as a multiple of an empty view: `make bench` runs it.

One client requests each page over one connection. Pages are made anew, with the values that the portal keeps until the
content changes. The empty view is requested in the same run, so the speed of the machine matters little. The pages are
those of the content, in English, and some of the API.
"""

import math
import time
import urllib.request

from tests.benchmarks.load import asked, portal, print_growth, set_up, store
from tests.pages import PAGES, address, status

SECONDS, REQUESTS = 2, 5  # measured for each page: so many seconds, and longer if it needs them for so many requests
MOST_TIMES, MOST_TIMES_OF_A_LIST = 60, 80  # the median time of a page, as a multiple of an empty view's
LISTS = ("issues", "indicators", "projects", "organisations", "agreements", "lessons", "timeline", "sources", "search")
ADDRESSES = {
    **{kind: address(kind, "en") for kind in PAGES if status(kind) == 200},
    "API: projects": "/api/v1/projects",
    "API: projects of a country": "/api/v1/projects?country=uz&sort=-start",
    "API: a project": "/api/v1/projects/koica-gggi-aral-sea-grip",
}


def main():
    vendor, count = set_up()
    print(f"\n{vendor}: {count:,} projects; pages that are made; one client, {SECONDS} s each or longer\n")
    typical, slow, missed = {}, {}, []
    with portal("values") as (base, _server, _seconds):
        empty, _slow = percentiles(f"{base}/empty/")
        print(f"{'':32}{'p50 ms':>9}{'p95 ms':>9}{'times':>9}{'target':>9}\n{'empty view':32}{empty:9.2f}")
        for kind, path in ADDRESSES.items():
            typical[kind], slow[kind] = percentiles(base + path)
            times, target = typical[kind] / empty, MOST_TIMES_OF_A_LIST if kind in LISTS else MOST_TIMES
            if times > target:
                missed.append(kind)
            told = "  missed" if times > target else ""
            print(f"{kind:32}{typical[kind]:9.1f}{slow[kind]:9.1f}{times:9.1f}{target:9}{told}", flush=True)
    print(f"\n{len(typical) - len(missed)} of {len(typical)} kinds of page within their target")
    stored = {"projects": count, "empty view, ms": empty, "p50, ms": typical, "p95, ms": slow, "missed": missed}
    store(f"pages-{vendor}-{count}", stored)
    print_growth(f"pages-{vendor}", lambda run: run.get("p95, ms", {}))  # older results have no percentiles


def percentiles(url):
    """Return the median and the 95th percentile of the time of a page in ms."""
    asked(url, 1, 1)
    begun = time.monotonic()
    with urllib.request.urlopen(url, timeout=120):
        took = time.monotonic() - begun
    _rate, typical, slow, failed = asked(url, 1, max(SECONDS, math.ceil(REQUESTS * took)))
    if failed:
        raise SystemExit(f"{url}: {failed:.0f} requests failed.")
    return typical, slow


if __name__ == "__main__":
    main()
