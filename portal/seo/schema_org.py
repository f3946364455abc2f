"""What a page is about, in the words of schema.org, as JSON-LD in the head of the page.

Every thing is known by one address, that of its English page, whatever the language in which it is told: so what is
read on the Korean page and on the Russian one comes together. Only what the page shows is said, and what is not known
is left out. The apps say what their own records are (`issues/schema.py`, `projects/schema.py`).
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
from portal.formats.fields import moment
from portal.formats.spreadsheets import LICENCE
from portal.models import Place, Source

CONTEXT = "https://schema.org"
# What a browser could take for the end of the script, as JSON writes it instead.
ESCAPED = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&"}

# By the kind of a place: what schema.org calls it.
PLACES = {
    Place.Kind.WORLD: "Place",
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
# Names of licences that have an address. The others are said in words.
LICENCES = {
    "CC BY 4.0": LICENCE,
    "CC BY-NC-SA 3.0 IGO": "https://creativecommons.org/licenses/by-nc-sa/3.0/igo/",
}


def json_ld_script(things):
    """Things as a script of data, which no browser runs: so the policy that forbids scripts in pages lets it stand."""
    said = json.dumps({"@context": CONTEXT, "@graph": things}, ensure_ascii=False, separators=(",", ":"))
    # No sign is left that could end the element.
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(said.translate(ESCAPED)))


def node(kind, identity="", **said):
    """Something with what is known of it."""
    head = {"@type": kind} | ({"@id": identity} if identity else {})
    return head | {name: value for name, value in said.items() if value not in (None, "", [])}


class SchemaContext:
    """What is told on one page: `base` begins every address, `url` is that of the page.

    A page is known by its address, the thing that it is about by the address of the English page and `#it`.
    """

    def __init__(self, base, url):
        self.base, self.url = base, url

    def identity(self, path):
        """The name of a thing that has a page, whatever the language of that."""
        _empty, _language, rest = path.split("/", 2)
        return f"{self.base}/en/{rest}#it"

    def ref(self, kind, record):
        """Another record that is named: what it is, its address and its name."""
        path = record.get_absolute_url()
        return node(kind, self.identity(path), name=record.name_and_language()[0], url=self.base + path)

    def place(self, place):
        """A place that is named, with where it is."""
        return self.ref(PLACES[Place.Kind(place.kind)], place) | position(place)

    def places(self, *groups):
        """Places that are named, each once."""
        return [self.place(place) for place in {place.pk: place for group in groups for place in group}.values()]

    @property
    def site(self):
        """The portal as a website."""
        return node("WebSite", f"{self.base}/#site", name=str(settings.PORTAL_NAME), url=f"{self.base}/")

    @property
    def portal(self):
        """Who tells: the portal, as those cite it who take a page of it."""
        return node("Organization", f"{self.base}/#portal", name=str(settings.PORTAL_NAME), url=f"{self.base}/")

    @property
    def catalogue(self):
        """What the portal’s datasets are listed in."""
        path = reverse("data")
        return node("DataCatalog", self.identity(path), name=str(settings.PORTAL_NAME), url=self.base + path)

    def record(self, kind, record, **said):
        """The thing that a record’s page is about."""
        path = record.get_absolute_url()
        name, _language = record.name_and_language()
        return node(kind, self.identity(path), name=name, url=self.base + path, **said)

    def work(self, kind, record, **said):
        """The same, of what the portal itself has written or put together."""
        _name, language = record.name_and_language()
        dates = {"datePublished": moment(record.published_at), "dateModified": moment(record.updated_at)}
        who = {"author": self.portal, "publisher": {"@id": self.portal["@id"]}}
        own = {"inLanguage": language} | who | dates
        return self.record(kind, record, **own | said)

    def page(self, kind, title, trail, **said):
        """The page itself, where it stands in the portal, and of which site it is a part."""
        steps = self.trail(trail) if trail else None
        own = {"url": self.url, "name": title, "inLanguage": get_language(), "isPartOf": self.site}
        return node(kind, self.url, **own, breadcrumb=steps, **said)

    def trail(self, trail):
        """Where a page stands: pairs of title and path, the last one without."""
        steps = [(gettext("Home"), f"/{get_language()}/"), *trail]
        return {
            "@type": "BreadcrumbList",
            "itemListElement": [
                node("ListItem", position=at, name=str(name), item=self.base + path if path else self.url)
                for at, (name, path) in enumerate(steps, start=1)
            ],
        }


def position(place):
    """Where a place is, if that is known."""
    if place.latitude is None:
        return {}
    return {"geo": node("GeoCoordinates", latitude=float(place.latitude), longitude=float(place.longitude))}


def names(record):
    """The names of a record that the page does not carry as its own: in the other languages, and other spellings."""
    own = record.name_and_language()[0]
    others = [name for _code, name in record.other_names]
    others += getattr(record, "other_spellings", "").splitlines()
    return [name for name in dict.fromkeys(others) if name != own]


def licence(text, page):
    """Return the address of a licence that `text` names; else its words and the page that states them at #licence.

    Google Dataset Search wants an address in either case. None where no licence is known.
    """
    if not text:
        return None
    return licence_address(text) or node("CreativeWork", name=text, url=f"{page}#licence")


def licence_address(text):
    """Return the address of the licence that `text` names at its beginning or after a comma; empty if it has none."""
    for name, address in LICENCES.items():
        if re.search(rf"(^|, ){re.escape(name)}($| \(|;)", text):
            return address
    return ""


def place(tell, record, wholes):
    """A place, and what it is part of."""
    said = {"alternateName": names(record), "containedInPlace": tell.places(wholes)}
    return tell.record(PLACES[Place.Kind(record.kind)], record, **said) | position(record)


def source(tell, record):
    """A source, as the work that it is."""
    kind = SOURCES[Source.Kind(record.kind)]
    authors, _others = authors_of(record)
    inside = kind in {"ScholarlyArticle", "NewsArticle"}
    described = gettext(
        "A dataset that the portal read as a source. This page says where it is to be found and which records of the "
        "portal cite it. Publisher: {publisher}."
    ).format(publisher=record.publisher)
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
