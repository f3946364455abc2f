"""Admin of imports: an editor uploads a file, looks at its preview, and imports it as a whole or not at all."""

import datetime

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import yesno
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from portal.staff.base import FormFieldDefaults, in_languages
from portal.staff.workflow import ChildModelAdmin, ReadOnly
from portal.tracking.audit_log import AuditEntry
from portal.tracking.history import CREATED
from projects.iati import applying, planning, reading, rejections, suggestions, tables
from projects.iati.activity_triage import ActivityTriageMixin
from projects.iati.planning import Options, RowState
from projects.iati.preview_admin import PreviewMixin, in_words, label_of, reader, tell_taken_back
from projects.iati.triage import RationaleForm, TriageMixin
from projects.models import (
    BudgetLine,
    ImportedActivity,
    ImportedFile,
    ProjectIdentifier,
    ProjectIssue,
    RejectedActivity,
    RelatedActivity,
    ReportedDocument,
    ReportedResult,
    ReportedShare,
    SuggestedIssue,
    TransactionSum,
)

WAITS = datetime.timedelta(days=1)  # the next upload deletes files that were not imported in this time
# The mappings that come with the portal. Their files have an English name only.
MAPPINGS = {
    "koica": gettext_lazy("KOICA project statistics"),
    "world-bank": gettext_lazy("World Bank projects"),
}
MOST_FILES = 50  # maximum number of files in a filter


class ReceiveForm(forms.Form):
    """The form to upload a file with its details."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("IATI activities (.xml), or a table of projects (.csv) with a mapping."),
    )
    mapping = forms.ChoiceField(
        label=gettext_lazy("Mapping"),
        required=False,
        help_text=gettext_lazy("For a table: what its columns mean."),
    )
    own_mapping = forms.FileField(
        label=gettext_lazy("Or your own mapping"),
        required=False,
        help_text=gettext_lazy("A TOML file; docs/iati.md describes the format."),
    )
    retrieved = forms.DateField(
        label=pgettext_lazy("desk", "Retrieved on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        initial=timezone.localdate,
    )
    url = forms.URLField(label=pgettext_lazy("desk", "Address"), required=False, max_length=600, assume_scheme="https")
    licence = forms.CharField(
        label=pgettext_lazy("desk", "Licence"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("As stated by the publisher; shown to readers beside the imported data."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["mapping"].choices = [
            ("", _("None: the file is IATI")),
            *((n, MAPPINGS[n]) for n in tables.shipped()),
        ]

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > reading.MOST_MB * 1024 * 1024:
            raise forms.ValidationError(_("the file has more than {most} MB").format(most=reading.MOST_MB))
        return file

    def clean_own_mapping(self):
        file = self.cleaned_data["own_mapping"]
        if file and file.size > tables.MOST_MAPPING_KB * 1024:
            raise forms.ValidationError(_("The mapping has more than {most} kB.").format(most=tables.MOST_MAPPING_KB))
        return file

    def clean(self):
        cleaned = super().clean()
        own, name = cleaned.get("own_mapping"), cleaned.get("mapping")
        file = cleaned.get("file")
        if file and file.name.lower().endswith(".csv") and not own and not name:
            self.add_error("mapping", _("Choose the mapping of this table, or upload your own."))
        self.read_by = None
        try:
            if own:
                self.read_by = tables.mapping_of(own.read().decode("utf-8"))
            elif name:
                self.read_by = tables.mapping_of(tables.shipped()[name].read_text("utf-8"))
        except tables.MappingError as error:
            self.add_error("own_mapping", error.at(own.name))
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            self.add_error("own_mapping", f"{own.name}:{line}: {_('The mapping is not encoded in UTF-8.')}")
        return cleaned


@admin.register(ImportedFile)
class ImportedFileAdmin(PreviewMixin, ActivityTriageMixin, admin.ModelAdmin):
    """Admin of imported files: upload, preview, and the results of imports."""

    list_display = ("name", "kind", "retrieved", "imported_at", "who", "came_of_it")
    list_filter = ("kind",)
    search_fields = ("name", "who")
    search_help_text = gettext_lazy("The name of the file, or a username.")
    change_list_template = "admin/iati/files.html"
    fields = readonly_fields = (
        *("name", "kind", "size", "sha256", "retrieved", "url", "licence", "received_at", "imported_at", "who"),
        *("came_of_it", "links"),
    )
    actions = None

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and (obj is None or obj.imported_at is None)

    def may_download(self, request):
        """Return True if the user may download originals, which may contain personal data."""
        return request.user.has_perm("projects.download_importedfile")

    def get_queryset(self, request):
        return super().get_queryset(request).defer("original", "mapping")

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/preview/", view(self.preview), name="projects_importedfile_preview"),
            path("<int:pk>/triage/", view(self.triage), name="projects_importedfile_triage"),
            path("<int:pk>/original/", view(self.original), name="projects_importedfile_original"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("outcome"))
    def came_of_it(self, file):
        if file.imported_at is None:
            url = reverse("admin:projects_importedfile_preview", args=[file.pk])
            return format_html('<a href="{}">{}</a>', url, _("Awaiting confirmation: preview"))
        return ", ".join(f"{RowState(state).label}: {count}" for state, count in file.counts.items() if count)

    @admin.display(description=gettext_lazy("more"))
    def links(self, file):
        activities = f"{reverse('admin:projects_importedactivity_changelist')}?file__id__exact={file.pk}"
        pairs = [
            (reverse("admin:projects_importedfile_preview", args=[file.pk]), _("Its preview")),
            (activities, _("Its projects")),
            (reverse("admin:projects_importedfile_original", args=[file.pk]), _("The original, for reviewers")),
        ]
        return format_html_join(" · ", '<a href="{}">{}</a>', pairs)

    # ── Receiving ────────────────────────────────────────────────────────────────────────────────────────────

    def add_view(self, request, form_url="", extra_context=None):
        """Show and process the upload form. A file that cannot be read at all is not stored."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ReceiveForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file = self._received(form, request.user)
            if file is not None:
                return HttpResponseRedirect(reverse("admin:projects_importedfile_preview", args=[file.pk]))
        return self._page(request, "receive", _("Import a file"), form=form)

    def _received(self, form, user):
        upload = form.cleaned_data["file"]
        about = applying.ImportDetails(
            upload.name,
            form.cleaned_data["retrieved"],
            form.cleaned_data["url"],
            form.cleaned_data["licence"],
            user.get_username(),
        )
        content = upload.read()
        kind = ImportedFile.Kind.TABLE if form.read_by else ImportedFile.Kind.IATI
        file = applying.received(content, about, kind, form.read_by)
        with reader(content, file) as reads:
            plan = planning.preview(reads(), file.name, Options(countries=frozenset()))
        if plan.refusal:
            form.add_error("file", plan.refusal.at(file.name))
            return None
        waiting = ImportedFile.objects.filter(imported_at=None, received_at__lt=timezone.now() - WAITS)
        waiting.exclude(pk=file.pk).delete()
        file.save()
        return file

    def _page(self, request, name, title, **context):
        context = self.admin_site.each_context(request) | {"title": title, "opts": self.opts} | context
        return TemplateResponse(request, f"admin/iati/{name}.html", context)

    def original(self, request, pk):
        """Return the stored content of a file as a download: of a table only the columns that its mapping names."""
        if not self.may_download(request):
            raise PermissionDenied
        file = ImportedFile.objects.filter(pk=pk).first()
        if file is None:
            raise Http404
        kind = "text/csv" if file.kind == ImportedFile.Kind.TABLE else "application/xml"
        response = HttpResponse(file.content, content_type=kind)
        response["Content-Disposition"] = f'attachment; filename="{file.pk}-original"'
        response["X-Content-Type-Options"] = "nosniff"
        return response


# ── What was imported ────────────────────────────────────────────────────────────────────────────────────────────


class ReportedInline(ReadOnly, admin.TabularInline):
    """Rows of an imported activity, as they were reported."""

    extra = 0

    def has_view_permission(self, request, obj=None):
        return True  # for every user who may see the page

    def get_readonly_fields(self, request, obj=None):
        return self.fields

    @admin.display(description=gettext_lazy("title"))
    def title_text(self, row):
        return row.title[0]


class TransactionSumInline(ReportedInline):
    model = TransactionSum
    fields = ("kind", "currency", "total", "count", "first", "last")


class BudgetLineInline(ReportedInline):
    model = BudgetLine
    fields = ("kind", "start", "end", "value", "currency", "revised", "committed")


class ReportedShareInline(ReportedInline):
    model = ReportedShare
    fields = ("kind", "vocabulary", "code", "percentage", "computed")


class ReportedResultInline(ReportedInline):
    model = ReportedResult
    fields = ("kind", "title_text", "indicator_text", "baseline", "start", "end", "target", "actual")

    @admin.display(description=gettext_lazy("indicator"))
    def indicator_text(self, row):
        return row.indicator[0] or "—"


class ReportedDocumentInline(ReportedInline):
    model = ReportedDocument
    fields = ("url", "format", "title_text", "languages", "date")


class ProjectIdentifierInline(ReportedInline):
    model = ProjectIdentifier
    fields = ("kind", "ref", "owner")


class RelatedActivityInline(ReportedInline):
    model = RelatedActivity
    fields = ("kind", "identifier")


@admin.register(ImportedActivity)
class ImportedActivityAdmin(ReadOnly, admin.ModelAdmin):
    """Admin of imported activities, which is read-only."""

    list_display = ("identifier", "project", "reporter", "file", "updated", "differ")
    list_select_related = ("project", "file")
    list_filter = (("file", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("identifier", "project__title_en", "project__key", "reporter")
    search_help_text = gettext_lazy("Search by identifier, title, or reporting organisation.")
    fields = readonly_fields = (
        *(
            "project",
            "identifier",
            "reporter",
            "is_secondary",
            "source",
            "file",
            "line",
            "updated",
            "differences_in_words",
        ),
        "original_text",
    )
    inlines = (
        *(TransactionSumInline, BudgetLineInline, ReportedShareInline, ReportedResultInline),
        *(ReportedDocumentInline, ProjectIdentifierInline, RelatedActivityInline),
    )

    def get_queryset(self, request):
        found = super().get_queryset(request)
        plain = request.resolver_match and request.resolver_match.url_name.endswith("_changelist")
        return found.defer("original", "values", "file__original", "file__mapping") if plain else found

    @admin.display(description=ImportedActivity._meta.get_field("secondary").verbose_name)
    def is_secondary(self, imported):
        return yesno(imported.secondary)

    @admin.display(description=gettext_lazy("differs"))
    def differ(self, imported):
        return yesno(bool(imported.differences))

    @admin.display(description=gettext_lazy("editors’ changes"))
    def differences_in_words(self, imported):
        return differences_of(imported) or "—"

    @admin.display(description=gettext_lazy("original"))
    def original_text(self, imported):
        text = imported.content.decode("utf-8", "replace")
        return format_html('<pre class="original">{}</pre>', text[:100_000])


def differences_of(imported):
    """Return an HTML list of the fields in which editors have another value than the file."""
    return format_html_join(
        "",
        "<li><b>{}</b>: {} {} / {} {}</li>",
        (
            (label_of(name), _("here"), in_words(portal), _("in the file"), in_words(given))
            for name, (portal, given) in imported.differences.items()
        ),
    )


def imported_state(project):
    """Return HTML for the form of a project: its report, the differences, and the number of suggested issues."""
    parts = []
    imported = ImportedActivity.objects.filter(project=project).select_related("file").defer("file__original").first()
    if imported:
        url = reverse("admin:projects_importedactivity_change", args=[imported.pk])
        words = _("Reported by {reporter} as {identifier}").format(
            reporter=imported.reporter, identifier=imported.identifier
        )
        parts.append(format_html('<p><a href="{}">{}</a></p>', url, words))
        if imported.differences:
            parts.append(format_html("<p>{}</p><ul>{}</ul>", _("Editors’ versions kept:"), differences_of(imported)))
    count = project.suggested_issues.filter(decision=SuggestedIssue.Decision.OPEN).count()
    if count:
        url = f"{reverse('admin:projects_suggestedissue_triage')}?project={project.pk}"
        words = ngettext("{count} suggested issue to review", "{count} suggested issues to review", count)
        parts.append(format_html('<p><a href="{}">{}</a></p>', url, words.format(count=count)))
    return format_html_join("", "{}", ((part,) for part in parts)) or "—"


@admin.register(RejectedActivity)
class RejectedActivityAdmin(ReadOnly, admin.ModelAdmin):
    """Admin of rejected activities: who rejected them, when and why. An editor takes rejections back."""

    list_display = ("__str__", "identifier", "reason", "who", "rejected_at")
    list_filter = ("reason", "who")
    search_fields = ("identifier", "title")
    search_help_text = gettext_lazy("Search by identifier or title.")
    fields = readonly_fields = ("title", "identifier", "reason", "who", "rejected_at")
    actions = ("take_back_selected",)

    def has_take_back_permission(self, request):
        return request.user.has_perm("projects.delete_rejectedactivity")

    @admin.action(description=gettext_lazy("Take back the rejection of selected activities"), permissions=["take_back"])
    def take_back_selected(self, request, queryset):
        tell_taken_back(self, request, rejections.take_back(queryset, request.user))


class ImportFilter(admin.SimpleListFilter):
    """Filter projects by the import that they came from: a file of activities, or a list of projects.

    The newest MOST_FILES of each are offered.
    """

    title = gettext_lazy("import")
    parameter_name = "import"

    def lookups(self, request, model_admin):
        files = ImportedFile.objects.exclude(imported_at=None).values_list("pk", "name", "imported_at")
        lists = AuditEntry.objects.filter(
            what=AuditEntry.Action.IMPORTED, details__table="project", details__has_key="moment"
        ).order_by("-at", "-pk")
        found = [(f"file-{pk}", name, at) for pk, name, at in files[:MOST_FILES]]
        found += [(f"list-{one.pk}", one.details["file"], one.at) for one in lists[:MOST_FILES]]
        return [(value, f"{name} ({timezone.localtime(at):%Y-%m-%d})") for value, name, at in found]

    def queryset(self, request, queryset):
        if self.value() not in dict(self.lookup_choices):
            return queryset
        kind, _dash, pk = self.value().partition("-")
        if kind == "file":
            return queryset.filter(imported__file=int(pk))
        moment = datetime.datetime.fromisoformat(AuditEntry.objects.get(pk=int(pk)).details["moment"])
        created = queryset.model.history.filter(history_date=moment, history_type=CREATED)
        return queryset.filter(pk__in=created.order_by().values("id"))


# ── Suggested issues ─────────────────────────────────────────────────────────────────────────────────────────────


class SuggestionForm(RationaleForm, forms.ModelForm):
    """The decision on a suggested issue. To confirm it, an editor must give a significance and a rationale."""

    class Meta:
        model = SuggestedIssue
        fields = ("issue", "decision")

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("decision") == SuggestedIssue.Decision.CONFIRMED and self.instance.decision != "confirmed":
            self.require_rationale(cleaned)
            issue = cleaned.get("issue")
            if issue and self.instance.project.issue_links.filter(issue=issue).exists():
                self.add_error("issue", _("This issue is already listed."))
        return cleaned


@admin.register(SuggestedIssue)
class SuggestedIssueAdmin(TriageMixin, ChildModelAdmin, FormFieldDefaults, admin.ModelAdmin):
    """Admin of suggested issues: an editor confirms each with a rationale, or dismisses it."""

    owners = ("project",)
    form = SuggestionForm
    list_display = ("project", "issue_or_any", "reasons_in_words", "score", "decision")
    list_select_related = ("project", "issue")
    list_filter = ("decision", "score", ("issue", admin.RelatedOnlyFieldListFilter))
    search_fields = ("project__title_en", "project__title_ko", "project__title_ru", "project__key")
    search_help_text = gettext_lazy("Search by project title or key.")
    autocomplete_fields = ("issue",)
    readonly_fields = ("project_link", "reasons_in_words", "score")
    fields = (
        *("project_link", "reasons_in_words", "score", ("issue", "decision"), "significance"),
        in_languages("rationale"),
    )
    actions = ("dismiss_selected",)

    def lookup_allowed(self, lookup, value, request=None):
        return lookup == "project" or super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_readonly_fields(self, request, obj=None):
        return (*self.readonly_fields, "issue", "decision") if self._is_settled(request, obj) else self.readonly_fields

    def get_fields(self, request, obj=None):
        if self._is_settled(request, obj):
            return (*self.readonly_fields, "issue", "decision")
        return super().get_fields(request, obj)

    def _is_settled(self, request, suggestion):
        """Return True if the user cannot decide on the suggestion."""
        # Read from the database, because an invalid form has already set the decision on the instance.
        decisions = SuggestedIssue.objects.filter(pk=suggestion.pk) if suggestion else SuggestedIssue.objects.none()
        confirmed = decisions.filter(decision=SuggestedIssue.Decision.CONFIRMED).exists()
        return confirmed or not self.may_change_whole(request, suggestion)

    @admin.display(description=gettext_lazy("project"))
    def project_link(self, suggestion):
        url = reverse("admin:projects_project_change", args=[suggestion.project_id])
        return format_html('<a href="{}">{}</a>', url, suggestion.project)

    @admin.display(description=gettext_lazy("issue"), ordering="issue")
    def issue_or_any(self, suggestion):
        return suggestion.issue or _("an unspecified environmental issue")

    @admin.display(description=gettext_lazy("reasons"))
    def reasons_in_words(self, suggestion):
        return "; ".join(suggestions.reason_in_words(by, met) for by, met in suggestion.reasons)

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if obj.decision == SuggestedIssue.Decision.CONFIRMED and "decision" in form.changed_data:
            rationales = {
                f"rationale_{code}": form.cleaned_data[f"rationale_{code}"] for code, _n in settings.LANGUAGES
            }
            ProjectIssue.objects.create(
                project=obj.project, issue=obj.issue, significance=form.cleaned_data["significance"], **rationales
            )

    @admin.action(description=gettext_lazy("Dismiss selected suggestions"), permissions=["change"])
    def dismiss_selected(self, request, queryset):
        count = 0
        waiting = queryset.select_related("project").filter(decision=SuggestedIssue.Decision.OPEN)
        for suggestion in waiting.select_for_update(of=("self", "project")):
            if self.may_change_whole(request, suggestion):
                suggestion.decision = SuggestedIssue.Decision.DISMISSED
                suggestion.save(update_fields=["decision"])
                count += 1
        words = ngettext("{count} suggestion was dismissed.", "{count} suggestions were dismissed.", count)
        self.message_user(request, words.format(count=count), messages.SUCCESS)
