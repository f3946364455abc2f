"""Models of indicators and their yearly values."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from issues.models.issue import Issue
from portal.core.choices import PublicationStatus
from portal.core.numbers import plain
from portal.core.urls import record_path
from portal.core.validators import validate_unit, year_validators
from portal.models import AliasedMixin, Place, Record, Source, ThroughModel
from portal.models.querysets import PairManager, RecordManager, RecordQuerySet, RowQuerySet


class IndicatorQuerySet(RecordQuerySet):
    """Queryset methods of indicators."""

    def for_list(self):
        """Annotate `first_year`, `last_year` and `place_count` for lists.

        Only observations that readers can see are counted: those of a published place from a published source.
        """
        shown = models.Q(
            observations__place__publication=PublicationStatus.PUBLISHED,
            observations__source__publication=PublicationStatus.PUBLISHED,
        )
        return self.annotate(
            first_year=models.Min("observations__year", filter=shown),
            last_year=models.Max("observations__year", filter=shown),
            place_count=models.Count("observations__place", filter=shown, distinct=True),
        )


class Indicator(AliasedMixin, Record):
    """A quantity that is measured year by year."""

    class Direction(models.TextChoices):
        HIGHER = "higher-is-better", _("Higher is better")
        LOWER = "lower-is-better", _("Lower is better")
        NEUTRAL = "neutral", _("Neutral")

    position = models.PositiveSmallIntegerField(_("order"), default=0)
    name = models.CharField(_("name"), max_length=160)
    definition = models.TextField(_("definition"))
    unit = models.CharField(
        _("unit"), max_length=80, validators=[validate_unit], help_text=_("Spelled out, as in a heading.")
    )
    unit_symbol = models.CharField(
        _("unit symbol"), max_length=40, validators=[validate_unit], help_text=_("As written after a number.")
    )
    lowest = models.DecimalField(
        _("lowest possible value"),
        max_digits=20,
        decimal_places=6,
        null=True,
        blank=True,
        help_text=_("No value can be lower: 0 for a share. Leave blank if there is no limit."),
    )
    highest = models.DecimalField(
        _("highest possible value"),
        max_digits=20,
        decimal_places=6,
        null=True,
        blank=True,
        help_text=_("No value can be higher: 100 for a share in per cent."),
    )
    direction = models.CharField(_("direction"), max_length=16, choices=Direction)
    sdg_indicator = models.CharField(
        _("SDG indicator"),
        max_length=8,
        blank=True,
        validators=[RegexValidator(r"^\d{1,2}\.[0-9a-d]{1,2}\.\d{1,2}$", _("An SDG indicator looks like 6.4.2."))],
    )
    issues = models.ManyToManyField(Issue, verbose_name=_("issues"), related_name="indicators", blank=True)
    source = models.ForeignKey(
        Source, verbose_name=_("main source"), on_delete=models.PROTECT, related_name="indicators"
    )
    licence = models.CharField(_("licence"), max_length=200)
    note = models.TextField(_("note"), blank=True)

    objects = RecordManager.from_queryset(IndicatorQuerySet)()

    search_fields = ("name_en", "name_ko", "name_ru")
    search_paths = {
        "title": ("name", "sdg_indicator"),
        "related": ("unit", "issues"),
        "summary": ("definition",),
        "body": ("note",),
    }
    search_facets = {"issue": ("issues__key", "issues__parent__key")}
    required_published = ("source",)
    required_published_each = ("issues", "observations__place", "observations__source")

    class Meta(Record.Meta):
        verbose_name = _("indicator")
        verbose_name_plural = _("indicators")
        ordering = ["position", "key"]
        indexes = [models.Index(fields=["updated_at"], name="indicator_changed")]  # for feeds and harvesters
        constraints = [
            models.CheckConstraint(
                name="indicator_has_room_for_values",
                condition=models.Q(lowest=None) | models.Q(highest=None) | models.Q(lowest__lt=models.F("highest")),
                violation_error_message=_("The lowest possible value must be below the highest."),
            ),
        ]

    def get_absolute_url(self):
        return record_path("indicator", self.key)

    def clean(self):
        """Raise ValidationError if a stored observation lies outside `lowest` and `highest`."""
        stored = Observation.objects.filter(indicator=self.pk).aggregate(
            low=models.Min("value"), high=models.Max("value")
        )
        errors = {}
        if None not in (self.lowest, stored["low"]) and stored["low"] < self.lowest:
            errors["lowest"] = _("An existing value is lower: {value}.").format(value=plain(stored["low"]))
        if None not in (self.highest, stored["high"]) and stored["high"] > self.highest:
            errors["highest"] = _("An existing value is higher: {value}.").format(value=plain(stored["high"]))
        if errors:
            raise ValidationError(errors)

    def check_value(self, value):
        """Raise ValidationError if `value` is below `lowest` or above `highest`."""
        if self.lowest is not None and value < self.lowest:
            raise ValidationError(
                _("Values of this indicator cannot be below {limit}.").format(limit=plain(self.lowest))
            )
        if self.highest is not None and value > self.highest:
            raise ValidationError(
                _("Values of this indicator cannot be above {limit}.").format(limit=plain(self.highest))
            )


class ObservationQuerySet(RowQuerySet):
    """Queryset methods of observations."""

    def published(self):
        """Return the observations that readers can see: indicator, place and source are all published."""
        return self._of_published("indicator", "place", "source")

    def shown_of(self, indicator):
        """Return the observations to show on the page of `indicator`: place and source are published.

        The indicator itself may be unpublished, because the page may be a preview.
        """
        return self.filter(indicator=indicator)._of_published("place", "source")

    def _of_published(self, *parts):
        return self.filter(**{f"{part}__publication": PublicationStatus.PUBLISHED for part in parts})


class Observation(ThroughModel):
    """The value of an indicator for one place and year, as given by one source."""

    indicator = models.ForeignKey(
        Indicator, verbose_name=_("indicator"), on_delete=models.CASCADE, related_name="observations"
    )
    place = models.ForeignKey(Place, verbose_name=_("place"), on_delete=models.PROTECT, related_name="observations")
    year = models.PositiveSmallIntegerField(_("year"), validators=year_validators)
    value = models.DecimalField(_("value"), max_digits=20, decimal_places=6)
    source = models.ForeignKey(Source, verbose_name=_("source"), on_delete=models.PROTECT, related_name="observations")

    natural_fields = ("indicator__key", "place__key", "year", "source__key")
    objects = PairManager.from_queryset(ObservationQuerySet)()

    class Meta:
        verbose_name = _("observation")
        verbose_name_plural = _("observations")
        ordering = ["indicator", "place", "year", "source"]
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "place", "year", "source"],
                name="observation_stands_once",
                violation_error_message=_("This source already gives a value for this place and year."),
            ),
            models.CheckConstraint(
                name="observation_year_is_plausible",
                condition=models.Q(year__range=(1800, 2200)),
                violation_error_message=_("A year must have four digits, between 1800 and 2200."),
            ),
        ]

    def clean(self):
        if self.indicator_id is not None and self.value is not None:
            try:
                self.indicator.check_value(self.value)
            except ValidationError as error:
                raise ValidationError({"value": error}) from error
