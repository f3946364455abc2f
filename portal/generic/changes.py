"""The public changelog of a record: a page and an Atom feed below the URL of the record."""

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

MOST = 200  # the newest groups of changes that are read
PER_PAGE = 20


def changelog_urls(route, page):
    """Return the URL patterns of the changelog and its feed, below the `route` of `page` (a RecordView class)."""
    name = route.partition("/")[0]
    of_page = {"model": page.model, "list_title": page.list_title, "list_url": page.list_url}
    return [
        path(f"{route}changes/", ChangelogPage.as_view(**of_page), name=f"{name}-changes"),
        path(f"{route}changes/feed/", ChangelogFeed.as_view(**of_page), name=f"{name}-changes-feed"),
    ]


class Changelog(RecordView):
    """The changes of a published record that readers saw, newest first."""

    below = "changes/"  # the path below the URL of the record

    def render_page(self, request, *args, **kwargs):
        self.object = self.get_object()
        here = self.object.get_absolute_url() + self.below
        if here != request.path:
            return redirect(here, permanent=True)  # the pages of countries have their own path
        return self.render_to_response(self.get_context_data(object=self.object))

    def get_context_data(self, **kwargs):
        """Return the context with the newest changes, without those that show readers nothing."""
        record, title = self.object, gettext("Changes")
        context = super().get_context_data(**kwargs)
        groups = public_groups(record, change_times(record))[:MOST]
        return context | {
            "title": title,
            "trail": [*context["trail"][:-1], (str(record), record.get_absolute_url()), (title, None)],
            "changes": [change for change in public_changelog(record, groups) if change],
            "record_formats": [],
        }


class ChangelogPage(Changelog):
    """The paginated changelog of a record."""

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
    """The changelog of a record as an Atom feed. The id of an entry never changes."""

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
            title=gettext("Changes: {name}").format(name=record.name_and_language()[0]),
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
    """Return the title of a change: the labels of the fields and rows that it changed.

    Without any, it is the first publication or a change of texts in other languages.
    """
    touched = [*(one.label for one in change.differences), *(rows.label for rows in change.rows)]
    if not touched:
        return str(FIRST if change.first else TRANSLATED)
    return ", ".join(dict.fromkeys(touched))
