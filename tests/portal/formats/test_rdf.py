"""RDF as JSON-LD and Turtle: both contain the same statements, whatever the values are."""

import json

import pytest
from rdflib import Graph
from rdflib.compare import isomorphic

from portal.formats.rdf import address, json_ld, node, turtle, typed, words

pytestmark = pytest.mark.filterwarnings(
    "ignore:ConjunctiveGraph is deprecated:DeprecationWarning"
)  # from rdflib itself

SITE = "http://testserver/"


def parsed(text, form):
    graph = Graph()
    graph.parse(data=text, format=form)
    return graph


@pytest.mark.parametrize(
    "value",
    [
        "Aral Sea",
        'A "quoted" text with \\ and\nlines\tand tabs',
        words(["Sea", "바다", "Море"]),
        typed("2021-07-02", "xsd:date"),
        address('http://testserver/a page/<x>?q="y"'),
        node("foaf:Organization", SITE + "koica", foaf_name="KOICA"),
        node("dct:PeriodOfTime", dcat_startDate=typed("2020", "xsd:gYear")),
        ["one", "two"],
    ],
)
def test_both_syntaxes_state_the_same(value):
    nodes = [node("dcat:Dataset", SITE + "data", dct_title=value)]
    first, second = parsed(json_ld(nodes), "json-ld"), parsed(turtle(nodes), "turtle")
    assert len(first) > 1
    assert isomorphic(first, second)


def test_empty_values_and_languages_without_a_text_are_left_out():
    nodes = [node("dcat:Dataset", SITE, dct_title=words(["Sea", "", "Море"]), dct_description="", dcat_keyword=[])]
    [found] = json.loads(json_ld(nodes))["@graph"]
    assert found == {
        "@id": SITE,
        "@type": "dcat:Dataset",
        "dct:title": [{"@value": "Sea", "@language": "en"}, {"@value": "Море", "@language": "ru"}],
    }
