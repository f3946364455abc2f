"""The code samples of the API: each one runs, and reads as many records as the portal has."""

import json
import shutil
import subprocess
import sys

import httpx
import pytest

from portal.api.docs import shape
from portal.api.resources import RESOURCES
from portal.api.samples import LANGUAGES, QUESTIONS, question, samples

# How to run a text of each language.
PROGRAMS = {
    "curl": ["sh", "-ec"],
    "Python": [sys.executable, "-c"],
    "R": ["Rscript", "--vanilla", "-e"],
    "JavaScript": ["node", "--input-type=module", "--eval"],
}
NEEDED = {"curl": "curl", "R": "Rscript", "JavaScript": "node"}


@pytest.mark.sqlite
@pytest.mark.parametrize("language", LANGUAGES)
def test_code_of_each_list_reads_all_of_it(site, language):
    if not shutil.which(NEEDED.get(language, "sh")):
        pytest.skip(f"{NEEDED[language]} was not found")
    for resource in RESOURCES:
        [text] = [text for name, _code, text in samples(site.url, resource.path) if name == language]
        done = subprocess.run([*PROGRAMS[language], text], capture_output=True, text=True, check=False, timeout=120)
        assert (done.returncode, done.stderr) == (0, ""), resource.path
        count = httpx.get(site.url + question(resource.path)).json()["count"]
        assert count > 0, resource.path
        if language == "curl":
            assert json.loads(done.stdout)["count"] == count
        else:
            assert done.stdout.split() == [str(count), "of", str(count)], resource.path


def test_example_queries_use_parameters_that_exist():
    for path, query in QUESTIONS.items():
        [resource] = [one for one in RESOURCES if one.path == path]
        known = {*resource.filterset_class.base_filters, *(parameter.name for parameter in shape()), "sort"}
        assert set(query) <= known


def test_sample_asks_the_portal_that_shows_it_for_large_pages():
    texts = {name: text for name, _code, text in samples("https://portal.example", "observations")}
    address = "https://portal.example/api/v1/observations?indicator=aral-sea-area&year_from=2000&limit=100"
    assert set(texts) == {"curl", "Python", "R", "JavaScript"}
    assert texts["curl"] == f'curl -s "{address}"\n'
    assert all(f'"{address}"' in text for text in texts.values())


def test_question_of_a_list_without_an_example_has_a_small_page():
    assert question("terms") == "/api/v1/terms?limit=3"
    assert question("issues") == "/api/v1/issues?fields=name%2Csummary&lang=en"
