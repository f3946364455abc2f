"""What every kind of record has: key, publication, versions and times, evidence, rows of through-tables."""

import functools

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.core.choices import Confidence, PublicationStatus
from portal.core.languages import text_and_language
from portal.models.querysets import PairManager, RecordManager, remembered
from portal.models.workflow import RECORD_ACTIONS
from portal.tracking.change_log import joined_transaction


class Content(models.Model):
    """A row that readers see. To store or delete it is one transaction with all that is kept of it: its history, its
    entry in the index, and its pending change (portal.tracking.content_version). Django’s own save opens none.
    """

    is_content = True

    class Meta:
        abstract = True

    @joined_transaction()
    def save_base(self, *args, **kwargs):
        return super().save_base(*args, **kwargs)

    save_base.alters_data = True

    @joined_transaction()
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
        _("publication"), max_length=10, choices=PublicationStatus, default=PublicationStatus.DRAFT, db_index=True
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

    # What the search index keeps of a record (portal.search.documents): paths to its words by field, to what names it
    # letter by letter, to the values a search can be narrowed to, and to its first and last date.
    search_paths = {}
    search_identifiers = ("key",)
    search_facets = {}
    search_dates = ()

    # What publishing asks for beside valid columns (portal.publishing.checks): prose with marks, rows that need their
    # English, and relations whose record, one of whose records, or each of whose records readers must be able to see.
    # Relations that lead back are left out: of two records that name each other, neither could be published.
    citation_fields = ()
    relations_requiring_english = ()
    required_published = ()
    required_published_any = ()
    required_published_each = ()  # relations, or a relation of rows and their column: "participations__organisation"

    # Columns that tell apart two records of like name (portal.curation.similarity): a lake and a region may share
    # theirs.
    distinguishing_fields = ()

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
        return self.published_at is not None or self.publication in {
            PublicationStatus.PUBLISHED,
            PublicationStatus.ARCHIVED,
        }

    @property
    def needs_source(self):
        """Whether it states what somebody must have read somewhere."""
        return hasattr(self, "citations")

    def update_publication_dates(self, old):
        """Keep the time at which readers first saw the record, and no time that it waits for no more."""
        if self.publication != PublicationStatus.SCHEDULED:
            self.publish_at = None
        if self.published_at is None and PublicationStatus.PUBLISHED in {old, self.publication}:
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


class EvidenceModel(models.Model):
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


class ThroughModel(Content):
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
