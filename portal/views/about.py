"""The pages about the portal and about the completeness of its data."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from portal.models import PortalDetails
from portal.models.corrections import MONTHS_KEPT
from portal.models.subscription import DAYS_UNCONFIRMED
from portal.seo.head import PageMetadataMixin
from portal.views.completeness import completeness


class About(PageMetadataMixin, TemplateView):
    """Who makes the portal, and how. There is one template per language."""

    page_kind = "AboutPage"

    def get_template_names(self):
        return [f"portal/about_{self.request.LANGUAGE_CODE}.html", "portal/about_en.html"]

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {
            "title": _("About"),
            "trail": [(_("About"), None)],
            "details": PortalDetails.load(),
        }


class Privacy(PageMetadataMixin, TemplateView):
    """What the portal keeps about people, why and how long. There is one template per language."""

    def get_template_names(self):
        return [f"portal/privacy_{self.request.LANGUAGE_CODE}.html", "portal/privacy_en.html"]

    def get_context_data(self, **kwargs):
        title = _("Privacy")
        return super().get_context_data(**kwargs) | {
            "title": title,
            "trail": [(_("About"), reverse("about")), (title, None)],
            "details": PortalDetails.load(),
            "months": MONTHS_KEPT,
            "days_unconfirmed": DAYS_UNCONFIRMED,
        }


class AboutData(TemplateView):
    """How complete the data are. The numbers are computed, not written."""

    template_name = "portal/about_data.html"

    def get_context_data(self, **kwargs):
        return (
            super().get_context_data(**kwargs)
            | {
                "title": _("Data completeness"),
                "trail": [(_("About"), reverse("about")), (_("Data completeness"), None)],
            }
            | completeness()
        )
