"""The completeness of the data: missing cooperation, missing fields, counts."""

import pytest

from portal.core.choices import Area, Confidence, Level, PublicationStatus
from portal.views.completeness import completeness
from tests import reading
from tests.make import (
    make_agreement,
    make_area,
    make_area_report,
    make_citation,
    make_country,
    make_issue_in_country,
    make_party,
    make_place,
    make_project,
    make_rio_marker,
    make_term,
)

pytestmark = pytest.mark.django_db


def test_gaps_are_counted_by_area_and_the_report_is_named(client):
    make_area_report(areas=[Area.INFRASTRUCTURE, Area.NATURAL_RESOURCES])
    for area, level in (
        (Area.FORESTRY, Level.PROVINCIAL),
        (Area.FORESTRY, Level.NATIONAL),
        (Area.INFRASTRUCTURE, Level.MUNICIPAL),
    ):
        make_area(make_project(level=level), area)
    make_area(make_project(level=Level.PROVINCIAL, publication=PublicationStatus.DRAFT), Area.FORESTRY)
    counted = {area: rest for area, *rest in completeness()["areas"]}
    assert counted[Area.FORESTRY] == [2, 1, 0, False]
    assert counted[Area.INFRASTRUCTURE] == [1, 0, 1, True]
    assert counted[Area.NATURAL_RESOURCES] == [0, 0, 0, True]
    assert len(counted) == len(Area)
    rows = {reading.words(row[0]): [reading.words(cell) for cell in row[1:]] for row in areas_table(client)}
    assert rows["Forestry"] == ["2", "1", "none found"]
    assert rows["Infrastructure named in the report"] == ["1", "none found", "1"]


def areas_table(client):
    return reading.page(client.get("/en/about/data/")).xpath("//section[@aria-labelledby='gaps']//tbody/tr")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"level": Level.PROVINCIAL, "title_en": "K-pop festival"}, 1),
        ({"level": Level.MUNICIPAL, "summary_en": "A day of k-pop."}, 1),
        ({"level": Level.NATIONAL, "title_en": "K-pop festival"}, 0),
        ({"level": Level.PROVINCIAL}, 0),
    ],
)
def test_k_pop_is_asked_for_among_provincial_and_municipal_projects(fields, expected):
    make_area_report(words="K-pop")
    make_project(**fields)
    assert completeness()["named_words"] == [("K-pop", expected)]


def test_what_is_missing_is_counted():
    bare = make_project()
    whole = make_project(start="2020", end="2021", budget=1, currency="USD", finance="grant", results_en="Trees stand.")
    make_rio_marker(project=whole, significance=0)
    for project, number in ((bare, 1), (whole, 2)):
        for _ in range(number):
            make_citation(project)
    make_citation(make_agreement())
    make_place(latitude=45, longitude=60), make_place(), make_country()
    assert completeness()["missing"] == {
        "all": 2,
        "budget": 1,
        "start": 1,
        "end": 1,
        "finance": 1,
        "results": 1,
        "one_source": 1,
        "markers": 1,
        "agreements": 1,
        "agreements_one_source": 1,
        "places": 2,
        "places_without_position": 1,
    }


def test_records_are_counted_by_level_confidence_and_country():
    uzbekistan = make_country(key="uz")
    make_project(level=Level.ACADEMIC, confidence=Confidence.LOW).countries.add(uzbekistan)
    make_party(agreement=make_agreement(confidence=Confidence.HIGH), country=uzbekistan)
    make_issue_in_country(country=uzbekistan)
    found = completeness()
    assert dict(found["levels"]) == {level: int(level == Level.ACADEMIC) for level in Level}
    assert found["confidences"] == [(Confidence.HIGH, 0, 1), (Confidence.MEDIUM, 0, 0), (Confidence.LOW, 1, 0)]
    assert found["countries"] == [(uzbekistan, 1, 1, 0, 1)]


def test_names_without_a_language_are_counted_by_kind():
    make_term(term_ko="투가이", term_ru="Тугай")
    make_term(term_ko="투가이")
    make_term(term_ko="", term_ru=None)
    counted = {str(words): rest for words, *rest in completeness()["translations"]}
    assert counted["terms"] == [1, 2]
