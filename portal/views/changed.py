"""The page of what changed last: the records of the newest month with changes, by kind."""

from dataclasses import dataclass

from django.db.models import Count, Max, Q
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.views.generic import TemplateView

from portal.core.formatting import as_partial, date_in_sentence
from portal.formats.serialisers import short_records
from portal.models.search_index import Kind
from portal.search.indexing import searched_models
from portal.seo.head import PageMetadataMixin

SHOWN = 5  # records of a kind


@dataclass(frozen=True)
class ChangedKind:
    """The records of a kind that changed in a month: how many, how many of them are new, and the newest ones."""

    label: str
    count: int
    new: int
    records: list


class WhatChanged(PageMetadataMixin, TemplateView):
    """The published records that changed in the newest month with changes. Usually that is the present month."""

    template_name = "portal/what_changed.html"
    page_kind = "CollectionPage"

    def get_context_data(self, **kwargs):
        models = sorted(searched_models(), key=lambda model: list(Kind).index(kind_of(model)))
        newest = [model.objects.published().aggregate(Max("updated_at"))["updated_at__max"] for model in models]
        last = timezone.localtime(max(filter(None, newest), default=None))
        month = last.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        title = pgettext_lazy("menu", "What changed")
        words = date_in_sentence(as_partial(f"{month:%Y-%m}"))
        return super().get_context_data(**kwargs) | {
            "title": gettext("What changed: {month}").format(month=words),
            "trail": [(title, None)],
            "month": month,
            "is_over": f"{timezone.localdate():%Y-%m}" != f"{month:%Y-%m}",
            "kinds": [kind for kind in (changed_since(month, model) for model in models) if kind.count],
            "most": SHOWN,
        }


def kind_of(model):
    """Return the kind of a model's records; PLACE for countries too."""
    return Kind(model._meta.model_name)


def changed_since(start, model):
    """Return the published records of `model` that changed at `start` or later, as a ChangedKind."""
    found = short_records(model).filter(updated_at__gte=start)
    counts = found.aggregate(all=Count("pk"), new=Count("pk", filter=Q(published_at__gte=start)))
    records = list(found.order_by("-updated_at", "key")[:SHOWN])
    for record in records:
        record.is_new = record.published_at is not None and record.published_at >= start
    return ChangedKind(kind_of(model).label, counts["all"], counts["new"], records)
