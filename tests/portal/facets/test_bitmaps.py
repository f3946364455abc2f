"""A long list finds and counts the same in memory as in the database."""

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.core.choices import Area, Level, PublicationStatus
from portal.facets import bitmaps
from portal.facets.counting import QuerySetCounter
from portal.tracking import content_version
from projects.filters import ProjectFilter
from projects.models import Participation, Project, ProjectArea
from tests.lists import facets_of
from tests.make import (
    make_answer,
    make_area,
    make_country,
    make_issue,
    make_organisation,
    make_participation,
    make_place,
    make_project,
    make_sdg,
    make_sector,
)

ROLE = Participation.Role


def filters(query="", **chosen):
    data = QueryDict(query, mutable=True)
    for name, values in chosen.items():
        data.setlist(name, values if isinstance(values, list) else [values])
    return ProjectFilter(data, queryset=Project.objects.published())


def counted_in_memory(one):
    facets = one.counts["facets"]
    indexed = {name: counts for name, counts in facets.items() if one.filters[name].is_indexed}
    return {name: {value: count for value, count in counts.items() if count} for name, counts in indexed.items()}


def counted_by_the_database(one):
    counter = QuerySetCounter(one)
    counts = {name: counter.facet_counts(name) for name, item in one.facet_filters.items() if item.is_indexed}
    return {name: {value: count for value, count in found.items() if count and value} for name, found in counts.items()}


@pytest.mark.django_db
class TestContent:
    def test_whatever_is_chosen_is_found_and_counted_alike(self, content):
        chosen = st.fixed_dictionaries(
            {},
            optional={
                name: st.lists(st.sampled_from([value for value, _label in item.choices]), min_size=1, max_size=2)
                for name, item in facets_of("projects").items()
                if item.is_indexed
            }
            | {
                "q": st.sampled_from(["aral", "물", "вода"]),
                "year_from": st.sampled_from(["1995", "2015"]),
                "started_to": st.just("2020"),
            },
        )

        @given(chosen)
        @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
        def agree(query):
            one = filters(**query)
            found = set(QuerySetCounter(one).matches.values_list("pk", flat=True))
            assert set(one.found) == set(one.qs.values_list("pk", flat=True)) == found
            assert one.counts["found"] == len(found)
            assert one.counts["all"] == one.queryset.count()
            assert counted_in_memory(one) == counted_by_the_database(one)

        agree()


@pytest.mark.django_db
def test_who_takes_part_and_in_which_role_is_asked_of_one_row():
    project = make_project()
    koica, adb = make_organisation(key="koica"), make_organisation(key="adb")
    make_participation(project=project, organisation=koica, role=ROLE.FUNDING)
    make_participation(project=project, organisation=adb, role=ROLE.PARTNER)
    assert list(filters(organisation="koica", role=ROLE.FUNDING).found) == [project.pk]
    assert list(filters(organisation="koica", role=ROLE.PARTNER).found) == []
    assert counted_in_memory(filters(role=ROLE.PARTNER))["organisation"] == {"adb": 1}


@pytest.mark.django_db(transaction=True)
def test_sets_follow_every_change():
    """Changes are applied one by one. The result is equal to reading everything again."""
    region = make_place(key="region")
    place = make_place(key="place")
    main = make_issue(key="main")
    issue, sector, country = make_issue(key="issue"), make_sector(), make_country(key="uz")
    organisation = make_organisation(key="koica")
    some = [make_project() for _ in range(4)]
    one, two, three, four = some
    participation = make_participation(project=one, organisation=organisation, role=ROLE.FUNDING)
    two.places.add(place)

    def rename(record, **values):
        for name, value in values.items():
            setattr(record, name, value)
        record.save()

    changes = (
        lambda: rename(one, level=Level.PROVINCIAL),
        lambda: one.countries.add(country),
        lambda: country.projects_of_country.add(two, three),
        lambda: one.sectors.set([sector]),
        lambda: one.sectors.clear(),
        lambda: make_area(one, Area.FORESTRY),
        lambda: ProjectArea.objects.bulk_create([ProjectArea(project=two, area=Area.ENERGY)]),
        lambda: ProjectArea.objects.filter(project=one).delete(),
        lambda: ProjectArea.objects.update(area=Area.FORESTRY),
        lambda: make_sdg(three, "6.4"),
        lambda: make_answer(project=one, issue=issue),
        lambda: rename(issue, parent=main),
        lambda: rename(place, part_of=region),
        lambda: rename(organisation, kind="government"),
        lambda: rename(participation, role=ROLE.PARTNER),
        lambda: rename(organisation, publication=PublicationStatus.ARCHIVED),
        lambda: Project.objects.filter(pk=four.pk).update(level=Level.NATIONAL),
        lambda: rename(two, publication=PublicationStatus.IN_REVIEW),
        lambda: three.delete(),
        lambda: make_project(level=Level.MUNICIPAL),
    )
    filters().index  # noqa: B018 - read for the first time
    for number, change in enumerate(changes):
        change()
        followed = filters().index
        with transaction.atomic():
            content_version.mark_changed()
            anew = filters().index  # everything is read again
            transaction.set_rollback(True)
        assert set(followed.all) == set(anew.all), number
        for name, sets in anew.facets.items():
            assert without_empty(followed.facets[name]) == without_empty(sets), (number, name)


def without_empty(sets):
    return {value: set(keys) for value, keys in sets.items() if keys}


@pytest.mark.django_db(transaction=True)
def test_only_what_changed_is_read_again(monkeypatch):
    project, _other = make_project(), make_project()
    filters().index  # noqa: B018
    asked = []
    read = bitmaps._read
    monkeypatch.setattr(bitmaps, "_read", lambda *args: asked.append(args[3:]) or read(*args))
    filters().index  # noqa: B018
    assert asked == []
    project.save()
    filters().index  # noqa: B018
    assert asked == [({project.pk},)]


@pytest.mark.django_db
def test_transaction_reads_what_it_has_changed_once(monkeypatch):
    times = []
    read = bitmaps._read
    monkeypatch.setattr(bitmaps, "_read", lambda *args: times.append(1) or read(*args))
    with transaction.atomic():
        one = make_project()
        assert set(filters().index.all) == set(filters().index.all) == {one.pk}
        assert len(times) == 1
        with transaction.atomic():
            two = make_project()
            assert set(filters().index.all) == {one.pk, two.pk}
            transaction.set_rollback(True)
        assert set(filters().index.all) == {one.pk}
        three = make_project()
        assert set(filters().index.all) == set(filters().index.all) == {one.pk, three.pk}
        transaction.set_rollback(True)
    assert set(filters().index.all) == set()


@pytest.mark.django_db
def test_rollback_of_a_change_that_has_no_row_of_its_own_is_noticed():
    with transaction.atomic():
        one = make_project()  # its row covers all that changes before the index is read
        with transaction.atomic():
            Project.objects.filter(pk=one.pk).update(publication=PublicationStatus.ARCHIVED)
            assert set(filters().index.all) == set()
            transaction.set_rollback(True)
        assert set(filters().index.all) == {one.pk}


@pytest.mark.sqlite  # the plan of a query
@pytest.mark.django_db
def test_change_of_a_record_scans_no_other_records():
    project = make_project()
    facet = ProjectFilter.base_filters["gyeonggi"]
    with CaptureQueriesContext(connection) as asked:
        bitmaps.ids_by_value(facet.index_sources(Project), [project.pk])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked[0]['sql']}")
        plan = [row[-1] for row in cursor.fetchall()]
    assert any(step.startswith("SEARCH projects_project ") for step in plan)
    assert [step for step in plan if step.startswith("SCAN") and "project_" in step] == []


def settled_state():
    """Return the state when no change is pending."""
    content_version.flush()
    return content_version.state()


@pytest.mark.django_db
def test_changes_are_told_since_a_state():
    project, other = make_project(), make_project()
    old = settled_state()
    assert content_version.changed_since(old, old, Project) == set()
    project.save()
    pending, middle = content_version.state(), settled_state()
    assert (pending.number, pending.settled, middle.settled) == (old.number + 1, old.number, old.number + 1)
    assert [content_version.changed_since(old, new, Project) for new in (pending, middle)] == [{project.pk}] * 2
    other.countries.add(make_country())
    new = settled_state()
    # A new place may belong to any project, so it is unknown which projects changed.
    assert content_version.changed_since(middle, new, Project) is None


@pytest.mark.django_db
def test_changes_of_long_ago_are_forgotten(monkeypatch):
    monkeypatch.setattr(content_version, "MOST_CHANGES", 3)
    project = make_project()
    old = settled_state()
    for _ in range(3):
        project.save()
        settled_state()
    assert content_version.changed_since(old, content_version.state(), Project) == {project.pk}
    project.save()
    assert content_version.changed_since(old, settled_state(), Project) is None
    assert content_version.ContentChange.objects.count() == 3


@pytest.mark.django_db
def test_change_that_was_pending_in_a_state_is_told_again_and_none_is_missed():
    """Rows are flushed in another order than they were committed: here the second one first."""
    label = Project._meta.label_lower
    content_version.PendingChange.objects.create(pk=2, records={label: [2]})
    old = content_version.state()
    content_version.PendingChange.objects.create(pk=1, records={label: [1]})
    new = content_version.state()
    assert content_version.changed_since(old, new, Project) == {1, 2}
    assert content_version.changed_since(old, settled_state(), Project) == {1, 2}
    content_version.PendingChange.objects.create(records={label: None})
    assert content_version.changed_since(new, content_version.state(), Project) is None


@pytest.mark.django_db(transaction=True)
def test_sets_hold_what_a_killed_process_changed(own_database):
    project, other = make_project(), make_project(publication=PublicationStatus.DRAFT)
    assert list(filters().found) == [project.pk]
    with transaction.atomic():
        QuerySet(Project).filter(pk=other.pk).update(publication=PublicationStatus.PUBLISHED)
        content_version.PendingChange.objects.create(records={Project._meta.label_lower: [other.pk]})
    assert set(filters().found) == {project.pk, other.pk}
    project.delete()
    assert list(filters().found) == [other.pk]
