"""Measure the counts of lists and the search beside other engines over the same rows: `make bench` runs it.

- Counts: all facets of the list of projects, by the portal's bitmaps, by DuckDB in memory and by Datasette.
- Search: the ids of the first page, from the portal's index and ranking, from FTS5 with its own BM25, and from tantivy.
  All three have the tokens that the portal's index stores, and get the same tokens of a query.

The counts of the portal and of DuckDB must agree before they are timed. Times are those of the processor; of Datasette
it is the time until it answers. The table is stored as JSON, and as a chart for docs/performance.md.
"""

import contextlib
import csv
import functools
import json
import os
import sqlite3
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.benchmarks.load import FOUR_FILTERS, JUDGED, ONE_FILTER, ROOT, datasette, set_up, store

ROUNDS, PEER_ROUNDS = 15, 3  # Datasette needs seconds for an answer
MOST_QUERIES = 70  # labelled queries that are timed among generated projects
PAGE = 25
MOST_OF_FTS5 = 1.5
QUERIES = ROOT / "tests/portal/search/search_queries.csv"
CHART = ROOT / "docs/images/engines.svg"
# The lists whose facets are counted.
LISTS = {"no filter": "", "a filter": ONE_FILTER, "four filters": FOUR_FILTERS}
COMMON = ("water", "가뭄", "вода", "Kazakhstan")  # in up to half of the generated projects
RARE = ("Micklin", "104729", "농진청")
WIDTH = 640  # of the chart, in pixels


def main():
    os.environ["KEEP"] = "nothing"  # every search reads its ids
    vendor, count = set_up()
    if vendor != "sqlite":
        return  # the processor time of a database server would be missing
    print(f"\n{vendor}: {count:,} projects; other engines over the same rows; median processor time in ms\n")
    with tempfile.TemporaryDirectory(prefix="engines-") as name:
        counts, facets = counts_of_lists(Path(name))
        searches, answers = searches_of_engines(Path(name), count)
    results = {"projects": count, "facets": facets, "counts": counts, "searches": searches, "answers": answers}
    report(results)
    store(f"engines-{vendor}-{count}", results)
    if count in JUDGED:
        CHART.write_text(chart(results), encoding="utf-8")


def timed(asked, rounds=ROUNDS):
    """Call each function of a dict `rounds` times in turn. Return the median processor time of each in ms, by its name.

    The processor time of all threads counts, so that other work on the machine matters little.
    """
    took = {name: [] for name in asked}
    for number in range(rounds + 1):
        for name, function in asked.items():
            start = time.process_time()
            function()
            if number:  # the first call is a warm-up
                took[name].append((time.process_time() - start) * 1_000)
    return {name: statistics.median(times) for name, times in took.items()}


# ── Counts of a list ─────────────────────────────────────────────────────────────────────────────────────────────


def counts_of_lists(folder):
    """Return the times by list and engine, and the number of facets."""
    from django.http import QueryDict

    from projects.filters import ProjectFilter
    from projects.models import Project

    def filterset(data):
        return ProjectFilter(data, queryset=Project.objects.published())

    facets = {name: facet for name, facet in filterset(QueryDict()).facet_filters.items() if facet.is_indexed}
    rows = {name: sorted(set(pairs(name, facet))) for name, facet in facets.items()}
    database = duckdb_of(rows, folder)
    found = {}
    for name, address in LISTS.items():
        data = QueryDict(address.partition("?")[2])
        sql = counting_sql(rows, dict(data.lists()))

        def portal(data=data):
            return filterset(data).counts["facets"]

        def peer(sql=sql):
            return database.execute(sql).fetchall()

        ours = {(facet, str(value), some) for facet in facets for value, some in portal()[facet].items() if some}
        if ours != set(peer()):
            raise SystemExit(f"{name}: DuckDB and the portal count differently: {sorted(ours ^ set(peer()))[:10]}")
        found[name] = timed({"portal": portal, "DuckDB": peer})
    single = [name for name, values in rows.items() if len({pk for pk, _value in values}) == len(values)]
    write_peer(folder / "peer.sqlite3", rows, single)
    for name, asked in (("Datasette", list(rows)), ("Datasette, single-valued facets", single)):
        found["no filter"][name] = peer_time(folder / "peer.sqlite3", asked, single)
    return found, len(facets)


def pairs(name, facet):
    """Yield the ids of published projects and their values of a facet, read without the portal's bitmaps."""
    from projects.models import Project
    from projects.models.project_status import COLUMNS, status_on

    records = Project.objects.published().order_by()
    if name == "gyeonggi":
        yield from ((pk, "1") for pk in records.of_gyeonggi().values_list("pk", flat=True))
        return
    if name == "status_now":
        yield from ((pk, status_on(*row, facet.today).value) for pk, *row in records.values_list("pk", *COLUMNS))
        return
    sources = [(path, facet.conditions()) for path in facet.paths]
    if name == "country":
        sources.append((facet.participants, facet.participants_where))
    for path, conditions in sources:
        head = path.partition("__")[0]
        rows = records.filter(**{f"{head}__{column}": value for column, value in conditions.items()})
        for pk, stored in rows.values_list("pk", path):
            if stored:
                yield from ((pk, str(value)) for value in facet.expand(stored) if facet.is_counted(value))


def duckdb_of(rows, folder):
    """Return a DuckDB in memory with a table of ids and values for each facet; the values are enumerations."""
    import duckdb

    database = duckdb.connect()
    for name, values in rows.items():
        path = folder / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(values)
        source = f"read_csv('{path}', header=false, columns={{'id': 'UINTEGER', 'value': 'VARCHAR'}})"
        database.execute(f"CREATE TYPE {name}_value AS ENUM (SELECT DISTINCT value FROM {source} ORDER BY value)")
        database.execute(f"CREATE TABLE {name} AS SELECT id, value::{name}_value AS value FROM {source}")
        path.unlink()
    return database


def counting_sql(rows, chosen):
    """Return one statement that counts the values of all facets; the own filter of a facet does not count."""
    parts = []
    for name in rows:
        narrowed = " INTERSECT ".join(
            f"SELECT id FROM {other} WHERE value = '{value}'" for other, [value] in chosen.items() if other != name
        )
        where = f" WHERE id IN ({narrowed})" if narrowed else ""
        parts.append(f"SELECT '{name}' AS facet, value::VARCHAR, count(*) FROM {name}{where} GROUP BY value")
    return " UNION ALL ".join(parts)


def write_peer(path, rows, single):
    """Write the projects as one table for Datasette: single values in columns with an index, others as lists."""
    columns = {name: {} for name in rows}
    for name, values in rows.items():
        for pk, value in values:
            if name in single:
                columns[name][pk] = value
            else:
                columns[name].setdefault(pk, []).append(value)
    ids = sorted(set().union(*columns.values()))
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute(f"CREATE TABLE projects (id INTEGER PRIMARY KEY, {', '.join(rows)})")
        database.executemany(
            f"INSERT INTO projects VALUES (?{', ?' * len(rows)})",
            (
                (pk, *(of.get(pk) if name in single else json.dumps(of.get(pk, [])) for name, of in columns.items()))
                for pk in ids
            ),
        )
        for name in single:
            database.execute(f"CREATE INDEX projects_{name} ON projects ({name})")


def peer_time(path, asked, single):
    """Return the median time that a client waits for the counts of some facets in Datasette, as JSON without rows."""
    words = [f"_facet{'' if name in single else '_array'}={name}" for name in asked]
    page = f"/{path.stem}/projects.json?_size=0&_nocount=1&{'&'.join(words)}"
    took = []
    with datasette(path, page) as base:
        for _ in range(PEER_ROUNDS):
            start = time.perf_counter()
            with urllib.request.urlopen(base + page) as answer:
                counted = json.load(answer)["facet_results"]
            took.append((time.perf_counter() - start) * 1_000)
            if len(counted) != len(asked):
                raise SystemExit(f"Datasette has counted {len(counted)} of {len(asked)} facets.")
    return statistics.median(took)


# ── Search ───────────────────────────────────────────────────────────────────────────────────────────────────────


def searches_of_engines(folder, count):
    """Return the times by query and engine, and which share of the labelled answers the first ten hits have."""
    from django.db import connection

    from portal.search import store as index

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT rowid, {', '.join(index.FIELDS)} FROM {index.TABLE}")
        rows = cursor.fetchall()
    engines = {"portal": first_page, **fts5_engines(folder / "fts5.sqlite3", rows), **tantivy_engines(folder, rows)}
    labelled = labelled_queries()
    searches = {text: timed(asking(engines, text)) for text in (*COMMON, *RARE)}
    some = [text for text, _answers in labelled]
    some = some[:: 1 + len(some) // MOST_QUERIES] if count in JUDGED else some
    took = {text: timed(asking(engines, text), PEER_ROUNDS) for text in some}
    for share, name in ((0.5, "labelled queries, median"), (0.95, "labelled queries, 95th percentile")):
        searches[name] = {
            engine: sorted(times[engine] for times in took.values())[int(share * len(some))] for engine in engines
        }
    searches["labelled queries, mean"] = {
        engine: statistics.mean(times[engine] for times in took.values()) for engine in engines
    }
    answers = {
        name: statistics.mean(len(right & set(engine(text)[:10])) / len(right) for text, right in labelled)
        for name, engine in engines.items()
    }
    return searches, answers


def asking(engines, text):
    """Return functions without arguments that ask each engine for a text."""
    return {name: functools.partial(engine, text) for name, engine in engines.items()}


def first_page(text):
    """Return the ids of the first page of the portal's search."""
    from portal.search import ranking

    return ranking.ranked(*ranking.find(ranking.parse_query(text)))[:PAGE]


def phrases(text):
    """Return the tokens of each word of a query, as a phrase in quotes."""
    from portal.search.analyser import clean, tokens

    found = (" ".join(token.text for token in tokens(clean(word))) for word in text.split())
    return [f'"{phrase}"' for phrase in found if phrase]


def fts5_engines(path, rows):
    """Return two functions from a query to the ids of the first page: for all and for any of its words."""
    from portal.search.ranking import WEIGHTS

    database = sqlite3.connect(path)
    with database:
        database.execute(
            "CREATE VIRTUAL TABLE words USING fts5(title, related, summary, body, content='',"
            " tokenize=\"unicode61 remove_diacritics 0 tokenchars '.§'\")"
        )
        database.executemany("INSERT INTO words (rowid, title, related, summary, body) VALUES (?, ?, ?, ?, ?)", rows)
        database.execute(f"INSERT INTO words (words, rank) VALUES ('rank', 'bm25{WEIGHTS}')")
        database.execute("INSERT INTO words (words) VALUES ('optimize')")

    def asked(word):
        sql = f"SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank LIMIT {PAGE}"
        return lambda text: [row[0] for row in database.execute(sql, [f" {word} ".join(phrases(text))])]

    return {"FTS5, all words": asked("AND"), "FTS5, any word": asked("OR")}


def tantivy_engines(folder, rows):
    """Return two functions from a query to the ids of the first page: for all and for any of its words."""
    import tantivy

    from portal.search.ranking import WEIGHTS
    from portal.search.store import FIELDS

    builder = tantivy.SchemaBuilder().add_integer_field("id", stored=True)
    for field in FIELDS:
        builder.add_text_field(field, tokenizer_name="whitespace")
    schema = builder.build()
    (folder / "tantivy").mkdir()
    index = tantivy.Index(schema, str(folder / "tantivy"))
    writer = index.writer(num_threads=1)
    for entry, *texts in rows:
        writer.add_document(tantivy.Document(id=entry, **dict(zip(FIELDS, texts, strict=True))))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher, boosts = index.searcher(), dict(zip(FIELDS, WEIGHTS, strict=True))

    def asked(text, every):
        query = index.parse_query(" ".join(phrases(text)), list(FIELDS), boosts, conjunction_by_default=every)
        hits = searcher.search(query, PAGE, count=False).hits
        return [searcher.doc(address)["id"][0] for _score, address in hits]

    return {
        "tantivy, all words": lambda text: asked(text, True),
        "tantivy, any word": lambda text: asked(text, False),
    }


def labelled_queries():
    """Return pairs of a query and the ids of the entries that answer it."""
    from portal.models.search_index import entry_id, kinds_of
    from portal.search.indexing import searched_models

    pks = {
        (kind, key): pk
        for model in searched_models()
        for kind in kinds_of(model)
        for pk, key in model.objects.values_list("pk", "key")
    }
    with QUERIES.open(encoding="utf-8", newline="") as file:
        return [
            (row["query"], {entry_id(kind, pks[kind, key]) for kind, key in map(split, row["expected"].split())})
            for row in csv.DictReader(file)
        ]


def split(answer):
    kind, _colon, key = answer.partition(":")
    return kind, key


# ── Results ──────────────────────────────────────────────────────────────────────────────────────────────────────


def report(results):
    """Print the times of each engine, and as multiples of the portal's."""
    for title, rows in ((f"Counts of {results['facets']} facets", results["counts"]), ("Search", results["searches"])):
        print(f"{title:58}{'ms':>10}{'times':>10}")
        for name, times in rows.items():
            for engine, took in times.items():
                print(f"{f'{name}: {engine}':58}{took:10.2f}{took / times['portal']:10.2f}")
    for engine, share in results["answers"].items():
        print(f"{f'answers in the first ten: {engine}':58}{share:10.1%}")
    missed = [name for name, times in results["counts"].items() if times["portal"] >= times["DuckDB"]]
    print(f"Counts before DuckDB's: {'missed with ' + ', '.join(missed) if missed else 'met'}")
    for engine in ("FTS5, all words", "FTS5, any word"):
        missed = [n for n, times in results["searches"].items() if times["portal"] > MOST_OF_FTS5 * times[engine]]
        print(f"At most {MOST_OF_FTS5} times {engine}: {'missed for ' + '; '.join(missed) if missed else 'met'}")


def chart(results):
    """Return a picture of the results as SVG, drawn as the charts of the portal are."""
    from django.template.loader import render_to_string

    from portal.graphics.charts import bar_chart
    from portal.graphics.svg_export import Panel, picture_svg

    def panel(heading, rows, note):
        tones = [1 if name.startswith("portal") else 2 for name, _took in rows]
        bars = bar_chart(
            [(name, took, "") for name, took in rows],
            width=WIDTH,
            format_value=lambda took: f"{took:,.{0 if took >= 100 else 1 if took >= 10 else 2}f}",
            missing="",
            tones=tones,
        )
        return Panel(render_to_string("charts/bar.html", {"chart": bars}), heading, note)

    counts, searches = results["counts"], results["searches"]
    slow = "Datasette"  # thousands of times slower, so that no other bar would be seen
    counted = [
        (f"{engine}, {name}", took) for name, by in counts.items() for engine, took in by.items() if engine != slow
    ]
    answers = {name: f"{name} ({share:.0%} of answers)" for name, share in results["answers"].items()}
    mean = [(answers[engine], took) for engine, took in searches["labelled queries, mean"].items()]
    return picture_svg(
        [
            panel(
                f"Counts of {results['facets']} facets of the list of projects",
                counted,
                f"Datasette with all facets: {counts['no filter'][slow]:,.0f} (the time until it answers).",
            ),
            panel("Mean of labelled queries", mean, "Of answers: how many are in the first ten hits."),
            panel(f"“{COMMON[0]}”, in most projects", list(searches[COMMON[0]].items()), ""),
        ],
        title="The portal beside other engines",
        unit="milliseconds of processor time",
        sentence="Counts of a list and the first page of a search, over the same rows and tokens. Shorter is faster.",
        sources=[f"make bench, with {results['projects']:,} projects on SQLite"],
        width=WIDTH,
    )


if __name__ == "__main__":
    main()
