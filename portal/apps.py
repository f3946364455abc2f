"""The portal's own app, and its admin site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("Places and sources")

    def ready(self):
        from portal.index.keeping import listen  # noqa: PLC0415 - no model may be imported before this

        listen()


class PortalAdminConfig(AdminConfig):
    default_site = "portal.admin_site.PortalAdminSite"
