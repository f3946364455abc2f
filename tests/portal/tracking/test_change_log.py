"""The log of what the open transaction has changed."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connections, transaction
from django.db.backends.sqlite3.base import DatabaseWrapper

from portal.models import Source
from portal.models.search_index import SearchEntry
from portal.search import indexing
from portal.search.ranking import keys_matching
from portal.tracking import content_version
from portal.tracking.change_log import content_transaction, current_log, joined_transaction, open_log
from portal.tracking.signals import changes_flushed
from tests.make import make_source

pytestmark = pytest.mark.django_db(transaction=True)


class Undone(Exception):
    """Raised to roll back a transaction or a savepoint."""


@contextlib.contextmanager
def undone():
    """Roll the block back."""
    with contextlib.suppress(Undone), transaction.atomic():
        yield
        raise Undone


@pytest.fixture
def flushes():
    """Return the flushes so far: for each whether it came after the commit."""
    found = []

    def receive(sender, log, is_committed, **kwargs):
        found.append(is_committed)

    changes_flushed.connect(receive)
    yield found
    changes_flushed.disconnect(receive)


# ── Expiry ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_log_lives_from_the_first_change_to_the_end_of_the_transaction():
    source = make_source()
    assert open_log() is None
    with transaction.atomic():
        assert open_log() is None
        source.save()
        log = open_log()
        assert log.unindexed == {Source: {source.pk}}
        make_source()
        with transaction.atomic():
            source.save()
        assert open_log() is log is current_log()
    assert open_log() is None
    with undone():
        source.save()
        assert open_log() not in {None, log}
    assert open_log() is None


def test_outside_of_a_transaction_there_is_none():
    with pytest.raises(transaction.TransactionManagementError, match="within transaction"):
        current_log()


def test_savepoint_that_is_rolled_back_takes_the_log_that_began_in_it():
    one, other = make_source(), make_source()
    with transaction.atomic():
        with undone(), transaction.atomic():
            one.save()
        assert open_log() is None
        with transaction.atomic():
            other.save()
        with undone():
            one.save()
        assert open_log().unindexed[Source] >= {other.pk}


def test_what_a_savepoint_takes_back_is_indexed_as_it_is():
    kept, other = make_source(title="Before"), make_source(title="Before")
    with content_transaction():
        Source.objects.filter(pk=kept.pk).update(title="Quinoa")
        with undone():
            Source.objects.filter(pk=other.pk).update(title="Quinoa")
    assert keys_matching(Source, "quinoa") == [kept.pk]
    assert keys_matching(Source, "before") == [other.pk]


def test_each_thread_has_its_own(own_database):
    def look():
        try:
            return open_log()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads, transaction.atomic():
        make_source()
        assert threads.submit(look).result() is None
        assert open_log() is not None


def test_each_database_has_its_own(tmp_path):
    own = {"NAME": tmp_path / "other.sqlite3", "OPTIONS": {}}
    connections["other"] = DatabaseWrapper(connections["default"].settings_dict | own, "other")
    try:
        with transaction.atomic():
            make_source()
            log = open_log()
            with contextlib.suppress(Undone), transaction.atomic(using="other"):
                assert open_log("other") is None
                assert current_log("other") is open_log("other") is not log
                raise Undone
            assert (open_log("other"), open_log()) == (None, log)
    finally:
        connections["other"].close()
        del connections["other"]


# ── When it is flushed ───────────────────────────────────────────────────────────────────────────────────────────


def test_plain_transaction_is_flushed_after_its_commit(flushes):
    with transaction.atomic():
        make_source()
        assert (flushes, SearchEntry.objects.count()) == ([], 0)
    assert (flushes, SearchEntry.objects.count()) == ([True], 1)


def test_content_transaction_is_flushed_before_and_after_its_commit(flushes):
    with transaction.atomic():
        with content_transaction():
            make_source()
        assert (flushes, SearchEntry.objects.count()) == ([False], 1)
    assert flushes == [False, True]


def test_joined_transaction_is_its_own_only_outside_of_another(flushes):
    with joined_transaction():
        make_source()
    assert flushes == [False, True]
    with transaction.atomic():
        with joined_transaction():
            make_source()
        assert flushes == [False, True]
    assert flushes == [False, True, True]


def test_transaction_that_changes_nothing_is_not_flushed(flushes):
    with content_transaction():
        list(Source.objects.all())
    assert flushes == []


def test_inner_transaction_that_fails_leaves_the_changes_of_the_outer_one_to_be_indexed():
    with content_transaction():
        source = make_source(title="Quinoa")
        with contextlib.suppress(Undone), content_transaction():
            make_source(title="Quinoa")
            raise Undone
    assert keys_matching(Source, "quinoa") == [source.pk]


def test_failure_after_the_commit_is_logged_and_the_rest_is_flushed(monkeypatch, caplog):
    def fail(*args):
        raise DatabaseError("The disk is full.")

    before = content_version.current_version()
    monkeypatch.setattr(indexing, "_reindex", fail)
    with transaction.atomic():
        make_source()
    assert "The disk is full." in caplog.text
    assert content_version.ContentVersion.objects.get().number == before + 1
    assert Source.objects.exists()
