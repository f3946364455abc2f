"""Checks the rules of the IATI standard that go beyond the structure, as IATI's own validator does.

The numbers in comments are those of the official ruleset 2.03. An error of the ruleset is an error here only if the
portal would store something wrong. All others are warnings.
"""

import re
from collections import Counter

from django.utils import timezone

from projects.iati.activity import ACTUAL_END, ACTUAL_START, DAC, PLANNED_START
from projects.iati.findings import Finding, Severity
from projects.iati.structure import day_of, is_number

LANG = "{http://www.w3.org/XML/1998/namespace}lang"
LONGEST_PERIOD = 365  # days of a budget
SIGNS = re.compile(r"[/&|?]")
# References that must not have spaces around them (1.3.1 to 1.16.1). Those of organisations (`…-org`) must also not
# contain the characters / & | ? (1.8.13 to 1.15.13).
REFERENCES = {
    "reporting-org": ("ref",),
    "participating-org": ("ref", "activity-id"),
    "other-identifier": ("ref",),
    "other-identifier/owner-org": ("ref",),
    "related-activity": ("ref",),
    "transaction/provider-org": ("ref", "provider-activity-id"),
    "transaction/receiver-org": ("ref", "receiver-activity-id"),
    "planned-disbursement/provider-org": ("ref", "provider-activity-id"),
    "planned-disbursement/receiver-org": ("ref", "receiver-activity-id"),
}
# Elements of which a single one has 100 per cent or no percentage (2.1.4, 3.1.4, 3.4.4, 7.9.4), each with the elements
# that are counted with it.
SHARES = {"sector": (), "recipient-country": ("recipient-region",), "recipient-region": ("recipient-country",)}
PERCENTAGES = (*SHARES, "capital-spend", "country-budget-items/budget-item")
OWN_SECTORS = {"98", "99"}


def check(root):
    """Yield a finding for each rule that an activity breaks.

    A fault that occurs in many elements is reported once for most rules.
    """
    yield from _identifier(root)
    yield from _references(root)
    yield from _dates(root)
    yield from _money(root)
    yield from _classifications(root)
    yield from _texts(root)


def _warning(element, kind, **values):
    return Finding(element.sourceline, Severity.WARNING, kind, values)


def _error(element, kind, **values):
    return Finding(element.sourceline, Severity.ERROR, kind, values)


def _ref(element):
    return ("" if element is None else element.get("ref") or "").strip()


def _identifier(root):
    identifier, reporter = (root.findtext("iati-identifier") or "").strip(), root.find("reporting-org")
    if not identifier:
        return
    element = root.find("iati-identifier")
    if SIGNS.search(identifier):  # 1.3.13
        yield _warning(element, "signs", name=element.tag, value=identifier)
    if identifier == _ref(reporter):  # 1.1.3
        yield _error(element, "identifier-reporter", identifier=identifier)
        return
    former = [other for other in root.findall("other-identifier") if other.get("type") == "B1"]
    known = [ref for one in (reporter, *former) if (ref := _ref(one))]
    secondary = reporter is not None and reporter.get("secondary-reporter") in {"1", "true"}
    if known and not secondary and not identifier.startswith(tuple(f"{ref}-" for ref in known)):  # 1.1.21
        yield _warning(element, "identifier-prefix", reporter=known[0])


def _references(root):
    for path, attributes in REFERENCES.items():
        elements = root.findall(path)
        for attribute in attributes:
            for element in elements:
                value = element.get(attribute) or ""
                if value != value.strip():
                    yield _warning(element, "reference-spaces", attribute=attribute, name=element.tag)
                    break
        if path.endswith("-org"):
            for element in elements:
                if SIGNS.search(_ref(element)):
                    yield _warning(element, "signs", name=element.tag, value=_ref(element))
                    break


def _dates(root):
    today = timezone.localdate()
    updated = day_of(root.get("last-updated-datetime") or "")
    if updated and updated > today:  # 11.1.1
        yield _warning(root, "updated-future", date=updated.isoformat())
    dates = root.findall("activity-date")
    if not {PLANNED_START, ACTUAL_START} & {date.get("type") for date in dates}:  # 6.11.1
        yield _warning(root, "no-start")
    for date in dates:
        day = day_of(date.get("iso-date") or "")
        if day and day > today and date.get("type") in {ACTUAL_START, ACTUAL_END}:  # 11.1.4, 11.1.5
            yield _error(date, "date-future", date=day.isoformat())
    for path, attribute in (("transaction/transaction-date", "iso-date"), ("transaction/value", "value-date")):
        for element in root.findall(path):
            day = day_of(element.get(attribute) or "")
            if day and day > today:  # 11.2.1, 11.2.2
                yield _warning(element, "transaction-future", date=day.isoformat())
                break


def _period(element):
    """Return [first day, last day] of an element with a period; None for a day that is missing or invalid."""
    return [
        None if child is None else day_of(child.get("iso-date") or "")
        for child in (element.find("period-start"), element.find("period-end"))
    ]


def _money(root):
    for budget in root.findall("budget"):
        start, end = _period(budget)
        if start and end and (end - start).days > LONGEST_PERIOD:  # 7.5.3
            yield _warning(budget, "budget-long", start=start.isoformat(), end=end.isoformat())
    for period in root.findall("result/indicator/period"):
        start, end = _period(period)
        if start and end and end < start:  # 8.6.1
            yield _warning(period, "result-order", start=start.isoformat(), end=end.isoformat())
    for holder in (root, *root.findall("transaction")):
        name = "default-aid-type" if holder is root else "aid-type"
        seen = Counter()
        for element in holder.findall(name):
            vocabulary = element.get("vocabulary") or DAC
            seen[vocabulary] += 1
            if seen[vocabulary] == 2:  # 107.1.2, 107.2.2
                yield _warning(element, "vocabulary-twice", name=name, vocabulary=vocabulary)


def _classifications(root):
    for path in PERCENTAGES:
        for element in root.findall(path):
            written = (element.get("percentage") or "").strip()
            if is_number(written) and not 0 <= float(written) <= 100:  # 12.1.1, 12.2.1, 12.3.1
                yield _warning(element, "percentage-range", name=element.tag, value=written)
    for path, others in SHARES.items():
        yield from _alone(root.findall(path), any(root.find(other) is not None for other in others))
    items = [
        (holder.get("vocabulary") or "", item)
        for holder in root.findall("country-budget-items")
        for item in holder.findall("budget-item")
    ]
    for vocabulary in dict.fromkeys(vocabulary for vocabulary, _item in items):
        yield from _alone([item for one, item in items if one == vocabulary], False)
    for sector in root.findall("sector"):
        if sector.get("vocabulary") in OWN_SECTORS and sector.find("narrative") is None:  # 2.2.1
            yield _warning(sector, "no-text", name=sector.tag)
            break


def _alone(elements, accompanied):
    """Yield a warning for an element that is the only one of its vocabulary and has a percentage other than 100.

    If the elements are `accompanied` by elements that are counted with them, there is no warning.
    """
    counts = Counter(element.get("vocabulary") or DAC for element in elements)
    for element in elements:
        written = (element.get("percentage") or "").strip()
        alone = counts[element.get("vocabulary") or DAC] == 1 and not accompanied
        if alone and is_number(written) and float(written) != 100:
            yield _warning(element, "percentage-alone", name=element.tag, value=written)


def _texts(root):
    if root.get(LANG) is None:
        for narrative in root.iter("narrative"):
            if narrative.get(LANG) is None:  # 4.1.1
                yield _warning(narrative, "no-language")
                break
    said = set()
    for element in root.iter("title", "description"):  # 4.3.1, 4.4.1
        path = (element.tag, element.getparent().tag)
        if path not in said and not any((narrative.text or "").strip() for narrative in element.findall("narrative")):
            said.add(path)
            yield _warning(element, "no-text", name=element.tag)
