"""The page of Korea: its numbers are those of the lists that it links to."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import Place
from tests import reading
from tests.conftest import empty_caches
from tests.counting import settle
from tests.make import (
    make_agreement,
    make_country,
    make_event,
    make_indicator,
    make_observation,
    make_organisation,
    make_page_indicator,
    make_participation,
    make_party,
    make_place,
    make_project,
    make_result,
)

pytestmark = pytest.mark.django_db


def make_relations(uz, korea, number):
    """Make a project and an agreement each of Gyeonggi, two cities and an agency; an event and a result."""
    gyeonggi = Place.objects.filter(key="gyeonggi").first() or make_place(
        key="gyeonggi", name_en="Gyeonggi", kind="province"
    )
    yongin = make_place(key=f"yongin-{number}", name_en="Yongin", part_of=gyeonggi)
    busan = make_place(key=f"busan-{number}", name_en="Busan")
    partner = make_organisation(country=uz)
    for seat, kind, level in (
        (gyeonggi, "local-government", "provincial"),
        (yongin, "local-government", "municipal"),
        (busan, "local-government", "municipal"),
        (None, "government", "national"),
    ):
        body = make_organisation(kind=kind, country=korea, seat=seat, name_en=f"Body {level} {number}")
        project = make_project(
            level=level, status="implementation", status_as_of=timezone.localdate().isoformat(), start="2020"
        )
        project.countries.add(uz)
        make_participation(project=project, organisation=body)
        agreement = make_agreement(kind="mou", date=f"20{10 + number}", title_en=f"Memorandum {number}")
        for organisation in (body, partner):
            make_party(agreement=agreement, organisation=organisation)
    make_result(kind="result", project=project, text_en="Trees grew.")
    make_event(kind="relations", date="1992-01", title_en="Relations begin").countries.add(uz)


@pytest.fixture
def uz():
    return make_country(key="uz", name_en="Uzbekistan")


@pytest.fixture
def korea():
    return make_country(key="kr", name_en="Republic of Korea", group="korea")


def linked_numbers(response, path):
    """Return pairs of URL and number of the links under a path that are numbers."""
    links = reading.page(response).xpath(f"{path}//a")
    return [(a.get("href"), int(reading.words(a))) for a in links if reading.words(a).isdecimal()]


def test_tables_show_the_numbers_of_the_lists_they_link_to(client, uz, korea):
    make_country(key="tm", name_en="Turkmenistan")
    make_relations(uz, korea, 0)
    response = client.get("/en/countries/kr/")
    numbers = [pair for name in ("matrix", "partners", "provinces") for pair in linked_numbers(response, section(name))]
    assert len(numbers) > 15
    assert [(url, client.get(url).context["count"]) for url, _n in numbers if "ties" not in url] == [
        pair for pair in numbers if "ties" not in pair[0]
    ]
    assert ("/en/gyeonggi/ties/?country=uz&korea=1", 3) in numbers
    assert client.get("/en/gyeonggi/ties/?country=uz&korea=1").context["count"] == 3


def section(name):
    return f"//section[@aria-labelledby='{name}']"


def test_matrix_has_a_row_for_each_country_and_for_all_projects_of_korea(client, uz, korea):
    make_country(key="tm", name_en="Turkmenistan")
    make_relations(uz, korea, 0)
    make_project(level="national").countries.add(uz)  # without a Korean body
    rows = reading.page(client.get("/en/countries/kr/")).xpath(f"{section('matrix')}//tr")
    assert [reading.words(row) for row in rows] == [
        "Country Projects National Provincial Municipal Multilateral Private Academic",
        "Turkmenistan 0 0 0 0 0 0 0",
        "Uzbekistan 5 2 1 2 0 0 0",
        "All projects of Korea 4 1 1 2 0 0 0",
    ]


def test_gyeonggi_leads_the_provinces_and_opens_its_front_page(client, uz, korea):
    make_relations(uz, korea, 0)
    rows = reading.page(client.get("/en/countries/kr/")).xpath(f"{section('provinces')}//tbody/tr")
    assert [reading.words(row) for row in rows] == [
        "Gyeonggi province, cities and institutions 2 2",
        "Busan 1 1",
        "Yongin 1 1",
    ]
    assert rows[0].xpath("th/a/@href") == ["/en/gyeonggi/"]


def test_row_of_gyeonggi_has_the_numbers_of_its_front_page(client, uz, korea):
    """It once had all projects of the province with its cities, but only the ties of the provincial government."""
    make_relations(uz, korea, 0)
    projects, ties = linked_numbers(client.get("/en/countries/kr/"), f"{section('provinces')}//tbody/tr[1]/td")
    assert (projects[1], ties[1]) == (2, 2)
    counts = client.get("/en/gyeonggi/").context["counts"]
    assert {url: count for count, _words, url in counts if url in (projects[0], ties[0])} == dict([projects, ties])


def test_provinces_without_projects_or_ties_are_named(client, uz, korea):
    """A place that no page names could be found by search only."""
    make_relations(uz, korea, 0)
    jeju = make_place(key="jeju", name_en="Jeju", kind="province", country=korea)
    make_place(key="hidden", name_en="Hidden", kind="province", country=korea, publication="draft")
    make_place(key="seogwipo", name_en="Seogwipo", kind="city", country=korea, part_of=jeju)
    make_place(key="khorezm", name_en="Khorezm", kind="province", country=uz)
    page = reading.page(client.get("/en/countries/kr/"))
    named = page.xpath(f"{section('provinces')}//dt[normalize-space() = 'No projects or ties recorded']/../dd//a/@href")
    assert named == ["/en/places/jeju/"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Each row counts the projects and ties of that local government. Gyeonggi’s row adds"),
        ("ko", "각 행은 해당 지방정부의 사업과 교류를 셉니다. 경기도 행에는"),
        ("ru", "В каждой строке указаны проекты и связи местных властей. В строке Кёнгидо учтены также"),
    ],
)
def test_section_of_provinces_says_what_its_numbers_count(client, uz, korea, language, words):
    make_relations(uz, korea, 0)
    [found] = reading.page(client.get(f"/{language}/countries/kr/")).xpath(section("provinces"))
    assert words in reading.words(found)


def test_agreements_by_kind_and_relations_by_decade(client, uz, korea):
    make_relations(uz, korea, 0)
    page = reading.page(client.get("/en/countries/kr/"))
    assert reading.words(page.xpath(f"{section('since')}//li")[0]) == "Memorandum of understanding 4"
    assert client.get(page.xpath(f"{section('since')}//li/a/@href")[0]).context["count"] == 4
    decades = page.xpath(f"{section('events')}/details")
    assert [reading.words(one.find("summary")) for one in decades] == ["2010–2019 (4)", "1990–1999 (1)"]
    assert "Relations begin" in reading.words(decades[1])


def test_page_of_korea_says_of_results_what_their_list_has(client, uz, korea):
    make_relations(uz, korea, 0)
    [part] = reading.page(client.get("/en/countries/kr/")).xpath(section("projects"))
    assert "Trees grew." in reading.words(part)
    assert "reports results" not in reading.words(part)
    [url] = part.xpath(".//a[contains(@href, '/lessons/?')]/@href")
    assert client.get(url).context["count"] == 1


def test_aid_is_drawn_and_what_partners_received_stands_beside(client, uz, korea):
    aid, received = make_indicator(key="aid", name_en="Aid"), make_indicator(key="received", name_en="Aid received")
    for position, indicator in enumerate((aid, received)):
        make_page_indicator(indicator=indicator, page="korea", position=position)
    for year in (2018, 2019, 2020):
        make_observation(indicator=aid, place=korea, year=year)
    make_observation(indicator=received, place=uz, year=2020, value=7)
    page = reading.page(client.get("/en/countries/kr/"))
    assert page.xpath(f"{section('aid')}//figure/@id") == ["chart-aid"]
    head, row = page.xpath(f"{section('partners')}//tr")
    assert reading.words(head).endswith("Aid received")
    assert "2020" in reading.words(row)


@pytest.mark.any_database
def test_page_of_korea_asks_the_same_of_the_database_for_one_as_for_three(client, uz, korea):
    counts = []
    make_relations(uz, korea, 0)
    client.get("/en/about/")
    for more in ((), (1, 2)):
        for number in more:
            make_relations(uz, korea, number)
        settle()
        empty_caches()
        with CaptureQueriesContext(connection) as asked:
            client.get("/en/countries/kr/")
        counts.append(len(asked))
    assert counts[0] == counts[1]
