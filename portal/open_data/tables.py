"""Open data: a URL for each table, its metadata for programs, the archive of all tables, and the page about them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from portal.core.licences import OWN_LICENCE
from portal.formats import dataset_metadata, responses, spreadsheets
from portal.formats.fields import LANGUAGES
from portal.formats.responses import HEADERS
from portal.formats.serialisers import SERIALISERS
from portal.http import throttling
from portal.http.parameters import takes
from portal.open_data import archive, editions, places
from portal.open_data.dcat import RIGHTS
from portal.open_data.offline import edition
from portal.seo.head import PageMetadataMixin
from portal.seo.schema_org import licence, node
from portal.tracking import content_version

# From a kind of record to the URL name of the page that lists it.
PAGES = {
    "issue": "issues",
    "indicator": "indicators",
    "observation": "indicators",
    "event": "timeline",
    "project": "projects",
    "agreement": "agreements",
    "result": "results",
    "organisation": "organisations",
    "place": "countries",
    "source": "sources",
    "term": "glossary",
}


def table_of(file):
    """Return the table with this name. Raise Http404 if there is none."""
    for table in archive.all_tables():
        if table.file == file:
            return table
    raise Http404


@takes("hxl")
@require_safe
def table(request, file):
    """`/data/<file>.csv`: all published records of a kind, or rows of a relation, for programs.

    The file is UTF-8 without a byte order mark. Its URLs lead to English pages.
    """
    found, state, tags = table_of(file), content_version.state(), responses.is_asked_for(request, "hxl")
    columns = ",".join([*(head.name for head in found.column_headers), str(tags)])
    etag = f'W/"{state.number}-{file}-{hashlib.sha256(columns.encode()).hexdigest()[:16]}"'

    def made():
        throttling.throttle(request, "export")
        throttling.throttle(request, "export", throttling.cost_of_rows("csv", found.count()))
        with override("en"):
            rows = found.rows(settings.PUBLIC_URL, archive.data_page())
        response = StreamingHttpResponse(
            spreadsheets.csv_text(rows, bom=False, tags=tags), content_type="text/csv; charset=utf-8"
        )
        response.headers["Content-Disposition"] = f'attachment; filename="{file}.csv"'
        address = settings.PUBLIC_URL + reverse("data-table-metadata", args=[file])
        response.headers["Link"] = (
            f'<{OWN_LICENCE}>; rel="license", <{address}>; rel="describedby"; type="application/csvm+json"'
        )
        return response

    return content_version.conditional_response(request, etag, state.changed_at, made, HEADERS)


@require_safe
def all_places(request):
    """`/data/places.geojson`: all published places with outlines and texts in three languages. URLs are English."""
    found, state = table_of("places"), content_version.state()

    def made():
        throttling.throttle(request, "export")
        throttling.throttle(request, "export", throttling.cost_of_rows("geojson", found.count()))
        with override("en"):
            pieces = places.places_text(found.rows(settings.PUBLIC_URL, archive.data_page()))
        response = StreamingHttpResponse(pieces, content_type=responses.FORMATS["geojson"].type)
        response.headers["Content-Disposition"] = f'attachment; filename="{places.NAME}"'
        response.headers["Link"] = f'<{OWN_LICENCE}>; rel="license"'
        return response

    return content_version.conditional_response(
        request, f'W/"{state.number}-{places.NAME}"', state.changed_at, made, HEADERS
    )


@require_safe
def table_metadata(request, file):
    """`/data/<file>.csv-metadata.json`: the columns of a table, as CSV on the Web."""
    with override("en"):
        return responses.description(request, dataset_metadata.csvw(table_of(file)))


@require_safe
def tables_metadata(request):
    """`/data/csv-metadata.json`: all tables and the references from one to another, as CSV on the Web."""
    with override("en"):
        return responses.description(request, dataset_metadata.csvw_group(archive.all_tables()))


@require_safe
def datapackage(request):
    """`/data/datapackage.json`: all tables as a Data Package, whose paths are relative to this URL."""
    with override("en"):
        changed_at = content_version.state().changed_at
        return responses.description(
            request, dataset_metadata.datapackage(archive.all_tables(), archive.data_page(), changed_at)
        )


@require_safe
def datasette(request):
    """`/data/datasette.json`: what Datasette shows beside the tables of the SQLite file."""
    with override("en"):
        name = Path(archive.SQLITE).stem
        return responses.description(
            request, dataset_metadata.datasette(archive.all_tables(), archive.data_page(), name)
        )


@require_safe
def everything(request, name=archive.NAME, media="application/zip"):
    """`/data/central-asia-environment.zip` and `.sqlite`: all tables. An old file is sent while a new one is built."""
    there = archive.current_archive()
    is_fresh = there is not None and there.is_fresh
    if not is_fresh:
        throttling.throttle(request, "export")  # counted before building, which costs more than sending
    if there is None or not there.sqlite.exists():
        there = archive.make()
    elif not is_fresh:
        archive.build_in_background()

    def made():
        if is_fresh:
            throttling.throttle(request, "export")
        file = there.path.with_name(name).open("rb")
        response = FileResponse(file, as_attachment=True, filename=name, content_type=media)
        response.headers["Link"] = f'<{OWN_LICENCE}>; rel="license"'
        return response

    etag = f'"{there.number}-{there.made.timestamp():.0f}"'
    return content_version.conditional_response(request, etag, there.made, made, HEADERS)


@takes(page=True)
@require_safe
def data_in_readers_language(request):
    """`/data/`: redirect to the page in the language that the browser prefers."""
    return HttpResponseRedirect(reverse("data"))


@dataclass(frozen=True)
class DataTable:
    """A table as the page lists it."""

    words: str
    holds: str
    count: int
    file: str
    api: str
    page: str
    geojson: str  # URL; "" if the table has no positions


class Data(PageMetadataMixin, TemplateView):
    """The page about the data: the tables, their formats and their licence."""

    template_name = "portal/data.html"
    page_kind = "CollectionPage"

    def schema_objects(self, tell, context):
        """Return the catalogue, with each table as a dataset."""
        catalogue = tell.catalogue | {"dataset": [self.told_table(tell, table) for table in context["tables"]]}
        return [catalogue | {"inLanguage": LANGUAGES, "publisher": tell.portal}]

    def told_table(self, tell, table):
        """Return a table as a dataset. The observations have other licences than the portal’s."""
        page = reverse("data")
        files = [("text/csv", reverse("data-table", args=[table.file])), ("application/json", table.api)]
        if table.geojson:
            files.append(("application/geo+json", table.geojson))
        return node(
            "Dataset",
            tell.identity(page).replace("#it", f"#{table.file}"),
            name=str(table.words),
            description=str(table.holds),
            url=f"{tell.base}{page}#{table.file}",
            license=OWN_LICENCE if table.file != "observations" else licence(str(RIGHTS), f"{tell.base}{page}"),
            creator={"@id": f"{tell.base}/#portal"},
            isAccessibleForFree=True,
            distribution=[
                node("DataDownload", encodingFormat=media, contentUrl=tell.base + path) for media, path in files
            ],
        )

    def get_context_data(self, **kwargs):
        tables, state = [], content_version.state()
        for kind in archive.KINDS:
            serialiser = SERIALISERS[kind]
            words, holds = serialiser.model._meta.verbose_name_plural, dataset_metadata.HOLDS[kind]
            count = serialiser.published().count()
            api, geojson = f"/api/v1/{serialiser.file}", reverse("all-places") if kind == "place" else ""
            tables.append(DataTable(words, holds, count, serialiser.file, api, reverse(PAGES[kind]), geojson))
        return super().get_context_data(**kwargs) | {
            "title": _("Open data and API"),
            "trail": [(_("Open data and API"), None)],
            "tables": tables,
            "relations": archive.all_tables()[len(archive.KINDS) :],
            "archive": archive.current_archive(),
            "editions": editions.stored_names(),
            "offline": edition.current_edition(),
            "offline_withdrawn_at": edition.withdrawn_at(),
            "oai_address": settings.PUBLIC_URL + reverse("oai"),
            "oembed_address": settings.PUBLIC_URL + reverse("oembed"),
            "ogc_address": settings.PUBLIC_URL + reverse("ogc:landing"),
            "mcp_address": settings.PUBLIC_URL + reverse("mcp"),
            "changed": state.changed_at if state.number else None,
        }
