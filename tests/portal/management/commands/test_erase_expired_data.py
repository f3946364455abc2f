"""The daily command that erases personal data whose time is over."""

import datetime
import logging

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from portal.models import DigestSubscription, Notice, ReaderReport, UsageCount
from tests.make import make_digest_subscription, make_notice, make_reader_report

pytestmark = pytest.mark.django_db

EMAIL = "reader@example.org"


def days_ago(days):
    return timezone.now() - datetime.timedelta(days=days)


def rows_of_the_cache():
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM portal_cache")
        return [key for (key,) in cursor.fetchall()]


def test_command_erases_what_is_over_and_leaves_the_rest(caplog):
    long_ago = timezone.localdate() - datetime.timedelta(days=400)
    old = make_reader_report(state="corrected", closed_on=long_ago, email=EMAIL)
    new = make_reader_report(state="declined", closed_on=timezone.localdate(), email=EMAIL)
    user = User.objects.create_user("gulnara")
    for key, expires in (("ended", days_ago(1)), ("running", days_ago(-1))):
        Session.objects.create(session_key=key, session_data="", expire_date=expires)
        entry = UserSession.objects.create(user=user, session_key=key, ip="203.0.113.0", user_agent="Firefox")
        UserSession.objects.filter(pk=entry.pk).update(created_at=days_ago(2))
    UserSession.objects.create(user=user, session_key="begins", ip="203.0.113.0", user_agent="Firefox")
    make_digest_subscription(asked_at=days_ago(8))
    asked = make_digest_subscription(asked_at=days_ago(6))
    followed = make_digest_subscription(asked_at=days_ago(8), covered_until=days_ago(1))
    for ago in (30 * 31, 0):
        day = timezone.localdate() - datetime.timedelta(days=ago)
        UsageCount.objects.create(day=day, kind="page", language="en", name="/")
    make_notice(recipient=user, at=days_ago(370))
    kept = make_notice(recipient=user, at=days_ago(360))
    cache.set("expired", 1, timeout=-10)
    cache.set("counts", 1, timeout=60)
    with caplog.at_level(logging.INFO):
        call_command("erase_expired_data")
    assert {report.pk: report.email for report in ReaderReport.objects.all()} == {old.pk: "", new.pk: EMAIL}
    assert set(Session.objects.values_list("session_key", flat=True)) == {"running"}
    assert set(UserSession.objects.values_list("session_key", flat=True)) == {"running", "begins"}
    assert [key.rpartition(":")[2] for key in rows_of_the_cache()] == ["counts"]
    assert set(DigestSubscription.objects.all()) == {asked, followed}
    assert UsageCount.objects.get().day == timezone.localdate()
    assert "counts of usage 1" in caplog.text
    assert set(Notice.objects.all()) == {kept}
    assert "addresses of reports 1" in caplog.text
    assert "subscriptions 1" in caplog.text
    assert EMAIL not in caplog.text


def test_second_run_changes_nothing(caplog):
    call_command("erase_expired_data")
    with caplog.at_level(logging.INFO):
        call_command("erase_expired_data")
    assert "addresses of reports 0, entries of ended sessions 0" in caplog.text
