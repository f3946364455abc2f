"""A PostgreSQL server for one test, which may stop and start it. It has its own files and port."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.browser.served import free_port

NO_PROGRAMS = "the programs of a PostgreSQL server were not found: install postgresql"
OPTIONS = "-c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c max_connections=40"


def programs():
    """Return the folder of the newest PostgreSQL's programs, or None. Debian does not add them to PATH."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    found.sort(key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0)
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).parent if named else None


def as_postgres():
    """Return the words before a command that PostgreSQL's user must run, because PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


class Cluster:
    """A server with one empty database, `portal`."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.url = f"postgres://portal@127.0.0.1:{self.port}/portal"

    def run(self, program, *arguments, **more):
        # The working directory must be readable, or PostgreSQL reports an error.
        return subprocess.run(
            [*as_postgres(), str(programs() / program), *arguments],
            cwd="/",
            stdin=subprocess.DEVNULL,
            check=True,
            timeout=120,
            **more,
        )

    def start(self):
        options = f"{OPTIONS} -c port={self.port} -c unix_socket_directories={self.folder}"
        self.control("start", "-l", str(self.folder / "log"), "-o", options)

    def runs(self):
        """Return True unless the server has ended."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self.run("pg_ctl", "status", "-D", self.data, stdout=subprocess.DEVNULL)
            return True
        return False

    def stop(self, mode):
        """Stop the server. `fast` closes the connections and shuts down cleanly; `immediate` is like a power cut."""
        self.control("stop", "-m", mode)

    def control(self, act, *arguments):
        # Do not use a pipe: the server would keep it open after pg_ctl has ended.
        waiting = ("-D", self.data, "-w", "-t", "60")
        self.run("pg_ctl", act, *waiting, *arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def fill(self, url):
        """Copy another database into this one."""
        dump = subprocess.run(
            [programs() / "pg_dump", "--no-owner", "--dbname", url], check=True, capture_output=True, timeout=120
        )
        self.sql(dump.stdout)

    def sql(self, statements):
        subprocess.run(
            [programs() / "psql", "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--dbname", self.url],
            input=statements,
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=120,
        )

    @property
    def data(self):
        return str(self.folder / "data")


@contextlib.contextmanager
def running_cluster(parent="/tmp"):  # noqa: S108 - see below
    """Run a server until the test stops it or the block ends. Its files are in a new folder of `parent`."""
    # A short path: that of a socket may have about a hundred characters.
    with tempfile.TemporaryDirectory(prefix="portal-faults-", dir=parent) as name:
        cluster = Cluster(Path(name))
        if os.geteuid() == 0:
            shutil.chown(name, "postgres")
        cluster.run(
            "initdb",
            "-D",
            cluster.data,
            "-U",
            "portal",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            capture_output=True,
        )
        cluster.start()
        try:
            cluster.run("createdb", "-h", "127.0.0.1", "-p", str(cluster.port), "-U", "portal", "portal")
            yield cluster
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):  # it has stopped already
                cluster.stop("immediate")
