"""Imported activities in the portal's own IATI report."""

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from portal.core.choices import PublicationStatus
from projects.iati import reading
from projects.models import ImportedActivity, Organisation, Participation, Project, ReportingOrganisation
from tests.iati import schema_errors, shared
from tests.make import make_organisation, make_reporting_organisation, make_sector
from tests.projects.iati.files import activity, file
from tests.projects.iati.imports import HEADER, LINE, country

pytestmark = [pytest.mark.django_db, pytest.mark.any_database, pytest.mark.usefixtures("central_asia")]


# ── In the report ───────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_imported_is_reported_as_it_was_read_and_at_second_hand(run, client, tmp_path):
    run(file())
    Project.objects.update(publication=PublicationStatus.PUBLISHED)
    Organisation.objects.update(publication=PublicationStatus.PUBLISHED)
    make_reporting_organisation(ref="XM-DAC-77777", organisation=make_organisation(kind="local-government"))
    assert client.get("/iati/activities.xml").status_code == 404  # only its own projects
    response = client.get("/iati/activities.xml?imported=1")
    xml = b"".join(response.streaming_content)
    assert schema_errors(xml) == []
    path = tmp_path / "again.xml"
    path.write_bytes(xml)
    [one] = reading.activities(path)
    [old] = [reading.reread(ImportedActivity.objects.get().content)]
    assert (one.errors, one.activity.secondary, one.activity.reporter.ref) == ([], True, "XM-DAC-77777")
    for name in (
        "identifier",
        "titles",
        "descriptions",
        "parties",
        "status",
        "dates",
        "countries",
        "sectors",
        "tags",
        "markers",
        "budgets",
        "transactions",
        "related",
        "results",
        "finance",
        "other_identifiers",
    ):
        assert getattr(one.activity, name) == getattr(old, name), name
    assert old.documents == one.activity.documents[3:]  # besides the three pages of the portal


def out_again(client):
    """Publish everything that was imported and return the report to IATI, which must be valid."""
    Project.objects.update(publication=PublicationStatus.PUBLISHED)
    Organisation.objects.update(publication=PublicationStatus.PUBLISHED)
    if not ReportingOrganisation.objects.exists():
        make_reporting_organisation(ref="XM-DAC-77777")
    response = client.get("/iati/activities.xml?imported=1")
    assert response.status_code == 200
    xml = b"".join(response.streaming_content)
    assert schema_errors(xml) == []
    return etree.fromstring(xml)


LONG = "Drip irrigation of the fields along the canals in the north of the country " * 4


def test_whole_titles_go_out_though_the_portal_cuts_them(run, client):
    run(file(activity("1", ("Drip irrigation in the north 1", LONG.strip()), ("북부 점적관개", "관개 " * 80))))
    project = Project.objects.get()
    assert (len(project.title_en), len(project.title_ko)) == (200, 200)
    titles = [element.text for element in out_again(client).iterfind("iati-activity/title/narrative")]
    assert titles == [LONG.strip(), ("관개 " * 80).strip()]
    Project.objects.update(title_en="Editors’ title")
    titles = [element.text for element in out_again(client).iterfind("iati-activity/title/narrative")]
    assert titles == ["Editors’ title", ("관개 " * 80).strip()]


def test_whole_titles_of_a_table_go_out(command, mapping, client):
    content = (HEADER + LINE.replace("Canals", LONG.strip())).encode()
    command(content, "--mapping", str(mapping), name="list.csv", using="import_projects")
    assert out_again(client).findtext("iati-activity/title/narrative") == LONG.strip()


LOCATION = "<location><point><pos>41.3 69.2</pos></point></location>"
ODD = {
    "a location without a name": [("<sector vocabulary", LOCATION + "<sector vocabulary")],
    "an owner without a name": [('type="A1"/>', 'type="A1"><owner-org/></other-identifier>')],
    "a title and no description in French": [
        ('xml:lang="en"', 'xml:lang="fr"'),
        ("<narrative>Water is saved in fields.</narrative>", ""),
        ("<narrative>Less water for the same harvest.</narrative>", ""),
    ],
    "no organisation that has a name": [
        (' ref="XM-DAC-99999" role="1" type="10"><narrative>Fictional Agency</narrative></part', ' role="1"></part'),
        ("<narrative>Fictional Institute</narrative>", ""),
    ],
    "no start": [(' iso-date="2024-03-01" type="1"', ' type="1"'), (' iso-date="2024-04-15" type', " type")],
    "a language that is none": [('xml:lang="ko"', 'xml:lang="!"')],
    "a moment that is none": [("2025-06-01T00:00:00Z", "2025-06-01")],
    "a moment in the future": [("2025-06-01T00:00:00Z", "2125-06-01T00:00:00Z")],
    "an address that is none": [("https://example.org/report.pdf", "https://example.org:x/%zz")],
    "a vocabulary whose address is none": [
        ('percentage="30"/>', 'percentage="30"/><sector vocabulary="99" vocabulary-uri="http://[" code="x"/>'),
    ],
    "a year that int refuses": [('year="2023"', 'year="²"')],
    "a document and a result without a title": [
        ("<title><narrative>First report</narrative></title>", ""),
        ("<title><narrative>Fields with drip lines</narrative></title>", "<title/>"),
    ],
    "an indicator without a measure and a period without an end": [
        (' measure="1"', ""),
        ('<period-end iso-date="2024-12-31"/>', ""),
    ],
    "no value date, and a transaction without a date": [
        (' value-date="2024-03-01"', ""),
        ('iso-date="2024-05-01"', 'iso-date="2024-05-01T00:00:00"'),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_goes_out_validly(run, client, name):
    assert not run(file(activity("1", *ODD[name])), leave_out=True).refused
    Project.objects.filter(start=None).update(start="2020")
    if not Participation.objects.exists():
        Project.objects.get().participations.create(organisation=make_organisation(), role=Participation.Role.FUNDING)
    assert len(out_again(client)) == 1


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_whatever_is_imported_goes_out_validly(run, client, data):
    root = etree.fromstring(file(activity("1", ("<sector vocabulary", LOCATION + "<sector vocabulary"))))
    for _ in range(3):
        element = data.draw(st.sampled_from(list(root[0].iterdescendants())))
        how = data.draw(st.sampled_from(["remove", "twice", "attribute", "unset", "text"]))
        if how == "remove":
            element.getparent().remove(element)
        elif how == "twice":
            element.addnext(copy.deepcopy(element))
        elif how == "attribute" and element.attrib:
            value = data.draw(st.sampled_from(["", "x", "1", "99", "2020-01-01", "²", "http://[", "-5", "ké"]))
            element.set(data.draw(st.sampled_from(sorted(element.attrib))), value)
        elif how == "unset" and element.attrib:
            del element.attrib[data.draw(st.sampled_from(sorted(element.attrib)))]
        else:
            element.text = data.draw(st.sampled_from(["", " ", "7", "41 69 3", "물"]))
    Project.objects.all().delete()
    plan = run(etree.tostring(root), leave_out=True, countries=None)
    if plan.refused:
        return
    Project.objects.filter(start=None).update(start="2020")
    project = Project.objects.get()
    if not project.participations.exists():
        project.participations.create(organisation=make_organisation(), role=Participation.Role.FUNDING)
    if not project.countries.exists():
        project.countries.add(country("uz"))
    if not project.sectors.exists():
        project.sectors.add(make_sector())
    assert len(out_again(client)) == 1


# ── The standard's own files ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("folder", ["usaid-2025", "dportal-2021", "derived-2.03"])
def test_samples_come_in_and_go_out_validly(run, client, folder):
    for path in sorted((shared() / "samples" / folder).glob("*.xml")):
        run(
            path.read_bytes(),
            name=path.name,
            leave_out=True,
            countries=frozenset({"KZ", "KG", "TJ", "TM", "UZ", "region"}),
        )
    count = Project.objects.count()
    assert count > 40
    Project.objects.filter(start=None).update(start="2020")
    Project.objects.update(publication=PublicationStatus.PUBLISHED)
    Organisation.objects.update(publication=PublicationStatus.PUBLISHED)
    make_reporting_organisation(ref="XM-DAC-77777")
    xml = b"".join(client.get("/iati/activities.xml?imported=1").streaming_content)
    assert len(etree.fromstring(xml)) > count * 0.5
    assert schema_errors(xml) == []
