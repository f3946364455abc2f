"""The search of the desk: over records of all kinds and states, and the records that a user changed last."""

import json
from dataclasses import dataclass

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Q, When
from django.template.response import TemplateResponse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from portal.core.choices import PublicationStatus
from portal.core.database import IdList
from portal.curation.translations import translated_fields
from portal.import_export.apply import IMPORTED
from portal.models.record import Record
from portal.models.search_index import kinds_of, record_of
from portal.search import indexing, ranking
from portal.search.analyser import clean
from portal.search.query import LONGEST_QUERY, parse
from portal.search.unpublished import unpublished_matching
from portal.staff.pages import admin_address

MOST_SHOWN = 25
MOST_RECENT = 10
LOG_ENTRIES = 200  # a person's last changes, among which their records are looked for


@dataclass(frozen=True)
class DeskHit:
    """A record in a list of the desk, with the URLs of its form, its history and, if it is published, its page."""

    record: Record

    @property
    def kind(self):
        return self.record._meta.verbose_name

    @property
    def url(self):
        return admin_address(type(self.record), "change", self.record.pk)

    @property
    def history_url(self):
        return admin_address(type(self.record), "history", self.record.pk)

    @property
    def page_url(self):
        return self.record.get_absolute_url() if self.record.publication == PublicationStatus.PUBLISHED else ""


@dataclass(frozen=True)
class DeskHits:
    """The best hits of a search, published or not, and how many there are in all."""

    words: str
    hits: list[DeskHit]
    count: int

    @property
    def left_out(self):
        return self.count - len(self.hits)


def visible_models(site, request):
    """Return the models of records that are registered and that the user may see."""
    return [
        model
        for model in indexing.searched_models()
        if site.is_registered(model) and site.get_model_admin(model).has_view_permission(request)
    ]


def recent_records(user, models, most=MOST_RECENT, **conditions):
    """Return the records of `models` that the user changed last, the newest change first.

    Only the user's last LOG_ENTRIES changes count, without imports. `conditions` filter the records.
    """
    kinds = {ContentType.objects.get_for_model(model).pk: model for model in models}
    imported = json.dumps(IMPORTED)[1:-1]
    entries = LogEntry.objects.filter(user=user).exclude(change_message__contains=imported)
    entries = entries.order_by("-action_time", "-pk")
    entries = entries.values_list("content_type", "object_id")[:LOG_ENTRIES]
    wanted = [one for one in dict.fromkeys(entries) if one[0] in kinds]
    records = {
        (kind, str(record.pk)): record
        for kind in dict(wanted)
        for record in kinds[kind].objects.filter(pk__in=[pk for one, pk in wanted if one == kind], **conditions)
    }
    return [records[one] for one in wanted if one in records][:most]


def search_page(site, request):
    """Show the records that the words of the parameter `q` find, and the records that the user changed last."""
    models = {kind: model for model in visible_models(site, request) for kind in kinds_of(model)}
    if not models:
        raise PermissionDenied
    text = clean(request.GET.get("q", ""))[:LONGEST_QUERY]
    is_aside = request.GET.get("state") == PublicationStatus.SET_ASIDE
    found = []
    if text.strip():
        found = [_unpublished(text, models, is_aside), *([] if is_aside else [_published(text, models)])]
    context = {
        **site.each_context(request),
        "title": _("Search all records"),
        "text": text,
        "found": [hits for hits in found if hits.hits],
        "nothing": bool(text.strip()) and not any(hits.hits for hits in found),
        "set_aside_url": f"?{urlencode({'q': text, 'state': PublicationStatus.SET_ASIDE})}" if text.strip() else "",
        "is_aside": is_aside,
        "recent": [DeskHit(record) for record in recent_records(request.user, dict.fromkeys(models.values()))],
    }
    return TemplateResponse(request, "admin/search.html", context)


def _records(entries, models):
    """Return the stored records of entries, in their order. One query for each model."""
    pairs = [record_of(entry) for entry in entries]
    wanted = {}
    for kind, pk in pairs:
        wanted.setdefault(models[kind], []).append(pk)
    records = {(model, pk): one for model, pks in wanted.items() for pk, one in model.objects.in_bulk(pks).items()}
    return [records[models[kind], pk] for kind, pk in pairs if (models[kind], pk) in records]


def _unpublished(text, models, is_aside):
    """Return the hits among unpublished records: those with exactly this name or key first, then the newest.

    They are the drafts that are set aside if `is_aside`, else all others.
    """
    keys = {}
    entries = [record_of(entry) for entry in unpublished_matching(parse(text))]
    for kind, pk in entries:
        if kind in models:
            keys.setdefault(models[kind], []).append(pk)
    for model, pks in keys.items():
        aside = model.objects.filter(pk__in_ids=IdList(pks), publication=PublicationStatus.SET_ASIDE).order_by()
        aside = set(aside.values_list("pk", flat=True))
        keys[model] = [pk for pk in pks if (pk in aside) == is_aside]
    records = [record for model, pks in keys.items() for record in _newest(model, pks, text)]
    records.sort(key=lambda record: (record.is_exact, record.updated_at), reverse=True)
    hits = [DeskHit(record) for record in records[:MOST_SHOWN]]
    words = PublicationStatus.SET_ASIDE.label if is_aside else _("Not published")
    return DeskHits(words, hits, sum(map(len, keys.values())))


def _newest(model, pks, text):
    names = [model.name_field]
    if model.name_field in translated_fields(model):
        names = [f"{model.name_field}_{code}" for code, _language in settings.LANGUAGES]
    exact = Q(key=text.strip().lower())
    for column in names:
        exact |= Q(**{f"{column}__iexact": text.strip()})
    records = model.objects.filter(pk__in_ids=IdList(pks)).annotate(is_exact=Case(When(exact, then=1), default=0))
    return records.order_by("-is_exact", "-updated_at")[:MOST_SHOWN]


def _published(text, models):
    """Return the hits of the public search, in its order, of the kinds that the user may see."""
    query, found = ranking.find(ranking.parse_query(text))
    entries = [entry for entry in found if record_of(entry)[0] in models]
    records = _records(ranking.ranked(query, entries)[:MOST_SHOWN], models)
    return DeskHits(PublicationStatus.PUBLISHED.label, [DeskHit(record) for record in records], len(entries))
