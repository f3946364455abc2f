"""Facet counts: the common loop over filters, and what each filter finds and counts."""

from types import SimpleNamespace

import pytest
from django.http import QueryDict

from issues.models import Event
from portal.core.choices import Level
from portal.facets.counting import FacetCounter, IndexCounter, QuerySetCounter
from portal.views.timeline import TimelineFilter
from projects.filters import ProjectFilter
from projects.models import Participation, Project
from tests.make import (
    make_agreement,
    make_citation,
    make_event,
    make_organisation,
    make_participation,
    make_project,
    make_sdg,
    make_source,
)


class RecordingCounter(FacetCounter[tuple]):
    """A counter whose matches are the names of the applied filters, in their order."""

    def all_matches(self):
        return ()

    def narrow(self, matches, name):
        return (*matches, name)

    def count_matches(self, matches):
        return len(matches)

    def count_values(self, matches, name):
        return dict.fromkeys(matches, 1)


def recording(*chosen, **depends_on):
    filters = {name: SimpleNamespace(depends_on=depends_on.get(name, ())) for name in ("a", "b", "c")}
    return RecordingCounter(SimpleNamespace(valid_data=dict.fromkeys(chosen, "x"), filters=filters))


def test_matches_apply_the_chosen_filters_in_their_order():
    assert recording("a", "c").matches == ("a", "c")
    assert recording("a", "b", "c").matches_excluding("b") == ("a", "c")
    assert (recording("a", "c").count(), recording("a", "c").count_all()) == (2, 0)


def test_facet_is_counted_without_its_filter_and_those_that_it_depends_on():
    counter = recording("a", "b", "c", a=("b",))
    assert counter.facet_counts("a") == {"c": 1}
    assert counter.facet_counts("b") == {"a": 1, "c": 1}


def test_facet_that_nobody_chose_is_counted_among_all_matches(monkeypatch):
    counter = recording("a")
    assert counter.matches == ("a",)
    monkeypatch.setattr(counter, "narrow", None)  # the filters are not applied again
    assert counter.facet_counts("c") == {"a": 1}


def project_filter(query):
    return ProjectFilter(QueryDict(query), queryset=Project.objects.published())


def without_zeros(counts):
    return {value: count for value, count in counts.items() if count}


@pytest.mark.django_db
@pytest.mark.parametrize("counter_class", [QuerySetCounter, IndexCounter])
class TestProjects:
    def test_count_of_a_value_is_what_the_list_would_show_for_it(self, counter_class):
        for level, status in ((Level.NATIONAL, "closed"), (Level.PROVINCIAL, "closed"), (Level.PROVINCIAL, "pipeline")):
            make_project(level=level, status=status)
        counter = counter_class(project_filter("level=national&status=closed"))
        assert (counter.count_all(), counter.count()) == (3, 1)
        assert without_zeros(counter.facet_counts("level")) == {"national": 1, "provincial": 1}
        assert without_zeros(counter.facet_counts("status")) == {"closed": 1}

    def test_organisation_and_role_are_counted_on_one_row(self, counter_class):
        one, other = make_project(), make_project()
        koica, adb = make_organisation(key="koica"), make_organisation(key="adb")
        make_participation(project=one, organisation=koica, role=Participation.Role.FUNDING)
        make_participation(project=one, organisation=adb, role=Participation.Role.PARTNER)
        make_participation(project=other, organisation=koica, role=Participation.Role.PARTNER)
        counter = counter_class(project_filter("organisation=koica&role=funding"))
        assert without_zeros(counter.facet_counts("organisation")) == {"koica": 1}
        assert without_zeros(counter.facet_counts("role")) == {"funding": 1, "partner": 1}

    def test_targets_are_counted_when_they_are_chosen(self, counter_class):
        for code in ("6.4", "6.5", "13"):
            make_sdg(make_project(), code)
        assert without_zeros(counter_class(project_filter("")).facet_counts("sdg")) == {"6": 2, "13": 1}
        chosen = counter_class(project_filter("sdg=6.4"))
        assert chosen.count() == 1
        assert without_zeros(chosen.facet_counts("sdg")) == {"6.4": 1, "6": 2, "13": 1}


@pytest.mark.django_db
def test_index_counts_only_the_chosen_values_of_a_facet_that_it_lacks():
    for _ in range(2):
        project = make_project()
        make_citation(project, make_source())
    key = project.citations.get().source.key
    assert IndexCounter(project_filter("")).facet_counts("source") == {}
    assert IndexCounter(project_filter(f"source={key}")).facet_counts("source") == {key: 1}


@pytest.mark.django_db
def test_timeline_counts_events_and_agreements_together():
    kind = Event.Kind.values[0]
    make_event(kind=kind)
    make_agreement(kind="mou")
    make_agreement(kind="mou")
    counter = TimelineFilter(QueryDict("kind=mou"), queryset=Event.objects.published()).counter
    assert (counter.count_all(), counter.count()) == (3, 2)
    assert without_zeros(counter.facet_counts("kind")) == {kind: 1, "mou": 2}
