"""HXL tags in CSV files, read by the library of HXL."""

import gc
import io
import warnings

import pytest

from portal.formats import hxl as tags
from portal.formats.data_tables import tables_of
from portal.formats.serialisers import SERIALISERS
from tests.make import make_organisation, make_participation, make_source
from tests.portal.formats.files import content, full_project, table

with warnings.catch_warnings():
    # The first import on a machine writes a log of the library's parser and leaves it open.
    warnings.simplefilter("ignore", ResourceWarning)
    import hxl

    gc.collect()

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning"),  # of the library
]


def read(response):
    """Return the rows of a CSV file as dictionaries by tag."""
    found = hxl.data(hxl.make_input(io.BytesIO(content(response)), hxl.InputOptions(allow_local=True)))
    rows = []
    for row in found:  # the iterator of the library is not iterable itself, as a list comprehension asks
        rows.append(dict(zip(found.display_tags, row.values, strict=True)))
    return rows


def test_list_with_tags_is_read_by_them(client):
    full_project()
    [row] = read(client.get("/en/projects.csv?hxl=1"))
    assert (row["#activity+code"], row["#activity+name+i_ko"]) == ("trees", "나무")
    assert (row["#country+code+list"], row["#country+name+list+i_en"]) == ("uz; kz", "Uzbekistan; Kazakhstan")
    assert (row["#date+start"], row["#value+budget"], row["#currency"]) == ("2020", "5600000.5", "USD")


def test_list_in_one_language_has_tags_too(client):
    full_project()
    [row] = read(client.get("/en/projects.csv?hxl=1&lang=ko"))
    assert (row["#activity+code"], row["#activity+name+i_ko"]) == ("trees", "나무")
    assert not [tag for tag in row if "+i_en" in tag]


def test_table_with_tags_is_read_by_them(client):
    make_participation(project=full_project(), organisation=make_organisation(key="kfs"), role="implementing")
    rows = read(client.get("/data/participations.csv?hxl=1"))
    assert [(row["#activity+code"], row["#org+code"]) for row in rows] == [("trees", "koica"), ("trees", "kfs")]


def test_file_has_tags_only_if_asked(client):
    make_source(key="paper")
    assert [row["key"] for row in table(client.get("/en/sources.csv"))] == ["paper"]
    plain, tagged = (client.get(f"/data/sources.csv{query}") for query in ("", "?hxl=1"))
    assert plain.headers["ETag"] != tagged.headers["ETag"]
    lines = content(tagged).decode().splitlines()
    assert lines[0].startswith("url,key,")
    assert lines[1].startswith("#meta+url,#meta+source+code,")
    assert [lines[0], *lines[2:]] == content(plain).decode().splitlines()
    for address in ("/en/sources.csv?hxl=yes", "/data/sources.csv?hxl=0"):
        assert client.get(address).status_code == 400


def test_all_tags_are_well_formed_and_every_subject_is_tagged():
    for one in tables_of([kind for kind in SERIALISERS if kind != "picture"]):
        found = [tag for tag in (tags.tag_of(head, one.kind) for head in one.column_headers) if tag]
        assert found, one.file
        assert [tag for tag in found if hxl.model.TagPattern.parse(tag) is None] == []
