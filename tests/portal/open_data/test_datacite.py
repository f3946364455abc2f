"""DataCite metadata of all data: valid by the schema, and the same in JSON and XML."""

import pytest
from datacite import schema45
from lxml import etree

from tests.make import make_project

pytestmark = pytest.mark.django_db


def test_json_is_valid(client):
    make_project()
    response = client.get("/data/datacite.json")
    assert response.headers["Content-Type"] == "application/vnd.datacite.datacite+json"
    said = response.json()
    assert [error.message for error in schema45.validator.iter_errors(said)] == []
    assert [title["lang"] for title in said["titles"]] == ["en", "ko", "ru"]
    assert said["publicationYear"] == said["version"][:4]
    assert [one["alternateIdentifier"] for one in said["alternateIdentifiers"]] == [
        "http://testserver/data/central-asia-environment.zip",
        "http://testserver/data/central-asia-environment.sqlite",
    ]


def stated(tree):
    """Return every element with a text: its name, that of its parent, its text and attributes."""
    names = etree.QName
    return sorted(
        (names(one.getparent()).localname, names(one).localname, one.text, sorted(one.attrib.items()))
        for one in tree.iter()
        if (one.text or "").strip()
    )


def test_xml_is_what_the_library_of_datacite_makes_of_the_json(client):
    make_project()
    tree = etree.fromstring(client.get("/data/datacite.xml").content)
    [identifier] = tree.findall("{*}identifier")
    assert (identifier.text, identifier.get("identifierType")) == ("(:tba)", "DOI")
    expected = etree.fromstring(
        schema45.tostring(client.get("/data/datacite.json").json() | {"doi": "(:tba)"}).encode()
    )
    assert stated(tree) == stated(expected)


def test_metadata_not_changed_are_304(client):
    make_project()
    for path in ("/data/datacite.json", "/data/datacite.xml"):
        tag = client.get(path).headers["ETag"]
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
