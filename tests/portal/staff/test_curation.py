"""What the first page of the desk shows to whom."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from portal.core.choices import PublicationStatus
from tests import reading
from tests.make import make_project, make_term

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _doubles_were_looked_for(db):
    """Until then the dashboard offers the search (tests/portal/curation/test_duplicates.py)."""
    call_command("find_duplicates", verbosity=0)


def headings(client, section):
    return [
        reading.words(a) for a in reading.page(client.get("/admin/")).xpath(f"//section[h2[@id='{section}']]//li/a")
    ]


def test_reviewer_sees_first_what_has_waited_longest_and_an_editor_does_not(desk):
    newer, older = (make_term(term_en=name, publication=PublicationStatus.IN_REVIEW) for name in ("Newer", "Older"))
    project = make_project(title_en="Oldest", publication=PublicationStatus.IN_REVIEW)
    make_term(publication=PublicationStatus.DRAFT)
    now = timezone.now()
    for record, days in ((newer, 1), (older, 2), (project, 3)):
        type(record).objects.filter(pk=record.pk).update(updated_at=now - timedelta(days=days))
    assert headings(desk("reviewer"), "desk-waiting") == ["Oldest", "Older", "Newer"]
    assert headings(desk("editor"), "desk-waiting") == []


@pytest.mark.parametrize(
    ("who", "mine", "others"),
    [
        (
            "translator",
            ["Missing Korean translation"],
            ["Waiting for review", "Without a source", "Missing Russian translation"],
        ),
        (
            "editor",
            ["Without a source", "Missing Korean translation", "Missing Russian translation"],
            ["Waiting for review"],
        ),
        (
            "reviewer",
            [
                "Waiting for review",
                "Without a source",
                "Missing Korean translation",
                "Missing Russian translation",
                "Details of the portal that readers miss",
            ],
            [],
        ),
    ],
)
def test_everybody_sees_first_what_they_can_see_to(desk, who, mine, others):
    make_term(publication=PublicationStatus.IN_REVIEW)
    [section] = reading.page(desk(who).get("/admin/")).xpath("//section[h2[@id='desk-care']]")
    assert [dt.text.strip() for dt in section.xpath("./dl//dt")] == mine
    assert [dt.text.strip() for dt in section.xpath("./details//dt")] == others
