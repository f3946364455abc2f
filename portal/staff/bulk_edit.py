"""Change one field of the selected records, after a preview of each change. It is stored as an import of that column.

So the rules of an import apply: each record needs the permission of its form, the publishing checks run again, and the
history has one entry for each record.
"""

import hashlib
from dataclasses import dataclass, field

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from portal.import_export.apply import apply_plan, run_to_end
from portal.import_export.files import Sheet
from portal.import_export.plan import CHANGED, ImportPlan
from portal.import_export.tables import (
    BooleanSheetColumn,
    ChoiceSheetColumn,
    RelationSheetColumn,
    RelationsSheetColumn,
    schema_for,
)
from portal.staff.bulk import report_unchanged
from portal.staff.curation import last_changes
from portal.staff.pages import admin_address

MOST_RECORDS = 500
MOST_OPTIONS = 300  # records in a list of choices; of more, the editor writes the key
COLUMNS = (BooleanSheetColumn, ChoiceSheetColumn, RelationSheetColumn, RelationsSheetColumn)
NEVER = {"publication"}  # the workflow has actions of its own
SET, ADD, REMOVE = "set", "add", "remove"


def changeable_columns(model):
    """Return the columns of a model that many records can have the same value of: choices, booleans and relations."""
    columns = (column for column in schema_for(model).columns if isinstance(column, COLUMNS))
    return [column for column in columns if column.names[0] not in NEVER]


class FieldChangeForm(forms.Form):
    """Which field is changed to which value, and why.

    `target` is the way of the change and the name of the field, such as "add-countries". The value is in the field
    named after `target`.
    """

    target = forms.ChoiceField(label=gettext_lazy("Field"), widget=forms.RadioSelect)
    why = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=300,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=gettext_lazy("In one sentence. It is added to the history of each record and is visible to readers."),
    )

    def __init__(self, *args, model, **kwargs):
        super().__init__(*args, **kwargs)
        self.columns = {column.names[0]: column for column in changeable_columns(model)}
        choices = []
        for name, column in self.columns.items():
            label = capfirst(column.field.verbose_name)
            if isinstance(column, RelationsSheetColumn):
                choices += [
                    (f"{ADD}-{name}", _("{field}: add").format(field=label)),
                    (f"{REMOVE}-{name}", _("{field}: remove").format(field=label)),
                ]
            else:
                choices.append((f"{SET}-{name}", label))
        self.fields["target"].choices = choices
        for target, label in choices:
            self.fields[target] = _value_field(self._column(target), label)

    def options(self):
        """Return pairs of the radio button of a target and the field of its value."""
        return [(radio, self[radio.data["value"]]) for radio in self["target"]]

    def clean(self):
        cleaned = super().clean()
        target = cleaned.get("target")
        for name in [name for name in self.errors if name not in {"target", "why", target}]:
            del self.errors[name]
        if target and target not in self.errors:
            column = self._column(target)
            is_needed = isinstance(column, RelationsSheetColumn) or not column.field.blank
            if is_needed and not cleaned.get(target):
                self.add_error(target, self.fields[target].error_messages["required"])
        return cleaned

    @property
    def column(self):
        return self._column(self.cleaned_data["target"])

    def _column(self, target):
        return self.columns[target.partition("-")[2]]

    def cell(self, record):
        """Return the cell that a record gets in the column."""
        target, column = self.cleaned_data["target"], self.column
        value = self.cleaned_data[target]
        text = str(getattr(value, column.paths[0])) if hasattr(value, "pk") else str(value or "")
        if not isinstance(column, RelationsSheetColumn):
            return text
        keys = set(column.keys(column.texts(record)))
        return " ".join(sorted(keys | {text} if target.startswith(ADD) else keys - {text}))


def _value_field(column, label):
    """Return the form field for a value of a column."""
    if isinstance(column, BooleanSheetColumn):
        choices = [("", "—"), ("true", pgettext("desk", "Yes")), ("false", pgettext("desk", "No"))]
        return forms.ChoiceField(label=label, required=False, choices=choices)
    if isinstance(column, ChoiceSheetColumn):
        return forms.ChoiceField(label=label, required=False, choices=[("", "—"), *column.field.flatchoices])
    found = column.model.objects.complex_filter(column.field.get_limit_choices_to())
    options = {"label": label, "required": False, "to_field_name": column.paths[0], "queryset": found}
    if found.count() > MOST_OPTIONS:
        return forms.ModelChoiceField(widget=forms.TextInput, help_text=_("Write its key."), **options)
    return forms.ModelChoiceField(**options)


@dataclass
class FieldChange:
    """What a change of a field does. `plan` has the rows that are stored, `skipped` the reasons for the others."""

    plan: ImportPlan | None
    skipped: dict = field(default_factory=dict)

    def changed(self):
        """Return the rows that change something."""
        return [row for row in self.plan.rows if self.plan.state(row) == CHANGED] if self.plan else []


class BulkEditMixin:
    """The action that changes a field of the selected records."""

    @admin.action(description=gettext_lazy("Change a field of selected %(verbose_name_plural)s"), permissions=["move"])
    def change_field_selected(self, request, queryset):
        """Ask for the field, its value and the reason; show what changes; store it when the user confirms."""
        records = list(queryset.order_by("key")[: MOST_RECORDS + 1])
        if len(records) > MOST_RECORDS:
            text = _("Select at most {count} records at once.").format(count=MOST_RECORDS)
            self.message_user(request, text, messages.WARNING)
            return None
        step = request.POST.get("step", "")
        form = FieldChangeForm(request.POST if step else None, model=self.model)
        if not (step and form.is_valid()):
            return self._field_page(request, records, form)
        change = self._tried(request, records, form)
        seen = hashlib.sha256(last_changes(*records).encode()).hexdigest()
        if step == "store" and request.POST.get("seen") == seen and change.changed():
            stored = run_to_end(self._carry_out(request, change.plan, form, keep=True))
            if not stored.refused and stored.fingerprint == change.plan.fingerprint:
                count = len(change.changed())
                words = ngettext("{count} record was changed.", "{count} records were changed.", count)
                self.message_user(request, words.format(count=count), messages.SUCCESS)
                report_unchanged(self, request, change.skipped)
                return None
        problem = _("One of the records has changed. Check them again.") if step == "store" else ""
        return self._field_page(request, records, form, change=change, seen=seen, problem=problem)

    def _tried(self, request, records, form):
        """Return the change, tried without storing it. Rows that are refused are left out, with their reason."""
        table = schema_for(self.model)
        stored = {
            record.key: record for record in table.records([form.column]).filter(pk__in=[one.pk for one in records])
        }
        rows = {line: [key, form.cell(record)] for line, (key, record) in enumerate(stored.items(), 2)}
        change = FieldChange(None)
        while rows:
            sheet = Sheet(["key", form.column.names[0]], list(rows.items()))
            change.plan = run_to_end(self._carry_out(request, ImportPlan(table, sheet, request.user), form, keep=False))
            refused = [row for row in change.plan.rows if row.errors]
            if not refused:
                break
            for row in refused:
                change.skipped[stored[row.cells[0]]] = " ".join(words for _column, words in row.errors)
                del rows[row.line]
            change.plan = None
        return change

    def _carry_out(self, request, plan, form, *, keep):
        """Return the generator that stores a plan, or tries it if `keep` is False."""
        again = lambda: ImportPlan(plan.table, plan.sheet, request.user)  # noqa: E731 - apply_plan may call it twice
        fingerprint = plan.fingerprint if keep else ""
        return apply_plan(again, keep=keep, fingerprint=fingerprint, why=form.cleaned_data["why"])

    def _field_page(self, request, records, form, change=None, seen="", problem=""):
        """Return the page that asks for a field, or the preview of a `change`."""
        across = request.POST.get("select_across") == "1"
        pks = [record.pk for record in records]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Change a field of the selected"),
            "list_url": request.get_full_path(),
            "form": form,
            "count": len(records),
            "action": request.POST["action"],
            "across": across,
            "selected": pks[:1] if across else pks,
            "selected_name": ACTION_CHECKBOX_NAME,
            "problem": problem,
            "changes": None,
        }
        if change is not None:
            rows = change.changed()
            in_words = _in_words(form.column)
            context |= {
                "seen": seen,
                "target": form.cleaned_data["target"],
                "value": form.data.get(form.cleaned_data["target"], ""),
                "label": capfirst(form.column.field.verbose_name),
                "why": form.cleaned_data["why"],
                "changes": [
                    (
                        row.record,
                        admin_address(self.model, "change", row.record.pk),
                        in_words(one.old),
                        in_words(one.new),
                    )
                    for row in rows
                    for one in row.changes
                ],
                "skipped": [
                    (record, admin_address(self.model, "change", record.pk), reason)
                    for record, reason in change.skipped.items()
                ],
                "unchanged": len(records) - len(rows) - len(change.skipped),
            }
        return TemplateResponse(request, "admin/change_field.html", context)


def _in_words(column):
    """Return a function that returns the cells of a column as text for editors."""
    labels = {str(code): str(label) for code, label in column.field.flatchoices}
    if isinstance(column, BooleanSheetColumn):
        labels = {"true": pgettext("desk", "Yes"), "false": pgettext("desk", "No")}
    return lambda cells: labels.get(cells[0], cells[0]) or "—"
