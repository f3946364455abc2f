"""Merge the rows of a sent form with those that another editor stored since the form was opened.

Rows are dicts from the names of their fields to texts, by primary key as text. What only one of both changed stands:
a row that the other added is added to the form, one that the other removed is left out, and values that the other
changed are taken. A row is asked about if both changed the same value of it, or if one removed what the other changed.
"""

import re
from dataclasses import dataclass, field

from django.forms import CheckboxInput


@dataclass
class SentRow:
    """A row of a sent form. `pk` is "" for a new row."""

    pk: str
    values: dict
    is_deleted: bool = False


@dataclass(frozen=True)
class RowConflict:
    """A row that the other editor added, changed or removed: its values before, the other's and this form's.

    Values are None if the row did not exist or was removed.
    """

    pk: str
    before: dict | None
    theirs: dict | None
    mine: dict | None


@dataclass
class MergedRows:
    """The rows that the form shows and stores; what is asked, and what was taken from the other editor."""

    rows: list = field(default_factory=list)
    asked: list = field(default_factory=list)
    taken: list = field(default_factory=list)


def merge_rows(before, now, sent):
    """Return the MergedRows of the states `before` and `now`, and of the rows that were sent.

    A row that both changed keeps the sent values until the editor has answered.
    """
    merged, mine = MergedRows(), {row.pk: row for row in sent if row.pk}
    for pk, theirs in now.items():
        was, row = before.get(pk), mine.get(pk)
        if row is None:
            merged.rows.append(SentRow(pk, dict(theirs)))
            if was is None:
                merged.taken.append(RowConflict(pk, None, theirs, None))
            continue
        if row.is_deleted:
            merged.rows.append(row)
            if was != theirs:
                merged.asked.append(RowConflict(pk, was, theirs, None))
            continue
        values, is_asked = _merged_values(was or {}, theirs, row.values)
        merged.rows.append(SentRow(pk, values))
        if is_asked:
            merged.asked.append(RowConflict(pk, was, theirs, row.values))
        elif was != theirs and values != row.values:
            merged.taken.append(RowConflict(pk, was, theirs, row.values))
    added_by_them = [row for pk, row in now.items() if pk not in before]
    for row in sent:
        if row.pk and row.pk not in now:
            was = before.get(row.pk)
            if row.is_deleted:
                continue
            is_changed = row.values != was
            merged.taken.append(RowConflict(row.pk, was, None, row.values if is_changed else None))
            if is_changed:  # it is lost to nobody: it comes back as a new row
                merged.rows.append(SentRow("", dict(row.values)))
        elif not row.pk:
            merged.rows.append(_moved(row, added_by_them))
    return merged


def _merged_values(was, theirs, mine):
    """Return the values of a row that both have, and whether both changed one of them, each to another value."""
    values, is_asked = {}, False
    for name, value in mine.items():
        value_before, value_now = was.get(name), theirs.get(name)
        values[name] = value_now if value == value_before else value
        is_asked |= value_before != value_now and value not in (value_before, value_now)
    return values, is_asked


def _moved(row, added):
    """Return a new row without its position, if the other editor has added a row there. The formset puts it last."""
    if row.values.get("position") and any(one.get("position") == row.values["position"] for one in added):
        return SentRow("", row.values | {"position": ""}, row.is_deleted)
    return row


# ── The data of a form ───────────────────────────────────────────────────────────────────────────────────────────────


def sent_rows(data, formset, as_text):
    """Return the SentRows in the data of a form for an unbound formset."""
    prefix, key = formset.prefix, formset.model._meta.pk.name
    names = row_fields(formset)
    rows = []
    for index in range(_number(data, f"{prefix}-TOTAL_FORMS")):
        start = f"{prefix}-{index}-"
        values = {name: as_text(one.widget.value_from_datadict(data, {}, start + name)) for name, one in names.items()}
        rows.append(SentRow(data.get(start + key, ""), values, _is_ticked(data, f"{start}DELETE")))
    return rows


def write_rows(data, formset, rows):
    """Replace the rows of a formset in the data of a form, a mutable QueryDict."""
    prefix, key = formset.prefix, formset.model._meta.pk.name
    for name in [name for name in data if re.match(rf"{re.escape(prefix)}-\d+-", name)]:
        del data[name]
    stored = [row for row in rows if row.pk]
    for index, row in enumerate([*stored, *(row for row in rows if not row.pk)]):
        start = f"{prefix}-{index}-"
        data[start + key] = row.pk
        data[start + formset.fk.name] = str(formset.instance.pk)
        for name, value in row.values.items():
            data.setlist(start + name, value if isinstance(value, list) else [value])
        if row.is_deleted:
            data[f"{start}DELETE"] = "on"
    data[f"{prefix}-INITIAL_FORMS"] = str(len(stored))
    data[f"{prefix}-TOTAL_FORMS"] = str(len(rows))


def row_fields(formset):
    """Return the fields of the rows of a formset by name, without those that Django adds."""
    return {name: one for name, one in formset.form.base_fields.items() if name != formset.fk.name}


def row_values(form, names, as_text):
    """Return the values that the form of a stored row shows, as text."""
    return {name: as_text(form[name].value()) for name in names}


def _is_ticked(data, name):
    return bool(CheckboxInput().value_from_datadict(data, {}, name))


def _number(data, name):
    text = data.get(name, "")
    return min(int(text), 1_000) if text.isdecimal() else 0  # Django accepts no more rows
