"""Models of what editors choose to show on pages: indicators, special parts, a report and comparison examples."""

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from issues.models.indicator import Indicator
from issues.models.issue import Issue
from portal.core.choices import Area, PublicationStatus
from portal.models import Place, Source, ThroughModel
from portal.models.querysets import PairManager, RowQuerySet
from portal.models.workflow import TRANSLATED_ACTIONS


class PageIndicatorQuerySet(RowQuerySet):
    """Queryset methods of the indicators that editors chose for a page."""

    def indicators_on(self, page):
        """Return the published indicators chosen for a page, in the editors’ order. One query."""
        chosen = self.filter(page=page, indicator__publication=PublicationStatus.PUBLISHED)
        return [choice.indicator for choice in chosen.select_related("indicator")]


class PageIndicator(ThroughModel):
    """An indicator that a page shows: as a key figure, or as a chart."""

    class Page(models.TextChoices):
        FIGURES = "figures", _("Key figures of a country")
        COUNTRY = "country", _("Page of a country")
        KOREA = "korea", _("Page of Korea")
        COMPARISON = "comparison", _("Comparison of countries")
        MOTIF = "motif", _("Picture at the head of a country")

    page = models.CharField(_("page"), max_length=10, choices=Page)
    indicator = models.ForeignKey(
        Indicator, verbose_name=_("indicator"), on_delete=models.CASCADE, related_name="page_choices"
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)

    natural_fields = ("page", "indicator__key")
    named_by = ("page", "indicator")
    objects = PairManager.from_queryset(PageIndicatorQuerySet)()

    class Meta:
        verbose_name = _("indicator on a page")
        verbose_name_plural = _("indicators on pages")
        ordering = ["page", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["page", "indicator"],
                name="page_indicator_stands_once",
                violation_error_message=_("This indicator is already chosen for this page."),
            )
        ]


class IssueFeature(ThroughModel):
    """A special part of an issue's page, made for the subject of that issue."""

    class Part(models.TextChoices):
        ARAL_SEA = "aral-sea", _("Aral Sea: outlines, area and events, then and since, planting")

    part = models.CharField(_("part"), max_length=20, choices=Part, unique=True)
    issue = models.ForeignKey(Issue, verbose_name=_("issue"), on_delete=models.CASCADE, related_name="features")

    natural_fields = ("part",)

    class Meta:
        verbose_name = _("special part of a page")
        verbose_name_plural = _("special parts of pages")
        ordering = ["part"]

    def __str__(self):
        return self.get_part_display()


class IssueMotif(ThroughModel):
    """The small picture of an issue, on its card and at the head of its page, drawn from stored values."""

    class Shape(models.TextChoices):
        BARS = "bars", _("Bars: one a year")
        STRIPES = "stripes", _("Stripes: one a year, from blue to red")
        STEPS = "steps", _("Steps: one a year, values added up")
        LINE = "line", pgettext_lazy("picture", "Line")
        SQUARES = "squares", _("Squares of 100 km²: the latest value")
        OUTLINES = "outlines", _("Outlines of the Aral Sea")

        @property
        def note(self):
            """Return the sentence that says how to read the picture, translated; "" if it needs none."""
            return {
                "bars": _("One bar a year."),
                "stripes": _("One stripe a year, from blue (low) to red (high)."),
                "steps": _("One step a year, values added up."),
                "squares": _("One square stands for 100 km²."),
            }.get(self.value, "")

    SQUARE_UNITS = {"ha": 0.0001, "thousand ha": 0.1, "km²": 0.01}  # squares of 100 km² in one unit

    issue = models.OneToOneField(Issue, verbose_name=_("issue"), on_delete=models.CASCADE, related_name="motif")
    shape = models.CharField(_("shape"), max_length=10, choices=Shape)
    indicator = models.ForeignKey(
        Indicator,
        verbose_name=_("indicator"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="motifs",
    )
    place = models.ForeignKey(
        Place, verbose_name=_("place"), on_delete=models.CASCADE, null=True, blank=True, related_name="motifs"
    )

    natural_fields = ("issue__key",)

    class Meta:
        verbose_name = _("picture of an issue")
        verbose_name_plural = _("pictures of issues")
        ordering = ["issue__position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="issue_motif_draws_values_or_outlines",
                condition=models.Q(shape="outlines", indicator=None, place=None)
                | (~models.Q(shape="outlines") & models.Q(indicator__isnull=False, place__isnull=False)),
                violation_error_message=_("Choose an indicator and a place; for the outlines, choose neither."),
            )
        ]

    def __str__(self):
        return self.get_shape_display()

    def clean(self):
        if (
            self.shape == self.Shape.SQUARES
            and self.indicator
            and self.indicator.unit_symbol_en not in self.SQUARE_UNITS
        ):
            raise ValidationError({"indicator": _("Squares need an indicator in ha, thousand ha or km².")})


def validate_areas(values):
    """Raise ValidationError unless `values` is a list of areas of cooperation without duplicates."""
    if not isinstance(values, list) or len(set(values)) < len(values) or not set(values) <= set(Area.values):
        raise ValidationError(_("Give a list of areas of cooperation, each of them once."))


class AreaReportQuerySet(RowQuerySet):
    """Queryset methods of the reports that name areas."""

    def shown(self):
        """Return the report that pages cite: the one with the newest published source; None if there is none."""
        found = self.filter(source__publication=PublicationStatus.PUBLISHED).select_related("source")
        return found.order_by(models.F("source__date").desc(nulls_last=True), "source__key").first()


class AreaReport(ThroughModel):
    """A report that names areas for cooperation.

    The page on the data marks these areas in its table of gaps.
    """

    source = models.ForeignKey(Source, verbose_name=_("source"), on_delete=models.PROTECT, related_name="area_reports")
    sentence = models.TextField(_("sentence"))
    areas = models.JSONField(_("areas of cooperation"), default=list, blank=True, validators=[validate_areas])
    words = models.CharField(_("words"), max_length=200, blank=True)

    natural_fields = ("source__key",)
    objects = PairManager.from_queryset(AreaReportQuerySet)()

    class Meta:
        default_permissions = TRANSLATED_ACTIONS
        verbose_name = _("report that names areas")
        verbose_name_plural = _("reports that name areas")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source"],
                name="area_report_stands_once",
                violation_error_message=_("The areas of this report are already listed."),
            )
        ]

    @property
    def searched_words(self):
        """Return the words that the report names in addition to the areas. Pages search projects for them."""
        return [word for part in self.words.split(",") if (word := part.strip())]


class ComparisonExample(ThroughModel):
    """A comparison that the page for choosing a comparison offers. It names its records by their keys."""

    class Kind(models.TextChoices):
        COUNTRY = "country", _("Countries")
        ISSUE = "issue", _("Issues")
        PROJECT = "project", _("Projects")

        @property
        def records(self):
            """Return a queryset of the records that may be compared, unpublished ones included."""
            if self == self.COUNTRY:
                return apps.get_model("portal", "Place").objects.exclude(group="")
            return (Issue if self == self.ISSUE else apps.get_model("projects", "Project")).objects.all()

    title = models.CharField(_("title"), max_length=160)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    keys = models.CharField(_("keys"), max_length=300)
    position = models.PositiveSmallIntegerField(_("order"), default=0)

    natural_fields = ("kind", "keys")

    class Meta:
        default_permissions = TRANSLATED_ACTIONS
        verbose_name = _("example of a comparison")
        verbose_name_plural = _("examples of comparisons")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "keys"],
                name="comparison_example_stands_once",
                violation_error_message=_("There is already an example of this comparison."),
            )
        ]

    def __str__(self):
        return self.title

    @property
    def key_list(self):
        return self.keys.split()

    def clean(self):
        keys = list(dict.fromkeys(self.key_list))
        self.keys = " ".join(keys)
        if not 2 <= len(keys) <= 4:
            raise ValidationError({"keys": _("Name two to four records.")})
        if self.kind in self.Kind.values:
            known = set(self.Kind(self.kind).records.filter(key__in=keys).values_list("key", flat=True))
            if unknown := [key for key in keys if key not in known]:
                raise ValidationError(
                    {"keys": _("No record of this kind has this key: {keys}.").format(keys=", ".join(unknown))}
                )
