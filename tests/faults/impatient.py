"""The portal's gunicorn worker, as a class for `--worker-class`, with deadlines that a test can wait for."""

from portal import slow_clients
from portal.slow_clients import SlowClientWorker

__all__ = ["SlowClientWorker"]

slow_clients.STALL_SECONDS = 2
