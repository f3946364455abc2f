"""Migrations that change nothing in the database: labels, help texts, choices, validators and messages."""

from typing import Any

from django.db.migrations import Migration
from django.db.migrations.state import ProjectState


class LabelMigration(Migration):
    """A migration whose operations change only the state of the models.

    Django builds all related models again after each operation, which took 25 of the 63 seconds that a new database
    needs. Here they are built once, by the next migration that needs them. The tests check that no operation has SQL.
    """

    def mutate_state(self, project_state: ProjectState, preserve: bool = True) -> ProjectState:
        """Return the state after all operations, without built models."""
        state = project_state.clone() if preserve else project_state
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(self.app_label, state)
        return state

    def apply(self, project_state: ProjectState, schema_editor: Any, collect_sql: bool = False) -> ProjectState:
        """Return the state after the migration."""
        return self.mutate_state(project_state, preserve=False)

    def unapply(self, project_state: ProjectState, schema_editor: Any, collect_sql: bool = False) -> ProjectState:
        """Return the state before the migration."""
        return project_state
