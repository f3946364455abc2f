"""Detect that two editors change one record at the same time, and let the second one choose field by field.

A form carries the signed state that the record had when the form was opened. If the stored state is another when the
form is sent, the form is shown again: fields that only the other editor changed get the new text. For each field that
both changed, and for each list of rows that the other editor changed, the form asks which version to keep. Nothing is
stored before this is answered.
"""

from dataclasses import dataclass
from functools import cached_property

from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.forms.models import _get_foreign_key
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from portal.tracking.history import TRACKED

SEEN, BEFORE, ASKED, CHOICE = "_seen", "_before", "_clash", "_clash-{}"
MINE, THEIRS = "mine", "theirs"
SALT = "what a form was opened with"


def signed(state):
    """Return a state of a record as a signed text for a hidden field."""
    return signing.dumps(state, salt=SALT, compress=True)


def opened(text):
    """Return the state in a signed text; None if there is none or the signature is wrong."""
    try:
        return signing.loads(text or "", salt=SALT)
    except signing.BadSignature:
        return None


def as_text(value):
    """Return a value of a form or a column as text; several values as a sorted list of texts."""
    if isinstance(value, list | tuple | set):
        return sorted(map(as_text, value))
    return "" if value is None else str(getattr(value, "pk", value)).replace("\r\n", "\n").strip()


class EditConflictMixin:
    """The admin of a record whose form does not overwrite a change that it has not shown."""

    change_form_template = "admin/record_form.html"

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        return type(form)(form.__name__, (EditConflictForm, form), {"guard": self}) if obj else form

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if request.method == "POST" and ASKED in request.POST:
            request.POST = self._with_choices(request.POST)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def conflict_context(self, request, form, obj):
        """Return what the form of `obj` carries to find conflicts, and the conflict that it found."""
        if not isinstance(form, EditConflictForm):
            return {}
        if form.clash:
            return {"clash": form.clash, "seen": signed(form.clash.now), "before": signed(form.clash.before)}
        return {"clash": None, "seen": request.POST.get(SEEN) or signed(self.state(form, obj))}

    def state(self, form, record):
        """Return the stored state of a record: each field of its form and the rows of each inline, as text.

        A form that was not sent has the stored values itself, or those of a revision (`Revision.as_record`).
        """
        fresh = form.__class__(instance=type(record)._base_manager.get(pk=record.pk)) if form.is_bound else form
        return {
            "fields": {name: as_text(fresh[name].value()) for name in fresh.fields},
            "rows": {inline.model._meta.model_name: self._rows(inline, record) for inline in self.inlines},
        }

    @staticmethod
    def _rows(inline, record):
        columns = TRACKED[inline.model].columns
        if hasattr(record, "revised"):
            revised = sorted(record.revised[inline.model].items())
            return [[as_text(state[column]) for column in columns] for _pk, state in revised]
        rows = inline.model._base_manager.filter(**{_get_foreign_key(type(record), inline.model).name: record.pk})
        return [[as_text(value) for value in row] for row in rows.order_by("pk").values_list(*columns)]

    def _with_choices(self, data):
        """Return the POST data with the other editor's values wherever the user chose them."""
        seen, data = opened(data.get(SEEN)), data.copy()
        for name in data.getlist(ASKED) if seen else ():
            if data.get(CHOICE.format(name)) == THEIRS and name in seen["fields"]:
                theirs = seen["fields"][name]
                data.setlist(name, theirs if isinstance(theirs, list) else [theirs])
        for inline in self.inlines if seen else ():
            if data.get(CHOICE.format(inline.model._meta.model_name)) == THEIRS:
                fk = _get_foreign_key(self.model, inline.model)
                prefix = fk.remote_field.get_accessor_name(model=inline.model)
                data[f"{prefix}-TOTAL_FORMS"] = data[f"{prefix}-INITIAL_FORMS"] = "0"  # the stored rows stay
        return data


class EditConflictForm(forms.ModelForm):
    """The form of a record. It is invalid if the record was changed since the state that the form showed last."""

    clash = None

    def clean(self):
        cleaned = super().clean()
        now = self.guard.state(self, self.instance)
        asked = self.data.getlist(ASKED)
        unanswered = any(self.data.get(CHOICE.format(name)) not in {MINE, THEIRS} for name in asked)
        before = opened(self.data.get(BEFORE if unanswered else SEEN))
        if before is None:
            self.add_error(None, _("The version this form was based on is unknown. Reopen the record."))
        elif before != now:
            self.clash = EditConflict(self, before, now)
            self.add_error(None, _("Another editor has changed this record. Nothing has been saved yet."))
        return cleaned


@dataclass(frozen=True)
class FieldConflict:
    """A field or list of rows that another editor changed: its value before, the other's and this form's."""

    name: str
    label: str
    before: str
    theirs: str
    mine: str


class EditConflict:
    """What another editor changed since the form was opened.

    Fields that this form has not changed take the new value (`taken`). The other ones are in `asked`.
    """

    def __init__(self, form, before, now):
        self.form, self.before, self.now = form, before, now
        self.taken, self.asked = [], []
        form.data = form.data.copy()
        for name, theirs in now["fields"].items():
            was = before["fields"].get(name, "")
            if was == theirs:
                continue
            mine = self._mine(name, theirs)
            conflict = FieldConflict(
                name, form.fields[name].label, *(self._shown(name, v) for v in (was, theirs, mine))
            )
            if mine == was:
                form.data.setlist(name, theirs if isinstance(theirs, list) else [theirs])
                self.taken.append(conflict)
            elif mine != theirs:
                self.asked.append(conflict)
        for inline in form.guard.inlines:
            name = inline.model._meta.model_name
            if before["rows"].get(name) != now["rows"][name]:
                label = capfirst(inline.verbose_name_plural or inline.model._meta.verbose_name_plural)
                self.asked.append(FieldConflict(name, label, "", "", ""))

    def _mine(self, name, like):
        field = self.form.fields[name]
        value = field.widget.value_from_datadict(self.form.data, self.form.files, self.form.add_prefix(name))
        return as_text(value if isinstance(value, list) or not isinstance(like, list) else [value])

    def _shown(self, name, value):
        """Return a value in words: the labels of choices, the names of records."""
        field = self.form.fields[name]
        values = value if isinstance(value, list) else [value]
        if isinstance(field, forms.ModelChoiceField):
            return ", ".join(map(str, field.queryset.filter(pk__in=[v for v in values if v])))
        choices = dict(getattr(field, "choices", ()))
        return ", ".join(str(choices.get(v, v)) for v in values)

    @cached_property
    def sentence(self):
        """Who changed the record last, and when; "" if there is no log entry, as of a revision."""
        record = self.form.instance
        if getattr(self.form, "revision", None):
            return ""
        kind = ContentType.objects.get_for_model(type(record))
        entry = LogEntry.objects.filter(content_type=kind, object_id=str(record.pk)).select_related("user").first()
        if entry is None:
            return ""
        when = localtime(entry.action_time).strftime("%Y-%m-%d %H:%M")
        return format_html(_("{who} changed it on {when}."), who=entry.user, when=when)
