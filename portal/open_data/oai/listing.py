"""Lists records for harvesters in the order of their last change, including those that readers no longer see."""

import datetime
from dataclasses import dataclass

from django.db.models import Max, Min, OuterRef, Q

from portal.core.choices import PublicationStatus
from portal.formats.fields import base_rows, moment
from portal.formats.serialisers import SERIALISERS
from portal.tracking import content_version
from portal.tracking.history import DELETED, TRACKED

# The OAI sets: kinds of records that have pages of their own.
KINDS = ("agreement", "event", "indicator", "issue", "organisation", "place", "project", "result", "source")
SETS = {SERIALISERS[kind].file: kind for kind in KINDS}
SEEN = Q(published_at__isnull=False) | Q(publication__in=[PublicationStatus.PUBLISHED, PublicationStatus.ARCHIVED])


@dataclass(frozen=True, order=True)
class Position:
    """The sort key of a record: its last change, then its source and primary key to order changes of the same time.

    A harvest continues after the position where it stopped. A record that changes during the harvest moves to the end
    and is listed again there, so none is skipped.
    """

    changed: datetime.datetime
    source: str
    pk: int


@dataclass(frozen=True)
class Header:
    """The header of a record in OAI-PMH."""

    position: Position
    kind: str
    key: str
    deleted: bool

    @property
    def set(self):
        return SERIALISERS[self.kind].file

    @property
    def datestamp(self):
        return moment(self.position.changed)

    def identifier(self, host):
        return f"oai:{host}:{self.kind}/{self.key}"


class Present:
    """The stored records of a kind that are published, or were once. In OAI-PMH the latter count as deleted."""

    def __init__(self, kind):
        self.kind, self.source = kind, kind
        self.rows = base_rows(SERIALISERS[kind].model).filter(SEEN)

    def found(self, after, since, before):
        return span(self.rows, "updated_at", "pk", self.source, after, since, before)

    def headers(self, rows, count):
        asked = rows.order_by("updated_at", "pk").values_list("updated_at", "pk", "key", "publication")
        for changed, pk, key, publication in asked[:count]:
            deleted = publication != PublicationStatus.PUBLISHED
            yield Header(Position(changed, self.source, pk), self.kind, key, deleted)


class Gone:
    """The records of a kind that were deleted after readers had seen them, read from the history.

    A record is left out if a stored record has its key now.
    """

    def __init__(self, kind):
        self.kind, self.source = kind, f"{kind} gone"
        model = SERIALISERS[kind].model
        again = base_rows(model).filter(key=OuterRef("key"))
        gone = TRACKED[model].states._base_manager.filter(SEEN, history_type=DELETED)
        self.rows = gone.exclude(key__in=again.values("key")).order_by().values("id", "key")
        self.rows = self.rows.annotate(changed=Max("history_date"))

    def found(self, after, since, before):
        return span(self.rows, "changed", "id", self.source, after, since, before)

    def headers(self, rows, count):
        asked = rows.order_by("changed", "id").values_list("changed", "id", "key")
        for changed, pk, key in asked[:count]:
            yield Header(Position(changed, self.source, pk), self.kind, key, deleted=True)


def span(rows, changed, pk, source, after, since, before):
    """Filter rows by position and time: after the position `after`, changed from `since` to before `before`."""
    if since:
        rows = rows.filter(**{f"{changed}__gte": since})
    if before:
        rows = rows.filter(**{f"{changed}__lt": before})
    if after is None:
        return rows
    later = Q(**{f"{changed}__gt": after.changed})
    if source == after.source:
        later |= Q(**{changed: after.changed, f"{pk}__gt": after.pk})
    elif source > after.source:
        later |= Q(**{changed: after.changed})
    return rows.filter(later)


def listed(kinds, count, *, after=None, since=None, before=None):
    """Return the first `count` headers of these kinds after the position `after`.

    Only records that changed from `since` to before `before` are listed.
    """
    found = []
    for kind in kinds:
        for source in (Present(kind), Gone(kind)):
            found += source.headers(source.found(after, since, before), count)
    return sorted(found, key=lambda header: header.position)[:count]


def size(kinds, *, since=None, before=None):
    """Return the number of records of these kinds that changed from `since` to before `before`."""
    return sum(source.found(None, since, before).count() for kind in kinds for source in (Present(kind), Gone(kind)))


def header_of(kind, key):
    """Return the header of one record, or None if readers never saw it."""
    for source in (Present(kind), Gone(kind)):
        for header in source.headers(source.rows.filter(key=key), 1):
            return header
    return None


def earliest():
    """Return a time before which no header is dated; without records, the time of the last content change."""
    times = []
    for kind in KINDS:
        times.append(Present(kind).rows.aggregate(first=Min("updated_at"))["first"])
        states = TRACKED[SERIALISERS[kind].model].states._base_manager.filter(SEEN, history_type=DELETED)
        times.append(states.aggregate(first=Min("history_date"))["first"])
    return min((time for time in times if time), default=content_version.state().changed_at)
