"""The tables of what needs care. They tell of records by the label of their model and their primary key."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

OTHER_LANGUAGES = [(code, name) for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


class OlderTranslation(models.Model):
    """That a text was translated from another English than the one that stands now.

    `kind` and `row` are where the text stands; `owner_kind` and `owner` the record that its editors look at, which is
    the same one or the one that the row belongs to.
    """

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
            models.UniqueConstraint(fields=["kind", "row", "field", "language"], name="older_translation_stands_once"),
        ]

    def __str__(self):
        return f"{self.kind} {self.row} {self.field}_{self.language}"


class Look(models.Model):
    """That somebody looked a record through last, and found it still right."""

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
        constraints = [models.UniqueConstraint(fields=["kind", "record"], name="look_is_the_last_one")]

    def __str__(self):
        return f"{self.kind} {self.record} {self.at:%Y-%m-%d}"


class Double(models.Model):
    """Two records that may tell of the same thing, until they are merged or somebody says that they do not."""

    kind = models.CharField(max_length=60)
    one = models.BigIntegerField()
    other = models.BigIntegerField()
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
            models.UniqueConstraint(fields=["kind", "one", "other"], name="double_stands_once"),
            models.CheckConstraint(name="double_names_the_older_first", condition=models.Q(one__lt=models.F("other"))),
        ]

    def __str__(self):
        return f"{self.kind} {self.one} {self.other}"
