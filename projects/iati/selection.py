"""Which activities of a file are offered to a user: the filters of the preview. Plain values, no database."""

from dataclasses import dataclass

from projects.iati import suggestions
from projects.iati.activity import DAC, Activity


@dataclass(frozen=True)
class ActivityFilter:
    """Conditions that an activity must all meet. An empty one excludes nothing.

    `sectors` are purpose codes or their beginnings, one of which the activity must have. `words` must all be in its
    texts. `first` and `last` are years, and the activity must have run between them. `relevance` is the least weight of
    an issue that is suggested for it.
    """

    sectors: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    first: int | None = None
    last: int | None = None
    relevance: int = 0

    def matches(self, activity: Activity) -> bool:
        """Return True if an activity meets all conditions."""
        return (
            self._has_sector(activity)
            and self._has_words(activity)
            and self._runs(activity)
            and (not self.relevance or relevance_of(activity) >= self.relevance)
        )

    def _has_sector(self, activity):
        codes = [share.code for share in activity.sectors if share.vocabulary == DAC]
        return not self.sectors or any(code.startswith(self.sectors) for code in codes)

    def _has_words(self, activity):
        if not self.words:
            return True
        parts = (activity.titles, *activity.descriptions.values(), *(party.names for party in activity.parties))
        text = "\n".join(text.casefold() for texts in parts for text in texts.values())
        return all(word.casefold() in text for word in self.words)

    def _runs(self, activity):
        """Return True if the activity ran between the years. A date that is not known excludes nothing."""
        start, end = (int(day[:4]) if day else None for day in activity.span)
        is_over = self.first is not None and end is not None and end < self.first
        is_ahead = self.last is not None and start is not None and start > self.last
        return not (is_over or is_ahead)


def relevance_of(activity: Activity) -> int:
    """Return the greatest weight of the issues that are suggested for an activity; 0 if none is."""
    return max((weight for weight, _reasons in suggestions.suggestions(activity).values()), default=0)
