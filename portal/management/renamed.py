"""Commands that still answer to their former name."""


def renamed(command, old, new):
    """Return a subclass of `command` that first writes to stderr that the command `old` is now called `new`."""

    class Command(command):
        def execute(self, *args, **options):
            self.stderr.write(f"{old} is now called {new}. The former name goes with the next release.")
            return super().execute(*args, **options)

    return Command
