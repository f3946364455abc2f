"""The content version, which every change of the content increases."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connections, transaction

from issues.models import Observation
from portal.core.choices import Area
from portal.curation.links import record_check
from portal.http import page_cache
from portal.models import Place, Source
from portal.models.curation import ExternalLink
from portal.search import indexing
from portal.search.ranking import matching
from portal.tracking import content_version
from portal.tracking.change_log import ChangeLog
from portal.tracking.signals import changes_flushed
from projects.models import Project
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
    """Return True if the version has changed since the last call."""
    last = content_version.state().number

    def moved():
        nonlocal last
        before, last = last, content_version.state().number
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
    first = content_version.state().number
    for _ in range(3):
        make_source()
    assert content_version.state().number == first + 1


@pytest.mark.django_db(transaction=True)
def test_others_see_it_as_soon_as_a_change_is_committed():
    before = content_version.state().number
    with transaction.atomic():
        make_source()
    assert content_version.ContentVersion.objects.get().number == before + 1


def test_it_says_when():
    before = content_version.state().changed_at
    make_source()
    assert content_version.state().changed_at > before


# ── A process that ends right after its commit ───────────────────────────────────────────────────────────────


@pytest.fixture
def killed():
    """Do not flush after a commit, as if the process had been killed at that moment."""
    indexing.flush_index()
    content_version.flush()
    changes_flushed.disconnect(content_version.flush_log)
    yield
    changes_flushed.connect(content_version.flush_log)
    content_version.flush()


def counts():
    """Return the current version, its flushed part, and the number of pending changes."""
    state = content_version.state()
    assert content_version.current_version() == state.number
    return state.number, state.settled, content_version.PendingChange.objects.count()


CHANGES = {
    "save": lambda project, country: project.save(),
    "create": lambda project, country: Place.objects.create(key="osh", name_en="Osh", kind="city"),
    "get or create": lambda project, country: Place.objects.get_or_create(key="naryn", name_en="Naryn", kind="city"),
    "update or create": lambda project, country: Place.objects.update_or_create(
        key=country.key, defaults={"name_en": "New"}
    ),
    "add": lambda project, country: project.countries.add(country),
    "set": lambda project, country: project.countries.set([country]),
    "add from the other side": lambda project, country: country.projects_of_country.add(project),
    "row": lambda project, country: make_area(project),
    "delete": lambda project, country: project.delete(),
    "update": lambda project, country: Project.objects.filter(pk=project.pk).update(title_en="New"),
    "bulk_update": lambda project, country: Project.objects.bulk_update([project], ["title_en"]),
    "bulk_create": lambda project, country: Place.objects.bulk_create([Place(key="a", name_en="A", kind="city")]),
    "delete of many": lambda project, country: Project.objects.filter(pk=project.pk).delete(),
    "broken link": lambda project, country: record_check(
        ExternalLink.objects.create(address="https://example.org/"), ExternalLink.CheckOutcome.GONE
    ),
}


@pytest.mark.django_db(transaction=True)
def test_number_moves_with_the_commit_of_every_kind_of_change(request):
    records = {name: (make_project(), make_country()) for name in CHANGES}
    request.getfixturevalue("killed")
    for name, change in CHANGES.items():
        number, settled, pending = counts()
        assert (number, name) == (settled + pending, name)
        change(*records[name])
        moved, still, more = counts()
        assert (moved > number, still, more - pending) == (True, settled, moved - number), name


@pytest.mark.django_db(transaction=True)
def test_change_without_its_note_is_taken_back(monkeypatch):
    """Content, history and index are stored in one transaction with the row that records the change."""

    def stored():
        models = (Project, Place, Project.areas.rel.related_model, Project.countries.through)
        rows = [list(model.objects.order_by("pk").values_list()) for model in models]
        states = [list(model.history.order_by("pk").values_list("pk")) for model in (Project, Place)]
        return (
            rows,
            states,
            ExternalLink.objects.exclude(outcome=ExternalLink.CheckOutcome.UNASKED).count(),
            content_version.current_version(),
        )

    def fail(*args, **values):
        raise DatabaseError("The disk is full.")

    project, country = make_project(title_en="Before"), make_country()
    before = stored()
    project.title_en = "After"
    with monkeypatch.context() as full:
        full.setattr(content_version.PendingChange.objects, "using", fail)
        for name, change in CHANGES.items():
            with pytest.raises(DatabaseError, match="The disk is full"):
                change(project, country)
            assert (stored(), name) == (before, name)
    CHANGES["save"](Project.objects.get(), country)
    assert stored() != before


@pytest.mark.django_db(transaction=True)
def test_change_outside_of_a_transaction_is_refused():
    with pytest.raises(transaction.TransactionManagementError, match="within transaction"):
        content_version.mark_changed()


@pytest.mark.django_db(transaction=True)
def test_search_finds_what_was_saved_before_the_process_was_killed(monkeypatch):
    source = make_source(title="As it was")
    monkeypatch.setattr(ChangeLog, "__call__", lambda log: None)
    source.title = "Karakalpakstan"
    source.save()
    monkeypatch.undo()
    assert list(matching(Source.objects, "karakalpakstan")) == [source]


@pytest.mark.django_db(transaction=True)
def test_next_writer_settles_for_one_that_was_killed(request):
    source = make_source()
    request.getfixturevalue("killed")
    number, _settled, _pending = counts()
    for _ in range(3):
        source.save()
    assert counts() == (number + 3, number, 3)
    before = content_version.state()
    changes_flushed.connect(content_version.flush_log)
    source.save()
    assert counts() == (number + 4, number + 4, 0)
    assert content_version.state().changed_at >= before.changed_at
    assert content_version.ContentChange.objects.filter(number__gt=number).count() == 4


@pytest.mark.django_db(transaction=True)
def test_time_moves_while_a_change_is_pending(request):
    source = make_source()
    request.getfixturevalue("killed")
    first = content_version.state().changed_at
    assert content_version.state().changed_at == first
    source.save()
    second = content_version.state().changed_at
    assert first < second < content_version.state().changed_at


@pytest.mark.django_db(transaction=True)
def test_many_who_settle_at_once_count_each_change_once(own_database):
    content_version.flush()
    number = content_version.current_version()
    for _ in range(20):
        content_version.PendingChange.objects.create(records={})

    def settle(_worker):
        try:
            content_version.flush()
            return content_version.current_version()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(settle, range(8))) == {number + 20}
    assert counts() == (number + 20, number + 20, 0)
    assert content_version.ContentChange.objects.filter(number__gt=number).count() == 20


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_open_writers_and_one_that_was_killed(request):
    dead, *open_ones = (make_source() for _ in range(3))
    request.getfixturevalue("killed")
    number, *_rest = counts()
    dead.save()
    assert counts() == (number + 1, number, 1)
    wrote, go_on = threading.Barrier(3), [threading.Event(), threading.Event()]

    def write(source, event):
        try:
            with transaction.atomic():
                source.save()
                wrote.wait(30)
                assert event.wait(30)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        first, second = (threads.submit(write, *one) for one in zip(open_ones, go_on, strict=True))
        wrote.wait(30)
        assert counts() == (number + 1, number, 1)
        content_version.flush()
        assert counts() == (number + 1, number + 1, 0)
        go_on[0].set()
        first.result(30)
        assert counts() == (number + 2, number + 1, 1)
        content_version.flush()
        assert counts() == (number + 2, number + 2, 0)
        go_on[1].set()
        second.result(30)
    assert counts() == (number + 3, number + 2, 1)
    content_version.flush()
    assert counts() == (number + 3, number + 3, 0)


# ── Within a transaction ─────────────────────────────────────────────────────────────────────────────────────


class Undone(Exception):
    """Raised to roll back a transaction or a savepoint."""


def undone(change):
    """Make a change and roll it back."""
    with contextlib.suppress(Undone), transaction.atomic():
        change()
        raise Undone


@pytest.mark.django_db(transaction=True)
def test_savepoint_takes_its_note_back_and_later_changes_have_one():
    source = make_source(title="Before")
    number = content_version.current_version()
    with transaction.atomic():
        undone(source.save)
        undone(source.save)
    assert counts() == (number, number, 0)
    with transaction.atomic():
        undone(source.save)
        with transaction.atomic():
            with transaction.atomic():
                source.save()
            source.save()
        source.save()
    assert counts() == (number + 1, number + 1, 0)
    undone(source.save)
    source.save()
    assert counts() == (number + 2, number + 2, 0)


@pytest.mark.django_db(transaction=True)
def test_transaction_has_at_most_two_notes_and_says_exactly_what_changed():
    projects = [make_project() for _ in range(40)]
    for count in (1, 2, 40):
        old = content_version.state()
        with transaction.atomic():
            for project in projects[:count]:
                with transaction.atomic():
                    project.save()
                    make_area(project, area=list(Area)[count % len(Area)])
            assert content_version.PendingChange.objects.count() == min(count, 2)
        new = content_version.state()
        assert (new.number, new.settled) == (old.number + min(count, 2),) * 2
        assert content_version.changed_since(old, new, Project) == {project.pk for project in projects[:count]}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("page_cache")
def test_nothing_is_kept_of_what_is_not_committed():
    def titles():
        return page_cache.cached_for_version(lambda: sorted(Source.objects.values_list("title", flat=True)), "titles")

    source = make_source(title="Before")
    assert titles() == ["Before"]
    seen = []
    undone(lambda: (Source.objects.update(title="Taken back"), seen.append(titles())))
    assert seen == [["Taken back"]]
    assert titles() == ["Before"]
    source.title = "After"
    source.save()
    assert titles() == ["After"]
