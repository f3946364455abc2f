"""The preview of an import in the admin: filters, pages, and ticks of the activities to import or to reject."""

import contextlib
import dataclasses
import tempfile
from pathlib import Path

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from portal.models import Place
from projects.iati import applying, planning, reading, rejections, tables
from projects.iati.planning import REGION, Options, RowState
from projects.iati.selection import ActivityFilter
from projects.models import ImportedFile, Project, RejectedActivity

OTHERS = "others"
PER_PAGE = 100
YEARS = {"min_value": 1900, "max_value": 2200}
# The states of the activities that the preview lists, in its order.
LISTED = (RowState.NEW, RowState.CHANGED, RowState.REFUSED, RowState.KEPT)
TICKED = {RowState.NEW, RowState.CHANGED, RowState.REJECTED}


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


class ImportChoiceForm(forms.Form):
    """The form to choose which activities of a file are offered. An empty field excludes nothing, except `countries`.

    `ImportChoiceForm.of(data)` is the form with the data of a request, or with the countries of the region if there are
    none.
    """

    countries = forms.MultipleChoiceField(
        label=pgettext_lazy("desk", "Countries"), required=False, widget=forms.CheckboxSelectMultiple
    )
    words = forms.CharField(
        label=pgettext_lazy("desk", "Words"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("All of them, in title, description or names of organisations."),
    )
    sectors = forms.CharField(
        label=gettext_lazy("Purpose codes"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Whole codes or their beginnings, such as 140 31130. One of them is enough."),
    )
    first = forms.IntegerField(label=pgettext_lazy("desk", "From year"), required=False, **YEARS)
    last = forms.IntegerField(label=pgettext_lazy("desk", "To year"), required=False, **YEARS)
    relevance = forms.TypedChoiceField(
        label=gettext_lazy("Relevance"),
        required=False,
        coerce=int,
        empty_value=0,
        choices=[
            ("", gettext_lazy("Any")),
            (1, gettext_lazy("Some issue is suggested")),
            (3, gettext_lazy("An issue is suggested with weight 3 or more")),
        ],
        help_text=gettext_lazy("By the purpose codes, markers, goals and words of the activity."),
    )
    rejected = forms.BooleanField(label=gettext_lazy("Show rejected activities"), required=False)
    leave_out = forms.BooleanField(label=gettext_lazy("Skip records with errors"), required=False)

    @classmethod
    def of(cls, data):
        """Return the bound form, validated."""
        form = cls(data)
        if not data:
            form = cls(MultiValueDict({"countries": form.region()}))
        form.is_valid()
        return form

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        names = Place.objects.filter(kind=Place.Kind.COUNTRY, group=Place.Group.CENTRAL_ASIA).in_order_of("name")
        self.fields["countries"].choices = [
            *((place.code, str(place)) for place in names),
            (REGION, _("Central Asia as a whole")),
            (OTHERS, _("All other countries")),
        ]

    def region(self):
        """Return the values of `countries` that are offered at first."""
        return [code for code, _name in self.fields["countries"].choices if code != OTHERS]

    def options(self, user):
        """Return the chosen options. A field with an error counts as if it were not filled in."""
        given = self.cleaned_data
        chosen = frozenset(given.get("countries", self.region()))
        return Options(
            None if OTHERS in chosen else chosen,
            filter=ActivityFilter(
                sectors=tuple(given.get("sectors", "").replace(",", " ").split()),
                words=tuple(given.get("words", "").split()),
                first=given.get("first"),
                last=given.get("last"),
                relevance=given.get("relevance", 0),
            ),
            leave_out=given.get("leave_out", False),
            may_publish=user.has_perm("projects.publish_project"),
        )

    def pairs(self):
        """Return the pairs of name and value that a browser sends of the form."""
        return [(name, value) for name in self.fields for value in self.data.getlist(name) if value]


class RejectionForm(forms.Form):
    """Why activities are rejected."""

    reason = forms.ChoiceField(
        label=pgettext_lazy("desk", "Reason"),
        choices=RejectedActivity.Reason.choices,
        initial=RejectedActivity.Reason.SUBJECT,
    )


class PreviewMixin:
    """The preview of a file, for the admin of imported files."""

    def file_of(self, request, pk):
        """Return a file. Raise PermissionDenied if the user may not import, and Http404 if there is no such file."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        file = ImportedFile.objects.filter(pk=pk).first()
        if file is None:
            raise Http404
        return file

    def preview(self, request, pk):
        """Show what the import of a file would do.

        A POST with the `action` "import" imports all activities that the choices offer; "import-ticked", "reject" and
        "take-back" do it with the `ticked` identifiers.
        """
        file = self.file_of(request, pk)
        form = ImportChoiceForm.of(request.POST if request.method == "POST" else request.GET)
        options = form.options(request.user)
        action = request.POST.get("action", "import") if request.method == "POST" and form.is_valid() else ""
        ticked = frozenset(request.POST.getlist("ticked"))
        if action in {"import-ticked", "reject", "take-back"} and not ticked:
            self.message_user(request, _("Tick an activity first."), messages.WARNING)
            return HttpResponseRedirect(request.get_full_path())
        with reader(file.content, file) as reads:
            if action in {"reject", "take-back"}:
                self._decide(request, action, reads, ticked)
                return HttpResponseRedirect(request.get_full_path())
            if action:
                if action == "import-ticked":
                    options = dataclasses.replace(options, chosen=ticked)
                plan = applying.run(reads, file, options, request.user)
                if not plan.blocked and plan.has_news:
                    self._tell(request, plan)
                    address = reverse("admin:projects_importedfile_changelist")
                    return HttpResponseRedirect(address if action == "import" else request.get_full_path())
                options = form.options(request.user)
            plan = planning.preview(reads(), file.name, options)
        title = _("Preview of {file}").format(file=file.name)
        return self._page(request, "preview", title, form=form, **_shown(request, plan, file, form))

    def _decide(self, request, action, reads, ticked):
        """Reject the ticked activities, or take their rejection back, and tell the user."""
        if action == "reject":
            form = RejectionForm(request.POST)
            reason = form.cleaned_data["reason"] if form.is_valid() else RejectedActivity.Reason.SUBJECT
            chosen = (read.activity for read in reads() if read.activity.identifier in ticked)
            count = rejections.reject(chosen, reason, request.user)
            words = ngettext("{count} activity was rejected.", "{count} activities were rejected.", count)
            self.message_user(request, words.format(count=count), messages.SUCCESS)
        else:
            found = RejectedActivity.objects.filter(identifier__in=ticked)
            tell_taken_back(self, request, rejections.take_back(found, request.user))

    def _tell(self, request, plan):
        count = plan.counts[RowState.NEW] + plan.counts[RowState.CHANGED]
        words = ngettext("{count} project was imported.", "{count} projects were imported.", count)
        self.message_user(request, words.format(count=count), messages.SUCCESS)


def tell_taken_back(model_admin, request, count):
    """Tell the user how many rejections were taken back."""
    words = ngettext("{count} rejection was taken back.", "{count} rejections were taken back.", count)
    model_admin.message_user(request, words.format(count=count), messages.SUCCESS)


def _shown(request, plan, file, form):
    """Return the context of the preview's template."""
    labels = {name: label_of(name) for name in planning.fields.FIELDS}
    states = [*LISTED, *([RowState.REJECTED] if form.cleaned_data.get("rejected") else [])]
    listed = [row for state in states for row in plan.rows if row.state == state]
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    groups = [
        {"state": state, "count": plan.counts[state], "is_ticked": state in TICKED, "rows": rows}
        for state in states
        if (rows := [_row(row, labels, file) for row in page if row.state == state])
    ]
    triage = reverse("admin:projects_importedfile_triage", args=[file.pk])
    return {
        "plan": plan,
        "file": file,
        "counts": [(state.label, count) for state, count in plan.counts.items() if count],
        "filters": [form[name] for name in ("words", "sectors", "first", "last", "relevance")],
        "groups": groups,
        "page": page,
        "page_numbers": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "pairs": form.pairs(),
        "rejection": RejectionForm(),
        "offered": plan.counts[RowState.NEW] + plan.counts[RowState.CHANGED],
        "triage_url": f"{triage}?{urlencode(form.pairs())}" if plan.counts[RowState.NEW] else "",
    }


def _row(row, labels, file):
    return {
        "row": row,
        "url": reverse("admin:projects_project_change", args=[row.project]) if row.project else "",
        "findings": [(finding, finding.at(file.name)) for finding in row.findings],
        "doubles": double_links(row),
        "changes": [(labels[name], in_words(before), in_words(after)) for name, (before, after) in row.changes.items()],
        "differences": [
            (labels[name], in_words(portal), in_words(given)) for name, (portal, given) in row.differences.items()
        ],
    }


def double_links(row):
    """Return the URL of the form, the title and the reason of each project that may be the same as an activity."""
    return [(reverse("admin:projects_project_change", args=[pk]), title, reason) for pk, title, reason in row.doubles]


def label_of(name):
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
