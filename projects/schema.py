"""Describes projects, agreements, results and organisations in the vocabulary of schema.org.

`tell` is the `SchemaContext` of the page.
"""

from django.utils.translation import gettext

from portal.core.languages import text_and_language
from portal.seo.schema_org import identifiers, names, node, same_as
from projects.models import Agreement, Organisation, Participation, Project

ORGANISATIONS = {
    Organisation.Kind.GOVERNMENT: "GovernmentOrganization",
    Organisation.Kind.LOCAL_GOVERNMENT: "GovernmentOrganization",
    Organisation.Kind.INTERNATIONAL_NGO: "NGO",
    Organisation.Kind.NATIONAL_NGO: "NGO",
}
MEETINGS = {Agreement.Kind.FORUM, Agreement.Kind.SUMMIT, Agreement.Kind.VISIT}


def named(tell, organisation):
    """Return a reference to an organisation."""
    return tell.ref(ORGANISATIONS.get(organisation.kind, "Organization"), organisation)


def status(record):
    """Return the status of a project that readers see today, with the date of the newest source that states it."""
    as_of = node(
        "PropertyValue",
        propertyID="status_as_of",
        name=str(Project._meta.get_field("status_as_of").verbose_name),
        value=record.status_as_of,
    )
    return node(
        "PropertyValue",
        propertyID="status_now",
        name=gettext("Status today"),
        value=record.status_now_label,
        valueReference=as_of if record.status_as_of else None,
    )


def project(tell, record):
    """Return a Project with its dates, status, funders, other participants and locations."""
    parts = record.participations.all()
    funders = [part.organisation for part in parts if part.role == Participation.Role.FUNDING]
    others = {part.organisation.pk: part.organisation for part in parts if part.organisation not in funders}
    return tell.record(
        "Project",
        record,
        alternateName=names(record),
        description=text_and_language(record, "summary")[0],
        foundingDate=record.start,
        dissolutionDate=record.end,
        # schema.org has no status of a project: a Project is an Organization, eventStatus and actionStatus are not for
        # these, and their values do not fit “under way when last reported”. additionalProperty is for characteristics
        # without a property of their own; propertyID is the name of the field in the API.
        additionalProperty=status(record),
        funder=[named(tell, organisation) for organisation in funders],
        member=[named(tell, organisation) for organisation in others.values()],
        location=tell.places(record.countries.all(), record.places.all()),
    )


def agreement(tell, record):
    """Return an Event for a forum, summit or visit; else a CreativeWork.

    Organisations are contributors. Countries are what an Event is about, or what a CreativeWork covers.
    """
    summary, date = text_and_language(record, "summary")[0], record.date
    parties = record.parties.all()
    countries = tell.places([party.country for party in parties if party.country])
    organisations = [named(tell, party.organisation) for party in parties if party.organisation]
    if record.kind in MEETINGS:
        return tell.record(
            "Event", record, description=summary, startDate=date, contributor=organisations, about=countries
        )
    return tell.record(
        "CreativeWork",
        record,
        description=summary,
        dateCreated=date,
        genre=record.get_kind_display(),
        contributor=organisations,
        spatialCoverage=countries,
    )


def result(tell, record, countries, issues):
    """Return a CreativeWork about the project, or else about the issues, with its kind and countries."""
    return tell.work(
        "CreativeWork",
        record,
        abstract=text_and_language(record, "text")[0],
        genre=record.get_kind_display(),
        about=tell.ref("Project", record.project) if record.project else [tell.ref("Article", one) for one in issues],
        spatialCoverage=tell.places(countries),
    )


def organisation(tell, record):
    """Return an organisation with its names, its country and its website."""
    return tell.record(
        ORGANISATIONS.get(record.kind, "Organization"),
        record,
        alternateName=[name for name in (record.acronym, *names(record)) if name],
        location=tell.places([record.country] if record.country else []),
        identifier=identifiers(record.external_identifiers.all()),
        sameAs=[address for address in (record.url, *same_as(record.external_identifiers.all())) if address],
    )
