"""Store pairs of likely duplicate records, which editors work through until the next search.

To compare all names of a table takes about half a second for a thousand records, and much longer if many are similar.
So the pages of the admin read stored pairs. The command `find_duplicates` compares all tables; a button in the admin
compares those of at most MOST_AT_DESK records.
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

from portal.curation.similarity import reason_in_words, similar_pairs
from portal.models import Record, workflow
from portal.models.curation import DuplicateCandidate
from portal.tracking.signals import Action, Phase

MERGED = frozenset({"source", "place", "organisation", "project"})  # the kinds whose records can be merged
SEARCHED_AT = "doubles-looked-for"  # cache key of the time of the last search
MOST_STORED = 500  # pairs of each model, without those marked as distinct
MOST_AT_DESK = 2_000  # largest table that the admin compares during a request


@dataclass(frozen=True)
class CandidatePair:
    """Two records that may be duplicates, and the reason in words."""

    pk: int
    first: object
    second: object
    reason: str


@functools.cache
def merged_models():
    """Return the models whose records can be merged."""
    return [model for model in apps.get_models() if issubclass(model, Record) and model._meta.model_name in MERGED]


def find_duplicates(model):
    """Compare all records of a model and store the likely pairs. Return how many are stored and not marked as distinct.

    At most the MOST_STORED likeliest of these are stored. Two simultaneous searches store each pair once.
    """
    kind = model._meta.label_lower
    found = {
        tuple(sorted((first.pk, similar.record.pk))): similar
        for first, similar in similar_pairs(model)
        if not workflow.RESTING_STATES & {first.publication, similar.record.publication}
    }
    with transaction.atomic():
        known = list(DuplicateCandidate.objects.filter(kind=kind).order_by("pk").select_for_update())
        apart = {(double.one, double.other) for double in known if double.told_apart_at}
        kept = dict(itertools.islice(((pair, one) for pair, one in found.items() if pair not in apart), MOST_STORED))
        gone = [
            double.pk for double in known if double.told_apart_at is None and (double.one, double.other) not in kept
        ]
        DuplicateCandidate.objects.filter(pk__in=gone).delete()
        # Sorted, so that two simultaneous searches insert rows in the same order and do not deadlock.
        DuplicateCandidate.objects.bulk_create(
            [
                DuplicateCandidate(
                    kind=kind, one=one, other=other, score=alike.score, why=alike.why, shared=alike.shared
                )
                for (one, other), alike in sorted(kept.items(), key=operator.itemgetter(0))
            ],
            update_conflicts=True,
            unique_fields=["kind", "one", "other"],
            update_fields=["score", "why", "shared"],
        )
    cache.set(SEARCHED_AT, timezone.now(), timeout=None)
    return len(kept)


def listed(model):
    """Return the stored pairs of a model that are not marked as distinct, the likeliest first. Two queries."""
    waiting = DuplicateCandidate.objects.filter(kind=model._meta.label_lower, told_apart_at=None).order_by(
        "-score", "pk"
    )
    pks = {pk for double in waiting for pk in (double.one, double.other)}
    records = model._base_manager.exclude(publication__in=workflow.RESTING_STATES).in_bulk(pks)
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
    """Return the number of pairs that are not marked as distinct by model label, as of the last search."""
    found = DuplicateCandidate.objects.filter(told_apart_at=None).order_by().values_list("kind")
    return dict(found.annotate(Count("pk")))


def has_duplicate_candidate(model):
    """Return a Q for records in a pair that is not marked as distinct; None if the model's records cannot be merged."""
    if model not in merged_models():
        return None
    found = DuplicateCandidate.objects.filter(kind=model._meta.label_lower, told_apart_at=None)
    return Q(Exists(found.filter(Q(one=OuterRef("pk")) | Q(other=OuterRef("pk")))))


def last_search_at():
    """Return the time of the last search; None if it is not in the cache."""
    return cache.get(SEARCHED_AT)


def mark_distinct(double, user):
    """Store that a user says that the two records of a pair are different."""
    double.told_apart_at, double.told_apart_by = timezone.now(), user
    double.save(update_fields=["told_apart_at", "told_apart_by"])


def forget_deleted(sender, change, phase, **kwargs):
    """Receive `rows_changed`: delete the pairs of a deleted record."""
    if change.action is Action.DELETE and phase is Phase.AFTER and sender in merged_models():
        here = Q(one__in=change.pks) | Q(other__in=change.pks)
        DuplicateCandidate.objects.filter(here, kind=sender._meta.label_lower).delete()
