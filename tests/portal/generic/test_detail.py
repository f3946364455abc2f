"""Record pages: footnotes, former keys, query parameters and formats."""

import pytest
from django.utils import timezone

from portal.core.choices import PublicationStatus
from portal.generic.detail import RecordView, source_footnotes
from projects.views import ProjectPage
from tests import reading
from tests.make import (
    make_agreement,
    make_citation,
    make_former_key,
    make_issue,
    make_key_figure,
    make_outcome,
    make_project,
    make_source,
)

pytestmark = pytest.mark.django_db


def test_footnotes_are_the_published_sources_in_the_editors_order():
    project = make_project()
    second, first, hidden = (make_source(key=key) for key in ("b", "a", "hidden"))
    hidden.publication = PublicationStatus.DRAFT
    hidden.save()
    for position, source in enumerate((second, hidden, first), start=1):
        make_citation(project, source, position=position)
    notes = source_footnotes(project)
    assert [(number, source.key, list(told)) for number, source, told in notes] == [(1, "b", []), (2, "a", [])]


QUOTATION = "Вода <b>вернулась</b>."
COPY = "https://web.archive.org/web/2026/https://example.org/"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Page: 12 Read on 2 March 2026 Archived copy"),
        ("ko", "쪽: 12 확인한 날: 2026년 3월 2일 보존 사본"),
        ("ru", "Страница: 12 Дата обращения: 2 марта 2026 г. Архивная копия"),
    ],
)
def test_note_has_the_words_the_page_the_day_and_the_copy_of_what_was_cited(client, language, words):
    project, source = make_project(key="trees"), make_source(key="a", language="ru")
    make_citation(project, source, page="12", quotation=QUOTATION, read_on="2026-03-02", archived_url=COPY)
    make_citation(project, make_source(key="b"))
    first, second = reading.page(client.get(f"/{language}/projects/trees/")).xpath("//ol[@class='note-list']/li")
    [passage] = first.xpath("./p[@class='passage']")
    assert reading.words(passage) == f"{QUOTATION} {words}"
    [quotation] = passage.xpath("./q")
    assert (quotation.get("lang"), quotation.text) == ("ru", QUOTATION)
    assert passage.xpath("./a/@href") == [COPY]
    assert not second.xpath("./p")


def test_note_tells_each_passage_of_a_source_once(client):
    agreement, source = make_agreement(key="pact"), make_source()
    make_citation(agreement, source, page="3")
    for page in ("3", "7"):
        make_citation(make_outcome(agreement=agreement), source, page=page)
    passages = reading.page(client.get("/en/agreements/pact/")).xpath("//ol[@class='note-list']//p[@class='passage']")
    assert list(map(reading.words, passages)) == ["Page: 3", "Page: 7"]


def test_figure_of_an_issue_tells_its_passage(client):
    figure = make_key_figure(issue=make_issue(key="aral"))
    make_citation(figure, make_source(), page="9")
    assert "Page: 9" in reading.words(reading.page(client.get("/en/issues/aral/")))


def test_former_key_redirects_to_the_record_that_replaced_it(client):
    make_project(key="trees")
    make_former_key(kind="project", key="forest", now="trees")
    response = client.get("/ko/projects/forest/")
    assert (response.status_code, response["Location"]) == (301, "/ko/projects/trees/")
    day = timezone.localdate().isoformat()
    response = client.get(f"/en/projects/forest/on/{day}/")
    assert (response.status_code, response["Location"]) == (301, f"/en/projects/trees/on/{day}/")


def test_key_that_never_existed_is_not_found(client):
    assert client.get("/en/projects/forest/").status_code == 404


def test_page_and_file_have_their_own_parameters():
    class Page(RecordView):
        parameters = ("year",)
        file_parameters = ("fields",)

    assert Page.known_parameters(as_file=False) == {"year", "format"}
    assert Page.known_parameters(as_file=True) == {"year", "format", "lang", "fields", "full", "hxl"}


def test_todays_version_has_related_records_and_all_formats_and_a_past_one_has_neither(client):
    project = make_project(key="trees", updated_at=timezone.now())
    today, past = (
        client.get(url) for url in ("/en/projects/trees/", f"{project.get_absolute_url()}on/{timezone.localdate()}/")
    )
    assert today.status_code == past.status_code == 200
    assert set(ProjectPage().related_context(project)) <= set(today.context_data)
    assert "X-Robots-Tag" not in today.headers
    assert past.headers["X-Robots-Tag"] == "noindex"
    names = [{link.name for link in page.context_data["record_formats"]} for page in (today, past)]
    assert names[1] < names[0]
    assert reading.page(past).get("lang") == "en"
