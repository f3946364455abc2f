"""Models of organisations that take part in projects and agreements."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.choices import IatiChoices, PublicationStatus
from portal.core.database import LookupValue
from portal.core.urls import record_path
from portal.core.validators import address_of_the_web
from portal.facets import registry
from portal.models import (
    AliasedMixin,
    Citation,
    ExternalIdentifierModel,
    IdentifierScheme,
    Place,
    Record,
    Source,
    citation_constraints,
)
from portal.models.identifier import choices_of
from portal.models.querysets import RecordManager, RecordQuerySet

ORGANISATION_SCHEMES = (IdentifierScheme.WIKIDATA, IdentifierScheme.ROR)


class OrganisationQuerySet(RecordQuerySet):
    """Queryset methods of organisations."""

    def for_list(self):
        """Annotate `project_count` and `agreement_count`, and order by them, the highest first.

        Both count published records only. The projects are counted by the facet index, not by the database.
        """
        taking_part = registry.facet_index(self.model._meta.get_field("projects").related_model).facets["organisation"]
        keys = self.model.objects.values_list("key", "pk")
        counts = {pk: len(taking_part[key]) for key, pk in keys if key in taking_part}
        records = self.prefetch_related(models.Prefetch("country", Place.objects.published())).annotate(
            project_count=LookupValue(counts),
            agreement_count=models.Count(
                "agreement_parties",
                filter=models.Q(agreement_parties__agreement__publication=PublicationStatus.PUBLISHED),
                distinct=True,
            ),
        )
        return records.order_by("-project_count", "-agreement_count", "key")

    def of_gyeonggi(self):
        """Return the bodies of Gyeonggi: the provincial government and all others with their seat in the province.

        Bodies of the national government do not count, wherever their seat is.
        """
        return self.filter(seat__in=Place.objects.of_gyeonggi()).exclude(kind=self.model.Kind.GOVERNMENT)


class Organisation(AliasedMixin, Record):
    """An organisation that funds, carries out, hosts or signs."""

    class Kind(IatiChoices):
        """Codes of the IATI list OrganisationType."""

        GOVERNMENT = "government", "10", _("Government")
        LOCAL_GOVERNMENT = "local-government", "11", _("Local government")
        OTHER_PUBLIC_SECTOR = "other-public-sector", "15", _("Other public sector")
        INTERNATIONAL_NGO = "international-ngo", "21", _("International NGO")
        NATIONAL_NGO = "national-ngo", "22", _("National NGO")
        MULTILATERAL = "multilateral", "40", _("Multilateral organisation")
        FOUNDATION = "foundation", "60", _("Foundation")
        PRIVATE_SECTOR = "private-sector", "70", _("Private sector")
        ACADEMIC = "academic-research-training", "80", _("Academic, research and training")

    name = models.CharField(_("name"), max_length=200)
    acronym = models.CharField(_("acronym"), max_length=20, blank=True)
    kind = models.CharField(_("kind"), max_length=26, choices=Kind)
    country = models.ForeignKey(
        Place,
        verbose_name=_("country"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="organisations",
        limit_choices_to={"kind": "country"},
        help_text=_("Leave blank for a multi-country organisation."),
    )
    seat = models.ForeignKey(
        Place,
        verbose_name=_("seat"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="seated_organisations",
        help_text=_(
            "The city or county of its head office. For the government of a region, city or county and for its "
            "departments: that region, city or county. Leave blank if not known."
        ),
    )
    url = models.URLField(_("website"), max_length=300, blank=True)
    sources = models.ManyToManyField(
        Source, verbose_name=_("sources"), through="OrganisationCitation", related_name="cited_by_organisations"
    )

    objects = RecordManager.from_queryset(OrganisationQuerySet)()

    search_fields = ("name_en", "name_ko", "name_ru", "acronym")
    search_paths = {"title": ("name", "acronym"), "related": ("kind", "country")}
    search_facets = {"country": ("country__key",)}
    required_published = ("country", "seat")

    class Meta(Record.Meta):
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["key"]
        indexes = [
            models.Index(fields=["kind"], name="organisation_kind"),
            models.Index(fields=["updated_at"], name="organisation_changed"),  # for feeds and harvesters
        ]
        constraints = [address_of_the_web("organisation_address_is_of_the_web")]

    def get_absolute_url(self):
        return record_path("organisation", self.key)

    def clean(self):
        if self.seat and self.country and self.seat.country and self.seat.country != self.country:
            raise ValidationError({"seat": _("The seat is not in the country of the organisation.")})

    @classmethod
    def used_condition(cls):
        """Return a Q for the organisations that take part in a project or an agreement."""
        roles = (cls._meta.get_field(name).related_model for name in ("participations", "agreement_parties"))
        projects, agreements = (role._base_manager.filter(organisation=models.OuterRef("pk")) for role in roles)
        return models.Q(models.Exists(projects)) | models.Q(models.Exists(agreements))

    @property
    def iati_kind(self):
        """Return the code of its kind in the IATI list OrganisationType."""
        return self.Kind(self.kind).iati_code


class OrganisationCitation(Citation):
    """A source of an organisation."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.CASCADE, related_name="citations"
    )

    natural_fields = ("organisation__key", "source__key")

    class Meta(Citation.Meta):
        constraints = citation_constraints("organisation", "organisation")


class OrganisationExternalIdentifier(ExternalIdentifierModel):
    """An identifier of an organisation in another register. `OrganisationIdentifier` holds those in IATI."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.CASCADE, related_name="external_identifiers"
    )
    scheme = models.CharField(_("register"), max_length=20, choices=choices_of(ORGANISATION_SCHEMES))

    natural_fields = ("organisation__key", "scheme", "value")

    class Meta(ExternalIdentifierModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "value"],
                name="organisation_external_identifier_names_one",
                violation_error_message=_("Another organisation has this identifier."),
            ),
            models.CheckConstraint(
                name="organisation_identifier_is_of_a_known_scheme",
                condition=models.Q(scheme__in=[scheme.value for scheme in ORGANISATION_SCHEMES]),
                violation_error_message=_("Organisations have no identifiers of this register."),
            ),
        ]
