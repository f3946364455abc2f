"""A PostgreSQL database, out of a backup and into one, by the programs that come with PostgreSQL.

The dump and the counts are of the same snapshot. What is brought back is counted within the transaction that brings it
back, so that it is there as a whole or not at all.
"""

import contextlib
import os
import shutil
import subprocess
import zipfile

from django.db.backends.postgresql.client import DatabaseClient

from portal.ops.backup.files import LEFT_OUT, PIECE, BackupError, facts

COMPRESSION = zipfile.ZIP_STORED  # pg_dump compresses itself
MISSING = (
    "{program} was not found. It comes with PostgreSQL’s client programs; take those of the server’s version or of a "
    "later one. On Debian and Ubuntu: apt-get install postgresql-client"
)
# All that is in the schema, whatever version of the portal made it. What belongs to an extension stays; what belongs to
# a column goes with it.
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
    """Write the database as it is at one moment, and say what is in it. Writers go on meanwhile."""
    with contextlib.closing(connection.copy()) as snapshot:
        snapshot.set_autocommit(False)
        with snapshot.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot(), current_schema()")
            name, schema = cursor.fetchone()
            without = [f"--exclude-table-data={table}" for table in LEFT_OUT]
            arguments = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={name}", *without]
            with _started("pg_dump", connection, arguments, scratch, stdout=subprocess.PIPE) as running:
                shutil.copyfileobj(running.stdout, file, PIECE)
            tables = snapshot.introspection.table_names(cursor)
            return facts(cursor, tables, schema)


def look_through(path, manifest):
    """`BackupError` if pg_restore cannot read the dump."""
    with _started("pg_restore", None, ["--list", str(path)], path.parent, stdout=subprocess.DEVNULL):
        pass


def restore(connection, path, manifest, number):
    """Put the database of a backup into the place of the one that is there, in one transaction of PostgreSQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        [schema] = cursor.fetchone()
    if schema != manifest.schema:
        raise BackupError(f"The backup is of the schema {manifest.schema}, and DATABASE_URL leads to {schema}.")
    connection.close()
    script = ["--file=-", "--no-owner", "--no-privileges", str(path)]
    quiet = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    # The commit comes last: if anything fails before it, or this process is killed, psql ends without. (What it is
    # given with --single-transaction it commits, even if that was cut off.) If psql itself has ended, it says why.
    with _started("psql", connection, quiet, path.parent, **pipes) as target, contextlib.suppress(BrokenPipeError):
        target.stdin.write(b"BEGIN;" + EMPTY.encode())
        with _started("pg_restore", None, script, path.parent, stdout=subprocess.PIPE) as source:
            shutil.copyfileobj(source.stdout, target.stdin, PIECE)
        target.stdin.write(_last_words(manifest, number).encode())


def _last_words(manifest, number):
    """What is said to the database before the commit: the content’s state has another number, and all is there."""
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
    """A program of PostgreSQL at work, on the database of a connection if one is given; `BackupError` if it fails."""
    path = shutil.which(program)
    if path is None:
        raise BackupError(MISSING.format(program=program))
    environment = {}
    if connection is not None:
        told = connection.settings_dict
        [_psql, *arguments], environment = DatabaseClient.settings_to_cmd_args_env(told, arguments)
        # Among them the schema, where it is not the usual one.
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
