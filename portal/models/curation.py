"""Models for curation: outdated translations, verifications, likely duplicates and external links.

They refer to a record by the label of its model (`kind`) and its primary key, not by a foreign key.
"""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

OTHER_LANGUAGES = [(code, name) for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


class OlderTranslation(models.Model):
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
    english = models.TextField(_("English that it was made from"), blank=True)
    since = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("translation older than its English")
        verbose_name_plural = _("translations older than their English")
        default_permissions = ()
        ordering = ["pk"]
        indexes = [models.Index(fields=["owner_kind", "owner", "language"], name="older_translation_of_a_record")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "row", "field", "language"],
                name="older_translation_stands_once",
                violation_error_message=_("It is known already that this translation is older."),
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.row} {self.field}_{self.language}"


class Look(models.Model):
    """The last verification of a record: an editor checked it and found it still correct. One row for each record."""

    is_audited = False

    kind = models.CharField(max_length=60)
    record = models.BigIntegerField()
    at = models.DateTimeField(_("when"), default=timezone.now)
    who = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("who"), null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("look")
        verbose_name_plural = _("looks")
        default_permissions = ()
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "record"],
                name="look_is_the_last_one",
                violation_error_message=_("Of a record the last look is kept."),
            )
        ]

    def __str__(self):
        return f"{self.kind} {self.record} {self.at:%Y-%m-%d}"


class Double(models.Model):
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
    told_apart_at = models.DateTimeField(_("told apart"), null=True)
    told_apart_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("told apart by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        verbose_name = _("likely double")
        verbose_name_plural = _("likely doubles")
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
                violation_error_message=_("A pair names two records, the one that was there first before the other."),
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.one} {self.other}"


class Link(models.Model):
    """An external URL that the content links to, and the result of its last check."""

    is_audited = False

    class Outcome(models.TextChoices):
        """The result of a request to the URL."""

        UNASKED = "unasked", _("Not checked yet")
        ANSWERS = "answers", _("It answers.")
        MOVED = "moved", _("It has moved for good.")
        FRONT_PAGE = "front-page", _("It leads to the front page of a site: the page itself may be gone.")
        NOT_FOUND = "not-found", _("There is no such page any more (404).")
        GONE = "gone", _("The page was taken away for good (410).")
        NO_HOST = "no-host", _("There is no such host.")
        NO_CONNECTION = "no-connection", _("No connection could be made.")
        BROKEN_OFF = "broken-off", _("The answer broke off.")
        TIMEOUT = "timeout", _("It did not answer in time.")
        SERVER_ERROR = "server-error", _("The server reports an error of its own.")
        LOOP = "loop", _("It leads round in a circle.")
        REFUSED = "refused", _("It answers no program, or only who signs in.")
        TOO_MANY = "too-many", _("It asks to be left alone for a while.")
        UNAVAILABLE = "unavailable", _("It says that it is out of service for a while (503).")
        CERTIFICATE = "certificate", _("Its certificate could not be verified.")
        PRIVATE = "private", _("It leads into a private network, or carries a password: it was not asked.")

    class State(models.TextChoices):
        """What the outcomes so far mean for a reader who follows the link."""

        UNCHECKED = "unchecked", _("Not checked yet")
        GOOD = "good", pgettext_lazy("link", "Good")
        MOVED = "moved", pgettext_lazy("link", "Moved")
        FAILING = "failing", pgettext_lazy("link", "Failed once")
        BROKEN = "broken", pgettext_lazy("link", "Broken")
        UNCLEAR = "unclear", pgettext_lazy("link", "Could not be checked")

    address = models.CharField(_("address"), max_length=700, unique=True)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.UNCHECKED, db_index=True)
    outcome = models.CharField(_("what came of it"), max_length=13, choices=Outcome, default=Outcome.UNASKED)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    moved_to = models.CharField(_("new address"), max_length=2000, blank=True)
    checked_at = models.DateTimeField(_("last checked"), null=True, db_index=True)
    good_at = models.DateTimeField(_("last good"), null=True)
    failures = models.PositiveSmallIntegerField(
        _("failures"), default=0, help_text=_("On days one after another, without an answer between.")
    )
    failed_on = models.DateField(_("last failed on"), null=True)

    class Meta:
        verbose_name = _("outside link")
        verbose_name_plural = _("outside links")
        default_permissions = ("view",)
        ordering = ["address"]

    def __str__(self):
        return self.address


class LinkUse(models.Model):
    """The use of an external link by a record."""

    is_audited = False

    link = models.ForeignKey(Link, on_delete=models.CASCADE, related_name="uses")
    kind = models.CharField(max_length=60)
    record = models.BigIntegerField()

    class Meta:
        verbose_name = _("use of an outside link")
        verbose_name_plural = _("uses of outside links")
        default_permissions = ()
        ordering = ["pk"]
        indexes = [models.Index(fields=["kind", "record"], name="link_use_of_a_record")]
        constraints = [
            models.UniqueConstraint(
                fields=["link", "kind", "record"],
                name="link_use_stands_once",
                violation_error_message=_("It is known already that this record leads there."),
            )
        ]

    def __str__(self):
        return f"{self.kind} {self.record} → {self.link_id}"
