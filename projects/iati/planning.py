"""Plans an import: compares each activity of a file with the portal. This module writes nothing.

The import (`applying`) calls `resolve` again for each activity, so it does what the preview shows.
"""

import datetime
from collections import Counter
from dataclasses import dataclass, field

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from portal.curation import similarity
from portal.models import Alias, Place
from portal.models.workflow import EDITABLE_STATES, RESTING_STATES
from projects.iati import exporting, fields
from projects.iati.activity import CENTRAL_ASIA
from projects.iati.findings import Finding, ImportRefused, Severity
from projects.iati.selection import ActivityFilter, relevance_of
from projects.models import (
    ImportedActivity,
    ImportedFile,
    Organisation,
    OrganisationIdentifier,
    Project,
    ProjectIdentifier,
    RejectedActivity,
)

REGION = "region"  # means Central Asia as a whole in `Options.countries`
SAME_OWNER = {"A1", "A2", "A3", "B1"}


class RowState(TextChoices):
    """What the import does with an activity."""

    NEW = "new", pgettext_lazy("import", "New")
    CHANGED = "changed", pgettext_lazy("import", "Changed")
    UNCHANGED = "unchanged", pgettext_lazy("import", "Unchanged")
    REFUSED = "refused", pgettext_lazy("import", "With errors")
    KEPT = "kept", pgettext_lazy("import", "Left unchanged")
    OUTSIDE = "outside", pgettext_lazy("import", "Other countries")
    LEFT_OUT = "left-out", pgettext_lazy("import", "Not selected")
    REJECTED = "rejected", pgettext_lazy("import", "Rejected")


@dataclass
class Options:
    """The user's choices for an import."""

    countries: frozenset[str] | None = None  # codes in upper case, and REGION; None means all
    filter: ActivityFilter = field(default_factory=ActivityFilter)
    chosen: frozenset[str] | None = None  # identifiers; None means all
    leave_out: bool = False  # import the other activities if some are faulty
    may_publish: bool = False  # the import may change published projects


@dataclass
class PlannedActivity:
    """An activity in the preview.

    `changes` are pairs of the old and the new value by field. `differences` are pairs of the portal's value, which
    stays, and the file's value.
    """

    line: int
    identifier: str
    title: str
    state: RowState
    findings: list[Finding] = field(default_factory=list)
    project: int | None = None
    doubles: list[tuple[int, str, str]] = field(default_factory=list)
    changes: dict = field(default_factory=dict)
    differences: dict = field(default_factory=dict)
    relevance: int = 0  # of a new project
    rejection: RejectedActivity | None = None

    @property
    def errors(self):
        return [finding for finding in self.findings if finding.is_error]

    @property
    def warnings(self):
        return [finding for finding in self.findings if not finding.is_error]


@dataclass
class ActivityPlan:
    """What an import of a file would do."""

    name: str
    rows: list[PlannedActivity] = field(default_factory=list)
    countries: Counter = field(default_factory=Counter)
    refusal: Finding | None = None
    organisations: list[str] = field(default_factory=list)
    options: Options = field(default_factory=Options)

    @cached_property
    def counts(self):
        """Return the number of activities by state."""
        found = Counter(row.state for row in self.rows)
        return {state: found[state] for state in RowState}

    @property
    def refused(self):
        return [row for row in self.rows if row.state == RowState.REFUSED]

    @property
    def doubles(self):
        return [row for row in self.rows if row.doubles]

    @property
    def blocked(self):
        """Return True if the file cannot be imported with these options."""
        return self.refusal is not None or (bool(self.refused) and not self.options.leave_out)

    @property
    def has_news(self):
        return bool(self.counts[RowState.NEW] or self.counts[RowState.CHANGED])

    def complaints(self):
        """Return the errors that block the import, as lines: `file.xml:57: no activity-status in <iati-activity>`."""
        if self.refusal:
            return [self.refusal.at(self.name)]
        return [finding.at(self.name) for row in self.refused for finding in row.errors]


class ExistingRecords:
    """The data of the portal that an import compares with. It is read once, whatever the size of the file."""

    def __init__(self):
        self.imported = {
            identifier: stored
            for identifier, *stored in ImportedActivity.objects.values_list(
                "identifier", "pk", "project", "fingerprint", "updated", "file__kind"
            )
        }
        self.projects = dict(
            Project.objects.exclude(iati_identifier=None).values_list("iati_identifier", "pk").iterator()
        )
        self.folded = {identifier.casefold(): identifier for identifier in (*self.projects, *self.imported)}
        self.others = dict(
            ProjectIdentifier.objects.filter(kind__in=SAME_OWNER).values_list("ref", "activity__project")
        )
        self.rejected = {rejection.identifier: rejection for rejection in RejectedActivity.objects.all()}
        self.keys = set(Project.objects.values_list("key", flat=True))
        self.countries = set(
            Place.objects.filter(kind=Place.Kind.COUNTRY, group=Place.Group.CENTRAL_ASIA).values_list("key", flat=True)
        )
        reporting = exporting.publisher()
        self.own = {f"{ref}-" for ref in (reporting.ref, *reporting.former)} if reporting else set()
        self._organisations()
        self.made = []

    def _organisations(self):
        self.by_ref = dict(OrganisationIdentifier.objects.values_list("ref", "organisation__key"))
        self.by_name = {}
        keys = dict(Organisation.objects.values_list("key", "pk"))
        aliases = Alias.objects.filter(kind=Alias.Kind.ORGANISATION, key__in=keys).values_list("key", "text")
        columns = [f"name_{language}" for language in fields.LANGUAGES]
        rows = Organisation.objects.values_list("key", *columns)
        names = [*((key, name) for key, *texts in rows for name in texts if name), *aliases]
        # The oldest organisation keeps a name that several have.
        for key, name in sorted(names, key=lambda named: -keys[named[0]]):
            self.by_name[name.strip().casefold()] = key

    @cached_property
    def table(self):
        """Return (match index, places, spans) to find duplicates: countries and (start, end) by project."""
        found = similarity.MatchIndex(Project)
        places = {}
        through = Project.countries.through
        for project, place in through.objects.values_list("project", "place__key").iterator():
            places.setdefault(project, set()).add(place)
        spans = {pk: (start, end) for pk, start, end in Project.objects.values_list("pk", "start", "end").iterator()}
        return found, places, spans

    @cached_property
    def korean(self):
        """Return the IATI kind of each Korean organisation, by its key."""
        kinds = Organisation.objects.filter(country__key="kr").values_list("key", "kind")
        return {key: Organisation.Kind(kind).iati_code for key, kind in kinds}

    def korean_kind(self, org):
        """Return the IATI kind of an organisation that the portal has as Korean, else ""."""
        names = (name.strip().casefold() for name in org.names.values())
        keys = (self.by_ref.get(org.ref), *(self.by_name.get(name) for name in names))
        return next((self.korean[key] for key in keys if key in self.korean), "")

    def organisation(self, party, make=None):
        """Return the key of the organisation that is meant: found by its reference, else by its exact name.

        If the portal does not have it, `make(party)` creates it and returns its key. Without `make`, its name with a
        plus sign in front is returned as a placeholder.
        """
        names = [name.strip() for name in party.names.values() if name.strip()]
        key = self.by_ref.get(party.ref) if party.ref else None
        if key is None:
            key = next((self.by_name[name.casefold()] for name in names if name.casefold() in self.by_name), None)
        if key is None:
            shown = fields.best(party.names) or party.ref
            key = make(party) if make else f"+{shown}"
            self.made.append(shown)
            for name in names or [shown]:
                self.by_name[name.casefold()] = key
        if party.ref:
            self.by_ref.setdefault(party.ref, key)
        return key


def preview(reads, name, options):
    """Return the plan of an import. `reads` are the `Read` objects of a file."""
    plan, known = ActivityPlan(name, options=options), ExistingRecords()
    try:
        for read in reads:
            plan.countries.update(read.activity.mentioned)
            if any(region.code == CENTRAL_ASIA for region in read.activity.regions):
                plan.countries[REGION] += 1
            plan.rows.append(resolve(read, known, options)[0])
    except ImportRefused as refused:
        plan.refusal = refused.finding
    plan.organisations = sorted(set(known.made))
    return plan


def resolve(read, known, options, make=None):
    """Return (row of the preview, fields to store, stored project) of an activity.

    The fields are None if nothing is to be stored, and the project is None if it is new. `make` creates missing
    organisations and is given only during the import.
    """
    activity = read.activity
    row = PlannedActivity(
        read.line, activity.identifier, fields.best(activity.titles), RowState.NEW, list(read.findings)
    )
    if row.errors:
        row.state = RowState.REFUSED
        return row, None, None
    if not _inside(activity, options.countries):
        row.state = RowState.OUTSIDE
        return row, None, None
    stored = known.imported.get(activity.identifier)
    row.project = stored[1] if stored else known.projects.get(activity.identifier)
    if _is_own(activity, known):
        return _kept(row, "own")
    if row.project is None and activity.identifier in known.rejected:
        row.state, row.rejection = RowState.REJECTED, known.rejected[activity.identifier]
        return row, None, None
    if not _is_selected(activity, options):
        row.state = RowState.LEFT_OUT
        return row, None, None
    if row.project is None:
        return _new(row, read, known, make)
    if stored and read.is_table and stored[4] == ImportedFile.Kind.IATI:
        return _kept(row, "told-by-iati")
    if stored and stored[2] == read.fingerprint:
        row.state = RowState.UNCHANGED
        return row, None, None
    if stored and _moment(activity.updated) and _moment(stored[3]) and _moment(activity.updated) < _moment(stored[3]):
        return _kept(row, "older", given=activity.updated, stored=stored[3])
    return _changed(row, read, known, options, make, stored)


def is_new(read, known, options):
    """Return True if `resolve` says that an activity is new. This is faster: it does not look for similar projects."""
    activity = read.activity
    return not (
        any(finding.is_error for finding in read.findings)
        or activity.identifier in known.imported
        or activity.identifier in known.projects
        or activity.identifier in known.rejected
        or _is_own(activity, known)
    ) and (_inside(activity, options.countries) and _is_selected(activity, options))


def _is_own(activity, known):
    """Return True if the portal reports the activity itself."""
    return any(
        activity.identifier.startswith(prefix) and activity.identifier.removeprefix(prefix) in known.keys
        for prefix in known.own
    )


def _inside(activity, countries):
    if countries is None:
        return True
    if REGION in countries and any(region.code == CENTRAL_ASIA for region in activity.regions):
        return True
    return bool({share.code for share in activity.countries} & countries)


def _is_selected(activity, options):
    return (options.chosen is None or activity.identifier in options.chosen) and options.filter.matches(activity)


def _kept(row, kind, **values):
    row.state = RowState.KEPT
    row.findings.append(Finding(row.line, Severity.WARNING, kind, values))
    return row, None, None


def _fields(activity, known, make):
    found = fields.of_activity(activity, lambda party: known.organisation(party, make))
    found["countries"] = [key for key in found["countries"] if key in known.countries]
    return found


def _new(row, read, known, make):
    twin = known.folded.get(row.identifier.casefold())
    if twin:
        row.findings.append(Finding(row.line, Severity.WARNING, "identifier-case", {"identifier": twin}))
    found = _fields(read.activity, known, make)
    row.relevance = relevance_of(read.activity)
    if make is None:
        row.doubles = _doubles(read.activity, found, known)
    return row, found, None


def _doubles(activity, found, known):
    """Return at most five projects that may be the same, as (primary key, title, reason).

    They have one of the other identifiers, or a similar name, a common country and overlapping dates.
    """
    table, places, spans = known.table
    doubles = [
        (pk, str(table.records[pk]), _("another identifier matches: {ref}").format(ref=other.ref))
        for other in activity.other_identifiers
        if (pk := known.others.get(other.ref) or known.projects.get(other.ref)) in table.records
    ]
    titles = [text for text in activity.titles.values() if text]
    one = similarity.ComparedRecord(tuple(similarity.normalize(title) for title in dict.fromkeys(titles)))
    start, end = found["start"][:4] or "0000", found["end"][:4] or "9999"

    def fits(pk):
        first, last = spans.get(pk, (None, None))
        apart = (last and str(last)[:4] < start) or (first and str(first)[:4] > end)
        return bool(places.get(pk, set()) & set(found["countries"])) and not apart

    doubles += [(one.record.pk, str(one.record), one.reason) for one in table.like(one, fits)]
    return doubles[:5]


def _changed(row, read, known, options, make, stored):
    """Return the row, fields and project of an activity that changed.

    The import takes over new values of fields that editors did not change. Values that editors wrote stay.
    """
    projects = Project.objects.select_for_update() if make else Project.objects  # only the import passes `make`
    project = projects.prefetch_related(
        "countries", "sectors", "sdgs", "rio_markers", "participations__organisation"
    ).get(pk=row.project)
    if project.publication in RESTING_STATES or (
        project.publication not in EDITABLE_STATES and not options.may_publish
    ):
        return _kept(row, "held")
    old = ImportedActivity.objects.only("values").get(pk=stored[0]).values if stored else {}
    new, now = _fields(read.activity, known, make), fields.of_project(project)
    for name in fields.FIELDS:
        if new[name] == now[name] or new[name] == old.get(name):
            continue
        if now[name] == old.get(name) or not now[name]:
            row.changes[name] = (now[name], new[name])
        elif new[name]:
            row.differences[name] = (now[name], new[name])
    # A field that differed before and did not change in the file still differs.
    for name in fields.FIELDS:
        if new[name] and new[name] == old.get(name) and now[name] != new[name]:
            row.differences[name] = (now[name], new[name])
    row.state = RowState.CHANGED
    return row, new, project


def _moment(text):
    """Return the time of a last change; None if it is unknown, or more than a day in the future.

    A time in the future would keep out all later updates.
    """
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    return moment if moment <= timezone.now() + datetime.timedelta(days=1) else None
