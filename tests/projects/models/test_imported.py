"""The language and the order in which readers see imported activities."""

import gzip
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.utils import translation

from projects.models import BudgetLine
from tests.make import make_budget_line, make_imported, make_reported_document, make_reported_result
from tests.projects.iati.files import activity
from tests.projects.iati.test_importing_admin import words

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("titles", "shown"),
    [
        ({"de": "Felder", "en": "Fields", "ko": "밭"}, ("밭", "ko")),
        ({"de": "Felder", "en": "Fields", "ko": ""}, ("Fields", "en")),
        ({"de": "Felder", "fr": "Champs"}, ("Felder", "de")),
        ({}, ("", "en")),
    ],
)
def test_a_text_is_shown_in_the_readers_language_else_in_english(titles, shown):
    result = make_reported_result(titles=titles, indicators=titles)
    document = make_reported_document(titles=titles)
    for row in (result, document):
        row.refresh_from_db()
    with translation.override("ko"):
        assert (result.title, result.indicator) == (shown, shown)
        assert document.title == (shown if titles else (document.url, "en"))


def test_the_page_marks_english_that_stands_in(client):
    result = make_reported_result(titles={"de": "Felder", "en": "Fields with drip lines"}, indicators={})
    page = client.get(result.activity.project.get_absolute_url().replace("/en/", "/ko/")).content.decode()
    assert '<span lang="en">Fields with drip lines</span>' in page
    assert "Felder" not in page


def test_budget_lines_are_shown_by_their_start(client):
    imported = make_imported()
    for start, value in (("2026-01-01", 3), ("2024-01-01", 1), ("2025-01-01", 2)):
        make_budget_line(activity=imported, start=start, end=start.replace("01-01", "12-31"), value=value)
    make_budget_line(activity=imported, kind=BudgetLine.Kind.DISBURSEMENT, start="2024-01-01", end=None, value=4)
    assert [int(line.value) for line in imported.budgetlines.all()] == [1, 4, 2, 3]
    page = words(client.get(imported.project.get_absolute_url()))
    starts = [page.index(f"1 January – 31 December {year} Budget") for year in (2024, 2025, 2026)]
    assert starts == sorted(starts)


def test_the_page_says_that_a_reporter_is_a_secondary_one(client):
    said = "Fictional Agency is a secondary reporter: it reports what another organisation is responsible for."
    own, second_hand = make_imported(), make_imported(secondary=True)
    assert said not in words(client.get(own.project.get_absolute_url()))
    assert said in words(client.get(second_hand.project.get_absolute_url()))


def test_the_migration_marks_secondary_reporters_as_the_originals_say():
    texts = [activity(), activity("1", ("<reporting-org ", '<reporting-org secondary-reporter="1" ')), "no XML"]
    rows = [make_imported(original=gzip.compress(text.encode())) for text in texts]
    import_module("projects.migrations.0014_secondary_reporters_of_imported").mark(
        apps, SimpleNamespace(connection=connection)
    )
    for row in rows:
        row.refresh_from_db()
    assert [row.secondary for row in rows] == [False, True, False]
