"""Models of results: what a project achieved, the lessons drawn from it, and how others evaluate it."""

import textwrap

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from issues.models import Issue
from portal.core.choices import Area
from portal.core.languages import text_and_language
from portal.core.partial_dates import PartialDateField
from portal.core.urls import record_path
from portal.core.validators import FIRST_YEAR, LAST_YEAR, validate_unit, year_validators
from portal.models import Citation, Place, Record, Source, ThroughModel, citation_constraints
from portal.models.querysets import RecordManager, RecordQuerySet
from projects.models.project import Project

HEADLINE_WIDTH = 120  # characters


def headline(text):
    """Return the beginning of a text as one line, cut at a word; "" if there is no text."""
    return textwrap.shorten(text or "", HEADLINE_WIDTH, placeholder="…")


class EndAgainstPlan(models.TextChoices):
    """How the end of a project, as it was, compares with the end that was planned."""

    LATER = "later", pgettext_lazy("end of a project", "Later than planned")
    AS_PLANNED = "as-planned", pgettext_lazy("end of a project", "As planned")
    EARLIER = "earlier", pgettext_lazy("end of a project", "Earlier than planned")

    @classmethod
    def of(cls, planned, actual):
        """Return how two partial dates compare; None if one is not known.

        Dates that may mean the same day are as planned: 2021 and 2021-07.
        """
        if planned is None or actual is None:
            return None
        if planned.is_over_before(actual.first_day):
            return cls.LATER
        return cls.EARLIER if actual.is_over_before(planned.first_day) else cls.AS_PLANNED

    @property
    def condition(self):
        """`of` as a condition of the database."""
        planned, actual = models.F("planned_end"), models.F("actual_end")
        later = models.Q(actual_end__gt=planned) & ~models.Q(actual_end__startswith=planned)
        earlier = models.Q(actual_end__lt=planned) & ~models.Q(planned_end__startswith=actual)
        known = models.Q(planned_end__isnull=False, actual_end__isnull=False)
        return {self.LATER: later, self.EARLIER: earlier, self.AS_PLANNED: known & ~later & ~earlier}[self]


class ResultQuerySet(RecordQuerySet):
    """Queryset methods of results."""

    def with_subject(self):
        """Prefetch the published project, and the published countries and issues and the areas of the subject."""
        topics = (
            models.Prefetch("countries", Place.objects.published().in_order_of("name")),
            models.Prefetch("issues", Issue.objects.published().without_sections()),
            "areas",
        )
        projects = Project.objects.published().defer_texts().prefetch_related(*topics)
        return self.prefetch_related(models.Prefetch("project", projects), *topics)

    def of_gyeonggi(self):
        """Return the results of the published projects of Gyeonggi."""
        projects = Project.objects.published().of_gyeonggi()
        return self.filter(models.Exists(projects.filter(pk=models.OuterRef("project"))))

    def latest_first(self):
        """Order by the start of the project, the newest first. Results without a known start come last."""
        return self.order_by(models.F("project__start").desc(nulls_last=True), "key")

    def for_list(self):
        """Prefetch what lists show: the published project, and the published countries of the subject."""
        countries = models.Prefetch("countries", Place.objects.published())
        projects = Project.objects.published().defer_texts().prefetch_related(countries)
        return self.prefetch_related(models.Prefetch("project", projects), countries)


class Result(Record):
    """A sourced statement of what came of a project: a result, a lesson or an evaluation.

    A result of a project has the issues, areas and countries of the project, and none of its own. A result that
    concerns no single project has its own. It has no title: its `headline` is the beginning of its text.
    """

    class Kind(models.TextChoices):
        RESULT = "result", pgettext_lazy("kind of result", "Result")
        LESSON = "lesson", pgettext_lazy("kind of result", "Lesson")
        EVALUATION = "evaluation", pgettext_lazy("kind of result", "Evaluation")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    project = models.ForeignKey(
        Project,
        verbose_name=_("project"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="result_records",
        help_text=_("Empty, where it concerns no single project. Then give its issues, areas and countries."),
    )
    text = models.TextField(_("text"), help_text=_("One to three sentences: what the sources state."))
    planned_end = PartialDateField(
        _("planned end"), null=True, blank=True, help_text=_("Where a source gives the end that was planned.")
    )
    actual_end = PartialDateField(
        _("actual end"), null=True, blank=True, help_text=_("Where a source gives the end as it was.")
    )
    issues = models.ManyToManyField(Issue, verbose_name=_("issues"), blank=True, related_name="results")
    countries = models.ManyToManyField(
        Place,
        verbose_name=_("countries"),
        blank=True,
        related_name="results_of_country",
        limit_choices_to={"kind": "country"},
    )
    sources = models.ManyToManyField(
        Source, verbose_name=_("sources"), through="ResultCitation", related_name="cited_by_results"
    )

    objects = RecordManager.from_queryset(ResultQuerySet)()

    name_field = "text"
    search_fields = ("text_en", "text_ko", "text_ru")
    search_paths = {
        "title": ("headline",),
        "related": ("kind", "project", "issues", "countries", "areas__area"),
        "summary": ("text",),
        "body": ("figures__label",),
    }
    search_facets = {
        "country": ("countries__key", "project__countries__key"),
        "issue": ("issues__key", "issues__parent__key", "project__issues__key", "project__issues__parent__key"),
        "area": ("areas__area", "project__areas__area"),
    }
    search_dates = ("planned_end", "actual_end")
    result_of = "project"
    inherits_from = "project"
    inherited_relations = ("issues", "countries", "areas")
    relations_requiring_english = ("figures",)
    required_published = ("project",)
    required_published_each = ("issues", "countries")

    class Meta(Record.Meta):
        verbose_name = _("result or lesson")
        verbose_name_plural = _("results and lessons")
        ordering = ["key"]
        indexes = [
            models.Index(fields=["kind"], name="result_kind"),
            models.Index(fields=["updated_at"], name="result_changed"),  # for feeds and harvesters
        ]

    def __str__(self):
        return headline(self.text) or self.key

    def get_absolute_url(self):
        return record_path("result", self.key)

    def name_and_language(self):
        text, language = text_and_language(self, "text")
        return headline(text), language

    @property
    def headline_en(self):
        return headline(self.text_en)

    @property
    def headline_ko(self):
        return headline(self.text_ko)

    @property
    def headline_ru(self):
        return headline(self.text_ru)

    @property
    def end_against_plan(self):
        """Return the EndAgainstPlan; None if the planned or the actual end is not known."""
        return EndAgainstPlan.of(self.planned_end, self.actual_end)

    @property
    def subject(self):
        """Return the record whose issues, countries and areas are those of the result: its project, or else itself."""
        return self.project or self


class ResultArea(ThroughModel):
    """An area of cooperation that a result without a project belongs to."""

    result = models.ForeignKey(Result, verbose_name=_("result"), on_delete=models.CASCADE, related_name="areas")
    area = models.CharField(_("area"), max_length=26, choices=Area)

    natural_fields = ("result__key", "area")

    class Meta:
        verbose_name = _("area of a result")
        verbose_name_plural = _("areas of results")
        ordering = ["pk"]
        indexes = [models.Index(fields=["area", "result"], name="result_area")]
        constraints = [
            models.UniqueConstraint(
                fields=["result", "area"],
                name="result_has_an_area_once",
                violation_error_message=_("This area is already listed."),
            )
        ]

    def __str__(self):
        return self.get_area_display()


class ResultFigure(ThroughModel):
    """A number that a result states."""

    result = models.ForeignKey(Result, verbose_name=_("result"), on_delete=models.CASCADE, related_name="figures")
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    label = models.CharField(_("label"), max_length=160)
    value = models.DecimalField(_("value"), max_digits=20, decimal_places=6)
    unit = models.CharField(
        _("unit"), max_length=40, validators=[validate_unit], help_text=_("As written after a number.")
    )
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True, validators=year_validators)

    natural_fields = ("result__key", "position")

    class Meta:
        verbose_name = _("figure of a result")
        verbose_name_plural = _("figures of results")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["result", "position"],
                name="result_figure_has_its_own_position",
                violation_error_message=_("Another figure of this result has this position."),
            ),
            models.CheckConstraint(
                name="result_figure_year_is_plausible",
                condition=models.Q(year=None) | models.Q(year__range=(FIRST_YEAR, LAST_YEAR)),
                violation_error_message=_("A year must have four digits, between 1800 and 2200."),
            ),
        ]

    def __str__(self):
        return self.label or ""


class ResultCitation(Citation):
    """A source of a result."""

    result = models.ForeignKey(Result, verbose_name=_("result"), on_delete=models.CASCADE, related_name="citations")

    natural_fields = ("result__key", "source__key")

    class Meta(Citation.Meta):
        constraints = citation_constraints("result", "result")
