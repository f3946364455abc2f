"""Tables for import and export: an unchanged export changes nothing, and every editable column is there."""

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from portal.import_export.apply import apply_plan
from portal.import_export.files import csv_lines, read, xlsx_file
from portal.import_export.plan import ImportPlan
from portal.import_export.tables import ChoiceSheetColumn
from portal.staff.import_export import all_tables
from portal.tracking.audit_log import AuditEntry
from projects.models import Organisation
from tests.portal.import_export.imports import finish, told

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("name", sorted(all_tables()))
def test_an_export_that_nobody_changed_changes_nothing(content, name, kind):
    table = all_tables()[name]
    pks = table.all_keys()
    if name not in {"tombstone", "organisationidentifier"}:  # no fixture has any
        assert pks
    texts = [table.is_text(column) for column in table.header]
    rows = (table.row(record) for record in table.in_batches(pks))
    if kind == "csv":
        data = "".join(csv_lines(table.header, texts, rows)).encode()
    else:
        with xlsx_file(str(table.title), table.header, texts, rows) as file:
            data = file.read()
    sheet = read("export", data, table.header)
    plan = finish(apply_plan(lambda: ImportPlan(table, sheet), keep=True))
    assert (told(plan), plan.counts) == ([], {"new": 0, "changed": 0, "unchanged": len(pks), "refused": 0})
    assert not AuditEntry.objects.filter(what=AuditEntry.Action.IMPORTED).exists()


def test_every_column_that_a_file_may_change_is_there():
    """Other columns have automatic values: numbers, times, the version, and what the database computes."""
    left_out = {
        field.name
        for table in all_tables().values()
        for field in table.model._meta.concrete_fields
        if not field.is_relation and field.name not in table.by_name and f"{field.name}_en" not in table.by_name
    }
    assert left_out == {"id", "published_at", "version", "created_at", "updated_at", "goal"}


def test_choice_is_read_as_its_code_or_its_label_in_any_language():
    field = Organisation._meta.get_field("kind")
    labels = {}
    for language in ("en", "ko", "ru"):
        with override(language):
            labels |= {str(label): code for code, label in field.flatchoices}
    column = ChoiceSheetColumn(field)
    assert len(labels) > len(field.flatchoices)
    for label, code in labels.items():
        assert column.read(label) == column.read(label.upper()) == column.read(code) == code
    with pytest.raises(ValidationError):
        column.read("neither")
