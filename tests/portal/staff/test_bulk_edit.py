"""A field of the selected records is changed after a preview, by the rules of the forms."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from issues.models import Event, Issue
from portal.core.choices import PublicationStatus
from portal.models import Place, Source
from portal.staff.bulk_edit import changeable_columns
from projects.models import Agreement, Organisation, Project
from tests import reading
from tests.make import (
    make_agreement,
    make_citation,
    make_country,
    make_issue,
    make_organisation,
    make_project,
    make_sector,
)
from tests.portal.staff.test_admin import address
from tests.staff import sign_in

pytestmark = pytest.mark.django_db
DRAFT, PUBLISHED, SET_ASIDE = PublicationStatus.DRAFT, PublicationStatus.PUBLISHED, PublicationStatus.SET_ASIDE


def posted(client, records, step="preview", **data):
    """Post the action for these records: the page that follows."""
    model = type(records[0])
    chosen = {"action": "change_field_selected", "_selected_action": [one.pk for one in records], "step": step}
    return client.post(address(model, "changelist"), chosen | {"why": "As the ministry says"} | data, follow=True)


def confirmed(client, records, target, value):
    """Change a field of these records by both pages, and return the messages."""
    preview = posted(client, records, target=target, **{target: value})
    data = {"target": target, target: value, "seen": preview.context["seen"]}
    answer = posted(client, records, "store", **data)
    return [strip_tags(str(message)) for message in answer.context["messages"]]


def changes(page):
    return [(str(record), before, after) for record, _url, before, after in page.context["changes"]]


def left(page):
    return [(str(record), reason) for record, _url, reason in page.context["skipped"]]


def test_preview_shows_each_change_and_stores_nothing(client):
    sign_in(client, "editor")
    first = make_project(title_en="Canal", status="pipeline", publication=DRAFT)
    second = make_project(title_en="Trees", status="closed", publication=DRAFT)
    public = make_project(title_en="Wells", status="pipeline")
    page = posted(client, [first, second, public], target="set-status", **{"set-status": "closed"})
    assert changes(page) == [("Canal", "Planned", "Completed")]
    assert left(page) == [("Wells", "This record is public: only a reviewer may change it.")]
    assert page.context["unchanged"] == 1
    assert set(Project.objects.values_list("status", flat=True)) == {"pipeline", "closed"}


def test_confirmed_change_has_one_entry_in_the_history_of_each_record_and_can_be_reverted(client):
    sign_in(client, "editor")
    drafts = [make_project(title_en=f"Canal {number}", status="pipeline", publication=DRAFT) for number in (1, 2)]
    public = make_project(title_en="Wells", status="pipeline")
    assert confirmed(client, [*drafts, public], "set-status", "closed") == [
        "2 records were changed.",
        "Wells: This record is public: only a reviewer may change it.",
    ]
    for draft in drafts:
        version = draft.version
        draft.refresh_from_db()
        assert (draft.status, draft.version) == ("closed", version + 1)
        entry = draft.history.first()
        assert (entry.history_change_reason, entry.history_user.username) == ("As the ministry says", "editor")
    [revert, *_older] = reading.page(client.get(address(Project, "history", drafts[0].pk))).xpath(
        "//a[contains(@href, '/revert/')]/@href"
    )
    page = reading.page(client.get(revert))
    client.post(revert, {"seen": page.xpath("//input[@name='seen']/@value")[0], "why": "Wrong"})
    drafts[0].refresh_from_db()
    assert drafts[0].status == "pipeline"


def test_published_records_follow_the_rules_of_publishing(client):
    sign_in(client, "reviewer")
    make_country(key="uz"), make_country(key="kz", publication=DRAFT)
    public, draft = make_project(title_en="Public"), make_project(title_en="Draft", publication=DRAFT)
    public.countries.set(Place.objects.filter(key="uz"))
    make_citation(public)
    told = confirmed(client, [public, draft], "add-countries", "kz")
    assert told[0] == "1 record was changed."
    assert told[1].startswith("Public: ")
    assert [project.countries.filter(key="kz").exists() for project in (public, draft)] == [False, True]
    page = posted(client, [public], target="add-countries", **{"add-countries": "kz"})
    assert [record for record, _reason in left(page)] == ["Public"]
    assert page.context["changes"] == []


def test_several_related_records_get_one_more_or_one_less(client):
    sign_in(client, "editor")
    uz, kz = make_country(key="uz"), make_country(key="kz", name_en="Kazakhstan")
    both, none = (make_project(title_en=title, publication=DRAFT) for title in ("Both", "None"))
    both.countries.set([uz, kz])
    page = posted(client, [both, none], target="add-countries", **{"add-countries": "uz"})
    assert changes(page) == [("None", "—", "uz")]
    assert confirmed(client, [both, none], "add-countries", "uz") == ["1 record was changed."]
    assert confirmed(client, [both, none], "remove-countries", "kz") == ["1 record was changed."]
    for project in (both, none):
        assert [country.key for country in project.countries.all()] == ["uz"]
    sector = make_sector()
    assert confirmed(client, [both], "add-sectors", sector.code) == ["1 record was changed."]


@pytest.mark.parametrize(
    ("make", "target", "value", "column", "stored"),
    [
        (make_agreement, "set-ended", "true", "ended", True),
        (make_project, "set-level", "", "level", ""),
        (make_organisation, "set-country", "kz", "country__key", "kz"),
    ],
)
def test_choices_booleans_and_foreign_keys_can_be_changed(client, make, target, value, column, stored):
    sign_in(client, "editor")
    make_country(key="kz")
    record = make(publication=DRAFT)
    assert confirmed(client, [record], target, value) == ["1 record was changed."]
    assert type(record).objects.values_list(column, flat=True).get(pk=record.pk) == stored


def test_nothing_is_stored_if_a_record_changed_since_the_preview(client):
    sign_in(client, "editor")
    project = make_project(status="pipeline", publication=DRAFT)
    page = posted(client, [project], target="set-status", **{"set-status": "closed"})
    project.title_en = "Changed meanwhile"
    project.version += 1
    project.save()
    data = {"target": "set-status", "set-status": "closed", "seen": page.context["seen"]}
    answer = posted(client, [project], "store", **data)
    assert "One of the records has changed. Check them again." in answer.content.decode()
    assert Project.objects.get().status == "pipeline"
    posted(client, [project], "store", **data | {"seen": answer.context["seen"]})
    assert Project.objects.get().status == "closed"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({}, "This field is required."),
        ({"target": "set-status"}, "This field is required."),
        ({"target": "set-status", "set-status": "forever"}, "Select a valid choice."),
        ({"target": "add-countries", "add-countries": "nowhere"}, "Select a valid choice."),
        ({"target": "set-publication", "set-publication": "published"}, "Select a valid choice."),
        ({"target": "set-status", "set-status": "closed", "why": ""}, "This field is required."),
    ],
)
def test_wrong_choice_is_told_on_the_page(client, data, error):
    sign_in(client, "reviewer")
    project = make_project(status="pipeline")
    page = posted(client, [project], **data)
    assert error in page.content.decode()
    posted(client, [project], "store", **data)
    assert Project.objects.get().status == "pipeline"


@pytest.mark.parametrize(
    ("who", "states"),
    [
        ("anonymous", set()),
        ("translator", set()),
        ("editor", {"draft", "in-review"}),
        ("reviewer", set(PublicationStatus) - {SET_ASIDE, PUBLISHED, "scheduled"}),
        ("administrator", set(PublicationStatus) - {SET_ASIDE, PUBLISHED, "scheduled"}),
    ],
)
def test_each_role_changes_what_it_may_change_in_the_form(client, who, states):
    """The published and the scheduled project here lack a source, which prevents no change: they had none before."""
    projects = [make_project(publication=state, status="pipeline") for state in PublicationStatus]
    sign_in(client, who)
    listed = [project for project in projects if project.publication != SET_ASIDE]
    data = {"target": "set-status", "set-status": "closed"}
    page = posted(client, listed, **data)
    seen = (page.context or {}).get("seen", "")
    posted(client, listed, "store", **data | {"seen": seen})
    changed = set(Project.objects.filter(status="closed").values_list("publication", flat=True))
    assert changed - {PUBLISHED, "scheduled"} == states
    assert (PUBLISHED in changed) is (who in {"reviewer", "administrator"})


@pytest.mark.parametrize("model", [Agreement, Event, Issue, Organisation, Project, Source])
def test_every_field_is_offered_but_the_state(client, model):
    names = {column.names[0] for column in changeable_columns(model)}
    assert names
    assert "publication" not in names


@pytest.mark.any_database
def test_page_asks_the_same_of_the_database_for_few_as_for_many(client):
    sign_in(client, "editor")
    make_issue()
    counted = []
    for count in (2, 8):
        projects = [make_project(status="pipeline", publication=DRAFT) for _ in range(count)]
        posted(client, projects, step="")
        with CaptureQueriesContext(connection) as queries:
            posted(client, projects, step="")
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 50
