"""Records as Markdown: what they say, and that stored text never becomes markup."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from lxml import html
from markdown_it import MarkdownIt

from portal.formats.markdown import MOST_VALUES, escape, link
from tests.make import (
    UNPUBLISHED,
    make_citation,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_observation,
    make_organisation,
    make_participation,
    make_place,
    make_project,
    make_source,
)
from tests.portal.formats.files import full_project, items

pytestmark = pytest.mark.django_db

READERS = {"commonmark": MarkdownIt("commonmark"), "gfm": MarkdownIt("gfm-like", {"linkify": False, "html": True})}
ATTACKS = [
    "](javascript:alert(1))",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "<javascript:alert(1)>",
    "<https://evil.example/>",
    "# A heading",
    "text\n# A heading",
    "text\n===\nmore",
    "text\u2028# A heading\x85# Another",
    "---",
    "- an item",
    "1. an item",
    "1) an item",
    "> a quotation",
    "`code` and ``more``",
    "```\ncode\n```",
    "    code",
    "\tcode",
    "*strong* __strong__ ~~gone~~",
    "| a | b |\n|---|---|",
    "[x]: https://evil.example/",
    "&lt;script&gt; &#35; heading &copy;",
    "a \\",
    "\\[x](https://evil.example/)",
    "trailing #",
]


def tree(text, reader="commonmark"):
    """Return Markdown as a reader makes HTML of it."""
    return html.fromstring(f"<div>{READERS[reader].render(text)}</div>")


def document(client, path, **headers):
    response = client.get(path, **headers)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/markdown; charset=utf-8")
    return response.content.decode()


def shown(element):
    return " ".join(element.text_content().split())


# ── Escaping ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_escaped_text_is_read_as_it_is_written(attack, reader):
    said = tree(escape(attack), reader)
    assert [element.tag for element in said.iter()] == ["div", "p"]
    assert shown(said) == " ".join(attack.replace("\x85", " ").replace("\u2028", " ").split())


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_title_of_a_link_cannot_change_its_target(attack, reader):
    said = tree(link(attack, "https://example.org/a(b)?x=1&copy;=2"), reader)
    assert [element.tag for element in said.iter()] == ["div", "p", "a"]
    assert said.xpath("//a/@href") == ["https://example.org/a%28b%29?x=1&copy%3B=2"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", " javascript:x", "data:text/html,x", "//evil.example", "", None]
)
def test_only_web_addresses_are_links(url):
    assert link("A title", url) == "A title"


@pytest.mark.parametrize(
    "url",
    ["https://example.org/) [x](javascript:x", "https://example.org/\n# x", "https://a.example/<b>", "https://a/`"],
)
def test_address_stays_in_its_link(url):
    assert [element.tag for element in tree(link("A title", url)).iter()] == ["div", "p", "a"]


@pytest.mark.any_database
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_record_full_of_attacks_has_the_structure_of_any_other(client, attack, reader):
    project = make_project(
        key="trees",
        title_en=attack,
        summary_en=f"{attack}\n\nAnd {attack}",
        activities_en=f"{attack}\n\n{attack}",
        note_en=attack,
    )
    project.countries.add(make_country(key="uz", name_en=attack))
    make_participation(project=project, organisation=make_organisation(key="a", name_en=attack), role="funding")
    make_citation(project, make_source(key="s", title=attack, publisher=attack, licence_en=attack))
    said = tree(document(client, "/en/projects/trees.md"), reader)
    tags = [element.tag for element in said.iter()]
    assert not set(tags) - {"div", "h1", "h2", "blockquote", "p", "ul", "ol", "li", "strong", "a"}
    assert tags.count("h1") == 1
    assert [shown(one) for one in said.xpath("//h2")] == ["Activities", "Evidence", "Note", "Sources", "Licence"]
    assert all(href.startswith(("http://testserver/", "https://")) for href in said.xpath("//a/@href"))
    assert not [href for href in said.xpath("//a/@href") if "evil" in href]
    assert len(said.xpath("//blockquote")) == 1


# ── What a record says ───────────────────────────────────────────────────────────────────────────────────────────


def test_record_has_title_facts_texts_sources_address_and_date(client):
    project = full_project()
    said = tree(text := document(client, "/en/projects/trees.md"))
    assert shown(said.find(".//h1")) == "Trees"
    assert shown(said.find(".//blockquote")) == "Saxaul is planted on the dry bed."
    facts = dict(shown(item).split(": ", 1) for item in said.xpath("//ul/li"))
    assert facts["URL"] == "http://testserver/en/projects/trees/"
    assert facts["Last changed"] == project.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (facts["Status"], facts["End"]) == ("Completed", "2023-05")
    assert facts["Budget"] == "USD 5,600,000.5"
    assert facts["Organisations"] == "KOICA (role: Funding)"
    assert "[KOICA](http://testserver/en/organisations/koica/)" in text
    assert "1. [A paper](https://example.org/paper)" in text
    assert text.endswith("<https://creativecommons.org/licenses/by/4.0/>\n")


def test_source_has_its_licence_and_marks_of_texts_are_its_number(client):
    issue = make_issue(key="sea", state_en="It shrank [paper], by half [other] [unknown]. So.\n\nAnd [paper]")
    make_citation(issue, make_source(key="other", title="Other", url="https://example.org/o"))
    make_citation(issue, make_source(key="paper", title="A paper", url="https://example.org/p", licence_en="CC BY"))
    text = document(client, "/en/issues/sea.md")
    assert "## State\n\nIt shrank \\[2\\], by half \\[1\\]. So.\n\nAnd \\[2\\]\n\n" in text
    assert "2. [A paper](https://example.org/p)" in text
    assert "Licence: CC BY" in text


@pytest.mark.parametrize(
    ("language", "title", "word"), [("en", "Trees", "Status"), ("ko", "나무", "상태"), ("ru", "Деревья", "Статус")]
)
def test_record_is_in_the_language_of_its_address(client, language, title, word):
    full_project()
    text = document(client, f"/{language}/projects/trees.md")
    assert text.startswith(f"# {title}\n")
    assert f"http://testserver/{language}/projects/trees/" in text
    assert document(client, f"/en/projects/trees.md?lang={language}").startswith(f"# {title}\n")


def test_indicator_has_its_values(client, monkeypatch):
    indicator = make_indicator(key="area")
    place = make_place(key="sea", name_en="A | sea")
    for year in (2000, 2001):
        make_observation(indicator=indicator, place=place, year=year, value="6990.5")
    said = tree(document(client, "/en/indicators/area.md"), "gfm")
    rows = [[shown(cell) for cell in row] for row in said.xpath("//tbody/tr")]
    assert [row[:3] for row in rows] == [["A | sea", "2000", "6,990.5"], ["A | sea", "2001", "6,990.5"]]
    monkeypatch.setattr("portal.formats.markdown.MOST_VALUES", 1)
    text = document(client, "/en/indicators/area.md?lang=en")
    assert "| 2001 |" not in text
    assert "[CSV](http://testserver/en/indicators/area.csv)" in text
    assert MOST_VALUES == 500


def test_record_names_the_lists_of_records_about_it(client):
    project = full_project()
    project.issues.add(make_issue(key="sea"))
    counts = {"countries/uz": 5, "issues/sea": 5, "places/nukus": 3, "organisations/koica": 2, "sources/paper": 1}
    for path, count in counts.items():
        said = tree(document(client, f"/ko/{path}.md"))
        urls = [url for url in said.xpath("//a/@href") if ".json?" in url]
        assert len(urls) == count
        for url in urls:
            answer = client.get(url.removeprefix("http://testserver"))
            assert answer.status_code == 200
            if "/projects.json" in url:
                assert [(item["key"], item["title"]) for item in items(answer)] == [("trees", "나무")]
    assert ".json?" not in document(client, "/ko/projects/trees.md")


def test_client_that_prefers_markdown_is_sent_to_it(client):
    make_project(key="trees")
    response = client.get("/ko/projects/trees/", headers={"Accept": "text/markdown, text/html;q=0.8"})
    assert (response.status_code, response.headers["Location"]) == (303, "/ko/projects/trees.md")
    response = client.get("/ko/projects/trees/", headers={"Accept": "text/html"})
    assert ".md" not in response.content.decode()


def test_lists_have_no_markdown(client):
    assert client.get("/en/projects.md").status_code == 406


@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_draft_has_no_markdown_and_is_not_named(client, publication):
    make_project(key="secret", publication=publication, title_en="Secret")
    assert client.get("/en/projects/secret.md").status_code in {404, 410}
    project = make_project(key="trees")
    make_citation(project, make_source(key="hidden", title="Secret", publication=publication))
    project.countries.add(make_country(key="zz", name_en="Secret", publication=publication))
    assert "Secret" not in document(client, "/en/projects/trees.md")


@pytest.mark.any_database
def test_number_of_queries_does_not_grow(client):
    event, counts = make_event(key="dam"), []
    for _ in range(2):
        for number in range(9 * len(counts) + 1):
            make_citation(event, make_source(key=f"s{len(counts)}-{number}"))
            event.places.add(make_place(key=f"p{len(counts)}-{number}"))
        with CaptureQueriesContext(connection) as queries:
            document(client, "/en/timeline/dam.md")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_file_is_not_sent_again(client):
    make_project(key="trees")
    first = client.get("/en/projects/trees.md")
    assert client.get("/en/projects/trees.md", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert first.headers["X-Robots-Tag"] == "noindex"
