"""The model of places, including countries, and their citations."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.core.urls import record_path
from portal.models.alias import AliasedMixin
from portal.models.querysets import RecordManager, RecordQuerySet
from portal.models.record import Record
from portal.models.source import Citation, Source, citation_constraints

GYEONGGI = "gyeonggi"  # the key of the province that the portal is made for
LEVELS = 3  # below a province: city or county, district, site


class PlaceQuerySet(RecordQuerySet):
    """Queryset methods of places."""

    def wholes_by_part(self, field="key") -> dict:
        """Return a dict from each place that is part of another to the set of all places that contain it, at any level.

        Places are given by the value of `field`. A cycle ends the walk. One query reads all such places: there are few.
        """
        whole_of = dict(self.exclude(part_of=None).values_list(field, f"part_of__{field}"))
        found = {}
        for part in whole_of:
            wholes, at = set(), part
            while (at := whole_of.get(at)) is not None and at not in wholes:
                wholes.add(at)
            found[part] = wholes
        return found

    def countries_of_central_asia(self):
        """Return the countries of Central Asia, by name in the reader's language."""
        return self.filter(group=Place.Group.CENTRAL_ASIA).in_order_of("name")

    def of_gyeonggi(self):
        """Return the province of Gyeonggi and all places in it, down to LEVELS levels. It needs no query of its own."""
        condition, path = models.Q(key=GYEONGGI), ""
        for _level in range(LEVELS):
            path = f"{path}part_of__"
            condition |= models.Q(**{f"{path}key": GYEONGGI})
        return self.filter(condition)


class Place(AliasedMixin, Record):
    """A country, a province, a city, a lake … The key of a country is its ISO 3166-1 alpha-2 code in lower case."""

    class Kind(models.TextChoices):
        WORLD = "world", _("World")
        REGION = "region", _("Region of several countries")
        COUNTRY = "country", _("Country")
        PROVINCE = "province", _("Province")
        DISTRICT = "district", _("District")
        CITY = "city", _("City")
        LAKE = "lake", _("Lake or sea")
        RIVER = "river", _("River")
        RESERVOIR = "reservoir", _("Reservoir")
        DESERT = "desert", _("Desert")
        PROTECTED_AREA = "protected-area", _("Protected area")
        GLACIER = "glacier", _("Glacier")
        SITE = "site", _("Site")

    WIDER_THAN_A_COUNTRY = frozenset({Kind.WORLD, Kind.REGION})
    IN_NO_COUNTRY = WIDER_THAN_A_COUNTRY | {Kind.COUNTRY}

    class Group(models.TextChoices):
        """The group of a country that the portal is about."""

        CENTRAL_ASIA = "central-asia", _("Central Asia")
        KOREA = "korea", _("Korea")

    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=14, choices=Kind)
    group = models.CharField(
        pgettext_lazy("countries", "group"),
        max_length=12,
        choices=Group,
        blank=True,
        help_text=_("Only for the countries the portal is about."),
    )
    country = models.ForeignKey(
        "self",
        verbose_name=_("country"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="places",
        limit_choices_to={"kind": "country"},
    )
    countries = models.ManyToManyField(
        "self",
        verbose_name=_("shared by"),
        blank=True,
        symmetrical=False,
        related_name="shared_places",
        limit_choices_to={"kind": "country"},
        help_text=_("The countries of a place that lies in several, such as a sea. It then has no single country."),
    )
    part_of = models.ForeignKey(
        "self",
        verbose_name=_("part of"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="parts",
        help_text=_("A larger place, not a country, that contains this one."),
    )
    latitude = models.DecimalField(
        _("latitude"),
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )
    longitude = models.DecimalField(
        _("longitude"),
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )
    sources = models.ManyToManyField(
        Source, verbose_name=_("sources"), through="PlaceCitation", related_name="cited_by_places"
    )

    objects = RecordManager.from_queryset(PlaceQuerySet)()

    search_fields = ("name_en", "name_ko", "name_ru")
    search_paths = {"title": ("name",), "related": ("kind", "country", "countries", "part_of")}
    search_facets = {"country": ("country__key", "countries__key")}
    required_published = ("country", "part_of")
    required_published_each = ("countries",)
    distinguishing_fields = ("kind",)

    class Meta(Record.Meta):
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering = ["key"]
        indexes = [
            models.Index(fields=["kind", "key"], name="place_kind"),
            models.Index(fields=["updated_at"], name="place_changed"),  # for feeds and harvesters
        ]
        constraints = [
            models.CheckConstraint(
                name="place_has_both_coordinates_or_none",
                condition=models.Q(latitude=None, longitude=None)
                | models.Q(latitude__isnull=False, longitude__isnull=False),
                violation_error_message=_("Give both latitude and longitude, or neither."),
            ),
            models.CheckConstraint(
                name="place_lies_on_the_globe",
                condition=models.Q(latitude=None) | models.Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                violation_error_message=_("Latitude runs from −90 to 90, longitude from −180 to 180."),
            ),
            models.CheckConstraint(
                name="place_country_is_in_no_country",
                condition=~models.Q(kind__in=["country", "region", "world"]) | models.Q(country=None),
                violation_error_message=_("A country cannot lie within another country."),
            ),
            models.CheckConstraint(
                name="place_is_not_part_of_itself",
                condition=models.Q(part_of=None) | ~models.Q(part_of=models.F("pk")),
                violation_error_message=_("A place cannot be part of itself."),
            ),
            models.CheckConstraint(
                name="place_only_countries_have_a_group",
                condition=models.Q(group="") | models.Q(kind="country"),
                violation_error_message=_("Only a country can belong to a group."),
            ),
        ]

    @property
    def has_fixed_key(self):
        return self.kind in self.IN_NO_COUNTRY

    def get_absolute_url(self):
        if self.kind == self.Kind.COUNTRY:
            return record_path("country", self.key)
        return record_path("place", self.key)

    @property
    def kind_beside_name(self):
        """Return the label of the kind, to stand after the name; "" if the name contains it, as 시르다리야강 does."""
        label, name = self.get_kind_display(), self.name_and_language()[0].casefold()
        # The label of some kinds has two words, of which Korean names end with one: 주·도 and 나망간주.
        said = label.casefold() in name or name.endswith(tuple(label.casefold().split("·")))
        return "" if said else label

    @property
    def all_countries(self):
        """Return the countries that the place lies in: its one country, or those that share it. None is known: []."""
        return [self.country] if self.country else list(self.countries.all())

    @property
    def needs_source(self):
        """Return False for countries, which ISO 3166 defines, and for what is wider; True for other places."""
        return self.kind not in self.IN_NO_COUNTRY

    @property
    def code(self):
        """Return the ISO 3166-1 alpha-2 code of a country in upper case. Meaningless for other places."""
        return self.key.upper()


class PlaceCitation(Citation):
    """The citation of a source for a place's name and position."""

    place = models.ForeignKey(Place, verbose_name=_("place"), on_delete=models.CASCADE, related_name="citations")

    natural_fields = ("place__key", "source__key")

    class Meta(Citation.Meta):
        constraints = citation_constraints("place", "place")
