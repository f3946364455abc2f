"""The text of attached PDFs is found by the search while readers see them, and results say that it is in a document."""

import subprocess

import pytest

from portal.core import documents
from portal.core.choices import PublicationStatus
from portal.models import Attachment, DocumentText
from tests import reading
from tests.documents import docx, pdf
from tests.make import make_agreement, make_attachment, make_project, make_source

pytestmark = pytest.mark.django_db

WORD = "Haloxylon"


@pytest.fixture(scope="module")
def report():
    """A document of two pages. The word is on the second one."""
    return documents.clean(pdf("Contents of the report", f"Seedlings of {WORD} were planted on the dried bed"))


def results(client, language="en", word=WORD):
    """Return the hits as pairs of address and words of its document, None if the hit has none."""
    page = reading.page(client.get(f"/{language}/search/?q={word}"))
    found = []
    for hit in page.xpath("//li[@class='hit']"):
        told = hit.xpath("./p[@class='hit-excerpt'][.//a]")
        found.append((hit.xpath("./h3/a/@href")[0], reading.words(told[0]) if told else None))
    return found


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "In a document: Final report (PDF, page 2)"),
        ("ko", "문서에서: 최종 보고서 (PDF, 2쪽)"),
        ("ru", "В документе: Итоговый отчёт (PDF, с. 2)"),
    ],
)
@pytest.mark.parametrize(
    ("make", "path"), [(make_agreement, "agreements"), (make_project, "projects"), (make_source, "sources")]
)
def test_word_of_a_document_finds_its_record_and_the_hit_names_the_document_and_the_page(
    client, report, make, path, language, words
):
    attachment = make_attachment(report, **{path.removesuffix("s"): make(key="trees")})
    assert results(client, language) == [
        (f"/{language}/{path}/trees/", f"{words} Seedlings of {WORD} were planted on the dried bed")
    ]
    [link] = reading.page(client.get(f"/{language}/search/?q={WORD}")).xpath("//p[@class='hit-excerpt']/a")
    assert link.get("href") == attachment.src


def test_hit_whose_own_text_has_the_words_names_no_document(client, report):
    project = make_project(key="trees", summary_en=f"{WORD} on the dried bed.")
    make_attachment(report, project=project)
    assert results(client) == [("/en/projects/trees/", None)]


def test_text_of_a_hidden_document_and_of_a_draft_is_not_found(client, report):
    make_attachment(report, is_shown=False)
    make_attachment(report, project=make_project(publication=PublicationStatus.DRAFT))
    assert results(client) == []


def test_text_is_found_from_when_the_document_is_shown_until_it_is_hidden_or_deleted(client, report):
    attachment = make_attachment(report, is_shown=False, project=make_project(key="trees"))
    found = []
    for is_shown in (True, False, True):
        attachment.is_shown = is_shown
        attachment.save()
        found.append(len(results(client)))
    attachment.delete()
    assert [*found, len(results(client))] == [1, 0, 1, 0]


def test_text_moves_with_its_document_to_another_record(client, report):
    attachment = make_attachment(report, project=make_project(key="one"))
    assert [path for path, _document in results(client)] == ["/en/projects/one/"]
    attachment.project = make_project(key="two")
    attachment.save()
    assert [path for path, _document in results(client)] == ["/en/projects/two/"]


def test_text_is_read_once_and_only_of_a_pdf(report, monkeypatch):
    make_attachment(report)
    monkeypatch.setattr(documents, "run_pdf_process", None)  # a call would fail
    make_attachment(report)
    make_attachment(docx())
    assert DocumentText.objects.get().text.split("\f")[0] == "Contents of the report"
    assert Attachment.objects.count() == 3


def test_only_the_first_pages_are_read():
    text = documents.text_of(documents.clean(pdf(*(f"Page {number}" for number in range(205)))))
    assert text.count("\f") == 199
    assert text.endswith("Page 199")


@pytest.mark.parametrize("failure", ["time", "error"])
def test_document_whose_text_cannot_be_read_is_stored_without_it(client, report, monkeypatch, failure):
    def run(task, data, seconds):
        if failure == "time":
            raise subprocess.TimeoutExpired("pdf_process.py", seconds)
        return subprocess.CompletedProcess([], 1, b"", b"a stack trace")

    monkeypatch.setattr(documents, "run_pdf_process", run)
    attachment = make_attachment(report, project=make_project(key="trees"))
    assert attachment.document_text == ""
    assert results(client) == []
    assert client.get(attachment.src).status_code == 200
