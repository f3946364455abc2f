"""Previews: the page of an unpublished record, or of a revision, for all who have its signed link, until it expires.

A link expires after 14 days, when the state of the record or revision changes, and when an editor ends all links of the
record.
"""

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

from portal.core.choices import PublicationStatus
from portal.http.parameters import checks_parameters_itself
from portal.models import Record, Revision
from portal.tracking.audit_log import AuditEntry, log_action

SALT = "portal.preview"
LASTS = timedelta(days=14)


def preview_links(shown):
    """Return a list of (language code, name of the language, absolute URL of the preview); all expire together.

    `shown` is a record or a Revision. A revision of a record without a page of its own has no preview.
    """
    if isinstance(shown, Revision) and "#" in shown.target.get_absolute_url():
        return []
    until = timezone.now() + LASTS
    signed = [shown._meta.label_lower, shown.pk, until.timestamp(), _state(shown)]
    token = signing.dumps(signed, salt=SALT)
    links = []
    for code, name in settings.LANGUAGES:
        with translation.override(code):
            links.append((code, name, settings.PUBLIC_URL + reverse("preview", args=[token])))
    return links


def end_previews(record):
    """End all preview links of a record that exist now, by an entry of the audit log with this time."""
    log_action(AuditEntry.Action.PREVIEWS_ENDED, record=record, pk=record.pk)


def _state(shown):
    return shown.state if isinstance(shown, Revision) else shown.publication


def _has_ended(record, publication, made):
    """Return True if a link made at the time `made` has ended. `publication` is the state of the record at the time."""
    if record.publication != publication or record.history.filter(history_date__gt=made).exclude(
        publication=publication
    ):
        return True
    return _were_ended(record, made)


def _were_ended(record, made):
    """Return True if an editor ended all preview links of the record after the time `made`."""
    kind = record._meta.model_name
    ended = AuditEntry.objects.filter(what=AuditEntry.Action.PREVIEWS_ENDED, kind=kind, at__gt=made)
    return ended.filter(details__pk=record.pk).exists()  # the key of a record may change


@checks_parameters_itself  # the parameters are those of the record's page
@require_safe
def preview(request, token):
    """Return the page of the record or revision that the link is signed for, with a banner.

    Other unpublished records stay hidden. An expired link gets 410, an invalid one 404. If the record or revision is
    published already, redirect to its page.
    """
    try:
        label, pk, until, *state = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise Http404 from error
    ends = datetime.fromtimestamp(until, tz=timezone.get_current_timezone())
    if ends <= timezone.now():
        return _ended(request)
    model = apps.get_model(label)
    record = get_object_or_404(model, pk=pk)
    if model is Revision:
        revision = record
        if revision.state == Revision.State.PUBLISHED:
            return _private(redirect(revision.target))
        if [revision.state] != state or _were_ended(revision.target, ends - LASTS):
            return _ended(request)
        return _shown(request, revision.as_record(), ends)
    if record.publication == PublicationStatus.PUBLISHED:
        return _private(redirect(record))
    # Links without a state were made before a change of state ended them.
    if _has_ended(record, state[0] if state else record.publication, ends - LASTS):
        return _ended(request)
    return _shown(request, record, ends)


def _shown(request, record, ends):
    """Return the page of a record, with a banner."""
    match = resolve(record.get_absolute_url().partition("#")[0])
    request.preview = Preview(record, ends)
    response = match.func(request, *match.args, **match.kwargs)
    if hasattr(response, "render"):
        response.render()
    return _private(response)


@dataclass(frozen=True)
class Preview:
    """The preview that a request shows, as `request.preview`: the record, and when the link expires."""

    record: Record
    ends: datetime


def previewed_revision(request, model):
    """Return the revised record of this model that the request previews, or None."""
    shown = getattr(request, "preview", None)
    if shown is None or not isinstance(shown.record, model) or not hasattr(shown.record, "revision"):
        return None
    return shown.record


def visible_to(request, records):
    """Return the published records of the queryset, or in a preview of this model only the previewed record."""
    shown = getattr(request, "preview", None)
    if shown is not None and isinstance(shown.record, records.model):
        return records.filter(pk=shown.record.pk)
    return records.published()


def _ended(request):
    context = {"title": gettext("This preview has ended")}
    return _private(render(request, "portal/preview_ended.html", context, status=410))


def _private(response):
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
