"""Models for corrections: what readers report, the public log of corrections, and who answers for the portal."""

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from portal.core.partial_dates import months_before
from portal.core.validators import address_of_the_web, validate_not_in_future
from portal.models.querysets import RowQuerySet
from portal.models.record import Content, Record
from portal.models.removed import FormerKey, Tombstone
from portal.models.workflow import TRANSLATED_ACTIONS

MONTHS_KEPT = 12  # months after a report is closed, for which the reader's e-mail address is kept


class ReaderReportQuerySet(models.QuerySet):
    """Queryset of reports by readers."""

    def open(self):
        """Return the reports that editors still have to answer."""
        return self.filter(state__in=ReaderReport.OPEN)

    def erase_old_emails(self):
        """Erase the e-mail addresses of reports that were closed MONTHS_KEPT months ago or earlier.

        Return the number of erased addresses.
        """
        last = months_before(timezone.localdate(), MONTHS_KEPT)
        return self.filter(closed_on__lte=last).exclude(email="").update(email="")


class ReaderReport(models.Model):
    """What a reader wrote to the editors: a mistake on the page `address`, or a message if there is no address.

    It is private. It is no content, so it has no history, and no file, feed or API contains it. The audit log leaves it
    out too. So a deleted report, or an erased e-mail address, is in no other table. No network address is stored.
    """

    is_audited = False

    class State(models.TextChoices):
        NEW = "new", pgettext_lazy("state of a report", "New")
        IN_WORK = "in-work", pgettext_lazy("state of a report", "In work")
        CORRECTED = "corrected", pgettext_lazy("state of a report", "Corrected")
        DECLINED = "declined", pgettext_lazy("state of a report", "Declined")

    OPEN = (State.NEW, State.IN_WORK)
    CLOSED = (State.CORRECTED, State.DECLINED)
    MOST_LETTERS = 4_000

    day = models.DateField(_("day"), default=timezone.localdate, editable=False)
    address = models.CharField(_("page"), max_length=500, blank=True, editable=False)
    message = models.TextField(_("what is wrong"), max_length=MOST_LETTERS)
    url = models.URLField(_("source that says otherwise"), max_length=600, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.NEW, db_index=True)
    closed_on = models.DateField(_("closed on"), null=True, editable=False)
    note = models.TextField(_("internal note"), blank=True)
    # The random part of the form's token. A form that is sent twice is one report.
    nonce = models.CharField(max_length=43, unique=True, editable=False)

    objects = ReaderReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report by a reader")
        verbose_name_plural = _("reports by readers")
        default_permissions = ("view", "change", "delete")
        ordering = ["-pk"]
        constraints = [
            address_of_the_web("reader_report_url_is_of_the_web"),
            models.CheckConstraint(
                name="reader_report_closed_has_a_day",
                condition=models.Q(state__in=("new", "in-work"), closed_on=None)
                | models.Q(state__in=("corrected", "declined"), closed_on__isnull=False),
                violation_error_message=_("A report has a day of closing if it is corrected or declined."),
            ),
        ]

    def __str__(self):
        return gettext("Report {number}").format(number=self.pk)

    def update_closing_date(self):
        """Set `closed_on` if the report was closed, and clear it if it was opened again. The report is not saved."""
        if self.state in self.OPEN:
            self.closed_on = None
        elif self.closed_on is None:
            self.closed_on = timezone.localdate()


class Correction(Content):
    """An entry of the public log of corrections, in the editors' own words.

    `kind` and `key` name the record without a foreign key, as in Tombstone: the entry stays if the record is removed.
    PAGE has no key: it is a page that belongs to no record.
    """

    class Kind(models.TextChoices):
        PROJECT = "project", _("Project")
        AGREEMENT = "agreement", _("Agreement")
        ORGANISATION = "organisation", _("Organisation")
        RESULT = "result", _("Result or lesson")
        ISSUE = "issue", _("Issue")
        INDICATOR = "indicator", _("Indicator")
        EVENT = "event", _("Event")
        PLACE = "place", _("Country or place")
        SOURCE = "source", _("Source")
        TERM = "term", _("Glossary term")
        PAGE = "page", _("Another page")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    key = models.SlugField(_("key"), max_length=60, blank=True, db_index=False)
    what = models.TextField(_("what changed"))
    why = models.TextField(_("why"))
    reported_on = models.DateField(_("reported on"), null=True, blank=True, validators=[validate_not_in_future])
    corrected_on = models.DateField(_("corrected on"), default=timezone.localdate, validators=[validate_not_in_future])

    objects = RowQuerySet.as_manager()

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        default_permissions = TRANSLATED_ACTIONS
        ordering = ["-corrected_on", "-pk"]
        indexes = [models.Index(fields=["kind", "key", "-corrected_on"], name="correction_of_a_record")]
        constraints = [
            models.CheckConstraint(
                name="correction_names_its_record",
                condition=(models.Q(kind="page", key="") | (~models.Q(kind="page") & ~models.Q(key=""))),
                violation_error_message=_("Give the key of the record. Another page has none."),
            ),
            models.CheckConstraint(
                name="correction_follows_its_report",
                condition=models.Q(reported_on=None) | models.Q(corrected_on__gte=models.F("reported_on")),
                violation_error_message=_("A correction cannot be made before the mistake was reported."),
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.key}".rstrip()

    def clean(self):
        """Raise ValidationError if readers never saw a record with this key: the entry would tell of a draft."""
        if self.kind not in record_models() or not self.key:
            return
        record = record_models()[self.kind].objects.filter(key=self.key).first()
        if (record is None or not record.was_public) and not (
            Tombstone.objects.filter(kind=self.kind, key=self.key).exists()
            or FormerKey.objects.filter(kind=self.kind, key=self.key).exists()
        ):
            raise ValidationError({"key": gettext("No record of this kind with this key was ever published.")})

    @property
    def days_taken(self):
        """Return the days from the report to the correction; None if no reader reported the mistake."""
        return (self.corrected_on - self.reported_on).days if self.reported_on else None


def record_models():
    """Return the models of records that corrections may name, by kind."""
    return {
        model._meta.model_name: model
        for model in apps.get_models()
        if issubclass(model, Record) and model._meta.model_name in Correction.Kind.values
    }


def attach_records(corrections):
    """Set `record` of each correction to its published record, or None. One query for each kind."""
    keys = {}
    for correction in corrections:
        correction.record = None
        keys.setdefault(correction.kind, set()).add(correction.key)
    for kind, model in record_models().items():
        if kind in keys:
            found = {record.key: record for record in model.objects.published().filter(key__in=keys[kind])}
            for correction in corrections:
                if correction.kind == kind:
                    correction.record = found.get(correction.key)


def corrected_on(kind, keys):
    """Return the day of the latest correction by the key of the record, for those of `keys` that have one."""
    rows = Correction.objects.filter(kind=kind, key__in=keys).order_by().values_list("key")
    return dict(rows.annotate(models.Max("corrected_on")))


class PortalDetails(Content):
    """Who answers for the portal, in one row. Empty fields are not known; pages then say so."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    publisher = models.CharField(_("publisher"), max_length=300, blank=True)
    email = models.EmailField(_("editors’ address"), blank=True)
    office = models.TextField(_("office address"), blank=True)
    rules = models.TextField(_("editorial rules"), blank=True)

    # Empty fields are named on the first page of the desk.
    asked_for = ("publisher", "email", "office", "rules")

    objects = RowQuerySet.as_manager()

    class Meta:
        verbose_name = _("details of the portal")
        verbose_name_plural = _("details of the portal")
        default_permissions = ("view", "change", "add", "translate_ko", "translate_ru")
        constraints = [
            models.CheckConstraint(
                name="portal_details_are_one_row",
                condition=models.Q(id=1),
                violation_error_message=_("The portal has one row of details."),
            )
        ]

    def __str__(self):
        return str(self._meta.verbose_name)

    @classmethod
    def load(cls):
        """Return the details, or an empty object that is not stored. One query."""
        return cls.objects.first() or cls()

    def missing(self):
        """Return the names of the fields that nobody has filled in yet, in the active language."""
        empty = (name for name in self.asked_for if not getattr(self, _english(name)))
        return [self._meta.get_field(name).verbose_name for name in empty]


def _english(name):
    return name if name == "email" else f"{name}_{settings.LANGUAGE_CODE}"
