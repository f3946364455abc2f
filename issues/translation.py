"""Which columns of issues' records stand in three languages."""

from modeltranslation.translator import TranslationOptions, register

from issues.models import Event, Indicator, Issue, IssueInCountry, IssueLink, KeyFigure, Term


class EnglishRequired(TranslationOptions):
    required_languages = ("en",)


@register(Issue)
class IssueTranslation(EnglishRequired):
    fields = ("name", "summary", "drivers", "pressures", "state", "impacts", "responses")


@register(IssueInCountry)
class IssueInCountryTranslation(EnglishRequired):
    fields = ("note",)


@register(KeyFigure)
class KeyFigureTranslation(EnglishRequired):
    fields = ("label", "unit")


@register(IssueLink)
class IssueLinkTranslation(EnglishRequired):
    fields = ("mechanism",)


@register(Indicator)
class IndicatorTranslation(EnglishRequired):
    fields = ("name", "definition", "unit", "unit_symbol", "licence", "note")
    required_languages = {"en": ("name", "definition", "unit", "unit_symbol", "licence")}


@register(Event)
class EventTranslation(EnglishRequired):
    fields = ("title", "text")


@register(Term)
class TermTranslation(EnglishRequired):
    fields = ("term", "definition")
