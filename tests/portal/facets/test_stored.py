"""A new process reads the stored facet values, but never those of other content, other queries or damaged bytes."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder
from hypothesis import given
from hypothesis import strategies as st

from portal.core.partial_dates import PartialDate
from portal.facets import bitmaps, registry, stored
from portal.facets.bitmaps import BitMap
from portal.models import StoredFacetValues
from portal.tracking import content_version
from projects.filters import ProjectFilter
from projects.models import Project
from tests.make import make_area, make_country, make_project

IDS = st.frozensets(st.integers(0, 2**32 - 1), max_size=5).map(BitMap)
PARTS = st.text(st.characters(exclude_categories=("Cs",))) | st.integers() | st.dates().map(str).map(PartialDate)
VALUES = st.dictionaries(PARTS, IDS, max_size=4) | st.dictionaries(st.tuples(PARTS, PARTS), IDS, max_size=4)


@given(IDS, st.lists(VALUES, max_size=4))
def test_values_are_decoded_as_they_were(present, values):
    decoded = stored.decode(stored.encode(present, values))
    assert decoded == (present, values)
    types = [[[type(part) for part in (value,)] for value in by_value] for by_value in values]
    assert [[[type(part) for part in (value,)] for value in by_value] for by_value in decoded[1]] == types


@given(st.data())
def test_damaged_bytes_raise_an_error(data):
    whole = stored.encode(BitMap([1, 5]), [{"national": BitMap([1])}])
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
    for one in (damaged, whole[:place], b""):
        with pytest.raises(ValueError, match="checksum"):
            stored.decode(one)


def test_other_values_cannot_be_stored():
    with pytest.raises(TypeError, match="cannot be stored"):
        stored.encode(BitMap(), [{1.5: BitMap()}])


# ── Between processes ───────────────────────────────────────────────────────────────────────────────────────────


def start_process():
    """Forget what this process holds, and read it as a new one does. Return the index of projects."""
    bitmaps.snapshots.clear()
    registry.preload()
    return bitmaps.snapshots.newest["ProjectFilter"]


def as_sets(index):
    return set(index.all), {
        name: {value: set(ids) for value, ids in by_value.items() if ids} for name, by_value in index.facets.items()
    }


@pytest.fixture
def full_reads(monkeypatch):
    """Return a list that grows with each reading of all records."""
    calls, read = [], bitmaps._IndexReader.read

    def counting(self, pks=None):
        if pks is None:
            calls.append(self)
        return read(self, pks)

    monkeypatch.setattr(bitmaps._IndexReader, "read", counting)
    return calls


@pytest.fixture
def project(own_database):
    one = make_project(start="2020-03", level="national", budget=5, currency="USD")
    one.countries.add(make_country(key="uz"))
    make_area(one)
    return one


@pytest.mark.django_db(transaction=True)
class TestProcesses:
    def test_second_process_reads_what_the_first_has_stored(self, project, full_reads):
        first = start_process()
        assert (len(full_reads), StoredFacetValues.objects.count()) == (1, 1)
        second = start_process()
        assert len(full_reads) == 1
        assert as_sets(second) == as_sets(first)
        assert second.facets["country"]["uz"] == BitMap([project.pk])
        assert {type(value) for value in second.facets["started"]} == {int}

    def test_changes_after_the_stored_state_are_applied(self, project, full_reads):
        start_process()
        other, draft = make_project(level="municipal"), make_project(publication="draft")
        project.level = "provincial"
        project.save()
        index = start_process()
        assert len(full_reads) == 1
        assert as_sets(index) == as_sets(bitmaps._read(index.state, *arguments()))
        assert set(index.all) == {project.pk, other.pk}
        assert draft.pk not in set().union(*(set(ids) for ids in index.facets["level"].values()))

    def test_unknown_changes_are_read_in_full(self, project, full_reads):
        start_process()
        make_country(key="kz")  # a new place may belong to any project
        assert as_sets(start_process()) == as_sets(bitmaps._read(content_version.state(), *arguments()))
        before = len(full_reads)
        start_process()
        assert len(full_reads) == before, "the new reading is stored"

    @pytest.mark.parametrize("damage", ["data", "fingerprint", "later"])
    def test_row_that_does_not_fit_is_replaced(self, project, full_reads, caplog, damage):
        first = start_process()
        row = StoredFacetValues.objects.get()
        if damage == "data":
            StoredFacetValues.objects.update(data=bytes(row.data)[:-1])
        elif damage == "fingerprint":
            MigrationRecorder.Migration.objects.create(app="portal", name="9999_change_content")
        else:  # of a state that this database has not reached
            StoredFacetValues.objects.update(number=row.number + 5, settled=row.settled + 5)
        assert as_sets(start_process()) == as_sets(first)
        assert len(full_reads) == 2
        assert ("are not used" in caplog.text) == (damage == "data")
        start_process()
        assert len(full_reads) == 2

    def test_other_queries_have_another_fingerprint(self, project):
        assert stored.fingerprint(["SELECT a, b"]) == stored.fingerprint(["SELECT b, a"])
        assert stored.fingerprint(["SELECT a, b"]) != stored.fingerprint(["SELECT a, c"])

    def test_processes_have_the_same_fingerprint(self, own_database):
        """Each has another hash seed, and so another order of sets."""
        code = (
            "import django; django.setup()\n"
            "from portal.facets import registry, stored\n"
            "stored.fingerprint = lambda queries, of=stored.fingerprint: print(of(queries)) or of(queries)\n"
            "registry.preload()"
        )
        environment = os.environ | {"DATABASE_URL": own_database, "DJANGO_SETTINGS_MODULE": "portal.settings"}
        told = [
            subprocess.run(
                [sys.executable, "-c", code],
                cwd=settings.BASE_DIR,
                env=environment | {"PYTHONHASHSEED": seed},
                capture_output=True,
                text=True,
                check=True,
            ).stdout.split()
            for seed in ("1", "2", "3")
        ]
        assert len({one for some in told for one in some}) == 1, told
        assert StoredFacetValues.objects.count() == 1

    def test_only_a_process_that_starts_stores(self, project):
        bitmaps.snapshots.clear()
        assert set(registry.facet_index(Project).all) == {project.pk}
        assert not StoredFacetValues.objects.exists()

    def test_process_starts_when_the_row_cannot_be_written(self, project, monkeypatch, caplog):
        def refuse(*args, **fields):
            raise OperationalError("database is locked")

        monkeypatch.setattr(StoredFacetValues.objects, "update_or_create", refuse)
        assert set(start_process().all) == {project.pk}
        assert "are not stored: database is locked" in caplog.text


def arguments():
    """Return the facets and the queryset of the list of projects."""
    filters = ProjectFilter(queryset=Project.objects.published())
    return filters.indexed_facets, filters.queryset
