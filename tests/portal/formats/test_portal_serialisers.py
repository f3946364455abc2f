"""What files and the API state of places and sources, and the fields that all kinds of records share."""

import pytest

from portal.formats.portal_serialisers import IdentifierUrlField, OtherSpellingsField, column
from portal.formats.serialisers import SERIALISERS
from portal.models import Place
from tests.make import (
    make_alias,
    make_citation,
    make_country,
    make_place,
    make_place_identifier,
    make_source,
)
from tests.portal.formats.files import stated

pytestmark = pytest.mark.django_db


def test_place_states_where_it_lies():
    uz = make_country(key="uz", name_en="Uzbekistan")
    region = make_place(key="karakalpakstan", name_en="Karakalpakstan")
    place = make_place(
        key="nukus", name_en="Nukus", name_ko="누쿠스", country=uz, part_of=region, latitude="42.46", longitude="59.61"
    )
    told = stated(place)
    assert {name: told[name] for name in ("key", "kind", "group", "country", "countries", "part_of", "position")} == {
        "key": "nukus",
        "kind": {"code": "city", "name": "City"},
        "group": None,
        "country": {"key": "uz", "name": "Uzbekistan"},
        "countries": [{"key": "uz", "name": "Uzbekistan"}],
        "part_of": {"key": "karakalpakstan", "name": "Karakalpakstan"},
        "position": {"latitude": 42.46, "longitude": 59.61},
    }
    assert stated(place, language="ko")["name"] == "누쿠스"


def test_place_that_countries_share_names_the_published_ones():
    sea = make_place(kind=Place.Kind.LAKE)
    sea.countries.add(make_country(key="kz"), make_country(key="uz"), make_country(key="tm", publication="draft"))
    told = stated(sea)
    assert told["country"] is None
    assert sorted(country["key"] for country in told["countries"]) == ["kz", "uz"]


def test_place_of_an_unpublished_country_lies_in_none():
    told = stated(make_place(country=make_country(publication="archived")))
    assert (told["country"], told["countries"]) == (None, [])


@pytest.mark.parametrize(("kind", "path"), [("country", "countries"), ("city", "places")])
def test_country_and_place_have_pages_of_their_own_kind(kind, path):
    assert stated(make_place(key="one", kind=kind))["url"] == f"http://testserver/en/{path}/one/"


def test_alternative_names_are_the_aliases_in_their_order_each_once():
    place = make_place()
    for text, language in (("Orol dengizi", "uz"), ("Aral", ""), ("Orol dengizi", "kaa")):
        make_alias(place, text=text, language=language)
    make_alias(make_place(), text="Nókis")
    assert stated(place)["other_spellings"] == "Orol dengizi\nAral"
    assert stated(make_place())["other_spellings"] is None


def test_alternative_names_of_many_are_read_by_one_query(django_assert_num_queries):
    field = OtherSpellingsField("place")
    places = [make_place() for _ in range(3)]
    for place in places:
        make_alias(place, text=f"of {place.key}")
    reading = type("Reading", (), {"hung": {}})()
    with django_assert_num_queries(1):
        field.load(reading, [(place.key,) for place in places], 0, [])
    cells = field.cells_of(reading, 0)
    assert [cells((place.key,)) for place in places] == [(f"of {place.key}",) for place in places]
    field.load(reading, [(places[0].key,)], 0, [])  # the next chunk of a long file
    assert cells((places[1].key,)) == ("",)


def test_identifiers_have_the_address_of_their_register():
    place = make_place()
    make_place_identifier(place=place, scheme="wikidata", value="Q487")
    assert stated(place)["identifiers"] == [
        {"scheme": "wikidata", "value": "Q487", "url": "https://www.wikidata.org/wiki/Q487"}
    ]


def test_identifier_of_a_register_without_pages_has_no_address(monkeypatch):
    monkeypatch.setattr("portal.models.IdentifierScheme.url", lambda self, value: "")
    field = IdentifierUrlField()
    row = ("wikidata", "Q487")
    assert field.cells_of(None, 0)(row) == ("",)
    assert field.data_of(None, 0)(row) is None
    assert field.schema()["anyOf"][1] == {"type": "null"}


def test_cited_sources_are_published_and_in_the_order_of_the_editors():
    place = make_place()
    for key, position, publication in (("b", 2, "published"), ("a", 3, "published"), ("c", 1, "draft")):
        make_citation(place, make_source(key=key, publication=publication), position=position)
    assert [source["key"] for source in stated(place)["sources"]] == ["b", "a"]


def test_citation_states_its_passage_in_json_and_not_in_tables():
    place = make_place()
    passage = {
        "page": "12–14",
        "quotation": "The lake grew by 300 km².",
        "read_on": "2026-03-02",
        "archived_url": "https://web.archive.org/web/2026/https://example.org/",
    }
    make_citation(place, make_source(key="a"), position=1, **passage)
    make_citation(place, make_source(key="b"), position=2)
    make_citation(place, make_source(key="c"), position=3, page="5")
    assert [source["passage"] for source in stated(place)["sources"]] == [
        passage,
        None,
        {"page": "5", "quotation": None, "read_on": None, "archived_url": None},
    ]
    table = SERIALISERS["place"].column_headers
    assert [head.name for head in table if head.name.startswith("sources")] == [
        "sources",
        "sources_title",
        "sources_url",
    ]


def test_source_states_what_was_read():
    source = make_source(
        key="aral",
        title="The future",
        title_original="Будущее",
        author="Micklin",
        date="2016-03",
        url="https://example.org/a",
        doi="10.1007/s12665",
        language="ru",
        licence_en="CC BY 4.0",
    )
    told = stated(source)
    assert {name: value for name, value in told.items() if name not in {"published", "changed"}} == {
        "url": "http://testserver/en/sources/aral/",
        "key": "aral",
        "title": "The future",
        "title_original": "Будущее",
        "author": "Micklin",
        "author_original": None,
        "publisher": "Environmental Earth Sciences",
        "publisher_original": None,
        "date": "2016-03",
        "link": "https://example.org/a",
        "doi": "10.1007/s12665",
        "kind": {"code": "journal-article", "name": "Journal article"},
        "language": "ru",
        "edition": None,
        "licence": "CC BY 4.0",
        "note": None,
        "attachments": [],
    }


def test_label_of_a_field_is_that_of_the_model():
    assert str(column(Place, "part_of")) == str(Place._meta.get_field("part_of").verbose_name)


def test_records_are_summarised_by_their_name_date_and_place():
    place, source = SERIALISERS["place"], SERIALISERS["source"]
    assert (place.name, place.where) == ("name", "position")
    assert (source.name, source.date, source.where) == ("title", "date", "")
