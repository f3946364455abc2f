"""Admin of reporting to IATI: the reporting organisation, and the projects that are not reported."""

from django.contrib import admin
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.core.choices import PublicationStatus
from portal.staff.base import FormFieldDefaults
from projects.iati import exporting
from projects.models import Project, ReportingOrganisation


@admin.register(ReportingOrganisation)
class ReportingOrganisationAdmin(FormFieldDefaults, admin.ModelAdmin):
    """Admin of the reporting organisation, with a page on the projects that are not reported."""

    list_display = ("ref", "organisation", "updated_at")
    list_select_related = ("organisation",)
    autocomplete_fields = ("organisation",)
    fields = ("organisation", "ref", "former_refs", "email")
    change_list_template = "admin/iati/reporting.html"
    help_texts = {
        "organisation": gettext_lazy(
            "Projects in which it participates are reported as its own; all others as secondary reporting."
        )
    }

    def get_urls(self):
        view = self.admin_site.admin_view(self.kept_out)
        return [path("kept-out/", view, name="projects_iati_kept_out"), *super().get_urls()]

    def kept_out(self, request):
        """Show the published projects that are not reported with the reasons, and what is left out of the others."""
        if not self.has_view_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        out, partly, reported = [], [], 0
        projects = Project.objects.published().filter(iati_identifier=None, imported=None).order_by("key")
        for project in exporting.with_parts(projects).iterator(chunk_size=100):
            address = reverse("admin:projects_project_change", args=[project.pk])
            if reasons := exporting.kept_out_by(project):
                out.append((project, address, reasons))
            else:
                reported += 1
                if left := exporting.left_out_of(project):
                    partly.append((project, address, left))
        context = self.admin_site.each_context(request) | {
            "title": _("What is reported to IATI"),
            "opts": self.opts,
            "publisher": exporting.publisher(),
            "out": out,
            "partly": partly,
            "reported": reported,
        }
        return TemplateResponse(request, "admin/iati/not_reported.html", context)


def state_of(project):
    """Return HTML for the form of a project: whether it is reported to IATI, and what is left out.

    Of an unpublished project it says only that: its form has many other queries, and its record still changes.
    """
    if project.publication != PublicationStatus.PUBLISHED:
        return _("It has not been published.")
    stored = exporting.with_parts(Project.objects.filter(pk=project.pk)).first()
    publisher = exporting.publisher()
    said = [] if publisher else [_("The portal does not report to IATI yet: no reporting organisation has been set.")]
    said += exporting.kept_out_by(stored) + exporting.left_out_of(stored)
    lines = format_html_join("", "<li>{}</li>", ((text,) for text in said))
    if publisher and not exporting.kept_out_by(stored):
        url = reverse("iati-activity", args=[stored.key])
        link = format_html('<a href="{}">{}</a>', url, exporting.identifier_of(stored, publisher))
        if not said:
            return link
        return format_html("{} {}<ul>{}</ul>", link, _("Omitted:"), lines)
    return format_html("<ul>{}</ul>", lines)
