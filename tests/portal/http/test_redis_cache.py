"""The Redis cache for pages: without Redis the portal works as with an empty cache. tests/faults stops a real one."""

import pytest
from redis.exceptions import ConnectionError as NoConnection

from portal.http import redis_cache
from portal.http.redis_cache import PAUSE, FailSafeRedisCache


class Client:
    """A client of Redis that answers from a dict, or fails if `away` is True. It counts the requests."""

    def __init__(self):
        self.values, self.away, self.requests = {}, False, 0

    def _check(self):
        self.requests += 1
        if self.away:
            raise NoConnection("Connection refused.")

    def get(self, key, default):
        self._check()
        return self.values.get(key, default)

    def set(self, key, value, timeout):
        self._check()
        self.values[key] = value

    def add(self, key, value, timeout):
        self._check()
        return self.values.setdefault(key, value) == value


@pytest.fixture
def client():
    return Client()


@pytest.fixture
def cache(client, monkeypatch):
    monkeypatch.setattr(FailSafeRedisCache, "silent_until", 0.0)
    made = FailSafeRedisCache("redis://localhost", {})
    made._cache = client
    return made


def test_values_are_stored_and_read(cache):
    cache.set("page", "text")
    assert (cache.get("page"), cache.get("other", "none")) == ("text", "none")
    assert (cache.add("page", "new"), cache.add("other", "new")) == (False, True)


def test_cache_is_empty_while_redis_is_away_and_says_so_once(cache, client, caplog):
    cache.set("page", "text")
    client.away, client.requests = True, 0
    assert (cache.get("page", "none"), cache.set("page", "new"), cache.add("page", "new")) == ("none", None, False)
    assert client.requests == 1  # readers must not wait for more than one timeout
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_redis_is_asked_again_after_the_pause(cache, client, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(redis_cache, "monotonic", lambda: clock[0])
    cache.set("page", "text")
    client.away = True
    assert cache.get("page") is None
    client.away = False
    clock[0] += PAUSE - 1
    assert cache.get("page") is None
    clock[0] += 2
    assert cache.get("page") == "text"
