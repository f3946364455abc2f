"""Filters of projects, agreements, results and organisations that do more than compare a value."""

import pytest
from django.http import QueryDict

from issues.models import Issue
from portal.core.choices import Area
from portal.models import Place
from projects.filters import ProjectFilter
from projects.models import Participation, Project, RioMarker
from tests import reading
from tests.make import (
    make_agreement,
    make_answer,
    make_area,
    make_country,
    make_event,
    make_issue,
    make_organisation,
    make_participation,
    make_party,
    make_place,
    make_project,
    make_result,
    make_rio_marker,
    make_sdg,
)
from tests.reading import page

pytestmark = pytest.mark.django_db

Role = Participation.Role


def found(client, name, **query):
    return sorted(reading.shown(client.get(f"/en/{name}/", query)))


def offered(client, name, facet, **query):
    return reading.options(client.get(f"/en/{name}/", query), facet)


# ── Who takes part, and in which role ────────────────────────────────────────────────────────────────────────


@pytest.fixture
def koica_and_adb():
    """KOICA funds `one` and implements `two`; the bank implements `one` and funds `two` and `three`."""
    one, two, three = (make_project(key=key) for key in ("one", "two", "three"))
    koica, adb = make_organisation(key="koica"), make_organisation(key="adb")
    for project, organisation, role in (
        (one, koica, Role.FUNDING),
        (two, koica, Role.IMPLEMENTING),
        (one, adb, Role.IMPLEMENTING),
        (two, adb, Role.FUNDING),
        (three, adb, Role.FUNDING),
    ):
        make_participation(project=project, organisation=organisation, role=role)


def test_role_alone_is_anybodys(client, koica_and_adb):
    assert found(client, "projects", role="funding") == ["one", "three", "two"]


def test_role_beside_an_organisation_is_that_organisations(client, koica_and_adb):
    assert found(client, "projects", role="funding", organisation="koica") == ["one"]
    assert found(client, "projects", role=["funding", "implementing"], organisation="koica") == ["one", "two"]
    assert found(client, "projects", role="funding", organisation=["koica", "adb"]) == ["one", "three", "two"]


def test_counts_of_roles_beside_an_organisation_are_that_organisations(client, koica_and_adb):
    assert offered(client, "projects", "role") == {"funding": 3, "implementing": 2}
    assert offered(client, "projects", "role", organisation="koica") == {"funding": 1, "implementing": 1}
    assert offered(client, "projects", "role", organisation="koica", role="funding") == {
        "funding": 1,
        "implementing": 1,
    }


def test_counts_of_organisations_beside_a_role_are_of_that_role(client, koica_and_adb):
    assert offered(client, "projects", "organisation") == {"koica": 2, "adb": 3}
    assert offered(client, "projects", "organisation", role="funding") == {"koica": 1, "adb": 2}
    assert offered(client, "projects", "organisation", role="funding", organisation="koica") == {"koica": 1, "adb": 2}


def test_organisation_that_takes_part_twice_counts_once(client, koica_and_adb):
    one = Project.objects.get(key="one")
    make_participation(project=one, organisation=one.organisations.get(key="koica"), role=Role.PARTNER)
    assert offered(client, "projects", "organisation") == {"koica": 2, "adb": 3}


# ── A place includes its parts ───────────────────────────────────────────────────────────────────────────────


def test_place_covers_its_parts(client):
    sea = make_place(key="aral-sea", kind=Place.Kind.LAKE)
    north = make_place(key="north-aral-sea", kind=Place.Kind.LAKE, part_of=sea)
    make_project(key="in-the-whole").places.add(sea)
    make_project(key="in-the-part").places.add(north)
    make_project(key="in-both").places.add(sea, north)
    make_project(key="elsewhere").places.add(make_place(key="balkhash"))
    assert found(client, "projects", place="aral-sea") == ["in-both", "in-the-part", "in-the-whole"]
    assert found(client, "projects", place="north-aral-sea") == ["in-both", "in-the-part"]
    assert offered(client, "projects", "place") == {"aral-sea": 3, "north-aral-sea": 2, "balkhash": 1}


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("projects", lambda key, place: make_project(key=key).places.add(place)),
        ("timeline", lambda key, place: make_event(key=key).places.add(place)),
    ],
)
def test_place_covers_the_parts_of_its_parts_too(client, name, make):
    basin = make_place(key="aral-sea-basin", kind=Place.Kind.RIVER)
    sea = make_place(key="aral-sea", kind=Place.Kind.LAKE, part_of=basin)
    north = make_place(key="north-aral-sea", kind=Place.Kind.LAKE, part_of=sea)
    for key, place in (("in-the-basin", basin), ("in-the-part", north), ("elsewhere", make_place(key="balkhash"))):
        make(key, place)
    assert found(client, name, place="aral-sea-basin") == ["in-the-basin", "in-the-part"]
    assert found(client, name, place="aral-sea") == ["in-the-part"]
    assert offered(client, name, "place") == {"aral-sea-basin": 2, "aral-sea": 1, "north-aral-sea": 1, "balkhash": 1}


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("projects", lambda key, issue: make_answer(project=make_project(key=key), issue=issue)),
        ("agreements", lambda key, issue: make_agreement(key=key).issues.add(issue)),
    ],
)
def test_main_issue_covers_the_issues_under_it(client, name, answer):
    scarcity = make_issue(key="water-scarcity")
    glaciers = make_issue(key="glacier-melt", parent=scarcity)
    answer("main", scarcity)
    answer("under-it", glaciers)
    answer("other", make_issue(key="dust"))
    assert found(client, name, issue="water-scarcity") == ["main", "under-it"]
    assert found(client, name, issue="glacier-melt") == ["under-it"]
    assert offered(client, name, "issue") == {"water-scarcity": 2, "glacier-melt": 1, "dust": 1}


def test_project_that_answers_a_main_issue_and_one_under_it_counts_once(client):
    scarcity = make_issue(key="water-scarcity")
    project = make_project(key="both")
    for issue in (scarcity, make_issue(key="glacier-melt", parent=scarcity)):
        make_answer(project=project, issue=issue)
    assert Issue.objects.count() == 2
    assert found(client, "projects", issue="water-scarcity") == ["both"]
    assert offered(client, "projects", "issue") == {"water-scarcity": 1, "glacier-melt": 1}


def test_goal_covers_its_targets_and_a_target_only_itself(client):
    for key, codes in {"goal": ["6"], "target": ["6.4"], "two-targets": ["6.4", "6.5"], "other": ["13"]}.items():
        project = make_project(key=key)
        for code in codes:
            make_sdg(project, code)
    assert found(client, "projects", sdg="6") == ["goal", "target", "two-targets"]
    assert found(client, "projects", sdg="6.4") == ["target", "two-targets"]
    assert found(client, "projects", sdg=["6.5", "13"]) == ["other", "two-targets"]
    assert offered(client, "projects", "sdg") == {"6": 3, "13": 1}


def test_chosen_target_is_counted_as_the_goals_are(client):
    make_sdg(make_project(key="one"), "6.4")
    make_sdg(make_project(key="two"), "6.5")
    response = client.get("/en/projects/", {"sdg": "6.4"})
    assert reading.options(response, "sdg") == {"6.4": 1, "6": 2}
    assert [words for words, _address in reading.chips(response)] == ["SDG: 6.4"]


@pytest.mark.parametrize("code", ["6.99", "18", "6."])
def test_target_that_no_project_names_is_told(client, code):
    make_sdg(make_project(), "6.4")
    response = client.get("/en/projects/", {"sdg": code})
    assert reading.problems(response) == [f"SDG: “{code}” was not found and was ignored."]


def test_marker_of_0_is_neither_found_nor_counted(client):
    scores = {"principal": 2, "significant": 1, "not-targeted": 0}
    for key, significance in scores.items():
        make_rio_marker(project=make_project(key=key), marker=RioMarker.Marker.ADAPTATION, significance=significance)
    make_rio_marker(project=make_project(key="another"), marker=RioMarker.Marker.MITIGATION, significance=0)
    assert found(client, "projects", marker="adaptation") == ["principal", "significant"]
    assert offered(client, "projects", "marker") == {"adaptation": 2}


def test_marker_and_its_score_are_of_one_row(client):
    project = make_project(key="mixed")
    make_rio_marker(project=project, marker=RioMarker.Marker.ADAPTATION, significance=0)
    make_rio_marker(project=project, marker=RioMarker.Marker.MITIGATION, significance=2)
    assert found(client, "projects", marker="adaptation") == []
    assert found(client, "projects", marker="mitigation") == ["mixed"]


# ── Years in which a project runs ────────────────────────────────────────────────────────────────────────────

SPANS = {
    "closed": {"start": "2010", "end": "2014-06"},
    "one-year": {"start": "2014", "end": "2014"},
    "to-the-day": {"start": "2014-12-31", "end": "2016-01-01"},
    "goes-on": {"start": "2012", "end": None, "status": "implementation", "status_as_of": "2026"},
    "went-on": {"start": "2013", "end": None, "status": "implementation", "status_as_of": "2015-06"},
    "goes-on-undated": {"start": "2013", "end": None, "status": "implementation", "status_as_of": None},
    "over-once": {"start": "2012", "end": None, "status": "closed"},
    "only-end": {"start": None, "end": "2014"},
    "undated": {"start": None, "end": None},
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, set(SPANS)),
        ({"year_from": 2014}, {"closed", "one-year", "to-the-day", "goes-on", "went-on", "only-end"}),
        ({"year_from": 2015}, {"to-the-day", "goes-on", "went-on"}),
        ({"year_from": 2016}, {"to-the-day", "goes-on"}),
        ({"year_from": 2017}, {"goes-on"}),
        ({"year_to": 2011}, {"closed"}),
        ({"year_to": 2012}, {"closed", "goes-on", "over-once"}),
        (
            {"year_to": 2014},
            {"closed", "one-year", "to-the-day", "goes-on", "went-on", "goes-on-undated", "over-once"},
        ),
        ({"year_from": 2014, "year_to": 2014}, {"closed", "one-year", "to-the-day", "goes-on", "went-on"}),
        ({"year_from": 2012, "year_to": 2012}, {"closed", "goes-on", "over-once"}),
    ],
)
def test_years_find_projects_whose_known_span_touches_them(client, on, query, expected):
    on("2026-11-27")
    for key, fields in SPANS.items():
        make_project(key=key, **fields)
    assert set(found(client, "projects", **query)) == expected


# ── Parties of agreements ────────────────────────────────────────────────────────────────────────────────────


def test_country_of_an_agreement_is_a_party_or_the_country_of_one(client):
    uzbekistan, kazakhstan = make_country(key="uz"), make_country(key="kz")
    ministry = make_organisation(country=uzbekistan)
    make_party(agreement=make_agreement(key="by-country"), country=uzbekistan)
    make_party(agreement=make_agreement(key="by-organisation"), organisation=ministry)
    both = make_agreement(key="by-both")
    make_party(agreement=both, country=uzbekistan)
    make_party(agreement=both, organisation=ministry)
    make_party(agreement=make_agreement(key="other"), country=kazakhstan)
    assert found(client, "agreements", country="uz") == ["by-both", "by-country", "by-organisation"]
    assert offered(client, "agreements", "country") == {"uz": 3, "kz": 1}


def test_organisations_of_any_country_can_be_asked_for(client):
    make_organisation(key="jica", country=make_country(key="jp", group="", name_en="Japan"))
    make_organisation(key="adb", country=None)
    assert found(client, "organisations", country="jp") == ["jica"]
    assert offered(client, "organisations", "country") == {"jp": 1}


# ── The work of organisations: country, issue, area and role of one and the same project ────────────────────


@pytest.fixture
def at_work():
    """Four organisations: `one` did all in one project, `two` in two; `host` as a partner, `past` in a draft."""
    kyrgyzstan, uzbekistan = make_country(key="kg"), make_country(key="uz")
    desert, water = make_issue(key="desert"), make_issue(key="water")
    sand = make_issue(key="sand", parent=desert)

    def work(country, issue, *roles, publication="published", area=Area.FORESTRY):
        project = make_project(publication=publication)
        project.countries.add(country)
        make_answer(project=project, issue=issue)
        make_area(project, area)
        for key, role in roles:
            make_participation(project=project, organisation=organisations[key], role=role)

    organisations = {key: make_organisation(key=key) for key in ("one", "two", "host", "past")}
    work(kyrgyzstan, sand, ("one", Role.FUNDING), ("host", Role.PARTNER))
    work(kyrgyzstan, water, ("two", Role.FUNDING), area=Area.ENERGY)
    work(uzbekistan, desert, ("two", Role.FUNDING), ("host", Role.FUNDING))
    work(kyrgyzstan, desert, ("past", Role.FUNDING), publication="draft")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"works_in": "kg"}, ["host", "one", "two"]),
        ({"issue": "desert"}, ["host", "one", "two"]),
        ({"works_in": "kg", "issue": "desert"}, ["host", "one"]),
        ({"works_in": "kg", "issue": "desert", "role": "funding"}, ["one"]),
        ({"works_in": "kg", "area": "forestry"}, ["host", "one"]),
        ({"works_in": "uz", "issue": "sand"}, []),
        (
            {"works_in": ["kg", "uz"], "issue": ["sand", "water"], "role": ["funding", "partner"]},
            ["host", "one", "two"],
        ),
    ],
)
def test_work_of_an_organisation_is_of_one_and_the_same_project(client, at_work, query, expected):
    assert found(client, "organisations", **query) == expected


def test_each_count_of_work_is_the_length_of_its_list(client, at_work):
    for query in (
        {},
        {"works_in": "kg"},
        {"issue": "desert", "role": "funding"},
        {"kind": "government", "area": "energy"},
    ):
        for facet in ("works_in", "issue", "area", "role"):
            counts = offered(client, "organisations", facet, **query)
            assert counts == {
                value: len(found(client, "organisations", **(query | {facet: value}))) for value in counts
            }
    assert offered(client, "organisations", "issue", works_in="kg") == {"desert": 2, "sand": 2, "water": 1}


def test_country_of_an_organisation_is_its_seat_and_not_where_it_works(client, at_work):
    make_organisation(key="idle", country=Place.objects.get(key="kg"))
    assert found(client, "organisations", country="kg") == ["idle"]


def test_areas_of_projects_and_agreements_keep_apart(client):
    make_area(make_project(key="project"), Area.FORESTRY)
    make_area(make_agreement(key="agreement"), Area.FORESTRY)
    assert found(client, "projects", area="forestry") == ["project"]
    assert found(client, "agreements", area="forestry") == ["agreement"]


def test_organisation_is_found_by_its_acronym(client):
    make_organisation(key="koica", acronym="KOICA")
    make_organisation(key="other", name_en="Asian Development Bank")
    assert found(client, "organisations", q="koica") == ["koica"]


# ── Results: their own values, or those of their project ─────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("facet", "value", "give"),
    [
        ("area", "forestry", lambda record: make_area(record, Area.FORESTRY)),
        ("country", "uz", lambda record: record.countries.add(Place.objects.get(key="uz"))),
        ("issue", "salt", lambda record: give_issue(record, "salt")),
        ("issue", "dust", lambda record: give_issue(record, "salt")),  # an issue includes its sub-issues
    ],
)
def test_result_has_the_values_of_its_published_project_or_its_own(client, facet, value, give):
    make_country(key="uz")
    make_country(key="kz")
    make_issue(key="salt", parent=make_issue(key="dust"))
    shown, hidden, other = make_project(), make_project(publication="draft"), make_project()
    for key, project in (("of-project", shown), ("of-hidden", hidden), ("of-other", other), ("own", None)):
        result = make_result(key=key, project=project)
        if project is None:
            give(result)
    give(shown)
    give(hidden)
    assert found(client, "lessons", **{facet: value}) == ["of-project", "own"]
    assert offered(client, "lessons", facet)[value] == 2


def give_issue(record, key):
    issue = Issue.objects.get(key=key)
    if isinstance(record, Project):
        make_answer(project=record, issue=issue)
    else:
        record.issues.add(issue)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("started_from=2012", {"y2012", "y2013"}),
        ("started_to=2012", {"y2011", "y2012"}),
        ("started_from=2012&started_to=2012", {"y2012"}),
        ("started_from=20", {"y2011", "y2012", "y2013", "never"}),
    ],
)
def test_list_can_be_asked_for_years_of_start(query, found):
    for key, start in (("y2011", "2011-12-31"), ("y2012", "2012-05"), ("y2013", "2013"), ("never", None)):
        make_project(key=key, start=start)
    filterset = ProjectFilter(QueryDict(query), queryset=Project.objects.published())
    assert {project.key for project in filterset.qs} == found


def test_list_keeps_years_of_start_in_its_form(client):
    make_project(start="2012-05")
    tree = page(client.get("/en/projects/?started_from=2012&started_to=2014"))
    assert tree.xpath("//form[@id='filters']//input[starts-with(@name, 'started')]/@value") == ["2012", "2014"]
    assert tree.xpath("//details[@open]//input[@name='started_from']")
