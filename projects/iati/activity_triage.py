"""Triage of the activities of a file: one after the other, each imported or rejected by one click or key."""

import dataclasses

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from issues.models import Issue
from portal.models import Place
from projects.iati import applying, facts, fields, planning, rejections, suggestions
from projects.iati.findings import ImportRefused
from projects.iati.preview_admin import ImportChoiceForm, RejectionForm, double_links, reader
from projects.iati.triage import RationaleForm, after
from projects.models import Project, ProjectIssue, RejectedActivity, SuggestedIssue


class ActivityForm(RationaleForm):
    """The issue that a new project is linked to, with significance and rationale. Without an issue it has no link."""

    issue = forms.ModelChoiceField(label=gettext_lazy("Issue"), queryset=Issue.objects.none(), required=False)

    field_order = ("issue", "significance")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["issue"].queryset = Issue.objects.in_order_of("name")

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("issue"):
            self.require_rationale(cleaned)
        return cleaned


class ActivityTriageMixin:
    """A page of the admin of imported files that shows one new activity at a time."""

    def triage(self, request, pk):
        """Show the new activity `at` of a file, or else the first one. A POST decides on it and leads to the next one.

        The other parameters are those of the preview: they choose the activities that are shown.
        """
        file = self.file_of(request, pk)
        choice = ImportChoiceForm.of(request.GET)
        options = dataclasses.replace(choice.options(request.user), leave_out=True)
        at = request.POST.get("at") or request.GET.get("at", "")
        form = None
        preview = reverse("admin:projects_importedfile_preview", args=[file.pk])
        preview = f"{preview}?{urlencode(choice.pairs())}"
        with reader(file.content, file) as reads:
            known = planning.ExistingRecords()
            offered, shown = [], None
            try:
                for read in reads():
                    if planning.is_new(read, known, options):
                        offered.append(read.activity.identifier)
                        if shown is None or read.activity.identifier == at:
                            shown = read
            except ImportRefused:
                return HttpResponseRedirect(preview)  # it says why
            if request.method == "POST":
                form = self._decided(request, file, reads, options, shown if at in offered else None)
                if form is None:
                    return HttpResponseRedirect(_address(file, choice, after(offered, at)))
        context = {"count": len(offered), "preview_url": preview}
        if shown is not None:
            following = after(offered, shown.activity.identifier)
            context |= {"next_url": _address(file, choice, following), **_shown(file, shown, known, options, form)}
        title = _("Activities of {file}").format(file=file.name)
        return self._page(request, "activity_triage", title, **context)

    def _decided(self, request, file, reads, options, read):
        """Import or reject an activity and tell the user. Return the form if it is invalid, else None."""
        if read is None:
            self.message_user(request, _("Somebody else has decided on this activity meanwhile."), messages.WARNING)
            return None
        activity = read.activity
        if request.POST.get("decision") == "rejected":
            reason = RejectionForm(request.POST)
            why = reason.cleaned_data["reason"] if reason.is_valid() else RejectedActivity.Reason.SUBJECT
            rejections.reject([activity], why, request.user)
            words = _("Rejected: {title}")
        else:
            form = ActivityForm(request.POST)
            if not form.is_valid():
                return form
            with transaction.atomic():
                chosen = dataclasses.replace(options, chosen=frozenset({activity.identifier}))
                applying.run(reads, file, chosen, request.user)
                _link(Project.objects.get(imported__identifier=activity.identifier), form.cleaned_data)
            words = _("Imported as a draft: {title}")
        self.message_user(request, words.format(title=fields.best(activity.titles)), messages.SUCCESS)
        return None


def _link(project, given):
    """Link a new project to the issue of the form, if there is one, as if its suggestion were confirmed."""
    if not given["issue"]:
        return
    texts = {name: text for name, text in given.items() if name.startswith("rationale_")}
    ProjectIssue.objects.create(project=project, issue=given["issue"], significance=given["significance"], **texts)
    suggested = project.suggested_issues.filter(issue=given["issue"])
    suggested.update(decision=SuggestedIssue.Decision.CONFIRMED)


def _address(file, choice, at):
    """Return the URL of the triage at an activity, with the same choices."""
    query = urlencode([*choice.pairs(), *([("at", at)] if at else [])])
    return f"{reverse('admin:projects_importedfile_triage', args=[file.pk])}?{query}"


def _shown(file, read, known, options, form):
    """Return what the page shows of an activity, with the form that proposes the likeliest issue, or with `form`."""
    row, found, _project = planning.resolve(read, known, options)
    project = Project()
    applying.set_columns(project, found, fields.FIELDS)
    suggested = suggestions.suggestions(read.activity)
    issues = {issue.key: issue for issue in Issue.objects.filter(key__in=suggested)}
    ranked = sorted(suggested, key=lambda key: suggested[key][0], reverse=True)
    best = next((key for key in ranked if key in issues), None)
    if form is None:
        form = ActivityForm(initial=_drafted(project, issues[best], suggested[best][1]) if best else None)
    names = {place.key: str(place) for place in Place.objects.filter(key__in=found["countries"])}
    organisations = dict.fromkeys(fields.best(party.names) or party.ref for party in read.activity.parties)
    texts = [form[f"rationale_{code}"] for code, _language in settings.LANGUAGES]
    return {
        "row": row,
        "project": project,
        "doubles": double_links(row),
        "warnings": [finding.at(file.name) for finding in row.warnings],
        "facts": [
            (_("Identifier"), row.identifier),
            (_("Dates"), " – ".join(filter(None, (found["start"], found["end"])))),
            (pgettext("desk", "Countries"), ", ".join(names.get(key, key) for key in found["countries"])),
            (_("Purposes"), ", ".join(f"{facts.sector_name(code)} ({code})" for code in found["sectors"])),
            (pgettext("desk", "Organisations"), ", ".join(organisations)),
        ],
        "reasons": [suggestions.reason_in_words(by, met) for by, met in suggested[best][1]] if best else [],
        "form": form,
        "rows": [[form["issue"], form["significance"]], texts],
        "rejection": RejectionForm(),
    }


def _drafted(project, issue, reasons):
    """Return the initial values of the form: the issue, with drafts of its significance and rationale."""
    texts = suggestions.drafted_rationales(project, reasons)
    return {
        "issue": issue.pk,
        "significance": suggestions.drafted_significance(reasons),
        **{f"rationale_{code}": text for code, text in texts.items()},
    }
