"""Aliases at the desk: the list of those of a record, who may change them, and their history."""

import pytest

from portal.models import Alias, Place
from tests import reading
from tests.make import make_alias, make_country, make_organisation, make_place, make_source
from tests.portal.staff.test_admin import address, change_address, form_data

pytestmark = pytest.mark.django_db


def listed(response):
    return [reading.words(cell) for cell in reading.page(response).xpath("//*[@class='field-text']")]


def test_record_leads_to_its_aliases_and_a_new_one_is_of_that_record(desk):
    sea = make_place(key="sea")
    (
        make_alias(sea, text="Orol dengizi"),
        make_alias(sea, text="Арал"),
        make_alias(make_organisation(key="sea"), text="X"),
    )
    client = desk("reviewer")
    [link] = reading.page(client.get(change_address(sea))).xpath("//a[contains(@href, 'portal/alias/?')]")
    assert reading.words(link) == "Alternative names (2)"
    response = client.get(link.get("href"))
    assert set(listed(response)) == {"Orol dengizi", "Арал"}
    [add] = reading.page(response).xpath("//ul[@class='object-tools']//a[@class='addlink']")
    form = client.get(add.get("href"))
    assert [form.context["adminform"].form[name].value() for name in ("kind", "key")] == ["place", "sea"]
    client.post(address(Alias, "add"), form_data(form, text="Orol", language="uz"))
    assert Alias.objects.get(text="Orol").natural_key() == ("place", "sea", "uz", "Orol")


def test_source_has_no_aliases(desk):
    response = desk("reviewer").get(change_address(make_source()))
    assert reading.page(response).xpath("//a[contains(@href, 'portal/alias/?')]") == []


def test_editor_sees_aliases_and_changes_none(desk):
    alias = make_alias()
    client = desk("editor")
    assert client.get(address(Alias, "changelist")).status_code == 200
    assert client.get(address(Alias, "add")).status_code == 403
    assert client.post(change_address(alias), {"text": "Other"}).status_code == 403


def test_desk_finds_a_record_by_its_alias(desk):
    found, other = make_place(name_en="Aral Sea"), make_country(name_en="Other")
    make_alias(found, text="Orol dengizi"), make_alias(make_organisation(key=other.key), text="Orol instituti")
    response = desk("reviewer").get(address(Place, "changelist"), {"q": "OROL"})
    assert [record.pk for record in response.context["cl"].queryset] == [found.pk]


def test_history_tells_who_changed_an_alias(desk):
    alias = make_alias(text="Orol")
    client = desk("reviewer")
    client.post(change_address(alias), form_data(client.get(change_address(alias)), text="Orol dengizi", why="Longer"))
    newest = alias.history.latest()
    assert (newest.text, newest.history_change_reason, newest.history_user.groups.get().name) == (
        "Orol dengizi",
        "Longer",
        "Reviewer",
    )
    assert "Longer" in client.get(address(Alias, "history", alias.pk)).content.decode()
