"""Writes a record in the fifteen elements of Dublin Core, with its texts in each language that they exist in."""

from django.conf import settings
from lxml import etree

from portal.core.licences import OWN_LICENCE
from portal.formats.atom import clean
from portal.formats.fields import LANGUAGES, ReadContext
from portal.formats.serialisers import SERIALISERS

PREFIX = "oai_dc"
NAMESPACE = "http://www.openarchives.org/OAI/2.0/oai_dc/"
SCHEMA = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
DC = "http://purl.org/dc/elements/1.1/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
NAMES = {PREFIX: NAMESPACE, "dc": DC, "xsi": XSI}

# The fields to read; long texts are not among them.
READ = {
    *(
        "key",
        "url",
        "changed",
        "name",
        "title",
        "title_original",
        "summary",
        "definition",
        "text",
        "date",
        "start",
        "end",
    ),
    *("countries", "country", "places", "part_of", "issues", "areas", "parties", "sources", "kind"),
    *("author", "publisher", "link", "doi", "language", "licence", "identifiers"),
}
# The DCMI types of kinds of records that are not texts.
TYPES = {"event": "Event", "indicator": "Dataset"}


def elements_by_key(kind, keys, base):
    """Return a dict from key to metadata element, for the published ones among these records."""
    serialiser = SERIALISERS[kind]
    fields = [field for field in serialiser.fields if field.name in READ]
    pks = list(serialiser.published().filter(key__in=keys).values_list("pk", flat=True))
    reading = ReadContext(base, "en")
    rows = serialiser.rows(pks, reading, fields)
    data_of = serialiser.data_of(reading, fields)
    tell = of_source if kind == "source" else of_record
    return {data["key"]: element(tell(serialiser, data)) for data in map(data_of, rows)}


def element(values):
    """Return the XML of Dublin Core values, which are triples of element name, language and text."""
    root = etree.Element(f"{{{NAMESPACE}}}dc", nsmap=NAMES)
    root.set(f"{{{XSI}}}schemaLocation", f"{NAMESPACE} {SCHEMA}")
    for name, language, text in values:
        child = etree.SubElement(root, f"{{{DC}}}{name}")
        child.text = clean(text)
        if language:
            child.set(XML_LANG, language)
    return root


def in_languages(name, words):
    """Return triples of an element, one for each language that has a text."""
    return [(name, code, text) for code, text in (words or {}).items() if text]


def of_record(serialiser, data):
    """Yield the values of a record that the portal wrote: the work is its page, and its author is the portal."""
    name = data[serialiser.name]
    yield from in_languages("title", name)
    yield "creator", "en", str(settings.PORTAL_NAME)
    for subject in (*data.get("issues", ()), *data.get("areas", ())):
        yield from in_languages("subject", subject["name"])
    if serialiser.summary:
        yield from in_languages("description", data[serialiser.summary])
    yield "publisher", "en", str(settings.PORTAL_NAME)
    yield "date", "", data["changed"][:10]
    yield "type", "", TYPES.get(serialiser.kind, "Text")
    yield "type", "en", str(serialiser.model._meta.verbose_name)
    yield "format", "", "text/html"
    yield "identifier", "", data["url"]
    for source in data.get("sources", ()):
        yield "source", "", source["url"] or source["title_original"] or source["title"]
    for identifier in data.get("identifiers", ()):
        if identifier["url"]:
            yield "relation", "", identifier["url"]
    for code in LANGUAGES:
        if name.get(code):
            yield "language", "", code
    for place in places_of(data):
        yield from in_languages("coverage", place["name"])
    if times := "/".join(filter(None, (data.get("start") or data.get("date"), data.get("end")))):
        yield "coverage", "", times
    yield "rights", "", OWN_LICENCE


def places_of(data):
    """Return the summaries of the places that a record names, each once."""
    parties = [party["country"] for party in data.get("parties", ())]
    named = [*data.get("countries", ()), data.get("country"), *parties, data.get("part_of"), *data.get("places", ())]
    return {place["key"]: place for place in named if place}.values()


def of_source(serialiser, data):
    """Yield the values of a source, which describe the work itself.

    The identifiers are the URL and the DOI of the work, and the URL of its page in the portal.
    """
    if data["title_original"]:
        yield "title", data["language"], data["title_original"]
    yield "title", "en", data["title"]
    if data["author"]:
        yield "creator", "", data["author"]
    yield "publisher", "", data["publisher"]
    if data["date"]:
        yield "date", "", data["date"]
    yield "type", "", "Dataset" if data["kind"]["code"] == "dataset" else "Text"
    yield "type", "en", data["kind"]["name"]["en"]
    if data["link"]:
        yield "identifier", "", data["link"]
    if data["doi"]:
        yield "identifier", "", f"https://doi.org/{data['doi']}"
    yield "identifier", "", data["url"]
    yield "language", "", data["language"]
    yield from in_languages("rights", data["licence"])
