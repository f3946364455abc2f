"""The admin of accounts, groups and second factors, whose forms need a recent sign-in, and of the audit log."""

import functools

import allauth.account.admin
import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401 - all three register what is replaced or left out below
from allauth.account.decorators import reauthentication_required
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.template.defaultfilters import yesno
from django.utils.decorators import method_decorator
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.staff.pages import DeletionSummaryMixin
from portal.staff.workflow import ReadOnly
from portal.tracking.audit_log import AuditEntry, one_entry_of_rights

again = method_decorator(reauthentication_required)

# What a permission allows, by the beginning of its codename.
PERMISSIONS = {
    "add": pgettext_lazy("permission", "{records}: add"),
    "change": pgettext_lazy("permission", "{records}: change"),
    "delete": pgettext_lazy("permission", "{records}: delete"),
    "view": pgettext_lazy("permission", "{records}: view"),
    "publish": pgettext_lazy("permission", "{records}: publish"),
    "download": pgettext_lazy("permission", "{records}: download the original"),
    "translate_ko": pgettext_lazy("permission", "{records}: edit the Korean text"),
    "translate_ru": pgettext_lazy("permission", "{records}: edit the Russian text"),
}


def models_of_inlines():
    """Return the models whose rows editors see within the page of another model: each with that model."""
    return {row.model: model for model, page in admin.site._registry.items() for row in page.inlines}


def permission_label(permission):
    """Return what a permission allows, in the active language. Django stores an English name only."""
    model = permission.content_type.model_class()
    records = capfirst(model._meta.verbose_name_plural)
    if model not in admin.site._registry:
        records = f"{capfirst(models_of_inlines()[model]._meta.verbose_name_plural)} · {records}"
    return PERMISSIONS[permission.codename.removesuffix(f"_{permission.content_type.model}")].format(records=records)


def assignable_permissions():
    """Return the permissions for the models that editors see: those with an admin page, and the rows within them."""
    types = ContentType.objects.get_for_models(*admin.site._registry, *models_of_inlines())
    return Permission.objects.filter(content_type__in=types.values()).select_related("content_type")


class PermissionLabelMixin:
    """Name the permissions of an account or a group in the language of the admin."""

    def formfield_for_manytomany(self, db_field, request=None, **kwargs):
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field and field.queryset.model is Permission:
            field.queryset = assignable_permissions()
            field.label_from_instance = permission_label
        return field


class ReauthenticationMixin(DeletionSummaryMixin):
    """Ask for the password again if the sign-in is not recent.

    Otherwise anybody who finds an unlocked screen could change permissions.
    """

    @again
    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        with one_entry_of_rights():
            return super().changeform_view(request, object_id, form_url, extra_context)

    @again
    def delete_view(self, request, object_id, extra_context=None):
        return super().delete_view(request, object_id, extra_context)

    @method_decorator(reauthentication_required(allow_get=True))
    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, extra_context)


class AccountAdmin(ReauthenticationMixin, PermissionLabelMixin, auth_admin.UserAdmin):
    """The admin of accounts. Only superusers may change superusers or make somebody one."""

    list_display = ("username", "first_name", "last_name", "email", "active", "staff", "last_login")

    @admin.display(description=User._meta.get_field("is_active").verbose_name, ordering="is_active")
    def active(self, user):
        return yesno(user.is_active)

    @admin.display(description=User._meta.get_field("is_staff").verbose_name, ordering="is_staff")
    def staff(self, user):
        return yesno(user.is_staff)

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


class GroupAdmin(ReauthenticationMixin, PermissionLabelMixin, auth_admin.GroupAdmin):
    """Django's admin of groups. It needs a recent sign-in."""


# allauth names neither this model nor its fields for readers. Migrations compare what a model declares, not these.
Authenticator._meta.verbose_name = _("second factor")
Authenticator._meta.verbose_name_plural = _("second factors")
for name, label in {
    "user": User._meta.verbose_name,
    "type": pgettext_lazy("desk", "kind"),
    "created_at": _("added at"),
    "last_used_at": _("last used at"),
}.items():
    Authenticator._meta.get_field(name).verbose_name = label


class AuthenticatorAdmin(ReauthenticationMixin, admin.ModelAdmin):
    """The admin to delete the second factor of a user who lost it.

    Nobody sees its secret. Only superusers see the second factors of superusers.
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
        # Lookups such as `data__startswith` would reveal the secret letter by letter. Django guards passwords the same
        # way.
        return not lookup.startswith("data") and super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@functools.cache
def _models_by_kind():
    return {model._meta.model_name: model for model in apps.get_models()}


def kind_in_words(kind):
    """Return the name of the model that an audit entry names; the name as it is if there is no such model any more."""
    model = _models_by_kind().get(kind)
    return capfirst(model._meta.verbose_name if model else kind)


class KindFilter(admin.AllValuesFieldListFilter):
    """The kinds of audit entries, in words."""

    def choices(self, changelist):
        for choice in super().choices(changelist):
            yield choice | {"display": kind_in_words(choice["display"])}


class AuditEntryAdmin(ReadOnly, admin.ModelAdmin):
    """The audit log, newest entry first. It is read-only."""

    list_display = ("at", "who", "what", "kind_in_words", "key", "network")
    list_filter = ("what", ("kind", KindFilter))
    date_hierarchy = "at"
    search_fields = ("who", "key")
    search_help_text = _("Search by username or record key.")
    actions = None

    @admin.display(description=AuditEntry._meta.get_field("kind").verbose_name, ordering="kind")
    def kind_in_words(self, entry):
        return kind_in_words(entry.kind)


# E-mail addresses are part of the accounts. Session keys are secret, and each user has a page of their sessions.
admin.site.unregister([User, Group, Authenticator, EmailAddress, UserSession])
admin.site.register(User, AccountAdmin)
admin.site.register(Group, GroupAdmin)
admin.site.register(Authenticator, AuthenticatorAdmin)
admin.site.register(AuditEntry, AuditEntryAdmin)
