"""Records that may tell of the same thing: a list to work down, kept between two looks for them.

To compare all names of a table takes about half a second for a thousand records: too long for the first page of the
desk, which counts what was found last, and short enough for the page that lists them, which looks anew.
"""

from dataclasses import dataclass

from django.apps import apps
from django.core.cache import cache
from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.signals import post_delete
from django.utils import timezone

from portal.care.tables import Double
from portal.choices import Publication
from portal.models import FormerKey, Record
from portal.similar import similar_pairs

LOOKED = "doubles-looked-for"  # when, in the cache


@dataclass(frozen=True)
class Pair:
    """Two records that may be one, why, and how likely."""

    pk: int
    first: object
    second: object
    reason: str
    score: float


def merged_models():
    """The models of which two records can become one: a former key of theirs leads to the record that stays."""
    return [
        model
        for model in apps.get_models()
        if issubclass(model, Record) and model._meta.model_name in FormerKey.Kind.values
    ]


def find(model):
    """The pairs of a model that may be one record and were not told apart, the likeliest first; and remember them."""
    kind = model._meta.label_lower
    known = {(double.one, double.other): double for double in Double.objects.filter(kind=kind)}
    found = {}
    for first, similar in similar_pairs(model):
        if Publication.ARCHIVED not in {first.publication, similar.record.publication}:
            found[tuple(sorted((first.pk, similar.record.pk)))] = first, similar
    gone = [double.pk for pair, double in known.items() if pair not in found and double.told_apart_at is None]
    Double.objects.filter(pk__in=gone).delete()
    new = [Double(kind=kind, one=one, other=other) for one, other in found if (one, other) not in known]
    known |= {(double.one, double.other): double for double in Double.objects.bulk_create(new)}
    cache.set(LOOKED, timezone.now(), timeout=None)
    return [
        Pair(known[pair].pk, first, similar.record, similar.reason, similar.score)
        for pair, (first, similar) in found.items()
        if known[pair].told_apart_at is None
    ]


def counts():
    """How many pairs each kind of record has, by the label of its model, as found when they were last looked for."""
    found = Double.objects.filter(told_apart_at=None).order_by().values_list("kind")
    return dict(found.annotate(Count("pk")))


def has_double(model):
    """The condition that a record may be the same as another one; None for models whose records are not merged."""
    if model not in merged_models():
        return None
    found = Double.objects.filter(kind=model._meta.label_lower, told_apart_at=None)
    return Q(Exists(found.filter(Q(one=OuterRef("pk")) | Q(other=OuterRef("pk")))))


def looked_for_at():
    """When doubles were last looked for, as far as is known."""
    return cache.get(LOOKED)


def tell_apart(double, user):
    """Store that a user says the two are not the same."""
    double.told_apart_at, double.told_apart_by = timezone.now(), user
    double.save(update_fields=["told_apart_at", "told_apart_by"])


def _deleted(sender, instance, **kwargs):
    here = Q(one=instance.pk) | Q(other=instance.pk)
    Double.objects.filter(here, kind=sender._meta.label_lower).delete()


def listen():
    """Forget pairs with either record. Called once, when all models are there."""
    for model in merged_models():
        post_delete.connect(_deleted, sender=model, dispatch_uid="doubles")
