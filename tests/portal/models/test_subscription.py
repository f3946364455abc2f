"""Subscriptions to changes: which are due, and which are erased."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.models import DigestSubscription
from portal.models.subscription import DAYS_UNCONFIRMED
from portal.tracking import content_version
from tests.make import make_digest_subscription

pytestmark = pytest.mark.django_db


def test_unconfirmed_addresses_are_erased_after_seven_days(on):
    on("2026-11-01")
    old, confirmed = make_digest_subscription(), make_digest_subscription(covered_until=timezone.now())
    on("2026-11-01", "12:02:00")
    new = make_digest_subscription()
    assert DAYS_UNCONFIRMED == 7
    on("2026-11-08", "12:01:00")
    assert set(DigestSubscription.objects.unconfirmed()) == {new}
    assert DigestSubscription.objects.erase_unconfirmed() == 1
    assert set(DigestSubscription.objects.all()) == {new, confirmed}
    assert old not in DigestSubscription.objects.all()


@pytest.mark.parametrize(
    ("frequency", "covered", "due"),
    [
        ("weekly", "2026-11-02", "2026-11-09"),
        ("monthly", "2026-11-02", "2026-12-02"),
        ("monthly", "2026-01-31", "2026-03-01"),
    ],
)
@pytest.mark.parametrize("time", ["00:00:00", "23:59:59"])
def test_digest_is_due_after_a_week_or_month_whatever_the_time(on, frequency, covered, due, time):
    on(covered, time)
    make_digest_subscription(frequency=frequency, covered_until=timezone.now())
    day = date.fromisoformat(due)
    assert not DigestSubscription.objects.due_on(day - timedelta(days=1)).exists()
    assert DigestSubscription.objects.due_on(day).exists()


def test_unconfirmed_subscription_is_never_due():
    make_digest_subscription()
    assert not DigestSubscription.objects.due_on(timezone.localdate() + timedelta(days=900)).exists()


def test_frequency_is_weekly_or_monthly():
    with pytest.raises(IntegrityError), transaction.atomic():
        make_digest_subscription(frequency="daily")
    with pytest.raises(ValidationError):
        DigestSubscription(frequency="daily").full_clean()


def test_subscription_is_no_content():
    before = content_version.current_version()
    make_digest_subscription().delete()
    assert content_version.current_version() == before
