"""The page that asks for confirmation before an action changes many records, with a sample of them."""

import random

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.template.response import TemplateResponse
from django.utils.translation import get_language

from portal.search import documents
from portal.staff.pages import admin_address

SAMPLE = 10
CONFIRMED = "confirmed"


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


def _summary(record):
    """Return the first summary of a record in the active language, or else in English; "" if it has none."""
    texts = dict(reversed(documents.own_texts(record, "summary")))
    return texts.get(get_language()) or texts.get("en", "")
