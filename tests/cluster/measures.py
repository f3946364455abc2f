"""What `make cluster` measures while servers fail: readers, editors and the counts of connections."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

import httpx
import lxml.html
from django.conf import settings
from psycopg2 import Error
from redis import Redis

from issues.models import Term
from tests.benchmarks.load import asked
from tests.browser.served import ROOT, Site, settings_of_a_local_run, until
from tests.cluster.servers import CLIENTS, CONNECTIONS, HOSTS, LAG, NODES, POOL, THREADS, WORKERS
from tests.faults.visiting import Editor, Readers, ask, saving, session_of, sign_in_wrongly, until_more

LIST, RECORD = "/en/projects/?sort=-start", "/en/projects/koica-gggi-aral-sea-grip/"
# “{}” makes each page one that is not cached. The others are made again after each save of the editor.
PAGES = ("/en/projects/?q=water{}", "/ko/sources/?q=aral{}", RECORD, "/ru/glossary/", LIST)
READERS = 3
SECONDS = 5  # of each measurement of rates
NEXT = "tests.cluster.next_release.settings"
ROUNDS = 10  # saves whose pages are watched
STALE_SECONDS = 1  # for how long a reader may see the state before a save


@dataclass
class Table:
    """Rows of a measure, its value and its target, which is the most or None."""

    rows: list = field(default_factory=list)

    def add(self, what, value, most=None):
        self.rows.append({"what": what, "value": round(value, 2), "most": most})
        print(self.line(self.rows[-1]), flush=True)

    @staticmethod
    def line(row):
        met = "" if row["most"] is None else f"{'≤':>4} {row['most']}"
        return f"{row['what']:78}{row['value']:>10}{met}{'' if Table.is_met(row) else '  missed'}"

    @staticmethod
    def is_met(row):
        return row["most"] is None or row["value"] <= row["most"]

    def add_reads(self, when, readers, most=0):
        """Add the errors among the pages that readers asked for, and the slowest page."""
        errors = [answer for answer in readers.answers if not answer.is_whole_page]
        self.add(f"{when}: errors of {len(readers.answers):,} pages", len(errors), most)
        self.add(f"{when}: slowest page, s", max(answer.seconds for answer in readers.answers))
        for answer in errors[:5]:
            print("   ", answer.status, answer.path, f"{answer.seconds:.1f} s", answer.heading if answer.text else "")


class Sampler(threading.Thread):
    """Looks every second at the connections of each server, and keeps the highest counts."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self.cluster, self.most, self.is_over = cluster, {}, threading.Event()

    def run(self):
        while not self.is_over.wait(1):
            for name in (*NODES, "pool1", "pool2"):
                with contextlib.suppress(Error):  # the server is down
                    self.look_at(name)

    def look_at(self, name):
        if name in NODES:
            self.keep("PostgreSQL", self.cluster.sql(name, "SELECT count(*) FROM pg_stat_activity")[0][0])
            return
        for pool in self.cluster.sql(name, "SHOW POOLS", user="portal", database="pgbouncer"):
            if pool["database"] == "portal":
                self.keep("clients", pool["cl_active"] + pool["cl_waiting"])
                self.keep("waiting", pool["cl_waiting"])
                self.keep("servers", pool["sv_active"] + pool["sv_idle"] + pool["sv_used"])

    def keep(self, name, count):
        self.most[name] = max(count, self.most.get(name, 0))


class Measures:
    """The measures. Each leaves a cluster that becomes whole by itself."""

    def __init__(self, cluster, table):
        self.cluster, self.table = cluster, table
        self.site = Site(cluster.url, None, None)
        self.terms = [*Term.objects.order_by("key")[:2]]
        self.session = session_of("kim")
        self.sampler = Sampler(cluster)

    def run(self, names):
        """Take the measures of these names in their order; all of them if there are none."""

        def wanted(*measures):
            return [measure for measure in measures if not names or measure.__name__ in names]

        for measure in wanted(self.rates):
            measure()
        for host in HOSTS:
            self.cluster.start_host(host)
        self.sampler.start()
        failures = (self.primary_dies, self.standby_lags, self.standby_dies, self.redis_dies, self.upgrade)
        with Editor(self.site, self.session) as editor, saving(editor, self.path(self.terms[0])) as lists:
            self.stored, _refused = lists
            for measure in wanted(*failures, self.own_writes):
                until(self.cluster.is_whole, 120)
                until_more(self.stored)
                measure()
        self.lost("at the end")
        for measure in wanted(self.connections):
            measure()

    @staticmethod
    def path(term):
        return f"/admin/issues/term/{term.pk}/change/"

    def readers(self):
        return Readers(self.site, PAGES, READERS)

    def lost(self, when):
        """Add the number of saves that the portal confirmed and that the primary does not have."""
        rows = self.cluster.sql("primary", "SELECT definition_en FROM issues_historicalterm")
        lost = set(self.stored) - {word for (word,) in rows}
        self.table.add(f"{when}: lost of {len(self.stored)} acknowledged saves", len(lost), 0)

    # ── Rates ────────────────────────────────────────────────────────────────────────────────────────────────

    def rates(self):
        """Measure pages per second without the page cache, with fewer and fewer servers."""
        for host in HOSTS:
            self.cluster.start_host(host, "tests.benchmarks.settings", KEEP="nothing")
        standbys = self.cluster.standbys()
        for hosts, count in ((2, 2), (2, 1), (2, 0), (1, 0)):
            for name in standbys[count:]:
                self.cluster.proxy(f"set server replicas/{name} state maint")
            for name in HOSTS[hosts:]:
                self.cluster.proxy(f"set server hosts/{name} state maint")
            for name, path in (("list", LIST), ("record", RECORD)):
                asked(self.site.url + path, READERS, 1)
                rate, median, _most, failed = asked(self.site.url + path, READERS, SECONDS)
                self.table.add(f"{hosts} hosts, {count} standbys, {name}: pages per second", rate)
                self.table.add(f"{hosts} hosts, {count} standbys, {name}: median, ms", median)
                self.table.add(f"{hosts} hosts, {count} standbys, {name}: errors", failed, 0)
        for name in standbys:
            self.cluster.proxy(f"set server replicas/{name} state ready")
        for name in HOSTS:
            self.cluster.stop_host(name)

    # ── Failures ─────────────────────────────────────────────────────────────────────────────────────────────

    def primary_dies(self):
        primary = self.cluster.primary()
        with self.readers() as readers:
            readers.wait_for(200)
            start = time.monotonic()
            self.cluster.kill(primary)
            until_more(self.stored)  # it may have begun before, or have waited for the new primary
            until_more(self.stored)
            self.table.add("primary killed: seconds to the next accepted save", time.monotonic() - start, 30)
            readers.wait_for(200)
        self.table.add_reads("primary killed", readers)
        self.lost("primary killed")
        start = time.monotonic()
        self.cluster.start_node(primary)
        until(self.cluster.is_whole, 120)
        self.table.add("former primary started: seconds until it is a standby", time.monotonic() - start)

    def standby_lags(self):
        standby = self.cluster.standbys()[1]
        with self.readers() as readers:
            readers.wait_for(200)
            # Patroni ends a pause of the replay, so stop the process that replays.
            [(pid,)] = self.cluster.sql(standby, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'startup'")
            os.kill(pid, signal.SIGSTOP)
            start = time.monotonic()
            until(lambda: standby not in self.cluster.servers_up("replicas"))
            self.table.add(f"standby lags by {LAG}: seconds until it is out", time.monotonic() - start, 10)
            readers.wait_for(200)
            os.kill(pid, signal.SIGCONT)
            start = time.monotonic()
            until(lambda: standby in self.cluster.servers_up("replicas"))
            self.table.add("standby replays again: seconds until it is back", time.monotonic() - start, 10)
            readers.wait_for(200)
        self.table.add_reads("standby lags", readers)

    def standby_dies(self):
        standby = self.cluster.standbys()[0]
        with self.readers() as readers:
            readers.wait_for(200)
            start = time.monotonic()
            self.cluster.kill(standby)
            until(lambda: standby not in self.cluster.servers_up("replicas"))
            self.table.add("synchronous standby killed: seconds until it is out", time.monotonic() - start, 5)
            until_more(self.stored)
            until_more(self.stored)  # the first of them may have been under way
            self.table.add("synchronous standby killed: seconds to two more saves", time.monotonic() - start, 20)
            readers.wait_for(200)
        self.table.add_reads("synchronous standby killed", readers)
        self.lost("synchronous standby killed")
        self.cluster.start_node(standby)

    def redis_dies(self):
        replica = Redis(port=self.cluster.ports["redis2"], socket_timeout=5)

        def gets():  # a replica gets no GET from its master
            return replica.info("commandstats").get("cmdstat_get", {"calls": 0})["calls"]

        headers = {"Referer": self.site.url}
        with (
            self.readers() as readers,
            httpx.Client(base_url=self.site.url, headers=headers, trust_env=False) as client,
        ):
            readers.wait_for(200)
            before, start = gets(), time.monotonic()
            self.cluster.kill("redis1")
            until(lambda: sign_in_wrongly(client).status_code < 500)
            self.table.add("Redis master killed: seconds until a sign-in is counted", time.monotonic() - start, 15)
            until(lambda: gets() > before)
            self.table.add("Redis master killed: seconds until pages are cached", time.monotonic() - start, 20)
            self.cluster.start_redis("redis1")
            former = Redis(port=self.cluster.ports["redis1"], socket_timeout=5)
            until(
                lambda: former.info("replication")["role"] == "slave" and self.cluster.servers_up("redis") == {"redis2"}
            )
            readers.wait_for(200)
        self.table.add_reads("Redis master killed", readers)

    def upgrade(self):
        with self.readers() as readers:
            readers.wait_for(200)
            environment = settings_of_a_local_run(**self.cluster.environment(), DJANGO_SETTINGS_MODULE=NEXT)
            migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            subprocess.run(migrate, cwd=ROOT, env=environment, check=True, timeout=120)
            for host in HOSTS:
                self.cluster.stop_host(host)
                readers.wait_for(200)
                self.cluster.start_host(host, NEXT)
            readers.wait_for(200)
            until_more(self.stored)
        self.table.add_reads("hosts upgraded in turn", readers)
        [(columns,)] = self.cluster.sql(
            "replicas", "SELECT count(*) FROM information_schema.columns WHERE column_name = 'next_release'"
        )
        self.table.add("hosts upgraded in turn: standbys without the new column", 1 - columns, 0)

    # ── Consistency ──────────────────────────────────────────────────────────────────────────────────────────

    def own_writes(self):
        """Check that writers see what they wrote in the next request, and when other readers see it."""
        with Editor(self.site, self.session) as editor:
            self.own_saves(editor)
            self.own_report(editor)

    def own_saves(self, editor):
        unseen, stale = 0, 0.0
        for number in range(ROUNDS):
            word = f"Reed belt number {number}."
            assert editor.save(self.path(self.terms[1]), definition_en=word, why="To see it.").status_code == 302
            start = time.monotonic()
            unseen += word not in editor.client.get("/en/glossary/").text
            while (asked_after := time.monotonic() - start) < 2 * STALE_SECONDS:
                if word not in ask(self.site, "/en/glossary/").text:
                    stale = max(stale, asked_after)
        self.table.add(f"saves that the editor does not see in the next request, of {ROUNDS}", unseen, 0)
        self.table.add("seconds after a save until no reader gets the page of before", stale, STALE_SECONDS)

    def own_report(self, editor):
        message = "The delta of the Amu Darya is wider."
        with httpx.Client(base_url=self.site.url, trust_env=False, timeout=30) as reader:
            form = lxml.html.fromstring(reader.get("/en/report/?address=/en/glossary/").text)
            [token] = form.xpath("//input[@name='token']/@value")
            time.sleep(5)  # a form that is sent sooner is taken for that of a program
            sent = reader.post("/en/report/", data={"token": token, "message": message, "address": "/en/glossary/"})
            thanks = reader.get(sent.headers["Location"])
        number = re.search(r"\d+", sent.headers["Location"])[0]
        is_received = sent.status_code == 303 and thanks.status_code == 200 and number in thanks.text
        is_on_desk = message in editor.client.get(f"/admin/portal/readerreport/{number}/change/").text
        self.table.add("reports of a reader that he or the desk does not see", 1 - (is_received and is_on_desk), 0)

    def connections(self):
        """Let as many editors ask at once as there are threads, and add the highest counts of connections."""
        url, cookie = f"{self.site.url}/admin/issues/term/", f"{settings.SESSION_COOKIE_NAME}={self.session}"
        threads = len(HOSTS) * WORKERS * THREADS
        before = self.cluster.turned_away()
        # For longer than PgBouncer lets a client wait (query_wait_timeout).
        _rate, _median, most, failed = asked(url, 2 * threads, 3 * SECONDS, Cookie=cookie)
        self.table.add(f"{2 * threads} editors at once, {POOL} connections of each PgBouncer: errors", failed, 0)
        self.table.add(f"{2 * threads} editors at once: 95th percentile, s", most / 1000)
        turned_away = self.cluster.turned_away() - before
        self.table.add(f"{2 * threads} editors at once: requests that PgBouncer turned away", turned_away, 0)
        self.sampler.is_over.set()
        self.sampler.join()
        self.table.add("most connections of a PostgreSQL", self.sampler.most["PostgreSQL"], CONNECTIONS)
        self.table.add("most clients of a PgBouncer", self.sampler.most["clients"], CLIENTS)
        self.table.add("most connections of a PgBouncer to PostgreSQL", self.sampler.most["servers"], POOL)
        self.table.add("most clients that wait at a PgBouncer", self.sampler.most["waiting"])
