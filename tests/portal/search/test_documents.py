"""The words under which a record is found: its own, those of its rows, and names of related records."""

import pytest
from django.core.exceptions import FieldDoesNotExist

from issues.models import IssueInCountry, KeyFigure
from portal.core.choices import Area, Level, PublicationStatus
from portal.models import Place
from portal.search.documents import own_texts, relation_of, relations, texts_of, years_of
from projects.models import Organisation, Project
from tests.make import (
    make_agreement,
    make_answer,
    make_area,
    make_country,
    make_issue,
    make_issue_in_country,
    make_key_figure,
    make_organisation,
    make_participation,
    make_party,
    make_place,
    make_project,
    make_sdg,
    make_sector,
)
from tests.portal.search.found import found

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("tie", "word"),
    [
        (lambda project: project.countries.add(make_country(name_en="Zembla")), "zembla"),
        (lambda project: project.places.add(make_place(name_en="Zembla")), "zembla"),
        (
            lambda project: make_participation(project=project, organisation=make_organisation(name_en="Zembla")),
            "zembla",
        ),
        (lambda project: make_participation(project=project, organisation=make_organisation(acronym="ZMB")), "zmb"),
        (lambda project: make_answer(project=project, issue=make_issue(name_en="Zembla")), "zembla"),
        (lambda project: make_answer(project=project, rationale_en="Zembla"), "zembla"),
        (lambda project: project.sectors.add(make_sector(name_en="Zembla")), "zembla"),
        (lambda project: make_area(project, Area.SMART_AGRICULTURE), "스마트농업"),
        (lambda project: make_sdg(project, "6.4"), "SDG 6.4"),
    ],
)
def test_project_is_found_by_what_it_is_tied_to(tie, word):
    project = make_project()
    assert "project" not in found(word)
    tie(project)
    assert "project" in found(word)


@pytest.mark.parametrize(
    "untie",
    [
        lambda project, place: project.places.remove(place),
        lambda project, place: project.places.clear(),
        lambda project, place: project.places.set([]),
        lambda project, place: place.projects.remove(project),
        lambda project, place: place.projects.clear(),
        lambda project, place: place.delete(),
    ],
)
def test_project_is_not_found_by_what_it_is_no_longer_tied_to(untie):
    project, place = make_project(), make_place(name_en="Zembla")
    place.projects.add(project)
    assert found("zembla") == ["place", "project"]
    untie(project, place)
    assert "project" not in found("zembla")


def test_renaming_reaches_the_records_that_carry_the_name():
    organisation = make_organisation(name_en="Zembla")
    make_participation(organisation=organisation)
    make_party(agreement=make_agreement(), organisation=organisation)
    assert found("zembla") == ["agreement", "organisation", "project"]
    organisation.name_en = "Novaya"
    organisation.save()
    assert found("zembla") == []
    assert found("novaya") == ["agreement", "organisation", "project"]
    Organisation.objects.update(publication=PublicationStatus.DRAFT)
    assert found("novaya") == []
    Organisation.objects.update(publication=PublicationStatus.PUBLISHED)
    assert found("novaya") == ["agreement", "organisation", "project"]


def test_renamed_sector_reaches_its_projects():
    sector = make_sector(name_en="Zembla")
    make_project().sectors.add(sector)
    assert found("zembla") == ["project"]
    sector.name_en = "Novaya"
    sector.save()
    assert (found("zembla"), found("novaya")) == ([], ["project"])


def test_words_of_a_row_are_words_of_its_record_until_it_goes():
    issue = make_issue()
    make_issue_in_country(issue=issue, note_en="Zembla")
    make_key_figure(issue=issue, label_en="Novaya")
    assert (found("zembla"), found("novaya")) == (["issue"], ["issue"])
    IssueInCountry.objects.get().delete()
    KeyFigure.objects.all().delete()
    assert (found("zembla"), found("novaya")) == ([], [])


def test_words_about_a_hidden_record_are_hidden_with_it():
    country = make_country(publication=PublicationStatus.DRAFT)
    make_issue_in_country(issue=make_issue(), country=country, note_en="Zembla")
    assert found("zembla") == []
    country.publication = PublicationStatus.PUBLISHED
    country.save()
    assert found("zembla") == ["issue"]


def test_city_that_becomes_a_country_is_found_once():
    place = make_place(name_en="Zembla")
    assert found("zembla") == ["place"]
    place.kind = Place.Kind.COUNTRY
    place.save()
    assert found("zembla") == ["country"]


def test_the_world_is_no_hit():
    make_place(kind=Place.Kind.WORLD, name_en="World")
    assert found("world") == []


# ── The words of a record ────────────────────────────────────────────────────────────────────────────────────────


def test_own_texts_have_their_language_and_empty_ones_are_left_out():
    project = make_project(title_en="Trees", title_ko="나무", title_ru="")
    assert own_texts(project, "title") == [("en", "Trees"), ("ko", "나무")]


def test_related_words_are_labels_and_names_in_each_language_without_hidden_records():
    project = make_project(level=Level.NATIONAL)
    project.countries.add(make_country(name_en="Zembla", name_ko="젬블라"))
    project.countries.add(make_country(name_en="Hidden", publication=PublicationStatus.DRAFT))
    make_answer(project=project, issue=make_issue(name_en="Secret", publication=PublicationStatus.DRAFT))
    found = texts_of(project, "related")
    assert {("en", "Zembla"), ("ko", "젬블라"), ("en", "National")} <= set(found)
    assert not {"Hidden", "Secret"} & {text for _language, text in found}
    assert len(found) == len(set(found))


def test_text_of_a_row_is_hidden_with_a_record_of_the_row():
    project = make_project()
    make_answer(project=project, rationale_en="Seen")
    make_answer(project=project, rationale_en="Unseen", issue=make_issue(publication=PublicationStatus.DRAFT))
    texts = {text for _language, text in texts_of(project, "body")}
    assert ("Seen" in texts, "Unseen" in texts) == (True, False)


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [("2019-05", "2024", (2019, 2024)), (None, "2024-12-31", (2024, 2024)), (None, None, (None, None))],
)
def test_years_of_a_record_are_those_that_are_known(start, end, years):
    assert years_of(make_project(start=start, end=end)) == years


def test_related_rows_are_prefetched_with_the_records_that_they_link():
    assert {"countries", "issue_links", "issue_links__issue"} <= set(relations(Project))


def test_unknown_relation_of_a_path_is_an_error():
    assert relation_of(Project, "countries").related_model is Place
    with pytest.raises(FieldDoesNotExist, match="'title'"):
        relation_of(Project, "title")
