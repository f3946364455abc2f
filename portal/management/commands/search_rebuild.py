"""The former name of `rebuild_search_index`."""

from portal.management.commands.rebuild_search_index import Command
from portal.management.renamed import renamed

Command = renamed(Command, "search_rebuild", "rebuild_search_index")
