"""Ties between local governments of Korea and partners in Central Asia."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.core.choices import PublicationStatus
from portal.core.partial_dates import PartialDate
from portal.models import Place
from projects.models import Agreement, Organisation
from projects.ties import JOINT_PROJECT, Tie, local_governments, newest_until, sign_of_project, ties_of
from tests.make import (
    make_activity,
    make_agreement,
    make_country,
    make_event,
    make_organisation,
    make_outcome,
    make_participation,
    make_party,
    make_place,
    make_project,
)

pytestmark = pytest.mark.django_db

TODAY = datetime.date(2026, 11, 27)
DRAFT = PublicationStatus.DRAFT
Kind, State = Agreement.Kind, Agreement.State


def date(text):
    return text and PartialDate(text)


# ── Rules by plain values ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2020", "2023-05", "2023-05"),
        ("2020", None, "2020"),
        (None, "2021", "2021"),
        ("2024-04", "2031-03-31", "2024-04"),  # the end lies ahead
        ("2027", "2028", None),
        (None, None, None),
    ],
)
def test_sign_of_a_project_is_its_end_else_its_start(start, end, expected):
    assert sign_of_project(TODAY, date(start), date(end)) == expected


def test_newest_date_that_has_begun():
    dates = [date("2025"), None, date("2026-11-27"), date("2026-12"), date("2030")]
    assert newest_until(TODAY, dates) == "2026-11-27"
    assert newest_until(TODAY, [None, date("2027")]) is None


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("2026-11", State.ACTIVE),
        ("2024-11-27", State.ACTIVE),  # exactly 24 months
        ("2024-11", State.ACTIVE),  # a month counts to its last day
        ("2024-11-26", State.QUIET),
        ("2024", State.ACTIVE),
        ("2023", State.QUIET),
    ],
)
def test_tie_is_active_for_24_months_after_its_last_sign(text, state):
    tie = Tie(None, None, TODAY, signs=[date(text)])
    assert (tie.last_sign, tie.state) == (text, state)


def test_tie_without_a_date_is_not_known():
    assert Tie(None, None, TODAY).state == State.UNKNOWN


# ── From records ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def city():
    """Suwon in Gyeonggi, with its government."""
    korea = make_country(key="kr", group=Place.Group.KOREA, name_en="Korea")
    province = make_place(key="gyeonggi", kind=Place.Kind.PROVINCE, country=korea)
    suwon = make_place(key="suwon", name_en="Suwon", part_of=province, country=korea)
    return make_organisation(key="suwon-city", kind=Organisation.Kind.LOCAL_GOVERNMENT, country=korea, seat=suwon)


@pytest.fixture
def region():
    """Tashkent region, with its government and its health department."""
    uz = make_country(key="uz")
    place = make_place(key="tashkent-region", name_en="Tashkent Region", kind=Place.Kind.PROVINCE, country=uz)
    kind = Organisation.Kind.LOCAL_GOVERNMENT
    return tuple(make_organisation(key=key, kind=kind, country=uz, seat=place) for key in ("khokimiyat", "health"))


def agree(*parties, **fields):
    agreement = make_agreement(**fields)
    for organisation in parties:
        make_party(agreement=agreement, organisation=organisation)
    return agreement


def take_part(*organisations, **fields):
    project = make_project(**fields)
    for organisation in organisations:
        make_participation(project=project, organisation=organisation)
    return project


def gyeonggi_ties():
    return ties_of(local_governments(only_gyeonggi=True), TODAY)


def test_departments_count_for_their_region(city, region):
    government, department = region
    agree(city, government, date="2016", kind=Kind.VISIT)
    agree(city, department, date="2018-04", kind=Kind.MOU)
    [tie] = gyeonggi_ties()
    assert tie.key == ("suwon", "tashkent-region")
    assert tie.kinds == [Kind.MOU, Kind.VISIT]
    assert (tie.first_sign, tie.last_sign, tie.state) == ("2016", "2018-04", State.QUIET)


def test_activities_projects_and_events_of_both_sides_are_signs(city, region):
    government, _department = region
    agreement = agree(city, government, date="2010")
    assert gyeonggi_ties()[0].last_sign == "2010"
    make_activity(agreement=agreement, date="2012-03")
    assert gyeonggi_ties()[0].last_sign == "2012-03"
    take_part(city, government, start="2013", end="2015-06")
    assert gyeonggi_ties()[0].last_sign == "2015-06"
    event = make_event(date="2026-01")
    event.places.add(city.seat)
    assert gyeonggi_ties()[0].last_sign == "2015-06"
    event.places.add(government.seat)
    [tie] = gyeonggi_ties()
    assert (tie.last_sign, tie.state) == ("2026-01", State.ACTIVE)


def test_an_event_alone_is_no_tie(city, region):
    event = make_event(date="2026-01")
    event.places.add(city.seat, region[0].seat)
    assert gyeonggi_ties() == []


def test_joint_project_is_a_tie_without_an_agreement(city, region):
    project = take_part(city, region[0], start="2025")
    [tie] = gyeonggi_ties()
    assert (tie.kinds, tie.agreements, tie.joint_projects) == ([JOINT_PROJECT], [], [project])


def test_what_came_of_it_are_the_outcomes_of_its_agreements(city, region):
    agreement = agree(city, region[0], date="2020")
    outcome = take_part(city, region[0], key="outcome", start="2021")
    make_outcome(agreement=agreement, project=outcome)
    other = take_part(city, region[0], key="other", start="2022")
    [tie] = gyeonggi_ties()
    assert (tie.outcomes, tie.joint_projects) == ([outcome], [other])


def test_ministry_is_a_partner_of_its_own(city):
    ministry = make_organisation(key="ministry", country=make_country(key="kz"))
    agree(city, ministry, date="2020")
    [tie] = gyeonggi_ties()
    assert (tie.partner, tie.country.key) == (ministry, "kz")


def test_tie_has_ended_if_each_agreement_has(city, region):
    agree(city, region[0], date="2025", ended=True)
    assert gyeonggi_ties()[0].state == State.ENDED
    agree(city, region[0], date="2024", ended=False)
    assert gyeonggi_ties()[0].state == State.ACTIVE


def test_other_provinces_have_ties_of_all_korea_only(city, region):
    other = make_organisation(key="chungbuk", kind=Organisation.Kind.LOCAL_GOVERNMENT, country=city.country)
    agree(other, region[0], date="2025")
    assert gyeonggi_ties() == []
    [tie] = ties_of(local_governments(only_gyeonggi=False), TODAY)
    assert tie.korean == other


def test_institutions_and_unpublished_records_have_no_ties(city, region):
    government, _department = region
    hospital = make_organisation(key="hospital", kind=Organisation.Kind.PRIVATE_SECTOR, seat=city.seat)
    agree(hospital, government, date="2025")
    agree(city, government, date="2025", publication=DRAFT)
    take_part(city, government, start="2025", publication=DRAFT)
    agree(city, make_organisation(key="draft", country=government.country, publication=DRAFT), date="2025")
    agree(city, make_organisation(key="nowhere", country=make_country(key="xx", publication=DRAFT)), date="2025")
    assert gyeonggi_ties() == []


def test_side_with_the_most_ties_comes_first_then_the_newest(city, region):
    government, _department = region
    korea, kind = city.country, Organisation.Kind.LOCAL_GOVERNMENT
    ansan = make_organisation(
        key="ansan-city", kind=kind, country=korea, seat=make_place(key="ansan", part_of=city.seat.part_of)
    )
    agree(ansan, government, date="2026")
    for key, year in (("old", "2010"), ("new", "2020")):
        agree(city, make_organisation(key=key, country=government.country), date=year)
    assert [tie.key for tie in gyeonggi_ties()] == [
        ("suwon", "new"),
        ("suwon", "old"),
        ("ansan", "tashkent-region"),
    ]


@pytest.mark.any_database
def test_queries_do_not_grow_with_the_number_of_ties(city, region):
    def grow(number):
        government, _department = region
        partner = make_organisation(key=f"partner-{number}", country=government.country)
        agreement = agree(city, partner, government, date="2020")
        make_activity(agreement=agreement, date="2021")
        make_outcome(agreement=agreement, project=take_part(city, partner, government, start="2021"))
        make_event(date="2022").places.add(city.seat, government.seat)

    grow(1)
    with CaptureQueriesContext(connection) as few:
        gyeonggi_ties()
    for number in range(2, 8):
        grow(number)
    with CaptureQueriesContext(connection) as many:
        assert len(gyeonggi_ties()) == 8
    assert len(few) == len(many)
