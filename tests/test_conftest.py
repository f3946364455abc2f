"""The two test databases are separate: no test sees the data of another."""

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command

from issues.models import Issue
from portal.models import Source
from portal.tracking.audit_log import AuditEntry


def make_source():
    return Source.objects.create(key="made-here", title="Made here", publisher="A test", kind="report", language="en")


def test_a_test_starts_empty(db):
    make_source()

    assert Source.objects.count() == 1


def test_the_content_is_all_there(content):
    make_source()

    assert Source.objects.filter(key="wikipedia-aral-sea").exists()
    assert Issue.objects.filter(key="aral-sea-depletion").exists()


@pytest.mark.django_db
def test_a_test_starts_empty_after_one_with_content():
    assert not Source.objects.exists()


class TestContentOfAClass:
    def test_is_there(self, content, client):
        assert not Source.objects.filter(key="made-here").exists()
        make_source()

    def test_is_what_it_was(self, content):
        assert not Source.objects.filter(key="made-here").exists()
        assert Source.objects.filter(key="wikipedia-aral-sea").exists()


@pytest.mark.django_db(transaction=True)
def test_a_transactional_test_starts_empty_too():
    assert not Source.objects.exists()
    make_source()


@pytest.mark.django_db(transaction=True)
def test_groups_outlive_a_transactional_test():
    call_command("flush", interactive=False, verbosity=0)
    assert Group.objects.get(name="Reviewer").permissions.filter(codename="publish_source").exists()
    assert not AuditEntry.objects.exists()


def test_the_content_outlives_a_transactional_test(content):
    assert Source.objects.filter(key="wikipedia-aral-sea").exists()


# ── A skipped test, where none may be skipped ────────────────────────────────────────────────────────────────

SKIPPING = """
import pytest

def test_for_want_of_a_browser():
    pytest.skip("Chromium was not found")

def test_of_files_beside_the_repository():
    pytest.skip("../shared is not there")

@pytest.mark.skipif(True, reason="no reason at all")
def test_marked():
    pass

@pytest.mark.xfail(reason="known", strict=False)
def test_known_to_fail():
    assert False
"""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", {"skipped": 4, "xfailed": 1}),
        ("1", {"skipped": 1, "xfailed": 1, "failed": 1, "errors": 2}),  # a skip in the setup ends as an error
    ],
)
def test_a_skip_is_a_failure_where_nothing_may_be_skipped(pytester, monkeypatch, value, expected):
    monkeypatch.setenv("PORTAL_NO_SKIP", value)
    pytester.syspathinsert(settings.BASE_DIR)
    pytester.makeconftest("from tests.conftest import pytest_make_collect_report, pytest_runtest_makereport")
    pytester.makepyfile(test_skipping=SKIPPING, test_module="import pytest\npytest.importorskip('no_such_module')")

    result = pytester.runpytest_inprocess("-p", "no:django", "-p", "no:playwright", "--continue-on-collection-errors")

    result.assert_outcomes(**expected)


# ── Tests that can ask no database run on SQLite only ────────────────────────────────────────────────────────


def test_a_test_without_the_marker_can_ask_no_database(request):
    assert not request.node.get_closest_marker("database")
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        Source.objects.exists()


@pytest.mark.django_db
def test_a_test_that_may_ask_a_database_is_marked(request):
    assert request.node.get_closest_marker("database")


def test_a_test_of_the_content_is_marked(request, content):
    assert request.node.get_closest_marker("database")
