"""The words of the index, on either database: a table of FTS5 in SQLite, a tsvector with GIN in PostgreSQL.

Both have the columns `rowid` (an entry's id) and the tokens of `title`, `related`, `summary` and `body`. A migration
makes them; a new index is made in a second table of the same shape, which takes the place of the first once it is
whole.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connection, connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL
from pyroaring import BitMap64

from portal.core.database import unpack_int_array
from portal.models.search_index import KEY_BITS, LAST, Kind, SearchEntry
from portal.search.query import Clause, Query, fts5, overlap, tsquery

FIELDS = ("title", "related", "summary", "body")
FieldTokens = tuple[str, str, str, str]  # the tokens of one entry, field by field
TABLE, NEW_TABLE = "portal_searchwords", "portal_searchwords_new"
# The columns of an entry besides its id.
COLUMNS = {"sqlite": FIELDS, "postgresql": (*FIELDS, "words", "title_words")}

_CREATE = {
    "sqlite": (
        "CREATE VIRTUAL TABLE {table} USING fts5("
        "title, related, summary, body, tokenize=\"unicode61 remove_diacritics 0 tokenchars '.§'\")",
    ),
    "postgresql": (
        "CREATE TABLE {table} (rowid bigint PRIMARY KEY, title text, related text, summary text, body text,"
        " words tsvector, title_words tsvector)",
        # Long texts stand apart, so that many narrow rows fit a page: finding and counting read no text.
        "ALTER TABLE {table} SET (toast_tuple_target = 128)",
        # What is new waits in a list that every question reads through: a short one.
        "CREATE INDEX {table}_gin ON {table} USING gin (words) WITH (gin_pending_list_limit = 256)",
        "CREATE INDEX {table}_title_gin ON {table} USING gin (title_words) WITH (gin_pending_list_limit = 64)",
    ),
}
# PostgreSQL takes a look into each of many vectors for as cheap as a look into the index, and it is not: functions that
# forbid it. They name the table as it is called when they run. Those that end in _ids give all ids in one value, eight
# bytes each: many short rows take four times as long.
_FUNCTIONS = {
    "sqlite": (),
    "postgresql": tuple(
        f"CREATE OR REPLACE FUNCTION {name}(tsquery) RETURNS {what} LANGUAGE sql STABLE "
        f"SET enable_seqscan = off AS $$SELECT {value} FROM {TABLE} WHERE {column} @@ $1$$"
        for function, column in (("portal_search", "words"), ("portal_search_title", "title_words"))
        for name, what, value in (
            (function, "SETOF bigint", "rowid"),
            (f"{function}_ids", "bytea", "string_agg(int8send(rowid), '')"),
        )
    ),
}
_RENAME = {
    "sqlite": ("ALTER TABLE {new} RENAME TO {table}",),
    "postgresql": (
        "ALTER TABLE {new} RENAME TO {table}",
        "ALTER INDEX {new}_gin RENAME TO {table}_gin",
        "ALTER INDEX {new}_title_gin RENAME TO {table}_title_gin",
        "ALTER INDEX {new}_pkey RENAME TO {table}_pkey",
    ),
}
_INSERT = {
    "sqlite": "INSERT INTO {table} (rowid, title, related, summary, body) VALUES (%s, %s, %s, %s, %s)",
    "postgresql": (
        "INSERT INTO {table} (rowid, title, related, summary, body, words, title_words)"
        " VALUES (%s, %s, %s, %s, %s, %s::tsvector, %s::tsvector)"
    ),
}
# The ids of the entries that match, in any field and in the title alone.
_SELECT = {
    "sqlite": f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s",
    "postgresql": "SELECT portal_search(%s::tsquery)",
}
_SELECT_TITLE = {
    "sqlite": f"SELECT rowid FROM {TABLE} WHERE title MATCH %s",
    "postgresql": "SELECT portal_search_title(%s::tsquery)",
}
_IDS = {"sqlite": "ids", "postgresql": "ids(rowid)"}  # SQLite has no names of columns there, and needs none
_ALL = {
    _SELECT["postgresql"]: "SELECT portal_search_ids(%s::tsquery)",
    _SELECT_TITLE["postgresql"]: "SELECT portal_search_title_ids(%s::tsquery)",
}


def create(table: str = TABLE, using: BaseDatabaseWrapper = connection) -> None:
    """Make an empty table of words."""
    _execute(using, *(statement.format(table=table) for statement in _CREATE[using.vendor]))


def define_functions(using: BaseDatabaseWrapper = connection) -> None:
    """Make the functions that look into the table of words, where the database has some."""
    _execute(using, *_FUNCTIONS[using.vendor])


def drop(table: str = TABLE, using: BaseDatabaseWrapper = connection) -> None:
    """Remove a table of words, if it is there."""
    _execute(using, f"DROP TABLE IF EXISTS {table}")


def exchange() -> None:
    """Put the new table in the place of the old one."""
    drop()
    _execute(connection, *(statement.format(table=TABLE, new=NEW_TABLE) for statement in _RENAME[connection.vendor]))


@contextlib.contextmanager
def unindexed() -> Iterator[None]:
    """Drop PostgreSQL's indexes of words for the block, which loads very many entries, and make them anew after it."""
    made = [statement for statement in _CREATE[connection.vendor] if statement.startswith("CREATE INDEX")]
    _execute(connection, *(f"DROP INDEX {TABLE}{end}" for end in ("_gin", "_title_gin")[: len(made)]))
    yield
    _execute(connection, *(statement.format(table=TABLE) for statement in made))


def exists(table: str = TABLE) -> bool:
    """Return whether the table is there."""
    return table in connection.introspection.table_names()


def all_entries() -> RawSQL:
    """The ids of all entries that have words, for `pk__in`."""
    return RawSQL(f"(SELECT rowid FROM {TABLE})", [])


def _execute(using: BaseDatabaseWrapper, *statements: str) -> None:
    with using.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def write(rows: Iterable[tuple[int, FieldTokens]], table: str = TABLE) -> None:
    """Keep rows of an entry's id and its four fields, in the place of those that have the same ids."""
    rows = list(rows)
    remove([entry for entry, _fields in rows], table)
    values: list[tuple[int | str, ...]]
    if connection.vendor == "postgresql":
        values = [(entry, *fields, _tsvector(fields), _tsvector(fields[:1])) for entry, fields in rows]
    else:
        values = [(entry, *fields) for entry, fields in rows]
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT[connection.vendor].format(table=table), values)


def remove(entries: Iterable[int], table: str = TABLE) -> None:
    """Forget the words of entries."""
    rows = [(entry,) for entry in entries]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(f"DELETE FROM {table} WHERE rowid = %s", rows)


def clear(table: str = TABLE) -> None:
    """Forget all words."""
    _execute(connection, f"DELETE FROM {table}")


def _tsvector(fields: Iterable[str]) -> str:
    """Return the literal of a tsvector: each token with its places, and three syllables that two bigrams make.

    PostgreSQL finds a lexeme by its index alone, but must read every row that has two of them to see whether they
    stand together. Most words of Korean are of three syllables.
    """
    places: dict[str, list[str]] = {}
    place, before = 0, ""
    for tokens in fields:
        for token in tokens.split():
            place += 1
            places.setdefault(token, []).append(str(place))
            if overlap(before, token):
                places.setdefault(before + token[1], []).append(str(place - 1))
            before = token
    return " ".join(f"'{token}':{','.join(found)}" for token, found in places.items())


# ── Questions ────────────────────────────────────────────────────────────────────────────────────────────────────


def words_of(query: Query) -> str:
    """The question in the database's words."""
    return fts5(query) if connection.vendor == "sqlite" else tsquery(query)


def entries_matching(query: Query) -> RawSQL:
    """The condition that a SearchEntry is one of those that match."""
    return RawSQL(f"id IN ({_SELECT[connection.vendor]})", [words_of(query)], output_field=BooleanField())


def _of_kind(number: int) -> str:
    """Return the condition that ids are those of the kind with `number`."""
    low = number << KEY_BITS
    return f"ids.rowid BETWEEN {low} AND {low + LAST}"


def ids(query: Query, only_title: bool = False) -> BitMap64:
    """Return the ids of all entries that match, in any field or in the title alone."""
    select = (_SELECT_TITLE if only_title else _SELECT)[connection.vendor]
    if select in _ALL:
        return BitMap64(unpack_int_array("Q", _fetch(_ALL[select], [words_of(query)])[0][0] or b""))
    return BitMap64([row[0] for row in _fetch(select, [words_of(query)])])


def some_ids(query: Query, most: int, only_title: bool = False, kind: Kind | None = None) -> list[int]:
    """Return the ids of some `most` entries that match, in any field or the title alone; perhaps of one kind only."""
    select = (_SELECT_TITLE if only_title else _SELECT)[connection.vendor]
    if kind is not None:
        select = f"SELECT ids.rowid FROM ({select}) AS {_IDS[connection.vendor]} WHERE {_of_kind(kind.number)}"
    return [row[0] for row in _fetch(f"{select} LIMIT {most}", [words_of(query)])]


def frequency(query: Query | Clause, most: int) -> int:
    """How many entries match, counted up to `most`."""
    if isinstance(query, Clause):
        query = Query(query.typed, (query,))
    if not query:
        return 0
    sql = f"SELECT count(*) FROM ({_SELECT[connection.vendor]} LIMIT {most}) AS found"
    return _fetch(sql, [words_of(query)])[0][0]


def texts(entries: Sequence[int]) -> dict[int, FieldTokens]:
    """Return the tokens of entries, by id."""
    marks = ", ".join(["%s"] * len(entries))
    rows = _fetch(f"SELECT rowid, title, related, summary, body FROM {TABLE} WHERE rowid IN ({marks})", entries)
    return {row[0]: row[1:] for row in rows}


def _fetch(sql: str, params: Sequence[int | str]) -> list[tuple[Any, ...]]:
    with connections[router.db_for_read(SearchEntry)].cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()
