"""Triage of suggested issues: one suggestion after the other, each decided by one click or key."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.iati import suggestions
from projects.models import ProjectIssue, SuggestedIssue

CONFIRMED, DISMISSED = SuggestedIssue.Decision.CONFIRMED, SuggestedIssue.Decision.DISMISSED


class RationaleForm(forms.Form):
    """Why a project addresses an issue: the significance, and the rationale in each language."""

    significance = forms.ChoiceField(
        label=gettext_lazy("Significance"), required=False, choices=[("", "—"), *ProjectIssue.Significance.choices]
    )
    rationale_en = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3, "lang": "en"}))
    rationale_ko = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3, "lang": "ko"}))
    rationale_ru = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3, "lang": "ru"}))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for code, name in settings.LANGUAGES:
            if field := self.fields.get(f"rationale_{code}"):
                field.label = f"{_('Rationale')} ({name})"
        if field := self.fields.get("rationale_en"):
            field.help_text = _("Why the project addresses this issue, in one sentence.")

    def require_rationale(self, cleaned):
        """Add an error to each field that a link to an issue needs and that is empty."""
        for name in ("issue", "significance", "rationale_en"):
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, _("Required in order to link an issue."))


class TriageMixin:
    """A page of the admin of suggested issues that shows one open suggestion at a time, those of a project together."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.triage_view)
        return [path("triage/", view, name="projects_suggestedissue_triage"), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        triage = reverse("admin:projects_suggestedissue_triage") if self.may_change_whole(request) else ""
        return super().changelist_view(request, {**(extra_context or {}), "triage": triage})

    def triage_view(self, request):
        """Show the open suggestion `at`, or else the first one. A POST decides on it and leads to the next one.

        The parameter `project` is the primary key of the only project whose suggestions are shown.
        """
        if not self.may_change_whole(request):
            raise PermissionDenied
        waiting = self._waiting(request)
        at = _number(request.POST.get("at") or request.GET.get("at"))
        form = None
        if request.method == "POST":
            following = after(waiting, at)
            form = self._decide(request, at)
            if form is None:
                return HttpResponseRedirect(self._address(request, following))
        pk = at if at in waiting else next(iter(waiting), None)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": self.opts.verbose_name_plural.capitalize(),
            "count": len(waiting),
            "list_url": reverse("admin:projects_suggestedissue_changelist"),
        }
        if pk is not None:
            suggestion = SuggestedIssue.objects.select_related("project", "issue").get(pk=pk)
            form = form or self._drafted_form(suggestion)
            rationales = [form[f"rationale_{code}"] for code, _language in settings.LANGUAGES]
            context |= {
                "suggestion": suggestion,
                "issue": self.issue_or_any(suggestion),
                "project": suggestion.project,
                "project_url": reverse("admin:projects_project_change", args=[suggestion.project_id]),
                "reasons": [suggestions.reason_in_words(by, met) for by, met in suggestion.reasons],
                "form": form,
                "rows": [[form["issue"], form["significance"]], rationales],
                "next_url": self._address(request, after(waiting, pk)),
            }
        return TemplateResponse(request, "admin/iati/triage.html", context)

    def _waiting(self, request):
        """Return the primary keys of the open suggestions that the user may decide on, in the order of the triage."""
        found = SuggestedIssue.objects.open_for(request.user)
        if project := _number(request.GET.get("project")):
            found = found.filter(project=project)
        return list(found.order_by("project", "-score", "pk").values_list("pk", flat=True))

    def _address(self, request, at):
        """Return the URL of the triage at a suggestion, with the same project."""
        parameters = {"project": _number(request.GET.get("project")), "at": at}
        query = urlencode({name: value for name, value in parameters.items() if value})
        return reverse("admin:projects_suggestedissue_triage") + (f"?{query}" if query else "")

    def _decide(self, request, pk):
        """Store a decision and tell the user. Return the form if it is invalid, and None if nothing is left to do."""
        suggestion = self.get_object(request, str(pk))  # locked, with its project
        if suggestion is None or suggestion.decision != SuggestedIssue.Decision.OPEN:
            self.message_user(request, _("Somebody else has decided on this suggestion meanwhile."), messages.WARNING)
            return None
        if not self.may_change_whole(request, suggestion):
            raise PermissionDenied
        if request.POST.get("decision") == CONFIRMED:
            form = self.get_form(request, suggestion, change=True)(request.POST, instance=suggestion)
            if not form.is_valid():
                return form
            self.save_model(request, form.save(commit=False), form, change=True)
            words = _("Linked: {project} – {issue}")
        else:
            suggestion.decision = DISMISSED
            suggestion.save(update_fields=["decision"])
            words = _("Dismissed: {project} – {issue}")
        self.log_change(request, suggestion, [{"changed": {"fields": ["decision"]}}])
        issue = self.issue_or_any(suggestion)
        self.message_user(request, words.format(project=suggestion.project, issue=issue), messages.SUCCESS)
        return None

    def _drafted_form(self, suggestion):
        """Return the form with the drafts of significance and rationale."""
        drafts = suggestions.drafted_rationales(suggestion.project, suggestion.reasons)
        initial = {f"rationale_{code}": drafts[code] for code, _language in settings.LANGUAGES}
        initial["significance"] = suggestions.drafted_significance(suggestion.reasons)
        return self.form(instance=suggestion, initial=initial)


def _number(text):
    return int(text) if text and text.isdecimal() and len(text) < 19 else None


def after(pks, pk):
    """Return the primary key after `pk`. After the last or an unknown one comes the first; None if there is none."""
    others = [*pks[pks.index(pk) + 1 :], *pks[: pks.index(pk)]] if pk in pks else pks
    return next(iter(others), None)
