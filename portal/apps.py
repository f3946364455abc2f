"""The portal's own app, and its admin site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("Places and sources")

    def ready(self):
        # No model may be imported before this.
        from portal import audit, freshness, sessions  # noqa: PLC0415
        from portal.care import doubles, links, looks, translations  # noqa: PLC0415
        from portal.index import keeping  # noqa: PLC0415
        from portal.querysets import KeyManager, PairManager  # noqa: PLC0415

        keeping.listen()
        audit.listen()
        sessions.listen()
        freshness.listen(KeyManager, PairManager)
        translations.listen()
        looks.listen()
        links.listen()
        doubles.listen()
        # Each app declares in formats.py what its records state; importing the module registers it.
        autodiscover_modules("formats")


class PortalAdminConfig(AdminConfig):
    default_site = "portal.admin_site.PortalAdminSite"
