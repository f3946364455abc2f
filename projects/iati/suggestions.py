"""Suggests issues that an activity may address, for editors to review.

The suggestions come from its purpose codes, markers, goals and words.
"""

from collections import defaultdict

from django.utils.translation import gettext as _

from projects.iati import facts
from projects.iati.activity import DAC, GOALS, TARGETS, Activity
from projects.iati.mapping import SDG_GOALS, SDG_TARGETS

ANY = ""  # some environmental issue


def suggestions(activity: Activity):
    """Return a pair of weight and reasons by key of the issue.

    `ANY` is included only if no rule suggests a specific issue.
    """
    sectors = {share.code for share in _sectors(activity) if share.vocabulary == DAC}
    goals = {share.code.lower() for share in activity.tags if share.vocabulary in {GOALS, TARGETS}}
    goals |= {share.code.lower() for share in _sectors(activity) if share.vocabulary in {SDG_GOALS, SDG_TARGETS}}
    goals |= {code.partition(".")[0] for code in goals}
    markers = {f"{code}:{significance}" for code, significance in activity.markers.items()}
    words = " ".join(
        text.casefold() for texts in (activity.titles, *activity.descriptions.values()) for text in texts.values()
    )
    held = {"sector": sectors, "marker": markers, "tag": goals}
    weights, reasons = defaultdict(int), defaultdict(list)
    for rule in facts.suggestions():
        by = rule["by"]
        if by == "keyword":
            met = [word for word in rule["match"] if word in words]
        else:
            met = [code for code in rule["match"] if code in held[by]]
        if met:
            weights[rule["issue"]] += rule["weight"]
            reasons[rule["issue"]].append([by, ", ".join(met)])
    if len(weights) > 1:
        weights.pop(ANY, None)
    return {issue: (weight, reasons[issue]) for issue, weight in weights.items()}


def _sectors(activity):
    return [*activity.sectors, *(share for transaction in activity.transactions for share in transaction.sectors)]


def reason_in_words(by, met):
    """Return a reason as text for editors."""
    if by == "marker":
        code, _colon, significance = met.partition(":")
        return _("policy marker {code}, significance {significance}").format(code=code, significance=significance)
    if by == "tag":
        return _("goal or target {code}").format(code=met)
    if by == "sector":
        return _("purpose code {code}").format(code=met)
    return _("words: {words}").format(words=met)
