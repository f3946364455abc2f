"""Imports a file in one transaction: everything or nothing.

New records are drafts. The import only suggests issues; editors link them.
"""

import gzip
import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from issues.models import Issue
from portal.core.choices import Confidence, PublicationStatus
from portal.core.partial_dates import PartialDate
from portal.models import Place, Source
from portal.tracking import audit_log
from portal.tracking.audit_log import AuditEntry
from portal.tracking.change_log import content_transaction
from portal.tracking.change_reasons import ChangeReason
from portal.tracking.history import change_reason, write_created
from projects.iati import exporting, facts, fields, planning, suggestions, tables
from projects.iati.activity import DAC
from projects.iati.planning import ActivityPlan, ExistingRecords, RowState
from projects.models import (
    BudgetLine,
    ImportedActivity,
    ImportedFile,
    Organisation,
    OrganisationIdentifier,
    Participation,
    Project,
    ProjectCitation,
    ProjectIdentifier,
    ProjectSdg,
    RelatedActivity,
    ReportedDocument,
    ReportedResult,
    ReportedShare,
    RioMarker,
    Sector,
    SuggestedIssue,
    TransactionSum,
)

KEY = 60
BATCH = 100
CENT = Decimal("0.01")
SOURCE_PREFIX = "iati-"


@dataclass
class ImportDetails:
    """What is stored about a file in addition to its contents."""

    name: str
    retrieved: date
    url: str = ""
    licence: str = ""
    who: str = ""


def received(content, about, kind=ImportedFile.Kind.IATI, mapping=None):
    """Return the ImportedFile for a received file. It is stored already if the same file was received before.

    Of a table, only the columns that its mapping names are kept. `size` is that of the received content. `sha256` is
    that of the received content and the mapping, so the same table with another mapping is another file.
    """
    digest, kept = hashlib.sha256(content), content
    if mapping is not None:
        digest.update(repr(mapping).encode())
        kept = tables.named_columns_only(content, mapping)
    file = ImportedFile.objects.filter(sha256=digest.hexdigest()).first() or ImportedFile(
        sha256=digest.hexdigest(),
        kind=kind,
        size=len(content),
        original=gzip.compress(kept, mtime=0),
        mapping=mapping,
    )
    file.name, file.retrieved = about.name[:200], about.retrieved
    file.url, file.licence, file.who = about.url or file.url, about.licence or file.licence, about.who
    return file


def run(reads, file, options, who=None):
    """Import the activities of `reads()` and return the plan with the result; `file` is stored with them.

    `reads` is called once for the preview and once for the import. If the plan is blocked or has nothing new, nothing
    is stored and the preview is returned. The import writes an entry in the audit log.
    """
    plan = planning.preview(reads(), file.name, options)
    if plan.blocked or not plan.has_news:
        return plan
    with change_reason(ChangeReason.IMPORTED.format(file=file.name)), content_transaction(), transaction.atomic():
        counts = {state.value: count for state, count in plan.counts.items()}
        file.counts = _total_counts(file, counts)
        file.imported_at, file.countries = timezone.now(), sorted(options.countries or ())
        file.save()
        writer = Writer(file)
        done = ActivityPlan(file.name, options=options)
        for read in reads():
            row, found, project = planning.resolve(read, writer.known, options, writer.organisation)
            if row.state == RowState.NEW:
                writer.create(row, read, found)
            elif row.state == RowState.CHANGED:
                writer.change(row, read, found, project)
            done.rows.append(row)
        writer.flush()
        done.countries, done.organisations = plan.countries, sorted(set(writer.known.made))
        audit_log.log_action(AuditEntry.Action.IMPORTED, who, file=file.name, sha256=file.sha256, **counts)
    return done


def _total_counts(file, counts):
    """Return the counts by state, to which those of earlier imports of parts of the file are added."""
    stored = (RowState.NEW, RowState.CHANGED)
    return counts | {state.value: counts[state] + file.counts.get(state, 0) for state in stored}


class Writer:
    """Writes the activities of one file."""

    def __init__(self, file):
        self.file, self.known = file, ExistingRecords()
        self.countries = dict(Place.objects.filter(kind=Place.Kind.COUNTRY).values_list("key", "pk"))
        self.sectors = dict(Sector.objects.values_list("code", "pk"))
        self.issues = dict(Issue.objects.values_list("key", "pk"))
        self.organisations = dict(Organisation.objects.values_list("key", "pk"))
        self.taken = set(self.organisations)
        self.sources, self.waiting = {}, []

    # ── Organisations and sources ────────────────────────────────────────────────────────────────────────────

    def organisation(self, party):
        """Create an organisation as a draft and return its key.

        Its reference becomes its IATI identifier if it is well-formed and unused.
        """
        name = fields.cut(fields.best(party.names) or party.ref)
        key = free_key(name, party.ref, self.taken)
        made = Organisation.objects.create(
            key=key,
            publication=PublicationStatus.DRAFT,
            kind=fields.KINDS.get(party.kind, fields.UNKNOWN_KIND),
            **{f"name_{code}": fields.cut(party.names.get(code, "")) for code in fields.LANGUAGES} | {"name_en": name},
        )
        self.organisations[key] = made.pk
        reference = party.ref[:100]
        if reference and not re.search(r"[\s/&|?]", reference) and reference not in self.known.by_ref:
            OrganisationIdentifier.objects.create(organisation=made, ref=reference)
        return key

    def source(self, activity):
        """Return the source for the data of a publisher. If there is none, create it as a draft.

        It is found by the URL of the file, else by a key made from the publisher.
        """
        name = fields.cut(fields.best(activity.reporter.names) or activity.reporter.ref or self.file.name)
        key = f"{SOURCE_PREFIX}{slugify(activity.reporter.ref or name)}"[:KEY].strip("-")
        if key not in self.sources:
            with_address = Source.objects.filter(url=self.file.url).first() if self.file.url else None
            found = with_address or Source.objects.filter(key=key).first()
            if found is None:
                found = Source.objects.create(
                    key=key,
                    publication=PublicationStatus.DRAFT,
                    title=f"Project data of {name}",
                    publisher=name,
                    kind=Source.Kind.DATASET,
                    language=activity.language if re.fullmatch("[a-z]{2,3}", activity.language) else "en",
                    date=PartialDate(self.file.retrieved.isoformat()),
                    url=self.file.url or None,
                    licence=self.file.licence,
                )
            self.sources[key] = found
        return self.sources[key]

    # ── Projects ─────────────────────────────────────────────────────────────────────────────────────────────

    def create(self, row, read, found):
        """Prepare a draft of a new project.

        Batches of 100 are stored together, because history and index then cost less.
        """
        activity = read.activity
        project = Project(
            key=free_key(fields.best(activity.titles), activity.identifier, self.known.keys),
            publication=PublicationStatus.DRAFT,
            iati_identifier=self._iati_identifier(activity),
            level=fields.level_of(activity, self.known.korean_kind),
            confidence=Confidence.MEDIUM,
            status=Project.Status.IMPLEMENTATION,
            **exporting_words("evidence", lambda: self._evidence(activity)),
        )
        set_columns(project, found, fields.FIELDS)
        self.waiting.append((row, project, read, found, self.source(activity)))
        if len(self.waiting) >= BATCH:
            self.flush()

    def flush(self):
        """Store the prepared drafts with their rows, history and suggested issues."""
        waiting, self.waiting = self.waiting, []
        Project.objects.bulk_create([project for _row, project, *_rest in waiting])
        rows = defaultdict(list)
        for row, project, read, found, source in waiting:
            row.project = project.pk
            rows[ProjectCitation].append(ProjectCitation(project=project, source=source, position=1))
            for relation, column, ids in self._related(found):
                through = relation.through
                rows[through] += [through(project_id=project.pk, **{column: pk}) for pk in ids]
            for model, values in self._row_values(found):
                rows[model] += [model(project=project, **one) for one in values]
            rows[ImportedActivity].append(self._imported(ImportedActivity(project=project), read, found, {}, source))
            rows[SuggestedIssue] += self._suggestions(project, read.activity, set())
        for model, some in rows.items():
            made = model._base_manager.bulk_create(some, batch_size=200)
            write_created(model, [one.pk for one in made])
        shown = defaultdict(list)
        for imported, (_row, _project, read, *_rest) in zip(rows[ImportedActivity], waiting, strict=True):
            for of, model in MODELS.items():
                shown[model] += of(imported, read.activity)
        for model, some in shown.items():
            model.objects.bulk_create(some, batch_size=200)

    def change(self, row, read, found, project):
        """Update a project with the new values, except those that editors wrote themselves."""
        if row.changes:
            project.version += 1
            project.iati_identifier = project.iati_identifier or self._iati_identifier(read.activity)
            set_columns(project, found, row.changes)
            project.save()
            for relation, _column, ids in self._related(found):
                if relation.field.name in row.changes:
                    getattr(project, relation.field.name).set(ids)
            for model, values in self._row_values(found):
                if ROWS[model] in row.changes:
                    self._replace(model, values, project)
        source = self.source(read.activity)
        if not project.citations.filter(source=source).exists():
            project.citations.create(source=source, position=project.citations.count() + 1)
        imported = ImportedActivity.objects.filter(project=project).first() or ImportedActivity(project=project)
        self._imported(imported, read, found, row.differences, source).save()
        for of, model in MODELS.items():
            model.objects.filter(activity=imported).delete()
            model.objects.bulk_create(of(imported, read.activity), batch_size=200)
        open_ones = project.suggested_issues.filter(decision=SuggestedIssue.Decision.OPEN)
        open_ones.delete()
        # Issues that editors have decided on or linked themselves are not suggested again.
        settled = {*project.issue_links.values_list("issue", flat=True)}
        settled |= {*project.suggested_issues.values_list("issue", flat=True)}
        SuggestedIssue.objects.bulk_create(self._suggestions(project, read.activity, settled))

    def _evidence(self, activity):
        return _("Reported by {reporter} under identifier {identifier}; file retrieved on {date}.").format(
            reporter=fields.best(activity.reporter.names) or activity.reporter.ref or self.file.name,
            identifier=activity.identifier,
            date=self.file.retrieved.isoformat(),
        )

    def _iati_identifier(self, activity):
        """Return the identifier of an activity if it is an IATI identifier; else None."""
        is_iati = self.file.kind == ImportedFile.Kind.IATI or (self.file.mapping or {}).get("iati")
        return activity.identifier if is_iati else None

    def _related(self, found):
        """Yield the many-to-many fields of a project, with a column and primary keys.

        The column is that of the other record in the through table. The primary keys are those to store.
        """
        yield Project.countries, "place_id", [self.countries[key] for key in found["countries"]]
        yield Project.sectors, "sector_id", [self._sector(code) for code in found["sectors"]]

    def _row_values(self, found):
        """Yield the model and the values of the rows of a project."""
        yield ProjectSdg, [{"code": code} for code in found["sdgs"]]
        yield RioMarker, [{"marker": marker, "significance": value} for marker, value in found["rio_markers"].items()]
        parties = [{"organisation_id": self.organisations[key], "role": role} for key, role in found["organisations"]]
        yield Participation, parties

    def _replace(self, model, wanted, project):
        """Replace the rows of a project by the `wanted` values. Rows that already have these values stay."""
        for row in model.objects.filter(project=project):
            values = next((one for one in wanted if all(getattr(row, name) == one[name] for name in one)), None)
            if values is None:
                row.delete()
            else:
                wanted = [one for one in wanted if one is not values]
        for values in wanted:
            model.objects.create(project=project, **values)

    def _sector(self, code):
        if code not in self.sectors:
            self.sectors[code] = Sector.objects.create(code=code, name_en=facts.sector_name(code)[:160]).pk
        return self.sectors[code]

    # ── The imported activity ────────────────────────────────────────────────────────────────────────────────

    def _imported(self, imported, read, found, differences, source):
        """Fill in an ImportedActivity and return it, without storing it."""
        activity = read.activity
        imported.file, imported.source, imported.line = self.file, source, read.line
        imported.identifier = activity.identifier
        imported.original, imported.fingerprint = gzip.compress(read.xml, mtime=0), read.fingerprint
        imported.updated = activity.updated[:40]
        imported.reporter = (fields.best(activity.reporter.names) or activity.reporter.ref)[:300]
        imported.secondary = activity.secondary
        imported.values = {name: found[name] for name in fields.FIELDS}
        imported.differences = {name: list(pair) for name, pair in differences.items()}
        return imported

    def _suggestions(self, project, activity, settled):
        """Return unsaved suggestions of issues that the project may address, without the `settled` issues."""
        return [
            SuggestedIssue(project=project, issue_id=self.issues.get(key), score=score, reasons=reasons)
            for key, (score, reasons) in suggestions.suggestions(activity).items()
            if (not key or key in self.issues) and self.issues.get(key) not in settled
        ]


def set_columns(project, found, names):
    """Set the columns of a project that are among `names`."""
    for name in names:
        if name in {"start", "end"}:
            setattr(project, name, PartialDate(found[name]) if found[name] else None)
        elif name == "budget":
            amount, currency = found["budget"] or (None, "")
            project.budget, project.currency = amount and Decimal(amount), currency
        elif name in fields.SCALARS and (found[name] or name != "status"):
            setattr(project, name, found[name])


def exporting_words(field, words):
    """Return the text of `words()` in each language, by column of a translated field."""
    return {f"{field}_{code}": text for code, text in exporting.in_each_language(words).items()}


def free_key(name, identifier, taken):
    """Return an unused key made from the name, else from the identifier, and add it to `taken`."""
    stem = slugify(name)[:KEY].strip("-") or slugify(identifier)[:KEY].strip("-") or "record"
    key, number = stem, 1
    while key in taken:
        number += 1
        key = f"{stem[: KEY - len(str(number)) - 1].strip('-')}-{number}"
    taken.add(key)
    return key


# ── Rows of an imported activity ─────────────────────────────────────────────────────────────────────────────────


def sums(imported, activity):
    """Return the sums of the transactions by type and currency."""
    found = defaultdict(list)
    for transaction_ in activity.transactions:
        if transaction_.date:
            found[transaction_.kind, transaction_.money.currency].append(transaction_)
    return [
        TransactionSum(
            activity=imported,
            kind=kind,
            currency=currency,
            total=sum(one.money.value for one in some).quantize(CENT),
            count=len(some),
            first=min(one.date for one in some),
            last=max(one.date for one in some),
        )
        for (kind, currency), some in sorted(found.items(), key=lambda pair: (int(pair[0][0]), pair[0][1]))
    ]


def budgets(imported, activity):
    """Return the planned amounts that have a start."""
    return [
        BudgetLine(
            activity=imported,
            kind=BudgetLine.Kind.DISBURSEMENT if budget.disbursement else BudgetLine.Kind.BUDGET,
            revised=budget.kind == "2",
            committed=budget.status == "2",
            start=budget.start,
            end=budget.end or None,
            value=budget.money.value.quantize(CENT),
            currency=budget.money.currency,
        )
        for budget in activity.budgets
        if budget.start
    ]


def results(imported, activity):
    """Return the results, with a row for each period that has a target or an actual value.

    An indicator without such a period has one row, and so has a result without indicators.
    """
    kinds = {kind.iati_code: kind for kind in ReportedResult.Kind}
    rows = []

    def add(result, **values):
        kind = kinds.get(result.kind, ReportedResult.Kind.OTHER)
        position = len(rows) + 1
        rows.append(ReportedResult(activity=imported, position=position, kind=kind, titles=result.titles, **values))

    for result in activity.results:
        if result.titles and not result.indicators:
            add(result)
        for indicator in result.indicators:
            baseline = ", ".join(
                f"{one.value} ({one.year})" if one.year else one.value for one in indicator.baselines if one.value
            )
            common = {"indicators": indicator.titles, "baseline": baseline[:200]}
            told = [period for period in indicator.periods if period.targets or period.actuals]
            for period in told:
                add(
                    result,
                    start=period.start or None,
                    end=period.end or None,
                    target=", ".join(period.targets)[:200],
                    actual=", ".join(period.actuals)[:200],
                    **common,
                )
            if not told and (indicator.titles or baseline):
                add(result, **common)
    return rows


def documents(imported, activity):
    """Return the documents without duplicate URLs."""
    found = {document.url: document for document in reversed(activity.documents)}
    return [
        ReportedDocument(
            activity=imported,
            position=position,
            url=document.url,
            format=document.format[:100],
            titles=document.titles,
            languages=document.languages,
            date=document.date or None,
        )
        for position, document in enumerate(reversed(found.values()), 1)
    ]


def shares(imported, activity):
    """Return the countries, regions and sectors of any vocabulary with their shares."""
    kinds = ReportedShare.Kind
    held = [
        *((kinds.COUNTRY, share, activity.places_computed) for share in activity.countries),
        *((kinds.REGION, share, activity.places_computed) for share in activity.regions),
        *((kinds.SECTOR, share, activity.sectors_computed) for share in activity.sectors),
    ]
    return [
        ReportedShare(
            activity=imported,
            kind=kind,
            vocabulary=share.vocabulary[:20],
            code=share.code[:100],
            percentage=None if share.percentage is None else min(max(share.percentage, 0), 100),
            names=share.names
            or ({"en": facts.sector_name(share.code)} if share.vocabulary == DAC and kind == kinds.SECTOR else {}),
            computed=computed,
        )
        for kind, share, computed in held
    ]


def identifiers(imported, activity):
    """Return the other identifiers without duplicates."""
    found = {(other.kind[:10], other.ref[:255]): other for other in activity.other_identifiers}
    return [
        ProjectIdentifier(
            activity=imported,
            kind=kind,
            ref=ref,
            owner=(fields.best(other.owner.names) or other.owner.ref)[:300] if other.owner else "",
        )
        for (kind, ref), other in found.items()
    ]


def related(imported, activity):
    """Return the related activities without duplicates."""
    found = dict.fromkeys((kind, identifier[:255]) for identifier, kind in activity.related)
    return [RelatedActivity(activity=imported, kind=kind, identifier=identifier) for kind, identifier in found]


MODELS = {
    sums: TransactionSum,
    budgets: BudgetLine,
    results: ReportedResult,
    documents: ReportedDocument,
    shares: ReportedShare,
    identifiers: ProjectIdentifier,
    related: RelatedActivity,
}
# The field in `fields.FIELDS` for each model of rows.
ROWS = {ProjectSdg: "sdgs", RioMarker: "rio_markers", Participation: "organisations"}
