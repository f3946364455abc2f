"""The identifiers that other registers give to places and organisations, such as Wikidata, GeoNames and ROR."""

import re

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models.place import Place
from portal.models.record import ThroughModel


class IdentifierScheme(models.TextChoices):
    """A register whose identifiers records may have. The labels are proper names, the same in each language."""

    WIKIDATA = "wikidata", "Wikidata"
    GEONAMES = "geonames", "GeoNames"
    ROR = "ror", "ROR"
    ISO_3166_1_ALPHA_2 = "iso3166-1-alpha2", "ISO 3166-1 alpha-2"
    ISO_3166_1_ALPHA_3 = "iso3166-1-alpha3", "ISO 3166-1 alpha-3"
    ISO_3166_2 = "iso3166-2", "ISO 3166-2"
    RGI_6 = "rgi6", "Randolph Glacier Inventory 6.0"
    WGMS = "wgms", "WGMS"

    @property
    def pattern(self):
        """Return the regular expression that all identifiers of the scheme match as a whole."""
        return {
            "wikidata": r"Q[1-9][0-9]*",
            "geonames": r"[1-9][0-9]*",
            "ror": r"https://ror\.org/0[a-hj-km-np-tv-z0-9]{6}[0-9]{2}",  # as ROR writes it: with the address
            "iso3166-1-alpha2": r"[A-Z]{2}",
            "iso3166-1-alpha3": r"[A-Z]{3}",
            "iso3166-2": r"[A-Z]{2}-[A-Z0-9]{1,3}",
            "rgi6": r"RGI60-[0-9]{2}\.[0-9]{5}",
            "wgms": r"[1-9][0-9]*",
        }[self.value]

    @property
    def example(self):
        """Return an identifier of the scheme, to show its form."""
        return {
            "wikidata": "Q232",
            "geonames": "601294",
            "ror": "https://ror.org/04dtgat87",
            "iso3166-1-alpha2": "KZ",
            "iso3166-1-alpha3": "KAZ",
            "iso3166-2": "UZ-QR",
            "rgi6": "RGI60-13.08624",
            "wgms": "817",
        }[self.value]

    def url(self, value):
        """Return the URL of the page about `value` in the register, or "" if the register has no such pages."""
        return {
            "wikidata": f"https://www.wikidata.org/wiki/{value}",
            "geonames": f"https://www.geonames.org/{value}/",
            "ror": value,
        }.get(self.value, "")


PLACE_SCHEMES = (
    IdentifierScheme.WIKIDATA,
    IdentifierScheme.GEONAMES,
    IdentifierScheme.ISO_3166_1_ALPHA_2,
    IdentifierScheme.ISO_3166_1_ALPHA_3,
    IdentifierScheme.ISO_3166_2,
    IdentifierScheme.RGI_6,
    IdentifierScheme.WGMS,
)


def choices_of(schemes):
    """Return the schemes as choices of a form field."""
    return [(scheme.value, scheme.label) for scheme in schemes]


class ExternalIdentifierModel(ThroughModel):
    """The base of the identifiers of one kind of record. A subclass adds the foreign key, `scheme` and constraints."""

    value = models.CharField(_("identifier"), max_length=100, help_text=_("As the register itself writes it."))

    class Meta:
        abstract = True
        ordering = ["scheme", "value"]
        verbose_name = _("outside identifier")
        verbose_name_plural = _("outside identifiers")

    def __str__(self):
        return f"{self.get_scheme_display()} {self.value}"

    def clean(self):
        if self.scheme in IdentifierScheme.values and self.value:
            scheme = IdentifierScheme(self.scheme)
            if not re.fullmatch(scheme.pattern, self.value):
                raise ValidationError(
                    {
                        "value": _("An identifier of {scheme} looks like this: {example}").format(
                            scheme=scheme.label, example=scheme.example
                        )
                    }
                )

    @property
    def url(self):
        """Return the URL of its page in the register, or "" if the register has no such pages."""
        return IdentifierScheme(self.scheme).url(self.value)


class PlaceIdentifier(ExternalIdentifierModel):
    """An identifier of a place in another register."""

    place = models.ForeignKey(Place, verbose_name=_("place"), on_delete=models.CASCADE, related_name="identifiers")
    scheme = models.CharField(_("register"), max_length=20, choices=choices_of(PLACE_SCHEMES))

    natural_fields = ("place__key", "scheme", "value")

    class Meta(ExternalIdentifierModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "value"],
                name="place_identifier_names_one",
                violation_error_message=_("Another place has this identifier."),
            ),
            models.CheckConstraint(
                name="place_identifier_is_of_a_known_scheme",
                condition=models.Q(scheme__in=[scheme.value for scheme in PLACE_SCHEMES]),
                violation_error_message=_("Places have no identifiers of this register."),
            ),
        ]
