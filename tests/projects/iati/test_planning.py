"""Planning an IATI import: which activities come, and which record each one belongs to."""

import pytest

from portal.core.choices import PublicationStatus
from projects.models import Participation, Project
from tests.make import (
    make_country,
    make_organisation,
    make_organisation_identifier,
    make_project,
    make_reporting_organisation,
)
from tests.projects.iati.files import activity, file
from tests.projects.iati.imports import country, states

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("central_asia")]


def test_only_chosen_countries_come_and_others_are_counted(run):
    elsewhere = activity(
        "2",
        ('code="UZ" percentage="60"', 'code="ET" percentage="60"'),
        ('code="KG" percentage="40"', 'code="KE" percentage="40"'),
    )
    region = activity(
        "3",
        ('    <recipient-country code="UZ" percentage="60"/>\n', ""),
        ('<recipient-country code="KG" percentage="40"/>', '<recipient-region code="619" vocabulary="1"/>'),
    )
    content = file(activity(), elsewhere, region)
    assert states(run(content, dry=True)) == {"new": 2, "outside": 1}
    assert states(run(content, dry=True, countries=frozenset({"KZ"}))) == {"outside": 3}
    assert states(run(content, countries=None)) == {"new": 3}
    other = Project.objects.get(iati_identifier="XM-DAC-99999-2")
    assert other.countries.count() == 0  # it is stored, but no list of a country shows it
    assert sorted(other.imported.reportedshares.filter(kind="country").values_list("code", flat=True)) == ["ET", "KE"]


def test_a_last_change_in_the_future_keeps_no_news_out(run):
    run(file(activity("1", ("2025-06-01", "2114-06-01"))))
    assert states(run(file(activity("1", ("Water is saved", "Much water is saved"))))) == {"changed": 1}
    assert Project.objects.get().summary_en == "Much water is saved in fields."


def test_a_faulty_planned_disbursement_does_not_keep_the_activity_out(run):
    wrong = """    <planned-disbursement>
      <period-start iso-date="2024-12-31"/>
      <period-end iso-date="2024-01-01"/>
      <value value-date="2024-01-01">500</value>
    </planned-disbursement>
"""
    before = '    <transaction>\n      <transaction-type code="2"/>'
    assert states(run(file(activity("1", (before, wrong + before))))) == {"new": 1}
    assert [str(line.value) for line in Project.objects.get().imported.budgetlines.all()] == ["250000.00"]


def test_a_project_of_like_name_is_a_possible_double_and_stays_apart(run):
    twin = make_project(title_en="Drip irrigation in the north 1", start="2024")
    twin.countries.add(make_country(key="other"))
    assert run(file(), dry=True).doubles == []  # in another country
    twin.countries.add(country("uz"))
    [row] = run(file(), dry=True).doubles
    assert [(pk, title) for pk, title, _reason in row.doubles] == [(twin.pk, "Drip irrigation in the north 1")]
    run(file())
    assert Project.objects.count() == 2


def test_a_project_that_has_the_identifier_is_the_one_and_keeps_what_editors_wrote(run):
    known = make_project(iati_identifier="XM-DAC-99999-1", title_en="Water for the north", start=None)
    plan = run(file())
    assert states(plan) == {"changed": 1}
    known.refresh_from_db()
    assert known.title_en == "Water for the north"
    assert str(known.start) == "2024-04-15"  # the field was empty
    assert known.imported.differences["title_en"] == ["Water for the north", "Drip irrigation in the north 1"]
    assert known.publication == PublicationStatus.PUBLISHED


def test_the_portals_own_activities_do_not_come_back(run):
    make_reporting_organisation(ref="XM-DAC-99999")
    make_project(key="1")
    plan = run(file())
    assert states(plan) == {"kept": 1}
    assert plan.rows[0].warnings[-1].words == "it is one of the portal’s own"


def test_an_identifier_in_other_capitals_is_another_activity(run):
    run(file())
    plan = run(file(activity("1", ("XM-DAC-99999-1<", "xm-dac-99999-1<"))))
    assert states(plan) == {"new": 1}
    assert "differs from an existing one only in letter case" in plan.rows[0].warnings[-1].words


def test_organisations_are_found_by_reference_before_name(run):
    ours = make_organisation_identifier(ref="XM-DAC-99999").organisation
    make_organisation(name_en="Fictional Agency")
    run(file())
    assert Participation.objects.get(role="funding").organisation == ours
