"""Measure searches among many generated projects: `make bench` runs it on the database of DATABASE_URL.

Pages are requested through the whole of Django, without a network. Targets: a page of a rare term under 20 ms, a page
of a term that half of the records contain under 150 ms, a suggestion under 20 ms.
"""

import os
import statistics
import sys
import time
from urllib.parse import urlencode

from tests.benchmarks.load import store

ROUNDS = 15

# What is requested, its URL, and the target in milliseconds (None: no target).
ASKED = (
    ("rare name", "search/", {"q": "Micklin"}, 20),
    ("rare number", "search/", {"q": "104729"}, 20),
    ("rare Korean word", "search/", {"q": "농진청"}, 20),
    ("rare word beside a common one", "search/", {"q": "104729 사업"}, None),
    ("term in half of the records", "search/", {"q": "water"}, 150),
    ("Korean term in half of the records", "search/", {"q": "가뭄"}, 150),
    ("Russian term in half of the records", "search/", {"q": "вода"}, 150),
    ("term in nearly all records", "search/", {"q": "Kazakhstan"}, None),
    ("three common words", "search/", {"q": "water management Kazakhstan"}, None),
    ("question", "search/", {"q": "what does Korea do against drought in Kazakhstan"}, None),
    ("common term with filters", "search/", {"q": "water", "country": "kz", "kind": "project"}, None),
    ("suggestion, two letters", "search/suggest/", {"q": "wa"}, 20),
    ("suggestion, a word", "search/suggest/", {"q": "water"}, 20),
    ("suggestion, Korean", "search/suggest/", {"q": "가"}, 20),
    ("suggestion, two words", "search/suggest/", {"q": "water trees"}, 20),
    ("suggestion, inner word", "search/suggest/", {"q": "kazvodkhoz"}, 20),
    ("mistyped word", "search/", {"q": "deserification"}, None),
    ("list of projects by a rare word", "projects/", {"q": "104729"}, None),
)


def main():
    os.environ |= {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings", "KEEP": "nothing"}  # no page is cached
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import setup_test_environment

    from portal.models.search_index import SearchEntry

    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    setup_test_environment()
    client = Client(headers={"host": "localhost"})
    print(f"\n{connection.vendor}: {SearchEntry.objects.count():,} records; milliseconds, {ROUNDS} rounds\n")
    print(f"{'':38}{'median':>8}{'worst':>8}{'target':>8}{'hits':>10}")
    rows = []
    for name, path, query, target in ASKED:
        address = f"/en/{path}?{urlencode(query)}"
        times = []
        for _ in range(ROUNDS + 1):
            start = time.perf_counter()
            response = client.get(address)
            times.append((time.perf_counter() - start) * 1_000)
            assert response.status_code == 200, address
        times = times[1:]  # the first request is a warm-up
        found = response.context["count"] if response.context else len(response.json()["suggestions"])
        median = statistics.median(times)
        note = "" if target is None else f"{target:>8}" if median < target else f"{target:>7}!"
        print(f"{name:38}{median:8.1f}{max(times):8.1f}{note:>8}{found:>10,}")
        rows.append({"name": name, "median": median, "worst": max(times), "target": target, "hits": found})
    store(f"search-{connection.vendor}", rows)


if __name__ == "__main__":
    sys.exit(main())
