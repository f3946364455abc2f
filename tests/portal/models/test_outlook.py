"""Events and agreements that lie ahead, and those that only sources from before their date record."""

import pytest
from django.utils import translation

from issues.models import Event
from portal.models import Outlook
from projects.models import Agreement
from tests.make import make_agreement, make_citation, make_event, make_source

pytestmark = pytest.mark.django_db

MAKERS = {Event: make_event, Agreement: make_agreement}


def outlooks(record):
    """Return the outlook of a record as its page has it and as lists have it."""
    model = type(record)
    return model.objects.get(pk=record.pk).outlook, model.objects.with_outlook().get(pk=record.pk).outlook


@pytest.mark.parametrize("model", MAKERS)
@pytest.mark.parametrize(
    ("date", "source_dates", "expected"),
    [
        ("2026-09-16", ["2026-02-12", "2025"], Outlook.NOT_RECORDED),
        ("2026-09-16", ["2026-02-12", "2026-09-16"], None),
        ("2026-09-16", ["2026-02-12", "2026-09-20"], None),
        ("2026-09-16", ["2026-08"], Outlook.NOT_RECORDED),
        ("2026-09-16", ["2026-09"], None),
        ("2026-09-16", ["2026"], None),
        ("2026-09-16", [None], None),
        ("2026-09", ["2026-08-31"], Outlook.NOT_RECORDED),
        ("2026-09", ["2026-09-01"], None),
        ("2026", ["2025-12-31"], None),  # the year is not over
        ("2025", ["2024-12-31"], Outlook.NOT_RECORDED),
        ("2026-11-27", ["2026-11-01"], None),  # today
        ("2026-11-26", ["2026-11-01"], Outlook.NOT_RECORDED),
        ("2026-11-28", ["2026-11-01"], Outlook.COMING_UP),
        ("2026-12", ["2026-11-01"], Outlook.COMING_UP),
        ("2026-11", ["2026-10-01"], None),
        ("2027", [None], Outlook.COMING_UP),
    ],
)
def test_outlook_follows_from_the_dates_of_the_record_and_its_sources(on, model, date, source_dates, expected):
    on("2026-11-27")
    record = MAKERS[model](date=date)
    for source_date in source_dates:
        make_citation(record, make_source(date=source_date))
    assert outlooks(record) == (expected, expected)


@pytest.mark.parametrize("model", MAKERS)
def test_source_that_readers_cannot_see_records_nothing(on, model):
    on("2026-11-27")
    record = MAKERS[model](date="2026-09-16")
    make_citation(record, make_source(date="2026-02-12"))
    make_citation(record, make_source(date="2026-09-20", publication="draft"))
    assert outlooks(record) == (Outlook.NOT_RECORDED,) * 2


WORDS = {
    "en": ("Coming up", "Outcome not recorded yet"),
    "ko": ("예정", "결과 미수록"),
    "ru": ("Предстоит", "Итоги пока не внесены"),
}


@pytest.mark.parametrize("language", WORDS)
def test_pages_and_lists_say_it_in_three_languages(client, on, language):
    on("2026-11-27")
    ahead, unrecorded = WORDS[language]
    event, agreement = make_event(date="2026-12-01"), make_agreement(date="2026-09-16")
    make_citation(agreement, make_source(date="2026-02-12"))
    for words, addresses in (
        (ahead, (event.get_absolute_url(), "/en/timeline/", "/en/")),
        (unrecorded, (agreement.get_absolute_url(), "/en/timeline/", "/en/agreements/", "/en/search/?q=mou")),
    ):
        for address in addresses:
            page = client.get(address.replace("/en/", f"/{language}/")).content.decode()
            assert f">{words}</span>" in page, address


def test_event_without_an_outcome_never_leads_the_home_page(client, on):
    on("2026-11-27")
    for number in range(6):
        make_citation(make_event(date=f"2020-0{number + 1}", title_en=f"Told {number}"), make_source(date="2021"))
    make_citation(make_event(date="2026-09-16", title_en="Only planned"), make_source(date="2026-02-12"))
    make_event(date="2026-12-01", title_en="Still ahead")
    with translation.override("en"):
        page = client.get("/en/").content.decode()
    assert "Only planned" not in page
    assert page.index("Still ahead") < page.index("Told 5")


def test_content_has_few_records_without_an_outcome_and_each_is_only_announced(content, on):
    on("2026-11-27")
    for model in MAKERS:
        found = [record for record in model.objects.published().with_outlook() if record.outlook]
        assert 0 < len(found) < 15
        for record in found:
            assert record.outlook == Outlook.NOT_RECORDED
            dates = record.citations.values_list("source__date", flat=True)
            assert all(date.last_day < record.date.first_day for date in dates)
