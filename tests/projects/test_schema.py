"""Projects, agreements, results and organisations in the vocabulary of schema.org."""

import pytest

from projects.models import Agreement, Organisation, Participation, Result
from projects.schema import ORGANISATIONS
from tests.make import (
    make_agreement,
    make_country,
    make_external_identifier,
    make_issue,
    make_organisation,
    make_participation,
    make_party,
    make_project,
    make_result,
)
from tests.portal.seo.heads import SITE, main

pytestmark = pytest.mark.django_db


def test_project_names_who_funds_it_and_who_takes_part(client):
    project = make_project(key="trees", start="2021", end="2024-12")
    funder, partner = make_organisation(key="koica"), make_organisation(key="gggi", kind="multilateral")
    make_participation(project=project, organisation=funder, role=Participation.Role.FUNDING)
    make_participation(project=project, organisation=funder, role=Participation.Role.IMPLEMENTING)
    make_participation(project=project, organisation=partner, role=Participation.Role.PARTNER)
    told = main(client.get("/en/projects/trees/"))
    assert (told["@type"], told["foundingDate"], told["dissolutionDate"]) == ("Project", "2021", "2024-12")
    assert [(one["@type"], one["url"]) for one in told["funder"]] == [
        ("GovernmentOrganization", f"{SITE}/en/organisations/koica/")
    ]
    assert [(one["@type"], one["url"]) for one in told["member"]] == [
        ("Organization", f"{SITE}/en/organisations/gggi/")
    ]


@pytest.mark.parametrize(
    ("language", "name", "value"),
    [
        ("en", "Status today", "Under way when last reported (June 2019)"),
        ("ko", "현재 상태", "2019년 6월 기준 진행 중(이후 미확인)"),
        ("ru", "Статус на сегодня", "Выполнялся, по сведениям на июнь 2019\N{NO-BREAK SPACE}г."),
    ],
)
def test_project_has_the_status_of_today_with_its_date(client, language, name, value):
    make_project(key="trees", status="implementation", status_as_of="2019-06")
    status = main(client.get(f"/{language}/projects/trees/"))["additionalProperty"]
    as_of = status.pop("valueReference")
    assert status == {"@type": "PropertyValue", "propertyID": "status_now", "name": name, "value": value}
    assert (as_of["propertyID"], as_of["value"]) == ("status_as_of", "2019-06")


def test_project_whose_end_has_passed_is_not_under_way(client):
    make_project(key="trees", status="implementation", end="2020")
    status = main(client.get("/en/projects/trees/"))["additionalProperty"]
    assert status["value"] == "End date 2020 passed; completion not confirmed"
    assert "valueReference" not in status


@pytest.mark.parametrize(
    ("kind", "called", "dated"), [("mou", "CreativeWork", "dateCreated"), ("summit", "Event", "startDate")]
)
def test_agreement_is_a_work_of_its_parties_or_a_meeting(client, kind, called, dated):
    agreement = make_agreement(key="forests", kind=Agreement.Kind(kind), date="2021-07-02")
    make_party(agreement=agreement, organisation=make_organisation(key="koica"))
    told = main(client.get("/en/agreements/forests/"))
    assert (told["@type"], told[dated]) == (called, "2021-07-02")
    assert [one["@id"] for one in told["contributor"]] == [f"{SITE}/en/organisations/koica/#it"]


def test_organisation_has_names_and_a_site_of_its_own(client):
    country = make_country(key="kr", group="korea", name_en="Korea")
    make_organisation(
        key="koica", acronym="KOICA", name_ko="한국국제협력단", country=country, url="https://koica.go.kr/"
    )
    told = main(client.get("/en/organisations/koica/"))
    assert told["alternateName"] == ["KOICA", "한국국제협력단"]
    assert (told["sameAs"], told["location"][0]["@type"]) == (["https://koica.go.kr/"], "Country")


def test_result_is_about_its_project_and_covers_its_countries(client):
    project = make_project(key="trees")
    project.countries.add(make_country(key="uz"))
    make_result(key="watering", project=project, kind=Result.Kind.LESSON, text_en="Saxaul needs watering.")
    told = main(client.get("/en/lessons/watering/"))
    assert (told["@type"], told["abstract"], told["genre"]) == ("CreativeWork", "Saxaul needs watering.", "Lesson")
    assert (told["about"]["@type"], told["about"]["@id"]) == ("Project", f"{SITE}/en/projects/trees/#it")
    assert [place["@id"] for place in told["spatialCoverage"]] == [f"{SITE}/en/countries/uz/#it"]


def test_result_without_a_project_is_about_its_issues(client):
    make_result(key="watering").issues.add(make_issue(key="salt"))
    told = main(client.get("/en/lessons/watering/"))
    assert [(one["@type"], one["@id"]) for one in told["about"]] == [("Article", f"{SITE}/en/issues/salt/#it")]


def test_meeting_is_about_countries_and_another_agreement_covers_them(client):
    for key, kind in (("visit", Agreement.Kind.VISIT), ("mou", Agreement.Kind.MOU)):
        make_party(agreement=make_agreement(key=key, kind=kind), country=make_country(key=f"{key}-country"))
    visit, mou = (main(client.get(f"/en/agreements/{key}/")) for key in ("visit", "mou"))
    assert [place["@id"] for place in visit["about"]] == [f"{SITE}/en/countries/visit-country/#it"]
    assert [place["@id"] for place in mou["spatialCoverage"]] == [f"{SITE}/en/countries/mou-country/#it"]
    assert mou["genre"] == "Memorandum of understanding"


def test_organisation_has_its_pages_in_other_registers(client):
    organisation = make_organisation(key="koica", url="")
    make_external_identifier(organisation=organisation, scheme="wikidata", value="Q487")
    told = main(client.get("/en/organisations/koica/"))
    assert told["sameAs"] == ["https://www.wikidata.org/wiki/Q487"]
    assert "Q487" in str(told["identifier"])


@pytest.mark.parametrize(
    ("kind", "called"),
    [("government", "GovernmentOrganization"), ("national-ngo", "NGO"), ("private-sector", "Organization")],
)
def test_organisation_is_called_by_its_kind(client, kind, called):
    make_organisation(key="one", kind=kind)
    assert main(client.get("/en/organisations/one/"))["@type"] == called
    assert set(ORGANISATIONS) < set(Organisation.Kind)
