"""Model of events: dated milestones in environment, policy and relations."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from issues.models.issue import Issue
from portal.core.choices import PublicationStatus
from portal.core.partial_dates import PartialDateField
from portal.core.urls import record_path
from portal.models import Citation, DatedQuerySet, OutlookMixin, Place, Record, Source, citation_constraints
from portal.models.querysets import RecordManager


class EventQuerySet(DatedQuerySet):
    """Queryset methods of events."""

    def of_gyeonggi(self):
        """Return the events of Gyeonggi: those that name a place in the province."""
        rows = self.model.places.through._base_manager.filter(
            event=models.OuterRef("pk"), place__in=Place.objects.of_gyeonggi()
        )
        return self.filter(models.Exists(rows))

    @staticmethod
    def _same_agreements():
        """Return the published agreements of the same English title and date as an event."""
        agreements = Issue._meta.get_field("agreements").related_model._base_manager
        return agreements.filter(
            publication=PublicationStatus.PUBLISHED, date=models.OuterRef("date"), title_en=models.OuterRef("title_en")
        )

    def without_agreements(self):
        """Leave out events that are a published agreement too: one of the same English title and date."""
        return self.exclude(models.Exists(self._same_agreements()))

    def with_same_agreement(self):
        """Annotate `same_agreement`: the primary key of the agreement that the event is too, or None."""
        return self.annotate(same_agreement=models.Subquery(self._same_agreements().order_by("key").values("pk")[:1]))


class Event(OutlookMixin, Record):
    """An event, dated to a day, a month or a year."""

    class Kind(models.TextChoices):
        ENVIRONMENT = "environment", _("Environment and policy")
        RELATIONS = "relations", _("Korea and Central Asia")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    date = PartialDateField(_("date"))
    title = models.CharField(_("title"), max_length=160)
    text = models.TextField(_("text"))
    countries = models.ManyToManyField(
        Place,
        verbose_name=_("countries"),
        related_name="events_of_country",
        limit_choices_to={"kind": "country"},
        blank=True,
    )
    issues = models.ManyToManyField(Issue, verbose_name=_("issues"), blank=True, related_name="events")
    places = models.ManyToManyField(Place, verbose_name=_("places"), blank=True, related_name="events")
    sources = models.ManyToManyField(
        Source, verbose_name=_("sources"), through="EventCitation", related_name="cited_by_events"
    )

    objects = RecordManager.from_queryset(EventQuerySet)()

    name_field = "title"
    search_fields = ("title_en", "title_ko", "title_ru")
    search_paths = {
        "title": ("title",),
        "related": ("kind", "date", "countries", "places", "issues"),
        "summary": ("text",),
    }
    search_facets = {"country": ("countries__key",), "issue": ("issues__key", "issues__parent__key")}
    search_dates = ("date",)
    required_published_each = ("countries", "issues", "places")

    class Meta(Record.Meta):
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["date", "key"]
        indexes = [
            models.Index(fields=["publication", "date", "key"], name="event_by_date"),
            models.Index(fields=["kind"], name="event_kind"),
            models.Index(fields=["updated_at"], name="event_changed"),  # for feeds and harvesters
        ]

    def get_absolute_url(self):
        return record_path("event", self.key)


class EventCitation(Citation):
    """A source of an event."""

    event = models.ForeignKey(Event, verbose_name=_("event"), on_delete=models.CASCADE, related_name="citations")

    natural_fields = ("event__key", "source__key")

    class Meta(Citation.Meta):
        constraints = citation_constraints("event", "event")
