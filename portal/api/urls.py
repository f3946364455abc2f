"""The URLs below `/api/v1/`: the list of each resource, each of its records, the overlap check, and reconciliation."""

from django.urls import path

from portal.api import answering, reconciliation
from portal.api.overlap import overlap
from portal.api.resources import RESOURCES

app_name = "api"

urlpatterns = [
    path("overlap", overlap, name="overlap"),
    path("reconcile", reconciliation.reconcile, name="reconcile"),
    path("reconcile/properties", reconciliation.properties, name="reconcile-properties"),
    path("reconcile/view", reconciliation.view, name="reconcile-view"),
    path("reconcile/preview", reconciliation.preview, name="reconcile-preview"),
    *(
        path(f"reconcile/suggest/{what}", reconciliation.suggest, {"what": what}, name=f"reconcile-suggest-{what}")
        for what in ("entity", "type", "property")
    ),
]
for _resource in RESOURCES:
    _kwargs = {"resource": _resource}
    urlpatterns.append(path(_resource.path, answering.listing, _kwargs, name="listing"))
    if _resource.has_keys:
        urlpatterns.append(path(f"{_resource.path}/<key>", answering.record, _kwargs, name="record"))
