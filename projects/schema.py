"""What projects, agreements and organisations are in the words of schema.org."""

from portal.core.languages import text_and_language
from portal.seo.schema_org import names
from projects.models import Agreement, Organisation, Participation

ORGANISATIONS = {
    Organisation.Kind.GOVERNMENT: "GovernmentOrganization",
    Organisation.Kind.LOCAL_GOVERNMENT: "GovernmentOrganization",
    Organisation.Kind.INTERNATIONAL_NGO: "NGO",
    Organisation.Kind.NATIONAL_NGO: "NGO",
}
MEETINGS = {Agreement.Kind.FORUM, Agreement.Kind.SUMMIT, Agreement.Kind.VISIT}


def named(tell, organisation):
    """An organisation that is named."""
    return tell.ref(ORGANISATIONS.get(organisation.kind, "Organization"), organisation)


def project(tell, record):
    """A project: when it began and ended, who funds it, who takes part, and where."""
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
        funder=[named(tell, organisation) for organisation in funders],
        member=[named(tell, organisation) for organisation in others.values()],
        location=tell.places(record.countries.all(), record.places.all()),
    )


def agreement(tell, record):
    """A meeting is an event, anything that was agreed a work of its parties."""
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


def organisation(tell, record):
    """An organisation, its names, its country and its own website."""
    return tell.record(
        ORGANISATIONS.get(record.kind, "Organization"),
        record,
        alternateName=[name for name in (record.acronym, *names(record)) if name],
        location=tell.places([record.country] if record.country else []),
        sameAs=record.url,
    )
