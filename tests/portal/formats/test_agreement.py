"""For any query, the counts of facets, the list, its files and the API agree."""

import csv
import io
import json

import pytest
from geojson_validator import validate_structure
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.api.resources import RESOURCES
from portal.formats.locations import positions_of
from tests.lists import facets_of, filterset_of

# The path of a list, and that of the same records in the API.
LISTS = {
    "issues": "issues",
    "indicators": "indicators",
    "projects": "projects",
    "organisations": "organisations",
    "agreements": "agreements",
    "lessons": "results",
    "glossary": "terms",
    "sources": "sources",
}


def whole(response):
    assert response.status_code == 200
    return b"".join(response.streaming_content) if response.streaming else response.content


def queries(name):
    """Filters of a list, chosen at random."""
    facets = {
        parameter: st.lists(st.sampled_from([value for value, _label in item.choices]), max_size=2, unique=True)
        for parameter, item in facets_of(name).items()
        if item.choices
    }
    others = {"q": st.sampled_from(["", "aral", "물", "вода", "climate"])}
    if "year_from" in filterset_of(name).base_filters:
        others |= {"year_from": st.sampled_from(["", "1995", "2015"]), "year_to": st.sampled_from(["", "2020"])}
    chosen = st.fixed_dictionaries({}, optional=facets | others)
    return chosen.map(lambda query: {key: value for key, value in query.items() if value not in ("", [])})


@pytest.mark.parametrize("name", LISTS)
def test_counts_lists_files_and_api_agree(content_with_client, name):
    client = content_with_client
    [resource] = [one for one in RESOURCES if one.path == LISTS[name]]
    filterset_class = filterset_of(name)

    @given(query=queries(name))
    @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def agree(query):
        response = client.get(f"/en/{name}/", query)
        shown = response.context["count"]
        rows = list(csv.DictReader(io.StringIO(whole(client.get(f"/en/{name}/", {**query, "format": "csv"})).decode())))
        items = json.loads(whole(client.get(f"/en/{name}/", {**query, "format": "json"})))
        told = json.loads(whole(client.get(f"/api/v1/{resource.path}", {**query, "limit": 100})))
        assert shown == len(rows) == items["count"] == len(items["items"]) == told["count"]
        assert [item["key"] for item in told["items"]] == [row["key"] for row in rows][:100]
        # The count of each option is the number of records if it is the only chosen one of its facet.
        for facet in response.context["filter"].facets[:2]:
            beside = filterset_class.base_filters[facet.name].depends_on
            if any(other in query for other in beside):
                continue
            for option in facet.options[:2]:
                asked = {**query, facet.name: [option.value], "limit": 1}
                assert option.count == json.loads(whole(client.get(f"/api/v1/{resource.path}", asked)))["count"]

    agree()


@pytest.fixture
def content_with_client(content, client):
    return client


@pytest.mark.parametrize(
    "address", ["projects/", "issues/", "timeline/", "search/?q=aral", "places/nukus/", "countries/"]
)
def test_geojson_is_valid(content, client, address):
    sign = "&" if "?" in address else "?"
    response = client.get(f"/en/{address}{sign}format=geojson")
    found = json.loads(b"".join(response.streaming_content))
    assert len(found["features"]) == found["about"]["count"]
    placed = [feature for feature in found["features"] if feature["geometry"]]  # the validator refuses null
    assert placed
    assert validate_structure({**found, "features": placed}) == {}
    west, south, east, north = found["bbox"]
    for feature in placed:
        positions = list(positions_of(feature["geometry"]))
        assert all(-180 <= west <= longitude <= east <= 180 for longitude, _latitude in positions)
        assert all(-90 <= south <= latitude <= north <= 90 for _longitude, latitude in positions)
    nested = [value for feature in found["features"] for value in feature["properties"].values()]
    assert not [value for value in nested if isinstance(value, dict | list)]
