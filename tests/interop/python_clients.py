"""Clients in Python. Each reads the portal as its users do and compares what it read with the database.

`python python_clients.py NAME` runs one, in the environment of requirements.txt, from a folder that it may fill.
FACTS names the file of facts.py. It prints one line for the table, or fails.
"""

import asyncio
import importlib
import io
import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace
from urllib.request import Request, urlopen

FACTS = json.loads(Path(os.environ["FACTS"]).read_text(encoding="utf-8"))
URL, COUNTS, PROJECTS = FACTS["url"], FACTS["counts"], FACTS["projects"]
DOCUMENT = Path(__file__).parents[2] / "docs/data.md"
TOOLS = Path(sys.executable).parent


def get(path, **headers):
    """Return the bytes of an answer."""
    with urlopen(Request(URL + path, headers=headers)) as answer:
        return answer.read()


def same(found, expected, of):
    """Fail if two values differ. `of` says what they are. Of two dicts only the difference is shown."""
    if found != expected:
        if isinstance(found, dict) and isinstance(expected, dict):
            found, expected = (
                dict(one.items() - other.items()) for one, other in ((found, expected), (expected, found))
            )
        raise SystemExit(f"{of}: {str(found)[:300]} instead of {str(expected)[:300]}")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def lists():
    """Yield the path of each list of the API and the name of the schema of its pages."""
    for path, operations in json.loads(get("/api/v1/openapi.json"))["paths"].items():
        if "get" in operations and "{" not in path:
            schema = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            yield path, schema["$ref"].rpartition("/")[2]


# ── The API ──────────────────────────────────────────────────────────────────────────────────────────────────


def openapi_python_client():
    Path("openapi.json").write_bytes(get("/api/v1/openapi.json"))
    Path("config.yaml").write_text("post_hooks: []\n")
    run(
        *(TOOLS / "openapi-python-client", "generate", "--path", "openapi.json", "--fail-on-warning", "--meta", "none"),
        *("--config", "config.yaml", "--output-path", "portal_client"),
    )
    sys.path.insert(0, ".")
    client = importlib.import_module("portal_client").Client(base_url=URL)
    read = 0
    for path, schema in lists():
        name = path.rpartition("/")[2]
        page = importlib.import_module(f"portal_client.api.{name}.list_{name}").sync(client=client, limit=20)
        same(page.count, COUNTS[name], f"count of {name}")
        same(len(page.items), min(20, COUNTS[name]), f"items of {name}")
        same({type(item).__name__ for item in page.items}, {schema.removesuffix("Page")}, f"classes of {name}")
        read += len(page.items)
    [project] = importlib.import_module("portal_client.api.projects.list_projects").sync(client=client, limit=1).items
    same(project.title.en, PROJECTS[project.key]["en"], "title")
    return f"client of the API: {len(COUNTS)} lists, {read} records"


def datamodel_code_generator():
    Path("openapi.json").write_bytes(get("/api/v1/openapi.json"))
    run(
        *(TOOLS / "datamodel-codegen", "--input", "openapi.json", "--input-file-type", "openapi"),
        *("--output", "portal_models.py", "--output-model-type", "pydantic_v2.BaseModel"),
    )
    sys.path.insert(0, ".")
    models, read = importlib.import_module("portal_models"), 0
    for path, schema in lists():
        name = path.rpartition("/")[2]
        page = getattr(models, schema).model_validate_json(get(f"{path}?limit=100"))
        same(page.count, COUNTS[name], f"count of {name}")
        same({type(item).__name__ for item in page.items}, {schema.removesuffix("Page")}, f"classes of {name}")
        read += len(page.items)
    part = models.ProjectPage.model_validate_json(get("/api/v1/projects?fields=start&limit=3"))
    same({type(item).__name__ for item in part.items}, {"ProjectFields"}, "class of records with `fields`")
    return f"pydantic models: {len(COUNTS)} lists, {read} records"


def mcp():
    from mcp import Client

    async def ask():
        async with Client(f"{URL}/mcp") as client:
            tools = {tool.name for tool in (await client.list_tools()).tools}
            answer = await client.call_tool("list_records", {"kind": "projects", "limit": 3})
            return tools, answer

    tools, answer = asyncio.run(ask())
    same("overlap_check" in tools, True, "a tool for the overlap check")
    told = answer.structured_content or json.loads(answer.content[0].text)
    same(told["count"], COUNTS["projects"], "projects")
    return f"{len(tools)} tools for assistants, {told['count']} projects"


def reconciler():
    import pandas
    from reconciler import reconcile

    names = pandas.Series(["Аральское море", "Ташкент", "아스타나"])
    found = reconcile(names, type_id="places", reconciliation_endpoint=f"{URL}/api/v1/reconcile")
    same(list(found["id"]), ["places/aral-sea", "places/tashkent", "places/astana"], "places")
    return "3 names in two languages to their places"


# ── Tables ───────────────────────────────────────────────────────────────────────────────────────────────────


def pandas():
    import pandas

    values = pandas.read_csv(f"{URL}/data/observations.csv")
    same(len(values), COUNTS["observations"], "rows")
    area = values[values["indicator"] == "aral-sea-area"].sort_values(["year", "place", "source"])
    same(area[["year", "place", "value"]].values.tolist(), FACTS["area"], "area of the Aral Sea")
    projects = pandas.read_json(f"{URL}/en/projects.jsonl?lang=ko", lines=True)
    same(dict(zip(projects["key"], projects["title"], strict=True)), korean_titles(), "titles in Korean")
    return f"{len(values)} values (CSV), {len(projects)} projects in Korean (JSON Lines)"


def english_titles():
    return {key: title["en"] for key, title in PROJECTS.items()}


def korean_titles():
    return {key: title["ko"] for key, title in PROJECTS.items()}


def duckdb():
    import duckdb

    for name in ("participations", "projects", "project_countries", "observations"):
        Path(f"{name}.csv").write_bytes(get(f"/data/{name}.csv"))
    joined = duckdb.sql(
        "SELECT organisation, count(*) FROM 'participations.csv' JOIN 'projects.csv' ON projects.key = project "
        "WHERE role = 'funding' GROUP BY 1"
    )
    same(dict(joined.fetchall()), FACTS["funding"], "projects by funder")
    counted = duckdb.sql("SELECT country, count(*) FROM 'project_countries.csv' GROUP BY 1")
    same(dict(counted.fetchall()), FACTS["by_country"], "projects by country")
    country, most = max(FACTS["by_country"].items(), key=lambda pair: pair[1])
    # The lines of the document, as people type them. Each prints the country with most projects first, or nothing.
    lines = re.findall(r"```sh\n(curl -s HOST\S+ \|\s+duckdb .*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    for line in lines:
        typed = line.replace("HOST", URL).replace("duckdb -c", f"{TOOLS}/duckdb -csv -c")
        answer = subprocess.check_output(["sh", "-ec", typed], text=True).splitlines()
        same(answer[1:2], [f"{country},{most}"] if answer else [], f"answer of {line}")
    same(Path("projects.parquet").read_bytes()[:4], b"PAR1", "a file of Parquet")
    [(rows, kind)] = duckdb.sql("SELECT count(*), any_value(typeof(value)) FROM 'observations.csv'").fetchall()
    same((rows, kind in {"DOUBLE", "BIGINT"}), (COUNTS["observations"], True), f"observations, {kind}")
    return f"{len(FACTS['funding'])} funders by a join, {len(FACTS['by_country'])} countries, {rows} values"


def polars():
    import polars

    values = polars.read_csv(get("/data/observations.csv"), infer_schema_length=None)  # the first values are whole
    same((values.height, values["value"].dtype.is_numeric()), (COUNTS["observations"], True), "rows of numbers")
    area = values.filter(polars.col("indicator") == "aral-sea-area").sort("year", "place", "source")
    same([list(row) for row in area.select("year", "place", "value").rows()], FACTS["area"], "area of the Aral Sea")
    countries = polars.read_csv(get("/data/project_countries.csv"))["country"].value_counts()
    same(dict(countries.rows()), FACTS["by_country"], "projects by country")
    projects = polars.read_ndjson(get("/en/projects.jsonl?lang=ko"))
    same(dict(projects.select("key", "title").rows()), korean_titles(), "titles in Korean")
    return f"{values.height} values (CSV), {projects.height} projects in Korean (JSON Lines)"


def csvw():
    from csvw import CSVW

    rows = {}
    for name in ("projects", "observations", "places"):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            table = CSVW(f"{URL}/data/{name}.csv-metadata.json", validate=True)
        same((table.is_valid, [str(one.message) for one in said]), (True, []), f"validity of {name}")
        rows[name] = len(list(table.tables[0]))
        same(rows[name], COUNTS[name], f"rows of {name}")
    return ", ".join(f"{count} {name}" for name, count in rows.items())


def frictionless():
    from frictionless import Package, validate

    report = validate(f"{URL}/data/datapackage.json")
    same(report.flatten(["name", "note"]), [], "errors")
    package = Package(f"{URL}/data/datapackage.json")
    read = {name: len(package.get_resource(name).read_rows()) for name in ("projects", "observations", "sources")}
    same(read, {name: COUNTS[name] for name in read}, "rows")
    return f"{len(package.resources)} tables of the Data Package, all valid"


def calamine():
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(get("/en/projects.xlsx?lang=ko")))
    head, *rows = book.get_sheet_by_index(0).to_python()
    titles = {row[1]: row[2] for row in rows}
    same(titles, korean_titles(), f"titles in Korean below {head[1:3]}")
    return f"{len(titles)} projects in Korean (XLSX)"


def geopandas():
    import geopandas

    projects = geopandas.read_file(f"{URL}/en/projects.geojson")
    same((len(projects), projects.crs.to_epsg()), (COUNTS["projects"], 4326), "projects, reference system")
    same(dict(zip(projects["key"], projects["title"], strict=True)), english_titles(), "titles")
    drawn = projects[projects.geometry.notna()]
    same(len(drawn), FACTS["projects_on_map"], "projects on the map")
    placed = drawn[drawn["precision"] != "country"].geometry.explode()
    known = {tuple(round(number, 4) for number in point) for point in FACTS["points"].values()}
    points = {(round(point.x, 4), round(point.y, 4)) for point in placed.values}
    same(points - known, set(), "points that no place has")
    return f"{len(drawn)} of {len(projects)} projects on the map (GeoJSON), {len(points)} places"


# ── Feeds, crawlers and libraries ────────────────────────────────────────────────────────────────────────────


def atoma():
    import atoma

    feed = atoma.parse_atom_bytes(get("/en/projects.atom"))
    told = {entry.links[0].href: entry.title.value for entry in feed.entries}
    same(told, {link: FACTS["names"].get(link) for link in told}, "titles of entries")
    same((len(told), len({entry.id_ for entry in feed.entries})), (50, 50), "entries")
    same(feed.updated, max(entry.updated for entry in feed.entries), "time of the newest change")
    return f"{len(told)} entries of the feed of projects"


def protego():
    from protego import Protego

    rules = Protego.parse(get("/robots.txt").decode())
    asked = {path: rules.can_fetch(URL + path, "Googlebot") for path in FACTS["robots"]}
    same(asked, FACTS["robots"], "what may be fetched")
    same(list(rules.sitemaps), [f"{URL}/sitemap.xml"], "sitemap")
    return f"{len(asked)} addresses allowed or not"


def bibtexparser():
    import bibtexparser
    from bibtexparser.bparser import BibTexParser
    from bibtexparser.customization import convert_to_unicode

    parser = BibTexParser(common_strings=True, ignore_nonstandard_types=False, customization=convert_to_unicode)
    entries = bibtexparser.loads(get("/en/sources.bib").decode(), parser).entries_dict
    # It leaves braces and escaped signs as LaTeX has them.
    titles = {key: re.sub(r"[{}]|\\(?=[$%&_#])", "", entry["title"]) for key, entry in entries.items()}
    same(titles, {key: re.sub("[{}]", "", title) for key, title in FACTS["sources"].items()}, "titles")
    return f"{len(entries)} references (BibTeX)"


def pandoc():
    import pypandoc

    Path("sources.bib").write_bytes(get("/en/sources.bib"))
    Path("sources.json").write_bytes(get("/en/sources.csl"))
    for file in ("sources.bib", "sources.json"):
        text = f'---\nbibliography: {file}\nnocite: "@*"\n---\n\n@{next(iter(FACTS["sources"]))}\n'
        page = pypandoc.convert_text(text, "html", format="markdown", extra_args=["--citeproc", "--fail-if-warnings"])
        same(page.count('class="csl-entry"'), COUNTS["sources"], f"entries of {file}")
    return f"{COUNTS['sources']} references set from BibTeX, and from CSL-JSON"


def pyoai():
    from lxml import etree
    from oaipmh import client as harvester
    from oaipmh import metadata as records

    class Evaluator:  # lxml has dropped the method that pyoai calls
        def __init__(self, *given, **more):
            self.evaluate = etree.XPathEvaluator(*given, **more)

    for module in (harvester, records):
        module.etree = SimpleNamespace(**vars(etree) | {"XPathEvaluator": Evaluator})
    registry = records.MetadataRegistry()
    registry.registerReader("oai_dc", records.oai_dc_reader)
    client = harvester.Client(f"{URL}/oai", registry)
    titles, deleted = {}, 0
    for header, record, _about in client.listRecords(metadataPrefix="oai_dc"):
        deleted += header.isDeleted()
        if record:
            titles[header.identifier()] = record.getField("title")
    expected = sum(count for name, count in COUNTS.items() if name not in {"observations", "countries", "terms"})
    same(len(titles), expected, "records")
    known = {name for names in titles.values() for name in names}
    same(set(english_titles().values()) - known, set(), "titles of projects that are missing")
    return f"{len(titles)} records in Dublin Core, {deleted} deleted"


CLIENTS = {
    "openapi-python-client": openapi_python_client,
    "datamodel-code-generator": datamodel_code_generator,
    "mcp": mcp,
    "reconciler": reconciler,
    "pandas": pandas,
    "duckdb": duckdb,
    "polars": polars,
    "csvw": csvw,
    "frictionless": frictionless,
    "calamine": calamine,
    "geopandas": geopandas,
    "atoma": atoma,
    "protego": protego,
    "bibtexparser": bibtexparser,
    "pandoc citeproc": pandoc,
    "pyoai": pyoai,
}

if __name__ == "__main__":
    print(CLIENTS[sys.argv[1]]())
