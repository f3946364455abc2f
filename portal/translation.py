"""Which columns of the shared records stand in three languages."""

from modeltranslation.translator import TranslationOptions, register

from portal.models import Place, Source, Tombstone


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
