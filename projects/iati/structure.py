"""Whether an element is built as the standard says, in what the portal uses of it.

The structure is that of 2.01, 2.02 and 2.03 together. Real files differ from it in details that the portal never looks
at (attributes of a later version, empty codes of results); only what would make it misread an activity is an error.
"""

import datetime
import re

from projects.iati import facts
from projects.iati.findings import Finding, Severity

ROOT = "iati-activity"
# Kept in the original and not looked into.
UNUSED = {
    f"{ROOT}/{path}"
    for path in (
        *("contact-info", "country-budget-items", "humanitarian-scope", "capital-spend", "legacy-data"),
        *("conditions", "crs-add", "fss", "activity-scope", "collaboration-type", "default-tied-status"),
        *("transaction/disbursement-channel", "transaction/aid-type", "transaction/finance-type"),
        *("transaction/flow-type", "transaction/tied-status", "default-aid-type"),
    )
}
# What is left out where it is faulty: it stands for itself, no sum and no share is wrong without it.
WEAK = tuple(
    f"{ROOT}/{path}"
    for path in (
        *("location", "tag", "policy-marker", "document-link", "related-activity", "result", "other-identifier"),
        *("sector/narrative", "transaction/provider-org", "transaction/receiver-org", "transaction/description"),
    )
)
# Attributes that the standard requires and the portal can do without.
DISPENSABLE = {
    (f"{ROOT}/reporting-org", "ref"),
    (f"{ROOT}/reporting-org", "type"),
    (f"{ROOT}/activity-date", "iso-date"),
    (f"{ROOT}/sector", "code"),
    (f"{ROOT}/transaction/sector", "code"),
    (f"{ROOT}/transaction/recipient-region", "code"),
    (f"{ROOT}/transaction/value", "value-date"),
    (f"{ROOT}/budget/value", "value-date"),
    (f"{ROOT}/planned-disbursement/value", "value-date"),
}
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(Z|[+-]\d{2}:\d{2})?", re.ASCII)


def day_of(text):
    """The day that an attribute names as the standard wants it; None if it names none."""
    match = DAY.fullmatch(text.strip())
    try:
        return datetime.date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def is_number(text):
    """Whether a text is a decimal number as XML writes it: no exponent, no separators."""
    return NUMBER.fullmatch(text.strip()) is not None


def check(element, path=ROOT):
    """What is wrong with an element and all in it."""
    node = facts.structure()[path]
    weak = path.startswith(WEAK)
    severity = Severity.WARNING if weak else Severity.ERROR
    yield from _attributes(element, path, node, severity)
    if node["text"] == "decimal" and not is_number(element.text or ""):
        yield Finding(element.sourceline, severity, "no-number", {"value": element.text or "", "name": element.tag})
    order, counts, furthest = list(node["children"]), {}, 0
    for child in element:
        if not isinstance(child.tag, str) or child.tag.startswith("{"):
            continue
        name, line = child.tag, child.sourceline
        if name not in node["children"]:
            yield Finding(line, severity, "unknown-element", {"name": name, "parent": element.tag})
            continue
        place = order.index(name)
        # Whatever must stand before this one and does not: as a reader of the file meets it.
        for before in order[furthest:place]:
            if node["children"][before][0] == "1" and before not in counts and element.find(before) is None:
                if before != "narrative":
                    yield Finding(line, severity, "element-missing", {"name": before, "parent": element.tag})
                counts[before] = 0
        if place < furthest:
            yield Finding(line, Severity.WARNING, "order", {"name": name, "parent": element.tag})
        furthest = max(furthest, place)
        counts[name] = counts.get(name, 0) + 1
        if counts[name] == 2 and node["children"][name][1] == "1":
            yield Finding(line, severity, "element-twice", {"name": name, "parent": element.tag})
        if (inner := f"{path}/{name}") not in UNUSED:
            yield from check(child, inner)
    for name in order:
        if node["children"][name][0] == "1" and name not in counts and name != "narrative":
            yield Finding(element.sourceline, severity, "element-missing", {"name": name, "parent": element.tag})


def _attributes(element, path, node, severity):
    for name, kind in node["attributes"].items():
        value = element.get(name)
        if value is None:
            if kind.endswith("!"):
                mild = (path, name) in DISPENSABLE
                yield Finding(
                    element.sourceline,
                    Severity.WARNING if mild else severity,
                    "attribute-missing",
                    {"attribute": name, "name": element.tag},
                )
        elif kind.startswith("date") and day_of(value.partition("T")[0]) is None:
            values = {"value": value, "attribute": name, "name": element.tag}
            yield Finding(element.sourceline, severity, "no-date", values)
        elif kind.startswith("decimal") and not is_number(value):
            yield Finding(element.sourceline, severity, "no-number", {"value": value, "name": f"{element.tag}/@{name}"})
