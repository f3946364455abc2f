"""The page of the desk about the use of the portal."""

import datetime

import pytest
from django.utils import timezone

from portal.models import UsageCount
from portal.staff.usage import CHART, day_bars
from tests import reading

pytestmark = pytest.mark.django_db

PAGE = "/admin/usage/"


@pytest.fixture
def editor(desk):
    return desk("editor")


def make_count(kind, name, count, language="en", ago=0):
    day = timezone.localdate() - datetime.timedelta(days=ago)
    return UsageCount.objects.create(day=day, kind=kind, name=name, language=language, count=count)


def tables(response):
    return [
        [[reading.words(cell) for cell in row] for row in table.find("tbody")]
        for table in reading.page(response).xpath("//*[@id='content-main']//table")
    ]


def test_page_shows_views_searches_and_downloads(editor):
    make_count("page", "/projects/", 1_200)
    make_count("page", "/projects/", 30, language="ko", ago=3)
    make_count("page", "/about/", 7)
    make_count("search", "", 40)
    make_count("no-hits", "", 1)
    make_count("search", "aral", 9)
    make_count("no-hits", "zzqx", 3)
    make_count("download", "csv", 5)
    response = editor.get(PAGE)
    words = reading.words(reading.page(response))
    days, pages, nothing, searched, downloads = tables(response)
    assert len(days) == 30
    assert days[-1][1] == "1,207"
    assert pages == [["/projects/", "1,230", "1,200", "30", "0"], ["/about/", "7", "7", "0", "0"]]
    assert (nothing, searched, downloads) == ([["zzqx", "3"]], [["aral", "9"]], [["csv", "5"]])
    assert "1 search found nothing." in words
    headings = [reading.words(one) for one in reading.page(response).xpath("//*[@id='content-main']//h3")]
    assert headings == ["Searched most, and nothing found", "Searched most"]


def test_period_can_be_chosen(editor):
    make_count("page", "/about/", 4, ago=40)
    assert tables(editor.get(PAGE))[1:] == []
    assert tables(editor.get(PAGE, {"days": "90"}))[1] == [["/about/", "4", "4", "0", "0"]]
    assert len(tables(editor.get(PAGE, {"days": "x"}))[0]) == 30


def test_names_are_never_markup(editor):
    make_count("search", "<b>", 9)
    assert b"<b></" not in editor.get(PAGE).content
    assert [["<b>", "9"]] in tables(editor.get(PAGE))


@pytest.mark.any_database
def test_page_asks_the_same_queries_for_more_counts(editor, django_assert_max_num_queries):
    for number in range(60):
        make_count("page", f"/places/{number}/", number)
    with django_assert_max_num_queries(20):
        editor.get(PAGE)


def test_page_says_that_counting_is_off(editor, settings):
    settings.COUNT_USAGE = False
    assert "COUNT_USAGE" in reading.words(reading.page(editor.get(PAGE)))


def test_readers_do_not_see_it(client):
    assert client.get(PAGE).status_code == 302


def test_bars_are_as_high_as_their_numbers():
    today = timezone.localdate()
    days = [today - datetime.timedelta(days=1), today]
    low, high = day_bars({today: 10}, days)
    assert (low.height, high.height, high.y) == (0, CHART[1], 0)
    assert [day_bars({}, days)[1].height] == [0]
