"""Detect that two editors change one record at the same time, and let the second one choose field by field.

A form carries the signed state that the record had when the form was opened. If the stored state is another when the
form is sent, the form is shown again: fields and rows that only the other editor changed are as the other editor left
them, and a list says which. For each field and row that both changed, the form asks which version to keep. Nothing is
stored before this is answered.
"""

from dataclasses import dataclass
from functools import cached_property

from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.utils.html import format_html
from django.utils.text import Truncator, capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from portal.staff.row_conflicts import merge_rows, row_fields, row_values, sent_rows, write_rows

SEEN, BEFORE, ASKED, CHOICE = "_seen", "_before", "_clash", "_clash-{}"
MINE, THEIRS = "mine", "theirs"
SALT = "what a form was opened with, row by row"
LONGEST_ROW = 300  # characters of a row in a question


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
        if obj is None:
            return form
        return type(form)(form.__name__, (EditConflictForm, form), {"guard": self, "request": request})

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if request.method == "POST" and object_id and SEEN in request.POST:
            record = self.get_object(request, unquote(object_id))  # it locks the record
            if record is not None:
                self._merge_rows(request, record)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def conflict_context(self, request, form, obj):
        """Return what the form of `obj` carries to find conflicts, and the conflict that it found."""
        if not isinstance(form, EditConflictForm):
            return {}
        if form.clash:
            return {"clash": form.clash, "seen": signed(form.clash.now), "before": signed(form.clash.before)}
        return {"clash": None, "seen": request.POST.get(SEEN) or signed(self.state(request, form, obj))}

    def state(self, request, form, record):
        """Return the stored state of a record: each field of its form and the rows of each inline, as text.

        A form that was not sent has the stored values itself, or those of a revision (`Revision.as_record`).
        """
        fresh = form.__class__(instance=type(record)._base_manager.get(pk=record.pk)) if form.is_bound else form
        return {
            "fields": {name: as_text(fresh[name].value()) for name in fresh.fields},
            "rows": {formset.prefix: _rows(formset) for formset in self._formsets(request, record)},
        }

    def _formsets(self, request, record):
        """Return an unbound formset for each inline, with its `inline`."""
        found = []
        for kind, inline in self.get_formsets_with_inlines(request, record):
            prefix = kind.get_default_prefix()
            formset = kind(instance=record, prefix=prefix, queryset=inline.get_queryset(request))
            formset.inline = inline
            found.append(formset)
        return found

    def _merge_rows(self, request, record):
        """Put the choices of the user and the rows of the other editor into the data of a sent form."""
        data = self._with_choices(request.POST)
        request.row_conflicts = [], []
        request.POST = data
        if (before := opened(data.get(BEFORE if _has_unanswered(data) else SEEN))) is None:
            return
        for formset in self._formsets(request, record):
            was, now = before["rows"].get(formset.prefix, {}), _rows(formset)
            if was == now or f"{formset.prefix}-TOTAL_FORMS" not in data:
                continue
            merged = merge_rows(was, now, sent_rows(data, formset, as_text))
            write_rows(data, formset, merged.rows)
            for found, conflicts in zip(request.row_conflicts, (merged.asked, merged.taken), strict=True):
                found += [_in_words(formset, one, data) for one in conflicts]

    def _with_choices(self, data):
        """Return a copy of the POST data with the other editor's values wherever the user chose them."""
        seen, data = opened(data.get(SEEN)), data.copy()
        rows = (seen or {"rows": {}})["rows"]
        for name in data.getlist(ASKED) if seen else ():
            if data.get(CHOICE.format(name)) != THEIRS:
                continue
            prefix, _dash, pk = name.rpartition("-")
            if name in seen["fields"]:
                _set(data, name, seen["fields"][name])
            elif values := rows.get(prefix, {}).get(pk):
                total = data.get(f"{prefix}-TOTAL_FORMS", "")
                starts = [f"{prefix}-{index}-" for index in range(int(total) if total.isdecimal() else 0)]
                for start in starts:
                    if data.get(f"{start}id") == pk:
                        data.pop(f"{start}DELETE", None)
                        for column, value in values.items():
                            _set(data, start + column, value)
        return data


def _set(data, name, value):
    data.setlist(name, value if isinstance(value, list) else [value])


def _has_unanswered(data):
    return any(data.get(CHOICE.format(name)) not in {MINE, THEIRS} for name in data.getlist(ASKED))


def _rows(formset):
    """Return the stored rows of an unbound formset by primary key, as texts."""
    names = row_fields(formset)
    return {str(form.instance.pk): row_values(form, names, as_text) for form in formset.initial_forms}


class EditConflictForm(forms.ModelForm):
    """The form of a record. It is invalid if the record was changed since the state that the form showed last."""

    clash = None

    def clean(self):
        cleaned = super().clean()
        now = self.guard.state(self.request, self, self.instance)
        before = opened(self.data.get(BEFORE if _has_unanswered(self.data) else SEEN))
        if before is None:
            self.add_error(None, _("The version this form was based on is unknown. Reopen the record."))
        elif before != now:
            self.clash = EditConflict(self, before, now)
            self.add_error(None, _("Another editor has changed this record. Nothing has been saved yet."))
        return cleaned


@dataclass(frozen=True)
class FieldConflict:
    """A field or row that another editor changed: its value before, the other's and this form's.

    `choice` is the answer that was given already. `comes_back` is True for a row that the other editor removed and this
    form changed: it is a new row of the form.
    """

    name: str
    label: str
    before: str
    theirs: str
    mine: str
    choice: str = ""
    comes_back: bool = False


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
                name,
                form.fields[name].label,
                *(_shown(form.fields[name], value) for value in (was, theirs, mine)),
                form.data.get(CHOICE.format(name), ""),
            )
            if mine == was:
                form.data.setlist(name, theirs if isinstance(theirs, list) else [theirs])
                self.taken.append(conflict)
            elif mine != theirs:
                self.asked.append(conflict)
        asked, taken = getattr(form.request, "row_conflicts", ((), ()))
        self.asked += asked
        self.taken += taken

    def _mine(self, name, like):
        field = self.form.fields[name]
        value = field.widget.value_from_datadict(self.form.data, self.form.files, self.form.add_prefix(name))
        return as_text(value if isinstance(value, list) or not isinstance(like, list) else [value])

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


def _shown(field, value):
    """Return a value in words: the labels of choices, the names of records."""
    values = value if isinstance(value, list) else [value]
    if isinstance(field, forms.ModelChoiceField):
        return ", ".join(map(str, field.queryset.filter(pk__in=[v for v in values if v])))
    choices = dict(getattr(field, "choices", ()))
    return ", ".join(str(choices.get(v, v)) for v in values)


def _in_words(formset, conflict, data):
    """Return a RowConflict as a FieldConflict. Of a row that was changed, only what differs is shown."""
    fields, states = row_fields(formset), (conflict.before, conflict.theirs, conflict.mine)
    stated = [state for state in states if state is not None]
    differing = [name for name in fields if len({str(state.get(name)) for state in stated}) > 1]
    names = differing if len(stated) > 1 and differing else list(fields)
    described = next((_shown(one, stated[0].get(name)) for name, one in fields.items() if stated[0].get(name)), "")
    texts = [
        "—"
        if state is None
        else "; ".join(f"{fields[name].label}: {_shown(fields[name], state.get(name)) or '—'}" for name in names)
        for state in states
    ]
    name = f"{formset.prefix}-{conflict.pk}"
    label = f"{capfirst(formset.inline.verbose_name)}: {Truncator(described).chars(60)}"
    texts = [Truncator(text).chars(LONGEST_ROW) for text in texts]
    comes_back = conflict.theirs is None and conflict.mine is not None
    return FieldConflict(name, label, *texts, data.get(CHOICE.format(name), ""), comes_back)
