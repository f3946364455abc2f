"""The former name of `build_data_archive`."""

from portal.management.commands.build_data_archive import Command
from portal.management.renamed import renamed

Command = renamed(Command, "write_data", "build_data_archive")
