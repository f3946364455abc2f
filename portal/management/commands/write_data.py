"""The former name of `build_data_archive`."""

from portal.core.commands import renamed
from portal.management.commands.build_data_archive import Command

Command = renamed(Command, "write_data", "build_data_archive")
