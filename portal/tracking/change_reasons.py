"""The reasons that the portal itself gives for a change. History stores them in English; pages translate them."""

import enum
import functools
import re

from django.utils.translation import gettext, gettext_noop


class ChangeReason(enum.StrEnum):
    """Reasons for changes to which no editor writes a reason. Placeholders have names, as in str.format()."""

    FOUND_CHANGED = gettext_noop("Change made outside the editorial desk.")
    DELETED = gettext_noop("Deleted at the editors’ desk.")
    # Transitions of records that are selected in a list of the admin.
    SENT_BACK = gettext_noop("Sent back to its author, from the list of records.")
    SUBMITTED = gettext_noop("Sent to review, from the list of records.")
    PUBLISHED = gettext_noop("Published, from the list of records.")
    ARCHIVED = gettext_noop("Archived, from the list of records.")
    SET_ASIDE = gettext_noop("Set aside: nobody works on this draft now.")
    TAKEN_UP = gettext_noop("Taken up again.")
    # Transitions at the form of a record, and with the drafts that it depends on.
    SENT_BACK_WITH_COMMENT = gettext_noop("Sent back to its author, with a comment.")
    SUBMITTED_TOGETHER = gettext_noop("Sent to review: “{key}” and the records that it depends on.")
    PUBLISHED_TOGETHER = gettext_noop("Published: “{key}” and the records that it depends on.")
    # Transitions by the scheduler.
    ON_TIME = gettext_noop("Published at the time that was set.")
    NOT_WHOLE = gettext_noop("Returned to review at its scheduled time because something is missing.")
    # Changes by update_content. The next update recognizes them by this text: do not reword it.
    CONTENT_UPDATED = gettext_noop("Updated with the content of a new version of the portal.")
    IMPORTED = gettext_noop("Imported from {file}")
    IMPORT_UNDONE = gettext_noop("Undid the import of {file}")
    TRANSLATED_KO = gettext_noop("Translation: Korean")
    TRANSLATED_RU = gettext_noop("Translation: Russian")
    MERGED = gettext_noop("Merged with {key}: both described the same thing.")
    REVERTED = gettext_noop("Reverted to the state of {when}.")
    REVERTED_BECAUSE = gettext_noop("Reverted to the state of {when}: {why}")
    REVERTED_ALL = gettext_noop("Reverted to what it was before the first recorded change.")
    REVERTED_ALL_BECAUSE = gettext_noop("Reverted to what it was before the first recorded change: {why}")


@functools.cache
def _patterns():
    """Return pairs of reason and a pattern that matches it with its placeholders filled, the longest reason first."""
    gap = re.compile(r"\\\{(\w+)\\\}")
    reasons = sorted(ChangeReason, key=len, reverse=True)
    return [(reason, re.compile(gap.sub(r"(?P<\1>.*?)", re.escape(reason)))) for reason in reasons]


def localized(reason):
    """Return a reason of the portal in the active language, and an editor's own text unchanged."""
    for known, pattern in _patterns():
        if match := pattern.fullmatch(reason):
            return gettext(known).format(**match.groupdict())
    return reason
