"""Writes RDF as JSON-LD and as Turtle, both from one tree of dictionaries.

The tree is JSON-LD: `@id`, `@type` and properties with a prefix. A value is a text, a dictionary or a list of these. A
dictionary is a node, a URL, or a text with its language or type. Writing both forms here takes less time than loading
an RDF library. The tests parse both with rdflib and compare them.
"""

import re

from portal.formats.fields import LANGUAGES, words_in_languages
from portal.formats.json import dumps

PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
JSON_LD = "application/ld+json; charset=utf-8"
TURTLE = "text/turtle; charset=utf-8"
NOT_IN_ADDRESS = re.compile(r'[\x00-\x20<>"{}|^`\\]')
ESCAPES = {"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"}


# ── Values ───────────────────────────────────────────────────────────────────────────────────────────────────────


def address(text):
    """Return a URL as a node reference. Characters that a URL must not contain are percent-encoded."""
    return {"@id": NOT_IN_ADDRESS.sub(lambda sign: f"%{ord(sign[0]):02X}", text)}


def typed(value, kind):
    """Return a literal of a type, such as xsd:date."""
    return {"@value": str(value), "@type": kind}


def words(texts):
    """Return a text as literals with a language. `texts` are in the order of `LANGUAGES`; empty ones are left out."""
    return [{"@value": text, "@language": code} for code, text in zip(LANGUAGES, texts, strict=True) if text]


def words_of(record, field):
    """Return a translated field of a record as literals, one for each language that has a text."""
    return words([getattr(record, f"{field}_{language}") for language in LANGUAGES])


def spoken(lazy):
    """Return a text of the interface as literals, one for each language."""
    return words(words_in_languages(lazy))


def node(kind, identity="", **said):
    """Return a node of a type. The first underscore in a property’s name becomes a colon; empty values are left out."""
    head = ({"@id": address(identity)["@id"]} if identity else {}) | {"@type": kind}
    return head | {name.replace("_", ":", 1): value for name, value in said.items() if value not in (None, "", [])}


# ── Syntaxes ─────────────────────────────────────────────────────────────────────────────────────────────────────


def json_ld(nodes):
    """Return the nodes as JSON-LD."""
    return dumps({"@context": PREFIXES, "@graph": nodes})


def turtle(nodes):
    """Return the nodes as Turtle. Each node that has a URL gets a block of its own."""
    lines = [f"@prefix {prefix}: <{meaning}> ." for prefix, meaning in PREFIXES.items()]
    waiting = list(nodes)
    while waiting:
        one = waiting.pop(0)
        lines.append(f"\n<{one['@id']}>\n    {_properties(one, waiting)} .")
    return "\n".join(lines) + "\n"


def _properties(one, waiting):
    """Return the properties of a node as Turtle.

    Nested nodes that have a URL and properties are appended to `waiting`, to be written later.
    """
    said = [f"a {one['@type']}"]
    for name, values in one.items():
        if not name.startswith("@"):
            values = values if isinstance(values, list) else [values]
            said.append(f"{name} {', '.join(_value(value, waiting) for value in values)}")
    return " ;\n    ".join(said)


def _value(value, waiting):
    if isinstance(value, str):
        return _quoted(value)
    if "@value" in value:
        kind = value.get("@type")
        return _quoted(value["@value"]) + (f"^^{kind}" if kind else f"@{value['@language']}")
    if "@id" not in value:
        return f"[ {_properties(value, waiting)} ]"
    if len(value) > 1:
        waiting.append(value)
    return f"<{value['@id']}>"


def _quoted(text):
    return '"' + "".join(ESCAPES.get(sign, sign) for sign in text) + '"'
