"""Template tags for the head of a page."""

import pytest
from django.template import Context, Template
from lxml import html

from tests.make import make_project

pytestmark = pytest.mark.django_db


def head(source, rf, address, **context):
    """Return the head that a tag renders for a page, as a tree."""
    context = Context({"request": rf.get(address), **context})
    return html.fromstring(f"<head>{Template('{% load discovery %}' + source).render(context)}</head>")


def content(tree, name):
    return tree.xpath("//meta[@name=$name or @property=$name]/@content", name=name)


def test_page_of_a_record_is_an_article_with_a_citation(rf):
    project = make_project(key="trees", title_en="Trees <of> Aralkum")
    tree = head("{% head %}", rf, "/en/projects/trees/", record=project)
    assert tree.xpath("//link[@rel='canonical']/@href") == ["http://testserver/en/projects/trees/"]
    assert (content(tree, "og:type"), content(tree, "og:title")) == (["article"], ["Trees <of> Aralkum"])
    assert content(tree, "citation_title") == ["Trees <of> Aralkum"]


def test_other_page_is_a_part_of_the_website_without_a_citation(rf):
    tree = head("{% head %}", rf, "/en/about/", title="About")
    assert (content(tree, "og:type"), content(tree, "og:title")) == (["website"], ["About"])
    assert content(tree, "citation_title") == []


def test_record_is_cited_at_the_address_of_the_page(rf):
    tree = head("{% cited_as record %}", rf, "/ko/projects/trees/", record=make_project(key="trees"))
    assert content(tree, "citation_public_url") == ["http://testserver/ko/projects/trees/"]
