"""The 410 page at the URL of an archived or deleted record."""

from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext

from portal.core.choices import PublicationStatus
from portal.models import Tombstone


def gone_response(request, model, key, list_title, list_url):
    """Return a 410 page with the reason, the date and links to go on, or None if the key was never public.

    `list_title` and `list_url` are those of the list of records of `model`.
    """
    kind = model._meta.model_name
    stone = Tombstone.objects.filter(kind=kind, key=key).first()
    archived = (
        model.objects.filter(key=key, publication=PublicationStatus.ARCHIVED)
        .values_list("updated_at", flat=True)
        .first()
    )
    if stone is None and archived is None:
        return None
    stone = stone or Tombstone(kind=kind, key=key, reason="", date=timezone.localdate(archived))
    context = {
        "title": gettext("This page was archived") if archived else gettext("This page was removed"),
        "archived": archived,
        "stone": stone,
        "successor": model.objects.published().filter(key=stone.successor).first() if stone.successor else None,
        "list_title": list_title,
        "list_url": list_url,
    }
    return render(request, "410.html", context, status=410)
