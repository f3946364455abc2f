"""The page of ties, its filters and its files."""

import datetime
import json

import pytest
from django.utils import timezone

from portal.core.choices import PublicationStatus
from portal.models import Place
from projects.models import Organisation
from tests import reading
from tests.make import (
    make_agreement,
    make_country,
    make_organisation,
    make_outcome,
    make_participation,
    make_party,
    make_place,
    make_project,
)
from tests.portal.formats import files

pytestmark = pytest.mark.django_db

LOCAL = Organisation.Kind.LOCAL_GOVERNMENT


def tie(one, other, **fields):
    agreement = make_agreement(**fields)
    for organisation in (one, other):
        make_party(agreement=agreement, organisation=organisation)
    return agreement


@pytest.fixture
def set_today(monkeypatch):
    """Return a function that sets the day."""

    def set_day(text):
        monkeypatch.setattr(timezone, "localdate", lambda *args: datetime.date.fromisoformat(text))

    return set_day


@pytest.fixture
def world(set_today):
    """Suwon with two ties and Busan, outside Gyeonggi, with one."""
    set_today("2026-11-27")
    korea = make_country(key="kr", group=Place.Group.KOREA, name_en="Korea")
    province = make_place(key="gyeonggi", kind=Place.Kind.PROVINCE, name_en="Gyeonggi Province", country=korea)
    suwon = make_place(key="suwon", name_en="Suwon", part_of=province, country=korea)
    busan = make_place(key="busan", name_en="Busan", country=korea)
    uz, kz = make_country(key="uz", name_en="Uzbekistan"), make_country(key="kz", name_en="Kazakhstan")
    make_country(key="tj", name_en="Tajikistan")
    fergana = make_place(key="fergana", name_en="Fergana", country=uz, latitude="40.4", longitude="71.8")
    city = make_organisation(key="suwon-city", kind=LOCAL, country=korea, seat=suwon)
    port = make_organisation(key="busan-city", kind=LOCAL, country=korea, seat=busan)
    partner = make_organisation(key="fergana-city", kind=LOCAL, country=uz, seat=fergana)
    ministry = make_organisation(key="ministry", name_en="Ministry of Health", country=kz)
    agreement = tie(city, partner, key="sisters", date="2008", kind="sister-city")
    make_outcome(agreement=agreement, project=make_project(key="trees", title_en="Trees for Fergana"))
    tie(city, ministry, key="health", date="2025-07-04", kind="mou")
    tie(port, partner, key="port", date="2024-06", kind="friendship-city")
    return city, partner


def cells(response):
    """Return the table of ties as text, by row and column."""
    table = reading.page(response).find_class("ties")[0]
    heads = [reading.words(head) for head in table.xpath(".//thead//th")][1:]
    return {
        reading.words(row.xpath("./th")[0]): dict(zip(heads, map(reading.words, row.xpath("./td")), strict=True))
        for row in table.xpath(".//tbody/tr")
    }


def test_table_has_kind_date_state_and_what_came_of_it(client, world):
    [(name, row)] = cells(client.get("/en/gyeonggi/ties/")).items()
    assert name == "Suwon"
    assert row == {
        "Kazakhstan": "Kazakhstan Ministry of Health Memorandum of understanding, 4 July 2025 "
        "Active, last sign 4 July 2025 No source that was read says what came of it.",
        "Uzbekistan": "Uzbekistan Fergana Sister-city ties, 2008 Quiet since 2008 What came of it Trees for Fergana",
    }


def test_countries_without_a_tie_are_named_and_empty_cells_say_so(client, world):
    tie(
        make_organisation(kind=LOCAL, seat=Place.objects.get(key="gyeonggi"), country=Place.objects.get(key="kr")),
        world[1],
        date="2020",
    )
    response = client.get("/en/gyeonggi/ties/")
    assert reading.said(response, "tie-without") == ["No sourced tie was found with: Tajikistan"]
    assert cells(response)["Gyeonggi Province"]["Kazakhstan"] == "Kazakhstan no sourced tie"


def test_table_has_row_and_column_headers(client, world):
    table = reading.page(client.get("/en/gyeonggi/ties/")).find_class("ties")[0]
    assert {head.get("scope") for head in table.xpath(".//thead//th")} == {"col"}
    assert [head.get("scope") for head in table.xpath(".//tbody/tr/th")] == ["row"]


@pytest.mark.parametrize(
    ("query", "partners"),
    [
        ({"country": "uz"}, {"Uzbekistan"}),
        ({"country": "KZ"}, {"Kazakhstan"}),
        ({"kind": "sister-city"}, {"Uzbekistan"}),
        ({"state": "active"}, {"Kazakhstan"}),
        ({"state": "quiet"}, {"Uzbekistan"}),
        ({"korea": "1"}, {"Kazakhstan", "Uzbekistan"}),
    ],
)
def test_filters(client, world, query, partners):
    response = client.get("/en/gyeonggi/ties/", query)
    assert {name for row in cells(response).values() for name in row} == partners


def test_filters_together_find_what_has_all_of_them(client, world):
    response = client.get("/en/gyeonggi/ties/", {"country": "kz", "state": "quiet"})
    assert reading.said(response, "unknown") == ["No sourced tie matches these filters."]
    assert reading.count(response) == "0 ties of 2"


def test_the_form_offers_the_filters_and_shows_what_is_chosen(client, world):
    form = reading.page(client.get("/en/gyeonggi/ties/", {"country": "uz"})).xpath("//main//form")[0]
    assert form.xpath(".//select/@name") == ["country", "kind", "state"]
    assert form.xpath(".//option[@selected]/@value") == ["uz"]


def test_all_of_korea_has_other_provinces_too(client, world):
    assert set(cells(client.get("/en/gyeonggi/ties/", {"korea": "1"}))) == {"Suwon", "Busan"}


def test_joint_project_is_a_kind(client, world):
    city, _partner = world
    kyrgyzstan = make_country(key="kg", name_en="Kyrgyzstan")
    other = make_organisation(key="other", name_en="Bishkek City Hall", country=kyrgyzstan)
    project = make_project(title_en="Green park", start="2026")
    for organisation in (city, other):
        make_participation(project=project, organisation=organisation)
    [row] = cells(client.get("/en/gyeonggi/ties/", {"kind": "project"})).values()
    assert row == {
        "Kyrgyzstan": "Kyrgyzstan Bishkek City Hall No agreement in the sources Active, last sign 2026 "
        "Joint projects Green park"
    }


@pytest.mark.parametrize("name", ["country", "kind", "state", "korea"])
def test_wrong_value_is_a_message_on_the_page_and_refused_in_files(client, world, name):
    response = client.get("/en/gyeonggi/ties/", {name: "<b>"})
    assert len(reading.problems(response)) == 1
    assert b"<b>" not in response.content
    assert set(cells(response)) == {"Suwon"}
    assert client.get("/en/gyeonggi/ties/", {name: "<b>", "format": "csv"}).status_code == 400


def test_files_have_the_ties_of_the_page(client, world):
    rows = files.table(client.get("/en/gyeonggi/ties/?format=csv&state=quiet"))
    assert [(row["Korean side"], row["Partner"], row["Since"], row["State"]) for row in rows] == [
        ("Suwon", "Fergana", "2008", "Quiet")
    ]
    assert rows[0]["What came of it"] == "trees"
    items = json.loads(files.content(client.get("/en/gyeonggi/ties/?format=json&korea=1")))["items"]
    assert sorted(item["agreements"] for item in items) == ["health", "port", "sisters"]
    assert files.content(client.get("/en/gyeonggi/ties/?format=xlsx"))[:2] == b"PK"


def test_state_turns_over_at_midnight(client, world, set_today):
    set_today("2027-07-04")
    assert "Active, last sign 4 July 2025" in cells(client.get("/en/gyeonggi/ties/"))["Suwon"]["Kazakhstan"]
    set_today("2027-07-05")
    assert "Quiet since 4 July 2025" in cells(client.get("/en/gyeonggi/ties/"))["Suwon"]["Kazakhstan"]


def test_unpublished_records_do_not_show(client, world):
    city, partner = world
    draft = {"publication": PublicationStatus.DRAFT}
    hidden = make_organisation(key="hidden", name_en="Unseen", country=partner.country, **draft)
    tie(city, hidden, date="2026")
    tie(city, partner, title_en="Unseen", date="2026", **draft)
    tie(make_organisation(name_en="Unseen", kind=LOCAL, country=city.country, seat=city.seat, **draft), partner)
    agreement = tie(city, partner, date="2009")
    make_outcome(agreement=agreement, project=make_project(title_en="Unseen", **draft))
    for query in ("", "?korea=1", "?format=csv", "?format=json"):
        assert b"Unseen" not in files.content(client.get(f"/en/gyeonggi/ties/{query}")), query
    assert b"Unseen" not in client.get("/en/gyeonggi/").content
