"""Template tags for texts and links in three languages."""

import re

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils.translation import override

from issues.models import Term
from portal.models import Place
from portal.search.glossary_terms import GlossaryMarker
from tests.make import UNPUBLISHED, make_term


def rendered(source, **context):
    return Template("{% load languages %}" + source).render(Context(context)).strip()


PLACE = Place(name_en="Nukus", name_ko="누쿠스", name_ru="")


@pytest.mark.parametrize(
    ("language", "shown"), [("en", "Nukus"), ("ko", "누쿠스"), ("ru", '<span lang="en">Nukus</span>')]
)
def test_text_that_stands_in_says_its_language(language, shown):
    with override(language):
        assert rendered('{% text place "name" %}', place=PLACE) == shown
        assert rendered("{{ place|name }}", place=PLACE) == shown


def test_text_of_a_record_is_escaped():
    assert rendered('{% text place "name" %}', place=Place(name_en="<b>A & B")) == "&lt;b&gt;A &amp; B"


# ── The glossary ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def tugai(db):
    return make_term(key="tugai", term_en="Tugai", definition_en="Forest along rivers.")


def test_first_use_of_a_term_opens_its_definition(tugai):
    record = Place(name_en="Tugai of Nukus & more tugai")
    html = rendered(
        '{% glossary_text record "name" %}{% glossary_definitions %}', record=record, glosses=GlossaryMarker()
    )
    assert html.count('popovertarget="gloss-tugai"') == 1
    assert html.index("</button> of Nukus &amp; more tugai") > 0
    assert 'id="gloss-tugai"' in html
    assert "Forest along rivers." in html


def test_safe_html_stays_as_it_is_but_for_its_terms(tugai):
    html = rendered('{% glossary_html html "en" %}', html="<p>The <b>tugai</b>.</p>", glosses=GlossaryMarker())
    assert re.sub("</?(button|span).*?>", "", html) == "<p>The <b>tugai</b>.</p>"
    assert html.count("<button") == 1


def test_terms_that_nobody_used_have_no_definitions(tugai):
    assert rendered("{% glossary_definitions %}", glosses=GlossaryMarker()) == ""
    assert rendered("{% glossary_definitions %}") == ""  # a page without prose


@pytest.mark.django_db
@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_terms_that_readers_cannot_see_are_not_explained(publication):
    make_term(term_en="Tugai", publication=publication)
    assert Term.objects.exists()
    assert rendered('{% glossary_html "Tugai" "en" %}', glosses=GlossaryMarker()) == "Tugai"


# ── The languages of a page ──────────────────────────────────────────────────────────────────────────────────


def links(address):
    """Return the links to the languages of the page at this address."""
    link = "{{ link.code }} {{ link.url|safe }} {{ link.now }};"
    source = "{% language_links as links %}{% for link in links %}" + link + "{% endfor %}"
    return rendered(source, request=RequestFactory().get(address)).rstrip(";").split(";")


def test_page_leads_to_itself_in_each_language_with_its_query():
    with override("ko"):
        assert links("/ko/projects/?country=uz&q=%EB%82%98") == [
            "en /en/projects/?country=uz&q=%EB%82%98 False",
            "ko /ko/projects/?country=uz&q=%EB%82%98 True",
            "ru /ru/projects/?country=uz&q=%EB%82%98 False",
        ]


def test_page_without_a_query_has_none():
    assert links("/en/projects/")[2] == "ru /ru/projects/ False"


def test_path_that_is_no_page_is_escaped():
    assert links("/en/%3Cscript%3E/%EB%82%98/")[1] == "ko /ko/%3Cscript%3E/%EB%82%98/ False"


def test_languages_are_named_in_themselves():
    names = rendered(
        "{% language_links as links %}{% for link in links %}{{ link.name }};{% endfor %}",
        request=RequestFactory().get("/en/"),
    )
    assert names == "English;한국어;Русский;"


def test_template_without_a_request_has_no_links():
    """An e-mail or the page of an outage has no request."""
    assert rendered("{% language_links as links %}{{ links|length }}") == "0"
