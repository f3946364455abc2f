"""A record as it was at the end of a day, with its rows and related records."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import Place
from portal.tracking.history import as_of, change_reason, without_history
from tests.make import (
    make_citation,
    make_country,
    make_indicator,
    make_issue,
    make_key_figure,
    make_observation,
    make_organisation,
    make_participation,
    make_place,
    make_project,
    make_source,
    make_term,
)

pytestmark = pytest.mark.django_db


def on(day, monkeypatch):
    """Set the clock of the following code to noon of a day."""
    noon = timezone.make_aware(datetime(day.year, day.month, day.day, 12))
    monkeypatch.setattr("portal.tracking.history.timezone.now", lambda: noon)


FIRST, SECOND, THIRD = date(2026, 3, 1), date(2026, 3, 15), date(2026, 4, 1)


def test_a_record_is_what_it_was_at_the_end_of_the_day(monkeypatch):
    on(FIRST, monkeypatch)
    term = make_term(definition_en="One.", definition_ko="하나")
    on(SECOND, monkeypatch)
    term.definition_en = "Two."
    term.save()
    term.definition_en = "Two, better."
    term.save()
    days = [FIRST - timedelta(days=1), FIRST, SECOND - timedelta(days=1), SECOND, THIRD]
    was = [as_of(term, day) for day in days]
    assert [one and one.definition_en for one in was] == [None, "One.", "One.", "Two, better.", "Two, better."]
    assert was[1].definition_ko == "하나"
    assert str(was[1]) == "Tugai"


def test_what_was_loaded_was_always_so_until_it_changed(monkeypatch):
    with without_history():
        project = make_project(title_en="Loaded")
        project.countries.add(make_country(key="uz"))
        make_citation(project, make_source(key="old"))
    on(SECOND, monkeypatch)
    project.title_en = "Changed"
    project.save()
    project.citations.all().delete()
    before, after = as_of(project, FIRST), as_of(project, SECOND)
    assert (before.title_en, [one.source.key for one in before.citations.all()]) == ("Loaded", ["old"])
    assert (after.title_en, list(after.citations.all())) == ("Changed", [])
    assert [[place.key for place in one.countries.all()] for one in (before, after)] == [["uz"], ["uz"]]


def test_a_record_without_history_is_what_it_is():
    with without_history():
        term = make_term(definition_en="Loaded.")
    assert as_of(term, FIRST).definition_en == "Loaded."


def test_rows_answer_with_what_they_held(monkeypatch):
    on(FIRST, monkeypatch)
    project, uz, kz = make_project(), make_country(key="uz"), make_country(key="kz")
    koica, kfs = make_organisation(key="koica"), make_organisation(key="kfs")
    project.countries.add(uz)
    first = make_participation(project=project, organisation=koica, role="funding")
    on(SECOND, monkeypatch)
    project.countries.set([kz])
    first.delete()
    make_participation(project=project, organisation=kfs)
    was = as_of(project, FIRST)
    assert [place.key for place in was.countries.all()] == ["uz"]
    assert [(one.organisation.key, one.role) for one in was.participations.all()] == [("koica", "funding")]
    assert [one.key for one in was.organisations.all()] == ["koica"]
    assert [one.key for one in project.organisations.all()] == ["kfs"]


def test_rows_of_rows_answer_too(monkeypatch):
    on(FIRST, monkeypatch)
    figure = make_key_figure(label_en="Area", position=1)
    make_citation(figure, make_source(key="landsat"))
    on(SECOND, monkeypatch)
    figure.delete()
    [was] = as_of(figure.issue, FIRST).key_figures.all()
    assert (was.label_en, [one.key for one in was.sources.all()]) == ("Area", ["landsat"])
    assert list(as_of(figure.issue, SECOND).key_figures.all()) == []


def test_rows_come_in_the_order_of_their_editors(monkeypatch):
    issue = make_issue()
    for position, key in ((3, "c"), (1, "a"), (2, "b")):
        make_citation(issue, make_source(key=key), position=position)
    assert [one.source.key for one in as_of(issue, timezone.localdate()).citations.all()] == ["a", "b", "c"]
    assert [one.key for one in as_of(issue, timezone.localdate()).sources.all()] == ["a", "b", "c"]


def test_a_row_that_moved_belongs_where_it_stood(monkeypatch):
    on(FIRST, monkeypatch)
    here, there = make_indicator(), make_indicator()
    observation = make_observation(indicator=here)
    on(SECOND, monkeypatch)
    observation.indicator = there
    observation.save()
    counts = {day: [as_of(one, day).observations.all().count() for one in (here, there)] for day in (FIRST, SECOND)}
    assert counts == {FIRST: [1, 0], SECOND: [0, 1]}


def test_what_it_led_to_and_is_gone_is_left_out(monkeypatch):
    on(FIRST, monkeypatch)
    project, nukus = make_project(), make_place()
    project.places.add(nukus)
    on(SECOND, monkeypatch)
    nukus.delete()
    assert list(as_of(project, FIRST).places.all()) == []


def test_a_deleted_record_was_there_before(monkeypatch):
    on(FIRST, monkeypatch)
    term = make_term(definition_en="It was.")
    pk = term.pk
    on(SECOND, monkeypatch)
    term.delete()
    term.pk = pk
    assert as_of(term, FIRST).definition_en == "It was."
    assert as_of(term, SECOND) is None


def test_a_page_can_be_made_of_what_it_returns(monkeypatch):
    on(FIRST, monkeypatch)
    place = make_place(name_en="Nukus", name_ko="누쿠스", country=make_country(key="uz"))
    on(SECOND, monkeypatch)
    place.name_en = "Nokis"
    place.save()
    was = as_of(place, FIRST)
    assert (was.name_and_language(), was.country.key, was.get_absolute_url()) == (
        ("Nukus", "en"),
        "uz",
        place.get_absolute_url(),
    )
    assert Place.objects.get(pk=place.pk).name_en == "Nokis"


def test_the_past_costs_the_same_however_much_of_it_there_is():
    def queries(count):
        project = make_project()
        for _ in range(count):
            with change_reason("More."):
                make_citation(project), make_participation(project=project), project.countries.add(make_country())
        with CaptureQueriesContext(connection) as asked:
            was = as_of(project, timezone.localdate())
            assert [one.source.title for one in was.citations.all()]
            assert [str(one) for one in was.countries.all()]
        return len(asked)

    assert queries(1) == queries(4)
