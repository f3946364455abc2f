"""The score of a project beside a plan: pure arithmetic on plain values, so that a reader can follow it.

Each signal is a number from 0 to 1. Its points are the signal times its weight. The fit is the sum of the points as a
share of what the plan could reach with what it states. docs/planning.md explains it, and the page shows the table.
"""

from dataclasses import dataclass, fields

from django.utils.translation import gettext

from projects.overlap.places import AROUND, BESIDE, FARTHEST_KM, WITHIN


@dataclass(frozen=True)
class Signals:
    """How near a project is to a plan in each respect, from 0 (not) to 1."""

    place: float = 0.0
    country: float = 0.0
    issue: float = 0.0
    area: float = 0.0
    sector: float = 0.0
    partner: float = 0.0
    time: float = 0.0
    words: float = 0.0
    title: float = 0.0


SIGNALS = tuple(field.name for field in fields(Signals))
# Points of each signal at its highest. tests/projects/overlap/labelled.py fits them on labelled cases.
WEIGHTS = {
    "place": 3.5,
    "country": 2.5,
    "issue": 4.5,
    "area": 2.5,
    "sector": 3.0,
    "partner": 3.5,
    "time": 2.0,
    "words": 10.0,
    "title": 4.0,
}
SAME, STRONG, RELATED = 3, 2, 1
# Of each grade the least fit and the least signal of the words, the highest grade first. Without shared words a project
# is in the same place or area, and no more.
GRADES = {SAME: (0.60, 0.20), STRONG: (0.40, 0.10), RELATED: (0.12, 0.0)}
# Without a description nothing is the same. Then a project that strongly overlaps has so much of what the plan states,
# and shares a place and half of the issues or areas.
STRONG_BY_CHOICES, SUBJECT_BY_CHOICES = 0.60, 0.5


def points(signals, weights=WEIGHTS):
    """Return the points of each signal by its name."""
    return {name: weights[name] * getattr(signals, name) for name in SIGNALS}


def score(signals, weights=WEIGHTS):
    """Return the sum of the points of a project, by which projects are ranked."""
    return sum(points(signals, weights).values())


def attainable(facts, weights=WEIGHTS):
    """Return the points that the best project could have beside a plan with these PlanFacts."""
    reach = Signals(
        place=max(facts.places.values(), default=0.0),
        country=max(facts.countries.values(), default=0.0),
        issue=min(sum(facts.issues.values()), 1.0),
        area=min(sum(facts.areas.values()), 1.0),
        partner=max(facts.organisations.values(), default=0.0),
        time=float(bool(facts.years)),
        words=float(facts.is_described),
        title=float(bool(facts.title_words)),
    )
    return score(reach, weights)


def grade(fit, signals, is_described=True):
    """Return the grade of a project by its fit (0 to 1) and its signals; 0 if it is not near."""
    if not is_described:
        has_subject = max(signals.issue, signals.area) >= SUBJECT_BY_CHOICES
        if fit >= STRONG_BY_CHOICES and signals.place and has_subject:
            return STRONG
        return RELATED if fit >= GRADES[RELATED][0] else 0
    return next((grade for grade, least in GRADES.items() if fit >= least[0] and signals.words >= least[1]), 0)


def weight_notes():
    """Return (points, name, note) of each signal as readers see it, in the active language."""
    notes = {
        "place": (
            gettext("Place"),
            gettext(
                "Full points for the same place; {within} within the planned place; {around} around it; {beside} in "
                "the same region or near; less up to {km} km."
            ).format(within=_percent(WITHIN), around=_percent(AROUND), beside=_percent(BESIDE), km=FARTHEST_KM),
        ),
        "country": (gettext("Country"), gettext("The same country.")),
        "issue": (gettext("Issues"), gettext("The share of the planned issues. A sub-issue counts half.")),
        "area": (gettext("Areas of cooperation"), gettext("The share of the planned areas.")),
        "sector": (
            gettext("Sector (OECD DAC)"),
            gettext("How much of the name of a sector of the project is in the description."),
        ),
        "partner": (
            gettext("Organisations"),
            gettext("The same organisation; half for a body in the region of a planned local government."),
        ),
        "time": (gettext("Years"), gettext("Overlapping years; a fifth less for each year between.")),
        "words": (
            gettext("Words"),
            gettext("Shared words in any of the three languages. A rare word counts more than a common one."),
        ),
        "title": (gettext("Words of the titles"), gettext("Shared words of both titles, in the same way.")),
    }
    return [(WEIGHTS[name], *notes[name]) for name in SIGNALS]


def _percent(share):
    return f"{share:.0%}"
