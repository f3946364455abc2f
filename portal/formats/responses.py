"""Answers `?format=…`: the list or record of a page, exported in the requested format.

`portal.formats.short_addresses` turns `/en/projects.csv` into such a request.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext, override
from django.utils.translation import gettext_lazy as _

from portal.citations import references
from portal.core.database import IdList
from portal.core.formatting import number
from portal.core.licences import OWN_LICENCE
from portal.core.urls import file_path, snapshot_url
from portal.formats import atom, ics, json, markdown, spreadsheets
from portal.formats.data_tables import RecordDataTable
from portal.formats.fields import LANGUAGES
from portal.formats.serialisers import SERIALISERS, RecordSelection
from portal.graphics.svg_export import asks_for_picture
from portal.http import throttling
from portal.http.problems import ProblemDetail, one_of_sentence
from portal.tracking import content_version


@dataclass(frozen=True)
class Format:
    """A format in which records are exported.

    `use` says what it is good for and `type` is its media type. `make` turns (request, records) into text, bytes, or an
    iterable of pieces. `suits` takes a set of kinds of records and whether the export is of a single one; it returns
    whether the format applies. Browsers save an `attached` file instead of showing it. `ending` is the file extension
    if it differs from `name`. The menu of a page names only `listed` formats.
    """

    name: str
    title: str | Promise
    use: str | Promise
    type: str
    make: Callable
    suits: Callable = lambda kinds, single: True
    attached: bool = True
    ending: str = ""
    listed: bool = True
    respond: Callable | None = None  # returns the whole response, with its own headers


def _csv(request, records):
    return spreadsheets.csv_text(records, tags=is_asked_for(request, "hxl"))


def _xlsx(request, records):
    from portal.formats.xlsx import xlsx_bytes  # noqa: PLC0415 - it imports openpyxl, which takes long

    return xlsx_bytes(records)


def _json(request, records):
    return json.json_text(records)


def _jsonl(request, records):
    return json.jsonl_text(records)


def _jsonld(request, records):
    return json.dumps(records.json_ld())


def _geojson(request, records):
    return json.geojson_text(records, full=is_asked_for(request, "full"))


def _ics(request, records):
    return ics.calendar_text(records)


def _md(request, records):
    return markdown.record_text(records)


def _ris(request, records):
    return references.ris_text(_references(records))


def _bib(request, records):
    return references.bib_text(_references(records))


def _csl(request, records):
    return references.csl_text(_references(records))


def _references(records):
    """Yield a reference for each record. The published sources of a single record follow it, each once."""
    days = references.reading_days(records.pks) if records.kind == "source" else {}
    for record in records.records():
        with override(records.reader):
            day = records.past[1] if records.past else timezone.localdate()
            address = snapshot_url(records.base + record.get_absolute_url(), day)
            found = [references.reference(record, address, days.get(record.pk))]
            if records.single and hasattr(record, "citations"):
                found += [
                    references.reference_of_citation(citation)
                    for citation in references.citations_of(record)
                    if citation.source.publication == "published"
                ]
        yield from found


def has_geometry(kinds, single):
    """Return True if records of these kinds can have positions."""
    return any(SERIALISERS[kind].where for kind in kinds)


def is_one_record(kinds, single):
    """Return True for the export of a record page."""
    return single and kinds != {"observation"}


def has_calendar_dates(kinds, single):
    """Return True for lists whose records all belong in a calendar."""
    return not single and bool(kinds) and all(SERIALISERS[kind].calendar_dates for kind in kinds)


FORMATS = {
    one.name: one
    for one in (
        Format("csv", "CSV", _("table for spreadsheets and statistics"), "text/csv; charset=utf-8", _csv),
        Format(
            "xlsx",
            "XLSX",
            _("workbook for Excel"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            _xlsx,
        ),
        Format("json", "JSON", _("data for programs"), "application/json; charset=utf-8", _json, attached=False),
        Format(
            "jsonl",
            "JSON Lines",
            _("one record a line, for large data"),
            "application/jsonl; charset=utf-8",
            _jsonl,
            suits=lambda kinds, single: not single or kinds == {"observation"},
        ),
        Format(
            "jsonld",
            "JSON-LD",
            _("linked data (schema.org)"),
            "application/ld+json",
            _jsonld,
            suits=is_one_record,
            attached=False,
        ),
        Format(
            "md",
            "Markdown",
            _("text for AI assistants and notes"),
            markdown.TYPE,
            _md,
            suits=is_one_record,
            attached=False,
            listed=False,  # pages of long records are near to their limit of size
        ),
        Format(
            "geojson",
            "GeoJSON",
            _("data for maps"),
            "application/geo+json; charset=utf-8",
            _geojson,
            suits=has_geometry,
            attached=False,
        ),
        Format(
            "atom",
            "Atom",
            _("feed: the newest changes"),
            atom.TYPE,
            lambda request, records: feed(request, records),
            suits=lambda kinds, single: not single and kinds != {"observation"},
            attached=False,
        ),
        Format(
            "ics",
            "iCalendar",
            _("dates for calendar programs"),
            ics.TYPE,
            _ics,
            suits=has_calendar_dates,
            attached=False,  # programs subscribe to it
        ),
        Format(
            "ris",
            "RIS",
            _("references for Zotero, EndNote, Mendeley"),
            "application/x-research-info-systems; charset=utf-8",
            _ris,
            suits=lambda kinds, single: kinds != {"observation"},
        ),
        Format(
            "bib",
            "BibTeX",
            _("references for LaTeX"),
            "application/x-bibtex; charset=utf-8",
            _bib,
            suits=lambda kinds, single: kinds != {"observation"},
        ),
        Format(
            "csl",
            "CSL-JSON",
            _("references for Zotero, Pandoc, Citation.js"),
            "application/vnd.citationstyles.csl+json; charset=utf-8",
            _csl,
            suits=lambda kinds, single: kinds != {"observation"},
            ending="json",
        ),
    )
}


# The formats that reference managers read.
REFERENCES = ("ris", "bib", "csl")


def formats_for(kinds, single=False, only=None):
    """Return the formats that apply to records of these kinds; if `only` is given, just those with these names."""
    return [one for one in FORMATS.values() if one.suits(set(kinds), single) and (only is None or one.name in only)]


# Caches may store a file but must revalidate it on each use.
HEADERS = {
    "Cache-Control": "public, max-age=0, must-revalidate",
    "X-Robots-Tag": "noindex",
}


def description(request, value):
    """Return `value` as JSON with an ETag of its text, or 304.

    It is for descriptions of data, which change with the code and not with the content.
    """
    said = json.dumps(value)
    etag = f'W/"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = HttpResponse(said, content_type="application/json; charset=utf-8")
    for name, header in {"ETag": etag, **HEADERS}.items():
        response.headers[name] = header
    return response


# ── Responses ────────────────────────────────────────────────────────────────────────────────────────────────────


def is_asked_for(request, name):
    """Return True if a parameter is set, such as `hxl` for HXL tags. Raise ProblemDetail (400) for any value but 1."""
    if request.GET.get(name, "1") != "1":
        raise ProblemDetail(400, one_of_sentence(name, ["1"]))
    return name in request.GET


def requested_format(request):
    """Return the name of the requested format, or "" if the request is for a page.

    It is "" for pictures, and for requests of a preview.
    """
    name = request.GET.get("format", "").lower()
    return "" if asks_for_picture(request) or hasattr(request, "preview") else name


def export_response(request, kinds, records, single=False, only=None):
    """Return the response to a request that names a format.

    `records` is a function that returns the `RecordSelection`. It is called only if it is needed, so not for a 304. An
    unknown format gives a page with status 400, a format that does not apply one with 406. Raise ProblemDetail (400) if
    `lang` is unknown, and Throttled if the network has used up its limit for exports.
    """
    name = requested_format(request)
    if (language := request.GET.get("lang", "").lower()) and language not in LANGUAGES:
        raise ProblemDetail(400, one_of_sentence("lang", LANGUAGES))
    if name not in FORMATS:
        title = gettext("There is no format “{name}”").format(name=name[:40])
        return error_response(request, kinds, single, 400, title, only=only)
    form = FORMATS[name]
    if form not in formats_for(kinds, single, only):
        title = gettext("Not available as {format}").format(format=form.title)
        return error_response(request, kinds, single, 406, title, only=only)
    if form.respond:
        return form.respond(request, records())

    def made():
        throttling.throttle(request, "export")
        found = records()
        throttling.throttle(request, "export", throttling.cost_of_rows(form.name, len(found)))
        return full_response(request, form, kinds, found)

    state = content_version.state()
    return content_version.conditional_response(request, tag_of(request, kinds, state), state.changed_at, made, HEADERS)


def full_response(request, form, kinds, records):
    """Return the file, named after its records and today’s date.

    Return a page with status 413 if there are too many records for a workbook or a calendar.
    """
    if form.name == "xlsx" and len(records) > spreadsheets.MOST_ROWS_OF_XLSX:
        words = gettext("Too many rows for one workbook")
        message = gettext(
            "The list has {count} rows; a workbook holds at most {most}. Download it as CSV, which Excel also opens, "
            "or narrow it with filters."
        ).format(count=number(len(records)), most=number(spreadsheets.MOST_ROWS_OF_XLSX))
        return error_response(request, kinds, records.single, 413, words, message, without="xlsx")
    if form.name == "ics" and len(records) > ics.MOST_RECORDS:
        words = gettext("Too many records for one calendar")
        message = gettext(
            "The list has {count} records; a calendar holds the dates of at most {most}. Narrow the list with filters."
        ).format(count=number(len(records)), most=number(ics.MOST_RECORDS))
        return error_response(request, kinds, records.single, 413, words, message, without="ics")
    made = form.make(request, records)
    whole = isinstance(made, (str, bytes))
    response = (HttpResponse if whole else StreamingHttpResponse)(made, content_type=form.type)
    name = f"{records.label}-{timezone.localdate().isoformat()}.{form.ending or form.name}"
    response.headers["Content-Disposition"] = f'{"attachment" if form.attached else "inline"}; filename="{name}"'
    links = [f'<{OWN_LICENCE}>; rel="license"', f'<{records.about}>; rel="alternate"; type="text/html"']
    if form.name == "csv" and records.kind and _has_columns_of_table(records):
        described = settings.PUBLIC_URL + reverse("data-table-metadata", args=[records.serialiser.file])
        links.append(f'<{described}>; rel="describedby"; type="application/csvm+json"')
    response.headers["Link"] = ", ".join(links)
    return response


def _has_columns_of_table(records):
    """Return True if the file has the columns of the table of its kind under /data/, which CSVW describes."""
    names = [head.name for head in records.column_headers]
    return names == [head.name for head in RecordDataTable(SERIALISERS[records.kind]).column_headers]


def tag_of(request, kinds, state):
    """Return a weak ETag of the content version, the URL, the language and the columns of these kinds.

    The columns are part of it because they change with the code, not with the content.
    """
    columns = [head.name for kind in sorted(kinds) for head in SERIALISERS[kind].column_headers]
    said = repr((request.get_full_path(), get_language(), columns))
    return f'W/"{state.number}-{hashlib.sha256(said.encode()).hexdigest()[:16]}"'


def error_response(request, kinds, single, status, title, message="", without="", only=None):
    """Return a page that says which format is not available, and lists the formats that are."""
    context = {
        "title": title,
        "message": message,
        "formats": [link for link in format_links(request, kinds, single, only) if link.name != without],
        "page": f"{request.path}?{query}" if (query := query_without_format(request)) else request.path,
    }
    return render(request, "portal/format_not_found.html", context, status=status)


# ── The menu of formats ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class FormatLink:
    """A format with the URL of the page’s content in it."""

    name: str
    title: str
    use: str
    type: str
    url: str


def query_without_format(request, keep_view=True):
    """Return the query string without page, page size and format; without `view` too unless `keep_view`."""
    dropped = {"page", "per_page", "format"} | (set() if keep_view else {"view"})
    kept = [(name, value) for name, values in request.GET.lists() if name not in dropped for value in values]
    return urlencode(kept)


def format_links(request, kinds, single=False, only=None):
    """Return the formats of the page’s content with their URLs; if `only` is given, just those with these names."""
    query = query_without_format(request, keep_view=False)
    end = f"?{query}" if query else ""
    return [
        FormatLink(one.name, one.title, one.use, one.type.partition(";")[0], file_path(request.path, one.name) + end)
        for one in formats_for(kinds, single, only)
    ]


def addresses(request):
    """Return the arguments `about`, `base` and `language` of a `RecordSelection` for this request."""
    query = query_without_format(request, keep_view=False)
    language = request.GET.get("lang", "").lower()
    return {
        "about": settings.PUBLIC_URL + (f"{request.path}?{query}" if query else request.path),
        "base": settings.PUBLIC_URL,
        "language": language if language in LANGUAGES else None,
    }


# ── Feeds of lists ───────────────────────────────────────────────────────────────────────────────────────────────


def newest(records: RecordSelection, start, stop):
    """Return the records from `start` to before `stop` in the order of their last change, newest first.

    They are pairs of kind and primary key. There is one query for each kind.
    """
    wanted = {}
    for kind, pk in ((records.kind, pk) for pk in records.pks) if records.kind else records.pks:
        wanted.setdefault(kind, []).append(pk)
    found = []
    for kind, pks in wanted.items():
        rows = SERIALISERS[kind].published().filter(pk__in_ids=IdList(pks)).order_by("-updated_at", "pk")
        found += [(changed, kind, pk) for changed, pk in rows.values_list("updated_at", "pk")[:stop]]
    found.sort(key=lambda one: (-one[0].timestamp(), one[1], one[2]))
    return [(kind, pk) for _changed, kind, pk in found[start:stop]]


def feed(request, records):
    """Return the list as an Atom feed, newest changes first, 50 a page. A page out of range gives the nearest one."""
    last = max(-(-len(records) // atom.PAGE), 1)
    asked = request.GET.get("page", "")
    page = min(max(int(asked), 1), last) if asked.isdecimal() and len(asked) < 9 else 1
    query = query_without_format(request, keep_view=False)

    def address(number):
        asked = "&".join(filter(None, (query, f"page={number}" if number > 1 else "")))
        return f"{records.base}{file_path(request.path, 'atom')}" + (f"?{asked}" if asked else "")

    shown = replace_pks(records, newest(records, (page - 1) * atom.PAGE, page * atom.PAGE))
    found = list(shown.records())
    links = [("self", address(page)), ("first", address(1)), ("last", address(last))]
    links += [("previous", address(page - 1))] if page > 1 else []
    links += [("next", address(page + 1))] if page < last else []
    return atom.feed(
        title=f"{records.title} · {settings.PORTAL_NAME}",
        about=records.about,
        links=links,
        # The identity is older than the short address, and must not change.
        identity=f"{settings.ID_BASE_URL}{request.path}?{query}{'&' if query else ''}format=atom",
        updated=found[0].updated_at if found else content_version.state().changed_at,
        entries=[entry_of(record, records.base) for record in found],
    )


def replace_pks(records, pairs):
    """Return a selection like `records` with other records, given as pairs of kind and primary key."""
    return RecordSelection(
        pairs, label=records.label, title=records.title, about=records.about, base=records.base, kind=None
    )


def entry_of(record, base):
    """Return the Atom entry of a record."""
    kind = record._meta.model_name
    title, language = record.name_and_language()
    serialiser = SERIALISERS[kind]
    summary = getattr(record, serialiser.summary) if serialiser.summary else ""
    categories = [(kind, record._meta.verbose_name)]
    if hasattr(record, "status_now"):  # of a project, today
        categories.append((record.status_now, record.status_now_label))
    return atom.entry(
        identity=atom.tag(kind, record.key),
        title=title,
        address=base + record.get_absolute_url(),
        updated=record.updated_at,
        published=record.first_shown_at,
        summary=summary,
        categories=categories,
        language=language,
    )
