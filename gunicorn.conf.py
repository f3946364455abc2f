"""Configuration of gunicorn, which reads this file by itself. Options of the command line override it.

`WEB_CONCURRENCY` is the number of workers: use one more than there are cores.
"""

import gc
import os
import shutil
import sys
import tempfile

from portal.ops.logs import configuration

wsgi_app = "portal.wsgi"
bind = "127.0.0.1:8000"
# Import the portal before forking: workers share most of their memory, and a new worker starts at once.
preload_app = True
# Threaded, but no thread waits for a client. See the module.
worker_class = "portal.ops.gunicorn_worker.SlowClientWorker"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
# One network uses at most five of them (portal/http/throttling.py). With four threads, other readers waited 10 s for a
# cached page during a burst of 48 connections.
threads = 8
# A thread that makes a page holds the interpreter for this many seconds, and cached pages wait for it. With Python's
# default of 5 ms, cached pages took three times as long in such a burst (p95).
sys.setswitchinterval(0.0005)
# A worker that hangs is replaced. A long import streams its page meanwhile, so its worker counts as alive.
timeout = 120
graceful_timeout = 30
keepalive = 75  # longer than the timeout of the proxy, so that the proxy closes idle connections
# Workers are replaced from time to time, which limits memory leaks. The jitter is large, because workers share requests
# evenly: without it, all of them would restart together.
max_requests = 30_000
max_requests_jitter = 30_000
limit_request_line = 8190  # many filters make a long URL
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - a heartbeat must not wait for a disk
control_socket_disable = True  # it would be a file in the home folder, which the user of the image does not have
logconfig_dict = configuration(os.environ.get("LOG_LEVEL") or "INFO", os.environ.get("LOG_FORMAT") or "text")

_own_folder = None
if os.environ.get("METRICS_NETWORKS") and not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    # Each worker counts in its own files here. The worker that answers /metrics adds them up.
    _own_folder = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="portal-metrics-")


def when_ready(server):
    """Load the facet bitmaps once for all workers, which may take seconds, and freeze all objects.

    The garbage collector skips frozen objects. It writes to others, and memory that is written to is no longer shared.
    """
    from portal.facets import registry  # noqa: PLC0415 - needs settings, which are ready now

    registry.preload()
    gc.collect()
    gc.freeze()


def child_exit(server, worker):
    """Remove the gauges of a worker that has ended. Its counters stay."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - only where metrics are kept

        mark_process_dead(worker.pid)


def on_exit(server):
    """Delete the counters. The next start begins at zero."""
    if _own_folder:
        shutil.rmtree(_own_folder, ignore_errors=True)
