"""The review of records in the admin: with the drafts that they depend on, and who wrote and reviewed them."""

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from portal.accounts.adapters import display
from portal.core.choices import PublicationStatus
from portal.core.database import lock_rows
from portal.models import workflow
from portal.publishing.checks import PublishingBlocker, publishing_blockers
from portal.publishing.dependencies import unpublished_dependencies
from portal.publishing.notices import record_moved
from portal.publishing.preview import preview_links
from portal.publishing.review_trail import authors, is_own_submission, review_trail
from portal.staff.curation import last_changes
from portal.staff.pages import admin_address, admin_path
from portal.staff.workflow import store_move, why_not_allowed
from portal.tracking.change_reasons import ChangeReason
from portal.tracking.history import change_reason

DRAFT, IN_REVIEW, PUBLISHED = PublicationStatus.DRAFT, PublicationStatus.IN_REVIEW, PublicationStatus.PUBLISHED
# The states to which records move together, and the reason in the history.
TOGETHER = {IN_REVIEW: ChangeReason.SUBMITTED_TOGETHER, PUBLISHED: ChangeReason.PUBLISHED_TOGETHER}


class NotTogether(Exception):
    """Some records cannot be moved. `problems` has, for each of them, the record and a list of (words, URL)."""

    def __init__(self, problems):
        super().__init__(problems)
        self.problems = problems


class ReviewMixin:
    """The review of a record together with the drafts that it depends on."""

    def get_urls(self):
        return [admin_path(self, "<path:object_id>/together/", self.together_view, "together"), *super().get_urls()]

    def review_context(self, request, obj, gaps):
        """Return what the form of `obj` shows of its review. `obj` has the stored state, `gaps` its blockers."""
        wrote, trail = authors(obj), review_trail(obj)
        waiting = obj.publication in workflow.EDITABLE_STATES
        steps = {"submission": trail.submission, "release": None if waiting else trail.release}
        people = {*(user for user, _at in wrote), *(step.user for step in steps.values() if step)}
        names = {pk: display(user) for pk, user in get_user_model().objects.in_bulk(people - {None}).items()}
        context = {name: (names.get(step.user, ""), step.at) for name, step in steps.items() if step}
        context["authors"] = [(names[user], at) for user, at in wrote if user in names]
        context["is_own"] = waiting and self.has_publish_permission(request) and is_own_submission(request.user, obj)
        if waiting and self.may_change_whole(request, obj) and any(gap.unpublished for gap in gaps):
            context["together_url"] = admin_address(self.model, "together", obj.pk)
        return context

    def _lines(self, request, records):
        """Return what a list of records shows of each: the record, its kind, its state and the URL of its form."""
        return [
            {
                "record": one,
                "kind": capfirst(one._meta.verbose_name),
                "state": PublicationStatus(one.publication).label,
                "url": self.address_of_unpublished(request, one),
            }
            for one in records
        ]

    def response_add(self, request, obj, post_url_continue=None):
        self._offer_drafts(request, obj)
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request, obj):
        self._offer_drafts(request, obj)
        return super().response_change(request, obj)

    def _offer_drafts(self, request, obj):
        """Offer, in a message, to submit the drafts that a record in review depends on."""
        if obj.publication != IN_REVIEW:
            return
        drafts = sum(one.publication == DRAFT for one in unpublished_dependencies(obj))
        if not drafts:
            return
        text = ngettext(
            "This record depends on {count} draft that is not submitted yet.",
            "This record depends on {count} drafts that are not submitted yet.",
            drafts,
        ).format(count=drafts)
        url = admin_address(self.model, "together", obj.pk)
        link = format_html('{} <a href="{}">{}</a>', text, url, _("Submit them too"))
        self.message_user(request, link, messages.WARNING)

    # ── Together ─────────────────────────────────────────────────────────────────────────────────────────────

    def together_view(self, request, object_id):
        """Show a record with the drafts that it depends on. A POST submits or publishes all of them, or none."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.may_change_whole(request, obj):
            raise PermissionDenied
        problems = []
        if request.method == "POST":
            lock_rows(unpublished_dependencies(obj))
            try:
                return self._moved_together(request, obj, request.POST.get("state"))
            except NotTogether as refused:
                problems = refused.problems
            obj = self.model.objects.get(pk=obj.pk)
        records = [*unpublished_dependencies(obj), obj]
        lines = self._lines(request, records)
        for line in lines:
            line["preview"] = next((link for link in preview_links(line["record"]) if link[0] == get_language()), None)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Review together"),
            "subtitle": str(obj),
            "object": obj,
            "lines": lines,
            "problems": problems,
            "seen": last_changes(*records),
            "drafts": sum(one.publication == DRAFT for one in records),
            "unpublished": sum(one.publication != PUBLISHED for one in records),
            "may_publish": self.has_publish_permission(request),
        }
        return TemplateResponse(request, "admin/together.html", context)

    def _moved_together(self, request, obj, state):
        """Move the record and its drafts to `state`, and redirect to its form. Raise NotTogether if nothing moved."""
        if state not in TOGETHER:
            raise PermissionDenied
        state, records = PublicationStatus(state), [*unpublished_dependencies(obj), obj]
        if request.POST.get("seen") != last_changes(*records):
            raise NotTogether([(None, [(_("One of the records has changed. Check them again."), "")])])
        moving = [one for one in records if one.publication == DRAFT or (state == PUBLISHED != one.publication)]
        self._refuse(request, {one: self._objections(request, one, state) for one in moving})
        with transaction.atomic(), change_reason(TOGETHER[state].format(key=obj.key)):
            for one in moving:
                old = one.publication
                store_move(one, state)
                record_moved(one, old, request.user)
            if state == PUBLISHED:
                stored = [type(one).objects.get(pk=one.pk) for one in moving]
                self._refuse(request, {one: publishing_blockers(one) for one in stored})
        LogEntry.objects.log_actions(request.user.pk, moving, CHANGE, [{"changed": {"fields": ["publication"]}}])
        if state == PUBLISHED:
            words = ngettext("{count} record was published.", "{count} records were published.", len(moving))
        else:
            words = ngettext("{count} record was submitted.", "{count} records were submitted.", len(moving))
        self.message_user(request, words.format(count=len(moving)), messages.SUCCESS)
        return HttpResponseRedirect(admin_address(self.model, "change", obj.pk))

    def _objections(self, request, record, state):
        """Return the reasons, as PublishingBlockers, why the user may not move a record to `state`."""
        actions = workflow.allowed_actions(request.user, type(record))
        reason = why_not_allowed(actions, record, state, is_own=is_own_submission(request.user, record))
        return [PublishingBlocker(reason)] if reason else []

    def _refuse(self, request, found):
        """Raise NotTogether if a record has blockers. `found` maps records to them."""
        problems = []
        for record, gaps in found.items():
            url = self.address_of_unpublished(request, record)
            if gaps:
                problems.append((record, [(gap.text, f"{url}#{gap.anchor}" if url else "") for gap in gaps]))
        if problems:
            raise NotTogether(problems)
