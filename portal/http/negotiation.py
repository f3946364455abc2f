"""Content negotiation: which data a client prefers to the page of a record."""

# From a media type in Accept to the name of a format (`portal.formats.responses`).
FORMATS_BY_TYPE = {
    "application/json": "json",
    "application/ld+json": "jsonld",
    "text/markdown": "md",
    "application/x-bibtex": "bib",
    "application/x-research-info-systems": "ris",
    "application/vnd.citationstyles.csl+json": "csl",
}


def preferred_format(request) -> str:
    """Return the name of the format that Accept prefers to a page, or "" if it prefers the page."""
    return FORMATS_BY_TYPE.get(request.get_preferred_type(["text/html", *FORMATS_BY_TYPE]), "")
