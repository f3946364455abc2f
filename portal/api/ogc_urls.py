"""The URLs below `/ogc/`: OGC API – Features."""

from django.urls import path

from portal.api import features

app_name = "ogc"

urlpatterns = [
    path("", features.landing, name="landing"),
    path("api", features.definition, name="definition"),
    path("conformance", features.conformance, name="conformance"),
    path("collections", features.collections, name="collections"),
]
for _resource in features.COLLECTIONS:
    _path, _kwargs = f"collections/{_resource.path}", {"resource": _resource}
    urlpatterns += [
        path(_path, features.collection, _kwargs, name=f"{_resource.path}-collection"),
        path(f"{_path}/items", features.items, _kwargs, name=f"{_resource.path}-items"),
        path(f"{_path}/items/<key>", features.item, _kwargs, name=f"{_resource.path}-item"),
    ]
