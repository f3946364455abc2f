"""The admin of accounts, groups and second steps, which asks again who is there, and of the audit, which only shows."""

import allauth.account.admin
import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401 - all three register what is replaced or left out below
from allauth.account.decorators import reauthentication_required
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group, User
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from portal.staff.workflow import ReadOnly
from portal.tracking.audit_log import AuditEntry

again = method_decorator(reauthentication_required)


class ReauthenticationMixin:
    """Lets nobody change rights who found a screen left open: who signed in a while ago says the password again."""

    @again
    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        return super().changeform_view(request, object_id, form_url, extra_context)

    @again
    def delete_view(self, request, object_id, extra_context=None):
        return super().delete_view(request, object_id, extra_context)

    @method_decorator(reauthentication_required(allow_get=True))
    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, extra_context)


class AccountAdmin(ReauthenticationMixin, auth_admin.UserAdmin):
    """Accounts. Whoever may change them makes nobody a superuser, and touches none."""

    list_display = ("username", "first_name", "last_name", "email", "is_active", "is_staff", "last_login")

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, "is_superuser")

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    @staticmethod
    def _may_touch(request, obj):
        return request.user.is_superuser or obj is None or not obj.is_superuser

    @again
    def user_change_password(self, request, id, form_url=""):
        return super().user_change_password(request, id, form_url)


class GroupAdmin(ReauthenticationMixin, auth_admin.GroupAdmin):
    """Django's admin of groups, behind a recent sign-in."""


class AuthenticatorAdmin(ReauthenticationMixin, admin.ModelAdmin):
    """Removes the second factor of someone who lost it. Nobody reads its secret, and only superusers see factors of
    superusers.
    """

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__username",)
    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")

    def get_queryset(self, request):
        factors = super().get_queryset(request)
        return factors if request.user.is_superuser else factors.filter(user__is_superuser=False)

    def lookup_allowed(self, lookup, value, request=None):
        # A filter that answers yes or no gives a secret away letter by letter; Django guards passwords the same way.
        return not lookup.startswith("data") and super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


class AuditEntryAdmin(ReadOnly, admin.ModelAdmin):
    """What was done, newest first."""

    list_display = ("at", "who", "what", "kind", "key", "network")
    list_filter = ("what", "kind")
    date_hierarchy = "at"
    search_fields = ("who", "key")
    search_help_text = _("A username, or the key of a record.")
    actions = None


# The portal keeps addresses with the accounts. The keys of sessions are secret; each account has a page of its own.
admin.site.unregister([User, Group, Authenticator, EmailAddress, UserSession])
admin.site.register(User, AccountAdmin)
admin.site.register(Group, GroupAdmin)
admin.site.register(Authenticator, AuthenticatorAdmin)
admin.site.register(AuditEntry, AuditEntryAdmin)
