"""Makes activities from the portal's projects, and says what keeps a project from being reported."""

import datetime

from django.conf import settings
from django.db.models import Prefetch
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from lxml import etree

from portal.core.choices import PublicationStatus
from portal.models import Place
from projects.iati import fields, reading, structure, tables
from projects.iati.activity import (
    ACTUAL_END,
    ACTUAL_START,
    CENTRAL_ASIA,
    DAC,
    DAC_CATEGORIES,
    GENERAL,
    GOALS,
    OTHER,
    OWN,
    PLANNED_END,
    PLANNED_START,
    TARGETS,
    Activity,
    Budget,
    Day,
    Document,
    Location,
    Money,
    Org,
    OtherIdentifier,
    Party,
    PercentageShare,
)
from projects.models import ImportedActivity, ImportedFile, Participation, Project, ReportingOrganisation

LANGUAGES = [code for code, _name in settings.LANGUAGES]
MULTISECTOR = "43010"
DAC_LIST = "https://iatistandard.org/en/iati-standard/203/codelists/sector/"
PROJECT_PAGE = "A12"  # of the list DocumentCategory: activity web page
APPROXIMATE = "2"  # of the list GeographicExactness
FORMER_REPORTER = "B1"  # of the list OtherIdentifierType
NOT_BEGUN = {Project.Status.PIPELINE, Project.Status.CANCELLED}
LONGEST_PERIOD = 365  # days; IATI requires a budget for each year
STARTS = {PLANNED_START, ACTUAL_START}
YEAR, MOMENT = structure.TYPES["positiveInteger"], structure.TYPES["dateTime"]
ADDRESS = (
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="address" type="xs:anyURI"/></xs:schema>'
)


def publisher():
    """Return the organisation in whose name the portal reports; None if the portal does not report."""
    return ReportingOrganisation.objects.select_related("organisation").first()


def reports():
    """Return True if the portal reports to IATI."""
    return ReportingOrganisation.objects.exists()


def with_parts(projects):
    """Prefetch everything that an activity needs. The number of queries does not depend on the number of projects."""
    return projects.prefetch_related(
        Prefetch("countries", Place.objects.published().order_by("key")),
        Prefetch("places", Place.objects.published().order_by("key")),
        Prefetch("imported", ImportedActivity.objects.defer("values", "differences")),
        Prefetch("imported__file", ImportedFile.objects.only("kind", "mapping")),
        "sectors",
        "sdgs",
        "rio_markers",
        Prefetch(
            "participations",
            Participation.objects.filter(organisation__publication=PublicationStatus.PUBLISHED)
            .exclude(role=Participation.Role.PARTNER)
            .select_related("organisation")
            .prefetch_related("organisation__identifiers")
            .order_by("role", "organisation__key"),
        ),
    )


def texts(record, field):
    """Return the texts of a translated column by language. Missing languages are left out, without a fallback."""
    return {code: text for code in LANGUAGES if (text := (getattr(record, f"{field}_{code}") or "").strip())}


def in_each_language(words):
    """Return the result of `words()` by language."""
    found = {}
    for code in LANGUAGES:
        with translation.override(code):
            found[code] = words()
    return found


# ── What keeps a project out ─────────────────────────────────────────────────────────────────────────────────────


def kept_out_by(project):
    """Return the reasons, as texts, why a project cannot be reported; empty if it can.

    The project must be read by `with_parts`.
    """
    found = []
    if project.publication != PublicationStatus.PUBLISHED:
        found.append(_("It has not been published."))
    if project.start is None:
        found.append(_("The start date is unknown; IATI requires at least a planned one."))
    if not project.participations.all():
        found.append(_("No published organisation has an IATI role (funding, accountable, extending, implementing)."))
    if not project.countries.all():
        found.append(_("No published country is given."))
    if not project.sectors.all():
        found.append(_("No sector is given."))
    return found


def left_out_of(project):
    """Return, as texts, what a project states and its activity cannot express."""
    found = []
    if getattr(project, "imported", None) is not None:
        return found
    if project.budget is not None and not _period(project):
        found.append(_("Budget: IATI requires annual amounts, and the portal does not split totals."))
    if len(project.countries.all()) > 1:
        found.append(
            _(
                "Countries individually: their shares are unknown, so the project is reported for Central Asia as a "
                "whole."
            )
        )
    if len(project.sectors.all()) > 1:
        found.append(
            _(
                "Sectors individually: their shares are unknown, so the common sector is reported and each sector "
                "becomes a tag."
            )
        )
    return found


# ── What it says ─────────────────────────────────────────────────────────────────────────────────────────────────


def identifier_of(project, publisher):
    """Return the IATI identifier of a project.

    This is the identifier that others report it under, else one made from the project's key. If the key changes, the
    project keeps the identifier (`Project.prepare_key_change`).
    """
    return project.iati_identifier or f"{publisher.ref}-{project.key}"


def activity_of(project, publisher, address):
    """Return the activity of a project, which must be read by `with_parts`. `address` makes a URL from a path.

    An activity that was imported from IATI is reported as its publisher reports it. Only its texts come from the
    portal, because they may have been translated.
    """
    imported = getattr(project, "imported", None)
    if imported is not None and imported.file.kind == ImportedFile.Kind.IATI:
        return _as_reported(project, imported, publisher, address)
    titles = texts(project, "title")
    if imported is not None:
        titles = _whole(titles, tables.titles_of(imported.content, imported.file.mapping))
    own = any(part.organisation_id == publisher.organisation_id for part in project.participations.all())
    return Activity(
        identifier=identifier_of(project, publisher),
        reporter=Org(publisher.ref, publisher.organisation.iati_kind, texts(publisher.organisation, "name")),
        secondary=not own,
        currency=project.currency,
        updated=f"{project.updated_at.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}",
        titles=titles,
        descriptions={
            kind: found
            for kind, field in ((GENERAL, "summary"), (OTHER, "activities"))
            if (found := texts(project, field))
        }
        or {GENERAL: titles},
        parties=_parties(project),
        other_identifiers=[OtherIdentifier(ref, FORMER_REPORTER) for ref in publisher.former],
        status=Project.Status(project.status).iati_code,
        dates=_dates(project),
        email=publisher.email,
        locations=[
            Location(texts(place, "name"), place.latitude, place.longitude, APPROXIMATE)
            for place in project.places.all()
            if place.latitude is not None
        ],
        **_where(project),
        **_what_for(project),
        markers={type(row).Marker(row.marker).iati_code: str(row.significance) for row in project.rio_markers.all()},
        finance=Project.Finance(project.finance).iati_code if project.finance else "",
        budgets=_budgets(project),
        documents=_pages(project, address),
    )


def _as_reported(project, imported, publisher, address):
    """Return the stored original of an imported activity as a secondary report.

    Parts that IATI 2.03 does not allow are left out.
    """
    a = reading.reread(imported.content)
    a.reporter = Org(publisher.ref, publisher.organisation.iati_kind, texts(publisher.organisation, "name"))
    a.secondary, a.email = True, publisher.email
    if not _is_past(a.updated):
        a.updated = ""
    a.titles = _whole(texts(project, "title"), a.titles)
    a.descriptions[GENERAL] = a.descriptions.get(GENERAL, {}) | texts(project, "summary") or a.titles
    a.parties = [party for party in a.parties if party.role] or _parties(project)
    if not STARTS & set(a.dates):
        a.dates |= {kind: day for kind, day in _dates(project).items() if kind in STARTS}
    a.other_identifiers = [other for other in a.other_identifiers if other.kind]
    if a.places_computed:
        a.countries, a.regions = [], []  # the transactions have them
    if a.sectors_computed:
        a.sectors = []
    if not a.places_computed or not a.sectors_computed:
        for transaction in a.transactions:
            transaction.countries = transaction.countries[:1] if a.places_computed else []
            transaction.regions = transaction.regions[:1] if a.places_computed and not transaction.countries else []
            transaction.sectors = transaction.sectors if a.sectors_computed else []
    a.transactions = [one for one in a.transactions if one.date]
    for one in (*a.transactions, *a.budgets):
        one.money.date = one.money.date or getattr(one, "date", "") or one.start
    a.budgets = [one for one in a.budgets if one.start and (one.end or one.disbursement)]
    a.tags = [tag for tag in a.tags if tag.vocabulary]
    for share in (*a.sectors, *a.regions, *a.tags, *(one for t in a.transactions for one in (*t.sectors, *t.regions))):
        if share.uri and not is_address(share.uri):
            share.uri = ""
    a.related = [(identifier, kind) for identifier, kind in a.related if kind]
    pages = _pages(project, address)
    complete = (one for one in a.documents if one.format and one.titles and one.categories and is_address(one.url))
    a.documents = [*pages, *complete]
    a.results = [_complete(result) for result in a.results if result.kind and result.titles]
    a.results = [result for result in a.results if result.indicators]
    return a


def _complete(result):
    """Return a result without the indicators, baselines and periods that lack what the schema requires."""
    kept = []
    for indicator in result.indicators:
        if indicator.titles and indicator.measure:
            indicator.baselines = [one for one in indicator.baselines if YEAR.fullmatch(one.year)]
            indicator.periods = [one for one in indicator.periods if one.start and one.end]
            kept.append(indicator)
    result.indicators = kept
    return result


def _whole(titles, reported):
    """Return the titles of a project, completed by the reported ones.

    A title that was only cut to fit its column is replaced by the whole reported title.
    """
    kept = {code: text for code, text in titles.items() if text != fields.cut(reported.get(code, ""))}
    return reported | kept


def _parties(project):
    """Return the organisations that take part. The project must be read by `with_parts`."""
    return [
        Party(
            ref=next((row.ref for row in part.organisation.identifiers.all()), ""),
            kind=part.organisation.iati_kind,
            names=texts(part.organisation, "name"),
            role=Participation.Role(part.role).iati_code,
        )
        for part in project.participations.all()
    ]


def _is_past(text):
    """Return True if a text is a date and time in the format of XML Schema, and not in the future."""
    try:
        moment = datetime.datetime.fromisoformat(text) if MOMENT.fullmatch(text) else None
    except ValueError:
        return False
    if moment is None:
        return False
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)) <= timezone.now()


def is_address(text):
    """Return True if a text is valid as the XML Schema type anyURI."""
    element = etree.Element("address")
    element.text = text
    return etree.XMLSchema(etree.fromstring(ADDRESS)).validate(element)


def _dates(project):
    """Return start and end by code of the list ActivityDateType.

    A start known only to the month or year becomes its first day, an end its last day. The narrative says so.
    """
    today = timezone.localdate()
    found = {}
    if project.start:
        day = project.start.first_day
        actual = project.status not in NOT_BEGUN and day <= today
        found[ACTUAL_START if actual else PLANNED_START] = Day(day.isoformat(), _precision(project.start))
    if project.end:
        day = project.end.last_day
        actual = project.status == Project.Status.CLOSED and day <= today
        found[ACTUAL_END if actual else PLANNED_END] = Day(day.isoformat(), _precision(project.end))
    return found


def _precision(date):
    if date.precision == "year":
        return in_each_language(lambda: _("Only the year is known."))
    if date.precision == "month":
        return in_each_language(lambda: _("Only the month is known."))
    return {}


def _where(project):
    """Return the country if there is only one.

    For several countries, return the region Central Asia with their names, because nobody has stated their shares.
    """
    countries = project.countries.all()
    if len(countries) == 1:
        return {"countries": [PercentageShare(countries[0].code)]}
    names = in_each_language(lambda: _("Shares are not known: {names}.").format(names=", ".join(map(str, countries))))
    return {"regions": [PercentageShare(CENTRAL_ASIA, vocabulary="1", names=names)]}


def _what_for(project):
    """Return the sector if there is only one.

    For several sectors, return their common category, else "multisector", with a tag for each sector.
    """
    sectors = sorted(project.sectors.all(), key=lambda sector: sector.code)
    categories = {sector.code[:3] for sector in sectors}
    if len(sectors) == 1:
        found, tags = [PercentageShare(sectors[0].code, vocabulary=DAC)], []
    else:
        if len(categories) == 1:
            found = [PercentageShare(*categories, vocabulary=DAC_CATEGORIES)]
        else:
            found = [PercentageShare(MULTISECTOR, vocabulary=DAC)]
        tags = [
            PercentageShare(sector.code, vocabulary=OWN, uri=DAC_LIST, names=texts(sector, "name"))
            for sector in sectors
        ]
    goals = [PercentageShare(row.code, vocabulary=TARGETS if "." in row.code else GOALS) for row in project.sdgs.all()]
    return {"sectors": found, "tags": [*goals, *tags]}


def _period(project):
    """Return (first day, last day) of a project; None if it is unknown or longer than a year."""
    if project.start is None or project.end is None:
        return None
    first, last = project.start.first_day, project.end.last_day
    return (first, last) if (last - first).days <= LONGEST_PERIOD else None


def _budgets(project):
    period = _period(project)
    if project.budget is None or period is None:
        return []
    first, last = (day.isoformat() for day in period)
    return [Budget(first, last, Money(project.budget, project.currency, first), kind="1", status="1")]


def _pages(project, address):
    """Return a document for the project's page in each language."""
    found = []
    for code in LANGUAGES:
        with translation.override(code):
            url = address(reverse("project", args=[project.key]))
        title = texts(project, "title") or {"en": project.title_original or project.key}
        language = next(one for one in (code, "en", *title) if one in title)
        found.append(Document(url, "text/html", {language: title[language]}, [PROJECT_PAGE], [code]))
    return found
