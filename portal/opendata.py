"""The data as a whole: every table at an address of its own, described for programs, and all of it in one archive."""

from django.http import Http404, JsonResponse
from django.utils.translation import override

from portal.formats import described
from portal.formats.serialisers import SERIALISERS


def table_metadata(request, file):
    """`/data/<file>.csv-metadata.json`: what the columns of a table hold, as CSV on the Web has it."""
    serialiser = by_file().get(file)
    if serialiser is None:
        raise Http404
    with override("en"):
        return JsonResponse(described.csvw(serialiser), json_dumps_params={"ensure_ascii": False})


def by_file():
    """The serialisers by the names of their files."""
    return {serialiser.file: serialiser for serialiser in SERIALISERS.values()}
