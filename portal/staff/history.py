"""The history of a record in the admin: who changed what, when and why, and the page that reverts a record."""

import datetime

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from portal.core.choices import PublicationStatus
from portal.history.diff import changes_of
from portal.history.revert import Revert, RevertError, revert
from portal.models import Revision
from portal.staff.change_reason import ChangeReasonForm, readers_see
from portal.staff.pages import admin_address, admin_path
from portal.tracking.change_reasons import ChangeReason
from portal.tracking.history import change_reason, change_times, has_full_history

PER_PAGE = 20
BEGINNING = "beginning"
STAMP = "%Y%m%dT%H%M%S%f"


def stamp(moment):
    """Return a moment as it is written in a URL: in UTC, with microseconds."""
    return moment.astimezone(datetime.UTC).strftime(STAMP)


def moment_of(text):
    """Return the moment in a URL; None for "beginning". Raise Http404 for any other text."""
    if text == BEGINNING:
        return None
    try:
        return datetime.datetime.strptime(text, STAMP).replace(tzinfo=datetime.UTC)
    except ValueError as error:
        raise Http404 from error


class HistoryMixin:
    """The history in the admin of a record, or of a child row with its own page.

    The form asks for the reason of a change, and everything that the form changes is one group in the history with that
    reason. The history page shows the changes, and the revert page takes them back.
    """

    # ── The reason of a change ───────────────────────────────────────────────────────────────────────────────────

    def readers_see_change(self, obj, cleaned):
        """Return True if readers see what the form of `obj` changes, or will see it with the `cleaned` data."""
        return obj.pk is not None and readers_see(obj)

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        if not self.is_explained(request, obj):
            return form
        return type(form)(form.__name__, (ChangeReasonForm, form), {"admin": self})

    def is_explained(self, request, obj):
        """Return True if the form asks for the reason. A new record does not need one."""
        return obj is not None and self.has_change_permission(request, obj)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        with change_reason(" ".join(request.POST.get("why", "").split())):
            return super().changeform_view(request, object_id, form_url, extra_context)

    def delete_model(self, request, obj):
        with change_reason(ChangeReason.DELETED):
            super().delete_model(request, obj)

    def delete_queryset(self, request, queryset):
        with change_reason(ChangeReason.DELETED):
            super().delete_queryset(request, queryset)

    # ── The pages ────────────────────────────────────────────────────────────────────────────────────────────────

    def get_urls(self):
        revert_path = admin_path(self, "<path:object_id>/history/<str:when>/revert/", self.revert_view, "revert")
        return [revert_path, *super().get_urls()]

    def _object_of_page(self, request, object_id):
        """Return the object of a page. Raise Http404 if there is none, PermissionDenied if the user may not view it."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        return obj

    def _history_context(self, request, obj, title, **context):
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "subtitle": str(obj),
            "object": obj,
            "opts": self.opts,
            "module_name": str(capfirst(self.opts.verbose_name_plural)),
            "preserved_filters": self.get_preserved_filters(request),
            **context,
        }

    def history_view(self, request, object_id, extra_context=None):
        """Show the changes of a record, newest first, PER_PAGE on each page."""
        obj = self._object_of_page(request, object_id)
        every = change_times(obj)
        page = Paginator(every, PER_PAGE).get_page(request.GET.get("page"))
        changes = [change for change in changes_of(obj, [[moment] for moment in page]) if change]
        revisions = {one.decided_at: one for one in Revision.objects.published_at(obj, list(page))}
        for change in changes:
            change.revision = revisions.get(change.moment)
            change.moved = [publication_in_words(one) for one in change.moved]
            change.revert_url = self._revert_url(obj, stamp(change.moment)) if change.moment != every[0] else ""
        begins = not page.has_next() and not has_full_history(obj)
        context = self._history_context(
            request,
            obj,
            pgettext("desk", "What changed"),
            page=page,
            page_numbers=page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
            changes=changes,
            begins=begins,
            beginning_url=self._revert_url(obj, BEGINNING) if begins and every else "",
            may_revert=self.may_revert(request, obj),
            **(extra_context or {}),
        )
        return TemplateResponse(request, "admin/record_history.html", context)

    def may_revert(self, request, obj):
        """Return True if the user may revert `obj` to any of its former states."""
        return self.may_change_whole(request, obj)

    def _revert_url(self, obj, when):
        return admin_address(self.model, "revert", obj.pk, when)

    def revert_view(self, request, object_id, when):
        """Show what a revert to the moment `when` would change. A POST reverts."""
        obj = self._object_of_page(request, object_id)
        if not self.may_revert(request, obj):
            raise PermissionDenied
        moment = moment_of(when)
        reversion = Revert(obj, moment)
        if not reversion.possible:
            raise Http404
        seen = self.readers_see_change(obj, {})
        why = " ".join(request.POST.get("why", "").split())
        reasons = reversion.missing()
        if request.method == "POST" and not reasons:
            reasons = self._revert(request, obj, reversion, why, asked=seen)
            if not reasons:
                self.message_user(request, _("The record was reverted."), messages.SUCCESS)
                return HttpResponseRedirect(admin_address(self.model, "change", obj.pk))
            reversion = Revert(obj, moment)
        context = self._history_context(
            request,
            obj,
            _("Revert"),
            when=moment,
            change=reversion.change(),
            left_alone=reversion.left_alone(),
            reasons=reasons,
            seen=_seen(reversion),
            readers_see=seen,
            why=why,
        )
        return TemplateResponse(request, "admin/revert.html", context)

    def _revert(self, request, obj, reversion, why, asked):
        """Revert the record and return []; return the reasons in words if nothing was changed.

        `asked` says that the user must give a reason `why`, because readers see the change.
        """
        if request.POST.get("seen") != _seen(reversion):
            return [_("The record has changed. Check again what reverting would change.")]
        if asked and not why:
            return [_("Your changes are visible to readers. State the reason in one sentence; it is published too.")]
        try:
            revert(obj, reversion.moment, why, owners=[getattr(obj, name) for name in getattr(self, "owners", ())])
        except RevertError as refused:
            return refused.reasons
        LogEntry.objects.log_actions(request.user.pk, [obj], CHANGE, [{"changed": {}}])
        return []


class ChildHistoryMixin(HistoryMixin):
    """The history in the admin of child rows. Readers see a row if they see one of its `owners`."""

    change_form_template = "admin/row_form.html"

    def readers_see_change(self, obj, cleaned):
        named = [cleaned.get(name) for name in self.owners]
        stored = [getattr(obj, name) for name in self.owners] if obj.pk is not None else []
        return any(readers_see(owner) for owner in [*named, *stored] if owner is not None)

    def is_explained(self, request, obj):
        return self.has_change_permission(request, obj) if obj else self.has_add_permission(request)


def _seen(reversion):
    """Return the last change that a revert page takes into account, as text; "" if there is none.

    The revert is refused if there was another change since.
    """
    return stamp(reversion.latest) if reversion.latest else ""


def publication_in_words(value):
    """Return the label of a publication state; "" if the record did not exist."""
    return str(PublicationStatus(value).label) if value else ""
