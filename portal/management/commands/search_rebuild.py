"""The former name of `rebuild_search_index`."""

from portal.core.commands import renamed
from portal.management.commands.rebuild_search_index import Command

Command = renamed(Command, "search_rebuild", "rebuild_search_index")
