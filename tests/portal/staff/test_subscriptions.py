"""Subscriptions to changes in the admin: their number, without addresses, and their deletion."""

import pytest
from django.contrib.admin.models import LogEntry

from portal.models import DigestSubscription
from tests import reading
from tests.make import make_digest_subscription
from tests.portal.staff.test_admin import address
from tests.staff import sign_in

pytestmark = pytest.mark.django_db

LIST = address(DigestSubscription, "changelist")
EMAIL = "reader@example.org"


@pytest.fixture(autouse=True)
def _no_second_factor(settings):
    settings.STAFF_MFA = False


def test_reviewer_sees_how_many_there_are_and_no_address(client):
    row = make_digest_subscription(email=EMAIL)
    make_digest_subscription(email="other@example.org")
    client = sign_in(client, "reviewer")
    for path in (LIST, address(DigestSubscription, "change", row.pk)):
        text = client.get(path).content.decode()
        assert "example.org" not in text
    assert "2 subscriptions to changes" in reading.words(reading.page(client.get(LIST)))
    assert client.get(address(DigestSubscription, "add")).status_code == 403
    assert client.post(address(DigestSubscription, "change", row.pk), {"frequency": "monthly"}).status_code == 403


def test_whole_address_finds_its_subscriptions_and_a_part_does_not(client):
    make_digest_subscription(email=EMAIL), make_digest_subscription(email="other@example.org")
    client = sign_in(client, "reviewer")

    def found(words):
        return len(reading.page(client.get(LIST, {"q": words})).xpath("//table[@id='result_list']/tbody/tr"))

    assert [found(words) for words in (EMAIL, EMAIL.upper(), "reader", "example.org")] == [1, 1, 0, 0]


def test_reviewer_deletes_a_subscription_and_the_address_with_it(client):
    row = make_digest_subscription(email=EMAIL)
    client = sign_in(client, "reviewer")
    client.post(address(DigestSubscription, "delete", row.pk), {"post": "yes"})
    assert not DigestSubscription.objects.exists()
    assert not [entry for entry in LogEntry.objects.all() if EMAIL in f"{entry.object_repr} {entry.change_message}"]


@pytest.mark.parametrize("who", ["editor", "translator"])
def test_others_see_nothing_of_it(client, who):
    assert sign_in(client, who).get(LIST).status_code == 403
