"""The catalogue of datasets that data portals harvest: DCAT-AP, the European profile of DCAT.

Each table is a dataset. So is each indicator, because it has a source and a licence of its own.
"""

from collections import defaultdict

from django.conf import settings
from django.db.models import Max, Min, Prefetch
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from issues.models import Indicator, Issue, Observation
from issues.schema import dataset_description
from portal.core.choices import PublicationStatus
from portal.core.licences import OWN_LICENCE
from portal.core.urls import file_path
from portal.formats import dataset_metadata, fields
from portal.formats.rdf import JSON_LD, TURTLE, address, json_ld, node, spoken, turtle, typed, words, words_of
from portal.formats.responses import HEADERS
from portal.formats.serialisers import SERIALISERS
from portal.http import throttling
from portal.models import Place
from portal.open_data import archive
from portal.seo import schema_org
from portal.tracking import content_version

# The EU authority tables, whose terms the profile requires.
LISTS = "http://publications.europa.eu/resource/authority"
COUNTRIES = {"kg": "KGZ", "kr": "KOR", "kz": "KAZ", "tj": "TJK", "tm": "TKM", "uz": "UZB"}
LANGUAGES = [address(f"{LISTS}/language/{code}") for code in ("ENG", "KOR", "RUS")]
ENVIRONMENT, INTERNATIONAL = (address(f"{LISTS}/data-theme/{code}") for code in ("ENVI", "INTR"))
COOPERATION = {"project", "agreement", "result", "organisation"}
PUBLIC = address(f"{LISTS}/access-right/PUBLIC")
MEDIA = {
    "CSV": "text/csv",
    "JSON": "application/json",
    "GEOJSON": "application/geo+json",
    "XLSX": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ZIP": "application/zip",
    "SQLITE": "application/vnd.sqlite3",
}
USES = {
    "CSV": _("table for spreadsheets and statistics"),
    "JSON": _("data for programs"),
    "GEOJSON": _("data for maps"),
    "XLSX": _("workbook for Excel"),
    "ZIP": _("all tables, references and pictures"),
    "SQLITE": _("all tables, to query"),
}
FILE_TYPES = {"SQLITE": "OCTET"}  # the EU list has no term for SQLite
LICENCE = address(OWN_LICENCE)
ABOUT = _(
    "What is known about Central Asia’s environment, and what Korea and Gyeonggi Province do there together with its "
    "five countries."
)
RIGHTS = _("Text by the portal: CC BY 4.0. Figures and sources have their own licences.")
TABULAR = ("CSV", "XLSX", "JSON")
KEYWORDS = (_("Environment"), _("Central Asia"))
# From a kind of record to the column whose dates are the period that its table covers.
PERIODS = {"event": "date", "project": "start", "agreement": "date", "result": "actual_end", "observation": "year"}
AVAILABLE = address(f"{LISTS}/planned-availability/STABLE")
OPENAPI = address("https://spec.openapis.org/oas/v3.1.0")
UNKNOWN_RIGHTS = address("http://purl.org/adms/licencetype/UnknownIPR")  # stated in words, which no term covers
# The classes that the profile requires of what properties refer to. Terms of the EU, licences and pages are described
# elsewhere; a validator that loads nothing finds their class here.
RANGES = {
    "dcat:landingPage": "foaf:Document",
    "dcat:mediaType": "dct:MediaType",
    "dcat:theme": "skos:Concept",
    "dcat:themeTaxonomy": "skos:ConceptScheme",
    "dcatap:availability": "skos:Concept",
    "dct:accessRights": "dct:RightsStatement",
    "dct:conformsTo": "dct:Standard",
    "dct:format": "dct:MediaTypeOrExtent",
    "dct:language": "dct:LinguisticSystem",
    "dct:license": "dct:LicenseDocument",
    "dct:spatial": "dct:Location",
    "dct:type": "skos:Concept",
    "foaf:homepage": "foaf:Document",
}


def english(text):
    """Return a text as a literal in English."""
    return {"@value": text, "@language": "en"}


# Concepts need a label as well, schemes a title, and licences should have a type. These are those of the EU lists.
ATTRIBUTION = "http://purl.org/adms/licencetype/Attribution"
DESCRIBED = {
    ENVIRONMENT["@id"]: {"skos_prefLabel": english("Environment")},
    INTERNATIONAL["@id"]: {"skos_prefLabel": english("International issues")},
    AVAILABLE["@id"]: {"skos_prefLabel": english("stable")},
    UNKNOWN_RIGHTS["@id"]: {"skos_prefLabel": english("Unknown IPR")},
    f"{LISTS}/data-theme": {"dct_title": english("Data theme")},
    LICENCE["@id"]: {"dct_type": node("skos:Concept", ATTRIBUTION, skos_prefLabel=english("Attribution"))},
}
FORMS = {"jsonld": (JSON_LD, json_ld), "ttl": (TURTLE, turtle)}


@require_safe
def catalogue(request, form):
    """`/data/catalogue.jsonld` and `/data/catalogue.ttl`."""
    if form not in FORMS:
        raise Http404
    state = content_version.state()
    media, write = FORMS[form]

    def made():
        throttling.throttle(request, "export")
        with override("en"):
            told = Catalogue(settings.PUBLIC_URL, state).node()
            said = write([told, *classes(told)])
        response = HttpResponse(said, content_type=media)
        response.headers["Link"] = f'<{OWN_LICENCE}>; rel="license"'
        return response

    return content_version.conditional_response(
        request, f'W/"{state.number}-dcat-{form}"', state.changed_at, made, HEADERS
    )


class Catalogue:
    """Builds the catalogue as nodes of `portal.formats.rdf`. `base` is the start of every URL.

    URLs lead to English pages; texts are in all languages.
    """

    def __init__(self, base, state):
        self.base, self.state = base, state
        self.page = base + reverse("data")
        self.publisher = address(f"{base}/#portal")
        self.told = set()  # places and licences that are already written in full

    def node(self):
        spans = {kind: _years(SERIALISERS[kind].published(), column) for kind, column in PERIODS.items()}
        spans["indicator"] = spans["observation"]
        tables = [self.table(SERIALISERS[kind], spans.get(kind)) for kind in archive.KINDS]
        datasets = [self.everything(_whole(spans.values())), *tables, *self.indicators()]
        [first] = Issue.objects.published().aggregate(first=Min(Coalesce("published_at", "created_at"))).values()
        return node(
            "dcat:Catalog",
            f"{self.page}#it",
            dct_title=spoken(settings.PORTAL_NAME),
            dct_description=spoken(ABOUT),
            dct_publisher=node(
                "foaf:Agent",
                self.publisher["@id"],
                foaf_name=spoken(settings.PORTAL_NAME),
                foaf_homepage=address(f"{self.base}/"),
            ),
            foaf_homepage=address(self.page),
            dct_language=LANGUAGES,
            **self.own_rights() | {"dct_license": LICENCE},
            dct_issued=day(first) if first else None,
            dct_modified=day(self.state.changed_at),
            dct_spatial=self.countries,
            dcat_themeTaxonomy=address(f"{LISTS}/data-theme"),
            dcat_dataset=datasets,
            dcat_service=[self.api(tables)],
        )

    @property
    def countries(self):
        """The countries that the data is about, as EU terms."""
        return [address(f"{LISTS}/country/{code}") for code in COUNTRIES.values()]

    @property
    def contact(self):
        mail = address(f"mailto:{settings.CONTACT_EMAIL}")
        return node("vcard:Kind", vcard_fn=spoken(settings.PORTAL_NAME), vcard_hasEmail=mail)

    def dataset(self, identity, *, keywords=(), **said):
        """Return a dataset with the properties that all datasets share. `keywords` are literals of its own."""
        return node(
            "dcat:Dataset",
            identity,
            dct_identifier=identity,
            dct_publisher=self.publisher,
            dct_accessRights=PUBLIC,
            dct_language=LANGUAGES,
            dcat_contactPoint=self.contact,
            dcat_keyword=[*keywords, *(word for keyword in KEYWORDS for word in spoken(keyword))],
            **said,
        )

    def file(self, form, download, page, **said):
        """Return a file of a dataset, as a distribution."""
        return node(
            "dcat:Distribution",
            f"{download}#it",
            dct_title=form,
            dct_description=spoken(USES[form]),
            dcatap_availability=AVAILABLE,
            dct_format=address(f"{LISTS}/file-type/{FILE_TYPES.get(form, form)}"),
            dcat_mediaType=address(f"https://www.iana.org/assignments/media-types/{MEDIA[form]}"),
            dcat_accessURL=address(page),
            dcat_downloadURL=address(download),
            **said,
        )

    def everything(self, span):
        """Return the archive of all tables as a dataset."""
        return self.dataset(
            f"{self.page}#everything",
            dct_title=spoken(_("Everything in one archive")),
            dct_description=spoken(
                _("All the portal’s data, for spreadsheets, programs, maps and reference managers.")
            ),
            dct_modified=day(self.state.changed_at),
            dcat_theme=[ENVIRONMENT, INTERNATIONAL],
            dcat_landingPage=address(self.page),
            dct_spatial=self.countries,
            dct_temporal=period(span),
            dcat_distribution=[
                self.file("ZIP", self.base + reverse("archive"), self.page, **self.own_rights()),
                self.file("SQLITE", self.base + reverse("archive-sqlite"), self.page, **self.own_rights()),
            ],
        )

    def table(self, serialiser, span):
        """Return all records of a kind as a dataset. `span` is its first and last year, or None."""
        page = f"{self.page}#{serialiser.file}"

        # Observations have the licence of their indicator. All other tables are the portal’s own words.
        def rights():
            return self.own_rights() if serialiser.kind == "observation" else {"dct_license": LICENCE}

        table = self.base + reverse("data-table", args=[serialiser.file])
        described_at = address(self.base + reverse("data-table-metadata", args=[serialiser.file]))
        files = [
            self.file("CSV", table, page, dct_conformsTo=described_at, **rights()),
            self.file("JSON", f"{self.base}/api/v1/{serialiser.file}", page, **rights()),
        ]
        if serialiser.kind == "place":
            files.append(self.file("GEOJSON", self.base + reverse("all-places"), page, **rights()))
        return self.dataset(
            page,
            dct_title=spoken(serialiser.model._meta.verbose_name_plural),
            dct_description=spoken(dataset_metadata.HOLDS[serialiser.kind]),
            dct_modified=day(self.state.changed_at),
            dct_spatial=self.countries,
            dct_temporal=period(span),
            dcat_theme=INTERNATIONAL if serialiser.kind in COOPERATION else ENVIRONMENT,
            dcat_landingPage=address(self.page),
            dcat_distribution=files,
        )

    def indicators(self):
        """Return each indicator as a dataset, with the years and the places of its values."""
        spans, measured = {}, defaultdict(list)
        values = Observation.objects.published().order_by("indicator", "place").values_list("indicator", "place")
        for indicator, place, *span in values.annotate(first=Min("year"), last=Max("year")):
            first, last = spans.get(indicator, span)
            spans[indicator] = min(span[0], first), max(span[1], last)
            measured[indicator].append(place)
        places = Place.objects.in_bulk({pk for found in measured.values() for pk in found})
        issues = Prefetch("issues", Issue.objects.published().without_sections())
        indicators = Indicator.objects.published().select_related("source").prefetch_related(issues)
        return [self.indicator(one, spans.get(one.pk), [places[pk] for pk in measured[one.pk]]) for one in indicators]

    def indicator(self, record, span, places):
        """Return the values of an indicator as a dataset. `span` is its first and last year, or None without values."""
        page = self.base + record.get_absolute_url()
        licence = schema_org.licence_address(record.licence_en)
        source = {}
        if record.source.publication == PublicationStatus.PUBLISHED:
            source = {
                "dct_creator": node("foaf:Agent", foaf_name=record.source.publisher),
                "prov_wasDerivedFrom": address(f"{self.base}{record.source.get_absolute_url()}#it"),
            }
        return self.dataset(
            f"{page}#it",
            dct_title=words_of(record, "name"),
            dct_description=descriptions(record),
            dct_modified=day(record.updated_at),
            dcat_theme=ENVIRONMENT,
            keywords=[word for issue in record.issues.all() for word in words_of(issue, "name")],
            dcat_landingPage=address(page),
            dct_spatial=[self.place(place) for place in places],
            dct_temporal=period(span),
            dcat_distribution=[
                self.file(
                    form,
                    self.base + file_path(record.get_absolute_url(), form.lower()),
                    page,
                    **{"dct_license": address(licence)}
                    if licence
                    else self.rights_at(page, words_of(record, "licence")),
                )
                for form in TABULAR
            ],
            **source,
        )

    def place(self, place):
        """Return a country as its EU term, any other place as a node with its name.

        The name is written once; after that only the URL.
        """
        if place.key in COUNTRIES:
            return address(f"{LISTS}/country/{COUNTRIES[place.key]}")
        identity = f"{self.base}{place.get_absolute_url()}#it"
        if place.pk in self.told:
            return address(identity)
        self.told.add(place.pk)
        centroid = None if place.latitude is None else f"POINT({place.longitude} {place.latitude})"
        return node(
            "dct:Location",
            identity,
            skos_prefLabel=words_of(place, "name"),
            dcat_centroid=typed(centroid, "geo:wktLiteral") if centroid else None,
        )

    def own_rights(self):
        """Return the rights of files that mix the portal’s own words with content under other licences."""
        return self.rights_at(self.page, spoken(RIGHTS))

    def rights_at(self, page, texts):
        """Return the rights of a licence that has no URL of its own.

        Its text is `texts`. Its URL is #licence on `page`, which states the licence. The text of each URL is written
        once.
        """
        licence = address(f"{page}#licence")
        if licence["@id"] not in self.told:
            self.told.add(licence["@id"])
            licence = node("dct:LicenseDocument", licence["@id"], dct_type=UNKNOWN_RIGHTS, rdfs_label=texts)
        return {"dct_license": licence, "dct_rights": node("dct:RightsStatement", rdfs_label=texts)}

    def api(self, tables):
        """Return the API, which serves all tables in parts, as a data service."""
        return node(
            "dcat:DataService",
            f"{self.base}/api/v1/#it",
            dct_title=spoken(_("The API")),
            dct_license=LICENCE,
            dct_publisher=self.publisher,
            dct_conformsTo=OPENAPI,
            dcat_contactPoint=self.contact,
            dcat_theme=[ENVIRONMENT, INTERNATIONAL],
            dcat_keyword=[word for keyword in KEYWORDS for word in spoken(keyword)],
            dcat_endpointURL=address(f"{self.base}/api/v1/"),
            dcat_endpointDescription=address(f"{self.base}/api/v1/openapi.json"),
            dcat_servesDataset=[address(table["@id"]) for table in tables],
        )


def classes(tree):
    """Return a node with its class for each URL that a property of `RANGES` has and the tree does not describe."""
    found, described, waiting = {}, set(), [tree]
    while waiting:
        one = waiting.pop()
        if "@type" in one:
            described.add(one.get("@id"))
        for name, values in one.items():
            for value in values if isinstance(values, list) else [values]:
                if isinstance(value, dict) and set(value) == {"@id"} and name in RANGES:
                    found[value["@id"]] = RANGES[name]
                elif isinstance(value, dict) and "@value" not in value:
                    waiting.append(value)
    return [
        node(kind, identity, **DESCRIBED.get(identity, {}))
        for identity, kind in sorted(found.items())
        if identity not in described
    ]


def descriptions(record):
    """Return the description of an indicator’s dataset in each language in which its definition exists."""
    found = []
    for language in fields.LANGUAGES:
        with override(language):
            found.append(dataset_description(record) if getattr(record, f"definition_{language}") else "")
    return words(found)


def _years(records, column):
    """Return the first and the last year of a column of dates or years, or None if it has no values. One query."""
    found = records.order_by().aggregate(first=Min(column), last=Max(column))
    return (int(str(found["first"])[:4]), int(str(found["last"])[:4])) if found["first"] else None


def _whole(spans):
    """Return the first and the last year of several spans; None is no span."""
    known = [span for span in spans if span]
    return (min(first for first, _last in known), max(last for _first, last in known)) if known else None


def period(span):
    """Return a period from the first to the last year of a span; None for None."""
    return node("dct:PeriodOfTime", dcat_startDate=year(span[0]), dcat_endDate=year(span[1])) if span else None


def day(moment):
    """Return the day of a time, in the time zone of the portal."""
    return typed(timezone.localdate(moment).isoformat(), "xsd:date")


def year(number):
    """Return a calendar year."""
    return typed(number, "xsd:gYear")
