"""The URLs below `/api/v1/`: the list of each resource, each of its records, and the overlap check."""

from django.urls import path

from portal.api import answering
from portal.api.overlap import overlap
from portal.api.resources import RESOURCES

app_name = "api"

urlpatterns = [path("overlap", overlap, name="overlap")]
for _resource in RESOURCES:
    _kwargs = {"resource": _resource}
    urlpatterns.append(path(_resource.path, answering.listing, _kwargs, name="listing"))
    if _resource.has_keys:
        urlpatterns.append(path(f"{_resource.path}/<key>", answering.record, _kwargs, name="record"))
