"""How much the portal answers among many made-up projects: `make bench` runs it on the database of DATABASE_URL.

gunicorn with two workers is asked by wrk over the loopback, for a few seconds each: an empty view, which is the most
that a page could reach; pages that are kept, and pages that are made each time. Beside it Datasette, a good tool for
the same, answers from the same rows with three facets. Targets are ratios within one run: the machine matters little.

How many answers there are in a second is counted with so many connections that both workers always have some; how long
one takes, with one.
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
JUDGED = range(150_000, 300_000)  # so many projects are what the targets are for
MOST_MEGABYTES, MOST_START, MOST_LOADDATA, MOST_GROWTH = 120, 3, 20, 3
FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
RESULTS = Path("bench-results")

LIST = "/en/projects/?sort=-start"
ONE_FILTER = "/en/projects/?country=uz"
FOUR_FILTERS = "/en/projects/?country=uz&area=water&status=implementation&issue=desertification"
PEER = "/peer/projects?_facet=level&_facet_array=country&_facet_array=area&_size=25&_sort_desc=start"

# What is measured: its name, the address, and whether the portal may keep what it made.
MEASURED = (
    ("empty view", "/empty/", True),
    ("list, kept", LIST, True),
    ("list, told that it is the newest (304)", LIST, True),
    ("list", LIST, False),
    ("list with a filter", ONE_FILTER, False),
    ("list with four filters", FOUR_FILTERS, False),
    ("page of a project", "/en/projects/load-0012345/", False),
)
# What is kept is kept as it goes out, compressed for who takes that, as every browser does.
BROWSER = {"Accept-Encoding": "br"}
# Of what, at least so much a second as of something else.
RATIOS = (
    ("list", "Datasette, three facets", 2),
    ("list, kept", "Datasette, three facets", 7),
    ("list, kept", "empty view", 0.6),
    ("list, told that it is the newest (304)", "empty view", 0.7),
    ("list with four filters", "list with a filter", 1),
)
MOST_MILLISECONDS = {"page of a project": 25}


def main():
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.settings"
    os.environ.setdefault("SECRET_KEY", "a-key-for-measuring-only-0123456789-abcdefghijklmnopqrstuvwxyz")
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.db import connection

    from projects.models import Project

    count = Project.objects.published().count()
    print(f"\n{connection.vendor}: {count:,} projects; {WORKERS} workers; {SECONDS} s each\n")
    print(f"{'':42}{f'{CONNECTIONS} ask':>9}{'one asks':>18}\n{'':42}{'req/s':>9}{'p50 ms':>9}{'p95 ms':>9}")
    measured, memory, started = {}, 0, 0.0
    for keep in ("pages", "nothing"):
        with portal(keep) as (base, server, seconds):
            started = max(started, seconds)
            for name, address, is_kept in MEASURED:
                if is_kept == (keep == "pages"):
                    told = BROWSER if is_kept else {}
                    if "304" in name:
                        told = told | {"If-None-Match": tag_of(base + address, told)}
                    measured[name] = wrk(name, base + address, **told)
            memory = max(memory, *memory_of_workers(server))
    extra = {"memory of a worker, MB": memory, "start, s": started}
    if count in JUDGED:
        with datasette(Project) as base:
            # It takes seconds for one answer, and does not come back from many questions at once: two, and longer.
            measured["Datasette, three facets"] = wrk("Datasette, three facets", base + PEER, 5 * SECONDS, 2)
        extra["loaddata of all fixtures, s"] = loaddata()
        judge(measured, extra)
    RESULTS.mkdir(exist_ok=True)
    stored = {"projects": count, "measured": measured} | extra
    (RESULTS / f"load-{connection.vendor}-{count}.json").write_text(json.dumps(stored, indent=1))
    grown(connection.vendor)


# ── Servers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def answering(address, server, seconds=120):
    """Wait until a server answers, and tell how long that took."""
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
    """A server for as long as the block lasts: its process, and how long it took to answer."""
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | (environment or {}), stdout=subprocess.DEVNULL)
    try:
        yield server, answering(address, server)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


@contextlib.contextmanager
def portal(keep):
    """The portal under gunicorn, each worker warm: its address, its process and how long it took to start."""
    from tests.browser.served import free_port

    base = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", base.removeprefix("http://")]
    command += ["--workers", str(WORKERS)]
    environment = {"KEEP": keep, "LOG_LEVEL": "ERROR", "MALLOC_ARENA_MAX": "2"}
    with running(command, f"{base}/healthz", environment) as (server, seconds):
        asked(base + LIST, CONNECTIONS, SECONDS)
        yield base, server, seconds


@contextlib.contextmanager
def datasette(model):
    """Datasette over the same rows, without any limit on its time: its address."""
    from tests.browser.served import free_port

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "peer.sqlite3"
        write_peer(path, model)
        base = f"http://127.0.0.1:{(port := free_port())}"
        limits = ("sql_time_limit_ms 60000", "facet_time_limit_ms 60000", "suggest_facets off", "default_cache_ttl 0")
        command = [sys.executable, "-m", "datasette", "serve", str(path), "--port", str(port)]
        command += [word for limit in limits for word in ("--setting", *limit.split())]
        with running(command, base + PEER):
            yield base


def write_peer(path, model):
    """The projects as one table, with countries and areas as lists, as one would give it to Datasette."""
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
    """Ask for an address as often as it is answered, first by many at once, then by one."""
    asked(address, connections, 1, **headers)
    rate, *_times, failed = asked(address, connections, seconds, **headers)
    time.sleep(2)  # what nobody waits for any more is answered too
    _rate, median, most, failed_alone = asked(address, 1, seconds, **headers)
    if failed or failed_alone:
        raise SystemExit(f"{name}: {failed + failed_alone:.0f} requests failed.")
    print(f"{name:42}{rate:9.1f}{median:9.1f}{most:9.1f}")
    return {"rate": rate, "p50": median, "p95": most}


def asked(address, connections, seconds, **headers):
    """What wrk says of asking for an address: answers a second, median and 95 of 100 in ms, and how many failed."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "120s"]
    command += [word for header, value in headers.items() for word in ("-H", f"{header}: {value}")]
    command += ["-s", FOLDER / "percentiles.lua", address]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [float(word) for word in re.search(r"^measured (.*)$", told, re.MULTILINE)[1].split()]


def memory_of_workers(server):
    """The memory that each worker has to itself, and its share of what it has with others, in megabytes."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    told = [Path(f"/proc/{child}/smaps_rollup").read_text() for child in children]
    return [int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1]) / 1_000 for text in told]


def loaddata():
    """How long all fixtures take into a new database, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"DATABASE_URL": f"sqlite:///{folder}/new.sqlite3"}
        manage = [sys.executable, "manage.py"]
        subprocess.run([*manage, "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
        start = time.monotonic()
        fixtures = sorted(map(str, (ROOT / "fixtures").glob("*.json")))
        subprocess.run([*manage, "loaddata", "-v0", *fixtures], cwd=ROOT, env=environment, check=True)
        return time.monotonic() - start


def judge(measured, extra):
    """Print the targets, and what was reached of each."""
    rows = [
        (f"{one} : {other}", measured[one]["rate"] / measured[other]["rate"], least, True)
        for one, other, least in RATIOS
    ]
    rows += [(f"{name}, p50 ms", measured[name]["p50"], most, False) for name, most in MOST_MILLISECONDS.items()]
    rows += zip(extra, extra.values(), (MOST_MEGABYTES, MOST_START, MOST_LOADDATA), (False,) * 3, strict=True)
    print(f"\n{'':66}{'reached':>9}{'target':>9}")
    for name, value, target, is_least in rows:
        met = value >= target if is_least else value <= target
        print(f"{name:66}{value:9.2f}{'≥' if is_least else '≤':>4}{target:>5}{'' if met else '  missed'}")


def grown(vendor):
    """Print how much longer 95 of 100 take among the most projects that were measured than among the fewest."""
    runs = [json.loads(path.read_text()) for path in RESULTS.glob(f"load-{vendor}-*.json")]
    few, *_others, many = sorted([*runs, runs[0]], key=lambda run: run["projects"])
    if few["projects"] == many["projects"]:
        return
    print(f"\np95 among {many['projects']:,} projects : among {few['projects']:,} (target: ≤ {MOST_GROWTH})\n")
    for name in ("list", "list with four filters", "page of a project"):
        ratio = many["measured"][name]["p95"] / few["measured"][name]["p95"]
        print(f"{name:66}{ratio:9.2f}{'' if ratio <= MOST_GROWTH else '  missed'}")


if __name__ == "__main__":
    main()
