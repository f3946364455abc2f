"""Read the metadata in the head of pages in tests."""

import warnings

from tests.pages import PAGES, SILENT

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # from libraries that it loads for markup formats which the portal does not use
    import extruct

SITE = "http://testserver"
# Pages with metadata. The others must not be indexed by search engines.
TOLD = [kind for kind in PAGES if kind not in SILENT]


def things(response):
    """Return the JSON-LD objects of a page by name, as extruct reads them."""
    [found] = extruct.extract(response.content.decode(), SITE, syntaxes=["json-ld"])["json-ld"]
    assert found["@context"] == "https://schema.org"
    return {one["@id"]: one for one in found["@graph"]}


def main(response):
    """Return the main object of the page."""
    told = things(response)
    [page] = [
        one for one in told.values() if "isPartOf" in one and "mainEntity" in one and one["@type"].endswith("Page")
    ]
    return told[page["mainEntity"]["@id"]]


def card_of(response):
    """Return the link preview of the page, as messengers read it."""
    [found] = extruct.extract(response.content.decode(), SITE, syntaxes=["opengraph"], uniform=False)["opengraph"]
    return dict(found["properties"])
