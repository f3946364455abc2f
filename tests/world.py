"""A small world in which every kind of record is linked to every possible kind, and functions that make it grow.

    Uzbekistan ── Karakalpakstan ── Nukus (a part of it)
        │
    water scarcity ──► the Aral Sea's depletion (under it): key figure, note on Uzbekistan, indicator with a value,
        │                       │                            event, SDG, sources
    KOICA ── project ───────────┴── agreement with Uzbekistan and KOICA, which led to the project
                │
              result; another one has no project, but the country and the issue

`link` links one new record of each kind to a record of that world, by every relation of the models. `link(issue)` makes
published records. `link(issue, unpublished(DRAFT), SECRET)` makes drafts with SECRET in their texts and in the rows
between.
"""

import functools
import itertools
from types import SimpleNamespace

from issues.models import Event, Indicator, Issue, IssueLink, KeyFigure, Term
from portal.core.choices import Area
from portal.models import Place, Source
from projects.models import Agreement, AgreementActivity, AgreementOutcome, Organisation, Participation, Project, Result
from tests.make import (
    make_activity,
    make_agreement,
    make_answer,
    make_area,
    make_citation,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_issue_in_country,
    make_issue_link,
    make_key_figure,
    make_observation,
    make_organisation,
    make_outcome,
    make_participation,
    make_party,
    make_place,
    make_project,
    make_result,
    make_result_figure,
    make_rio_marker,
    make_sdg,
    make_sector,
    make_source,
    make_term,
)

SECRET = "Unseen"

_numbers = itertools.count(1)


def make_world():
    """Make one of each kind of record (two issues and two places, so that one is part of the other), all linked."""
    w = SimpleNamespace(
        country=make_country(),
        source=(source := make_source()),
        main=make_issue(name_en="Water scarcity"),
        indicator=make_indicator(source=source),
        event=make_event(),
        term=make_term(),
        organisation=make_organisation(),
        project=make_project(start="2020", end="2023-05", budget=5_600_000, currency="USD"),
        agreement=make_agreement(),
    )
    w.province = make_place(kind=Place.Kind.PROVINCE, name_en="Karakalpakstan", country=w.country)
    w.place = make_place(country=w.country, part_of=w.province)
    w.issue = make_issue(parent=w.main)
    w.figure = make_key_figure(issue=w.issue, headline=True)
    w.link = make_issue_link(cause=w.main, effect=w.issue)
    w.organisation.country = w.country
    w.organisation.save()
    w.outcome = make_outcome(agreement=w.agreement, project=w.project)
    w.activity = make_activity(agreement=w.agreement)
    w.result = make_result(project=w.project, planned_end="2022", actual_end="2023-05")
    w.lesson = make_result()
    cited = (w.country, w.place, w.issue, w.figure, w.link, w.event, w.term, w.organisation, w.project, w.agreement)
    for record in (*cited, w.outcome, w.activity, w.result, w.lesson):
        make_citation(record, w.source)
    make_issue_in_country(issue=w.issue, country=w.country)
    w.issue.places.add(w.place)
    w.indicator.issues.add(w.issue)
    for place in (w.country, w.place):
        make_observation(indicator=w.indicator, place=place, source=w.source)
    w.event.countries.add(w.country)
    w.event.issues.add(w.issue)
    w.event.places.add(w.place)
    w.project.countries.add(w.country)
    w.project.places.add(w.place)
    w.project.sectors.add(make_sector())
    make_participation(project=w.project, organisation=w.organisation)
    make_answer(project=w.project, issue=w.issue)
    make_rio_marker(project=w.project)
    make_party(agreement=w.agreement, country=w.country)
    make_party(agreement=w.agreement, organisation=w.organisation)
    w.agreement.issues.add(w.issue)
    for record in (w.project, w.agreement, w.lesson):
        make_area(record)
    w.lesson.countries.add(w.country)
    w.lesson.issues.add(w.issue)
    for result in (w.result, w.lesson):
        make_result_figure(result=result)
    for record in (w.issue, w.project):
        make_sdg(record, "6.4")
    return w


def records(world):
    """Return the records to which `link` can link others."""
    return list(vars(world).values())


# ── Growth ───────────────────────────────────────────────────────────────────────────────────────────────────


def ordinary(make, **fields):
    return make(**fields)


def unpublished(publication):
    """Return a function that makes unpublished records with SECRET in all texts."""

    def new(make, **fields):
        record = make(key=f"{SECRET.lower()}-{next(_numbers)}", publication=publication, **fields)
        columns = [field.name for field in record._meta.concrete_fields]
        spoken = [name for name in columns if name.endswith(("_en", "_ko", "_ru"))]
        for name in [*spoken, *({"title", "author", "publisher", "acronym"} & set(columns))]:
            setattr(record, name, SECRET)
        record.save()
        return record

    return new


def first(model):
    """Return the first record of that kind in the world, such as the country or the source."""
    return model.objects.earliest("pk")


@functools.singledispatch
def link(record, new=ordinary, words="So it is."):
    """Link one new record of each kind to `record`. Rows in between contain `words`."""
    raise NotImplementedError(type(record))


@link.register
def _(issue: Issue, new=ordinary, words="So it is."):
    make_citation(issue, new(make_source))
    make_issue_in_country(issue=issue, country=new(make_country), note_en=words)
    issue.places.add(new(make_place))
    if issue.parent is None:
        new(make_issue, parent=issue)
    make_issue_link(cause=issue, effect=new(make_issue), mechanism_en=words)
    make_issue_link(cause=new(make_issue), effect=issue, mechanism_en=words)
    indicator = new(make_indicator, source=first(Source))
    indicator.issues.add(issue)
    make_observation(indicator=indicator, place=first(Place), source=first(Source))
    new(make_event).issues.add(issue)
    new(make_agreement).issues.add(issue)
    make_answer(project=new(make_project, start="2021"), issue=issue, rationale_en=words)
    new(make_result).issues.add(issue)


@link.register(KeyFigure)
@link.register(IssueLink)
@link.register(Term)
@link.register(AgreementOutcome)
@link.register(AgreementActivity)
def _(record, new=ordinary, words="So it is."):
    make_citation(record, new(make_source))


@link.register
def _(indicator: Indicator, new=ordinary, words="So it is."):
    indicator.issues.add(new(make_issue))
    make_observation(indicator=indicator, place=new(make_place), source=first(Source), year=2021)
    make_observation(indicator=indicator, place=first(Place), source=new(make_source), year=2021)


@link.register
def _(event: Event, new=ordinary, words="So it is."):
    make_citation(event, new(make_source))
    event.countries.add(new(make_country))
    event.places.add(new(make_place))
    event.issues.add(new(make_issue))


@link.register
def _(place: Place, new=ordinary, words="So it is."):
    make_citation(place, new(make_source))
    make_observation(place=place, indicator=new(make_indicator, source=first(Source)), source=first(Source))
    if place.kind == Place.Kind.COUNTRY:
        new(make_place, country=place)
        new(make_organisation, country=place)
        make_issue_in_country(country=place, issue=new(make_issue), note_en=words)
        make_party(country=place, agreement=new(make_agreement))
        project, event = new(make_project, start="2021"), new(make_event)
        project.countries.add(place)
        event.countries.add(place)
        make_area(project, Area.ENERGY)
        new(make_result).countries.add(place)
    else:
        new(make_place, part_of=place)
        new(make_issue).places.add(place)
        new(make_project, start="2021").places.add(place)
        new(make_event).places.add(place)


@link.register
def _(source: Source, new=ordinary, words="So it is."):
    for make in (make_issue, make_project, make_agreement, make_event, make_organisation, make_place, make_term):
        make_citation(new(make), source)
    new(make_indicator, source=source)
    make_observation(source=source, indicator=new(make_indicator, source=source), place=first(Place))
    make_citation(make_key_figure(issue=new(make_issue), label_en=words), source)
    make_citation(make_issue_link(cause=new(make_issue), effect=new(make_issue), mechanism_en=words), source)
    make_citation(new(make_result), source)
    make_citation(make_outcome(agreement=new(make_agreement), project=new(make_project), how_en=words), source)
    make_citation(make_activity(agreement=new(make_agreement), text_en=words), source)


@link.register
def _(organisation: Organisation, new=ordinary, words="So it is."):
    make_citation(organisation, new(make_source))
    for role in Participation.Role:
        make_participation(organisation=organisation, project=new(make_project, start="2021"), role=role)
    make_party(organisation=organisation, agreement=new(make_agreement))


@link.register
def _(project: Project, new=ordinary, words="So it is."):
    make_citation(project, new(make_source))
    project.countries.add(new(make_country))
    project.places.add(new(make_place))
    for role in Participation.Role:
        make_participation(project=project, organisation=new(make_organisation), role=role)
    make_answer(project=project, issue=new(make_issue), rationale_en=words)
    make_outcome(project=project, agreement=new(make_agreement), how_en=words)
    new(make_result, project=project)


@link.register
def _(result: Result, new=ordinary, words="So it is."):
    make_citation(result, new(make_source))
    if result.project is None:
        result.countries.add(new(make_country))
        result.issues.add(new(make_issue))


@link.register
def _(agreement: Agreement, new=ordinary, words="So it is."):
    make_citation(agreement, new(make_source))
    make_party(agreement=agreement, country=new(make_country))
    make_party(agreement=agreement, organisation=new(make_organisation))
    agreement.issues.add(new(make_issue))
    make_outcome(agreement=agreement, project=new(make_project), how_en=words)
