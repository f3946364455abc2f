"""Files and modules that comments, docstrings, documents and help texts name exist."""

import ast
import importlib
import io
import re
import tokenize
from pathlib import PurePosixPath

from tests.test_repository import BASE_DIR, files

# A path from the root of the repository or its end, which has a file name or ends with a slash.
FILE = r"[\w.-]+\.(?:css|html|js|md|py)"
PATH = re.compile(rf"(?<![\w/.:*<>{{}}@$-])((?:[\w-]+/)+(?:{FILE}|(?![\w*<{{$]))|{FILE})(?![\w*<{{(-])")
TOP = {"docs", "fixtures", "issues", "portal", "projects", "static", "templates", "tests"}
# The dotted name of a module, class or function.
DOTTED = re.compile(r"(?<![\w/.\"'-])((?:portal|issues|projects|tests)(?:\.[A-Za-z_]\w*)+)(?![\w/-])")
LOGGERS = {"portal.requests"}
LIBRARIES = {"Chart.js", "records.py"}  # and a file that readers of docs/data.md make
COMMENTS = {
    ".css": re.compile(r"/\*.*?\*/", re.DOTALL),
    ".js": re.compile(r"(?<!:)//[^\n]*|/\*.*?\*/", re.DOTALL),
    ".html": re.compile(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}|<!--.*?-->", re.DOTALL),
    ".toml": re.compile(r"#[^\n]*"),
    ".md": re.compile(r".*", re.DOTALL),
}


def prose_of(path):
    """Return the comments and docstrings of a file, or the whole of a document."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return "\n".join(COMMENTS[path.suffix].findall(text))
    comments = [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT and not re.match(r"# *(noqa|type:)", token.string)
    ]
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = [ast.get_docstring(node) or "" for node in ast.walk(ast.parse(text)) if isinstance(node, documented)]
    return "\n".join([*comments, *docstrings])


def written():
    """Yield the name and the prose of each file that has prose. Migrations are excluded because they do not change."""
    for path in files():
        if (path.suffix == ".py" or path.suffix in COMMENTS) and "migrations" not in path.parts:
            yield path.relative_to(BASE_DIR).as_posix(), prose_of(path)


def paths_in(text):
    """Return the paths that a text names: of files, and of folders below the top level."""
    found = [path for path in PATH.findall(text) if not path.endswith("/") or path.split("/")[0] in TOP]
    return [path for path in found if path not in LIBRARIES]


def dotted_names_in(text):
    """Return the dotted names of modules and their contents that a text names. Host and logger names are excluded."""
    return [name for name in DOTTED.findall(text) if not name.endswith(".org") and name not in LOGGERS]


def is_defined(dotted):
    """Return True if a dotted name is that of a module, or of an attribute within one."""
    parts = dotted.split(".")
    for number in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:number]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[number:]:
            if not hasattr(found, attribute):
                return False
            found = getattr(found, attribute)
        return True
    return False


def test_paths_in_prose_exist():
    names = {path.relative_to(BASE_DIR).as_posix() for path in files()}
    names |= {folder.as_posix() for name in names for folder in PurePosixPath(name).parents}
    # The end of a path is enough: `urls.py`, `charts/figure.html`.
    ends = {"/".join(parts[start:]) for name in names for parts in [name.split("/")] for start in range(len(parts))}
    found = [(file, path) for file, text in written() for path in paths_in(text)]
    assert len(found) > 100
    assert [(file, path) for file, path in found if path.rstrip("/") not in ends] == []


def test_dotted_names_in_prose_exist():
    found = [(file, name) for file, text in written() for name in dotted_names_in(text)]
    assert len(found) > 20
    assert [(file, name) for file, name in found if not is_defined(name)] == []


def test_what_does_not_exist_is_found():
    text = "See `portal/core/nothing.py`, missing.css, portal/nowhere/, portal.core.numbers.nothing and portal.nothing."
    assert paths_in(text) == ["portal/core/nothing.py", "missing.css", "portal/nowhere/"]
    assert dotted_names_in(text) == ["portal.core.numbers.nothing", "portal.nothing"]
    assert [name for name in dotted_names_in(text) if is_defined(name)] == []
    assert is_defined("portal.core.numbers.parse_number")
