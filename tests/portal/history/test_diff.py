"""Changes as differences: by word, by field, by language, with rows."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from issues.models import Term
from portal.core.choices import PublicationStatus
from portal.history.diff import MOST_ROWS, changes_of, diff_excerpt, diff_html, public_changelog, public_groups
from portal.tracking.history import change_reason, change_times, without_history
from projects.models import Project
from tests.make import (
    make_answer,
    make_citation,
    make_country,
    make_indicator,
    make_issue,
    make_issue_link,
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

D, R, S, P, A, _ASIDE = PublicationStatus


def told(record, public=False):
    """Return the changes of a record, the last one first."""
    return changes_of(record, [[moment] for moment in change_times(record)], public)


def last(record):
    """Return the last change of a record in short: fields and rows."""
    change = told(record)[0]
    fields = [(one.label, one.language, one.old, one.new) for one in change.differences]
    rows = [
        (rows.label, row.what, row.name, [(one.label, one.old, one.new) for one in row.differences])
        for rows in change.rows
        for row in rows.changes
    ]
    return fields, rows


def seen(record):
    """Return what readers see of the changes of a record."""
    return [change for change in public_changelog(record, public_groups(record, change_times(record))) if change]


# ── Texts ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ("The sea shrank.", "The sea shrank.", [("same", "The sea shrank.")]),
        (
            "The sea shrank.",
            "The sea shrank fast.",
            [("same", "The sea "), ("del", "shrank. "), ("ins", "shrank fast.")],
        ),
        ("The sea", "The sea grew", [("same", "The sea "), ("ins", "grew")]),
        ("호수가 줄었다", "호수가 늘었다", [("same", "호수가 "), ("del", "줄었다 "), ("ins", "늘었다")]),
        ("Море ушло", "Море совсем ушло", [("same", "Море "), ("ins", "совсем "), ("same", "ушло")]),
        ("Море совсем ушло", "Море", [("same", "Море "), ("del", "совсем ушло ")]),
        ("", "New", [("ins", "New")]),
    ],
)
def test_words_that_changed_are_marked(before, after, pieces):
    assert diff_excerpt(before, after) == pieces


def test_long_stretches_without_a_change_are_left_out():
    words = [f"w{n}" for n in range(60)]
    pieces = diff_excerpt(" ".join([*words, "old", *words]), " ".join([*words, "new", *words]))
    assert [what for what, _text in pieces] == ["cut", "same", "del", "ins", "same", "cut"]
    assert pieces[1][1].split() == words[-8:]
    assert pieces[4][1].split() == words[:8]


def test_a_text_beyond_measure_is_shown_as_two():
    assert [what for what, _text in diff_excerpt("a " * 3_000, "b " * 3_000)] == ["del", "ins"]


def test_marks_escape_what_they_mark():
    assert diff_html("<b> one", "<b> two") == "&lt;b&gt; <del>one</del> <ins>two</ins>"


# ── Fields and rows ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_text_is_told_by_its_language():
    term = make_term(definition_en="Old.", definition_ko="옛")
    term.definition_en, term.definition_ko = "New.", "새"
    term.save()
    assert last(term) == ([("Definition", "en", "Old.", "New."), ("Definition", "ko", "옛", "새")], [])


def test_values_are_told_as_a_person_reads_them():
    project = make_project(status="implementation", start="2019", budget=None, currency="")
    project.status, project.start, project.budget, project.currency = "closed", "2019-03", "1500000.00", "USD"
    project.save()
    fields, _rows = last(project)
    assert fields == [
        ("Status", "", "Under way", "Completed"),
        ("Start", "", "2019", "March 2019"),
        ("Budget", "", "", "1,500,000"),
        ("Currency", "", "", "US dollar"),
    ]


def test_a_record_that_another_names_is_told_by_its_name():
    uz, kz = make_country(name_en="Uzbekistan", name_ko="우즈베키스탄"), make_country(name_en="Kazakhstan")
    place = make_place(country=uz)
    place.country = kz
    place.save()
    assert last(place)[0] == [("Country", "", "Uzbekistan", "Kazakhstan")]
    with translation.override("ko"):
        assert last(place)[0] == [("국가", "", "우즈베키스탄", "Kazakhstan")]


def test_rows_are_told_by_what_they_lead_to():
    project = make_project()
    koica = make_organisation(name_en="KOICA")
    with change_reason("All at once."):
        make_citation(project, make_source(title="The Future Aral Sea"))
        make_participation(project=project, organisation=koica, role="funding")
        make_answer(project=project, issue=make_issue(name_en="Dust"), rationale_en="So.")
        project.countries.add(make_country(name_en="Uzbekistan"))
    _fields, rows = last(project)
    assert sorted(rows) == [
        ("Countries", "added", "Uzbekistan", []),
        (
            "Issues of projects",
            "added",
            "Dust",
            [("Significance", "", ("Principal objective")), ("Rationale", "", "So.")],
        ),
        ("Participations", "added", "KOICA, Funding", []),
        ("Sources", "added", "The Future Aral Sea", []),
    ]


def test_a_row_that_changed_is_told_by_what_changed_in_it():
    figure = make_key_figure(label_en="Area", value="68000", year=1960)
    figure.value, figure.label_en = "67500", "Surface"
    figure.save()
    issue = figure.issue
    assert last(issue)[1] == [
        (
            "Key figures",
            "changed",
            "Surface",
            [("Label", "Area", "Surface"), ("Value", "68,000", "67,500")],
        )
    ]


def test_rows_of_rows_belong_to_the_record():
    figure = make_key_figure(label_en="Area")
    make_citation(figure, make_source(title="Landsat"))
    assert last(figure.issue)[1] == [("Key figures: sources", "added", "Area, Landsat", [])]


def test_a_link_belongs_to_both_its_ends():
    link = make_issue_link(cause=make_issue(name_en="Cotton"), effect=make_issue(name_en="Dust"))
    link.mechanism_en = "By wind."
    link.save()
    expected = [
        ("Causes and effects", "changed", "Cotton, Dust", [("Mechanism", "The wind carries the salt.", "By wind.")])
    ]
    assert [last(end)[1] for end in (link.cause, link.effect)] == [expected, expected]


def test_a_row_that_moves_to_another_record_goes_here_and_comes_there():
    here, there = make_indicator(), make_indicator()
    observation = make_observation(indicator=here, place=make_place(name_en="Nukus"), source=make_source(title="Data"))
    observation.indicator = there
    observation.save()
    assert [last(one)[1][0][1:3] for one in (here, there)] == [
        ("removed", "Nukus, 2020, Data"),
        ("added", "Nukus, 2020, Data"),
    ]


def test_what_went_and_came_again_is_no_difference():
    term, source = make_term(), make_source()
    make_citation(term, source)
    with change_reason("Entered anew."):
        term.citations.get().delete()
        make_citation(term, source)
        term.definition_en = "New."
        term.save()
    fields, rows = last(term)
    assert (len(fields), rows) == (1, [])


def test_a_record_that_is_gone_is_still_known_by_its_name():
    project, nukus = make_project(), make_place(name_en="Nukus")
    project.places.add(nukus)
    nukus.delete()
    assert last(project)[1] == [("Places", "removed", "Nukus", [])]


def test_many_rows_are_counted_rather_than_told():
    indicator, place, source = make_indicator(), make_place(), make_source()
    with change_reason("Imported."):
        for year in range(1990, 1990 + MOST_ROWS + 5):
            make_observation(indicator=indicator, place=place, source=source, year=year)
    [rows] = told(indicator)[0].rows
    assert (len(rows.changes), rows.more) == (MOST_ROWS, 5)


def test_who_and_why_are_told():
    editor = User.objects.create_superuser("kim")
    term = make_term()
    with change_reason("The ministry corrected it."):
        term.definition_en = "New."
        term.save()
    Term.history.update(history_user=editor)
    change = told(term)[0]
    assert (change.who, change.why) == (editor, "The ministry corrected it.")


def test_a_reason_that_the_portal_gives_is_told_in_the_readers_language():
    term = make_term(publication=R)
    with change_reason("Published at the time that was set."):
        term.publication = P
        term.save()
    with translation.override("ko"):
        assert told(term)[0].why == "정해 둔 시각에 공개했습니다."


@pytest.mark.parametrize("make", [make_project, make_issue, make_indicator])
def test_changes_cost_the_same_however_many_there_are(make):
    def queries(count):
        record = make()
        for _ in range(count):
            with change_reason("More."):
                if make is make_project:
                    make_citation(record), make_participation(project=record), record.countries.add(make_country())
                elif make is make_issue:
                    make_citation(make_key_figure(issue=record, position=record.key_figures.count() + 1))
                    make_issue_link(cause=record)
                else:
                    make_observation(indicator=record, year=2000 + record.observations.count())
        every = change_times(record)
        with CaptureQueriesContext(connection) as asked:
            changes_of(record, [[moment] for moment in every])
        return len(asked)

    assert queries(1) == queries(4)


# ── What readers see ─────────────────────────────────────────────────────────────────────────────────────────


def change(record, why="", **fields):
    with change_reason(why):
        for name, value in fields.items():
            setattr(record, name, value)
        record.save()


def test_what_was_done_before_the_first_publication_is_not_shown():
    term = make_term(publication=D, definition_en="A secret draft.")
    change(term, definition_en="Still a draft.")
    assert seen(term) == []
    change(term, "Whole now.", publication=P, definition_en="Ready.")
    change(term, "A slip.", definition_en="Ready now.")
    slip, first = seen(term)
    assert (first.first, first.why, first.differences) == (True, "Whole now.", [])
    assert [(one.old, one.new) for one in slip.differences] == [("Ready.", "Ready now.")]


def test_what_was_done_out_of_sight_is_shown_with_what_brought_it_back():
    term = make_term(definition_en="First.")
    change(term, "Something is wrong.", publication=R)
    change(term, "Nonsense.", definition_en="Never seen.")
    change(term, "Checked.", definition_en="Second.")
    assert len(seen(term)) == 1
    change(term, "Right again.", publication=P)
    again, _first = seen(term)
    assert [(one.old, one.new) for one in again.differences] == [("First.", "Second.")]
    assert (again.why, again.moved) == ("Right again.", ())


def test_a_record_that_was_public_before_history_has_no_first_publication():
    with without_history():
        term = make_term(definition_en="Loaded.")
    assert seen(term) == []
    change(term, "A slip.", definition_en="Mended.")
    [mended] = seen(term)
    assert (mended.first, [(one.old, one.new) for one in mended.differences]) == (False, [("Loaded.", "Mended.")])


def test_a_draft_that_was_loaded_is_first_published_when_it_is():
    with without_history():
        term = make_term(publication=D)
    change(term, "Whole.", publication=P)
    assert [one.first for one in seen(term)] == [True]


def test_readers_see_their_own_language_and_hear_of_the_others():
    term = make_term(definition_en="Old.")
    change(term, "Better.", definition_en="New.", definition_ko="새", definition_ru="Новое")
    shown = {}
    for language in ("en", "ko", "ru"):
        with translation.override(language):
            one = seen(term)[0]
            shown[language] = ([(d.language, d.new) for d in one.differences], one.languages)
    assert shown == {
        "en": ([("en", "New.")], ["ko", "ru"]),
        "ko": ([("ko", "새")], ["en", "ru"]),
        "ru": ([("ru", "Новое")], ["en", "ko"]),
    }


def test_readers_are_told_of_no_editor():
    editor = User.objects.create_superuser("kim")
    term = make_term()
    change(term, "Better.", definition_en="New.")
    Term.history.update(history_user=editor)
    assert [one.who for one in seen(term)] == [None, None]
    assert [one.who for one in told(term)] == [editor, editor]


def test_readers_do_not_see_what_no_page_shows():
    issue = make_issue(position=1)
    change(issue, "Order.", position=2)
    assert len(seen(issue)) == 1
    assert len(told(issue)) == 2


def test_readers_do_not_see_rows_that_lead_to_what_they_never_saw():
    project = make_project()
    secret = make_source(publication=D, title="A leaked report")
    with change_reason("For later."):
        make_citation(project, secret)
    with change_reason("For now."):
        make_citation(project, make_source(title="A public report"))
    shown = [row.name for one in seen(project) for rows in one.rows for row in rows.changes]
    assert shown == ["A public report"]


def test_readers_do_not_see_links_to_issues_that_they_never_saw():
    cause, secret = make_issue(), make_issue(publication=D, name_en="A secret")
    make_issue_link(cause=cause, effect=secret)
    assert [one.rows for one in seen(cause)] == [[]]


@pytest.mark.parametrize("leave", [lambda source: change(source, publication=A), lambda source: source.delete()])
def test_a_source_that_readers_see_no_more_is_not_named(leave):
    project, source = make_project(), make_source(title="A withdrawn report")
    make_citation(project, source)
    with change_reason("It was withdrawn."):
        project.citations.all().delete()
        source.update_publication_dates(R)
        leave(source)
    withdrawn, cited, _first = seen(project)
    names = [one.rows[0].changes[0].name for one in (withdrawn, cited)]
    assert (names, withdrawn.why) == (["(no longer public)"] * 2, "It was withdrawn.")
    assert [row.name for one in told(project) for rows in one.rows for row in rows.changes] == [source.title] * 2


def test_public_groups_begin_with_the_last_one():
    term = make_term()
    for n in range(3):
        change(term, f"{n}", definition_en=f"{n}")
    groups = public_groups(term, change_times(term))
    assert [group.first for group in groups] == [False, False, False, True]
    assert [group.moments[0] for group in groups] == change_times(term)
    assert groups[0].moments[0] - groups[-1].moments[0] < timedelta(minutes=1)


def test_projects_are_asked_about_once(django_assert_max_num_queries):
    project = make_project()
    project.countries.add(make_country())
    with django_assert_max_num_queries(1):
        assert len(change_times(project)) == 2
    assert Project.history.count() == 1
