"""Rejected activities: an import does not offer them again until somebody takes the rejection back."""

from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.db import transaction

from projects.iati import fields
from projects.models import ImportedActivity, RejectedActivity


@transaction.atomic
def reject(activities, reason, user):
    """Store that a user rejected these activities. Return how many; those that have a project are left alone."""
    found = {activity.identifier: fields.best(activity.titles) for activity in activities}
    settled = {
        identifier
        for model in (RejectedActivity, ImportedActivity)
        for identifier in model.objects.filter(identifier__in=found).values_list("identifier", flat=True)
    }
    rows = [
        RejectedActivity(identifier=identifier, title=title[:300], reason=reason, who=user.get_username())
        for identifier, title in found.items()
        if identifier not in settled
    ]
    RejectedActivity.objects.bulk_create(rows)
    LogEntry.objects.log_actions(user.pk, rows, ADDITION, [{"added": {}}])
    return len(rows)


@transaction.atomic
def take_back(rejections, user):
    """Delete these rejections, so that imports offer the activities again. Return how many."""
    rows = list(rejections)
    LogEntry.objects.log_actions(user.pk, rows, DELETION, [])
    rejections.model.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)
