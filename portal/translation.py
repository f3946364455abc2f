"""Which columns of the shared records stand in three languages, and in which language a reader gets a text."""

from django.utils.translation import get_language
from modeltranslation.translator import TranslationOptions, register

from portal.models import Place, Source


@register(Place)
class PlaceTranslation(TranslationOptions):
    fields = ("name",)
    required_languages = ("en",)


@register(Source)
class SourceTranslation(TranslationOptions):
    fields = ("licence",)


def text_and_language(record, field):
    """The text of a translated column as a reader gets it, and the code of the language it is in."""
    language = get_language() or "en"
    text = getattr(record, f"{field}_{language}", "")
    if text:
        return text, language
    return getattr(record, f"{field}_en", "") or "", "en"
