"""Read the portal with programs of others, and compare what they read with the database: `make interop`.

Starts the portal with the current database on a free port, runs one client after another, and prints a table. The exit
code is 1 if a client fails. `--only NAME …` runs some of them, `--without NAME …` leaves some out. facts.py queries
the database, python_clients.py and node_clients.mjs are the clients; programs with a command line are below.
"""

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.browser.served import ROOT, serve
from tests.interop.facts import facts

HERE = Path(__file__).parent
PYTHON = ROOT / ".venv-interop/bin/python"
NODE = ROOT / ".node/interop"
SECONDS = 300

PYTHON_CLIENTS = (
    *("openapi-python-client", "datamodel-code-generator", "pandas", "duckdb", "polars", "csvw", "frictionless"),
    *("calamine", "geopandas", "atoma", "protego", "bibtexparser", "pandoc citeproc", "pyoai", "reconciler", "mcp"),
)
NODE_CLIENTS = (
    *("exceljs", "rss-parser", "sitemapper", "robots-parser", "citation-js", "jsonld"),
    "structured-data-testing-tool",
)


class Failure(Exception):
    """A client did not read what the database holds."""


def run(*command, folder, **environment):
    """Return what a program printed. Raise Failure with its output if it fails."""
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "PYTHONWARNINGS": "ignore"}
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=folder,
            env=os.environ | quiet | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise Failure(f"no end after {SECONDS} seconds") from None
    if done.returncode:
        raise Failure((done.stdout + done.stderr).strip())
    return done.stdout.strip()


def same(found, expected, of):
    if found != expected:
        raise Failure(f"{of}: {found} instead of {expected}")


# ── Programs with a command line ─────────────────────────────────────────────────────────────────────────────


def fetch(known, path, folder):
    """Store an answer of the portal in a file of the same name, and return it."""
    import httpx

    answer = httpx.get(known["url"] + path, timeout=60)
    same(answer.status_code, 200, path)
    file = folder / (path.strip("/").replace("/", "-") or "index")
    file.write_bytes(answer.content)
    return file


def openapi_typescript(known, folder):
    """Types of the API, a client that they check, and what it reads."""
    work = NODE / "typed"  # TypeScript and Node look for packages in the folders above
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        (work / "package.json").write_text('{"type": "module"}')
        shutil.copy(HERE / "typed_client.ts", work)
        shutil.copy(fetch(known, "/api/v1/openapi.json", folder), work / "api.json")
        tools = NODE / "node_modules/.bin"
        run(tools / "openapi-typescript", "api.json", "--output", "api.ts", folder=work)
        run(
            *(tools / "tsc", "--strict", "--target", "es2022", "--module", "nodenext", "--skipLibCheck"),
            *("--lib", "es2022,dom", "typed_client.ts"),
            folder=work,
        )
        return run("node", "typed_client.js", folder=work, URL=known["url"], COUNTS=json.dumps(known["counts"]))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def redocly(known, folder):
    file = fetch(known, "/api/v1/openapi.json", folder)
    said = run(
        NODE / "node_modules/.bin/redocly", "lint", "--format=json", "--extends=recommended", file, folder=folder
    )
    totals = json.loads(said[said.index("{") :])["totals"]
    same((totals["errors"], totals["warnings"]), (0, 0), "errors and warnings")
    return f"{len(json.loads(file.read_text())['paths'])} paths, no error, no warning"


def spectral(known, folder):
    file = fetch(known, "/api/v1/openapi.json", folder)
    (folder / "rules.yaml").write_text('extends: ["spectral:oas"]\n')
    command = ("lint", "--ruleset", "rules.yaml", "--format", "json", "--quiet", "--fail-severity", "hint")
    said = run(NODE / "node_modules/.bin/spectral", *command, file, folder=folder)
    same(json.loads(said), [], "complaints")
    return "no error, no warning (spectral:oas)"


def ogr2ogr(known, folder):
    """All places as a GeoPackage, as geographic information systems open them: by their address."""
    run("ogr2ogr", "places.gpkg", f"{known['url']}/data/places.geojson", folder=folder)
    with sqlite3.connect(folder / "places.gpkg") as package:
        [(table,)] = package.execute("SELECT table_name FROM gpkg_contents").fetchall()
        names = dict(package.execute(f"SELECT key, name_ko FROM {table}"))
        drawn = {key for (key,) in package.execute(f"SELECT key FROM {table} WHERE geom IS NOT NULL")}
    same(names, known["places"], "names in Korean")
    same(set(known["points"]) - drawn, set(), "places with a position, but without a geometry")
    return f"{len(names)} places as a GeoPackage, {len(drawn)} of them with a geometry"


def xmllint(known, folder):
    """The number of elements of XML files, as XPath counts them."""
    counted = {
        "/en/projects.atom": ("entry", 50),
        "/en/feed/": ("entry", 50),
        "/sitemap-projects.xml": ("url", 3 * known["counts"]["projects"]),
        "/data/datacite.xml": ("resource", 1),
        "/en/opensearch.xml": ("OpenSearchDescription", 1),
    }
    for path, (element, expected) in counted.items():
        file = fetch(known, path, folder)
        run("xmllint", "--noout", "--nonet", file, folder=folder)
        number = run("xmllint", "--nonet", "--xpath", f"count(//*[local-name()='{element}'])", file, folder=folder)
        same(int(float(number)), expected, f"elements {element} of {path}")
    return f"{len(counted)} files in XML, with as many entries as there are"


def pyshacl(known, folder):
    """The catalogue against the shapes of DCAT-AP: those of the tests, or the file that DCAT_AP_SHAPES names."""
    from pyshacl import validate
    from rdflib import DCAT, RDF, Graph

    from tests.portal.open_data.test_dcat import SHAPES

    catalogue = Graph().parse(fetch(known, "/data/catalogue.ttl", folder), format="turtle")
    named = os.environ.get("DCAT_AP_SHAPES")
    shapes = Graph().parse(named) if named else Graph().parse(data=SHAPES, format="turtle")
    conforms, _report, words = validate(catalogue, shacl_graph=shapes)
    if not conforms:
        raise Failure(words)
    same(len(set(catalogue.subjects(RDF.type, DCAT.Dataset))), known["datasets"], "datasets")
    return f"{known['datasets']} datasets keep the shapes of DCAT-AP"


COMMANDS = {
    "openapi-typescript": openapi_typescript,
    "redocly": redocly,
    "spectral": spectral,
    "ogr2ogr": ogr2ogr,
    "xmllint": xmllint,
    "pyshacl": pyshacl,
}
CLIENTS = (*COMMANDS, *PYTHON_CLIENTS, *NODE_CLIENTS)


# ── The table ────────────────────────────────────────────────────────────────────────────────────────────────


def read(name, known, folder):
    """Return what a client read, in words. Raise Failure."""
    if name in COMMANDS:
        return COMMANDS[name](known, folder)
    stored = folder / "facts.json"
    stored.write_text(json.dumps(known))
    if name in PYTHON_CLIENTS:
        return run(PYTHON, HERE / "python_clients.py", name, folder=folder, FACTS=str(stored))
    shutil.copy(HERE / "node_clients.mjs", NODE)  # it finds its packages beside it
    return run("node", NODE / "node_clients.mjs", name, folder=folder, FACTS=str(stored))


def chosen():
    parser = argparse.ArgumentParser(prog="python -m tests.interop", description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=CLIENTS, default=CLIENTS, metavar="NAME", help=", ".join(CLIENTS))
    parser.add_argument("--without", nargs="+", choices=CLIENTS, default=(), metavar="NAME", help="leave these out")
    given = parser.parse_args()
    return [name for name in given.only if name not in given.without]


def main():
    names, failed = chosen(), {}
    with serve() as site:
        known = facts(site.url)
        print(f"{'client':30}{'seconds':>8}  result", flush=True)
        for name in names:
            start = time.monotonic()
            try:
                with tempfile.TemporaryDirectory(prefix="interop-") as folder:
                    result = read(name, known, Path(folder))
            except Exception as error:  # the other clients run all the same
                failed[name] = str(error) or repr(error)
                result = "FAILED"
            print(f"{name:30}{time.monotonic() - start:8.1f}  {result}", flush=True)
    for name, words in failed.items():
        print(f"\n{name}\n{words[-3000:]}")
    print(f"\n{len(names) - len(failed)} of {len(names)} clients read what the database holds.")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
