"""The settings of the portal with an empty view.

KEEP is "pages", as in production; "values" to make each page anew, with the values that the portal keeps until the
content changes; or "nothing" to keep neither.
"""

import os

from portal.settings import *  # noqa: F403
from portal.settings import CACHES, MIDDLEWARE

ROOT_URLCONF = "tests.benchmarks.urls"
THROTTLE_RATES = dict.fromkeys(THROTTLE_RATES, 0)  # noqa: F405 - an address asks as often as it likes

if os.environ.get("KEEP") in {"nothing", "values"}:
    MIDDLEWARE = [name for name in MIDDLEWARE if name != "portal.http.page_cache.PageCacheMiddleware"]
if os.environ.get("KEEP") == "nothing":
    CACHES = CACHES | {"pages": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
