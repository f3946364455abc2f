"""IATI imports in the admin: upload, preview, import, permissions, and decisions on suggested issues."""

import datetime
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.core.choices import PublicationStatus
from portal.models import Place
from projects.models import ImportedFile, Project, ProjectIssue, SuggestedIssue
from tests.make import (
    make_answer,
    make_budget_line,
    make_country,
    make_imported,
    make_imported_file,
    make_issue,
    make_project,
    make_reported_document,
    make_reported_result,
    make_suggested_issue,
    make_transaction_sum,
)
from tests.projects.iati.files import activity, file
from tests.projects.iati.imports import HEADER, LINE, MAPPING, PERSONS_HEADER, PERSONS_LINE

pytestmark = pytest.mark.django_db

ADD = reverse("admin:projects_importedfile_add")
LIST = reverse("admin:projects_importedfile_changelist")


@pytest.fixture(autouse=True)
def _countries():
    for key in ("uz", "kg", "kz"):
        make_country(key=key, name_en=key)


def send(client, content, name="file.xml", **fields):
    data = {"file": SimpleUploadedFile(name, content), "retrieved": "2026-11-24"} | fields
    return client.post(ADD, data)


def preview_of(response):
    assert response.status_code == 302, words(response)
    return response["Location"]


def words(response):
    """Return the text of a page with single spaces."""
    inline = re.sub(r"</?(?:a|b|del|ins|span|time)\b[^>]*>", "", response.content.decode())
    return " ".join(re.sub(r"<[^>]+>", " ", inline).split())


# ── Upload, preview and import ───────────────────────────────────────────────────────────────────────────────


def test_a_file_is_received_looked_at_and_imported(desk):
    editor = desk("editor")
    preview = preview_of(send(editor, file(), licence="CC BY 4.0", url="https://example.org/a.xml"))
    assert Project.objects.count() == 0
    page = editor.get(preview)
    assert "1 New" in words(page)
    assert "Drip irrigation in the north 1" in words(page)
    assert "2 organisations will be created as drafts" in words(page)
    response = editor.post(preview, {"countries": ["UZ", "KG"]}, follow=True)
    assert "1 project was imported." in words(response)
    project = Project.objects.get()
    assert (project.publication, project.imported.file.who) == (PublicationStatus.DRAFT, "editor")
    assert (project.imported.file.licence, project.imported.file.url) == ("CC BY 4.0", "https://example.org/a.xml")
    assert "New: 1" in words(editor.get(LIST))
    again = editor.get(preview)
    assert "The file has nothing new: importing it changes nothing." in words(again)
    assert "Import as drafts" not in again.content.decode()


def test_what_is_no_file_of_activities_is_not_kept(desk):
    response = send(desk("editor"), file(version="1.05"))
    assert "file.xml:2: version 1.05 of the standard is no longer supported" in words(response)
    assert ImportedFile.objects.count() == 0


def test_a_faulty_activity_refuses_the_file_until_it_is_left_out(desk):
    editor = desk("editor")
    content = file(activity("1"), activity("2", ('    <activity-status code="2"/>\n', "")))
    preview = preview_of(send(editor, content))
    page = editor.get(preview)
    assert "the whole file is rejected" in words(page)
    assert "file.xml:74: no activity-status in &lt;iati-activity&gt;" in page.content.decode()
    assert "Import as drafts" not in page.content.decode()
    refused = editor.post(preview, {"countries": ["UZ", "KG"]})
    assert "the whole file is rejected" in words(refused)
    assert Project.objects.count() == 0
    page = editor.get(preview, {"countries": ["UZ", "KG"], "leave_out": "on"})
    assert "Import as drafts" in page.content.decode()
    editor.post(preview, {"countries": ["UZ", "KG"], "leave_out": "on"})
    assert Project.objects.count() == 1


def test_countries_are_chosen(desk):
    editor = desk("editor")
    elsewhere = (
        ('code="UZ" percentage="60"', 'code="ET" percentage="60"'),
        ('code="KG" percentage="40"', 'code="KE" percentage="40"'),
    )
    preview = preview_of(send(editor, file(activity("1"), activity("2", *elsewhere))))
    assert "1 New 1 Other countries" in words(editor.get(preview))
    assert "2 Other countries" in words(editor.get(preview, {"countries": "KZ"}))
    assert "2 New" in words(editor.get(preview, {"countries": ["others"]}))
    assert "1 New" in words(editor.get(preview, {"countries": ["nowhere"]}))  # as if nothing was chosen


def test_news_and_what_editors_wrote_are_shown_side_by_side(desk):
    editor = desk("editor")
    editor.post(preview_of(send(editor, file())), {"countries": ["UZ", "KG"]})
    project = Project.objects.get()
    project.title_en = "Editors’ title"
    project.save()
    news = file(
        activity("1", ("Drip irrigation in the north 1", "Drip lines"), ("Water is saved", "Much water is saved"))
    )
    page = words(editor.get(preview_of(send(editor, news))))
    assert "Summary (English): Water is saved in fields. → Much water is saved in fields." in page
    assert "Editors’ versions kept: Title (English): Editors’ title (in the file: Drip lines)" in page
    editor.post(preview_of(send(editor, news)), {"countries": ["UZ", "KG"]})
    form = words(editor.get(reverse("admin:projects_project_change", args=[project.pk])))
    assert "Title (English): here Editors’ title / in the file Drip lines" in form
    imported = words(editor.get(reverse("admin:projects_importedactivity_change", args=[project.imported.pk])))
    assert "Title (English): here Editors’ title / in the file Drip lines" in imported
    assert "Fictional Agency" in imported


def test_possible_doubles_lead_to_the_other_project(desk):
    twin = make_project(title_en="Drip irrigation in the north 1")
    twin.countries.add(Place.objects.get(key="uz"))
    page = desk("editor").get(preview_of(send(desk("editor"), file())))
    assert "Possibly the same as: Drip irrigation in the north 1 (the same name" in words(page)
    assert reverse("admin:projects_project_change", args=[twin.pk]) in page.content.decode()


def test_a_table_is_received_with_a_mapping(desk):
    editor = desk("editor")
    own = SimpleUploadedFile("mapping.toml", MAPPING.encode())
    preview = preview_of(send(editor, (HEADER + LINE).encode(), "list.csv", own_mapping=own))
    assert "1 New" in words(editor.get(preview))
    editor.post(preview, {"countries": ["UZ", "KZ"]})
    assert Project.objects.get().imported.identifier == "bank-7"
    broken = SimpleUploadedFile("mapping.toml", b"name")
    assert "The mapping is not valid TOML" in words(send(editor, b"x", "list.csv", own_mapping=broken))
    assert "Choose the mapping of this table" in words(send(editor, b"id\n1\n", "List.CSV"))
    shipped = send(editor, b"id\n1\n", "list.csv", mapping="world-bank")
    assert "column project_name, named in the mapping, is missing" in words(shipped)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            MAPPING.replace("{id}", "{id:>1500000000}").encode(),
            "own.toml:4: An identifier is text and names of columns",
        ),
        (
            MAPPING.replace("이름", "\udcff").encode("utf-8", "surrogateescape"),
            "own.toml:9: The mapping is not encoded",
        ),
        (b"#" * 70_000, "The mapping has more than 64 kB."),
    ],
)
def test_a_wrong_mapping_is_an_error_of_its_field(desk, content, said):
    own = SimpleUploadedFile("own.toml", content)
    response = send(desk("editor"), (HEADER + LINE).encode(), "list.csv", own_mapping=own)
    [error] = response.context["form"].errors["own_mapping"]
    assert said in error
    assert ImportedFile.objects.count() == 0


def test_a_cell_that_is_too_long_is_an_error_of_the_file(desk):
    own = SimpleUploadedFile("mapping.toml", MAPPING.encode())
    content = (HEADER + LINE.replace("Dig them", "x" * 131_073)).encode()
    response = send(desk("editor"), content, "list.csv", own_mapping=own)
    assert response.context["form"].errors["file"] == ["list.csv:2: a cell has more than 131072 characters"]


def test_the_longest_cells_are_imported(desk):
    editor = desk("editor")
    own = SimpleUploadedFile("mapping.toml", MAPPING.encode())
    long = (
        LINE.replace("Dig them", "물 " * 65_000).replace("Canals", "C" * 131_072).replace("Water Board", "W" * 131_072)
    )
    preview = preview_of(send(editor, (HEADER + long).encode(), "list.csv", own_mapping=own))
    assert len(editor.get(preview).content) < 100_000
    editor.post(preview, {"countries": ["UZ", "KZ"]})
    project = Project.objects.get()
    assert (len(project.title_en), len(project.summary_en)) == (200, 129_999)


def test_editors_see_no_column_that_the_mapping_does_not_name(desk):
    editor = desk("editor")
    own = SimpleUploadedFile("mapping.toml", MAPPING.encode())
    content = (PERSONS_HEADER + PERSONS_LINE).encode()
    preview = preview_of(send(editor, content, "list.csv", own_mapping=own))
    editor.post(preview, {"countries": ["UZ", "KZ"]})
    imported = Project.objects.get().imported
    page = words(editor.get(reverse("admin:projects_importedactivity_change", args=[imported.pk])))
    assert "Water Board" in page
    assert "Roe" not in page
    original = desk("reviewer").get(reverse("admin:projects_importedfile_original", args=[imported.file_id]))
    assert b"Water Board" in original.content
    assert b"Roe" not in original.content


def test_a_file_that_is_too_large_is_not_read(desk, monkeypatch):
    monkeypatch.setattr("projects.iati.reading.MOST_MB", 0)
    assert "the file has more than 0 MB" in words(send(desk("editor"), file()))


def test_files_that_waited_a_day_go(desk):
    old = make_imported_file(imported_at=None)
    ImportedFile.objects.update(received_at=timezone.now() - datetime.timedelta(days=2))
    preview_of(send(desk("editor"), file()))
    assert not ImportedFile.objects.filter(pk=old.pk).exists()


# ── Who ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("who", "imports", "downloads", "deletes"),
    [
        ("anonymous", False, False, False),
        ("translator", False, False, False),
        ("editor", True, False, False),
        ("reviewer", True, True, False),
        ("administrator", True, True, True),
    ],
)
def test_who_may_import_get_the_original_and_delete_it(desk, who, imports, downloads, deletes):
    waiting = make_imported_file(imported_at=None, content=file())
    client = desk(who)
    assert (send(client, file(activity("5"))).status_code == 302 and ImportedFile.objects.count() == 2) == imports
    preview = reverse("admin:projects_importedfile_preview", args=[waiting.pk])
    assert (client.get(preview).status_code == 200) == imports
    original = client.get(reverse("admin:projects_importedfile_original", args=[waiting.pk]))
    assert (original.status_code == 200 and b"jane@example.org" in original.content) == downloads
    client.post(reverse("admin:projects_importedfile_delete", args=[waiting.pk]), {"post": "yes"})
    assert (not ImportedFile.objects.filter(pk=waiting.pk).exists()) == deletes


def test_a_file_that_was_imported_is_not_deleted(desk):
    kept = make_imported_file()
    response = desk("administrator").post(
        reverse("admin:projects_importedfile_delete", args=[kept.pk]), {"post": "yes"}
    )
    assert response.status_code == 403


@pytest.mark.parametrize("name", ["preview", "original"])
def test_a_file_that_is_not_there(desk, name):
    assert desk("administrator").get(reverse(f"admin:projects_importedfile_{name}", args=[77])).status_code == 404


def test_an_editor_brings_no_news_to_what_readers_see_and_a_reviewer_does(desk):
    desk("editor").post(preview_of(send(desk("editor"), file())), {"countries": ["UZ", "KG"]})
    Project.objects.update(publication=PublicationStatus.PUBLISHED)
    news = file(activity("1", ("Water is saved", "Much water is saved")))
    page = words(desk("editor").get(preview_of(send(desk("editor"), news))))
    assert "this project is public: only a reviewer may import updates to it" in page
    desk("reviewer").post(preview_of(send(desk("reviewer"), news)), {"countries": ["UZ", "KG"]})
    assert Project.objects.get().summary_en == "Much water is saved in fields."


# ── Lists and pages ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("model", ["importedfile", "importedactivity", "suggestedissue"])
def test_lists_and_pages_open_for_who_may_see_them(desk, model):
    make_transaction_sum(), make_suggested_issue()
    for who, code in (("administrator", 200), ("editor", 200), ("translator", 403), ("anonymous", 302)):
        client = desk(who)
        url = reverse(f"admin:projects_{model}_changelist")
        response = client.get(url)
        assert response.status_code == code, who
        if code == 200:
            [*rows] = response.context["cl"].queryset
            assert client.get(reverse(f"admin:projects_{model}_change", args=[rows[0].pk])).status_code == 200


@pytest.mark.any_database
@pytest.mark.parametrize("model", ["importedfile", "importedactivity", "suggestedissue"])
def test_lists_ask_the_same_of_the_database_for_one_as_for_three(desk, model):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse(f"admin:projects_{model}_changelist")).status_code == 200
        return len(asked)

    client = desk("administrator")
    make_transaction_sum(), make_suggested_issue()
    queries()
    one = queries()
    for _ in range(2):
        make_transaction_sum(), make_suggested_issue()
    assert queries() == one


def test_pages_have_nothing_that_the_content_policy_forbids(desk):
    editor = desk("editor")
    preview = preview_of(send(editor, file()))
    for url in (ADD, LIST, preview):
        page = editor.get(url).content.decode()
        assert "<style" not in page
        assert " style=" not in page
        assert " onclick=" not in page


# ── Suggested issues ─────────────────────────────────────────────────────────────────────────────────────────


def decide(client, suggestion, **fields):
    url = reverse("admin:projects_suggestedissue_change", args=[suggestion.pk])
    data = {"issue": suggestion.issue_id or "", "decision": "confirmed", "significance": "principal"}
    texts = {"rationale_en": "It saves water.", "rationale_ko": "물을 아낀다.", "rationale_ru": ""}
    return client.post(url, data | texts | fields)


def test_a_confirmed_suggestion_links_the_issue_with_the_editors_reason(desk):
    suggestion = make_suggested_issue(project=make_project(publication=PublicationStatus.DRAFT))
    page = words(desk("editor").get(reverse("admin:projects_suggestedissue_change", args=[suggestion.pk])))
    assert "policy marker 8, significance 2" in page
    assert decide(desk("editor"), suggestion).status_code == 302
    [link] = ProjectIssue.objects.all()
    assert (link.issue, link.significance, link.rationale_en, link.rationale_ko) == (
        suggestion.issue,
        "principal",
        "It saves water.",
        "물을 아낀다.",
    )
    decide(desk("editor"), suggestion)
    assert ProjectIssue.objects.count() == 1


def test_some_issue_is_confirmed_as_the_one_that_is_chosen(desk):
    suggestion, issue = (
        make_suggested_issue(project=make_project(publication=PublicationStatus.DRAFT), issue=None),
        make_issue(),
    )
    assert "Required in order to link an issue." in words(decide(desk("editor"), suggestion))
    decide(desk("editor"), suggestion, issue=issue.pk)
    assert ProjectIssue.objects.get().issue == issue


@pytest.mark.parametrize("missing", ["significance", "rationale_en"])
def test_a_link_needs_its_reason(desk, missing):
    suggestion = make_suggested_issue(project=make_project(publication=PublicationStatus.DRAFT))
    assert "Required in order to link an issue." in words(decide(desk("editor"), suggestion, **{missing: ""}))
    assert ProjectIssue.objects.count() == 0


def test_an_issue_that_is_linked_already_is_not_linked_twice(desk):
    project = make_project(publication=PublicationStatus.DRAFT)
    answer = make_answer(project=project)
    suggestion = make_suggested_issue(project=project, issue=answer.issue)
    assert "This issue is already listed." in words(decide(desk("editor"), suggestion))


def test_suggestions_are_dismissed_one_by_one_or_many_at_once(desk):
    drafts = [make_suggested_issue(project=make_project(publication=PublicationStatus.DRAFT)) for _ in range(3)]
    seen = make_suggested_issue()  # its project is published: only a reviewer decides
    decide(desk("editor"), drafts[0], decision="dismissed")
    chosen = [*(row.pk for row in drafts), seen.pk]
    url = reverse("admin:projects_suggestedissue_changelist")
    response = desk("editor").post(url, {"action": "dismiss_selected", "_selected_action": chosen}, follow=True)
    assert "2 suggestions were dismissed." in words(response)
    assert SuggestedIssue.objects.filter(decision="dismissed").count() == 3
    assert ProjectIssue.objects.count() == 0


@pytest.mark.parametrize(
    ("who", "may"), [("anonymous", False), ("translator", False), ("editor", False), ("reviewer", True)]
)
def test_who_decides_on_what_readers_see(desk, who, may):
    suggestion = make_suggested_issue()
    decide(desk(who), suggestion)
    assert ProjectIssue.objects.exists() == may


def test_the_form_of_a_project_leads_to_its_suggestions(desk):
    suggestion = make_suggested_issue()
    page = desk("editor").get(reverse("admin:projects_project_change", args=[suggestion.project_id]))
    assert "1 suggested issue to review" in words(page)
    listed = desk("editor").get(
        f"{reverse('admin:projects_suggestedissue_changelist')}?decision=open&project={suggestion.project_id}"
    )
    assert list(listed.context["cl"].queryset) == [suggestion]


# ── What readers see ─────────────────────────────────────────────────────────────────────────────────────────


def grown(imported):
    make_transaction_sum(activity=imported, kind=str(imported.transactionsums.count() + 1))
    make_budget_line(activity=imported), make_reported_result(activity=imported)
    make_reported_document(activity=imported)
    imported.relatedactivitys.create(kind="1", identifier=f"X-{imported.relatedactivitys.count()}")


def test_readers_see_what_others_report_and_where_it_is_from(client):
    imported = make_imported()
    grown(imported)
    make_project(iati_identifier="X-0", title_en="The programme", title_ko="상위")
    page = words(client.get(imported.project.get_absolute_url()))
    assert f"From IATI: reported by Fictional Agency as {imported.identifier}, retrieved on 24 November 2026." in page
    assert "Incoming funds USD 1,100 2 1 May – 1 July 2024" in page
    assert "1 January – 31 December 2024 Budget USD 250,000" in page
    assert "Fields with drip lines Hectares" in page
    assert "First report application/pdf · English" in page
    assert "Programme: The programme" in page
    korean = words(client.get(imported.project.get_absolute_url().replace("/en/", "/ko/")))
    assert "다른 기관의 보고" in korean
    plain = words(client.get(make_project().get_absolute_url()))
    assert "As reported by others" not in plain


def test_a_table_says_that_it_is_one(client):
    imported = make_imported(file=make_imported_file(kind="table", url="https://example.org/list", licence="CC BY 4.0"))
    imported.source.publication = PublicationStatus.DRAFT
    imported.source.save()
    response = client.get(imported.project.get_absolute_url())
    assert f"From a list by Fictional Agency, item {imported.identifier}" in words(response)
    assert 'href="https://example.org/list"' in response.content.decode()
    assert "Licence: CC BY 4.0" in words(response)


@pytest.mark.any_database
def test_the_page_asks_the_same_of_the_database_for_one_row_as_for_three(client):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(imported.project.get_absolute_url()).status_code == 200
        return len(asked)

    imported = make_imported()
    grown(imported)
    queries()
    one = queries()
    grown(imported), grown(imported)
    assert queries() == one
