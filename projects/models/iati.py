"""Models for reporting to IATI: identifiers of organisations, and the organisation that reports."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.models import Content, ThroughModel
from projects.models.organisation import Organisation

well_formed_reference = RegexValidator(
    r"^[^\s/&|?]+$", _("An identifier cannot contain spaces or the characters / & | ?")
)


class OrganisationIdentifier(ThroughModel):
    """An identifier of an organisation in IATI."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.CASCADE, related_name="identifiers"
    )
    ref = models.CharField(_("IATI identifier"), max_length=100, validators=[well_formed_reference])

    natural_fields = ("ref",)

    class Meta:
        verbose_name = _("IATI identifier of an organisation")
        verbose_name_plural = _("IATI identifiers of organisations")
        ordering = ["ref"]
        constraints = [
            models.UniqueConstraint(
                fields=["ref"],
                name="organisation_identifier_names_one",
                violation_error_message=_("Another organisation has this identifier."),
            )
        ]

    def __str__(self):
        return self.ref


class ReportingOrganisation(Content):
    """The organisation in whose name the portal reports its projects to IATI.

    The table has at most one row. Without a row, the portal reports nothing.
    """

    slot = models.PositiveSmallIntegerField(default=1, unique=True, editable=False)
    organisation = models.OneToOneField(
        Organisation, verbose_name=_("organisation"), on_delete=models.PROTECT, related_name="+"
    )
    ref = models.CharField(
        _("IATI identifier"),
        max_length=100,
        validators=[well_formed_reference],
        help_text=_(
            "As assigned to the organisation: in Korea, a KR-GOV number issued by the Office for Government Policy "
            "Coordination, or KR-BRN- followed by the business registration number. Identifiers of activities begin "
            "with it. Never invent one."
        ),
    )
    former_refs = models.TextField(
        _("former identifiers"),
        blank=True,
        help_text=_(
            "Identifiers previously used to report activities, one per line. IATI uses them to link old and new "
            "records."
        ),
    )
    email = models.EmailField(
        _("office e-mail"), blank=True, help_text=_("Published. Use an office address, never a personal one.")
    )
    updated_at = models.DateTimeField(_("last changed"), editable=False)

    class Meta:
        verbose_name = _("reporting to IATI")
        verbose_name_plural = _("reporting to IATI")
        constraints = [
            models.CheckConstraint(
                name="one_organisation_reports",
                condition=models.Q(slot=1),
                violation_error_message=_("Only one organisation can report for the portal."),
            )
        ]

    def __str__(self):
        return self.ref

    def clean(self):
        if ReportingOrganisation.objects.exclude(pk=self.pk).exists():
            raise ValidationError(_("Only one organisation can report for the portal."))

    def save(self, *args, **kwargs):
        self.updated_at = timezone.now()
        super().save(*args, **kwargs)

    @property
    def former(self):
        """Return the former identifiers as a list."""
        return self.former_refs.split()
