"""Maintenance of records in real browsers: merged duplicates, an archived record, a verified one."""

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from projects.models import Project
from tests.make import make_organisation, make_participation

KIM, HAN, SEO = 0, 2, 3  # an administrator, an editor, a reviewer
PROJECT = "koica-gggi-aral-sea-grip"


def save(page):
    page.locator("input[name=_save]").first.click()


def open_record(page, desk, model, key):
    page.goto(f"{desk.url}/admin/{model}/?q={key}")
    page.locator("#result_list tbody th a").first.click()
    expect(page.locator("#content-main form").first).to_be_visible()


@pytest.mark.parametrize(
    ("language", "doubles", "compare", "merge", "done"),
    [
        ("en", "Likely duplicates", "Compare and merge", "Merge the two", "was merged into this record"),
        ("ko", "중복 의심", "비교하고 합치기", "둘을 합치기", "이 자료에 합쳤습니다"),
    ],
)
def test_two_records_of_one_thing_become_one(editor, desk, language, doubles, compare, merge, done):
    """The number on the dashboard falls, and a reader of the old URL gets the record that stays."""
    key, name, korean = f"salt-{language}", f"Salt Steppe Institute {language}", f"소금초원연구소{language}"
    with desk.database():
        make_organisation(key=key, name_en=name)
        twin = make_organisation(key=f"{key}-old", name_en=name, name_ko=korean)
        make_participation(project=Project.objects.get(key=PROJECT), organisation=twin, role="partner")
        call_command("find_duplicates", verbosity=0)
    kim = editor(KIM, language)
    kim.goto(f"{desk.url}/admin/")
    number = kim.locator("a[href$='/admin/doubles/#organisation'] b")
    before = int(number.inner_text())
    expect(kim.locator("dl > div", has=number)).to_contain_text(doubles)
    number.click()
    kim.locator(".double-list li", has_text=f"{key}-old").get_by_role("link", name=compare).click()
    # Empty fields of the record that stays are filled unless the editor decides otherwise.
    expect(kim.locator("input[name=stays-name_ko][value=other]")).to_be_checked()
    kim.get_by_role("button", name=merge).click()
    expect(kim.locator(".messagelist .success")).to_contain_text(done)
    expect(kim.locator("#id_name_ko")).to_have_value(korean)
    kim.goto(f"{desk.url}/admin/")
    assert int(number.inner_text()) == before - 1

    kim.goto(f"{desk.url}/{language}/organisations/{key}-old/")
    assert kim.url == f"{desk.url}/{language}/organisations/{key}/"
    expect(kim.locator("h1")).to_contain_text(korean if language == "ko" else name)
    expect(kim.locator(f"main a[href$='/projects/{PROJECT}/']")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "archived", "reason", "title", "told"),
    [
        ("en", "Archived", "The dam was never built.", "This page was archived", "It is now archived"),
        ("ko", "보관", "댐은 지어지지 않았다.", "이 페이지는 보관되었습니다", "보관"),
    ],
)
def test_what_no_longer_holds_is_archived_and_its_address_says_so(
    editor, desk, language, archived, reason, title, told
):
    key = {"en": "aral-fishing-ends", "ko": "kokaral-dam-completed"}[language]
    seo = editor(SEO, language)
    open_record(seo, desk, "issues/event", key)
    seo.locator("#id_publication").select_option(label=archived)
    seo.locator("#id_why").fill(reason)
    save(seo)
    expect(seo.locator(".messagelist .success")).to_be_visible()
    reader = editor(HAN, language)
    answer = reader.goto(f"{desk.url}/{language}/timeline/{key}/")
    assert answer.status == 410
    expect(reader.locator("h1")).to_have_text(title)
    expect(reader.locator("main")).to_contain_text(told)


def test_an_older_translation_is_still_right_and_text_that_was_not_saved_stays(editor, desk):
    seo = editor(SEO)
    open_record(seo, desk, "issues/term", "tugai")
    address = seo.url
    seo.locator("#id_definition_en").fill("Forest along the rivers of the desert.")
    seo.locator("#id_why").fill("Said better.")
    save(seo)
    expect(seo.locator(".messagelist .success")).to_be_visible()
    seo.goto(f"{desk.url}/admin/issues/term/?care=ko-older")
    expect(seo.locator("#result_list tbody tr")).to_have_count(1)
    seo.goto(address)
    older = seo.locator(".desk-older li")
    expect(older).to_have_count(2)
    older.filter(has_text="한국어").get_by_role("link").click()
    expect(seo.locator("#id_definition_ko")).to_be_in_viewport()
    seo.locator("#id_term_ru").fill("Ещё не сохранено")
    seo.wait_for_timeout(1_200)
    older.filter(has_text="한국어").get_by_role("button", name="Still correct").click()
    expect(seo.locator(".messagelist .info")).to_contain_text("1 translation marked as still correct")
    expect(older).to_have_count(1)
    seo.get_by_role("button", name="Restore").click()
    expect(seo.locator("#id_term_ru")).to_have_value("Ещё не сохранено")


def test_an_editor_looks_through_a_record_that_readers_see(editor, desk):
    han = editor(HAN)
    han.goto(f"{desk.url}/admin/issues/term/?q=aralkum")
    han.locator("#result_list tbody th a").first.click()
    expect(han.locator("#id_definition_en")).to_have_count(0)  # it is not theirs to change
    han.get_by_role("button", name="Mark as verified").click()
    expect(han.locator(".desk-look")).to_contain_text("Verified by han on")
