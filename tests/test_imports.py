"""Who may import whom: projects → issues → the portal’s ground. The shell sees all; no module below sees the shell."""

import ast

import pytest
from django.conf import settings

APPS = ("portal", "issues", "projects")
BELOW = {"portal": {"portal"}, "issues": {"portal", "issues"}, "projects": set(APPS)}

# Modules and packages of the portal that make pages and services of what all apps offer. All others are ground.
SHELL = {
    *("urls", "views", "wsgi", "asgi", "sitemaps", "completeness", "levels", "styleguide"),
    *("timeline", "compare", "coverage", "maps", "map_views", "search", "api", "feeds", "opendata", "archive"),
    *("metrics", "readiness", "dcat", "oai"),
    "management",  # commands: what one does with the whole
}


def is_shell(module):
    app, _dot, rest = module.partition(".")
    return app == "portal" and rest.partition(".")[0] in SHELL


def imported(node):
    """What a statement imports: the module, and the names out of it, which may be modules too."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        base = "." * node.level + (node.module or "")
        return {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return set()


def imports():
    """(module, what it imports) for every module, statements inside functions counted as well."""
    for app in APPS:
        for path in sorted((settings.BASE_DIR / app).rglob("*.py")):
            module = ".".join(path.relative_to(settings.BASE_DIR).with_suffix("").parts).removesuffix(".__init__")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                for name in imported(node):
                    yield module, name


def app_of(module):
    return module.partition(".")[0]


@pytest.mark.parametrize("app", APPS)
def test_modules_import_only_from_below(app):
    above = set(APPS) - BELOW[app]
    assert [
        f"{module} imports {name}"
        for module, name in imports()
        if app_of(module) == app and not is_shell(module) and app_of(name) in above
    ] == []


def test_no_module_imports_the_portals_shell():
    assert [f"{module} imports {name}" for module, name in imports() if is_shell(name) and not is_shell(module)] == []


def test_imports_name_the_whole_path():
    assert [f"{module} imports {name}" for module, name in imports() if name.startswith(".")] == []
