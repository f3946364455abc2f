"""Real IATI files are read. An invalid value is refused with a message and its line."""

import json
from pathlib import Path

import pytest
from django.utils import translation

from projects.iati import facts, reading
from projects.iati.findings import WORDS, ImportRefused
from tests.iati import shared
from tests.projects.iati.files import activity, file

COUNTRIES = {"KZ", "KG", "TJ", "TM", "UZ"}


@pytest.fixture
def read(tmp_path):
    """Read the bytes of a file."""

    def read(content):
        path = tmp_path / "file.xml"
        path.write_bytes(content)
        return list(reading.activities(path))

    return read


@pytest.fixture
def complaints(tmp_path):
    """Return the errors and the warnings in a file, each with the file and the line."""

    def complaints(content, name="file.xml"):
        path = tmp_path / name
        path.write_bytes(content)
        return found_in(path)

    return complaints


def found_in(path):
    try:
        findings = [finding for one in reading.activities(path) for finding in one.findings]
    except ImportRefused as refused:
        return [refused.finding.at(path.name)], []
    errors = [finding.at(path.name) for finding in findings if finding.is_error]
    return errors, [finding.at(path.name) for finding in findings if not finding.is_error]


# ── What is read ─────────────────────────────────────────────────────────────────────────────────────────────


def test_everything_that_the_portal_uses_is_read(read):
    [one] = read(file())
    a = one.activity
    assert (one.line, one.findings) == (3, [])
    assert a.titles == {"en": "Drip irrigation in the north 1", "ko": "북부 점적관개"}
    assert a.descriptions == {"1": {"en": "Water is saved in fields."}, "2": {"en": "Less water for the same harvest."}}
    assert [(party.role, party.ref, party.names["en"]) for party in a.parties] == [
        ("1", "XM-DAC-99999", "Fictional Agency"),
        ("4", "", "Fictional Institute"),
    ]
    assert {kind: day.iso for kind, day in a.dates.items()} == {"1": "2024-03-01", "2": "2024-04-15", "3": "2027-02-28"}
    assert [(share.code, share.percentage) for share in a.countries] == [("UZ", 60), ("KG", 40)]
    assert a.markers == {"8": "2", "5": "0"}
    assert [(one.kind, str(one.money.value), one.money.currency) for one in a.transactions] == [
        ("2", "250000", "USD"),
        ("3", "1000.50", "USD"),
        ("3", "99.50", "USD"),
    ]
    assert a.results[0].indicators[0].periods[0].actuals == ["420"]


def test_persons_are_not_in_what_is_kept_of_an_activity(read):
    [one] = read(file())
    assert b"Roe" not in one.xml
    assert b"jane@example.org" not in one.xml
    assert b"Fictional Institute" in one.xml


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "EUC-KR"])
@pytest.mark.parametrize("version", ["2.01", "2.02", "2.03"])
def test_versions_and_encodings(read, encoding, version):
    [one] = read(file(version=version, encoding=encoding))
    assert one.activity.titles["ko"] == "북부 점적관개"


def test_countries_and_sectors_of_transactions_are_shares_by_value(read):
    below = '<value value-date="2024-05-01">1000.50</value><sector code="14030"/><recipient-country code="TJ"/>'
    [one] = read(
        file(
            activity(
                "1",
                ('    <recipient-country code="UZ" percentage="60"/>\n', ""),
                ('    <recipient-country code="KG" percentage="40"/>\n', ""),
                ('    <sector vocabulary="1" code="31140" percentage="70"/>\n', ""),
                ('    <sector vocabulary="1" code="31130" percentage="30"/>\n', ""),
                ('<value value-date="2024-05-01">1000.50</value>', below),
                (
                    '<value value-date="2024-07-01">99.50</value>',
                    '<value value-date="2024-07-01">333.50</value><sector code="14031"/><recipient-country code="KZ"/>',
                ),
            )
        )
    )
    a = one.activity
    assert a.places_computed
    assert [(share.code, str(share.percentage)) for share in a.countries] == [("TJ", "75.00"), ("KZ", "25.00")]
    assert [(share.code, str(share.percentage)) for share in a.sectors] == [("14030", "75.00"), ("14031", "25.00")]


def test_shares_of_several_currencies_are_not_computed(read):
    [one] = read(
        file(
            activity(
                "1",
                ('    <recipient-country code="UZ" percentage="60"/>\n', ""),
                ('    <recipient-country code="KG" percentage="40"/>\n', ""),
                (
                    '<value value-date="2024-05-01">1000.50</value>',
                    '<value value-date="2024-05-01" currency="EUR">10</value><recipient-country code="TJ"/>',
                ),
                (
                    '<value value-date="2024-07-01">99.50</value>',
                    '<value value-date="2024-07-01">9</value><recipient-country code="KZ"/>',
                ),
            )
        )
    )
    assert [(share.code, share.percentage) for share in one.activity.countries] == [("TJ", None), ("KZ", None)]


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


def test_markup_in_texts_is_text(read):
    [one] = read(
        file(activity("1", ("Water is saved in fields.", "&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp; water")))
    )
    assert one.activity.descriptions["1"]["en"] == "<script>alert(1)</script> &amp; water"


def test_other_languages_are_kept_beside(read):
    [one] = read(
        file(
            activity(
                "1",
                (
                    '<description type="1"><narrative>',
                    '<description type="1"><narrative xml:lang="fr">Eau</narrative><narrative>',
                ),
            )
        )
    )
    assert one.activity.descriptions["1"] == {"fr": "Eau", "en": "Water is saved in fields."}


@pytest.mark.parametrize(
    ("label", "text", "language", "warned"),
    [
        ("EN", "우즈베키스탄 점적관개 사업 (Drip)", "ko", "Korean text is labelled “EN”: it is read as Korean"),
        ("en", "Капельное орошение", "ru", "Russian text is labelled “en”: it is read as Russian"),
        ("kk", "Тамшылатып суару", "kk", None),
        ("en-GB", "Drip irrigation", "en", None),
        ("en", "Drip irrigation (점적)", "en", None),
    ],
)
def test_texts_that_give_their_label_the_lie(read, label, text, language, warned):
    [one] = read(file(activity("1", ("<narrative>Water is saved in fields.", f'<narrative xml:lang="{label}">{text}'))))
    assert list(one.activity.descriptions["1"].items()) == [(language, text)]
    assert [finding.words for finding in one.findings] == ([warned] if warned else [])


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


# ── What is refused ──────────────────────────────────────────────────────────────────────────────────────────

BUDGET = '<value value-date="2024-03-01">250000</value>\n    </budget>'


def with_budget(value):
    """Return an activity whose budget has another value element."""
    return file(activity("1", (BUDGET, f"{value}\n    </budget>")))


WRONG = {
    "file.xml:1: the file is empty": b"",
    "file.xml:1: not well-formed XML: Start tag expected, '<' not found": b"PK",
    "file.xml:2: the outermost element is <rss>, not <iati-activities>": b"<?xml version='1.0'?>\n<rss/>",
    "file.xml:1: a file about organisations; only activities are imported": b"<iati-organisations version='2.03'/>",
    "file.xml:2: it contains no activities": file("<!-- none -->"),
    "file.xml:2: version 1.05 of the standard is no longer supported: ask for the file in version 2": file(
        version="1.05"
    ),
    "file.xml:2: no version of the standard that the portal knows: 9.99": file(version="9.99"),
    "file.xml:1: contains a DOCTYPE, which IATI files do not need; rejected without parsing": (
        b'<!DOCTYPE iati-activities [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n'
        b'<iati-activities version="2.03">&a;</iati-activities>'
    ),
    "file.xml:65: the identifier XM-DAC-99999-1 stands at line 3 too": file(activity(), activity()),
    "file.xml:3: no identifier": file(activity("1", ("XM-DAC-99999-1</iati", " </iati"))),
    "file.xml:12: no activity-status in <iati-activity>": file(
        activity("1", ('    <activity-status code="2"/>\n', ""))
    ),
    "file.xml:12: “9” is not on the list ActivityStatus (<activity-status>)": file(
        activity("1", ('<activity-status code="2"/>', '<activity-status code="9"/>'))
    ),
    "file.xml:3: the shares of countries and regions add up to 90, not 100": file(
        activity("1", ('percentage="40"', 'percentage="30"'))
    ),
    "file.xml:3: the shares of sectors (vocabulary 1) add up to 110, not 100": file(
        activity("1", ('code="31130" percentage="30"', 'code="31130" percentage="40"'))
    ),
    "file.xml:18: “KYR” is not on the list Country (<recipient-country>)": file(
        activity("1", ('code="KG"', 'code="KYR"'))
    ),
    "file.xml:19: “31149” is not on the list Sector (<sector>)": file(activity("1", ("31140", "31149"))),
    "file.xml:13: “2024-02-30” is not a day (iso-date of <activity-date>)": file(
        activity("1", ('<activity-date iso-date="2024-03-01"', '<activity-date iso-date="2024-02-30"'))
    ),
    "file.xml:3: it ends (2023-02-28) before it starts (2024-03-01)": file(activity("1", ("2027-02-28", "2023-02-28"))),
    "file.xml:28: “250,000 USD” is not a number (value)": with_budget(
        '<value value-date="2024-03-01">250,000 USD</value>'
    ),
    "file.xml:3: an amount has no currency and the activity has no default currency": file(
        activity("1", (' default-currency="USD"', ""))
    ),
    "file.xml:28: “ZZZ” is not on the list Currency (<value>)": with_budget(
        '<value value-date="2024-03-01" currency="ZZZ">2</value>'
    ),
    "file.xml:28: the amount 1000000000000000 has too many digits": with_budget(
        '<value value-date="2024-03-01">1000000000000000</value>'
    ),
    "file.xml:25: a budget ends (2023-02-28) before it starts (2024-03-01)": file(
        activity("1", ("2025-02-28", "2023-02-28"))
    ),
    "file.xml:12: <activity-stat> is no element of <iati-activity>": file(
        activity("1", ("    <activity-status", '    <activity-stat code="2"/>\n    <activity-status'))
    ),
    "file.xml:13: <activity-status> stands more than once in <iati-activity>": file(
        activity("1", ("    <activity-status", '    <activity-status code="2"/>\n    <activity-status'))
    ),
    "file.xml:6: the title is empty": file(
        activity("1", ("Drip irrigation in the north 1", ""), ("북부 점적관개", ""))
    ),
    "file.xml:3: the identifier is longer than 255 characters": file(activity("1" * 260)),
}


@pytest.mark.parametrize("words", WRONG)
def test_what_cannot_be_is_said_with_its_line(complaints, words):
    errors, _warnings = complaints(WRONG[words])
    assert errors == [words]


def test_a_file_that_breaks_off_is_refused_where_it_does(complaints):
    errors, _warnings = complaints(file()[:-900])
    assert errors[0].startswith("file.xml:41: ")
    assert "not well-formed XML" in errors[0]


def test_a_file_that_is_too_large_is_not_read(complaints, monkeypatch):
    monkeypatch.setattr(reading, "MOST_MB", 0)
    assert complaints(file())[0] == ["file.xml:1: the file has more than 0 MB"]


LEFT_OUT = {
    "file.xml:45: link javascript:alert(1) was dropped: only http and https are accepted": (
        "https://example.org/report.pdf",
        "javascript:alert(1)",
    ),
    "file.xml:22: a policy marker without significance was dropped": (' code="8" significance="2"', ' code="8"'),
    "file.xml:21: <tag> is left out: it says nothing": ('code="6.4"', 'code="99.9"'),
    "file.xml:7: the description is empty; the title is used instead": (
        "<narrative>Water is saved in fields.</narrative></description>\n"
        '    <description type="2"><narrative>Less water for the same harvest.</narrative>',
        '</description>\n    <description type="2">',
    ),
    "file.xml:3: the shares of countries and regions add up to 99.9, not 100": ('percentage="40"', 'percentage="39.9"'),
    "file.xml:19: the purpose code 15140 is no longer used": ("31140", "15140"),
    "file.xml:3: countries are given both for the activity and for its transactions; those of the activity are used": (
        "250000</value>\n    </transaction>",
        '250000</value><recipient-country code="TJ"/>\n    </transaction>',
    ),
    "file.xml:4: spaces around the identifier were removed": ("XM-DAC-99999-1</iati", " XM-DAC-99999-1 </iati"),
    "file.xml:19: the position 142.46 59.60 is left out: there is no such latitude and longitude": (
        '    <sector vocabulary="1" code="31140"',
        "    <location><name><narrative>Nukus</narrative></name><point><pos>142.46 59.60</pos></point></location>\n"
        '    <sector vocabulary="1" code="31140"',
    ),
    "file.xml:13: no iso-date for <activity-date>": (' iso-date="2024-03-01" type="1"', ' type="1"'),
}


@pytest.mark.parametrize("words", LEFT_OUT)
def test_what_can_be_left_out_is_a_warning(complaints, words):
    errors, warnings = complaints(file(activity("1", LEFT_OUT[words])))
    assert (errors, words in warnings) == ([], True), warnings


def test_no_country_is_a_warning(complaints):
    errors, warnings = complaints(
        file(
            activity(
                "1",
                ('    <recipient-country code="UZ" percentage="60"/>\n', ""),
                ('    <recipient-country code="KG" percentage="40"/>\n', ""),
            )
        )
    )
    assert (errors, warnings) == ([], ["file.xml:3: no country or region is named"])


def test_shares_in_thirds_are_fine(complaints):
    thirds = (
        ('code="UZ" percentage="60"', 'code="UZ" percentage="33.33"'),
        (
            'code="KG" percentage="40"/>',
            'code="KG" percentage="33.33"/><recipient-country code="TJ" percentage="33.33"/>',
        ),
    )
    errors, warnings = complaints(file(activity("1", *thirds)))
    assert (errors, warnings) == ([], ["file.xml:3: the shares of countries and regions add up to 99.99, not 100"])


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ko", "file.xml:12: <iati-activity>에 activity-status 요소가 없음"),
        ("ru", "file.xml:12: в <iati-activity> нет activity-status"),
    ],
)
def test_words_are_the_readers(complaints, language, words):
    with translation.override(language):
        assert complaints(file(activity("1", ('    <activity-status code="2"/>\n', ""))))[0] == [words]


def test_all_words_are_whole():
    assert all(str(words) for words in WORDS.values())
    assert facts.code_on("Sector", "31140") == "31140"
    assert facts.sector_name("31140") == "Agricultural water resources"


# ── The samples beside the repository ────────────────────────────────────────────────────────────────────────


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
