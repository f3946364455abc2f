"""Describes tables for programs, as CSV on the Web (W3C) and as a Data Package (Frictionless)."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.core.licences import OWN_LICENCE
from portal.formats.fields import SEPARATOR, moment

PARTIAL_DATE = r"\d{4}(-\d{2}(-\d{2})?)?"
# From the type of a column to its type in CSVW and its type in a Data Package.
TYPES = {
    "string": ("string", {"type": "string"}),
    "integer": ("integer", {"type": "integer"}),
    "number": ("decimal", {"type": "number"}),
    "boolean": (
        {"base": "boolean", "format": "True|False"},
        {"type": "boolean", "trueValues": ["True"], "falseValues": ["False"]},
    ),
    "uri": ("anyURI", {"type": "string", "format": "uri"}),
    "date": ("date", {"type": "date"}),
    "date-time": ("dateTime", {"type": "datetime", "format": "%Y-%m-%dT%H:%M:%SZ"}),
    "partial-date": (
        {"base": "string", "format": PARTIAL_DATE},
        {"type": "string", "constraints": {"pattern": PARTIAL_DATE}},
    ),
}
CSVW_CONTEXT = {"@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}]}
# From the kind of record to a description of its table.
HOLDS = {
    "issue": _(
        "Environmental issues of Central Asia: drivers, pressures, state, impacts and responses, causes and effects, "
        "key figures, and the sources of each."
    ),
    "indicator": _(
        "What is measured year by year: definition, unit, direction, main source and licence of each indicator, and "
        "the issues it describes."
    ),
    "observation": _(
        "The values of all indicators by place and year, as far as known, each with its source and under the licence "
        "of its indicator."
    ),
    "event": _(
        "Dated milestones of the environment, of policy, and of relations between Korea and Central Asia: what "
        "happened, when, where, and the sources of it."
    ),
    "project": _(
        "Projects of Korea, its provinces and cities with Central Asia: participants and roles, dates, funding as "
        "far as known, places, issues addressed, and sources."
    ),
    "agreement": _(
        "Treaties, memoranda, summits, sister-city ties and other dated agreements between Korea, its provinces and "
        "cities, and the countries of Central Asia: parties, areas, what came of them, sources."
    ),
    "result": _(
        "What came of projects: results with their figures, lessons and evaluations, planned and actual end, project, "
        "countries, areas and issues, sources."
    ),
    "organisation": _("Organisations that fund, implement, host or sign: kind, country, website, alternative names."),
    "place": _(
        "Countries, provinces, cities, lakes, rivers and other places named in records: kind, country, larger place, "
        "and position as far as known."
    ),
    "source": _(
        "Everything read for the portal: author, publisher, date, language, address, DOI and licence of each source, "
        "as far as known."
    ),
    "term": _(
        "Words of environmental policy and development cooperation and what they mean, in English, Korean and Russian, "
        "as the portal uses them."
    ),
}
# The primary key of each table, and the columns that refer to other tables.
PRIMARY_KEYS = {"observation": ["indicator", "place", "year", "source"]}
FOREIGN_KEYS = {
    "observation": {"indicator": "indicators", "place": "places", "source": "sources"},
    "indicator": {"source": "sources"},
    "issue": {"parent": "issues"},
    "place": {"country": "places", "part_of": "places"},
    "organisation": {"country": "places"},
    "result": {"project": "projects"},
}


def csvw(table):
    """Return the CSVW metadata of a table. The titles of columns are equal to the header of the file."""
    columns = []
    for head in table.column_headers:
        column = {"name": head.name, "titles": head.name, "dc:description": str(head.label)}
        column["datatype"] = "string" if head.list else TYPES[head.type][0]
        if head.language:
            column["lang"] = head.language
        if head.list:
            column["separator"] = SEPARATOR
        columns.append(column)
    return CSVW_CONTEXT | {
        "url": f"{table.file}.csv",
        "dc:title": str(table.title),
        "dc:description": str(table.holds),
        "dc:publisher": str(settings.PORTAL_NAME),
        "dc:license": {"@id": OWN_LICENCE},
        "tableSchema": {"columns": columns, "primaryKey": list(table.primary_key)},
    }


def csvw_group(tables):
    """Return the CSVW metadata of all tables together, with the references from table to table.

    A table alone has no references, since both tables of a reference have to be in one description.
    """
    described = []
    for table in tables:
        one = {name: value for name, value in csvw(table).items() if name not in CSVW_CONTEXT}
        if table.foreign_keys:
            one["tableSchema"]["foreignKeys"] = [
                {
                    "columnReference": key.column,
                    "reference": {"resource": f"{key.table}.csv", "columnReference": "key"},
                }
                for key in table.foreign_keys
            ]
        described.append(one)
    return CSVW_CONTEXT | {
        "dc:title": str(settings.PORTAL_NAME),
        "dc:license": {"@id": OWN_LICENCE},
        "tables": described,
    }


def resource(table, folder=""):
    """Return a table as a resource of a Data Package."""
    fields = []
    for head in table.column_headers:
        kind = {"type": "string"} if head.list else TYPES[head.type][1]
        fields.append({"name": head.name, "title": str(head.label)} | kind)
    keys = [
        {
            "fields": [key.column],
            "reference": {"resource": "" if key.table == table.file else key.table, "fields": ["key"]},
        }
        for key in table.foreign_keys
    ]
    schema = {"fields": fields, "primaryKey": list(table.primary_key)} | ({"foreignKeys": keys} if keys else {})
    return {
        "name": table.file,
        "title": str(table.title),
        "description": str(table.holds),
        "path": f"{folder}{table.file}.csv",
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }


# The file of the places for maps, which stands beside the folder of the tables.
PLACES = {
    "name": "places-geojson",
    "title": "places, for maps",
    "description": "All places: names, identifiers, positions, and outlines of countries and provinces.",
    "path": "places.geojson",
    "profile": "data-resource",
    "format": "geojson",
    "mediatype": "application/geo+json",
    "encoding": "utf-8",
}


def datapackage(tables, homepage, created, folder=""):
    """Return the tables as a Data Package that was created at the time `created`. Their paths begin with `folder`."""
    return {
        "name": "central-asia-environment",
        "title": str(settings.PORTAL_NAME),
        "profile": "data-package",
        "homepage": homepage,
        "created": moment(created),
        "licenses": [
            {
                "name": "CC-BY-4.0",
                "path": OWN_LICENCE,
                "title": "The portal’s own words. Figures and sources carry their own licences.",
            }
        ],
        "resources": [*(resource(table, folder) for table in tables), PLACES],
    }


def datasette(tables, homepage, database):
    """Return the metadata of all tables for Datasette, which publishes the SQLite file `database`.sqlite."""
    described = {
        table.file: {
            "title": str(table.title),
            "description": str(table.holds),
            "columns": {head.name: str(head.label) for head in table.column_headers},
        }
        for table in tables
    }
    return {
        "title": str(settings.PORTAL_NAME),
        "license": "CC BY 4.0",
        "license_url": OWN_LICENCE,
        "about": "The portal’s own words. Figures and sources carry their own licences.",
        "about_url": homepage,
        "source": str(settings.PORTAL_NAME),
        "source_url": homepage,
        "databases": {database: {"tables": described}},
    }
