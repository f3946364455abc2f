"""The abstract models of records (key, publication state, version, times), evidence, and rows of through tables."""

import functools

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.expressions import DatabaseDefault
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from portal.core.choices import Confidence, PublicationStatus
from portal.core.languages import text_and_language
from portal.models.querysets import PairManager, RecordManager, remembered
from portal.models.workflow import RECORD_ACTIONS
from portal.tracking.change_log import joined_transaction


@functools.cache
def _labels(field):
    """Return the lazy labels of the choices of a field by value."""
    return dict(field.flatchoices)


class Content(models.Model):
    """A row that readers see.

    Saving or deleting it is one transaction with all that is stored about the change: its history, its entry in the
    search index, and its PendingChange (portal.tracking.content_version). Django's save() opens none for such a model.
    """

    is_content = True

    class Meta:
        abstract = True

    @joined_transaction()
    def save_base(self, *args, **kwargs):
        return super().save_base(*args, **kwargs)

    save_base.alters_data = True

    def _get_FIELD_display(self, field):
        """Return the label of the value of a field with choices.

        Django's own method hashes the translated labels of all choices at each call: 11 to 40 µs instead of 1.
        """
        value = getattr(self, field.attname)
        return force_str(_labels(field).get(value, value), strings_only=True)

    @joined_transaction()
    def delete(self, *args, **kwargs):
        return super().delete(*args, **kwargs)

    delete.alters_data = True


class Record(Content):
    """The base of each model whose rows are published on a page of their own."""

    key = models.SlugField(
        _("key"),
        max_length=60,
        unique=True,
        help_text=_("The record’s name in URLs and files: lower-case letters, digits and hyphens."),
    )
    publication = models.CharField(
        _("publication"), max_length=10, choices=PublicationStatus, default=PublicationStatus.DRAFT, db_index=True
    )
    publish_at = models.DateTimeField(
        _("to be published at"),
        null=True,
        blank=True,
        help_text=_("A scheduled record becomes public at this time. Leave blank to publish at once."),
    )
    published_at = models.DateTimeField(_("first published"), null=True, editable=False)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("last changed"), db_default=Now(), editable=False)

    objects = RecordManager()

    # The translated field that holds the record's name, and the columns that the search of the admin looks into.
    name_field = "name"
    search_fields = ()

    # What the search index stores of a record (portal.search.documents). `search_paths`: paths to its texts, by field
    # of the index. `search_identifiers`: paths to values that are matched literally. `search_facets`: paths to the
    # values that a search can be filtered by. `search_dates`: paths to its first and last date.
    search_paths = {}
    search_identifiers = ("key",)
    search_facets = {}
    search_dates = ()

    # Which changes of a published record are substantive (portal.history.substantive). `status_fields`: columns that
    # state how it stands. `result_field`: a translated text of what came of it; `result_rows`: a relation to rows that
    # say so. `result_of`: for records that are results themselves, the foreign key to what they came of.
    status_fields = ()
    result_field = ""
    result_rows = ""
    result_of = ""

    # What publishing requires besides valid columns (portal.publishing.checks). `citation_fields`: translated texts
    # with citation marks. `relations_requiring_english`: relations whose rows need their English texts.
    # `required_published`: foreign keys whose record must be published; `_any`: relations of which one record must be,
    # `_each`: of which all must be. Of two relations in opposite directions only one is listed: otherwise neither of
    # two records that refer to each other could be published.
    citation_fields = ()
    relations_requiring_english = ()
    required_published = ()
    required_published_any = ()
    required_published_each = ()  # relations, or a relation to rows and a foreign key: "participations__organisation"
    # A record with the foreign key `inherits_from` takes its `inherited_relations` from there and has none of its own.
    inherits_from = ""
    inherited_relations = ()

    # Columns that differ between distinct records with similar names (portal.curation.similarity): a lake and a region
    # may have the same name.
    distinguishing_fields = ()

    class Meta:
        abstract = True
        default_permissions = RECORD_ACTIONS

    def __str__(self):
        return getattr(self, self.name_field) or self.key

    def natural_key(self):
        return (self.key,)

    def name_and_language(self):
        """Return the name in the active language, or else in English, and the code of the language that it is in."""
        return text_and_language(self, self.name_field)

    @property
    def other_names(self):
        """Return pairs of language code and name, for the languages other than the active one that have a name."""
        return [
            (code, name)
            for code, _language in settings.LANGUAGES
            if code != get_language() and (name := getattr(self, f"{self.name_field}_{code}"))
        ]

    @property
    def was_public(self):
        """Return True if the record is or was published. Other sites may then link to it."""
        return self.published_at is not None or self.publication in {
            PublicationStatus.PUBLISHED,
            PublicationStatus.ARCHIVED,
        }

    @property
    def first_shown_at(self):
        """The time since which readers can see a published record. A loaded one has no time of publication."""
        return self.published_at or self.created_at

    @property
    def needs_source(self):
        """Return True if the record must cite a source before it is published."""
        return hasattr(self, "citations")

    def update_publication_dates(self, old):
        """Set `published_at` when the record is first published, and clear `publish_at` if it is not scheduled.

        `old` is the publication state before the change. The record is not saved.
        """
        if self.publication != PublicationStatus.SCHEDULED:
            self.publish_at = None
        if self.published_at is None and PublicationStatus.PUBLISHED in {old, self.publication}:
            self.published_at = timezone.now()

    @property
    def has_fixed_key(self):
        """Return True if the key of the record cannot change, because code and drawings name it."""
        return False

    def prepare_key_change(self):
        """Set what is made from the present key and must not change with it. The record is not saved."""

    def validate_unique(self, exclude=None):
        """Raise ValidationError as Django does, and if a new record has the former key of another one."""
        super().validate_unique(exclude)
        if self._state.adding and "key" not in (exclude or ()) and self._meta.model.is_former_key(self.key):
            raise ValidationError({"key": gettext("Another record has or had this key.")})

    @classmethod
    def is_former_key(cls, key):
        """Return True if the URL of a key redirects to a record of this model."""
        former = apps.get_model("portal", "FormerKey")
        return former.objects.filter(kind=cls._meta.model_name, key=key).exists()

    def save(self, *args, **kwargs):
        """Set `updated_at` to now, also `created_at` of a new record, and save.

        Both are of the portal's clock: that of the database server may differ. `loaddata` does not call this method, so
        fixtures keep their own times.
        """
        self.updated_at = timezone.now()
        if self._state.adding and isinstance(self.created_at, DatabaseDefault):
            self.created_at = self.updated_at
        super().save(*args, **kwargs)


class EvidenceModel(models.Model):
    """Fields for the evidence of a claim, in the editors' own words."""

    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence, db_index=True)
    evidence = models.TextField(
        _("evidence"), help_text=_("What in the sources supports this record: figure, date, party.")
    )
    note = models.TextField(
        _("note"), blank=True, help_text=_("What is uncertain, and where sources disagree: each figure and its source.")
    )

    class Meta:
        abstract = True


def words_of(row, fields, without=()):
    """Return the values of fields of a row in words, with commas between.

    It asks no query: a relation that is not loaded is left out. So are the objects in `without`.
    """
    words = []
    for name in fields:
        field = row._meta.get_field(name)
        if field.is_relation:
            related = row._state.fields_cache.get(name)
            words.append("" if related is None or related in without else str(related))
        elif field.choices:
            words.append(str(getattr(row, f"get_{name}_display")()))
        else:
            words.append(str(getattr(row, name) or ""))
    return ", ".join(word for word in words if word)


class ThroughModel(Content):
    """A row of a through table. `natural_fields` are the paths of its natural key, such as `project__key`.

    `named_by` are the fields that name a row among those of its record; by default those of the natural key after the
    first, which is the record.
    """

    natural_fields: tuple[str, ...] = ()
    named_by: tuple[str, ...] = ()
    without_citations = models.Q(pk=None)  # the rows that need no citation, of a model with citations: none

    objects = PairManager()

    class Meta:
        abstract = True

    def __str__(self):
        return words_of(self, self.naming_fields()) or f"{self._meta.verbose_name} {self.pk}"

    @classmethod
    def key_fields(cls):
        """Return the names of the fields with which the paths of the natural key begin."""
        return list(dict.fromkeys(path.partition("__")[0] for path in cls.natural_fields))

    @classmethod
    def naming_fields(cls):
        """Return the names of the fields that `__str__` shows."""
        fields = cls.key_fields()
        return cls.named_by or fields[1:] or fields

    def natural_key(self):
        return tuple(functools.reduce(_step, path.split("__"), self) for path in self.natural_fields)


def _step(record, name):
    """Return the attribute `name` of `record`, or None if `record` is None.

    Within `remembering_keys`, a related record comes from that cache, if it is there, without a query.
    """
    if record is None:
        return None
    field = record._meta.get_field(name)
    if field.is_relation:
        known = remembered(field.related_model, record._state.db or DEFAULT_DB_ALIAS, getattr(record, field.attname))
        if known is not None:
            return known
    return getattr(record, name)
