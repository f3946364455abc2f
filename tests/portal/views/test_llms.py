"""`/llms.txt`, read as llmstxt.org proposes it."""

import re

import pytest
from django.urls import Resolver404, resolve
from protego import Protego

from tests.make import UNPUBLISHED, make_country, make_issue

pytestmark = pytest.mark.django_db

ADDRESS = "/llms.txt"
LINK = re.compile(r"- \[(?P<title>(?:[^\]\\]|\\.)+)\]\((?P<url>\S+)\)(?:: (?P<note>.+))?")


def parsed(text):
    """Return the title, the summary, and a dict from section to links, as the format has them."""
    head, *sections = re.split(r"^## ?(.*)$", text, flags=re.MULTILINE)
    title, summary = re.match(r"# (.+)\n\n> (.+)\n", head).groups()
    found = {}
    for name, body in zip(sections[::2], sections[1::2], strict=True):
        found[name] = [LINK.fullmatch(line).groupdict() for line in body.strip().splitlines()]
    return title, summary, found


def read(client):
    response = client.get(ADDRESS)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/markdown; charset=utf-8")
    return response.content.decode()


def test_file_has_the_parts_of_the_format(client):
    make_country(key="uz", name_en="Uzbekistan", group="central-asia")
    make_issue(key="sea", name_en="A [sea]\n# lost", summary_en="It shrank.")
    title, summary, sections = parsed(read(client))
    assert title == "Central Asia Environment and Cooperation Portal"
    assert summary.startswith("Sourced records on the environment of Central Asia")
    assert list(sections) == ["For programs", "Lists", "Countries", "Issues", "Optional"]
    assert sections["For programs"][0]["url"] == "http://testserver/mcp"
    assert sections["Countries"] == [
        {"title": "Uzbekistan", "url": "http://testserver/en/countries/uz.md", "note": None}
    ]
    assert sections["Issues"] == [
        {"title": r"A \[sea\] \# lost", "url": "http://testserver/en/issues/sea.md", "note": "It shrank."}
    ]


def test_links_lead_somewhere_and_crawlers_may_follow_those_to_records(content, client):
    _title, _summary, sections = parsed(read(client))
    rules = Protego.parse(client.get("/robots.txt").content.decode())
    urls = [link["url"] for links in sections.values() for link in links]
    assert len(urls) == len(set(urls)) > 40
    for url in urls:
        try:
            resolve(url.removeprefix("http://testserver"))
        except Resolver404:
            pytest.fail(url)
        if url.endswith(".md"):
            assert rules.can_fetch(url, "crawler")
    for url in (sections["Countries"][0]["url"], sections["Issues"][0]["url"]):
        assert client.get(url.removeprefix("http://testserver")).status_code == 200


def test_file_has_no_drafts_and_is_revalidated(client):
    for publication in UNPUBLISHED:
        make_issue(key=f"not-{publication}", name_en="Secret", publication=publication)
    first = client.get(ADDRESS)
    assert "Secret" not in first.content.decode()
    assert "Issues" not in parsed(first.content.decode())[2]
    assert client.get(ADDRESS, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    make_issue()
    assert client.get(ADDRESS, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
