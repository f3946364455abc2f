"""The page of an indicator's values in the admin: permissions, languages and query counts."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from issues.models import Indicator
from portal.core.choices import PublicationStatus
from tests import reading
from tests.counting import settle
from tests.issues.grids import D, P, R, address, form_of, send, shown, take, typed, values
from tests.make import make_indicator, make_observation, make_place, make_source
from tests.portal.staff.test_admin import change_address, heading

pytestmark = pytest.mark.django_db

INLINE = r"<style|<script(?![^>]* src=)|\s(?:style|on[a-z]+)=[\"']"

# ── Looking ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_list_and_form_of_an_indicator_lead_to_its_table(editor, area):
    for url in (reverse("admin:issues_indicator_changelist"), change_address(area)):
        assert f'href="{address(area)}"' in editor.get(url).content.decode()


# ── Who ─────────────────────────────────────────────────────────────────────────────────────────────────────────


CHANGEABLE = set(PublicationStatus) - {PublicationStatus.SET_ASIDE}  # one that is set aside is taken up first


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("who", "sees", "types_in"),
    [
        ("anonymous", 302, set()),
        ("translator", 200, set()),
        ("editor", 200, {D, R}),
        ("reviewer", 200, CHANGEABLE),
        ("administrator", 200, CHANGEABLE),
    ],
)
@pytest.mark.parametrize("state", PublicationStatus)
def test_who_sees_and_types(desk, area, who, sees, types_in, state):
    Indicator.objects.filter(pk=area.pk).update(publication=state)
    seen = form_of(desk("administrator").get(address(area)))
    client = desk(who)
    page = client.get(address(area))
    assert page.status_code == sees
    if sees == 200:
        assert bool(reading.page(page).xpath("//table//input")) == (state in types_in)
    response = send(client, area, seen, uz_2019="25", why="So")
    assert response.status_code == (302 if state in types_in or who == "anonymous" else 403)
    assert (values(area)["uz", 2019] == "25") == (state in types_in)


def test_readers_are_told_why_what_they_see_changes(desk, area):
    Indicator.objects.filter(pk=area.pk).update(publication=P)
    client = desk("reviewer")
    response = typed(client, area, uz_2019="25")
    assert (
        "Your changes are visible to readers. State the reason in one sentence; it is published too."
    ) in response.content.decode()
    assert shown(response)[1][2019] == ["", "25"]
    assert values(area)["uz", 2019] == "24.1"
    assert send(client, area, form_of(response), why="The yearbook was mended").status_code == 302
    assert values(area)["uz", 2019] == "25"


def test_an_indicator_that_does_not_exist_leads_to_the_desk(editor):
    assert editor.get(reverse("admin:issues_indicator_grid", args=[999_999])).status_code == 302


# ── The page ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_the_page_opens_in_each_language_and_obeys_the_content_policy(editor, area, language):
    editor.cookies["django_language"] = language
    wrong = typed(editor, area, uz_2019="many")
    for response in (editor.get(address(area)), wrong, take(editor, area, "nonsense")):
        assert (response.status_code, len(heading(response))) == (200, 1)
        assert reading.page(response).get("lang") == language
        assert re.findall(INLINE, response.content.decode()) == []


@pytest.mark.any_database
def test_the_page_asks_the_same_of_the_database_for_one_value_as_for_many(editor):
    def queries(years, places):
        indicator = make_indicator(publication=D)
        for _ in range(places):
            place = make_place()
            for year in range(years):
                make_observation(indicator=indicator, place=place, year=2000 + year, source=indicator.source)
        settle()
        with CaptureQueriesContext(connection) as captured:
            editor.get(address(indicator))
        return len(captured)

    queries(1, 1)  # the first request also loads the content types
    assert queries(20, 4) == queries(1, 1)


def test_storing_many_values_asks_little_more_than_storing_one(editor):
    make_place(key="nukus")
    source = make_source()

    def queries(years):
        indicator = make_indicator(publication=D, source=source)
        query = f"first=1900&last={1899 + years}&places=nukus"
        data = form_of(editor.get(f"{address(indicator)}?{query}"))
        cells = {f"nukus_{1900 + n}": str(n) for n in range(years)}
        with CaptureQueriesContext(connection) as captured:
            assert send(editor, indicator, data, **cells).status_code == 302
        assert indicator.observations.count() == years
        return len(captured)

    queries(1)
    assert queries(100) < queries(1) + 10
