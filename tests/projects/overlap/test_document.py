"""The result of an overlap check as a document."""

import pytest

from projects.brief.docx import docx_file
from projects.brief.pdf import pdf_file
from projects.overlap.answer import answer_plan
from projects.overlap.document import document_of
from projects.overlap.plan import Plan
from tests.projects.brief.worlds import texts_of

URL = "https://portal.example.org/en/plan/"


@pytest.mark.django_db
def test_without_neighbours_it_says_that_nothing_was_found_and_how_it_was_searched():
    answer = answer_plan(Plan(text="A tram for Nukus"))
    document = document_of(answer, "", URL)
    text = texts_of(document)
    assert document.title == "Overlap check"
    assert "No project in the portal is near to this. It may exist all the same." in text
    assert "Of 0 published projects" in document.made


@pytest.mark.usefixtures("content")
def test_it_has_what_the_answer_has():
    plan = Plan(text="Saxaul forest on the dry bed of the Aral Sea", countries=("kz",), issues=("aralkum",))
    answer = answer_plan(plan)
    document = document_of(answer, "Trees for the Aralkum", URL)
    text = texts_of(document)
    assert document.title == "Trees for the Aralkum"
    assert answer["items"]
    for item in answer["items"]:
        assert item["title"] in text
        assert "; ".join(item["reasons"]) in text
    for item in answer["agreements"]:
        assert item["title"] in text
    for gap in answer["gaps"]:
        assert gap in text
    assert pdf_file(document).startswith(b"%PDF")
    assert docx_file(document).startswith(b"PK")
