"""The page of a source."""

import pytest

from tests import reading
from tests.make import (
    make_agreement,
    make_citation,
    make_event,
    make_indicator,
    make_issue,
    make_issue_link,
    make_key_figure,
    make_observation,
    make_organisation,
    make_place,
    make_project,
    make_source,
    make_term,
)
from tests.portal.views.sections import sections

pytestmark = pytest.mark.django_db


def test_source_lists_all_that_rests_on_it(client):
    source = make_source(key="micklin-2016")
    for make, fields in (
        (make_issue, {"name_en": "An issue"}),
        (make_project, {"title_en": "A project"}),
        (make_agreement, {"title_en": "An agreement"}),
        (make_event, {"title_en": "An event"}),
        (make_organisation, {"name_en": "An organisation"}),
        (make_place, {"name_en": "A place"}),
        (make_term, {"term_en": "A term"}),
    ):
        make_citation(make(**fields), source)
    make_indicator(name_en="An indicator", source=source, position=1)
    make_observation(indicator=make_indicator(name_en="Another indicator", position=2), source=source)
    make_citation(make_key_figure(issue=make_issue(name_en="Measured"), label_en="Area", year=None), source)
    make_citation(make_issue_link(cause=make_issue(name_en="Cause"), effect=make_issue(name_en="Effect")), source)
    said = sections(client.get("/en/sources/micklin-2016/"))["Records that cite this source"]
    assert said == (
        "Records that cite this source Issues 1 An issue Projects 1 A project Agreements 1 An agreement Events 1 An "
        "event Indicators 2 An indicator Another indicator Organisations 1 An organisation Places 1 A place Glossary "
        "1 A term Key figures 1 Measured: Area, 68,000 km² Causes and effects 1 Cause → Effect"
    )


def test_source_that_nothing_cites_says_so_and_what_is_not_stated(client):
    make_source(key="unused")
    response = client.get("/en/sources/unused/")
    assert reading.said(response, "unknown") == ["No record cites this source at present."]
    facts = {reading.words(row[0]): reading.words(row[1]) for row in reading.page(response).xpath("//aside//dl/div")}
    assert (facts["Date"], facts["Address"]) == ("Not stated", "No address is known.")


@pytest.mark.parametrize(
    ("language", "author", "publisher"),
    [
        ("ko", "신두산", "아주경제"),
        ("ru", "Shin Doo-san", "Aju Business Daily"),
        ("en", "Shin Doo-san", "Aju Business Daily"),
    ],
)
def test_names_of_a_source_are_in_its_script_for_readers_of_its_language(client, language, author, publisher):
    names = {"author": "Shin Doo-san", "publisher": "Aju Business Daily"}
    originals = {"author_original": "신두산", "publisher_original": "아주경제"}
    source = make_source(key="aju-2021", title="The sea", language="ko", **names, **originals)
    issue = make_issue(key="aral")
    make_citation(issue, source)
    page = reading.page(client.get(f"/{language}/sources/aju-2021/"))
    facts = [reading.words(fact) for fact in page.xpath("//aside//dl/div/dd")]
    assert facts[:2] == [author, publisher]
    assert publisher in reading.words(reading.page(client.get(f"/{language}/sources/")).xpath("//table")[0])
    cited = reading.words(reading.page(client.get(f"/{language}/issues/aral/")))
    assert f"{author}, The sea, {publisher}" in cited


def test_references_to_a_source_keep_the_latin_form_of_its_names(client):
    make_source(key="aju-2021", language="ko", publisher="Aju Business Daily", publisher_original="아주경제")
    for suffix in ("bib", "ris", "csl"):
        file = b"".join(client.get("/ko/sources/", {"format": suffix})).decode()
        assert "Aju Business Daily" in file
        assert "아주경제" not in file


def test_source_without_an_original_name_has_its_only_name_in_every_language(client):
    make_source(key="kun", language="ru", publisher="Kun.uz")
    assert "Kun.uz" in reading.words(reading.page(client.get("/ru/sources/kun/")))
