"""The number that every change of the content moves."""

import pytest
from django.db import transaction

from issues.models import Observation
from portal import freshness
from portal.models import Place
from tests.make import (
    make_area,
    make_citation,
    make_country,
    make_observation,
    make_project,
    make_sector,
    make_source,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def moved():
    """Whether the number has moved since it was last asked."""
    last = freshness.state().number

    def moved():
        nonlocal last
        before, last = last, freshness.state().number
        return last > before

    return moved


def test_every_kind_of_change_moves_it(moved):
    project, country, sector = make_project(), make_country(), make_sector()
    assert moved()
    for change in (
        lambda: project.save(),
        lambda: project.countries.add(country),
        lambda: project.countries.remove(country),
        lambda: project.countries.set([country]),
        lambda: project.countries.clear(),
        lambda: make_area(project),
        lambda: project.areas.get().delete(),
        lambda: make_citation(project),
        lambda: make_observation(),
        lambda: Observation.objects.update(value="3"),
        lambda: Place.objects.filter(pk=country.pk).update(name_en="Elsewhere"),
        lambda: Place.objects.bulk_create([Place(key="new", name_en="New", kind="city")]),
        lambda: sector.save(),
        lambda: project.delete(),
    ):
        change()
        assert moved()


def test_asking_moves_nothing(moved, client):
    make_source()
    assert moved()
    client.get("/en/sources/")
    list(Place.objects.all())
    assert not moved()


def test_many_changes_move_it_once():
    first = freshness.state().number
    for _ in range(3):
        make_source()
    assert freshness.state().number == first + 1


@pytest.mark.django_db(transaction=True)
def test_others_see_it_as_soon_as_a_change_is_committed():
    before = freshness.state().number
    with transaction.atomic():
        make_source()
    assert freshness.Freshness.objects.get().number == before + 1


def test_it_says_when():
    before = freshness.state().changed_at
    make_source()
    assert freshness.state().changed_at > before
