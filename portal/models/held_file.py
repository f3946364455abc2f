"""The base of the files that editors upload to records, and their names in the storage."""

import contextlib
import re

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.choices import PublicationStatus
from portal.core.licences import Licence
from portal.models.querysets import RowQuerySet
from portal.models.record import Content
from portal.models.workflow import TRANSLATED_ACTIONS

# The names of all stored files, by folder.
NAMES = {
    "pictures": re.compile(r"pictures/[0-9a-f]{32}-[0-9]{3,4}\.webp"),
    "attachments": re.compile(r"attachments/[0-9a-f]{32}\.(pdf|docx|xlsx|pptx|odt|webp)"),
}
DIGEST = RegexValidator(r"^[0-9a-f]{32}\Z")


def is_stored_name(name: str) -> bool:
    """Return True if the portal gives such names to stored files."""
    return any(pattern.fullmatch(name) for pattern in NAMES.values())


def store(name: str, content: bytes) -> None:
    """Store a file. A file with the same name has the same content, so it is not written again."""
    if not default_storage.exists(name):
        default_storage.save(name, ContentFile(content))


def stored_names() -> list[str]:
    """Return the names of all stored files, sorted. Files in the storage that the portal did not name are left out."""
    found = []
    for folder in NAMES:
        with contextlib.suppress(FileNotFoundError):
            found += [f"{folder}/{file}" for file in default_storage.listdir(folder)[1]]
    return sorted(filter(is_stored_name, found))


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


def stored_bytes():
    """Return the size of all files that rows name. A file that two rows name counts twice."""
    sizes = (model._base_manager.aggregate(n=models.Sum("size"))["n"] or 0 for model in HeldFileModel.__subclasses__())
    return sum(sizes)


def owner_key(to, words, related_name):
    """Return a foreign key of a file to a record, one of which is set (OWNERS)."""
    return models.ForeignKey(
        to, verbose_name=words, null=True, blank=True, on_delete=models.CASCADE, related_name=related_name
    )
