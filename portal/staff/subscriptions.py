"""The admin of subscriptions to changes: how many there are, and their deletion."""

from django.contrib import admin
from django.template.defaultfilters import yesno
from django.utils.translation import gettext_lazy as _

from portal.models import DigestSubscription


@admin.register(DigestSubscription)
class DigestSubscriptionAdmin(admin.ModelAdmin):
    """The list of subscriptions without their addresses. A whole address finds its rows, to delete them."""

    list_display = ("__str__", "is_confirmed", "frequency", "language", "list_name", "asked_at", "covered_until")
    list_filter = ("frequency", "language", "list_name")
    search_fields = ("=email",)
    search_help_text = _("A whole e-mail address. The list does not show addresses.")
    fields = ("frequency", "language", "list_name", "query", "asked_at", "covered_until")
    readonly_fields = fields

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    @admin.display(description=_("confirmed"))
    def is_confirmed(self, subscription):
        return yesno(subscription.is_confirmed)  # Django's picture has an English name in every language
