"""The model of how often pages, files and searches are asked for, without anything about who asked."""

from django.conf import settings
from django.db import models, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from portal.core.partial_dates import months_before


class UsageCountQuerySet(models.QuerySet):
    """Queryset of counts."""

    @transaction.atomic
    def add(self, counts):
        """Add numbers to the stored counts. `counts` is a dict from (day, kind, language, name) to a number.

        Rows are written in one order, so that two processes do not wait for each other.
        """
        keys = sorted(counts)
        fields = ("day", "kind", "language", "name")
        rows = [self.model(**dict(zip(fields, key, strict=True))) for key in keys]
        self.bulk_create(rows, ignore_conflicts=True, batch_size=500)
        for key in keys:
            self.filter(**dict(zip(fields, key, strict=True))).update(count=F("count") + counts[key])

    def erase_before(self, day):
        """Delete the counts that are more than MONTHS_KEPT months older than `day`. Return how many rows they were."""
        return self.filter(day__lt=months_before(day, UsageCount.MONTHS_KEPT)).delete()[0]


class UsageCount(models.Model):
    """How often something was asked for on a day.

    `name` is the path of a page without its language, the format of a file, or the words of a search. The row of a day
    with an empty name counts all searches. Words are stored only if several networks asked for them
    (`portal.http.usage`). Nothing here says who asked.
    """

    is_audited = False

    class Kind(models.TextChoices):
        PAGE = "page", _("Page")
        DOWNLOAD = "download", _("Download")
        SEARCH = "search", _("Search")
        NO_HITS = "no-hits", _("Search without a hit")

    MONTHS_KEPT = 25
    LONGEST_NAME = 200  # characters

    day = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, blank=True)
    name = models.CharField(_("name"), max_length=LONGEST_NAME, blank=True)
    count = models.PositiveBigIntegerField(_("count"), default=0)

    objects = UsageCountQuerySet.as_manager()

    class Meta:
        verbose_name = _("usage count")
        verbose_name_plural = _("usage counts")
        default_permissions = ()  # everyone at the desk may see them, and nobody changes them
        constraints = [
            models.UniqueConstraint(
                name="usage_count_once_a_day",
                fields=["kind", "day", "language", "name"],
                violation_error_message=_("There is a count of this day already."),
            ),
            models.CheckConstraint(
                name="usage_kind_is_known",
                condition=models.Q(kind__in=("page", "download", "search", "no-hits")),
                violation_error_message=_("A count is of pages, downloads or searches."),
            ),
        ]

    def __str__(self):
        return f"{self.day} {self.kind} {self.name}".strip()
