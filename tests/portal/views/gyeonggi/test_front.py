"""The front page of Gyeonggi."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.models import AreaReport
from portal.core.choices import Area
from portal.models import Place
from projects.models import Organisation, Project
from tests import reading
from tests.conftest import empty_caches
from tests.make import (
    make_agreement,
    make_area,
    make_country,
    make_event,
    make_organisation,
    make_participation,
    make_party,
    make_place,
    make_project,
    make_result,
    make_source,
)

pytestmark = pytest.mark.django_db

LOCAL = Organisation.Kind.LOCAL_GOVERNMENT
PAGE = "/en/gyeonggi/"


@pytest.fixture
def city():
    """The government of Suwon in Gyeonggi."""
    korea = make_country(key="kr", group=Place.Group.KOREA, name_en="Korea")
    province = make_place(key="gyeonggi", kind=Place.Kind.PROVINCE, name_en="Gyeonggi Province", country=korea)
    suwon = make_place(key="suwon", name_en="Suwon", part_of=province, country=korea)
    make_place(key="ansan", name_en="Ansan", part_of=province, country=korea)
    return make_organisation(key="suwon-city", kind=LOCAL, country=korea, seat=suwon)


def take_part(city, country="uz", **fields):
    project = make_project(**fields)
    make_participation(project=project, organisation=city)
    if country:
        found = Place.objects.filter(key=country).first() or make_country(key=country, name_en=country.upper())
        project.countries.add(found)
    return project


def section(response, name):
    """Return the text of a section."""
    [found] = reading.page(response).xpath(f"//section[@aria-labelledby='{name}']")
    return reading.words(found)


def grow(city, number):
    """Add one of each kind of record to the page."""
    project = take_part(city, key=f"p{number}", start="2025", status_as_of="2026-05", budget=1_000, currency="USD")
    make_area(project, Area.EDUCATION)
    make_result(key=f"r{number}", project=project)
    partner = make_organisation(key=f"partner-{number}", country=Place.objects.get(key="uz"))
    agreement = make_agreement(key=f"a{number}", date="2020")
    for organisation in (city, partner):
        make_party(agreement=agreement, organisation=organisation)
    make_event(key=f"e{number}", date="2021").places.add(city.seat)


def test_every_number_equals_the_list_that_it_links_to(client, content):
    response = client.get(PAGE)
    links = {}
    for link in reading.page(response).xpath("//main//a[contains(@href, '?gyeonggi=1')]"):
        found = re.findall(r"\d[\d,]*", reading.words(link) or "")
        row = link.xpath("ancestor::li[1]")
        found = found or (re.findall(r"\d[\d,]*", reading.words(row[0])[len(reading.words(link)) :]) if row else [])
        if found and "coverage" not in link.get("href"):
            links[link.get("href")] = int(found[0].replace(",", ""))
    assert len(links) > 12
    wrong = {}
    for address, number in links.items():
        count = client.get(address).context["count"]
        if count != number:
            wrong[address] = (number, count)
    assert wrong == {}


def test_content_has_the_ties_of_the_design(client, content):
    """The province with Almaty region, Yongin with Fergana region, Bucheon with Tokmok, and 31 cities and counties."""
    response = client.get("/en/gyeonggi/ties/")
    keys = {one.tie.key for row in response.context["rows"] for _place, ties in row.cells for one in ties}
    assert {("gyeonggi", "almaty-region"), ("yongin", "fergana-region"), ("gimpo", "fergana-region")} <= keys
    front = client.get(PAGE)
    assert front.context["all_cities"] == 31
    assert len(front.context["ties"]) == 4
    assert {str(words): count for count, words, _url in front.context["counts"]}["ties"] == len(keys)


def test_areas_that_the_report_names_come_first_and_gaps_say_so(client, city):
    source = make_source(key="report", title="Areas of cooperation")
    AreaReport.objects.create(source=source, areas=[Area.FORESTRY, Area.ENERGY], sentence_en="Areas of the report.")
    make_area(take_part(city), Area.ENERGY)
    make_area(take_part(city), Area.EDUCATION)
    make_area(make_project(), Area.FORESTRY)
    rows = [reading.words(row) for row in reading.page(client.get(PAGE)).xpath("//ul[@class='area-rows']/li")]
    assert rows == [
        "Forestry (named in the report) no sourced project all of Korea: 1",
        "Energy (named in the report) 1 all of Korea: 1",
        "Education 1",
    ]


def test_projects_under_way_come_by_their_newest_report(client, city, on):
    on("2026-11-27")
    take_part(city, key="old", status_as_of="2026-01", start="2020")
    take_part(city, key="new", status_as_of="2026-06", start="2020")
    take_part(city, key="stale", status_as_of="2015", start="2010")
    take_part(city, key="done", status=Project.Status.CLOSED, status_as_of="2026-06", start="2020")
    response = client.get(PAGE)
    assert [project.key for project in response.context["current"]] == ["new", "old"]
    assert "1 project was under way when last reported, over two years ago" in section(response, "current")


def test_known_budgets_are_summed_by_currency(client, city):
    for amount in (1_000, 2_000):
        take_part(city, budget=amount, currency="USD")
    take_part(city, budget=5_000, currency="KRW")
    take_part(city)
    make_project(budget=9_000, currency="USD")
    [said] = reading.said(client.get(PAGE), "gyeonggi-money")
    assert "3,000 (2 of 4 projects)" in said
    assert "5,000 (1 of 4 projects)" in said
    assert "9,000" not in said


def test_cities_with_entries_show_their_projects_and_ties(client, city):
    grow(city, 1)
    said = section(client.get(PAGE), "cities")
    assert "1 of 2 have entries" in said
    assert "Suwon 1 1 2020" in said
    assert "Ansan" not in said


def test_newest_records_of_all_kinds_come_first_and_those_ahead_do_not(client, city):
    make_event(key="plan", title_en="Third plan", text_en="Four strands.", date="2026-03-03").places.add(city.seat)
    make_event(key="ahead", title_en="Summit ahead", date="2199").places.add(city.seat)
    take_part(city, key="trees", title_en="Trees", start="2025-05")
    said = section(client.get(PAGE), "latest")
    assert said.index("Third plan event Four strands.") < said.index("Trees project")
    assert "Summit ahead" not in said


def test_page_without_records_says_what_is_not_known(client):
    response = client.get(PAGE)
    assert response.status_code == 200
    assert "No project is known to be under way." in section(response, "current")
    assert "No source that was read reports results." in section(response, "results")


def test_page_of_the_province_links_to_the_front_page(client, city):
    assert PAGE in reading.addresses(client.get("/en/places/gyeonggi/"), "//main")
    assert PAGE not in reading.addresses(client.get("/en/places/suwon/"), "//main")


@pytest.mark.any_database
def test_queries_do_not_grow(client, city):
    def count(address):
        empty_caches()
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    grow(city, 1)
    addresses = (PAGE, "/en/gyeonggi/ties/", "/en/gyeonggi/ties/?korea=1", "/en/gyeonggi/ties/?format=csv")
    few = {address: count(address) for address in addresses}
    for number in range(2, 9):
        grow(city, number)
    assert {address: count(address) for address in addresses} == few
