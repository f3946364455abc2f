"""The settings of the portal with an empty view and, if KEEP is "nothing", without the page cache."""

import os

from portal.settings import *  # noqa: F403
from portal.settings import CACHES, MIDDLEWARE

ROOT_URLCONF = "tests.benchmarks.urls"
THROTTLE_RATES = dict.fromkeys(THROTTLE_RATES, 0)  # noqa: F405 - an address asks as often as it likes

if os.environ.get("KEEP") == "nothing":
    MIDDLEWARE = [name for name in MIDDLEWARE if name != "portal.http.page_cache.PageCacheMiddleware"]
    CACHES = CACHES | {"pages": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
