"""How the form of a record is laid out: its empty and its long parts are folded, its parts and errors are listed."""

from django.contrib.admin import StackedInline
from django.contrib.admin.utils import flatten
from django.utils.html import format_html
from django.utils.text import Truncator, capfirst
from django.utils.translation import get_language

EMPTY = (None, "", [], ())
LONG_TEXT = 150  # characters of one field; a part with such a text is folded
LONG_TABLE, LONG_STACK = 3, 1  # rows of an inline; more are folded. A stacked row is as high as eight of a table.
BEGINNING = 90  # characters of a folded text that its summary shows
OPEN_PARTS = 2  # the first ones, with the names, the state and the summary, stay unfolded


def layout_context(context, obj, bookkeeping=(), *, folds=True):
    """Return what the template of an admin form lists: its parts and its errors.

    With `folds`, fold the parts that are empty and, of an existing record, those that are long.
    """
    parts = _parts(context)
    if folds:
        _fold_parts(context, obj, bookkeeping)
    return {"parts": parts, "faults": _errors(context, obj)}


def _fold_parts(context, obj, bookkeeping):
    """Fold fieldsets and inlines of an admin form. Django unfolds those with errors.

    The summary of a folded part shows how its text begins, or how many rows it has. Read-only fields keep the form of
    an existing record unfolded, except for those in `bookkeeping`.
    """
    adminform = context["adminform"]
    adminform.fieldsets = [
        _folded(adminform.form, title, options, obj, bookkeeping, is_open=number < OPEN_PARTS)
        for number, (title, options) in enumerate(adminform.fieldsets)
    ]
    for inline in context["inline_admin_formsets"]:
        count = inline.formset.initial_form_count()
        if inline.formset.is_bound and (inline.formset.has_changed() or not count):
            continue
        is_long = count > (LONG_STACK if isinstance(inline.opts, StackedInline) else LONG_TABLE)
        if is_long or not count:
            inline.classes = f"{inline.classes} collapse"
        if is_long:
            title = capfirst(inline.opts.verbose_name_plural)
            inline.opts.verbose_name_plural = _with_note(title, f"({count})")


def _folded(form, title, options, obj, bookkeeping, *, is_open):
    """Return a fieldset as a pair of title and options, folded if it is empty or long."""
    names = flatten(options["fields"])
    folded = options | {"classes": (*options.get("classes", ()), "collapse")}
    if title and _is_empty(form, names, obj, bookkeeping):
        return title, folded
    values = [(name, form[name].value()) for name in names if name in form.fields]
    texts = [(name, value) for name, value in values if isinstance(value, str) and value]
    if not title or is_open or obj is None or all(len(text) <= LONG_TEXT for _name, text in texts):
        return title, options
    if form.is_bound and not set(form.changed_data).isdisjoint(names):
        return title, options
    _name, beginning = min(texts, key=lambda pair: not pair[0].endswith(f"_{get_language()}"))  # one's own language
    return _with_note(title, Truncator(beginning).chars(BEGINNING)), folded


def _with_note(title, note):
    return format_html('{} <span class="folded-note">{}</span>', title, note)


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
