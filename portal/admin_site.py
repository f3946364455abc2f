"""The editors' desk."""

import functools

from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _

from portal.desk import Desk
from portal.index.keeping import indexing


class PortalAdminSite(AdminSite):
    """Django's admin under the portal's name."""

    site_header = _("Editors’ desk")
    site_title = _("Editors’ desk")
    index_title = _("Records")

    def index(self, request, extra_context=None):
        return super().index(request, {**(extra_context or {}), "desk": Desk(self, request)})

    def admin_view(self, view, cacheable=False):
        """What an editor sends changes records and the search index together, or neither."""

        @functools.wraps(view)
        def indexed(request, *args, **kwargs):
            if request.method != "POST":
                return view(request, *args, **kwargs)
            with indexing():
                return view(request, *args, **kwargs)

        return super().admin_view(indexed, cacheable)
