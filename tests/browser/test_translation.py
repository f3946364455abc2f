"""A translator works through texts in a real browser."""

import re

from playwright.sync_api import expect

from issues.models import Term

HAN, PARK = 2, 4  # an editor and a translator into Korean: tests/browser/conftest.py


def remove_translations(desk, count):
    """Remove the Korean definition of the first `count` terms."""
    with desk.database():
        pks = list(Term.objects.order_by("pk").values_list("pk", flat=True)[:count])
        Term.objects.filter(pk__in=pks).update(definition_ko="")


def count_of_definitions(desk, beginning):
    with desk.database():
        return Term.objects.filter(definition_ko__startswith=beginning).count()


def test_translator_saves_ten_texts_in_a_row(editor, desk):
    """Each save opens the next text: the translator never goes back to the list. Six with the mouse, four with keys."""
    remove_translations(desk, 10)
    park = editor(PARK)
    park.goto(f"{desk.url}/admin/translation/")
    park.get_by_role("link", name="Korean: Missing").click()
    visited, lists = [], []
    park.on("framenavigated", lambda frame: lists.append(frame.url) if "/texts/" in frame.url else None)
    for number in range(10):
        visited.append(park.url)
        expect(park.locator("#id_definition")).to_be_focused()
        park.keyboard.type(f"차례로 쓴 뜻풀이 {number}.")
        with park.expect_navigation():  # the page before has the same message
            if number < 6:
                park.get_by_role("button", name="Save and next").click()
            else:
                park.keyboard.press("Control+Enter")
        expect(park.locator(".messagelist .success")).to_contain_text("1 text saved")
        if number < 9:
            assert lists == []
    assert len(set(visited)) == 10
    expect(park.locator(".messagelist .info")).to_have_text("That was the last text of this list.")
    assert count_of_definitions(desk, "차례로") == 10
    park.goto(re.sub(r"/admin/translation/issues\.term/(\d+)/.*", r"/admin/issues/term/\1/history/", visited[0]))
    expect(park.locator(".history-change").first).to_contain_text("Translation: Korean")


def test_view_works_without_scripts_and_on_a_phone(editor, desk):
    remove_translations(desk, 2)
    page = editor(HAN, java_script_enabled=False, viewport={"width": 390, "height": 800})
    page.goto(f"{desk.url}/admin/translation/texts/?kind=issues.term&to=ko&show=missing")
    page.get_by_role("link", name="One by one").click()
    expect(page.locator(".desk-note")).to_contain_text("Your texts become a revision")
    first = page.url
    page.locator("#id_definition").fill("차례 없이 쓴 뜻풀이.")
    page.get_by_role("button", name="Save and next").click()
    expect(page.locator(".messagelist .success")).to_contain_text("1 text in your revision")
    assert page.url != first
    assert count_of_definitions(desk, "차례 없이") == 0
