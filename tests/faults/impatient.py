"""The portal's gunicorn worker, as a class for `--worker-class`, with short deadlines for tests."""

from portal.ops import gunicorn_worker
from portal.ops.gunicorn_worker import SlowClientWorker

__all__ = ["SlowClientWorker"]

gunicorn_worker.STALL_SECONDS = 2
