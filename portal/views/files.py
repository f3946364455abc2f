"""Serves what editors have uploaded: to readers only the files that are shown on published records.

A path names the content, never a file of the disk. Browsers run nothing of a file, whatever it holds: its type is
fixed, may not be guessed, and the content policy forbids everything.
"""

from django.core.files.storage import default_storage
from django.http import Http404, HttpResponse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from portal.core.documents import DocumentFormat
from portal.core.images import CONTENT_TYPE, widths_of
from portal.models import Attachment, Picture
from portal.models.picture import file_name

YEAR = 31_536_000  # seconds
POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


@require_safe
def picture_file(request, digest, width):
    """Return a file of a picture, to be shown in a page. Raise Http404 if there is none that the client may see."""
    row = _visible(request, Picture, digest)
    if width not in widths_of(row.width):
        raise Http404
    response = _response(row, file_name(digest, width), CONTENT_TYPE)
    response.headers["Content-Disposition"] = "inline"
    return response


@require_safe
def attachment_file(request, digest, form):
    """Return the file of an attachment, to be downloaded. Raise Http404 if there is none that the client may see."""
    row = _visible(request, Attachment, digest)
    if form != row.format:
        raise Http404
    response = _response(row, row.file_names[0], DocumentFormat(form).content_type)
    # A document is never shown within the portal's origin. The key of the record says what it is.
    response.headers["Content-Disposition"] = f'attachment; filename="{row.record.key}-{digest[:6]}.{form}"'
    return response


def _visible(request, model, digest):
    """Return a row with these files. Its attribute `is_public` says whether any reader may have them.

    The desk shows the hidden ones to those who may view the model. To all others they do not exist.
    """
    rows = model.objects.filter(digest=digest)
    if (row := rows.public().first()) is not None:
        row.is_public = True
        return row
    opts = model._meta
    if not request.user.has_perm(f"{opts.app_label}.view_{opts.model_name}") or (row := rows.first()) is None:
        raise Http404
    row.is_public = False
    return row


def _response(row, name, content_type):
    """Return the response with a stored file. Raise Http404 if the storage has lost it (see `check_files`)."""
    try:
        with default_storage.open(name) as file:
            response = HttpResponse(file.read(), content_type=content_type)
    except FileNotFoundError as error:
        raise Http404 from error
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    if row.is_public:
        # The name is a hash of the content, so a cache never needs to ask again.
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    else:
        add_never_cache_headers(response)
    return response
