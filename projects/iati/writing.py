"""Writes activities as IATI 2.03. Elements have the order of the schema; equal activities give equal bytes."""

import re

from lxml import etree

from portal.core.numbers import plain
from projects.iati.activity import GENERAL

VERSION = "2.03"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
FIRST_LANGUAGES = ("en", "ko", "ru")
WGS84 = "http://www.opengis.net/def/crs/EPSG/0/4326"
# Characters that XML does not allow, not even escaped.
UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(activities, generated):
    """Yield the file in pieces.

    `generated` is the time of the last change and not the present, so that an unchanged file has the same bytes.
    """
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<iati-activities version="{VERSION}"'.encode()
    yield f' generated-datetime="{generated:%Y-%m-%dT%H:%M:%SZ}">\n'.encode()
    for activity in activities:
        element = iati_activity(activity)
        etree.indent(element, level=1)
        yield b"  " + etree.tostring(element, encoding="UTF-8") + b"\n"
    yield b"</iati-activities>\n"


def add(parent, name, text=None, **attributes):
    """Add an element and return it.

    Attributes without a value are left out. `_` in the name of an attribute becomes a hyphen.
    """
    element = etree.SubElement(parent, name)
    for key, value in attributes.items():
        if value not in (None, ""):
            element.set(key.replace("_", "-"), UNWRITABLE.sub("", str(value)))
    if text is not None:
        element.text = UNWRITABLE.sub("", text)
    return element


def narratives(parent, texts, default):
    """Add a narrative for each language that has text, the languages of the portal first."""
    own = [language for language in FIRST_LANGUAGES if texts.get(language)]
    for language in [*own, *sorted(set(texts) - set(FIRST_LANGUAGES))]:
        if texts[language]:
            element = add(parent, "narrative", texts[language])
            if language != default:
                element.set(LANG, language)


def iati_activity(a):
    """Return the XML element of an activity."""
    root = etree.Element("iati-activity")
    root.set(LANG, a.language)
    for name, value in (("default-currency", a.currency), ("last-updated-datetime", a.updated), ("hierarchy", "1")):
        if value:
            root.set(name, value)
    add(root, "iati-identifier", a.identifier)
    _organisation(root, "reporting-org", a.reporter, a, secondary_reporter="1" if a.secondary else None)
    narratives(add(root, "title"), a.titles, a.language)
    for kind in sorted(a.descriptions, key=lambda kind: (kind != GENERAL, kind)):
        narratives(add(root, "description", type=kind), a.descriptions[kind], a.language)
    for party in a.parties:
        _organisation(root, "participating-org", party, a, role=party.role, activity_id=party.activity)
    for other in a.other_identifiers:
        element = add(root, "other-identifier", ref=other.ref, type=other.kind)
        if other.owner and (other.owner.ref or other.owner.names):
            narratives(add(element, "owner-org", ref=other.owner.ref), other.owner.names, a.language)
    add(root, "activity-status", code=a.status)
    for kind, day in sorted(a.dates.items()):
        narratives(add(root, "activity-date", type=kind, iso_date=day.iso), day.words, a.language)
    if a.email:
        contact = add(root, "contact-info", type="1")
        narratives(add(contact, "organisation"), a.reporter.names, a.language)
        add(contact, "email", a.email)
    _code(root, "activity-scope", a.scope)
    _places(root, a, a.language)
    for location in a.locations:
        _location(root, location, a.language)
    for sector in a.sectors:
        _share(root, "sector", sector, a.language)
    for tag in a.tags:
        _share(root, "tag", tag, a.language)
    for code, significance in sorted(a.markers.items(), key=lambda pair: int(pair[0])):
        add(root, "policy-marker", vocabulary="1", code=code, significance=significance)
    _code(root, "collaboration-type", a.collaboration)
    _code(root, "default-flow-type", a.flow)
    _code(root, "default-finance-type", a.finance)
    for aid in a.aid_types:
        add(root, "default-aid-type", vocabulary=aid.vocabulary, code=aid.code)
    _code(root, "default-tied-status", a.tied)
    for budget in (budget for budget in a.budgets if not budget.disbursement):
        _budget(add(root, "budget", type=budget.kind, status=budget.status), budget)
    for budget in (budget for budget in a.budgets if budget.disbursement):
        _budget(add(root, "planned-disbursement", type=budget.kind), budget)
    for transaction in a.transactions:
        _transaction(root, transaction, a.language)
    for link in a.documents:
        _document(root, link, a.language)
    for identifier, kind in a.related:
        add(root, "related-activity", ref=identifier, type=kind)
    for result in a.results:
        _result(root, result, a.language)
    return root


def _code(root, name, code):
    if code:
        add(root, name, code=code)


def _organisation(root, name, org, activity, **attributes):
    element = add(root, name, ref=org.ref, type=org.kind, **attributes)
    narratives(element, org.names, activity.language)


def _share(parent, name, share, language):
    percentage = None if share.percentage is None else plain(share.percentage)
    element = add(
        parent,
        name,
        vocabulary=share.vocabulary,
        vocabulary_uri=share.uri,
        code=share.code,
        percentage=percentage,
    )
    narratives(element, share.names, language)


def _places(parent, holder, language):
    for country in holder.countries:
        _share(parent, "recipient-country", country, language)
    for region in holder.regions:
        _share(parent, "recipient-region", region, language)


def _location(root, location, language):
    element = add(root, "location")
    if location.names:
        narratives(add(element, "name"), location.names, language)
    if location.latitude is not None:
        point = add(element, "point", srsName=WGS84)
        add(point, "pos", f"{plain(location.latitude)} {plain(location.longitude)}")
    _code(element, "exactness", location.exactness)


def _money(parent, money):
    add(parent, "value", plain(money.value), currency=money.currency, value_date=money.date)


def _budget(element, budget):
    add(element, "period-start", iso_date=budget.start)
    if budget.end:
        add(element, "period-end", iso_date=budget.end)
    _money(element, budget.money)


def _transaction(root, transaction, language):
    element = add(root, "transaction", ref=transaction.ref)
    _code(element, "transaction-type", transaction.kind)
    add(element, "transaction-date", iso_date=transaction.date)
    _money(element, transaction.money)
    if transaction.descriptions:
        narratives(add(element, "description"), transaction.descriptions, language)
    for name, org in (("provider-org", transaction.provider), ("receiver-org", transaction.receiver)):
        if org:
            narratives(add(element, name, ref=org.ref, type=org.kind), org.names, language)
    for sector in transaction.sectors:
        _share(element, "sector", sector, language)
    _places(element, transaction, language)


def _document(root, link, language):
    element = add(root, "document-link", format=link.format, url=link.url)
    narratives(add(element, "title"), link.titles, language)
    for category in link.categories:
        add(element, "category", code=category)
    for code in link.languages:
        add(element, "language", code=code)
    if link.date:
        add(element, "document-date", iso_date=link.date)


def _result(root, result, language):
    element = add(root, "result", type=result.kind)
    narratives(add(element, "title"), result.titles, language)
    if result.descriptions:
        narratives(add(element, "description"), result.descriptions, language)
    for indicator in result.indicators:
        measured = add(element, "indicator", measure=indicator.measure)
        narratives(add(measured, "title"), indicator.titles, language)
        for baseline in indicator.baselines:
            add(measured, "baseline", year=baseline.year, value=baseline.value)
        for period in indicator.periods:
            time = add(measured, "period")
            add(time, "period-start", iso_date=period.start)
            add(time, "period-end", iso_date=period.end)
            for name, values in (("target", period.targets), ("actual", period.actuals)):
                for value in values:
                    add(time, name, value=value)
