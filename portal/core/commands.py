"""Management commands that still answer to their former names."""

from django.core.management.base import BaseCommand


def renamed(command: type[BaseCommand], old: str, new: str) -> type[BaseCommand]:
    """Return a subclass of `command` that first writes to stderr that the command `old` is now called `new`."""

    class Command(command):  # type: ignore[misc, valid-type]
        def execute(self, *args: object, **options: object) -> str | None:
            self.stderr.write(f"{old} is now called {new}. The former name goes with the next release.")
            return super().execute(*args, **options)

    return Command
