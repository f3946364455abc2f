"""Cache the migrated database and the loaded content, so that other processes and the next test run start at once.

On SQLite they are files in `.pytest_cache/d/databases/`, which `--cache-clear` deletes. On PostgreSQL they are
databases of the same server. Their names contain a key: a hash of all that the database is built from. When any of it
changes, the key changes too, and the database is built again. With `--create-db` they are neither read nor written.
"""

import ast
import contextlib
import fcntl
import hashlib
import os
import shutil
import sqlite3
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".pytest_cache" / "d" / "databases"
APPS = ("portal", "issues", "projects")
CACHED_DATABASES = 3  # of each kind; switching between branches does not rebuild them

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


class Files:
    """SQLite files of a folder, and the open database of a connection, which may be in memory."""

    def __init__(self, connection, folder=FOLDER):
        self.connection = connection
        self.folder = folder

    def names(self, kind):
        """Return the paths of the cached databases of `kind`, the newest first."""
        files = self.folder.glob(f"{kind}-*.sqlite3")
        return sorted(files, key=lambda file: file.stat().st_mtime, reverse=True)

    def name(self, kind, key):
        return self.folder / f"{kind}-{key}.sqlite3"

    def delete(self, path):
        for file in self.folder.glob(f"{path.name}*"):  # SQLite may have left a journal beside it
            file.unlink()

    def rename(self, path, new):
        path.replace(new)

    def use(self, path):
        """Note that the database is still needed."""
        os.utime(path)

    def copy(self, path, new):
        shutil.copy(path, new)

    def save_to(self, path):
        """Copy the open database to a new file."""
        with self.connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(path)])

    def load_from(self, path):
        """Replace the content of the open database with that of a file."""
        self.connection.ensure_connection()
        with contextlib.closing(sqlite3.connect(path)) as file:
            file.backup(self.connection.connection)


class Templates:
    """Databases of the PostgreSQL server of a connection, from which it copies others."""

    folder = FOLDER  # of the locks

    def __init__(self, connection):
        self.connection = connection

    def names(self, kind):
        """Return the names of the cached databases of `kind`, the newest first."""
        like = f"portal_cached_{kind}_%".replace("_", r"\_")
        return [
            name
            for (name,) in self.ask("SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY oid DESC", like)
        ]

    def name(self, kind, key):
        return f"portal_cached_{kind}_{key}"

    def delete(self, name):
        self.do("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def rename(self, name, new):
        self.do("ALTER DATABASE {} RENAME TO {}", name, new)

    def use(self, name):
        """Do nothing: the server does not know when a database was last copied."""

    def copy(self, name, new):
        """Copy a database. Nobody may be connected to it."""
        self.delete(new)
        self.do("CREATE DATABASE {} TEMPLATE {}", new, name)

    def save_to(self, name):
        """Copy the open database to a new one."""
        self.connection.close()
        self.copy(self.connection.settings_dict["NAME"], name)

    def load_from(self, name):
        """Replace the open database with a copy of another one."""
        self.connection.close()
        self.copy(name, self.connection.settings_dict["NAME"])

    def ask(self, sql, *values):
        with self.connection._nodb_cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()

    def do(self, sql, *names):
        with self.connection._nodb_cursor() as cursor:
            cursor.execute(sql.format(*map(self.connection.ops.quote_name, names)))


@contextlib.contextmanager
def cached(kind, build, store):
    """Yield the path or name of the cached database of `kind`. If there is none, call `build(part)` first.

    `store` is Files or Templates. One process builds and the others wait for it. Copy the database inside the block
    only, and do not change it.
    """
    store.folder.mkdir(parents=True, exist_ok=True)
    with (store.folder / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        name = store.name(kind, key_of(kind))
        if name not in store.names(kind):
            part = store.name(kind, "part")
            store.delete(part)  # left by a process that was killed
            build(part)
            store.rename(part, name)
        store.use(name)
        for old in [other for other in store.names(kind) if other != name][CACHED_DATABASES - 1 :]:
            store.delete(old)
        yield name


def store_of(connection):
    """Return where databases like that of the connection are cached."""
    return Files(connection) if connection.vendor == "sqlite" else Templates(connection)
