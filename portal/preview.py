"""The page of a record that is not published yet, for whoever has its signed link, until the link ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.apps import apps
from django.conf import settings
from django.core import signing
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import resolve, reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from portal.choices import Publication
from portal.models import Record

SALT = "portal.preview"
LASTS = timedelta(days=14)


def preview_links(record):
    """The link to a record’s preview in each language: code, name, address; they end together."""
    until = timezone.now() + LASTS
    token = signing.dumps([record._meta.label_lower, record.pk, int(until.timestamp())], salt=SALT)
    links = []
    for code, name in settings.LANGUAGES:
        with translation.override(code):
            links.append((code, name, settings.PUBLIC_URL + reverse("preview", args=[token])))
    return links


@require_safe
def preview(request, token):
    """The record that a link is signed for, in its own page and with a banner. Nothing else that readers do not see."""
    try:
        label, pk, until = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise Http404 from error
    ends = datetime.fromtimestamp(until, tz=timezone.get_current_timezone())
    if ends <= timezone.now():
        context = {"title": gettext("This preview has ended")}
        return _private(render(request, "portal/preview_ended.html", context, status=410))
    model = apps.get_model(label)
    record = get_object_or_404(model, pk=pk)
    if record.publication == Publication.PUBLISHED:
        return _private(redirect(record))
    match = resolve(record.get_absolute_url().partition("#")[0])
    request.preview = Preview(record, ends)
    response = match.func(request, *match.args, **match.kwargs)
    if hasattr(response, "render"):
        response.render()
    return _private(response)


@dataclass(frozen=True)
class Preview:
    """What a page knows of being a preview."""

    record: Record
    ends: datetime


def seen(request, records):
    """Those of `records` that the page is about: the published ones, or the one that it previews."""
    shown = getattr(request, "preview", None)
    if shown is not None and isinstance(shown.record, records.model):
        return records.filter(pk=shown.record.pk)
    return records.published()


def _private(response):
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
