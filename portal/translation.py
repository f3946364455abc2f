"""Which columns of the shared records stand in three languages, and whose history is kept."""

from modeltranslation.translator import TranslationOptions, register

from portal.models import Place, PlaceCitation, Source, Tombstone
from portal.tracking.history import register_history


@register(Place)
class PlaceTranslation(TranslationOptions):
    fields = ("name",)
    required_languages = ("en",)


@register(Source)
class SourceTranslation(TranslationOptions):
    fields = ("licence",)


@register(Tombstone)
class TombstoneTranslation(TranslationOptions):
    fields = ("note",)


# History keeps the columns of each language, so it begins where they have been made.
register_history(Source)
register_history(Place)
register_history(PlaceCitation, of="place", named_by="source")
