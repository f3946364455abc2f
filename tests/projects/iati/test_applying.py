"""Applying an IATI import: all of a file or nothing; editors' texts stay, and issues are only suggested."""

import pytest
from lxml import etree

from portal.core.choices import PublicationStatus
from portal.models import Source
from portal.tracking.audit_log import AuditEntry
from projects.iati import applying
from projects.iati.planning import RowState
from projects.models import ImportedActivity, ImportedFile, Organisation, Participation, Project, TransactionSum
from tests.make import make_issue, make_organisation
from tests.projects.iati.files import activity, file
from tests.projects.iati.imports import states, whole_database

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("central_asia")]


# ── What comes ──────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── Again ───────────────────────────────────────────────────────────────────────────────────────────────────────


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
    assert "the portal already has data from 2025-06-01T00:00:00Z" in plan.rows[0].warnings[0].words


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


# ── All or nothing ──────────────────────────────────────────────────────────────────────────────────────────────


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
