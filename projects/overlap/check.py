"""The overlap check: from a plan to the nearest projects, each with its grade and the signals behind it."""

from dataclasses import dataclass

from portal.facets import registry
from portal.search import indexing
from projects.models import Project
from projects.overlap.candidates import find_candidates
from projects.overlap.places import place_map
from projects.overlap.plan import PlanFacts
from projects.overlap.reading import read_plan
from projects.overlap.scoring import Signals, attainable, grade, score
from projects.overlap.signals import Measure, ProjectFacts, read_projects
from projects.overlap.words import rarity

MOST_NEIGHBOURS = 20


@dataclass(frozen=True)
class Neighbour:
    """A project near a plan. `fit` is its score as a share of what the plan could reach."""

    pk: int
    grade: int
    fit: float
    signals: Signals


@dataclass(frozen=True)
class OverlapCheck:
    """What a check found: the neighbours, best first, and what was read from the plan.

    `searched` is the number of published projects. `projects` are those that were compared one by one, by primary key.
    """

    facts: PlanFacts
    measure: Measure
    neighbours: list[Neighbour]
    searched: int
    projects: dict[int, ProjectFacts]


def measure_candidates(plan):
    """Return the Measure of a plan, and the projects that are worth a score, as ProjectFacts by primary key."""
    indexing.flush_index()
    facts, places, words = read_plan(plan), place_map(), rarity()
    projects = read_projects(find_candidates(facts, places, words))
    measure = Measure(facts, places, words)
    measure.read_regions(projects.values())
    return measure, projects


def check_overlap(plan, most=MOST_NEIGHBOURS):
    """Return the OverlapCheck of a plan with at most `most` neighbours. The number of queries is bounded."""
    measure, projects = measure_candidates(plan)
    # A plan of which nothing was recognised can reach nothing. Then no project is near to it.
    reach, neighbours = attainable(measure.facts) or float("inf"), []
    for pk, project in projects.items():
        signals = measure.signals(project)
        fit = round(score(signals) / reach, 6)
        if graded := grade(fit, signals, measure.facts.is_described):
            neighbours.append(Neighbour(pk, graded, fit, signals))
    neighbours.sort(key=lambda neighbour: (-neighbour.grade, -neighbour.fit, neighbour.pk))
    searched = len(registry.facet_index(Project).all)
    return OverlapCheck(measure.facts, measure, neighbours[:most], searched, projects)
