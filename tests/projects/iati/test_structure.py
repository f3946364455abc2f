"""The structure of an activity: invalid elements are errors with their line, and optional ones are warnings."""

import pytest

from tests.projects.iati.files import activity, file

BUDGET = '<value value-date="2024-03-01">250000</value>\n    </budget>'


def with_budget(value):
    """Return an activity whose budget has another value element."""
    return file(activity("1", (BUDGET, f"{value}\n    </budget>")))


WRONG = {
    "file.xml:1: the file is empty": b"",
    "file.xml:1: not well-formed XML: Start tag expected, '<' not found": b"PK",
    "file.xml:2: the root element is <rss>, not <iati-activities>": b"<?xml version='1.0'?>\n<rss/>",
    "file.xml:1: a file about organisations; only activities are imported": b"<iati-organisations version='2.03'/>",
    "file.xml:2: it contains no activities": file("<!-- none -->"),
    "file.xml:2: version 1.05 of the standard is no longer supported; request a version 2 file": file(version="1.05"),
    "file.xml:2: unknown version of the standard: 9.99": file(version="9.99"),
    "file.xml:1: contains a DOCTYPE, which IATI files do not need; rejected without parsing": (
        b'<!DOCTYPE iati-activities [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n'
        b'<iati-activities version="2.03">&a;</iati-activities>'
    ),
    "file.xml:65: identifier XM-DAC-99999-1 also occurs on line 3": file(activity(), activity()),
    "file.xml:3: no identifier": file(activity("1", ("XM-DAC-99999-1</iati", " </iati"))),
    "file.xml:12: no activity-status in <iati-activity>": file(
        activity("1", ('    <activity-status code="2"/>\n', ""))
    ),
    "file.xml:12: “9” is not on the list ActivityStatus (<activity-status>)": file(
        activity("1", ('<activity-status code="2"/>', '<activity-status code="9"/>'))
    ),
    "file.xml:3: country and region percentages add up to 90, not 100": file(
        activity("1", ('percentage="40"', 'percentage="30"'))
    ),
    "file.xml:3: sector percentages (vocabulary 1) add up to 110, not 100": file(
        activity("1", ('code="31130" percentage="30"', 'code="31130" percentage="40"'))
    ),
    "file.xml:18: “KYR” is not on the list Country (<recipient-country>)": file(
        activity("1", ('code="KG"', 'code="KYR"'))
    ),
    "file.xml:19: “31149” is not on the list Sector (<sector>)": file(activity("1", ("31140", "31149"))),
    "file.xml:13: “2024-02-30” is not a valid date (iso-date of <activity-date>)": file(
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
    "file.xml:12: <activity-stat> is not allowed in <iati-activity>": file(
        activity("1", ("    <activity-status", '    <activity-stat code="2"/>\n    <activity-status'))
    ),
    "file.xml:13: <activity-status> appears more than once in <iati-activity>": file(
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


LEFT_OUT = {
    "file.xml:45: link javascript:alert(1) was dropped: only http and https are accepted": (
        "https://example.org/report.pdf",
        "javascript:alert(1)",
    ),
    "file.xml:22: a policy marker without significance was dropped": (' code="8" significance="2"', ' code="8"'),
    "file.xml:21: empty <tag> was dropped": ('code="6.4"', 'code="99.9"'),
    "file.xml:7: the description is empty; the title is used instead": (
        "<narrative>Water is saved in fields.</narrative></description>\n"
        '    <description type="2"><narrative>Less water for the same harvest.</narrative>',
        '</description>\n    <description type="2">',
    ),
    "file.xml:3: country and region percentages add up to 99.9, not 100": ('percentage="40"', 'percentage="39.9"'),
    "file.xml:19: purpose code 15140 has been withdrawn": ("31140", "15140"),
    "file.xml:3: countries are given both for the activity and for its transactions; those of the activity are used": (
        "250000</value>\n    </transaction>",
        '250000</value><recipient-country code="TJ"/>\n    </transaction>',
    ),
    "file.xml:4: spaces around the identifier were removed": ("XM-DAC-99999-1</iati", " XM-DAC-99999-1 </iati"),
    "file.xml:19: position 142.46 59.60 was dropped: not a valid latitude and longitude": (
        '    <sector vocabulary="1" code="31140"',
        "    <location><name><narrative>Nukus</narrative></name><point><pos>142.46 59.60</pos></point></location>\n"
        '    <sector vocabulary="1" code="31140"',
    ),
    "file.xml:13: <activity-date> lacks iso-date": (' iso-date="2024-03-01" type="1"', ' type="1"'),
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
    assert (errors, warnings) == ([], ["file.xml:3: country and region percentages add up to 99.99, not 100"])
