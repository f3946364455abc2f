"""The external URLs in the content, and the state of each link after its checks."""

import functools
import re

from django.apps import apps
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from portal.models.curation import ExternalLink, ExternalLinkUsage
from portal.tracking import content_version
from portal.tracking.signals import Action, Phase

IN_PROSE = re.compile(r"https?://[^\s<>\"“”«»\[\]]+")
TRAILING = ".,;:!?'’…)"
DOI = "https://doi.org/"
FAILURES_OF_A_BROKEN_LINK = 2
BATCH = 500

CheckOutcome, LinkStatus = ExternalLink.CheckOutcome, ExternalLink.LinkStatus
# One check with such an outcome is enough: a second would not change it.
CERTAIN = {CheckOutcome.NOT_FOUND, CheckOutcome.GONE}
# Many sites answer browsers but not programs, so a reader may well get the page.
UNCLEAR = {
    CheckOutcome.REFUSED,
    CheckOutcome.TOO_MANY,
    CheckOutcome.UNAVAILABLE,
    CheckOutcome.CERTIFICATE,
    CheckOutcome.PRIVATE,
}


# ── Collect links ────────────────────────────────────────────────────────────────────────────────────────────


def models_with_links():
    """Return the models whose records may have external links: all with a publication state."""
    return [model for model in apps.get_models() if hasattr(model, "was_public")]


@functools.cache
def _columns(model):
    """Return the names of the URL columns of a model, those of its prose, and whether it has a DOI."""
    one = [column.attname for column in model._meta.concrete_fields if isinstance(column, models.URLField)]
    prose = [column.attname for column in model._meta.concrete_fields if isinstance(column, models.TextField)]
    has_doi = any(column.name == "doi" for column in model._meta.concrete_fields)
    return one, prose, has_doi


def external_urls(values, model):
    """Return the external URLs in the columns of a record, without repetition.

    URLs that are longer than the column `ExternalLink.address` are left out.
    """
    one, prose, has_doi = _columns(model)
    found = [values[column] for column in one if values[column]]
    if has_doi and values["doi"]:
        found.append(DOI + values["doi"])
    for column in prose:
        found += [_trimmed(text) for text in IN_PROSE.findall(values[column] or "")]
    longest = ExternalLink._meta.get_field("address").max_length
    return [
        address
        for address in dict.fromkeys(found)
        if address.startswith(("http://", "https://")) and len(address) <= longest
    ]


def _trimmed(address):
    """Return a URL in prose without the punctuation of the sentence. A closing bracket stays if the URL opens one."""
    while address and address[-1] in TRAILING and not (address[-1] == ")" and address.count("(") >= address.count(")")):
        address = address[:-1]
    return address


def _names(model):
    one, prose, has_doi = _columns(model)
    return [*one, *prose, *(["doi"] if has_doi else [])]


def _read(model, records):
    return records.values("pk", *_names(model))


def _store_uses(model, wanted):
    """Store the URLs of records: `wanted` maps primary keys to URLs. Links without a record are deleted."""
    kind = model._meta.label_lower
    uses = ExternalLinkUsage.objects.filter(kind=kind, record__in=wanted).values_list(
        "pk", "record", "link__address", "link"
    )
    there, gone, let_go = set(), [], set()
    for pk, record, address, link in uses:
        if address in wanted[record]:
            there.add((record, address))
        else:
            gone.append(pk)
            let_go.add(link)
    new = [(record, address) for record, found in wanted.items() for address in found if (record, address) not in there]
    if gone:
        ExternalLinkUsage.objects.filter(pk__in=gone).delete()
        _forget(let_go)
    if new:
        ExternalLink.objects.bulk_create(
            [ExternalLink(address=one) for one in {one for _pk, one in new}], ignore_conflicts=True
        )
        links = dict(ExternalLink.objects.filter(address__in={one for _pk, one in new}).values_list("address", "pk"))
        rows = [ExternalLinkUsage(kind=kind, record=record, link_id=links[address]) for record, address in new]
        ExternalLinkUsage.objects.bulk_create(rows, ignore_conflicts=True)


def _forget(links):
    ExternalLink.objects.filter(pk__in=links).exclude(
        Exists(ExternalLinkUsage.objects.filter(link=OuterRef("pk")))
    ).delete()


def sync_links(kinds=None):
    """Update the links of all records, for example after fixtures were loaded. `kinds` are model names."""
    for model in models_with_links():
        if kinds and model._meta.model_name not in kinds:
            continue
        records = model._base_manager.order_by("pk")
        _forget_uses(
            ExternalLinkUsage.objects.filter(kind=model._meta.label_lower).exclude(record__in=records.values("pk"))
        )
        pks = list(records.values_list("pk", flat=True))
        for start in range(0, len(pks), BATCH):
            some = _read(model, records.filter(pk__in=pks[start : start + BATCH]))
            _store_uses(model, {values["pk"]: external_urls(values, model) for values in some})


def _forget_uses(uses):
    links = list(uses.values_list("link", flat=True))
    if links:
        uses.delete()
        _forget(links)


def update_links(model, pks):
    """Update the links of changed records."""
    pks = list(pks)
    for start in range(0, len(pks), BATCH):
        some = _read(model, model._base_manager.filter(pk__in=pks[start : start + BATCH]))
        _store_uses(model, {values["pk"]: external_urls(values, model) for values in some})


def update_links_for_rows(sender, change, phase, **kwargs):
    """Receive `rows_changed`: update the links of the changed records.

    Fixtures are left out; sync_links reads them after their load.
    """
    if phase is Phase.BEFORE or change.is_raw or not hasattr(sender, "was_public"):
        return
    if change.action is Action.DELETE:
        _forget_uses(ExternalLinkUsage.objects.filter(kind=sender._meta.label_lower, record__in=change.pks))
    elif change.action is Action.SAVE and change.fields is None:  # the instance has all stored values
        values = {name: getattr(change.instance, name) for name in _names(sender)}
        _store_uses(sender, {change.instance.pk: external_urls(values, sender)})
    elif change.fields is None or change.fields & set(_names(sender)):
        update_links(sender, change.pks)


# ── Outcomes of checks ───────────────────────────────────────────────────────────────────────────────────────


def record_check(link, outcome, status=None, moved_to=""):
    """Store the outcome of a check.

    One failure may be chance. A link is broken after failures on two different days (FAILURES_OF_A_BROKEN_LINK), or at
    once if the outcome is in CERTAIN.
    """
    now, before = timezone.now(), link.state
    link.outcome, link.status, link.moved_to, link.checked_at = outcome, status, moved_to, now
    if outcome in {CheckOutcome.ANSWERS, CheckOutcome.MOVED, CheckOutcome.FRONT_PAGE}:
        link.state = LinkStatus.GOOD if outcome == CheckOutcome.ANSWERS else LinkStatus.MOVED
        link.good_at, link.failures, link.failed_on = now, 0, None
    elif outcome in UNCLEAR:
        # Earlier failures still count: an unclear answer says nothing about the page.
        link.state = LinkStatus.BROKEN if link.state == LinkStatus.BROKEN else LinkStatus.UNCLEAR
    else:
        today = timezone.localdate(now)
        if link.failed_on != today:
            link.failures += 1
        link.failed_on = today
        broken = outcome in CERTAIN or link.failures >= FAILURES_OF_A_BROKEN_LINK or link.state == LinkStatus.BROKEN
        link.state = LinkStatus.BROKEN if broken else LinkStatus.FAILING
    with transaction.atomic():
        link.save()
        if LinkStatus.BROKEN in {before, link.state} and before != link.state:
            content_version.mark_changed()  # the page of a source shows broken links


def due_links(older_than=None, kinds=None, limit=None):
    """Return the links to check: those that were never checked, then the others, the oldest check first."""
    links = ExternalLink.objects.order_by(F("checked_at").asc(nulls_first=True), "pk")
    if older_than is not None:
        links = links.filter(Q(checked_at=None) | Q(checked_at__lt=older_than))
    if kinds:
        labels = [model._meta.label_lower for model in models_with_links() if model._meta.model_name in kinds]
        links = links.filter(Exists(ExternalLinkUsage.objects.filter(link=OuterRef("pk"), kind__in=labels)))
    return links[:limit]


# ── Links of records ─────────────────────────────────────────────────────────────────────────────────────────


def has_link(*states):
    """Return a function that returns a Q for the records of a model with a link in one of these states.

    It returns None for models without links.
    """

    def of(model):
        if not hasattr(model, "was_public"):
            return None
        uses = ExternalLinkUsage.objects.filter(
            kind=model._meta.label_lower, record=OuterRef("pk"), link__state__in=states
        )
        return Q(Exists(uses))

    return of


def links_of(record):
    """Return the links of a record as a queryset."""
    uses = ExternalLinkUsage.objects.filter(kind=record._meta.label_lower, record=record.pk, link=OuterRef("pk"))
    return ExternalLink.objects.filter(Exists(uses))


def records_of(links):
    """Return the records with each of these links: lists of records by the primary key of the link.

    One query, and one for each model.
    """
    found, of_kind = {}, {}
    for link, kind, record in ExternalLinkUsage.objects.filter(link__in=links).values_list("link", "kind", "record"):
        of_kind.setdefault(kind, []).append((link, record))
    for kind, pairs in sorted(of_kind.items()):
        records = apps.get_model(kind)._base_manager.in_bulk({pk for _link, pk in pairs})
        for link, pk in pairs:
            if pk in records:
                found.setdefault(link, []).append(records[pk])
    return found
