"""Issues, indicators and events in the vocabulary of schema.org."""

import pytest
from django.utils.translation import override

from issues.schema import dataset_description
from tests.make import (
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_issue_in_country,
    make_observation,
    make_place,
    make_source,
)
from tests.portal.seo.heads import SITE, main

pytestmark = pytest.mark.django_db


def test_indicator_is_a_dataset(client):
    source = make_source(publisher="FAO")
    indicator = make_indicator(key="area", source=source, licence_en="CC BY 4.0 (Our World in Data)", name_ko="면적")
    place = make_place(key="aral-sea", kind="lake", name_en="Aral Sea", latitude=45, longitude=60)
    for year in (1960, 2018, 1990):
        make_observation(indicator=indicator, place=place, year=year, source=source)
    told = main(client.get("/ko/indicators/area/"))
    assert (told["@type"], told["@id"]) == ("Dataset", f"{SITE}/en/indicators/area/#it")
    assert (told["name"], told["url"], told["inLanguage"]) == ("면적", f"{SITE}/ko/indicators/area/", "ko")
    assert told["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert told["temporalCoverage"] == "1960/2018"
    [where] = told["spatialCoverage"]
    assert (where["@type"], where["geo"]["latitude"]) == ("LakeBodyOfWater", 45)
    assert told["creator"]["name"] == "FAO"
    assert told["variableMeasured"]["unitText"] == "square kilometres"
    for file in told["distribution"]:
        response = client.get(file["contentUrl"].removeprefix(SITE))
        assert (response.status_code, response.headers["Content-Type"].partition(";")[0]) == (
            200,
            file["encodingFormat"],
        )


def test_indicator_that_has_no_values_covers_no_time(client):
    make_indicator(key="area", licence_en="Facts quoted")
    told = main(client.get("/en/indicators/area/"))
    assert {"temporalCoverage", "spatialCoverage"} & set(told) == set()
    licence = {"@type": "CreativeWork", "name": "Facts quoted", "url": f"{SITE}/en/indicators/area/#licence"}
    assert told["license"] == licence


def test_issue_is_an_article_about_places(client):
    issue = make_issue(key="aral")
    make_issue_in_country(issue=issue, country=make_country(key="uz"))
    issue.places.add(make_place(key="nukus"))
    told = main(client.get("/en/issues/aral/"))
    assert (told["@type"], told["headline"], told["description"]) == ("Article", issue.name_en, issue.summary_en)
    assert [place["@id"] for place in told["spatialCoverage"]] == [
        f"{SITE}/en/countries/uz/#it",
        f"{SITE}/en/places/nukus/#it",
    ]


def test_event_has_a_day_and_a_place(client):
    event = make_event(key="dam", date="2005-08")
    event.countries.add(make_country(key="kz", name_en="Kazakhstan"))
    told = main(client.get("/en/timeline/dam/"))
    assert (told["@type"], told["startDate"]) == ("Event", "2005-08")
    assert [place["name"] for place in told["location"]] == ["Kazakhstan"]


def test_event_with_places_names_them_and_no_country(client):
    event = make_event(key="dam")
    event.countries.add(make_country(key="kz"))
    event.places.add(make_place(key="sea"))
    told = main(client.get("/en/timeline/dam/"))
    assert [place["@id"] for place in told["location"]] == [f"{SITE}/en/places/sea/#it"]
    assert told["description"] == "The northern sea rises again."


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_description_of_a_dataset_is_long_enough_for_dataset_search(language):
    """Google Dataset Search requires 50 characters."""
    indicator = make_indicator(definition_en="Area.", unit_en="ha", definition_ko="", unit_ko="헥타르")
    with override(language):
        words = dataset_description(indicator)
    assert words.startswith("Area. ")
    assert ("헥타르" if language == "ko" else "ha") in words
    assert len(words) >= 50
