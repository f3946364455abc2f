"""What either database is told beside the queries, how one packs what it tells, and how both are asked for many."""

import contextlib
import functools
import json
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

SqlAndParameters = tuple[str, tuple[str | int, ...]]  # a piece of SQL and the values of its placeholders


def analyze(using: str = DEFAULT_DB_ALIAS) -> None:
    """Have the database count what its tables hold, as after a load, so that it chooses the right indexes.

    PostgreSQL does so by itself, but minutes later; SQLite never does. Until then some pages take half a minute.
    """
    with connections[using].cursor() as cursor:
        if connections[using].vendor == "sqlite":
            cursor.execute("PRAGMA analysis_limit = 400")
        cursor.execute("ANALYZE")


def unpack_int_array(code: str, sent: bytes) -> array:
    """The whole numbers that PostgreSQL sent as one value, `int4send` or `int8send` of each: an array of that code."""
    numbers = array(code)
    numbers.frombytes(sent)
    if sys.byteorder == "little":  # PostgreSQL sends the highest byte first
        numbers.byteswap()
    return numbers


def storable(texts: Iterable[str]) -> list[str]:
    """Return the texts that can be in the database. PostgreSQL raises an error for a NUL character, even in a query."""
    return [text for text in texts if "\0" not in text]


def lock_rows(rows: Iterable[models.Model]) -> None:
    """Lock stored rows until the transaction ends. SQLite needs no lock: its transactions are IMMEDIATE.

    Rows are locked in the order of their models and keys, so that two transactions do not wait for each other.
    """
    keys: dict[type[models.Model], set[object]] = {}
    for row in rows:
        keys.setdefault(type(row), set()).add(row.pk)
    for model in sorted(keys, key=lambda one: one._meta.label):
        list(model._base_manager.filter(pk__in=keys[model]).order_by("pk").select_for_update().values_list("pk"))


@contextlib.contextmanager
def lock_timeout(milliseconds: int, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Let a statement in the block raise OperationalError if it waits longer than this for a lock."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA busy_timeout")
            [before] = cursor.fetchone()
            start, end = f"PRAGMA busy_timeout = {int(milliseconds)}", f"PRAGMA busy_timeout = {before}"
        else:
            start, end = f"SET lock_timeout = {int(milliseconds)}", "RESET lock_timeout"
        cursor.execute(start)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(end)


@dataclass(frozen=True)
class IdList:
    """Any number of primary keys as one value of a lookup. Of a list, Django processes each item."""

    pks: tuple[int, ...]

    def __init__(self, pks: Iterable[int]) -> None:
        object.__setattr__(self, "pks", tuple(pks))  # a list cannot be hashed, and Django hashes lookups

    @functools.cached_property
    def listed(self) -> str:
        """Return the keys with commas between them, written once for all queries about them."""
        return ",".join([str(int(pk)) for pk in self.pks])


class InIdList(models.Lookup):
    """`column__in_ids=IdList(…)`. Thousands of parameters would take long, and more than some are refused."""

    lookup_name = "in_ids"
    prepare_rhs = False

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> SqlAndParameters:
        column, parameters = self.process_lhs(compiler, connection)
        listed = "SELECT value FROM json_each(%s)"
        return f"{column} IN ({listed})", (*parameters, f"[{self.rhs.listed}]")

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> SqlAndParameters:
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s::bigint[])", (*parameters, f"{{{self.rhs.listed}}}")


class LookupValue(models.Func):
    """A number that is known beforehand of some records, by primary key, to sort and show them by; 0 of all others."""

    def __init__(self, numbers: Mapping[int, int]) -> None:
        super().__init__("pk", output_field=models.IntegerField())
        self.numbers = json.dumps(numbers)

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra_context: object
    ) -> SqlAndParameters:
        return self._looked_up(compiler, "json_extract(%%s, '$.\"' || %s || '\"')")

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> SqlAndParameters:
        return self._looked_up(compiler, "(%%s::jsonb ->> %s::text)::integer")

    def _looked_up(self, compiler: SQLCompiler, look_up: str) -> SqlAndParameters:
        column, parameters = compiler.compile(self.source_expressions[0])
        return f"COALESCE({look_up % column}, 0)", (self.numbers, *parameters)


class Today(models.Value):
    """The present day in the portal's time zone as ISO text, at the time of the query: for expressions kept longer."""

    def __init__(self) -> None:
        super().__init__("", models.CharField())

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> SqlAndParameters:
        return "%s", (timezone.localdate().isoformat(),)


for _kind in (models.AutoField, models.BigAutoField, models.ForeignKey):
    _kind.register_lookup(InIdList)
