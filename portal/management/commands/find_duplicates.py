"""Find records that may be duplicates. The admin then lists them."""

from django.core.management.base import BaseCommand
from tqdm import tqdm

from portal.curation import duplicates


class Command(BaseCommand):
    help = "Look for records that may tell of the same thing. The desk lists them, to be merged or told apart."

    def handle(self, *, verbosity, **options):
        models = duplicates.merged_models()
        found = []
        for model in tqdm(models, unit=" kinds", file=self.stderr._out, disable=not verbosity):
            found.append((model._meta.verbose_name_plural, duplicates.find_duplicates(model)))
        for name, count in found:
            self.stdout.write(f"{name}: {count}")
