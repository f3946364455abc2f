"""Permanent URLs of past versions, for citations: the record as it was on a day, below its own URL.

They are made from the history. Only what readers saw is shown: a record that was published on that day, with related
records that are published today, under their present names. If a record was archived or deleted since, its past
versions are not available either.
"""

from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404
from django.shortcuts import render
from django.urls import path, register_converter
from django.utils import timezone
from django.utils.translation import gettext

from portal.core.choices import PublicationStatus
from portal.core.formatting import date_text
from portal.models import FormerKey, Place, Record
from portal.tracking.history import TRACKED, as_of, with_prefetched_result


class DayConverter:
    """A date in a URL path: 2026-11-25."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, text):
        return date.fromisoformat(text)

    def to_url(self, day):
        return day.isoformat()


register_converter(DayConverter, "day")


def snapshot_urls(route, page):
    """Return the URL pattern of past versions, below the `route` of `page` (a RecordView class)."""
    return [path(f"{route}on/<day:day>/", page.as_view(), name=f"{route.partition('/')[0]}-on")]


@dataclass
class NoSnapshot(Http404):
    """Readers did not see the record on that day, or the day is in the future. `why` is the reason in words.

    `record` is the present record.
    """

    record: Record
    why: str

    def page(self, request):
        """Return a 404 response with the reason and links to other pages."""
        context = {
            "title": gettext("No page for this day"),
            "record": self.record,
            "why": self.why,
            "shown": self.record.publication == PublicationStatus.PUBLISHED,
        }
        return render(request, "portal/snapshot_not_found.html", context, status=404)


def snapshot(records, key, day):
    """Return the record with this key as readers saw it at the end of a day, or until now if it is today.

    Raise Http404 if readers never saw the record or it is archived or deleted, NoSnapshot if they did not see it on
    this day.
    """
    record = records.filter(key=key).exclude(publication=PublicationStatus.ARCHIVED).first()
    if record is None or not record.was_public:
        raise Http404
    if day > timezone.localdate():
        raise NoSnapshot(record, gettext("This date is in the future."))
    first = timezone.localdate(record.first_shown_at)
    if day < first:
        why = gettext("This record has been public since {day}.")
        raise NoSnapshot(record, why.format(day=date_text(first)))
    was = as_of(record, day)
    if was is None or was.publication != PublicationStatus.PUBLISHED:
        raise NoSnapshot(record, gettext("This record was not public at the end of this day."))
    was.shown_on = day
    was.is_shown_today = record.publication == PublicationStatus.PUBLISHED
    hide_unpublished(was)
    return was


def hide_unpublished(record, owner=None):
    """Remove references to records that are not published today from a past version. Sort places by name.

    A reference to a record that was merged into another one leads to that one.
    """
    for column in record._meta.concrete_fields:
        if owner is None and _leads_to_record(column) and not _is_reference_seen(record, column):
            setattr(record, column.name, None)
    cache = getattr(record, "_prefetched_objects_cache", {})
    for name, found in cache.items():
        rows = [row for row in found if _is_row_seen(row, record)]
        if found.model is Place:
            rows.sort(key=lambda place: place.name_and_language()[0].casefold())
        for row in rows:
            if not isinstance(row, Record):
                hide_unpublished(row, owner=record)
        cache[name] = with_prefetched_result(found.model, rows)


def _leads_to_record(column):
    return column.is_relation and issubclass(column.related_model, Record)


def _is_seen(record):
    return record is None or record.publication == PublicationStatus.PUBLISHED


def _is_row_seen(row, owner):
    """Return True if a record is published, or if all records that a row refers to beside its owner are."""
    if isinstance(row, Record):
        return _is_seen(row)
    return all(
        _is_reference_seen(row, column)
        for column in row._meta.concrete_fields
        if _leads_to_record(column) and (column.related_model, getattr(row, column.attname)) != (type(owner), owner.pk)
    )


def _is_reference_seen(row, column):
    """Return True if a foreign key is empty or its record is published. Set it to the record that took its place."""
    try:
        return _is_seen(getattr(row, column.name))
    except ObjectDoesNotExist:
        present = _successor(column.related_model, getattr(row, column.attname))
    if present is None:
        return False
    setattr(row, column.name, present)
    return _is_seen(present)


def _successor(model, pk):
    """Return the record into which a deleted one was merged; None if it was only deleted."""
    states = TRACKED[model].states._base_manager.filter(**{TRACKED[model].key: pk})
    last_key = states.order_by("-history_id").values_list("key", flat=True).first()
    present = FormerKey.present_key(model._meta.model_name, last_key)
    return model.objects.filter(key=present).first()
