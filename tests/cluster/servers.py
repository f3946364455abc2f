"""The servers of a portal on several machines, all on this one: `config/` has their configuration."""

import contextlib
import csv
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from string import Template

import httpx
import psycopg2
from psycopg2.extras import DictCursor

from tests.browser.served import serve, until
from tests.faults.cluster import as_postgres, programs

CONFIG = Path(__file__).parent / "config"
NODES, HOSTS, REDIS = ("node1", "node2", "node3"), ("host1", "host2"), ("redis1", "redis2")
PORTS = (
    *("front", "primary", "replicas", "redis", "etcd", "etcd_peers", "sentinel"),
    *(f"{name}{number}" for name in ("node", "api") for number in (1, 2, 3)),
    *(f"{name}{number}" for name in ("host", "pool", "redis") for number in (1, 2)),
)
FIRST_PORT, LAST_PORT = 21_000, 32_000  # below the ports that the system gives to connections of clients
WORKERS, THREADS = 2, 8  # of each host
POOL, CLIENTS, CONNECTIONS = 8, 200, 100  # limits of each PgBouncer, and max_connections of each PostgreSQL
LAG = "16kB"


def free_ports():
    """Return a free port for each name of PORTS."""
    for first in range(FIRST_PORT, LAST_PORT, len(PORTS)):
        with contextlib.suppress(OSError), contextlib.ExitStack() as listeners:
            for port in range(first, first + len(PORTS)):
                listener = listeners.enter_context(socket.socket())
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(("127.0.0.1", port))
            return dict(zip(PORTS, range(first, first + len(PORTS)), strict=True))
    raise SystemExit("There are too few free ports.")


def processes_in(folder):
    """Return the process numbers of all processes that work in a folder. PostgreSQL works in that of its data."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if path.readlink().is_relative_to(folder):
                found.append(int(path.parent.name))
    return found


def kill(folder):
    """Kill all processes that work in a folder, and those that they start meanwhile, as a power cut would."""
    while pids := processes_in(folder):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


class Cluster:
    """All servers, with a port for each name of PORTS. `start` them in the order of `running_cluster`."""

    def __init__(self, folder):
        self.folder, self.ports, self.password = folder, free_ports(), secrets.token_hex(16)
        self.processes, self.hosts = {}, {}
        self.url = f"http://127.0.0.1:{self.ports['front']}"

    # ── Programs ─────────────────────────────────────────────────────────────────────────────────────────────

    def write(self, template, name, **more):
        """Fill in a template of `config/`, and return its path."""
        values = self.ports | {"folder": self.folder, "password": self.password, "name": name, "lag": LAG} | more
        path = self.folder / f"{name}{Path(template).suffix}"
        path.write_text(Template((CONFIG / template).read_text(encoding="utf-8")).substitute(values))
        return str(self.own(path))

    @staticmethod
    def own(path):
        """Let only the user who runs the servers read a file or folder. Return its path."""
        path.chmod(0o700 if path.is_dir() else 0o600)
        if os.geteuid() == 0:
            shutil.chown(path, "postgres")
        return path

    def start(self, name, *command):
        """Start a program in a folder of its name. The user is `postgres` if this process is root."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*as_postgres(), *command],
                cwd=self.own(folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, name):
        """Kill a server, with PostgreSQL if it is a Patroni."""
        kill(self.folder / name)
        self.processes.pop(name).wait()

    def start_etcd(self):
        client, peers = (f"http://127.0.0.1:{self.ports[name]}" for name in ("etcd", "etcd_peers"))
        words = {
            "--listen-client-urls": client,
            "--advertise-client-urls": client,
            "--listen-peer-urls": peers,
            "--initial-advertise-peer-urls": peers,
            "--initial-cluster": f"default={peers}",
            "--data-dir": str(self.folder / "etcd"),
        }
        self.start("etcd", "etcd", *(word for pair in words.items() for word in pair))

    def start_node(self, name):
        number = name[-1]
        ports = {"port": self.ports[name], "api": self.ports[f"api{number}"]}
        path = self.write("patroni.yml", name, programs=programs(), connections=CONNECTIONS, **ports)
        self.start(name, "patroni", path)

    def start_pool(self, name):
        path = self.write("pgbouncer.ini", name, port=self.ports[name], pool=POOL, clients=CLIENTS)
        self.start(name, "/usr/sbin/pgbouncer", path)

    def start_redis(self, name, *options):
        self.start(name, "redis-server", "--bind", "127.0.0.1", "--port", str(self.ports[name]), "--save", "", *options)

    def start_host(self, name, module="portal.settings", **more):
        """Start a host of the portal, and wait until HAProxy sends readers to it. `more` are further variables."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        stack = self.hosts[name] = contextlib.ExitStack()
        options = ("--workers", str(WORKERS), "--threads", str(THREADS))
        environment = self.environment(name) | {"DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": module}
        stack.enter_context(serve(None, *options, port=self.ports[name], **environment | more))
        self.proxy(f"set server hosts/{name} state ready")
        until(lambda: name in self.servers_up("hosts"))

    def stop_host(self, name):
        """Stop a host after it has answered its requests; HAProxy gives it no new ones."""
        self.proxy(f"set server hosts/{name} state drain")
        until(lambda: self.states("hosts")[name]["scur"] == "0")
        self.hosts.pop(name).close()

    def environment(self, host="host1"):
        """Return the variables of the portal on a host."""
        return {
            "DATABASE_URL": self.database_url(f"pool{host[-1]}") + "?conn_max_age=0",
            "REPLICA_URL": self.database_url("replicas"),
            "CACHE_URL": f"redis://127.0.0.1:{self.ports['redis']}/0",
            "PUBLIC_URL": self.url,
            "BEHIND_PROXY": "1",
            "STAFF_MFA": "0",
        }

    def start_all(self):
        users = self.own(self.folder) / "users.txt"
        users.write_text(f'"portal" "{self.password}"\n')
        self.own(users)
        self.start("haproxy", "/usr/sbin/haproxy", "-f", self.write("haproxy.cfg", "haproxy"))
        self.start_etcd()
        for node in NODES:
            self.start_node(node)
            until(self.primary)  # the first one becomes the primary
        until(self.is_whole)
        self.sql("primary", "CREATE ROLE portal LOGIN PASSWORD %s", self.password, database="postgres")
        self.sql("primary", "CREATE DATABASE portal OWNER portal", database="postgres")
        for pool in ("pool1", "pool2"):
            self.start_pool(pool)
        self.start_redis("redis1")
        self.start_redis("redis2", "--replicaof", "127.0.0.1", str(self.ports["redis1"]))
        self.start("sentinel", "redis-server", self.write("sentinel.conf", "sentinel"), "--sentinel")
        until(lambda: self.servers_up("redis") == {"redis1"})

    # ── Questions ────────────────────────────────────────────────────────────────────────────────────────────

    def database_url(self, server, user="portal", database="portal"):
        return f"postgres://{user}:{self.password}@127.0.0.1:{self.ports[server]}/{database}"

    def sql(self, server, statement, *parameters, user="postgres", database="portal"):
        """Run a statement on a server, and return its rows, whose columns have names."""
        address = self.database_url(server, user, database)
        with contextlib.closing(psycopg2.connect(address, connect_timeout=2)) as connection:
            connection.autocommit = True
            with connection.cursor(cursor_factory=DictCursor) as cursor:
                cursor.execute(statement, parameters or None)
                return cursor.fetchall() if cursor.description else []

    def members(self):
        """Return Patroni's members by name, as the first node that answers describes them; {} if none does."""
        for number in (1, 2, 3):
            with contextlib.suppress(httpx.TransportError):
                answer = httpx.get(f"http://127.0.0.1:{self.ports[f'api{number}']}/cluster", timeout=2, trust_env=False)
                return {member["name"]: member for member in answer.json().get("members", [])}
        return {}

    def primary(self):
        return next((name for name, member in self.members().items() if member["role"] == "leader"), None)

    def standbys(self):
        """Return the names of the standbys, the synchronous one first."""
        roles = {name: member["role"] for name, member in self.members().items()}
        return sorted(roles.keys() - {self.primary()}, key=lambda name: (roles[name] != "sync_standby", name))

    def proxy(self, command):
        """Give HAProxy a command, and return its answer."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"{self.folder}/haproxy.sock")
            client.sendall(f"{command}\n".encode())
            return b"".join(iter(lambda: client.recv(65_536), b"")).decode()

    def states(self, backend):
        """Return what HAProxy says of each server of a backend, by name: `status`, `scur` (sessions) and others."""
        rows = csv.DictReader(self.proxy("show stat").removeprefix("# ").splitlines())
        return {row["svname"]: row for row in rows if row["pxname"] == backend and row["svname"][-1].isdigit()}

    def servers_up(self, backend):
        """Return the names of the servers to which HAProxy sends new connections of a backend."""
        return {name for name, row in self.states(backend).items() if row["status"].startswith("UP")}

    def turned_away(self):
        """Return how many clients have waited too long for a connection of a PgBouncer, by its log."""
        logs = [(self.folder / f"{name}.log").read_text(errors="replace") for name in ("pool1", "pool2")]
        return sum(log.count("pooler error: query_wait_timeout") for log in logs)

    def is_whole(self):
        """Return True if a primary and two standbys stream, one of them synchronous, and HAProxy uses all three."""
        members = self.members()
        roles = sorted(member["role"] for member in members.values())
        return (
            roles == ["leader", "replica", "sync_standby"]
            and {member["state"] for member in members.values()} == {"running", "streaming"}
            and self.servers_up("primary") == {self.primary()}
            and self.servers_up("replicas") == set(self.standbys())
        )


@contextlib.contextmanager
def running_cluster():
    """Run all servers but the hosts of the portal during the block, with an empty database. Yield the Cluster."""
    with tempfile.TemporaryDirectory(prefix="portal-cluster-", dir="/tmp") as name:
        cluster = Cluster(Path(name))
        try:
            cluster.start_all()
            yield cluster
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)  # a second Ctrl+C must not leave anything behind
            for host in cluster.hosts.values():
                host.close()
            kill(cluster.folder)
