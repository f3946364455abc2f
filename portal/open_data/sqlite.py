"""Writes all tables of the open data into one SQLite file, with types, primary keys and foreign keys."""

import contextlib
import sqlite3
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from portal.core.licences import OWN_LICENCE

# From the type of a column (`portal.formats.fields.ColumnHeader`) to its type in SQLite. All others are texts.
TYPES = {"integer": "INTEGER", "boolean": "INTEGER", "number": "REAL"}


def write_sqlite(path, tables, homepage):
    """Write the tables into a new SQLite file at `path`. The table `about` has its title, licence, address and date."""
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT)")
        stated = {
            "title": str(settings.PORTAL_NAME),
            "licence": OWN_LICENCE,
            "address": homepage,
            "date": timezone.localdate().isoformat(),
        }
        database.executemany("INSERT INTO about VALUES (?, ?)", stated.items())
        for table in tables:
            _write_table(database, table)


def _write_table(database, table):
    columns = [f"{_quoted(head.name)} {_type(head)}" for head in table.column_headers]
    columns.append(f"PRIMARY KEY ({', '.join(map(_quoted, table.primary_key))})")
    columns += [
        f"FOREIGN KEY ({_quoted(key.column)}) REFERENCES {_quoted(key.table)} (key)" for key in table.foreign_keys
    ]
    database.execute(f"CREATE TABLE {_quoted(table.file)} ({', '.join(columns)})")
    marks = ", ".join("?" * len(table.column_headers))
    insert = f"INSERT INTO {_quoted(table.file)} VALUES ({marks})"  # noqa: S608 -- names of our own code
    for rows in table.rows(settings.PUBLIC_URL).cells():
        database.executemany(insert, ([_value(cell) for cell in row] for row in rows))
    for key in table.foreign_keys:
        name = _quoted(f"{table.file}_{key.column}")
        database.execute(f"CREATE INDEX {name} ON {_quoted(table.file)} ({_quoted(key.column)})")


def _type(head):
    return "TEXT" if head.list else TYPES.get(head.type, "TEXT")


def _quoted(name):
    """Return the name of a table or column, which are names of our own code, as an identifier of SQL."""
    return f'"{name}"'


def _value(cell):
    """Return a cell as SQLite stores it: an empty one is NULL."""
    if cell == "":
        return None
    return float(cell) if isinstance(cell, Decimal) else cell
