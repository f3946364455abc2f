"""Measure the load that the portal handles with many generated projects: `make bench` runs it on DATABASE_URL.

wrk requests pages of gunicorn with two workers over the loopback for a few seconds each: an empty view, which is the
upper limit for a page; cached pages; and uncached pages. For comparison Datasette serves the same rows with three
facets. Targets are ratios within one run, so the speed of the machine matters little.

Requests per second are measured with enough connections to keep both workers busy, latency with one connection.
"""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

SECONDS, CONNECTIONS, WORKERS = 5, 16, 2
JUDGED = range(150_000, 300_000)  # The targets are for this many projects.
MOST_MEGABYTES, MOST_START, MOST_LOADDATA, MOST_GROWTH = 120, 2, 20, 3
LEAST_SHARED = 1.7  # workers on two cores make so many times the lists of one connection
FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
RESULTS = Path("bench-results")

LIST = "/en/projects/?sort=-start"
ONE_FILTER = "/en/projects/?country=uz"
FOUR_FILTERS = "/en/projects/?country=uz&area=water-resources&status=implementation&issue=desertification"
PEER = "/peer/projects?_facet=level&_facet_array=country&_facet_array=area&_size=25&_sort_desc=start"

# What is measured: its name, its URL, and whether the portal may cache the page.
MEASURED = (
    ("empty view", "/empty/", True),
    ("list, kept", LIST, True),
    ("list, told that it is the newest (304)", LIST, True),
    ("list", LIST, False),
    ("list with a filter", ONE_FILTER, False),
    ("list with four filters", FOUR_FILTERS, False),
    ("page of a project", "/en/projects/load-0012345/", False),
)
# Cached pages are stored compressed for clients that accept it, as all browsers do.
BROWSER = {"Accept-Encoding": "br"}
# The first must reach at least this share of the requests per second of the second.
RATIOS = (
    ("list", "Datasette, three facets", 2),
    ("list, kept", "Datasette, three facets", 7),
    ("list, kept", "empty view", 0.6),
    ("list, told that it is the newest (304)", "empty view", 0.7),
    ("list with four filters", "list with a filter", 1),
)
MOST_MILLISECONDS = {"page of a project": 25}
FEWEST = 20_000  # projects from which growth is judged
GROWING = ("list", "list with four filters", "page of a project")


def set_up():
    """Set Django up for benchmarks. Return the vendor of the database and the number of published projects."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.settings"
    os.environ.setdefault("SECRET_KEY", "a-key-for-measuring-only-0123456789-abcdefghijklmnopqrstuvwxyz")
    import django

    django.setup()
    from django.db import connection

    from projects.models import Project

    return connection.vendor, Project.objects.published().count()


def store(name, results):
    """Write results into bench-results/, as JSON."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(results, indent=1, ensure_ascii=False))


def main():
    vendor, count = set_up()
    from projects.models import Project

    print(f"\n{vendor}: {count:,} projects; {WORKERS} workers; {SECONDS} s each\n")
    print(f"{'':42}{f'{CONNECTIONS} ask':>9}{'one asks':>18}\n{'':42}{'req/s':>9}{'p50 ms':>9}{'p95 ms':>9}")
    measured, memory, started = {}, 0, 0.0
    with portal("nothing") as (_base, _server, seconds):  # the first process after a load stores the facet indexes
        print(f"The first start took {seconds:.1f} s.")
    for keep in ("pages", "nothing"):
        with portal(keep) as (base, server, seconds):
            started = max(started, seconds)
            for name, address, is_kept in MEASURED:
                if is_kept == (keep == "pages"):
                    told = BROWSER if is_kept else {}
                    if "304" in name:
                        told = told | {"If-None-Match": tag_of(base + address, told)}
                    measured[name] = wrk(name, base + address, **told)
            memory = max(memory, *memory_of_children(server.pid).values())
    extra = {"memory of a worker, MB": memory, "start, s": started}
    if count in JUDGED:
        with tempfile.TemporaryDirectory() as folder:
            write_peer(path := Path(folder) / "peer.sqlite3", Project)
            with datasette(path, PEER) as base:
                # It needs seconds for one answer and does not recover from many requests at once: use two, for longer.
                measured["Datasette, three facets"] = wrk("Datasette, three facets", base + PEER, 5 * SECONDS, 2)
        extra["loaddata of all fixtures, s"] = loaddata()
        judge(measured, extra)
    store(f"load-{vendor}-{count}", {"projects": count, "measured": measured} | extra)
    print_growth(f"load-{vendor}", lambda run: {name: run["measured"][name]["p95"] for name in GROWING})


# ── Servers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def answering(address, server, seconds=120):
    """Wait until a server answers. Return the seconds that it took."""
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=60):
            return time.monotonic() - start
        time.sleep(0.02)
    raise SystemExit(f"{address} does not answer.")


@contextlib.contextmanager
def running(command, address, environment=None):
    """Run a server during the block. Yield its process and the seconds until it answered."""
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | (environment or {}), stdout=subprocess.DEVNULL)
    try:
        yield server, answering(address, server)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


@contextlib.contextmanager
def portal(keep):
    """Run the portal under gunicorn with warm workers. Yield its URL, its process and the seconds until it answered."""
    from tests.browser.served import free_port

    base = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", base.removeprefix("http://")]
    command += ["--workers", str(WORKERS)]
    environment = {"KEEP": keep, "LOG_LEVEL": "ERROR", "MALLOC_ARENA_MAX": "2"}
    with running(command, f"{base}/healthz", environment) as (server, seconds):
        asked(base + LIST, CONNECTIONS, SECONDS)
        yield base, server, seconds


@contextlib.contextmanager
def datasette(path, page):
    """Run Datasette on a file of SQLite, without a time limit, once it has answered `page`. Yield its URL."""
    from tests.browser.served import free_port

    base = f"http://127.0.0.1:{(port := free_port())}"
    limits = ("sql_time_limit_ms 60000", "facet_time_limit_ms 60000", "suggest_facets off", "default_cache_ttl 0")
    command = [sys.executable, "-m", "datasette", "serve", str(path), "--port", str(port)]
    command += [word for limit in limits for word in ("--setting", *limit.split())]
    with running(command, base + page):
        yield base


def write_peer(path, model):
    """Write the projects as one table, with countries and areas as lists, as usual in Datasette."""
    names = ("countries__key", "areas__area")
    several = {name: {} for name in names}
    for name in names:
        for pk, value in model.objects.published().order_by().values_list("pk", name):
            several[name].setdefault(pk, []).append(value)
    columns = ("pk", "key", "title_en", "summary_en", "level", "status", "start", "end")
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "CREATE TABLE projects"
            " (id INTEGER PRIMARY KEY, key, title, summary, level, status, start, end, country, area)"
        )
        database.executemany(
            "INSERT INTO projects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (*map(plain, row), *(json.dumps([value for value in several[name][row[0]] if value]) for name in names))
                for row in model.objects.published().order_by().values_list(*columns).iterator()
            ),
        )
        for column in ("level", "start"):
            database.execute(f"CREATE INDEX projects_{column} ON projects ({column})")


def plain(value):
    return value if value is None or isinstance(value, int) else str(value)


# ── Measures ─────────────────────────────────────────────────────────────────────────────────────────────────────


def tag_of(address, headers):
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as response:
        return response.headers["ETag"]


def wrk(name, address, seconds=SECONDS, connections=CONNECTIONS, **headers):
    """Measure a URL, first with many connections, then with one."""
    asked(address, connections, 1, **headers)
    rate, *_times, failed = asked(address, connections, seconds, **headers)
    time.sleep(2)  # requests of clients that have gone are answered too
    alone, median, most, failed_alone = asked(address, 1, seconds, **headers)
    if failed or failed_alone:
        raise SystemExit(f"{name}: {failed + failed_alone:.0f} requests failed.")
    print(f"{name:42}{rate:9.1f}{median:9.1f}{most:9.1f}")
    return {"rate": rate, "rate of one": alone, "p50": median, "p95": most}


def asked(address, connections, seconds, **headers):
    """Run wrk. Return requests per second, the median and 95th percentile in ms, and the number of failed requests."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "120s"]
    command += [word for header, value in headers.items() for word in ("-H", f"{header}: {value}")]
    command += ["-s", FOLDER / "percentiles.lua", address]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [float(word) for word in re.search(r"^measured (.*)$", told, re.MULTILINE)[1].split()]


def memory_of(pid, kind="Pss"):
    """Return the memory of a process in megabytes: its own and its share of the common memory.

    `kind` "Pss_Anon" leaves out files and shared memory.
    """
    told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(rf"^{kind}:\s+(\d+)", told, re.MULTILINE)[1]) / 1_000


def memory_of_children(pid, kind="Pss"):
    """Return the memory of each child of a process, such as gunicorn's workers, by process number, in megabytes."""
    memory = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            memory[int(child)] = memory_of(child, kind)
    return memory


def loaddata():
    """Return the seconds that all fixtures take to load into a new database."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"DATABASE_URL": f"sqlite:///{folder}/new.sqlite3"}
        manage = [sys.executable, "manage.py"]
        subprocess.run([*manage, "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
        start = time.monotonic()
        fixtures = sorted(map(str, (ROOT / "fixtures").glob("*.json")))
        subprocess.run([*manage, "loaddata", "-v0", *fixtures], cwd=ROOT, env=environment, check=True)
        return time.monotonic() - start


def judge(measured, extra):
    """Print the targets and the results."""
    rows = [
        (f"{one} : {other}", measured[one]["rate"] / measured[other]["rate"], least, True)
        for one, other, least in RATIOS
    ]
    shared = measured["list"]["rate"] / measured["list"]["rate of one"]
    rows.append((f"list : list over one connection, {WORKERS} workers", shared, LEAST_SHARED, True))
    rows += [(f"{name}, p50 ms", measured[name]["p50"], most, False) for name, most in MOST_MILLISECONDS.items()]
    rows += zip(extra, extra.values(), (MOST_MEGABYTES, MOST_START, MOST_LOADDATA), (False,) * 3, strict=True)
    print(f"\n{'':66}{'reached':>9}{'target':>9}")
    for name, value, target, is_least in rows:
        met = value >= target if is_least else value <= target
        print(f"{name:66}{value:9.2f}{'≥' if is_least else '≤':>4}{target:>5}{'' if met else '  missed'}")


def print_growth(prefix, p95s):
    """Print the ratio of the 95th percentiles with the most and with the fewest projects, of stored results.

    The names of their files begin with `prefix`. `p95s` returns the percentiles in ms, by name, of the results in one.
    """
    runs = [json.loads(path.read_text()) for path in RESULTS.glob(f"{prefix}-*.json")]
    runs = sorted((run for run in runs if run["projects"] >= FEWEST), key=lambda run: run["projects"])
    if len(runs) < 2:
        return
    few, many = p95s(runs[0]), p95s(runs[-1])
    print(f"\np95, ms: {runs[0]['projects']:,} and {runs[-1]['projects']:,} projects (growth at most {MOST_GROWTH})\n")
    for name in [name for name in many if name in few]:
        ratio = many[name] / few[name]
        print(f"{name:42}{few[name]:9.1f}{many[name]:9.1f}{ratio:9.2f}{'' if ratio <= MOST_GROWTH else '  missed'}")


if __name__ == "__main__":
    main()
