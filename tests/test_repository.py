"""The repository is consistent: migrations, translations, fixtures and names."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import allauth
import django
import polib
import pytest
from django.conf import settings
from django.core.management import call_command

BASE_DIR = settings.BASE_DIR
TRANSLATED = ("ko", "ru")

# The top level that design and conventions require, and nothing else.
REQUIRED = {
    *("manage.py", "portal", "issues", "projects", "templates", "static", "fixtures", "tests"),
    *("requirements.txt", "README.md", "Makefile", "pyproject.toml", "requirements-dev.txt"),
    *("LICENSE", "CONTRIBUTING.md", ".ci", ".gitignore", ".editorconfig", "gunicorn.conf.py"),
}
ALLOWED = REQUIRED | {
    "Dockerfile",
    "compose.yaml",
    ".dockerignore",
    "requirements.lock",
    "SECURITY.md",
    "docs",
    "biome.jsonc",
}


def files():
    """Return the repository's files, with those that are not added yet."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.split("\0") if name and (path := BASE_DIR / name).is_file()]


def test_top_level_has_what_was_agreed():
    names = {path.relative_to(BASE_DIR).parts[0] for path in files()}
    assert names - ALLOWED == set()
    assert REQUIRED - names == set()


def test_no_file_names_a_folder_of_somebodys_machine():
    folders = "|".join(("home", "root", "Users", "work", "mnt", "srv"))
    machine = re.compile(rf"(?<![\w./:-])/(?:{folders})/\w|[A-Z]:\\\\?[A-Z]\w+")
    found = []
    fonts = {".ttf", ".otf"}  # their bytes would make any text
    for path in files():
        if path.suffix in fonts:
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        found += [(str(path.relative_to(BASE_DIR)), match[0]) for match in machine.finditer(text)]
    assert found == []


def test_lines_of_templates_have_at_most_160_characters():
    templates = [path for path in files() if path.is_relative_to(BASE_DIR / "templates")]
    assert len(templates) > 150
    long = [
        f"{path.relative_to(BASE_DIR)}:{number}"
        for path in templates
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > 160
    ]
    assert long == []


def test_make_bench_collects_static_files_first(tmp_path):
    """A fresh clone has no collected files, and the measured pages need them."""
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    command = ["make", "-n", "-W", "static", "bench"]  # -W: as if a static file were new
    done = subprocess.run(command, cwd=BASE_DIR, env=bare, capture_output=True, text=True, check=True)
    steps = [done.stdout.find(step) for step in ("for program in wrk", "collectstatic", "tests.benchmarks.search")]
    assert -1 not in steps
    assert steps == sorted(steps)


def test_no_migration_is_missing(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_fixtures_name_records_by_their_keys_alone():
    odd = []
    for path in sorted((BASE_DIR / "fixtures").glob("*.json")):
        rows = json.loads(path.read_text(encoding="utf-8"))
        odd += [(path.name, row["model"]) for row in rows if row.keys() != {"model", "fields"}]
    assert odd == []


# ── Translations ─────────────────────────────────────────────────────────────────────────────────────────────


def catalogue(language, suffix="po", folder=BASE_DIR / "portal" / "locale"):
    read = {"po": polib.pofile, "mo": polib.mofile}[suffix]
    return read(str(folder / language / "LC_MESSAGES" / f"django.{suffix}"))


def name(entry):
    return entry.msgctxt, entry.msgid, entry.msgid_plural


def forms(entry):
    """Return the translations of an entry: one, or one for each plural form."""
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def gaps(text):
    """Return what a translation must keep: placeholders, elements and URLs."""
    return sorted(re.findall(r"%\(\w+\)[a-z]|\{\w*\}|%[sd]|</?\w+(?: [^>]*)?>", text))


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_string_is_translated(language):
    assert [name(entry) for entry in catalogue(language) if not all(forms(entry))] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_doubtful_or_left_over(language):
    assert [name(entry) for entry in catalogue(language) if entry.fuzzy or entry.obsolete] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_plurals_have_all_forms_of_their_language(language):
    entries = catalogue(language)
    number = int(re.match(r"nplurals=(\d)", entries.metadata["Plural-Forms"])[1])
    assert {len(forms(entry)) for entry in entries if entry.msgid_plural} == {number}


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_gaps_and_elements(language):
    assert [
        (entry.msgid, form)
        for entry in catalogue(language)
        for form in forms(entry)
        if gaps(form) != gaps(entry.msgid_plural or entry.msgid)
    ] == []


# The same short text may have different meanings in the admin and on a public page: "What it is" is a heading of search
# results, and the kind of an organisation in its form. Names of fields and choices are the same in both.
SHORT_WORDS = 3
DESK = re.compile(
    r"^templates/admin/|(^|/)\w*admin\w*\.py$|^portal/(staff|import_export|curation)/|^issues/grid\.py$"
    r"|^portal/models/workflow\.py$"
)
NAMES = re.compile(r"/models/|^portal/(tracking/audit_log|core/choices)\.py$")
# Texts that the portal has in common with Django, with the same meaning.
LIKE_DJANGO = {
    *("Close", "Home", "Cancel", "Page not found", "Password", "Remove", "Search", "Show all"),
    *("name", "user", "version"),
}


def without_context(language="ko"):
    """Return the short texts without a context, each with the files that contain it."""
    return {
        entry.msgid: {file for file, _line in entry.occurrences}
        for entry in catalogue(language)
        if not entry.msgctxt and len(entry.msgid.split()) <= SHORT_WORDS
    }


def test_a_short_text_of_both_the_desk_and_a_public_page_has_a_context():
    found = without_context()
    assert len(found) > 500
    assert {"portal/views/search.py"} == found["Record type"]
    shared = {}
    for text, where in found.items():
        files = {file for file in where if not NAMES.search(file)}
        desk = {file for file in files if DESK.search(file)}
        if desk and desk != files:
            shared[text] = sorted(files)
    assert shared == {}


@pytest.mark.parametrize("app", ["admin", "auth"])
def test_a_short_text_of_the_portal_replaces_none_of_djangos(app):
    """A text without a context that Django has too gets the portal's translation everywhere."""
    folder = Path(django.__file__).parent / "contrib" / app / "locale"
    theirs = {entry.msgid for entry in catalogue("ko", folder=folder) if not entry.msgctxt}
    assert theirs & without_context().keys() - LIKE_DJANGO == set()


@pytest.mark.parametrize("path", sorted((BASE_DIR / "portal" / "locale").glob("**/*.po")), ids=str)
def test_compiled_translations_are_those_that_can_be_read(path):
    written, compiled = (
        {name(entry): forms(entry) for entry in read}
        for read in (polib.pofile(str(path)), polib.mofile(str(path.with_suffix(".mo"))))
    )
    assert compiled == written


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_replaced_texts_are_those_of_installed_packages(language):
    """portal/locale/third_party replaces texts of Django and allauth. An upgrade of theirs can make a row useless."""
    folders = [*Path(django.__file__).parent.glob("**/locale"), Path(allauth.__file__).parent / "locale"]
    theirs = {entry.msgid for folder in folders for entry in catalogue("ko", folder=folder) if not entry.msgctxt}
    replaced = catalogue(language, folder=BASE_DIR / "portal" / "locale" / "third_party")
    assert len(replaced) > 80
    assert {entry.msgid for entry in replaced} - theirs == set()
    assert [entry.msgid for entry in replaced if gaps(entry.msgid) != gaps(entry.msgstr)] == []


@pytest.mark.any_database
def test_every_string_of_the_code_is_in_the_catalogues(tmp_path):
    if not shutil.which("xgettext"):
        pytest.skip("gettext is missing")
    for folder in ("portal", "issues", "projects", "templates"):
        shutil.copytree(BASE_DIR / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    shutil.copy(BASE_DIR / "manage.py", tmp_path)
    subprocess.run(
        [sys.executable, "manage.py", "makemessages", "--add-location", "file", "--no-obsolete", "--verbosity", "0"]
        + [f"--locale={language}" for language in TRANSLATED],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    for language in TRANSLATED:
        found = {name(entry) for entry in catalogue(language, folder=tmp_path / "portal" / "locale")}
        kept = {name(entry) for entry in catalogue(language)}
        assert (found - kept, kept - found) == (set(), set())


def test_every_folder_of_the_portal_has_a_layer():
    """`make lint` checks the imports of the folders and modules in the contract of pyproject.toml."""
    pyproject = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    [contract] = pyproject["tool"]["importlinter"]["contracts"]
    named = {name for layer in contract["layers"] for name in layer.split(" | ")}
    portal = BASE_DIR / "portal"
    folders = {path.parent.name for path in portal.glob("*/__init__.py")}
    modules = {path.stem for path in portal.glob("*.py")}
    # Django finds these by their path, and no module imports them.
    beside = {"migrations", "dateformats", "__init__"}
    assert named == {"issues", "projects"} | {f"portal.{name}" for name in (folders | modules) - beside}


def test_a_class_name_means_one_class():
    """A grep for a name finds one class. Each management command is a `Command`."""
    defined = {}
    for app in ("portal", "issues", "projects"):
        for path in (BASE_DIR / app).rglob("*.py"):
            if path.parent.name != "migrations":
                for node in ast.parse(path.read_text(encoding="utf-8")).body:
                    if isinstance(node, ast.ClassDef):
                        defined.setdefault(node.name, []).append(str(path.relative_to(BASE_DIR)))
    assert len(defined) > 500
    assert [where for name, where in defined.items() if len(where) > 1 and name != "Command"] == []
