"""The calendar of the desk: what a month brings, as a list by day."""

import datetime
from collections import defaultdict
from dataclasses import dataclass

from django import forms
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, F, OuterRef, Q, Subquery, TextChoices, Window
from django.db.models.functions import Coalesce
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from portal.core.choices import PublicationStatus
from portal.core.partial_dates import PartialDate
from portal.curation.verifications import WITHIN
from portal.models import Assignment, Record, Revision
from portal.models.curation import Verification
from portal.models.revision import attach_targets
from portal.staff.months import Month
from portal.staff.pages import admin_address
from portal.staff.worklists import maintained

MOST_DUE = 20  # records of one kind that a month lists as due for review


class CalendarKind(TextChoices):
    """What stands in the calendar."""

    SCHEDULED = "scheduled", pgettext_lazy("calendar", "Scheduled")
    REVIEW = "review", pgettext_lazy("calendar", "Due for review")
    EVENT = "event", pgettext_lazy("calendar", "Events and forums")
    AGREEMENT = "agreement", pgettext_lazy("calendar", "Agreements")
    PROJECT = "project", pgettext_lazy("calendar", "Projects")


# Dates of records that readers see too: kind, model, the field of the date, the path to the record, and the words.
DATES = (
    (CalendarKind.EVENT, "issues.Event", "date", "", pgettext_lazy("calendar", "Event")),
    (CalendarKind.AGREEMENT, "projects.Agreement", "date", "", pgettext_lazy("calendar", "Agreement")),
    (CalendarKind.AGREEMENT, "projects.AgreementActivity", "date", "agreement", pgettext_lazy("calendar", "Activity")),
    (CalendarKind.PROJECT, "projects.Project", "start", "", gettext_lazy("Project starts")),
    (CalendarKind.PROJECT, "projects.Project", "end", "", gettext_lazy("Project ends")),
)


@dataclass(frozen=True)
class CalendarEntry:
    """One line of the calendar. `date` is a PartialDate; `moment` is a time of that day, or None."""

    date: PartialDate
    kind: CalendarKind
    words: str
    record: object
    url: str
    moment: datetime.datetime | None = None


class DeskCalendar:
    """What a month brings for the user of a request. `more` are counts of records that are due but not listed."""

    def __init__(self, site, request, month, kind="", is_mine=False):
        self.user, self.month, self.kind = request.user, month, kind
        self.models = [
            model
            for model in apps.get_models()
            if issubclass(model, Record)
            and site.is_registered(model)
            and site.get_model_admin(model).has_view_or_change_permission(request)
        ]
        self.own = self._own_records() if is_mine else None
        self.more = []
        self.entries = [entry for part, of in self._parts() if kind in ("", part) for entry in of()]
        self.entries.sort(key=lambda entry: (entry.date, entry.moment is None, entry.moment or 0, str(entry.record)))

    def _parts(self):
        yield CalendarKind.SCHEDULED, self._scheduled
        yield CalendarKind.SCHEDULED, self._revisions
        yield CalendarKind.REVIEW, self._due
        for kind in (CalendarKind.EVENT, CalendarKind.AGREEMENT, CalendarKind.PROJECT):
            yield kind, lambda kind=kind: self._dates(kind)

    def days(self):
        """Return pairs of a date and its entries, in order. Dates without a day come first."""
        found = defaultdict(list)
        for entry in self.entries:
            found[entry.date].append(entry)
        return list(found.items())

    def _own_records(self):
        """Return the primary keys of the records that the user changed at the desk or reviews, by model."""
        types = {one.pk: one for one in ContentType.objects.get_for_models(*self.models).values()}
        found = defaultdict(set)
        changed = LogEntry.objects.filter(user=self.user, content_type__in=types).order_by()
        for pk, key in changed.values_list("content_type", "object_id").distinct():
            found[types[pk].model_class()].add(int(key))
        by_label = {model._meta.label_lower: model for model in self.models}
        for label, pk in Assignment.objects.filter(assignee=self.user).values_list("kind", "record"):
            if label in by_label:
                found[by_label[label]].add(pk)
        return found

    def _mine(self, queryset, path=""):
        """Return the rows whose record (at `path`; "": the row) is the user's; all rows if the calendar has all."""
        if self.own is None:
            return queryset
        model = queryset.model._meta.get_field(path).related_model if path else queryset.model
        return queryset.filter(**{f"{path or 'pk'}__in": self.own[model]})

    def _scheduled(self):
        for model in self.models:
            due = model.objects.filter(
                publication=PublicationStatus.SCHEDULED, publish_at__gte=self.month.start, publish_at__lt=self.month.end
            )
            for record in self._mine(due):
                yield _moment_entry(CalendarKind.SCHEDULED, record.publish_at, record)

    def _revisions(self):
        labels = [model._meta.label_lower for model in self.models]
        due = Revision.objects.filter(
            state=Revision.State.SCHEDULED,
            kind__in=labels,
            publish_at__gte=self.month.start,
            publish_at__lt=self.month.end,
        )
        if self.own is not None:
            due = due.filter(author=self.user)
        for revision in attach_targets(due):
            url = admin_address(revision.model, "revision", revision.record, revision.pk)
            words = _("{kind}, revision").format(kind=capfirst(revision.model._meta.verbose_name))
            day = _day(revision.publish_at)
            yield CalendarEntry(day, CalendarKind.SCHEDULED, words, revision.target, url, _local(revision.publish_at))

    def _due(self):
        """Yield the records whose last change or verification is a year old in this month."""
        for model in self.models:
            verified = Verification.objects.filter(
                kind=model._meta.label_lower, record=OuterRef("pk"), at__gte=OuterRef("updated_at")
            )
            due = self._mine(maintained(model.objects)).annotate(
                checked_at=Coalesce(Subquery(verified.values("at")[:1]), F("updated_at"))
            )
            due = due.filter(checked_at__gte=self.month.start - WITHIN, checked_at__lt=self.month.end - WITHIN)
            due = due.annotate(all_due=Window(Count("pk"))).order_by("checked_at", "key")
            records = list(due[:MOST_DUE])
            for record in records:
                yield _moment_entry(CalendarKind.REVIEW, record.checked_at + WITHIN, record, is_timed=False)
            if records and records[0].all_due > len(records):
                url = f"{admin_address(model, 'changelist')}?care=stale"
                count = records[0].all_due - len(records)
                self.more.append((capfirst(model._meta.verbose_name_plural), count, url))

    def _dates(self, kind):
        for of_kind, label, field, path, words in DATES:
            model = apps.get_model(label)
            of = model._meta.get_field(path).related_model if path else model
            if of_kind != kind or of not in self.models:
                continue
            in_month = Q(**{f"{field}__startswith": str(self.month)}) | Q(**{field: str(self.month.year)})
            rows = self._mine(model._base_manager.filter(in_month), path)
            rows = rows.exclude(**{f"{path + '__' if path else ''}publication": PublicationStatus.ARCHIVED})
            for row in rows.select_related(*filter(None, [path])).order_by(field, "pk"):
                record = getattr(row, path) if path else row
                url = admin_address(model, "change", row.pk)
                yield CalendarEntry(getattr(row, field), kind, str(words), record, url)


def _local(moment):
    return timezone.localtime(moment)


def _day(moment):
    return PartialDate(f"{_local(moment):%Y-%m-%d}")


def _moment_entry(kind, moment, record, *, is_timed=True):
    """Return the entry of a record at a moment: on its day, with the time if `is_timed`."""
    words, url = capfirst(record._meta.verbose_name), admin_address(type(record), "change", record.pk)
    return CalendarEntry(_day(moment), kind, words, record, url, _local(moment) if is_timed else None)


class CalendarForm(forms.Form):
    """What the calendar shows, in a GET form."""

    month = forms.RegexField(
        r"^\d{4}-\d{2}$",
        label=pgettext_lazy("desk", "Month"),
        widget=forms.TextInput(attrs={"type": "month", "placeholder": "2026-11", "size": 8}),
    )
    kind = forms.ChoiceField(
        label=pgettext_lazy("desk", "Kind"),
        required=False,
        choices=[("", pgettext_lazy("calendar", "All")), *CalendarKind.choices],
    )
    mine = forms.BooleanField(label=gettext_lazy("Only mine"), required=False)


def calendar_page(site, request):
    """Show the calendar of a month. The parameters are those of CalendarForm; wrong ones are left out."""
    month = Month.from_text(request.GET.get("month", ""))
    kind = request.GET.get("kind", "")
    kind = kind if kind in CalendarKind.values else ""
    is_mine = "mine" in request.GET
    shown = DeskCalendar(site, request, month, kind, is_mine)
    context = {
        **site.each_context(request),
        "title": pgettext("desk", "Calendar"),
        "month": month,
        "form": CalendarForm(initial={"month": str(month), "kind": kind, "mine": is_mine}),
        "days": shown.days(),
        "more": shown.more,
        "previous": month.away(-1),
        "next": month.away(1),
        "today": PartialDate(timezone.localdate().isoformat()),
    }
    return TemplateResponse(request, "admin/calendar.html", context)
