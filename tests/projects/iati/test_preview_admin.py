"""The preview of an import: filters, pages, ticks, and rejected activities that are not offered again."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from portal.models.workflow import ADMINISTRATOR
from projects.iati import preview_admin
from projects.models import Project, RejectedActivity
from tests import reading
from tests.make import make_country, make_imported_file, make_project, make_rejected_activity
from tests.projects.iati.files import activity, file
from tests.staff import sign_in

pytestmark = pytest.mark.django_db
UZ = {"countries": ["UZ"]}
REJECTED = reverse("admin:projects_rejectedactivity_changelist")


@pytest.fixture(autouse=True)
def _countries():
    for key in ("uz", "kg"):
        make_country(key=key, name_en=key)


def identifier(number):
    return f"XM-DAC-99999-{number}"


def received(*activities):
    """Return the URL of the preview of a file with these activities, or with four."""
    content = file(*(activities or (activity(str(number)) for number in range(1, 5))))
    return reverse(
        "admin:projects_importedfile_preview", args=[make_imported_file(content=content, imported_at=None).pk]
    )


def offered(response):
    """Return the identifiers that can be ticked."""
    return reading.page(response).xpath("//input[@name='ticked']/@value")


def told(response):
    return [str(message) for message in response.context["messages"]]


# ── Filters, pages and ticks ─────────────────────────────────────────────────────────────────────────────────


def test_filters_choose_the_activities_that_are_offered_and_imported(client):
    sign_in(client, "editor")
    pasture = activity("2", ("Drip irrigation in the north", "Pasture in the south"), ('code="31140"', 'code="12220"'))
    preview = received(activity("1"), pasture)
    assert offered(client.get(preview)) == [identifier(1), identifier(2)]
    for conditions in ({"words": "pasture south"}, {"sectors": "122, 130"}):
        assert offered(client.get(preview, UZ | conditions)) == [identifier(2)]
    assert offered(client.get(preview, UZ | {"first": "2028"})) == []
    page = client.get(preview, UZ | {"words": "pasture", "first": "soon"})  # a wrong filter is told, the others apply
    assert (offered(page), "Enter a whole number." in reading.words(reading.page(page))) == ([identifier(2)], True)
    assert ("Not selected", 1) in page.context["counts"]
    client.post(preview, UZ | {"words": "pasture", "action": "import"})
    assert [project.iati_identifier for project in Project.objects.all()] == [identifier(2)]


def test_ticked_activities_are_imported_and_the_others_wait(client):
    sign_in(client, "editor")
    preview = received()
    ticked = {"action": "import-ticked", "ticked": [identifier(1), identifier(3)]}
    answer = client.post(f"{preview}?countries=UZ", UZ | ticked)
    assert answer.headers["Location"] == f"{preview}?countries=UZ"
    assert told(client.get(preview, UZ)) == ["2 projects were imported."]
    assert set(Project.objects.values_list("iati_identifier", flat=True)) == {identifier(1), identifier(3)}
    assert offered(client.get(preview, UZ)) == [identifier(2), identifier(4)]
    client.post(preview, UZ | {"action": "import-ticked", "ticked": [identifier(4)]})
    [imported] = {project.imported.file for project in Project.objects.all()}
    assert (imported.counts["new"], imported.imported_at is None) == (3, False)


@pytest.mark.parametrize("action", ["import-ticked", "reject", "take-back"])
def test_action_without_a_tick_changes_nothing(client, action):
    sign_in(client, "editor")
    preview = received()
    client.post(preview, UZ | {"action": action})
    assert "Tick an activity first." in told(client.get(preview))
    assert (Project.objects.count(), RejectedActivity.objects.count()) == (0, 0)


def test_preview_has_pages(client, monkeypatch):
    monkeypatch.setattr(preview_admin, "PER_PAGE", 3)
    sign_in(client, "editor")
    preview = received()
    first = client.get(preview, UZ)
    assert len(offered(first)) == 3
    [link] = reading.page(first).xpath("//nav[@class='paginator']/a/@href")
    assert link == "?countries=UZ&page=2"
    assert offered(client.get(preview + link)) == [identifier(4)]


# ── Rejected activities ──────────────────────────────────────────────────────────────────────────────────────


def test_rejected_activity_is_offered_by_no_file_until_it_is_taken_back(client):
    sign_in(client, "editor")
    preview = received()
    client.post(preview, UZ | {"action": "reject", "reason": "region", "ticked": [identifier(2)]})
    rejection = RejectedActivity.objects.get()
    assert (rejection.identifier, rejection.title) == (identifier(2), "Drip irrigation in the north 2")
    assert (rejection.get_reason_display(), rejection.who) == ("No link to Korea or Central Asia", "editor")
    other = received(activity("2"), activity("9"))
    assert offered(client.get(other, UZ)) == [identifier(9)]
    client.post(other, UZ | {"action": "import"})
    assert [project.iati_identifier for project in Project.objects.all()] == [identifier(9)]
    shown = client.get(other, UZ | {"rejected": "on"})
    assert offered(shown) == [identifier(2)]
    assert "Rejected by editor on" in reading.words(reading.page(shown))
    client.post(other, UZ | {"action": "take-back", "rejected": "on", "ticked": [identifier(2)]})
    assert told(client.get(other, UZ)) == ["1 rejection was taken back."]
    assert offered(client.get(other, UZ)) == [identifier(2)]
    assert LogEntry.objects.filter(content_type__model="rejectedactivity").count() == 2


def test_known_project_is_updated_although_its_activity_was_rejected(client):
    sign_in(client, "editor")
    make_project(iati_identifier=identifier(1), publication="draft")
    make_rejected_activity(identifier=identifier(1))
    preview = received(activity("1"))
    assert offered(client.get(preview, UZ)) == [identifier(1)]
    client.post(preview, UZ | {"action": "reject", "ticked": [identifier(1)]})
    assert RejectedActivity.objects.count() == 1


@pytest.mark.parametrize(
    ("who", "may"),
    [("anonymous", False), ("translator", False), ("editor", True), ("reviewer", True), (ADMINISTRATOR, True)],
)
def test_who_rejects_and_takes_back(client, who, may):
    sign_in(client, who)
    preview = received()
    client.post(preview, UZ | {"action": "reject", "ticked": [identifier(1)]})
    assert RejectedActivity.objects.exists() is may
    rejection = RejectedActivity.objects.first() or make_rejected_activity()
    assert (client.get(REJECTED).status_code == 200) is may
    client.post(REJECTED, {"action": "take_back_selected", "_selected_action": [rejection.pk]})
    assert RejectedActivity.objects.exists() is not may
