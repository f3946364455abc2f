"""Activities that break a rule of the standard are reported with their line, as an error or as a warning."""

import copy
import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from projects.iati import mapping, reading, rules, structure
from projects.iati.findings import ImportRefused
from tests.iati import schema_errors, shared
from tests.projects.iati.files import activity, file


@pytest.fixture
def read(tmp_path):
    """Read a file with one activity that has these changes."""

    def read(*changes):
        path = tmp_path / "file.xml"
        path.write_bytes(file(activity("1", *changes)))
        [one] = reading.activities(path)
        return one

    return read


def told(one):
    """Return the findings of an activity as (line, severity, words)."""
    return [(finding.line, finding.severity.value, finding.words) for finding in one.findings]


START = '<activity-date iso-date="2024-03-01" type="1"/>'
ACTUAL_START = '<activity-date iso-date="2024-04-15" type="2"/>'
END = '<activity-date iso-date="2027-02-28" type="3"/>'
OTHER = '<other-identifier ref="PLAN-1" type="A1"/>'
BUDGET_ITEMS = (
    '<country-budget-items vocabulary="2"><budget-item code="1.1.1" percentage="{share}"/></country-budget-items>'
)
FINANCE = '<default-finance-type code="110"/>'
AID_TYPES = '<default-aid-type code="C01"/><default-aid-type code="B02"/>'
MARKER = '<policy-marker vocabulary="1" code="5" significance="0"/>'

# By the number of the rule: the change, and the findings.
BROKEN = {
    "1.1.3": [
        (('<reporting-org ref="XM-DAC-99999"', '<reporting-org ref="XM-DAC-99999-1"'),),
        (4, "error", "the identifier is that of the reporting organisation: XM-DAC-99999-1"),
    ],
    "1.1.21": [
        (('<reporting-org ref="XM-DAC-99999"', '<reporting-org ref="XM-DAC-8"'),),
        (4, "warning", "the identifier does not begin with that of the reporting organisation: XM-DAC-8"),
    ],
    "1.3.13": [
        (("XM-DAC-99999-1</", "XM-DAC-99999-1/2</"),),
        (4, "warning", "<iati-identifier> has one of the signs / & | ? in its identifier: XM-DAC-99999-1/2"),
    ],
    "1.11.1": [
        ((OTHER, '<other-identifier ref="PLAN-1" type="A1"><owner-org ref=" XM-1"/></other-identifier>'),),
        (11, "warning", "spaces around ref of <owner-org> are ignored"),
    ],
    "1.11.13": [
        ((OTHER, '<other-identifier ref="PLAN-1" type="A1"><owner-org ref="XM|1"/></other-identifier>'),),
        (11, "warning", "<owner-org> has one of the signs / & | ? in its identifier: XM|1"),
    ],
    "2.2.1": [
        ((' percentage="70"/>', ' percentage="70"/><sector vocabulary="99" code="x"/>'),),
        (19, "warning", "<sector> has no text"),
    ],
    "4.1.1": [
        ((' xml:lang="en">', ">"),),
        (5, "warning", "a text has no language, and the activity has none for all: it is read as English"),
    ],
    "4.3.1": [
        (("<title><narrative>First report</narrative></title>", "<title/>"),),
        (46, "warning", "<title> has no text"),
    ],
    "4.4.1": [
        (("<narrative>Less water for the same harvest.</narrative>", "<narrative> </narrative>"),),
        (8, "warning", "<description> has no text"),
    ],
    "6.11.1": [
        ((START, ""), (ACTUAL_START, "")),
        (3, "warning", "neither a planned nor an actual start is given"),
    ],
    "7.5.3": [
        (("2025-02-28", "2025-03-02"),),
        (25, "warning", "a budget is for more than a year: 2024-03-01 to 2025-03-02"),
    ],
    "7.9.4": [
        ((MARKER, BUDGET_ITEMS.format(share="50") + MARKER),),
        (23, "warning", "<budget-item> is the only one and has 50 per cent, not 100"),
    ],
    "12.2.1": [
        ((MARKER, BUDGET_ITEMS.format(share="101") + MARKER),),
        (23, "warning", "101 in <budget-item> is not a percentage from 0 to 100"),
    ],
    "8.6.1": [
        (("2024-12-31", "2023-12-31"),),
        (56, "warning", "the period of a result ends (2023-12-31) before it starts (2024-01-01)"),
    ],
    "11.1.1": [
        (("2025-06-01T00:00:00Z", "2114-06-01T00:00:00Z"),),
        (3, "warning", "the last change of the activity is in the future: 2114-06-01"),
    ],
    "11.1.4": [
        ((ACTUAL_START, '<activity-date iso-date="2095-04-15" type="2"/>'), (END, "")),
        (14, "error", "an actual date is in the future: 2095-04-15"),
    ],
    "11.1.5": [
        ((END, '<activity-date iso-date="2095-04-15" type="4"/>'),),
        (15, "error", "an actual date is in the future: 2095-04-15"),
    ],
    "11.2.1": [
        (('<transaction-date iso-date="2024-05-01"/>', '<transaction-date iso-date="2095-05-01"/>'),),
        (37, "warning", "the date of a transaction is in the future: 2095-05-01"),
    ],
    "107.1.2": [
        ((FINANCE, FINANCE + AID_TYPES),),
        (24, "warning", "<default-aid-type> appears more than once for the vocabulary 1"),
    ],
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_told_with_its_line(read, rule):
    changes, wanted = BROKEN[rule]
    assert wanted in told(read(*changes))


def test_shares_of_one_sector_and_one_country_that_are_not_all_are_told(read):
    sector, country = ' code="31130" percentage="30"', '<recipient-country code="KG" percentage="40"/>'
    one = read((sector, ' code="31130"'), ('    <sector vocabulary="1" code="31140" percentage="70"/>\n', ""))
    assert told(one) == []
    one = read((country, ""), ('    <sector vocabulary="1" code="31140" percentage="70"/>\n', ""))
    assert told(one) == [
        (17, "warning", "<recipient-country> is the only one and has 60 per cent, not 100"),
        (19, "warning", "<sector> is the only one and has 30 per cent, not 100"),
    ]


def test_activities_of_a_secondary_reporter_have_the_prefix_of_others(read):
    assert told(read(('ref="XM-DAC-99999" type', 'ref="XM-DAC-8" secondary-reporter="1" type'))) == []


# ── Dates ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        # Otherwise the start would be stored and the end left out without a message.
        (
            ((ACTUAL_START, '<activity-date iso-date="2095-01-01" type="2"/>'),),
            ["an actual date is in the future: 2095-01-01", "it ends (2027-02-28) before it starts (2095-01-01)"],
        ),
        (
            ((ACTUAL_START, ""), (START, START.replace("2024", "2050")), ("2027-02-28", "2019-02-28")),
            ["it ends (2019-02-28) before it starts (2050-03-01)"],
        ),
        (
            (
                (ACTUAL_START, '<activity-date iso-date="2019-02-28" type="4"/>'),
                (END, ""),
                (START, '<activity-date iso-date="2050-03-01" type="1"/>'),
            ),
            ["it ends (2019-02-28) before it starts (2050-03-01)"],
        ),
        (
            ((ACTUAL_START, '<activity-date iso-date="2024-04-15" type="2"/>'), ("2027-02-28", "2024-04-01")),
            ["it ends (2024-04-01) before it starts (2024-04-15)"],
        ),
    ],
)  # fmt: skip
def test_an_impossible_date_is_an_error(read, changes, words):
    one = read(*changes)
    assert sorted(finding.words for finding in one.errors) == words


def test_no_date_is_lost(read):
    one = read((START, '<activity-date iso-date="2024-03-01T00:00:00Z" type="1"/>'), (ACTUAL_START, ""))
    assert one.activity.span == ("2024-03-01", "2027-02-28")
    assert told(one) == [
        (13, "warning", "“2024-03-01T00:00:00Z” has a time: only the day is used (iso-date of <activity-date>)")
    ]
    one = read((ACTUAL_START, '<activity-date iso-date="2024-04-15" type="1"/>'))
    assert one.activity.span == ("2024-03-01", "2027-02-28")
    assert told(one) == [(14, "warning", "a date of type 1 appears more than once: 2024-04-15 is skipped")]


# ── Planned disbursements ────────────────────────────────────────────────────────────────────────────────────

DISBURSEMENT = """    <planned-disbursement type="1">
      <period-start iso-date="2024-01-01"/>
      <period-end iso-date="2026-12-31"/>
      <value value-date="2024-01-01">500</value>
    </planned-disbursement>
"""
BEFORE = '    <transaction>\n      <transaction-type code="2"/>'
DROPPED = "a planned disbursement is skipped: its period or amount is missing or wrong"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "2026-12-31",
            "2023-12-31",
            ["a planned disbursement ends (2023-12-31) before it starts (2024-01-01): it is skipped"],
        ),
        ("2024-01-01", "2024-13-01", ["“2024-13-01” is not a valid date (iso-date of <period-start>)", DROPPED]),
        ("2026-12-31", "soon", ["“soon” is not a valid date (iso-date of <period-end>)", DROPPED]),
        (">500<", ">much<", ["“much” is not a number (value)", DROPPED]),
        (">500<", "><", ["“” is not a number (value)", DROPPED]),
        (">500<", ">1000000000000000<", ["the amount 1000000000000000 has too many digits", DROPPED]),
        ("<value ", '<value currency="ZZZ" ', ["“ZZZ” is not on the list Currency (<value>)", DROPPED]),
        ('      <period-start iso-date="2024-01-01"/>\n', "", ["no period-start in <planned-disbursement>", DROPPED]),
        ("<value ", "<worth/><value ", ["<worth> is not allowed in <planned-disbursement>"]),
    ],
)
def test_a_faulty_planned_disbursement_costs_only_itself(read, old, new, words):
    assert old in DISBURSEMENT
    one = read((BEFORE, DISBURSEMENT + DISBURSEMENT.replace(old, new, 1) + BEFORE))
    assert [finding.words for finding in one.findings if finding.line >= 35] == [
        finding.words for finding in one.findings
    ]
    assert sorted(finding.words for finding in one.findings) == sorted(words)
    assert one.errors == []
    kept = [(budget.disbursement, str(budget.money.value)) for budget in one.activity.budgets]
    assert kept == [(False, "250000"), (True, "500")] + ([(True, "500")] if DROPPED not in words and "<" in new else [])


def test_planned_disbursements_may_be_for_more_than_a_year(read):
    assert told(read((BEFORE, DISBURSEMENT + BEFORE))) == []


# ── The schema ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ((('type="10"><narr', 'type="10" rank="1"><narr'),), "<reporting-org> has no attribute rank"),
        (((FINANCE, "<default-tied-status/>" + FINANCE),), "<default-tied-status> lacks code"),
        (((OTHER, f"loose {OTHER}"),), "<iati-activity> holds text outside of its elements"),
        ((('year="2023"', 'year="MMXXIII"'),), "“MMXXIII” is not a valid value of year (<baseline>)"),
        ((("<indicator ", '<indicator ascending="yes" '),), "“yes” is not a valid value of ascending (<indicator>)"),
        (((FINANCE, "<conditions/>" + FINANCE),), "<conditions> lacks attached"),
    ],
)  # fmt: skip
def test_a_fault_of_what_the_portal_does_not_use_is_a_warning(read, changes, words):
    one = read(*changes)
    assert one.errors == []
    assert words in [finding.words for finding in one.findings]


AID_TYPE = '<default-aid-type code="C01"/>'
WHOLE = file(activity("1", (MARKER, BUDGET_ITEMS.format(share="100") + MARKER), (FINANCE, FINANCE + AID_TYPE)))
WORDS = st.sampled_from(
    ["", "x", "2024-02-30", "2024-01-01T00:00:00", "1,5", "-1", "yes", "0", "https://example.org/ä"]
)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_whatever_breaks_the_schema_is_told(data):
    root = etree.fromstring(WHOLE)
    for _ in range(data.draw(st.integers(1, 2))):
        element = data.draw(st.sampled_from(list(root[0].iter())))
        how = data.draw(st.sampled_from(["remove", "rename", "twice", "attribute", "unset", "text"]))
        if how in {"remove", "rename", "twice"} and element is root[0]:
            continue
        if how == "remove":
            element.getparent().remove(element)
        elif how == "rename":
            element.tag = data.draw(st.sampled_from(["narrative", "value", "unheard-of"]))
        elif how == "twice":
            element.addnext(copy.deepcopy(element))
        elif how == "attribute":
            element.set(data.draw(st.sampled_from([*element.attrib, "code", "unheard-of"])), data.draw(WORDS))
        elif how == "unset" and element.attrib:
            del element.attrib[data.draw(st.sampled_from(sorted(element.attrib)))]
        else:
            element.text = data.draw(WORDS)
    broken = schema_errors(etree.tostring(root))
    found = [*structure.check(root[0]), *mapping.read(root[0])[1], *rules.check(root[0])]
    assert all(finding.words for finding in found)
    assert found or not broken, broken


# ── The cases of IATI's validator ────────────────────────────────────────────────────────────────────────────

KINDS = {
    "0.1.1": {"not-xml", "not-iati"},
    "0.2.1": {"not-iati"},
    "0.3.1": {"no-text", "no-date", "no-activities", "not-xml"},
    "0.6.1": {"version-1"},
    "1.1.2": {"identifier-twice"},
    "1.1.3": {"identifier-reporter", "identifier-missing"},
    "1.1.21": {"identifier-reporter", "identifier-prefix", "identifier-missing"},
    "1.3.13": {"signs"},
    "1.11.1": {"reference-spaces"},
    "1.11.13": {"signs"},
    "2.2.1": {"no-text"},
    "3.4.2": {"countries-sum"},
    "4.1.1": {"no-language"},
    "4.3.1": {"no-text"},
    "4.4.1": {"no-text"},
    "6.11.1": {"no-start"},
    "7.5.3": {"budget-long"},
    "7.9.4": {"percentage-alone"},
    "11.1.1": {"updated-future"},
    "11.1.2": {"dates-order"},
    "11.1.4": {"date-future"},
    "11.2.1": {"transaction-future"},
    "12.2.1": {"percentage-range"},
    "107.1.2": {"vocabulary-twice"},
}
REGISTRY = {"1.14.8"}  # needs the publishers in the registry


def test_the_official_errors_of_the_validators_cases_are_told():
    folder = shared() / "samples" / "validator-cases"
    seen = set()
    with (folder / "EXPECTED.csv").open() as cases:
        for case in csv.DictReader(cases):
            if case["file"].startswith("iati-org"):
                continue
            try:
                found = {one.kind for read in reading.activities(folder / case["file"]) for one in read.findings}
            except ImportRefused as refused:
                found = {refused.finding.kind}
            # The validator beside the samples reports rules that the official test of a case does not require.
            for rule in {*case["official_rule_ids"].split(), *case["checker_ids"].split()} & set(KINDS):
                assert KINDS[rule] & found, (case["file"], rule, found)
                seen.add(rule)
            assert set(case["official_rule_ids"].split()) <= set(KINDS) | REGISTRY, case["file"]
    assert seen == set(KINDS)
