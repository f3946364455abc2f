"""The former name of `find_duplicates`."""

from portal.core.commands import renamed
from portal.management.commands.find_duplicates import Command

Command = renamed(Command, "find_doubles", "find_duplicates")
