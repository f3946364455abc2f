"""Models of environmental issues and of the causal links between them.

Each issue is described by drivers, pressures, state, impacts and responses (DPSIR).
"""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.core.choices import PublicationStatus
from portal.core.citation_marks import cited_keys
from portal.core.formatting import quantity_html
from portal.core.languages import text_and_language
from portal.core.sdg import goal_column, spoken, validate_sdg
from portal.core.urls import record_path
from portal.core.validators import FIRST_YEAR, LAST_YEAR, validate_unit, year_validators
from portal.models import AliasedMixin, Citation, Place, Record, Source, ThroughModel, citation_constraints
from portal.models.querysets import RecordManager, RecordQuerySet
from portal.models.workflow import TRANSLATED_ACTIONS


class Section(models.TextChoices):
    """The sections of the EEA's DPSIR framework, in its order."""

    DRIVERS = "drivers", _("Drivers")
    PRESSURES = "pressures", _("Pressures")
    STATE = "state", pgettext_lazy("DPSIR", "State")
    IMPACTS = "impacts", _("Impacts")
    RESPONSES = "responses", _("Responses")

    @property
    def question(self):
        """Return the question that the section answers, translated."""
        return {
            "drivers": _("What drives it?"),
            "pressures": _("What pressures does it put on nature?"),
            "state": _("What is the situation?"),
            "impacts": _("What are the impacts on people and nature?"),
            "responses": _("What is being done about it?"),
        }[self.value]


class IssueQuerySet(RecordQuerySet):
    """Queryset methods of issues."""

    def without_sections(self):
        """Defer the long texts of the sections in all languages, for lists and links."""
        return self.defer(*(f"{section}_{language}" for section in Section.values for language in ("en", "ko", "ru")))


class Issue(AliasedMixin, Record):
    """An environmental issue of Central Asia.

    The sections contain `[source-key]` marks after the claims that the source supports.
    """

    parent = models.ForeignKey(
        "self",
        verbose_name=_("parent issue"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
        limit_choices_to={"parent": None},
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    name = models.CharField(_("name"), max_length=120)
    summary = models.TextField(_("summary"), help_text=_("Two or three sentences, without source marks."))
    drivers = models.TextField(Section.DRIVERS.label)
    pressures = models.TextField(Section.PRESSURES.label)
    state = models.TextField(Section.STATE.label)
    impacts = models.TextField(Section.IMPACTS.label)
    responses = models.TextField(Section.RESPONSES.label)
    countries = models.ManyToManyField(
        Place, verbose_name=_("countries"), through="IssueInCountry", related_name="issues_of_country"
    )
    places = models.ManyToManyField(Place, verbose_name=_("places"), blank=True, related_name="issues")
    sources = models.ManyToManyField(
        Source, verbose_name=_("sources"), through="IssueCitation", related_name="cited_by_issues"
    )

    objects = RecordManager.from_queryset(IssueQuerySet)()

    search_fields = ("name_en", "name_ko", "name_ru")
    search_paths = {
        "title": ("name",),
        "related": ("parent", "countries", "places", "sdgs__spoken"),
        "summary": ("summary",),
        "body": (*Section.values, "in_countries__note", "key_figures__label"),
    }
    search_facets = {"country": ("countries__key",), "issue": ("key", "parent__key")}
    citation_fields = tuple(Section.values)
    relations_requiring_english = ("in_countries", "key_figures")
    required_published = ("parent",)
    required_published_each = ("in_countries__country", "places", "key_figures__place")

    class Meta(Record.Meta):
        verbose_name = _("issue")
        verbose_name_plural = _("issues")
        ordering = ["position", "key"]
        indexes = [models.Index(fields=["updated_at"], name="issue_changed")]  # for feeds and harvesters
        constraints = [
            models.CheckConstraint(
                name="issue_is_not_its_own_parent",
                condition=models.Q(parent=None) | ~models.Q(parent=models.F("pk")),
                violation_error_message=_("An issue cannot be its own parent."),
            )
        ]

    def get_absolute_url(self):
        return record_path("issue", self.key)

    def clean(self):
        if self.parent_id and (self.parent.parent_id or (self.pk and self.children.exists())):
            raise ValidationError(
                {"parent": _("Issues have two levels: a parent issue cannot have a parent of its own.")}
            )
        errors = {}
        marks = {
            f"{section}_{language}": cited_keys(getattr(self, f"{section}_{language}") or "")
            for section in Section.values
            for language in ("en", "ko", "ru")
        }
        known = set(Source.objects.filter(key__in=set().union(*marks.values())).values_list("key", flat=True))
        for field, keys in marks.items():
            unknown = [key for key in keys if key not in known]
            if unknown:
                errors[field] = _(
                    "No source has this key: {keys}. Create the source first, or correct the mark."
                ).format(keys=", ".join(unknown))
        if errors:
            raise ValidationError(errors)

    def cite_marks(self):
        """Add a citation for each source that is marked in a section and is not cited yet.

        New citations follow the present ones, in the order of the marks. Marks with an unknown key are skipped.
        """
        keys = list(
            dict.fromkeys(
                key
                for section in Section.values
                for language in ("en", "ko", "ru")
                for key in cited_keys(getattr(self, f"{section}_{language}") or "")
            )
        )
        cited = dict(self.citations.values_list("source__key", "position"))
        after = max(cited.values(), default=-1) + 1
        sources = Source.objects.in_bulk([key for key in keys if key not in cited], field_name="key")
        IssueCitation.objects.bulk_create(
            IssueCitation(issue=self, source=sources[key], position=after + number)
            for number, key in enumerate(key for key in keys if key in sources)
        )


class IssueCitation(Citation):
    """A source of an issue: one that a section marks, or one for the issue as a whole."""

    issue = models.ForeignKey(Issue, verbose_name=_("issue"), on_delete=models.CASCADE, related_name="citations")

    natural_fields = ("issue__key", "source__key")

    class Meta(Citation.Meta):
        constraints = citation_constraints("issue", "issue")


class IssueInCountry(ThroughModel):
    """A country that an issue concerns, with a note on what the issue means there."""

    issue = models.ForeignKey(Issue, verbose_name=_("issue"), on_delete=models.CASCADE, related_name="in_countries")
    country = models.ForeignKey(
        Place,
        verbose_name=_("country"),
        on_delete=models.PROTECT,
        related_name="issue_notes",
        limit_choices_to={"kind": "country"},
    )
    note = models.TextField(_("note"))
    position = models.PositiveSmallIntegerField(_("order"), default=0)

    natural_fields = ("issue__key", "country__key")

    class Meta:
        verbose_name = _("issue in a country")
        verbose_name_plural = _("issues in countries")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["issue", "country"],
                name="issue_stands_once_in_a_country",
                violation_error_message=_("This country is already listed."),
            )
        ]


class IssueSdg(ThroughModel):
    """A Sustainable Development Goal or target that an issue concerns."""

    issue = models.ForeignKey(Issue, verbose_name=_("issue"), on_delete=models.CASCADE, related_name="sdgs")
    code = models.CharField(_("goal or target"), max_length=5, validators=[validate_sdg])
    goal = goal_column()

    natural_fields = ("issue__key", "code")

    class Meta:
        verbose_name = _("SDG of an issue")
        verbose_name_plural = _("SDGs of issues")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["code", "issue"], name="issue_sdg_code"),
            models.Index(fields=["goal", "issue"], name="issue_sdg_goal"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["issue", "code"],
                name="issue_names_an_sdg_once",
                violation_error_message=_("This goal or target is already listed."),
            )
        ]

    def __str__(self):
        return self.code

    @property
    def spoken(self):
        """Return the code with the words that readers search for: "SDG ЦУР 6.4"."""
        return spoken(self.code)


class KeyFigure(ThroughModel):
    """A number that describes an issue."""

    issue = models.ForeignKey(Issue, verbose_name=_("issue"), on_delete=models.CASCADE, related_name="key_figures")
    position = models.PositiveSmallIntegerField(_("order"))
    label = models.CharField(_("label"), max_length=160)
    indicator = models.ForeignKey(
        "issues.Indicator",
        verbose_name=_("indicator"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="key_figures",
        help_text=_("Whose series gives value, unit and source. Leave value and unit empty then."),
    )
    place = models.ForeignKey(
        Place,
        verbose_name=_("place"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="key_figures",
        help_text=_("What the figure is about. An indicator needs it."),
    )
    value = models.DecimalField(_("value"), max_digits=18, decimal_places=6, null=True, blank=True)
    unit = models.CharField(
        _("unit"),
        max_length=40,
        blank=True,
        validators=[validate_unit],
        help_text=_("As written after a number."),
    )
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True, validators=year_validators)
    other_definition = models.BooleanField(
        _("by another author or definition"),
        default=False,
        help_text=_("The figure differs from the portal’s series of that place and year for this reason."),
    )
    headline = models.BooleanField(
        _("headline"), default=False, help_text=_("The key figure shown for this issue on the home page.")
    )
    sources = models.ManyToManyField(
        Source, verbose_name=_("sources"), through="KeyFigureCitation", related_name="cited_by_key_figures"
    )

    natural_fields = ("issue__key", "position")
    # Rows that need no citation: the series has its own sources.
    without_citations = models.Q(indicator__isnull=False)
    # The observation that a figure of a series states, set by `issues.key_figures.with_observations`.
    observation = None

    class Meta:
        default_permissions = TRANSLATED_ACTIONS
        verbose_name = _("key figure")
        verbose_name_plural = _("key figures")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["issue", "position"],
                name="key_figure_has_its_own_position",
                violation_error_message=_("Another key figure of this issue has this position."),
            ),
            models.UniqueConstraint(
                fields=["issue"],
                condition=models.Q(headline=True),
                name="issue_has_one_headline_figure",
                violation_error_message=_("This issue already has a headline figure."),
            ),
            models.CheckConstraint(
                name="key_figure_year_is_plausible",
                condition=models.Q(year=None) | models.Q(year__range=(FIRST_YEAR, LAST_YEAR)),
                violation_error_message=_("A year must have four digits, between 1800 and 2200."),
            ),
            models.CheckConstraint(
                name="key_figure_has_a_value_or_a_series",
                condition=models.Q(indicator=None, value__isnull=False, unit_en__gt="")
                | models.Q(indicator__isnull=False, place__isnull=False, value=None)
                & (models.Q(unit_en=None) | models.Q(unit_en="")),
                violation_error_message=_("Give either a value and its unit, or an indicator and a place."),
            ),
            models.CheckConstraint(
                name="key_figure_of_a_series_keeps_its_definition",
                condition=models.Q(indicator=None) | models.Q(other_definition=False),
                violation_error_message=_("A figure of an indicator is by the indicator’s definition."),
            ),
        ]

    def __str__(self):
        return self.label

    @property
    def series(self):
        """Return what identifies its observation: primary keys of indicator and place, and the year or None."""
        return (self.indicator_id, self.place_id, self.year)

    @property
    def stated_value(self):
        """Return the value of its observation, or else its own."""
        return self.observation.value if self.observation else self.value

    @property
    def stated_year(self):
        """Return the year of its observation, or else its own, which may be None."""
        return self.observation.year if self.observation else self.year

    @property
    def stated_unit(self):
        """Return the unit after the number in the reader's language, and the language of that text."""
        if self.observation:
            return text_and_language(self.observation.indicator, "unit_symbol")
        return text_and_language(self, "unit")

    @property
    def stated_html(self):
        """Return the value with its unit as HTML. An English unit that stands in for a missing language is marked."""
        return quantity_html(self.stated_value, *self.stated_unit)

    @property
    def stated_sources(self):
        """Return the source of its observation, or else the published sources that it cites, as a list."""
        if self.observation:
            return [self.observation.source]
        sources = (citation.source for citation in self.citations.all())
        return [source for source in sources if source.publication == PublicationStatus.PUBLISHED]

    @property
    def year_to_add(self):
        """Return the stated year, or None if the reader's label already contains it."""
        text, _language = text_and_language(self, "label")
        return None if str(self.stated_year) in text else self.stated_year


class KeyFigureCitation(Citation):
    """A source of a key figure."""

    figure = models.ForeignKey(
        KeyFigure, verbose_name=_("key figure"), on_delete=models.CASCADE, related_name="citations"
    )

    natural_fields = ("figure__issue__key", "figure__position", "source__key")

    class Meta(Citation.Meta):
        constraints = citation_constraints("figure", "key_figure")


class IssueLink(ThroughModel):
    """A causal link: `cause` causes or worsens `effect`, by the `mechanism`."""

    cause = models.ForeignKey(Issue, verbose_name=_("cause"), on_delete=models.CASCADE, related_name="effect_links")
    effect = models.ForeignKey(Issue, verbose_name=_("effect"), on_delete=models.CASCADE, related_name="cause_links")
    mechanism = models.TextField(_("mechanism"))
    sources = models.ManyToManyField(
        Source, verbose_name=_("sources"), through="IssueLinkCitation", related_name="cited_by_issue_links"
    )

    natural_fields = ("cause__key", "effect__key")
    named_by = ("cause", "effect")

    class Meta:
        default_permissions = TRANSLATED_ACTIONS
        verbose_name = _("cause and effect")
        verbose_name_plural = _("causes and effects")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cause", "effect"],
                name="issue_link_stands_once",
                violation_error_message=_("This cause and effect are already linked."),
            ),
            models.CheckConstraint(
                name="issue_does_not_cause_itself",
                condition=~models.Q(cause=models.F("effect")),
                violation_error_message=_("An issue cannot cause itself."),
            ),
        ]


class IssueLinkCitation(Citation):
    """A source of a causal link."""

    link = models.ForeignKey(
        IssueLink, verbose_name=_("cause and effect"), on_delete=models.CASCADE, related_name="citations"
    )

    natural_fields = ("link__cause__key", "link__effect__key", "source__key")

    class Meta(Citation.Meta):
        constraints = citation_constraints("link", "issue_link")
