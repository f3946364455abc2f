"""Models for curation: outdated translations, verifications, likely duplicates and external links.

They refer to a record by the label of its model (`kind`) and its primary key, not by a foreign key.
"""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

OTHER_LANGUAGES = [(code, name) for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


class OutdatedTranslation(models.Model):
    """A translated text whose English original has changed since the translation was made.

    `kind` and `row` identify the row that contains the text. `owner_kind` and `owner` identify the record that editors
    open to change it: the row itself, or the record that the row belongs to.
    """

    is_audited = False

    kind = models.CharField(max_length=60)
    row = models.BigIntegerField()
    field = models.CharField(max_length=60)
    language = models.CharField(max_length=2, choices=OTHER_LANGUAGES)
    owner_kind = models.CharField(max_length=60)
    owner = models.BigIntegerField()
    english = models.TextField(_("English text at the time of translation"), blank=True)
    since = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        db_table = "portal_oldertranslation"
        verbose_name = _("outdated translation")
        verbose_name_plural = _("outdated translations")
        default_permissions = ()
        ordering = ["pk"]
        indexes = [models.Index(fields=["owner_kind", "owner", "language"], name="older_translation_of_a_record")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "row", "field", "language"],
                name="older_translation_stands_once",
                violation_error_message=_("This translation is already marked as outdated."),
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.row} {self.field}_{self.language}"


class Verification(models.Model):
    """The last verification of a record: an editor checked it and found it still correct. One row for each record."""

    is_audited = False

    kind = models.CharField(max_length=60)
    record = models.BigIntegerField()
    at = models.DateTimeField(_("time"), default=timezone.now)
    who = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        db_table = "portal_look"
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        default_permissions = ()
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "record"],
                name="look_is_the_last_one",
                violation_error_message=_("Only the latest verification of each record is kept."),
            )
        ]

    def __str__(self):
        return f"{self.kind} {self.record} {self.at:%Y-%m-%d}"


class DuplicateCandidate(models.Model):
    """A pair of records of one model that may be duplicates of each other.

    A pair that an editor has marked as distinct (`told_apart_at`) stays. The next search for duplicates deletes other
    pairs that it no longer finds. `one` and `other` are primary keys, the smaller one first. `why` and `shared` are as
    in `portal.curation.similarity.Match`.
    """

    is_audited = False

    kind = models.CharField(max_length=60)
    one = models.BigIntegerField()
    other = models.BigIntegerField()
    score = models.FloatField(default=0)
    why = models.CharField(
        max_length=10, default=""
    )  # a key of portal.curation.similarity.REASONS; empty in rows older than this column
    shared = models.TextField(default="")
    found_at = models.DateTimeField(_("found"), default=timezone.now)
    told_apart_at = models.DateTimeField(_("marked as different"), null=True)
    told_apart_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("marked as different by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        db_table = "portal_double"
        verbose_name = _("likely duplicate")
        verbose_name_plural = _("likely duplicates")
        default_permissions = ()
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "one", "other"],
                name="double_stands_once",
                violation_error_message=_("This pair is known already."),
            ),
            models.CheckConstraint(
                name="double_names_the_older_first",
                condition=models.Q(one__lt=models.F("other")),
                violation_error_message=_("A pair lists two records, the earlier one first."),
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.one} {self.other}"


class ExternalLink(models.Model):
    """An external URL that the content links to, and the result of its last check."""

    is_audited = False

    class CheckOutcome(models.TextChoices):
        """The result of a request to the URL."""

        UNASKED = "unasked", _("Not checked yet")
        ANSWERS = "answers", _("Responds.")
        MOVED = "moved", _("Moved permanently.")
        FRONT_PAGE = "front-page", _("Redirects to the site’s home page; the page itself may be gone.")
        NOT_FOUND = "not-found", _("Page not found (404).")
        GONE = "gone", _("Page removed permanently (410).")
        NO_HOST = "no-host", _("Unknown host.")
        NO_CONNECTION = "no-connection", _("No connection could be made.")
        BROKEN_OFF = "broken-off", _("The response was interrupted.")
        TIMEOUT = "timeout", _("Timed out.")
        SERVER_ERROR = "server-error", _("Server error.")
        LOOP = "loop", _("Redirect loop.")
        REFUSED = "refused", _("Blocks automated requests or requires sign-in.")
        TOO_MANY = "too-many", _("Asks to retry later (429).")
        UNAVAILABLE = "unavailable", _("Temporarily unavailable (503).")
        CERTIFICATE = "certificate", _("Its certificate could not be verified.")
        PRIVATE = "private", _("Points to a private network or contains a password; not checked.")

    class LinkStatus(models.TextChoices):
        """What the outcomes so far mean for a reader who follows the link."""

        UNCHECKED = "unchecked", _("Not checked yet")
        GOOD = "good", pgettext_lazy("link", "Good")
        MOVED = "moved", pgettext_lazy("link", "Moved")
        FAILING = "failing", pgettext_lazy("link", "Failed once")
        BROKEN = "broken", pgettext_lazy("link", "Broken")
        UNCLEAR = "unclear", pgettext_lazy("link", "Could not be checked")

    address = models.CharField(_("address"), max_length=700, unique=True)
    state = models.CharField(_("state"), max_length=9, choices=LinkStatus, default=LinkStatus.UNCHECKED, db_index=True)
    outcome = models.CharField(_("outcome"), max_length=13, choices=CheckOutcome, default=CheckOutcome.UNASKED)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    moved_to = models.CharField(_("new address"), max_length=2000, blank=True)
    checked_at = models.DateTimeField(_("last checked"), null=True, db_index=True)
    good_at = models.DateTimeField(_("last working"), null=True)
    failures = models.PositiveSmallIntegerField(
        _("consecutive failures"),
        default=0,
        help_text=_("On consecutive days, with no successful response in between."),
    )
    failed_on = models.DateField(_("last failed on"), null=True)

    class Meta:
        db_table = "portal_link"
        verbose_name = _("external link")
        verbose_name_plural = _("external links")
        default_permissions = ("view",)
        ordering = ["address"]

    def __str__(self):
        return self.address


class ExternalLinkUsage(models.Model):
    """The use of an external link by a record."""

    is_audited = False

    link = models.ForeignKey(ExternalLink, on_delete=models.CASCADE, related_name="uses")
    kind = models.CharField(max_length=60)
    record = models.BigIntegerField()

    class Meta:
        db_table = "portal_linkuse"
        verbose_name = _("use of an outside link")
        verbose_name_plural = _("uses of outside links")
        default_permissions = ()
        ordering = ["pk"]
        indexes = [models.Index(fields=["kind", "record"], name="link_use_of_a_record")]
        constraints = [
            models.UniqueConstraint(
                fields=["link", "kind", "record"],
                name="link_use_stands_once",
                violation_error_message=_("This record’s use of the link is already recorded."),
            )
        ]

    def __str__(self):
        return f"{self.kind} {self.record} → {self.link_id}"
