"""Template tags of components: what they show and what they leave out."""

import pytest
from django.template import Context, Template
from django.utils.safestring import SafeString
from django.utils.translation import override
from lxml import html

from portal.facets.filters import Option
from projects.models import Project
from tests import reading
from tests.make import make_project, make_sdg

LOAD = "{% load components %}"


def rendered(source, **context):
    return Template(LOAD + source).render(Context(context))


def tree(source, **context):
    return html.fromstring(f"<div>{rendered(source, **context)}</div>")


def test_text_of_a_tag_is_escaped():
    shown = rendered("{% tag words 'water' %}", words="<b>Water</b>")
    assert shown == '<span class="tag tag-water">&lt;b&gt;Water&lt;/b&gt;</span>'
    assert isinstance(shown, SafeString)


@pytest.mark.parametrize("status", Project.Status)
def test_each_status_of_a_project_has_a_tag_in_the_readers_language(status):
    with override("ko"):
        [tag] = tree("{% status_tag project %}", project=Project(status=status)).find_class("tag")
        assert tag.text.startswith(str(status.label))


@pytest.mark.parametrize(("language", "unknown"), [("en", "Not known"), ("ko", "알려지지 않음"), ("ru", "Неизвестно")])
def test_fact_has_a_label_and_a_value_or_says_that_it_is_not_known(language, unknown):
    source = "{% fact 'Budget' %} {{ value }} {% endfact %}"
    with override(language):
        assert reading.words(tree(source, value="<b>1</b>").xpath("div/dd")[0]) == "<b>1</b>"
        [empty] = tree(source, value="").xpath("div")
    assert [reading.words(part) for part in empty] == ["Budget", unknown]


def test_section_has_an_anchor_and_is_left_out_if_it_is_empty():
    source = "{% section title='Issues' id='issues' more=more more_url='/x/' %}{{ content }}{% endsection %}"
    [shown] = tree(source, content="Two.", more="").xpath("section")
    [heading] = shown.xpath(".//*[@id='issues']")
    assert (reading.words(heading), "Two." in shown.text_content()) == ("Issues", True)
    assert rendered(source, content=" \n ", more="").strip() == ""
    [link] = tree(source, content="", more="All issues").xpath("section//a[@href='/x/']")
    assert "All issues" in reading.words(link)


def test_link_to_all_projects_keeps_the_filters():
    [link] = tree("{% all_projects 12 country='uz' area='water' %}").xpath(".//a")
    assert link.get("href") == "/en/projects/?country=uz&area=water"
    assert "12" in reading.words(link)


@pytest.mark.django_db
def test_goals_are_listed_in_order_with_their_targets_and_lead_to_the_list():
    project = make_project()
    for code in ("13", "6.10", "6.4"):
        make_sdg(project, code)
    shown = tree("{% sdg_list project %}", project=project)
    assert shown.xpath(".//a/@href") == ["/en/projects/?sdg=6", "/en/projects/?sdg=13"]
    assert "targets 6.4, 6.10" in reading.words(shown)


def test_options_of_a_facet_are_check_boxes_with_their_state_and_count():
    options = [
        Option("kz", "<b>Kazakhstan</b>", 1200, True),
        Option('"uz', "Uzbekistan", 0, False),
        Option("kg", "Kyrgyzstan", None, False),
    ]
    shown = tree("{% facet_options 'country' options %}", options=options)
    boxes = shown.xpath("label/input[@type='checkbox'][@name='country']")
    assert [(box.get("value"), "checked" in box.attrib, "disabled" in box.attrib) for box in boxes] == [
        ("kz", True, False),
        ('"uz', False, True),
        ("kg", False, False),
    ]
    assert [reading.words(label) for label in shown.xpath("label")] == [
        "<b>Kazakhstan</b> 1,200",
        "Uzbekistan 0",
        "Kyrgyzstan",
    ]
    assert not shown.xpath(".//b")
