"""Triage of the activities of a file in the browser: 80 activities, one key each, from upload to the last decision."""

import pytest
from playwright.sync_api import expect

from projects.models import Project, ProjectIssue, RejectedActivity
from tests.projects.iati.files import activity, file

COUNT = 80


@pytest.fixture
def triage(desk, editor):
    """Return the page of the triage of a file with COUNT new activities, after its upload."""
    page = editor(0)
    page.goto(f"{desk.url}/admin/projects/importedfile/add/")
    content = file(*(activity(str(number)) for number in range(1, COUNT + 1)))
    page.locator("#id_file").set_input_files({"name": "un.xml", "mimeType": "application/xml", "buffer": content})
    page.locator("#content input[type=submit]").click()
    page.get_by_role("link", name="Decide one by one").click()
    return page


def test_eighty_activities_are_decided_by_one_key_each(desk, triage):
    page, keys = triage, 0
    for number in range(1, COUNT + 1):
        expect(page.locator("#triage-activity")).to_have_text(f"Drip irrigation in the north {number}")
        page.wait_for_load_state()  # the script of the keys runs after the text is there
        page.keyboard.press("d" if number % 4 == 0 else "c")
        keys += 1
    expect(page.locator("#content-main")).to_contain_text("No new activity is left here.")
    assert keys == COUNT
    with desk.database():
        drafts = Project.objects.filter(imported__identifier__startswith="XM-DAC-99999-")
        links = ProjectIssue.objects.filter(project__in=drafts)
        assert list(drafts.values_list("publication", "level")) == [("draft", "")] * 60
        assert (links.count(), links.filter(rationale_en="").count()) == (60, 0)
        assert list(RejectedActivity.objects.values_list("reason", flat=True)) == ["subject"] * 20
