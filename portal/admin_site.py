"""The editors' desk."""

from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class PortalAdminSite(AdminSite):
    """Django's admin under the portal's name."""

    site_header = _("Editors’ desk")
    site_title = _("Editors’ desk")
    index_title = _("Records")
