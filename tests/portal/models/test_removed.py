"""Notices of removed records and former keys: their names and natural keys, and the kinds that they can have."""

import datetime

import pytest
from django.apps import apps

from portal.models import FormerKey, Record, Tombstone
from tests.make import make_former_key, make_tombstone

RECORDS = {model._meta.model_name for model in apps.get_models() if issubclass(model, Record)}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["project", "source"])
def test_notice_is_found_by_the_kind_and_key_of_its_record(kind):
    make_tombstone(kind="place", key="trees")
    notice = make_tombstone(kind=kind, key="trees")
    assert notice.natural_key() == (kind, "trees")
    assert Tombstone.objects.get_by_natural_key(kind, "trees") == notice


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["place", "source"])
def test_former_key_is_found_by_its_kind_and_key(kind):
    make_former_key(kind="project", key="old", now="new")
    former = make_former_key(kind=kind, key="old", now="newer")
    assert former.natural_key() == (kind, "old")
    assert FormerKey.objects.get_by_natural_key(kind, "old") == former


def test_notice_and_former_key_are_named_by_what_they_are_about():
    assert str(Tombstone(kind="result", key="watering")) == "Result or lesson watering"
    assert str(FormerKey(kind="place", key="nokis", now="nukus")) == "nokis → nukus"


@pytest.mark.django_db
def test_notice_has_the_date_of_today(on):
    on("2026-12-31", "23:59:59")
    assert make_tombstone().date == datetime.date(2026, 12, 31)


@pytest.mark.django_db
def test_newest_notice_comes_first():
    for key, date in (("b", "2026-01-01"), ("new", "2026-02-01"), ("a", "2026-01-01")):
        make_tombstone(key=key, date=date)
    assert [notice.key for notice in Tombstone.objects.all()] == ["new", "a", "b"]


def test_kinds_are_names_of_models_of_records():
    assert set(Tombstone.Kind.values) < set(FormerKey.Kind.values) == RECORDS
    assert RECORDS - set(Tombstone.Kind.values) == {"term"}  # a term has no page of its own
