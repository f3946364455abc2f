"""Admin of imports: an editor uploads a file, looks at its preview, and imports it as a whole or not at all."""

import contextlib
import datetime
import tempfile
from pathlib import Path

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
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from portal.models import Place
from portal.staff.base import FormFieldDefaults, in_languages
from portal.staff.workflow import ChildModelAdmin, ReadOnly
from projects.iati import applying, planning, reading, suggestions, tables
from projects.iati.planning import REGION, Options, RowState
from projects.iati.triage import TriageMixin
from projects.models import (
    BudgetLine,
    ImportedActivity,
    ImportedFile,
    Project,
    ProjectIdentifier,
    ProjectIssue,
    RelatedActivity,
    ReportedDocument,
    ReportedResult,
    ReportedShare,
    SuggestedIssue,
    TransactionSum,
)

OTHERS = "others"
WAITS = datetime.timedelta(days=1)  # the next upload deletes files that were not imported in this time
# The mappings that come with the portal. Their files have an English name only.
MAPPINGS = {
    "koica": gettext_lazy("KOICA project statistics"),
    "world-bank": gettext_lazy("World Bank projects"),
}
MOST_ROWS = 500  # maximum number of rows of a state in a preview


@contextlib.contextmanager
def reader(content, file):
    """Yield a function that reads the activities of a file. It can be called several times within the context."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "file"
        place.write_bytes(content)
        if file.kind == ImportedFile.Kind.TABLE:
            yield lambda: tables.rows(place, file.mapping)
        else:
            yield lambda: reading.activities(place)


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


class ImportChoiceForm(forms.Form):
    """The form to choose which activities of a file are imported."""

    countries = forms.MultipleChoiceField(
        label=pgettext_lazy("desk", "Countries"), required=False, widget=forms.CheckboxSelectMultiple
    )
    leave_out = forms.BooleanField(label=gettext_lazy("Skip records with errors"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        names = Place.objects.filter(kind=Place.Kind.COUNTRY, group=Place.Group.CENTRAL_ASIA).in_order_of("name")
        self.fields["countries"].choices = [
            *((place.code, str(place)) for place in names),
            (REGION, _("Central Asia as a whole")),
            (OTHERS, _("All other countries")),
        ]

    def options(self, user):
        """Return the chosen options."""
        chosen = frozenset(self.cleaned_data["countries"])
        return Options(
            None if OTHERS in chosen else chosen,
            leave_out=self.cleaned_data["leave_out"],
            may_publish=user.has_perm("projects.publish_project"),
        )


@admin.register(ImportedFile)
class ImportedFileAdmin(admin.ModelAdmin):
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
        original = reverse("admin:projects_importedfile_original", args=[file.pk])
        pairs = [(activities, _("Its projects")), (original, _("The original, for reviewers"))]
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

    # ── Preview ──────────────────────────────────────────────────────────────────────────────────────────────

    def preview(self, request, pk):
        """Show what the import of a file would do, with a button to import it; import it on POST."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        file = ImportedFile.objects.filter(pk=pk).first()
        if file is None:
            raise Http404
        data = request.POST if request.method == "POST" else request.GET
        first = {
            "countries": [*(code for code, _name in ImportChoiceForm().fields["countries"].choices if code != OTHERS)]
        }
        form = ImportChoiceForm(data if data else first)
        if not form.is_valid():
            form = ImportChoiceForm(first)
            form.is_valid()
        options = form.options(request.user)
        with reader(file.content, file) as reads:
            if request.method == "POST":
                plan = applying.run(reads, file, options, request.user)
                if not plan.blocked and plan.has_news:
                    self._tell(request, plan)
                    return HttpResponseRedirect(reverse("admin:projects_importedfile_changelist"))
            else:
                plan = planning.preview(reads(), file.name, options)
        return self._page(
            request, "preview", _("Preview of {file}").format(file=file.name), form=form, **_shown(plan, file)
        )

    def _tell(self, request, plan):
        count = plan.counts[RowState.NEW] + plan.counts[RowState.CHANGED]
        words = ngettext("{count} project was imported.", "{count} projects were imported.", count)
        self.message_user(request, words.format(count=count), messages.SUCCESS)

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


def _shown(plan, file):
    """Return the context of the preview's template."""
    labels = {name: _label(name) for name in planning.fields.FIELDS}
    groups = []
    for state in RowState:
        rows = [row for row in plan.rows if row.state == state]
        if rows:
            shown = [_row(row, labels, file) for row in rows[:MOST_ROWS]]
            listed = state not in {RowState.OUTSIDE, RowState.UNCHANGED}
            groups.append(
                {
                    "state": state,
                    "count": len(rows),
                    "rows": shown if listed else [],
                    "more": max(0, len(rows) - MOST_ROWS),
                }
            )
    return {"plan": plan, "file": file, "groups": groups}


def _row(row, labels, file):
    return {
        "row": row,
        "url": reverse("admin:projects_project_change", args=[row.project]) if row.project else "",
        "findings": [(finding, finding.at(file.name)) for finding in row.findings],
        "doubles": [
            (reverse("admin:projects_project_change", args=[pk]), title, reason) for pk, title, reason in row.doubles
        ],
        "changes": [(labels[name], in_words(before), in_words(after)) for name, (before, after) in row.changes.items()],
        "differences": [
            (labels[name], in_words(portal), in_words(given)) for name, (portal, given) in row.differences.items()
        ],
    }


def _label(name):
    """Return the label of a project's field in the admin."""
    field = Project._meta.get_field({"organisations": "participations"}.get(name, name))
    if field.auto_created and not field.concrete:
        return str(capfirst(field.related_model._meta.verbose_name_plural))
    original = getattr(field, "translated_field", None)
    if original is None:
        return str(capfirst(field.verbose_name))
    return f"{capfirst(original.verbose_name)} ({dict(settings.LANGUAGES)[field.language]})"


def in_words(value):
    """Return a stored value of a field as text for editors."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {one}" for name, one in value.items()) or "—"
    if isinstance(value, (list, tuple)):
        return (
            ", ".join(" ".join(map(str, one)) if isinstance(one, (list, tuple)) else str(one) for one in value) or "—"
        )
    return str(value) or "—"


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
            (_label(name), _("here"), in_words(portal), _("in the file"), in_words(given))
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


# ── Suggested issues ─────────────────────────────────────────────────────────────────────────────────────────────


class SuggestionForm(forms.ModelForm):
    """The decision on a suggested issue. To confirm it, an editor must give a significance and a rationale."""

    significance = forms.ChoiceField(
        label=gettext_lazy("Significance"), required=False, choices=[("", "—"), *ProjectIssue.Significance.choices]
    )
    rationale_en = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3, "lang": "en"}))
    rationale_ko = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3, "lang": "ko"}))
    rationale_ru = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3, "lang": "ru"}))

    class Meta:
        model = SuggestedIssue
        fields = ("issue", "decision")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for code, name in settings.LANGUAGES:
            if field := self.fields.get(f"rationale_{code}"):
                field.label = f"{_('Rationale')} ({name})"
        if field := self.fields.get("rationale_en"):
            field.help_text = _("Why the project addresses this issue, in one sentence.")

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("decision") == SuggestedIssue.Decision.CONFIRMED and self.instance.decision != "confirmed":
            for name in ("issue", "significance", "rationale_en"):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, _("Required in order to link an issue."))
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
