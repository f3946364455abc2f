"""The servers of an endurance run, on a disk of limited size, and the faults that they have."""

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
from django.contrib.auth.models import User

from tests.benchmarks.load import memory_of, memory_of_children
from tests.browser.served import ROOT, serve
from tests.faults.redis_server import running_redis
from tests.faults.visiting import until, workers_of
from tests.soak.desk import PASSWORD
from tests.soak.traffic import in_background

LARGEST_FILE = 16 << 20  # bytes: a file of PostgreSQL's log has this size
SAMPLE_EVERY = 5  # seconds
STOPPED, FULL = 15, 10  # seconds


class Stack:
    """PostgreSQL, Redis and the portal with generated projects, with Redis and gunicorn as in compose.yaml."""

    def __init__(self, folder, is_mounted, cluster):
        self.folder, self.is_mounted, self.cluster = folder, is_mounted, cluster

    @contextlib.contextmanager
    def running(self, projects):
        for command in (
            ["migrate", "--noinput"],
            ["seed"],
            ["generate_test_data", "--projects", str(projects)],
            ["rebuild_search_index", "--if-needed"],
        ):
            subprocess.run([sys.executable, "manage.py", *command, "--verbosity", "0"], cwd=ROOT, check=True)
        User.objects.create_superuser("soak", password=PASSWORD)
        data = self.folder / "data"
        data.mkdir()
        more = {"DATA_DIR": str(data), "TMPDIR": str(data), "MALLOC_ARENA_MAX": "2"}
        # No worker is replaced because of its age: this would hide that it grows.
        options = ("--workers", str(os.cpu_count() + 1), "--threads", "8", "--max-requests", "0")
        with (
            running_redis("--maxmemory", "128mb", "--maxmemory-policy", "allkeys-lru") as self.redis,
            serve(self.cluster.url, *options, CACHE_URL=self.redis.url, **more) as self.site,
        ):
            yield self

    # ── Faults ───────────────────────────────────────────────────────────────────────────────────────────────

    def faults(self):
        """Return the faults in their order: names and functions that return when the cause has gone."""
        return [
            fault
            for name, mode in (("restarts", "fast"), ("is killed", "immediate"))
            for fault in (
                ("a worker is killed", self.kill_worker),
                (f"the database {name}", functools.partial(self.restart_database, mode)),
                (f"Redis is away for {STOPPED} s", self.stop_redis),
                (f"the disk is full for {FULL} s", self.fill_disk),
            )
        ]

    def kill_worker(self):
        # The youngest: the others live through the whole run, so that their memory can be compared.
        os.kill(workers_of(self.site.process)[-1], signal.SIGKILL)

    def restart_database(self, mode):
        self.cluster.stop(mode)
        self.cluster.start()

    def stop_redis(self):
        self.redis.stop()
        time.sleep(STOPPED)
        self.redis.start()

    def fill_disk(self):
        with self.filled() if self.is_mounted else self.limited():
            time.sleep(FULL)
        until(self.database_answers)

    @contextlib.contextmanager
    def filled(self):
        """Leave no room on the disk during the block."""
        path = self.folder / "filler"
        with path.open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while filler.write(bytes(1 << 20)):
                pass
        try:
            yield
        finally:
            path.unlink()

    @contextlib.contextmanager
    def limited(self):
        """Without a disk of its own: no file of PostgreSQL can grow above LARGEST_FILE during the block."""

        def limit(size):
            for pid in (postmaster, *memory_of_children(postmaster)):
                with contextlib.suppress(subprocess.CalledProcessError):  # the process has ended
                    self.cluster.run(
                        shutil.which("prlimit"), "--pid", str(pid), f"--fsize={size}:", stderr=subprocess.DEVNULL
                    )

        postmaster = self.postmaster()
        limit(LARGEST_FILE)
        try:
            yield
        finally:
            limit("unlimited")

    def database_answers(self):
        """Return True if the database answers. Start it if it has ended, as Docker and systemd do.

        PostgreSQL ends if it has no room for its log.
        """
        with contextlib.suppress(subprocess.CalledProcessError):
            if not self.cluster.runs():
                self.cluster.start()
        with contextlib.suppress(psycopg2.OperationalError), contextlib.closing(psycopg2.connect(self.cluster.url)):
            return True
        return False

    # ── Memory ───────────────────────────────────────────────────────────────────────────────────────────────

    def postmaster(self):
        return int((Path(self.cluster.data) / "postmaster.pid").read_text().split()[0])

    def memory(self):
        """Return the megabytes of each process by part, without files and the shared memory of PostgreSQL."""
        found = {"workers": memory_of_children(self.site.process.pid, "Pss_Anon"), "Redis": {}, "PostgreSQL": {}}
        with contextlib.suppress(OSError, TypeError):  # it is stopped
            found["Redis"] = {self.redis.process.pid: memory_of(self.redis.process.pid, "Pss_Anon")}
        with contextlib.suppress(OSError, IndexError):
            found["PostgreSQL"] = memory_of_children(self.postmaster(), "Pss_Anon")
        return found

    @contextlib.contextmanager
    def sampled(self):
        """Measure the memory during the block. Yield a list of samples, as `judging.growth` takes them."""
        begun, samples = time.monotonic(), []

        def sample(leaving):
            while not leaving.wait(SAMPLE_EVERY):
                samples.append((time.monotonic() - begun, self.memory()))

        with in_background(sample):
            yield samples
