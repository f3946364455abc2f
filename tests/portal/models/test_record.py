"""What all records share: names, dates of publication, natural keys, and one transaction for each change."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.utils import timezone
from django.utils.translation import override

from issues.models import Issue, IssueLink, Term
from portal.core.choices import PublicationStatus
from portal.models import Place, PlaceCitation, Source, Tombstone
from portal.models.querysets import remembering_keys
from portal.tracking.content_version import state
from projects.models import AgreementParty, Project, Sector
from tests.make import (
    make_citation,
    make_country,
    make_issue,
    make_issue_link,
    make_party,
    make_place,
    make_source,
    make_term,
)

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


# ── Names ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (Place(key="nukus", name_en="Nukus"), "Nukus"),
        (Project(key="trees", title_en="Trees"), "Trees"),
        (Term(key="tugai", term_en="Tugai"), "Tugai"),
        (Place(key="nukus", name_en=""), "nukus"),
        (Place(key="nukus", name_en=None), "nukus"),
    ],
)
def test_record_is_called_by_its_name_and_without_one_by_its_key(record, name):
    assert str(record) == name


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", ("Nukus", "en")), ("ko", ("누쿠스", "ko")), ("ru", ("Nukus", "en"))],
)
def test_name_says_which_language_it_is_in(language, expected):
    with override(language):
        assert Place(name_en="Nukus", name_ko="누쿠스", name_ru="").name_and_language() == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", [("ko", "누쿠스"), ("ru", "Нукус")]),
        ("ko", [("en", "Nukus"), ("ru", "Нукус")]),
        ("ru", [("en", "Nukus"), ("ko", "누쿠스")]),
    ],
)
def test_other_names_are_those_of_the_other_languages(language, expected):
    with override(language):
        assert Place(name_en="Nukus", name_ko="누쿠스", name_ru="Нукус").other_names == expected


def test_other_names_leave_out_languages_without_a_name():
    assert Place(name_en="Nukus", name_ko="", name_ru=None).other_names == []


# ── Publication ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("publication", "published_at", "was_public"),
    [
        ("draft", None, False),
        ("in-review", None, False),
        ("scheduled", None, False),
        ("published", None, True),
        ("archived", None, True),
        ("draft", LONG_AGO, True),
        ("in-review", LONG_AGO, True),
    ],
)
def test_record_was_public_if_it_is_or_was_published(publication, published_at, was_public):
    assert Term(publication=publication, published_at=published_at).was_public is was_public


def test_records_with_citations_need_a_source():
    assert [model().needs_source for model in (Term, Issue, Place, Source)] == [True, True, True, False]


@pytest.mark.parametrize(
    ("old", "new", "is_dated"),
    [
        ("draft", "draft", False),
        ("draft", "in-review", False),
        ("draft", "scheduled", False),
        ("in-review", "published", True),
        ("scheduled", "published", True),
        ("published", "archived", True),  # it was published before dates were stored
        ("archived", "in-review", False),
    ],
)
def test_first_publication_is_dated(on, old, new, is_dated):
    on("2026-11-27")
    record = Term(publication=new)
    record.update_publication_dates(old)
    assert (record.published_at is not None) is is_dated
    assert record.published_at is None or record.published_at.date().isoformat() == "2026-11-27"


@pytest.mark.parametrize("publication", ["published", "archived", "draft"])
def test_later_publication_keeps_the_first_date(publication):
    record = Term(publication=publication, published_at=LONG_AGO)
    record.update_publication_dates("published")
    assert record.published_at == LONG_AGO


@pytest.mark.parametrize("publication", [one for one in PublicationStatus if one != PublicationStatus.SCHEDULED])
def test_record_that_is_not_scheduled_has_no_time_to_be_published(publication):
    record = Term(publication=publication, publish_at=LONG_AGO)
    record.update_publication_dates("scheduled")
    assert record.publish_at is None


def test_scheduled_record_keeps_its_time():
    record = Term(publication="scheduled", publish_at=LONG_AGO)
    record.update_publication_dates("draft")
    assert (record.publish_at, record.published_at) == (LONG_AGO, None)


# ── Saving and deleting ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_saving_sets_the_time_of_the_last_change_only(on):
    term = make_term()
    created = Term.objects.get().created_at
    on("2030-01-02")
    term.save()
    stored = Term.objects.get()
    assert (stored.updated_at.date().isoformat(), stored.created_at) == ("2030-01-02", created)


@pytest.mark.django_db
def test_new_record_has_both_times_from_the_portals_clock(on):
    """The clock of the database server may differ. A record would then have changed before it was made."""
    on("2030-01-02")
    term = make_term()
    stored = Term.objects.get(pk=term.pk)
    assert (stored.created_at, stored.updated_at) == (timezone.now(), timezone.now())


def test_record_and_what_is_stored_about_it_change_together_or_not_at_all(own_database, monkeypatch):
    """Nobody has opened a transaction, so without one of its own the record would change although its history fails."""
    assert not connection.in_atomic_block
    term = make_term(definition_en="Before.")

    def fail(*args, **kwargs):
        raise RuntimeError("The disk is full.")

    monkeypatch.setattr("portal.tracking.signals.rows_changed.send", fail)
    term.definition_en = "After."
    with pytest.raises(RuntimeError):
        term.save()
    with pytest.raises(RuntimeError):
        term.delete()
    assert Term.objects.get().definition_en == "Before."


def test_saving_and_deleting_change_the_version_of_the_content(own_database):
    before = state().number
    term = make_term()
    saved = state().number
    term.delete()
    assert before < saved < state().number


def test_rows_that_readers_see_are_content():
    assert all(model.is_content for model in (Term, Place, PlaceCitation, IssueLink, Sector, Tombstone))


# ── Natural keys ─────────────────────────────────────────────────────────────────────────────────────────────


def test_natural_key_of_a_record_is_its_key():
    assert Term(key="tugai").natural_key() == ("tugai",)


@pytest.mark.django_db
def test_natural_key_of_a_row_follows_its_paths():
    citation = make_citation(make_place(key="nukus"), make_source(key="report"))
    assert citation.natural_key() == ("nukus", "report")
    link = make_issue_link()
    assert link.natural_key() == (link.cause.key, link.effect.key)


@pytest.mark.django_db
def test_natural_key_has_none_where_a_path_ends_early():
    party = make_party(country=make_country(key="uz"))
    assert dict(zip(AgreementParty.natural_fields, party.natural_key(), strict=True)) == {
        "agreement__key": party.agreement.key,
        "country__key": "uz",
        "organisation__key": None,
    }


@pytest.mark.django_db
def test_natural_key_asks_nothing_of_records_that_a_load_remembers(django_assert_num_queries):
    make_citation(make_place(key="nukus"), make_source(key="report"))
    with remembering_keys():
        Place.objects.get_by_natural_key("nukus"), Source.objects.get_by_natural_key("report")
        row = PlaceCitation.objects.get()
        with django_assert_num_queries(0):
            assert row.natural_key() == ("nukus", "report")


@pytest.mark.django_db
def test_row_is_called_by_the_records_that_it_joins():
    link = make_issue_link(cause=make_issue(name_en="Irrigation"), effect=make_issue(name_en="Water scarcity"))
    assert str(link) == "Irrigation, Water scarcity"
    row = IssueLink.objects.get(pk=link.pk)  # their names are not loaded, and no query is asked for them
    assert str(row) == f"{IssueLink._meta.verbose_name} {link.pk}"
