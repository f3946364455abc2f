"""The first page of the editors' desk: what needs care, as numbers that fall."""

import datetime
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from issues.models import Term
from portal.core.choices import Confidence, PublicationStatus
from portal.staff.worklists import WORKLISTS
from projects.models import Project
from tests import reading
from tests.make import (
    make_activity,
    make_agreement,
    make_citation,
    make_country,
    make_issue,
    make_organisation,
    make_participation,
    make_party,
    make_place,
    make_portal_details,
    make_project,
    make_result,
    make_suggested_issue,
    make_term,
)
from tests.portal.staff.test_admin import address, change_address, form_data, listed
from tests.portal.staff.test_import_export import bring
from tests.staff import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _doubles_were_looked_for(db):
    """Until then the desk invites to do so (tests/portal/curation/test_duplicates.py)."""
    call_command("find_duplicates", verbosity=0)


@pytest.fixture
def editor(client):
    client.force_login(User.objects.create_superuser("kim"))
    return client


def cares(client, kind):
    """How many records of a kind need each care, by its words."""
    found = {}
    for row in reading.page(client.get("/admin/")).xpath("//section[contains(@class, 'desk')]//dl/div"):
        for link in row.findall("dd/a"):
            name, _space, count = reading.words(link).rpartition(" ")
            if name == kind:
                found[row.find("dt").text.strip()] = (int(count), link.get("href"))
    return found


def all_done(client):
    """What could need care, and nothing does."""
    text = reading.words(reading.page(client.get("/admin/")).xpath("//section[h2[@id='desk-care']]")[0])
    return set(text.partition("No issues in: ")[2].split(" · "))


def test_every_care_is_counted_and_leads_to_its_list(editor):
    whole = {"title_ko": "나무", "title_ru": "Деревья", "summary_ko": "심는다.", "summary_ru": "Сажают."}
    good = make_project(**whole, start="2020", budget=1, currency="USD")
    make_citation(good)
    make_project(**whole, publication=PublicationStatus.DRAFT, start="2020")
    make_project(
        title_ko="나무", title_ru="Деревья", publication=PublicationStatus.IN_REVIEW, confidence=Confidence.LOW
    )
    make_project(publication=PublicationStatus.ARCHIVED)
    old = make_project(**whole)
    Project.objects.filter(pk=old.pk).update(updated_at=timezone.now() - timedelta(days=400))
    found = cares(editor, "Projects")
    assert {words: count for words, (count, _url) in found.items()} == {
        "Drafts": 1,
        "Waiting for review": 1,
        "Missing Korean translation": 1,
        "Missing Russian translation": 1,
        "Without a source": 3,
        "Without dates": 2,
        "Without a budget": 3,
        "Low confidence": 1,
        "Not verified for a year": 1,
    }
    for count, url in found.values():
        assert len(listed(editor.get(url))) == count


def test_organisation_that_nothing_refers_to_needs_no_source(editor):
    make_organisation(key="unused")
    make_participation(organisation=make_organisation(key="partner"))
    make_party(organisation=make_organisation(key="party"))
    make_citation(make_participation(organisation=make_organisation(key="cited")).organisation)
    count, url = cares(editor, "Organisations")["Without a source"]
    assert count == 2
    assert {organisation.key for organisation in listed(editor.get(url))} == {"partner", "party"}


def test_suggestions_that_wait_have_a_line_for_those_who_decide(client):
    draft, public = make_project(publication=PublicationStatus.DRAFT), make_project(key="public")
    for project in (draft, public):
        make_suggested_issue(project=project)
    make_suggested_issue(project=draft, issue=make_issue(), decision="dismissed")
    url = "/admin/projects/suggestedissue/triage/"
    for role, count in (("editor", 1), ("reviewer", 2)):
        assert cares(sign_in(client, role), "to decide") == {"Suggested issues of projects": (count, url)}
    assert cares(sign_in(client, "translator"), "to decide") == {}


def test_agreements_quiet_for_two_years_are_listed(editor, monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda *args: datetime.date(2026, 11, 27))
    for key, days in (("quiet", ["2020", "2024-11-26"]), ("active", ["2020", "2024-11-27"]), ("unknown", [])):
        agreement = make_agreement(key=key)
        for day in days:
            make_activity(agreement=agreement, date=day)
    make_activity(agreement=make_agreement(key="ended", ended=True), date="2020")
    make_activity(agreement=make_agreement(key="archived", publication=PublicationStatus.ARCHIVED), date="2020")
    count, url = cares(editor, "Agreements")["Agreements quiet for two years"]
    assert count == 1
    assert [agreement.key for agreement in listed(editor.get(url))] == ["quiet"]


def test_completed_projects_whose_results_are_due_are_listed(editor, monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda *args: datetime.date(2026, 11, 27))
    for key, fields in (
        ("never", {}),
        ("long-ago", {"looked_on": datetime.date(2025, 11, 26)}),
        ("looked", {"looked_on": datetime.date(2025, 11, 27)}),
        ("told", {"results_en": "They grow."}),
        ("running", {"status": "implementation"}),
        ("archived", {"publication": PublicationStatus.ARCHIVED}),
    ):
        make_project(key=key, **{"status": "closed"} | fields)
    make_result(project=make_project(key="recorded", status="closed"))
    make_result(project=make_project(key="drafted", status="closed"), publication=PublicationStatus.DRAFT)
    count, url = cares(editor, "Projects")["Completed projects without results"]
    assert count == 3
    assert {project.key for project in listed(editor.get(url))} == {"never", "long-ago", "drafted"}


def test_total_of_a_care_counts_all_kinds_of_records(editor):
    make_term(), make_term(), make_project()
    page = reading.page(editor.get("/admin/"))
    [total] = page.xpath("//dl/div/dt[starts-with(normalize-space(), 'Missing Korean translation')]/b")
    assert total.text == "3"


def test_what_nothing_needs_is_said(editor):
    make_place(name_ko="누쿠스", name_ru="Нукус", latitude=42, longitude=59)
    assert set(cares(editor, "Places")) == {"Without a source"}
    assert all_done(editor) == {str(care.words) for care in WORKLISTS.values()} - {"Without a source"}


def test_countries_and_the_world_need_neither_source_nor_position(editor):
    make_country(name_ko="우즈베키스탄", name_ru="Узбекистан")
    assert cares(editor, "Places") == {}
    make_place()
    assert {"Without a source", "Without a position"} <= set(cares(editor, "Places"))


def test_desk_with_nothing_to_do_says_so_kindly(editor):
    make_portal_details(publisher_en="An institute", email="e@example.org", office_en="Suwon", rules_en="None.")
    assert "Nothing is waiting for you." in editor.get("/admin/").content.decode()


def test_number_falls_when_the_work_is_done(editor):
    term = make_term()
    assert cares(editor, "Terms")["Missing Korean translation"][0] == 1
    url = change_address(term)
    editor.post(url, form_data(editor.get(url), term_ko="투가이", definition_ko="강가의 숲"))
    assert "Missing Korean translation" not in cares(editor, "Terms")


def test_drafts_that_i_worked_on_are_listed_and_nobody_elses(editor):
    make_term(term_en="Somebody else’s", publication=PublicationStatus.DRAFT)
    data = {"key": "tugai", "term_en": "Tugai", "definition_en": "Forest along desert rivers."}
    editor.post(address(Term, "add"), form_data(editor.get(address(Term, "add")), **data))
    page = reading.page(editor.get("/admin/"))
    assert [reading.words(li) for li in page.xpath("//section[h2[@id='desk-drafts']]//li")] == ["Tugai Term"]
    Term.objects.update(publication=PublicationStatus.PUBLISHED)
    assert reading.page(editor.get("/admin/")).xpath("//h2[@id='desk-drafts']") == []


def test_drafts_of_an_import_are_mine_once_i_change_them(editor):
    preview = bring(editor, Term, "key,term_en,definition_en\ntugai,Tugai,A forest\n").headers["Location"]
    editor.post(preview)
    assert reading.page(editor.get("/admin/")).xpath("//h2[@id='desk-drafts']") == []
    url = change_address(Term.objects.get())
    editor.post(url, form_data(editor.get(url), term_ko="투가이"))
    page = reading.page(editor.get("/admin/"))
    assert [reading.words(li) for li in page.xpath("//section[h2[@id='desk-drafts']]//li")] == ["Tugai Term"]


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("editor", "When a record is complete, submit it for review."),
        ("reviewer", "wait for your review at the top of this page."),
        ("translator", "You write the fields of your language."),
    ],
)
def test_first_visit_explains_the_desk_until_the_first_change(client, who, sentence):
    sign_in(client, who)
    [guide] = reading.page(client.get("/admin/")).xpath("//section[h2[@id='desk-guide']]")
    assert sentence in reading.words(guide)
    term = make_term(publication=PublicationStatus.DRAFT)
    url = change_address(term)
    client.post(url, form_data(client.get(url), term_ko="투가이"))
    assert reading.page(client.get("/admin/")).xpath("//h2[@id='desk-guide']") == []


def test_desk_shows_only_what_one_may_see(client):
    user = User.objects.create_user("lee", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_term"))
    client.force_login(user)
    make_project(), make_term()
    assert (cares(client, "Projects"), set(cares(client, "Terms"))) == (
        {},
        {"Missing Korean translation", "Missing Russian translation", "Without a source"},
    )


@pytest.mark.any_database
def test_desk_asks_the_same_of_the_database_for_few_as_for_many(editor):
    editor.get("/admin/")  # the first visit of a process also asks what is then kept, such as content types
    counted = []
    for _ in range(2):
        for _ in range(3):
            (
                make_project(),
                make_term(publication=PublicationStatus.DRAFT),
                make_term(publication=PublicationStatus.IN_REVIEW),
            )
        with CaptureQueriesContext(connection) as asked:
            editor.get("/admin/")
        counted.append(len(asked))
    assert counted[0] == counted[1]


def test_records_are_listed_in_the_order_of_an_editors_work(editor):
    tables = reading.page(editor.get("/admin/")).xpath("//div[starts-with(@class, 'app-')]//caption")
    assert [reading.words(caption) for caption in tables][:4] == [
        "What we know about the region",
        "Cooperation",
        "Places and sources",
        "Accounts",
    ]
    records = reading.page(editor.get("/admin/issues/")).xpath("//div[@id='content-main']//th[@scope='row']")
    assert [reading.words(name) for name in records][:2] == ["Issues", "Causes and effects"]
