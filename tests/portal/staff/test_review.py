"""Reviewing a record with the drafts that it depends on, by a second person."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.models import Term
from portal.core.choices import PublicationStatus
from portal.models import Source
from projects.models import Organisation, Project
from tests import reading
from tests.make import (
    make_citation,
    make_country,
    make_organisation,
    make_participation,
    make_project,
    make_source,
    make_term,
)
from tests.portal.staff.test_admin import address, change_address, errors_of, form_data
from tests.portal.staff.test_workflow import act, offered, save

pytestmark = pytest.mark.django_db

D, R, S, P, A, _ASIDE = PublicationStatus


def project_with_drafts(publication=D):
    """Return a project that could be published with its three drafts: a source, an organisation and its source."""
    project = make_project(publication=publication)
    project.countries.add(make_country())
    make_citation(project, make_source(publication=publication))
    organisation = make_organisation(publication=publication)
    make_participation(project=project, organisation=organisation)
    make_citation(organisation, make_source(publication=publication))
    return project


def states():
    return {one.publication for model in (Project, Organisation, Source) for one in model.objects.all()}


def together(client, project, state):
    url = address(Project, "together", project.pk)
    seen = client.get(url).context["seen"]
    return client.post(url, {"state": state.value, "seen": seen}, follow=True)


# ── Together ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_submitting_offers_the_drafts_that_the_record_depends_on(desk):
    client, project = desk("editor"), project_with_drafts()
    response = client.post(change_address(project), form_data(client.get(change_address(project)), publication=R.value))
    page = reading.page(client.get(response.url))
    [offer] = page.xpath("//ul[@class='messagelist']//a[.='Submit them too']")
    assert "This record depends on 3 drafts that are not submitted yet." in reading.words(offer.getparent())
    assert offer.get("href") == address(Project, "together", project.pk)
    response = together(client, project, R)
    assert states() == {R}
    assert "3 records were submitted." in response.content.decode()
    response = client.post(change_address(project), form_data(client.get(change_address(project)), title_ko="나무"))
    assert "Submit them too" not in client.get(response.url).content.decode()


def test_a_reviewer_publishes_a_record_with_its_drafts(desk):
    client, project = desk("reviewer"), project_with_drafts(R)
    form = reading.page(client.get(change_address(project)))
    [link] = form.xpath("//a[.='Review together']/@href")
    page = reading.page(client.get(link))
    assert [reading.words(button) for button in page.xpath("//form//button[@name='state']")] == ["Publish 4 records"]
    response = together(client, project, P)
    assert states() == {P}
    assert "4 records were published." in response.content.decode()
    assert LogEntry.objects.count() == 4
    reasons = {state.history_change_reason for state in Project.history.model.objects.filter(publication=P)}
    assert reasons == {f"Published: “{project.key}” and the records that it depends on."}


def test_all_are_published_or_none_and_each_problem_is_linked(desk):
    client, project = desk("reviewer"), project_with_drafts(R)
    organisation = Organisation.objects.get()
    organisation.citations.all().delete()
    Project.objects.update(summary_en="")
    response = together(client, project, P)
    assert states() == {R}
    problems = reading.page(response).xpath("//section[@class='desk-note']//ul/li/ul/li/a")
    assert [(link.text, link.get("href")) for link in problems] == [
        ("No source is cited.", f"{change_address(organisation)}#citations-group"),
        ("Summary (English): the text is missing.", f"{change_address(project)}#id_summary_en"),
    ]


def test_a_record_that_changed_meanwhile_is_looked_at_again(desk):
    client, project = desk("reviewer"), project_with_drafts(R)
    url = address(Project, "together", project.pk)
    seen = client.get(url).context["seen"]
    source = Source.objects.first()
    source.title = "Another"
    source.save()
    response = client.post(url, {"state": "published", "seen": seen})
    assert "One of the records has changed. Check them again." in response.content.decode()
    assert states() == {R}


@pytest.mark.parametrize(
    ("who", "page", "submit", "publish"),
    [("translator", 403, D, D), ("editor", 200, R, D), ("reviewer", 200, R, P), ("administrator", 200, R, P)],
)
def test_who_may_move_records_together(desk, who, page, submit, publish):
    project = project_with_drafts()
    url = address(Project, "together", project.pk)
    client = desk(who)
    response = client.get(url)
    assert response.status_code == page
    seen = response.context["seen"] if page == 200 else ""
    client.post(url, {"state": "published", "seen": seen})
    assert states() == {publish}
    Project.objects.update(publication=D), Source.objects.update(publication=D)
    Organisation.objects.update(publication=D)
    seen = client.get(url).context["seen"] if page == 200 else ""
    client.post(url, {"state": "in-review", "seen": seen})
    assert states() == {submit}
    assert client.post(url, {"state": "archived", "seen": seen}).status_code == 403


def test_editors_do_not_open_it_for_a_public_record(desk):
    project = project_with_drafts(P)
    assert desk("editor").get(address(Project, "together", project.pk)).status_code == 403
    assert desk("editor").get(address(Project, "together", 0)).status_code == 404


@pytest.mark.any_database
def test_pages_need_the_same_queries_for_any_number_of_drafts_and_at_most_fifty(desk):
    client, project = desk("reviewer"), project_with_drafts(R)
    urls = (change_address(project), address(Project, "together", project.pk))
    counted = []
    for _round in range(2):
        counts = []
        for url in urls:
            client.get(url)
            with CaptureQueriesContext(connection) as asked:
                client.get(url)
            counts.append(len(asked))
        counted.append(counts)
        for _ in range(3):
            make_citation(project, make_source(publication=D))
    assert counted[0] == counted[1]
    assert max(counted[0]) <= 50


def test_a_gap_opens_the_record_that_is_not_published(desk):
    client, project = desk("editor"), project_with_drafts()
    page = reading.page(client.get(change_address(project)))
    source = project.citations.get().source
    [link] = page.xpath(f"//section[h2[@id='desk-gaps']]//a[@href='{change_address(source)}']")
    assert reading.words(link) == f"Open “{source}”"


# ── By a second person ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def two_people(settings):
    settings.REVIEW_OWN = False


def submitted(client):
    """Return a term that the user of `client` wrote and submitted, with a source."""
    data = {"key": "takyr", "term_en": "Takyr", "definition_en": "A clay bed.", "publication": R.value}
    client.post(address(Term, "add"), form_data(client.get(address(Term, "add")), **data))
    term = Term.objects.get(key="takyr")
    make_citation(term)
    return term


@pytest.mark.usefixtures("two_people")
@pytest.mark.parametrize("who", ["reviewer", "administrator"])
def test_nobody_publishes_their_own_submission(desk, who):
    client = desk(who)
    term = submitted(client)
    assert offered(client, term) == {R, D}
    note = "You wrote or submitted this record, so another reviewer publishes it."
    assert note in client.get(change_address(term)).content.decode()
    assert "publication" in errors_of(save(client, term, publication=P.value))
    assert act(client, "publish_selected", term) == [
        "Takyr: you wrote or submitted it, so another reviewer publishes it."
    ]
    response = client.post(
        url := address(Term, "together", term.pk), {"state": "published", "seen": client.get(url).context["seen"]}
    )
    assert "you wrote or submitted it" in response.content.decode()
    term.refresh_from_db()
    assert term.publication == R
    other = desk("administrator" if who == "reviewer" else "reviewer")
    assert offered(other, term) == {R, D, S, P}
    assert act(other, "publish_selected", term) == ["1 record was published."]


@pytest.mark.usefixtures("two_people")
def test_a_new_record_is_not_published_by_its_author(desk):
    client = desk("reviewer")
    form = client.get(address(Term, "add")).context["adminform"].form
    assert {value for value, _label in form.fields["publication"].choices} == {D, R}


@pytest.mark.usefixtures("two_people")
def test_reviewers_still_correct_what_readers_see(desk):
    client = desk("reviewer")
    term = make_term()
    make_citation(term)
    assert save(client, term, definition_en="Corrected.").status_code == 302
    assert term.definition_en == "Corrected."


def test_with_the_setting_one_person_does_both(desk, settings):
    settings.REVIEW_OWN = True
    client = desk("reviewer")
    term = submitted(client)
    assert act(client, "publish_selected", term)[-1] == "1 record was published."


def test_the_form_says_who_wrote_and_who_reviewed(desk):
    term = submitted(desk("editor"))
    act(desk("reviewer"), "publish_selected", term)
    day = term.updated_at.astimezone().date()
    page = reading.page(desk("editor").get(change_address(term)))
    [trail] = page.xpath("//p[contains(@class, 'desk-trail')]")
    words = reading.words(trail)
    assert f"Submitted by: editor ({day})" in words
    assert f"Reviewed by: reviewer ({day})" in words
    assert f"Written by: editor ({day}) Submitted" in words  # who only publishes has not written it
