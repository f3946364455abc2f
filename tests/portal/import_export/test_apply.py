"""Applying an import: stored changes, other editors, history, and the number of queries."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from issues.models import Issue, KeyFigureCitation, Observation, Term, TermCitation
from portal.curation.translations import outdated_of
from portal.import_export import apply
from portal.import_export.apply import apply_plan
from portal.import_export.files import Sheet
from portal.import_export.plan import ImportPlan
from portal.import_export.tables import schema_for
from portal.models import Place
from portal.models.search_index import SearchEntry
from portal.models.workflow import EDITOR, REVIEWER
from portal.search import indexing
from portal.search.ranking import matching
from portal.tracking.audit_log import AuditEntry
from projects.models import Agreement, AgreementParty, Participation, Project
from tests.make import (
    make_agreement,
    make_citation,
    make_country,
    make_indicator,
    make_issue,
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
from tests.portal.import_export.imports import NO_WAY, D, P, bring, bring_rows, counts, finish, refusals, told

pytestmark = pytest.mark.django_db


# ── New and changed ─────────────────────────────────────────────────────────────────────────────────────────────


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
    assert told(plan) == [(2, "country", "“aral” exists but is of the wrong kind.")]


def test_marks_of_imported_prose_become_sources_of_the_issue():
    source, issue = make_source(key="micklin-2016"), make_issue(publication=D)
    bring(Issue, f"key | impacts_en\n{issue.key} | Dust [micklin-2016].")
    assert issue.citations.get().source == source


# ── Concurrent edits ────────────────────────────────────────────────────────────────────────────────────────────


def test_an_older_version_is_refused_only_where_the_line_changes_something():
    changed, same = make_term(version=4), make_term(version=4)
    assert refusals(
        Term,
        f"""
        key | definition_en | version
        {changed.key} | Another text. | 3
        {same.key} | Forest along the rivers of a desert. | 3
        """,
    ) == [(2, "version", "The record has changed since the file was made: it is now version 4; the file has 3.")]
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


# ── Who hears of it ─────────────────────────────────────────────────────────────────────────────────────────────


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
    moment = last.history_date.isoformat()
    assert (entry.who, entry.details) == (
        REVIEWER,
        {"table": "term", "file": "list.csv", "new": 1, "changed": 1, "why": "A better list", "moment": moment},
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


# ── Many ────────────────────────────────────────────────────────────────────────────────────────────────────────


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
