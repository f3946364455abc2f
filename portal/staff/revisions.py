"""Draft revisions of published records in the admin: their form, their page with the difference, and their list."""

import datetime

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from portal.core.languages import language_name
from portal.history.diff import RecordNames, field_label, label_of, row_name, value_in_words
from portal.history.revert import RevertError, restore
from portal.history.revisions import RevisionSteps, publish_revision
from portal.models import Notice, Revision, workflow
from portal.models.revision import attach_targets
from portal.publishing.checks import publishing_blockers
from portal.publishing.notices import discard, notify
from portal.publishing.preview import preview_links
from portal.staff.edit_conflicts import ASKED, CHOICE, FieldConflict
from portal.staff.pages import admin_address, admin_path
from portal.staff.workflow import MomentField, ReadOnly
from portal.tracking.history import TRACKED, parts_of, version_at

SUBMIT = "_submit"


class _RolledBack(Exception):
    """Rolls back a savepoint in which a revised record was stored."""


def is_revising(request):
    """Return True if the request shows or stores the form of a revision."""
    return hasattr(request, "revision")


class RevisionForm(forms.ModelForm):
    """The form of a record, filled in from a revision."""

    revision = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["why"] = self.revision.why


class RevisionMixin:
    """The admin of a record whose published version is revised beside it.

    The form of a revision is the form of the record. A GET fills it from the revised record. A POST stores the revised
    record in a savepoint, handles the form as usual, reads what it stored, and rolls the savepoint back.
    """

    # ── Permissions ──────────────────────────────────────────────────────────────────────────────────────────────

    def may_change_whole(self, request, obj=None):
        if obj is not None and is_revising(request):
            return "change" in self.actions_of(request)
        return super().may_change_whole(request, obj)

    def _is_own(self, request, revision):
        return revision.author_id == request.user.pk

    def _may_write_revision(self, request, revision):
        """Return True if the user may change what the revision says."""
        actions = self.actions_of(request)
        return (
            workflow.can_revise(actions, revision.target.publication)
            and revision.is_editable
            and (self._is_own(request, revision) or "publish" in actions)
        )

    def revision_actions(self, request, revision):
        """Return the set of actions on a revision that the user may do now."""
        actions = self.actions_of(request)
        own, reviews = "change" in actions and self._is_own(request, revision), {"change", "publish"} <= actions
        state, may_publish = revision.state, settings.REVIEW_OWN or not self._is_own(request, revision)
        allowed = {
            "edit": self._may_write_revision(request, revision),
            "submit": self._may_write_revision(request, revision) and state == Revision.State.DRAFT,
            "take-back": own and state == Revision.State.IN_REVIEW,
            "publish": reviews
            and may_publish
            and revision.is_open
            and workflow.can_revise(actions, revision.target.publication),
            "send-back": reviews and state in (Revision.State.IN_REVIEW, Revision.State.SCHEDULED),
            "discard": (reviews and revision.is_open) or (own and revision.is_editable),
        }
        return {action for action, is_allowed in allowed.items() if is_allowed}

    # ── The form ─────────────────────────────────────────────────────────────────────────────────────────────────

    def get_urls(self):
        return [
            admin_path(self, "<path:object_id>/revise/", self.revise_view, "revise"),
            admin_path(self, "<path:object_id>/revisions/<int:number>/", self.revision_view, "revision"),
            admin_path(self, "<path:object_id>/revisions/<int:number>/edit/", self.revise_view, "revision_edit"),
            *super().get_urls(),
        ]

    def get_object(self, request, object_id, from_field=None):
        obj = super().get_object(request, object_id, from_field)
        return request.revision.as_record() if is_revising(request) and request.method != "POST" else obj

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        if not is_revising(request):
            return form
        return type(form)(form.__name__, (RevisionForm, form), {"revision": request.revision})

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        return [*fields, "publication", "publish_at"] if is_revising(request) else fields

    def log_change(self, request, obj, message):
        """Log the change of a record. A revision is neither logged nor checked before somebody publishes it."""
        return None if is_revising(request) else super().log_change(request, obj, message)

    def response_change(self, request, obj):
        if not is_revising(request):
            return super().response_change(request, obj)
        request.is_revision_valid = True
        return HttpResponse()  # `_store_revision` redirects

    def revision_context(self, request, obj):
        """Return what the form of a record shows of its open revisions."""
        revisions = list(Revision.objects.open().of(obj).select_related("author").order_by("pk"))
        may_revise = workflow.can_revise(self.actions_of(request), obj.publication)
        has_own = any(self._is_own(request, revision) for revision in revisions)
        return {
            "revisions": [(revision, self._revision_url(revision)) for revision in revisions],
            "revise_url": admin_address(self.model, "revise", obj.pk) if may_revise and not has_own else "",
        }

    def revising_context(self, request, obj):
        """Return what the form of a revision shows beside the fields."""
        revision = request.revision
        return {
            "title": pgettext("desk", "Revise"),
            "revising": revision,
            "revision_url": self._revision_url(revision)
            if revision.pk
            else admin_address(self.model, "change", obj.pk),
        }

    def _revision_url(self, revision, page="revision"):
        return admin_address(self.model, page, revision.record, revision.pk)

    def _locked(self, request, object_id, number=None):
        """Return the record of a page and its revision; without a number, the user's own open one, or None.

        A POST locks the record first.
        """
        record = self.get_object(request, unquote(object_id))
        if record is None:
            raise Http404
        revisions = Revision.objects.of(record).select_related("author", "approver")
        if number is None:
            revision = revisions.open().filter(author=request.user).first()
        elif (revision := revisions.filter(pk=number).first()) is None:
            raise Http404
        if revision is not None:
            revision.target = record
        return record, revision

    def revise_view(self, request, object_id, number=None):
        """Show the form of a revision. A POST stores the revision; the first one of an editor creates it."""
        record, revision = self._locked(request, object_id, number)
        if revision is None:
            revision = Revision(kind=self.opts.label_lower, record=record.pk, author=request.user)
            revision.target = record
        elif number is None and request.method != "POST":
            return HttpResponseRedirect(self._revision_url(revision))
        if not self._may_write_revision(request, revision):
            raise PermissionDenied
        request.revision = revision
        if request.method != "POST":
            return self.changeform_view(request, object_id)
        return self._store_revision(request, object_id, revision)

    def _store_revision(self, request, object_id, revision):
        """Store what the sent form would store, as a revision. Return the form again if it is not valid."""
        record, kinds = revision.target, parts_of(revision.target)
        now, known, after, gaps = version_at(record, kinds=kinds), set(publishing_blockers(record)), None, []
        try:
            with transaction.atomic():
                steps, _clashes = revision.merge(now)
                if any(steps.values()):
                    restore(record, steps, is_final=False)
                response = self.changeform_view(request, object_id)
                if getattr(request, "is_revision_valid", False):
                    after = version_at(record, kinds=kinds)
                    stored = publishing_blockers(self.model._base_manager.get(pk=record.pk))
                    gaps = [gap for gap in stored if gap not in known]
                elif hasattr(response, "render"):
                    response.render()  # while the database has the revised rows
                raise _RolledBack
        except _RolledBack:
            pass
        except (IntegrityError, RevertError) as refused:
            messages.error(request, " ".join(map(str, getattr(refused, "reasons", [refused]))))
            return HttpResponseRedirect(request.path)
        if after is None:
            return response
        revision.rewrite(now, after)
        revision.why = " ".join(request.POST.get("why", "").split())
        if not revision.changes:
            messages.warning(request, _("Nothing differs from the published record."))
            if revision.pk is None:
                return HttpResponseRedirect(admin_address(self.model, "change", record.pk))
        is_submitted = SUBMIT in request.POST and bool(revision.changes)
        if is_submitted and revision.state == Revision.State.DRAFT:
            revision.state, revision.note = Revision.State.IN_REVIEW, ""
        revision.save()
        if is_submitted:
            messages.success(request, _("The revision waits for review. Readers still see the published record."))
        elif revision.changes:
            messages.success(request, _("The revision was saved. Readers still see the published record."))
        if gaps:
            listed = format_html_join("", "<li>{}</li>", ((gap.text,) for gap in gaps))
            text = _("Required before publication")
            messages.warning(request, format_html("{}: <ul>{}</ul>", text, listed))
        return HttpResponseRedirect(self._revision_url(revision))

    # ── The page of a revision ───────────────────────────────────────────────────────────────────────────────────

    def revision_view(self, request, object_id, number):
        """Show the difference between a revision and the published record. A POST decides about the revision."""
        record, revision = self._locked(request, object_id, number)
        if not self.has_view_or_change_permission(request, record):
            raise PermissionDenied
        reasons = []
        if request.method == "POST":
            action = request.POST.get("action", "")
            if action not in self.revision_actions(request, revision):
                raise PermissionDenied
            reasons = self._decide(request, revision, action)
            if not reasons:
                to = record if action == "publish" and revision.state == Revision.State.PUBLISHED else None
                url = admin_address(self.model, "change", to.pk) if to else self._revision_url(revision)
                return HttpResponseRedirect(url)
        change = RevisionSteps(revision)
        context = self._history_context(
            request,
            record,
            pgettext("desk", "Revision"),
            revision=revision,
            actions=self.revision_actions(request, revision),
            change=change.change(),
            questions=_questions(change),
            edit_url=self._revision_url(revision, "revision_edit"),
            previews=preview_links(revision) if revision.is_open else [],
            reasons=reasons,
            seen=_seen(revision),
            is_own=self._is_own(request, revision) and revision.is_open and self.has_publish_permission(request),
            why=request.POST.get("why", revision.why),
            publish_at=request.POST.get("publish_at", ""),
            note=request.POST.get("note", ""),
        )
        return TemplateResponse(request, "admin/revision.html", context)

    def _decide(self, request, revision, action):
        """Do the action and return []; return the reasons in words if nothing was changed."""
        if request.POST.get("seen") != _seen(revision):
            return [_("The revision has changed. Check it again.")]
        if action == "publish":
            return self._publish_revision(request, revision)
        note = request.POST.get("note", "").strip()
        if not note and (action == "send-back" or (action == "discard" and not self._is_own(request, revision))):
            return [_("State the reason for the author, in one sentence.")]
        now, state = timezone.now(), Revision.State
        if action == "submit":
            if not revision.changes:
                return [_("Nothing differs from the published record.")]
            revision.state, revision.note = state.IN_REVIEW, ""
            text = _("The revision waits for review. Readers still see the published record.")
        elif action == "take-back":
            revision.state = state.DRAFT
            text = _("The revision is being written again.")
        elif action == "send-back":
            revision.state, revision.note, revision.publish_at, revision.decided_at = state.DRAFT, note, None, None
            notify(Notice.Event.SENT_BACK, revision.target, {revision.author_id}, request.user)
            text = _("The revision was sent back to its author.")
        else:
            revision.state, revision.note, revision.publish_at = state.DISCARDED, note, None
            revision.decided_at, revision.approver = now, request.user
            discard(revision, request.user, note)
            text = _("The revision was discarded. The published record has not changed.")
        revision.save()
        messages.success(request, text)
        return []

    def _publish_revision(self, request, revision):
        """Publish the revision at once, or schedule it. Return the reasons in words if nothing was changed."""
        why = " ".join(request.POST.get("why", "").split())[:500]
        if not why:
            return [_("Your changes are visible to readers. State the reason in one sentence; it is published too.")]
        try:
            moment = MomentField(required=False).clean(request.POST.get("publish_at", ""))
        except ValidationError as error:
            return error.messages
        answers = {name: request.POST.get(CHOICE.format(name), "") for name in request.POST.getlist(ASKED)}
        is_ahead = moment is not None and moment > timezone.now()
        change = RevisionSteps(revision, answers)
        try:
            with transaction.atomic():
                publish_revision(revision, why, answers, request.user)
                if is_ahead:
                    raise _RolledBack
        except _RolledBack:
            revision.refresh_from_db()
            revision.set_steps(change.steps)  # the answers stay given
            revision.state, revision.publish_at, revision.why = Revision.State.SCHEDULED, moment, why
            revision.approver, revision.decided_at, revision.note = request.user, timezone.now(), ""
            revision.save()
            messages.success(request, _("The revision will be published at the time that you set."))
        except RevertError as refused:
            revision.refresh_from_db()
            return refused.reasons
        else:
            messages.success(request, _("The revision was published."))
        return []


def _seen(revision):
    """Return the version of a revision that its page shows, as text. A decision about another one is refused."""
    return revision.updated_at.astimezone(datetime.UTC).isoformat()


def _questions(change):
    """Return the clashes of RevisionSteps in words, as FieldConflicts."""
    names = RecordNames()
    for clash in change.clashes:
        states = change.revision.steps[clash.model].get(clash.key)
        for state in (states.before, states.after) if states else ():
            if state:
                names.want(clash.model, state)
        values = (clash.before, clash.theirs, clash.mine)
        for state in values if not clash.column else ():
            if state:
                names.want(clash.model, state)
        for column in clash.model._meta.concrete_fields if clash.column else ():
            if column.attname == clash.column and column.is_relation:
                names.wanted[column.related_model].update(value for value in values if value is not None)
    names.fetch()
    return [_question(change.record, clash, names, change) for clash in change.clashes]


def _question(record, clash, names, change):
    tracked = TRACKED[clash.model]
    if not clash.column:
        told = [row_name(tracked, state, names) if state else "—" for state in (clash.before, clash.theirs, clash.mine)]
        return FieldConflict(clash.name, label_of(tracked, record), *told)
    column = next(one for one in clash.model._meta.concrete_fields if one.attname == clash.column)
    label = field_label(column)
    if hasattr(column, "translated_field"):
        label = f"{label} ({language_name(column.language)})"
    if clash.model is not type(record):
        row = change.steps[clash.model].get(clash.key)
        label = f"{label_of(tracked, record)}, {row_name(tracked, row.before, names) if row else clash.key}: {label}"
    told = [value_in_words(column, value, names) for value in (clash.before, clash.theirs, clash.mine)]
    return FieldConflict(clash.name, label, *told)


@admin.register(Revision)
class RevisionAdmin(ReadOnly, admin.ModelAdmin):
    """The list of revisions. Each leads to its page beside its record."""

    list_display = ("subject", "kind_name", "author", "state", "updated_at", "publish_at")
    list_display_links = None
    list_filter = ("state",)
    list_select_related = ("author",)
    date_hierarchy = "updated_at"

    def get_changelist_instance(self, request):
        changelist = super().get_changelist_instance(request)
        changelist.result_list = attach_targets(changelist.result_list)
        return changelist

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Redirect to the page of the revision."""
        revision = self.get_object(request, unquote(object_id))
        if revision is None:
            raise Http404
        if not self.has_view_permission(request, revision):
            raise PermissionDenied
        return HttpResponseRedirect(revision_address(revision))

    @admin.display(description=pgettext_lazy("desk", "record"))
    def subject(self, revision):
        return format_html('<a href="{}">{}</a>', revision_address(revision), revision.target)

    @admin.display(description=Revision._meta.get_field("kind").verbose_name, ordering="kind")
    def kind_name(self, revision):
        return capfirst(revision.model._meta.verbose_name)


def revision_address(revision):
    """Return the URL of the page of a revision."""
    return admin_address(revision.model, "revision", revision.record, revision.pk)
