"""Descriptions of tables for programs: CSV on the Web and Data Package."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.utils.translation import override

from portal.formats import dataset_metadata
from portal.formats.fields import SEPARATOR
from portal.formats.serialisers import SERIALISERS
from portal.formats.spreadsheets import LICENCE

EVERY_TABLE = pytest.mark.parametrize("kind", sorted(SERIALISERS))


def columns(kind):
    """Return the columns of a table in CSVW, by name."""
    return {column["name"]: column for column in dataset_metadata.csvw(SERIALISERS[kind])["tableSchema"]["columns"]}


def fields(kind):
    """Return the fields of a table in a Data Package, by name."""
    return {field["name"]: field for field in dataset_metadata.resource(SERIALISERS[kind])["schema"]["fields"]}


@EVERY_TABLE
def test_both_descriptions_have_every_column_in_order(kind):
    header = [head.name for head in SERIALISERS[kind].column_headers]
    assert list(columns(kind)) == list(fields(kind)) == header


@EVERY_TABLE
def test_table_is_described_in_every_language(kind):
    words = set()
    for language in ("en", "ko", "ru"):
        with override(language):
            resource = dataset_metadata.resource(SERIALISERS[kind])
            words.add((resource["title"], resource["description"]))
    assert len({title for title, _text in words}) == len({text for _title, text in words}) == 3


@EVERY_TABLE
def test_keys_name_columns_and_tables_that_exist(kind):
    schema = dataset_metadata.resource(SERIALISERS[kind])["schema"]
    files = {serialiser.file for serialiser in SERIALISERS.values()}
    assert set(schema["primaryKey"]) <= set(fields(kind))
    for key in schema.get("foreignKeys", []):
        assert set(key["fields"]) <= set(fields(kind))
        assert key["reference"]["resource"] in files | {""}
        assert key["reference"]["fields"] == ["key"]


def test_primary_key_is_the_key_or_what_identifies_a_value():
    assert dataset_metadata.primary_key(SERIALISERS["project"]) == ["key"]
    assert dataset_metadata.primary_key(SERIALISERS["observation"]) == ["indicator", "place", "year", "source"]


def test_table_that_refers_to_itself_names_no_other():
    keys = dataset_metadata.resource(SERIALISERS["issue"])["schema"]["foreignKeys"]
    assert keys == [{"fields": ["parent"], "reference": {"resource": "", "fields": ["key"]}}]
    assert "foreignKeys" not in dataset_metadata.resource(SERIALISERS["term"])["schema"]


@pytest.mark.parametrize(
    ("kind", "name", "csvw", "package"),
    [
        ("project", "key", "string", {"type": "string"}),
        ("observation", "year", "integer", {"type": "integer"}),
        ("observation", "value", "decimal", {"type": "number"}),
        ("source", "link", "anyURI", {"type": "string", "format": "uri"}),
        ("project", "changed", "dateTime", {"type": "datetime", "format": "%Y-%m-%dT%H:%M:%SZ"}),
        (
            "project",
            "start",
            {"base": "string", "format": r"\d{4}(-\d{2}(-\d{2})?)?"},
            {"type": "string", "constraints": {"pattern": r"\d{4}(-\d{2}(-\d{2})?)?"}},
        ),
        (
            "agreement",
            "ended",
            "boolean",
            {"type": "boolean", "trueValues": ["True"], "falseValues": ["False"]},
        ),
    ],
)
def test_column_has_its_type_in_both_vocabularies(kind, name, csvw, package):
    assert columns(kind)[name]["datatype"] == csvw
    assert fields(kind)[name] == {"name": name, "title": fields(kind)[name]["title"]} | package


def test_column_of_several_values_is_text_with_a_separator():
    assert columns("project")["countries"]["datatype"] == "string"
    assert columns("project")["countries"]["separator"] == SEPARATOR
    assert "separator" not in columns("project")["key"]
    assert fields("project")["countries"]["type"] == "string"


def test_column_in_one_language_names_it():
    told = columns("project")
    assert [told[f"title_{language}"]["lang"] for language in ("en", "ko", "ru")] == ["en", "ko", "ru"]
    assert "lang" not in told["key"]


def test_csvw_names_its_file_and_licence():
    told = dataset_metadata.csvw(SERIALISERS["project"])
    assert told["@context"] == ["http://www.w3.org/ns/csvw", {"@language": "en"}]
    assert (told["url"], told["dc:license"]) == ("projects.csv", {"@id": LICENCE})


def test_data_package_has_its_tables_in_a_folder_and_the_time_in_utc():
    kinds = ("project", "source")
    created = datetime(2026, 11, 27, 3, 4, 5, 999, tzinfo=timezone(timedelta(hours=9)))
    told = dataset_metadata.datapackage([SERIALISERS[kind] for kind in kinds], "https://example.org/", created, "csv/")
    assert told["created"] == "2026-11-26T18:04:05Z"
    assert told["homepage"] == "https://example.org/"
    assert [(one["name"], one["path"]) for one in told["resources"]] == [
        ("projects", "csv/projects.csv"),
        ("sources", "csv/sources.csv"),
    ]
    assert [licence["path"] for licence in told["licenses"]] == [LICENCE]


def test_data_package_without_a_folder_has_its_tables_beside_it():
    told = dataset_metadata.datapackage([SERIALISERS["term"]], "https://example.org/", datetime(2026, 1, 1, tzinfo=UTC))
    assert told["resources"][0]["path"] == "terms.csv"
