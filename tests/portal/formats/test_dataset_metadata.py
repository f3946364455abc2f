"""Descriptions of tables for programs: CSV on the Web and Data Package."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.utils.translation import override

from portal.core.licences import OWN_LICENCE
from portal.formats import dataset_metadata
from portal.formats.data_tables import tables_of
from portal.formats.fields import SEPARATOR
from portal.formats.serialisers import SERIALISERS

TABLES = {table.file: table for table in tables_of(list(SERIALISERS))}
EVERY_TABLE = pytest.mark.parametrize("file", sorted(TABLES))


def columns(file):
    """Return the columns of a table in CSVW, by name."""
    return {column["name"]: column for column in dataset_metadata.csvw(TABLES[file])["tableSchema"]["columns"]}


def fields(file):
    """Return the fields of a table in a Data Package, by name."""
    return {field["name"]: field for field in dataset_metadata.resource(TABLES[file])["schema"]["fields"]}


@EVERY_TABLE
def test_both_descriptions_have_every_column_in_order(file):
    header = [head.name for head in TABLES[file].column_headers]
    assert list(columns(file)) == list(fields(file)) == header


@EVERY_TABLE
def test_table_is_described_in_every_language(file):
    words = set()
    for language in ("en", "ko", "ru"):
        with override(language):
            resource = dataset_metadata.resource(TABLES[file])
            words.add((resource["title"], resource["description"]))
    assert len({title for title, _text in words}) == len({text for _title, text in words}) == 3


@EVERY_TABLE
def test_keys_name_columns_and_tables_that_exist(file):
    schema = dataset_metadata.resource(TABLES[file])["schema"]
    assert set(schema["primaryKey"]) <= set(fields(file))
    for key in schema.get("foreignKeys", []):
        assert set(key["fields"]) <= set(fields(file))
        assert key["reference"]["resource"] in {*TABLES, ""}
        assert key["reference"]["fields"] == ["key"]


def test_primary_key_is_the_key_or_what_identifies_a_row():
    assert TABLES["projects"].primary_key == ["key"]
    assert TABLES["observations"].primary_key == ["indicator", "place", "year", "source"]
    assert TABLES["participations"].primary_key == ["project", "position"]


def test_table_that_refers_to_itself_names_no_other():
    keys = dataset_metadata.resource(TABLES["issues"])["schema"]["foreignKeys"]
    assert keys == [{"fields": ["parent"], "reference": {"resource": "", "fields": ["key"]}}]
    assert "foreignKeys" not in dataset_metadata.resource(TABLES["terms"])["schema"]


def test_relation_refers_to_both_its_tables():
    keys = dataset_metadata.resource(TABLES["participations"])["schema"]["foreignKeys"]
    assert keys == [
        {"fields": ["project"], "reference": {"resource": "projects", "fields": ["key"]}},
        {"fields": ["organisation"], "reference": {"resource": "organisations", "fields": ["key"]}},
    ]
    group = dataset_metadata.csvw_group(TABLES.values())
    [described] = [table for table in group["tables"] if table["url"] == "issue_links.csv"]
    assert described["tableSchema"]["foreignKeys"] == [
        {"columnReference": name, "reference": {"resource": "issues.csv", "columnReference": "key"}}
        for name in ("effect", "cause")
    ]


@pytest.mark.parametrize(
    ("file", "name", "csvw", "package"),
    [
        ("projects", "key", "string", {"type": "string"}),
        ("observations", "year", "integer", {"type": "integer"}),
        ("observations", "value", "decimal", {"type": "number"}),
        ("sources", "link", "anyURI", {"type": "string", "format": "uri"}),
        ("projects", "changed", "dateTime", {"type": "datetime", "format": "%Y-%m-%dT%H:%M:%SZ"}),
        (
            "projects",
            "start",
            {"base": "string", "format": r"\d{4}(-\d{2}(-\d{2})?)?"},
            {"type": "string", "constraints": {"pattern": r"\d{4}(-\d{2}(-\d{2})?)?"}},
        ),
        (
            "agreements",
            "ended",
            {"base": "boolean", "format": "True|False"},
            {"type": "boolean", "trueValues": ["True"], "falseValues": ["False"]},
        ),
    ],
)
def test_column_has_its_type_in_both_vocabularies(file, name, csvw, package):
    assert columns(file)[name]["datatype"] == csvw
    assert fields(file)[name] == {"name": name, "title": fields(file)[name]["title"]} | package


def test_column_of_several_values_is_text_with_a_separator():
    assert columns("projects")["countries"]["datatype"] == "string"
    assert columns("projects")["countries"]["separator"] == SEPARATOR
    assert "separator" not in columns("projects")["key"]
    assert fields("projects")["countries"]["type"] == "string"


def test_column_in_one_language_names_it():
    told = columns("projects")
    assert [told[f"title_{language}"]["lang"] for language in ("en", "ko", "ru")] == ["en", "ko", "ru"]
    assert "lang" not in told["key"]


def test_csvw_names_its_file_and_licence():
    told = dataset_metadata.csvw(TABLES["projects"])
    assert told["@context"] == ["http://www.w3.org/ns/csvw", {"@language": "en"}]
    assert (told["url"], told["dc:license"]) == ("projects.csv", {"@id": OWN_LICENCE})


def test_data_package_has_its_tables_in_a_folder_and_the_time_in_utc():
    created = datetime(2026, 11, 27, 3, 4, 5, 999, tzinfo=timezone(timedelta(hours=9)))
    told = dataset_metadata.datapackage(
        [TABLES["projects"], TABLES["sources"]], "https://example.org/", created, "csv/"
    )
    assert told["created"] == "2026-11-26T18:04:05Z"
    assert told["homepage"] == "https://example.org/"
    assert [(one["name"], one["path"]) for one in told["resources"]] == [
        ("projects", "csv/projects.csv"),
        ("sources", "csv/sources.csv"),
        ("places-geojson", "places.geojson"),
    ]
    assert [licence["path"] for licence in told["licenses"]] == [OWN_LICENCE]


def test_data_package_without_a_folder_has_its_tables_beside_it():
    told = dataset_metadata.datapackage([TABLES["terms"]], "https://example.org/", datetime(2026, 1, 1, tzinfo=UTC))
    assert told["resources"][0]["path"] == "terms.csv"
