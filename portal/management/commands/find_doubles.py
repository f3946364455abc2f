"""The former name of `find_duplicates`."""

from portal.management.commands.find_duplicates import Command
from portal.management.renamed import renamed

Command = renamed(Command, "find_doubles", "find_duplicates")
