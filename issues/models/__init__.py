"""Models of issues, indicators, events, the glossary, and the content that editors choose for pages."""

from issues.models.event import Event, EventCitation
from issues.models.glossary import Term, TermCitation
from issues.models.indicator import Indicator, Observation
from issues.models.issue import (
    Issue,
    IssueCitation,
    IssueInCountry,
    IssueLink,
    IssueLinkCitation,
    IssueSdg,
    KeyFigure,
    KeyFigureCitation,
    Section,
)
from issues.models.page_choices import AreaReport, ComparisonExample, IssueFeature, IssueMotif, PageIndicator

__all__ = [
    "AreaReport",
    "ComparisonExample",
    "Event",
    "EventCitation",
    "Indicator",
    "Issue",
    "IssueCitation",
    "IssueFeature",
    "IssueInCountry",
    "IssueLink",
    "IssueLinkCitation",
    "IssueMotif",
    "IssueSdg",
    "KeyFigure",
    "KeyFigureCitation",
    "Observation",
    "PageIndicator",
    "Section",
    "Term",
    "TermCitation",
]
