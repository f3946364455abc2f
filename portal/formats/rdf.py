"""RDF as JSON-LD and as Turtle, written from one tree of dictionaries.

The tree is JSON-LD as it stands: `@id`, `@type` and properties with a prefix; a value is a text, a dictionary (a thing,
an address, or a text with its language or type) or a list of these. Writing it down takes less than a library would to
load; the tests read both forms with one, and find the same in them.
"""

import re

from portal.formats.fields import LANGUAGES, words_in_languages
from portal.formats.json import dumps

PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
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
    """An address, with what may stand in none written as per cents."""
    return {"@id": NOT_IN_ADDRESS.sub(lambda sign: f"%{ord(sign[0]):02X}", text)}


def typed(value, kind):
    """A value of a type, such as xsd:date."""
    return {"@value": str(value), "@type": kind}


def words(texts):
    """A text in each language that has it, from as many texts as there are languages."""
    return [{"@value": text, "@language": code} for code, text in zip(LANGUAGES, texts, strict=True) if text]


def words_of(record, field):
    """A translated column in each language that has it."""
    return words([getattr(record, f"{field}_{language}") for language in LANGUAGES])


def spoken(lazy):
    """A text of the interface in each language."""
    return words(words_in_languages(lazy))


def node(kind, identity="", **said):
    """A thing of a kind. Properties are named with an underscore for the colon; empty ones are left out."""
    head = ({"@id": address(identity)["@id"]} if identity else {}) | {"@type": kind}
    return head | {name.replace("_", ":", 1): value for name, value in said.items() if value not in (None, "", [])}


# ── Forms ────────────────────────────────────────────────────────────────────────────────────────────────────────


def json_ld(nodes):
    """The things as JSON-LD."""
    return dumps({"@context": PREFIXES, "@graph": nodes})


def turtle(nodes):
    """The things as Turtle: each that has an address in a paragraph of its own."""
    lines = [f"@prefix {prefix}: <{meaning}> ." for prefix, meaning in PREFIXES.items()]
    waiting = list(nodes)
    while waiting:
        one = waiting.pop(0)
        lines.append(f"\n<{one['@id']}>\n    {_properties(one, waiting)} .")
    return "\n".join(lines) + "\n"


def _properties(one, waiting):
    """What is said of a thing. Those that it names, and that have something said of them, are put among the waiting."""
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
