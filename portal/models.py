"""The ground that the other apps stand on: places, sources, and what every record has."""

import functools

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from portal.audit import AuditEntry  # noqa: F401 - a model of this app
from portal.care.tables import Double, Link, LinkUse, Look, OlderTranslation  # noqa: F401 - models of this app
from portal.choices import Confidence, Publication
from portal.dates import PartialDateField
from portal.freshness import Freshness  # noqa: F401 - a model of this app
from portal.index import keeping
from portal.index.tables import SearchEntry, SearchFacet, SearchName, SearchState, SearchWord  # noqa: F401 - models of this app
from portal.languages import language_name, text_and_language
from portal.querysets import PairManager, RecordManager, remembered
from portal.validators import address_of_the_web
from portal.workflow import RECORD_ACTIONS, TRANSLATED_ACTIONS


class Content(models.Model):
    """A row that readers see. To store or delete it is one transaction with all that is kept of it: its history, its
    entry in the index, and its pending change (portal.freshness). Django’s own save opens none.
    """

    is_content = True

    class Meta:
        abstract = True

    @keeping.one_transaction()
    def save_base(self, *args, **kwargs):
        return super().save_base(*args, **kwargs)

    save_base.alters_data = True

    @keeping.one_transaction()
    def delete(self, *args, **kwargs):
        return super().delete(*args, **kwargs)

    delete.alters_data = True


class Record(Content):
    """A published thing with an address of its own."""

    key = models.SlugField(
        _("key"),
        max_length=60,
        unique=True,
        help_text=_("The record’s name in addresses and files: small letters, digits and hyphens. It never changes."),
    )
    publication = models.CharField(
        _("publication"), max_length=10, choices=Publication, default=Publication.DRAFT, db_index=True
    )
    publish_at = models.DateTimeField(
        _("to be published at"),
        null=True,
        blank=True,
        help_text=_("Readers see a scheduled record from then on. Empty, where it is published at once."),
    )
    published_at = models.DateTimeField(_("first published"), null=True, editable=False)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("last changed"), db_default=Now(), editable=False)

    objects = RecordManager()

    # The translated column that names the record, and the columns that staff's search by name looks into.
    name_field = "name"
    search_fields = ()

    # What the search index keeps of a record (portal.index.documents): paths to its words by field, to what names it
    # letter by letter, to the values a search can be narrowed to, and to its first and last date.
    search_paths = {}
    search_identifiers = ("key",)
    search_facets = {}
    search_dates = ()

    # What publishing asks for beside valid columns (portal.publishing): prose with marks, rows that need their English,
    # and relations whose record, one of whose records, or each of whose records readers must be able to see. Relations
    # that lead back are left out: of two records that name each other, neither could be published.
    marked_fields = ()
    rows_in_english = ()
    stands_on = ()
    needs_one_of = ()
    needs_each_of = ()  # relations, or a relation of rows and their column: "participations__organisation"

    # Columns that tell apart two records of like name (portal.similar): a lake and a region may share theirs.
    told_apart_by = ()

    class Meta:
        abstract = True
        default_permissions = RECORD_ACTIONS

    def __str__(self):
        return getattr(self, self.name_field) or self.key

    def natural_key(self):
        return (self.key,)

    def name_and_language(self):
        """The name as a reader gets it, and the code of the language it is in."""
        return text_and_language(self, self.name_field)

    @property
    def other_names(self):
        """Pairs of language code and the name in it, for the languages that are not the reader's."""
        return [
            (code, name)
            for code, _language in settings.LANGUAGES
            if code != get_language() and (name := getattr(self, f"{self.name_field}_{code}"))
        ]

    @property
    def was_public(self):
        """Whether readers see it or once saw it, so that links to it may stand anywhere."""
        return self.published_at is not None or self.publication in {Publication.PUBLISHED, Publication.ARCHIVED}

    @property
    def needs_source(self):
        """Whether it states what somebody must have read somewhere."""
        return hasattr(self, "citations")

    def moved_from(self, old):
        """Keep the time at which readers first saw the record, and no time that it waits for no more."""
        if self.publication != Publication.SCHEDULED:
            self.publish_at = None
        if self.published_at is None and Publication.PUBLISHED in {old, self.publication}:
            self.published_at = timezone.now()

    def save(self, *args, **kwargs):
        """Store the record and the moment of its change. Fixtures pass by here and keep their own."""
        self.updated_at = timezone.now()
        super().save(*args, **kwargs)


def other_spellings_column():
    """A column for the names that a record has beside the one in each of the three languages."""
    return models.TextField(
        _("other spellings"),
        blank=True,
        help_text=_(
            "Names in other languages, alphabets and spellings, one a line. A search finds the record by them."
        ),
    )


class Evidenced(models.Model):
    """What a claim rests on, in the editors' own words."""

    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence, db_index=True)
    evidence = models.TextField(
        _("evidence"), help_text=_("What the sources state that supports this record: figure, date, party.")
    )
    note = models.TextField(
        _("note"), blank=True, help_text=_("What is uncertain, and where sources disagree: each figure and its source.")
    )

    class Meta:
        abstract = True


class Pair(Content):
    """A row of a through-table. `natural_fields` name it: paths such as `project__key`."""

    natural_fields: tuple[str, ...] = ()

    objects = PairManager()

    class Meta:
        abstract = True

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    def natural_key(self):
        return tuple(functools.reduce(_step, path.split("__"), self) for path in self.natural_fields)


def _step(record, name):
    """What `record` has under `name`; a related record is not asked for again while keys are remembered."""
    if record is None:
        return None
    field = record._meta.get_field(name)
    if field.is_relation:
        known = remembered(field.related_model, record._state.db or DEFAULT_DB_ALIAS, getattr(record, field.attname))
        if known is not None:
            return known
    return getattr(record, name)


class Source(Record):
    """A bibliographic record: what was read."""

    class Kind(models.TextChoices):
        JOURNAL_ARTICLE = "journal-article", _("Journal article")
        REPORT = "report", _("Report")
        GOVERNMENT_RELEASE = "government-release", _("Government release")
        ORGANISATION_PAGE = "organisation-page", _("Organisation’s page")
        NEWS = "news", _("News")
        DATASET = "dataset", _("Dataset")
        ENCYCLOPEDIA = "encyclopedia", _("Encyclopedia")

    title = models.CharField(_("title in English"), max_length=400)
    title_original = models.CharField(_("title in its own language"), max_length=400, blank=True)
    author = models.CharField(_("author"), max_length=300, blank=True)
    publisher = models.CharField(_("publisher"), max_length=200)
    date = PartialDateField(_("date"), null=True, blank=True)
    url = models.URLField(_("address"), max_length=600, null=True, blank=True)
    doi = models.CharField(
        "DOI",
        max_length=100,
        blank=True,
        validators=[RegexValidator(r"^10\.\d{4,9}/\S+$", _("A DOI begins with 10. and has a slash."))],
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    language = models.CharField(
        _("language"),
        max_length=3,
        validators=[RegexValidator(r"^[a-z]{2,3}$", _("A language is written as its ISO 639 code, such as ko."))],
    )
    edition = models.CharField(
        _("edition"), max_length=300, blank=True, help_text=_("Of a dataset: its version or commit, and its span.")
    )
    licence = models.CharField(_("licence"), max_length=200, blank=True)
    note = models.TextField(_("note"), blank=True)

    name_field = "title"
    search_fields = ("title", "title_original", "author", "publisher")
    search_paths = {
        "title": ("title", "title_original"),
        "related": ("author", "publisher", "date", "kind"),
        "summary": ("edition",),
        "body": ("note",),
    }
    search_identifiers = ("key", "doi", "url")
    search_dates = ("date",)
    told_apart_by = ("publisher",)

    class Meta(Record.Meta):
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = [models.F("date").desc(nulls_last=True), "key"]
        indexes = [
            models.Index(fields=["kind"], name="source_kind"),
            models.Index(fields=["language"], name="source_language"),
            models.Index(fields=["date"], name="source_date"),
            models.Index(fields=["updated_at"], name="source_changed"),  # feeds, harvesters
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["url"],
                name="source_url_once",
                violation_error_message=_("Another source has this address. Cite that one."),
            ),
            address_of_the_web("source_address_is_of_the_web"),
        ]

    def get_absolute_url(self):
        return reverse("source", args=[self.key])

    def clean(self):
        self.url = self.url or None

    @cached_property
    def own_title(self):
        """The title in the language of the source."""
        return self.title_original or self.title

    def name_and_language(self):
        return self.own_title, self.own_title_language

    @property
    def language_name(self):
        """The name of its language in the reader's."""
        return language_name(self.language)

    @cached_property
    def own_title_language(self):
        """The language code of `own_title`: titles without an original were put down in English."""
        return self.language if self.title_original else "en"


class Place(Record):
    """Somewhere: a country, a province, a city, a lake … A country's key is its ISO 3166-1 code in small letters."""

    class Kind(models.TextChoices):
        WORLD = "world", _("World")
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

    class Group(models.TextChoices):
        """How a country takes part in the portal."""

        CENTRAL_ASIA = "central-asia", _("Central Asia")
        KOREA = "korea", _("Korea")

    name = models.CharField(_("name"), max_length=120)
    other_spellings = other_spellings_column()
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
    part_of = models.ForeignKey(
        "self",
        verbose_name=_("part of"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="parts",
        help_text=_("A larger place, other than the country, that this one lies in."),
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

    search_fields = ("name_en", "name_ko", "name_ru", "other_spellings")
    search_paths = {"title": ("name", "other_spellings"), "related": ("kind", "country", "part_of")}
    search_facets = {"country": ("country__key",)}
    stands_on = ("country", "part_of")
    told_apart_by = ("kind",)

    class Meta(Record.Meta):
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering = ["key"]
        indexes = [
            models.Index(fields=["kind", "key"], name="place_kind"),
            models.Index(fields=["updated_at"], name="place_changed"),  # feeds, harvesters
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
                condition=~models.Q(kind__in=["country", "world"]) | models.Q(country=None),
                violation_error_message=_("A country lies in no other country."),
            ),
            models.CheckConstraint(
                name="place_is_not_part_of_itself",
                condition=models.Q(part_of=None) | ~models.Q(part_of=models.F("pk")),
                violation_error_message=_("A place is no part of itself."),
            ),
            models.CheckConstraint(
                name="place_only_countries_have_a_group",
                condition=models.Q(group="") | models.Q(kind="country"),
                violation_error_message=_("Only a country belongs to a group."),
            ),
        ]

    def get_absolute_url(self):
        if self.kind == self.Kind.COUNTRY:
            return reverse("country", args=[self.key])
        return reverse("place", args=[self.key])

    @property
    def needs_source(self):
        """Countries are those of ISO 3166, and the world is the world."""
        return self.kind not in {self.Kind.COUNTRY, self.Kind.WORLD}

    @property
    def code(self):
        """Of a country: its ISO 3166-1 alpha-2 code."""
        return self.key.upper()


class Citation(Pair):
    """That a record rests on a source. `position` keeps the order in which an editor named them."""

    source = models.ForeignKey(Source, verbose_name=_("source"), on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        abstract = True
        ordering = ["position", "pk"]
        verbose_name = _("citation")
        verbose_name_plural = _("citations")


class PlaceCitation(Citation):
    """A source of a place's name and position."""

    place = models.ForeignKey(Place, verbose_name=_("place"), on_delete=models.CASCADE, related_name="citations")

    natural_fields = ("place__key", "source__key")

    class Meta(Citation.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["place", "source"],
                name="place_cites_a_source_once",
                violation_error_message=_("This source is already cited here."),
            )
        ]


class Tombstone(Content):
    """What stands at the address of a record that readers saw and no longer see: why it went, and where to go."""

    class Kind(models.TextChoices):
        SOURCE = "source", _("Source")
        PLACE = "place", _("Place")
        ISSUE = "issue", _("Issue")
        INDICATOR = "indicator", _("Indicator")
        EVENT = "event", _("Event")
        ORGANISATION = "organisation", _("Organisation")
        PROJECT = "project", _("Project")
        AGREEMENT = "agreement", _("Agreement")

    class Reason(models.TextChoices):
        DUPLICATE = "duplicate", _("It told the same as another record.")
        UNFOUNDED = "unfounded", _("Its sources did not carry what it said.")
        OUT_OF_SCOPE = "out-of-scope", _("It does not belong to what the portal is about.")
        ON_REQUEST = "on-request", _("Those concerned asked for it.")
        OUTDATED = "outdated", _("It no longer describes how things are.")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    key = models.SlugField(_("key"), max_length=60, db_index=False)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    note = models.TextField(_("note"), blank=True)
    successor = models.SlugField(_("key of the record to go to"), max_length=60, blank=True, db_index=False)
    date = models.DateField(_("date"), default=timezone.localdate)

    natural_fields = ("kind", "key")
    objects = PairManager()

    class Meta:
        verbose_name = _("removed record")
        verbose_name_plural = _("removed records")
        ordering = ["-date", "kind", "key"]
        default_permissions = TRANSLATED_ACTIONS
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                name="tombstone_stands_once",
                violation_error_message=_("It is already said why this record is not there."),
            ),
            models.CheckConstraint(
                name="tombstone_leads_elsewhere",
                condition=~models.Q(key=models.F("successor")),
                violation_error_message=_("Readers are sent to another record than this one."),
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.key}"

    def natural_key(self):
        return (self.kind, self.key)


class FormerKey(Content):
    """A key that a record no longer has, because two records became one: its address leads to the record that stays."""

    class Kind(models.TextChoices):
        SOURCE = "source", _("Source")
        PLACE = "place", _("Place")
        ORGANISATION = "organisation", _("Organisation")
        PROJECT = "project", _("Project")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    key = models.SlugField(_("former key"), max_length=60)
    now = models.SlugField(_("key now"), max_length=60, db_index=False)

    natural_fields = ("kind", "key")
    objects = PairManager()

    class Meta:
        verbose_name = _("former key")
        verbose_name_plural = _("former keys")
        ordering = ["kind", "key"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                name="former_key_leads_to_one_record",
                violation_error_message=_("This former key already leads somewhere."),
            ),
            models.CheckConstraint(
                name="former_key_leads_elsewhere",
                condition=~models.Q(key=models.F("now")),
                violation_error_message=_("A former key leads to another key."),
            ),
        ]

    def __str__(self):
        return f"{self.key} → {self.now}"

    def natural_key(self):
        return (self.kind, self.key)
