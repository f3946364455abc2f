"""The model of pictures: photographs and drawings on the pages of records, with all that their use requires."""

import contextlib
import re

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from portal.core.choices import PublicationStatus
from portal.core.images import EXTENSION, EncodedImage, widths_of
from portal.core.licences import Licence
from portal.core.partial_dates import PartialDateField
from portal.core.validators import address_of_the_web
from portal.models.place import Place
from portal.models.querysets import RowQuerySet
from portal.models.record import Content
from portal.models.workflow import TRANSLATED_ACTIONS

FOLDER = "pictures"
FOLDERS = (FOLDER,)
NAMES = re.compile(r"pictures/[0-9a-f]{32}-[0-9]{3,4}\.webp")  # of all stored files
DIGEST = RegexValidator(r"^[0-9a-f]{32}\Z")


def file_name(digest: str, width: int) -> str:
    """Return the name of a stored file. It is made of the content only, never of what an editor called the file."""
    return f"{FOLDER}/{digest}-{width}.{EXTENSION}"


def store(name: str, content: bytes) -> None:
    """Store a file. A file with the same name has the same content, so it is not written again."""
    if not default_storage.exists(name):
        default_storage.save(name, ContentFile(content))


def stored_names() -> list[str]:
    """Return the names of all stored files, sorted. Files in the storage that the portal did not name are left out."""
    found = []
    for folder in FOLDERS:
        with contextlib.suppress(FileNotFoundError):
            found += [f"{folder}/{file}" for file in default_storage.listdir(folder)[1]]
    return sorted(filter(NAMES.fullmatch, found))


def one_of(fields: tuple[str, ...]) -> models.Q:
    """Return the condition that exactly one of these foreign keys is set."""
    found = models.Q()
    for field in fields:
        found |= models.Q(**{f"{other}__isnull": other != field for other in fields})
    return found


class HeldFileQuerySet(RowQuerySet):
    """Queryset of files that belong to one record each."""

    def public(self):
        """Return the files that readers see: those that are shown, of published records."""
        published = models.Q()
        for owner in self.model.OWNERS:
            published |= models.Q(**{f"{owner}__publication": PublicationStatus.PUBLISHED})
        return self.filter(published, is_shown=True)


class HeldFileModel(Content):
    """The base of files that editors upload to a record. A subclass has the foreign keys OWNERS; one of them is set.

    The bytes are in Django's default storage, under names made of `digest`. The row decides who may read them. They
    stay there when the row is deleted or gets another file: `check_files` finds what no row names.
    """

    OWNERS: tuple[str, ...] = ()

    digest = models.CharField(_("fingerprint"), max_length=32, validators=[DIGEST], editable=False, db_index=True)
    size = models.PositiveBigIntegerField(_("size in bytes"), editable=False)
    licence = models.CharField(_("licence"), max_length=20, choices=Licence, blank=True)
    url = models.URLField(_("address of the original"), max_length=600, blank=True)
    is_shown = models.BooleanField(_("shown to readers"), default=False)
    note = models.TextField(_("internal note"), blank=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0)

    objects = HeldFileQuerySet.as_manager()

    class Meta:
        abstract = True
        default_permissions = TRANSLATED_ACTIONS
        ordering = ["position", "pk"]

    @property
    def file_names(self):
        """Return the names of the stored files."""
        raise NotImplementedError

    @property
    def record(self):
        """Return the record that the file belongs to."""
        return next(record for owner in self.OWNERS if (record := getattr(self, owner)) is not None)

    @property
    def licence_url(self):
        """Return the address of the text of the licence; "" if it has none."""
        return Licence(self.licence).url if self.licence else ""


def held_files(record):
    """Return tuples of a model of files, its foreign key to a record, and how many files the record has."""
    return [
        (model, owner, model._base_manager.filter(**{owner: record.pk}).count())
        for model in HeldFileModel.__subclasses__()
        for owner in model.OWNERS
        if model._meta.get_field(owner).related_model is type(record)
    ]


def owner_key(to, words):
    """Return a foreign key of a picture to a record, one of which is set (OWNERS)."""
    return models.ForeignKey(
        to, verbose_name=words, null=True, blank=True, on_delete=models.CASCADE, related_name="pictures"
    )


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

    issue = owner_key("issues.Issue", _("issue"))
    place = owner_key(Place, _("place"))
    project = owner_key("projects.Project", _("project"))
    event = owner_key("issues.Event", _("event"))
    organisation = owner_key("projects.Organisation", _("organisation"))
    width = models.PositiveSmallIntegerField(_("width"), editable=False)
    height = models.PositiveSmallIntegerField(_("height"), editable=False)
    alt = models.CharField(_("text alternative"), max_length=300, blank=True)
    location = models.CharField(_("where it was taken"), max_length=200, blank=True)
    taken_on = PartialDateField(_("when it was taken"), null=True, blank=True)
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
