"""Rebuild the search index beside the current one, which the search uses meanwhile."""

from django.core.management.base import BaseCommand
from tqdm import tqdm

from portal.core.database import analyze
from portal.models.search_index import SearchEntry
from portal.search import indexing


class Command(BaseCommand):
    help = "Make the search index anew. It may be stopped: the next run goes on where this one was."

    def add_arguments(self, parser):
        parser.add_argument("--if-needed", action="store_true", help="Do nothing if the index is whole already.")

    def handle(self, *, if_needed, verbosity, **options):
        amiss = indexing.state_of_index()
        if if_needed and not amiss:
            self.stdout.write("The search index is whole.")
            return
        if amiss:
            self.stdout.write(amiss)
        left = indexing.pending_rebuild()
        with tqdm(total=left, unit=" records", file=self.stderr._out, disable=not verbosity) as bar:
            indexing.rebuild(bar.update)
        analyze()
        self.stdout.write(f"The search index holds {SearchEntry.objects.count()} records.")
