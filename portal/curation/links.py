"""Which addresses outside the content leads to, and what it means how they answer."""

import functools
import re

from django.apps import apps
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from portal.models.curation import Link, LinkUse
from portal.tracking import content_version
from portal.tracking.signals import Action, Phase

IN_PROSE = re.compile(r"https?://[^\s<>\"“”«»\[\]]+")
TRAILING = ".,;:!?'’…)"
DOI = "https://doi.org/"
FAILURES_OF_A_BROKEN_LINK = 2
BATCH = 500

Outcome, State = Link.Outcome, Link.State
# Nothing to be mended by an editor, and nothing that a second look would change.
CERTAIN = {Outcome.NOT_FOUND, Outcome.GONE}
# Nobody knows what a reader would get: many sites answer browsers and no programs.
UNCLEAR = {Outcome.REFUSED, Outcome.TOO_MANY, Outcome.UNAVAILABLE, Outcome.CERTIFICATE, Outcome.PRIVATE}


# ── Which addresses ──────────────────────────────────────────────────────────────────────────────────────────


def models_with_links():
    """The models whose records lead outside: all that have texts or addresses of their own and a publication."""
    return [model for model in apps.get_models() if hasattr(model, "was_public")]


@functools.cache
def _columns(model):
    """The columns of a model that may hold addresses: those for one address, and prose."""
    one = [column.attname for column in model._meta.concrete_fields if isinstance(column, models.URLField)]
    prose = [column.attname for column in model._meta.concrete_fields if isinstance(column, models.TextField)]
    has_doi = any(column.name == "doi" for column in model._meta.concrete_fields)
    return one, prose, has_doi


def external_urls(values, model):
    """The addresses outside in the columns of a record, each once."""
    one, prose, has_doi = _columns(model)
    found = [values[column] for column in one if values[column]]
    if has_doi and values["doi"]:
        found.append(DOI + values["doi"])
    for column in prose:
        found += [_trimmed(text) for text in IN_PROSE.findall(values[column] or "")]
    longest = Link._meta.get_field("address").max_length
    return [
        address
        for address in dict.fromkeys(found)
        if address.startswith(("http://", "https://")) and len(address) <= longest
    ]


def _trimmed(address):
    """An address in prose without the stops of the sentence; a closing bracket is its own if it opened one."""
    while address and address[-1] in TRAILING and not (address[-1] == ")" and address.count("(") >= address.count(")")):
        address = address[:-1]
    return address


def _names(model):
    one, prose, has_doi = _columns(model)
    return [*one, *prose, *(["doi"] if has_doi else [])]


def _read(model, records):
    return records.values("pk", *_names(model))


def _store_uses(model, wanted):
    """Store which addresses records lead to: primary keys with addresses. What nothing leads to now is forgotten."""
    kind = model._meta.label_lower
    uses = LinkUse.objects.filter(kind=kind, record__in=wanted).values_list("pk", "record", "link__address", "link")
    there, gone, let_go = set(), [], set()
    for pk, record, address, link in uses:
        if address in wanted[record]:
            there.add((record, address))
        else:
            gone.append(pk)
            let_go.add(link)
    new = [(record, address) for record, found in wanted.items() for address in found if (record, address) not in there]
    if gone:
        LinkUse.objects.filter(pk__in=gone).delete()
        _forget(let_go)
    if new:
        Link.objects.bulk_create([Link(address=one) for one in {one for _pk, one in new}], ignore_conflicts=True)
        links = dict(Link.objects.filter(address__in={one for _pk, one in new}).values_list("address", "pk"))
        rows = [LinkUse(kind=kind, record=record, link_id=links[address]) for record, address in new]
        LinkUse.objects.bulk_create(rows, ignore_conflicts=True)


def _forget(links):
    Link.objects.filter(pk__in=links).exclude(Exists(LinkUse.objects.filter(link=OuterRef("pk")))).delete()


def sync_links(kinds=None):
    """Bring the list of addresses up to date with all records, as after a load of fixtures."""
    for model in models_with_links():
        if kinds and model._meta.model_name not in kinds:
            continue
        records = model._base_manager.order_by("pk")
        _forget_uses(LinkUse.objects.filter(kind=model._meta.label_lower).exclude(record__in=records.values("pk")))
        pks = list(records.values_list("pk", flat=True))
        for start in range(0, len(pks), BATCH):
            some = _read(model, records.filter(pk__in=pks[start : start + BATCH]))
            _store_uses(model, {values["pk"]: external_urls(values, model) for values in some})


def _forget_uses(uses):
    links = list(uses.values_list("link", flat=True))
    if links:
        uses.delete()
        _forget(links)


def changed(model, pks):
    """Bring the list of addresses up to date with records that were changed."""
    pks = list(pks)
    for start in range(0, len(pks), BATCH):
        some = _read(model, model._base_manager.filter(pk__in=pks[start : start + BATCH]))
        _store_uses(model, {values["pk"]: external_urls(values, model) for values in some})


def collect_from_rows(sender, change, phase, **kwargs):
    """Receive `rows_changed`: keep the list in step with every change. Fixtures are collected after their load."""
    if phase is Phase.BEFORE or change.is_raw or not hasattr(sender, "was_public"):
        return
    if change.action is Action.DELETE:
        _forget_uses(LinkUse.objects.filter(kind=sender._meta.label_lower, record__in=change.pks))
    elif change.action is Action.SAVE and change.fields is None:  # all columns are stored as they are in memory
        values = {name: getattr(change.instance, name) for name in _names(sender)}
        _store_uses(sender, {change.instance.pk: external_urls(values, sender)})
    elif change.fields is None or change.fields & set(_names(sender)):
        changed(sender, change.pks)


# ── What an answer means ─────────────────────────────────────────────────────────────────────────────────────


def record_check(link, outcome, status=None, moved_to=""):
    """Store how an address answered now. One failure may be chance: it takes two, on different days, or a clear no."""
    now, before = timezone.now(), link.state
    link.outcome, link.status, link.moved_to, link.checked_at = outcome, status, moved_to, now
    if outcome in {Outcome.ANSWERS, Outcome.MOVED, Outcome.FRONT_PAGE}:
        link.state = State.GOOD if outcome == Outcome.ANSWERS else State.MOVED
        link.good_at, link.failures, link.failed_on = now, 0, None
    elif outcome in UNCLEAR:
        # It takes back no failure: that the door was shut says nothing of what is behind it.
        link.state = State.BROKEN if link.state == State.BROKEN else State.UNCLEAR
    else:
        today = timezone.localdate(now)
        if link.failed_on != today:
            link.failures += 1
        link.failed_on = today
        broken = outcome in CERTAIN or link.failures >= FAILURES_OF_A_BROKEN_LINK or link.state == State.BROKEN
        link.state = State.BROKEN if broken else State.FAILING
    with transaction.atomic():
        link.save()
        if State.BROKEN in {before, link.state} and before != link.state:
            content_version.mark_changed()  # the page of a source says so


def due_links(older_than=None, kinds=None, limit=None):
    """The addresses to ask, those that were never asked first, then the ones that were asked longest ago."""
    links = Link.objects.order_by(F("checked_at").asc(nulls_first=True), "pk")
    if older_than is not None:
        links = links.filter(Q(checked_at=None) | Q(checked_at__lt=older_than))
    if kinds:
        labels = [model._meta.label_lower for model in models_with_links() if model._meta.model_name in kinds]
        links = links.filter(Exists(LinkUse.objects.filter(link=OuterRef("pk"), kind__in=labels)))
    return links[:limit]


# ── Which records ────────────────────────────────────────────────────────────────────────────────────────────


def has_link(*states):
    """The condition on the records of a model that they lead to an address in one of these states."""

    def of(model):
        if not hasattr(model, "was_public"):
            return None
        uses = LinkUse.objects.filter(kind=model._meta.label_lower, record=OuterRef("pk"), link__state__in=states)
        return Q(Exists(uses))

    return of


def links_of(record):
    """The addresses that a record leads to, as they answered."""
    uses = LinkUse.objects.filter(kind=record._meta.label_lower, record=record.pk, link=OuterRef("pk"))
    return Link.objects.filter(Exists(uses))


def records_of(links):
    """The records that lead to these addresses: by the primary key of the address, lists of records. A query a kind."""
    found, of_kind = {}, {}
    for link, kind, record in LinkUse.objects.filter(link__in=links).values_list("link", "kind", "record"):
        of_kind.setdefault(kind, []).append((link, record))
    for kind, pairs in sorted(of_kind.items()):
        records = apps.get_model(kind)._base_manager.in_bulk({pk for _link, pk in pairs})
        for link, pk in pairs:
            if pk in records:
                found.setdefault(link, []).append(records[pk])
    return found
