"""The admin site: its index page, sign-in and transactions."""

import functools

from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView

from portal.accounts.adapters import SignOut, needs_mfa_setup
from portal.staff.curation import duplicates_page
from portal.staff.desk_calendar import calendar_page
from portal.staff.guide import guide_page
from portal.staff.monthly_report import report_csv, report_page
from portal.staff.search import search_page
from portal.staff.teamwork import desk_notices, notices_page
from portal.staff.translation import exchange
from portal.staff.translation import pages as translation
from portal.staff.usage import usage_page
from portal.staff.worklists import EditorDashboard
from portal.tracking.change_log import content_transaction

# Apps and models in the order of the index page: issues, projects, what both refer to, and accounts last.
APPS = ("issues", "projects", "portal", "auth", "mfa")
MODELS = (
    *("Issue", "IssueLink", "KeyFigure", "Indicator", "Observation", "Event", "Term"),
    *("Project", "Agreement", "AgreementOutcome", "AgreementActivity", "Result", "Organisation"),
    *("Place", "Source", "Picture", "Attachment"),
    *("Revision", "ReaderReport", "Correction", "PortalDetails", "DigestSubscription"),
)


class PortalAdminSite(AdminSite):
    """Django's admin site with the portal's names, sign-in and dashboard."""

    site_header = pgettext_lazy("desk", "Editors’ desk")
    site_title = pgettext_lazy("desk", "Editors’ desk")
    index_title = pgettext_lazy("desk", "Records")

    def get_urls(self):
        page = functools.partial(duplicates_page, self)
        page.own_transaction = True  # the search takes seconds and must not block other writers
        # The list of external links had another address before its model was renamed.
        moved = RedirectView.as_view(pattern_name="admin:portal_externallink_changelist", query_string=True)
        return [
            path("doubles/", self.admin_view(page), name="doubles"),
            path("guide/", self.admin_view(functools.partial(guide_page, self)), name="guide"),
            path("notices/", self.admin_view(functools.partial(notices_page, self)), name="notices"),
            path("search/", self.admin_view(functools.partial(search_page, self)), name="search"),
            path("calendar/", self.admin_view(functools.partial(calendar_page, self)), name="calendar"),
            path("report/", self.admin_view(functools.partial(report_page, self)), name="report"),
            path("report/csv/", self.admin_view(functools.partial(report_csv, self)), name="report_csv"),
            *self._translation_urls(),
            path("usage/", self.admin_view(functools.partial(usage_page, self)), name="usage"),
            path("portal/link/", moved),
            *super().get_urls(),
        ]

    def _translation_urls(self):
        """Return the patterns of the translator's view."""
        pages = {
            "": ("translation", translation.progress_page),
            "texts/": ("translation_texts", translation.texts_page),
            "start/": ("translation_start", translation.start_page),
            "xliff/": ("translation_xliff", exchange.exchange_page),
            "xliff/export/": ("translation_export", exchange.export_view),
            "xliff/<slug:token>/": ("translation_outcome", exchange.outcome_page),
            "<str:kind>/<int:pk>/": ("translation_pair", translation.pair_page),
        }
        return [
            path(f"translation/{route}", self.admin_view(functools.partial(view, self)), name=name)
            for route, (name, view) in pages.items()
        ]

    def each_context(self, request):
        return super().each_context(request) | {"unread_notices": functools.partial(desk_notices, request)}

    def get_app_list(self, request, app_label=None):
        """Return Django's list in the order of APPS and MODELS. Others come last, in Django's order by name."""
        apps = super().get_app_list(request, app_label)
        for app in apps:
            app["models"].sort(key=lambda model: _place(MODELS, model["object_name"]))
        return sorted(apps, key=lambda app: _place(APPS, app["app_label"]))

    def index(self, request, extra_context=None):
        return super().index(request, {**(extra_context or {}), "desk": EditorDashboard(self, request)})

    def has_permission(self, request):
        return super().has_permission(request) and not needs_mfa_setup(request.user)

    @method_decorator(never_cache)
    def login(self, request, extra_context=None):
        """Redirect to the next step of signing in: to the sign-in page, the setup of the second factor, or the index.

        Raise PermissionDenied for a signed-in user without access to the admin.
        """
        desk = reverse("admin:index", current_app=self.name)
        if request.user.is_anonymous:
            return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or desk)
        if not super().has_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("mfa_index") if needs_mfa_setup(request.user) else desk)

    def logout(self, request, extra_context=None):
        return SignOut.as_view()(request)

    def password_change(self, request, extra_context=None):
        return HttpResponseRedirect(reverse("account_change_password"))

    def admin_view(self, view, cacheable=False):
        """Return the view wrapped so that a POST changes records and the search index in one transaction.

        A view with the attribute `own_transaction` set to True is not wrapped: it takes long and opens its own
        transactions.
        """
        if getattr(view, "own_transaction", False):
            return super().admin_view(view, cacheable)

        @functools.wraps(view)
        def indexed(request, *args, **kwargs):
            if request.method != "POST":
                return view(request, *args, **kwargs)
            with content_transaction():
                return view(request, *args, **kwargs)

        return super().admin_view(indexed, cacheable)


def _place(order, name):
    return order.index(name) if name in order else len(order)
