"""Check whether the external links in the content still work."""

import contextlib
from collections import Counter
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from portal.curation import link_checker, links
from portal.models.curation import ExternalLink


class Command(BaseCommand):
    help = (
        "Ask the addresses outside that the content leads to whether they still answer, and store it for the desk. "
        "Each host is asked with pauses. It may be stopped: what was answered is stored, and the next run goes on."
    )

    def add_arguments(self, parser):
        kinds = sorted(model._meta.model_name for model in links.models_with_links())
        parser.add_argument(
            "--kind", action="append", choices=kinds, help="Only addresses of such records; repeatable."
        )
        parser.add_argument("--limit", type=int, help="At most so many addresses, those first that waited longest.")
        parser.add_argument(
            "--older-than", type=float, default=7, metavar="DAYS", help="Leave out what was checked since (7)."
        )
        parser.add_argument(
            "--pause",
            type=float,
            default=link_checker.PAUSE,
            metavar="SECONDS",
            help="Between two requests to a host (2).",
        )
        parser.add_argument("--hosts", type=int, default=link_checker.HOSTS, help="Asked at the same time (4).")

    def handle(self, *, kind, limit, older_than, pause, hosts, verbosity, **options):
        if hosts < 1 or pause < 0 or (limit is not None and limit < 0):
            raise CommandError("Give at least one host, and no pause or limit below zero.")
        links.sync_links(kind)
        found = {
            link.address: link for link in links.due_links(timezone.now() - timedelta(days=older_than), kind, limit)
        }
        outcomes = Counter()
        with (
            tqdm(total=len(found), unit=" links", file=self.stderr._out, disable=not verbosity) as bar,
            contextlib.closing(link_checker.check_links(found, pause=pause, hosts=hosts)) as answers,
        ):
            for address, answer in answers:
                if answer is None:
                    outcomes["left for another day"] += 1
                else:
                    links.record_check(found[address], answer.outcome, answer.status, answer.moved_to[:2000])
                    outcomes[ExternalLink.LinkStatus(found[address].state).value] += 1
                bar.update()
        for state, count in sorted(outcomes.items()):
            self.stdout.write(f"{state}: {count}")
