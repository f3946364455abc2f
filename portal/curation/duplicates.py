"""Records that may tell of the same thing: a list to work down, stored between two searches for them.

To compare all names of a table takes about half a second for a thousand records, and much longer if many are alike. So
the pages of the desk read what is stored. The command `find_duplicates` compares all; a button of the desk compares the
tables of at most MOST_AT_DESK records.
"""

import functools
import itertools
import operator
from dataclasses import dataclass

from django.apps import apps
from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from portal.core.choices import PublicationStatus
from portal.curation.similarity import reason_in_words, similar_pairs
from portal.models import FormerKey, Record
from portal.models.curation import Double
from portal.tracking.signals import Action, Phase

LOOKED = "doubles-looked-for"  # when, in the cache
MOST_STORED = 500  # pairs of a kind that nobody has told apart
MOST_AT_DESK = 2_000  # records of a kind that are compared while an editor waits


@dataclass(frozen=True)
class CandidatePair:
    """Two records that may be one, and why."""

    pk: int
    first: object
    second: object
    reason: str


@functools.cache
def merged_models():
    """The models of which two records can become one: a former key of theirs leads to the record that stays."""
    return [
        model
        for model in apps.get_models()
        if issubclass(model, Record) and model._meta.model_name in FormerKey.Kind.values
    ]


def find_duplicates(model):
    """Compare all records of a model and store the pairs that may be one. Return how many nobody has told apart.

    Of those, the MOST_STORED likeliest are stored. Two searches at once store each pair once.
    """
    kind = model._meta.label_lower
    found = {
        tuple(sorted((first.pk, similar.record.pk))): similar
        for first, similar in similar_pairs(model)
        if PublicationStatus.ARCHIVED not in {first.publication, similar.record.publication}
    }
    with transaction.atomic():
        known = list(Double.objects.filter(kind=kind).order_by("pk").select_for_update())
        apart = {(double.one, double.other) for double in known if double.told_apart_at}
        kept = dict(itertools.islice(((pair, one) for pair, one in found.items() if pair not in apart), MOST_STORED))
        gone = [
            double.pk for double in known if double.told_apart_at is None and (double.one, double.other) not in kept
        ]
        Double.objects.filter(pk__in=gone).delete()
        Double.objects.bulk_create(
            [
                Double(kind=kind, one=one, other=other, score=alike.score, why=alike.why, shared=alike.shared)
                for (one, other), alike in sorted(kept.items(), key=operator.itemgetter(0))  # in one order for all
            ],
            update_conflicts=True,
            unique_fields=["kind", "one", "other"],
            update_fields=["score", "why", "shared"],
        )
    cache.set(LOOKED, timezone.now(), timeout=None)
    return len(kept)


def listed(model):
    """Return the stored pairs of a model that nobody has told apart, the likeliest first. Two queries."""
    waiting = Double.objects.filter(kind=model._meta.label_lower, told_apart_at=None).order_by("-score", "pk")
    pks = {pk for double in waiting for pk in (double.one, double.other)}
    records = model._base_manager.exclude(publication=PublicationStatus.ARCHIVED).in_bulk(pks)
    return [
        CandidatePair(
            double.pk,
            records[double.one],
            records[double.other],
            reason_in_words(double.why, double.shared) if double.why else "",
        )
        for double in waiting
        if double.one in records and double.other in records
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


def last_search_at():
    """When doubles were last looked for, as far as is known."""
    return cache.get(LOOKED)


def mark_distinct(double, user):
    """Store that a user says the two are not the same."""
    double.told_apart_at, double.told_apart_by = timezone.now(), user
    double.save(update_fields=["told_apart_at", "told_apart_by"])


def forget_deleted(sender, change, phase, **kwargs):
    """Receive `rows_changed`: forget the pairs with a record that is deleted."""
    if change.action is Action.DELETE and phase is Phase.AFTER and sender in merged_models():
        here = Q(one__in=change.pks) | Q(other__in=change.pks)
        Double.objects.filter(here, kind=sender._meta.label_lower).delete()
