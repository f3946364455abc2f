"""Reads the candidates from the database and measures each beside the plan."""

from dataclasses import dataclass, field

from portal.core.choices import PublicationStatus
from portal.models.search_index import Kind, entry_id
from portal.search import store
from projects.models import Organisation, Participation, Project, ProjectArea, ProjectIssue, Sector
from projects.overlap.scoring import Signals
from projects.overlap.words import tokens_of_name

VISIBLE = PublicationStatus.PUBLISHED
SAME_REGION = 0.5  # how much an organisation counts that has its seat in the region of a planned one
LEAST_SECTOR_FIT = 0.3  # the least share of the name of a sector that stands in the plan
PARENT = 0.5  # how much an issue counts that is part of a planned one, or that a planned one is part of
# How much a word counts by where the project has it: title, summary, body. The names of related records count as
# signals of their own.
IN_FIELD = (1.0, 0.0, 0.8, 0.5)
WORDS_HALF = 20.0  # the weight of shared words at which `words` is half of its highest value
TITLE_HALF = 6.0
YEARS_APART = 5  # years after its end, until which a project counts as near in time


@dataclass
class ProjectFacts:
    """What is compared of a project, by keys of published records."""

    pk: int
    start: object = None
    end: object = None
    last: object = None  # the end, or of an unfinished project without one the newest report; else the start
    countries: set = field(default_factory=set)
    places: set = field(default_factory=set)
    issues: dict = field(default_factory=dict)  # from key to the key of its parent, or None
    areas: set = field(default_factory=set)
    sectors: set = field(default_factory=set)
    organisations: set = field(default_factory=set)
    tokens: tuple = ("", "", "", "")


def read_projects(pks):
    """Return the ProjectFacts of published projects, by primary key. The number of queries is constant."""
    found, unfinished = {}, Project.Status.unfinished()
    rows = Project.objects.published().filter(pk__in=pks).values_list("pk", "start", "end", "status", "status_as_of")
    for pk, start, end, status, reported in rows:
        last = end or max(filter(None, (start, reported if status in unfinished else None)), default=None)
        found[pk] = ProjectFacts(pk, start, end, last)
    through = Project.countries.through.objects.filter(project__in=found, place__publication=VISIBLE)
    for pk, key in through.values_list("project", "place__key"):
        found[pk].countries.add(key)
    through = Project.places.through.objects.filter(project__in=found, place__publication=VISIBLE)
    for pk, key in through.values_list("project", "place__key"):
        found[pk].places.add(key)
    links = ProjectIssue.objects.filter(project__in=found, issue__publication=VISIBLE)
    for pk, key, parent in links.values_list("project", "issue__key", "issue__parent__key"):
        found[pk].issues[key] = parent
    for pk, area in ProjectArea.objects.filter(project__in=found).values_list("project", "area"):
        found[pk].areas.add(area)
    for pk, code in Project.sectors.through.objects.filter(project__in=found).values_list("project", "sector__code"):
        found[pk].sectors.add(code)
    parts = Participation.objects.filter(project__in=found, organisation__publication=VISIBLE)
    for pk, key in parts.values_list("project", "organisation__key"):
        found[pk].organisations.add(key)
    entries = store.texts([entry_id(Kind.PROJECT, pk) for pk in found]) if found else {}
    for pk, facts in found.items():
        facts.tokens = entries.get(entry_id(Kind.PROJECT, pk), facts.tokens)
    return found


class Measure:
    """Measures projects beside one plan. `facts` is its PlanFacts."""

    def __init__(self, facts, places, rarity):
        self.facts, self.places, self.rarity = facts, places, rarity
        self.weights = {token: rarity.weight(token) for token in facts.words}
        self.sectors = sector_fit(facts, rarity)
        self.same_region = set()

    def signals(self, project):
        """Return the Signals of a project."""
        facts = self.facts
        words = self.shared_words(project)
        title = sum(self.weights[token] for token in facts.title_words & set(project.tokens[0].split()))
        total = sum(weight * self.weights[token] for token, weight in words.items())
        return Signals(
            place=self.place(project)[0],
            country=max((facts.countries.get(key, 0.0) for key in project.countries), default=0.0),
            issue=self.issue(project),
            area=share(facts.areas, project.areas),
            sector=max((self.sectors.get(code, 0.0) for code in project.sectors), default=0.0),
            partner=self.partner(project)[0],
            time=self.time(project),
            words=total / (total + WORDS_HALF),
            title=title / (title + TITLE_HALF),
        )

    def place(self, project):
        """Return how near the nearest place of a project is, the relation, and the keys of both places."""
        pairs = (
            (certainty * self.places.nearness(planned, other)[0], planned, other)
            for planned, certainty in self.facts.places.items()
            for other in project.places
        )
        nearness, planned, other = max(pairs, default=(0.0, "", ""))
        return nearness, planned, other

    def partner(self, project):
        """Return how near the nearest organisation of a project is, and the keys of the planned one and of this one.

        A body with its seat in the region of a planned local government counts partly: a city for its province.
        """
        best = (0.0, "", "")
        for planned, certainty in self.facts.organisations.items():
            for key in project.organisations:
                fit = 1.0 if key == planned else SAME_REGION if (planned, key) in self.same_region else 0.0
                best = max(best, (certainty * fit, planned, key))
        return best

    def read_regions(self, projects):
        """Find the organisations of the projects that have their seat in the region of a planned local government."""
        seats = dict(
            Organisation.objects.published()
            .filter(key__in=self.facts.organisations, kind=Organisation.Kind.LOCAL_GOVERNMENT)
            .values_list("key", "seat__key")
        )
        others = {key for project in projects for key in project.organisations} if seats else ()
        rows = Organisation.objects.published().exclude(kind=Organisation.Kind.GOVERNMENT)
        for key, seat in rows.filter(key__in=others, seat__publication=VISIBLE).values_list("key", "seat__key"):
            for planned, region in seats.items():
                if region and self.places.nearness(region, seat)[1] in ("same", "within"):
                    self.same_region.add((planned, key))

    def issue(self, project):
        """Return how much of the planned issues a project addresses. A sub-issue counts partly for its main issue."""
        return share(self.facts.issues, self.shared_issues(project))

    def shared_issues(self, project):
        """Return the planned issues that a project addresses, each with how well its best issue fits, from 0 to 1."""
        found = {}
        for planned in self.facts.issues:
            for key, parent in project.issues.items():
                fit = 1.0 if key == planned else PARENT if parent == planned else 0.0
                if fit > found.get(planned, 0.0):
                    found[planned] = fit
        return found

    def shared_words(self, project):
        """Return the tokens that plan and project share, each with the weight of the field where the project has it."""
        found = {}
        for text, weight in zip(project.tokens, IN_FIELD, strict=True):
            if weight:
                for token in self.facts.words.intersection(text.split()):
                    found[token] = max(found.get(token, 0.0), weight)
        return found

    def time(self, project):
        """Return 1 if the years overlap, less for each year between them, and 0 if the years are not known."""
        apart = self.years_apart(project)
        return 0.0 if apart is None else max(1 - abs(apart) / YEARS_APART, 0.0)

    def years_apart(self, project):
        """Return the years between the last known year of a project and the planned start; 0 if they overlap.

        They are negative if the project starts after the planned end. Return None if the years are not known.
        """
        if not self.facts.years or not project.start:
            return None
        first, last = self.facts.years[0], self.facts.years[-1]
        start, end = project.start.year, project.last.year
        return max(first - end, 0) - max(start - last, 0)


def share(planned, found):
    """Return how much of what is planned a project has, weighed by how certain each planned value is.

    `planned` are the values with their certainty, `found` those of the project, perhaps with how well each fits.
    """
    if not planned:
        return 0.0
    fits = found if isinstance(found, dict) else dict.fromkeys(found, 1.0)
    met = sum(certainty * fits.get(key, 0.0) for key, certainty in planned.items())
    return met / max(sum(planned.values()), 1.0)


def sector_fit(facts, rarity):
    """Return how well the names of sectors fit the words of the plan, from 0 to 1, by code of the sector."""
    found = dict(facts.sectors)
    for code, *names in Sector.objects.values_list("code", "name_en", "name_ko", "name_ru"):
        for name in filter(None, names):
            tokens = tokens_of_name(name)
            met = sum(rarity.weight(token) for token in tokens & facts.words)
            total = sum(map(rarity.weight, tokens)) if met else 0.0
            if total and met / total >= LEAST_SECTOR_FIT:
                found[code] = max(found.get(code, 0.0), met / total)
    return found
