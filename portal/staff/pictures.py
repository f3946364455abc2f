"""The admin of pictures of records."""

from django import forms
from django.conf import settings
from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.core import images
from portal.models import Picture
from portal.staff.base import in_languages
from portal.staff.held_files import HeldFileAdmin, HeldFileForm


class PictureForm(HeldFileForm):
    upload = forms.FileField(
        label=_("Picture file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        help_text=_(
            "JPEG, PNG or WebP, at least 390 pixels wide. The portal stores smaller copies without the data that "
            "cameras add, such as the position."
        ),
    )

    def encode(self, upload):
        return images.encode(upload.read(settings.MOST_PICTURE_BYTES + 1))


@admin.register(Picture)
class PictureAdmin(HeldFileAdmin):
    form = PictureForm
    list_display = ("__str__", "of_record", "taken_on", "licence", "shown")
    list_select_related = Picture.OWNERS
    search_fields = (*in_languages("alt"), "author", "credit", *(f"{owner}__key" for owner in Picture.OWNERS))
    search_help_text = _("Words of the text alternative, the author, the credit line, or the key of the record.")
    autocomplete_fields = Picture.OWNERS
    readonly_fields = ("stored_picture",)
    fieldsets = (
        (None, {"fields": ("stored_picture", "upload", in_languages("alt"))}),
        (
            _("Record"),
            {
                "fields": (("issue", "place", "project"), ("event", "organisation", "position")),
                "description": _("Choose exactly one record."),
            },
        ),
        (
            _("Origin"),
            {
                "fields": (
                    *(in_languages("location"), "taken_on"),
                    *(("author", "credit"), "url", ("licence", "persons"), "note"),
                )
            },
        ),
        (pgettext_lazy("desk", "Readers"), {"fields": ("is_shown",)}),
    )
    help_texts = {
        "alt": _("What the picture shows, for those who do not see it, in one sentence. Not: “picture of”."),
        "position": _("Lower numbers come first."),
        "location": _("The place as readers know it: Moynaq, Karakalpakstan."),
        "author": _("Who took or drew it. Empty only if the address of the original says so."),
        "credit": _("As the rights holder asks: © Kim Minji / KOICA."),
        "url": _("The page where the picture was found."),
        "persons": _("Without written consent, a picture in which somebody can be recognised is not shown."),
        "note": _("For editors only: where the permission and the consents are kept."),
        "is_shown": _("Only with all of the above. On a public record, only a reviewer may show or hide it."),
    }

    @admin.display(description=pgettext_lazy("desk", "Stored picture"))
    def stored_picture(self, picture):
        if picture.pk is None:
            return "–"
        [(width, url), *_wider] = picture.files
        height = round(picture.height * width / picture.width)
        return format_html(
            '<img class="stored-picture" src="{}" width="{}" height="{}" alt="{}">', url, width, height, picture
        )
