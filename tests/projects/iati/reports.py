"""Projects that can be reported to IATI, and the reported activity, in tests."""

from lxml import etree

from projects.models import Participation, Project
from tests.iati import schema_errors
from tests.make import make_country, make_participation, make_project, make_sector

FILE = "/iati/activities.xml"
ROLE = Participation.Role


def make_reportable(**fields):
    """Make a project with everything that IATI requires."""
    given = {"start": "2021-03-01", "status": Project.Status.IMPLEMENTATION} | fields
    project = make_project(**given)
    project.countries.add(make_country(key=f"uz-{project.pk}"))
    project.sectors.add(make_sector())
    make_participation(project=project, role=ROLE.FUNDING)
    return project


def sent(client, address=FILE):
    response = client.get(address)
    assert (response.status_code, response["Content-Type"]) == (200, "application/xml")
    return b"".join(response.streaming_content)


def only(client, address=FILE):
    """Return the only activity of the file."""
    xml = sent(client, address)
    assert schema_errors(xml) == []
    [activity] = etree.fromstring(xml)
    return activity
