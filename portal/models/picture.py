"""The model of pictures: photographs and drawings on the pages of records, with all that their use requires."""

from django.db import models
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from portal.core.images import EXTENSION, EncodedImage, widths_of
from portal.core.partial_dates import PartialDateField
from portal.core.validators import address_of_the_web, validate_not_in_future
from portal.models.held_file import HeldFileModel, one_of, owner_key, store
from portal.models.place import Place


def file_name(digest: str, width: int) -> str:
    """Return the name of a stored file. It is made of the content only, never of what an editor called the file."""
    return f"pictures/{digest}-{width}.{EXTENSION}"


class Picture(HeldFileModel):
    """A picture on the page of a record. The files are WebP, one for each width (portal.core.images)."""

    OWNERS = ("issue", "place", "project", "event", "organisation")
    # What a picture must have before readers see it, by its column; an author or an address is required too.
    REQUIRED = (
        *("alt_en", "alt_ko", "alt_ru", "taken_on", "location_en"),
        *("licence", "credit", "persons"),
    )

    class Persons(models.TextChoices):
        """Whether persons can be recognised in the picture."""

        NONE = "none", _("No person can be recognised")
        CONSENT = "consent", _("Persons can be recognised; their written consent is kept")

    issue = owner_key("issues.Issue", _("issue"), "pictures")
    place = owner_key(Place, _("place"), "pictures")
    project = owner_key("projects.Project", _("project"), "pictures")
    event = owner_key("issues.Event", _("event"), "pictures")
    organisation = owner_key("projects.Organisation", _("organisation"), "pictures")
    width = models.PositiveSmallIntegerField(_("width"), editable=False)
    height = models.PositiveSmallIntegerField(_("height"), editable=False)
    alt = models.CharField(_("text alternative"), max_length=300, blank=True)
    location = models.CharField(_("where it was taken"), max_length=200, blank=True)
    taken_on = PartialDateField(_("when it was taken"), null=True, blank=True, validators=[validate_not_in_future])
    author = models.CharField(_("author"), max_length=200, blank=True)
    credit = models.CharField(_("credit line"), max_length=200, blank=True)
    persons = models.CharField(_("persons"), max_length=8, choices=Persons, blank=True)

    class Meta(HeldFileModel.Meta):
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        constraints = [
            models.CheckConstraint(
                name="picture_belongs_to_one_record",
                condition=one_of(("issue", "place", "project", "event", "organisation")),
                violation_error_message=_("A picture belongs to exactly one record."),
            ),
            models.CheckConstraint(
                name="picture_is_complete_before_it_is_shown",
                condition=models.Q(is_shown=False)
                | (
                    # A CHECK passes if it is NULL, so that a NULL column must make the condition false.
                    models.Q(alt_en__isnull=False, alt_ko__isnull=False, alt_ru__isnull=False)
                    & models.Q(alt_en__gt="", alt_ko__gt="", alt_ru__gt="")
                    & models.Q(location_en__isnull=False, location_en__gt="", taken_on__isnull=False)
                    & models.Q(licence__gt="", credit__gt="", persons__gt="")
                    & (models.Q(author__gt="") | models.Q(url__gt=""))
                ),
                violation_error_message=_(
                    "Readers see a picture only with its text alternative in each language, its author or the address "
                    "of the original, its date, place, licence and credit line, and what is known of persons in it."
                ),
            ),
            address_of_the_web("picture_address_is_of_the_web"),
        ]

    def __str__(self):
        return Truncator(self.alt_en or self.credit or self.digest).chars(80)

    @cached_property
    def files(self):
        """Return pairs of width and URL, the narrowest first."""
        return [(width, reverse("picture-file", args=[self.digest, width])) for width in widths_of(self.width)]

    @property
    def file_names(self):
        """Return the names of the stored files, the narrowest first."""
        return [file_name(self.digest, width) for width in widths_of(self.width)]

    @property
    def src(self):
        """Return the URL of the widest file."""
        return self.files[-1][1]

    @property
    def srcset(self):
        """Return the URLs of all files with their widths, as the attribute `srcset` has them."""
        return ", ".join(f"{url} {width}w" for width, url in self.files)

    def set_files(self, encoded: EncodedImage) -> None:
        """Store the files of an image and set the columns that describe them. The row is not saved."""
        self.digest, self.size = encoded.digest, encoded.size
        self.width, self.height = encoded.width, encoded.height
        for width, content in encoded.files.items():
            store(file_name(self.digest, width), content)
