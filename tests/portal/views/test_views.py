"""The portal's own pages: home, countries, places, sources, search and completeness of the data."""

import pytest
from django.conf import settings
from django.test import RequestFactory
from django.test.signals import template_rendered
from django_htmx.middleware import HtmxMiddleware

from portal.core.choices import Area, Confidence, Level, PublicationStatus
from portal.models import Place
from portal.views.completeness import completeness
from portal.views.styleguide import styleguide
from tests import reading
from tests.make import (
    make_agreement,
    make_answer,
    make_area,
    make_area_report,
    make_citation,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_issue_in_country,
    make_issue_link,
    make_key_figure,
    make_observation,
    make_organisation,
    make_party,
    make_place,
    make_project,
    make_rio_marker,
    make_source,
    make_term,
)

pytestmark = pytest.mark.django_db


def sections(response):
    """Return the text below each heading of the second level, by heading."""
    parts = reading.page(response).xpath("//main//section[h2]")
    return {reading.words(part.find("h2")): reading.words(part) for part in parts}


def keys(addresses):
    return [address.rstrip("/").rpartition("/")[2] for address in addresses]


# ── Home ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_home_gives_each_main_issue_its_figure_with_the_source_and_its_projects(client):
    main = make_issue(name_en="Depletion of the Aral Sea")
    under = make_issue(parent=main)
    figure = make_key_figure(issue=main, value="68000", unit_en="km²", label_en="Area of the sea", headline=True)
    make_key_figure(issue=main, position=2, label_en="Another figure")
    make_citation(figure, make_source(publisher="Springer", date="2016-05"))
    both = make_project()
    for issue in (main, under):
        make_answer(project=both, issue=issue)
    make_answer(issue=under)
    [card] = reading.said(client.get("/en/"), "card-issue")
    assert card == (
        "Depletion of the Aral Sea 68,000 km² Area of the sea, 1960 Source: Springer, 2016 2 projects answer it"
    )


def test_home_counts_cooperation_and_leads_to_it(client):
    make_project(), make_project(), make_agreement()
    [numbers] = reading.page(client.get("/en/")).find_class("stats-links")
    found = {link.get("href"): reading.words(link) for link in numbers.xpath(".//a")}
    assert (found["/en/projects/"], found["/en/agreements/"]) == ("2 projects", "1 agreement")
    assert found["/en/organisations/"] == "0 organisations"


def test_home_shows_the_newest_projects_and_events(client):
    for year in range(2000, 2009):
        make_project(key=f"p{year}", start=str(year))
        make_event(key=f"e{year}", date=str(year))
    make_project(key="undated")
    tree = reading.page(client.get("/en/"))
    newest = [tree.xpath(f"//section[@aria-labelledby='{part}']//li//a/@href") for part in ("projects", "events")]
    assert [keys(found) for found in newest] == [
        [f"{letter}{year}" for year in range(2008, 2002, -1)] for letter in ("p", "e")
    ]


def test_home_leads_into_the_projects_of_each_area_the_most_first(client):
    for area, number in ((Area.ENERGY, 1), (Area.FORESTRY, 2)):
        for _ in range(number):
            make_area(make_project(), area)
    response = client.get("/en/")
    assert reading.addresses(response, "//section[@aria-labelledby='areas']") == [
        "/en/projects/?area=forestry",
        "/en/projects/?area=energy",
    ]


# ── Countries and places ─────────────────────────────────────────────────────────────────────────────────────


def test_countries_stand_by_group_and_then_by_name(client):
    make_country(key="uz", name_en="Uzbekistan")
    make_country(key="kz", name_en="Kazakhstan")
    make_country(key="kr", name_en="Republic of Korea", group=Place.Group.KOREA)
    make_country(key="jp", name_en="Japan", group="")
    make_organisation(country=make_country(key="ch", name_en="Switzerland", group=""))
    tree = reading.page(client.get("/en/countries/"))
    assert keys(tree.xpath("//h2/a/@href")) == ["kz", "uz", "kr"]
    others = tree.xpath("//section[@aria-labelledby='others']//li")
    assert [reading.words(item) for item in others] == ["Japan", "Switzerland 1"]


def test_country_has_everything_that_touches_it(client):
    uzbekistan = make_country(key="uz", name_en="Uzbekistan")
    ministry = make_organisation(name_en="Ministry of Ecology", country=uzbekistan)
    make_issue_in_country(issue=make_issue(name_en="Salt dust"), country=uzbekistan, note_en="It falls on the fields.")
    project = make_project(title_en="Trees for the Aralkum")
    project.countries.add(uzbekistan)
    make_area(project, Area.FORESTRY)
    make_party(agreement=make_agreement(title_en="Signed by the country"), country=uzbekistan)
    make_party(agreement=make_agreement(title_en="Signed by the ministry"), organisation=ministry)
    make_event(title_en="The dam is finished").countries.add(uzbekistan)
    make_observation(place=uzbekistan, value="24.1", year=2020)
    make_place(key="nukus", country=uzbekistan)
    response = client.get("/en/countries/uz/")
    numbers = [reading.words(stat) for stat in reading.page(response).find_class("stat")]
    assert numbers[:3] == ["1 project", "2 agreements", "1 organisation"]
    assert sections(response)["Issues and what they mean here"].endswith("Salt dust It falls on the fields.")
    said = reading.words(reading.page(response).find_class("main-column")[0])
    for title in (
        *("Trees for the Aralkum", "The dam is finished"),
        *("Signed by the country", "Signed by the ministry"),
    ):
        assert (title, said.count(title)) == (title, 1)
    aside = reading.words(reading.page(response).find_class("side-column")[0])
    assert "Ministry of Ecology" in aside
    assert "/en/places/nukus/" in reading.addresses(response, "//main")


def test_country_shows_eight_of_many_and_leads_to_the_rest(client):
    uzbekistan = make_country(key="uz")
    for _ in range(9):
        make_project().countries.add(uzbekistan)
    response = client.get("/en/countries/uz/")
    [projects] = reading.page(response).xpath("//section[@aria-labelledby='projects']")
    assert len(projects.find_class("entry")) == 8
    assert projects.find_class("section-more")[0].xpath("a/@href") == ["/en/projects/?country=uz"]


def test_place_shows_what_happens_in_its_parts_too(client):
    uzbekistan = make_country(name_en="Uzbekistan")
    sea = make_place(
        key="aral-sea", name_en="Aral Sea", name_ko="아랄해", country=uzbekistan, latitude=45, longitude=60
    )
    north = make_place(name_en="North Aral Sea", part_of=sea)
    delta = make_place(name_en="Syr Darya Delta", part_of=north)
    make_issue(name_en="Fisheries").places.add(delta)
    for place in (sea, north, delta):
        make_project(title_en=f"Project at {place.name_en}").places.add(place)
        make_event(title_en=f"Event at {place.name_en}").places.add(place)
    response = client.get("/en/places/aral-sea/")
    parts = sections(response)
    for heading in ("Project", "Event"):
        for name in ("Aral Sea", "North Aral Sea", "Syr Darya Delta"):
            assert parts[f"{heading}s"].count(f"{heading} at {name}") == 1
    assert "Fisheries" in parts["Issues"]
    facts = {reading.words(row[0]): reading.words(row[1]) for row in reading.page(response).xpath("//aside//dl/div")}
    assert facts == {
        "Kind": "City",
        "Country": "Uzbekistan",
        "Places in it": "North Aral Sea Syr Darya Delta",
        "Position": "45° N, 60° E",
        "Names in other languages": "아랄해",
    }


def test_place_of_which_nothing_is_known_says_so(client):
    make_place(key="nukus")
    response = client.get("/en/places/nukus/")
    assert reading.said(response, "unknown") == ["No other record mentions this place yet."]
    facts = {reading.words(row[0]): reading.words(row[1]) for row in reading.page(response).xpath("//aside//dl/div")}
    assert facts["Position"] == "Not stated in the source"


# ── Sources ──────────────────────────────────────────────────────────────────────────────────────────────────


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
    make_citation(
        make_key_figure(issue=make_issue(name_en="Measured"), label_en=("Area of cooperation"), year=None), source
    )
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


# ── How complete the data are ────────────────────────────────────────────────────────────────────────────────


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


# ── For those who build pages ────────────────────────────────────────────────────────────────────────────────


def gallery():
    """Show the styleguide, which has a URL only with DEBUG."""
    request = RequestFactory().get("/en/styleguide/")
    return HtmxMiddleware(styleguide)(request)


def test_styleguide_stands_with_a_single_project():
    make_citation(make_project())
    parts = sections(gallery())
    assert {"Tags", "Entries", "Terms", "Evidence", "List"} <= set(parts)
    assert "Confidence: High" in parts["Evidence"]
    assert {"Line chart", "Map of the region"} & set(parts) == set()


@pytest.mark.usefixtures("content")
class TestStyleguide:
    def test_it_shows_each_component_and_chart(self):
        names = set()
        template_rendered.connect(collect := lambda template, **_rest: names.add(template.name), weak=False)
        try:
            answer = gallery()
        finally:
            template_rendered.disconnect(collect)
        drawn = {name for name in names if name and name.startswith(("components/", "charts/"))}
        templates = settings.BASE_DIR / "templates"
        assert drawn == {
            f"{folder}/{path.name}"
            for folder in ("components", "charts")
            for path in (templates / folder).glob("*.html")
        }
        assert "On the map" in sections(answer)
        ids = reading.page(answer).xpath("//@id")
        assert sorted({one for one in ids if ids.count(one) > 1}) == []
