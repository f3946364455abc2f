"""Measure what each kind of page costs when it is made, as a multiple of an empty view: `make bench` runs it.

One client requests each page over one connection. Pages are made anew, with the values that the portal keeps until the
content changes. The empty view is requested in the same run, so the speed of the machine matters little. The pages are
those of the content, in English.
"""

from tests.benchmarks.load import asked, portal, set_up, store
from tests.pages import PAGES, address, status

SECONDS = 2
MOST_TIMES, MOST_TIMES_OF_A_LIST = 60, 80  # the median time of a page, as a multiple of an empty view's
LISTS = ("issues", "indicators", "projects", "organisations", "agreements", "lessons", "timeline", "sources", "search")


def main():
    vendor, count = set_up()
    print(f"\n{vendor}: {count:,} projects; pages that are made; one client, {SECONDS} s each\n")
    measured, missed = {}, []
    with portal("values") as (base, _server, _seconds):
        empty = median(f"{base}/empty/")
        print(f"{'':32}{'p50 ms':>9}{'times':>9}{'target':>9}\n{'empty view':32}{empty:9.2f}{1:9.1f}")
        for kind in (kind for kind in PAGES if status(kind) == 200):
            measured[kind] = median(base + address(kind, "en"))
            times, target = measured[kind] / empty, MOST_TIMES_OF_A_LIST if kind in LISTS else MOST_TIMES
            if times > target:
                missed.append(kind)
            told = "  missed" if times > target else ""
            print(f"{kind:32}{measured[kind]:9.1f}{times:9.1f}{target:9}{told}", flush=True)
    print(f"\n{len(measured) - len(missed)} of {len(measured)} kinds of page within their target")
    stored = {"projects": count, "empty view, ms": empty, "p50, ms": measured, "missed": missed}
    store(f"pages-{vendor}-{count}", stored)


def median(url):
    """Return the median time of a page in ms."""
    asked(url, 1, 1)
    _rate, took, _most, failed = asked(url, 1, SECONDS)
    if failed:
        raise SystemExit(f"{url}: {failed:.0f} requests failed.")
    return took


if __name__ == "__main__":
    main()
