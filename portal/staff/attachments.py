"""The admin of attachments of records."""

from django import forms
from django.conf import settings
from django.contrib import admin
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from portal.core import documents
from portal.core.documents import DocumentFormat
from portal.core.formatting import number
from portal.models import Attachment
from portal.staff.base import in_languages
from portal.staff.held_files import HeldFileAdmin, HeldFileForm

ACCEPTED = ".pdf,.docx,.xlsx,.pptx,.odt,.jpg,.jpeg,.png,.webp"


class AttachmentForm(HeldFileForm):
    upload = forms.FileField(
        label=_("Document file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
        help_text=_(
            "PDF, DOCX, XLSX, PPTX, ODT, JPEG, PNG or WebP, without a password and without macros. The portal removes "
            "the properties of the file, such as the author. It does not remove comments and tracked changes: do that "
            "first."
        ),
    )

    def encode(self, upload):
        return documents.clean(upload.read(settings.MOST_ATTACHMENT_BYTES + 1))


@admin.register(Attachment)
class AttachmentAdmin(HeldFileAdmin):
    form = AttachmentForm
    list_display = ("__str__", "of_record", "file_facts", "date", "licence", "shown")
    list_filter = ("format", *HeldFileAdmin.list_filter)
    list_select_related = Attachment.OWNERS
    search_fields = (*in_languages("title"), "author", "credit", *(f"{owner}__key" for owner in Attachment.OWNERS))
    search_help_text = _("Words of the title, the author, the credit line, or the key of the record.")
    autocomplete_fields = Attachment.OWNERS
    readonly_fields = ("stored_document", "text_in_search")
    fieldsets = (
        (None, {"fields": ("stored_document", "text_in_search", "upload", in_languages("title"))}),
        (
            _("Record"),
            {
                "fields": (("agreement", "project", "source"), "position"),
                "description": _("Choose exactly one record."),
            },
        ),
        (
            _("Origin"),
            {"fields": (("language", "date"), ("author", "credit"), "url", "licence", "note")},
        ),
        (pgettext_lazy("desk", "Readers"), {"fields": ("is_shown",)}),
    )
    help_texts = {
        "title": _("What the document is, as a reader would look for it. Not the name of the file."),
        "position": _("Lower numbers come first."),
        "language": _("Of the document, as an ISO 639 code: en, ko, ru, uz."),
        "date": _("When the document was issued."),
        "author": _("Who wrote or issued it. Empty only if the address of the original says so."),
        "credit": _("As the rights holder asks: © Ministry of Environment of Korea."),
        "url": _("The page where the document was found."),
        "note": _("For editors only: where the permission is kept."),
        "is_shown": _("Only with all of the above. On a public record, only a reviewer may show or hide it."),
    }

    @admin.display(description=_("format"), ordering="format")
    def file_facts(self, attachment):
        return f"{attachment.get_format_display()}, {filesizeformat(attachment.size)}"

    @admin.display(description=pgettext_lazy("desk", "Stored document"))
    def stored_document(self, attachment):
        if attachment.pk is None:
            return "–"
        return format_html('<a href="{}">{}</a>', attachment.src, self.file_facts(attachment))

    @admin.display(description=_("text in the search"))
    def text_in_search(self, attachment):
        if attachment.pk is None or attachment.format != DocumentFormat.PDF:
            return "–"
        if text := attachment.document_text:
            pages = text.count("\f") + 1
            return ngettext(
                "The text of {pages} page is searched while readers see the document.",
                "The text of {pages} pages is searched while readers see the document.",
                pages,
            ).format(pages=number(pages))
        return gettext("No text was found in the PDF: perhaps it is scanned. The search does not find its words.")
