"""What issues, indicators and events are in the words of schema.org."""

from django.utils.translation import gettext

from portal.core.languages import text_and_language
from portal.seo.schema_org import licence, names, node


def issue(tell, record):
    """An issue is told in an article, of the countries and places where it is."""
    return tell.work(
        "Article",
        record,
        headline=record.name_and_language()[0],
        description=text_and_language(record, "summary")[0],
        spatialCoverage=tell.places([link.country for link in record.in_countries.all()], record.places.all()),
    )


def indicator(tell, record, observations, main_source, places):
    """An indicator is a dataset: of which places and years, by whom, under which licence, and where to take it."""
    years = [observation.year for observation in observations]
    name, _language = record.name_and_language()
    unit, _language = text_and_language(record, "unit")
    address = tell.base + record.get_absolute_url()
    return tell.work(
        "Dataset",
        record,
        alternateName=names(record),
        description=dataset_description(record),
        license=licence(record.licence_en, address),
        creator=node("Organization", name=main_source.publisher) if main_source else None,
        isBasedOn=tell.ref("CreativeWork", main_source) if main_source else None,
        temporalCoverage=f"{min(years)}/{max(years)}" if years else None,
        spatialCoverage=tell.places(places),
        variableMeasured=node("PropertyValue", name=name, unitText=unit),
        includedInDataCatalog=tell.catalogue,
        distribution=[
            node("DataDownload", encodingFormat=media, contentUrl=f"{address}?format={form}")
            for form, media in (("csv", "text/csv"), ("json", "application/json"))
        ],
    )


def dataset_description(record):
    """Return what the values of an indicator are, in the language of the reader.

    Google Dataset Search wants at least 50 characters, which a definition alone need not have.
    """
    definition, _language = text_and_language(record, "definition")
    unit, _language = text_and_language(record, "unit")
    return gettext(
        "{definition} Values by place and year, as far as they are known, each with the source that gives it. Unit: "
        "{unit}."
    ).format(definition=definition, unit=unit)


def event(tell, record):
    """An event, with when and where it was."""
    return tell.record(
        "Event",
        record,
        description=text_and_language(record, "text")[0],
        startDate=record.date,
        location=tell.places(record.places.all()) or tell.places(record.countries.all()),
    )
