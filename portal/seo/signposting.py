"""The Link header of a record page by which programs find its data, licence and author (signposting.org, FAIR)."""

from django.conf import settings

from portal.core.licences import OWN_LICENCE

SCHEMA_ORG = "https://schema.org/"
# One description is enough for programs, and headers are not compressed. `Accept` gives the other formats.
DESCRIPTION = "jsonld"


def link_header(address, formats, subject_type, items=()):
    """Return the value of the header for the page at the absolute URL `address`.

    `formats` are its `FormatLink`s: that as JSON-LD is `describedby`, those in `items` are its data.
    """
    links = [
        (address, {"rel": "cite-as"}),
        (OWN_LICENCE, {"rel": "license"}),
        (f"{settings.PUBLIC_URL}/#portal", {"rel": "author"}),
        (f"{SCHEMA_ORG}AboutPage", {"rel": "type"}),
        (SCHEMA_ORG + subject_type, {"rel": "type"}),
    ]
    for one in formats:
        url = settings.PUBLIC_URL + one.url
        if one.name in items:
            links.append((url, {"rel": "item", "type": one.type}))
        elif one.name == DESCRIPTION:
            links.append((url, {"rel": "describedby"}))
    return ", ".join(f"<{url}>" + "".join(f'; {name}="{value}"' for name, value in said.items()) for url, said in links)
