"""What is known of the region."""

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

__all__ = [
    "Event",
    "EventCitation",
    "Indicator",
    "Issue",
    "IssueCitation",
    "IssueInCountry",
    "IssueLink",
    "IssueLinkCitation",
    "IssueSdg",
    "KeyFigure",
    "KeyFigureCitation",
    "Observation",
    "Section",
    "Term",
    "TermCitation",
]
