"""Models for removed records: the notice shown at their URL, and former keys that redirect to another record."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.models.querysets import PairManager
from portal.models.record import Content
from portal.models.workflow import TRANSLATED_ACTIONS


class Tombstone(Content):
    """The notice at the URL of a record that was public and was removed: the reason, and the record to go to."""

    class Kind(models.TextChoices):
        SOURCE = "source", _("Source")
        PLACE = "place", _("Place")
        ISSUE = "issue", _("Issue")
        INDICATOR = "indicator", _("Indicator")
        EVENT = "event", _("Event")
        ORGANISATION = "organisation", _("Organisation")
        PROJECT = "project", _("Project")
        AGREEMENT = "agreement", _("Agreement")
        RESULT = "result", _("Result or lesson")

    class Reason(models.TextChoices):
        DUPLICATE = "duplicate", _("It duplicated another record.")
        UNFOUNDED = "unfounded", _("Its sources did not support what it said.")
        OUT_OF_SCOPE = "out-of-scope", _("It is outside the portal’s scope.")
        ON_REQUEST = "on-request", _("At the request of those concerned.")
        OUTDATED = "outdated", _("It is out of date.")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    key = models.SlugField(_("key"), max_length=60, db_index=False)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    note = models.TextField(_("note"), blank=True)
    successor = models.SlugField(_("key of the record to redirect to"), max_length=60, blank=True, db_index=False)
    date = models.DateField(_("date"), default=timezone.localdate)

    natural_fields = ("kind", "key")
    objects = PairManager()

    class Meta:
        verbose_name = _("removed record")
        verbose_name_plural = _("removed records")
        ordering = ["-date", "kind", "key"]
        default_permissions = TRANSLATED_ACTIONS
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                name="tombstone_stands_once",
                violation_error_message=_("A reason for this record’s absence has already been given."),
            ),
            models.CheckConstraint(
                name="tombstone_leads_elsewhere",
                condition=~models.Q(key=models.F("successor")),
                violation_error_message=_("A record cannot redirect to itself."),
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.key}"

    def natural_key(self):
        return (self.kind, self.key)


class FormerKey(Content):
    """The key of a record that was merged into another one, or whose key was changed.

    Its URL redirects to the record with the key `now`.
    """

    class Kind(models.TextChoices):
        SOURCE = "source", _("Source")
        PLACE = "place", _("Place")
        ISSUE = "issue", _("Issue")
        INDICATOR = "indicator", _("Indicator")
        EVENT = "event", _("Event")
        TERM = "term", _("Term")
        ORGANISATION = "organisation", _("Organisation")
        PROJECT = "project", _("Project")
        AGREEMENT = "agreement", _("Agreement")
        RESULT = "result", _("Result or lesson")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    key = models.SlugField(_("former key"), max_length=60)
    now = models.SlugField(_("current key"), max_length=60, db_index=False)

    natural_fields = ("kind", "key")
    objects = PairManager()

    @classmethod
    def present_key(cls, kind, key):
        """Return the present key of the record that had this one; None if no record of the kind had it."""
        return cls.objects.filter(kind=kind, key=key).values_list("now", flat=True).first()

    class Meta:
        verbose_name = _("former key")
        verbose_name_plural = _("former keys")
        ordering = ["kind", "key"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                name="former_key_leads_to_one_record",
                violation_error_message=_("This former key already leads somewhere."),
            ),
            models.CheckConstraint(
                name="former_key_leads_elsewhere",
                condition=~models.Q(key=models.F("now")),
                violation_error_message=_("A former key must lead to a different key."),
            ),
        ]

    def __str__(self):
        return f"{self.key} → {self.now}"

    def natural_key(self):
        return (self.kind, self.key)
