"""The portal's gunicorn worker, as a class for `--worker-class`, which waits long for a database that starts again."""

from portal.http import outage
from portal.ops.gunicorn_worker import SlowClientWorker

__all__ = ["SlowClientWorker"]

outage.WAIT_SECONDS = 60
