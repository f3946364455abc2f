"""Models of the work of several editors: comments, who reviews what, and notices. Readers see none of them.

They refer to a record by the label of its model (`kind`) and its primary key, as the models of curation do. They are no
content, so they have no history, and no file, feed, search or API contains them.
"""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.models.reference import RecordReferenceModel


class Comment(RecordReferenceModel):
    """What an editor wrote about a record, as plain text. `is_sending_back`: it was the reason of sending it back."""

    is_audited = False
    LONGEST = 4_000  # characters

    text = models.TextField(_("comment"), max_length=LONGEST, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("author"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(_("time"), default=timezone.now)
    is_sending_back = models.BooleanField(default=False)

    class Meta(RecordReferenceModel.Meta):
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["pk"]
        indexes = [models.Index(fields=["kind", "record"], name="comment_on_a_record")]
        constraints = [
            models.CheckConstraint(
                name="comment_has_a_text",
                condition=models.Q(is_sending_back=True) | ~models.Q(text=""),
                violation_error_message=_("Write a comment."),
            ),
        ]


class Assignment(RecordReferenceModel):
    """Who reviews a record."""

    is_audited = False

    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("reviewer"), on_delete=models.CASCADE, related_name="+"
    )
    at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta(RecordReferenceModel.Meta):
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "record"],
                name="assignment_stands_once",
                violation_error_message=_("This record has a reviewer already."),
            ),
        ]


class Notice(RecordReferenceModel):
    """What a member of the staff is told about a record: on the desk, and by mail if they chose so."""

    is_audited = False

    class Event(models.TextChoices):
        SUBMITTED = "submitted", _("Submitted")
        SENT_BACK = "sent-back", _("Sent back")
        PUBLISHED = "published", _("Published")
        COMMENTED = "commented", _("Commented")
        MENTIONED = "mentioned", _("Mentioned")
        ASSIGNED = "assigned", _("Assigned")
        DISCARDED = "discarded", pgettext_lazy("state of a revision", "Discarded")

    MONTHS_KEPT = 12

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    event = models.CharField(max_length=9, choices=Event)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    comment = models.ForeignKey(Comment, null=True, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta(RecordReferenceModel.Meta):
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["recipient", "read_at"], name="notice_unread"),
            models.Index(fields=["kind", "record"], name="notice_of_a_record"),
        ]


class NoticePreference(models.Model):
    """How a member of the staff gets notices by mail. Without a row it is AT_ONCE, in the portal's first language."""

    is_audited = False

    class Frequency(models.TextChoices):
        AT_ONCE = "at-once", _("At once")
        DAILY = "daily", _("Once a day")
        NONE = "none", _("No mail")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notice_preference")
    frequency = models.CharField(_("notices by e-mail"), max_length=7, choices=Frequency, default=Frequency.AT_ONCE)
    language = models.CharField(
        _("language of the mails"), max_length=2, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )

    class Meta:
        verbose_name = _("choice of notices")
        verbose_name_plural = _("choices of notices")
        default_permissions = ()
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="notice_frequency_is_known",
                condition=models.Q(frequency__in=("at-once", "daily", "none")),
                violation_error_message=_("Notices are sent at once, once a day or not at all."),
            ),
        ]

    def __str__(self):
        return f"{self.user_id} {self.frequency}"
