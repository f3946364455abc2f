"""The files of the offline edition at their addresses, whole or in part: a download goes on where it broke off."""

import re

from django.http import FileResponse, Http404, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from portal.core.licences import OWN_LICENCE
from portal.http import throttling
from portal.open_data.offline import edition

MEDIA = {edition.ZIP: "application/zip", edition.ZIM: "application/x-zim"}
RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


@require_safe
def offline_file(request, name):
    """`/data/offline.zip` and `/data/offline.zim`: the stored edition. A request never writes one."""
    there = edition.current_edition()
    path = edition.folder() / name
    size = there and {edition.ZIP: there.zip_size, edition.ZIM: there.zim_size}[name]
    if not size:
        raise Http404
    etag, changed = f'"{there.number}-{there.made_at.timestamp():.0f}"', int(there.made_at.timestamp())
    response = get_conditional_response(request, etag=etag, last_modified=changed)
    if response is None:
        throttling.throttle(request, "export")
        part = requested_range(request, size, etag)
        response = _file(path, name, *(part or (0, size)))
        if part is not None:
            start, end = part
            response.status_code = 206 if start < end else 416
            response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}" if start < end else f"bytes */{size}"
    headers = {"ETag": etag, "Last-Modified": http_date(changed), "Accept-Ranges": "bytes"}
    for header, value in (headers | {"Cache-Control": "public, max-age=0, must-revalidate"}).items():
        response.headers[header] = value
    return response


def requested_range(request, size: int, etag: str) -> tuple[int, int] | None:
    """Return start and end (exclusive) of the requested part of a file, or None if the whole file is to be sent.

    Several parts, and a part of another edition (If-Range), are answered with the whole file, as RFC 9110 allows. An
    empty part means that the file has no such bytes.
    """
    asked = RANGE.fullmatch(request.headers.get("Range", ""))
    if not asked or asked[0] == "bytes=-" or request.headers.get("If-Range", etag) != etag:
        return None
    first, last = asked.groups()
    if not first:
        return max(size - int(last), 0), size
    start, end = int(first), min(int(last or size) + 1, size)
    if last and int(last) < start:
        return None
    return (start, end) if start < size else (size, size)


def _file(path, name, start, end):
    if start >= end:
        return HttpResponse(status=416)
    file = path.open("rb")
    file.seek(start)
    response = FileResponse(_Part(file, end - start), as_attachment=True, filename=f"central-asia-environment-{name}")
    response.headers["Content-Type"] = MEDIA[name]
    response.headers["Content-Length"] = str(end - start)
    response.headers["Link"] = f'<{OWN_LICENCE}>; rel="license"'
    return response


class _Part:
    """The next `size` bytes of an open file, as a file."""

    def __init__(self, file, size):
        self.file, self.left = file, size

    def read(self, size=-1):
        content = self.file.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(content)
        return content

    def close(self):
        self.file.close()
