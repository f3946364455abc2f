"""The portal's reports to IATI: valid, repeatable, only stated facts, and reasons for what is left out."""

import datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from portal.core.choices import PublicationStatus
from portal.tracking.content_version import ContentVersion
from projects.iati import exporting
from projects.models import Project, RioMarker
from tests.counting import settle
from tests.iati import checked, schema_errors, shared
from tests.make import (
    make_country,
    make_organisation,
    make_organisation_identifier,
    make_participation,
    make_place,
    make_project,
    make_reporting_organisation,
    make_rio_marker,
    make_sdg,
    make_sector,
)
from tests.projects.iati.reports import FILE, ROLE, make_reportable, only, sent

pytestmark = pytest.mark.django_db


def attributes(activity, path):
    return [dict(element.attrib) for element in activity.findall(path)]


# ── Whether ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_organisation_reports(client):
    make_reporting_organisation()
    client.force_login(User.objects.create_superuser("administrator"))
    data = {"organisation": make_organisation().pk, "ref": "XM-DAC-77777"}
    page = client.post(reverse("admin:projects_reportingorganisation_add"), data)
    assert "Only one organisation can report for the portal." in page.content.decode()


def test_nothing_is_reported_before_somebody_reports(client):
    project = make_reportable()
    assert client.get(FILE).status_code == 404
    assert client.get(f"/iati/activities/{project.key}.xml").status_code == 404
    make_reporting_organisation()
    assert only(client).findtext("iati-identifier") == f"XM-DAC-99999-{project.key}"


def test_only_published_projects_are_reported(client):
    make_reporting_organisation()
    make_reportable(publication=PublicationStatus.IN_REVIEW, title_en="Unseen")
    seen = make_reportable()
    assert only(client).findtext("iati-identifier").endswith(seen.key)


def test_activities_of_others_are_reported_when_asked_for_and_as_second_hand(client):
    make_reporting_organisation()
    project = make_reportable(iati_identifier="KR-GOV-051-1")
    assert client.get(FILE).status_code == 404
    for address in (f"{FILE}?imported=1", f"/iati/activities/{project.key}.xml"):
        activity = only(client, address)
        assert activity.findtext("iati-identifier") == "KR-GOV-051-1"
        assert activity.find("reporting-org").get("secondary-reporter") == "1"


def test_projects_of_the_reporting_organisation_are_its_own(client):
    reporting = make_reporting_organisation()
    make_participation(project=make_reportable(), organisation=reporting.organisation)
    assert attributes(only(client), "reporting-org") == [{"ref": "XM-DAC-99999", "type": "11"}]


def test_project_page_has_the_format(client):
    make_reporting_organisation()
    project = make_reportable()
    assert only(client, f"/ko/projects/{project.key}/?format=iati").findtext("iati-identifier").endswith(project.key)


# ── What ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_marker_that_nobody_set_is_absent_and_one_that_is_0_is_there(client):
    make_reporting_organisation()
    project = make_reportable()
    assert only(client).findall("policy-marker") == []
    make_rio_marker(project=project, marker=RioMarker.Marker.BIODIVERSITY, significance=0)
    make_rio_marker(project=project, marker=RioMarker.Marker.DESERTIFICATION, significance=2)
    assert attributes(only(client), "policy-marker") == [
        {"vocabulary": "1", "code": "5", "significance": "0"},
        {"vocabulary": "1", "code": "8", "significance": "2"},
    ]


def test_precision_is_said_in_three_languages(client):
    make_reporting_organisation()
    make_reportable(start="2021")
    words = [element.text for element in only(client).findall("activity-date/narrative")]
    assert words == ["Only the year is known.", "연도까지만 알려져 있습니다.", "Известен только год."]


def test_shares_of_countries_and_sectors_are_not_made_up(client):
    make_reporting_organisation()
    project = make_reportable()
    assert [sector["code"] for sector in attributes(only(client), "sector")] == [project.sectors.get().code]
    assert len(attributes(only(client), "recipient-country")) == 1
    project.countries.add(make_country(name_en="Kazakhstan"))
    project.sectors.set([make_sector(code="14010"), make_sector(code="14015")])
    activity = only(client)
    assert attributes(activity, "recipient-country") == []
    assert attributes(activity, "recipient-region") == [{"vocabulary": "1", "code": "619"}]
    assert activity.findtext("recipient-region/narrative") == "Shares are not known: Kazakhstan, Uzbekistan."
    assert attributes(activity, "sector") == [{"vocabulary": "2", "code": "140"}]
    assert [tag["code"] for tag in attributes(activity, "tag")] == ["14010", "14015"]
    project.sectors.add(make_sector(code="31220"))
    assert attributes(only(client), "sector") == [{"vocabulary": "1", "code": "43010"}]
    client.force_login(User.objects.create_superuser("editor"))
    page = client.get(reverse("admin:projects_iati_kept_out")).content.decode()
    assert "Countries individually: their shares are unknown" in page
    assert "Sectors individually: their shares are unknown" in page


def test_budget_of_a_year_is_reported_and_a_longer_one_is_not_split(client):
    make_reporting_organisation()
    project = make_reportable(start="2021", end="2021", budget="1500.50", currency="KRW")
    activity = only(client)
    assert activity.get("default-currency") == "KRW"
    assert activity.findtext("budget/value") == "1500.5"
    assert attributes(activity, "budget/*") == [
        {"iso-date": "2021-01-01"},
        {"iso-date": "2021-12-31"},
        {"currency": "KRW", "value-date": "2021-01-01"},
    ]
    Project.objects.update(end="2022")
    assert only(client).findall("budget") == []
    [read] = exporting.with_parts(Project.objects.filter(pk=project.pk))
    assert exporting.left_out_of(read) == [
        "Budget: IATI requires annual amounts, and the portal does not split totals."
    ]


def test_goals_places_organisations_and_former_identifiers(client):
    make_reporting_organisation(former_refs="XM-DAC-1\nXM-DAC-2", email="office@example.org")
    project = make_reportable(finance="loan")
    make_sdg(project, "6"), make_sdg(project, "6.4")
    project.places.add(make_place(latitude="42.46", longitude="59.6"), make_place())
    identifier = make_organisation_identifier(organisation=project.organisations.get())
    activity = only(client)
    assert attributes(activity, "tag") == [{"vocabulary": "2", "code": "6"}, {"vocabulary": "3", "code": "6.4"}]
    assert [pos.text for pos in activity.iterfind("location/point/pos")] == ["42.46 59.6"]
    assert attributes(activity, "participating-org") == [{"ref": identifier.ref, "type": "10", "role": "1"}]
    assert [other["ref"] for other in attributes(activity, "other-identifier")] == ["XM-DAC-1", "XM-DAC-2"]
    assert attributes(activity, "default-finance-type") == [{"code": "421"}]
    assert activity.findtext("contact-info/email") == "office@example.org"
    pages = [link["url"] for link in attributes(activity, "document-link")]
    assert pages == [f"http://testserver/{code}/projects/{project.key}/" for code in ("en", "ko", "ru")]


# ── How ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_bytes_are_sent_twice_and_only_news_to_who_has_them(client):
    make_reporting_organisation()
    project = make_reportable()
    settle()  # while a change is pending, the time of the last change is now, and may be in the next second
    first = client.get(FILE)
    body = b"".join(first.streaming_content)
    assert sent(client) == body
    assert client.get(FILE, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert client.get(FILE, headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 304
    make_rio_marker(project=project)
    again = client.get(FILE, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 200
    assert b"policy-marker" in b"".join(again.streaming_content)
    assert again["ETag"] != first["ETag"]


@pytest.mark.any_database
def test_three_projects_cost_as_many_queries_as_one(client):
    def queries():
        settle()
        with CaptureQueriesContext(connection) as asked:
            sent(client)
        return len(asked)

    make_reporting_organisation()
    make_reportable()
    queries()
    one = queries()
    make_reportable(), make_reportable()
    assert queries() == one


def test_the_content_passes_the_schema_and_the_independent_checker(content, client, tmp_path):
    make_reporting_organisation()
    xml = sent(client)
    assert len(etree.fromstring(xml)) == 207  # of 271: not those without start or sector, nor partners’
    assert schema_errors(xml) == []
    shared()
    path = tmp_path / "activities.xml"
    path.write_bytes(xml)
    assert checked(path) == []


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    title=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=80).filter(str.strip),
    start=st.none() | st.sampled_from(["1999", "2021-02", "2024-02-29", "2099"]),
    end=st.none() | st.sampled_from(["2000", "2024-03", "2030-12-31"]),
    status=st.sampled_from(Project.Status.values),
    finance=st.sampled_from(["", *Project.Finance.values]),
    budget=st.none() | st.decimals(min_value=0, max_value=10**12, places=2),
    countries=st.integers(0, 3),
    sectors=st.integers(0, 3),
    roles=st.sets(st.sampled_from(ROLE.values)),
)
def test_whatever_the_admin_accepts_is_reported_validly_or_it_is_said_why_not(
    client, title, start, end, status, finance, budget, countries, sectors, roles
):
    Project.objects.all().delete()
    if exporting.publisher() is None:
        make_reporting_organisation()
    if start and end and end < start:
        end = None
    project = make_project(
        title_en=title,
        start=start,
        end=end,
        status=status,
        finance=finance,
        budget=budget,
        currency="" if budget is None else "USD",
    )
    project.countries.set([make_country() for _ in range(countries)])
    project.sectors.set([make_sector() for _ in range(sectors)])
    for role in roles:
        make_participation(project=project, role=role)
    [read] = exporting.with_parts(Project.objects.all())
    if exporting.kept_out_by(read):
        assert client.get(FILE).status_code == 404
    else:
        assert schema_errors(sent(client)) == []


def test_moment_of_the_file_is_that_of_the_last_change(client):
    make_reporting_organisation()
    make_reportable()
    settle()
    later = timezone.now() - datetime.timedelta(days=40)
    ContentVersion.objects.update(changed_at=later)
    assert (
        etree.fromstring(sent(client)).get("generated-datetime")
        == f"{later.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"
    )
