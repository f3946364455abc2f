"""The page of what changed last."""

from datetime import UTC, datetime

import pytest

from tests import reading
from tests.counting import settle
from tests.make import UNPUBLISHED, make_issue, make_project, make_source

pytestmark = pytest.mark.django_db


def changed(make, day, **fields):
    """Make a record that changed last at noon of a day."""
    record = make(**fields)
    type(record).objects.filter(pk=record.pk).update(
        updated_at=datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC)
    )
    return record


def kinds(client, language="en"):
    """Return the headings of the page, each with the names under it."""
    settle()
    page = reading.page(client.get(f"/{language}/changes/"))
    return {
        reading.words(part.xpath("h2")[0]): [reading.words(name) for name in part.xpath(".//p[@class='entry-title']")]
        for part in page.xpath("//main//section")
    }


def test_records_of_the_month_are_counted_and_the_newest_named(client, on):
    on("2026-11-27")
    changed(make_source, "2026-11-03", title="Report")
    for day in range(1, 8):
        changed(make_project, f"2026-11-{day:02}", title_en=f"Trees {day}")
    changed(make_project, "2026-10-30", title_en="Wells")
    assert kinds(client) == {
        "Projects 7": ["Trees 7", "Trees 6", "Trees 5", "Trees 4", "Trees 3"],
        "Sources 1": ["Report"],
    }


@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_changes_of_drafts_are_not_shown(client, on, publication):
    on("2026-11-27")
    changed(make_issue, "2026-11-03", name_en="Drought"), changed(make_issue, "2026-11-04", publication=publication)
    assert kinds(client) == {"Issues 1": ["Drought"]}


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "What changed: November 2026"),
        ("ko", "변경 사항: 2026년 11월"),
        ("ru", "Что изменилось: ноябрь 2026 г."),
    ],
)
def test_without_changes_in_this_month_the_last_month_with_some_is_shown(client, on, language, title):
    changed(make_issue, "2026-11-03", name_en="Drought")
    on("2026-11-27")
    response = client.get(f"/{language}/changes/")
    lead = reading.words(reading.page(response).xpath("//p[contains(@class, 'lead')]")[0])
    on("2026-12-02")
    settle()
    response = client.get(f"/{language}/changes/")
    page = reading.page(response)
    assert reading.words(page.xpath("//h1")[0]) == title
    later = reading.words(page.xpath("//p[contains(@class, 'lead')]")[0])
    assert later.startswith(lead)
    assert len(later) > len(lead)


def test_first_publication_is_told_from_a_change(client, on):
    on("2026-11-27")
    changed(make_issue, "2026-11-03", name_en="Drought", published_at=datetime(2026, 11, 3, 12, tzinfo=UTC))
    changed(make_issue, "2026-11-04", name_en="Heat", published_at=datetime(2026, 1, 3, 12, tzinfo=UTC))
    page = reading.page(client.get("/en/changes/"))
    assert "First published in this month: 1" in reading.words(page.xpath("//main")[0])
    new = page.xpath("//li[.//span[contains(@class, 'tag')]]//p[@class='entry-title']")
    assert [reading.words(name) for name in new] == ["Drought"]


def test_portal_without_records_has_the_page_too(client):
    assert kinds(client) == {}
