"""All places as GeoJSON with texts in three languages, identifiers, and the outlines of countries and provinces."""

from portal.formats.fields import LANGUAGES, ReadContext
from portal.formats.json import feature_collection
from portal.models.identifier import PLACE_SCHEMES

NAME = "places.geojson"
# Properties have the names of columns in files of places. Those of IN_WORDS have a text in each language.
IN_WORDS = ("kind", "group", "country", "countries", "part_of")
COLUMNS = (
    *("key", "url"),
    *(f"name_{language}" for language in LANGUAGES),
    *(name for column in IN_WORDS for name in (column, *(f"{column}_{language}" for language in LANGUAGES))),
    *("other_spellings", "latitude", "longitude", "published", "changed"),
)


def places_text(records):
    """Yield a selection of places as a FeatureCollection.

    An identifier is a property with the name of its register, such as `wikidata`; several of one are joined by "; ".
    """
    return feature_collection(records, _located(records))


def _located(records):
    serialiser, reading = records.serialiser, ReadContext(records.base, records.reader)
    cells_of, location_of = serialiser.cells_of(reading), serialiser.location_of(reading)
    identifiers_of = serialiser.by_name["identifiers"].data_of(reading, serialiser.places["identifiers"])
    at = {head.name: place for place, head in enumerate(serialiser.column_headers)}
    for chunk in records.chunks():
        for row in serialiser.rows(chunk, reading):
            cells, values = cells_of(row), {scheme.value: [] for scheme in PLACE_SCHEMES}
            for one in identifiers_of(row):
                values[one["scheme"]].append(one["value"])
            stated = {name: None if cells[at[name]] == "" else cells[at[name]] for name in COLUMNS}
            yield stated | {name: "; ".join(found) or None for name, found in values.items()}, location_of(row)
