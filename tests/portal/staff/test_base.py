"""The base class of the admin of records: its docstring says which mixin owns which hook."""

import inspect
import re

from modeltranslation.admin import TranslationAdmin

from portal.staff.base import RecordAdmin


def documented_hooks():
    """Return the table in the docstring of RecordAdmin: the names of hooks by the name of their mixin, in its order."""
    table, name = {}, ""
    for line in inspect.getdoc(RecordAdmin).split("\n\n")[1].splitlines():
        if row := re.match(r"([A-Z]\w+) +", line):
            name = row[1]
            line = line[row.end() :]
        table.setdefault(name, set()).update(re.findall(r"\w+", line))
    return table


def overridden_hooks(mixin):
    """Return the names of Django's admin that a mixin overrides."""
    return {name for name in vars(mixin) if not name.startswith("_") and hasattr(TranslationAdmin, name)}


def test_the_docstring_lists_every_mixin_with_its_hooks_in_their_order():
    added = [cls for cls in RecordAdmin.__mro__[1:] if not issubclass(TranslationAdmin, cls)]
    assert list(documented_hooks().items()) == [(cls.__name__, overridden_hooks(cls)) for cls in added]


def test_only_record_admin_renders_the_form():
    """A mixin gives the form a `…_context` method instead, so that RecordAdmin shows all of it in one place."""
    [owner] = [
        cls
        for cls in RecordAdmin.__mro__
        if "render_change_form" in vars(cls) and cls.__module__ != "django.contrib.admin.options"
    ]
    assert owner is RecordAdmin
