"""Create thousands of projects from the words of real ones, to measure performance.

Python composes the first 50,000 and stores them in batches of 2,000. Further projects are copies of these, which the
database makes with `INSERT … SELECT`: rows, relations and entries of the search index. That takes a small part of the
time.
"""

import random

from django.core.management.base import BaseCommand, CommandError
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Max, Min
from tqdm import tqdm

from issues.models import Issue
from portal.core.choices import Area, Confidence, Level, PublicationStatus
from portal.core.database import analyze
from portal.models import Place
from portal.models.search_index import Kind, SearchEntry, SearchFacet, SearchName, entry_id
from portal.search import store
from portal.tracking import content_version
from portal.tracking.change_log import content_transaction
from portal.tracking.history import without_history
from projects.models import Organisation, Participation, Project, ProjectArea, ProjectIssue

LANGUAGES = ("en", "ko", "ru")
BATCH = 2_000
ONE_BY_ONE = 50_000
KEY = "load-{:07}"
# SQL for a key with a higher number, for each database.
MOVED_KEY = {
    "sqlite": "printf('load-%07d', substr(key, 6) + {})",
    "postgresql": "'load-' || lpad((substr(key, 6)::int + {})::text, 7, '0')",
}
# Copies the rows of a table whose `owner` column holds the primary key of a chosen project plus an offset. The offset
# is 0 for rows of projects, and the first id of projects for rows of the search index.
INSERT = (
    "INSERT INTO {table} ({names}) SELECT {values} FROM {table}"
    " WHERE {owner} IN (SELECT id + %s FROM projects_project WHERE key >= %s AND key < %s)"
)


class Command(BaseCommand):
    help = (
        "Make up published projects until there are so many, from the words of the real ones. "
        "For measuring only: what they say is not true. Never run it on a database that readers see."
    )

    def add_arguments(self, parser):
        parser.add_argument("--projects", type=int, required=True, help="How many made-up projects there shall be.")
        parser.add_argument("--seed", type=int, default=1, help="Other seeds give other projects (default: 1).")

    def handle(self, *, projects, seed, verbosity, **options):
        if projects < 0:
            raise CommandError("--projects is a number from 0 up.")
        there = Project.objects.filter(key__startswith="load-").count()
        real = list(Project.objects.published().exclude(key__startswith="load-").order_by("key"))
        if not real:
            raise CommandError("There are no real projects to take words from. Load the fixtures first.")
        self.chance = random.Random(f"{seed} {there}")  # noqa: S311 - made-up records need no secrets
        self.words = {
            language: {
                field: [text for project in real if (text := getattr(project, f"{field}_{language}"))]
                for field in ("title", "summary")
            }
            for language in LANGUAGES
        }
        self.countries = list(Place.objects.filter(group="central-asia").order_by("key"))
        self.places = list(Place.objects.exclude(kind__in=Place.IN_NO_COUNTRY).order_by("key"))
        self.organisations = list(Organisation.objects.published().order_by("key"))
        self.issues = list(Issue.objects.published().order_by("position"))
        with tqdm(total=projects, initial=there, unit=" projects", disable=not verbosity) as bar:
            made = max(there, min(projects, ONE_BY_ONE))
            for first in range(there, made, BATCH):
                numbers = range(first, min(first + BATCH, made))
                with content_transaction(), without_history():
                    self.make(numbers)
                bar.update(len(numbers))
            if made < projects:
                with store.unindexed():
                    for first in range(made, projects, ONE_BY_ONE):
                        count = min(ONE_BY_ONE, projects - first)
                        copy(count, first)
                        bar.update(count)
        analyze()
        self.stdout.write(f"There are {max(there, projects)} made-up projects.")

    def skewed(self, choices, most):
        """Return one to `most` of the choices, the first ones far more often than the last, as in the real records."""
        found = {min(int(self.chance.expovariate(3 / len(choices))), len(choices) - 1) for _ in range(most)}
        return [choices[place] for place in sorted(found)]

    def make(self, numbers):
        """Create the projects with these numbers, and their rows."""
        chance = self.chance
        projects = Project.objects.bulk_create(map(self.project, numbers), batch_size=200)
        links = {name: getattr(Project, name).through for name in ("countries", "places")}
        rows = {model: [] for model in (*links.values(), ProjectArea, Participation, ProjectIssue)}
        for project in projects:
            for name, choices, most in (("countries", self.countries, 2), ("places", self.places, 2)):
                rows[links[name]] += [
                    links[name](project_id=project.pk, place_id=place.pk) for place in self.skewed(choices, most)
                ]
            rows[ProjectArea] += [ProjectArea(project=project, area=area) for area in self.skewed(list(Area), 3)]
            rows[Participation] += [
                Participation(project=project, organisation=organisation, role=chance.choice(Participation.Role.values))
                for organisation in self.skewed(self.organisations, 3)
            ]
            rows[ProjectIssue] += [
                ProjectIssue(project=project, issue=issue, significance="principal", rationale_en="Made up.")
                for issue in self.skewed(self.issues, 2)
            ]
        for model, some in rows.items():
            model._base_manager.bulk_create(some, batch_size=500)

    def project(self, number):
        chance, words = self.chance, self.words
        kind = chance.randrange(len(words["en"]["title"]))
        start = min(int(chance.expovariate(1 / 6)), 30)
        fields = {"budget": chance.randrange(10, 90_000) * 1_000, "currency": "USD"} if chance.random() < 0.4 else {}
        for language in LANGUAGES:
            titles, summaries = words[language]["title"], words[language]["summary"]
            fields[f"title_{language}"] = f"{titles[kind % len(titles)]} {number}"[:200]
            fields[f"summary_{language}"] = chance.choice(summaries)
        return Project(
            key=KEY.format(number),
            publication=PublicationStatus.PUBLISHED,
            level=chance.choice(Level.values),
            status=chance.choice(Project.Status.values),
            status_as_of=str(2025 - start),
            start=str(2025 - start),
            end=str(2025 - start + chance.randrange(1, 6)),
            finance=chance.choice(["", *Project.Finance.values]),
            confidence=chance.choice(Confidence.values),
            evidence_en="Made up.",
            **fields,
        )


@transaction.atomic
def copy(count, first):
    """Copy the first `count` generated projects with all their rows; the copies' numbers begin with `first`."""
    low, high = KEY.format(0), KEY.format(count)
    some = Project.objects.filter(key__gte=low, key__lt=high)
    shift = Project.objects.aggregate(Max("pk"))["pk__max"] + 1 - some.aggregate(Min("pk"))["pk__min"]

    def insert(table, columns, owner, plus=0, **moved):
        moved[owner] = f"{owner} + {shift}"
        names = ", ".join(map(connection.ops.quote_name, columns))
        values = ", ".join(moved.get(column) or connection.ops.quote_name(column) for column in columns)
        cursor.execute(INSERT.format(table=table, names=names, values=values, owner=owner), [plus, low, high])

    def insert_rows(model, owner, plus=0):
        columns = [field.column for field in model._meta.concrete_fields if not field.generated]
        own_key = model._meta.pk.column
        insert(model._meta.db_table, [name for name in columns if name == owner or name != own_key], owner, plus)

    with connection.cursor() as cursor:
        columns = [field.column for field in Project._meta.concrete_fields]
        insert(Project._meta.db_table, columns, "id", key=MOVED_KEY[connection.vendor].format(first))
        for relation in Project._meta.get_fields(include_hidden=True):
            if relation.auto_created and (relation.one_to_many or relation.one_to_one):
                insert_rows(relation.related_model, relation.field.column)
        entries = entry_id(Kind.PROJECT, 0)
        insert_rows(SearchEntry, "id", entries)
        for model in (SearchFacet, SearchName):
            insert_rows(model, "entry_id", entries)
        insert(store.TABLE, ["rowid", *store.COLUMNS[connection.vendor]], "rowid", entries)
        for reset in connection.ops.sequence_reset_sql(no_style(), [Project]):
            cursor.execute(reset)
    content_version.mark_changed()
