"""How gunicorn runs the portal. It reads this file by itself; what is given on its command line goes first.

`WEB_CONCURRENCY` is the number of workers: as many as there are cores, and one more.
"""

import gc
import os
import shutil
import sys
import tempfile

from portal.ops.logs import configuration

wsgi_app = "portal.wsgi"
bind = "127.0.0.1:8000"
# Read once, before workers are forked: they share most of their memory, and one that is replaced is there at once.
preload_app = True
# gunicorn’s threads, of which none waits for a client. See the module.
worker_class = "portal.ops.gunicorn_worker.SlowClientWorker"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
# One network takes at most five of them (portal/http/throttling.py): with four, a burst of 48 connections let other
# readers wait 10 s for a cached page.
threads = 8
# Threads that make pages hold the interpreter for this long, in seconds; each piece of a quick answer waits for them.
# With Python's 5 ms cached pages took three times as long in such a burst (p95).
sys.setswitchinterval(0.0005)
# A worker that hangs is replaced; an import of many lines streams its page meanwhile, and counts as alive.
timeout = 120
graceful_timeout = 30
keepalive = 75  # longer than the proxy's own, which then is the one to close
# A worker is replaced now and then, so that nothing that leaks goes on for long; and seldom two at once, though they
# share requests evenly: nobody would be there for those who come meanwhile.
max_requests = 30_000
max_requests_jitter = 30_000
limit_request_line = 8190  # many filters make a long address
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - a heartbeat must not wait for a disk
control_socket_disable = True  # a file in the home of a user who has none; nobody steers it while it runs
logconfig_dict = configuration(os.environ.get("LOG_LEVEL") or "INFO", os.environ.get("LOG_FORMAT") or "text")

_own_folder = None
if os.environ.get("METRICS_NETWORKS") and not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    # Each worker counts into files of its own here; whichever is asked for /metrics adds them up.
    _own_folder = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="portal-metrics-")


def when_ready(server):
    """Read what long lists are counted by, which may be seconds’ work, once for all workers, and leave what they share
    out of every collection of garbage, which would write to it: it stays shared.
    """
    from portal.facets import registry  # noqa: PLC0415 - there are settings now

    registry.preload()
    gc.collect()
    gc.freeze()


def child_exit(server, worker):
    """Forget what a worker was doing when it ended; what it had counted stays."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - only where metrics are kept

        mark_process_dead(worker.pid)


def on_exit(server):
    """Take away what was counted: the next start counts anew."""
    if _own_folder:
        shutil.rmtree(_own_folder, ignore_errors=True)
