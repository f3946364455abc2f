"""Records of OAI-PMH as Dublin Core."""

import pytest
from lxml import etree
from sickle.oaiexceptions import (
    IdDoesNotExist,
)

from tests.make import (
    make_agreement,
    make_area,
    make_citation,
    make_country,
    make_issue,
    make_party,
    make_project,
    make_source,
    make_term,
)
from tests.portal.open_data.oai.harvest import NAMES, identifiers

pytestmark = pytest.mark.django_db

LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def dublin_core(harvester, identifier):
    """Return the elements of a record: (name, language, text)."""
    record = harvester.GetRecord(identifier=f"oai:testserver:{identifier}", metadataPrefix="oai_dc")
    [root] = record.xml.find("oai:metadata", NAMES)
    assert etree.QName(root).localname == "dc"
    return [(etree.QName(child).localname, child.get(LANG), child.text) for child in root]


# ── Content ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_records_are_to_be_had_as_dublin_core(harvester):
    make_project(key="trees")
    for asked in ({}, {"identifier": "oai:testserver:project/trees"}):
        [form] = harvester.ListMetadataFormats(**asked)
        assert (form.metadataPrefix, form.metadataNamespace) == (
            "oai_dc",
            "http://www.openarchives.org/OAI/2.0/oai_dc/",
        )


# ── A record ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_record_is_told_in_all_languages_that_it_is_written_in(harvester):
    issue, country = make_issue(name_ko="아랄해 고갈"), make_country(key="uz", name_ru="Узбекистан")
    project = make_project(key="trees", title_ru="Деревья", start="2021", end="2024-12")
    project.countries.add(country)
    project.issue_links.create(issue=issue, significance="principal", rationale_en="It says so.")
    make_area(project)
    make_citation(project, make_source(url="https://example.org/trees"))
    told = dublin_core(harvester, "project/trees")
    assert [one for one in told if one[0] == "title"] == [
        ("title", "en", "Trees for the Aralkum"),
        ("title", "ru", "Деревья"),
    ]
    assert ("subject", "ko", "아랄해 고갈") in told
    assert ("description", "en", "Saxaul is planted on the dry bed.") in told
    assert [one[2] for one in told if one[0] == "coverage"] == ["Uzbekistan", "Узбекистан", "2021/2024-12"]
    assert [one[2] for one in told if one[0] == "language"] == ["en", "ru"]
    assert ("identifier", None, "http://testserver/en/projects/trees/") in told
    assert ("source", None, "https://example.org/trees") in told
    assert ("rights", None, "https://creativecommons.org/licenses/by/4.0/") in told


def test_source_is_told_as_the_work_that_it_is(harvester):
    make_source(
        key="aral",
        title_original="Будущее",
        language="ru",
        date="2016-03",
        author="Micklin",
        doi="10.1007/x",
        kind="dataset",
    )
    told = dublin_core(harvester, "source/aral")
    assert told == [
        ("title", "ru", "Будущее"),
        ("title", "en", "The Future Aral Sea"),
        ("creator", None, "Micklin"),
        ("publisher", None, "Environmental Earth Sciences"),
        ("date", None, "2016-03"),
        ("type", None, "Dataset"),
        ("type", "en", "Dataset"),
        ("identifier", None, "https://doi.org/10.1007/x"),
        ("identifier", None, "http://testserver/en/sources/aral/"),
        ("language", None, "ru"),
    ]


def test_parties_are_what_an_agreement_covers(harvester):
    agreement = make_agreement(key="forests", date="2021-07-02")
    make_party(agreement=agreement, country=make_country(key="uz"), organisation=None)
    told = dublin_core(harvester, "agreement/forests")
    assert [one[2] for one in told if one[0] == "coverage"] == ["Uzbekistan", "2021-07-02"]


def test_text_with_signs_of_xml_is_whole(harvester):
    make_project(key="trees", title_en="<b>Trees & “more” \x0b</b>")
    assert ("title", "en", "<b>Trees & “more” </b>") in dublin_core(harvester, "project/trees")


def test_terms_have_no_page_and_no_record(harvester):
    make_term(key="tugai"), make_project()
    assert len(identifiers(harvester)) == 1
    with pytest.raises(IdDoesNotExist):
        harvester.GetRecord(identifier="oai:testserver:term/tugai", metadataPrefix="oai_dc")
