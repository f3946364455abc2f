"""The rows of lists: what each kind of record shows."""

import pytest
from django.utils import translation

from issues.models import Indicator
from projects.models import Organisation
from tests import reading
from tests.make import (
    make_agreement,
    make_citation,
    make_country,
    make_indicator,
    make_observation,
    make_organisation,
    make_participation,
    make_party,
    make_place,
    make_project,
    make_source,
)

pytestmark = pytest.mark.django_db


def rows(response):
    """Return each row of a table as a dict from heading to text."""
    tree = reading.page(response)
    return [
        {cell.get("data-label"): reading.words(cell) for cell in row.xpath("td")}
        for row in tree.xpath("//table[contains(@class, 'records')]/tbody/tr")
    ]


def test_project_row_tells_where_what_and_when(client):
    project = make_project(title_en="Trees", start="2020", end="2021-05", budget=5_600_000, currency="USD")
    project.countries.add(make_country(name_en="Uzbekistan"), make_country(name_en="Kazakhstan"))
    project.areas.create(area="forestry")
    [row] = rows(client.get("/en/projects/"))
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
    [row] = rows(client.get("/en/projects/"))
    assert (row["Project period"], row["Budget"]) == ("Dates not known", "Not known")


def test_agreement_row_names_its_parties(client):
    agreement = make_agreement(date="2021-07-02")
    make_citation(agreement, make_source(date="2021-07-03"))
    make_party(agreement=agreement, country=make_country(name_en="Uzbekistan"))
    make_party(agreement=agreement, organisation=make_organisation(name_en="Forest Service"))
    agreement.areas.create(area="forestry")
    assert rows(client.get("/en/agreements/")) == [
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
    assert rows(client.get("/en/organisations/")) == [
        {
            "Organisation": "Agency (KOICA)",
            "Kind": "Government",
            "Country": "Several countries",
            "Projects": "1",
            "Agreements": "1",
        }
    ]
    assert (Organisation.objects.count(), Organisation.objects.for_list().get().agreement_count) == (1, 1)


def test_indicator_row_tells_its_years_and_places(client):
    indicator = make_indicator()
    aral, balkhash = make_place(), make_place()
    for place, year in ((aral, 1960), (aral, 2018), (balkhash, 1990)):
        make_observation(indicator=indicator, place=place, year=year)
    assert Indicator.objects.count() == 1
    assert rows(client.get("/en/indicators/")) == [
        {
            "Indicator": "Area of the Aral Sea",
            "Unit": "square kilometres",
            "From year": "1960",
            "To year": "2018",
            "Places": "2",
            "Licence": "CC BY 4.0",
        }
    ]


def test_source_row_has_its_own_title_and_the_english_one(client):
    make_source(title="Forests of the Aralkum", title_original="Леса Аралкума", language="ru", date="2021")
    with translation.override("en"):
        [row] = rows(client.get("/en/sources/"))
    assert row["Source"] == "Леса Аралкума Forests of the Aralkum"
    assert (row["Language"], row["Kind"], row["Date"]) == ("Russian", "Journal article", "2021")
    [row] = rows(client.get("/ru/sources/"))
    assert next(iter(row.values())) == "Леса Аралкума"
