"""The W3C's checker (Nu) finds no errors and warnings in the markup of any kind of page, in any language."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from tests.pages import LANGUAGES, PAGES, address, status

# The path where `npm install --prefix .node vnu-jar` installs it, unless VNU_JAR names another.
CHECKER = Path(
    os.environ.get("VNU_JAR") or settings.BASE_DIR / ".node" / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
)

# Wrong reports of the checker, each with its reason.
NOT_HERE = ()


@pytest.fixture
def checked():
    """Return the checker's reports on a folder of pages, each once, with an example and its pages."""
    if not shutil.which("java"):
        pytest.skip("Java was not found: install a runtime, such as default-jre-headless")
    if not CHECKER.is_file():
        pytest.skip("The W3C checker was not found: npm install --prefix .node vnu-jar, or name vnu.jar in VNU_JAR")

    def check(folder):
        run = subprocess.run(
            ["java", "-jar", CHECKER, "--stdout", "--format", "json", "--exit-zero-always", folder],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert run.returncode == 0, run.stderr
        complaints = {}
        for message in json.loads(run.stdout)["messages"]:
            complains = message["type"] != "info" or message.get("subType") == "warning"
            if complains and not any(re.search(pattern, message["message"]) for pattern in NOT_HERE):
                example = " ".join(message.get("extract", "").split())
                where = complaints.setdefault(message["message"], (example, {}))[1]
                where.setdefault(Path(message["url"]).stem, message.get("lastLine"))
        return [
            f"{text}\n    such as: {example}\n    in: {', '.join(f'{page} {line}' for page, line in where.items())}"
            for text, (example, where) in complaints.items()
        ]

    return check


def test_the_checker_finds_nothing(content, client, checked, tmp_path):
    for kind in PAGES:
        for language in LANGUAGES:
            response = client.get(address(kind, language))
            assert response.status_code == status(kind), address(kind, language)
            (tmp_path / f"{kind}-{language}.html").write_bytes(response.content)

    found = checked(tmp_path)

    assert not found, f"{len(found)} complaints\n" + "\n".join(found)


def test_the_checker_would_find_something(checked, tmp_path):
    (tmp_path / "wrong.html").write_text("<!doctype html><html lang=en><title>Wrong</title><p><div></p></html>")

    assert any("No “p” element in scope" in line for line in checked(tmp_path))
