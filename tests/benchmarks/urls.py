"""The portal's URLs, and one whose view costs nothing but the request itself."""

from django.http import HttpResponse
from django.urls import path

from portal.urls import *  # noqa: F403
from portal.urls import urlpatterns

urlpatterns = [path("empty/", lambda request: HttpResponse()), *urlpatterns]
