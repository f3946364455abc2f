"""Import plans: permissions, the workflow, and every error by line and column."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from issues.models import Issue, IssueLink, KeyFigure, Observation, Term
from portal.core.choices import Currency, PublicationStatus
from portal.import_export.files import FileError, UnreadableFile
from portal.import_export.tables import schema_for
from portal.models import Source
from portal.models.workflow import ADMINISTRATOR, EDITOR, REVIEWER, TRANSLATORS
from portal.tracking.audit_log import AuditEntry
from projects.models import Project, ProjectCitation
from tests.make import (
    make_answer,
    make_citation,
    make_country,
    make_indicator,
    make_issue,
    make_issue_link,
    make_key_figure,
    make_observation,
    make_place,
    make_project,
    make_source,
    make_term,
)
from tests.portal.import_export.imports import ASIDE, NO_WAY, A, D, P, R, S, bring, bring_rows, counts, refusals, told

pytestmark = pytest.mark.django_db


# ── What is wrong, by line and column ───────────────────────────────────────────────────────────────────────────


def test_each_mistake_is_named_by_line_and_column():
    make_country(key="uz"), make_place(key="nukus"), make_project(key="first", budget=1, currency="KRW")
    assert refusals(
        Project,
        """
        key | title_en | status | start | budget | countries | places
        First! | x | pipeline | | | |
        first | | later | 2021-13 | 1,234 | uz nukus | nukos
        first | y | | | -5 | |
        """,
    ) == [
        (2, "key", "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."),
        (3, "title_en", "This field cannot be blank."),
        (
            3,
            "status",
            "“later” is not one of: pipeline, implementation, finalisation, closed, cancelled, suspended.",
        ),
        (3, "start", "“2021-13” is not a date. Use YYYY-MM-DD, YYYY-MM or YYYY, as precisely as known."),
        (3, "budget", "“1,234” is ambiguous. Write 1234 or 1.234."),
        (3, "countries", "“nukus” exists but is of the wrong kind."),
        (3, "places", "There is no place “nukos”. Did you mean “nukus”?"),
        (4, "", "Line 3 refers to the same record."),
    ]


CONTROL = "The text contains an invisible control character. Type it again."
NO_MOMENT = "is not a date and time. Use 2026-05-31T09:00."
NO_SOURCE = "No source has this key: nobody. Create the source first, or correct the mark."


@pytest.mark.parametrize(
    ("model", "cells", "column", "words"),
    [
        (Observation, {"year": "2020.5"}, "year", "“2020.5” is not a whole number."),
        (Observation, {"year": "MMXX"}, "year", "“MMXX” is not a number."),
        (Observation, {"year": "1492"}, "year", "A year must have four digits, between 1800 and 2200."),
        (Observation, {"value": "many"}, "value", "“many” is not a number."),
        (Observation, {"value": ""}, "value", "This field cannot be blank."),
        (Observation, {"value": "1e20"}, "value", "Ensure that there are no more than 20 digits in total."),
        (Observation, {"source": "nobody"}, "source", "There is no source “nobody”."),
        (KeyFigure, {"headline": "perhaps"}, "headline", "“perhaps” is neither true nor false."),
        (KeyFigure, {"label_en": "a\x07b"}, "label_en", CONTROL),
        (KeyFigure, {"value": UnreadableFile("A formula.")}, "value", "A formula."),
        (Source, {"publish_at": "tomorrow"}, "publish_at", "“tomorrow” is not a date and time. Use 2026-05-31T09:00."),
        (Source, {"publish_at": "2021-02-31T09:00"}, "publish_at", "“2021-02-31T09:00” " + NO_MOMENT),
        (Source, {"doi": "doi:10.1/x"}, "doi", "A DOI begins with “10.” and contains a slash."),
        (Source, {"url": "example"}, "url", "Enter a valid URL."),
        (Source, {"url": "https://example.org/there"}, "", "Another source already has this address. Cite that one."),
        (Source, {"version": "2"}, "version", None),
        (Project, {"currency": "BTC"}, "currency", f"“BTC” is not one of: {', '.join(Currency.values)}."),
        (Project, {"currency": "USD"}, "", "Enter both budget and currency, or neither."),
        (Project, {"start": "2021", "end": "2020"}, "", "A project cannot end before it starts."),
        (Issue, {"impacts_en": "Dust [nobody]."}, "impacts_en", NO_SOURCE),
    ],
)  # fmt: skip
def test_every_kind_of_mistake_is_said(model, cells, column, words):
    make_source(url="https://example.org/there")
    record = {
        Observation: make_observation,
        KeyFigure: make_key_figure,
        Source: make_source,
        Project: make_project,
        Issue: make_issue,
    }[model]()
    table = schema_for(model)
    row = dict(zip(table.header, table.row(record), strict=True)) | cells
    if words is None:  # the version only matters in rows that change something
        row["publisher"] = "Springer"
        words = "The record has changed since the file was made: it is now version 1; the file has 2."
    assert told(bring_rows(model, list(row), [list(row.values())])) == [(2, column, words)]


def test_mistakes_are_told_in_the_readers_language():
    observation = make_observation()
    table = schema_for(Observation)
    row = dict(zip(table.header, table.row(observation), strict=True)) | {"value": "many", "source": "nobody"}
    with translation.override("ko"):
        korean = told(bring_rows(Observation, list(row), [list(row.values())]))
    with translation.override("ru"):
        russian = told(bring_rows(Observation, list(row), [list(row.values())]))
    assert korean[-1] == (2, "value", "‘many’은(는) 숫자가 아닙니다.") or korean
    assert len({words for _line, _column, words in [*korean, *russian]}) == len(korean) + len(russian)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("key | defintion_en", "There is no column “defintion_en”. Did you mean definition_en / definition_ru?"),
        (
            "key | definition",
            "There is no column “definition”. Did you mean definition_en / definition_ko / definition_ru?",
        ),
        ("key | Definition EN", "There is no column “Definition EN”. Did you mean definition_en / definition_ru?"),
        ("key | xyzzy", "There is no column “xyzzy”."),
        ("key | term_en | term_en", "The column “term_en” is there twice."),
        ("key | | term_en", "A column has no name."),
        ("term_en", "The column “key” is missing; it says what each line is about."),
    ],
)
def test_a_wrong_column_is_named_and_the_right_one_suggested(header, words):
    with pytest.raises(FileError) as refused:
        bring(Term, header)
    assert list(refused.value.args) == [words]


def test_a_new_record_lacks_columns():
    assert refusals(Term, "key | term_en\nnew | Takyr") == [
        (2, "definition_en", "A column required for a new record is missing.")
    ]


def test_a_line_with_more_cells_than_columns_is_refused():
    assert told(bring_rows(Term, ["key"], [["a", "b"]])) == [(2, "", "There are more cells in the line than columns.")]


def test_one_wrong_line_keeps_all_others_out():
    term = make_term()
    plan = bring(
        Term,
        f"""
        key | term_en | definition_en
        new | Takyr | A flat clay bed.
        {term.key} | Tugai | Changed.
        wrong | | No name.
        """,
    )
    assert counts(plan) == "1 new, 1 changed, 0 unchanged, 1 refused"
    term.refresh_from_db()
    assert (Term.objects.count(), term.definition_en, term.version) == (1, "Forest along the rivers of a desert.", 1)
    assert not AuditEntry.objects.filter(what=AuditEntry.Action.IMPORTED).exists()


def test_what_only_the_database_notices_is_said_of_its_line_and_keeps_all_out():
    """The URL is in one row already, and in the database."""
    make_source(url="https://example.org/there")
    head = "key | title | publisher | kind | language | url"
    line = "{} | The Aral Sea | Springer | report | en | https://example.org/{}"
    lines = [line.format(*pair) for pair in (("a", "a"), ("b", "there"), ("c", "c"), ("d", "a"))]
    plan = bring(Source, "\n".join([head, *lines]))
    assert told(plan) == [
        (3, "", "Another source already has this address. Cite that one."),
        (5, "", "Another source already has this address. Cite that one."),
    ]
    assert Source.objects.count() == 1


def test_a_dry_run_stores_nothing_and_finds_what_the_import_would_find():
    term, observation = make_term(), make_observation()
    plan = bring(
        Term, f"key | term_en | definition_en\n{term.key} | Tugai | Changed.\nnew | Takyr | A bed.", keep=False
    )
    assert counts(plan) == "1 new, 1 changed, 0 unchanged, 0 refused"
    wrong = f"{observation.indicator.key} | {observation.place.key} | 1492 | {observation.source.key} | 1"
    plan = bring(Observation, f"indicator | place | year | source | value\n{wrong}", keep=False)
    assert told(plan) == [(2, "year", "A year must have four digits, between 1800 and 2200.")]
    term.refresh_from_db()
    assert (Term.objects.count(), term.version, Observation.objects.count()) == (1, 1, 1)


# ── Who ─────────────────────────────────────────────────────────────────────────────────────────────────────────

READERS_SEE_IT = "This record is public: only a reviewer may change it."
IT_RESTS = "It is set aside. Take it up again first."
OWN_LANGUAGE = "You may change the columns of your language only."


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (EDITOR, {D: None, R: None, S: READERS_SEE_IT, P: READERS_SEE_IT, A: READERS_SEE_IT, ASIDE: IT_RESTS}),
        (REVIEWER, dict.fromkeys(PublicationStatus) | {ASIDE: IT_RESTS}),
        (ADMINISTRATOR, dict.fromkeys(PublicationStatus) | {ASIDE: IT_RESTS}),
        (TRANSLATORS["ko"], {D: OWN_LANGUAGE, R: OWN_LANGUAGE, S: OWN_LANGUAGE, P: OWN_LANGUAGE, A: NO_WAY}),
    ],
)
def test_who_may_change_a_record_by_a_file(user, group, words):
    for state, expected in words.items():
        term = make_term(publication=state)
        plan = bring(Term, f"key | definition_en\n{term.key} | Changed.", user(group))
        term.refresh_from_db()
        assert [words for _line, _column, words in told(plan)] == ([expected] if expected else [])
        assert (term.definition_en == "Changed.") == (expected is None)


@pytest.mark.parametrize("state", [D, R, S, P])
def test_a_translator_brings_a_column_of_their_language(user, state):
    term = make_term(publication=state)
    table = schema_for(Term)
    row = dict(zip(table.header, table.row(term), strict=True)) | {"definition_ko": "강가의 숲"}
    plan = bring_rows(Term, list(row), [list(row.values())], user(TRANSLATORS["ko"]))
    term.refresh_from_db()
    assert (told(plan), term.definition_ko) == ([], "강가의 숲")
    row |= {"version": "2", "definition_ru": "Пойменный лес"}
    assert told(bring_rows(Term, list(row), [list(row.values())], user(TRANSLATORS["ko"]))) == [
        (2, "definition_ru", OWN_LANGUAGE)
    ]


@pytest.mark.parametrize(
    ("group", "words"),
    [(TRANSLATORS["ko"], "You may not add records of this kind."), (EDITOR, None), (REVIEWER, None)],
)
def test_who_may_add_a_record_by_a_file(user, group, words):
    plan = bring(Term, "key | term_en | definition_en\ntakyr | Takyr | A flat clay bed.", user(group))
    assert [words for _line, _column, words in told(plan)] == ([words] if words else [])
    assert Term.objects.exists() == (words is None)


@pytest.mark.parametrize(
    ("group", "state", "words"),
    [
        (EDITOR, D, None),
        (EDITOR, P, READERS_SEE_IT),
        (REVIEWER, P, None),
        (REVIEWER, ASIDE, IT_RESTS),
        (TRANSLATORS["ko"], D, NO_WAY),
    ],
)
@pytest.mark.parametrize("page", ["rows with a page of their own", "rows on a page alone"])
def test_rows_follow_their_record(user, group, state, words, page):
    if page == "rows on a page alone":
        project, source = make_project(publication=state), make_source()
        plan = bring(ProjectCitation, f"project | source\n{project.key} | {source.key}", user(group))
    else:
        one = make_observation(indicator=make_indicator(publication=state))
        plan = bring(
            Observation,
            f"indicator | place | year | source | value\n"
            f"{one.indicator.key} | {one.place.key} | {one.year} | {one.source.key} | 5\n"
            f"{one.indicator.key} | {one.place.key} | 2021 | {one.source.key} | 5",
            user(group),
        )
    assert {words for _line, _column, words in told(plan)} == ({words} if words else set())


def test_a_translator_brings_rows_in_their_language(user):
    answer, link = make_answer(), make_issue_link()
    korean = user(TRANSLATORS["ko"])
    table = f"project | issue | rationale_ko\n{answer.project.key} | {answer.issue.key} | 모래를 붙잡는다."
    assert told(bring(type(answer), table, korean)) == []
    assert told(bring(type(answer), table.replace("_ko", "_ru"), korean)) == [(2, "rationale_ru", OWN_LANGUAGE)]
    table = f"cause | effect | mechanism_ko\n{link.cause.key} | {link.effect.key} | 바람"
    assert told(bring(IssueLink, table, korean)) == []
    Issue.objects.filter(pk=link.cause.pk).update(publication=A)
    assert told(bring(IssueLink, table.replace("바람", "소금"), korean)) == [(2, "", NO_WAY)]


# ── Publishing ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("group", "old", "new", "words"),
    [
        (EDITOR, D, R, None),
        (EDITOR, R, P, "You may not move it from “In review” to “Published”."),
        (REVIEWER, R, P, None),
        (REVIEWER, P, A, None),
        (REVIEWER, D, A, "It cannot be moved from “Draft” to “Archived”."),
        (EDITOR, D, ASIDE, None),
        (REVIEWER, R, ASIDE, "It cannot be moved from “In review” to “Set aside”."),
        (None, R, P, None),
    ],
)
def test_a_file_moves_a_record_no_further_than_who_brings_it_may(user, group, old, new, words):
    term = make_term(publication=old)
    make_citation(term)
    plan = bring(Term, f"key | publication\n{term.key} | {new}", user(group) if group else None)
    term.refresh_from_db()
    assert [words for _line, _column, words in told(plan)] == ([words] if words else [])
    assert term.publication == (old if words else new)
    if new == P and not words:
        assert term.published_at
        assert AuditEntry.objects.filter(what=AuditEntry.Action.PUBLISHED, key=term.key).exists()


def test_file_does_not_set_aside_what_readers_saw():
    make_term(key="seen", publication=D, published_at=timezone.now())
    words = "Readers saw it, so it cannot be set aside."
    assert refusals(Term, "key | publication\nseen | set-aside") == [(2, "publication", words)]


def test_nothing_is_published_that_readers_would_miss_something_of():
    bare, whole = make_term(publication=R), make_term(publication=R)
    make_citation(whole)
    table = f"key | publication\n{bare.key} | published\n{whole.key} | published"
    assert refusals(Term, table) == [(2, "", "No source is cited.")]
    assert refusals(Term, table, keep=False) == [(2, "", "No source is cited.")]
    assert set(Term.objects.values_list("publication", flat=True)) == {R}


def test_nobody_publishes_their_own_submission_by_a_file(user, settings):
    settings.REVIEW_OWN = False
    reviewer, other = user(REVIEWER), user(ADMINISTRATOR)
    own, written = make_term(publication=R), make_term(publication=D)
    for term in (own, written):
        make_citation(term)
        term.history.update(history_user=reviewer)
    table = "key | publication\n" + "\n".join(f"{term.key} | published" for term in (own, written))
    refused = "You wrote or submitted it, so another reviewer publishes it."
    assert refusals(Term, table, user=reviewer) == [(2, "publication", refused), (3, "publication", refused)]
    new = "key | term_en | definition_en | publication\nnew | Takyr | A bed. | {}"
    assert refusals(Term, new.format("published"), user=reviewer) == [(2, "publication", refused)]
    assert refusals(Term, new.format("draft"), user=reviewer) == []
    assert refusals(Term, table, user=other) == []
    assert set(Term.objects.exclude(key="new").values_list("publication", flat=True)) == {P}


def test_a_published_record_may_be_mended_but_not_broken():
    country = make_country(key="uz")
    project = make_project()
    project.countries.add(country)
    assert refusals(Project, f"key | title_en | countries\n{project.key} | Mended | uz") == []
    assert refusals(Project, f"key | countries\n{project.key} |") == [
        (2, "countries", "Countries: at least one published record is needed.")
    ]
    assert list(project.countries.all()) == [country]


def test_a_row_may_not_leave_a_gap_in_what_readers_see():
    term, draft = make_term(), make_source(publication=D)
    make_citation(term)
    model = type(term.citations.get())
    assert refusals(model, f"term | source\n{term.key} | {draft.key}") == [
        (2, "", f"The source {draft.key} is not published: publish it first.")
    ]
    assert term.citations.count() == 1


def test_a_record_is_scheduled_for_a_time_to_come(user):
    term = make_term(publication=R)
    make_citation(term)
    ahead = timezone.now() + timedelta(days=3)
    past = ahead - timedelta(days=9)
    table = "key | publication | publish_at\n{} | {} | {}"
    reviewer, editor = user(REVIEWER), user(EDITOR)
    assert refusals(Term, table.format(term.key, S, past.isoformat()), user=reviewer) == [
        (2, "publish_at", "Enter a time in the future.")
    ]
    assert refusals(Term, table.format(term.key, S, ""), user=reviewer) == [
        (2, "publish_at", "Enter a time in the future.")
    ]
    assert refusals(Term, table.format(term.key, P, ahead.isoformat()), user=reviewer) == [
        (2, "publish_at", "Only a scheduled record has a publication time.")
    ]
    assert ("publish_at", "The time is set by someone who may publish.") in [
        one[1:] for one in refusals(Term, table.format(term.key, S, ahead.isoformat()), user=editor)
    ]
    assert refusals(Term, table.format(term.key, S, ahead.isoformat()), user=reviewer) == []
    term.refresh_from_db()
    assert (term.publication, term.publish_at) == (S, ahead)
