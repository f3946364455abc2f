"""The archive in the metadata of DataCite, schema 4.5, as JSON and XML: what is needed to register a DOI for it.

The version is the day of the last change. There is no DOI yet: the JSON has none, and the XML has “(:tba)”, the code of
DataCite for a value that is to be announced.
"""

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.http import require_safe
from lxml import etree
from lxml.builder import ElementMaker

from portal.core.licences import OWN_LICENCE
from portal.formats.fields import LANGUAGES
from portal.formats.json import dumps
from portal.formats.responses import HEADERS
from portal.open_data import archive
from portal.open_data.dcat import ABOUT, RIGHTS
from portal.tracking import content_version

NAMESPACE = "http://datacite.org/schema/kernel-4"
SCHEMA = f"{NAMESPACE} http://schema.datacite.org/meta/kernel-4.5/metadata.xsd"
XSI, XML = "http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/XML/1998/namespace"
E = ElementMaker(namespace=NAMESPACE, nsmap={None: NAMESPACE, "xsi": XSI})
WEST, SOUTH, EAST, NORTH = 46.4, 35.1, 87.4, 55.5  # of the five countries of Central Asia, in degrees
TO_BE_ANNOUNCED = "(:tba)"
SUBJECTS = (
    "environment",
    "water resources",
    "development cooperation",
    "Central Asia",
    "Aral Sea",
    "Republic of Korea",
)


def spoken(lazy):
    """Return pairs of language code and text."""
    found = []
    for language in LANGUAGES:
        with override(language):
            found.append((language, str(lazy)))
    return found


def metadata(changed_at, address=None, version=None, files=()):
    """Return the metadata in the JSON of DataCite, of the data as changed at this time.

    `address`, `version` and `files` are those of an edition, with absolute URLs of its files.
    """
    day = timezone.localdate(changed_at).isoformat()
    (_code, name), *other_names = spoken(settings.PORTAL_NAME)
    return {
        "url": address or archive.data_page(),
        "types": {"resourceType": "Database", "resourceTypeGeneral": "Dataset"},
        "creators": [{"name": name, "nameType": "Organizational"}],
        "titles": [
            {"title": name, "lang": "en"},
            *({"title": title, "titleType": "TranslatedTitle", "lang": code} for code, title in other_names),
        ],
        "publisher": {"name": name},
        "publicationYear": day[:4],
        "subjects": [{"subject": subject, "lang": "en"} for subject in SUBJECTS],
        "dates": [{"date": day, "dateType": "Issued"}, {"date": day, "dateType": "Updated"}],
        "language": "en",
        "alternateIdentifiers": [
            {"alternateIdentifier": file, "alternateIdentifierType": "URL"}
            for file in files or [settings.PUBLIC_URL + reverse(route) for route in ("archive", "archive-sqlite")]
        ],
        "formats": ["text/csv"]
        if files
        else ["text/csv", "application/json", "application/geo+json", "application/vnd.sqlite3"],
        "version": version or day,
        "rightsList": [
            {
                "rights": text,
                "rightsUri": OWN_LICENCE,
                "rightsIdentifier": "CC-BY-4.0",
                "rightsIdentifierScheme": "SPDX",
                "schemeUri": "https://spdx.org/licenses/",
                "lang": code,
            }
            for code, text in spoken(RIGHTS)
        ],
        "descriptions": [
            {"description": text, "descriptionType": "Abstract", "lang": code} for code, text in spoken(ABOUT)
        ],
        "geoLocations": [
            {
                "geoLocationPlace": "Central Asia",
                "geoLocationBox": {
                    "westBoundLongitude": WEST,
                    "eastBoundLongitude": EAST,
                    "southBoundLatitude": SOUTH,
                    "northBoundLatitude": NORTH,
                },
            }
        ],
        "schemaVersion": NAMESPACE,
    }


def as_xml(said):
    """Return the same metadata as XML, in bytes."""
    [creator], [place] = said["creators"], said["geoLocations"]
    box = place["geoLocationBox"]
    tree = E.resource(
        E.identifier(TO_BE_ANNOUNCED, identifierType="DOI"),
        E.creators(E.creator(E.creatorName(creator["name"], nameType=creator["nameType"]))),
        E.titles(*(_text(E.title, one, "title", "titleType") for one in said["titles"])),
        E.publisher(said["publisher"]["name"]),
        E.publicationYear(said["publicationYear"]),
        E.resourceType(said["types"]["resourceType"], resourceTypeGeneral=said["types"]["resourceTypeGeneral"]),
        E.subjects(*(_text(E.subject, one, "subject") for one in said["subjects"])),
        E.dates(*(E.date(one["date"], dateType=one["dateType"]) for one in said["dates"])),
        E.language(said["language"]),
        E.alternateIdentifiers(
            *(
                E.alternateIdentifier(
                    one["alternateIdentifier"], alternateIdentifierType=one["alternateIdentifierType"]
                )
                for one in said["alternateIdentifiers"]
            )
        ),
        E.formats(*map(E.format, said["formats"])),
        E.version(said["version"]),
        E.rightsList(
            *(
                _text(
                    E.rights,
                    # In XML, these names end in capitals.
                    one | {"rightsURI": one["rightsUri"], "schemeURI": one["schemeUri"]},
                    "rights",
                    *("rightsURI", "rightsIdentifier", "rightsIdentifierScheme", "schemeURI"),
                )
                for one in said["rightsList"]
            )
        ),
        E.descriptions(*(_text(E.description, one, "description", "descriptionType") for one in said["descriptions"])),
        E.geoLocations(
            E.geoLocation(
                E.geoLocationPlace(place["geoLocationPlace"]),
                E.geoLocationBox(*(E(name, str(value)) for name, value in box.items())),
            )
        ),
    )
    tree.set(f"{{{XSI}}}schemaLocation", SCHEMA)
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _text(make, one, name, *attributes):
    """Return an element with the text `name` of a dictionary, its language, and those of the attributes that it has."""
    found = {attribute: one[attribute] for attribute in attributes if attribute in one}
    if "lang" in one:
        found[f"{{{XML}}}lang"] = one["lang"]
    return make(one[name], found)


FORMS = {
    "json": ("application/vnd.datacite.datacite+json", dumps),
    "xml": ("application/vnd.datacite.datacite+xml; charset=utf-8", as_xml),
}


@require_safe
def datacite(request, form):
    """`/data/datacite.json` and `/data/datacite.xml`."""
    state, (media, write) = content_version.state(), FORMS[form]
    etag = f'W/"{state.number}-datacite-{form}"'

    def made():
        return HttpResponse(write(metadata(state.changed_at)), content_type=media)

    return content_version.conditional_response(request, etag, state.changed_at, made, HEADERS)
