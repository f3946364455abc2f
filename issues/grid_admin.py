"""The admin page on which editors type the values of an indicator; the form of `issues/grid.py`."""

from django import forms
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext

from issues.grid import ObservationGrid
from issues.models import Observation
from portal.import_export.files import FileError
from portal.models import workflow
from portal.staff.change_reason import readers_see
from portal.staff.pages import admin_path

MOST_NAMED = 10


class ObservationGridMixin:
    """Adds a page to the admin of indicators: their values as a table of years and places."""

    def get_urls(self):
        return [admin_path(self, "<path:object_id>/grid/", self.grid_view, "grid"), *super().get_urls()]

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            context["grid_address"] = reverse("admin:issues_indicator_grid", args=[obj.pk])
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def may_type(self, request, indicator):
        """Return True if the user may add, change and remove values of an indicator."""
        actions = workflow.allowed_actions(request.user, Observation)
        return {"add", "change", "delete"} <= actions and self.may_change_whole(request, indicator)

    def grid_view(self, request, object_id):
        """Show the values on GET; store what was typed on POST."""
        indicator = self.get_object(request, unquote(object_id))
        if indicator is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_or_change_permission(request, indicator):
            raise PermissionDenied
        if request.method == "POST":
            if not self.may_type(request, indicator):
                raise PermissionDenied
            return self._typed(request, indicator)
        form, grid = ObservationGrid.chosen(indicator, request.GET)
        return self._grid_page(request, indicator, form, grid)

    def _typed(self, request, indicator):
        grid = ObservationGrid.seen(indicator, request.POST)
        if grid is None:
            words = gettext("The version this form was based on is unknown. Reload the values.")
            self.message_user(request, words, messages.ERROR)
            return HttpResponseRedirect(request.path)
        if "_take" in request.POST:
            return self._take(request, indicator, grid)
        if "_next_year" in request.POST:
            return self._grid_page(request, indicator, None, grid.with_next_year() if grid.next_year else grid)
        why = " ".join(request.POST.get("why", "").split())[:500]
        if not why and readers_see(indicator):
            words = gettext(
                "Your changes are visible to readers. State the reason in one sentence; it is published too."
            )
            return self._grid_page(request, indicator, None, grid, why_error=words)
        done = grid.store(request.user, why)
        if done is None:
            return self._grid_page(request, indicator, None, grid)
        self._say(request, indicator, grid, *done)
        return HttpResponseRedirect(f"{request.path}?{self._query(grid)}")

    def _take(self, request, indicator, grid):
        """Fill the grid from a pasted table or an uploaded file, without storing anything."""
        file = request.FILES.get("_file")
        pasted = request.POST.get("_paste", "").strip()
        try:
            if file is None and not pasted:
                raise FileError(gettext("Paste a table, or choose a file."))
            grid, count = grid.fill(file.name, file.read()) if file else grid.fill("", pasted.encode())
        except FileError as error:
            return self._grid_page(request, indicator, None, grid, paste_errors=error.args, pasted=pasted)
        words = ngettext(
            "{count} value has been filled in. Nothing is saved yet: check the table, then save.",
            "{count} values have been filled in. Nothing is saved yet: check the table, then save.",
            count,
        )
        return self._grid_page(request, indicator, None, grid, notice=words.format(count=count))

    def _say(self, request, indicator, grid, new, changed, gone):
        if not (new or changed or gone):
            self.message_user(request, gettext("Nothing was changed."), messages.INFO)
            return
        if gone and not (new or changed):
            message = [{"changed": {"fields": ["observations"]}}]
            LogEntry.objects.log_actions(request.user.pk, [indicator], CHANGE, message)
        words = gettext("Saved: {new} added, {changed} changed, {gone} deleted.")
        self.message_user(request, words.format(new=new, changed=changed, gone=len(gone)), messages.SUCCESS)
        if gone:
            named = ", ".join(f"{place} {year} ({value})" for place, year, value in gone[:MOST_NAMED])
            named += " …" if len(gone) > MOST_NAMED else ""
            self.message_user(request, gettext("Deleted: {values}.").format(values=named), messages.WARNING)

    @staticmethod
    def _query(grid):
        return urlencode(
            {
                "source": grid.source.key,
                "first": grid.years[0],
                "last": grid.years[-1],
                "places": " ".join(place.key for place in grid.places),
            }
        )

    def _grid_page(self, request, indicator, form, grid, **more):
        if form is None:
            form, _grid = ObservationGrid.chosen(
                indicator,
                {
                    "source": grid.source.key,
                    "first": str(grid.years[0]),
                    "last": str(grid.years[-1]),
                    "places": " ".join(place.key for place in grid.places),
                },
            )
        changelist = reverse("admin:issues_observation_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Values of {indicator}").format(indicator=Truncator(str(indicator)).chars(80)),
            "media": forms.Media(),
            "indicator": indicator,
            "list_address": reverse("admin:issues_indicator_changelist"),
            "form_address": reverse("admin:issues_indicator_change", args=[indicator.pk]),
            "values_address": f"{changelist}?indicator__id__exact={indicator.pk}",
            "form": form,
            "grid": grid,
            "may_type": self.may_type(request, indicator),
            "asks_why": readers_see(indicator),
            "why": request.POST.get("why", ""),
            **more,
        }
        return render(request, "admin/observation_grid.html", context)
