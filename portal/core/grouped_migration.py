"""Migrations of many similar operations, for which Django builds the models once and not once for each."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.migrations import AddConstraint, AddField, AddIndex, CreateModel, Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class GroupedMigration(Migration):
    """A migration that is applied in groups of operations, which are independent of each other in the database.

    Django builds all related models again after each operation. With eight grouped migrations, a new database takes
    20 seconds instead of 30.
    """

    def apply(self, project_state: ProjectState, schema_editor: Any, collect_sql: bool = False) -> ProjectState:
        """Return the state after the migration. To show its SQL, Django applies each operation alone."""
        if collect_sql:
            return super().apply(project_state, schema_editor, collect_sql)
        for group in groups(self.operations):
            old_state = project_state.clone()
            if len(group) > 1:
                project_state.__dict__.pop("apps", None)  # built again when the first operation asks for a model
            for operation in group:
                operation.state_forwards(self.app_label, project_state)
            for operation in group:
                operation.database_forwards(self.app_label, schema_editor, old_state, project_state)
        return project_state


def groups(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    """Yield the operations in their order, in groups of one class: new models, or changes of one model each.

    Raise TypeError for an operation that may need the models as another one has left them.
    """
    group: list[Operation] = []
    models: set[str] = set()
    for operation in operations:
        if not isinstance(operation, (CreateModel, AddField, AddConstraint, AddIndex)):
            raise TypeError(f"{operation} cannot be grouped with others: use Django's Migration.")
        model = (operation.name if isinstance(operation, CreateModel) else operation.model_name).lower()
        if group and (type(operation) is not type(group[0]) or model in models):
            yield group
            group, models = [], set()
        group.append(operation)
        models.add(model)
    if group:
        yield group
