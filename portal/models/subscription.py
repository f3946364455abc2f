"""The model of readers who get the changes of a list by e-mail."""

import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.core.partial_dates import months_before

DAYS_UNCONFIRMED = 7  # days for which a subscription that nobody confirmed is kept


class DigestSubscriptionQuerySet(models.QuerySet):
    """Queryset of subscriptions to digests."""

    def confirmed(self):
        """Return the subscriptions that their readers confirmed."""
        return self.exclude(covered_until=None)

    def unconfirmed(self):
        """Return the subscriptions that can still be confirmed."""
        return self.filter(covered_until=None, asked_at__gt=_last_moment())

    def erase_unconfirmed(self):
        """Delete the subscriptions that nobody confirmed within DAYS_UNCONFIRMED days. Return how many they were."""
        return self.filter(covered_until=None, asked_at__lte=_last_moment()).delete()[0]

    def due_on(self, day):
        """Return the confirmed subscriptions whose last digest is a week, or a month, before `day` or older."""
        last = {
            DigestSubscription.Frequency.WEEKLY: day - datetime.timedelta(days=7),
            DigestSubscription.Frequency.MONTHLY: months_before(day, 1),
        }
        due = models.Q()
        for frequency, covered in last.items():
            due |= models.Q(frequency=frequency, covered_until__lt=_end_of(covered))
        return self.filter(due)


class DigestSubscription(models.Model):
    """An e-mail address that gets the changes of a list, weekly or monthly.

    It is private. It is no content, so it has no history, and no file, feed, search or API contains it. The audit log
    leaves it out too. So the address is in no other table, and deleting the row erases it. `list_name` and `query` are
    those of `portal.views.list_query`.
    """

    is_audited = False

    class Frequency(models.TextChoices):
        WEEKLY = "weekly", _("Every week")
        MONTHLY = "monthly", _("Every month")

    LONGEST_QUERY = 1_000  # characters

    email = models.EmailField(_("e-mail address"), editable=False)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, editable=False)
    list_name = models.CharField(_("list"), max_length=20, editable=False)
    query = models.TextField(_("filter"), max_length=LONGEST_QUERY, blank=True, editable=False)
    frequency = models.CharField(_("frequency"), max_length=7, choices=Frequency, editable=False)
    asked_at = models.DateTimeField(_("asked for"), default=timezone.now, editable=False)
    # All changes before this moment are covered by the digests so far. Null until the reader confirms the address.
    covered_until = models.DateTimeField(_("last digest"), null=True, db_index=True, editable=False)
    # The random part of the form's token. A form that is sent twice is one subscription. Signed, it is the key of the
    # links in the mails.
    nonce = models.CharField(max_length=43, unique=True, editable=False)

    objects = DigestSubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription to changes")
        verbose_name_plural = _("subscriptions to changes")
        default_permissions = ("view", "delete")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="digest_frequency_is_known",
                condition=models.Q(frequency__in=("weekly", "monthly")),
                violation_error_message=_("A digest is sent every week or every month."),
            ),
        ]

    def __str__(self):
        return gettext("Subscription {number}").format(number=self.pk)

    @property
    def is_confirmed(self):
        """Return True if the reader confirmed the address."""
        return self.covered_until is not None

    def confirm(self):
        """Store that the reader confirmed, and delete an older subscription of the address to the same changes."""
        self.covered_until = timezone.now()
        self.save(update_fields=["covered_until"])
        same = DigestSubscription.objects.confirmed().filter(
            email__iexact=self.email, list_name=self.list_name, query=self.query
        )
        same.exclude(pk=self.pk).delete()


def _last_moment():
    """Return the time at or before which a subscription that is not confirmed is too old."""
    return timezone.now() - datetime.timedelta(days=DAYS_UNCONFIRMED)


def _end_of(day):
    """Return the moment at which a day ends in the portal's time zone."""
    return timezone.make_aware(datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time()))
