"""Names of static files change with their content, in what one script imports from another too."""

from django.conf import settings

from portal.staticfiles import HashedFiles


def test_a_module_imports_another_by_the_name_of_its_content(tmp_path):
    storage = HashedFiles(location=tmp_path, base_url="/static/")
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


def test_our_scripts_import_by_paths_that_are_rewritten():
    scripts = (settings.BASE_DIR / "static" / "js").glob("*.js")
    imports = [line for script in scripts for line in script.read_text().splitlines() if line.startswith("import ")]
    assert imports
    assert all(line.endswith('.js";') and ' from "./' in line for line in imports)
