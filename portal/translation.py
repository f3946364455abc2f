"""The fields of the shared models that are translated into three languages, and the models that have a history."""

from modeltranslation.translator import TranslationOptions, register

from portal.models import (
    Alias,
    Attachment,
    Correction,
    Picture,
    Place,
    PlaceCitation,
    PlaceIdentifier,
    PortalDetails,
    Source,
    Tombstone,
)
from portal.tracking.history import register_history


@register(Place)
class PlaceTranslation(TranslationOptions):
    fields = ("name",)
    required_languages = ("en",)


@register(Picture)
class PictureTranslation(TranslationOptions):
    fields = ("alt", "location")


@register(Attachment)
class AttachmentTranslation(TranslationOptions):
    fields = ("title",)


@register(Source)
class SourceTranslation(TranslationOptions):
    fields = ("licence",)


@register(Tombstone)
class TombstoneTranslation(TranslationOptions):
    fields = ("note",)


@register(Correction)
class CorrectionTranslation(TranslationOptions):
    fields = ("what", "why")
    required_languages = ("en",)


@register(PortalDetails)
class PortalDetailsTranslation(TranslationOptions):
    fields = ("publisher", "office", "rules")


# The history has the columns of each language, so it must be registered after they have been added.
register_history(Source)
register_history(Place)
register_history(PlaceCitation, of="place", named_by="source")
register_history(PlaceIdentifier, of="place", named_by=("scheme", "value"))
register_history(Alias)
register_history(Correction)
# A file is in no record's history, which readers see: it may be hidden while its record is published.
register_history(Picture)
register_history(Attachment)
register_history(PortalDetails)
