"""The output and the exit status of `make advisories`."""

import subprocess

import pytest

from tests import advisories

SAFE = {"name": "lxml", "version": "6.1.3", "vulns": []}
UNSAFE = {
    "name": "old-parser",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"]}, {"id": "PYSEC-2026-2", "fix_versions": []}],
}
UNKNOWN = {"name": "tqdm", "skip_reason": "Dependency not found on PyPI and could not be audited: tqdm (4.70.1)"}


@pytest.mark.parametrize(
    ("packages", "why", "lines", "status"),
    [
        ([SAFE, UNKNOWN], "", ["1 of 2 packages were asked about; 0 have an advisory."], 0),
        (
            [SAFE, UNSAFE],
            "",
            [
                "old-parser 1.0: PYSEC-2026-1, mended in 1.1",
                "old-parser 1.0: PYSEC-2026-2, mended in no version",
                "2 of 2 packages were asked about; 1 have an advisory.",
            ],
            1,
        ),
        ([UNKNOWN], "", ["Nothing was asked: the registry has no advisories for any of 1 packages."], 0),
        (None, "no route", ["Nothing was asked: the advisories could not be had (no route)."], 0),
    ],
)
def test_only_a_known_danger_is_an_error(packages, why, lines, status):
    assert advisories.verdict(packages, why) == (lines, status)


def test_what_could_not_be_asked_is_said(monkeypatch):
    def say(*command, stdout="", stderr=""):
        monkeypatch.setattr(subprocess, "run", lambda *a, **k: subprocess.CompletedProcess(a, 1, stdout, stderr))
        return advisories.report(*advisories.INSTALLED)

    assert say(stderr="Traceback\nConnectionError: no route") == (None, "ConnectionError: no route")
    assert say() == (None, "it said nothing")
    assert say(stdout='{"dependencies": [], "fixes": []}') == ([], "")

    def wait(*arguments, **options):
        raise subprocess.TimeoutExpired("pip-audit", advisories.SECONDS)

    monkeypatch.setattr(subprocess, "run", wait)
    assert advisories.report(*advisories.IMAGE) == (None, "no answer within 240 seconds")
