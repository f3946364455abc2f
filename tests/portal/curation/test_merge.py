"""Two records of one thing are merged: no related data are lost, and both URLs lead to the merged record."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.models import Issue, IssueCitation, Observation
from portal.core.choices import PublicationStatus
from portal.curation import merge as curation_merge
from portal.curation.merge import MergeError, merge, merge_blockers
from portal.history.revisions import publish_revision
from portal.models import Alias, Correction, FormerKey, Place, Revision, Source, Tombstone
from portal.models.curation import OutdatedTranslation
from portal.models.search_index import SearchEntry
from portal.search import indexing
from portal.search.ranking import matching
from portal.tracking.audit_log import AuditEntry
from portal.tracking.history import RowVersionPair, parts_of, version_at
from projects.models import Organisation, Participation, Project
from tests import reading
from tests.make import (
    make_agreement,
    make_alias,
    make_answer,
    make_area,
    make_citation,
    make_correction,
    make_country,
    make_former_key,
    make_indicator,
    make_issue,
    make_observation,
    make_organisation,
    make_outcome,
    make_participation,
    make_party,
    make_place,
    make_project,
    make_result,
    make_revision,
    make_sector,
    make_source,
    make_tombstone,
)
from tests.portal.staff.test_admin import address, change_address

pytestmark = pytest.mark.django_db

D, P = PublicationStatus.DRAFT, PublicationStatus.PUBLISHED


def rows_left(record):
    """Return the related objects of a deleted record that are still in the database, without the history."""
    keys = curation_merge._pointing(type(record))
    found = {f"{key}": key.model._base_manager.filter(**{key.attname: record.pk}).count() for key in keys}
    found |= {
        f"{many}": many.model._base_manager.filter(**{many.name: record.pk}).count()
        for many in curation_merge._many(type(record))
    }
    return {name: count for name, count in found.items() if count}


def pair(make, **fields):
    """Return the record that stays and the other one, whose primary key is kept for later queries."""
    return make(key="stays", **fields), make(key="goes")


# ── Relations ────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_that_an_organisation_did_is_done_by_the_one_that_stays():
    stays, goes = pair(make_organisation)
    project = make_project()
    make_participation(project=project, organisation=goes)
    make_participation(project=project, organisation=goes, role=Participation.Role.FUNDING)
    make_participation(project=project, organisation=stays)  # the same role: one row is enough
    party = make_party(organisation=goes)
    make_citation(goes, source := make_source())
    pk = goes.pk
    merge(stays, goes)
    assert set(stays.participations.values_list("role", flat=True)) == {"implementing", "funding"}
    party.refresh_from_db()
    assert (party.organisation, list(stays.sources.all())) == (stays, [source])
    assert list(Organisation.objects.all()) == [stays]
    assert rows_left(Organisation(pk=pk)) == {}


def test_all_that_lies_in_a_place_and_tells_of_it_is_kept():
    country = make_country()
    stays, goes = pair(make_place)
    part = make_place(part_of=goes)
    issue, both, project = make_issue(), make_issue(), make_project()
    issue.places.add(goes)
    both.places.add(stays, goes)
    project.places.add(goes)
    observation = make_observation(place=goes)
    pk = goes.pk
    merge(stays, goes)
    for one in (part, observation):
        one.refresh_from_db()
    assert (part.part_of, observation.place) == (stays, stays)
    assert set(Issue.objects.filter(places=stays)) == {issue, both}
    assert list(both.places.all()) == list(project.places.all()) == [stays]
    assert set(Place.objects.all()) == {country, stays, part}
    assert rows_left(Place(pk=pk)) == {}


def test_all_that_rests_on_a_source_rests_on_the_one_that_stays():
    stays, goes = pair(make_source)
    records = [make_project(), make_issue(), make_place()]
    for record in records:
        make_citation(record, goes)
    indicator = make_indicator(source=goes)
    observation = make_observation(source=goes)
    make_citation(records[0], stays)
    pk = goes.pk
    merge(stays, goes)
    assert [list(record.sources.all()) for record in records] == [[stays]] * 3
    for one in (indicator, observation):
        one.refresh_from_db()
        assert one.source == stays
    assert rows_left(Source(pk=pk)) == {}


def test_all_that_a_project_has_is_had_once():
    stays, goes = pair(make_project)
    country, sector, issue = make_country(), make_sector(), make_issue()
    stays.countries.add(country)
    goes.countries.add(country, other := make_country())
    goes.sectors.add(sector)
    make_area(stays), make_area(goes)
    make_answer(project=stays, issue=issue, rationale_en="Ours.")
    make_answer(project=goes, issue=issue, rationale_en="Theirs.", rationale_ko="그들의 이유")
    pk = goes.pk
    merge(stays, goes)
    assert set(stays.countries.all()) == {country, other}
    assert list(stays.sectors.all()) == [sector]
    assert stays.areas.count() == 1
    [answer] = stays.issue_links.all()
    assert (answer.rationale_en, answer.rationale_ko) == ("Ours.", "그들의 이유")
    assert rows_left(Project(pk=pk)) == {}


def test_what_came_of_a_project_is_told_of_the_one_that_stays():
    stays, goes = pair(make_project)
    result = make_result(project=goes)
    alone, shared = make_agreement(), make_agreement()
    moved = make_outcome(project=goes, agreement=alone)
    twin = make_outcome(project=stays, agreement=shared, how_en="Ours.")
    make_citation(make_outcome(project=goes, agreement=shared, how_en="Theirs."), source := make_source())
    pk = goes.pk
    merge(stays, goes)
    result.refresh_from_db()
    assert result.project == stays
    assert set(stays.agreement_outcomes.all()) == {moved, twin}
    assert list(twin.sources.all()) == [source]
    assert rows_left(Project(pk=pk)) == {}


def test_every_relation_of_every_model_is_seen():
    """A new foreign key needs no change in the module, which reads the models."""
    found = {str(key) for model in (Source, Place, Organisation, Project) for key in curation_merge._pointing(model)}
    assert {"issues.Observation.place", "projects.AgreementParty.country", "issues.IssueLinkCitation.source"} <= found
    assert not [name for name in found if "Historical" in name]


# ── Columns ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_chosen_is_taken_and_the_rest_stays():
    stays = make_organisation(key="stays", name_en="KOICA", name_ko="", url="")
    goes = make_organisation(key="goes", name_en="Korea Agency", name_ko="한국국제협력단", url="https://koica.go.kr/")
    assert [(one.label, one.kept, one.other, one.default) for one in curation_merge.merge_choices(stays, goes)] == [
        ("Name (English)", "KOICA", "Korea Agency", "kept"),
        ("Name (한국어)", "", "한국국제협력단", "other"),
        ("Website", "", "https://koica.go.kr/", "other"),
    ]
    merge(stays, goes, {"name_ko"})
    stays.refresh_from_db()
    assert (stays.name_en, stays.name_ko, stays.url, stays.version) == ("KOICA", "한국국제협력단", "", 2)


def test_names_that_it_no_longer_goes_by_are_other_spellings():
    stays = make_organisation(name_en="KOICA", name_ko="코이카")
    make_alias(stays, text="Koica"), make_alias(stays, text="Korea Agency")
    goes = make_organisation(name_en="Korea Agency", name_ru="КОИКА", acronym="KIC")
    make_alias(goes, text="KOICA"), make_alias(goes, text="KOIKA", language="uz")
    merge(stays, goes, {"name_en"})
    stays = Organisation.objects.get(pk=stays.pk)
    assert stays.name_en == "Korea Agency"
    aliases = Alias.objects.filter(kind="organisation").order_by("text").values_list("key", "text", "language")
    assert set(aliases) == {
        (stays.key, text, language)
        for text, language in (("Koica", ""), ("KOICA", "en"), ("КОИКА", "ru"), ("KIC", ""), ("KOIKA", "uz"))
    }


def test_an_address_that_only_one_may_have_can_be_taken():
    stays, goes = make_source(url=None), make_source(url="https://example.org/a")
    merge(stays, goes, {"url"})
    stays.refresh_from_db()
    assert stays.url == "https://example.org/a"


def test_a_choice_is_shown_in_words_and_a_number_without_its_zeros():
    stays, goes = (
        make_project(budget="1000", currency="USD"),
        make_project(budget="2000.50", currency="USD", level="private"),
    )
    stays.refresh_from_db(), goes.refresh_from_db()
    assert [(one.kept, one.other) for one in curation_merge.merge_choices(stays, goes)] == [
        ("National", "Private"),
        ("1000", "2000.5"),
    ]


def test_a_translation_that_is_taken_is_older_no_more():
    stays, goes = make_project(summary_ko="옛 글"), make_project(summary_ko="새 글")
    stays.summary_en = "Another."
    stays.save()
    assert OutdatedTranslation.objects.count() == 1
    merge(stays, goes, {"summary_ko"})
    assert not OutdatedTranslation.objects.exists()


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("make", [make_source, make_place, make_organisation, make_project])
def test_both_addresses_lead_to_the_record_that_stays(client, make):
    stays, goes = pair(make)
    old = goes.get_absolute_url()
    merge(stays, goes)
    assert client.get(old).headers["Location"] == stays.get_absolute_url()
    assert client.get(stays.get_absolute_url()).status_code == 200


def test_what_led_to_the_other_one_leads_on_without_a_detour():
    first, second, third = (make_source(key=key) for key in ("first", "second", "third"))
    make_former_key(kind="place", key="another-kind", now="first")
    merge(second, first)
    merge(third, second)
    assert set(FormerKey.objects.values_list("kind", "key", "now")) == {
        ("source", "first", "third"),
        ("source", "second", "third"),
        ("place", "another-kind", "first"),
    }


def test_a_removed_record_leads_on_too():
    stays, goes = pair(make_project)
    make_tombstone(successor="goes")
    make_tombstone(kind="place", successor="goes")
    merge(stays, goes)
    assert {(stone.kind, stone.successor) for stone in Tombstone.objects.all()} == {
        ("project", "stays"),
        ("place", "goes"),
    }


def test_corrections_of_the_other_one_are_those_of_the_one_that_stays():
    stays, goes = pair(make_project)
    make_correction(stays), make_correction(goes), make_correction(make_project(key="third"))
    merge(stays, goes)
    assert sorted(Correction.objects.values_list("key", flat=True)) == ["stays", "stays", "third"]


# ── Marks ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_marks_in_prose_name_the_source_that_stays_in_every_language():
    stays, goes = make_source(key="micklin-2016"), make_source(key="micklin-2016a")
    third = make_source(key="another")
    issue = make_issue(
        drivers_en="Cotton [micklin-2016a]. Rice [another][micklin-2016a][micklin-2016]. Salt [another][another].",
        drivers_ko="목화 [micklin-2016a].",
        state_en="No mark of micklin-2016a.",
        impacts_ru="Соль.",
    )
    make_citation(issue, goes), make_citation(issue, third)
    issue.impacts_en = "Changed: the Russian is older."
    issue.save()
    merge(stays, goes)
    issue.refresh_from_db()
    assert (issue.drivers_en, issue.drivers_ko, issue.state_en, issue.version) == (
        "Cotton [micklin-2016]. Rice [another][micklin-2016]. Salt [another][another].",
        "목화 [micklin-2016].",
        "No mark of micklin-2016a.",
        2,
    )
    # A mark is none of the text: what was older still is, and nothing else.
    assert [(one.field, one.language) for one in OutdatedTranslation.objects.all()] == [("impacts", "ru")]
    assert set(IssueCitation.objects.values_list("source__key", flat=True)) == {"micklin-2016", "another"}


# ── What cannot be ───────────────────────────────────────────────────────────────────────────────────────────


def refused(stays, goes, *taken):
    """Return the reasons, and check that nothing has changed."""
    keys = set(type(stays).objects.values_list("key", flat=True))
    with pytest.raises(MergeError) as error:
        merge(stays, goes, taken)
    assert set(type(stays).objects.values_list("key", flat=True)) == keys
    assert not FormerKey.objects.exists()
    return error.value.reasons


def test_a_record_is_not_merged_with_itself():
    place = make_place()
    assert refused(place, place) == ["You have chosen the same record twice."]


def test_what_readers_see_does_not_go_into_what_they_do_not():
    stays, goes = make_project(title_en="Draft", publication=D), make_project(title_en="Seen")
    assert refused(stays, goes) == [
        "“Seen” is public and “Draft” is not. Keep the other record, or publish this one first."
    ]
    assert merge_blockers(goes, stays) == []


def test_a_part_is_not_its_whole_at_any_depth():
    sea = make_place(name_en="Aral Sea")
    gulf = make_place(name_en="Gulf", part_of=sea)
    bay = make_place(name_en="Bay", part_of=gulf)
    said = "Part of: “Bay” lies within “Aral Sea”. A part is not the same as the whole."
    assert (refused(bay, sea), refused(sea, bay)) == ([said], [said])


def test_a_city_does_not_stand_where_a_country_does():
    country, city = make_country(name_en="Uzbekistan"), make_place(name_en="Nukus")
    make_project().countries.add(country)
    make_organisation(country=country)
    assert refused(city, country) == [
        "“Nukus” cannot take the place of “Uzbekistan”: organisations, country.",
        "“Nukus” cannot take the place of “Uzbekistan”: projects, countries.",
    ]


def test_of_two_figures_neither_is_dropped_in_silence():
    stays, goes = make_place(name_en="Nukus"), make_place()
    indicator, source = make_indicator(name_en="Area"), make_source(title="Report")
    for place, value in ((stays, "24.1"), (goes, "25")):
        make_observation(indicator=indicator, place=place, source=source, value=value)
    assert refused(stays, goes) == [
        "Observation (Area, Nukus, 2020, Report) has different values: 24.1 and 25. Correct or delete one first."
    ]
    Observation.objects.filter(place=goes).update(value="24.1")
    merge(stays, goes)
    assert [str(one.value) for one in stays.observations.all()] == ["24.100000"]


def test_what_a_form_would_refuse_is_refused():
    stays, goes = make_project(start="2020", end="2021"), make_project(start="2022", end="2023")
    assert refused(stays, goes, "start") == ["A project cannot end before it starts."]


def test_what_readers_see_does_not_come_to_lack_anything():
    stays, goes = make_project(), make_project(publication=D)
    make_citation(stays), make_citation(goes, make_source(key="draft", publication=D))
    stays.countries.add(make_country())
    assert refused(stays, goes) == ["The source draft is not published: publish it first."]


def test_a_constraint_of_the_database_has_the_last_word(monkeypatch):
    stays, goes = pair(make_project)
    make_area(stays), make_area(goes)
    monkeypatch.setattr(curation_merge, "_unique_with", lambda key: [])
    monkeypatch.setattr(curation_merge, "_refuse_what_cannot_be", lambda row: None)
    assert refused(stays, goes)


# ── What goes with it ────────────────────────────────────────────────────────────────────────────────────────


def test_a_search_finds_the_one_that_stays_by_the_names_of_both():
    indexing.rebuild()
    stays, goes = make_organisation(name_en="Forest Service"), make_organisation(name_en="Woodland Agency")
    indexing.flush_index()
    merge(stays, goes)
    assert list(matching(Organisation.objects, "woodland")) == [stays]
    assert SearchEntry.objects.count() == 1


def test_the_audit_tells_what_became_of_what():
    stays, goes = pair(make_organisation)
    make_alias(key="goes", kind="organisation", text="Forestry Bureau")
    last = AuditEntry.objects.latest("pk").pk if AuditEntry.objects.exists() else 0
    merge(stays, goes)
    assert [(entry.what, entry.key, entry.details) for entry in AuditEntry.objects.filter(pk__gt=last)] == [
        ("merged", "stays", {"former": "goes"}),
    ]


def test_history_says_why_records_changed_and_went():
    stays, goes = make_organisation(), make_organisation(key="goes", name_en="Another name")
    participation = make_participation(organisation=goes)
    pk = goes.pk
    merge(stays, goes)
    said = "Merged with goes: both described the same thing."
    states = Organisation.history.filter(history_change_reason=said)
    assert {(state.id, state.history_type) for state in states} == {(pk, "-")}
    [alias] = Alias.history.filter(history_change_reason=said)
    assert (alias.key, alias.text, alias.history_type) == (stays.key, "Another name", "+")
    [moved] = Participation.history.filter(history_change_reason=said)
    assert (moved.id, moved.organisation_id) == (participation.pk, stays.pk)


# ── The page ─────────────────────────────────────────────────────────────────────────────────────────────────


def merge_address(stays, goes=None):
    return address(type(stays), "merge", stays.pk) + (f"?with={goes.key}" if goes else "")


def form_of(response):
    """Return the data that a browser would send."""
    [form] = reading.page(response).xpath("//form[@method='post'][.//input[@name='seen']]")
    return {
        field.get("name"): field.get("value")
        for field in form.xpath(".//input[@name]")
        if field.get("type") != "radio" or field.get("checked") is not None
    }


@pytest.mark.parametrize("who", ["anonymous", "translator", "editor", "reviewer"])
def test_only_administrators_merge(desk, who):
    stays, goes = pair(make_project)
    client = desk(who)
    assert client.get(merge_address(stays, goes)).status_code == (302 if who == "anonymous" else 403)
    client.post(merge_address(stays), {"with": "goes", "seen": "x"})
    assert Project.objects.count() == 2
    if who != "anonymous":
        assert "Merge with another record" not in client.get(change_address(stays)).content.decode()


def test_kinds_that_have_no_former_keys_are_not_merged(desk):
    issue = make_issue()
    page = desk("administrator").get(change_address(issue)).content.decode()
    assert "Merge with another record" not in page


def test_an_administrator_compares_chooses_and_merges(desk):
    stays = make_organisation(key="stays", name_en="KOICA", acronym="KOICA")
    goes = make_organisation(key="goes", name_en="Korea Agency", name_ko="한국국제협력단", acronym="KOICA")
    make_participation(organisation=goes)
    client = desk("administrator")
    assert merge_address(stays) in client.get(change_address(stays)).content.decode()
    start = reading.page(client.get(merge_address(stays)))
    assert start.xpath("//a/@href[starts-with(., '?with=')]") == ["?with=goes"]
    page = client.get(merge_address(stays, goes))
    data = form_of(page)
    assert {name: value for name, value in data.items() if name.startswith("stays-")} == {
        "stays-name_en": "kept",
        "stays-name_ko": "other",
    }
    assert "Participations: 1 will move to the kept record" in reading.words(reading.page(page))
    response = client.post(merge_address(stays), data | {"stays-name_en": "other"}, follow=True)
    assert [str(message) for message in response.context["messages"]] == [
        "“Korea Agency” was merged into this record. Its address redirects here."
    ]
    stays.refresh_from_db()
    assert (stays.name_en, stays.name_ko, stays.participations.count()) == ("Korea Agency", "한국국제협력단", 1)


def test_rows_that_both_have_are_told_before_one_of_them_goes(desk):
    stays, goes = pair(make_project)
    issue = make_issue(name_en="Salt")
    make_answer(project=stays, issue=issue, rationale_en="Ours.")
    make_answer(project=goes, issue=issue, rationale_en="Theirs.")
    words = reading.words(reading.page(desk("administrator").get(merge_address(stays, goes))))
    assert "Issues of projects: 1 is there already" in words
    assert "Rationale (English): “Ours.” is kept; “Theirs.” is deleted." in words


def test_the_page_says_why_it_cannot_be_and_keeps_what_was_chosen(desk):
    stays = make_project(key="stays", start="2020", end="2021", title_en="One")
    make_project(key="goes", start="2022", end="2023", title_en="Two")
    client = desk("administrator")
    data = form_of(client.get(merge_address(stays) + "?with=goes"))
    response = client.post(merge_address(stays), data | {"stays-start": "other"})
    assert response.status_code == 200
    assert "A project cannot end before it starts." in reading.words(reading.page(response))
    assert form_of(response)["stays-start"] == "other"
    assert Project.objects.count() == 2


def test_what_was_changed_meanwhile_is_looked_through_again(desk):
    stays, goes = pair(make_project)
    client = desk("administrator")
    data = form_of(client.get(merge_address(stays, goes)))
    goes.summary_en = "Meanwhile."
    goes.save()
    response = client.post(merge_address(stays), data)
    assert "One of the two records has changed." in response.content.decode()
    assert Project.objects.count() == 2


def test_a_key_that_no_other_record_has_is_asked_for_again(desk):
    stays = make_project(key="stays")
    client = desk("administrator")
    for key in ("stays", "nobody"):
        page = client.get(merge_address(stays) + f"?with={key}").content.decode()
        assert f"No other record of this kind has the key “{key}”." in page
    assert client.get(address(Project, "merge", 0)).status_code == 404


@pytest.mark.any_database
@pytest.mark.parametrize("make", [make_source, make_place, make_organisation, make_project])
def test_the_page_asks_the_same_of_the_database_for_few_rows_as_for_many(desk, make):
    stays, goes = make(), make()
    client = desk("administrator")

    def queries():
        for record in (stays, goes):
            if make is make_source:
                make_citation(make_project(), record), make_observation(source=record)
            elif make is make_place:
                make_observation(place=record), make_issue().places.add(record)
            elif make is make_organisation:
                make_participation(organisation=record)
            else:
                make_answer(project=record)
            if make is not make_source:
                make_citation(record)
        indexing.flush_index()
        with CaptureQueriesContext(connection) as asked:
            assert client.get(merge_address(stays, goes)).status_code == 200
        return len(asked)

    queries()
    assert queries() == queries()


# ── Open revisions ───────────────────────────────────────────────────────────────────────────────────────────


def added(revision, *rows):
    """Let a revision add rows, which are copies of stored ones that are deleted."""
    steps = revision.steps
    for number, row in enumerate(rows, 1):
        state = version_at(revision.target, kinds=parts_of(revision.target))[type(row)][row.pk]
        row.delete()
        steps[type(row)] |= {-number: RowVersionPair(None, state | {"id": -number})}
    revision.set_steps(steps)
    revision.save()
    return revision


def test_open_revisions_refer_to_the_record_that_is_kept():
    project, kept, other = make_project(), make_source(key="kept"), make_source(key="other")
    one, two = make_organisation(), make_organisation()
    near, far = make_place(), make_place()
    revision = added(
        make_revision(project, {"summary_en": "Now."}),
        make_citation(project, other),
        make_participation(project=project, organisation=two),
    )
    through = Project.places.through
    link = {"id": -9, "project_id": project.pk, "place_id": far.pk}
    revision.set_steps(revision.steps | {through: {far.pk: RowVersionPair(None, link)}})
    revision.save()
    for pair_of_one_kind in ((kept, other), (one, two), (near, far)):
        merge(*pair_of_one_kind)
    revision = Revision.objects.get(pk=revision.pk)
    publish_revision(revision, "It was wrong.")
    project.refresh_from_db()
    assert project.summary_en == "Now."
    assert [citation.source for citation in project.citations.all()] == [kept]
    assert [part.organisation for part in project.participations.all()] == [one]
    assert list(project.places.all()) == [near]


def test_record_with_an_open_revision_does_not_go():
    kept, other = make_source(title="Kept"), make_source(title="Other")
    revision = make_revision(other, {"note": "Somebody's work."})
    with pytest.raises(MergeError) as refused:
        merge(kept, other)
    assert refused.value.reasons == ["“Other” has an open revision. Publish or discard it first, or keep this record."]
    assert Revision.objects.filter(pk=revision.pk).exists()
    assert merge_blockers(other, kept) == []


def test_marks_in_open_revisions_follow_and_clash_with_nothing():
    issue, kept, other = make_issue(drivers_en="Cotton [other]."), make_source(key="kept"), make_source(key="other")
    make_citation(issue, other)
    revision = make_revision(issue, {"drivers_en": "Cotton and rice [other]."})
    merge(kept, other)
    revision = Revision.objects.get(pk=revision.pk)
    steps, clashes = revision.merge(version_at(issue, kinds=parts_of(issue)))
    assert clashes == []
    assert steps[Issue][issue.pk].after["drivers_en"] == "Cotton and rice [kept]."
