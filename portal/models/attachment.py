"""The model of attachments: documents on the pages of records, with all that their use requires."""

from django.db import models
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from portal.core.documents import CleanedDocument, DocumentFormat, text_of
from portal.core.languages import language_name
from portal.core.partial_dates import PartialDateField
from portal.core.validators import address_of_the_web, language_code
from portal.models.held_file import HeldFileModel, one_of, owner_key, store
from portal.models.source import Source


class Attachment(HeldFileModel):
    """A document that readers may download from the page of a record (portal.core.documents)."""

    OWNERS = ("agreement", "project", "source")
    # What a document must have before readers see it, by its column; an author or an address is required too.
    REQUIRED = ("title_en", "title_ko", "title_ru", "language", "date", "licence", "credit")

    agreement = owner_key("projects.Agreement", _("agreement"), "attachments")
    project = owner_key("projects.Project", _("project"), "attachments")
    source = owner_key(Source, _("source"), "attachments")
    format = models.CharField(_("format"), max_length=5, choices=DocumentFormat, editable=False)
    title = models.CharField(_("title"), max_length=300, blank=True)
    language = models.CharField(_("language"), max_length=3, blank=True, validators=[language_code])
    date = PartialDateField(_("date"), null=True, blank=True)
    author = models.CharField(_("author"), max_length=300, blank=True)
    credit = models.CharField(_("credit line"), max_length=200, blank=True)

    class Meta(HeldFileModel.Meta):
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        constraints = [
            models.CheckConstraint(
                name="attachment_belongs_to_one_record",
                condition=one_of(("agreement", "project", "source")),
                violation_error_message=_("An attachment belongs to exactly one record."),
            ),
            models.CheckConstraint(
                name="attachment_is_complete_before_it_is_shown",
                condition=models.Q(is_shown=False)
                | (
                    # A CHECK passes if it is NULL, so that a NULL column must make the condition false.
                    models.Q(title_en__isnull=False, title_ko__isnull=False, title_ru__isnull=False)
                    & models.Q(title_en__gt="", title_ko__gt="", title_ru__gt="")
                    & models.Q(language__gt="", date__isnull=False, licence__gt="", credit__gt="")
                    & (models.Q(author__gt="") | models.Q(url__gt=""))
                ),
                violation_error_message=_(
                    "Readers see a document only with its title in each language, its language, its author or the "
                    "address of the original, its date, licence and credit line."
                ),
            ),
            address_of_the_web("attachment_address_is_of_the_web"),
        ]

    def __str__(self):
        return Truncator(self.title_en or self.credit or self.digest).chars(80)

    @property
    def file_names(self):
        """Return the name of the stored file, in a list."""
        return [f"attachments/{self.digest}.{self.format}"]

    @property
    def src(self):
        """Return the URL of the file."""
        return reverse("attachment-file", args=[self.digest, self.format])

    @property
    def content_type(self):
        """Return the media type of the file."""
        return DocumentFormat(self.format).content_type

    @property
    def language_name(self):
        """Return the name of the document's language, in the active language."""
        return language_name(self.language)

    @property
    def document_text(self):
        """Return the text of the document for the search (`DocumentText`); "" if it has none."""
        return DocumentText.objects.filter(pk=self.digest).values_list("text", flat=True).first() or ""

    def set_files(self, document: CleanedDocument) -> None:
        """Store the file and the text of a document, and set the columns that describe it. The row is not saved."""
        self.digest, self.size, self.format = document.digest, document.size, document.format
        store(self.file_names[0], document.content)
        if document.format == DocumentFormat.PDF and not DocumentText.objects.filter(pk=self.digest).exists():
            DocumentText.objects.create(digest=self.digest, text=text_of(document))


class DocumentText(models.Model):
    """The text of a PDF, read once when the file is stored. It is "" if none could be read: a scan, or a slow file."""

    is_audited = False

    digest = models.CharField(primary_key=True, max_length=32)
    text = models.TextField(blank=True)  # form feeds between pages

    class Meta:
        default_permissions = ()

    def __str__(self):
        return self.digest
