"""Describes issues, indicators and events in the vocabulary of schema.org.

`tell` is the `SchemaContext` of the page.
"""

from django.utils.translation import gettext

from portal.core.languages import text_and_language
from portal.core.urls import file_path
from portal.seo.schema_org import licence, names, node


def issue(tell, record):
    """Return an Article about the issue, with the countries and places that it covers."""
    return tell.work(
        "Article",
        record,
        headline=record.name_and_language()[0],
        description=text_and_language(record, "summary")[0],
        spatialCoverage=tell.places([link.country for link in record.in_countries.all()], record.places.all()),
    )


def indicator(tell, record, observations, main_source, places):
    """Return a Dataset with places and years, creator, licence and download URLs of the indicator's values."""
    years = [observation.year for observation in observations]
    name, _language = record.name_and_language()
    unit, _language = text_and_language(record, "unit")
    path = record.get_absolute_url()
    return tell.work(
        "Dataset",
        record,
        alternateName=names(record),
        description=dataset_description(record),
        license=licence(record.licence_en, tell.base + path),
        creator=node("Organization", name=main_source.publisher) if main_source else None,
        isBasedOn=tell.ref("CreativeWork", main_source) if main_source else None,
        temporalCoverage=f"{min(years)}/{max(years)}" if years else None,
        spatialCoverage=tell.places(places),
        variableMeasured=node("PropertyValue", name=name, unitText=unit),
        includedInDataCatalog=tell.catalogue,
        distribution=[
            node("DataDownload", encodingFormat=media, contentUrl=tell.base + file_path(path, form))
            for form, media in (("csv", "text/csv"), ("json", "application/json"))
        ],
    )


def dataset_description(record):
    """Return a description of the indicator's values in the reader's language.

    Google Dataset Search requires at least 50 characters, and a definition can be shorter.
    """
    definition, _language = text_and_language(record, "definition")
    unit, _language = text_and_language(record, "unit")
    return gettext(
        "{definition} Values by place and year, as far as known, each with its source. Unit: {unit}."
    ).format(definition=definition, unit=unit)


def event(tell, record):
    """Return an Event with its date and its places, or its countries if it names no places."""
    return tell.record(
        "Event",
        record,
        description=text_and_language(record, "text")[0],
        startDate=record.date,
        location=tell.places(record.places.all()) or tell.places(record.countries.all()),
    )
