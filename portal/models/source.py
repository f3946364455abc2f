"""The model of sources, and the base of their citations by records."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from portal.core.languages import language_name
from portal.core.partial_dates import PartialDateField
from portal.core.urls import record_path
from portal.core.validators import address_of_the_web, language_code, validate_not_in_future
from portal.models.record import Record, ThroughModel


class Source(Record):
    """A bibliographic record of a publication, web page or dataset that other records cite."""

    class Kind(models.TextChoices):
        JOURNAL_ARTICLE = "journal-article", _("Journal article")
        REPORT = "report", _("Report")
        GOVERNMENT_RELEASE = "government-release", _("Government release")
        ORGANISATION_PAGE = "organisation-page", _("Organisation’s website")
        NEWS = "news", _("News report")
        DATASET = "dataset", _("Dataset")
        ENCYCLOPEDIA = "encyclopedia", _("Encyclopedia")

    # A record with high confidence cites one of these kinds at least.
    CONVINCING = frozenset(Kind) - {Kind.NEWS, Kind.ENCYCLOPEDIA}

    title = models.CharField(_("title in English"), max_length=400)
    title_original = models.CharField(_("original title"), max_length=400, blank=True)
    author = models.CharField(_("author"), max_length=300, blank=True)
    author_original = models.CharField(_("author in the original language"), max_length=300, blank=True)
    publisher = models.CharField(_("publisher"), max_length=200)
    publisher_original = models.CharField(_("publisher in the original language"), max_length=200, blank=True)
    date = PartialDateField(_("date"), null=True, blank=True)
    url = models.URLField(_("address"), max_length=600, null=True, blank=True)
    doi = models.CharField(
        "DOI",
        max_length=100,
        blank=True,
        validators=[RegexValidator(r"^10\.\d{4,9}/\S+$", _("A DOI begins with “10.” and contains a slash."))],
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    language = models.CharField(
        _("language"),
        max_length=3,
        validators=[language_code],
    )
    edition = models.CharField(
        _("edition"), max_length=300, blank=True, help_text=_("Of a dataset: its version or commit, and its span.")
    )
    licence = models.CharField(_("licence"), max_length=200, blank=True)
    note = models.TextField(_("note"), blank=True)

    name_field = "title"
    search_fields = ("title", "title_original", "author", "author_original", "publisher", "publisher_original")
    search_paths = {
        "title": ("title", "title_original"),
        "related": ("author", "author_original", "publisher", "publisher_original", "date", "kind"),
        "summary": ("edition",),
        "body": ("note", "attachments__document_text"),
    }
    search_identifiers = ("key", "doi", "url")
    search_dates = ("date",)
    distinguishing_fields = ("publisher",)

    class Meta(Record.Meta):
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = [models.F("date").desc(nulls_last=True), "key"]
        indexes = [
            models.Index(fields=["kind"], name="source_kind"),
            models.Index(fields=["language"], name="source_language"),
            models.Index(fields=["date"], name="source_date"),
            models.Index(fields=["updated_at"], name="source_changed"),  # for feeds and harvesters
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["url"],
                name="source_url_once",
                violation_error_message=_("Another source already has this address. Cite that one."),
            ),
            address_of_the_web("source_address_is_of_the_web"),
        ]

    def get_absolute_url(self):
        return record_path("source", self.key)

    def clean(self):
        self.url = self.url or None

    @cached_property
    def own_title(self):
        """Return the title in the language of the source, or the English title if there is no original one."""
        return self.title_original or self.title

    def name_and_language(self):
        return self.own_title, self.own_title_language

    @property
    def author_name(self):
        """Return the author as readers of the active language write the name: see `_name`."""
        return self._name(self.author_original, self.author)

    @property
    def publisher_name(self):
        """Return the publisher as readers of the active language write the name: see `_name`."""
        return self._name(self.publisher_original, self.publisher)

    def _name(self, original, romanised):
        """Return the name in the script of the source to readers of its language, and in Latin letters to others.

        References and files have the form in Latin letters in every language: citation styles romanise names, and
        a work keeps one entry in the reader's library.
        """
        return original if original and get_language() == self.language else romanised

    @property
    def language_name(self):
        """Return the name of the source's language, in the active language."""
        return language_name(self.language)

    @cached_property
    def own_title_language(self):
        """Return the language code of `own_title`: "en" if there is no original title."""
        return self.language if self.title_original else "en"


class Citation(ThroughModel):
    """The citation of a source by a record. `position` is the order that an editor gave to the citations.

    Four fields keep the evidence if the source changes or disappears: where in the source it is (`page`), its words
    (`quotation`, in the language of the source), when somebody read it, and a copy in a web archive.
    """

    source = models.ForeignKey(Source, verbose_name=_("source"), on_delete=models.PROTECT, related_name="+")
    page = models.CharField(pgettext_lazy("of a document", "page"), max_length=60, blank=True)
    quotation = models.TextField(_("quotation"), max_length=1_000, blank=True)
    read_on = models.DateField(_("read on"), null=True, blank=True, validators=[validate_not_in_future])
    archived_url = models.URLField(_("archived copy"), max_length=600, blank=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        abstract = True
        ordering = ["position", "pk"]
        verbose_name = _("citation")
        verbose_name_plural = _("citations")

    @property
    def passage(self):
        """Return what is known of the passage: page, quotation, day and archived copy; () if nothing is."""
        told = (self.page, self.quotation, self.read_on, self.archived_url)
        return told if any(told) else ()


def citation_constraints(owner, name):
    """Return the constraints of a model of citations. `owner` is its foreign key to what cites."""
    return [
        models.UniqueConstraint(
            fields=[owner, "source"],
            name=f"{name}_cites_a_source_once",
            violation_error_message=_("This source is already cited here."),
        ),
        address_of_the_web(f"{name}_cites_a_copy_of_the_web", "archived_url"),
    ]
