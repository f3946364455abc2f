"""The former name of `generate_test_data`."""

from portal.core.commands import renamed
from projects.management.commands.generate_test_data import Command

Command = renamed(Command, "generate_load", "generate_test_data")
