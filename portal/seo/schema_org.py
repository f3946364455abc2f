"""Describes the subject of a page in schema.org terms, as JSON-LD in its head.

An object is identified by the URL of its English page in all languages. So data read from the Korean and the Russian
page refers to the same object. Only content of the page is included, and unknown values are left out. The apps describe
their own records (`issues/schema.py`, `projects/schema.py`).
"""

import json
import re

from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext

from portal.citations.references import Person, authors_of
from portal.core.languages import text_and_language
from portal.core.licences import OWN_LICENCE
from portal.formats.fields import moment
from portal.models import Place, Source

CONTEXT = "https://schema.org"
# Characters that could end the script element, with their JSON escapes.
ESCAPED = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&"}

# From the kind of a place to its schema.org type.
PLACES = {
    Place.Kind.WORLD: "Place",
    Place.Kind.REGION: "Place",
    Place.Kind.COUNTRY: "Country",
    Place.Kind.PROVINCE: "AdministrativeArea",
    Place.Kind.DISTRICT: "AdministrativeArea",
    Place.Kind.CITY: "City",
    Place.Kind.LAKE: "LakeBodyOfWater",
    Place.Kind.RIVER: "RiverBodyOfWater",
    Place.Kind.RESERVOIR: "Reservoir",
    Place.Kind.DESERT: "Landform",
    Place.Kind.PROTECTED_AREA: "Place",
    Place.Kind.GLACIER: "Landform",
    Place.Kind.SITE: "Place",
}
SOURCES = {
    Source.Kind.JOURNAL_ARTICLE: "ScholarlyArticle",
    Source.Kind.REPORT: "Report",
    Source.Kind.GOVERNMENT_RELEASE: "Article",
    Source.Kind.ORGANISATION_PAGE: "WebPage",
    Source.Kind.NEWS: "NewsArticle",
    Source.Kind.DATASET: "Dataset",
    Source.Kind.ENCYCLOPEDIA: "Article",
}
# Names of licences with a URL. Other licences are given as text.
LICENCES = {
    "CC BY 4.0": OWN_LICENCE,
    "CC BY-NC-SA 3.0 IGO": "https://creativecommons.org/licenses/by-nc-sa/3.0/igo/",
}


def document(things):
    """Return the objects as a JSON-LD document."""
    return {"@context": CONTEXT, "@graph": things}


def json_ld_script(things):
    """Return the objects as a data script. Browsers do not run it, so the CSP that forbids inline scripts allows it."""
    said = json.dumps(document(things), ensure_ascii=False, separators=(",", ":"))
    # Safe: the characters that could end the element are escaped.
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(said.translate(ESCAPED)))


def node(kind, identity="", **said):
    """Return an object of a type. Empty properties are left out."""
    head = {"@type": kind} | ({"@id": identity} if identity else {})
    return head | {name: value for name, value in said.items() if value not in (None, "", [])}


class SchemaContext:
    """Builds the schema.org objects of one page. `base` is the start of every URL, `url` the URL of the page.

    A page is identified by its URL, its subject by the URL of the English page with the fragment `#it`.
    """

    def __init__(self, base, url):
        self.base, self.url = base, url

    def identity(self, path):
        """Return the identifier of an object from the path of its page, in any language."""
        _empty, _language, rest = path.split("/", 2)
        return f"{self.base}/en/{rest}#it"

    def ref(self, kind, record):
        """Return a related record: its type, identifier, name and URL."""
        path = record.get_absolute_url()
        return node(kind, self.identity(path), name=record.name_and_language()[0], url=self.base + path)

    def picture(self, picture):
        """Return a picture with its licence and its credit line."""
        alt, _language = text_and_language(picture, "alt")
        return node(
            "ImageObject",
            contentUrl=self.base + picture.src,
            width=picture.width,
            height=picture.height,
            caption=alt,
            creditText=picture.credit,
            creator=node("Person", name=picture.author) if picture.author else None,
            license=picture.licence_url or picture.get_licence_display(),
            acquireLicensePage=picture.url,
            dateCreated=str(picture.taken_on),
        )

    def attachment(self, attachment):
        """Return a document about the record, with its licence and its credit line."""
        title, _language = text_and_language(attachment, "title")
        return node(
            "MediaObject",
            contentUrl=self.base + attachment.src,
            name=title,
            encodingFormat=attachment.content_type,
            contentSize=f"{attachment.size} B",
            inLanguage=attachment.language,
            creditText=attachment.credit,
            creator=node("Organization", name=attachment.author) if attachment.author else None,
            license=attachment.licence_url or attachment.get_licence_display(),
            isBasedOn=attachment.url,
            datePublished=str(attachment.date),
        )

    def place(self, place):
        """Return a related place with its position."""
        return self.ref(PLACES[Place.Kind(place.kind)], place) | position(place)

    def places(self, *groups):
        """Return related places from several groups, each once."""
        return [self.place(place) for place in {place.pk: place for group in groups for place in group}.values()]

    @property
    def site(self):
        """The portal as a website."""
        return node("WebSite", f"{self.base}/#site", name=str(settings.PORTAL_NAME), url=f"{self.base}/")

    @property
    def portal(self):
        """The portal as an organisation: the author and publisher of its pages."""
        return node("Organization", f"{self.base}/#portal", name=str(settings.PORTAL_NAME), url=f"{self.base}/")

    @property
    def catalogue(self):
        """The catalogue that lists the portal’s datasets."""
        path = reverse("data")
        return node("DataCatalog", self.identity(path), name=str(settings.PORTAL_NAME), url=self.base + path)

    def record(self, kind, record, **said):
        """Return the object that a record’s page is about."""
        path = record.get_absolute_url()
        name, _language = record.name_and_language()
        return node(kind, self.identity(path), name=name, url=self.base + path, **said)

    def work(self, kind, record, **said):
        """Return the same for a record that the portal has written or compiled.

        The portal is its author and publisher; its language and dates are added.
        """
        _name, language = record.name_and_language()
        dates = {"datePublished": moment(record.first_shown_at), "dateModified": moment(record.updated_at)}
        who = {"author": self.portal, "publisher": {"@id": self.portal["@id"]}}
        own = {"inLanguage": language} | who | dates
        return self.record(kind, record, **own | said)

    def page(self, kind, title, trail, **said):
        """Return the page itself, with its breadcrumb and its website."""
        steps = self.trail(trail) if trail else None
        own = {"url": self.url, "name": title, "inLanguage": get_language(), "isPartOf": self.site}
        return node(kind, self.url, **own, breadcrumb=steps, **said)

    def trail(self, trail):
        """Return the breadcrumb of a page from pairs of title and path. The last pair, the page itself, has no path."""
        steps = [(gettext("Home"), f"/{get_language()}/"), *trail]
        return {
            "@type": "BreadcrumbList",
            "itemListElement": [
                node("ListItem", position=at, name=str(name), item=self.base + path if path else self.url)
                for at, (name, path) in enumerate(steps, start=1)
            ],
        }


def position(place):
    """Return the position of a place as a property to merge, or an empty dict if it is not known."""
    if place.latitude is None:
        return {}
    return {"geo": node("GeoCoordinates", latitude=float(place.latitude), longitude=float(place.longitude))}


def names(record):
    """Return the names of a record that are not the page’s title: those in other languages, and other spellings."""
    own = record.name_and_language()[0]
    others = [name for _code, name in record.other_names]
    others += [alias.text for alias in getattr(record, "aliases", ())]
    return [name for name in dict.fromkeys(others) if name != own]


def same_as(rows):
    """Return the URLs of identifiers in other registers, for those registers that have pages of their own."""
    return [row.url for row in rows if row.url]


def identifiers(rows):
    """Return identifiers as PropertyValues with the name of the register."""
    return [node("PropertyValue", propertyID=row.get_scheme_display(), value=row.value) for row in rows]


def licence(text, page):
    """Return the URL of the licence that `text` names, or an object with the text and the URL of #licence on `page`.

    Return None if `text` is empty. Google Dataset Search expects a URL in either case.
    """
    if not text:
        return None
    return licence_address(text) or node("CreativeWork", name=text, url=f"{page}#licence")


def licence_address(text):
    """Return the URL of the licence that `text` names at its beginning or after a comma; "" if it has none."""
    for name, address in LICENCES.items():
        if re.search(rf"(^|, ){re.escape(name)}($| \(|;)", text):
            return address
    return ""


def place(tell, record, wholes):
    """Return a place, and the places that it is part of."""
    said = {
        "alternateName": names(record),
        "containedInPlace": tell.places(wholes),
        "identifier": identifiers(record.identifiers.all()),
        "sameAs": same_as(record.identifiers.all()),
    }
    return tell.record(PLACES[Place.Kind(record.kind)], record, **said) | position(record)


def source(tell, record):
    """Return a source, as the work that it describes."""
    kind = SOURCES[Source.Kind(record.kind)]
    authors, _others = authors_of(record)
    inside = kind in {"ScholarlyArticle", "NewsArticle"}
    described = gettext(
        "A dataset that the portal read as a source. This page says where to find it and which records of the portal "
        "cite it. Publisher: {publisher}."
    ).format(publisher=record.publisher_name)
    return tell.record(
        kind,
        record,
        alternateName=record.title if record.title_original else "",
        author=[node("Person" if isinstance(one, Person) else "Organization", name=_name(one)) for one in authors],
        publisher=node("Organization", name=record.publisher),
        isPartOf=node("Periodical", name=record.publisher) if inside else None,
        datePublished=record.date,
        inLanguage=record.own_title_language,
        sameAs=[address for address in (record.url, record.doi and f"https://doi.org/{record.doi}") if address],
        version=record.edition,
        description=described if kind == "Dataset" else "",
        license=licence(text_and_language(record, "licence")[0], tell.base + record.get_absolute_url()),
    )


def _name(author):
    return author.name if isinstance(author, Person) else author
