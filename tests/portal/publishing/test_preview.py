"""Previews: the page of an unpublished record, for anyone with its signed link."""

from datetime import timedelta

import pytest
from django.core import signing
from django.utils import timezone

from portal.core.choices import PublicationStatus
from portal.publishing import preview
from portal.tracking.history import RowVersionPair, parts_of, version_at
from tests import reading
from tests.make import (
    UNPUBLISHED,
    make_agreement,
    make_citation,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_observation,
    make_organisation,
    make_party,
    make_place,
    make_project,
    make_revision,
    make_source,
    make_term,
)

pytestmark = pytest.mark.django_db

MAKERS = [
    *(make_project, make_agreement, make_organisation, make_issue, make_indicator, make_event),
    *(make_country, make_place, make_source, make_term),
]


def links(record):
    """Return a dict from language to the path of the preview."""
    found = preview.preview_links(record)
    return {code: url.removeprefix("http://testserver") for code, _name, url in found}


def banner(response):
    [text] = reading.page(response).xpath("//div[@class='preview-banner']")
    return " ".join(text.text_content().split())


@pytest.mark.any_database
@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_each_kind_of_record_shows_itself_to_whoever_has_the_link(client, make, publication):
    record = make(publication=publication)
    name = str(record)
    response = client.get(links(record)["en"])
    assert response.status_code == 200
    assert name in response.content.decode()
    assert f"“{publication.label}”" in banner(response)
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert reading.page(response).xpath("//meta[@name='robots']/@content") == ["noindex, nofollow"]
    assert client.get(record.get_absolute_url()).status_code in {404, 410, 200 if make is make_term else 404}


@pytest.mark.parametrize(
    ("language", "word"), [("en", "Preview"), ("ko", "미리보기"), ("ru", "Предварительный просмотр")]
)
def test_the_banner_speaks_the_language_of_the_page(client, language, word):
    response = client.get(links(make_project(publication=PublicationStatus.DRAFT))[language])
    assert banner(response).startswith(word)
    assert reading.page(response).get("lang") == language


def test_the_languages_of_a_preview_lead_to_each_other(client):
    paths = links(make_project(publication=PublicationStatus.DRAFT))
    shown = reading.page(client.get(paths["en"])).xpath("//nav[@class='languages']//a/@href")
    assert shown == [paths["en"], paths["ko"], paths["ru"]]


def test_nothing_else_that_is_unpublished_is_shown(client):
    secret = "Zzyzx"
    project = make_project(publication=PublicationStatus.DRAFT)
    project.countries.add(make_country(name_en=secret, publication=PublicationStatus.DRAFT), make_country())
    project.places.add(make_place(name_en=secret, publication=PublicationStatus.DRAFT))
    make_citation(project, make_source(title=secret, publication=PublicationStatus.DRAFT))
    agreement = make_agreement(publication=PublicationStatus.DRAFT)
    make_party(agreement=agreement, country=make_country(name_en=secret, publication=PublicationStatus.DRAFT))
    make_project(title_en=secret, publication=PublicationStatus.DRAFT)
    make_term(term_en=secret, publication=PublicationStatus.DRAFT)
    term = make_term(publication=PublicationStatus.DRAFT)
    for record in (project, agreement, term):
        response = client.get(links(record)["en"])
        assert (response.status_code, secret in response.content.decode()) == (200, False)


def test_an_indicator_is_previewed_with_its_values(client):
    indicator = make_indicator(publication=PublicationStatus.DRAFT)
    make_observation(indicator=indicator, value="24.1")
    make_observation(indicator=indicator, value="77.7", source=make_source(publication=PublicationStatus.DRAFT))
    page = client.get(links(indicator)["en"]).content.decode()
    assert ("24.1" in page, "77.7" in page) == (True, False)


def test_a_published_record_is_shown_at_its_own_address(client):
    project = make_project()
    response = client.get(links(project)["ko"])
    assert (response.status_code, response.headers["Location"]) == (302, f"/ko/projects/{project.key}/")
    assert response.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_a_link_ends_after_two_weeks(client, monkeypatch, language):
    record = make_project(publication=PublicationStatus.DRAFT)
    path = links(record)[language]
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(days=13, hours=23))
    assert client.get(path).status_code == 200
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(days=14, seconds=1))
    response = client.get(path)
    assert (response.status_code, response.headers["Cache-Control"]) == (410, "private, no-store")
    assert "Trees for the Aralkum" not in response.content.decode()


ENDED = "This preview has ended"


def is_open(client, path):
    """Return True if a preview is shown. Otherwise the page must say that the preview has ended."""
    response = client.get(path)
    assert response.status_code in {200, 410}
    assert (ENDED in response.content.decode()) == (response.status_code == 410)
    return response.status_code == 200


def move(record, publication):
    record.publication = publication
    record.save()


def test_a_link_ends_when_the_record_moves_to_another_state_even_and_back(client):
    record = make_project(publication=PublicationStatus.DRAFT)
    path = links(record)["en"]
    record.summary_en = "Trees, and more of them."
    record.save()
    assert is_open(client, path)  # the same state
    move(record, PublicationStatus.IN_REVIEW)
    assert not is_open(client, path)
    second = links(record)["ko"].replace("/ko/", "/en/")
    assert is_open(client, second)
    move(record, PublicationStatus.DRAFT)
    assert [is_open(client, one) for one in (path, second)] == [False, False]


def test_a_link_of_before_publication_is_no_way_to_a_record_that_was_withdrawn(client):
    record = make_project(publication=PublicationStatus.DRAFT)
    path = links(record)["en"]
    move(record, PublicationStatus.PUBLISHED)
    assert client.get(path).headers["Location"] == f"/en/projects/{record.key}/"
    move(record, PublicationStatus.DRAFT)
    assert not is_open(client, path)


def test_a_link_ends_when_the_state_changes_without_history(client):
    """Loading a fixture does this too."""
    record = make_project(publication=PublicationStatus.DRAFT)
    path = links(record)["en"]
    type(record).objects.filter(pk=record.pk).update(publication=PublicationStatus.ARCHIVED)
    assert not is_open(client, path)


@pytest.mark.parametrize("make", MAKERS)
def test_ending_links_ends_those_of_this_record_made_so_far(client, make):
    one, other = make(publication=PublicationStatus.DRAFT), make(publication=PublicationStatus.DRAFT)
    paths = [links(record)["en"] for record in (one, other)]
    preview.end_previews(one)
    one.key = f"{one.key}-renamed"
    one.save()
    assert [is_open(client, path) for path in (*paths, links(one)["en"])] == [False, True, True]


def test_a_link_from_before_links_named_the_state_stays_good_until_the_record_moves(client):
    record = make_project(publication=PublicationStatus.DRAFT)
    until = int((timezone.now() + timedelta(days=14)).timestamp())
    token = signing.dumps(["projects.project", record.pk, until], salt="portal.preview")
    path = f"/en/preview/{token}/"
    assert is_open(client, path)
    preview.end_previews(record)
    assert not is_open(client, path)


def test_a_link_that_was_tampered_with_leads_nowhere(client):
    one, other = make_project(publication=PublicationStatus.DRAFT), make_project(publication=PublicationStatus.DRAFT)
    path = links(one)["en"]
    forged = signing.dumps(["projects.project", other.pk, 9_999_999_999], key="another key", salt=preview.SALT)
    for wrong in (path[:-2] + "/", f"/en/preview/{forged}/", "/en/preview/x/"):
        assert client.get(wrong).status_code == 404
    one.delete()
    assert client.get(path).status_code == 404


# ── Revisions ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.any_database
@pytest.mark.parametrize("language", ["en", "ko", "ru"])
@pytest.mark.parametrize("make", [make for make in MAKERS if make is not make_term])
def test_revision_of_each_kind_shows_itself_to_whoever_has_the_link(client, make, language):
    record = make()
    make_citation(record) if hasattr(record, "citations") else None
    name = record.name_field
    revision = make_revision(record, {name if name == "title" and make is make_source else f"{name}_en": "Zzyzx"})
    response = client.get(links(revision)[language])
    assert (response.status_code, "Zzyzx" in response.content.decode()) == (200, True)
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert response.headers["Cache-Control"] == "private, no-store"
    assert "Zzyzx" not in client.get(record.get_absolute_url()).content.decode()
    if language == "en":
        assert "draft revision of a public record" in banner(response)


def test_rows_of_a_revision_are_previewed_without_what_is_unpublished(client):
    project = make_project()
    shown, hidden = make_source(title="Shown"), make_source(title="Hidden", publication=PublicationStatus.DRAFT)
    for source in (shown, hidden):
        make_citation(project, source)
    revision = make_revision(project, {"summary_en": "Zzyzx"})
    page = client.get(links(revision)["en"]).content.decode()
    assert ("Zzyzx" in page, "Shown" in page, "Hidden" in page) == (True, True, False)


def test_source_that_a_revision_added_and_that_was_deleted_since_is_left_out(client):
    project, source = make_project(), make_source(title="Gone for good")
    citation = make_citation(project, source)
    row = version_at(project, kinds=parts_of(project))[type(citation)][citation.pk]
    citation.delete()
    revision = make_revision(project, {"summary_en": "Zzyzx"})
    revision.set_steps(revision.steps | {type(citation): {-1: RowVersionPair(None, row | {"id": -1})}})
    revision.save()
    assert "Gone for good" in client.get(links(revision)["en"]).content.decode()
    source.delete()
    response = client.get(links(revision)["en"])
    assert (response.status_code, "Zzyzx" in response.content.decode()) == (200, True)


def test_link_to_a_revision_ends_with_its_state_and_with_all_links_of_its_record(client):
    project = make_project()
    revision = make_revision(project, {"summary_en": "Zzyzx"})
    first = links(revision)["en"]
    preview.end_previews(project)
    assert client.get(first).status_code == 410
    second = links(revision)["en"]
    assert client.get(second).status_code == 200
    revision.state, revision.decided_at = "discarded", timezone.now()
    revision.save()
    assert client.get(second).status_code == 410
    revision.state = "published"
    revision.save()
    assert client.get(second).headers["Location"] == project.get_absolute_url()


def test_revision_of_a_term_has_no_page_to_preview():
    assert links(make_revision(make_term(), {"definition_en": "Zzyzx"})) == {}
