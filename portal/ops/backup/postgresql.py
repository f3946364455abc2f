"""Backup and restore of a PostgreSQL database, with pg_dump, pg_restore and psql.

The dump and the row counts are of the same snapshot. The restored rows are counted within the transaction of the
restore, so that either everything is restored or nothing.
"""

import contextlib
import os
import shutil
import subprocess
import zipfile

from django.db.backends.postgresql.client import DatabaseClient

from portal.ops.backup.files import EXCLUDED_TABLES, PIECE, BackupError, facts

COMPRESSION = zipfile.ZIP_STORED  # pg_dump compresses the dump itself
MISSING = (
    "{program} was not found. It comes with PostgreSQL’s client programs; take those of the server’s version or of a "
    "later one. On Debian and Ubuntu: apt-get install postgresql-client"
)
# Drops everything in the schema, whichever version of the portal created it. Objects that belong to an extension stay.
# Objects that belong to a column, such as its sequence, are dropped with it.
EMPTY = """
DO $empty$
DECLARE statement text;
BEGIN
    -- All statements first: a view has no name any more when it has gone along with a table.
    FOREACH statement IN ARRAY array(
        SELECT format('DROP %s IF EXISTS %s CASCADE', CASE relkind WHEN 'v' THEN 'VIEW'
            WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, oid::regclass)
        FROM pg_class AS found
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
        AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = found.oid AND deptype IN ('e', 'i'))
        UNION ALL
        SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', oid::regprocedure)
        FROM pg_proc AS found
        WHERE pronamespace = current_schema()::regnamespace
        AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = found.oid AND deptype IN ('e', 'i'))
    ) LOOP
        EXECUTE statement;
    END LOOP;
END $empty$;
"""


def dump(connection, file, scratch):
    """Write a dump of the database at one moment to `file`, and return its Facts. Other processes can write meanwhile.

    The rows of the tables in EXCLUDED_TABLES are left out. Raise BackupError if pg_dump fails.
    """
    with contextlib.closing(connection.copy()) as snapshot:
        snapshot.set_autocommit(False)
        with snapshot.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot(), current_schema()")
            name, schema = cursor.fetchone()
            without = [f"--exclude-table-data={table}" for table in EXCLUDED_TABLES]
            arguments = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={name}", *without]
            with _started("pg_dump", connection, arguments, scratch, stdout=subprocess.PIPE) as running:
                shutil.copyfileobj(running.stdout, file, PIECE)
            tables = snapshot.introspection.table_names(cursor)
            return facts(cursor, tables, schema)


def look_through(path, manifest):
    """Raise BackupError if pg_restore cannot list the content of the dump at `path`."""
    with _started("pg_restore", None, ["--list", str(path)], path.parent, stdout=subprocess.DEVNULL):
        pass


def restore(connection, path, manifest, number):
    """Replace the current database by that of a backup, in one PostgreSQL transaction.

    `number` becomes the number of the content version. Raise BackupError if the schemas differ, or if a program fails.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        [schema] = cursor.fetchone()
    if schema != manifest.schema:
        raise BackupError(f"The backup is of the schema {manifest.schema}, and DATABASE_URL leads to {schema}.")
    connection.close()
    script = ["--file=-", "--no-owner", "--no-privileges", str(path)]
    quiet = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    # COMMIT is the last statement. If something fails before it, or this process is killed, psql ends without a commit.
    # (With --single-transaction, psql would commit its input even if that was cut off.) If psql itself has ended, the
    # pipe is broken, and `_started` raises the error that psql wrote.
    with _started("psql", connection, quiet, path.parent, **pipes) as target, contextlib.suppress(BrokenPipeError):
        target.stdin.write(b"BEGIN;" + EMPTY.encode())
        with _started("pg_restore", None, script, path.parent, stdout=subprocess.PIPE) as source:
            shutil.copyfileobj(source.stdout, target.stdin, PIECE)
        target.stdin.write(_last_words(manifest, number).encode())


def _last_words(manifest, number):
    """Return the SQL that ends the restore: check the row counts, set the number of the content version, and commit."""
    counted = "".join(
        f"""
    SELECT count(*) INTO found FROM "{table}";
    IF found <> {count:d} THEN RAISE EXCEPTION '{table} has % rows instead of {count:d}', found; END IF;"""
        for table, count in manifest.rows.items()
    )
    return f"""
SET search_path TO "{manifest.schema}";
DO $count$
DECLARE found bigint;
BEGIN{counted}
END $count$;
DELETE FROM portal_freshness;
INSERT INTO portal_freshness (id, number, changed_at) VALUES (1, {number:d}, now());
COMMIT;
"""


@contextlib.contextmanager
def _started(program, connection, arguments, scratch, **pipes):
    """Run a PostgreSQL program, on the database of `connection` if it is given, and yield its process.

    Raise BackupError, with the first four lines of the program's error output, if it fails. Kill it if the block
    raises.
    """
    path = shutil.which(program)
    if path is None:
        raise BackupError(MISSING.format(program=program))
    environment = {}
    if connection is not None:
        told = connection.settings_dict
        [_psql, *arguments], environment = DatabaseClient.settings_to_cmd_args_env(told, arguments)
        # The options may set the schema if it is not the default one.
        environment = (environment or {}) | {"PGOPTIONS": str(told["OPTIONS"].get("options", ""))}
    complaints = scratch / f"{program}.log"
    with complaints.open("wb") as log:
        running = subprocess.Popen(
            [path, *arguments], env=os.environ | environment, stderr=log, **{"stdin": subprocess.DEVNULL} | pipes
        )
    try:
        yield running
    except BaseException:
        running.kill()
        raise
    finally:
        for pipe in filter(None, (running.stdin, running.stdout)):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        running.wait()
    if running.returncode:
        said = complaints.read_text(errors="replace").strip().splitlines()
        raise BackupError(f"{program} failed: {' '.join(said[:4]) or f'exit code {running.returncode}'}")
