"""Suggests issues that an activity may address, for editors to review, and drafts their rationale.

The suggestions come from its purpose codes, markers, goals and words.
"""

import re
from collections import defaultdict

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from projects.iati import facts
from projects.iati.activity import DAC, GOALS, TARGETS, Activity
from projects.iati.mapping import SDG_GOALS, SDG_TARGETS
from projects.models import ProjectIssue, RioMarker

_SENTENCE_END = re.compile(r"(?<=[.!?。])\s+|\n+")
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


# ── The draft of a rationale ─────────────────────────────────────────────────────────────────────────────────────


def drafted_significance(reasons):
    """Return PRINCIPAL if the publisher marks a principal objective, otherwise SIGNIFICANT."""
    principal = any(by == "marker" and not met.endswith(":1") for by, met in reasons)
    return ProjectIssue.Significance.PRINCIPAL if principal else ProjectIssue.Significance.SIGNIFICANT


def drafted_rationales(project, reasons):
    """Return a draft of the rationale for each language, by language code.

    A draft says what the publisher reports, and quotes the sentences of the project with the words that were found. It
    is "" if there is nothing to say in the language.
    """
    drafts = {}
    for code, _language in settings.LANGUAGES:
        with override(code):
            drafts[code] = " ".join(filter(None, (_drafted_reason(project, code, by, met) for by, met in reasons)))
    return drafts


def _drafted_reason(project, code, by, met):
    if by == "marker":
        markers = {marker.iati_code: marker.label for marker in RioMarker.Marker}
        return " ".join(_drafted_marker(markers, *marker.split(":")) for marker in met.split(", "))
    if by == "tag":
        return _("Its publisher names the Sustainable Development Goal or target {code}.").format(code=met)
    if by == "sector":
        return _("Its publisher reports it under the purpose code {code}.").format(code=met)
    quotes = dict.fromkeys(filter(None, (_sentence_with(project, code, word) for word in met.split(", "))))
    return " ".join(_("The description of the project says: “{quote}”").format(quote=quote) for quote in quotes)


def _drafted_marker(names, code, significance):
    name = names.get(code) or _("policy marker {code}").format(code=code)
    if significance == "1":
        return _("Its publisher reports it as a significant objective: {name}.").format(name=name)
    return _("Its publisher reports it as a principal objective: {name}.").format(name=name)


def _sentence_with(project, code, word):
    """Return the first sentence of the project's title and summary in a language that contains a word, or ""."""
    texts = (getattr(project, f"{field}_{code}") or "" for field in ("summary", "title"))
    sentences = (sentence.strip() for text in texts for sentence in _SENTENCE_END.split(text))
    return next((sentence for sentence in sentences if word in sentence.casefold()), "")
