"""Grouped migrations leave the state and the tables that Django's own would."""

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from portal.core.grouped_migration import GroupedMigration, groups

loader = MigrationLoader(None)
GROUPED = sorted(key for key, migration in loader.disk_migrations.items() if isinstance(migration, GroupedMigration))


def add(model, name):
    return migrations.AddField(model, name, models.CharField(max_length=20, blank=True, default=name))


OPERATIONS = [
    migrations.CreateModel("Sea", [("id", models.AutoField(primary_key=True))]),
    migrations.CreateModel(
        "Shore",
        [("id", models.AutoField(primary_key=True)), ("sea", models.ForeignKey("portal.Sea", models.CASCADE))],
    ),
    add("Sea", "depth"),
    add("Shore", "depth"),
    add("Shore", "slope"),
    add("Sea", "slope"),
    migrations.AddIndex("Sea", models.Index(fields=["depth"], name="sea_depth")),
    migrations.AddConstraint("Shore", models.UniqueConstraint(fields=["sea", "depth"], name="shore_once")),
    migrations.AddConstraint("Sea", models.CheckConstraint(condition=~models.Q(depth=""), name="sea_has_depth")),
    migrations.AddConstraint("Sea", models.CheckConstraint(condition=~models.Q(slope=""), name="sea_has_slope")),
]


class Grouped(GroupedMigration):
    operations = OPERATIONS


class Ungrouped(migrations.Migration):
    operations = OPERATIONS


def apply(migration):
    """Apply a migration to a database without its tables. Return the state, and columns and constraints by table."""
    state = ProjectState()
    assert state.apps.get_models() == []  # built, as Django does before it migrates
    with connection.schema_editor() as editor:
        state = migration("0001_grouped", "portal").apply(state, editor)
    with connection.cursor() as cursor:
        tables = {
            table: (
                [
                    (column.name, column.null_ok)
                    for column in connection.introspection.get_table_description(cursor, table)
                ],
                connection.introspection.get_constraints(cursor, table),
            )
            for table in ("portal_sea", "portal_shore")
        }
    sea, shore = (state.apps.get_model("portal", name) for name in ("Sea", "Shore"))
    shore.objects.create(sea=sea.objects.create(), depth="deep")
    assert [(row.depth, row.slope, row.sea.depth) for row in shore.objects.all()] == [("deep", "slope", "depth")]
    with connection.schema_editor() as editor:
        for model in (shore, sea):
            editor.delete_model(model)
    return state, tables


@pytest.mark.django_db(transaction=True)
def test_result_is_that_of_django():
    state, tables = apply(Grouped)
    expected_state, expected_tables = apply(Ungrouped)
    assert state == expected_state
    assert tables == expected_tables


def test_operations_are_in_groups_of_one_class_with_each_model_once():
    sizes = [len(group) for group in groups(OPERATIONS)]
    assert sizes == [2, 2, 2, 1, 2, 1]


def test_operation_that_may_depend_on_others_is_refused():
    with pytest.raises(TypeError, match="cannot be grouped"):
        list(groups([migrations.RunPython(migrations.RunPython.noop)]))


@pytest.mark.parametrize("key", GROUPED, ids="-".join)
def test_grouped_migrations_have_only_operations_that_can_be_grouped(key):
    operations = loader.disk_migrations[key].operations
    assert [operation for group in groups(operations) for operation in group] == operations
