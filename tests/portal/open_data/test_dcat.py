"""The DCAT catalogue: its content, both formats, and conformance with DCAT-AP."""

import json
from collections import deque

import pytest
from pyshacl import validate
from rdflib import DCAT, DCTERMS, FOAF, PROV, RDF, Graph, Literal, URIRef
from rdflib.compare import isomorphic

from portal.formats.rdf import json_ld, node, turtle, typed
from portal.open_data import archive
from tests import reading
from tests.counting import queries
from tests.make import UNPUBLISHED, make_country, make_indicator, make_issue, make_observation, make_place, make_source

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),  # from rdflib itself
]

FORMS = {"ttl": ("turtle", "text/turtle"), "jsonld": ("json-ld", "application/ld+json")}
DATA = "http://testserver/en/data/"
LISTS = "http://publications.europa.eu/resource/authority"

# The required properties of DCAT-AP 3 and their types, for the classes that the portal uses; below, the ranges.
SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix : <urn:shapes:> .

:theme sh:path dcat:theme ; sh:minCount 1 ; sh:nodeKind sh:IRI ;
    sh:pattern "^http://publications.europa.eu/resource/authority/data-theme/[A-Z]{4}$" .
:language sh:path dct:language ; sh:minCount 1 ; sh:nodeKind sh:IRI ;
    sh:pattern "^http://publications.europa.eu/resource/authority/language/[A-Z]{3}$" .

:Catalog a sh:NodeShape ; sh:targetClass dcat:Catalog ; sh:nodeKind sh:IRI ;
    sh:property [ sh:path dct:title ; sh:node :Words ; sh:minCount 1 ], [ sh:path dct:description ; sh:minCount 1 ],
        [ sh:path dct:publisher ; sh:minCount 1 ; sh:maxCount 1 ; sh:class foaf:Agent ],
        [ sh:path dct:license ; sh:maxCount 1 ; sh:nodeKind sh:IRI ],
        [ sh:path foaf:homepage ; sh:maxCount 1 ; sh:nodeKind sh:IRI ],
        [ sh:path dct:modified ; sh:maxCount 1 ; sh:datatype xsd:date ],
        [ sh:path dcat:dataset ; sh:minCount 1 ; sh:class dcat:Dataset ],
        [ sh:path dcat:service ; sh:minCount 1 ; sh:class dcat:DataService ], :language .

:Words a sh:NodeShape ; sh:datatype rdf:langString ; sh:minLength 2 .

:Dataset a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:nodeKind sh:IRI ;
    sh:property [ sh:path dct:title ; sh:node :Words ; sh:minCount 1 ; sh:uniqueLang true ],
        [ sh:path dct:description ; sh:node :Words ; sh:minCount 1 ; sh:uniqueLang true ],
        [ sh:path dct:identifier ; sh:minCount 1 ; sh:maxCount 1 ],
        [ sh:path dct:publisher ; sh:minCount 1 ; sh:maxCount 1 ; sh:class foaf:Agent ],
        [ sh:path dcat:contactPoint ; sh:minCount 1 ; sh:maxCount 1 ],
        [ sh:path dct:modified ; sh:minCount 1 ; sh:maxCount 1 ; sh:datatype xsd:date ],
        [ sh:path dct:accessRights ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ],
        [ sh:path dcat:landingPage ; sh:minCount 1 ; sh:nodeKind sh:IRI ],
        [ sh:path dcat:keyword ; sh:node :Words ],
        [ sh:path dct:temporal ; sh:maxCount 1 ; sh:class dct:PeriodOfTime ],
        [ sh:path dct:spatial ; sh:nodeKind sh:IRI ],
        [ sh:path dcat:distribution ; sh:minCount 1 ; sh:class dcat:Distribution ], :theme, :language .

:Distribution a sh:NodeShape ; sh:targetClass dcat:Distribution ; sh:nodeKind sh:IRI ;
    sh:property [ sh:path dcat:accessURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ],
        [ sh:path dcat:downloadURL ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ],
        [ sh:path dct:format ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ;
          sh:pattern "^http://publications.europa.eu/resource/authority/file-type/[A-Z]+$" ],
        [ sh:path dcat:mediaType ; sh:minCount 1 ; sh:maxCount 1 ;
          sh:pattern "^https://www.iana.org/assignments/media-types/" ] ;
    sh:or ( [ sh:path dct:license ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ]
            [ sh:path dct:rights ; sh:minCount 1 ; sh:maxCount 1 ; sh:class dct:RightsStatement ] ) .

:Service a sh:NodeShape ; sh:targetClass dcat:DataService ;
    sh:property [ sh:path dct:title ; sh:minCount 1 ],
        [ sh:path dcat:endpointURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ],
        [ sh:path dcat:endpointDescription ; sh:minCount 1 ; sh:nodeKind sh:IRI ],
        [ sh:path dcat:servesDataset ; sh:minCount 1 ; sh:class dcat:Dataset ] .

:Period a sh:NodeShape ; sh:targetClass dct:PeriodOfTime ;
    sh:property [ sh:path dcat:startDate ; sh:minCount 1 ; sh:maxCount 1 ; sh:datatype xsd:gYear ],
        [ sh:path dcat:endDate ; sh:minCount 1 ; sh:maxCount 1 ; sh:datatype xsd:gYear ] .

:Concept a sh:NodeShape ; sh:targetClass skos:Concept ; sh:property [ sh:path skos:prefLabel ; sh:minCount 1 ] .
:Scheme a sh:NodeShape ; sh:targetClass skos:ConceptScheme ; sh:property [ sh:path dct:title ; sh:minCount 1 ] .
[] a sh:NodeShape ; sh:targetObjectsOf dct:spatial ; sh:class dct:Location .
[] a sh:NodeShape ; sh:targetObjectsOf dct:language ; sh:class dct:LinguisticSystem .
[] a sh:NodeShape ; sh:targetObjectsOf dct:format ; sh:class dct:MediaTypeOrExtent .
[] a sh:NodeShape ; sh:targetObjectsOf dct:license ; sh:class dct:LicenseDocument .
[] a sh:NodeShape ; sh:targetObjectsOf dct:accessRights ; sh:class dct:RightsStatement .
[] a sh:NodeShape ; sh:targetObjectsOf dct:conformsTo ; sh:class dct:Standard .
[] a sh:NodeShape ; sh:targetObjectsOf dct:type , dcat:theme , <http://data.europa.eu/r5r/availability> ;
    sh:class skos:Concept .
[] a sh:NodeShape ; sh:targetObjectsOf dct:source ; sh:class dcat:Dataset .
[] a sh:NodeShape ; sh:targetObjectsOf dcat:mediaType ; sh:class dct:MediaType .
[] a sh:NodeShape ; sh:targetObjectsOf dcat:themeTaxonomy ; sh:class skos:ConceptScheme .
[] a sh:NodeShape ; sh:targetObjectsOf dcat:landingPage , foaf:homepage ; sh:class foaf:Document .
"""


def catalogue(client, form="ttl"):
    response = client.get(f"/data/catalogue.{form}")
    kind, media = FORMS[form]
    assert (response.status_code, response.headers["Content-Type"]) == (200, f"{media}; charset=utf-8")
    return Graph().parse(data=response.content, format=kind)


def complaints(graph):
    """Return the violations that pyshacl reports for a graph."""
    shapes = Graph().parse(data=SHAPES, format="turtle")
    conforms, _found, words = validate(graph, shacl_graph=shapes)
    return "" if conforms else words


def dataset(graph, path):
    return URIRef(f"http://testserver/en/{path}")


def words(graph, subject, name):
    """Return a dict from language to text."""
    return {text.language: str(text) for text in graph.objects(subject, name)}


def test_catalogue_of_the_content_keeps_the_profile_and_says_the_same_in_both_forms(content, client):
    graph = catalogue(client)
    assert isomorphic(graph, catalogue(client, "jsonld"))
    assert complaints(graph) == ""
    assert len(set(graph.subjects(RDF.type, DCAT.Dataset))) == 1 + len(archive.KINDS) + 68
    assert len(set(graph.subjects(RDF.type, DCAT.Catalog))) == 1


def test_catalogue_has_the_recommended_properties(content, client):
    """Left out is what is not known: the kind of a publisher, the extent of a lake, the period of the glossary."""
    graph = catalogue(client)
    expected = {
        DCAT.Distribution: (DCTERMS.description, URIRef("http://data.europa.eu/r5r/availability"), DCTERMS.format),
        DCAT.Dataset: (DCAT.contactPoint, DCAT.keyword, DCAT.theme, DCTERMS.spatial, DCTERMS.publisher),
        DCAT.DataService: (DCAT.contactPoint, DCAT.keyword, DCAT.theme, DCTERMS.publisher, DCTERMS.conformsTo),
        DCAT.Catalog: (DCTERMS.issued, DCTERMS.modified, DCTERMS.spatial, DCAT.themeTaxonomy, FOAF.homepage),
        DCTERMS.LicenseDocument: (DCTERMS.type,),
    }
    for kind, names in expected.items():
        found = set(graph.subjects(RDF.type, kind))
        assert found
        assert [(one, name) for one in found for name in names if graph.value(one, name) is None] == []
    files = {"indicators", "observations", "events", "projects", "agreements", "results", "everything"}
    for name in files:
        span = graph.value(dataset(graph, f"data/#{name}"), DCTERMS.temporal)
        assert 1900 <= int(graph.value(span, DCAT.startDate)) < int(graph.value(span, DCAT.endDate)) < 2100
    aral = graph.value(dataset(graph, "places/aral-sea/#it"), DCAT.centroid)
    assert str(aral).startswith("POINT(5") or str(aral).startswith("POINT(6")


def test_profile_is_not_kept_by_a_catalogue_that_lacks_something(content, client):
    graph = catalogue(client)
    broken = [
        (DCTERMS.title, dataset(graph, "data/#projects")),
        (DCTERMS.publisher, URIRef(f"{DATA}#it")),
        (DCAT.accessURL, URIRef("http://testserver/data/projects.csv#it")),
        (DCTERMS.license, URIRef("http://testserver/data/projects.csv#it")),
    ]
    for name, subject in broken:
        kept = list(graph.triples((subject, name, None)))
        assert kept
        graph.remove((subject, name, None))
        assert str(subject) in complaints(graph), (subject, name)
        for triple in kept:
            graph.add(triple)


def test_every_file_of_the_catalogue_is_there_and_is_what_it_says(client):
    make_observation(indicator=make_indicator(key="area"))
    graph = catalogue(client)
    files = list(graph.subjects(RDF.type, DCAT.Distribution))
    assert len(files) == 2 + 2 * len(archive.KINDS) + 1 + 3  # the places as GeoJSON, and the indicator
    for file in files:
        [download], [media] = graph.objects(file, DCAT.downloadURL), graph.objects(file, DCAT.mediaType)
        response = client.get(str(download).removeprefix("http://testserver"))
        assert response.status_code == 200
        deque(response, maxlen=0)  # read to the end, which closes the open file
        assert response.headers["Content-Type"].partition(";")[0] == str(media).partition("media-types/")[2]
        [page] = graph.objects(file, DCAT.accessURL)
        assert client.get(str(page).removeprefix("http://testserver").partition("#")[0]).status_code == 200


def test_every_dataset_has_a_description_in_each_language_and_a_licence_with_an_address(content, client):
    graph = catalogue(client)
    found = list(graph.subjects(RDF.type, DCAT.Dataset))
    assert len(found) == 1 + len(archive.KINDS) + 68
    for one in found:
        described = words(graph, one, DCTERMS.description)
        assert set(described) == {"en", "ko", "ru"}
        assert min(map(len, described.values())) >= 50, one
        for file in graph.objects(one, DCAT.distribution):
            [licence] = graph.objects(file, DCTERMS.license)
            assert str(licence).startswith("https://creativecommons.org/") or str(licence).endswith("#licence")


def test_api_of_the_catalogue_answers_and_is_described(client):
    graph = catalogue(client)
    [service] = graph.subjects(RDF.type, DCAT.DataService)
    for name in (DCAT.endpointURL, DCAT.endpointDescription):
        [address] = graph.objects(service, name)
        assert client.get(str(address).removeprefix("http://testserver")).status_code == 200


def test_indicator_is_told_with_its_own_source_licence_years_and_places(client):
    source = make_source(key="fao", publisher="FAO")
    indicator = make_indicator(
        key="area", name_ko="면적", source=source, licence_en="Open, with attribution", licence_ko="개방"
    )
    indicator.issues.add(make_issue(name_en="Depletion", name_ru="Высыхание"))
    for place in (make_country(key="uz"), make_place(key="aral-sea", name_en="Aral Sea", name_ko="아랄해")):
        make_observation(indicator=indicator, place=place, year=1960, source=source)
        make_observation(indicator=indicator, place=place, year=2018, source=source)
    graph = catalogue(client)
    told = dataset(graph, "indicators/area/#it")
    assert words(graph, told, DCTERMS.title) == {"en": "Area of the Aral Sea", "ko": "면적"}
    keywords = {(word.language, str(word)) for word in graph.objects(told, DCAT.keyword)}
    assert keywords >= {("en", "Depletion"), ("ru", "Высыхание"), ("ko", "환경"), ("en", "Central Asia")}
    assert set(graph.objects(told, DCTERMS.spatial)) == {
        URIRef(f"{LISTS}/country/UZB"),
        URIRef("http://testserver/en/places/aral-sea/#it"),
    }
    [period] = graph.objects(told, DCTERMS.temporal)
    assert (str(graph.value(period, DCAT.startDate)), str(graph.value(period, DCAT.endDate))) == ("1960", "2018")
    assert str(graph.value(graph.value(told, DCTERMS.creator), FOAF.name)) == "FAO"
    assert graph.value(told, PROV.wasDerivedFrom) == URIRef("http://testserver/en/sources/fao/#it")
    for file in graph.objects(told, DCAT.distribution):
        assert graph.value(file, DCTERMS.license) == URIRef("http://testserver/en/indicators/area/#licence")
        rights = graph.value(file, DCTERMS.rights)
        assert {str(text) for text in graph.objects(rights, None)} >= {"Open, with attribution", "개방"}
    assert complaints(graph) == ""


def test_licence_with_an_address_is_given_by_it(client):
    make_indicator(key="area", licence_en="CC BY 4.0; contains modified Copernicus information")
    graph = catalogue(client)
    for file in graph.objects(dataset(graph, "indicators/area/#it"), DCAT.distribution):
        assert graph.value(file, DCTERMS.license) == URIRef("https://creativecommons.org/licenses/by/4.0/")


def test_values_are_not_under_the_licence_of_the_portals_words(client):
    graph = catalogue(client)
    files = set(graph.subjects(RDF.type, DCAT.Distribution))
    own = URIRef("https://creativecommons.org/licenses/by/4.0/")
    assert {file for file in files if graph.value(file, DCTERMS.license) != own} == {
        URIRef(f"http://testserver{path}#it")
        for path in (
            *("/data/observations.csv", "/api/v1/observations"),
            *(f"/data/{name}" for name in (archive.NAME, archive.SQLITE)),
        )
    }


@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_catalogue_names_nothing_that_is_not_published(client, publication):
    hidden = make_indicator(key="secret", publication=publication)
    shown = make_indicator(key="shown", source=make_source(key="secret-source", publication=publication))
    shown.issues.add(make_issue(name_en="Secret issue", publication=publication))
    make_observation(indicator=shown, place=make_place(key="secret-place", publication=publication))
    make_observation(indicator=hidden)
    said = client.get("/data/catalogue.ttl").content.decode()
    assert "indicators/shown/" in said
    assert "secret" not in said.lower()


def test_who_has_the_newest_catalogue_is_told_so(client):
    first = client.get("/data/catalogue.ttl")
    again = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/data/catalogue.ttl", headers=again).status_code == 304
    assert client.get("/data/catalogue.jsonld", headers=again).status_code == 200
    make_source()
    assert client.get("/data/catalogue.ttl", headers=again).status_code == 200


def test_catalogue_costs_the_same_for_many_indicators(client):
    make_observation()
    one = queries(client, "/data/catalogue.ttl")
    for _ in range(2):
        indicator = make_indicator()
        indicator.issues.add(make_issue())
        make_observation(indicator=indicator)
    assert len(queries(client, "/data/catalogue.ttl")) == len(one)


def test_page_of_the_data_leads_programs_to_it(client):
    links = reading.page(client.get("/ko/data/")).xpath("//head/link[@rel='alternate'][@title='DCAT-AP']")
    for link in links:
        assert client.get(link.get("href")).headers["Content-Type"].startswith(link.get("type"))
    assert len(links) == 2


def test_there_are_two_forms(client):
    assert client.get("/data/catalogue.rdf").status_code == 404


def test_any_text_and_address_is_written_so_that_it_is_read_back():
    text = 'He said: "\\n is \\ no\nline"\t\r\u2028 ^ 아랄해'
    said = node(
        "dcat:Dataset", "http://example.org/a b?<c>", dct_title=text, dct_modified=typed("2026-03-09", "xsd:date")
    )
    graphs = [
        Graph().parse(data=turtle([said]), format="turtle"),
        Graph().parse(data=json_ld([said]), format="json-ld"),
    ]
    assert isomorphic(*graphs)
    [subject] = set(graphs[0].subjects())
    assert str(subject) == "http://example.org/a%20b?%3Cc%3E"
    assert graphs[0].value(subject, DCTERMS.title) == Literal(text)
    assert json.loads(json_ld([said]))["@context"]["dcat"] == "http://www.w3.org/ns/dcat#"
