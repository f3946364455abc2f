"""Projects and their rows: which run in a period, their order, what lists load, codes and names."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from portal.models import Place
from projects.models import Organisation, Participation, Project, ProjectIssue, RioMarker, Sector
from tests.make import (
    UNPUBLISHED,
    make_answer,
    make_area,
    make_country,
    make_issue,
    make_organisation,
    make_participation,
    make_place,
    make_project,
    make_rio_marker,
    make_sdg,
    make_sector,
)

pytestmark = pytest.mark.django_db

Status = Project.Status


def keys(projects):
    return [project.key for project in projects]


# ── In which years a project runs ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("first", "last", "runs"),
    [
        (2020, 2022, True),
        (2015, 2020, True),  # it starts in the last year
        (2022, 2030, True),  # it ends in the first year
        (2021, 2021, True),
        (2015, 2019, False),
        (2023, 2030, False),
        (None, 2019, False),
        (None, 2020, True),
        (2022, None, True),
        (2023, None, False),
        (None, None, True),
    ],
)
@pytest.mark.parametrize(("start", "end"), [("2020", "2022"), ("2020-01-01", "2022-12-31"), ("2020-12", "2022-01")])
def test_project_runs_in_each_year_from_its_start_to_its_end(start, end, first, last, runs):
    project = make_project(start=start, end=end)
    assert list(Project.objects.running_in(first, last)) == ([project] if runs else [])


@pytest.mark.parametrize(("first", "last"), [(2020, 2022), (2020, None), (None, 2022)])
def test_project_without_a_known_start_runs_in_no_year(first, last):
    make_project(start=None, end=None, status_as_of="2021")
    assert list(Project.objects.running_in(first, last)) == []


@pytest.mark.parametrize(
    ("status", "as_of", "year", "runs"),
    [
        (Status.IMPLEMENTATION, None, 2018, True),  # the year of its start
        (Status.IMPLEMENTATION, None, 2019, False),
        (Status.IMPLEMENTATION, "2020-06", 2020, True),
        (Status.FINALISATION, "2020-06", 2020, True),
        (Status.IMPLEMENTATION, "2020-06", 2021, False),  # nobody says so
        (Status.IMPLEMENTATION, "2026-01", 2040, True),  # the status is current
        (Status.PIPELINE, "2020-06", 2020, False),
        (Status.SUSPENDED, "2020-06", 2020, False),
        (Status.CLOSED, "2020-06", 2019, False),
        (Status.CLOSED, "2026-01", 2018, True),
    ],
)
def test_project_without_a_known_end_runs_as_long_as_sources_say_so(on, status, as_of, year, runs):
    on("2026-11-27")
    project = make_project(start="2018", end=None, status=status, status_as_of=as_of)
    assert list(Project.objects.running_in(year, None)) == ([project] if runs else [])


# ── Which projects, in which order ───────────────────────────────────────────────────────────────────────────


def test_project_of_gyeonggi_has_a_body_or_a_place_there():
    province = make_place(key="gyeonggi", kind=Place.Kind.PROVINCE)
    city = make_place(part_of=province)
    by_body, by_place, by_draft = make_project(), make_project(), make_project()
    body = make_organisation(kind=Organisation.Kind.LOCAL_GOVERNMENT, seat=city)
    make_participation(project=by_body, organisation=body)
    make_participation(project=by_body, organisation=body, role=Participation.Role.FUNDING)
    by_place.places.add(city, province)
    draft = make_organisation(kind=Organisation.Kind.LOCAL_GOVERNMENT, seat=city, publication="draft")
    make_participation(project=by_draft, organisation=draft)
    make_project().places.add(make_place(key="seoul"))
    assert sorted(Project.objects.of_gyeonggi(), key=lambda project: project.pk) == [by_body, by_place]  # each once


def test_latest_start_comes_first_and_no_start_last():
    for key, start in (("none", None), ("old", "1999"), ("b-new", "2021-07"), ("a-new", "2021-07"), ("newest", "2022")):
        make_project(key=key, start=start)
    expected = ["newest", "a-new", "b-new", "old", "none"]
    assert keys(Project.objects.order_by("key").latest_first()) == expected
    assert keys(Project.objects.all()) == expected  # the default order


@pytest.mark.parametrize("order", ["latest_first", pytest.param("last_reported_first", marks=pytest.mark.postgres)])
def test_orders_of_projects_are_read_off_an_index(order):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_sort = off")  # it sorts so few rows if it may
    plan = getattr(Project.objects.published(), order)().values_list("pk")[:10].explain()
    assert "project_" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


def test_list_loads_no_long_text_until_it_is_asked_for():
    make_project(activities_en="Planting.", note_ko="불확실하다.", summary_en="Saxaul.")
    [project] = Project.objects.defer_texts()
    deferred = project.get_deferred_fields()
    assert {"activities_en", "results_ru", "note_ko", "evidence_en"} <= deferred
    assert not {"summary_en", "title_ko", "status"} & deferred
    assert (project.activities_en, project.note_ko) == ("Planting.", "불확실하다.")


@pytest.mark.any_database
@pytest.mark.parametrize("size", [1, 3])
def test_list_loads_published_countries_and_areas_with_constant_queries(django_assert_num_queries, size):
    country = make_country()
    for _ in range(size):
        project = make_project()
        project.countries.add(country, *(make_country(publication=publication) for publication in UNPUBLISHED))
        make_area(project)
    with django_assert_num_queries(3):
        shown = [
            (list(one.countries.all()), [str(row) for row in one.areas.all()]) for one in Project.objects.for_list()
        ]
    assert shown == [([country], ["Forestry"])] * size


# ── One project ──────────────────────────────────────────────────────────────────────────────────────────────


def test_project_has_an_address_of_its_own():
    assert Project(key="aralkum-forest").get_absolute_url() == "/en/projects/aralkum-forest/"


def test_projects_without_an_identifier_do_not_clash():
    one, other = make_project(), make_project()
    for project in (one, other):
        project.iati_identifier = ""
        project.full_clean()
        project.save()
    assert (one.iati_identifier, other.iati_identifier) == (None, None)


@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        (" KR-GOV-051-1", "An identifier cannot begin or end with a space."),
        ("KR-GOV-051-1 ", "An identifier cannot begin or end with a space."),
        ("KR-GOV-051-2", "Another project has this identifier."),
    ],
)
def test_identifier_that_cannot_be_is_refused(identifier, message):
    make_project(iati_identifier="KR-GOV-051-2")
    project = make_project()
    project.iati_identifier = identifier
    with pytest.raises(ValidationError) as refused:
        project.full_clean()
    assert refused.value.message_dict == {"iati_identifier": [message]}


def test_identifier_of_one_character_is_valid():
    project = make_project()
    project.iati_identifier = "1"
    project.full_clean()


def test_past_version_has_the_status_of_its_day(on):
    on("2026-11-27")
    project = Project(status=Status.IMPLEMENTATION, status_as_of="2021-06")
    project.status_as_of = Project._meta.get_field("status_as_of").to_python("2021-06")
    assert project.status_now == "implementation-last-reported"
    project.shown_on = datetime.date(2021, 12, 31)
    assert project.status_now == "implementation"
    assert project.status_now_label == "Under way"


# ── Rows of a project, and sectors ───────────────────────────────────────────────────────────────────────────


def test_rows_are_found_by_their_natural_keys():
    project, issue = make_project(key="forest"), make_issue(key="salt")
    rows = {
        ("forest", "forestry"): make_area(project),
        ("forest", "koica", "funding"): make_participation(
            project=project, organisation=make_organisation(key="koica"), role=Participation.Role.FUNDING
        ),
        ("forest", "salt"): make_answer(project=project, issue=issue),
        ("forest", "6.4"): make_sdg(project, "6.4"),
        ("forest", "desertification"): make_rio_marker(project=project),
        ("31220",): make_sector(code="31220"),
    }
    for key, row in rows.items():
        assert row.natural_key() == key
        assert type(row).objects.get_by_natural_key(*key) == row


def test_rows_are_named_by_what_they_say():
    project = make_project()
    assert str(make_area(project)) == "Forestry"
    assert str(make_sdg(project, "6.4")) == "6.4"
    assert str(make_sector(code="31220", name_en="Forestry development")) == "31220 Forestry development"


@pytest.mark.parametrize(("code", "goal"), [("6", "6"), ("6.4", "6"), ("15.3", "15"), ("3.c", "3")])
def test_database_derives_the_goal_of_a_target(code, goal):
    row = make_sdg(make_project(), code)
    row.refresh_from_db()
    assert row.goal == goal
    assert row.spoken == f"SDG ЦУР {code}"


@pytest.mark.parametrize("code", ["3122", "312200", "3122a", ""])
def test_purpose_code_has_five_digits(code):
    with pytest.raises(ValidationError) as refused:
        Sector(code=code, name_en="Forestry").full_clean()
    assert set(refused.value.message_dict) == {"code"}


def test_principal_issues_come_before_significant_ones():
    project = make_project()
    significant = make_answer(project=project, significance=ProjectIssue.Significance.SIGNIFICANT)
    principal = make_answer(project=project)
    assert list(project.issue_links.all()) == [principal, significant]


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        (Project.Finance.GRANT, "110"),
        (Project.Finance.LOAN, "421"),
        (Project.Finance.EXCHANGE, ""),
        (Participation.Role.FUNDING, "1"),
        (Participation.Role.IMPLEMENTING, "4"),
        (Participation.Role.PARTNER, ""),
        (ProjectIssue.Significance.PRINCIPAL, "2"),
        (ProjectIssue.Significance.SIGNIFICANT, "1"),
        (RioMarker.Marker.BIODIVERSITY, "5"),
        (RioMarker.Marker.DESERTIFICATION, "8"),
    ],
)
def test_choices_have_their_codes_of_the_iati_lists(choice, code):
    assert choice.iati_code == code


def test_significance_of_a_marker_is_its_code():
    assert [int(value) for value in RioMarker.Significance] == [0, 1, 2]
    assert RioMarker.Significance.PRINCIPAL.label == "Principal objective"
