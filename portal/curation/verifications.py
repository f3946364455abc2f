"""Who verified a record last. A change counts as a verification, since the editor has read the record."""

import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from portal.models.curation import Verification
from portal.models.reference import delete_rows_about_deleted

WITHIN = datetime.timedelta(days=365)


def not_verified_since(model):
    """Return a Q for records that nobody changed or verified in the last 365 days (WITHIN)."""
    year_ago = timezone.now() - WITHIN
    verified = Verification.objects.filter(kind=model._meta.label_lower, record=OuterRef("pk"), at__gte=year_ago)
    return Q(updated_at__lt=year_ago) & ~Q(Exists(verified))


def verify(record, user):
    """Store that a user verified a record now."""
    Verification.objects.update_or_create(
        kind=record._meta.label_lower, record=record.pk, defaults={"at": timezone.now(), "who": user}
    )


def last_verification(record):
    """Return the last verification of a record, with its user; None if the record changed after it."""
    verified = Verification.objects.filter(kind=record._meta.label_lower, record=record.pk, at__gte=record.updated_at)
    return verified.select_related("who").first()


def forget_deleted(sender, change, phase, **kwargs):
    """Receive `rows_changed`: delete the verifications of a deleted record."""
    delete_rows_about_deleted([Verification], sender, change, phase)
