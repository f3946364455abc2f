"""Who looked a record through last. A change counts as a look: whoever makes one has the record before their eyes."""

import datetime

from django.apps import apps
from django.db.models import Exists, OuterRef, Q
from django.db.models.signals import post_delete
from django.utils import timezone

from portal.care.tables import Look

WITHIN = datetime.timedelta(days=365)


def not_looked_at(model):
    """The condition that nobody changed or looked through a record for a year."""
    year_ago = timezone.now() - WITHIN
    looks = Look.objects.filter(kind=model._meta.label_lower, record=OuterRef("pk"), at__gte=year_ago)
    return Q(updated_at__lt=year_ago) & ~Q(Exists(looks))


def look(record, user):
    """Store that a user looked a record through now."""
    Look.objects.update_or_create(
        kind=record._meta.label_lower, record=record.pk, defaults={"at": timezone.now(), "who": user}
    )


def last_look(record):
    """Who looked a record through last, and when; None if nobody said so since its last change."""
    looks = Look.objects.filter(kind=record._meta.label_lower, record=record.pk, at__gte=record.updated_at)
    return looks.select_related("who").first()


def _deleted(sender, instance, **kwargs):
    Look.objects.filter(kind=sender._meta.label_lower, record=instance.pk).delete()


def listen():
    """Forget the look with its record. Called once, when all models are there."""
    for model in apps.get_models():
        if any(field.name == "publication" for field in model._meta.concrete_fields):
            post_delete.connect(_deleted, sender=model, dispatch_uid="looks")
