"""The portal's lists: how to make a record of each, and the values of each facet."""

from django.urls import resolve

from issues.models import Event, Issue
from portal.core.choices import Area, Confidence, Level
from portal.facets.filters import Facet
from portal.models import Place, Source
from projects.models import Agreement, Organisation, Participation, Project, Result, RioMarker, Sector, StatusNow
from tests.make import (
    make_agreement,
    make_answer,
    make_area,
    make_citation,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_issue_in_country,
    make_observation,
    make_organisation,
    make_participation,
    make_party,
    make_place,
    make_project,
    make_result,
    make_rio_marker,
    make_sdg,
    make_sector,
    make_source,
    make_term,
)

# From the path of a list to the function that makes a record for it.
LISTS = {
    "issues": make_issue,
    "indicators": make_indicator,
    "projects": make_project,
    "organisations": make_organisation,
    "agreements": make_agreement,
    "lessons": make_result,
    "timeline": make_event,
    "glossary": make_term,
    "sources": make_source,
}

# From (list, facet) to two of its values.
FACETS = {
    ("issues", "country"): ("uz", "kz"),
    ("issues", "sdg"): ("6", "13"),
    ("indicators", "issue"): ("aral", "desert"),
    ("indicators", "place"): ("aral-sea", "balkhash"),
    ("timeline", "kind"): Event.Kind.values,
    ("timeline", "country"): ("uz", "kz"),
    ("timeline", "issue"): ("aral", "desert"),
    ("timeline", "place"): ("aral-sea", "balkhash"),
    ("projects", "country"): ("uz", "kz"),
    ("projects", "issue"): ("aral", "desert"),
    ("projects", "area"): (Area.FORESTRY, Area.ENERGY),
    ("projects", "level"): (Level.PROVINCIAL, Level.NATIONAL),
    ("projects", "status"): (Project.Status.CLOSED, Project.Status.PIPELINE),
    ("projects", "status_now"): (StatusNow.CLOSED, StatusNow.CANCELLED),
    ("projects", "finance"): (Project.Finance.GRANT, Project.Finance.LOAN),
    ("projects", "organisation"): ("koica", "adb"),
    ("projects", "role"): (Participation.Role.FUNDING, Participation.Role.PARTNER),
    ("projects", "organisation_kind"): (Organisation.Kind.GOVERNMENT, Organisation.Kind.MULTILATERAL),
    ("projects", "sector"): ("31220", "14015"),
    ("projects", "marker"): (RioMarker.Marker.ADAPTATION, RioMarker.Marker.DESERTIFICATION),
    ("projects", "sdg"): ("6", "13"),
    ("projects", "place"): ("aral-sea", "balkhash"),
    ("projects", "confidence"): (Confidence.HIGH, Confidence.LOW),
    ("projects", "source"): ("micklin-2016", "unep-2014"),
    ("agreements", "country"): ("uz", "kz"),
    ("agreements", "kind"): (Agreement.Kind.MOU, Agreement.Kind.SUMMIT),
    ("agreements", "issue"): ("aral", "desert"),
    ("agreements", "area"): (Area.FORESTRY, Area.ENERGY),
    ("agreements", "level"): (Level.PROVINCIAL, Level.NATIONAL),
    ("agreements", "organisation"): ("koica", "adb"),
    ("agreements", "confidence"): (Confidence.HIGH, Confidence.LOW),
    ("lessons", "kind"): (Result.Kind.LESSON, Result.Kind.EVALUATION),
    ("lessons", "issue"): ("aral", "desert"),
    ("lessons", "area"): (Area.FORESTRY, Area.ENERGY),
    ("lessons", "country"): ("uz", "kz"),
    ("lessons", "end_against_plan"): ("later", "as-planned"),
    ("organisations", "country"): ("uz", "kz"),
    ("organisations", "kind"): (Organisation.Kind.GOVERNMENT, Organisation.Kind.MULTILATERAL),
    ("organisations", "works_in"): ("uz", "kz"),
    ("organisations", "issue"): ("aral", "desert"),
    ("organisations", "area"): (Area.FORESTRY, Area.ENERGY),
    ("organisations", "role"): (Participation.Role.FUNDING, Participation.Role.PARTNER),
    ("sources", "kind"): (Source.Kind.REPORT, Source.Kind.NEWS),
    ("sources", "language"): ("ko", "ru"),
}

# From (list, facet) to a function that gives a record a value stored in a related record. Other values are own fields.
TIES = {
    ("issues", "country"): lambda issue, key: make_issue_in_country(issue=issue, country=known(make_country, key)),
    ("issues", "sdg"): make_sdg,
    ("indicators", "issue"): lambda indicator, key: indicator.issues.add(known(make_issue, key)),
    ("indicators", "place"): lambda indicator, key: make_observation(indicator=indicator, place=known(make_place, key)),
    ("timeline", "country"): lambda event, key: event.countries.add(known(make_country, key)),
    ("timeline", "issue"): lambda event, key: event.issues.add(known(make_issue, key)),
    ("timeline", "place"): lambda event, key: event.places.add(known(make_place, key)),
    ("projects", "country"): lambda project, key: project.countries.add(known(make_country, key)),
    ("projects", "issue"): lambda project, key: make_answer(project=project, issue=known(make_issue, key)),
    ("projects", "area"): make_area,
    ("projects", "status_now"): lambda project, status: Project.objects.filter(pk=project.pk).update(status=status),
    ("projects", "organisation"): lambda project, key: make_participation(
        project=project, organisation=known(make_organisation, key)
    ),
    ("projects", "role"): lambda project, role: make_participation(project=project, role=role),
    ("projects", "organisation_kind"): lambda project, kind: make_participation(
        project=project, organisation=make_organisation(kind=kind)
    ),
    ("projects", "sector"): lambda project, code: project.sectors.add(
        Sector.objects.filter(code=code).first() or make_sector(code=code)
    ),
    ("projects", "marker"): lambda project, marker: make_rio_marker(project=project, marker=marker),
    ("projects", "sdg"): make_sdg,
    ("projects", "place"): lambda project, key: project.places.add(known(make_place, key)),
    ("projects", "source"): lambda project, key: make_citation(project, known(make_source, key)),
    ("agreements", "country"): lambda agreement, key: make_party(agreement=agreement, country=known(make_country, key)),
    ("agreements", "issue"): lambda agreement, key: agreement.issues.add(known(make_issue, key)),
    ("agreements", "area"): make_area,
    ("agreements", "organisation"): lambda agreement, key: make_party(
        agreement=agreement, organisation=known(make_organisation, key)
    ),
    ("lessons", "issue"): lambda result, key: result.issues.add(known(make_issue, key)),
    ("lessons", "area"): make_area,
    ("lessons", "country"): lambda result, key: result.countries.add(known(make_country, key)),
    ("lessons", "end_against_plan"): lambda result, value: Result.objects.filter(pk=result.pk).update(
        planned_end="2021", actual_end={"later": "2022", "as-planned": "2021-07", "earlier": "2020"}[value]
    ),
    ("organisations", "country"): lambda organisation, key: (
        type(organisation).objects.filter(pk=organisation.pk).update(country=known(make_country, key))
    ),
    ("organisations", "works_in"): lambda organisation, key: work_of(organisation).countries.add(
        known(make_country, key)
    ),
    ("organisations", "issue"): lambda organisation, key: make_answer(
        project=work_of(organisation), issue=known(make_issue, key)
    ),
    ("organisations", "area"): lambda organisation, area: make_area(work_of(organisation), area),
    ("organisations", "role"): lambda organisation, role: make_participation(organisation=organisation, role=role),
}


def work_of(organisation):
    """Return a new project in which the organisation takes part."""
    return make_participation(organisation=organisation).project


def known(make, key):
    """Return the record with that key. It is created if it does not exist."""
    models = {
        make_country: Place,
        make_place: Place,
        make_issue: Issue,
        make_organisation: Organisation,
        make_source: Source,
    }
    return models[make].objects.filter(key=key).first() or make(key=key)


def make_with(name, facet, *values, **fields):
    """Make a record of a list that `facet` finds by each of `values`."""
    tie = TIES.get((name, facet))
    if tie is None:
        [value] = values
        return LISTS[name](**{facet: value}, **fields)
    record = LISTS[name](**fields)
    for value in values:
        tie(record, value)
    return record


def filterset_of(name):
    """Return the filters of a list."""
    return resolve(f"/en/{name}/").func.view_class.filterset_class


def facets_of(name):
    """Return the facets of a list, by parameter: copies, because those of the class would keep their choices."""
    return {parameter: item for parameter, item in filterset_of(name)().filters.items() if isinstance(item, Facet)}
