"""Redis, where CACHE_URL names one, in place of what each process keeps by itself: readers never wait for it.

It may be lost at any time, and then nothing is kept until it is back. What cannot do without it, such as counting
attempts to sign in, tells of an outage (`portal.http.outage`).
"""

import logging
from time import monotonic

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

PAUSE = 10  # seconds in which nobody asks again what did not answer

logger = logging.getLogger(__name__)


class FailSafeRedisCache(RedisCache):
    """What can be made again, such as pages: while Redis does not answer, none of it is there."""

    silent_until = 0.0  # of all threads of the process

    def get(self, key, default=None, version=None):
        return self._told(super().get, default, key, default, version)

    def add(self, key, value, *more, **named):
        return self._told(super().add, False, key, value, *more, **named)

    def set(self, key, value, *more, **named):
        return self._told(super().set, None, key, value, *more, **named)

    def _told(self, ask, otherwise, *arguments, **named):
        """What Redis answers, or `otherwise` if it does not."""
        if monotonic() < FailSafeRedisCache.silent_until:
            return otherwise
        try:
            return ask(*arguments, **named)
        except RedisError as error:
            FailSafeRedisCache.silent_until = monotonic() + PAUSE
            logger.warning("Redis does not answer; for %d seconds nothing is kept. %s", PAUSE, error)
            return otherwise
