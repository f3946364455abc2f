"""The score of a project beside a plan: pure arithmetic on plain values, so that a reader can follow it.

Each signal is a number from 0 to 1. Its points are the signal times its weight. The fit is the sum of the points as a
share of what the plan could reach with what it states. docs/planning.md explains it, and the page shows the table.
"""

from dataclasses import dataclass, fields


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
# Points of each signal at its highest. tests/projects/overlap/fit_weights.py fits them on labelled cases.
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
        words=1.0,
        title=float(bool(facts.title_words)),
    )
    return score(reach, weights)


def grade(fit, words):
    """Return the grade of a project by its fit (0 to 1) and its signal of the words; 0 if it is not near."""
    return next((grade for grade, least in GRADES.items() if fit >= least[0] and words >= least[1]), 0)
