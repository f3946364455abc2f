"""The rows and orders of the lists of projects, agreements, results and organisations."""

import pytest
from django.utils import translation

from portal.core.choices import Area
from portal.models import Place
from projects.models import Agreement, Organisation, Project
from projects.tables import AgreementTable, OrganisationTable, ProjectTable, ResultTable, area_words
from tests import reading
from tests.make import (
    make_agreement,
    make_area,
    make_citation,
    make_country,
    make_organisation,
    make_participation,
    make_party,
    make_project,
    make_result,
    make_source,
)

pytestmark = pytest.mark.django_db


def test_project_row_tells_where_what_and_when(client):
    project = make_project(title_en="Trees", start="2020", end="2021-05", budget=5_600_000, currency="USD")
    project.countries.add(make_country(name_en="Uzbekistan"), make_country(name_en="Kazakhstan"))
    project.areas.create(area="forestry")
    [row] = reading.table_rows(client.get("/en/projects/"))
    assert sorted(row.pop("Countries").split(", ")) == ["Kazakhstan", "Uzbekistan"]
    assert row == {
        "Project": "Trees",
        "Areas": "Forestry",
        "Status today": "End date May 2021 passed; completion not confirmed",
        "Project period": "2020 – May 2021",
        "Budget": "USD 5,600,000",
    }


def test_project_row_says_what_is_not_known(client):
    make_project()
    [row] = reading.table_rows(client.get("/en/projects/"))
    assert (row["Project period"], row["Budget"]) == ("Dates not known", "Not known")


def test_agreement_row_names_its_parties(client):
    agreement = make_agreement(date="2021-07-02")
    make_citation(agreement, make_source(date="2021-07-03"))
    make_party(agreement=agreement, country=make_country(name_en="Uzbekistan"))
    make_party(agreement=agreement, organisation=make_organisation(name_en="Forest Service"))
    agreement.areas.create(area="forestry")
    assert reading.table_rows(client.get("/en/agreements/")) == [
        {
            "Date": "2 July 2021",
            "Agreement": "Memorandum on forests",
            "Kind": "Memorandum of understanding",
            "Parties": "Uzbekistan, Forest Service",
            "Areas": "Forestry",
        }
    ]


def test_organisation_row_counts_what_readers_can_see(client):
    agency = make_organisation(name_en="Agency", acronym="KOICA")
    for publication in ("published", "draft"):
        project = make_project(publication=publication)
        for role in ("funding", "implementing"):
            make_participation(organisation=agency, project=project, role=role)
        make_party(organisation=agency, agreement=make_agreement(publication=publication))
    assert reading.table_rows(client.get("/en/organisations/")) == [
        {
            "Organisation": "Agency (KOICA)",
            "Kind": "Government",
            "Country": "Several countries",
            "Projects": "1",
            "Agreements": "1",
        }
    ]
    assert (Organisation.objects.count(), Organisation.objects.for_list().get().agreement_count) == (1, 1)


def keys(table_class, records, order):
    """Return the keys of the records in the order of a column, as the list page sorts them."""
    return [record.key for record in table_class(records, order_by=order).data.data]


def in_both_directions(table_class, records, column):
    return keys(table_class, records, column), keys(table_class, records, f"-{column}")


def test_areas_are_named_in_the_language_of_the_reader():
    project = make_project()
    make_area(project, Area.FORESTRY), make_area(project, Area.ENERGY)
    assert area_words(project) == "Forestry, Energy"
    with translation.override("ko"):
        assert area_words(project) == f"{Area.FORESTRY.label}, {Area.ENERGY.label}"
    assert area_words(make_project()) == ""


def test_projects_are_sorted_by_the_status_of_today(on):
    on("2026-11-27")
    for key, fields in {
        "a-closed": {"status": "closed"},
        "b-planned": {"status": "pipeline", "status_as_of": "2026"},
        "c-running": {"status": "implementation", "status_as_of": "2026"},
        "d-running-once": {"status": "implementation", "status_as_of": "2019"},
        "e-running": {"status": "implementation", "status_as_of": "2025-06"},
    }.items():
        make_project(key=key, **fields)
    ascending, descending = in_both_directions(ProjectTable, Project.objects.for_list(), "status")
    assert ascending == ["b-planned", "c-running", "e-running", "d-running-once", "a-closed"]
    assert descending == ["a-closed", "d-running-once", "c-running", "e-running", "b-planned"]


def test_budgets_are_compared_within_a_currency_only():
    for key, budget, currency in (
        ("won-less", 1_000_000, "KRW"),
        ("won-more", 2_000_000, "KRW"),
        ("dollar-less", 10, "USD"),
        ("dollar-more", 20, "USD"),
        ("unknown", None, ""),
    ):
        make_project(key=key, budget=budget, currency=currency)
    ascending, descending = in_both_directions(ProjectTable, Project.objects.for_list(), "budget")
    assert ascending == ["dollar-less", "dollar-more", "won-less", "won-more", "unknown"]
    assert descending == ["dollar-more", "dollar-less", "won-more", "won-less", "unknown"]


def test_organisations_are_sorted_by_the_name_of_their_country_for_the_reader():
    korea = make_country(name_en="Korea", name_ko="한국", group=Place.Group.KOREA)
    uzbekistan = make_country(name_en="Uzbekistan", name_ko="우즈베키스탄")
    make_organisation(key="b", country=korea), make_organisation(key="a", country=uzbekistan)
    make_organisation(key="c", country=korea)
    records = Organisation.objects.for_list()
    assert in_both_directions(OrganisationTable, records, "country") == (["b", "c", "a"], ["a", "b", "c"])
    with translation.override("ko"):
        assert keys(OrganisationTable, Organisation.objects.for_list(), "country") == ["a", "b", "c"]


def test_country_of_an_organisation_that_readers_cannot_see_is_not_named(client):
    make_organisation(country=make_country(name_en="Atlantis", publication="draft"))
    [row] = reading.table_rows(client.get("/en/organisations/"))
    assert row["Country"] == ""


def test_organisation_without_an_acronym_has_its_name_alone(client):
    make_organisation(name_en="Green <Fund>", country=make_country(name_en="Korea"))
    [row] = reading.table_rows(client.get("/en/organisations/"))
    assert (row["Organisation"], row["Country"]) == ("Green <Fund>", "Korea")


def test_agreement_that_lies_ahead_is_marked_in_its_row(on, client):
    on("2026-11-27")
    make_agreement(title_en="Summit", date="2027-05")
    [row] = reading.table_rows(client.get("/en/agreements/"))
    assert row["Agreement"].startswith("Summit ")
    assert row["Agreement"] != "Summit"


def test_agreements_are_sorted_by_kind_in_the_order_of_the_choices():
    kinds = list(reversed(Agreement.Kind))
    for number, kind in enumerate(kinds):
        make_agreement(key=f"{number:02}", kind=kind)
    assert [int(key) for key in keys(AgreementTable, Agreement.objects.all(), "kind")] == [*range(len(kinds))][::-1]


def test_result_row_names_the_project_and_its_countries(client):
    project = make_project(title_en="Trees")
    project.countries.add(make_country(name_en="Uzbekistan"))
    make_result(project=project, text_en="Saxaul needs watering.")
    [row] = reading.table_rows(client.get("/en/lessons/"))
    assert row == {
        "What the sources state": "Saxaul needs watering.",
        "Kind": "Lesson",
        "Project": "Trees",
        "Countries": "Uzbekistan",
        "Planned and actual end": "",
    }


def test_result_row_compares_the_planned_and_the_actual_end(client):
    make_result(planned_end="2021", actual_end="2022-03")
    make_result(key="planned", planned_end="2021-06")
    rows = reading.table_rows(client.get("/en/lessons/?sort=-ends"))
    assert [row["Planned and actual end"] for row in rows] == [
        "Planned: 2021 Actual: March 2022 Later than planned",
        "Planned: June 2021",
    ]


def test_result_without_a_project_names_its_own_countries(client):
    make_result().countries.add(make_country(name_en="Kazakhstan"))
    [row] = reading.table_rows(client.get("/en/lessons/"))
    assert (row["Project"], row["Countries"]) == ("", "Kazakhstan")


@pytest.mark.parametrize(
    ("table_class", "columns"),
    [
        (ProjectTable, {"title", "status", "start", "budget"}),
        (AgreementTable, {"date", "title", "kind"}),
        (ResultTable, {"text", "kind", "ends"}),
        (OrganisationTable, {"name", "kind", "country", "project_count", "agreement_count"}),
    ],
)
def test_columns_of_several_values_cannot_be_sorted(table_class, columns):
    names = {name for name, column in table_class.base_columns.items() if column.orderable is not False}
    assert names == columns
