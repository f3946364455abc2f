"""Run the portal for an hour with 70 % of the load that it can serve and a fault every two minutes: `make soak`.

It starts its own PostgreSQL, Redis and portal, and prints a table. The exit code is 1 if a target is missed.
"""

import argparse
import contextlib
import functools
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django

from tests.benchmarks.load import store
from tests.browser.served import settings_of_a_local_run
from tests.faults.cluster import running_cluster
from tests.soak import judging
from tests.soak.traffic import SHARES, THREADS, Pace, in_background, send

CALIBRATION, LOAD = 60, 0.7  # seconds; the part of what the portal can serve
WARM_UP = 20  # seconds of the calibration that are not counted
SETUP_SECONDS = 1_800  # the run ends by itself if it takes longer
DISK_MEGABYTES = 2_000
INSIDE = "SOAK_NAMESPACE"
# A mount and processes of its own: the kernel ends all of them with the command, however it ends.
NAMESPACE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


class Log:
    """The requests of all actors, and the first paths of each error."""

    def __init__(self):
        self.begun, self.requests, self.failures = time.monotonic(), [], {}

    def __call__(self, request, path):
        request = request._replace(begun=request.begun - self.begun)
        self.requests.append(request)
        if request.error:
            paths = self.failures.setdefault(f"{request.actor} {request.error}", [])
            if len(paths) < 5:
                paths.append(f"{request.begun:.1f} s {path}")


@contextlib.contextmanager
def disk(is_mounted):
    """Yield a folder during the block: a file system of its own, or one of the machine's folders."""
    with tempfile.TemporaryDirectory(prefix="portal-soak-", dir="/tmp") as name:
        if not is_mounted:
            yield Path(name)
            return
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m,mode=755", "none", name], check=True)
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "--lazy", name], check=True)


def may_unshare():
    """Return True if this machine allows namespaces. A container often does not."""
    with contextlib.suppress(FileNotFoundError):
        return subprocess.run([*NAMESPACE, "true"], stderr=subprocess.DEVNULL).returncode == 0


def main():
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--projects", type=int, default=20_000, help="generated projects, besides the content")
    options = parser.parse_args()
    if options.minutes < 2:
        parser.error("--minutes is 2 or more: the first fault happens after one.")
    if os.geteuid() == 0 and INSIDE not in os.environ and may_unshare():
        os.environ[INSIDE] = "1"
        command = [*NAMESPACE, sys.executable, "-m", "tests.soak", *sys.argv[1:]]
        os.execvp(command[0], command)  # noqa: S606 - no shell is needed
    for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(f"Ended by {signal.Signals(number).name}."))
    signal.alarm(int(SETUP_SECONDS + CALIBRATION + 60 * options.minutes))
    with contextlib.ExitStack() as servers:
        results = run(servers, options, is_mounted=INSIDE in os.environ)
    store(f"soak-{options.minutes:g}", results)
    print_results(results)
    missed = [name for name, (_value, _most, is_met) in judging.targets(results).items() if not is_met]
    if missed:
        sys.exit(f"Missed: {'; '.join(missed)}.")


def run(servers, options, is_mounted):
    """Start all servers, run the traffic and the faults. Return the results."""
    folder = servers.enter_context(disk(is_mounted))
    cluster = servers.enter_context(running_cluster(folder))
    os.environ |= settings_of_a_local_run(cluster.url) | {"DJANGO_SETTINGS_MODULE": "portal.settings"}
    django.setup()
    from django.db import connection

    from issues.models import Term
    from portal.core.choices import Area
    from projects.models import Project
    from tests.soak.desk import Importer, RecordEditor, Reporter, lost
    from tests.soak.stack import Stack

    say(f"Generating {options.projects:,} projects")
    stack = servers.enter_context(Stack(folder, is_mounted, cluster).running(options.projects))
    published = Project.objects.published().order_by("-key")
    project, term = published.exclude(key__startswith="load-").first(), Term.objects.order_by("key").first()
    known = {
        "projects": [*published.values_list("key", flat=True)],
        "countries": ["kz", "kg", "tj", "tm", "uz"],
        "areas": Area.values,
        "words": ["aral", "water", "glacier", "forest", "물", "사막화", "вода", "климат"],
    }
    connection.close()  # the database will be stopped
    results = {"failures": [], "acknowledged": [], "stale": []}

    @contextlib.contextmanager
    def everybody(rate, number):
        """Let all actors act during the block. `number` keeps the markers of two blocks apart."""
        log, pace = Log(), Pace(rate)
        desk = (
            RecordEditor(project, "summary_en", f"/en/projects/{project.key}/", number, stack.site, log, results),
            RecordEditor(term, "definition_en", "/en/glossary/", number, stack.site, log, results),
            Reporter(number, stack.site, log, results),
            Importer(number, stack.site, log, results),
        )
        sending = THREADS * [functools.partial(send, stack.site.url, known, pace, log)]
        with in_background(*(actor.run for actor in desk), *sending):
            yield log
        log.left_out = pace.left_out

    say("Measuring what the portal can serve")
    with everybody(None, 0) as log:
        time.sleep(CALIBRATION)
    served = [request for request in log.requests if request.actor in SHARES and request.begun > WARM_UP]
    most = len(served) / (CALIBRATION - WARM_UP)
    seconds = 60 * options.minutes
    say(f"It can serve {most:.1f} requests/s. Running for {options.minutes:g} minutes with {LOAD * most:.1f}")
    faults = []
    with stack.sampled() as samples, everybody(LOAD * most, 1) as log:
        for number, (name, cause) in enumerate(itertools.cycle(stack.faults())):
            at = judging.FAULT_EVERY * (number + 0.5)
            if at > seconds - 30:
                break
            time.sleep(max(log.begun + at - time.monotonic(), 0))
            begun = time.monotonic() - log.begun
            cause()
            faults.append(judging.Fault(name, begun, time.monotonic() - log.begun))
            say(f"{begun / 60:5.1f} min: {name}")
        time.sleep(max(log.begun + seconds - time.monotonic(), 0))
    said = stack.site.log(10_000_000)
    return {
        "minutes": options.minutes,
        "seconds": seconds,
        "projects": options.projects,
        "requests/s that can be served": most,
        "requests/s that were due": LOAD * most,
        "left out": log.left_out,
        "full disk": "a file system of its own" if is_mounted else "a limit of the size of files",
        "actors": judging.by_actor(log.requests, faults),
        "faults": judging.recoveries(log.requests, faults, "readers"),
        "memory": judging.growth(samples, seconds),
        "memory by minute": judging.by_minute(samples),
        "acknowledged": len(results["acknowledged"]),
        "lost": lost(results["acknowledged"]),
        "stale": results["stale"],
        "failures": results["failures"],
        "failed paths": log.failures,
        "tracebacks": said.count("Traceback"),
        "last traceback": said[said.rindex("Traceback") :][:3_000] if "Traceback" in said else "",
    }


def say(text):
    print(text, flush=True)


def print_results(results):
    """Print all results as tables."""
    print(f"\n{'':12}{'requests':>9}{'errors':>8}{'outside':>9}{'p50 ms':>8}{'p95 ms':>8}  kinds of errors")
    for actor, row in results["actors"].items():
        kinds = ", ".join(f"{kind}: {count}" for kind, count in row["kinds"].items())
        numbers = f"{row['requests']:9,}{row['errors']:8}{row['errors outside']:9}{row['p50']:8.0f}{row['p95']:8.0f}"
        print(f"{actor:12}{numbers}  {kinds}")
    print(f"\n{'at min':>6} {'fault':28}{'seconds':>8}{'errors':>8}{'first good, s':>15}{'last error, s':>15}")
    for row in results["faults"]:
        good = "never" if row["first good"] is None else f"{row['first good']:.2f}"
        numbers = f"{row['lasted']:8.1f}{row['errors']:8}{good:>15}{row['last error']:15.2f}"
        print(f"{row['at'] / 60:6.1f} {row['fault']:28}{numbers}")
    print(f"\n{'memory, MB':28}{'before':>9}{'at the end':>12}{'growth, %':>11}")
    for part, row in results["memory"].items():
        print(f"{part:28}{row['MB']:9.1f}{row['MB at the end']:12.1f}{row['growth']:11.1f}")
    print(f"\n{results['acknowledged']} acknowledged writes; {results['left out']} requests left out; ", end="")
    print(f"{results['tracebacks']} tracebacks in the log; full disk: {results['full disk']}")
    for name in ("lost", "stale", "failures"):
        for text in results[name][:10]:
            print(f"  {name}: {text}")
    print(f"\n{'':52}{'reached':>9}{'target':>9}")
    for name, (value, most, is_met) in judging.targets(results).items():
        reached = "none" if value is None else f"{value:.3g}"
        print(f"{name:52}{reached:>9}{most:>9}{'' if is_met else '  missed'}")


if __name__ == "__main__":
    main()
