"""Reads a file with one activity in memory at a time, and protects against hostile files.

No DOCTYPE, no entities, no network: a file with a DOCTYPE is refused before any of its content is used.
"""

import copy
import hashlib
from dataclasses import dataclass, field

from lxml import etree

from projects.iati import mapping, rules, structure
from projects.iati.activity import Activity
from projects.iati.findings import Finding, Severity, add_error

MOST_MB = 60  # the limit of IATI's own validator
VERSIONS = {"2.01", "2.02", "2.03"}
ROOT, ACTIVITY = "iati-activities", "iati-activity"


@dataclass
class Read:
    """An activity as read from a file: its line, its values, the findings, and its XML without personal data."""

    line: int
    activity: Activity
    findings: list[Finding] = field(default_factory=list)
    xml: bytes = b""
    is_table: bool = False  # a row of a table, which has less information than an IATI activity

    @property
    def fingerprint(self):
        """Return a SHA-256 hash of the values.

        It is not of the XML, because D-Portal and others format the same activity differently.
        """
        return hashlib.sha256(repr(self.activity).encode()).hexdigest()

    @property
    def errors(self):
        return [finding for finding in self.findings if finding.is_error]


def activities(path):
    """Yield the activities of the file at `path` as `Read` objects.

    Raise Refused if the file cannot be read as IATI.
    """
    size = path.stat().st_size
    if not size:
        add_error(1, "empty")
    if size > MOST_MB * 1024 * 1024:
        add_error(1, "too-large", most=MOST_MB)
    seen, count = {}, 0
    with path.open("rb") as file:
        try:
            # The `start` event is used only for the root. Elements inside it are complete only at their `end` event.
            events = etree.iterparse(
                file, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
            )
            _event, root = next(events)
            _look_at(root)
            for event, element in events:
                if event == "end" and element.tag == ACTIVITY and element.getparent() is root:
                    yield _read(element, seen)
                    count += 1
                    element.clear()
                    while element.getprevious() is not None:
                        del root[0]
        except etree.XMLSyntaxError as error:
            add_error(error.lineno or 1, "not-xml", said=str(error.msg).split(", line")[0])
    if not count:
        add_error(root.sourceline, "no-activities")


def _look_at(root):
    """Raise Refused if the root is not that of a file of activities in a supported version."""
    info, version = root.getroottree().docinfo, root.get("version")
    if info.doctype or info.internalDTD is not None:
        add_error(1, "doctype")
    if root.tag == "iati-organisations":
        add_error(root.sourceline, "organisations")
    if root.tag != ROOT:
        add_error(root.sourceline, "not-iati", name=root.tag)
    if (version or "").startswith("1."):
        add_error(root.sourceline, "version-1", version=version)
    if version not in VERSIONS:
        add_error(root.sourceline, "version", version=version or "—")


def _read(element, seen):
    activity, found = mapping.read(element)
    found = dict.fromkeys([*structure.check(element), *found, *rules.check(element)])  # without duplicates
    findings = sorted(found, key=lambda finding: finding.line)
    if activity.identifier in seen:
        values = {"identifier": activity.identifier, "line": seen[activity.identifier]}
        findings.append(Finding(element.sourceline, Severity.ERROR, "identifier-twice", values))
    elif activity.identifier:
        seen[activity.identifier] = element.sourceline
    return Read(element.sourceline, activity, findings, without_persons(element))


def without_persons(element):
    """Return the XML of an activity without `contact-info`: contacts are persons who have not agreed to storage."""
    kept = copy.deepcopy(element)
    kept.tail = None
    for contact in kept.findall("contact-info"):
        kept.remove(contact)
    return etree.tostring(kept, encoding="UTF-8")


def reread(xml):
    """Return the activity of stored XML."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return mapping.read(etree.fromstring(xml, parser))[0]
