"""Entries, cells and marks of a comparison as plain values."""

from decimal import Decimal

import pytest

from portal.core.choices import PublicationStatus
from portal.core.partial_dates import PartialDate
from portal.models import Place
from portal.views.compare.rows import (
    Amount,
    ComparisonEntry,
    ComparisonRow,
    ComparisonSection,
    cited,
    counted,
    goal_cells,
    in_order_of,
    named,
    prose,
    with_marks,
    with_shares,
)
from projects.models import Project
from tests.make import make_citation, make_country, make_project, make_sdg, make_source
from tests.portal.views.compare.pages import three_countries


def values(*cells):
    return [[ComparisonEntry(value) for value in cell] for cell in cells]


@pytest.mark.parametrize(
    ("entry", "html", "plain", "is_number"),
    [
        (ComparisonEntry(12500), "12,500", 12500, True),
        (ComparisonEntry(Decimal("2.50")), "2.5", "2.5", True),
        (ComparisonEntry("Water"), "Water", "Water", False),
        (ComparisonEntry("물", "ko"), "물", "물", False),
        (Amount(Decimal("1500.00"), unit="USD"), "USD\u00a01,500", "1500", True),
    ],
)
def test_entry_is_formatted_for_the_page_and_plain_for_a_file(entry, html, plain, is_number):
    assert html in str(entry.html)
    assert (str(entry.plain), entry.is_number) == (str(plain), is_number)


def test_date_of_an_entry_keeps_its_precision():
    assert "July 2021" in ComparisonEntry(PartialDate("2021-07")).html


def test_row_is_known_if_any_record_has_an_entry():
    assert ComparisonRow("Area", values([1], [])).known
    assert not ComparisonRow("Area", values([], [])).known


@pytest.mark.parametrize(
    ("cells", "shares"),
    [
        (([4], [1, 2]), [100, 25, 50]),
        (([4], [0]), [100, 0]),
        (([4], []), [None]),
        (([0], [0]), [None, None]),
        (([4], [-1]), [None, None]),
        (([4], [3]), [None, None]),
    ],
)
def test_shares_are_of_the_largest_number_and_missing_if_they_would_mislead_or_are_near(cells, shares):
    marked = with_shares(values(*cells))
    assert [entry.share for cell in marked for entry in cell] == shares


@pytest.mark.parametrize(
    ("cells", "absent", "difference"),
    [
        (values([3], [2]), False, "Far apart: 1.5 times"),
        (values([Decimal("2.9")], [2]), False, ""),
        (values([3], [3]), False, ""),
        (values([3], [0]), False, "Different"),
        (values([3], [-3]), False, "Different"),
        (values([-6], [-3]), False, "Far apart: 2 times"),
        (values([3], []), False, ""),
        (values([1], [2], [4]), False, "Far apart among all 3: 4 times"),
        ([[ComparisonEntry(3, unit="ha")], [ComparisonEntry(3, unit="km²")]], False, "Different"),
        ([[ComparisonEntry(1, detail="a marker")], [ComparisonEntry(1, detail="a marker")]], False, ""),
        (values(["loan"], ["grant"]), False, "Different"),
        (values(["Uzbekistan", "Tajikistan"], ["Tajikistan", "Uzbekistan"]), False, ""),
        (values(["loan"], []), False, ""),
        (values(["loan"], []), True, "Different"),
    ],
)
def test_difference_of_a_row_is_said_in_words_unless_it_is_small_or_unknown(cells, absent, difference):
    assert ComparisonRow("Area", cells, absent=absent).difference == difference


@pytest.mark.parametrize(("shown", "folded"), [(None, 0), (5, 0), (4, 0), (3, 2)])
def test_section_folds_the_rows_after_those_shown_unless_it_is_only_one(shown, folded):
    section = ComparisonSection("areas", "Areas", [ComparisonRow(str(n), []) for n in range(5)], shown=shown)
    assert [len(rows) for rows in section.tables] == [5 - folded, folded]


@pytest.mark.django_db
def test_entries_of_all_records_and_compared_records_are_marked():
    uz, kz, tm = three_countries()
    cells = [[named(kz), named(tm)], [named(tm), ComparisonEntry("no page")]]
    with_marks(cells, [uz, kz])
    assert [[entry.mark for entry in cell] for cell in cells] == [
        ["compared here", "shared by all"],
        ["shared by all", ""],
    ]


@pytest.mark.django_db
def test_count_links_to_its_list_unless_it_is_0():
    [three], [none] = counted(3, "projects", country="uz"), counted(0, "projects", country="kz")
    assert (three.value, three.url) == (3, "/en/projects/?country=uz")
    assert (none.value, none.url) == (0, "")


@pytest.mark.django_db
def test_text_that_a_record_lacks_is_an_empty_cell():
    assert prose(make_project(summary_en=""), "summary") == []
    [entry] = prose(make_project(summary_en="Trees are planted."), "summary")
    assert (entry.value, entry.language) == ("Trees are planted.", "en")


@pytest.mark.django_db
def test_only_published_sources_are_cited():
    project, source = make_project(), make_source()
    make_citation(project, source)
    make_citation(project, make_source(publication=PublicationStatus.DRAFT))
    found = Project.objects.prefetch_related("citations__source").get(pk=project.pk)
    assert cited(found) == (source,)


@pytest.mark.django_db
def test_goals_are_listed_once_with_their_targets():
    one, other = make_project(), make_project()
    for code in ("13", "6.10", "6.4"):
        make_sdg(one, code)
    make_sdg(other, "13")
    cells = goal_cells([one, other])
    assert [[(entry.value, entry.detail, entry.mark) for entry in cell] for cell in cells] == [
        [("6 Clean water and sanitation", "targets 6.4, 6.10", ""), ("13 Climate action", "", "shared by all")],
        [("13 Climate action", "", "shared by all")],
    ]
    assert cells[1][0].url == "/en/projects/?sdg=13"


@pytest.mark.django_db
def test_records_keep_the_order_of_the_choice():
    chosen = [make_country(key=key) for key in ("uz", "kz", "tm")]
    assert [place.key for place in in_order_of(chosen, Place.objects.order_by("key"))] == ["uz", "kz", "tm"]
