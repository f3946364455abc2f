"""Real IATI files are read in constant memory. A file that cannot be read is refused with a message and its line."""

import json
from pathlib import Path

import pytest

from projects.iati import reading
from projects.iati.findings import ImportRefused
from tests.iati import shared
from tests.projects.iati.files import activity, file

COUNTRIES = {"KZ", "KG", "TJ", "TM", "UZ"}

# ── What is read ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "EUC-KR"])
@pytest.mark.parametrize("version", ["2.01", "2.02", "2.03"])
def test_versions_and_encodings(read, encoding, version):
    [one] = read(file(version=version, encoding=encoding))
    assert one.activity.titles["ko"] == "북부 점적관개"


def test_capitals_of_d_portal_are_read(read):
    [one] = read(
        file(
            activity(
                "1",
                ('code="6.4"', 'code="3.D"'),
                ("application/pdf", "APPLICATION/PDF"),
                ('<language code="en"/>', '<language code="EN"/>'),
            )
        )
    )
    assert one.activity.tags[0].code == "3.d"
    assert (one.activity.documents[0].format, one.activity.documents[0].languages) == ("application/pdf", ["en"])


def test_foreign_namespaces_are_passed_by(read):
    [one] = read(
        file(
            activity("1", ("<activity-status", '<x:note xmlns:x="urn:x" x:code="1">so</x:note>\n    <activity-status'))
        )
    )
    assert one.findings == []


def test_memory_does_not_grow_with_the_file(tmp_path):
    import tracemalloc

    def peak(count):
        path = tmp_path / f"{count}.xml"
        path.write_bytes(file(*(activity(str(number)) for number in range(count))))
        tracemalloc.start()
        for _one in reading.activities(path):
            pass
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(5)
    assert peak(400) < peak(20) + 400_000  # the file itself has 1.4 MB


# ── What is refused ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_that_breaks_off_is_refused_where_it_does(complaints):
    errors, _warnings = complaints(file()[:-900])
    assert errors[0].startswith("file.xml:41: ")
    assert "not well-formed XML" in errors[0]


def test_a_file_that_is_too_large_is_not_read(complaints, monkeypatch):
    monkeypatch.setattr(reading, "MOST_MB", 0)
    assert complaints(file())[0] == ["file.xml:1: the file has more than 0 MB"]


# ── The samples beside the repository ───────────────────────────────────────────────────────────────────────────


def test_samples_have_the_activities_that_are_expected():
    folder = shared() / "samples"
    expected = json.loads((folder / "EXPECTED.json").read_text())
    for name, wanted in expected.items():
        count, countries, publishers, refused = 0, {}, {}, ""
        try:
            for one in reading.activities(folder / name):
                count += 1
                for code in one.activity.mentioned & COUNTRIES:
                    countries[code] = countries.get(code, 0) + 1
                ref = one.activity.reporter.ref
                publishers[ref] = publishers.get(ref, 0) + 1
        except ImportRefused as refusal:
            refused = refusal.finding.kind
        if wanted["version"].startswith("1."):
            assert refused == "version-1", name
        elif "organisation" in name:
            assert refused == "organisations", name
        else:
            found = (refused, count, countries, publishers)
            assert found == ("", wanted["activities"], wanted["by_country"], wanted["publishers"]), name


# The broken samples, with the line and kind of the error that excludes each. Accepted samples have none.
BROKEN = {
    "00-valid": [], "01-truncated": [(34, "not-xml")], "02-empty": [(1, "empty")], "03-not-iati": [(2, "not-iati")],
    "04-version-1.05": [(2, "version-1")], "05-version-9.99": [(2, "version")],
    "06-duplicate-identifier": [(46, "identifier-twice")], "07-blank-identifier": [(3, "identifier-missing")],
    "08-second-activity-bad": [(57, "element-missing")], "09-country-sum-90": [(3, "countries-sum")],
    "10-sector-sum-110": [(3, "sectors-sum")], "11-unknown-country": [(19, "code")],
    "12-unknown-sector": [(24, "code")],
    "13-bad-date": [(16, "no-date")], "14-end-before-start": [(3, "dates-order")],
    "15-value-not-a-number": [(34, "no-number")], "16-no-currency": [(3, "no-currency")], "17-xxe": [(1, "doctype")],
    "18-entity-bomb": [(1, "doctype")], "19-markup-in-narrative": [], "20-javascript-url": [],
    "21-hangul-labelled-en": [], "22-cp949": [], "23-position-out-of-range": [],
}  # fmt: skip
WARNED = {
    "20-javascript-url": "link-dropped",
    "21-hangul-labelled-en": "language-ko",
    "23-position-out-of-range": "position-dropped",
}


def kinds(path: Path):
    """Return the errors of a file as (line, kind), and the kinds of its warnings."""
    try:
        findings = [finding for one in reading.activities(path) for finding in one.findings]
    except ImportRefused as refused:
        return [(refused.finding.line, refused.finding.kind)], []
    errors = [(finding.line, finding.kind) for finding in findings if finding.is_error]
    return errors, [finding.kind for finding in findings if not finding.is_error]


def test_broken_samples_are_refused_where_they_are_broken():
    folder = shared() / "samples" / "broken"
    found = {path.stem: kinds(path) for path in sorted(folder.glob("*.xml"))}
    assert {name: errors for name, (errors, _warnings) in found.items()} == BROKEN
    assert {name: warnings[0] for name, (_errors, warnings) in found.items() if warnings} == WARNED


def test_cases_of_iatis_own_validator_that_are_no_files_of_activities_are_refused():
    folder = shared() / "samples" / "validator-cases"
    found = {path.name: kinds(path)[0] for path in sorted(folder.glob("*.xml"))}
    accepted = {name for name, errors in found.items() if not errors}
    assert len(found) == 41
    assert not any(name.startswith("iati-org") or "xml-errors" in name or "old-version" in name for name in accepted)
    assert {"iati-act-schema-errors.xml", "iati-act-root-only.xml", "iati-dup-activity-ids.xml"} & accepted == set()
    assert {"iati-act-no-errors.xml", "iati-act-line-br.xml", "iati-act-line-endings-cr-and-crlf.xml"} <= accepted
