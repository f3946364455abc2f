"""Registers the translated columns of the models of issues, and the models whose history is stored."""

from modeltranslation.translator import TranslationOptions, register

from issues.models import (
    AreaReport,
    ComparisonExample,
    Event,
    EventCitation,
    Indicator,
    Issue,
    IssueCitation,
    IssueInCountry,
    IssueLink,
    IssueLinkCitation,
    IssueSdg,
    KeyFigure,
    KeyFigureCitation,
    Observation,
    Term,
    TermCitation,
)
from portal.tracking.history import register_history


class EnglishRequired(TranslationOptions):
    required_languages = ("en",)


@register(Issue)
class IssueTranslation(EnglishRequired):
    fields = ("name", "summary", "drivers", "pressures", "state", "impacts", "responses")


@register(IssueInCountry)
class IssueInCountryTranslation(EnglishRequired):
    fields = ("note",)


@register(KeyFigure)
class KeyFigureTranslation(TranslationOptions):
    fields = ("label", "unit")
    required_languages = {"en": ("label",)}


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


@register(AreaReport)
class AreaReportTranslation(EnglishRequired):
    fields = ("sentence",)


@register(ComparisonExample)
class ComparisonExampleTranslation(EnglishRequired):
    fields = ("title",)


# History stores the columns of each language, so models are registered for it after these columns exist.
register_history(Issue)
register_history(IssueInCountry, of="issue", named_by="country")
register_history(KeyFigure, of="issue", named_by="label")
register_history(KeyFigureCitation, of="figure", named_by=("figure", "source"))
register_history(IssueSdg, of="issue", named_by="code")
register_history(IssueCitation, of="issue", named_by="source")
register_history(IssueLink, of=("cause", "effect"), named_by=("cause", "effect"), apart=True)
register_history(IssueLinkCitation, of="link", named_by=("link", "source"))
register_history(Indicator)
register_history(Observation, of="indicator", named_by=("place", "year", "source"), apart=True)
register_history(Event)
register_history(EventCitation, of="event", named_by="source")
register_history(Term)
register_history(TermCitation, of="term", named_by="source")
