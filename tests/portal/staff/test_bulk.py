"""An action of a list asks for confirmation and shows a sample before it publishes."""

import pytest

from issues.models import Term
from portal.core.choices import PublicationStatus
from tests import reading
from tests.make import make_citation, make_term
from tests.portal.staff.test_admin import address, change_address
from tests.staff import sign_in

pytestmark = pytest.mark.django_db
LIST = address(Term, "changelist")


def drafts(count):
    terms = [make_term(publication=PublicationStatus.DRAFT) for _ in range(count)]
    for term in terms:
        make_citation(term)
    return terms


def published():
    return Term.objects.filter(publication=PublicationStatus.PUBLISHED).count()


def answered(form):
    """Return what a browser sends of a form."""
    data = {}
    for field in form.xpath(".//input[@type='hidden' and @name]"):
        data.setdefault(field.get("name"), []).append(field.get("value"))
    return data


def test_publishing_shows_a_sample_and_waits_for_confirmation(client):
    sign_in(client, "reviewer")
    chosen = drafts(12)
    data = {"action": "publish_selected", "_selected_action": [term.pk for term in chosen]}
    page = reading.page(client.post(LIST, data))
    assert published() == 0
    assert reading.words(page.find(".//h1")) == "Publish 12 records?"
    assert "random sample of 10 records" in reading.words(page)
    forms = page.xpath("//ul[@class='desk-records']/li/a/@href")
    assert len(forms) == len(set(forms)) == 10
    assert set(forms) < {change_address(term) for term in chosen}
    [form] = page.xpath("//div[@id='content-main']/form")
    client.post(LIST, answered(form))
    assert published() == 12


def test_whole_list_is_confirmed_as_it_is_now(client):
    sign_in(client, "reviewer")
    first, *_others = drafts(3)
    data = {"action": "publish_selected", "_selected_action": [first.pk], "select_across": "1"}
    [form] = reading.page(client.post(LIST, data)).xpath("//div[@id='content-main']/form")
    drafts(1)
    page = reading.page(client.post(LIST, answered(form)))  # there is one more than the user saw
    assert (published(), reading.words(page.find(".//h1"))) == (0, "Publish 4 records?")
    client.post(LIST, answered(page.xpath("//div[@id='content-main']/form")[0]))
    assert published() == 4


@pytest.mark.parametrize("who", ["anonymous", "translator", "editor"])
def test_confirmation_gives_no_right_to_publish(client, who):
    [term] = drafts(1)
    sign_in(client, who)
    client.post(LIST, {"action": "publish_selected", "_selected_action": [term.pk], "confirmed": 1})
    assert published() == 0
