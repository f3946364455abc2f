"""`make interop` knows its clients, their versions are pinned, and it reports a program that fails."""

import importlib
import json
import re

import pytest
from django.conf import settings

from tests.interop import __main__ as interop

HERE = settings.BASE_DIR / "tests/interop"


def test_every_client_in_python_is_run(tmp_path, monkeypatch):
    (tmp_path / "facts.json").write_text('{"url": "", "counts": {}, "projects": {}}')
    monkeypatch.setenv("FACTS", str(tmp_path / "facts.json"))
    assert set(importlib.import_module("tests.interop.python_clients").CLIENTS) == set(interop.PYTHON_CLIENTS)


def test_every_client_in_javascript_is_run():
    text = (HERE / "node_clients.mjs").read_text(encoding="utf-8")
    assert set(re.findall(r"^  async \"?([\w-]+)\"?\(\)", text, re.MULTILINE)) == set(interop.NODE_CLIENTS)


def test_versions_of_clients_are_pinned():
    lines = (HERE / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#") and not re.match(r"[\w.-]+==[\d.]+ +# ", line)] == []
    packages = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert [name for name, version in packages.items() if not re.fullmatch(r"[\d.]+", version)] == []


def test_program_that_fails_is_reported_with_its_words(tmp_path):
    assert interop.run("sh", "-c", "echo read", folder=tmp_path) == "read"
    with pytest.raises(interop.Failure, match="no such table"):
        interop.run("sh", "-c", "echo no such table >&2; exit 3", folder=tmp_path)
