"""Unpublished records are found by their names, aliases and identifiers, in a table that no public search reads."""

import pytest

from portal.core.choices import PublicationStatus
from portal.models.search_index import UnpublishedTitle, record_of
from portal.search import indexing
from portal.search.query import parse
from portal.search.unpublished import unpublished_matching
from projects.models import Project
from tests.make import UNPUBLISHED, make_alias, make_place, make_project, make_source
from tests.portal.search.found import found

pytestmark = pytest.mark.django_db


def unpublished(text):
    """Return the keys of the unpublished projects that a text finds."""
    pks = [record_of(entry)[1] for entry in unpublished_matching(parse(text))]
    return sorted(Project.objects.filter(pk__in=pks).values_list("key", flat=True))


@pytest.mark.parametrize("state", UNPUBLISHED)
def test_unpublished_record_is_found_by_the_desk_and_by_no_public_search(state):
    make_project(key="trees", title_en="Planting quinoa", publication=state)
    assert (unpublished("quinoa"), found("quinoa")) == (["trees"], [])


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("plant trees", True),  # another form of the word
        ("TREES", True),
        ("tre", True),  # the beginning of the last word
        ("나무를", True),  # with a particle
        ("деревьев", True),
        ('"planting trees"', True),
        ("korea-trees-2024", True),
        ("planting -trees", False),
        ("trees sea", False),
        ("", False),
        ("%", False),
        ("_", False),
    ],
)
def test_names_and_keys_are_found_in_any_script(text, is_found):
    titles = {"title_en": "Planting trees", "title_ko": "나무 심기", "title_ru": "Посадка деревьев"}
    make_project(key="korea-trees-2024", publication=PublicationStatus.DRAFT, **titles)
    assert bool(unpublished(text)) is is_found


def test_titles_follow_the_record():
    project = make_project(title_en="Quinoa", publication=PublicationStatus.DRAFT)
    project.title_en = "Willow"
    project.save()
    assert (unpublished("quinoa"), unpublished("willow")) == ([], [project.key])
    project.publication = PublicationStatus.PUBLISHED
    project.save()
    assert (unpublished("willow"), found("willow")) == ([], ["project"])
    Project.objects.update(publication=PublicationStatus.ARCHIVED)
    assert (unpublished("willow"), found("willow")) == ([project.key], [])
    project.delete()
    indexing.flush_index()
    assert not UnpublishedTitle.objects.exists()


def test_aliases_and_identifiers_count_as_names():
    make_alias(make_place(publication=PublicationStatus.DRAFT), text="Moʻynoq", language="uz")
    make_source(doi="10.1000/xyz", publication=PublicationStatus.DRAFT)
    assert [len(unpublished_matching(parse(text))) for text in ("мўйноқ", "10.1000/xyz", "10.1000/abc")] == [1, 1, 0]


def test_rebuild_makes_titles_and_forgets_those_without_a_record():
    make_project(key="quinoa", title_en="Quinoa", publication=PublicationStatus.DRAFT)
    indexing.flush_index()
    UnpublishedTitle.objects.update(tokens="")
    UnpublishedTitle.objects.create(pk=1, kind="project", record=0, tokens=" gone ")
    assert indexing.state_of_index() == "The index has 2 of 1 unpublished projects."
    indexing.rebuild()
    assert (indexing.state_of_index(), unpublished("quinoa"), unpublished("gone")) == ("", ["quinoa"], [])
