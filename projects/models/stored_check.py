"""The model of overlap checks that planners asked to keep."""

import datetime
import secrets

from django.db import models
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

DAYS_KEPT = 90


def new_address():
    """Return a random address that nobody can guess (132 bits)."""
    return secrets.token_urlsafe(16)


def last_day():
    """Return the last day of a check that is stored today."""
    return timezone.localdate() + datetime.timedelta(days=DAYS_KEPT)


class StoredCheckQuerySet(models.QuerySet):
    """Queryset of stored checks."""

    def current(self):
        """Return the checks that have not expired."""
        return self.filter(expires_on__gte=timezone.localdate())

    def erase_expired(self):
        """Delete the expired checks. Return how many they were."""
        return self.filter(expires_on__lt=timezone.localdate()).delete()[0]


class StoredCheck(models.Model):
    """A plan and the answer to it on a day, because the planner asked to keep them.

    It is private to those who have its address. It is no content, so it has no history, and no list, file, feed, search
    or API contains it. The audit log leaves it out too, so a deleted check is in no other table.
    """

    is_audited = False

    address = models.CharField(_("address"), max_length=32, unique=True, default=new_address, editable=False)
    made_on = models.DateField(_("day"), default=timezone.localdate, editable=False)
    expires_on = models.DateField(_("last day"), default=last_day, db_index=True, editable=False)
    plan = models.JSONField(_("plan"), editable=False)
    answer = models.JSONField(_("answer"), editable=False)
    # The random part of the form's token. A form that is sent twice is one check.
    nonce = models.CharField(max_length=43, unique=True, editable=False)

    objects = StoredCheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("stored overlap check")
        verbose_name_plural = _("stored overlap checks")
        default_permissions = ()
        ordering = ["-pk"]

    def __str__(self):
        return str(self.made_on)

    @property
    def secret(self):
        """The key by which whoever made the check can delete it. It is not stored: the address determines it."""
        return salted_hmac("projects.stored_check", self.address, algorithm="sha256").hexdigest()[:32]

    def is_opened_by(self, secret):
        """Return True if `secret` is that of the check."""
        return constant_time_compare(self.secret, secret)
