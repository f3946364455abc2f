"""The configuration of gunicorn, which finds this file by its name. Command-line options override it.

`WEB_CONCURRENCY` is the number of workers: use one more than there are cores.
"""

import gc
import os
import shutil
import sys
import tempfile

from portal.ops.logs import configuration

# Importing the portal makes many objects and little garbage. `when_ready` turns the collector on again.
gc.disable()
wsgi_app = "portal.wsgi"
bind = "127.0.0.1:8000"
# Import the portal before forking: workers share most of their memory, and a new worker starts at once.
preload_app = True
# Threaded, but no thread waits for a client (portal/ops/gunicorn_worker.py).
worker_class = "portal.ops.gunicorn_worker.SlowClientWorker"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
# One network can use at most five of them (portal/http/throttling.py). With four threads, other readers waited 10 s for
# a cached page during a burst of 48 connections.
threads = 8
# A thread that renders a page holds the interpreter lock for this many seconds while cached pages wait. With Python's
# default of 5 ms, cached pages took three times as long in such a burst (p95).
sys.setswitchinterval(0.0005)
# A worker that hangs is replaced. A long import streams its page, so its worker counts as alive.
timeout = 120
graceful_timeout = 30
keepalive = 75  # longer than the timeout of the proxy, so that the proxy closes idle connections
# Workers are replaced now and then to limit memory leaks. The jitter is large, because workers share requests evenly:
# without it, all of them would restart at the same time.
max_requests = 30_000
max_requests_jitter = 30_000
limit_request_line = 8190  # many filters make a long URL
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - a heartbeat must not wait for a disk
control_socket_disable = True  # it would need a home folder, which the user of the container image does not have
logconfig_dict = configuration(os.environ.get("LOG_LEVEL") or "INFO", os.environ.get("LOG_FORMAT") or "text")

_own_folder = None
if os.environ.get("METRICS_NETWORKS") and not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    # Each worker writes its metrics to its own files here. The worker that answers /metrics adds them up.
    _own_folder = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="portal-metrics-")


def when_ready(server):
    """Load the facet bitmaps once for all workers, which may take seconds, and freeze all objects.

    The garbage collector skips frozen objects. It writes to all others, and a memory page that is written to is no
    longer shared between workers.
    """
    from portal.facets import registry  # noqa: PLC0415 - needs the settings, which are loaded now

    registry.preload()
    gc.collect()
    gc.freeze()
    gc.enable()


def worker_exit(server, worker):
    """Store what the worker has counted since the last time."""
    from portal.http.usage import counter  # noqa: PLC0415 - needs the settings, which are loaded now

    counter.write()


def child_exit(server, worker):
    """Remove the gauges of a worker that has ended. Its counters stay."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - only with METRICS_NETWORKS

        mark_process_dead(worker.pid)


def on_exit(server):
    """Delete the counters. The next start begins at zero."""
    if _own_folder:
        shutil.rmtree(_own_folder, ignore_errors=True)
