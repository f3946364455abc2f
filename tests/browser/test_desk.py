"""The admin in real browsers: two editors of one record, and a lost session that does not lose text."""

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from issues.models import Issue
from portal.models import Notice, Place
from portal.tracking.change_log import content_transaction
from portal.tracking.history import change_reason
from projects.models import Project, SuggestedIssue
from tests.make import make_citation, make_organisation, make_participation, make_project, make_source


def open_term(page, desk, key):
    page.goto(f"{desk.url}/admin/issues/term/?q={key}")
    with page.expect_navigation():  # until its scripts have run: they keep only what is typed afterwards
        page.locator("#result_list tbody th a").first.click()
    expect(page.locator("#content-main form, #content-main .readonly").first).to_be_visible()


def save(page):
    """Save, with a reason where the form requires one."""
    page.wait_for_load_state()  # a click goes on before the next page is there whole
    why = page.locator("#id_why")
    if why.count() and not why.input_value():
        why.fill("The source says so.")
    page.locator("input[name=_save]").first.click()


def test_two_editors_on_one_record_lose_nothing(editor, desk):
    kim, lee = editor(0), editor(1)
    open_term(kim, desk, "aralkum")
    open_term(lee, desk, "aralkum")
    kim.locator("#id_definition_en").fill("What Kim wrote.")
    kim.locator("#id_definition_ko").fill("김이 쓴 글.")
    save(kim)
    expect(kim.locator(".messagelist .success")).to_be_visible()
    lee.locator("#id_definition_en").fill("What Lee wrote.")
    save(lee)
    clash = lee.locator(".clash")
    expect(clash).to_contain_text("kim changed it on")
    expect(clash).to_contain_text("What Kim wrote.")
    expect(clash).to_contain_text("김이 쓴 글.")  # stored, because Lee did not change it
    expect(lee.locator("#id_definition_ko")).to_have_value("김이 쓴 글.")
    lee.get_by_role("radio", name="Keep my version").check()
    save(lee)
    expect(lee.locator(".messagelist .success")).to_be_visible()
    open_term(kim, desk, "aralkum")
    expect(kim.locator("#id_definition_en")).to_have_value("What Lee wrote.")
    expect(kim.locator("#id_definition_ko")).to_have_value("김이 쓴 글.")


def test_text_that_was_not_saved_is_offered_back_after_a_lost_session(editor, desk):
    page = editor(0)
    open_term(page, desk, "tugai")
    address = page.url
    cookies = page.context.cookies()
    page.locator("#id_definition_en").fill("A long text that took an hour.")
    page.context.clear_cookies()
    save(page)
    expect(page.locator("#id_definition_en")).to_have_count(0)  # the session has ended
    page.context.add_cookies(cookies)
    page.goto(address)
    offer = page.locator(".autosave")
    expect(offer).to_contain_text("Unsaved text from")
    offer.get_by_role("button", name="Restore").click()
    expect(page.locator("#id_definition_en")).to_have_value("A long text that took an hour.")
    save(page)
    expect(page.locator(".messagelist .success")).to_be_visible()
    page.goto(address)
    expect(page.locator("#id_definition_en")).to_have_value("A long text that took an hour.")
    expect(page.locator(".autosave")).to_have_count(0)  # saved: the browser has deleted the draft


def test_rows_and_choices_come_back_too_and_can_be_thrown_away(editor, desk):
    page = editor(0)
    open_term(page, desk, "tugai")
    address = page.url
    rows = page.locator(".dynamic-citations").count()
    page.locator("#citations-group .add-row a").click()
    page.locator(f"#id_citations-{rows}-position").fill("77")
    page.locator("#id_publication").select_option("archived")
    page.wait_for_timeout(1_200)
    page.goto(f"{desk.url}/admin/")
    page.goto(address)
    page.get_by_role("button", name="Restore").click()
    expect(page.locator(f"#id_citations-{rows}-position")).to_have_value("77")
    expect(page.locator("#id_publication")).to_have_value("archived")
    page.goto(address)
    page.get_by_role("button", name="Discard").click()
    page.goto(address)
    expect(page.locator(".autosave")).to_have_count(0)


PASSWORD = "a-dry-sea-remembers-1960"


def sign_in(page, name):
    page.locator("[name=login]").fill(name)
    page.locator("[name=password]").fill(PASSWORD)
    with page.expect_navigation():
        page.locator("main [type=submit]").click()


def test_unsaved_text_is_offered_to_its_author_alone_and_survives_sign_outs(desk, new_context):
    """Two people share a browser: the session of one ends while she types, and the other signs in there."""
    with desk.database():
        for name in ("nur", "olga"):
            User.objects.create_superuser(name, password=PASSWORD)
    context = new_context(base_url=desk.url, locale="en")
    page = context.new_page()
    address = f"{desk.url}/admin/issues/term/add/"
    page.goto(address)
    sign_in(page, "nur")
    page.locator("#id_definition_en").fill("What Nur wrote for an hour.")
    context.clear_cookies(name="sessionid")
    save(page)  # the session has ended: nothing is saved

    sign_in(page, "olga")
    expect(page).to_have_url(address)
    expect(page.locator("#id_definition_en")).to_be_visible()
    expect(page.locator(".autosave")).to_have_count(0)
    page.locator("#id_term_en").fill("Olga")
    page.locator("#id_key").fill("olga")
    page.locator("#id_definition_en").fill("What Olga wrote.")
    save(page)
    expect(page.locator(".messagelist .success", has_text="Olga")).to_be_visible()

    with page.expect_response("**/admin/logout/") as answer:
        page.locator("#logout-form button").click()
    assert answer.value.all_headers()["clear-site-data"] == '"cache", "cookies"'
    expect(page.locator("main [role=status]")).to_have_text("You have signed out.")
    assert [cookie["name"] for cookie in context.cookies()] == ["csrftoken"]  # a message of the next page
    page.goto(address)
    sign_in(page, "nur")
    expect(page.locator(".autosave")).to_be_visible()
    page.get_by_role("button", name="Restore").click()
    expect(page.locator("#id_definition_en")).to_have_value("What Nur wrote for an hour.")


def test_unsaved_text_survives_signing_in_again(desk, editor):
    """The message of a sign-in is a success too, but nothing was saved."""
    with desk.database():
        User.objects.create_superuser("zhanna", password=PASSWORD)
    page = editor(0)
    page.context.clear_cookies()
    address = f"{desk.url}/admin/issues/term/add/"
    page.goto(address)
    sign_in(page, "zhanna")
    page.locator("#id_definition_en").fill("What Zhanna wrote.")
    page.context.clear_cookies(name="sessionid")
    save(page)
    sign_in(page, "zhanna")
    expect(page.locator(".messagelist .success")).to_contain_text("zhanna")
    page.goto(address)
    expect(page.locator(".autosave")).to_be_visible()


def test_clash_is_explained_in_korean(editor, desk):
    kim, lee = editor(0), editor(1, "ko")
    open_term(kim, desk, "salinization")
    open_term(lee, desk, "salinization")
    kim.locator("#id_definition_en").fill("Theirs.")
    save(kim)
    lee.locator("#id_definition_en").fill("Mine.")
    save(lee)
    expect(lee.get_by_role("radio", name="내 내용 유지")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "in_review", "published", "missing"),
    [("en", "In review", "Published", "No source is cited."), ("ko", "검토 중", "공개", "인용한 출처가 없습니다.")],
)
def test_a_term_goes_from_draft_to_its_readers(editor, desk, language, in_review, published, missing):
    """An editor submits a record; a reviewer sees what is missing, cites a source and publishes; a reader finds it."""
    han, seo = editor(2, language), editor(3, language)
    key, name = f"takyr-{language}", f"Takyr{language}"
    han.goto(f"{desk.url}/admin/issues/term/add/")
    han.locator("#id_term_en").fill(name)
    han.locator("#id_key").fill(key)
    han.locator("#id_definition_en").fill("A flat clay bed that holds rain for some days.")
    expect(han.locator("#id_publication option", has_text=published)).to_have_count(0)
    han.locator("#id_publication").select_option(label=in_review)
    save(han)
    expect(han.locator(".messagelist .success")).to_be_visible()

    open_term(seo, desk, key)
    address = seo.url
    seo.locator("#id_publication").select_option(label=published)
    save(seo)
    expect(seo.locator("#content-main")).to_contain_text(missing)
    seo.locator("#citations-group .add-row a").click()
    seo.locator("#citations-0 .select2-selection").click()
    seo.locator(".select2-container--open .select2-search__field").press_sequentially("aral")
    seo.locator(".select2-results__option[aria-selected]").first.click()
    save(seo)
    expect(seo.locator(".messagelist .success")).to_be_visible()

    open_term(han, desk, key)
    assert han.url == address
    expect(han.locator("#id_definition_en")).to_have_count(0)  # it is public: an editor cannot change it any more
    han.goto(f"{desk.url}/{language}/search/?q={name}")
    expect(han.locator(".hit").first).to_contain_text(name)


def test_slash_opens_the_search_over_all_kinds_and_a_word_leads_to_a_form(editor, desk):
    page = editor(2)
    page.goto(f"{desk.url}/admin/")
    page.keyboard.press("/")
    expect(page.locator("#desk-search input")).to_be_focused()
    page.keyboard.type("aralkum /")  # in the field the key writes a character
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search/\?q="))
    expect(page.locator("#desk-search input")).to_have_value("aralkum /")
    page.locator(".desk-records a").first.click()
    expect(page.locator("#content h1")).to_be_visible()
    assert "/change/" in page.url


def test_one_key_decides_on_a_suggested_issue(editor, desk):
    def press(key):
        page.wait_for_load_state()  # the script of the keys runs after the text is there
        page.keyboard.press(key)

    with desk.database():
        project = Project.objects.first()
        Project.objects.filter(pk=project.pk).update(publication="draft")
        for issue in Issue.objects.exclude(project_links__project=project)[:3]:
            SuggestedIssue.objects.create(project=project, issue=issue, score=3, reasons=[["marker", "8:2"]])
    page = editor(2)
    page.goto(f"{desk.url}/admin/projects/suggestedissue/")
    page.get_by_role("link", name="Decide one by one").click()
    expect(page.get_by_text("3 suggestions are open.")).to_be_visible()
    press("n")
    expect(page).to_have_url(re.compile("at="))
    expect(page.get_by_text("3 suggestions are open.")).to_be_visible()
    press("c")
    expect(page.locator(".messagelist")).to_contain_text("Linked:")
    expect(page.get_by_text("2 suggestions are open.")).to_be_visible()
    press("d")
    expect(page.locator(".messagelist")).to_contain_text("Dismissed:")
    expect(page.get_by_text("1 suggestion is open.")).to_be_visible()
    page.locator("#id_rationale_en").press_sequentially("cd")  # in a field the keys write
    expect(page.get_by_text("1 suggestion is open.")).to_be_visible()


def test_form_is_short_and_enter_does_not_save_it(editor, desk):
    page = editor(2, viewport={"width": 1280, "height": 900})
    page.goto(f"{desk.url}/admin/projects/project/add/")
    assert page.evaluate("document.documentElement.scrollHeight") <= 2000
    expect(page.locator("#id_title_en")).to_be_focused()
    page.keyboard.type("Trees")
    page.keyboard.press("Enter")
    expect(page.locator("#id_title_en")).to_have_value("Trees")
    assert page.locator(".errornote").count() == 0
    expect(page.locator("input[name=_save]")).to_be_in_viewport()  # without scrolling
    page.locator("input[name=_save]").click()
    expect(page.locator(".form-faults a").first).to_have_attribute("href", "#id_status")
    page.locator(".form-faults a[href='#id_summary_en']").click()
    expect(page.locator("#id_summary_en")).to_be_in_viewport()


def test_long_form_is_folded_and_links_and_one_button_unfold_it(editor, desk):
    page = editor(3, viewport={"width": 1280, "height": 900})
    page.goto(f"{desk.url}/admin/issues/issue/?q=aral-sea-depletion")
    page.locator("#result_list tbody th a").first.click()
    unfold = page.get_by_role("button", name="Unfold all")
    expect(unfold).to_be_visible()  # the list has no such button
    assert page.evaluate("document.documentElement.scrollHeight") <= 4000
    drivers, sources = page.locator("#id_drivers_en"), page.locator("#id_citations-0-position")
    expect(drivers).to_be_hidden()
    page.locator(".form-contents a", has_text="Drivers").click()
    expect(drivers).to_be_in_viewport()
    expect(sources).to_be_hidden()
    unfold.click()
    expect(sources).to_be_visible()
    page.get_by_role("button", name="Fold all").click()
    expect(drivers).to_be_hidden()
    page.goto(f"{page.url.partition('?')[0]}#id_impacts_en")  # as the list of what is missing does
    expect(page.locator("#id_impacts_en")).to_be_in_viewport()


def test_enter_in_a_list_runs_no_action(editor, desk):
    page = editor(0)
    page.goto(f"{desk.url}/admin/issues/pageindicator/")
    address = page.url
    page.locator("#id_form-0-position").fill("77")
    page.locator("#id_form-0-position").press("Enter")
    page.wait_for_timeout(300)
    assert page.url == address
    expect(page.locator("#id_form-0-position")).to_have_value("77")
    expect(page.locator(".messagelist .warning")).to_have_count(0)


def test_a_project_is_reviewed_with_its_drafts_by_two_people(editor, desk):
    """An editor submits a project with drafts; a reviewer sends it back with a reason, takes it and publishes all."""
    drafts = {"publication": "draft"}
    with desk.database():
        Notice.objects.all().delete()  # of the tests before
        author = User.objects.get(username="han")
        with change_reason("", author=author), content_transaction():
            project = make_project(key="saxaul-belt", title_en="Saxaul belt", **drafts)
            project.countries.add(Place.objects.get(key="uz"))
            organisation = make_organisation(key="forest-service", name_en="Forest Service of the Aral", **drafts)
            make_participation(project=project, organisation=organisation)
            for record in (project, organisation):
                make_citation(record, make_source(key=f"{record.key}-source", title=f"On {record.key}", **drafts))
    han, seo = editor(2), editor(3)

    def open_project(page):
        page.goto(f"{desk.url}/admin/projects/project/?q=saxaul-belt")
        page.locator("#result_list tbody th a").first.click()

    open_project(han)
    han.locator("#id_publication").select_option("in-review")
    save(han)
    han.get_by_role("link", name="Submit them too").click()
    expect(han.locator(".desk-records li")).to_have_count(4)
    han.get_by_role("button", name="Submit 3 drafts for review").click()
    expect(han.locator(".messagelist .success")).to_contain_text("3 records were submitted.")

    open_project(seo)
    seo.get_by_label("New comment").fill("Which year? @han")
    seo.get_by_role("button", name="Send back with this comment").click()
    expect(seo.locator(".messagelist .success")).to_contain_text("The record was sent back.")

    han.goto(f"{desk.url}/admin/")
    expect(han.locator("#desk-back + ul")).to_contain_text("Sent back by seo: Which year? @han")
    expect(han.locator(".desk-unread")).to_have_text("1")
    han.locator("#desk-back + ul a").click()
    expect(han.locator(".desk-sent-back")).to_contain_text("Which year?")
    han.locator("details:has(#id_start) > summary").click()
    han.locator("#id_start").fill("2024")
    han.locator("#id_publication").select_option("in-review")
    save(han)
    expect(han.locator(".messagelist .success")).to_be_visible()

    clicks = 0
    seo.goto(f"{desk.url}/admin/")
    waiting = seo.locator("#desk-waiting + ol li", has_text="Saxaul belt")
    waiting.get_by_role("button").click()
    expect(waiting.get_by_role("button")).to_contain_text("Give back")
    for role, name in (("link", "Saxaul belt"), ("link", "Review together"), ("button", "Publish 4 records")):
        seo.get_by_role(role, name=name, exact=True).first.click()
        clicks += 1
    expect(seo.locator(".messagelist .success")).to_contain_text("4 records were published.")
    expect(seo.locator(".desk-trail")).to_contain_text("Reviewed by: seo")
    assert clicks <= 5
    han.goto(f"{desk.url}/admin/notices/")
    expect(han.locator(".desk-notices li").first).to_contain_text("seo published “Saxaul belt”.")
    han.get_by_role("button", name="Mark all as read").click()
    expect(han.locator(".desk-unread")).to_have_count(0)
    han.goto(f"{desk.url}/en/projects/saxaul-belt/")
    expect(han.locator("h1")).to_contain_text("Saxaul belt")
    expect(han.locator("main")).not_to_contain_text("Which year?")
