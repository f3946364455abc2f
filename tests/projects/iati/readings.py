"""Files and findings that tests of reading share."""

from projects.iati import reading
from projects.iati.findings import ImportRefused


def found_in(path):
    try:
        findings = [finding for one in reading.activities(path) for finding in one.findings]
    except ImportRefused as refused:
        return [refused.finding.at(path.name)], []
    errors = [finding.at(path.name) for finding in findings if finding.is_error]
    return errors, [finding.at(path.name) for finding in findings if not finding.is_error]
