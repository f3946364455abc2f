"""The workflow in the admin: permissions by publication state, changes of state, publishing checks, deletion."""

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import HttpResponseNotAllowed, HttpResponseRedirect, QueryDict
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from portal.core.choices import PublicationStatus
from portal.core.database import lock_rows
from portal.models import Tombstone, workflow
from portal.publishing.checks import publishing_blockers
from portal.publishing.notices import record_moved
from portal.publishing.preview import end_previews, preview_links
from portal.publishing.review_trail import is_own_submission, own_submissions
from portal.staff.bulk import confirmation_page, is_confirmed, report_unchanged
from portal.staff.pages import admin_address, admin_path, posted_object
from portal.tracking.change_reasons import ChangeReason
from portal.tracking.history import change_reason

SET_ASIDE = PublicationStatus.SET_ASIDE
LANGUAGES = [code for code, _name in settings.LANGUAGES]
# The reason in the history of a record whose state was changed by an action of the list, by its new state.
MOVED = {
    PublicationStatus.DRAFT: ChangeReason.SENT_BACK,
    PublicationStatus.IN_REVIEW: ChangeReason.SUBMITTED,
    PublicationStatus.PUBLISHED: ChangeReason.PUBLISHED,
    PublicationStatus.ARCHIVED: ChangeReason.ARCHIVED,
    PublicationStatus.SET_ASIDE: ChangeReason.SET_ASIDE,
}


class Incomplete(Exception):
    """A change would leave a scheduled or published record incomplete. `blockers` are the publishing blockers."""

    def __init__(self, found):
        super().__init__(found)
        self.blockers = found


class WorkflowPermissionMixin:
    """An admin in which some users may change everything, and translators only the columns of their language."""

    def get_object(self, request, object_id, from_field=None):
        """Return Django's object. A POST locks it first, so that permissions are checked on the stored state.

        The owners of the object are locked before the object.
        """
        obj = super().get_object(request, object_id, from_field)
        if obj is None or request.method != "POST":
            return obj
        lock_rows(self._owners(obj))
        lock_rows([obj])
        return super().get_object(request, object_id, from_field)

    def _owners(self, obj):
        """Return the records that `obj` is part of. They are locked before `obj`."""
        return []

    def actions_of(self, request):
        return workflow.allowed_actions(request.user, self.model)

    def may_change_whole(self, request, obj=None):
        """Return True if the user may change all of `obj`; without `obj`, if they have the permission to change."""
        return "change" in self.actions_of(request)

    def languages(self, request, obj=None):
        """Return the languages whose columns the user may change even if they may not change the rest."""
        return workflow.languages(self.actions_of(request), None)

    def has_change_permission(self, request, obj=None):
        return self.may_change_whole(request, obj) or bool(self.languages(request, obj))

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        if obj is None or self.may_change_whole(request, obj):
            return fields
        own = tuple(f"_{language}" for language in self.languages(request, obj))
        return [*fields, *not_written_in(own, flatten_fieldsets(self.get_fieldsets(request, obj)), fields)]


def not_written_in(suffixes, fields, besides=()):
    """Return those of `fields` that end in none of `suffixes` (such as `_ko`) and are not in `besides`."""
    return [field for field in fields if not (suffixes and field.endswith(suffixes)) and field not in besides]


class LockedChoiceField(forms.ModelChoiceField):
    """A choice of a record that locks the record and then validates the choice again."""

    def to_python(self, value):
        if (record := super().to_python(value)) is not None:
            lock_rows([record])
        return super().to_python(value)


class ChildModelAdmin(WorkflowPermissionMixin):
    """The admin of rows with an admin page of their own. They are part of the records in their fields `owners`."""

    owners = ()

    def get_queryset(self, request):
        """Return Django's queryset, with the relations that the list shows or that name a row."""
        named = self.model.naming_fields() if hasattr(self.model, "naming_fields") else ()
        relations = [name for name in named if self.opts.get_field(name).is_relation]
        # Django ignores `list_select_related` if the queryset selects relations already.
        relations += self.list_select_related or ()
        found = super().get_queryset(request)
        return found.select_related(*relations) if relations else found

    def get_deleted_objects(self, objs, request):
        """Return Django's lists. Django checks here whether the user may delete the selected rows.

        A POST first locks the owners of the rows and reads the rows again.
        """
        if request.method == "POST" and isinstance(objs, models.QuerySet):
            lock_rows(owner for obj in objs for owner in self._owners(obj))
            objs = objs.all()
        return super().get_deleted_objects(objs, request)

    def _owners(self, obj):
        return [getattr(obj, name) for name in self.owners]

    def may_change_whole(self, request, obj=None):
        return super().may_change_whole(request, obj) and (obj is None or self._owners_are_open(request, obj))

    def _owners_are_open(self, request, obj):
        return all(
            workflow.can_edit(workflow.allowed_actions(request.user, type(owner)), owner.publication)
            for owner in self._owners(obj)
        )

    def languages(self, request, obj=None):
        if obj is not None and any(owner.publication in workflow.RESTING_STATES for owner in self._owners(obj)):
            return frozenset()
        return super().languages(request, obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and (obj is None or self._owners_are_open(request, obj))

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        owner = db_field.related_model
        if db_field.name in self.owners and "publish" not in workflow.allowed_actions(request.user, owner):
            kwargs["queryset"] = owner.objects.filter(publication__in=workflow.EDITABLE_STATES)
            kwargs["form_class"] = LockedChoiceField
            kwargs["error_messages"] = {"invalid_choice": _("This record is public: only a reviewer may change it.")}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ChildInlineMixin:
    """Rows of an inline. They are part of the record on whose page they are, and have the permissions of its admin."""

    def _page(self):
        return self.admin_site.get_model_admin(self.parent_model)

    def _whole(self, request, obj):
        page = self._page()
        return page.has_add_permission(request) if obj is None else page.may_change_whole(request, obj)

    def _suffixes(self, request, obj):
        return tuple(f"_{language}" for language in self._page().languages(request, obj))

    def has_view_permission(self, request, obj=None):
        return self._page().has_view_or_change_permission(request, obj)

    def has_add_permission(self, request, obj=None):
        return self._whole(request, obj)

    def has_delete_permission(self, request, obj=None):
        return self._whole(request, obj)

    def has_change_permission(self, request, obj=None):
        if self._whole(request, obj):
            return True
        suffixes = self._suffixes(request, obj)
        return any(suffixes and field.name.endswith(suffixes) for field in self.opts.get_fields())

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        if self._whole(request, obj):
            return fields
        every = flatten_fieldsets(self.get_fieldsets(request, obj))
        return [*fields, *not_written_in(self._suffixes(request, obj), every, fields)]


class ReadOnly:
    """An admin or an inline that nobody may add to, change or delete from."""

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class TombstoneForm(forms.ModelForm):
    """Why a record that readers saw is deleted, and which record replaces it (`successor`, a key)."""

    class Meta:
        model = Tombstone
        fields = ("reason", *(f"note_{language}" for language in LANGUAGES), "successor")
        help_texts = {
            "note_en": _("Additional information for readers, in one sentence."),
            "successor": _("A published record of the same kind. If blank, readers are sent to the list."),
        }

    def __init__(self, *args, record, **kwargs):
        super().__init__(*args, **kwargs)
        self.record = record
        self.instance.kind, self.instance.key = record._meta.model_name, record.key
        for code, name in settings.LANGUAGES:
            field = self.fields[f"note_{code}"]
            field.label = f"{pgettext('desk', 'Note')} ({name})"
            field.widget.attrs |= {"lang": code, "rows": 2, "class": "vLargeTextField"}

    def clean_successor(self):
        key = self.cleaned_data["successor"]
        others = type(self.record).objects.published().exclude(pk=self.record.pk)
        if key and not others.filter(key=key).exists():
            raise forms.ValidationError(gettext("No other published record of this kind has this key."))
        return key


class MomentField(forms.DateTimeField):
    """A date and time in one field, in the format of the browser's datetime-local input."""

    FORMAT = "%Y-%m-%dT%H:%M"
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=FORMAT)

    def prepare_value(self, value):
        value = super().prepare_value(value)
        return value.strftime(self.FORMAT) if hasattr(value, "strftime") else value


class WorkflowForm(forms.ModelForm):
    """The form of a record.

    `actions` are the workflow actions that the user may do, `old` is the stored publication state, and `refused` are
    the publishing blockers because of which the last attempt to store the form was rolled back.
    """

    actions, old, refused = frozenset(), PublicationStatus.DRAFT, ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "publication" in self.fields:
            states = workflow.choices(self.actions, self.old)
            self.fields["publication"].choices = [(state.value, state.label) for state in states]

    def clean(self):
        cleaned = super().clean()
        self._schedule(cleaned)
        for gap in self.refused:
            self.add_error(gap.field if gap.field in self.fields else None, gap.text)
        return cleaned

    def _schedule(self, cleaned):
        """Change "published" with a time in the future to "scheduled".

        Add an error to `publish_at` if the record cannot be scheduled from its old state, or if a scheduled record has
        no time in the future.
        """
        new, moment = cleaned.get("publication"), cleaned.get("publish_at")
        ahead = moment is not None and moment > timezone.now()
        if new == PublicationStatus.PUBLISHED and ahead:
            if (
                workflow.can_transition(self.actions, self.old, PublicationStatus.SCHEDULED)
                or self.old == PublicationStatus.SCHEDULED
            ):
                cleaned["publication"] = PublicationStatus.SCHEDULED
            else:
                self.add_error("publish_at", gettext("It cannot be scheduled from “{old}”.").format(old=self.old.label))
        elif new == PublicationStatus.SCHEDULED and not ahead and "publish_at" not in self.errors:
            self.add_error("publish_at", gettext("Enter a time in the future."))


class RecordChangeList(ChangeList):
    """The list of records. It leaves out what is set aside, unless the filter of publication or an export asks for it.

    An export names the records that were selected in a list (`id__in`).
    """

    def get_queryset(self, request, exclude_parameters=None):
        if not any(name.startswith(("publication", "id__in")) for name in self.params):
            self.root_queryset = self.root_queryset.exclude(publication=SET_ASIDE)
        return super().get_queryset(request, exclude_parameters)


class WorkflowMixin(WorkflowPermissionMixin):
    """The admin of a record with publication states: its form, its actions and its deletion."""

    form = WorkflowForm

    actions = [
        *("submit_selected", "publish_selected", "send_back_selected", "archive_selected"),
        *("set_aside_selected", "take_up_selected", "change_field_selected", "delete_unseen"),
    ]
    delete_confirmation_template = "admin/record_delete.html"

    # ── Permissions ──────────────────────────────────────────────────────────────────────────────────────────

    def may_change_whole(self, request, obj=None):
        if obj is None:
            return super().may_change_whole(request)
        return workflow.can_edit(self.actions_of(request), obj.publication)

    def languages(self, request, obj=None):
        return workflow.languages(self.actions_of(request), obj and obj.publication)

    def has_move_permission(self, request):
        return "change" in self.actions_of(request)

    def has_publish_permission(self, request):
        return "publish" in self.actions_of(request)

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        return fields if self.has_publish_permission(request) else [*fields, "publish_at"]

    def get_fieldsets(self, request, obj=None):
        """Return the fieldsets with `publish_at` beside `publication`, if the user may publish or a time is set."""
        fieldsets = super().get_fieldsets(request, obj)
        if not self.has_publish_permission(request) and not (obj and obj.publish_at):
            return fieldsets
        return [
            (title, options | {"fields": [_with_time(row) for row in options["fields"]]})
            for title, options in fieldsets
        ]

    def get_changelist(self, request, **kwargs):
        return RecordChangeList

    def get_actions(self, request):
        """Return the actions without Django's bulk deletion: each deletion of a record asks for its reason."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    # ── The form ─────────────────────────────────────────────────────────────────────────────────────────────

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "publish_at":
            kwargs |= {
                "form_class": MomentField,
                "widget": MomentField.widget,
                "help_text": _(
                    "Readers see the record from this time on, at most one minute later. "
                    "Leave it empty to publish at once."
                ),
            }
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        form.actions = self.actions_of(request)
        if (obj is None or obj.publication in workflow.EDITABLE_STATES) and is_own_submission(request.user, obj):
            form.actions -= {"publish"}
        form.old = PublicationStatus(obj.publication) if obj else PublicationStatus.DRAFT
        form.refused = getattr(request, "refused_gaps", ())
        return form

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if request.method == "POST":
            try:
                with transaction.atomic():
                    return super().changeform_view(request, object_id, form_url, extra_context)
            except Incomplete as refused:
                request.refused_gaps = refused.blockers
        return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request, obj, form, change):
        old = self.model.objects.get(pk=obj.pk) if change else None
        # Blockers that a published record already had do not prevent its editors from correcting something else.
        request.known_gaps = (
            set(publishing_blockers(old))
            if old is not None and old.publication == PublicationStatus.PUBLISHED
            else set()
        )
        obj.update_publication_dates(old.publication if old else PublicationStatus.DRAFT)
        super().save_model(request, obj, form, change)
        record_moved(obj, old.publication if old else "", request.user, form.cleaned_data.get("why", ""))

    def log_addition(self, request, obj, message):
        self._refuse_gaps(request, obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request, obj, message):
        self._refuse_gaps(request, obj)
        return super().log_change(request, obj, message)

    def _refuse_gaps(self, request, obj):
        """Raise Incomplete if a scheduled or published record has publishing blockers.

        Blockers that the record had before while it was published do not count. The exception rolls the change back.
        Django logs a change after it has stored the record and all its inline rows, so this check sees the complete
        state.
        """
        if obj.publication in workflow.PUBLIC_STATES:
            stored = publishing_blockers(self.model.objects.get(pk=obj.pk))
            if found := [gap for gap in stored if gap not in getattr(request, "known_gaps", ())]:
                raise Incomplete(found)

    def get_urls(self):
        end_previews_path = admin_path(self, "<path:object_id>/end-previews/", self.end_previews_view, "end_previews")
        set_aside_path = admin_path(self, "<path:object_id>/set-aside/", self.set_aside_view, "set_aside")
        return [end_previews_path, set_aside_path, *super().get_urls()]

    def end_previews_view(self, request, object_id):
        """Invalidate the preview links of the record that were made so far."""
        if (obj := posted_object(self, request, object_id)) is None:
            return HttpResponseNotAllowed(["POST"])
        if not self.may_change_whole(request, obj):
            raise PermissionDenied
        end_previews(obj)
        self.message_user(request, _("The links to the preview have ended. The form has new ones."), messages.INFO)
        return HttpResponseRedirect(admin_address(self.model, "change", obj.pk))

    def set_aside_view(self, request, object_id):
        """Set a draft aside, or make a draft of it again."""
        if (obj := posted_object(self, request, object_id)) is None:
            return HttpResponseNotAllowed(["POST"])
        if not self.has_move_permission(request):
            raise PermissionDenied
        selected = self.model.objects.filter(pk=obj.pk)
        if obj.publication == SET_ASIDE:
            self.take_up_selected(request, selected)
        else:
            self.set_aside_selected(request, selected)
        return HttpResponseRedirect(admin_address(self.model, "change", obj.pk))

    def workflow_context(self, request, obj):
        """Return what the form of `obj` shows of its workflow. Set the publication state of `obj` to the stored one."""
        stored = self.model.objects.get(pk=obj.pk)
        obj.publication = stored.publication  # an invalid form has set another state on `obj`
        refused = getattr(request, "refused_gaps", ())
        unpublished = stored.publication != PublicationStatus.PUBLISHED
        may_change = self.may_change_whole(request, stored)
        gaps = refused or publishing_blockers(stored)
        return {
            "refused": bool(refused),
            "gaps": [(gap, self.address_of_unpublished(request, gap.unpublished)) for gap in gaps],
            "unpublished": unpublished,
            "previews": preview_links(stored) if unpublished else [],
            "end_previews_url": admin_address(self.model, "end_previews", obj.pk) if may_change else "",
            "held": self.has_move_permission(request) and not may_change and stored.publication != SET_ASIDE,
            "is_set_aside": stored.publication == SET_ASIDE,
            "set_aside_url": self._set_aside_url(request, stored),
        }

    def _set_aside_url(self, request, stored):
        """Return the URL that sets a draft aside or takes it up again; "" if the user or the record may not."""
        new = PublicationStatus.DRAFT if stored.publication == SET_ASIDE else SET_ASIDE
        reason = why_not_allowed(self.actions_of(request), stored, new, is_own=False)
        return "" if reason else admin_address(self.model, "set_aside", stored.pk)

    def address_of_unpublished(self, request, record):
        """Return the URL of the form of a record that must be published first; "" if the user may not open it."""
        if record is None or not self.admin_site.is_registered(type(record)):
            return ""
        if not self.admin_site.get_model_admin(type(record)).has_view_or_change_permission(request):
            return ""
        return admin_address(type(record), "change", record.pk)

    # ── List actions ─────────────────────────────────────────────────────────────────────────────────────────

    @admin.action(description=_("Submit selected %(verbose_name_plural)s for review"), permissions=["move"])
    def submit_selected(self, request, queryset):
        self._move(
            request,
            queryset,
            lambda old: PublicationStatus.IN_REVIEW if old == PublicationStatus.DRAFT else None,
            lambda n: ngettext("{count} record was submitted.", "{count} records were submitted.", n),
        )

    @admin.action(description=_("Publish selected %(verbose_name_plural)s"), permissions=["publish"])
    def publish_selected(self, request, queryset):
        if not is_confirmed(request, queryset):
            count = queryset.count()
            words = ngettext("Publish {count} record?", "Publish {count} records?", count).format(count=count)
            return confirmation_page(self, request, queryset, words, gettext("Publish"))
        return self._move(
            request,
            queryset,
            lambda old: PublicationStatus.PUBLISHED,
            lambda n: ngettext("{count} record was published.", "{count} records were published.", n),
        )

    @admin.action(description=_("Send selected %(verbose_name_plural)s one step back"), permissions=["move"])
    def send_back_selected(self, request, queryset):
        self._move(
            request,
            queryset,
            workflow.STEP_BACK.get,
            lambda n: ngettext("{count} record was sent back.", "{count} records were sent back.", n),
        )

    @admin.action(description=_("Archive selected %(verbose_name_plural)s"), permissions=["publish"])
    def archive_selected(self, request, queryset):
        self._move(
            request,
            queryset,
            lambda old: PublicationStatus.ARCHIVED,
            lambda n: ngettext("{count} record was archived.", "{count} records were archived.", n),
        )

    @admin.action(description=_("Set aside selected %(verbose_name_plural)s"), permissions=["move"])
    def set_aside_selected(self, request, queryset):
        self._move(
            request,
            queryset,
            lambda old: SET_ASIDE,
            lambda n: ngettext("{count} record was set aside.", "{count} records were set aside.", n),
        )

    @admin.action(description=_("Take up selected %(verbose_name_plural)s again"), permissions=["move"])
    def take_up_selected(self, request, queryset):
        self._move(
            request,
            queryset,
            lambda old: PublicationStatus.DRAFT if old == SET_ASIDE else None,
            lambda n: ngettext("{count} record is a draft again.", "{count} records are drafts again.", n),
        )

    @transaction.atomic
    def _move(self, request, queryset, target, words):
        """Set the state of each record to `target(old state)`. Tell the user the number of records and what failed.

        `target` returns None if the record stays. `words(n)` is the message about n changed records. Records that
        cannot be moved are tried again as long as others are: a record may depend on one that was just published.
        """
        actions = self.actions_of(request)
        listed = list(queryset)
        own = own_submissions(request.user, self.model, [record.pk for record in listed])
        lock_rows(listed)
        stored = self.model.objects.in_bulk([record.pk for record in listed])
        moved, waiting, reasons = [], [stored[record.pk] for record in listed if record.pk in stored], {}
        while waiting:
            stayed = []
            for record in waiting:
                new = target(record.publication)
                if reason := why_not_moved(actions, record, new, is_own=record.pk in own):
                    reasons[record] = reason
                    stayed.append(record)
                else:
                    old = record.publication
                    with change_reason(ChangeReason.TAKEN_UP if old == SET_ASIDE else MOVED[new]):
                        store_move(record, new)
                    record_moved(record, old, request.user)
                    moved.append(record)
            if len(stayed) == len(waiting):
                break
            waiting = stayed  # a record may depend on one that was just published
        LogEntry.objects.log_actions(request.user.pk, moved, CHANGE, [{"changed": {"fields": ["publication"]}}])
        if moved:
            self.message_user(request, words(len(moved)).format(count=len(moved)), messages.SUCCESS)
        report_unchanged(self, request, {record: reasons[record] for record in waiting})

    # ── Deletion ─────────────────────────────────────────────────────────────────────────────────────────────

    def delete_view(self, request, object_id, extra_context=None):
        """Ask for the reason if readers ever saw the record. It is shown at the record's URL afterwards (Tombstone)."""
        record = self.get_object(request, unquote(object_id))
        if record is None or not record.was_public or record._meta.model_name not in Tombstone.Kind.values:
            return super().delete_view(request, object_id, extra_context)
        stone = Tombstone.objects.filter(kind=record._meta.model_name, key=record.key).first()
        form = TombstoneForm(request.POST or None, instance=stone, record=record)
        if request.POST and not form.is_valid():
            request.POST = QueryDict()  # with no POST data Django shows the confirmation page again
        request.tombstone = form
        return super().delete_view(request, object_id, {**(extra_context or {}), "tombstone": form})

    def delete_model(self, request, obj):
        super().delete_model(request, obj)
        if form := getattr(request, "tombstone", None):
            form.save()


def _with_time(row):
    return (*row, "publish_at") if isinstance(row, (tuple, list)) and "publication" in row else row


def why_not_allowed(actions, record, new, *, is_own):
    """Return the reason, in words, why a user may not move a record to the state `new`; "" if they may.

    `is_own` says that the user may not publish it because it is their own submission.
    """
    old = PublicationStatus(record.publication)
    if new is None or new == old:
        return gettext("it stays “{state}”.").format(state=old.label)
    if not workflow.can_transition(actions, old, new):
        if new in workflow.TRANSITIONS[old]:
            return gettext("you may not move it from “{old}” to “{new}”.").format(old=old.label, new=new.label)
        return gettext("it cannot be moved from “{old}” to “{new}”.").format(old=old.label, new=new.label)
    if new == SET_ASIDE and record.was_public:
        return gettext("Readers saw it, so it cannot be set aside.")
    if is_own and new in workflow.PUBLIC_STATES and old in workflow.EDITABLE_STATES:
        return gettext("you wrote or submitted it, so another reviewer publishes it.")
    return ""


def why_not_moved(actions, record, new, *, is_own):
    """Return the reason, as `why_not_allowed` does, also if publishing blockers prevent the move."""
    if reason := why_not_allowed(actions, record, new, is_own=is_own):
        return reason
    # Read the record again: a record that it depends on may have been published in this transaction.
    if new == PublicationStatus.PUBLISHED and (found := publishing_blockers(type(record).objects.get(pk=record.pk))):
        return format_html_join(" ", "{}", ((gap.text,) for gap in found))
    return ""


def store_move(record, new):
    """Store a new state and the dates that go with it, as the next version of the record.

    Records are saved one by one, since their dates and their reasons in the history differ.
    """
    old, record.publication = record.publication, new
    record.update_publication_dates(old)
    record.version += 1
    record.save(update_fields=["publication", "publish_at", "published_at", "version", "updated_at"])
