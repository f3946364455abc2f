"""Numbers of records with links to the lists that have them."""

import pytest
from django.utils.translation import override

from portal.core.choices import Level
from portal.views.country.rows import CountRow, count_rows

NATIONAL, PROVINCIAL, *_others = Level


def test_row_leads_to_the_list_and_keeps_the_order():
    assert count_rows([(PROVINCIAL, 1), (NATIONAL, 3)], "level", {"country": "uz"}) == [
        CountRow(PROVINCIAL.label, 1, f"/en/projects/?country=uz&level={PROVINCIAL.value}", 33),
        CountRow(NATIONAL.label, 3, f"/en/projects/?country=uz&level={NATIONAL.value}", 100),
    ]


def test_value_replaces_the_one_that_the_query_has_already():
    [row] = count_rows([(NATIONAL, 1)], "level", {"level": PROVINCIAL.value})
    assert row.url == f"/en/projects/?level={NATIONAL.value}"


@pytest.mark.parametrize(
    ("counts", "shares"), [([2, 2], [100, 100]), ([200, 1], [100, 0]), ([0, 8], [0, 100]), ([3, 2], [100, 67])]
)
def test_share_is_in_per_cent_of_the_largest_number(counts, shares):
    rows = count_rows([(level, count) for level, count in zip(Level, counts, strict=False)], "level", {})
    assert [row.share for row in rows] == shares


def test_no_counts_give_no_rows():
    assert count_rows([], "level", {}) == []


@pytest.mark.parametrize(("route", "language"), [("agreements", "ko"), ("projects", "ru")])
def test_list_is_that_of_the_route_in_the_language_of_the_page(route, language):
    with override(language):
        [row] = count_rows([(NATIONAL, 1)], "level", {}, route)
    assert row.url.startswith(f"/{language}/{route}/?level=")
