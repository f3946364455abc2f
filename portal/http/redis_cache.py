"""The cache backend for Redis, if CACHE_URL is set, in place of the local memory cache of each process.

If Redis fails, nothing is cached until it is back. After an error, the process sends it no request for PAUSE seconds,
so that readers do not wait for timeouts. The cache `default` uses Django's backend instead: what needs it, such as the
count of sign-in attempts, raises an error, and the response is 503 (`portal.http.outage`).
"""

import logging
from time import monotonic

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

PAUSE = 10  # seconds without requests to Redis after an error

logger = logging.getLogger(__name__)


class FailSafeRedisCache(RedisCache):
    """A Redis cache for values that can be made again, such as pages. While Redis fails, it behaves as if empty."""

    silent_until = 0.0  # monotonic time, shared by all threads of the process

    def get(self, key, default=None, version=None):
        return self._told(super().get, default, key, default, version)

    def add(self, key, value, *more, **named):
        return self._told(super().add, False, key, value, *more, **named)

    def set(self, key, value, *more, **named):
        return self._told(super().set, None, key, value, *more, **named)

    def _told(self, ask, otherwise, *arguments, **named):
        """Return the result of `ask`, or `otherwise` if Redis fails or failed within the last PAUSE seconds."""
        if monotonic() < FailSafeRedisCache.silent_until:
            return otherwise
        try:
            return ask(*arguments, **named)
        except RedisError as error:
            FailSafeRedisCache.silent_until = monotonic() + PAUSE
            logger.warning("Redis does not answer; for %d seconds nothing is kept. %s", PAUSE, error)
            return otherwise
