"""Triage of the activities of a file: one after the other, each decided by one request."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from issues.models import Issue
from portal.core.choices import PublicationStatus
from projects.models import Project, ProjectIssue, RejectedActivity, SuggestedIssue
from tests import reading
from tests.make import make_country, make_imported_file, make_issue
from tests.projects.iati.files import activity, file
from tests.projects.iati.test_triage import sent
from tests.staff import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _portal():
    make_country(key="uz", name_en="Uzbekistan")
    make_issue(key="desertification", name_en="Desertification")


def received(count=3):
    content = file(*(activity(str(number)) for number in range(1, count + 1)))
    pk = make_imported_file(content=content, imported_at=None).pk
    return reverse("admin:projects_importedfile_triage", args=[pk])


def identifier(number):
    return f"XM-DAC-99999-{number}"


def test_page_shows_the_text_and_proposes_the_likeliest_issue_with_a_rationale(client):
    sign_in(client, "editor")
    page = reading.page(client.get(received()))
    words = reading.words(page.get_element_by_id("content-main"))
    assert words.startswith("3 activities are new. Drip irrigation in the north 1 Identifier XM-DAC-99999-1")
    for text in ("Water is saved in fields.", "2024-04-15 – 2027-02-28", "Fictional Institute", "purpose code 31130"):
        assert text in words
    data = sent(page)
    assert (data["issue"], data["significance"]) == (str(Issue.objects.get().pk), "principal")
    assert data["rationale_en"].startswith("Its publisher reports it")


def test_each_activity_is_decided_by_one_request_and_the_next_one_follows(client):
    sign_in(client, "editor")
    triage = received()
    data = sent(reading.page(client.get(triage)))
    answer = client.post(triage, data | {"decision": "imported"})
    assert answer.headers["Location"].endswith(f"&at={identifier(2)}")
    project = Project.objects.get()
    assert (project.iati_identifier, project.publication, project.level) == (identifier(1), PublicationStatus.DRAFT, "")
    link = project.issue_links.get()
    assert (link.issue.key, link.rationale_en) == ("desertification", data["rationale_en"])
    assert SuggestedIssue.objects.get(issue=link.issue).decision == SuggestedIssue.Decision.CONFIRMED
    answer = client.post(triage, {"at": identifier(2), "decision": "rejected", "reason": "known"})
    assert answer.headers["Location"].endswith(f"&at={identifier(3)}")
    assert RejectedActivity.objects.get().get_reason_display() == "Already in the portal"
    answer = client.post(triage, {"at": identifier(3), "decision": "imported"}, follow=True)
    assert "No new activity is left here." in reading.words(reading.page(answer))
    assert (Project.objects.count(), ProjectIssue.objects.count()) == (2, 1)


def test_link_needs_a_rationale_and_a_project_needs_no_link(client):
    sign_in(client, "editor")
    triage = received()
    data = sent(reading.page(client.get(triage))) | {"decision": "imported", "rationale_en": ""}
    assert "Required in order to link an issue." in client.post(triage, data).content.decode()
    assert not Project.objects.exists()
    client.post(triage, data | {"issue": ""})
    assert (Project.objects.count(), ProjectIssue.objects.count()) == (1, 0)


def test_next_skips_an_activity_and_keeps_the_filters(client):
    sign_in(client, "editor")
    triage = received()
    page = reading.page(client.get(f"{triage}?countries=UZ&words=drip"))
    [link] = page.xpath("//a[@data-key='n']/@href")
    assert link == f"{triage}?countries=UZ&words=drip&at={identifier(2)}"
    assert reading.words(reading.page(client.get(link)).find(".//h2")) == "Drip irrigation in the north 2"
    page = reading.page(client.get(f"{triage}?countries=UZ&words=snow"))
    assert "No new activity is left here." in reading.words(page)


def test_decision_of_somebody_else_stands(client):
    sign_in(client, "editor")
    triage = received()
    data = sent(reading.page(client.get(triage)))
    client.post(triage, {"at": identifier(1), "decision": "rejected"})
    answer = client.post(triage, data | {"decision": "imported"}, follow=True)
    assert "Somebody else has decided on this activity meanwhile." in reading.words(reading.page(answer))
    assert not Project.objects.exists()


@pytest.mark.parametrize(("who", "may"), [("anonymous", False), ("translator", False), ("editor", True)])
def test_who_decides_on_activities(client, who, may):
    sign_in(client, who)
    triage = received()
    assert (client.get(triage).status_code == 200) is may
    client.post(triage, {"at": identifier(1), "decision": "imported"})
    client.post(triage, {"at": identifier(2), "decision": "rejected"})
    assert (Project.objects.count(), RejectedActivity.objects.count()) == ((1, 1) if may else (0, 0))


@pytest.mark.any_database
def test_page_asks_the_same_of_the_database_for_few_as_for_many(client):
    sign_in(client, "editor")
    counted = []
    for count in (2, 12):
        triage = received(count)
        client.get(triage)
        with CaptureQueriesContext(connection) as queries:
            client.get(triage)
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 50
