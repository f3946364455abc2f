"""Triage of suggested issues: one after the other, each decided by one request; drafts of their rationale."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.core.choices import PublicationStatus
from projects.iati.suggestions import drafted_rationales, drafted_significance
from projects.models import ProjectIssue, SuggestedIssue
from tests import reading
from tests.make import make_answer, make_issue, make_project, make_suggested_issue
from tests.staff import sign_in

pytestmark = pytest.mark.django_db
TRIAGE = reverse("admin:projects_suggestedissue_triage")


@pytest.fixture
def draft():
    return make_project(title_en="Trees", publication=PublicationStatus.DRAFT)


def suggest(project, **fields):
    return make_suggested_issue(project=project, **fields)


def shown(client, query=""):
    """Return the page, and what its form would send if it is confirmed."""
    page = reading.page(client.get(f"{TRIAGE}{query}"))
    return page, sent(page) | {"decision": "confirmed"}


def sent(page):
    """Return what a browser sends of the form of a page, without its buttons."""
    data = {}
    for field in page.xpath("//form[@method='post']//*[@name]"):
        if field.tag == "textarea":
            data[field.get("name")] = (field.text or "").strip("\n")
        elif field.tag == "select":
            data[field.get("name")] = (field.xpath("./option[@selected]/@value") or [""])[0]
        elif field.tag == "input" and field.get("name") == "at":
            data["at"] = field.get("value")
    return data


def heading(page):
    return [reading.words(found) for found in page.xpath("//div[@id='content-main']//h2")]


def test_each_suggestion_is_decided_by_one_request_and_the_next_one_follows(client, draft):
    sign_in(client, "editor")
    first, second = suggest(draft, score=3), suggest(draft, score=2)
    page, data = shown(client)
    assert heading(page) == ["Trees", str(first.issue)]
    answer = client.post(TRIAGE, data)
    assert answer.headers["Location"] == f"{TRIAGE}?at={second.pk}"
    link = ProjectIssue.objects.get()
    assert (link.project, link.issue, link.significance) == (draft, first.issue, "principal")
    assert link.rationale_en == "Its publisher reports it as a principal objective: Desertification."
    assert link.rationale_ko == "보고 기관이 주요 목표로 보고하였다: 사막화."
    page, data = shown(client, f"?at={second.pk}")
    assert heading(page) == ["Trees", str(second.issue)]
    assert client.post(TRIAGE, data | {"decision": "dismissed"}).headers["Location"] == TRIAGE
    assert [*SuggestedIssue.objects.order_by("pk").values_list("decision", flat=True)] == ["confirmed", "dismissed"]
    assert ProjectIssue.objects.count() == 1
    assert "No suggestion is waiting for you." in reading.words(shown(client)[0])


def test_next_leads_on_without_a_decision_and_back_to_the_first(client, draft):
    sign_in(client, "editor")
    first, second = suggest(draft, score=3), suggest(draft, score=2)
    elsewhere = suggest(make_project(publication=PublicationStatus.DRAFT))
    following = "//a[@data-key='n']/@href"
    assert shown(client)[0].xpath(following) == [f"{TRIAGE}?at={second.pk}"]
    assert shown(client, f"?at={elsewhere.pk}")[0].xpath(following) == [f"{TRIAGE}?at={first.pk}"]
    ours = f"?project={draft.pk}&at={second.pk}"
    assert shown(client, ours)[0].xpath(following) == [f"{TRIAGE}?project={draft.pk}&at={first.pk}"]
    assert not SuggestedIssue.objects.exclude(decision="open").exists()


def test_incomplete_confirmation_is_shown_again_with_its_errors(client, draft):
    sign_in(client, "editor")
    suggest(draft, issue=None, reasons=[["keyword", "nothing"]])
    _page, data = shown(client)
    assert data["rationale_en"] == ""
    text = reading.words(reading.page(client.post(TRIAGE, data)))
    assert text.count("Required in order to link an issue.") == 2
    answer = client.post(TRIAGE, data | {"issue": make_issue().pk, "rationale_en": "It plants trees."})
    assert answer.status_code == 302
    assert ProjectIssue.objects.get().rationale_en == "It plants trees."


def test_issue_that_the_project_has_already_is_refused(client, draft):
    sign_in(client, "editor")
    suggest(draft, issue=make_answer(project=draft).issue)
    _page, data = shown(client)
    assert "This issue is already listed." in reading.words(reading.page(client.post(TRIAGE, data)))


def test_suggestion_that_somebody_else_decided_on_stays_as_it_is(client, draft):
    sign_in(client, "editor")
    suggestion = suggest(draft)
    _page, data = shown(client)
    SuggestedIssue.objects.update(decision="dismissed")
    answer = client.post(TRIAGE, data, follow=True)
    assert "Somebody else has decided on this suggestion meanwhile." in reading.words(reading.page(answer))
    suggestion.refresh_from_db()
    assert (suggestion.decision, ProjectIssue.objects.count()) == ("dismissed", 0)


@pytest.mark.parametrize(
    ("who", "states"),
    [
        ("anonymous", None),
        ("translator", None),
        ("editor", ["draft", "in-review"]),
        ("reviewer", ["draft", "in-review", "scheduled", "published", "archived"]),
        ("administrator", ["draft", "in-review", "scheduled", "published", "archived"]),
    ],
)
def test_each_role_decides_on_the_projects_that_it_may_change(client, who, states):
    made = [suggest(make_project(publication=state)) for state in PublicationStatus]
    sign_in(client, who)
    answer = client.get(TRIAGE)
    if states is None:
        assert answer.status_code in {302, 403}
    else:
        assert answer.context["count"] == len(states)
    data = {"decision": "confirmed", "significance": "principal", "rationale_en": "It plants trees."}
    for suggestion in made:
        client.post(TRIAGE, data | {"at": suggestion.pk, "issue": suggestion.issue_id})
    linked = {link.project.publication for link in ProjectIssue.objects.select_related("project")}
    assert linked == set(states or ())


@pytest.mark.any_database
def test_triage_asks_the_same_of_the_database_for_few_as_for_many(client, draft):
    sign_in(client, "editor")
    counted = []
    for _ in range(2):
        for _ in range(4):
            suggest(draft)
        client.get(TRIAGE)
        with CaptureQueriesContext(connection) as queries:
            client.get(TRIAGE)
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 50


def test_list_leads_to_the_triage(client, draft):
    page = reading.page(sign_in(client, "editor").get(reverse("admin:projects_suggestedissue_changelist")))
    assert page.xpath(f"//a[@href='{TRIAGE}']")


# ── Drafts of rationale and significance ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("reasons", "significance"),
    [
        ([["marker", "8:2"]], "principal"),
        ([["marker", "8:1"]], "significant"),
        ([["keyword", "water"], ["sector", "14015"]], "significant"),
    ],
)
def test_significance_follows_the_marker(reasons, significance):
    assert drafted_significance(reasons) == significance


@pytest.mark.parametrize(
    ("reasons", "rationale"),
    [
        ([["marker", "10:1"]], "Its publisher reports it as a significant objective: policy marker 10."),
        ([["tag", "13"]], "Its publisher names the Sustainable Development Goal or target 13."),
        ([["sector", "14015"]], "Its publisher reports it under the purpose code 14015."),
        ([["keyword", "irrigat"]], "The description of the project says: “Farmers irrigate.”"),
        ([["keyword", "irrigat, farmer"]], "The description of the project says: “Farmers irrigate.”"),
        ([["keyword", "desert"]], ""),
    ],
)
def test_rationale_says_what_the_publisher_reports_and_quotes_the_description(reasons, rationale):
    project = make_project(summary_en="It has two parts. Farmers irrigate. They plant.")
    assert drafted_rationales(project, reasons)["en"] == rationale


def test_rationale_quotes_each_language_from_its_own_text():
    project = make_project(title_ko="관개 사업", title_ru="", summary_en="Irrigation.")
    drafts = drafted_rationales(project, [["keyword", "irrigation, 관개"]])
    assert drafts == {
        "en": "The description of the project says: “Irrigation.”",
        "ko": "사업 설명에 다음과 같이 쓰여 있다. “관개 사업”",
        "ru": "",
    }
