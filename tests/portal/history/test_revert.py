"""Reverting a record restores its fields, relations and rows, completely or not at all."""

import pytest

from issues.models import IssueLink, KeyFigure, Observation, Term
from portal.core.choices import PublicationStatus
from portal.history.diff import changes_of
from portal.history.revert import Revert, RevertError, revert
from portal.models import PlaceCitation, Source
from portal.search.ranking import matching
from portal.tracking.history import change_reason, change_times, version_at, without_history
from projects.models import OrganisationIdentifier, Project
from tests.make import (
    make_answer,
    make_citation,
    make_country,
    make_indicator,
    make_issue,
    make_issue_link,
    make_key_figure,
    make_observation,
    make_organisation,
    make_outcome,
    make_participation,
    make_place,
    make_project,
    make_source,
    make_term,
)

pytestmark = pytest.mark.django_db

D, R, S, P, A, _ASIDE = PublicationStatus


def change(record, **fields):
    for name, value in fields.items():
        setattr(record, name, value)
    record.save()


def statement(record):
    """Return the values of a record and its rows without primary keys."""
    return {
        model: sorted(
            [sorted((name, str(value)) for name, value in state.items() if name != "id") for state in states.values()]
        )
        for model, states in version_at(record).items()
        if model is not type(record)
    }


def whys(record):
    states = type(record).history.filter(id=record.pk).order_by("pk")
    return list(states.values_list("history_change_reason", flat=True))


def test_a_text_is_again_what_it_was():
    term = make_term(definition_en="Right.", definition_ko="맞음")
    make_citation(term)
    right = change_times(term)[0]
    change(term, definition_en="Wrong.", definition_ko="틀림")
    revert(term, right, "It was right.")
    term.refresh_from_db()
    assert (term.definition_en, term.definition_ko, term.version) == ("Right.", "맞음", 2)
    assert whys(term)[-1].startswith("Reverted to the state of 20")
    assert whys(term)[-1].endswith(": It was right.")
    assert list(matching(Term.objects, "Right")) == [term]


def test_the_state_of_publication_stays():
    term = make_term(publication=D, definition_en="Draft.")
    make_citation(term)
    draft = change_times(term)[0]
    change(term, publication=P, definition_en="Published.")
    revert(term, draft)
    term.refresh_from_db()
    assert (term.publication, term.definition_en) == (P, "Draft.")


def test_rows_and_relations_come_and_go_and_change_as_they_did():
    project, uz, kz = make_project(), make_country(), make_country()
    with change_reason("Before."):
        project.countries.add(uz)
        kept, dropped = make_citation(project), make_citation(project)
        party = make_participation(project=project, role="funding")
        make_answer(project=project)
    before, then = statement(project), change_times(project)[0]
    with change_reason("After."):
        project.countries.set([kz])
        dropped.delete()
        change(party, role="partner")
        project.issue_links.all().delete()
        make_citation(project)
        change(kept, position=7)
    assert statement(project) != before
    revert(project, then)
    assert statement(project) == before
    assert set(project.countries.all()) == {uz}
    assert change_times(project)[0] > then


def test_a_record_is_taken_back_before_its_first_recorded_change():
    with without_history():
        place = make_place(name_en="Nukus")
        make_citation(place)
    change(place, name_en="Nokis")
    place.citations.all().delete()
    revert(place, None)
    place.refresh_from_db()
    assert (place.name_en, place.citations.count()) == ("Nukus", 1)
    assert whys(place)[-1] == "Reverted to what it was before the first recorded change."


def test_rows_that_changed_places_change_back():
    issue = make_issue()
    one, two = make_key_figure(issue=issue, position=1), make_key_figure(issue=issue, position=2, label_en="Volume")
    make_citation(one), make_citation(two)
    then = change_times(issue)[0]
    for figure, position in ((one, 9), (two, 1), (one, 2)):
        change(figure, position=position)
    revert(issue, then)
    assert list(KeyFigure.objects.values_list("pk", "position")) == [(one.pk, 1), (two.pk, 2)]
    assert [figure.citations.count() for figure in (one, two)] == [1, 1]


def test_rows_of_a_row_that_was_deleted_come_back_with_it():
    figure = make_key_figure()
    citation = make_citation(figure)
    issue, then = figure.issue, change_times(figure.issue)[0]
    figure.delete()
    revert(issue, then)
    assert issue.key_figures.get().citations.get().source == citation.source


def test_outcomes_of_an_agreement_come_back_with_their_sources():
    outcome = make_outcome(how_en="It names the site.")
    citation = make_citation(outcome)
    agreement, then = outcome.agreement, change_times(outcome.agreement)[0]
    outcome.delete()
    revert(agreement, then)
    again = agreement.outcomes.get()
    assert (again.project, again.how_en, again.citations.get().source) == (
        outcome.project,
        "It names the site.",
        citation.source,
    )


def test_rows_with_a_history_of_their_own_stay_as_they_are():
    link = make_issue_link(mechanism_en="By wind.")
    observation = make_observation()
    for record, row, fields in (
        (link.cause, link, {"mechanism_en": "By water."}),
        (observation.indicator, observation, {"value": 2}),
    ):
        then = change_times(record)[0]
        change(row, **fields)
        assert not Revert(record, then).change()
        revert(record, then)
    assert (IssueLink.objects.get().mechanism_en, Observation.objects.get().value) == ("By water.", 2)
    assert Revert(link.cause, None).left_alone() == ["Causes and effects"]
    assert Revert(observation.indicator, None).left_alone() == ["Observations"]


def test_such_a_row_is_taken_back_by_itself_with_its_sources():
    link = make_issue_link(mechanism_en="By wind.")
    make_citation(link)
    then = change_times(link)[0]
    change(link, mechanism_en="By water.")
    link.citations.all().delete()
    revert(link, then, owners=[link.cause, link.effect])
    link.refresh_from_db()
    assert (link.mechanism_en, link.citations.count()) == ("By wind.", 1)


def test_a_row_is_not_taken_back_to_another_record():
    here, there = make_indicator(), make_indicator()
    observation = make_observation(indicator=here, value=1)
    then = change_times(observation)[0]
    change(observation, indicator=there, value=2)
    revert(observation, then, owners=[there])
    observation.refresh_from_db()
    assert (observation.indicator, observation.value) == (there, 1)


def test_what_is_no_longer_there_is_named_and_nothing_is_changed():
    project, nukus, source = make_project(title_en="Old"), make_place(name_en="Nukus"), make_source(title="A report")
    project.places.add(nukus)
    make_citation(project, source)
    then = change_times(project)[0]
    project.citations.all().delete()
    project.places.clear()
    nukus.delete(), source.delete()
    change(project, title_en="New")
    expected = ["“Nukus” (place) no longer exists.", "“A report” (source) no longer exists."]
    assert sorted(Revert(project, then).missing()) == sorted(expected)
    with pytest.raises(RevertError) as refused:
        revert(project, then)
    assert sorted(refused.value.reasons) == sorted(expected)
    project.refresh_from_db()
    assert (project.title_en, project.version) == ("New", 1)


def test_a_published_record_is_not_taken_back_to_what_lacks_something():
    term = make_term(publication=D)
    bare = change_times(term)[0]
    make_citation(term)
    change(term, publication=P)
    with pytest.raises(RevertError) as refused:
        revert(term, bare)
    assert refused.value.reasons == ["No source is cited."]
    assert term.citations.count() == 1


def test_a_row_is_not_taken_back_to_what_its_record_would_lack():
    figure = make_key_figure()
    bare = change_times(figure)[0]
    make_citation(figure), make_citation(figure.issue)
    with pytest.raises(RevertError) as refused:
        revert(figure, bare, owners=[figure.issue])
    assert refused.value.reasons == ["Key figures: a row cites no published source."]
    assert figure.citations.count() == 1


def test_what_is_another_records_by_now_is_not_taken_from_it():
    source = make_source(url="https://example.org/a")
    then = change_times(source)[0]
    change(source, url="https://example.org/b")
    make_source(url="https://example.org/a")
    with pytest.raises(RevertError) as refused:
        revert(source, then)
    assert refused.value.reasons == ["Another source already has this address. Cite that one."]
    assert Source.objects.get(pk=source.pk).url == "https://example.org/b"


def test_a_row_that_another_record_has_by_now_is_not_taken_from_it():
    here = make_organisation()
    row = OrganisationIdentifier.objects.create(organisation=here, ref="KR-GOV-051")
    then = change_times(here)[0]
    row.delete()
    OrganisationIdentifier.objects.create(organisation=make_organisation(), ref="KR-GOV-051")
    with pytest.raises(RevertError) as refused:
        revert(here, then)
    [reason] = refused.value.reasons
    assert "Another organisation has this identifier." in reason


def test_a_mark_that_leads_nowhere_any_more_is_refused():
    source = make_source(key="micklin-2016")
    issue = make_issue(publication=D, drivers_en="Cotton [micklin-2016].")
    then = change_times(issue)[0]
    change(issue, drivers_en="Cotton.")
    source.delete()
    with pytest.raises(RevertError) as refused:
        revert(issue, then)
    assert "micklin-2016" in refused.value.reasons[0]


def test_history_tells_of_a_reversion_like_of_any_change():
    term = make_term(definition_en="Right.")
    make_citation(term)
    right = change_times(term)[0]
    change(term, definition_en="Wrong.")
    revert(term, right)
    [told] = changes_of(term, [change_times(term)[:1]])
    assert [(one.old, one.new) for one in told.differences] == [("Wrong.", "Right.")]
    assert told.rows == []


def test_what_was_loaded_again_since_is_taken_back_too():
    term = make_term(definition_en="Right.")
    make_citation(term)
    right = change_times(term)[0]
    with without_history():
        change(term, definition_en="Loaded.")
    revert(term, right)
    term.refresh_from_db()
    assert term.definition_en == "Right."


def test_reverting_twice_is_to_come_back():
    place = make_place(name_en="One")
    make_citation(place)
    one = change_times(place)[0]
    change(place, name_en="Two")
    PlaceCitation.objects.all().delete()
    two, before = change_times(place)[0], statement(place)
    for moment in (one, two):
        place.publication = D
        place.save()
        revert(place, moment)
    place.refresh_from_db()
    assert (place.name_en, statement(place)) == ("Two", before)


def test_there_is_no_way_back_to_before_it_was_made():
    project = make_project()
    assert not Revert(project, None).possible
    assert Project.objects.count() == 1
