"""Outdated translations: detected however a text is stored, shown in the form of the record, and resolved."""

import pytest
from django.core import serializers
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.models import Issue, IssueInCountry, IssueLink, KeyFigure, Term
from portal.core.choices import PublicationStatus
from portal.curation.translations import suppress_outdated
from portal.models.curation import OutdatedTranslation
from portal.staff.languages import differences
from projects.models import ProjectIssue, Sector
from tests import reading
from tests.make import (
    make_answer,
    make_issue,
    make_issue_in_country,
    make_issue_link,
    make_key_figure,
    make_sector,
    make_term,
    make_tombstone,
)
from tests.portal.staff.test_admin import address, change_address, form_data, listed

pytestmark = pytest.mark.django_db

WHOLE = {
    "definition_en": "Forest.",
    "definition_ko": "숲",
    "definition_ru": "Лес",
    "term_ko": "투가이",
    "term_ru": "Тугай",
}


def older(kind="issues.term"):
    """Field, language and the English that it was made from, of what is older."""
    found = OutdatedTranslation.objects.filter(kind=kind).order_by("field", "language")
    return list(found.values_list("field", "language", "english"))


BOTH = [("definition", "ko", "Forest."), ("definition", "ru", "Forest.")]


# ── What makes a translation older ───────────────────────────────────────────────────────────────────────────


def test_a_translation_is_older_when_its_english_changes_and_it_does_not():
    term = make_term(**WHOLE)
    term.definition_en = "Forest along rivers."
    term.definition_ru = "Лес вдоль рек"
    term.save()
    assert older() == [("definition", "ko", "Forest.")]


def test_a_second_change_keeps_the_english_that_the_translation_was_made_from():
    term = make_term(**WHOLE)
    for text in ("Second.", "Third."):
        term.definition_en = text
        term.save()
    assert older() == BOTH


@pytest.mark.parametrize("text", ["  Forest.\n", "Forest."])
def test_spaces_make_no_translation_older(text):
    term = make_term(**WHOLE)
    term.definition_en = text
    term.save()
    assert older() == []


def test_a_translation_that_is_made_anew_or_taken_away_is_older_no_more():
    term = make_term(**WHOLE)
    term.definition_en = "Another."
    term.save()
    term.definition_ko = "다른 숲"
    term.save()
    assert older() == BOTH[1:]
    term.definition_ru = ""
    term.save()
    assert older() == []


def test_english_that_is_again_what_it_was_makes_its_translations_right():
    term = make_term(**WHOLE)
    for text in ("Another.", "Forest. "):
        term.definition_en = text
        term.save()
    assert older() == []


def test_what_was_never_translated_and_english_that_comes_later_make_nothing_older():
    term = make_term(definition_en="Forest.", term_en="", term_ko="투가이")
    term.definition_en, term.term_en = "Another.", "Tugai"
    term.save()
    assert older() == []


# ── However it is stored ─────────────────────────────────────────────────────────────────────────────────────


def by_update(term):
    Term.objects.filter(pk=term.pk).update(definition_en="Another.")


def by_update_of_the_default(term):
    Term.objects.filter(pk=term.pk).update(definition="Another.")


def by_bulk_update(term):
    term.definition_en = "Another."
    Term.objects.bulk_update([term], ["definition_en"])


def by_some_fields(term):
    term.definition_en = "Another."
    term.save(update_fields=["definition_en"])


def by_the_default_field(term):
    term.definition = "Another."
    term.save(update_fields=["definition"])


def by_a_record_that_was_read_in_part(term):
    part = Term.objects.only("definition_en").get(pk=term.pk)
    part.definition_en = "Another."
    part.save()


@pytest.mark.parametrize(
    "store",
    [
        by_update,
        by_update_of_the_default,
        by_bulk_update,
        by_some_fields,
        by_the_default_field,
        by_a_record_that_was_read_in_part,
    ],
)
def test_every_way_of_storing_is_seen(store):
    store(make_term(**WHOLE))
    assert older() == BOTH


def test_what_stores_no_text_asks_nothing_and_changes_nothing():
    term = make_term(**WHOLE)
    term.definition_en = "Not stored."
    with CaptureQueriesContext(connection) as asked:
        term.save(update_fields=["version"])
    assert not [query for query in asked if "definition" in query["sql"] and "UPDATE" not in query["sql"]]
    assert older() == []


def test_fixtures_are_taken_as_they_are():
    term = make_term(**WHOLE)
    text = serializers.serialize("json", [term]).replace("Forest.", "Another.")
    for one in serializers.deserialize("json", text):
        one.save()
    term.refresh_from_db()
    assert (term.definition_en, older()) == ("Another.", [])


def test_changes_that_are_the_same_in_every_language_are_left_alone():
    term = make_term(**WHOLE)
    with suppress_outdated():
        term.definition_en = "Another."
        term.save()
        Term.objects.update(definition_ko="다른 숲")
    assert older() == []


def test_nothing_is_left_of_a_record_that_is_deleted():
    issue = make_issue(summary_ko="바다")
    figure = make_key_figure(issue=issue, label_ko="면적")
    for text, field in ((issue, "summary_en"), (figure, "label_en")):
        setattr(text, field, "Another.")
        text.save()
    assert OutdatedTranslation.objects.count() == 2
    issue.delete()
    assert not OutdatedTranslation.objects.exists()


# ── Rows ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("make", "model", "field", "owner"),
    [
        (make_key_figure, KeyFigure, "label", "issue"),
        (make_issue_in_country, IssueInCountry, "note", "issue"),
        (make_issue_link, IssueLink, "mechanism", "cause"),
        (make_answer, ProjectIssue, "rationale", "project"),
    ],
)
@pytest.mark.parametrize("at_once", [False, True])
def test_a_text_in_a_row_is_seen_to_with_the_record_that_it_belongs_to(desk, make, model, field, owner, at_once):
    row = make(**{f"{field}_ko": "옛 글"})
    record = getattr(row, owner)
    if at_once:
        model.objects.update(**{f"{field}_en": "Another."})
    else:
        setattr(row, f"{field}_en", "Another.")
        row.save()
    client = desk("editor")
    assert listed(client.get(address(type(record), "changelist"), {"care": "ko-older"})) == {record}
    assert listed(client.get(address(type(record), "changelist"), {"care": "ru-older"})) == set()
    [link] = reading.page(client.get(change_address(record))).xpath("//*[@class='desk-older']//a")
    assert "(한국어)" in link.text


def test_a_row_that_goes_to_another_record_is_seen_to_there():
    figure = make_key_figure(label_ko="면적")
    figure.label_en = "Another."
    figure.save()
    figure.issue = make_issue()
    figure.save()
    assert [one.owner for one in OutdatedTranslation.objects.all()] == [figure.issue.pk]
    other = make_issue()
    KeyFigure.objects.update(issue=other)
    assert [one.owner for one in OutdatedTranslation.objects.all()] == [other.pk]


@pytest.mark.parametrize(
    ("make", "field"), [(make_key_figure, "label"), (make_sector, "name"), (make_tombstone, "note")]
)
def test_lists_of_rows_are_narrowed_to_what_is_older_or_missing(desk, make, field):
    old, bare = make(**{f"{field}_en": "Old.", f"{field}_ko": "옛"}), make(**{f"{field}_en": "Bare."})
    setattr(old, f"{field}_en", "New.")
    old.save()
    if "unit_ko" in {f.name for f in old._meta.fields}:
        type(old).objects.filter(pk=old.pk).update(unit_ko="㎢")
    url = address(type(old), "changelist")
    client = desk("administrator")
    assert listed(client.get(url, {"without": "ko-older"})) == {old}
    assert listed(client.get(url, {"without": "ko"})) == {bare}
    assert listed(client.get(url, {"without": "ru"})) == {old, bare}
    assert listed(client.get(url, {"without": "ru-older"})) == set()


# ── In the form ──────────────────────────────────────────────────────────────────────────────────────────────


def old_term(**fields):
    term = make_term(**WHOLE | fields)
    term.definition_en = "Forest along rivers."
    term.save()
    return term


def settle(client, record, *languages):
    found = OutdatedTranslation.objects.filter(language__in=languages)
    return client.post(address(type(record), "still_right", record.pk), {"older": [one.pk for one in found]})


def test_differences_are_told_word_by_word():
    assert differences("The sea has shrunk.", "The sea has\nshrunk again.") == [
        ("same", "The sea has"),
        ("del", "shrunk."),
        ("ins", "shrunk again."),
    ]


def test_the_form_shows_what_is_older_and_what_the_english_was(desk):
    term = old_term(publication=PublicationStatus.DRAFT)
    tree = reading.page(desk("editor").get(change_address(term)))
    notes = tree.xpath("//*[@class='desk-older']/li")
    assert [reading.words(note) for note in notes] == [
        f"Definition ({name}) Still correct Forest. Forest along rivers." for name in ("한국어", "Русский")
    ]
    assert [link.get("href") for link in tree.xpath("//*[@class='desk-older']//a")] == [
        "#id_definition_ko",
        "#id_definition_ru",
    ]
    assert [reading.words(one) for one in notes[0].xpath(".//del | .//ins")] == ["Forest.", "Forest along rivers."]


def test_saving_the_translation_in_its_form_is_enough(desk):
    term, client = old_term(), desk("translator")
    url = change_address(term)
    client.post(url, form_data(client.get(url), definition_ko="강가의 숲"))
    assert older() == BOTH[1:]


@pytest.mark.parametrize(
    ("who", "state", "settled"),
    [
        ("anonymous", "published", set()),
        ("translator", "published", {"ko"}),
        ("translator", "archived", set()),
        ("editor", "draft", {"ko", "ru"}),
        ("editor", "published", set()),
        ("reviewer", "published", {"ko", "ru"}),
    ],
)
def test_whoever_writes_a_language_says_that_it_is_still_right(desk, who, state, settled):
    term = old_term(publication=state)
    client = desk(who)
    if who != "anonymous":
        buttons = reading.page(client.get(change_address(term))).xpath("//button[@name='older']/@value")
        offered = OutdatedTranslation.objects.filter(pk__in=buttons)
        assert {one.language for one in offered} == settled
    for language in ("ko", "ru"):
        settle(client, term, language)
    assert {language for _field, language, _english in older()} == {"ko", "ru"} - settled


def test_only_what_is_of_the_record_is_settled_there(desk):
    term, other = old_term(), make_term()
    settle(desk("reviewer"), other, "ko", "ru")
    assert older() == BOTH
    assert desk("reviewer").get(address(Term, "still_right", term.pk)).status_code == 405
    assert desk("reviewer").post(address(Term, "still_right", 0)).status_code == 404


def test_a_row_with_a_page_of_its_own_shows_and_settles_what_is_older_of_it(desk):
    link = make_issue_link(mechanism_ko="바람")
    link.mechanism_en = "Another."
    link.save()
    client = desk("reviewer")
    assert reading.page(client.get(change_address(link))).xpath("//*[@class='desk-older']//a/@href") == [
        "#id_mechanism_ko"
    ]
    settle(client, link, "ko")
    assert not OutdatedTranslation.objects.exists()


@pytest.mark.any_database
def test_the_form_asks_the_same_of_the_database_for_one_as_for_three(desk):
    issue, client = make_issue(), desk("reviewer")

    def queries():
        for figure in KeyFigure.objects.all():
            figure.label_en += " once more"
            figure.save()
        with CaptureQueriesContext(connection) as asked:
            client.get(change_address(issue))
        return len(asked)

    make_key_figure(issue=issue, position=1, label_ko="면적")
    client.get(change_address(issue))
    one = queries()
    for position in (2, 3):
        make_key_figure(issue=issue, position=position, label_ko="면적")
    assert queries() == one
    assert OutdatedTranslation.objects.count() == 3


def test_sectors_are_seen_to_by_themselves():
    sector = make_sector(name_ko="임업")
    Sector.objects.update(name_en="Another.")
    assert [(one.owner_kind, one.owner) for one in OutdatedTranslation.objects.all()] == [
        ("projects.sector", sector.pk)
    ]


def test_an_issue_lacks_what_its_rows_lack(desk):
    texts = ("name", "summary", "drivers", "pressures", "state", "impacts", "responses")
    issue = make_issue(**{f"{text}_ko": "글" for text in texts})
    url, client = address(Issue, "changelist"), desk("editor")
    assert listed(client.get(url, {"care": "ko"})) == set()
    make_key_figure(issue=issue)
    assert listed(client.get(url, {"care": "ko"})) == {issue}
