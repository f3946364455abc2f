"""The status that readers see on a day: the table, its three forms, and the words."""

import datetime

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from portal.core.partial_dates import PartialDate, ended_before, months_before, not_ended_before
from projects.models import Project, StatedStatus, StatusNow
from projects.models.project_status import TABLE, has_status_on, ids_by_status_on, label_on, status_on, status_then
from tests.make import make_project

TODAY = datetime.date(2026, 11, 27)
DERIVED = (StatedStatus.PIPELINE, StatedStatus.IMPLEMENTATION, StatedStatus.FINALISATION)
SETTLED = (StatedStatus.CLOSED, StatedStatus.CANCELLED, StatedStatus.SUSPENDED)


def shown(status, end=None, as_of=None, today=TODAY):
    return status_on(status, end and PartialDate(end), as_of and PartialDate(as_of), today)


# ── The table ────────────────────────────────────────────────────────────────────────────────────────────────

# What readers see of each stated status, by end and date of the report.
ROWS = [
    (None, "2026-11", ("pipeline", "implementation", "finalisation")),
    ("2027", "2026-11", ("pipeline", "implementation", "finalisation")),
    ("2025", "2026-11", ("end-passed",) * 3),
    ("2025", "2012", ("end-passed",) * 3),
    ("2025", None, ("end-passed",) * 3),
    (None, "2012", ("pipeline-last-reported", "implementation-last-reported", "finalisation-last-reported")),
    ("2027", "2012", ("pipeline-last-reported", "implementation-last-reported", "finalisation-last-reported")),
    (None, None, ("pipeline-undated", "implementation-undated", "finalisation-undated")),
    ("2027", None, ("pipeline-undated", "implementation-undated", "finalisation-undated")),
]


@pytest.mark.parametrize(("end", "as_of", "expected"), ROWS)
def test_first_rule_that_holds_decides(end, as_of, expected):
    assert tuple(shown(status, end, as_of) for status in DERIVED) == expected


@pytest.mark.parametrize("status", SETTLED)
@pytest.mark.parametrize(("end", "as_of", "_expected"), ROWS)
def test_settled_statuses_are_untouched(status, end, as_of, _expected):
    assert shown(status, end, as_of) == status.value


def test_each_stated_status_has_its_code_among_those_of_today():
    assert set(StatedStatus.values) < set(StatusNow.values)


@pytest.mark.parametrize(
    ("end", "last_day"),
    [("2026", "2026-12-31"), ("2026-11", "2026-11-30"), ("2024-02", "2024-02-29"), ("2026-11-27", "2026-11-27")],
)
def test_end_has_passed_on_the_day_after_its_last_day(end, last_day):
    last = datetime.date.fromisoformat(last_day)
    days = [last - datetime.timedelta(days=1), last, last + datetime.timedelta(days=1)]
    seen = [shown("implementation", end, str(last), day) for day in days]
    assert seen == ["implementation", "implementation", "end-passed"]


@pytest.mark.parametrize(
    ("as_of", "last_current"),
    [
        ("2024-11-27", "2026-11-27"),
        ("2024-11", "2026-11-30"),
        ("2024", "2026-12-31"),
        ("2024-02-29", "2026-02-28"),
    ],
)
def test_status_is_current_for_24_months(as_of, last_current):
    last = datetime.date.fromisoformat(last_current)
    seen = [shown("implementation", None, as_of, day) for day in (last, last + datetime.timedelta(days=1))]
    assert seen == ["implementation", "implementation-last-reported"]


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [("2026-11-27", 24, "2024-11-27"), ("2024-02-29", 12, "2023-02-28"), ("2026-01-31", 2, "2025-11-30")],
)
def test_months_before_keeps_the_day_or_takes_the_last_of_the_month(day, months, expected):
    assert months_before(datetime.date.fromisoformat(day), months).isoformat() == expected


# ── Three forms of the table ─────────────────────────────────────────────────────────────────────────────────

DATES = (None, "2024", "2024-11", "2024-11-27", "2024-11-30", "2025", "2026", "2026-11", "2026-11-27", "2026-12-31")
DAYS = ("2024-11-27", "2024-11-30", "2024-12-01", "2026-11-26", "2026-11-27", "2026-11-28", "2026-11-30", "2026-12-01")


@pytest.fixture
def projects(db):
    return Project.objects.bulk_create(
        make_unsaved(f"{status}-{number}", status, end, as_of)
        for status in StatedStatus.values
        for number, (end, as_of) in enumerate((end, as_of) for end in DATES for as_of in DATES)
    )


def make_unsaved(key, status, end, as_of):
    return Project(key=key, title_en=key, status=status, end=end, status_as_of=as_of, confidence="high")


@pytest.mark.parametrize("day", [*DAYS, "2027-01-01"])
def test_database_and_bitmaps_derive_the_same_status(projects, day):
    today = datetime.date.fromisoformat(day)
    expected = {status: set() for status in StatusNow}
    bitmaps = {}
    for project in Project.objects.all():
        expected[status_on(project.status, project.end, project.status_as_of, today)].add(project.pk)
        for column in ("status", "end", "status_as_of"):
            if (value := getattr(project, column)) is not None:
                bitmaps.setdefault((column, value), BitMap()).add(project.pk)
    by_database = {
        status: set(Project.objects.filter(has_status_on([status], today)).values_list("pk", flat=True))
        for status in StatusNow
    }
    assert by_database == expected
    assert {status: set(ids) for status, ids in ids_by_status_on(bitmaps, today).items()} == expected
    some = [StatusNow.END_PASSED, StatusNow.CLOSED]
    assert set(Project.objects.with_status_on(some, today).values_list("pk", flat=True)) == set().union(
        *(expected[status] for status in some)
    )


@pytest.mark.parametrize("day", DAYS)
def test_ended_before_and_its_opposite_part_all_dates(projects, day):
    today = datetime.date.fromisoformat(day)
    over = set(Project.objects.filter(ended_before("end", today)).values_list("pk", flat=True))
    not_over = set(Project.objects.filter(not_ended_before("end", today)).values_list("pk", flat=True))
    everyone = list(Project.objects.all())
    expected = {one.pk for one in everyone if one.end is not None and one.end.last_day < today}
    assert (over, not_over) == (expected, {one.pk for one in everyone} - expected)
    assert {one.pk for one in everyone if one.end is not None and one.end.is_over_before(today)} == expected


@given(st.dates(datetime.date(2000, 1, 1), datetime.date(2060, 12, 31)))
def test_no_day_shows_a_current_status_after_the_end_or_without_a_recent_source(day):
    for end in DATES:
        for as_of in DATES:
            for status in DERIVED:
                if shown(status, end, as_of, day) == status:
                    assert end is None or PartialDate(end).last_day >= day
                    assert as_of is not None
                    assert PartialDate(as_of).last_day >= months_before(day, 24)


def test_no_project_of_the_content_is_under_way_after_its_end_on_any_day(content):
    rows = list(Project.objects.values_list("status", "end", "status_as_of"))
    assert len(rows) > 100
    wrong = []
    for month in range(12 * 15):
        for day in (1, 28):
            today = datetime.date(2024 + month // 12, month % 12 + 1, day)
            for status, end, as_of in rows:
                seen = status_on(status, end, as_of, today)
                if seen in DERIVED and (
                    (end is not None and end.last_day < today)
                    or as_of is None
                    or as_of.last_day < months_before(today, 24)
                ):
                    wrong.append((today, status, end, as_of))
    assert wrong == []


# ── Texts ────────────────────────────────────────────────────────────────────────────────────────────────────

WORDS = [
    ("pipeline", None, "2012-12", "en", "Planned when last reported (December 2012)"),
    ("implementation", None, "2021", "en", "Under way when last reported (2021)"),
    ("finalisation", None, "2021-07-02", "en", "Closing when last reported (2 July 2021)"),
    ("implementation", "2024-06", "2021", "en", "End date June 2024 passed; completion not confirmed"),
    ("implementation", None, None, "en", "Under way; date of the report not known"),
    ("implementation", None, "2026-06", "en", "Under way"),
    ("pipeline", None, "2012-12", "ko", "2012년 12월 기준 계획 단계(이후 미확인)"),
    ("implementation", None, "2021", "ko", "2021년 기준 진행 중(이후 미확인)"),
    ("implementation", "2024-06", "2021", "ko", "종료 예정일 2024년 6월 경과, 완료 여부 미확인"),
    ("implementation", None, None, "ko", "진행 중(확인 시점 미상)"),
    ("pipeline", None, "2012-12", "ru", "Планировался, по сведениям на декабрь 2012 г."),
    ("implementation", None, "2021", "ru", "Выполнялся, по сведениям на 2021 г."),
    ("implementation", "2024-06", "2021", "ru", "Срок (июнь 2024 г.) истёк; завершение не подтверждено"),
    ("implementation", None, None, "ru", "Реализуется; дата сведений неизвестна"),
]


@pytest.mark.parametrize(("status", "end", "as_of", "language", "words"), WORDS)
def test_label_carries_the_date_that_decides(status, end, as_of, language, words):
    end, as_of = end and PartialDate(end), as_of and PartialDate(as_of)
    with translation.override(language):
        assert label_on(status_on(status, end, as_of, TODAY), end, as_of).replace("\u00a0", " ") == words


@pytest.mark.parametrize("language", ["ko", "ru"])
def test_every_status_of_a_day_is_translated(language):
    english = {status: str(status.label) for status in StatusNow}
    with translation.override(language):
        assert [status for status in StatusNow if str(status.label) == english[status]] == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": "implementation", "status_as_of": "2026-06"}, "Under way · last reported June 2026"),
        ({"status": "suspended", "status_as_of": "2019"}, "Suspended · last reported 2019"),
        ({"status": "closed", "status_as_of": "2019"}, "Completed"),
        ({"status": "implementation", "status_as_of": "2019"}, "Under way when last reported (2019)"),
        ({"status": "cancelled", "status_as_of": None}, "Cancelled"),
    ],
)
def test_status_that_may_still_change_says_its_age(db, on, fields, words):
    on("2026-11-27")
    project = make_project(**fields)
    project.refresh_from_db()
    assert project.status_now_words == words


@pytest.mark.parametrize(
    ("status", "start", "end", "as_of", "day", "shown"),
    [
        # The newest report is not later than the day: the table decides.
        ("implementation", "2020", "2023", "2022-05", "2022-06-30", StatusNow.IMPLEMENTATION),
        ("implementation", None, None, "2019", "2022-06-30", StatusNow.IMPLEMENTATION_LAST_REPORTED),
        # It had begun, and went on until later.
        ("implementation", "2020", None, "2025", "2022-06-30", StatusNow.IMPLEMENTATION),
        ("finalisation", "2020", None, "2025", "2022-06-30", StatusNow.IMPLEMENTATION),
        ("closed", "2020", "2023", "2024", "2022-06-30", StatusNow.IMPLEMENTATION),
        # It had ended.
        ("closed", "2018", "2020", "2024", "2022-06-30", StatusNow.CLOSED),
        ("implementation", "2018", "2020", "2025", "2022-06-30", StatusNow.END_PASSED),
        # Nothing shows it.
        ("closed", "2020", None, "2024", "2022-06-30", None),
        ("implementation", None, None, "2025", "2022-06-30", None),
        ("implementation", "2022", None, "2025", "2022-06-30", None),  # it may have begun in July
        ("pipeline", "2020", None, "2025", "2022-06-30", None),
        ("suspended", "2020", None, "2025", "2022-06-30", None),
        ("cancelled", "2020", None, "2025", "2022-06-30", None),
        # A day ahead: the table decides.
        ("implementation", "2025", "2027-03", "2026-06", "2027-03-31", StatusNow.IMPLEMENTATION),
        ("implementation", "2025", "2027-03", "2026-06", "2027-04-01", StatusNow.END_PASSED),
    ],
)
def test_status_on_another_day_follows_from_the_dates_or_is_not_known(status, start, end, as_of, day, shown):
    dates = [PartialDate(text) if text else None for text in (start, end, as_of)]
    found = status_then(status, *dates, datetime.date.fromisoformat(day), datetime.date(2026, 11, 27))
    assert found == shown


def test_table_has_a_row_for_each_stated_status_that_grows_old():
    assert [set(rule.shown) for rule in TABLE] == [set(DERIVED)] * 3
