"""The editors' desk."""

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

from portal.accounts.adapters import SignOut, needs_mfa_setup
from portal.staff.curation import doubles_page
from portal.staff.worklists import EditorDashboard
from portal.tracking.change_log import content_transaction

# In the order of an editor's work: what is known, what is being done, what both rest on, and last who works here.
APPS = ("issues", "projects", "portal", "auth", "mfa")
MODELS = (
    *("Issue", "IssueLink", "KeyFigure", "Indicator", "Observation", "Event", "Term"),
    *("Project", "Agreement", "Organisation"),
    *("Place", "Source"),
)


class PortalAdminSite(AdminSite):
    """Django's admin under the portal's name."""

    site_header = pgettext_lazy("desk", "Editors’ desk")
    site_title = pgettext_lazy("desk", "Editors’ desk")
    index_title = pgettext_lazy("desk", "Records")

    def get_urls(self):
        doubles = functools.partial(doubles_page, self)
        doubles.own_transaction = True  # a search takes seconds, and others store meanwhile
        return [path("doubles/", self.admin_view(doubles), name="doubles"), *super().get_urls()]

    def get_app_list(self, request, app_label=None):
        """Django’s, in the order of the work; what has no place in it comes after, by name."""
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
        """Lead to where the way into the desk goes on: signing in, or setting up the second step."""
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
        """What an editor sends changes records and the search index together, or neither.

        A view that takes its time, and says that it has its `own_transaction`, sees to that itself.
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
