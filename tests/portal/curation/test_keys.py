"""A changed key: links, search, files and names follow, and the former key leads to the record."""

import pytest
from django.core.exceptions import ValidationError

from issues.models import Issue, Term
from portal.core.choices import PublicationStatus
from portal.curation.keys import change_key
from portal.models import Alias, Correction, FormerKey, Place, Source, Tombstone
from portal.search import indexing
from projects.models import Agreement, Project
from tests.make import (
    make_alias,
    make_citation,
    make_correction,
    make_country,
    make_former_key,
    make_issue,
    make_place,
    make_project,
    make_reporting_organisation,
    make_source,
    make_term,
    make_tombstone,
)
from tests.portal.staff.test_admin import address, change_address
from tests.staff import ROLES, sign_in
from tests.test_pages import RECORDS

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", RECORDS)
def test_former_key_of_each_kind_leads_to_the_record_on_its_page(client, kind):
    record = RECORDS[kind](key="then")
    if record.has_fixed_key:
        return
    change_key(record, "now")
    response = client.get(record.get_absolute_url())
    assert response.status_code == 301
    record.refresh_from_db()
    assert (record.key, response.headers["Location"]) == ("now", record.get_absolute_url())


def test_api_search_sitemap_and_files_follow(client):
    indexing.rebuild()
    change_key(make_project(key="then", title_en="Saxaul belt"), "saxaul-belt")
    response = client.get("/api/v1/projects/then")
    assert (response.status_code, response.headers["Location"]) == (301, "/api/v1/projects/saxaul-belt")
    assert client.get("/api/v1/projects/saxaul-belt").json()["key"] == "saxaul-belt"
    indexing.flush_index()
    for url in ("/en/search/?q=saxaul", "/en/projects/?format=csv", "/sitemap-projects.xml"):
        text = client.get(url).getvalue().decode()
        assert "saxaul-belt" in text, url
        assert "then/" not in text, url
        assert "then," not in text, url


def test_names_corrections_marks_and_older_keys_follow():
    source = make_source(key="then")
    make_former_key(kind="source", key="older", now="then")
    make_tombstone(kind="source", key="removed", successor="then")
    make_correction(kind="source", key="then")
    issue = make_issue(drivers_en="Cotton [then][other].", publication=PublicationStatus.DRAFT)
    change_key(source, "now")
    issue.refresh_from_db()
    assert issue.drivers_en == "Cotton [now][other]."
    assert set(FormerKey.objects.values_list("key", "now")) == {("older", "now"), ("then", "now")}
    assert Tombstone.objects.get().successor == "now"
    assert Correction.objects.get().key == "now"
    place = make_place(key="then")
    make_alias(kind="place", key="then", text="Nokis")
    change_key(place, "nukus")
    assert [alias.text for alias in Place.objects.get(key="nukus").aliases] == ["Nokis"]
    assert Alias.objects.get().key == "nukus"


def test_project_keeps_the_identifier_that_the_portal_reported():
    published, draft = make_project(key="then"), make_project(key="draft", publication=PublicationStatus.DRAFT)
    other = make_project(key="other", iati_identifier="XM-DAC-1-2")
    publisher = make_reporting_organisation()
    for project in (published, draft, other):
        change_key(project, f"{project.key}-2")
        project.refresh_from_db()
    assert published.iati_identifier == f"{publisher.ref}-then"
    assert (draft.iati_identifier, other.iati_identifier) == (None, "XM-DAC-1-2")


def test_record_takes_its_own_former_key_again():
    term = change_key(change_key(make_term(key="first"), "second"), "first")
    assert (term.key, term.version) == ("first", 3)
    assert set(FormerKey.objects.values_list("key", "now")) == {("second", "first")}


def test_key_of_a_record_that_readers_never_saw_leaves_nothing_behind():
    change_key(make_term(key="typo", publication=PublicationStatus.DRAFT), "tugai")
    assert Term.objects.get().key == "tugai"
    assert not FormerKey.objects.exists()


@pytest.mark.parametrize("key", ["taken", "former", "ledger"])
def test_key_that_is_not_free_is_refused(key):
    model = Agreement if key == "ledger" else Issue
    record = RECORDS["agreements"]() if key == "ledger" else make_issue(key="own")
    if key == "taken":
        make_issue(key="taken")
    make_former_key(kind="issue", key="former", now="another")
    before = record.key
    with pytest.raises(ValidationError):  # "ledger" is the address of a page
        change_key(record, key)
    assert model.objects.get(pk=record.pk).key == before


def test_new_record_cannot_have_a_former_key():
    make_former_key(kind="source", key="then", now="now")
    with pytest.raises(ValidationError, match="has or had this key"):
        Source(key="then").validate_unique()
    Source(key="free").validate_unique()
    Project(key="then").validate_unique()


# ── The desk ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("publication", [PublicationStatus.DRAFT, PublicationStatus.PUBLISHED])
@pytest.mark.parametrize("role", ROLES)
def test_key_changes_by_those_who_may_change_the_record(client, role, publication):
    term = make_term(key="then", publication=publication)
    make_citation(term)
    client, url = sign_in(client, role), address(Term, "key", term.pk)
    allowed = role in {"reviewer", "administrator"} or (role == "editor" and publication == PublicationStatus.DRAFT)
    assert client.get(url).status_code == (200 if allowed else 403)
    assert (url in client.get(change_address(term)).content.decode()) == allowed
    response = client.post(url, {"key": "now", "why": "A typing error."})
    term.refresh_from_db()
    assert (response.status_code, term.key) == ((302, "now") if allowed else (403, "then"))
    if allowed and publication == PublicationStatus.PUBLISHED:
        assert term.history.first().history_change_reason == "A typing error."


def test_key_of_a_country_and_a_change_without_a_reason_are_refused(client):
    client, country, term = sign_in(client, "reviewer"), make_country(key="uz"), make_term(key="then")
    assert client.get(address(Place, "key", country.pk)).status_code == 403
    for data in ({"key": "now"}, {"key": "then", "why": "Why."}, {"key": "Not a key", "why": "Why."}):
        assert client.post(address(Term, "key", term.pk), data).status_code == 200
    assert Term.objects.get().key == "then"
