"""The monthly report of the desk: what was done in a month, in numbers, from the history and the other logs.

Only what is stored is counted, and no number is about a person. Some logs store the last state only; the report then
says so.
"""

import datetime
import statistics
from dataclasses import dataclass

from django.apps import apps
from django.db.models import Count, Exists, F, OuterRef, Q, TextField, Value, Window
from django.db.models.functions import Coalesce, Lag
from django.http import StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from portal.core.languages import language_name
from portal.curation.translations import OTHERS
from portal.import_export import files
from portal.models import Comment, Correction, ReaderReport, Record, Revision
from portal.models.curation import ExternalLink, Verification
from portal.publishing.review_trail import STATE_COLUMNS, ReviewTrail
from portal.staff.months import Month
from portal.staff.worklists import WORKLISTS, maintained, texts_to_translate
from portal.tracking.audit_log import AuditEntry
from portal.tracking.history import CHANGED, CREATED, INITIAL, TRACKED

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class ReportTable:
    """A table of the report: its title, the heads of its columns, and its rows: a name and numbers. None: not known."""

    title: str
    heads: list
    rows: list
    note: str = ""


class MonthlyReport:
    """The tables of one month, of the records that the user of a request may see."""

    def __init__(self, site, request, month):
        self.month = month
        registered = [model for model in apps.get_models() if site.is_registered(model)]
        visible = [m for m in registered if site.get_model_admin(m).has_view_or_change_permission(request)]
        self.models = [model for model in visible if issubclass(model, Record)]

    def _in_month(self, name):
        return Q(**{f"{name}__gte": self.month.start, f"{name}__lt": self.month.end})

    def tables(self):
        """Return the ReportTables. The number of queries depends on the number of models only."""
        return [*self._records_and_translations(), self._waiting(), self._care(), *self._today()]

    # ── Records and translations ─────────────────────────────────────────────────────────────────────────────────

    def _records_and_translations(self):
        audited = self._audited()
        records, translations = [], []
        for model in self.models:
            added, changed, texts = self._history_of(model)
            of_kind = [audited.get((model._meta.model_name, what), 0) for what in self.AUDITED]
            name = capfirst(model._meta.verbose_name_plural)
            records.append((name, [added, changed, *of_kind]))
            if texts_to_translate(model):
                translations.append((name, texts))
        heads = [
            pgettext("report", "Added"),
            pgettext("report", "Changed"),
            pgettext("report", "Published"),
            pgettext("report", "Withdrawn"),
            pgettext("report", "Deleted"),
        ]
        return (
            ReportTable(
                pgettext("report", "Records"),
                heads,
                _with_sum(records),
                _("A record counts once as changed. Withdrawn: published before, and archived or sent back since."),
            ),
            ReportTable(
                _("Texts translated"),
                [language_name(code) for code in OTHERS],
                _with_sum(translations),
                _("Translations of records that were written or changed, without those of their rows."),
            ),
        )

    AUDITED = (AuditEntry.Action.PUBLISHED, AuditEntry.Action.UNPUBLISHED, AuditEntry.Action.DELETED)

    def _audited(self):
        """Return the numbers of entries of the audit log in the month, by kind and action."""
        entries = AuditEntry.objects.filter(self._in_month("at"), what__in=self.AUDITED).order_by()
        return {(kind, what): count for kind, what, count in entries.values_list("kind", "what").annotate(Count("pk"))}

    def _history_of(self, model):
        """Return how many records of a model were added and changed, and the number of texts by language. One query.

        A text counts if a state has another one than the state before.
        """
        tracked = TRACKED[model]
        states = tracked.states._base_manager
        in_month = states.filter(self._in_month("history_date"), **{tracked.key: OuterRef(tracked.key)})
        rows = states.filter(Exists(in_month.exclude(history_type=INITIAL))).order_by()
        counted = self._in_month("history_date") & ~Q(history_type=INITIAL)
        wanted, before = {}, {}
        for code in OTHERS:
            for field in texts_to_translate(model):
                column = f"{field}_{code}"
                text = Coalesce(column, Value(""), output_field=TextField())
                before[f"now_{column}"] = text
                last = Window(Lag(column), partition_by=tracked.key, order_by="history_id")
                before[f"was_{column}"] = Coalesce(last, Value(""), output_field=TextField())
                is_new = Q(**{f"now_{column}__gt": ""}) & ~Q(**{f"now_{column}": F(f"was_{column}")})
                wanted[f"text_{column}"] = Count("history_id", filter=counted & is_new)
        found = rows.annotate(**before).aggregate(
            added=Count("history_id", filter=counted & Q(history_type=CREATED)),
            changed=Count(tracked.key, filter=counted & Q(history_type=CHANGED), distinct=True),
            **wanted,
        )
        texts = [sum(found[f"text_{field}_{code}"] for field in texts_to_translate(model)) for code in OTHERS]
        return found["added"], found["changed"], texts

    # ── Review ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _waiting(self):
        """Return how long the records that were released in the month had waited since they were submitted."""
        rows = []
        for model in self.models:
            waits = sorted(self._waits(model))
            if waits:
                median = statistics.median(wait / DAY for wait in waits)
                numbers = [len(waits), round(median, 1), round(waits[-1] / DAY, 1)]
                rows.append((capfirst(model._meta.verbose_name_plural), numbers))
        heads = [pgettext("report", "Records"), _("Median wait in days"), _("Longest wait in days")]
        note = _("From the submission to the first publication, of records that were first published in this month.")
        return ReportTable(_("Waiting for review"), heads, rows, note)

    def _waits(self, model):
        tracked, trails, last = TRACKED[model], {}, {}
        published = model.objects.filter(self._in_month("published_at")).values("pk")
        states = tracked.states._base_manager.filter(**{f"{tracked.key}__in": published}).order_by("history_id")
        for pk, user, at, new in states.values_list(tracked.key, *STATE_COLUMNS, "publication"):
            trails.setdefault(pk, ReviewTrail()).add(user, at, last.get(pk, ""), new)
            last[pk] = new
        for trail in trails.values():
            if trail.submission and trail.release and trail.release.at >= trail.submission.at:
                yield trail.release.at - trail.submission.at

    # ── Care ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _care(self):
        days = {"gte": self.month.first_day, "lte": self.month.last_day}

        def on(name):
            return {f"{name}__{lookup}": day for lookup, day in days.items()}

        labels = [model._meta.label_lower for model in self.models]
        decided = Revision.objects.filter(self._in_month("decided_at"), kind__in=labels).order_by()
        revisions = dict(decided.values_list("state").annotate(Count("pk")))
        links = ExternalLink.objects.filter(state=ExternalLink.LinkStatus.BROKEN)
        rows = [
            (_("Corrections in the public log"), Correction.objects.filter(**on("corrected_on")).count()),
            (_("Reports by readers: received"), ReaderReport.objects.filter(**on("day")).count()),
            (_("Reports by readers: closed"), ReaderReport.objects.filter(**on("closed_on")).count()),
            (_("Revisions published"), revisions.get(Revision.State.PUBLISHED, 0)),
            (_("Revisions discarded"), revisions.get(Revision.State.DISCARDED, 0)),
            (
                _("Records sent back with a comment"),
                Comment.objects.filter(self._in_month("at"), is_sending_back=True, kind__in=labels).count(),
            ),
            (
                _("Records last verified in this month"),
                Verification.objects.filter(self._in_month("at"), kind__in=labels).count(),
            ),
            (_("Links that last failed in this month, still broken"), links.filter(**on("failed_on")).count()),
        ]
        return ReportTable(_("Maintenance"), [pgettext("report", "Number")], [(name, [count]) for name, count in rows])

    NOW = ("source", "broken", "ko", "ru", "stale")

    def _today(self):
        """Yield the table of what is open today if the month is the present one. No log stores it for others."""
        if not self.month.is_present:
            return
        rows = []
        for model in self.models:
            conditions = {name: WORKLISTS[name].of(model) for name in self.NOW}
            counts = maintained(model.objects).aggregate(
                **{
                    name: Count("pk", filter=condition, distinct=True)
                    for name, condition in conditions.items()
                    if condition is not None
                }
            )
            numbers = [counts.get(name) for name in self.NOW]
            rows.append((capfirst(model._meta.verbose_name_plural), numbers))
        heads = [str(WORKLISTS[name].words) for name in self.NOW]
        yield ReportTable(_("Open today"), heads, _with_sum(rows), _("No log stores these numbers for past months."))


def _with_sum(rows):
    """Return the rows and a last one with the sums of their numbers."""
    columns = zip(*(numbers for _name, numbers in rows), strict=True)
    return [*rows, (pgettext("report", "All"), [sum(filter(None, column)) for column in columns])] if rows else []


def report_page(site, request):
    """Show the report of a month."""
    month = Month.from_text(request.GET.get("month", ""))
    context = {
        **site.each_context(request),
        "title": _("Monthly report"),
        "month": month,
        "tables": MonthlyReport(site, request, month).tables(),
        "previous": month.away(-1),
        "next": month.away(1),
        "csv_url": f"{reverse('admin:report_csv')}?month={month}",
    }
    return TemplateResponse(request, "admin/monthly_report.html", context)


def report_csv(site, request):
    """Send the report of a month as CSV: a line for each number."""
    month = Month.from_text(request.GET.get("month", ""))
    header = ["month", "table", "row", "measure", "number"]
    lines = [
        [str(month), str(table.title), str(name), str(head), "" if number is None else str(number)]
        for table in MonthlyReport(site, request, month).tables()
        for name, numbers in table.rows
        for head, number in zip(table.heads, numbers, strict=True)
    ]
    return StreamingHttpResponse(
        files.csv_lines(header, [True, True, True, True, False], lines),
        content_type=files.CONTENT_TYPES[files.CSV],
        headers={"Content-Disposition": f'attachment; filename="report-{month}.csv"'},
    )
