"""Whether the date of a record lies ahead, or has passed without a source that tells what came of it.

Nothing of this is stored, because it depends on the day.
"""

from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from portal.core.choices import PublicationStatus
from portal.core.partial_dates import ended_before, not_before
from portal.models.querysets import RecordQuerySet


class Outlook(models.TextChoices):
    """What readers must know of the date of an event or an agreement."""

    COMING_UP = "coming-up", _("Coming up")
    NOT_RECORDED = "not-recorded", _("Outcome not recorded yet")


class DatedQuerySet(RecordQuerySet):
    """Queryset methods of records with one `date` and `citations`."""

    def with_outlook(self):
        """Annotate what `OutlookMixin.outlook` needs, so that a list asks no query for each record."""
        relation = self.model._meta.get_field("citations")
        owner = relation.remote_field.name
        later = relation.related_model._base_manager.filter(
            not_before("source__date", f"{owner}__date"),
            **{owner: models.OuterRef("pk"), "source__publication": PublicationStatus.PUBLISHED},
        )
        return self.annotate(has_later_source=models.Exists(later))

    def with_news_first(self, day):
        """Order by date, the newest first, but records whose outcome is not recorded on `day` come last."""
        is_unrecorded = models.Q(has_later_source=False) & ended_before("date", day)
        rank = models.Case(models.When(is_unrecorded, then=1), default=0, output_field=models.IntegerField())
        return self.with_outlook().order_by(rank, "-date", "key")


class OutlookMixin:
    """For records with one `date` and `citations`."""

    @property
    def outlook(self):
        """Return an Outlook for today, or for the day of a past version; None if there is nothing to say."""
        day = getattr(self, "shown_on", None) or timezone.localdate()
        if self.date.first_day > day:
            return Outlook.COMING_UP
        if self.date.is_over_before(day) and not self.has_later_source:
            return Outlook.NOT_RECORDED
        return None

    @cached_property
    def has_later_source(self):
        """Whether a published source may be from the date itself or later. One without a date may be."""
        is_prefetched = "citations" in getattr(self, "_prefetched_objects_cache", {})  # of a past version: its own
        citations = self.citations.all() if is_prefetched else self.citations.select_related("source")
        return any(
            source.date is None or not source.date.is_over_before(self.date.first_day)
            for source in (citation.source for citation in citations)
            if source.publication == PublicationStatus.PUBLISHED
        )
