"""XLIFF files of texts to translate, versions 1.2 and 2.0: written for translation programs, and read back.

A unit is one text. Its source is compared when the file comes back. Texts are plain: a unit to which a program added
inline codes has an error. The parser resolves no entities and reads nothing but the file.
"""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _
from lxml import etree

from portal.import_export.files import FileError

VERSIONS = ("1.2", "2.0")
NAMESPACES = {"1.2": "urn:oasis:names:tc:xliff:document:1.2", "2.0": "urn:oasis:names:tc:xliff:document:2.0"}
XML_LANG, XML_SPACE = ("{http://www.w3.org/XML/1998/namespace}" + name for name in ("lang", "space"))
MOST_BYTES = 10_000_000
MOST_UNITS = 20_000
# Characters that XML 1.0 cannot contain. No form stores them; an import of fixtures could.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Elements around parts of a text that do not change it: marks of terms and comments, and protected words.
TRANSPARENT = {"mrk", "seg-source"}


@dataclass(frozen=True)
class Unit:
    """A text to translate. `note` names it for the translator, `most` is the highest number of characters, or None."""

    id: str
    source: str
    target: str = ""
    note: str = ""
    most: int | None = None
    is_outdated: bool = False


@dataclass(frozen=True)
class ReadUnit:
    """A text as a file has it. `target` is "" if it is not translated. `error` says why it cannot be read, or is ""."""

    id: str
    source: str
    target: str
    error: str = ""


@dataclass(frozen=True)
class XliffFile:
    """The content of a file: its version, its languages, and its units."""

    version: str
    source: str
    target: str
    units: list


def write(version, source, target, name, units):
    """Return the bytes of a file with the units. `source` and `target` are codes of languages, `name` names it."""
    write_units = {"1.2": _write_1_2, "2.0": _write_2_0}[version]
    root = etree.Element(f"{{{NAMESPACES[version]}}}xliff", nsmap={None: NAMESPACES[version]}, version=version)
    write_units(root, source, target, name, units)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _add(parent, tag, text=None, /, **attributes):
    """Append an element of the namespace of its parent."""
    element = etree.SubElement(parent, etree.QName(etree.QName(parent).namespace, tag), **attributes)
    element.text = None if text is None else FORBIDDEN.sub("", text)
    return element


def _write_1_2(root, source, target, name, units):
    attributes = {"original": name, "datatype": "plaintext", "source-language": source, "target-language": target}
    body = _add(_add(root, "file", **attributes), "body")
    for unit in units:
        limit = {} if unit.most is None else {"maxwidth": str(unit.most), "size-unit": "char"}
        element = _add(body, "trans-unit", id=unit.id, resname=unit.id, **limit)
        element.set(XML_SPACE, "preserve")
        _add(element, "source", unit.source).set(XML_LANG, source)
        if unit.target:
            state = "needs-review-translation" if unit.is_outdated else "translated"
            _add(element, "target", unit.target, state=state).set(XML_LANG, target)
        _add(element, "note", unit.note)


def _write_2_0(root, source, target, name, units):
    root.set("srcLang", source)
    root.set("trgLang", target)
    file = _add(root, "file", id="texts", original=name)
    for unit in units:
        element = _add(file, "unit", id=unit.id, name=unit.id)
        element.set(XML_SPACE, "preserve")
        notes = _add(element, "notes")
        _add(notes, "note", unit.note)
        if unit.most is not None:
            _add(notes, "note", f"max. {unit.most}", category="length")
        state = "initial" if unit.is_outdated or not unit.target else "translated"
        segment = _add(element, "segment", state=state)
        _add(segment, "source", unit.source)
        if unit.target:
            _add(segment, "target", unit.target)


def read(data):
    """Return the XliffFile of the bytes of a file. Raise FileError if it cannot be read."""
    if len(data) > MOST_BYTES:
        raise FileError(_("The file is larger than {count} MB.").format(count=MOST_BYTES // 1_000_000))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FileError(_("The file is not valid XML: {error}").format(error=error)) from error
    if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
        raise FileError(_("The file has a document type declaration. Remove it."))
    version = root.get("version", "")
    if root.tag != f"{{{NAMESPACES.get(version, '')}}}xliff":
        raise FileError(_("The file is not XLIFF 1.2 or 2.0."))
    found = (_read_1_2 if version == "1.2" else _read_2_0)(root)
    if len(found.units) > MOST_UNITS:
        raise FileError(_("The file has more than {count} texts.").format(count=MOST_UNITS))
    return found


def _read_1_2(root):
    names = {"x": NAMESPACES["1.2"]}
    files = root.findall("x:file", names)
    languages = {(file.get("source-language", ""), file.get("target-language", "")) for file in files}
    units = []
    for element in root.iterfind("x:file//x:trans-unit", names):
        source, target = element.find("x:source", names), element.find("x:target", names)
        units.append(_unit(element, [source], [target]))
    return XliffFile("1.2", *_languages(languages), units)


def _read_2_0(root):
    names = {"x": NAMESPACES["2.0"]}
    units = []
    for element in root.iterfind("x:file//x:unit", names):
        sources, targets, is_whole = [], [], True
        for part in element.xpath("x:segment | x:ignorable", namespaces=names):
            source, target = part.find("x:source", names), part.find("x:target", names)
            sources.append(source)
            if etree.QName(part).localname == "ignorable":
                targets.append(source if target is None else target)
            else:
                targets.append(target)
                is_whole = is_whole and _has_text(target)
        units.append(_unit(element, sources, targets if is_whole else []))
    return XliffFile("2.0", *_languages({(root.get("srcLang", ""), root.get("trgLang", ""))}), units)


def _languages(pairs):
    """Return the languages of a file, without their regions. Raise FileError if there are none or several."""
    plain = {tuple(code.partition("-")[0].lower() for code in pair) for pair in pairs}
    if len(plain) != 1 or not all(next(iter(plain))):
        raise FileError(_("The file does not name one source language and one target language."))
    return next(iter(plain))


def _has_text(element):
    return element is not None and bool("".join(element.itertext()).strip())


def _unit(element, sources, targets):
    """Return the ReadUnit of elements whose texts follow each other."""
    error = ""
    for part in [*sources, *targets]:
        for inner in () if part is None else part.iterdescendants():
            if not isinstance(inner.tag, str) or etree.QName(inner).localname not in TRANSPARENT:
                error = _("The text has codes of the translation program.")
    texts = ["".join("".join(part.itertext()) for part in parts if part is not None) for parts in (sources, targets)]
    return ReadUnit(element.get("id", ""), *texts, error)
