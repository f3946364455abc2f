"""A worker that is killed during a response interrupts only its own requests."""

import os
import random
import signal
import time

import pytest

from tests.browser.served import serve
from tests.faults.visiting import Readers, ask, until, workers_of
from tests.make import make_citation, make_source, make_term

KILLS, READERS = 4, 6
PAGES = ["/en/glossary/?q=tugai{}", "/ko/glossary/?q=tugai{}", "/ru/"]


@pytest.mark.django_db(transaction=True)  # the server only sees committed data
def test_readers_get_whole_pages_while_workers_are_killed(own_database):
    make_citation(make_term(key="tugai"), make_source())
    with serve(own_database, "--workers", "2") as site:
        until(lambda: len(workers_of(site.process)) == 2)
        with Readers(site, PAGES, count=READERS) as readers:
            for _ in range(KILLS):
                readers.wait_for(200)
                time.sleep(random.uniform(0, 0.05))
                os.kill(random.choice(workers_of(site.process)), signal.SIGKILL)
            readers.wait_for(200)
            until(lambda: len(workers_of(site.process)) == 2)
        assert site.process.poll() is None
        assert ask(site, "/readyz").status == 200
    cut_off = [answer for answer in readers.answers if not answer.status]
    assert [answer for answer in readers.answers if answer.status and not answer.is_whole_page] == []
    # Some reader was interrupted, and each reader at most once for each kill.
    assert 1 <= len(cut_off) <= KILLS * READERS
