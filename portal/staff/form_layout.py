"""How the form of a record is laid out: empty optional parts are folded, and its parts and errors are listed."""

from django.contrib.admin.utils import flatten
from django.utils.text import capfirst

EMPTY = (None, "", [], ())


def layout_context(context, obj, bookkeeping=(), *, folds=True):
    """Return what the template of an admin form lists: its parts and its errors. With `folds`, fold the empty parts."""
    if folds:
        _fold_empty_parts(context, obj, bookkeeping)
    return {"parts": _parts(context), "faults": _errors(context, obj)}


def _fold_empty_parts(context, obj, bookkeeping):
    """Fold the fieldsets and inlines of an admin form that are optional and empty. Django unfolds those with errors.

    Read-only fields keep the form of an existing record unfolded, except for those in `bookkeeping`.
    """
    adminform = context["adminform"]
    adminform.fieldsets = [
        (title, options | {"classes": (*options.get("classes", ()), "collapse")})
        if title and _is_empty(adminform.form, flatten(options["fields"]), obj, bookkeeping)
        else (title, options)
        for title, options in adminform.fieldsets
    ]
    for inline in context["inline_admin_formsets"]:
        if not inline.formset.is_bound and not inline.formset.initial_form_count():
            inline.classes = f"{inline.classes} collapse"


def _is_empty(form, names, obj, bookkeeping):
    shown = [name for name in names if name not in form.fields and name not in bookkeeping]
    if obj is not None and shown:
        return False
    return all(not form.fields[name].required and form[name].value() in EMPTY for name in names if name in form.fields)


def _parts(context):
    """Return pairs of the id and the title of the parts of an admin form."""
    parts = [
        (f"fieldset-0-{number}-heading", title)
        for number, (title, _options) in enumerate(context["adminform"].fieldsets)
        if title
    ]
    return parts + [
        (f"{inline.formset.prefix}-heading", capfirst(inline.opts.verbose_name_plural))
        for inline in context["inline_admin_formsets"]
    ]


def _errors(context, obj):
    """Return triples of the id of a field, its label and an error message.

    The first invalid field gets the focus; in the empty form of a new record, the first field.
    """
    form, found, first = context["adminform"].form, [], None
    rows = [(row, inline) for inline in context["inline_admin_formsets"] for row in inline.formset.forms]
    for one, inline in [(form, None), *rows]:
        for name in [name for name in one.fields if name in one.errors]:
            label = one.fields[name].label
            if inline:
                label = f"{capfirst(inline.opts.verbose_name)}: {label}"
            found += [(one[name].auto_id, label, message) for message in one.errors[name]]
            first = first or one.fields[name].widget
    for inline in context["inline_admin_formsets"]:
        title = capfirst(inline.opts.verbose_name_plural)
        messages = [*inline.formset.non_form_errors()]
        messages += [message for row in inline.formset.forms for message in row.non_field_errors()]
        found += [(f"{inline.formset.prefix}-heading", title, message) for message in messages]
    if first is None and obj is None:
        first = next((field.widget for field in form.fields.values() if not field.widget.is_hidden), None)
    if first is not None:
        getattr(first, "widget", first).attrs["autofocus"] = True
    return found
