"""Converts an activity to the fields of a project, in a form that can be stored as JSON and compared."""

import datetime

from django.utils.text import Truncator

from portal.core.choices import Level
from projects.iati.activity import (
    DAC,
    GENERAL,
    GOALS,
    OBJECTIVES,
    OTHER,
    TARGET_GROUPS,
    TARGETS,
)
from projects.iati.mapping import SDG_GOALS, SDG_TARGETS
from projects.models import Organisation, Participation, Project, RioMarker

LANGUAGES = ("en", "ko", "ru")
LONGEST_TITLE = 200
SCALARS = (
    *(f"{field}_{language}" for field in ("title", "summary", "activities") for language in LANGUAGES),
    *("title_original", "status", "start", "end", "finance"),
)
FIELDS = (*SCALARS, "budget", "countries", "sectors", "sdgs", "rio_markers", "organisations")

STATUSES = {status.iati_code: status.value for status in Project.Status}
ROLES = {role.iati_code: role.value for role in Participation.Role if role.iati_code}
MARKERS = {marker.iati_code: marker.value for marker in RioMarker.Marker}
SIGNIFICANCE = {
    "0": 0,
    "1": 1,
    "2": 2,
    "3": 2,
}  # 3 is 2 in support of an action programme; the Rio markers do not use 4
KINDS = {kind.iati_code: kind.value for kind in Organisation.Kind} | {
    "23": Organisation.Kind.INTERNATIONAL_NGO.value,
    "24": Organisation.Kind.NATIONAL_NGO.value,
    "30": Organisation.Kind.PRIVATE_SECTOR.value,
    "71": Organisation.Kind.PRIVATE_SECTOR.value,
    "72": Organisation.Kind.PRIVATE_SECTOR.value,
    "73": Organisation.Kind.PRIVATE_SECTOR.value,
}
UNKNOWN_KIND = Organisation.Kind.OTHER_PUBLIC_SECTOR.value
# The level of a project, by the kind of the Korean organisation that leads it.
LEVELS = {
    "10": Level.NATIONAL.value,
    "11": Level.PROVINCIAL.value,
    "15": Level.NATIONAL.value,
    **dict.fromkeys(("70", "71", "72", "73"), Level.PRIVATE.value),
    "80": Level.ACADEMIC.value,
}
LEADING = ("2", "3", "1")  # roles: accountable, else extending, else funding
KOREAN = "KR-"  # prefix of the identifiers of Korean organisations


def cut(text, most=LONGEST_TITLE):
    """Return a text cut to `most` characters to fit its column. The whole text is in the stored original."""
    return text if len(text) <= most else Truncator(text).chars(most)


def best(texts):
    """Return a text in English, else in Korean or Russian, else in any language; "" if there is none."""
    return next((texts[language] for language in (*LANGUAGES, *texts) if texts.get(language)), "")


def of_activity(activity, organisation_key):
    """Return the fields of a project as an activity states them.

    `organisation_key(party)` returns the key of the organisation that is meant.
    """
    found = {}
    general = activity.descriptions.get(GENERAL) or activity.descriptions.get(OBJECTIVES) or {}
    more = {}
    for kind in (OBJECTIVES, TARGET_GROUPS, OTHER):
        for language, text in activity.descriptions.get(kind, {}).items():
            if activity.descriptions.get(kind) is not general:
                more[language] = f"{more[language]}\n\n{text}" if language in more else text
    for language in LANGUAGES:
        found[f"title_{language}"] = cut(activity.titles.get(language, ""))
        found[f"summary_{language}"] = (general or activity.titles).get(language, "")
        found[f"activities_{language}"] = more.get(language, "")
    found["title_original"] = "" if activity.titles.get("en") else cut(best(activity.titles))
    found["status"] = STATUSES.get(activity.status, "")
    found["start"], found["end"] = activity.span
    found["finance"] = finance_of(activity)
    found["countries"] = sorted({share.code.lower() for share in activity.countries})
    found["sectors"] = sorted({share.code for share in activity.sectors if share.vocabulary == DAC})
    found["sdgs"] = sorted(
        {share.code.lower() for share in activity.tags if share.vocabulary in {GOALS, TARGETS}}
        | {share.code.lower() for share in activity.sectors if share.vocabulary in {SDG_GOALS, SDG_TARGETS}}
    )
    found["rio_markers"] = {
        MARKERS[code]: SIGNIFICANCE[significance]
        for code, significance in sorted(activity.markers.items())
        if code in MARKERS and significance in SIGNIFICANCE
    }
    found["organisations"] = sorted(
        {(organisation_key(party), ROLES[party.role]) for party in activity.parties if party.role in ROLES}
    )
    found["organisations"] = [list(pair) for pair in found["organisations"]]
    found["budget"] = [str(activity.total.value), activity.total.currency] if activity.total else []
    return found


def level_of(activity, known_kind):
    """Return the level of the Korean organisation that leads an activity; "" if the source names none.

    An organisation that reports its own activity leads it, if nobody has a leading role. `known_kind(org)` returns the
    IATI kind of an organisation that the portal has as Korean, else "".
    """
    by_role = ([party for party in activity.parties if party.role == role] for role in LEADING)
    leads = next(filter(None, by_role), [] if activity.secondary else [activity.reporter])
    for org in leads:
        kind = known_kind(org) or (org.kind if org.ref.startswith(KOREAN) else "")
        if kind in LEVELS:
            return LEVELS[kind]
    return ""


def finance_of(activity):
    """Return the kind of finance that the codes of an activity state; "" if they state none."""
    if any(aid.vocabulary == DAC and aid.code[:1] in {"D", "E"} for aid in activity.aid_types):
        return Project.Finance.TECHNICAL_COOPERATION.value
    return {
        "1": Project.Finance.GRANT.value,
        "4": Project.Finance.LOAN.value,
        "5": Project.Finance.INVESTMENT.value,
    }.get(activity.finance[:1], "")


def of_project(project):
    """Return the current values of the same fields of a project."""
    found = {name: str(getattr(project, name) or "") for name in SCALARS}
    found["countries"] = sorted(place.key for place in project.countries.all())
    found["sectors"] = sorted(sector.code for sector in project.sectors.all())
    found["sdgs"] = sorted(row.code.lower() for row in project.sdgs.all())
    found["rio_markers"] = {row.marker: row.significance for row in project.rio_markers.all()}
    found["organisations"] = sorted([row.organisation.key, row.role] for row in project.participations.all())
    found["budget"] = [f"{project.budget.normalize():f}", project.currency] if project.budget is not None else []
    return found


def day(text):
    """Return a stored date; None for an empty text."""
    return datetime.date.fromisoformat(text) if text else None
