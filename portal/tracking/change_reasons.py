"""The reasons that the portal itself gives for a change. History keeps them in English; readers get their language."""

import enum
import functools
import re

from django.utils.translation import gettext, gettext_noop


class ChangeReason(enum.StrEnum):
    """Why something changed that nobody explains in words of their own. Gaps have names."""

    FOUND_CHANGED = gettext_noop("Found changed: it was changed outside the editors’ desk.")
    DELETED = gettext_noop("Deleted at the editors’ desk.")
    # Moves of records that were chosen in a list.
    SENT_BACK = gettext_noop("Sent back to its author, from the list of records.")
    SUBMITTED = gettext_noop("Sent to review, from the list of records.")
    PUBLISHED = gettext_noop("Published, from the list of records.")
    ARCHIVED = gettext_noop("Archived, from the list of records.")
    # What the clock does.
    ON_TIME = gettext_noop("Published at the time that was set.")
    NOT_WHOLE = gettext_noop("Sent back to review when its time had come, because it lacks something.")
    IMPORTED = gettext_noop("Imported from {file}")
    MERGED = gettext_noop("Merged with {key}: both told of the same.")
    REVERTED = gettext_noop("Reverted to the state of {when}.")
    REVERTED_BECAUSE = gettext_noop("Reverted to the state of {when}: {why}")
    REVERTED_ALL = gettext_noop("Reverted to what it was before the first recorded change.")
    REVERTED_ALL_BECAUSE = gettext_noop("Reverted to what it was before the first recorded change: {why}")


@functools.cache
def _patterns():
    """Each reason with the pattern of what it becomes when its gaps are filled; the one that says most comes first."""
    gap = re.compile(r"\\\{(\w+)\\\}")
    reasons = sorted(ChangeReason, key=len, reverse=True)
    return [(reason, re.compile(gap.sub(r"(?P<\1>.*?)", re.escape(reason)))) for reason in reasons]


def localized(reason):
    """A reason as a reader reads it: an editor’s words as they stand, the portal’s own in the reader’s language."""
    for known, pattern in _patterns():
        if match := pattern.fullmatch(reason):
            return gettext(known).format(**match.groupdict())
    return reason
