"""Rows for curation: how they are named and ordered, and what stays when a user or a link is deleted."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import models

from portal.models import Record
from portal.models.curation import (
    OTHER_LANGUAGES,
    DuplicateCandidate,
    ExternalLink,
    ExternalLinkUsage,
    OutdatedTranslation,
    Verification,
)

CheckOutcome, LinkStatus = ExternalLink.CheckOutcome, ExternalLink.LinkStatus
DAY = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
ALL = (OutdatedTranslation, Verification, DuplicateCandidate, ExternalLink, ExternalLinkUsage)


def test_translations_are_into_the_languages_other_than_english():
    assert [code for code, _name in OTHER_LANGUAGES] == ["ko", "ru"]


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (OutdatedTranslation(kind="issues.issue", row=7, field="summary", language="ko"), "issues.issue 7 summary_ko"),
        (Verification(kind="portal.place", record=7, at=DAY), "portal.place 7 2026-11-27"),
        (DuplicateCandidate(kind="portal.source", one=7, other=9), "portal.source 7 9"),
        (ExternalLink(address="https://example.org/a"), "https://example.org/a"),
        (ExternalLinkUsage(kind="portal.source", record=7, link_id=3), "portal.source 7 → 3"),
    ],
)
def test_row_is_named_by_the_record_that_it_is_about(row, name):
    assert str(row) == name


@pytest.mark.parametrize("model", ALL)
def test_rows_are_neither_content_nor_in_the_audit_log(model):
    """They change with each check, and readers see none of them."""
    assert model.is_audited is False
    assert not getattr(model, "is_content", False)
    assert not issubclass(model, Record)


@pytest.mark.parametrize("model", ALL)
def test_rows_refer_to_records_by_number_because_records_are_of_many_kinds(model):
    related = {field.related_model for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)}
    assert related <= {User, ExternalLink}


@pytest.mark.django_db
def test_verification_and_decision_stay_when_their_user_is_deleted():
    user = User.objects.create(username="anna")
    verification = Verification.objects.create(kind="portal.place", record=1, who=user)
    distinct = DuplicateCandidate.objects.create(kind="portal.place", one=1, other=2, told_apart_by=user)
    user.delete()
    verification.refresh_from_db(), distinct.refresh_from_db()
    assert (verification.who, distinct.told_apart_by) == (None, None)


@pytest.mark.django_db
def test_newest_verification_comes_first():
    for number, day in ((1, 3), (2, 5), (3, 5), (4, 4)):
        Verification.objects.create(kind="portal.place", record=number, at=DAY.replace(day=day))
    assert [row.record for row in Verification.objects.all()] == [3, 2, 4, 1]


@pytest.mark.django_db
def test_uses_of_a_link_are_deleted_with_it():
    link, other = (ExternalLink.objects.create(address=f"https://example.org/{name}") for name in "ab")
    for one in (link, other):
        one.uses.create(kind="portal.source", record=1)
    link.delete()
    assert list(ExternalLinkUsage.objects.all()) == list(other.uses.all())


@pytest.mark.django_db
def test_new_link_is_not_checked_yet():
    link = ExternalLink.objects.create(address="https://example.org/")
    assert (link.state, link.outcome, link.failures) == (LinkStatus.UNCHECKED, CheckOutcome.UNASKED, 0)
    assert (link.status, link.checked_at, link.good_at, link.failed_on) == (None, None, None, None)


@pytest.mark.parametrize(("field", "choices"), [("state", LinkStatus), ("outcome", CheckOutcome)])
def test_column_holds_every_choice(field, choices):
    assert max(map(len, choices.values)) <= ExternalLink._meta.get_field(field).max_length
