"""Documents at the desk: uploading, what is required before readers see them, and who may show them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.core.choices import PublicationStatus
from portal.models import Attachment, AuditEntry
from tests import reading
from tests.documents import docx, pdf
from tests.make import make_agreement, make_attachment, make_picture, make_project, make_source
from tests.portal.staff.test_admin import address, change_address, errors_of, form_data

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

D, R, S, P, A, _ASIDE = PublicationStatus
COMPLETE = {
    "title_en": "Final report",
    "title_ko": "최종 보고서",
    "title_ru": "Итоговый отчёт",
    "language": "en",
    "date": "2021-07",
    "author": "Test Writer",
    "credit": "© Test Writer",
    "licence": "permission",
    "is_shown": "on",
}


def upload(data=None, name="Отчёт final (2).pdf"):
    return SimpleUploadedFile(name, pdf() if data is None else data)


def add(client, **data):
    form = client.get(address(Attachment, "add"))
    return client.post(address(Attachment, "add"), form_data(form, **data))


@pytest.mark.parametrize(
    ("make", "path"),
    [(make_agreement, "agreements"), (make_project, "projects"), (make_source, "sources")],
)
def test_editor_uploads_a_document_to_a_draft_and_readers_get_it_with_the_record(desk, make, path):
    record = make(key="trees", publication=D)
    owner = record._meta.model_name
    assert add(desk("editor"), upload=upload(), **{owner: record.pk}, **COMPLETE).status_code == 302
    attachment = Attachment.objects.get()
    assert (attachment.record, attachment.format, attachment.is_shown) == (record, "pdf", True)
    reader = desk("anonymous")
    assert reader.get(attachment.src).status_code == 404
    record.publication = P
    record.save()
    [entry] = reading.page(reader.get(f"/ko/{path}/trees/")).xpath("//section[@aria-labelledby='documents']//li")
    [link] = entry.xpath(".//p[@class='entry-title']/a")
    assert (reading.words(link), link.get("type"), link.get("hreflang")) == ("최종 보고서", "application/pdf", "en")
    assert reader.get(link.get("href")).status_code == 200
    said = reading.words(entry)
    for words in (f"PDF, {attachment.size} 바이트", "영어", "2021년 7월", "© Test Writer", "권리자의 서면 허락"):
        assert words in said


def test_page_of_a_record_without_documents_has_no_section_for_them(client):
    make_project(key="trees")
    make_attachment(is_shown=False, project=make_project(key="other"))
    for key in ("trees", "other"):
        assert not reading.page(client.get(f"/en/projects/{key}/")).xpath("//*[@id='documents']")


def test_type_is_found_by_content_and_the_name_of_the_upload_is_nowhere(desk):
    add(desk("editor"), upload=upload(docx(), "../../etc/passwd.pdf"), project=make_project(publication=D).pk)
    attachment = Attachment.objects.get()
    assert attachment.format == "docx"
    assert attachment.file_names == [f"attachments/{attachment.digest}.docx"]


@pytest.mark.parametrize("missing", [name for name in COMPLETE if name not in {"author", "is_shown"}])
def test_readers_see_no_document_that_lacks_something(desk, missing):
    response = add(desk("editor"), upload=upload(), project=make_project(publication=D).pk, **COMPLETE | {missing: ""})
    assert errors_of(response)[missing] == ["Readers need this before the file is shown."]
    assert not Attachment.objects.exists()


def test_refused_file_is_told_in_the_language_of_the_editor(desk):
    client = desk("editor")
    client.cookies["django_language"] = "ru"
    response = add(client, upload=upload(pdf(password="secret")), project=make_project(publication=D).pk)
    assert errors_of(response)["upload"] == ["PDF защищён паролем. Сохраните его без пароля."]


def test_pictures_and_documents_share_one_quota(desk, settings):
    make_picture()
    settings.MOST_STORED_BYTES = 4_000
    response = add(desk("editor"), upload=upload(), project=make_project(publication=D).pk)
    assert "space for files is used up" in errors_of(response)["upload"][0]


@pytest.mark.parametrize(
    ("role", "publication", "may"),
    [
        ("editor", D, True),
        ("editor", R, True),
        ("editor", S, False),
        ("editor", P, False),
        ("editor", A, False),
        ("reviewer", P, True),
        ("administrator", P, True),
    ],
)
def test_only_reviewers_show_documents_on_public_records(desk, role, publication, may):
    project = make_project(publication=publication)
    response = add(desk(role), upload=upload(), project=project.pk, why="The report is out", **COMPLETE)
    assert (response.status_code == 302) == may
    assert Attachment.objects.exists() == may


def test_editor_cannot_touch_a_document_that_readers_see(desk):
    attachment = make_attachment()
    client = desk("editor")
    client.post(change_address(attachment), {"title_en": "Something else"})
    assert client.post(address(Attachment, "delete", attachment.pk), {"post": "yes"}).status_code == 403
    attachment.refresh_from_db()
    assert attachment.title_en == "Final report"


def test_stranger_cannot_upload(desk):
    assert desk("anonymous").post(address(Attachment, "add"), {"upload": upload()}).status_code == 302
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("make", [make_agreement, make_project, make_source])
def test_record_leads_to_its_documents(desk, make):
    record = make()
    make_attachment(**{record._meta.model_name: record}), make_attachment()
    client = desk("reviewer")
    [link] = reading.page(client.get(change_address(record))).xpath("//a[contains(@href, 'portal/attachment/?')]")
    assert reading.words(link) == "Attachments (1)"
    response = client.get(link.get("href"))
    assert [attachment.record for attachment in response.context["cl"].queryset] == [record]


def test_change_is_explained_audited_and_in_the_history(desk):
    attachment = make_attachment()
    client = desk("reviewer")
    form = client.get(change_address(attachment))
    assert "why" in errors_of(client.post(change_address(attachment), form_data(form, title_en="Report", why="")))
    client.post(change_address(attachment), form_data(form, title_en="Report", upload=upload(docx()), why="Corrected"))
    newest = attachment.history.latest()
    assert (newest.title_en, newest.format, newest.history_change_reason) == ("Report", "docx", "Corrected")
    client.post(address(Attachment, "delete", attachment.pk), {"post": "yes"})
    assert AuditEntry.objects.filter(what=AuditEntry.Action.DELETED, kind="attachment").exists()


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        (["Seedlings"], "The text of 1 page is searched while readers see the document."),
        (["Seedlings", "Trees"], "The text of 2 pages is searched while readers see the document."),
        ([" "], "No text was found in the PDF: perhaps it is scanned. The search does not find its words."),
    ],
    ids=["a page", "pages", "a scan"],
)
def test_desk_tells_whether_the_text_of_a_document_is_searched(desk, pages, words):
    attachment = make_attachment(pdf(*pages))
    assert words in reading.words(reading.page(desk("reviewer").get(change_address(attachment))))


@pytest.mark.parametrize(
    ("role", "size", "words"),
    [
        ("editor", 4_400, ""),
        ("editor", 4_600, "The space for files is nearly used up: 4,600 of 5,000 MB."),
        ("editor", 5_000, "The space for files is used up: 5,000 of 5,000 MB. Nobody can upload"),
        ("translator", 5_000, ""),
    ],
)
def test_desk_tells_those_who_upload_when_the_space_for_files_is_used_up(desk, role, size, words):
    pictures, documents = make_picture(), make_attachment()
    for file in (pictures, documents):
        type(file).objects.filter(pk=file.pk).update(size=size * 500_000)
    said = reading.words(reading.page(desk(role).get("/admin/")))
    assert words in said
    assert ("The space for files" in said) == bool(words)
