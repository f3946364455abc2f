"""Migrations of labels apply the state that Django would, and have nothing to do in the database."""

import pytest
from django.apps.registry import Apps
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from portal.core.label_migration import LabelMigration

loader = MigrationLoader(None)
LABELS = sorted(key for key, migration in loader.disk_migrations.items() if isinstance(migration, LabelMigration))
# AlterConstraint is for changes that the database does not see, such as the message of a constraint.
WITHOUT_SQL = (migrations.AlterModelOptions, migrations.AlterConstraint)


def stored(field):
    """Return what the database sees of a field of a migration: its class and options."""
    _name, path, arguments, options = field.deconstruct()
    return path, arguments, {name: value for name, value in options.items() if name not in field.non_db_attrs}


@pytest.mark.parametrize("key", LABELS, ids="-".join)
def test_operations_change_nothing_in_the_database(key):
    state = loader.project_state([parent.key for parent in loader.graph.node_map[key].parents])
    for operation in loader.disk_migrations[key].operations:
        if isinstance(operation, migrations.AlterField):
            old = state.models[key[0], operation.model_name_lower].fields[operation.name]
            assert stored(old) == stored(operation.field), (operation.model_name, operation.name)
        else:
            assert isinstance(operation, WITHOUT_SQL), operation


@pytest.fixture
def lake():
    """A state with one model, built as before a migration."""
    state = ProjectState()
    state.add_model(
        ModelState("portal", "Lake", [("id", models.AutoField(primary_key=True)), ("name", models.CharField())])
    )
    assert isinstance(state.apps, Apps)
    return state


class Relabel(LabelMigration):
    operations = [migrations.AlterField("lake", "name", models.CharField(verbose_name="name of the lake"))]


def label(state):
    return state.apps.get_model("portal", "Lake")._meta.get_field("name").verbose_name


def test_state_has_the_new_labels_and_the_old_state_keeps_its_own(lake):
    migration = Relabel("0002_relabel", "portal")
    assert label(migration.mutate_state(lake)) == "name of the lake"
    assert label(lake) == "name"
    assert label(migration.unapply(lake, connection.schema_editor())) == "name"
    assert label(migration.apply(lake, connection.schema_editor())) == "name of the lake"
