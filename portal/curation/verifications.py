"""Who looked a record through last. A change counts as a look: whoever makes one has the record before their eyes."""

import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from portal.models.curation import Look
from portal.tracking.audit_log import is_published_kind
from portal.tracking.signals import Action, Phase

WITHIN = datetime.timedelta(days=365)


def not_verified_since(model):
    """The condition that nobody changed or looked through a record for a year."""
    year_ago = timezone.now() - WITHIN
    looks = Look.objects.filter(kind=model._meta.label_lower, record=OuterRef("pk"), at__gte=year_ago)
    return Q(updated_at__lt=year_ago) & ~Q(Exists(looks))


def verify(record, user):
    """Store that a user looked a record through now."""
    Look.objects.update_or_create(
        kind=record._meta.label_lower, record=record.pk, defaults={"at": timezone.now(), "who": user}
    )


def last_verification(record):
    """Who looked a record through last, and when; None if nobody said so since its last change."""
    looks = Look.objects.filter(kind=record._meta.label_lower, record=record.pk, at__gte=record.updated_at)
    return looks.select_related("who").first()


def forget_deleted(sender, change, phase, **kwargs):
    """Receive `rows_changed`: forget the looks at a record that is deleted."""
    if change.action is Action.DELETE and phase is Phase.AFTER and is_published_kind(sender):
        Look.objects.filter(kind=sender._meta.label_lower, record__in=change.pks).delete()
