"""Names of static files change with their content, also in imports of scripts, and stylesheets are bundled."""

import pytest
from django.conf import settings

from portal.ops.staticfiles import HashedStaticFilesStorage, without_comments

BUNDLES = ("css/site.css", "css/admin.css")


def test_a_module_imports_another_by_the_name_of_its_content(tmp_path):
    storage = HashedStaticFilesStorage(location=tmp_path, base_url="/static/")
    (tmp_path / "js").mkdir()
    (tmp_path / "vendor").mkdir()
    imports = 'import { one } from "./one.js";\n'
    for name, text in {
        "js/one.js": "export const one = 1;\n",
        "js/two.js": imports,
        "vendor/three.js": imports,
    }.items():
        (tmp_path / name).write_text(text)
    paths = {name: (storage, name) for name in ("js/one.js", "js/two.js", "vendor/three.js")}
    hashed = {name: new for name, new, _processed in storage.post_process(paths)}
    one = hashed["js/one.js"].rpartition("/")[2]
    assert one not in {"one.js", ""}
    assert (tmp_path / hashed["js/two.js"]).read_text() == f'import {{ one }} from "./{one}";\n'
    assert (tmp_path / hashed["vendor/three.js"]).read_text() == imports


@pytest.mark.parametrize("bundle", BUNDLES)
def test_a_bundle_contains_the_stylesheets_that_it_imports(tmp_path, bundle):
    sources = HashedStaticFilesStorage(location=tmp_path / "sources", base_url="/static/")
    collected = HashedStaticFilesStorage(location=tmp_path / "collected", base_url="/static/")
    files = {
        bundle: '/* All. */\n@import url("tokens.css");\n@import url("components/tag.css");\n',
        "css/tokens.css": ":root {\n  --ink: black;\n}\n",
        "css/components/tag.css": ".tag {\n  color: var(--ink);\n}\n",
    }
    paths = {name: (sources, name) for name in files}

    def write(name):
        for folder in ("sources", "collected"):  # collectstatic copies files before it processes them
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[name])

    for name in files:
        write(name)
    for ink in ("black", "navy"):  # a change of an import changes the stylesheet, although its own file stays
        files["css/tokens.css"] = f":root {{\n  --ink: {ink};\n}}\n"
        write("css/tokens.css")
        assert [error for _name, _hashed, error in collected.post_process(paths) if isinstance(error, Exception)] == []
        whole = files["css/tokens.css"] + files["css/components/tag.css"]
        assert (tmp_path / "collected" / collected.stored_name(bundle)).read_text() == whole
        assert (tmp_path / "collected" / bundle).read_text() == whole


def test_stylesheets_lose_their_comments_and_keep_their_strings():
    css = '/* Head. */\na::after { content: "/* no */ \\" /*"; }\nb { color: red;/* why */ }\n'
    assert without_comments(css) == 'a::after { content: "/* no */ \\" /*"; }\nb { color: red; }\n'


def test_our_scripts_import_by_paths_that_are_rewritten():
    scripts = (settings.BASE_DIR / "static" / "js").glob("*.js")
    imports = [line for script in scripts for line in script.read_text().splitlines() if line.startswith("import ")]
    assert imports
    assert all(line.endswith('.js";') and ' from "./' in line for line in imports)
