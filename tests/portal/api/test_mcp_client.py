"""The served portal, called by the client of the official SDK of the Model Context Protocol."""

import json
import subprocess
import sys

import pytest
from django.conf import settings

from portal.api.mcp import HANDSHAKES, MODERN
from portal.api.mcp_tools import TOOLS

CALLS = {
    "search": {"q": "Aral Sea", "language": "ko", "limit": 2},
    "list_records": {"kind": "projects", "filters": {"country": "uz"}, "limit": 2},
    "get_record": {"kind": "issues", "key": "aral-sea-depletion"},
    "observations": {"indicator": "aral-sea-area", "limit": 2},
    "overlap_check": {"countries": ["uz"], "issues": ["aral-sea-depletion"]},
    "brief": {"country": "uz", "issue": "water-scarcity"},
}


def called(site, mode, calls):
    command = [sys.executable, "-m", "tests.portal.api.mcp_client", f"{site.url}/mcp", mode, json.dumps(calls)]
    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:] + site.log()
    return json.loads(done.stdout)


@pytest.mark.any_database
@pytest.mark.parametrize(("mode", "version"), [("legacy", HANDSHAKES[0]), ("auto", MODERN)])
def test_official_client_calls_each_tool(site, mode, version):
    found = called(site, mode, list(CALLS.items()))
    assert (found["version"], found["tools"]) == (version, list(TOOLS))
    assert set(CALLS) == set(TOOLS)
    assert "Cite the source" in found["instructions"]
    for name, is_error, answer in found["answers"]:
        assert not is_error, (name, answer)
        assert answer["licence"].startswith("https://creativecommons.org/"), name
        assert answer["url"].startswith(site.url), name
    answers = {name: answer for name, _is_error, answer in found["answers"]}
    assert answers["search"]["items"][0]["name"] == "아랄해"
    assert answers["get_record"]["record"]["sources"]
    assert len(answers["list_records"]["items"]) == len(answers["observations"]["items"]) == 2


def test_official_client_sees_a_mistake_as_an_answer(site):
    calls = [["get_record", {"kind": "places", "key": "no-such-place"}]]
    [[name, is_error, words]] = called(site, "auto", calls)["answers"]
    assert (name, is_error) == ("get_record", True)
    assert "no-such-place" in words
