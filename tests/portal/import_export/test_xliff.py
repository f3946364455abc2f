"""XLIFF files: other programs read what the portal writes, and the portal reads what they write."""

import io

import pytest
from translate.storage.xliff import Xliff1File
from translate.storage.xliff2 import Xliff2File

from portal.import_export import xliff
from portal.import_export.files import FileError
from portal.import_export.xliff import ReadUnit, Unit

UNITS = [
    Unit("issues.term.1.term", "Tugai", "", "Terms: Tugai: Term", 200),
    Unit("issues.term.1.definition", "A forest\nalong <rivers> & “lakes” [un-2020].", "강가의 숲.", "Note", None, True),
]


def read_by_toolkit(version, data):
    """Return the units of a file as the Translate Toolkit reads them: triples of id, source and target."""
    store = {"1.2": Xliff1File, "2.0": Xliff2File}[version].parsestring(data)
    return [(unit.getid().rpartition("\x04")[2], unit.source, unit.target or "") for unit in store.units]


@pytest.mark.parametrize("version", xliff.VERSIONS)
class TestBothVersions:
    def test_files_are_read_as_written(self, version):
        found = xliff.read(xliff.write(version, "en", "ko", "texts", UNITS))
        assert (found.version, found.source, found.target) == (version, "en", "ko")
        assert found.units == [ReadUnit(unit.id, unit.source, unit.target) for unit in UNITS]

    def test_another_program_reads_the_same(self, version):
        data = xliff.write(version, "en", "ko", "texts", UNITS)
        found = read_by_toolkit(version, data)
        assert [(source, target) for _id, source, target in found] == [(unit.source, unit.target) for unit in UNITS]
        assert [one[0].rpartition("texts")[2] for one in found] == [unit.id for unit in UNITS]

    def test_translation_of_another_program_comes_back(self, version):
        store = {"1.2": Xliff1File, "2.0": Xliff2File}[version].parsestring(
            xliff.write(version, "en", "ko", "t", UNITS)
        )
        store.units[0].target = "투가이"
        out = io.BytesIO()
        store.serialize(out)
        found = xliff.read(out.getvalue())
        assert [(unit.id, unit.target, unit.error) for unit in found.units] == [
            (UNITS[0].id, "투가이", ""),
            (UNITS[1].id, "강가의 숲.", ""),
        ]

    def test_characters_that_xml_cannot_contain_are_left_out(self, version):
        data = xliff.write(version, "en", "ko", "texts", [Unit("a.b.1.c", "One\x0b two\x00")])
        assert xliff.read(data).units[0].source == "One two"

    def test_file_without_texts(self, version):
        assert xliff.read(xliff.write(version, "en", "ko", "texts", [])).units == []

    def test_codes_of_a_program_are_an_error_of_the_text(self, version):
        code = "<g id='1'>숲</g>" if version == "1.2" else "<pc id='1'>숲</pc>"
        data = xliff.write(version, "en", "ko", "texts", UNITS[:1]).decode()
        data = data.replace("</source>", f"</source><target>{code}</target>")
        [unit] = xliff.read(data.encode()).units
        assert unit.error == "The text has codes of the translation program."


def test_segments_of_a_unit_are_joined():
    """A program may split a text. The text is translated only if each of its segments is."""
    head = f'<xliff version="2.0" xmlns="{xliff.NAMESPACES["2.0"]}" srcLang="en-GB" trgLang="ko-KR"><file id="f">'
    first = "<segment><source>One.</source><target>하나.</target></segment><ignorable><source> </source></ignorable>"
    for second, target in (("<target>둘.</target>", "하나. 둘."), ("", ""), ("<target/>", "")):
        unit = f'<unit id="a">{first}<segment><source>Two.</source>{second}</segment></unit>'
        found = xliff.read(f"{head}{unit}</file></xliff>".encode())
        assert (found.source, found.target) == ("en", "ko")
        assert found.units == [ReadUnit("a", "One. Two.", target)]


def test_marks_and_groups_of_1_2_are_read():
    data = f"""<xliff version="1.2" xmlns="{xliff.NAMESPACES["1.2"]}">
      <file original="a" source-language="en" target-language="ko"><body><group id="g"><trans-unit id="a">
      <source>One two</source><target><mrk mtype="seg" mid="1">하나</mrk> 둘</target></trans-unit></group></body></file>
    </xliff>"""
    assert xliff.read(data.encode()).units == [ReadUnit("a", "One two", "하나 둘")]


ENTITY = '<!DOCTYPE x [<!ENTITY a "{}">]>'
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)) + "]>"
)


@pytest.mark.parametrize(
    "prolog",
    [
        ENTITY.format("x"),
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
        LAUGHS,
    ],
)
def test_files_with_a_document_type_are_refused(prolog):
    body = f'<xliff version="2.0" xmlns="{xliff.NAMESPACES["2.0"]}" srcLang="en" trgLang="ko"><file id="f"/></xliff>'
    with pytest.raises(FileError):
        xliff.read((prolog + body).encode())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not valid XML"),
        (b"name,text", "not valid XML"),
        (b"<xliff version='1.2'/>", "not XLIFF 1.2 or 2.0"),
        (b"<xliff xmlns='urn:oasis:names:tc:xliff:document:2.0' version='2.0'/>", "one source language"),
        (b"<x>" * 5_000, "not valid XML"),
        (b" " * (xliff.MOST_BYTES + 1), "larger than 10 MB"),
    ],
)
def test_errors_say_what_is_wrong(data, words):
    with pytest.raises(FileError, match=words):
        xliff.read(data)


def test_number_of_texts_is_limited(monkeypatch):
    monkeypatch.setattr(xliff, "MOST_UNITS", 1)
    with pytest.raises(FileError, match="more than 1 texts"):
        xliff.read(xliff.write("1.2", "en", "ko", "texts", UNITS))
