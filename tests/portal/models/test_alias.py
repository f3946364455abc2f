"""Aliases: what they name, and what they become when a record is deleted."""

import pytest
from django.core.exceptions import ValidationError

from portal.models import Alias, attach_aliases
from tests.make import make_alias, make_issue, make_organisation, make_place

pytestmark = pytest.mark.django_db


def test_other_spellings_are_the_texts_in_the_order_they_were_added_each_once():
    sea = make_place(key="sea")
    make_alias(sea, text="Orol dengizi", language="uz"), make_alias(sea, text="Арал", language="kk")
    make_alias(sea, text="Арал", language="ky"), make_alias(make_organisation(key="sea"), text="Sea Institute")
    assert sea.other_spellings == "Orol dengizi\nАрал"


def test_aliases_of_records_of_several_kinds_are_read_by_one_query(django_assert_num_queries):
    records = [make_place(), make_place(), make_issue(), make_organisation()]
    for record in records[1:]:
        make_alias(record, text=record.key)
    with django_assert_num_queries(1):
        attach_aliases(records)
        assert [record.other_spellings for record in records] == ["", *(record.key for record in records[1:])]


@pytest.mark.parametrize(
    ("kind", "key", "is_known"),
    [
        ("place", "sea", True),
        ("organisation", "sea", False),
        ("place", "lake", False),
        ("area", "water-resources", True),
        ("area", "sea", False),
    ],
)
def test_form_refuses_a_key_that_nothing_of_the_kind_has(kind, key, is_known):
    make_place(key="sea")
    alias = Alias(kind=kind, key=key, text="Orol")
    if is_known:
        alias.full_clean()
    else:
        with pytest.raises(ValidationError) as refused:
            alias.full_clean()
        assert list(refused.value.message_dict) == ["key"]


@pytest.mark.parametrize(("language", "is_code"), [("uz", 1), ("uz-Cyrl", 1), ("kaa", 1), ("", 1), ("Uzbek", 0)])
def test_language_is_a_code_of_bcp_47(language, is_code):
    alias = Alias(kind="area", key="waste", text="chiqindi", language=language)
    if is_code:
        alias.full_clean()
    else:
        with pytest.raises(ValidationError):
            alias.full_clean()


def test_aliases_are_deleted_with_their_record_only():
    gone, stays = make_place(key="gone"), make_organisation(key="gone")
    make_alias(gone, text="Gone"), make_alias(stays, text="Stays")
    gone.delete()
    assert [alias.text for alias in Alias.objects.all()] == ["Stays"]
