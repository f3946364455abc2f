"""Cache the migrated database and the loaded content as SQLite files, so that the next test run starts at once.

The files are in `.pytest_cache/d/databases/`. Their names contain a key: a hash of all that the database is built from.
When any of it changes, the key changes too, and the database is built again. With `--create-db` these files are neither
read nor written. `--cache-clear` deletes them.
"""

import ast
import contextlib
import fcntl
import hashlib
import os
import sqlite3
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".pytest_cache" / "d" / "databases"
APPS = ("portal", "issues", "projects")
CACHED_FILES = 3  # Files of each kind to keep, so that switching between branches does not rebuild them.

# Patterns of the files that build each database. The key contains these files and all project files that they import.
MIGRATING = ("portal/settings.py", "*/migrations/*.py", "portal/management/commands/migrate.py")
LOADING = ("portal/management/commands/loaddata.py", "*/apps.py", "*/models.py", "*/models/*.py", "*/translation.py")
BUILDERS = {"migrated": MIGRATING, "content": (*MIGRATING, *LOADING)}
DATA = {"migrated": (), "content": ("fixtures/*.json",)}


def imported_files(path, root):
    """Return the project's files that `path` imports, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(root).parts[: -node.level] if node.level else ()
            base = ".".join([*package, *filter(None, [node.module])])
            names.update({base, *(f"{base}.{alias.name}" for alias in node.names)})
    files = set()
    for name in names:
        parts = name.split(".")
        if parts[0] in APPS:
            for end in range(1, len(parts) + 1):
                module = root.joinpath(*parts[:end])
                files.update({module / "__init__.py", module.with_suffix(".py")})
    return {file for file in files if file.is_file()}


def code_files(kind, root=ROOT):
    """Return the project's Python files that build the database `kind`: BUILDERS and all modules that they import."""
    waiting = [path for pattern in BUILDERS[kind] for path in root.glob(pattern)]
    found = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting.extend(imported_files(path, root) - found)
    return found


def key_of(kind, root=ROOT):
    """Return a hash of all that builds the database `kind`: code, fixtures, SQLite and the installed packages."""
    files = code_files(kind, root) | {path for pattern in DATA[kind] for path in root.glob(pattern)}
    files |= {root / "tests/conftest.py", root / "tests/databases.py"}
    packages = sorted(path.name for path in Path(django.__file__).parents[1].glob("*.dist-info"))
    found = hashlib.sha256(repr((sqlite3.sqlite_version, packages)).encode())
    for path in sorted(files):
        found.update(f"\n{path.relative_to(root)}\n".encode())
        found.update(path.read_bytes())
    return found.hexdigest()[:20]


@contextlib.contextmanager
def cached(kind, build, folder=FOLDER):
    """Yield the path of the cached file of `kind`. If there is none, call `build(path)` first.

    One process builds and the others wait for it. Read the file inside the block only, and do not change it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kind}-{key_of(kind)}.sqlite3"
    with (folder / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            part = folder / f"{kind}.part"
            for left in folder.glob(f"{kind}.part*"):  # left by a process that was killed
                left.unlink()
            build(part)
            part.replace(path)
        os.utime(path)
        newest_first = sorted(folder.glob(f"{kind}-*.sqlite3"), key=lambda file: file.stat().st_mtime, reverse=True)
        for old in newest_first[CACHED_FILES:]:
            old.unlink()
        yield path


def copy_to(name, connection):
    """Write the open SQLite database to a new file."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(name)])


def copy_from(path, connection):
    """Replace the content of the open SQLite database with that of the file."""
    connection.ensure_connection()
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.backup(connection.connection)
