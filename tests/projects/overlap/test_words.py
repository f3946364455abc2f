"""How rare words are among projects, and when this is read again."""

import pytest

from portal.facets import registry
from portal.facets.bitmaps import snapshots
from portal.tracking import content_version
from projects.overlap import names, words
from tests.make import make_organisation, make_project


@pytest.fixture
def settled(transactional_db):
    """Store the rarity for the present content, and return a function that does so and returns it."""

    def read():
        content_version.flush()
        return words.rarity()

    return read


def test_rarity_is_read_again_only_if_a_project_of_the_sample_changes(settled, monkeypatch):
    monkeypatch.setattr(words, "SAMPLE", 2)
    first, second, third, *_rest = [make_project(title_en=f"Forest {number}") for number in range(5)]
    before = settled()
    assert set(before.sample) == {first.pk, third.pk}
    second.title_en = "Orchard"
    second.save()
    after = settled()
    assert after.counts is before.counts
    assert after.state.number > before.state.number
    third.title_en = "Orchard"
    third.save()
    assert settled().counts["orchard"] == before.counts["forest"] - 1 == 1


def test_new_sample_is_read(settled):
    make_project(title_en="Forest")
    assert settled().projects == 1
    make_project(title_en="Forest")
    assert settled().projects == 2


def test_process_that_begins_reads_what_the_check_needs(transactional_db):
    make_project(), make_organisation()
    snapshots.clear()
    names._newest = None
    registry.preload()
    assert {"overlap-words", "overlap-places"} <= snapshots.newest.keys()
    assert names._newest is names.name_index()
