"""Import plans: new and changed records, permissions, and every error by line and column."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from issues.models import Issue, IssueLink, KeyFigure, KeyFigureCitation, Observation, Term, TermCitation
from portal.core.choices import Currency, PublicationStatus
from portal.curation.translations import outdated_of
from portal.import_export import apply
from portal.import_export.apply import apply_plan
from portal.import_export.files import FileError, Sheet, UnreadableFile, csv_lines, read, xlsx_file
from portal.import_export.plan import ImportPlan
from portal.import_export.tables import schema_for
from portal.models import Place, Source
from portal.models.search_index import SearchEntry
from portal.models.workflow import ADMINISTRATOR, EDITOR, REVIEWER, TRANSLATORS
from portal.search import indexing
from portal.search.ranking import matching
from portal.staff.import_export import all_tables
from portal.tracking.audit_log import AuditEntry
from projects.models import Agreement, AgreementParty, Participation, Project, ProjectCitation
from tests.make import (
    make_agreement,
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
    make_party,
    make_place,
    make_project,
    make_sector,
    make_source,
    make_term,
)

pytestmark = pytest.mark.django_db

D, R, S, P, A = PublicationStatus


def finish(work):
    """Return the return value of a generator."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def bring(model, text, user=None, keep=True, **how):
    """Import a file: the names of the columns in the first line, cells between bars."""
    header, *rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return bring_rows(model, header, rows, user, keep, **how)


def bring_rows(model, header, rows, user=None, keep=True, **how):
    def plan():
        return ImportPlan(
            schema_for(model), Sheet(header, [(line, list(row)) for line, row in enumerate(rows, 2)]), user
        )

    return finish(apply_plan(plan, keep=keep, **{"why": "A better list", "file": "list.csv"} | how))


def told(plan):
    """Return line, column and message of each error."""
    return [(row.line, column, words) for row in plan.rows for column, words in row.errors]


def counts(plan):
    return "{new} new, {changed} changed, {unchanged} unchanged, {refused} refused".format(**plan.counts)


@pytest.fixture
def user():
    """Return a function that makes a user of a group."""

    def of(group):
        someone, _created = User.objects.get_or_create(username=group, is_staff=True)
        someone.groups.set([Group.objects.get(name=group)])
        return User.objects.get(pk=someone.pk)

    return of


# ── There and back ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("name", sorted(all_tables()))
def test_an_export_that_nobody_changed_changes_nothing(content, name, kind):
    table = all_tables()[name]
    pks = table.all_keys()
    if name not in {"tombstone", "organisationidentifier"}:  # no fixture has any
        assert pks
    texts = [table.is_text(column) for column in table.header]
    rows = (table.row(record) for record in table.in_batches(pks))
    if kind == "csv":
        data = "".join(csv_lines(table.header, texts, rows)).encode()
    else:
        with xlsx_file(str(table.title), table.header, texts, rows) as file:
            data = file.read()
    sheet = read("export", data, table.header)
    plan = finish(apply_plan(lambda: ImportPlan(table, sheet), keep=True))
    assert (told(plan), plan.counts) == ([], {"new": 0, "changed": 0, "unchanged": len(pks), "refused": 0})
    assert not AuditEntry.objects.filter(what=AuditEntry.Action.IMPORTED).exists()


def test_every_column_that_a_file_may_change_is_there():
    """Other columns have automatic values: numbers, times, the version, and what the database computes."""
    left_out = {
        field.name
        for table in all_tables().values()
        for field in table.model._meta.concrete_fields
        if not field.is_relation and field.name not in table.by_name and f"{field.name}_en" not in table.by_name
    }
    assert left_out == {"id", "published_at", "version", "created_at", "updated_at", "goal"}


# ── New and changed ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_cell_that_was_changed_is_stored_and_no_other():
    whole, other = make_term(term_ko="투가이", definition_ko="강가의 숲"), make_term()
    plan = bring(
        Term,
        f"""
        key | definition_ko | definition_en
        {whole.key} | 강가의 숲 | Forest on river banks.
        {other.key} | | Forest along the rivers of a desert.
        """,
    )
    whole.refresh_from_db(), other.refresh_from_db()
    assert counts(plan) == "0 new, 1 changed, 1 unchanged, 0 refused"
    [change] = plan.rows[0].changes
    assert (change.name, change.old, change.new) == (
        "definition_en",
        ("Forest along the rivers of a desert.",),
        ("Forest on river banks.",),
    )
    assert (whole.definition_en, whole.definition_ko, whole.term_ko) == (
        "Forest on river banks.",
        "강가의 숲",
        "투가이",
    )
    assert (whole.version, other.version, other.definition_ko) == (2, 1, None)


def test_an_empty_cell_empties_and_a_column_that_is_not_there_stays():
    project = make_project(note_en="A note.", results_en="A result.", start="2020", budget=5, currency="KRW")
    bring(Project, f"key | note_en | start | budget | currency\n{project.key} | | | |")
    project.refresh_from_db()
    assert (project.note_en, project.results_en, project.start, project.budget, project.currency) == (
        None,
        "A result.",
        None,
        None,
        "",
    )


def test_new_records_are_drafts_with_all_that_the_file_says_of_them():
    country, place, sector = make_country(key="uz"), make_place(key="nukus"), make_sector(code="31220")
    row = {
        **{"key": "aralkum-trees", "title_en": "Trees", "title_ko": "나무", "title_ru": "Деревья"},
        **{"level": "national", "status": "implementation", "start": "2021-07"},
        **{"budget": "1250000.50", "currency": "KRW", "summary_en": "Saxaul."},
        **{"countries": "uz", "places": "nukus", "sectors": "31220"},
        **{"confidence": "high", "evidence_en": "The ministry."},
    }
    plan = bring_rows(Project, list(row), [list(row.values())])
    assert (told(plan), counts(plan)) == ([], "1 new, 0 changed, 0 unchanged, 0 refused")
    project = Project.objects.get()
    assert (project.title_ko, project.title_ru, project.start, str(project.budget)) == (
        "나무",
        "Деревья",
        "2021-07",
        "1250000.50",
    )
    assert [*project.countries.all(), *project.places.all(), *project.sectors.all()] == [country, place, sector]
    assert (project.publication, project.version, project.published_at) == (D, 1, None)
    assert project.created_at <= timezone.now()


def test_relations_to_several_are_replaced_whatever_stands_between_the_keys():
    kept, gone, come = make_country(key="uz"), make_country(key="kz"), make_country(key="kg")
    project = make_project()
    project.countries.set([kept, gone])
    assert counts(bring(Project, f"key;countries\n{project.key};kz uz".replace(";", "|"))).startswith(
        "0 new, 0 changed"
    )
    plan = bring_rows(Project, ["key", "countries"], [[project.key, " uz, kg"]])
    [change] = plan.rows[0].changes
    assert (change.old, change.new) == (("kz uz",), ("kg uz",))
    assert set(project.countries.all()) == {kept, come}


def test_rows_are_found_by_what_they_join():
    participation = make_participation()
    observation = make_observation(year=2020, value="24.1")
    figure = make_key_figure(position=3)
    source = make_source(key="micklin-2016")
    bring(
        Observation,
        f"""
        indicator | place | year | source | value
        {observation.indicator.key} | {observation.place.key} | 2020 | {observation.source.key} | 25,5
        {observation.indicator.key} | {observation.place.key} | 2021 | {observation.source.key} | 1 250
        """,
    )
    bring(
        Participation,
        f"project | organisation | role\n"
        f"{participation.project.key} | {participation.organisation.key} | funding\n"
        f"{participation.project.key} | {participation.organisation.key} | implementing",
    )
    bring(KeyFigureCitation, f"figure.issue | figure.position | source\n{figure.issue.key} | 3 | micklin-2016")
    values = [(year, str(value)) for year, value in Observation.objects.order_by("year").values_list("year", "value")]
    assert values == [(2020, "25.500000"), (2021, "1250.000000")]
    assert list(Participation.objects.order_by("role").values_list("role", flat=True)) == ["funding", "implementing"]
    assert figure.citations.get().source == source


def test_a_party_is_a_country_or_an_organisation():
    agreement = make_party(country=make_country(key="uz")).agreement
    make_organisation(key="koica")
    table = f"agreement | country | organisation\n{agreement.key} | uz |\n{agreement.key} | | koica"
    assert counts(bring(AgreementParty, table)) == "1 new, 0 changed, 1 unchanged, 0 refused"
    other = make_agreement()
    assert told(bring(AgreementParty, f"agreement | country | organisation\n{other.key} | uz | koica")) == [
        (2, "", "A party is either a country or an organisation.")
    ]


def test_records_of_one_file_may_stand_on_each_other_in_any_order():
    plan = bring(
        Place,
        """
        key | name_en | kind | country | part_of
        nukus | Nukus | city | uz | karakalpakstan
        karakalpakstan | Karakalpakstan | province | uz |
        uz | Uzbekistan | country | |
        """,
    )
    assert told(plan) == []
    nukus = Place.objects.get(key="nukus")
    assert (nukus.country.key, nukus.part_of.key, nukus.part_of.country.key) == ("uz", "karakalpakstan", "uz")


def test_records_of_one_file_that_stand_on_each_other_in_a_circle_are_refused():
    plan = bring(Place, "key | name_en | kind | part_of\na | A | site | b\nb | B | site | a")
    assert {words for _line, _column, words in told(plan)} == {"The records refer to each other in a circle."}
    assert not Place.objects.exists()


def test_a_new_record_of_the_wrong_kind_is_refused_where_it_is_named():
    plan = bring(Place, "key | name_en | kind | country\nnukus | Nukus | city | aral\naral | Aral Sea | lake |")
    assert told(plan) == [(2, "country", "“aral” is there, but not of the kind that belongs here.")]


def test_marks_of_imported_prose_become_sources_of_the_issue():
    source, issue = make_source(key="micklin-2016"), make_issue(publication=D)
    bring(Issue, f"key | impacts_en\n{issue.key} | Dust [micklin-2016].")
    assert issue.citations.get().source == source


# ── What is wrong, by line and column ────────────────────────────────────────────────────────────────────────


def refusals(model, text, **how):
    return told(bring(model, text, **how))


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
            "“later” is none of these: pipeline, implementation, finalisation, closed, cancelled, suspended.",
        ),
        (3, "start", "“2021-13” is not a date. Use YYYY-MM-DD, YYYY-MM or YYYY, as precisely as known."),
        (3, "budget", "“1,234” can be read in two ways. Write 1234 or 1.234."),
        (3, "countries", "“nukus” is there, but not of the kind that belongs here."),
        (3, "places", "There is no place “nukos”. Is “nukus” meant?"),
        (4, "", "Line 3 is about the same record."),
    ]


CONTROL = "The text contains an invisible control character. Type it again."
NO_MOMENT = "is not a date and time. Use 2026-05-31T09:00."
NO_SOURCE = "No source has this key: nobody. Create the source first, or correct the mark."


@pytest.mark.parametrize(
    ("model", "cells", "column", "words"),
    [
        (Observation, {"year": "2020.5"}, "year", "“2020.5” is no whole number."),
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
        (Project, {"currency": "BTC"}, "currency", f"“BTC” is none of these: {', '.join(Currency.values)}."),
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
        words = "The record was changed since the file was made: it has version 1, the file 2."
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
        ("key | defintion_en", "There is no column “defintion_en”. Is definition_en / definition_ru meant?"),
        (
            "key | definition",
            "There is no column “definition”. Is definition_en / definition_ko / definition_ru meant?",
        ),
        ("key | Definition EN", "There is no column “Definition EN”. Is definition_en / definition_ru meant?"),
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


# ── Others meanwhile ─────────────────────────────────────────────────────────────────────────────────────────


def test_an_older_version_is_refused_only_where_the_line_changes_something():
    changed, same = make_term(version=4), make_term(version=4)
    assert refusals(
        Term,
        f"""
        key | definition_en | version
        {changed.key} | Another text. | 3
        {same.key} | Forest along the rivers of a desert. | 3
        """,
    ) == [(2, "version", "The record was changed since the file was made: it has version 4, the file 3.")]
    assert counts(bring(Term, f"key | definition_en | version\n{changed.key} | Another text. | 4")).startswith(
        "0 new, 1 changed"
    )


def test_a_version_without_its_record_is_refused():
    """The key is mistyped, or the record is deleted: it must not be created again by mistake."""
    assert refusals(Term, "key | term_en | definition_en | version\ntugay | Tugai | Forest. | 3") == [
        (2, "version", "No record has this key (any more), or the key is mistyped: a new record has no version.")
    ]


def test_what_another_editor_changes_between_comparing_and_storing_is_not_overwritten(monkeypatch):
    term, store = make_term(), apply._store

    def another_editor_first(plan):
        Term.objects.filter(pk=term.pk).update(definition_en="Theirs.")
        return store(plan)

    monkeypatch.setattr(apply, "_store", another_editor_first)
    assert refusals(Term, f"key | definition_en\n{term.key} | Mine.") == [(2, "", MEANWHILE)]


MEANWHILE = "Another editor has changed this. Check the file’s changes again."


def bring_while(act, model, text, user):
    """Import a file. `act` runs between its comparison and its storing. Return the errors."""
    header, row = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    work = apply_plan(lambda: ImportPlan(schema_for(model), Sheet(header, [(2, row)]), user), keep=True, why="Because.")
    assert next(work) == ("compared", 1)
    act()
    return told(finish(work))


def publish(record):
    type(record).objects.filter(pk=record.pk).update(publication=P)


def test_a_record_that_is_published_between_comparing_and_storing_is_refused(user):
    term = make_term(publication=D, definition_en="Old.")
    refused = bring_while(lambda: publish(term), Term, f"key | definition_en\n{term.key} | New.", user(EDITOR))
    assert refused == [(2, "", MEANWHILE)]
    term.refresh_from_db()
    assert (term.definition_en, term.version) == ("Old.", 1)


@pytest.mark.parametrize("value", ["1", "2"])  # an existing row and a new one
def test_a_row_of_a_record_that_is_published_between_comparing_and_storing_is_refused(user, value):
    row = make_observation(indicator=make_indicator(publication=D), year=2020, value="1")
    year = {"1": 2021, "2": 2020}[value]
    text = f"""
        indicator | place | year | source | value
        {row.indicator.key} | {row.place.key} | {year} | {row.source.key} | {value}
    """
    assert bring_while(lambda: publish(row.indicator), Observation, text, user(EDITOR)) == [(2, "", MEANWHILE)]
    assert [str(one.value.normalize()) for one in Observation.objects.all()] == ["1"]


def test_rows_on_the_page_of_a_record_that_is_published_meanwhile_are_refused(user):
    term = make_term(publication=D)
    text = f"""
        term | source | position
        {term.key} | {make_source().key} | 1
    """
    assert bring_while(lambda: publish(term), TermCitation, text, user(EDITOR)) == [(2, "", MEANWHILE)]
    assert not term.citations.exists()


def test_rights_that_were_taken_between_comparing_and_storing_are_missed(user):
    term, editor = make_term(publication=D, definition_en="Old."), user(EDITOR)
    text = f"key | definition_en\n{term.key} | New."
    assert bring_while(editor.groups.clear, Term, text, editor) == [(2, "", NO_WAY)]
    term.refresh_from_db()
    assert term.definition_en == "Old."


def test_only_what_was_seen_is_stored():
    term = make_term()
    table = f"key | definition_en\n{term.key} | Mine."
    seen = bring(Term, table, keep=False).fingerprint
    Term.objects.filter(pk=term.pk).update(definition_en="Theirs.")
    bring(Term, table, fingerprint=seen)
    term.refresh_from_db()
    assert term.definition_en == "Theirs."
    bring(Term, table, fingerprint=bring(Term, table, keep=False).fingerprint)
    term.refresh_from_db()
    assert term.definition_en == "Mine."


# ── Who ──────────────────────────────────────────────────────────────────────────────────────────────────────

READERS_SEE_IT = "This record is public: only a reviewer may change it."
OWN_LANGUAGE = "You may change the columns of your language only."
NO_WAY = "You may not change records of this kind."


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (EDITOR, {D: None, R: None, S: READERS_SEE_IT, P: READERS_SEE_IT, A: READERS_SEE_IT}),
        (REVIEWER, dict.fromkeys(PublicationStatus)),
        (ADMINISTRATOR, dict.fromkeys(PublicationStatus)),
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


# ── Publishing ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("group", "old", "new", "words"),
    [
        (EDITOR, D, R, None),
        (EDITOR, R, P, "It may not be moved from “In review” to “Published” by you."),
        (REVIEWER, R, P, None),
        (REVIEWER, P, A, None),
        (REVIEWER, D, A, "There is no way from “Draft” to “Archived”."),
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


def test_nothing_is_published_that_readers_would_miss_something_of():
    bare, whole = make_term(publication=R), make_term(publication=R)
    make_citation(whole)
    table = f"key | publication\n{bare.key} | published\n{whole.key} | published"
    assert refusals(Term, table) == [(2, "", "No source is cited.")]
    assert refusals(Term, table, keep=False) == [(2, "", "No source is cited.")]
    assert set(Term.objects.values_list("publication", flat=True)) == {R}


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


# ── Who hears of it ──────────────────────────────────────────────────────────────────────────────────────────


def test_an_import_is_found_in_history_audit_log_and_search(user):
    term = make_term()
    make_citation(term)
    reviewer = user(REVIEWER)
    bring(Term, f"key | term_en | definition_en\n{term.key} | Takyrland | A bed.\nnew | Solonchak | Salt.", reviewer)
    term.refresh_from_db()
    last = term.history.latest("pk")
    assert (last.history_change_reason, last.term_en, last.version) == ("A better list", "Takyrland", 2)
    assert Term.objects.get(key="new").history.get().history_change_reason == "A better list"
    entry = AuditEntry.objects.get(what=AuditEntry.Action.IMPORTED)
    assert (entry.who, entry.details) == (
        REVIEWER,
        {"table": "term", "file": "list.csv", "new": 1, "changed": 1, "why": "A better list"},
    )
    logged = LogEntry.objects.filter(user=reviewer).values_list("object_id", "action_flag")
    assert set(logged) == {(str(term.pk), 2), (str(Term.objects.get(key="new").pk), 1)}
    assert list(matching(Term.objects, "Takyrland")) == [term]
    assert not matching(Term.objects, "Tugai")


def test_rows_are_part_of_the_history_and_of_the_version_of_their_record():
    agreement, country = make_agreement(version=3), make_country()
    bring(AgreementParty, f"agreement | country | organisation\n{agreement.key} | {country.key} |")
    agreement.refresh_from_db()
    assert agreement.version == 4
    party = agreement.parties.get()
    assert party.history.get().history_change_reason == "A better list"
    assert matching(Agreement.objects, country.name_en).filter(pk=agreement.pk).exists()


def test_a_translation_is_older_when_a_file_changes_its_english():
    term = make_term(definition_ko="강가의 숲")
    bring(Term, f"key | definition_en\n{term.key} | Forest on river banks, in winter too.")
    assert [(one.field, one.language) for one in outdated_of(term)] == [("definition", "ko")]


def test_an_import_that_is_undone_leaves_nothing_to_index():
    make_term()
    indexing.flush_index()
    before = SearchEntry.objects.count()
    bring(Term, "key | term_en | definition_en\nnew | Takyr | A bed.", keep=False)
    indexing.flush_index()
    assert SearchEntry.objects.count() == before


# ── Many ─────────────────────────────────────────────────────────────────────────────────────────────────────


def observations(count):
    """Return rows of a file with that many new values of one indicator, for several places."""
    indicator, source = make_indicator(), make_source()
    places = [make_place() for _ in range(-(-count // 400))]
    return [[indicator.key, places[n // 400].key, str(1800 + n % 400), source.key, f"{n}.5"] for n in range(count)]


OBSERVATIONS = ["indicator", "place", "year", "source", "value"]


def test_ten_thousand_rows_are_imported_and_found_unchanged():
    rows = observations(10_000)
    assert counts(bring_rows(Observation, OBSERVATIONS, rows)) == "10000 new, 0 changed, 0 unchanged, 0 refused"
    assert Observation.objects.count() == 10_000
    assert counts(bring_rows(Observation, OBSERVATIONS, rows)) == "0 new, 0 changed, 10000 unchanged, 0 refused"


def test_many_rows_ask_the_database_no_more_than_few():
    def queries(rows):
        with CaptureQueriesContext(connection) as captured:
            bring_rows(Observation, OBSERVATIONS, rows)
        return len(captured)

    few, many = observations(3), observations(400)
    queries(observations(1))  # the first import also loads the content types
    assert queries(many) < queries(few) + 400 / 20  # SQLite inserts some hundred rows at a time
    changed = [[*row[:4], "7"] for row in few], [[*row[:4], "7"] for row in many]
    assert queries(changed[1]) < queries(changed[0]) + 400 / 20


def test_many_records_ask_the_database_no_more_than_few():
    make_country(key="uz")
    header = ["key", "title_en", "level", "status", "summary_en", "countries", "confidence", "evidence_en"]

    def queries(name, count):
        rows = [[f"{name}-{n}", "Trees", "national", "closed", "Saxaul.", "uz", "high", "So."] for n in range(count)]
        with CaptureQueriesContext(connection) as captured:
            assert counts(bring_rows(Project, header, rows)).startswith(f"{count} new")
        return len(captured)

    queries("one", 1)
    assert queries("many", 150) < queries("few", 3) + 150 / 5  # SQLite inserts some twenty rows at a time
