"""Models of cooperation projects, in the vocabulary of IATI."""

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from issues.models import Issue
from portal.core.choices import Area, Currency, IatiChoices, Level
from portal.core.formatting import date_in_sentence
from portal.core.partial_dates import PartialDateField, months_before, not_before
from portal.core.sdg import goal_column, spoken, validate_sdg
from portal.core.urls import record_path
from portal.core.validators import validate_not_in_future
from portal.models import Citation, Content, EvidenceModel, Place, Record, Source, ThroughModel, citation_constraints
from portal.models.querysets import KeyManager, RecordManager, RecordQuerySet
from portal.models.workflow import TRANSLATED_ACTIONS
from projects.models.iati import ReportingOrganisation
from projects.models.organisation import Organisation
from projects.models.project_status import StatedStatus, has_status_on, is_current, label_on, status_on

LOOK_AGAIN_MONTHS = 12  # after so long, editors look again for results of a completed project without any


class SectorManager(KeyManager):
    """Finds a sector by its code, which is its natural key."""

    key_field = "code"


class Sector(Content):
    """An OECD DAC purpose code: the purpose of aid."""

    code = models.CharField(
        _("code"),
        max_length=5,
        unique=True,
        validators=[RegexValidator(r"^\d{5}$", _("A purpose code must have five digits."))],
    )
    name = models.CharField(_("name"), max_length=160)

    objects = SectorManager()

    class Meta:
        default_permissions = TRANSLATED_ACTIONS
        verbose_name = _("sector")
        verbose_name_plural = _("sectors")
        ordering = ["code"]

    def __str__(self):
        return f"{self.code} {self.name}"

    def natural_key(self):
        return (self.code,)


class ProjectQuerySet(RecordQuerySet):
    """Queryset methods of projects."""

    def running_in(self, first, last):
        """Return the projects that run in some of the years from `first` to `last`; either may be None.

        Projects without a known start are left out. A project without a known end runs until the newest source that
        states it as unfinished, and on from there if that is current. Otherwise it counts for its start only.
        """
        if last is not None:
            self = self.filter(start__lt=f"{last + 1:04}")
        if first is not None:
            unfinished = Project.Status.unfinished()
            self = self.filter(
                models.Q(end__gte=f"{first:04}")
                | models.Q(end=None, start__gte=f"{first:04}")
                | models.Q(end=None, start__isnull=False, status__in=unfinished, status_as_of__gte=f"{first:04}")
                | (models.Q(end=None, start__isnull=False) & has_status_on(unfinished, timezone.localdate()))
            )
        return self

    def with_status_on(self, statuses, day):
        """Return the projects of which readers see one of `statuses` (codes of StatusNow) on a day."""
        return self.filter(has_status_on(statuses, day))

    def completed_without_results(self):
        """Return the completed projects without a text of results and without a published result or lesson."""
        results = self.model._meta.get_field("result_records").related_model.objects.published()
        return (
            self.filter(status=Project.Status.CLOSED)
            .exclude(results_en__gt="")
            .exclude(models.Exists(results.filter(project=models.OuterRef("pk"))))
        )

    def of_gyeonggi(self):
        """Return the projects of Gyeonggi: a body of the province takes part, or a place in it is named."""
        bodies = Organisation.objects.published().of_gyeonggi()
        parts = Participation._base_manager.filter(project=models.OuterRef("pk"), organisation__in=bodies)
        places = self.model.places.through._base_manager.filter(
            project=models.OuterRef("pk"), place__in=Place.objects.of_gyeonggi()
        )
        return self.filter(models.Exists(parts) | models.Exists(places))

    def latest_first(self):
        """Order by start, the newest first. Projects without a known start come last."""
        return self.order_by(models.F("start").desc(nulls_last=True), "key")

    def last_reported_first(self):
        """Order by the date of the newest report on the status, the newest first. Unknown dates come last."""
        return self.order_by(models.F("status_as_of").desc(nulls_last=True), "key")

    def defer_texts(self):
        """Defer the long texts, for lists and links."""
        return self.defer(
            *(
                f"{field}_{language}"
                for field in ("activities", "results", "note", "evidence")
                for language in ("en", "ko", "ru")
            )
        )

    def for_list(self):
        """Defer the long texts, and prefetch what lists and cards show: published countries and areas."""
        return self.defer_texts().prefetch_related(models.Prefetch("countries", Place.objects.published()), "areas")


class Project(Record, EvidenceModel):
    """A project of Korea with countries of Central Asia."""

    Status = StatedStatus

    class Finance(IatiChoices):
        """How a project is paid. Codes of the IATI list FinanceType, which has none for the last three."""

        GRANT = "grant", "110", _("Grant")
        LOAN = "loan", "421", _("Loan")
        TECHNICAL_COOPERATION = "technical-cooperation", "", _("Technical cooperation")
        INVESTMENT = "investment", "", _("Investment")
        EXCHANGE = "exchange", "", _("Exchange")

    title = models.CharField(_("title"), max_length=200)
    title_original = models.CharField(_("original title"), max_length=200, blank=True)
    iati_identifier = models.CharField(
        _("IATI identifier"),
        max_length=255,
        null=True,
        blank=True,
        unique=True,
        validators=[RegexValidator(r"^\S(.*\S)?$", _("An identifier cannot begin or end with a space."))],
        error_messages={"unique": _("Another project has this identifier.")},
        help_text=_(
            "Identifier of the activity as reported by others, such as KR-GOV-051-2020010102554. Imports match "
            "projects by it."
        ),
    )
    level = models.CharField(_("level"), max_length=12, choices=Level, blank=True)
    status = models.CharField(_("status"), max_length=14, choices=Status)
    status_as_of = PartialDateField(_("status as of"), null=True, blank=True, validators=[validate_not_in_future])
    start = PartialDateField(_("start"), null=True, blank=True)
    end = PartialDateField(_("end"), null=True, blank=True)
    budget = models.DecimalField(
        _("budget"),
        max_digits=18,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("As given in the source, never converted."),
    )
    currency = models.CharField(_("currency"), max_length=3, choices=Currency, blank=True)
    finance = models.CharField(_("finance"), max_length=22, choices=Finance, blank=True)
    summary = models.TextField(_("summary"))
    activities = models.TextField(_("activities"), blank=True)
    results = models.TextField(_("results"), blank=True)
    looked_on = models.DateField(
        _("results looked for on"),
        null=True,
        blank=True,
        validators=[validate_not_in_future],
        help_text=_("The day on which somebody last looked for results and lessons, found or not."),
    )
    countries = models.ManyToManyField(
        Place,
        verbose_name=_("countries"),
        related_name="projects_of_country",
        limit_choices_to={"kind": "country"},
    )
    places = models.ManyToManyField(Place, verbose_name=_("places"), blank=True, related_name="projects")
    sectors = models.ManyToManyField(Sector, verbose_name=_("sectors"), blank=True, related_name="projects")
    organisations = models.ManyToManyField(
        Organisation, verbose_name=_("organisations"), through="Participation", related_name="projects"
    )
    issues = models.ManyToManyField(Issue, verbose_name=_("issues"), through="ProjectIssue", related_name="projects")
    sources = models.ManyToManyField(
        Source, verbose_name=_("sources"), through="ProjectCitation", related_name="cited_by_projects"
    )

    objects = RecordManager.from_queryset(ProjectQuerySet)()

    name_field = "title"
    search_fields = ("title_en", "title_ko", "title_ru", "title_original")
    search_identifiers = ("key", "iati_identifier")
    search_paths = {
        "title": ("title", "title_original"),
        "related": (
            *("countries", "places", "organisations", "issues", "sectors", "areas__area", "sdgs__spoken"),
            *("level", "status", "finance", "start", "end"),
        ),
        "summary": ("summary",),
        "body": (
            *("activities", "results", "issue_links__rationale", "evidence", "note"),
            "attachments__document_text",
        ),
    }
    search_facets = {
        "country": ("countries__key",),
        "issue": ("issues__key", "issues__parent__key"),
        "area": ("areas__area",),
    }
    search_dates = ("start", "end")
    status_fields = ("status",)
    result_field = "results"
    relations_requiring_english = ("issue_links",)
    required_published_any = ("countries",)
    required_published_each = ("countries", "places", "participations__organisation", "issue_links__issue")

    class Meta(Record.Meta):
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        ordering = [models.F("start").desc(nulls_last=True), "key"]
        indexes = [
            # PostgreSQL sets unknown dates first here, and the lists last. Migrations 0011 and 0032 add its indexes.
            models.Index(fields=["publication", "-start", "key"], name="project_by_start"),
            models.Index(fields=["level"], name="project_level"),
            models.Index(fields=["status"], name="project_status"),
            models.Index(fields=["finance"], name="project_finance"),
            models.Index(fields=["end"], name="project_end"),
            models.Index(fields=["updated_at"], name="project_changed"),  # for feeds and harvesters
        ]
        constraints = [
            models.CheckConstraint(
                name="project_ends_after_it_starts",
                condition=not_before("end", "start"),
                violation_error_message=_("A project cannot end before it starts."),
            ),
            models.CheckConstraint(
                name="project_budget_has_a_currency",
                condition=models.Q(budget=None, currency="")
                | (models.Q(budget__isnull=False, budget__gte=0) & ~models.Q(currency="")),
                violation_error_message=_("Enter both budget and currency, or neither."),
            ),
        ]

    def prepare_key_change(self):
        """Keep the IATI identifier that the portal has reported, which was made from the key."""
        publisher = ReportingOrganisation.objects.first()
        if publisher is not None and self.was_public and not self.iati_identifier:
            self.iati_identifier = f"{publisher.ref}-{self.key}"

    def get_absolute_url(self):
        return record_path("project", self.key)

    def clean(self):
        self.iati_identifier = self.iati_identifier or None

    @property
    def status_now(self):
        """The status that readers see today (StatusNow); of a past version, on its day."""
        day = getattr(self, "shown_on", None) or timezone.localdate()
        return status_on(self.status, self.end, self.status_as_of, day)

    @property
    def status_now_label(self):
        """The words for `status_now`, with the date that decides, in the active language."""
        return label_on(self.status_now, self.end, self.status_as_of)

    @property
    def status_now_words(self):
        """The label with the age of a current status that may still change: “Under way · last reported June 2023”."""
        shown = self.status_now
        if not self.status_as_of or not is_current(shown) or shown in self.Status.lasting():
            return self.status_now_label
        return gettext("{status} · last reported {date}").format(
            status=self.status_now_label, date=date_in_sentence(self.status_as_of)
        )

    @property
    def looked_on_words(self):
        """When somebody last looked for results, as a sentence; "" if no day is stored and it is not completed."""
        if self.looked_on:
            return gettext("Results were last looked for on {date}.").format(date=date_in_sentence(self.looked_on))
        if self.status == self.Status.CLOSED:
            return gettext("It is not recorded when results were last looked for.")
        return ""

    @classmethod
    def results_due_condition(cls, today):
        """Return the condition that editors should look for results on the day `today`.

        The project is completed, no result is known, and nobody has looked for one in the last year.
        """
        due = cls.objects.completed_without_results().exclude(looked_on__gte=months_before(today, LOOK_AGAIN_MONTHS))
        return models.Q(models.Exists(due.filter(pk=models.OuterRef("pk"))))


class ProjectArea(ThroughModel):
    """An area of cooperation that a project belongs to."""

    project = models.ForeignKey(Project, verbose_name=_("project"), on_delete=models.CASCADE, related_name="areas")
    area = models.CharField(_("area"), max_length=26, choices=Area)

    natural_fields = ("project__key", "area")

    class Meta:
        verbose_name = _("area of a project")
        verbose_name_plural = _("areas of projects")
        ordering = ["pk"]
        indexes = [models.Index(fields=["area", "project"], name="project_area")]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "area"],
                name="project_has_an_area_once",
                violation_error_message=_("This area is already listed."),
            )
        ]

    def __str__(self):
        return self.get_area_display()


class Participation(ThroughModel):
    """An organisation's role in a project."""

    class Role(IatiChoices):
        """Codes of the IATI list OrganisationRole.

        `partner` has no code. It is used if no source states a formal role.
        """

        FUNDING = "funding", "1", pgettext_lazy("role", "Funding")
        ACCOUNTABLE = "accountable", "2", pgettext_lazy("role", "Accountable")
        EXTENDING = "extending", "3", pgettext_lazy("role", "Extending")
        IMPLEMENTING = "implementing", "4", pgettext_lazy("role", "Implementing")
        PARTNER = "partner", "", pgettext_lazy("role", "Partner")

        @classmethod
        def leading(cls):
            """Return the roles that lead a project: an organisation in the first of these that a project has."""
            return [cls.ACCOUNTABLE, cls.EXTENDING, cls.IMPLEMENTING, cls.FUNDING]

    project = models.ForeignKey(
        Project, verbose_name=_("project"), on_delete=models.CASCADE, related_name="participations"
    )
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.PROTECT, related_name="participations"
    )
    role = models.CharField(_("role"), max_length=12, choices=Role)

    natural_fields = ("project__key", "organisation__key", "role")

    class Meta:
        verbose_name = _("participation")
        verbose_name_plural = _("participations")
        ordering = ["pk"]
        indexes = [models.Index(fields=["role", "project"], name="participation_role")]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "organisation", "role"],
                name="organisation_has_a_role_once",
                violation_error_message=_("This organisation already has this role here."),
            )
        ]


class ProjectIssue(ThroughModel):
    """An issue that a project addresses, with the significance of this aim and a rationale."""

    class Significance(IatiChoices):
        """The codes of the IATI list PolicySignificance that can apply to an issue that a project addresses."""

        PRINCIPAL = "principal", "2", _("Principal objective")
        SIGNIFICANT = "significant", "1", _("Significant objective")

    project = models.ForeignKey(
        Project, verbose_name=_("project"), on_delete=models.CASCADE, related_name="issue_links"
    )
    issue = models.ForeignKey(Issue, verbose_name=_("issue"), on_delete=models.PROTECT, related_name="project_links")
    significance = models.CharField(_("significance"), max_length=11, choices=Significance)
    rationale = models.TextField(_("rationale"))

    natural_fields = ("project__key", "issue__key")

    class Meta:
        verbose_name = _("issue of a project")
        verbose_name_plural = _("issues of projects")
        ordering = ["significance", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "issue"],
                name="project_answers_an_issue_once",
                violation_error_message=_("This issue is already listed."),
            )
        ]


class ProjectSdg(ThroughModel):
    """A Sustainable Development Goal or target to which a project contributes."""

    project = models.ForeignKey(Project, verbose_name=_("project"), on_delete=models.CASCADE, related_name="sdgs")
    code = models.CharField(_("goal or target"), max_length=5, validators=[validate_sdg])
    goal = goal_column()

    natural_fields = ("project__key", "code")

    class Meta:
        verbose_name = _("SDG of a project")
        verbose_name_plural = _("SDGs of projects")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["code", "project"], name="project_sdg_code"),
            models.Index(fields=["goal", "project"], name="project_sdg_goal"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "code"],
                name="project_names_an_sdg_once",
                violation_error_message=_("This goal or target is already listed."),
            )
        ]

    def __str__(self):
        return self.code

    @property
    def spoken(self):
        """Return the code with the words that readers search for: "SDG ЦУР 6.4"."""
        return spoken(self.code)


class RioMarker(ThroughModel):
    """How far a project targets a Rio convention, if a source supports the statement. A missing row does not mean 0."""

    class Marker(IatiChoices):
        """The Rio markers of the IATI list PolicyMarker."""

        BIODIVERSITY = "biodiversity", "5", _("Biodiversity")
        MITIGATION = "mitigation", "6", _("Climate change mitigation")
        ADAPTATION = "adaptation", "7", _("Climate change adaptation")
        DESERTIFICATION = "desertification", "8", _("Desertification")

    class Significance(models.IntegerChoices):
        """Codes of the IATI list PolicySignificance."""

        NOT_TARGETED = 0, _("Not targeted")
        SIGNIFICANT = 1, _("Significant objective")
        PRINCIPAL = 2, _("Principal objective")

    project = models.ForeignKey(
        Project, verbose_name=_("project"), on_delete=models.CASCADE, related_name="rio_markers"
    )
    marker = models.CharField(_("marker"), max_length=15, choices=Marker)
    significance = models.PositiveSmallIntegerField(_("significance"), choices=Significance)

    natural_fields = ("project__key", "marker")

    class Meta:
        verbose_name = _("Rio marker")
        verbose_name_plural = _("Rio markers")
        ordering = ["pk"]
        indexes = [models.Index(fields=["marker", "significance"], name="rio_marker")]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "marker"],
                name="project_has_a_rio_marker_once",
                violation_error_message=_("This marker is already set."),
            ),
            models.CheckConstraint(
                name="rio_marker_is_0_1_or_2",
                condition=models.Q(significance__in=[0, 1, 2]),
                violation_error_message=_("A Rio marker must be 0, 1 or 2."),
            ),
        ]


class ProjectCitation(Citation):
    """A source of a project."""

    project = models.ForeignKey(Project, verbose_name=_("project"), on_delete=models.CASCADE, related_name="citations")

    natural_fields = ("project__key", "source__key")

    class Meta(Citation.Meta):
        constraints = citation_constraints("project", "project")
