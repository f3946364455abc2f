"""What changed in a record, for its readers: a page and an Atom feed beside the page of the record."""

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.http import http_date
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import conditional_page

from portal.formats import atom
from portal.generic.detail import RecordView
from portal.history.diff import public_changelog, public_groups
from portal.tracking.history import change_times

MOST = 200  # changes that are told; the newest ones
PER_PAGE = 20


def changelog_urls(route, page):
    """The addresses of what changed in the records of a page (a RecordView), below its own."""
    name = route.partition("/")[0]
    of_page = {"model": page.model, "list_title": page.list_title, "list_url": page.list_url}
    return [
        path(f"{route}changes/", ChangelogPage.as_view(**of_page), name=f"{name}-changes"),
        path(f"{route}changes/feed/", ChangelogFeed.as_view(**of_page), name=f"{name}-changes-feed"),
    ]


class Changelog(RecordView):
    """The changes of a published record that readers saw, the last one first."""

    below = "changes/"  # what follows the record's own address

    def get_page(self, request, *args, **kwargs):
        self.object = self.get_object()
        here = self.object.get_absolute_url() + self.below
        if here != request.path:
            return redirect(here, permanent=True)  # a country has a page of its own
        return self.render_to_response(self.get_context_data(object=self.object))

    def get_context_data(self, **kwargs):
        """The newest changes, without those in which readers could see nothing."""
        record, title = self.object, gettext("What changed")
        context = super().get_context_data(**kwargs)
        groups = public_groups(record, change_times(record))[:MOST]
        return context | {
            "title": title,
            "trail": [*context["trail"][:-1], (str(record), record.get_absolute_url()), (title, None)],
            "changes": [change for change in public_changelog(record, groups) if change],
            "record_formats": [],
        }


class ChangelogPage(Changelog):
    """What changed in a record, page by page."""

    @classmethod
    def known_parameters(cls, as_file):
        return {"page"}

    template_name = "portal/changes.html"

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        page = Paginator(context["changes"], PER_PAGE).get_page(self.request.GET.get("page"))
        return context | {
            "changes": page.object_list,
            "page": page,
            "page_numbers": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
            "most": MOST if len(context["changes"]) >= MOST else 0,
        }


@method_decorator(conditional_page, name="dispatch")
class ChangelogFeed(Changelog):
    """What changed in a record, for feed readers. An entry keeps its name for good."""

    below = "changes/feed/"
    is_page = False

    @classmethod
    def known_parameters(cls, as_file):
        return set()

    def render_to_response(self, context, **kwargs):
        record, request, changes = self.object, self.request, context["changes"][:PER_PAGE]
        page = f"{settings.PUBLIC_URL}{record.get_absolute_url()}{Changelog.below}"
        identity = f"{atom.tag(record._meta.model_name, record.key)}/changes"
        updated = changes[0].moment if changes else record.updated_at
        entries = [
            atom.entry(
                identity=f"{identity}/{change.anchor}",
                title=headline(change),
                address=f"{page}#{change.anchor}",
                updated=change.moment,
                html=render_to_string("portal/includes/change.html", {"change": change}),
            )
            for change in changes
        ]
        feed = atom.feed(
            title=gettext("What changed: {name}").format(name=record.name_and_language()[0]),
            about=page,
            links=[("self", settings.PUBLIC_URL + request.path)],
            identity=f"{identity}/{get_language()}",
            updated=updated,
            entries=entries,
        )
        headers = {"Last-Modified": http_date(updated.timestamp()), "X-Robots-Tag": "noindex"}
        return HttpResponse(feed, content_type=atom.TYPE, headers=headers)


FIRST, TRANSLATED = _("First published"), _("Text in another language")


def headline(change):
    """A change in a few words: what of the record it touched."""
    touched = [*(one.label for one in change.differences), *(rows.label for rows in change.rows)]
    if not touched:
        return str(FIRST if change.first else TRANSLATED)
    return ", ".join(dict.fromkeys(touched))
