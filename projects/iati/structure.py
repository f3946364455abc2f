"""Checks the structure of an activity's XML against the IATI schema, for the parts that the portal uses.

The structure combines versions 2.01, 2.02 and 2.03. Real files deviate from it in details that the portal does not use
(attributes of a later version, empty codes of results). So only a deviation that would make the portal misread an
activity is an error.
"""

import datetime
import re

from projects.iati import facts
from projects.iati.findings import Finding, Severity

ROOT = "iati-activity"
# Elements that the portal does not use. They are only stored with the original.
UNUSED = {
    f"{ROOT}/{path}"
    for path in (
        *("contact-info", "country-budget-items", "humanitarian-scope", "capital-spend", "legacy-data"),
        *("conditions", "crs-add", "fss", "activity-scope", "collaboration-type", "default-tied-status"),
        *("transaction/disbursement-channel", "transaction/aid-type", "transaction/finance-type"),
        *("transaction/flow-type", "transaction/tied-status", "default-aid-type"),
    )
}
# Elements that the import leaves out if they are faulty. They are independent: no sum or share becomes wrong.
WEAK = tuple(
    f"{ROOT}/{path}"
    for path in (
        *("location", "tag", "policy-marker", "document-link", "related-activity", "result", "other-identifier"),
        "planned-disbursement",
        *("sector/narrative", "transaction/provider-org", "transaction/receiver-org", "transaction/description"),
    )
)
# Attributes that the standard requires and the portal does not need.
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
# An optional time is accepted, because some files have one although the standard does not allow it.
DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T[\d:.]*)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)
# The types of XML Schema, for values that the portal does not use. `anyURI` is not checked; libxml2 is as lenient.
TYPES = {
    "boolean": re.compile(r"true|false|0|1"),
    "int": re.compile(r"[+-]?\d{1,10}", re.ASCII),
    "nonNegativeInteger": re.compile(r"\+?\d+|-0+", re.ASCII),
    "positiveInteger": re.compile(r"\+?0*[1-9]\d*", re.ASCII),
    "NMTOKEN": re.compile(r"[\w.:-]+"),
    "dateTime": re.compile(r"-?\d{4,}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?", re.ASCII),
}


def day_of(text):
    """Return the date that an attribute states; None if it states none."""
    match = DAY.fullmatch(text.strip())
    try:
        return datetime.date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def is_number(text):
    """Return True if a text is a decimal number in XML: no exponent and no separators."""
    return NUMBER.fullmatch(text.strip()) is not None


def check(element, path=ROOT):
    """Yield findings for an element and everything in it.

    A fault in a part that the portal does not use is a warning.
    """
    node = facts.structure()[path]
    weak = path.startswith(WEAK) or any(path == unused or path.startswith(f"{unused}/") for unused in UNUSED)
    severity = Severity.WARNING if weak else Severity.ERROR
    yield from _attributes(element, path, node, severity)
    if not node["text"]:
        texts = (element.text, *(child.tail for child in element))
        if any(text and text.strip() for text in texts):
            yield Finding(element.sourceline, Severity.WARNING, "text-misplaced", {"name": element.tag})
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
        # Report the required elements that are missing before this one, at the line of this one.
        for before in order[furthest:place]:
            if node["children"][before][0] == "1" and before not in counts and element.find(before) is None:
                yield _missing(before, element, line, severity)
                counts[before] = 0
        if place < furthest:
            yield Finding(line, Severity.WARNING, "order", {"name": name, "parent": element.tag})
        furthest = max(furthest, place)
        counts[name] = counts.get(name, 0) + 1
        if counts[name] == 2 and node["children"][name][1] == "1":
            yield Finding(line, severity, "element-twice", {"name": name, "parent": element.tag})
        yield from check(child, f"{path}/{name}")
    for name in order:
        if node["children"][name][0] == "1" and name not in counts:
            yield _missing(name, element, element.sourceline, severity)


def _missing(name, parent, line, severity):
    """Return the finding for a missing element.

    A missing narrative is only a warning, because the portal can read an activity without it. `mapping` reports a
    missing title as an error.
    """
    if name == "narrative":
        return Finding(line, Severity.WARNING, "no-text", {"name": parent.tag})
    return Finding(line, severity, "element-missing", {"name": name, "parent": parent.tag})


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
        elif kind.startswith("date") and not kind.startswith("dateTime") and "T" in value:
            values = {"value": value, "attribute": name, "name": element.tag}
            yield Finding(element.sourceline, Severity.WARNING, "date-time", values)
        elif kind.startswith("decimal") and not is_number(value):
            yield Finding(element.sourceline, severity, "no-number", {"value": value, "name": f"{element.tag}/@{name}"})
        elif (known := TYPES.get(kind.removesuffix("!"))) and not known.fullmatch(value.strip()):
            values = {"value": value, "attribute": name, "name": element.tag}
            yield Finding(element.sourceline, Severity.WARNING, "value-type", values)
    for name in element.attrib:
        if not name.startswith("{") and name not in node["attributes"]:
            values = {"attribute": name, "name": element.tag}
            yield Finding(element.sourceline, Severity.WARNING, "attribute-unknown", values)
