"""The portal as a WSGI application, for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()
# Else the first reader of each worker would wait until all views are imported, after every restart.
get_resolver().url_patterns  # noqa: B018 - looking at it is what loads it
