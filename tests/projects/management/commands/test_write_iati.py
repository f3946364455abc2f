"""The command write_iati writes the portal's data on the IATI standard from a folder of the standard."""

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from projects.management.commands import write_iati
from projects.management.commands.write_iati import LISTS, VERSIONS, Schema, merged


def test_a_folder_without_the_standard_is_refused(tmp_path):
    with pytest.raises(CommandError, match="holds no codelists"):
        call_command("write_iati", tmp_path)


# ── A small standard ─────────────────────────────────────────────────────────────────────────────────────────

ACTIVITIES = """<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema">
  <xsd:element name="iati-activity">
    <xsd:complexType>
      <xsd:sequence>
        <xsd:element ref="title" minOccurs="1" maxOccurs="1"/>
        <xsd:element ref="sector" minOccurs="0" maxOccurs="unbounded"/>
        {more}
      </xsd:sequence>
      <xsd:attribute name="hierarchy" type="xsd:int"/>
      <xsd:attribute ref="xml:lang"/>
    </xsd:complexType>
  </xsd:element>
  <xsd:element name="title" type="textRequiredType"/>
  <xsd:element name="sector">
    <xsd:complexType>
      <xsd:sequence><xsd:element ref="narrative" minOccurs="0" maxOccurs="unbounded"/></xsd:sequence>
      <xsd:attribute name="code" type="xsd:string" use="required"/>
      <xsd:attribute name="percentage" type="xsd:decimal" use="{use}"/>
    </xsd:complexType>
  </xsd:element>
  <xsd:element name="budget-line" type="xsd:decimal"/>
</xsd:schema>"""
COMMON = """<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema">
  <xsd:complexType name="textRequiredType">
    <xsd:sequence><xsd:element ref="narrative" minOccurs="1" maxOccurs="unbounded"/></xsd:sequence>
  </xsd:complexType>
  <xsd:element name="narrative">
    <xsd:complexType>
      <xsd:simpleContent>
        <xsd:extension base="xsd:string"><xsd:attribute ref="xml:lang"/></xsd:extension>
      </xsd:simpleContent>
    </xsd:complexType>
  </xsd:element>
</xsd:schema>"""


def write_schema(folder, *, more="", use="required"):
    folder.mkdir(parents=True)
    (folder / "iati-activities-schema.xsd").write_text(ACTIVITIES.format(more=more, use=use))
    (folder / "iati-common.xsd").write_text(COMMON)
    return folder


@pytest.fixture
def standard(tmp_path):
    """Return a folder with a small standard: two versions are alike, and the last one has one element more."""
    folder = tmp_path / "standard"
    for version in VERSIONS:
        is_last = version == VERSIONS[-1]
        more = '<xsd:element ref="budget-line" minOccurs="1" maxOccurs="1"/>' if is_last else ""
        write_schema(folder / "xsd" / version, more=more, use="optional" if is_last else "required")
    (folder / "codelists").mkdir()
    for name in LISTS:
        text = "code,status\n1,active\n2,withdrawn\n"
        (folder / "codelists" / f"{name}.csv").write_text(text)
    (folder / "codelists" / "Sector.csv").write_text(
        "code,status,name_en\n14010,active,Water policy\n14011,withdrawn,Old\n"
    )
    (folder / "suggest").mkdir()
    (folder / "suggest" / "rules.csv").write_text(
        "issue,kind,match,weight\nsalt-dust,words,salt|соль,3\n*,sector,14010,1\n", encoding="utf-8"
    )
    return folder


def test_schema_has_each_element_by_its_path(tmp_path):
    found = Schema(write_schema(tmp_path / "xsd")).found
    assert list(found) == [
        "iati-activity",
        "iati-activity/title",
        "iati-activity/title/narrative",
        "iati-activity/sector",
        "iati-activity/sector/narrative",
    ]
    assert found["iati-activity"]["children"] == [["title", 1, 1], ["sector", 0, 0]]
    assert found["iati-activity"]["attributes"] == {"hierarchy": ["int", False]}  # not those of XML itself
    assert found["iati-activity/sector"]["attributes"] == {
        "code": ["string", True],
        "percentage": ["decimal", True],
    }
    assert found["iati-activity/title/narrative"]["text"] == "string"


def test_structure_allows_what_any_version_allows_and_requires_what_all_require(standard):
    structure = merged([Schema(standard / "xsd" / version) for version in VERSIONS])
    assert structure["iati-activity"]["children"] == {"title": "11", "sector": "0*", "budget-line": "01"}
    assert structure["iati-activity/sector"]["attributes"] == {"code": "string!", "percentage": "decimal"}
    assert structure["iati-activity/budget-line"] == {"text": "decimal", "attributes": {}, "children": {}}


def test_command_writes_structure_codes_sectors_and_rules(standard, tmp_path):
    out, into = io.StringIO(), tmp_path / "into"
    into.mkdir()
    call_command("write_iati", standard, into=into, stdout=out)
    assert out.getvalue() == f"6 elements, {len(LISTS)} code lists, 2 rules\n"
    facts = json.loads((into / "facts.json").read_text("utf-8"))
    assert set(facts["codes"]) == set(LISTS)
    assert facts["codes"]["Country"] == {"1": 1, "2": 0}  # a withdrawn code is known, but not valid any more
    assert facts["sectors"] == {"14010": ["", "Water policy"], "14011": ["withdrawn", "Old"]}
    assert json.loads((into / "suggestions.json").read_text("utf-8")) == [
        {"issue": "salt-dust", "by": "words", "match": ["salt", "соль"], "weight": 3},
        {"issue": "", "by": "sector", "match": ["14010"], "weight": 1},
    ]


def test_same_standard_gives_the_same_files(standard, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        call_command("write_iati", standard, into=tmp_path / name, stdout=io.StringIO())
    for file in ("facts.json", "suggestions.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
        assert len((tmp_path / "one" / file).read_text("utf-8").splitlines()) >= 4  # readable differences


def test_entries_have_one_line_each_and_keep_their_letters():
    assert write_iati.entries({"a": [1, "ё"], "b": {}}) == '"a": [1, "ё"],\n"b": {}'
