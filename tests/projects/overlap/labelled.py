"""The labelled cases of the overlap check, the figures by which it is judged, and the fit of its weights.

`cases.json` has 40 planned projects in three languages. Each names the records that overlap with it, with grades that
people gave: 3 the same or continues it, 2 strongly overlaps, 1 related. `none` cases have no overlap above “related”.

Run `python -m tests.projects.overlap.labelled` on a database with the content to fit the weights anew. It prints them
with the figures of all cases and of the leave-one-out cross-validation.
"""

import json
import pathlib
from dataclasses import dataclass

import django
import numpy

CASES = pathlib.Path(__file__).with_name("cases.json")
# The weights before any fit: those of the design of the page, and more for words, which it did not tell apart by field.
START = {
    "place": 5.0,
    "country": 2.0,
    "issue": 4.0,
    "area": 2.0,
    "sector": 3.0,
    "partner": 4.0,
    "time": 2.0,
    "words": 10.0,
    "title": 4.0,
}
# How strongly the fit is held to START, chosen by the cross-validation among 0.3, 0.1, 0.03 and 0.01.
HELD = 0.03
STEPS, RATE, MOMENTUM = 400, 0.3, 0.9
IMPORTANCE = {3: 3.0, 2: 2.0, 1: 0.3}  # of a pair whose better record has this grade


@dataclass(frozen=True)
class Labelled:
    """A case with the candidates that were found for it: their keys, and a row of signals of each."""

    case: dict
    facts: object
    keys: list
    rows: numpy.ndarray

    @property
    def grades(self):
        return {one["key"]: one["grade"] for one in self.case["expected"]}


def read_cases():
    """Return the cases as a list of dicts."""
    return json.loads(CASES.read_text(encoding="utf-8"))


def plan_of(case):
    """Return the Plan of a case."""
    from projects.overlap.plan import Plan

    lists = ("countries", "places", "areas", "issues", "organisations", "years")
    return Plan(
        language=case["language"],
        title=case["title"],
        text=case["text"],
        **{name: tuple(case[name]) for name in lists},
    )


def measure_cases():
    """Return the cases as Labelled, measured on the current database."""
    from projects.models import Project
    from projects.overlap.check import measure_candidates
    from projects.overlap.scoring import SIGNALS

    keys, found = dict(Project.objects.values_list("pk", "key")), []
    for case in read_cases():
        measure, projects = measure_candidates(plan_of(case))
        projects = dict(sorted(projects.items()))  # of equal projects, the check puts the older row first
        rows = [[getattr(signals, name) for name in SIGNALS] for signals in map(measure.signals, projects.values())]
        found.append(Labelled(case, measure.facts, [keys[pk] for pk in projects], numpy.array(rows)))
    return found


def ranked(labelled, weights):
    """Return pairs of key and grade of the candidates of a case, best first, as the portal ranks them."""
    from projects.overlap.scoring import SIGNALS, Signals, attainable, grade

    reach = attainable(labelled.facts, weights)
    fits = (labelled.rows @ numpy.array([weights[name] for name in SIGNALS]) / reach).round(6)
    grades = [grade(fit, Signals(*row)) for fit, row in zip(fits, labelled.rows, strict=True)]
    order = sorted(range(len(fits)), key=lambda at: (-grades[at], -fits[at]))
    return [(labelled.keys[at], grades[at]) for at in order if grades[at]]


def figures(cases, weights_of):
    """Return the figures of the cases. `weights_of` are the weights by which each case is ranked.

    They are: found and all records of grade 3 in the first five, and of grade 2 in the first ten; and the ids of the
    `none` cases that show something above “related”.
    """
    found = {"same": 0, "same of": 0, "strong": 0, "strong of": 0, "above related": []}
    for labelled, weights in zip(cases, weights_of, strict=True):
        order = ranked(labelled, weights)
        first = [key for key, _grade in order]
        for name, grade, most in (("same", 3, 5), ("strong", 2, 10)):
            wanted = {key for key, given in labelled.grades.items() if given == grade}
            found[name] += len(wanted & set(first[:most]))
            found[f"{name} of"] += len(wanted)
        if labelled.case["none"] and any(grade > 1 for _key, grade in order):
            found["above related"].append(labelled.case["id"])
    return found


def fit(cases):
    """Return the weights that rank the cases best: logistic regression on pairs of better and worse records.

    The weights are held to START, and none is negative.
    """
    from projects.overlap.scoring import SIGNALS

    better, importance = [], []
    for labelled in cases:
        grades = numpy.array([labelled.grades.get(key, 0) for key in labelled.keys])
        pairs = [(one, other) for one in numpy.flatnonzero(grades) for other in numpy.flatnonzero(grades < grades[one])]
        if pairs:
            ones, others = (numpy.array(side) for side in zip(*pairs, strict=True))
            of_pairs = numpy.array([IMPORTANCE[grades[one]] for one in ones])
            better.append(labelled.rows[ones] - labelled.rows[others])
            importance.append(of_pairs / of_pairs.sum() ** 0.5)
    better, importance = numpy.vstack(better), numpy.concatenate(importance)
    importance /= importance.sum()
    start = numpy.array([START[name] for name in SIGNALS])
    weights, speed = start.copy(), numpy.zeros_like(start)
    for _step in range(STEPS):
        slope = -(importance / (1 + numpy.exp(better @ weights))) @ better + HELD * (weights - start) / start**2
        speed = MOMENTUM * speed + slope
        weights = numpy.maximum(weights - RATE * speed, 0)
    return dict(zip(SIGNALS, weights.tolist(), strict=True))


def cross_validate(cases):
    """Return the figures if each case is ranked by weights that were fitted on the others (leave one out)."""
    return figures(cases, [fit([other for other in cases if other is not one]) for one in cases])


def in_words(found):
    """Return figures as one line."""
    above = ", ".join(found["above related"]) or "none"
    return (
        f"same or continues in the first five {found['same']} of {found['same of']}, "
        f"strongly overlaps in the first ten {found['strong']} of {found['strong of']}, "
        f"cases without overlap that show more than related: {above}"
    )


def main():
    """Fit the weights on the content and print them."""
    django.setup()
    from projects.overlap.scoring import WEIGHTS

    cases = measure_cases()
    weights = fit(cases)
    for name, weight in weights.items():
        print(f"{name:8} {weight:5.2f}  in use {WEIGHTS[name]}")
    print("weights in use:   ", in_words(figures(cases, [WEIGHTS] * len(cases))))
    print("fitted on all:    ", in_words(figures(cases, [weights] * len(cases))))
    print("leave one out:    ", in_words(cross_validate(cases)))


if __name__ == "__main__":
    main()
