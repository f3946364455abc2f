"""IATI imports: a preview, then all of a file or nothing; editors' texts stay, and issues are only suggested."""

import contextlib
import copy
import gzip
import io
import json
import re
import tomllib
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from portal.core.choices import PublicationStatus
from portal.models import Place, Source
from portal.tracking.audit_log import AuditEntry
from projects.iati import applying, facts, planning, reading, tables
from projects.iati.findings import ImportRefused
from projects.iati.planning import Options, RowState
from projects.models import (
    ImportedActivity,
    ImportedFile,
    Organisation,
    Participation,
    Project,
    ProjectIssue,
    ReportingOrganisation,
    SuggestedIssue,
    TransactionSum,
)
from tests.iati import schema_errors, shared
from tests.make import (
    make_country,
    make_imported,
    make_imported_file,
    make_issue,
    make_organisation,
    make_organisation_identifier,
    make_project,
    make_reporting_organisation,
    make_sector,
)
from tests.projects.iati.files import activity, file

pytestmark = pytest.mark.django_db

COUNTRIES = {"uz": "Uzbekistan", "kg": "Kyrgyzstan", "kz": "Kazakhstan", "tj": "Tajikistan", "tm": "Turkmenistan"}


@pytest.fixture(autouse=True)
def _countries():
    for key, name in COUNTRIES.items():
        make_country(key=key, name_en=name)


@pytest.fixture
def run(tmp_path):
    """Return a function that imports a file as the command does: `run(content, **options)` returns the plan."""

    def run(content, name="file.xml", dry=False, **options):
        path = tmp_path / name
        path.write_bytes(content)
        chosen = Options(**{"countries": frozenset({"UZ", "KG", "KZ", "region"}), "may_publish": True, **options})
        if dry:
            return planning.preview(reading.activities(path), name, chosen)
        about = applying.ImportDetails(name, applying.date(2026, 11, 24), "https://example.org/iati.xml", "CC BY 4.0")
        received = applying.received(content, about)
        return applying.run(lambda: reading.activities(path), received, chosen)

    return run


def whole_database():
    """Return every row of every table."""
    with connection.cursor() as cursor:
        found = {}
        for table in sorted(connection.introspection.table_names(cursor)):
            if "_fts" not in table and "search" not in table:
                cursor.execute(f'SELECT * FROM "{table}"')
                rows = ([bytes(one) if isinstance(one, memoryview) else one for one in row] for row in cursor)
                found[table] = sorted(map(repr, rows))
        return found


def states(plan):
    return {state.value: count for state, count in plan.counts.items() if count}


# ── What comes ───────────────────────────────────────────────────────────────────────────────────────────────


def test_an_activity_becomes_a_draft_with_everything_that_is_shown_of_it(run):
    institute = make_organisation(name_en="Fictional Institute", key="institute")
    assert states(run(file())) == {"new": 1}
    project = Project.objects.get()
    assert (project.publication, project.iati_identifier) == (PublicationStatus.DRAFT, "XM-DAC-99999-1")
    assert project.key == "drip-irrigation-in-the-north-1"
    assert (project.title_en, project.title_ko, project.title_ru or "") == (
        "Drip irrigation in the north 1",
        "북부 점적관개",
        "",
    )
    assert project.summary_en == "Water is saved in fields."
    assert project.activities_en == "Less water for the same harvest."
    assert (project.status, str(project.start), str(project.end)) == ("implementation", "2024-04-15", "2027-02-28")
    assert (project.finance, project.level, project.confidence) == ("grant", "", "medium")
    assert [place.key for place in project.countries.order_by("key")] == ["kg", "uz"]
    assert sorted(project.sectors.values_list("code", "name_en")) == [
        ("31130", "Agricultural land resources"),
        ("31140", "Agricultural water resources"),
    ]
    assert list(project.sdgs.values_list("code", flat=True)) == ["6.4"]
    assert sorted(project.rio_markers.values_list("marker", "significance")) == [
        ("biodiversity", 0),
        ("desertification", 2),
    ]
    assert sorted(project.participations.values_list("organisation__key", "role")) == [
        ("fictional-agency", "funding"),
        ("institute", "implementing"),
    ]
    agency = Organisation.objects.get(key="fictional-agency")
    assert (agency.publication, agency.kind) == (PublicationStatus.DRAFT, "government")
    assert [row.ref for row in agency.identifiers.all()] == ["XM-DAC-99999"]
    assert institute.identifiers.count() == 0
    imported = project.imported
    assert (imported.line, imported.reporter, imported.updated) == (3, "Fictional Agency", "2025-06-01T00:00:00Z")
    assert b"jane@example.org" not in imported.content
    assert etree.fromstring(imported.content).findtext("iati-identifier") == "XM-DAC-99999-1"
    assert [(row.kind, row.currency, str(row.total), row.count) for row in imported.transactionsums.all()] == [
        ("2", "USD", "250000.00", 1),
        ("3", "USD", "1100.00", 2),
    ]
    assert [str(row.value) for row in imported.budgetlines.all()] == ["250000.00"]
    assert [
        (row.title, row.indicator, row.baseline, row.target, row.actual) for row in imported.reportedresults.all()
    ] == [(("Fields with drip lines", "en"), ("Hectares", "en"), "0 (2023)", "500", "420")]
    assert [(row.url, row.format, row.languages) for row in imported.reporteddocuments.all()] == [
        ("https://example.org/report.pdf", "application/pdf", ["en"])
    ]
    shares = imported.reportedshares.values_list("kind", "code", "percentage", "computed")
    assert [(kind, code, int(share), computed) for kind, code, share, computed in shares] == [
        ("country", "UZ", 60, False),
        ("country", "KG", 40, False),
        ("sector", "31140", 70, False),
        ("sector", "31130", 30, False),
    ]
    assert [(row.kind, row.ref) for row in imported.projectidentifiers.all()] == [("A1", "PLAN-1")]
    assert [(row.kind, row.identifier) for row in imported.relatedactivitys.all()] == [("1", "XM-DAC-99999-PROGRAMME")]


def test_the_file_is_kept_as_it_came_and_cited(run):
    content = file()
    run(content)
    kept = ImportedFile.objects.get()
    assert kept.content == content
    assert (kept.counts["new"], kept.licence, kept.imported_at is not None) == (1, "CC BY 4.0", True)
    [citation] = Project.objects.get().citations.all()
    assert (citation.source.key, citation.source.publication) == ("iati-xm-dac-99999", PublicationStatus.DRAFT)
    assert citation.source.title == "Project data of Fictional Agency"


def test_a_source_with_the_address_of_the_file_is_cited_instead(run):
    source = Source.objects.create(
        key="known", title="IATI file", publisher="x", kind="dataset", language="en", url="https://example.org/iati.xml"
    )
    run(file())
    assert [citation.source for citation in Project.objects.get().citations.all()] == [source]


def test_who_reports_for_others_is_kept(run):
    run(file(activity("1"), activity("2", ("<reporting-org ", '<reporting-org secondary-reporter="true" '))))
    assert [row.secondary for row in ImportedActivity.objects.order_by("identifier")] == [False, True]


def test_the_audit_and_the_history_tell_of_it(run):
    run(file())
    [entry] = AuditEntry.objects.filter(what=AuditEntry.Action.IMPORTED)
    assert (entry.details["file"], entry.details["new"]) == ("file.xml", 1)
    [state] = Project.objects.get().history.all()
    assert (state.history_type, state.history_change_reason) == ("+", "Imported from file.xml")
    assert Participation.history.count() == 2


def test_issues_are_suggested_and_none_is_linked(run):
    make_issue(key="desertification"), make_issue(key="inefficient-irrigation"), make_issue(key="water-scarcity")
    run(file())
    found = {row.issue.key: (row.score, row.decision) for row in SuggestedIssue.objects.select_related("issue").all()}
    # desertification: the marker (3) and purpose code 31130 (2); irrigation: purpose code 31140 (2) and words (2).
    assert found == {"desertification": (5, "open"), "inefficient-irrigation": (4, "open")}
    assert ProjectIssue.objects.count() == 0


def test_what_only_says_that_it_is_environmental_suggests_some_issue(run):
    changes = (
        ('code="31140"', 'code="41010"'),
        ('code="31130"', 'code="11110"'),
        ('    <policy-marker vocabulary="1" code="8" significance="2"/>\n', ""),
        ("Drip irrigation", "Planning"),
        ("Water is saved in fields", "Plans are made"),
        ("Less water", "More plans"),
        ("점적관개", "계획"),
    )
    run(file(activity("1", *changes)))
    assert list(SuggestedIssue.objects.values_list("issue", "score", "reasons")) == [(None, 1, [["sector", "41010"]])]


def test_suggestions_that_were_decided_are_not_asked_again(run):
    make_issue(key="desertification"), make_issue(key="inefficient-irrigation")
    run(file())
    SuggestedIssue.objects.filter(issue__key="desertification").update(decision="dismissed")
    run(file(activity("1", ("Water is saved", "Much water is saved"))))
    assert sorted(SuggestedIssue.objects.values_list("issue__key", "decision")) == [
        ("desertification", "dismissed"),
        ("inefficient-irrigation", "open"),
    ]


# ── Which ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_only_chosen_countries_come_and_others_are_counted(run):
    elsewhere = activity(
        "2",
        ('code="UZ" percentage="60"', 'code="ET" percentage="60"'),
        ('code="KG" percentage="40"', 'code="KE" percentage="40"'),
    )
    region = activity(
        "3",
        ('    <recipient-country code="UZ" percentage="60"/>\n', ""),
        ('<recipient-country code="KG" percentage="40"/>', '<recipient-region code="619" vocabulary="1"/>'),
    )
    content = file(activity(), elsewhere, region)
    assert states(run(content, dry=True)) == {"new": 2, "outside": 1}
    assert states(run(content, dry=True, countries=frozenset({"KZ"}))) == {"outside": 3}
    assert states(run(content, countries=None)) == {"new": 3}
    other = Project.objects.get(iati_identifier="XM-DAC-99999-2")
    assert other.countries.count() == 0  # it is stored, but no list of a country shows it
    assert sorted(other.imported.reportedshares.filter(kind="country").values_list("code", flat=True)) == ["ET", "KE"]


def test_a_last_change_in_the_future_keeps_no_news_out(run):
    run(file(activity("1", ("2025-06-01", "2114-06-01"))))
    assert states(run(file(activity("1", ("Water is saved", "Much water is saved"))))) == {"changed": 1}
    assert Project.objects.get().summary_en == "Much water is saved in fields."


def test_a_faulty_planned_disbursement_does_not_keep_the_activity_out(run):
    wrong = """    <planned-disbursement>
      <period-start iso-date="2024-12-31"/>
      <period-end iso-date="2024-01-01"/>
      <value value-date="2024-01-01">500</value>
    </planned-disbursement>
"""
    before = '    <transaction>\n      <transaction-type code="2"/>'
    assert states(run(file(activity("1", (before, wrong + before))))) == {"new": 1}
    assert [str(line.value) for line in Project.objects.get().imported.budgetlines.all()] == ["250000.00"]


def test_a_project_of_like_name_is_a_possible_double_and_stays_apart(run):
    twin = make_project(title_en="Drip irrigation in the north 1", start="2024")
    twin.countries.add(make_country(key="other"))
    assert run(file(), dry=True).doubles == []  # in another country
    twin.countries.add(country("uz"))
    [row] = run(file(), dry=True).doubles
    assert [(pk, title) for pk, title, _reason in row.doubles] == [(twin.pk, "Drip irrigation in the north 1")]
    run(file())
    assert Project.objects.count() == 2


def country(key):
    return Place.objects.get(key=key)


def test_a_project_that_has_the_identifier_is_the_one_and_keeps_what_editors_wrote(run):
    known = make_project(iati_identifier="XM-DAC-99999-1", title_en="Water for the north", start=None)
    plan = run(file())
    assert states(plan) == {"changed": 1}
    known.refresh_from_db()
    assert known.title_en == "Water for the north"
    assert str(known.start) == "2024-04-15"  # the field was empty
    assert known.imported.differences["title_en"] == ["Water for the north", "Drip irrigation in the north 1"]
    assert known.publication == PublicationStatus.PUBLISHED


def test_the_portals_own_activities_do_not_come_back(run):
    make_reporting_organisation(ref="XM-DAC-99999")
    make_project(key="1")
    plan = run(file())
    assert states(plan) == {"kept": 1}
    assert plan.rows[0].warnings[-1].words == "it is one of the portal’s own"


def test_an_identifier_in_other_capitals_is_another_activity(run):
    run(file())
    plan = run(file(activity("1", ("XM-DAC-99999-1<", "xm-dac-99999-1<"))))
    assert states(plan) == {"new": 1}
    assert "differs from an existing one only in letter case" in plan.rows[0].warnings[-1].words


def test_organisations_are_found_by_reference_before_name(run):
    ours = make_organisation_identifier(ref="XM-DAC-99999").organisation
    make_organisation(name_en="Fictional Agency")
    run(file())
    assert Participation.objects.get(role="funding").organisation == ours


# ── Again ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_file_again_changes_nothing(run):
    make_issue(key="desertification")
    content = file(activity("1"), activity("2"))
    run(content)
    before = whole_database()
    plan = run(content)
    assert states(plan) == {"unchanged": 2}
    assert whole_database() == before


def test_the_same_activities_in_another_dress_change_nothing(run):
    run(file())
    before = whole_database()
    dressed = activity(
        "1", ("  <iati-activity ", '  <iati-activity xmlns:dstore="http://d-portal.org/" dstore:index="7" ')
    )
    assert states(run(file(dressed))) == {"unchanged": 1}
    assert whole_database() == before


def test_news_come_and_what_editors_changed_stays_and_is_told(run):
    run(file())
    project = Project.objects.get()
    project.summary_en, project.version = "Editors know better.", 2
    project.save()
    project.participations.filter(role="implementing").delete()
    changed = activity(
        "1",
        ("Water is saved in fields.", "Water is saved in many fields."),
        ('<activity-status code="2"/>', '<activity-status code="4"/>'),
        ('code="KG" percentage="40"', 'code="KZ" percentage="40"'),
        ('<value value-date="2024-07-01">99.50</value>', '<value value-date="2024-07-01">100.50</value>'),
    )
    plan = run(file(changed))
    [row] = plan.rows
    assert row.state == RowState.CHANGED
    assert row.changes == {"status": ("implementation", "closed"), "countries": (["kg", "uz"], ["kz", "uz"])}
    assert row.differences["summary_en"] == ("Editors know better.", "Water is saved in many fields.")
    assert set(row.differences) == {"summary_en", "organisations"}
    project.refresh_from_db()
    assert (project.summary_en, project.status, project.version) == ("Editors know better.", "closed", 3)
    assert sorted(project.countries.values_list("key", flat=True)) == ["kz", "uz"]
    assert project.participations.count() == 1
    assert str(TransactionSum.objects.get(kind="3").total) == "1101.00"
    assert project.imported.differences["summary_en"][1] == "Water is saved in many fields."
    assert states(run(file(changed))) == {"unchanged": 1}


def test_an_older_file_takes_nothing_back(run):
    run(file())
    older = activity("1", ("2025-06-01T", "2024-06-01T"), ("Water is saved", "Water was saved"))
    plan = run(file(older))
    assert states(plan) == {"kept": 1}
    assert "the portal already has 2025-06-01T00:00:00Z" in plan.rows[0].warnings[0].words


def test_what_is_missing_in_a_later_file_is_still_there(run):
    run(file(activity("1"), activity("2")))
    run(file(activity("1")))
    assert Project.objects.count() == 2


def test_an_editor_brings_no_news_to_what_readers_see(run):
    run(file())
    Project.objects.update(publication=PublicationStatus.PUBLISHED)
    news = file(activity("1", ("Water is saved", "More water is saved")))
    plan = run(news, may_publish=False)
    assert states(plan) == {"kept": 1}
    assert plan.rows[0].warnings[0].words == "this project is public: only a reviewer may import updates to it"
    assert states(run(news)) == {"changed": 1}


# ── Not at all ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "content",
    [
        file(activity("1"), activity("2", ('    <activity-status code="2"/>\n', ""))),
        file(activity("1"), activity("1")),
        file()[:-40],
        b"",
    ],
)
def test_a_faulty_file_leaves_the_database_as_it_was(run, content):
    run(file(activity("7")))
    before = whole_database()
    plan = run(content)
    assert plan.blocked
    assert plan.complaints()
    assert whole_database() == before


def test_faulty_activities_can_be_left_out_by_choice(run):
    content = file(activity("1"), activity("2", ('    <activity-status code="2"/>\n', "")))
    plan = run(content, leave_out=True)
    assert states(plan) == {"new": 1, "refused": 1}
    assert plan.complaints() == ["file.xml:74: no activity-status in <iati-activity>"]
    assert Project.objects.get().iati_identifier == "XM-DAC-99999-1"


def test_an_error_in_the_middle_takes_everything_back(run, monkeypatch):
    before = whole_database()
    monkeypatch.setattr(applying, "results", lambda *args: 1 / 0)
    monkeypatch.setattr(applying, "MODELS", {applying.results: TransactionSum})
    with pytest.raises(ZeroDivisionError):
        run(file())
    assert whole_database() == before


# ── Out again ────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── Levels ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_level_is_that_of_the_korean_body_that_leads(run):
    agency, institute = '"XM-DAC-99999" role="1" type="10"', 'role="4" type="80"'
    nobody = (agency, '"XM-DAC-99999" role="4" type="10"')
    korean = make_organisation(name_en="Fictional Institute", kind="local-government", country=make_country(key="kr"))
    make_organisation(name_en="Fictional Agency")
    changes = {
        "1": [],  # a Korean organisation that only implements
        "2": [(agency, '"KR-GOV-051" role="1" type="10"')],
        "3": [(agency, '"KR-GOV-051" role="1" type="40"')],  # has no level
        "4": [(institute, 'role="2" type="80"')],  # the portal knows the type of this organisation
        "5": [(agency, '"KR-GOV-051" role="1" type="10"'), (institute, 'role="2" type="80"')],
        "6": [nobody, ('reporting-org ref="XM-DAC-99999"', 'reporting-org ref="KR-1"')],
        "7": [nobody, ('reporting-org ref="XM-DAC-99999"', 'reporting-org secondary-reporter="1" ref="KR-1"')],
    }
    run(file(*(activity(number, *some) for number, some in changes.items())))
    levels = Project.objects.order_by("iati_identifier").values_list("level", flat=True)
    assert list(levels) == ["", "national", "", "provincial", "provincial", "national", ""]
    assert korean.participations.count() == 7


# ── Commands ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def command(tmp_path, capsys):
    """Run import_iati with a file of this content and return its output."""

    def command(content, *args, name="file.xml", using="import_iati"):
        path = tmp_path / name
        path.write_bytes(content)
        call_command(using, str(path), *args)
        return capsys.readouterr().out

    return command


def test_command_shows_a_preview_and_then_imports(command):
    make_project(title_en="Drip irrigation in the north 1").countries.add(country("uz"))
    before = whole_database()
    said = command(file(), "--dry-run")
    assert said.splitlines()[:2] == ["file.xml: New: 1", "  New: XM-DAC-99999-1 Drip irrigation in the north 1"]
    assert "possible double: Drip irrigation in the north 1 (the same name" in said
    assert whole_database() == before
    assert command(file(), "--retrieved", "2026-11-01") == "file.xml: New: 1\n"
    assert str(ImportedFile.objects.get().retrieved) == "2026-11-01"
    assert command(file()) == "file.xml: Unchanged: 1\n"


def test_command_says_in_words_why_it_refuses(command, capsys):
    content = file(activity("1", ("2027-02-28", "2023-02-28"), ("https://example.org/report.pdf", "ftp://x")))
    with pytest.raises(CommandError, match=r"Refused: file\.xml\. Nothing of it was imported\."):
        command(content)
    assert "  file.xml:3: it ends (2023-02-28) before it starts (2024-03-01)" in capsys.readouterr().out
    assert Project.objects.count() == 0
    assert command(content, "--leave-out-faulty").startswith("file.xml: Faulty: 1")


def test_command_tells_of_warnings_and_differences_when_asked(command):
    make_project(iati_identifier="XM-DAC-99999-1", title_en="Water")
    said = command(file(activity("1", ("https://example.org/report.pdf", "ftp://x"))), "--verbosity", "2")
    assert "    file.xml:43: link ftp://x was dropped: only http and https are accepted" not in said
    assert "was dropped: only http and https are accepted" in said
    assert "title_en stays “Water”, the file has “Drip irrigation in the north 1”" in said


def test_command_takes_all_countries_and_knows_what_is_no_file(command):
    other = activity(
        "1",
        ('code="UZ" percentage="60"', 'code="ET" percentage="60"'),
        ('code="KG" percentage="40"', 'code="KE" percentage="40"'),
    )
    assert command(file(other)) == "file.xml: Other countries: 1\n"
    assert command(file(other), "--countries", "et") == "file.xml: New: 1\n"
    assert command(file(other), "--countries", "all") == "file.xml: Unchanged: 1\n"
    with pytest.raises(CommandError, match="is no file"):
        call_command("import_iati", "nowhere.xml")


# ── Tables ───────────────────────────────────────────────────────────────────────────────────────────────────

MAPPING = """
name = "A list"
publisher = { name = "Fictional Bank", kind = "40" }
identifier = "bank-{id}"
date_format = "%d %B %Y"

[columns]
title = "name"
title_ko = "이름"
summary = "aim"
status = "state"
start = "begins"
end = { column = "span", separator = "~", part = 2 }
countries = { column = "where", separator = ";" }
budget = "sum"
sectors = "purpose"
sdgs = "goals"

[constants]
currency = "USD"
finance = "technical-cooperation"

[values.status]
Open = "implementation"
Shut = "closed"

[markers]
desertification = "rio"

[[organisations]]
role = "funding"
constant = "Fictional Bank"

[[organisations]]
role = "implementing"
column = "agency"
"""
HEADER = "id,name,이름,aim,state,begins,span,where,sum,purpose,goals,rio,agency\n"
LINE = '7,Canals,수로,Dig them,Open,3 December 1996,x~31 May 2001,UZ;KZ,"1,500.50",14040,6.5,2,Water Board\n'


@pytest.fixture
def mapping(tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING)
    return path


def test_a_table_comes_through_its_mapping(command, mapping):
    said = command(
        (HEADER + LINE).encode("utf-8-sig"), "--mapping", str(mapping), name="list.csv", using="import_projects"
    )
    assert said == "list.csv: New: 1\n"
    project = Project.objects.get()
    assert (project.title_en, project.title_ko, project.summary_en, project.iati_identifier) == (
        "Canals",
        "수로",
        "Dig them",
        None,
    )
    assert (project.status, project.finance, project.level) == (
        "implementation",
        "technical-cooperation",
        "",
    )
    assert (str(project.start), str(project.end)) == ("1996-12-03", "2001-05-31")
    assert (str(project.budget), project.currency) == ("1500.50", "USD")
    assert sorted(project.countries.values_list("key", flat=True)) == ["kz", "uz"]
    assert list(project.sectors.values_list("code", flat=True)) == ["14040"]
    assert list(project.sdgs.values_list("code", flat=True)) == ["6.5"]
    assert list(project.rio_markers.values_list("marker", "significance")) == [("desertification", 2)]
    assert sorted(project.participations.values_list("organisation__name_en", "role")) == [
        ("Fictional Bank", "funding"),
        ("Water Board", "implementing"),
    ]
    assert project.imported.identifier == "bank-7"
    assert json.loads(project.imported.content)["agency"] == "Water Board"
    again = command((HEADER + LINE).encode(), "--mapping", str(mapping), name="list.csv", using="import_projects")
    assert again == "list.csv: Unchanged: 1\n"


# ── Persons in tables ────────────────────────────────────────────────────────────────────────────────────────

# Two columns that the mapping does not name. One of them contains a line break.
PERSONS_HEADER = HEADER.replace("id,", "id,contact,").replace("agency\n", "agency,remark\n")
PERSONS_LINE = LINE.replace("7,", '7,"Jane Roe\njane@example.org",', 1).replace("Board\n", "Board,ask Roe\n")
OTHER_LINE = PERSONS_LINE.replace("7,", "8,", 1)


def test_only_the_named_columns_of_a_table_are_kept(command, mapping):
    content = (PERSONS_HEADER + PERSONS_LINE + OTHER_LINE).encode("utf-8-sig")
    arguments = ("--mapping", str(mapping))
    assert command(content, *arguments, name="list.csv", using="import_projects") == "list.csv: New: 2\n"
    activities = ImportedActivity.objects.order_by("identifier")
    assert [(one.identifier, one.line) for one in activities] == [("bank-7", 2), ("bank-8", 4)]
    assert sorted(json.loads(activities[0].content)) == sorted(HEADER.strip().split(","))
    assert json.loads(activities[0].content)["agency"] == "Water Board"
    kept = ImportedFile.objects.get()
    assert kept.content.decode("utf-8-sig") == HEADER + LINE + "\n" + LINE.replace("7,", "8,", 1) + "\n"
    assert b"Roe" not in kept.content + b"".join(one.content for one in activities)
    assert (kept.size, len(kept.sha256)) == (len(content), 64)
    again = command(content, *arguments, name="list.csv", using="import_projects")
    assert again == "list.csv: Unchanged: 2\n"
    assert ImportedFile.objects.count() == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp949"])
def test_a_reduced_table_reads_as_the_whole_one_and_at_the_same_lines(tmp_path, encoding):
    read_by = tables.mapping_of(MAPPING.replace("date_format", f'encoding = "{encoding}"\ndate_format'))
    whole = PERSONS_HEADER + "\r\n" + PERSONS_LINE + OTHER_LINE.replace("Dig them", '"Dig\r\nthem"') + "9,short\n"
    found = []
    for content in (whole.encode(encoding), tables.named_columns_only(whole.encode(encoding), read_by)):
        path = tmp_path / "list.csv"
        path.write_bytes(content)
        found.append([(one.line, one.activity, one.findings) for one in tables.rows(path, read_by)])
    assert found[0] == found[1]
    assert [line for line, _activity, _findings in found[0]] == [3, 5, 8]


def test_the_migration_removes_what_the_stored_mapping_does_not_name():
    persons = dict(zip(PERSONS_HEADER.strip().split(","), PERSONS_LINE.strip().split(","), strict=False))
    known = make_imported_file(
        kind="table", mapping=tables.mapping_of(MAPPING), content=(PERSONS_HEADER + PERSONS_LINE).encode()
    )
    unknown = make_imported_file(kind="table", mapping=None, content=(PERSONS_HEADER + PERSONS_LINE).encode())
    iati = make_imported_file(content=file())
    rows = [
        make_imported(file=one, original=gzip.compress(json.dumps(persons).encode())) for one in (known, unknown, iati)
    ]
    import_module("projects.migrations.0012_imported_tables_keep_named_columns").reduce(
        apps, SimpleNamespace(connection=connection)
    )
    for one in (known, unknown, iati, *rows):
        one.refresh_from_db()
    assert known.content.decode() == "\ufeff" + HEADER + LINE + "\n"
    assert sorted(json.loads(rows[0].content)) == sorted(HEADER.strip().split(","))
    assert (unknown.content, json.loads(rows[1].content)) == (b"", {})
    assert (iati.content, json.loads(rows[2].content)) == (file(), persons)


def test_a_table_takes_nothing_from_what_iati_tells(command, run, tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING.replace('"bank-{id}"', '"XM-DAC-99999-{id}"'))
    run(file(activity("7")))
    before = whole_database()
    said = command((HEADER + LINE).encode(), "--mapping", str(path), name="list.csv", using="import_projects")
    assert said.startswith("list.csv: Left as it is: 1")
    assert whole_database() == before


def test_iati_takes_the_place_of_a_table(command, run, tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING.replace('"bank-{id}"', '"XM-DAC-99999-{id}"\niati = true'))
    command((HEADER + LINE).encode(), "--mapping", str(path), name="list.csv", using="import_projects")
    assert states(run(file(activity("7")))) == {"changed": 1}
    assert Project.objects.get().imported.transactionsums.count() == 2


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("7,Canals,수로", "7,,", "list.csv:2: the title is empty"),
        ("7,Canals", ",Canals", "list.csv:2: no identifier"),
        ("Open", "Ajar", "list.csv:2: the mapping does not say what “Ajar” means (status)"),
        ("3 December 1996", "soon", "list.csv:2: “soon” is not a date (start)"),
        ("UZ;KZ", "UZB", "list.csv:2: “UZB” is not on the list Country (countries)"),
        ('"1,500.50"', "much", "list.csv:2: “much” is not a number (budget)"),
        ('"1,500.50"', "1" * 17, f"list.csv:2: the amount {'1' * 17} has too many digits"),
        ("31 May 2001", "31 May 1991", "list.csv:2: it ends (1991-05-31) before it starts (1996-12-03)"),
        (LINE, LINE + LINE, "list.csv:3: the identifier bank-7 stands at line 2 too"),
        ("7,Canals", f"{'7' * 260},Canals", "list.csv:2: the identifier is longer than 255 characters"),
        ("id,name", "id,nom", "list.csv:1: there is no column name, which the mapping names"),
        ("Dig them", '"Dig" them', "list.csv:2: the row cannot be read: a separator or a quotation mark"),
        ("Dig them", "Dig" * 50_000, "list.csv:2: a cell has more than 131072 characters"),
        ("Dig them", "Dig\0them", "list.csv:2: a null character (U+0000) is in the column aim"),
        ('"1,500.50"', "-1500", "list.csv:2: the amount -1500 is below zero"),
        (HEADER + LINE, "", "list.csv:1: the file is empty"),
    ],
)  # fmt: skip
def test_a_faulty_table_is_refused_with_its_line(command, capsys, mapping, old, new, words):
    with pytest.raises(CommandError, match="Rejected"):
        command(
            (HEADER + LINE).replace(old, new).encode(),
            "--mapping",
            str(mapping),
            name="list.csv",
            using="import_projects",
        )
    assert words in capsys.readouterr().out
    assert Project.objects.count() == 0


def test_codes_that_a_table_has_of_its_own_are_left_out(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(
        (HEADER + LINE)
        .replace("14040", "33105")
        .replace("6.5", "99")
        .replace(",2,Water", ",9,Water")
        .replace('"1,500.50"', "0")
        .replace("UZ;KZ", "")
    )
    [one] = tables.rows(path, tables.mapping_of(MAPPING))
    assert [finding.words for finding in one.findings] == [
        "no country or region is named",
        "“33105” is not on the list Sector (sectors)",
        "“99” is not on the list UNSDG-Goals (sdgs)",
    ]
    assert (one.activity.markers, one.activity.total) == ({}, None)


def test_a_currency_that_is_none_is_an_error(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(HEADER + LINE)
    [one] = tables.rows(path, tables.mapping_of(MAPPING.replace('"USD"', '"US$"')))
    assert [finding.words for finding in one.errors] == ["“US$” is not on the list Currency (currency)"]


# A text of a mapping, its replacement, and the line and message of the error.
WRONG_MAPPINGS = [
    ("name = ", "name ", "2: The mapping is not valid TOML"),
    ('title = "name"\ntitle_ko = "이름"\n', "", "7: The mapping must name the title column."),
    ('identifier = "bank-{id}"\n', "", "1: The mapping says what identifies a project"),
    ('publisher = { name = "Fictional Bank", kind = "40" }\n', "", "1: The mapping says who publishes the list"),
    ("summary = ", "sumary = ", "10: sumary has no meaning in columns."),
    ('Open = "implementation"', 'Open = "going"', "24: going has no meaning in status."),
    ('finance = "technical-cooperation"', 'finance = "barter"', "21: barter has no meaning in finance."),
    ('role = "funding"', 'role = "payer"', "30: An organisation has a role"),
    ("desertification = ", "deserts = ", "28: deserts has no meaning in markers."),
    # The identifier contains names of columns and nothing else that str.format would evaluate.
    *(
        ("bank-{id}", identifier, "4: An identifier is text and names of columns in braces")
        for identifier in (
            *("{id:>1500000000}", "{id!r}", "{id.__class__}", "{id[0]}", "{}", "{0:{id}}", "{id", "id}", "{{id}}"),
            *("bank", "{id:}", "{id!}"),
        )
    ),
    ("bank-{id}", "x" * 1001, "4: identifier must be a text in quotation marks, of at most 1000 letters."),
    # Types
    ('"bank-{id}"', "7", "4: identifier must be a text in quotation marks"),
    ('name = "A list"', "name = 7", "2: name must be a text in quotation marks"),
    ('name = "Fictional Bank",', "name = true,", "3: publisher.name must be a text in quotation marks"),
    ('kind = "40"', "kind = 1.5", "3: publisher.kind must be a text in quotation marks"),
    ('kind = "40"', 'age = "40"', "3: age has no meaning in publisher."),
    ('title = "name"', "title = 5", "8: columns.title must be a text in quotation marks"),
    ('title = "name"', 'title = ["name", 5]', "8: columns.title must be a text in quotation marks"),
    ('title = "name"', "title = []", "8: columns.title must be a text in quotation marks"),
    ('column = "span", ', "", "13: columns.end.column must be a text in quotation marks"),
    ('column = "span", ', 'column = "span", from = 2, ', "13: from has no meaning in columns.end."),
    ('separator = "~"', 'separator = ""', "13: columns.end.separator must be a text in quotation marks"),
    ("part = 2", "part = 0", "13: columns.end.part must be a whole number from 1 to 50."),
    ("part = 2", "part = true", "13: columns.end.part must be a whole number from 1 to 50."),
    ('currency = "USD"', "currency = 2021-07-02", "20: constants.currency must be a text in quotation marks"),
    ('currency = "USD"', "currency = nan", "20: constants.currency must be a text in quotation marks"),
    ('Open = "implementation"', "Open = 3", "24: values.status.Open must be a text in quotation marks"),
    ('desertification = "rio"', "desertification = []", "28: markers.desertification must be a text in quotation"),
    ('column = "agency"', "column = 1", "36: organisations.1.column must be a text in quotation marks"),
    ('"A list"', '"A list"\niati = "yes"', "3: iati must be true or false."),
    ('"A list"', r'"A\u0000list"', "2: name must be a text in quotation marks"),
    ("[values.status]\n", "[values]\nstatus = 3\n[other]\n", "25: other has no meaning in TOML."),
    ("[values.status]\n", "[values.start]\nx = {}\n[values.status]\n", "24: values.start.x must be a text"),
    # The form of the table
    ('"A list"', '"A list"\nencoding = "zip"', "3: zip has no meaning in encoding."),
    ('"A list"', '"A list"\nencoding = "punycode"', "3: punycode has no meaning in encoding."),
    ('"A list"', '"A list"\nencoding = 7', "3: encoding must be a text in quotation marks"),
    ('"A list"', '"A list"\ndelimiter = ";;"', "3: delimiter must be a comma, a semicolon, a tab"),
    ('"A list"', '"A list"\nlanguage = "English"', "3: language must be the code of a language"),
    *(
        ("%d %B %Y", format, "5: date_format must have %Y or %y")
        for format in ("%d.%m", "%Y %Y", "%s", "%", "%%Y", "%1000000000Y", "%Y%")
    ),
    # Sizes
    ('title = "name"', "title = " + "[" * 3000 + "]" * 3000, "1: The mapping is not valid TOML"),
    ('title = "name"', "title = " + "1" * 5000, "1: The mapping is not valid TOML"),
    ('title = "name"', 'title = "name" #' + "x" * 65536, "1: The mapping has more than 64 kB."),
    ("[markers]", '[[organisations]]\nrole = "funding"\nconstant = "x"\n' * 50 + "[markers]", "180: Each organisation"),
    ("[constants]", "[constants]\nbudget = 1000000000000000", "20: constants.budget must be a text in quotation marks"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words"), WRONG_MAPPINGS)
def test_a_mapping_that_cannot_be_followed_says_what_is_wrong_and_where(command, tmp_path, old, new, words):
    path = tmp_path / "mapping.toml"
    assert old in MAPPING
    path.write_text(MAPPING.replace(old, new, 1))
    with pytest.raises(CommandError, match=re.escape(f"mapping.toml:{words}")):
        command((HEADER + LINE).encode(), "--mapping", str(path), name="list.csv", using="import_projects")


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.sampled_from("{}[]:!.%~;abid7\0é"), max_size=12)
    | st.sampled_from([*HEADER.strip().split(","), "{id:>1500000000}", "{id.x}", "utf-16", "hex", "%Y", "1" * 2000])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["column", "separator", "part", "role", "constant", "ref"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(
    places=st.lists(
        st.tuples(
            st.sampled_from(sorted(tables.TOP)) | st.none(),
            st.sampled_from([*sorted(tables.FIELDS), "ref", "kind", "desertification", "x"]) | st.none(),
            VALUES,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_whatever_a_mapping_holds_it_is_refused_in_words_or_followed(tmp_path_factory, places):
    mapping = tomllib.loads(MAPPING)
    for top, key, value in places:
        if top is None:
            mapping[key or "x"] = value
        elif key is not None and isinstance(mapping.get(top, {}), dict):
            mapping.setdefault(top, {})[key] = value
        else:
            mapping[top] = value
    path = tmp_path_factory.mktemp("fuzz") / "list.csv"
    path.write_text(HEADER + LINE)
    with contextlib.suppress(tables.MappingError, ImportRefused):
        tables.MappingCheck(MAPPING, mapping).run()
        json.dumps(mapping, allow_nan=False)  # it can be stored
        [one] = tables.rows(path, mapping)
        assert len(one.activity.identifier) <= 255


def test_a_mapping_that_is_not_there(command):
    with pytest.raises(CommandError, match="nowhere is no mapping"):
        command(b"x", "--mapping", "nowhere", name="list.csv", using="import_projects")


def test_shipped_mappings_can_be_followed():
    found = {name: tables.mapping_of(path.read_text("utf-8"))["name"] for name, path in tables.shipped().items()}
    assert found == {"koica": "KOICA project statistics", "world-bank": "World Bank projects"}


def test_lists_of_others_are_read_by_the_shipped_mappings():
    folder = shared() / "other-sources"
    for name, file_name, wanted in (
        ("world-bank", "worldbank-projects-central-asia-2025-03-31.csv", (582, 1)),
        ("koica", "koica-projects-central-asia.csv", (1673, 175)),
    ):
        found = list(tables.rows(folder / file_name, tables.mapping_of(tables.shipped()[name].read_text("utf-8"))))
        assert (len(found), sum(bool(one.errors) for one in found)) == wanted


# ── The standard's own files ─────────────────────────────────────────────────────────────────────────────────


def test_what_the_portal_knows_of_the_standard_is_what_the_standard_says(tmp_path):
    call_command("write_iati", shared(), into=tmp_path, stdout=io.StringIO())
    for name in ("facts.json", "suggestions.json"):
        assert (tmp_path / name).read_bytes() == (facts.FOLDER / name).read_bytes()


def test_a_folder_without_the_standard_is_refused(tmp_path):
    with pytest.raises(CommandError, match="holds no codelists"):
        call_command("write_iati", tmp_path)


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
