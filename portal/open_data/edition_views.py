"""The page of an edition of the open data, and its files."""

import hashlib

from django.http import FileResponse, Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from portal.core.licences import OWN_LICENCE
from portal.http import throttling
from portal.http.parameters import takes
from portal.open_data import archive, editions
from portal.seo.head import PageMetadataMixin

MEDIA = {
    editions.CHANGES: "text/csv; charset=utf-8",
    editions.DATACITE: "application/vnd.datacite.datacite+json",
    editions.SUMS: "text/plain; charset=utf-8",
}


def edition_or_404(name):
    """Return an edition. Raise Http404 if there is none."""
    if edition := editions.edition_of(name):
        return edition
    raise Http404


@takes(page=True)
@require_safe
def edition_in_readers_language(request, quarter):
    """`/data/editions/<name>/`: redirect to the page in the language that the browser prefers."""
    edition_or_404(quarter)
    return HttpResponseRedirect(reverse("edition", args=[quarter]))


@require_safe
def edition_file(request, quarter, part):
    """`/data/editions/<name>/<file>`: a file of an edition."""
    edition = edition_or_404(quarter)
    sums = {file.name: file.sha256 for file in edition.files}
    sums[editions.SUMS] = hashlib.sha256("".join(sums.values()).encode()).hexdigest()
    if part not in sums:
        raise Http404
    path = edition.path / part
    headers = {
        "ETag": f'"{sums[part]}"',
        "Last-Modified": http_date(path.stat().st_mtime),
        "Cache-Control": "public, max-age=0, must-revalidate",
        "Link": f'<{OWN_LICENCE}>; rel="license"',
    }
    response = get_conditional_response(request, etag=headers["ETag"])
    if response is None:
        throttling.throttle(request, "export")
        media = MEDIA.get(part, "application/zip")
        response = FileResponse(path.open("rb"), as_attachment=True, filename=part, content_type=media)
    for name, value in headers.items():
        response.headers[name] = value
    return response


class EditionPage(PageMetadataMixin, TemplateView):
    """The page of an edition: its files with their checksums, its tables, what changed, and notes."""

    template_name = "portal/edition.html"

    def get_context_data(self, **kwargs):
        edition = edition_or_404(self.kwargs["quarter"])
        titles = {table.file: table.title for table in archive.all_tables()}
        title = _("Data edition %(name)s") % {"name": edition.name}
        return super().get_context_data(**kwargs) | {
            "title": title,
            "trail": [(_("Open data and API"), reverse("data")), (title, None)],
            "edition": edition,
            "address": editions.address_of(edition.name),
            "tables": [(file, titles.get(file, ""), count) for file, count in edition.counts.items()],
            "removals": [(removal, titles.get(removal.table, removal.table)) for removal in edition.removals],
        }
