"""The work of several editors in the admin: comments, sending back, who reviews a record, and the page of notices."""

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from portal.accounts.adapters import display
from portal.core.choices import PublicationStatus
from portal.models import Assignment, Comment, Notice, NoticePreference
from portal.publishing import notices
from portal.publishing.review_trail import is_own_submission, review_trails
from portal.staff.pages import admin_address, admin_path, posted_object
from portal.staff.workflow import store_move
from portal.tracking.change_reasons import ChangeReason
from portal.tracking.history import change_reason

PER_PAGE = 50
DRAFT, IN_REVIEW = PublicationStatus.DRAFT, PublicationStatus.IN_REVIEW


class CommentForm(forms.ModelForm):
    """A comment on a record."""

    class Meta:
        model = Comment
        fields = ("text",)
        widgets = {"text": forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["text"].required = True
        self.fields["text"].help_text = _("Only the staff reads it. Name a colleague as @username to notify them.")


class AssignmentFilter(admin.SimpleListFilter):
    """Filter the change list by who reviews a record."""

    title = gettext_lazy("review by")
    parameter_name = "reviewer"

    def lookups(self, request, model_admin):
        return [("me", gettext_lazy("Mine")), ("nobody", gettext_lazy("Nobody yet"))]

    def queryset(self, request, queryset):
        assigned = Assignment.objects.filter(kind=queryset.model._meta.label_lower, record=OuterRef("pk"))
        if self.value() == "me":
            return queryset.filter(Exists(assigned.filter(assignee=request.user)))
        if self.value() == "nobody":
            return queryset.filter(~Exists(assigned), publication=IN_REVIEW)
        return queryset


def reviewers(model):
    """Return the members of the staff who may publish records of a model, by username."""
    permission = f"{model._meta.app_label}.publish_{model._meta.model_name}"
    users = ModelBackend().with_perm(permission, is_active=True)
    return users.filter(is_staff=True).order_by("username")


class TeamworkMixin:
    """Comments on a record, sending it back with a comment, and who reviews it."""

    def get_urls(self):
        paths = [
            admin_path(self, "<path:object_id>/comment/", self.comment_view, "comment"),
            admin_path(self, "<path:object_id>/assign/", self.assign_view, "assign"),
        ]
        return [*paths, *super().get_urls()]

    def teamwork_context(self, request, obj):
        """Return what the form of `obj` shows of its comments and its reviewer. `obj` has the stored state."""
        written = list(notices.comments_of(obj))
        backs = [one for one in written if one.is_sending_back]
        for one in written:
            one.author_name = display(one.author) if one.author else ""
        context = {
            "comments": [(one, one.author_name, one.author_id == request.user.pk) for one in written],
            "sent_back": backs[-1] if backs and obj.publication == DRAFT else None,
            "comment_form": CommentForm(),
            "comment_url": admin_address(self.model, "comment", obj.pk),
            "may_send_back": obj.publication == IN_REVIEW and self.has_move_permission(request),
        }
        if obj.publication == IN_REVIEW:
            context["assignee"] = assignee = notices.assignee_of(obj)
            context["assignee_name"] = assignee and display(assignee)
            if self.has_publish_permission(request):
                context["assign_url"] = admin_address(self.model, "assign", obj.pk)
                context["may_take"] = not is_own_submission(request.user, obj)
                context["reviewers"] = [(user.pk, display(user)) for user in reviewers(self.model)]
        return context

    def comment_view(self, request, object_id):
        """Store a comment, with `send_back` also the return to draft; or delete the user's own comment `erase`."""
        if (obj := posted_object(self, request, object_id)) is None:
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        page = admin_address(self.model, "change", obj.pk)
        if pk := request.POST.get("erase"):
            own = notices.comments_of(obj).filter(author=request.user, pk=pk if pk.isdecimal() else 0)
            own.delete()
            return HttpResponseRedirect(f"{page}#desk-comments")
        form = CommentForm(request.POST)
        if not form.is_valid():
            for error in form.errors["text"]:
                self.message_user(request, error, messages.ERROR)
        elif "send_back" in request.POST:
            self._send_back(request, obj, form.cleaned_data["text"])
        else:
            notices.comment(obj, request.user, form.cleaned_data["text"])
            self.message_user(request, _("The comment was stored."), messages.SUCCESS)
        return HttpResponseRedirect(f"{page}#desk-comments")

    def _send_back(self, request, obj, text):
        if obj.publication != IN_REVIEW or not self.has_move_permission(request):
            raise PermissionDenied
        with change_reason(ChangeReason.SENT_BACK_WITH_COMMENT):
            store_move(obj, DRAFT)
        notices.send_back(obj, request.user, text)
        LogEntry.objects.log_actions(request.user.pk, [obj], CHANGE, [{"changed": {"fields": ["publication"]}}])
        self.message_user(request, _("The record was sent back."), messages.SUCCESS)

    def assign_view(self, request, object_id):
        """Make the user (`take`) or another reviewer (`assignee`) review a record, or nobody (`give_back`)."""
        if (obj := posted_object(self, request, object_id)) is None:
            return HttpResponseNotAllowed(["POST"])
        if not self.has_publish_permission(request) or obj.publication != IN_REVIEW:
            raise PermissionDenied
        if "take" in request.POST:
            assignee = request.user
        elif "give_back" in request.POST:
            assignee = None
        else:
            pk = request.POST.get("assignee", "")
            assignee = reviewers(self.model).filter(pk=pk if pk.isdecimal() else 0).first()
            if assignee is None:
                raise PermissionDenied
        if assignee is not None and is_own_submission(assignee, obj):
            words = _("{name} wrote or submitted this record, so another reviewer publishes it.")
            self.message_user(request, words.format(name=display(assignee)), messages.ERROR)
        else:
            notices.assign(obj, assignee, request.user)
        if request.POST.get("next") == "desk":
            return HttpResponseRedirect(reverse("admin:index"))
        return HttpResponseRedirect(admin_address(self.model, "change", obj.pk))

    # ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────

    def get_list_filter(self, request):
        return [*super().get_list_filter(request), AssignmentFilter]

    def get_list_display(self, request):
        """Return Django's columns; in a list of records that wait for review, also who submitted and reviews them."""
        name, *others = super().get_list_display(request)
        people = ["submitted_by", "reviewed_by"] if _lists_waiting(request) else []
        return [name, *people, *others]

    def get_changelist_instance(self, request):
        changelist = super().get_changelist_instance(request)
        if _lists_waiting(request):
            attach_people(self.model, changelist.result_list)
        return changelist

    @admin.display(description=gettext_lazy("submitted by"))
    def submitted_by(self, record):
        return record.submitted_by or "–"

    @admin.display(description=gettext_lazy("review by"))
    def reviewed_by(self, record):
        return display(record.assignee) if record.assignee else "–"


def _lists_waiting(request):
    """Return True if the change list shows records that wait for review."""
    given = request.GET
    waiting = given.get("care") == "review" or given.get("publication__exact") == IN_REVIEW
    return waiting or AssignmentFilter.parameter_name in given


def attach_people(model, records):
    """Set `submitted_by` (a name) and `assignee` (a user or None) of records of one model. Three queries."""
    pks = [record.pk for record in records]
    trails = review_trails(model, pks)
    steps = {pk: trail.submission for pk, trail in trails.items() if trail.submission}
    users = get_user_model().objects.in_bulk({step.user for step in steps.values() if step.user})
    assigned = Assignment.objects.filter(kind=model._meta.label_lower, record__in=pks).select_related("assignee")
    assignees = {row.record: row.assignee for row in assigned}
    for record in records:
        step = steps.get(record.pk)
        record.submitted_by = display(users[step.user]) if step and step.user in users else ""
        record.assignee = assignees.get(record.pk)


# ── The page of notices ──────────────────────────────────────────────────────────────────────────────────────────────


class NoticePreferenceForm(forms.ModelForm):
    """How the user gets notices by mail."""

    class Meta:
        model = NoticePreference
        fields = ("frequency", "language")


def notices_page(site, request):
    """List the user's notices, newest first. A POST marks them as read, or stores how they come by mail."""
    mine = Notice.objects.filter(recipient=request.user)
    preference = notices.preference_of(request.user)
    if preference.pk is None:
        preference.language = get_language()
    form = NoticePreferenceForm(request.POST if "frequency" in request.POST else None, instance=preference)
    if request.method == "POST":
        if form.is_bound:
            if form.is_valid():
                form.save()
                messages.success(request, _("Your choice was stored."))
        elif pk := request.POST.get("read"):
            mine.filter(read_at=None, **({} if pk == "all" else {"pk": pk if pk.isdecimal() else 0})).update(
                read_at=timezone.now()
            )
        if not form.errors:
            return HttpResponseRedirect(reverse("admin:notices"))
    rows = mine.select_related("actor", "comment")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    notices.attach_records(page.object_list)
    context = {
        **site.each_context(request),
        "title": pgettext_lazy("desk", "Notices"),
        "page": page,
        "lines": [_notice_line(notice) for notice in page.object_list if notice.of],
        "form": form,
        "sends_mail": settings.HAS_MAIL_SERVER,
        "email": request.user.email,
    }
    return TemplateResponse(request, "admin/notices.html", context)


def _notice_line(notice):
    return {
        "notice": notice,
        "text": notices.sentence(notice),
        "url": admin_address(type(notice.of), "change", notice.record),
    }


def desk_notices(request):
    """Return the number of the user's unread notices. It is called by a template, so other pages send no query."""
    return notices.unread_count(request.user)
