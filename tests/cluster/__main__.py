"""Run the portal on several machines, all of them this one, let servers fail, and measure: `make cluster`.

`servers.py` starts the servers, `measures.py` measures, and `config/` has the configuration, as docs/operation.md
explains it. Arguments name the measures to take. Nothing that was started survives the command. The exit status is 1 if
a target is missed.
"""

import os
import platform
import signal
import subprocess
import sys
import time

import django

from tests.benchmarks.load import store
from tests.browser.served import ROOT, settings_of_a_local_run
from tests.cluster.servers import running_cluster


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    start = time.monotonic()
    with running_cluster() as cluster:
        [(version,)] = cluster.sql("primary", "SHOW server_version")
        print(f"PostgreSQL {version}; {os.cpu_count()} cores; all servers run after {time.monotonic() - start:.0f} s\n")
        os.environ |= settings_of_a_local_run(**cluster.environment())
        for command in (["migrate", "-v0"], ["seed", "-v0"], ["rebuild_search_index", "--if-needed", "-v0"]):
            subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, check=True)
        os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
        django.setup()
        from tests.cluster.measures import Measures, Table

        table = Table()
        Measures(cluster, table).run(sys.argv[1:])
        machine = {"cores": os.cpu_count(), "postgresql": version, "python": platform.python_version()}
        store("cluster", machine | {"rows": table.rows})
        missed = [row for row in table.rows if not table.is_met(row)]
        print(f"\n{len(table.rows)} measures, {len(missed)} missed their target; {time.monotonic() - start:.0f} s")
        return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
