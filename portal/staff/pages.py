"""The URLs of the pages of the admin."""

from django.contrib.admin.utils import unquote
from django.http import Http404
from django.urls import path, reverse


def admin_address(model, page, *args):
    """Return the URL of a page of a model's admin."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def admin_path(model_admin, route, view, page):
    """Return the pattern of one more page of a model's admin. `admin_address` finds it by the name `page`."""
    name = f"{model_admin.opts.app_label}_{model_admin.opts.model_name}_{page}"
    return path(route, model_admin.admin_site.admin_view(view), name=name)


def posted_object(model_admin, request, object_id):
    """Return the object of a POST; None for another method. Raise Http404 if there is no such object."""
    if request.method != "POST":
        return None
    if (obj := model_admin.get_object(request, unquote(object_id))) is None:
        raise Http404
    return obj
