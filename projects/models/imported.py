"""Models of imported data: the files, their activities, and the parts of these that readers see."""

import gzip

from django.core.validators import URLValidator
from django.db import models
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from issues.models import Issue
from portal.core.choices import IatiChoices
from portal.core.validators import address_of_the_web
from portal.models import Content, Source, workflow
from portal.models.record import words_of
from projects.models.project import Project


class ImportedFile(models.Model):
    """A received file with activities or table rows. Until it is imported, editors can look at its preview."""

    class Kind(models.TextChoices):
        IATI = "iati", _("IATI activities")
        TABLE = "table", _("Table of projects")

    kind = models.CharField(_("kind"), max_length=5, choices=Kind)
    name = models.CharField(_("file"), max_length=200)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(max_length=64, unique=True)
    original = models.BinaryField(_("original"))
    mapping = models.JSONField(_("mapping"), null=True, blank=True)
    retrieved = models.DateField(_("retrieved on"))
    url = models.URLField(_("address"), max_length=600, blank=True)
    licence = models.CharField(_("licence"), max_length=200, blank=True)
    countries = models.JSONField(_("countries"), default=list, blank=True)
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    imported_at = models.DateTimeField(_("imported"), null=True, blank=True)
    who = models.CharField(_("user"), max_length=150, blank=True)
    counts = models.JSONField(_("outcome"), default=dict, blank=True)

    class Meta:
        verbose_name = _("imported file")
        verbose_name_plural = _("imported files")
        default_permissions = ("add", "delete", "view", "download")  # "download": the original can name persons
        ordering = ["-received_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="imported_file_is_not_empty",
                condition=models.Q(size__gt=0),
                violation_error_message=_("The file is empty."),
            ),
            address_of_the_web("imported_file_address_is_of_the_web"),
        ]

    def __str__(self):
        return self.name

    @property
    def content(self):
        """Return the stored bytes: an IATI file as received, a table with only the columns that its mapping names."""
        return gzip.decompress(bytes(self.original))


class ImportedActivity(Content):
    """What a publisher reports of a project: the original, and the values that the import took from it."""

    project = models.OneToOneField(
        Project, verbose_name=_("project"), on_delete=models.CASCADE, related_name="imported"
    )
    file = models.ForeignKey(ImportedFile, verbose_name=_("file"), on_delete=models.PROTECT, related_name="activities")
    source = models.ForeignKey(Source, verbose_name=_("source"), on_delete=models.PROTECT, related_name="+")
    identifier = models.CharField(_("identifier"), max_length=255, unique=True)
    line = models.PositiveIntegerField(_("line"))
    original = models.BinaryField(_("original"))
    fingerprint = models.CharField(max_length=64)
    updated = models.CharField(_("last changed there"), max_length=40, blank=True)
    reporter = models.CharField(_("reported by"), max_length=300)
    secondary = models.BooleanField(
        _("secondary reporter"),
        default=False,
        help_text=_("Whether the reporter reports activities that others are responsible for."),
    )
    values = models.JSONField(_("as imported"), default=dict)
    differences = models.JSONField(_("editors’ changes"), default=dict)

    class Meta:
        verbose_name = _("imported project")
        verbose_name_plural = _("imported projects")
        default_permissions = ("view",)
        ordering = ["identifier"]
        constraints = [
            models.CheckConstraint(
                name="imported_activity_stands_at_a_line",
                condition=models.Q(line__gt=0),
                violation_error_message=_("Line numbers start at 1."),
            ),
        ]

    def __str__(self):
        return self.identifier

    @property
    def content(self):
        """Return the bytes of the activity or row, without personal data."""
        return gzip.decompress(bytes(self.original))


class RejectedActivity(models.Model):
    """An activity that an editor rejected in the preview of a file. Imports do not offer it again, in any file."""

    class Reason(models.TextChoices):
        SUBJECT = "subject", _("Not about the environment")
        REGION = "region", _("No link to Korea or Central Asia")
        KNOWN = "known", _("Already in the portal")
        UNCLEAR = "unclear", _("Too little is known about it")

    identifier = models.CharField(_("identifier"), max_length=255, unique=True)
    title = models.CharField(_("title"), max_length=300, blank=True)
    reason = models.CharField(_("reason"), max_length=7, choices=Reason, default=Reason.SUBJECT)
    who = models.CharField(_("user"), max_length=150)
    rejected_at = models.DateTimeField(_("rejected at"), auto_now_add=True)

    class Meta:
        verbose_name = _("rejected activity")
        verbose_name_plural = _("rejected activities")
        default_permissions = ("view", "delete")
        ordering = ["-rejected_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="rejected_activity_has_an_identifier",
                condition=~models.Q(identifier=""),
                violation_error_message=_("An activity is rejected by its identifier."),
            ),
        ]

    def __str__(self):
        return self.title or self.identifier


def spoken(texts):
    """Return (text, language): the text in the reader's language, else in English, else in any language."""
    for language in (get_language() or "en", "en", *texts):
        if texts.get(language):
            return texts[language], language
    return "", "en"


class Reported(models.Model):
    """A row of an imported activity. Readers see it as reported, and editors cannot change it."""

    activity = models.ForeignKey(
        ImportedActivity, verbose_name=_("imported project"), on_delete=models.CASCADE, related_name="%(class)ss"
    )

    class Meta:
        abstract = True
        default_permissions = ()

    named_by = ()  # the fields that `__str__` shows

    def __str__(self):
        return words_of(self, self.named_by) or f"{self._meta.verbose_name} {self.pk}"


class TransactionSum(Reported):
    """The sum of the transactions of one type in one currency."""

    class Kind(models.TextChoices):
        """Codes of the IATI list TransactionType."""

        INCOMING_FUNDS = "1", _("Incoming funds")
        COMMITMENT = "2", pgettext_lazy("transaction", "Commitments")
        DISBURSEMENT = "3", pgettext_lazy("transaction", "Disbursements")
        EXPENDITURE = "4", pgettext_lazy("transaction", "Expenditure")
        INTEREST = "5", _("Interest payments")
        REPAYMENT = "6", _("Loan repayments")
        REIMBURSEMENT = "7", _("Reimbursements")
        EQUITY = "8", _("Purchase of equity")
        SALE = "9", _("Sale of equity")
        GUARANTEE = "10", _("Credit guarantees")
        INCOMING_COMMITMENT = "11", _("Incoming commitments")
        OUTGOING_PLEDGE = "12", _("Outgoing pledges")
        INCOMING_PLEDGE = "13", _("Incoming pledges")

    kind = models.CharField(_("type"), max_length=2, choices=Kind)
    currency = models.CharField(_("currency"), max_length=3)
    total = models.DecimalField(_("total"), max_digits=20, decimal_places=2)
    count = models.PositiveIntegerField(_("transactions"))
    first = models.DateField(_("first"))
    last = models.DateField(_("last"))

    named_by = ("kind", "currency")

    class Meta(Reported.Meta):
        verbose_name = _("sum of transactions")
        verbose_name_plural = _("sums of transactions")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "kind", "currency"],
                name="transactions_are_summed_once",
                violation_error_message=_("A total for this type and currency already exists."),
            ),
            models.CheckConstraint(
                name="transaction_sum_has_transactions",
                condition=models.Q(count__gt=0, last__gte=models.F("first")),
                violation_error_message=_(
                    "A total needs at least one transaction, and the last cannot precede the first."
                ),
            ),
        ]


class BudgetLine(Reported):
    """An amount that is planned for a period."""

    class Kind(models.TextChoices):
        BUDGET = "budget", pgettext_lazy("planned money", "Budget")
        DISBURSEMENT = "disbursement", _("Planned disbursement")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    revised = models.BooleanField(_("revised"), default=False)
    committed = models.BooleanField(_("committed"), default=False)
    start = models.DateField(_("start"))
    end = models.DateField(_("end"), null=True, blank=True)
    value = models.DecimalField(_("amount"), max_digits=20, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)

    named_by = ("kind", "start", "currency")

    class Meta(Reported.Meta):
        verbose_name = _("planned funding")
        verbose_name_plural = _("planned funding")
        ordering = ["start", "pk"]
        constraints = [
            models.CheckConstraint(
                name="budget_line_ends_after_it_starts",
                condition=models.Q(end=None) | models.Q(end__gte=models.F("start")),
                violation_error_message=_("A period cannot end before it starts."),
            ),
            models.CheckConstraint(
                name="budget_line_has_a_currency",
                condition=~models.Q(currency=""),
                violation_error_message=_("An amount needs a currency."),
            ),
        ]


class ReportedResult(Reported):
    """The target and the actual value of a result's indicator in a period, or a result without an indicator."""

    class Kind(IatiChoices):
        """Codes of the IATI list ResultType."""

        OUTPUT = "output", "1", _("Output")
        OUTCOME = "outcome", "2", _("Outcome")
        IMPACT = "impact", "3", _("Impact")
        OTHER = "other", "9", pgettext_lazy("result", "Other")

    position = models.PositiveIntegerField(_("order"))
    kind = models.CharField(_("type"), max_length=7, choices=Kind)
    titles = models.JSONField(_("title"))
    indicators = models.JSONField(_("indicator"), default=dict)
    baseline = models.CharField(_("baseline"), max_length=200, blank=True)
    start = models.DateField(_("start"), null=True, blank=True)
    end = models.DateField(_("end"), null=True, blank=True)
    target = models.CharField(_("target"), max_length=200, blank=True)
    actual = models.CharField(_("actual"), max_length=200, blank=True)

    named_by = ("kind", "start", "end")

    class Meta(Reported.Meta):
        verbose_name = _("reported result")
        verbose_name_plural = _("reported results")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "position"],
                name="reported_result_has_its_place",
                violation_error_message=_("A result already exists at this position."),
            ),
        ]

    @property
    def title(self):
        """Return (title, language) for the reader."""
        return spoken(self.titles)

    @property
    def indicator(self):
        """Return (name of the indicator, language) for the reader."""
        return spoken(self.indicators)


class ReportedDocument(Reported):
    """A file or page about the project."""

    position = models.PositiveIntegerField(_("order"))
    url = models.URLField(_("address"), max_length=600, validators=[URLValidator(schemes=["http", "https"])])
    format = models.CharField(_("format"), max_length=100, blank=True)
    titles = models.JSONField(_("title"), default=dict)
    languages = models.JSONField(_("languages"), default=list)
    date = models.DateField(_("date"), null=True, blank=True)

    named_by = ("url",)

    class Meta(Reported.Meta):
        verbose_name = _("reported document")
        verbose_name_plural = _("reported documents")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "url"],
                name="reported_document_stands_once",
                violation_error_message=_("This document is already listed."),
            ),
            address_of_the_web("reported_document_address_is_of_the_web"),
        ]

    @property
    def title(self):
        """Return (title, language) for the reader; the URL if there is no title."""
        return spoken(self.titles) if self.titles else (self.url, "en")


class ReportedShare(Reported):
    """A country, region or sector of any vocabulary, and its share of the project."""

    class Kind(models.TextChoices):
        COUNTRY = "country", _("Country")
        REGION = "region", _("Region")
        SECTOR = "sector", _("Sector")

    kind = models.CharField(_("kind"), max_length=7, choices=Kind)
    vocabulary = models.CharField(_("vocabulary"), max_length=20, blank=True)
    code = models.CharField(_("code"), max_length=100)
    percentage = models.DecimalField(_("percentage"), max_digits=5, decimal_places=2, null=True, blank=True)
    names = models.JSONField(_("name"), default=dict)
    computed = models.BooleanField(_("computed from transactions"), default=False)

    named_by = ("kind", "vocabulary", "code")

    class Meta(Reported.Meta):
        verbose_name = _("reported percentage")
        verbose_name_plural = _("reported shares")
        ordering = ["kind", "vocabulary", "pk"]
        constraints = [
            models.CheckConstraint(
                name="share_is_a_percentage",
                condition=models.Q(percentage=None) | models.Q(percentage__range=(0, 100)),
                violation_error_message=_("A percentage must be between 0 and 100."),
            ),
        ]


class ProjectIdentifier(Reported):
    """Another identifier of the activity, and its owner."""

    ref = models.CharField(_("identifier"), max_length=255)
    kind = models.CharField(_("type"), max_length=10, blank=True)
    owner = models.CharField(_("owner"), max_length=300, blank=True)

    named_by = ("ref",)

    class Meta(Reported.Meta):
        verbose_name = _("other identifier")
        verbose_name_plural = _("other identifiers")
        ordering = ["kind", "ref"]
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "kind", "ref"],
                name="other_identifier_stands_once",
                violation_error_message=_("This identifier is listed already."),
            ),
        ]


class RelatedActivity(Reported):
    """Another activity that is related to this one, by its identifier.

    Pages link to it if the portal has a published project with this identifier.
    """

    class Kind(models.TextChoices):
        """Codes of the IATI list RelatedActivityType."""

        PARENT = "1", pgettext_lazy("related", "Programme")
        CHILD = "2", pgettext_lazy("related", "Child")
        SIBLING = "3", pgettext_lazy("related", "Sibling")
        COFUNDED = "4", pgettext_lazy("related", "Co-funded")
        THIRD_PARTY = "5", pgettext_lazy("related", "Third-party report")

    identifier = models.CharField(_("identifier"), max_length=255)
    kind = models.CharField(_("type"), max_length=1, choices=Kind, blank=True)

    named_by = ("kind", "identifier")

    class Meta(Reported.Meta):
        verbose_name = _("related activity")
        verbose_name_plural = _("related activities")
        ordering = ["kind", "identifier"]
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "kind", "identifier"],
                name="related_activity_stands_once",
                violation_error_message=_("This activity is listed already."),
            ),
        ]


class SuggestedIssueQuerySet(models.QuerySet):
    """Suggestions that wait for a decision."""

    def open_for(self, user):
        """Return the open suggestions that a user may decide on: those of the projects that they may change."""
        actions = workflow.allowed_actions(user, Project)
        states = [state for state in workflow.TRANSITIONS if workflow.can_edit(actions, state)]
        return self.filter(decision=SuggestedIssue.Decision.OPEN, project__publication__in=states)


class SuggestedIssue(models.Model):
    """An issue that a project may address, according to its codes and words.

    Editors confirm it with a rationale, or dismiss it. If `issue` is None, some environmental issue is suggested.
    """

    class Decision(models.TextChoices):
        OPEN = "open", pgettext_lazy("suggestion", "Open")
        CONFIRMED = "confirmed", pgettext_lazy("suggestion", "Confirmed")
        DISMISSED = "dismissed", pgettext_lazy("suggestion", "Dismissed")

    project = models.ForeignKey(
        Project, verbose_name=_("project"), on_delete=models.CASCADE, related_name="suggested_issues"
    )
    issue = models.ForeignKey(
        Issue, verbose_name=_("issue"), null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    score = models.PositiveSmallIntegerField(_("weight"))
    reasons = models.JSONField(_("reasons"), default=list)
    decision = models.CharField(_("decision"), max_length=9, choices=Decision, default=Decision.OPEN)

    objects = SuggestedIssueQuerySet.as_manager()

    class Meta:
        verbose_name = _("suggested issue")
        verbose_name_plural = _("suggested issues")
        default_permissions = ("change", "view")
        ordering = ["-score", "pk"]
        indexes = [models.Index(fields=["decision", "-score"], name="suggestion_to_decide")]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "issue"],
                name="issue_is_suggested_once",
                violation_error_message=_("This issue is suggested already."),
            ),
            models.UniqueConstraint(
                fields=["project"],
                condition=models.Q(issue=None),
                name="some_issue_is_suggested_once",
                violation_error_message=_("It has already been suggested that the project addresses some issue."),
            ),
            models.CheckConstraint(
                name="suggestion_has_a_weight",
                condition=models.Q(score__gt=0),
                violation_error_message=_("A suggestion needs a reason."),
            ),
            models.CheckConstraint(
                name="confirmed_suggestion_names_its_issue",
                condition=~models.Q(decision="confirmed") | models.Q(issue__isnull=False),
                violation_error_message=_("Choose the issue that the project addresses."),
            ),
        ]

    def __str__(self):
        return words_of(self, self.naming_fields()) or f"{self._meta.verbose_name} {self.pk}"

    @classmethod
    def naming_fields(cls):
        """Return the names of the fields that `__str__` shows."""
        return ["project", "issue"]
