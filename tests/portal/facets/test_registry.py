"""The first records of a set are the first of the whole sorted set."""

import pytest
from django.db import OperationalError
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.facets import bitmaps, registry
from portal.facets.bitmaps import BitMap
from projects.models import Project
from tests.make import make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_their_order():
    """Return the primary keys of thirty projects, the newest first."""
    for number in range(30):
        make_project(start=f"{1990 + number % 7}" if number % 5 else None)
    return list(Project.objects.latest_first().values_list("pk", flat=True))


@pytest.mark.parametrize(("few", "stretch"), [(3_000, 2_000), (0, 1), (0, 7), (10, 4)])
def test_first_of_few_and_of_many_are_those_that_stand_first(in_their_order, monkeypatch, few, stretch):
    monkeypatch.setattr(registry, "DATABASE_LOOKUP_MAX", few)
    monkeypatch.setattr(registry, "SCAN_AHEAD", stretch)

    @given(st.sets(st.sampled_from(in_their_order)), st.integers(0, 12))
    @settings(max_examples=40)
    def agree(chosen, most):
        found = registry.first_records(Project.objects.latest_first().for_list(), BitMap(chosen), most)
        assert [project.pk for project in found] == [pk for pk in in_their_order if pk in chosen][:most]

    agree()


def test_scan_finds_the_first_of_many_or_nothing(in_their_order, monkeypatch):
    monkeypatch.setattr(registry, "DATABASE_LOOKUP_MAX", 4)
    monkeypatch.setattr(registry, "SCAN_AHEAD", 20)
    every_second, last = in_their_order[1::2], in_their_order[-10:]

    def scanned(ids, limit):
        return registry.scanned_ids(Project.objects.latest_first(), BitMap(ids), limit)

    assert scanned(every_second, 1) == every_second[:1]
    assert scanned(every_second, 10) == every_second[:10]
    assert scanned(every_second, 11) is None  # the scan ends before
    assert scanned(last, 1) is None
    assert scanned(every_second[:4], 1) is None  # so few are not scanned for


def test_what_is_known_of_a_list_are_its_sets():
    project = make_project(level="national")
    assert (
        set(registry.facet_index(Project).all)
        == {project.pk}
        == set(registry.facet_index(Project).facets["level"]["national"])
    )


@pytest.mark.django_db(transaction=True)
def test_process_that_begins_reads_sets_before_anyone_asks(own_database, monkeypatch, caplog):
    make_project()
    bitmaps.snapshots.clear()
    registry.preload()
    held = bitmaps.snapshots.newest["ProjectFilter"]
    assert registry.facet_index(Project) is held
    # It starts without a database, too.
    bitmaps.snapshots.clear()
    with monkeypatch.context() as away:
        away.setattr(bitmaps.stored, "load", lambda *args: (_ for _ in ()).throw(OperationalError("It is away.")))
        registry.preload()
    assert "read at their first use: It is away." in caplog.text
    assert len(registry.facet_index(Project).all) == 1
