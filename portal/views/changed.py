"""The page of what changed: substantive changes of the last twelve months, of all records or of those of a list."""

import datetime

from django.core.paginator import Paginator
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.views.generic import TemplateView

from portal.core.partial_dates import months_before
from portal.core.urls import with_query
from portal.history.substantive import ChangeKind
from portal.http.throttling import throttle
from portal.seo.head import PageMetadataMixin
from portal.views.list_query import ListQuery

MONTHS = 12
PER_PAGE = 50
CHOICES = ("kind", "country", "issue", "area")  # filters of the list of all records that the form offers


def first_moment():
    """Return the beginning of the day from which on changes are shown."""
    day = months_before(timezone.localdate(), MONTHS)
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))


def chosen_kinds(query):
    """Return the chosen kind of changes, or all kinds, and whether the parameter `change` has a wrong value."""
    asked = query.get("change", "")
    return ([ChangeKind(asked)] if asked in ChangeKind.values else list(ChangeKind)), bool(asked) and (
        asked not in ChangeKind.values
    )


class WhatChanged(PageMetadataMixin, TemplateView):
    """The substantive changes of the last twelve months, the newest first.

    `list` names a list, and its filters select its records. `change` selects a kind of change.
    """

    template_name = "portal/what_changed.html"
    page_kind = "CollectionPage"

    @classmethod
    def known_parameters(cls, as_file):
        return ListQuery.all_names() | {"change", "page"}

    def get(self, request, *args, **kwargs):
        if own_url := ListQuery.own_url(request):
            return HttpResponseRedirect(own_url)
        if request.GET.get("q"):
            throttle(request, "search")
        return super().get(request, *args, **kwargs)

    def canonical_query(self, context):
        number = context["page"].number
        return {"page": number} if number > 1 and set(self.request.GET) <= {"page"} else {}

    def get_context_data(self, **kwargs):
        query = self.request.GET
        followed = ListQuery.from_request(query)
        followed.filterset.raise_for_former_keys()
        kinds, is_wrong = chosen_kinds(query)
        found = followed.changes(first_moment(), kinds=kinds)
        page = Paginator(found.changes, PER_PAGE).get_page(query.get("page"))
        change = kinds[0] if len(kinds) == 1 else ""
        parameters = followed.parameters | ({"change": [change]} if change else {})
        title = pgettext_lazy("menu", "What changed")
        return super().get_context_data(**kwargs) | {
            "title": gettext("What changed: {list}").format(list=followed.title) if followed.title else title,
            "trail": [(title, reverse("what-changed") if parameters else None)],
            "page": page,
            "page_numbers": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
            "is_cut": found.is_cut,
            "followed": followed,
            "since": first_moment(),
            "problems": [
                *([gettext("There is no such kind of change. All are shown.")] if is_wrong else []),
                *followed.problems,
            ],
            "change": change,
            "change_kinds": ChangeKind.choices,
            "choices": self.choices(followed),
            "kept_query": [
                (name, value)
                for name, values in followed.parameters.items()
                for value in values
                if followed.title or name not in CHOICES or len(values) > 1
            ],
            "is_filtered": bool(parameters),
            "feed_url": with_query(reverse("what-changed-feed"), parameters),
            "digest_url": with_query(reverse("digest"), followed.parameters),
        }

    @staticmethod
    def choices(followed):
        """Return the fields of the form: label, name, options and chosen value. Filters of a list are not offered."""
        if followed.title:
            return []
        chosen = followed.parameters
        return [
            (item.label, name, item.choices, chosen.get(name, [""])[0])
            for name, item in followed.filterset.facet_filters.items()
            if name in CHOICES and len(chosen.get(name, [])) < 2
        ]
