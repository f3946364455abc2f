"""Actions on many records: the page that asks for confirmation, with a sample, and the report of what stayed."""

import random

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.translation import get_language, ngettext

from portal.search import documents
from portal.staff.pages import admin_address

SAMPLE = 10
CONFIRMED = "confirmed"
MOST_REASONS = 10


def is_confirmed(request, queryset):
    """Return True if the user has confirmed the action for as many records as are selected now."""
    return request.POST.get(CONFIRMED) == str(queryset.count())


def confirmation_page(model_admin, request, queryset, title, button):
    """Return the page that asks whether to do the posted action, with a random sample of at most SAMPLE records."""
    pks = list(queryset.order_by().values_list("pk", flat=True))
    sample = model_admin.model.objects.in_bulk(random.sample(pks, min(SAMPLE, len(pks))))
    across = request.POST.get("select_across") == "1"
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": title,
        "button": button,
        "count": len(pks),
        "sample": [
            (record, admin_address(model_admin.model, "change", record.pk), _summary(record))
            for record in sample.values()
        ],
        "action": request.POST["action"],
        "across": across,
        "selected": pks[:1] if across else pks,
        "selected_name": ACTION_CHECKBOX_NAME,
        "list_url": request.get_full_path(),
    }
    return TemplateResponse(request, "admin/confirm_action.html", context)


def report_unchanged(model_admin, request, reasons):
    """Tell the user which records an action left unchanged, and why, at most MOST_REASONS; of the others how many.

    `reasons` maps records to messages.
    """
    for record, reason in list(reasons.items())[:MOST_REASONS]:
        url = admin_address(model_admin.model, "change", record.pk)
        model_admin.message_user(request, format_html('<a href="{}">{}</a>: {}', url, record, reason), messages.WARNING)
    if (more := len(reasons) - MOST_REASONS) > 0:
        text = ngettext("{count} more record was left unchanged.", "{count} more records were left unchanged.", more)
        model_admin.message_user(request, text.format(count=more), messages.WARNING)


def _summary(record):
    """Return the first summary of a record in the active language, or else in English; "" if it has none."""
    texts = dict(reversed(documents.own_texts(record, "summary")))
    return texts.get(get_language()) or texts.get("en", "")
