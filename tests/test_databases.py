"""Cached databases: the key changes with everything that builds them, and no partly written file is read."""

import json
import multiprocessing
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from tests import databases

TREE = {
    "portal/settings.py": "",
    "portal/models.py": "from portal.tracking import history\nfrom portal.core.numbers import parse\n",
    "portal/tracking/history.py": "from . import log\n",
    "portal/tracking/log.py": "",
    "portal/core/numbers.py": "",
    "portal/views.py": "import portal.models\n",
    "portal/management/commands/migrate.py": "",
    "issues/migrations/0001_initial.py": "def add(apps, editor):\n    from portal.core import words\n",
    "portal/core/words.py": "",
    "fixtures/10_sources.json": "[]",
    "tests/conftest.py": "",
    "tests/databases.py": "",
    "tests/test_views.py": "",
}


@pytest.fixture
def tree(tmp_path):
    for name, text in TREE.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "kinds"),
    [
        ("issues/migrations/0001_initial.py", {"migrated", "content"}),
        ("issues/migrations/0002_added.py", {"migrated", "content"}),
        ("portal/core/words.py", {"migrated", "content"}),  # a migration imports it
        ("portal/settings.py", {"migrated", "content"}),
        ("tests/databases.py", {"migrated", "content"}),
        ("tests/conftest.py", {"migrated", "content"}),
        ("fixtures/10_sources.json", {"content"}),
        ("fixtures/11_more.json", {"content"}),
        ("portal/models.py", {"content"}),
        ("portal/core/numbers.py", {"content"}),
        ("portal/tracking/log.py", {"content"}),  # a module of the models imports it by a relative name
        ("portal/views.py", set()),
        ("tests/test_views.py", set()),
    ],
)
def test_key_changes_with_what_the_database_is_built_from(tree, changed, kinds):
    before = {kind: databases.key_of(kind, tree) for kind in databases.BUILDERS}
    assert before == {kind: databases.key_of(kind, tree) for kind in databases.BUILDERS}

    with (tree / changed).open("a") as file:
        file.write("\n")

    assert {kind for kind, key in before.items() if databases.key_of(kind, tree) != key} == kinds


def test_key_changes_when_a_migration_goes(tree):
    before = databases.key_of("migrated", tree)
    (tree / "issues/migrations/0001_initial.py").unlink()
    assert databases.key_of("migrated", tree) != before


def test_key_changes_with_the_version_of_a_package(tree, tmp_path_factory, monkeypatch):
    before = databases.key_of("migrated", tree)
    packages = tmp_path_factory.mktemp("packages")
    (packages / "django-99.dist-info").mkdir()
    monkeypatch.setattr("django.__file__", str(packages / "django/__init__.py"))
    assert databases.key_of("migrated", tree) != before


def test_all_code_that_loads_a_fixture_counts_in_the_key(db, tmp_path):
    """Otherwise the cached content would stay the same when that code changes."""
    ran = set()

    def note(frame, event, argument):
        ran.add(frame.f_code.co_filename)

    fixture = tmp_path / "few.json"
    rows = []
    for name in ("20_places", "10_sources", "15_sectors", "80_glossary"):
        found = json.loads((databases.ROOT / f"fixtures/{name}.json").read_text())
        rows += [row for row in found if not any(map(row["fields"].get, ("source", "countries", "part_of")))][:60]
    fixture.write_text(json.dumps(rows))
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        call_command("loaddata", str(fixture), verbosity=0)
    finally:
        sys.setprofile(before)

    ours = {Path(name) for name in ran if Path(name).is_relative_to(databases.ROOT)}
    ours = {path for path in ours if path.relative_to(databases.ROOT).parts[0] in databases.APPS}
    assert {"loaddata.py", "querysets.py"} <= {path.name for path in ours}
    assert ours - databases.code_files("content") == set()


# ── The files ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def one_key(monkeypatch):
    monkeypatch.setattr(databases, "key_of", lambda kind: "one")


def read(folder, build=None):
    with databases.cached("content", build, databases.Files(connection, folder)) as path:
        return path.read_text()


def test_file_is_built_once(one_key, tmp_path):
    assert read(tmp_path, lambda path: path.write_text("built")) == "built"
    assert read(tmp_path) == "built"


def test_file_is_built_again_for_another_key(one_key, tmp_path, monkeypatch):
    read(tmp_path, lambda path: path.write_text("built"))
    monkeypatch.setattr(databases, "key_of", lambda kind: "another")
    assert read(tmp_path, lambda path: path.write_text("built again")) == "built again"


def test_half_a_file_is_not_read(one_key, tmp_path):
    def fail(path):
        path.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(tmp_path, fail)
    assert read(tmp_path, lambda path: path.write_text(f"whole, {path.exists()}")) == "whole, False"


def test_old_files_are_deleted(tmp_path, monkeypatch):
    for key in "abcdea":
        monkeypatch.setattr(databases, "key_of", lambda kind, key=key: key)
        read(tmp_path, lambda path: path.write_text("built"))
    assert len(list(tmp_path.glob("*.sqlite3"))) == databases.CACHED_DATABASES
    assert (tmp_path / "content-a.sqlite3").exists()


def append(folder):
    def build(path):
        with (folder / "builds").open("a") as builds:
            builds.write("built\n")
        path.write_text("built")

    read(folder, build)


def test_one_process_builds_while_others_wait(one_key, tmp_path):
    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=append, args=[tmp_path]) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    assert (tmp_path / "builds").read_text() == "built\n"


# ── Databases of PostgreSQL ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def templates(db, monkeypatch):
    """Return a function that builds the database with a key if it is not cached, and returns the keys of all cached."""
    store = databases.Templates(connection)

    def build(name):
        store.copy("template1", name)

    def names(key, build=build):
        monkeypatch.setattr(databases, "key_of", lambda kind: key)
        with databases.cached("tried", build, store):
            return [name.removeprefix("portal_cached_tried_") for name in store.names("tried")]

    yield names
    for name in store.names("tried"):
        store.delete(name)


@pytest.mark.postgres
def test_database_is_built_once_and_old_ones_are_deleted(templates):
    assert templates("a") == ["a"]
    assert templates("a", build=None) == ["a"]
    assert [templates(key) for key in "bcd"][-1] == ["d", "c", "b"]


@pytest.mark.postgres
def test_half_a_database_is_not_read(templates):
    def fail(name):
        databases.Templates(connection).copy("template1", name)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        templates("a", fail)
    assert templates("a") == ["a"]
