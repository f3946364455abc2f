"""What is of Gyeonggi, and the filter for it on lists, map, coverage, search, API and files."""

import pytest

from portal.core.choices import PublicationStatus
from portal.facets import registry
from portal.facets.filters import OfGyeonggi
from portal.models import Place
from portal.search import indexing
from projects.models import Agreement, Organisation, Project, Result
from tests import reading
from tests.make import (
    make_agreement,
    make_country,
    make_event,
    make_organisation,
    make_participation,
    make_party,
    make_place,
    make_project,
    make_result,
)
from tests.portal.formats import files

pytestmark = pytest.mark.django_db

DRAFT = PublicationStatus.DRAFT
Kind = Organisation.Kind


@pytest.fixture
def province():
    """The province with one city in it."""
    province = make_place(key="gyeonggi", kind=Place.Kind.PROVINCE, name_en="Gyeonggi Province")
    return province, make_place(key="suwon", name_en="Suwon", part_of=province)


@pytest.fixture
def world(province):
    """Records of Gyeonggi whose key begins with `in`, and others whose key begins with `out`."""
    province, suwon = province
    seoul = make_place(key="seoul", name_en="Seoul")
    government = make_organisation(key="in-province", kind=Kind.LOCAL_GOVERNMENT, seat=province)
    hospital = make_organisation(key="in-hospital", kind=Kind.PRIVATE_SECTOR, seat=suwon)
    agency = make_organisation(key="out-agency", kind=Kind.GOVERNMENT, seat=suwon)
    others = [agency, make_organisation(key="out-seoul", seat=seoul), make_organisation(key="out-unknown")]
    draft = make_organisation(key="in-draft", kind=Kind.PRIVATE_SECTOR, seat=suwon, publication=DRAFT)
    for number, body in enumerate((government, hospital)):
        make_participation(project=make_project(key=f"in-body-{number}"), organisation=body)
        make_party(agreement=make_agreement(key=f"in-body-{number}"), organisation=body)
    for number, body in enumerate((*others, draft)):
        make_participation(project=make_project(key=f"out-body-{number}"), organisation=body)
        make_party(agreement=make_agreement(key=f"out-body-{number}"), organisation=body)
    for make in (make_project, make_event):
        make(key="in-place").places.add(suwon)
        make(key="out-place").places.add(seoul)
    make_result(key="in-result", project=Project.objects.get(key="in-place"))
    make_result(key="out-result", project=Project.objects.get(key="out-place"))
    make_project(key="in-hidden", publication=DRAFT).places.add(suwon)
    return government


def keys(queryset):
    return sorted(queryset.values_list("key", flat=True))


def test_projects_of_gyeonggi_have_a_body_seated_there_or_name_a_place_there(world):
    assert keys(Project.objects.published().of_gyeonggi()) == ["in-body-0", "in-body-1", "in-place"]


def test_agreements_of_gyeonggi_have_a_party_seated_there(world):
    assert keys(Agreement.objects.published().of_gyeonggi()) == ["in-body-0", "in-body-1"]


def test_results_of_gyeonggi_are_those_of_its_projects(world):
    assert keys(Result.objects.published().of_gyeonggi()) == ["in-result"]


def test_bodies_of_the_national_government_are_not_of_gyeonggi_wherever_their_seat_is(world):
    assert keys(Organisation.objects.published().of_gyeonggi()) == ["in-hospital", "in-province"]


def test_index_has_the_same_projects_as_the_queryset(world):
    ids = registry.facet_index(Project).facets["gyeonggi"][OfGyeonggi.YES]
    assert set(ids) == set(Project.objects.published().of_gyeonggi().values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_index_follows_a_seat_that_changes(world):
    assert len(registry.facet_index(Project).facets["gyeonggi"][OfGyeonggi.YES]) == 3
    world.seat = None
    world.save()
    assert len(registry.facet_index(Project).facets["gyeonggi"][OfGyeonggi.YES]) == 2


LISTS = {
    "projects": ["in-body-0", "in-body-1", "in-place"],
    "agreements": ["in-body-0", "in-body-1"],
    "lessons": ["in-result"],
    "organisations": ["in-hospital", "in-province"],
    "timeline": ["in-body-0", "in-body-1", "in-place"],
}


@pytest.mark.parametrize("name", LISTS)
def test_filter_finds_and_counts(client, world, name):
    offered = reading.options(client.get(f"/en/{name}/"), "gyeonggi")
    response = client.get(f"/en/{name}/", {"gyeonggi": "1"})
    assert list(offered.values()) == [len(LISTS[name])]
    own = [key for key in LISTS[name] if name != "timeline" or key == "in-place"]  # agreements have pages elsewhere
    assert sorted(reading.shown(response)) == own
    assert reading.chips(response) == [("Gyeonggi: Province, cities, institutions", f"/en/{name}/")]


@pytest.mark.parametrize("name", LISTS)
def test_filter_with_another_value_says_so_and_shows_the_whole_list(client, world, name):
    whole, wrong = client.get(f"/en/{name}/"), client.get(f"/en/{name}/", {"gyeonggi": "yes"})
    assert reading.shown(wrong) == reading.shown(whole)
    assert len(reading.problems(wrong)) == 1


@pytest.mark.parametrize("name", ["projects", "agreements", "results", "organisations", "events"])
def test_api_has_the_filter(client, world, name):
    found = client.get(f"/api/v1/{name}", {"gyeonggi": "1"}).json()
    assert found["count"] > 0
    assert {record["key"].partition("-")[0] for record in found["items"]} == {"in"}
    assert client.get(f"/api/v1/{name}", {"gyeonggi": "2"}).status_code == 400


def test_files_have_the_filter(client, world):
    rows = files.items(client.get("/en/projects/", {"gyeonggi": "1", "format": "json"}))
    assert sorted(row["key"] for row in rows) == LISTS["projects"]


def test_coverage_and_map_have_the_filter(client, world):
    uz = make_country(key="uz", name_en="Uzbekistan")
    for project in Project.objects.filter(key__in=("in-place", "out-place")):
        project.countries.add(uz)
    for path in ("coverage", "map"):
        offered = reading.options(client.get(f"/en/{path}/"), "gyeonggi")
        assert list(offered.values()) == [3], path
        assert client.get(f"/en/{path}/", {"gyeonggi": "1"}).status_code == 200
    assert client.get("/en/map/", {"gyeonggi": "1", "format": "json"}).json()["projects"] == 3


def shown_keys(response):
    """Return the keys of the records that a page of hits shows, which are in groups if they are of several kinds."""
    groups = response.context.get("groups") or []
    hits = [hit for group in groups for hit in group.hits] or response.context["hits"]
    return {hit.record.key for hit in hits}


def test_search_has_the_filter(client, world):
    indexing.flush_index()
    for word in ("trees", "suwon", "korea"):
        whole = client.get("/en/search/", {"q": word})
        response = client.get("/en/search/", {"q": word, "gyeonggi": "1"})
        found = shown_keys(response)
        assert {key for key in found if not key.startswith("in-")} <= {"gyeonggi", "suwon"}, word
        assert len(found) > 0, word
        assert list(reading.options(whole, "gyeonggi").values()) == [response.context["count"]], word
    assert client.get("/en/search/", {"q": "trees", "gyeonggi": "1", "kind": "source"}).context["count"] == 0
