"""Tables as files and values as a grid, in real browsers: from an editor's mistake to the public page."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_import import ROWS, SLOW

WORDS = {
    "en": {
        **{"import": "Import", "compare": "Compare", "store": "Save all", "other": "Another file"},
        **{"wrong": "This field cannot be blank.", "done": "is imported", "table": "Edit values in a table"},
        **{"values": "Save values", "no_number": "“many” is not a number.", "stored": "Saved: 1 added"},
    },
    "ko": {
        **{"import": "가져오기", "compare": "비교", "store": "모두 저장", "other": "다른 파일"},
        **{"wrong": "이 필드는 빈 칸으로 둘 수 없습니다.", "done": "가져왔습니다", "table": "값을 표로"},
        **{"values": "값 저장", "no_number": "“many”은(는) 숫자가 아닙니다.", "stored": "저장했습니다. 추가 1건"},
    },
}
PLACES = {"en": "aral-sea", "ko": "nukus"}


def bring(page, words, text):
    """Choose a file in the import form and compare it."""
    page.locator("#id_file").set_input_files(
        {"name": "places.csv", "mimeType": "text/csv", "buffer": text.encode("utf-8-sig")}
    )
    page.locator("#id_why").fill("The atlas was read again")
    page.get_by_role("button", name=words["compare"]).click()


def policy_violations(page):
    """Return the errors of the browser while the page is used."""
    found = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.mark.parametrize("language", WORDS)
def test_a_file_goes_from_a_mistake_to_its_readers(editor, desk, language):
    """A reviewer uploads a file with a mistake, corrects it, previews and stores the changes; readers find them."""
    words, key, spelling = WORDS[language], PLACES[language], f"Qaraqum{language}"
    seo = editor(3, language)
    violations = policy_violations(seo)
    seo.goto(f"{desk.url}/admin/portal/place/")
    seo.get_by_role("link", name=words["import"], exact=True).click()
    bring(seo, words, f"key,name_en,name_ru\n{key},,{spelling}\n")
    expect(seo.locator("#content-main table")).to_contain_text(words["wrong"])
    expect(seo.get_by_role("button", name=words["store"])).to_have_count(0)
    seo.get_by_role("link", name=words["other"]).click()
    bring(seo, words, f"key,name_ru\n{key},{spelling}\n")
    row = seo.locator("#content-main tbody tr")
    expect(row.locator("td")).to_contain_text([key, "name_ru", "", spelling])
    seo.get_by_role("button", name=words["store"]).click()
    expect(seo.locator(".messagelist .success")).to_contain_text(words["done"])
    seo.goto(f"{desk.url}/{language}/search/?q={spelling}")
    expect(seo.locator(f".hit a[href='/{language}/places/{key}/']").first).to_be_visible()
    assert violations == []


@pytest.mark.parametrize("language", WORDS)
def test_values_are_typed_into_a_table_by_keyboard(editor, desk, language):
    """A mistake is marked in its cell. After its correction everything is stored at once, and a reader sees it."""
    words, year = WORDS[language], {"en": 2024, "ko": 2025}[language]
    seo = editor(3, language)
    violations = policy_violations(seo)
    seo.goto(f"{desk.url}/admin/issues/indicator/?q=cotton-yield")
    seo.locator("#result_list tbody th a").first.click()
    seo.get_by_role("link", name=words["table"]).click()
    seo.goto(f"{seo.url}?first=2020&last=2026&places=kz+uz")
    seo.locator(f"#v-{year - 1}-kz").click()
    seo.keyboard.press("ArrowDown")
    expect(seo.locator(f"#v-{year}-kz")).to_be_focused()
    seo.keyboard.type("many")
    expect(seo.locator("td.changed")).to_have_count(1)
    seo.keyboard.press("Enter")  # moves on instead of storing an unfinished value
    expect(seo.locator(f"#v-{year + 1}-kz")).to_be_focused()
    seo.locator("#id_why").fill("The yearbook is out")
    seo.get_by_role("button", name=words["values"]).click()
    alert = seo.get_by_role("alert")
    expect(alert).to_contain_text(words["no_number"])
    alert.get_by_role("link").click()
    expect(seo.locator(f"#v-{year}-kz")).to_be_focused()
    seo.locator(f"#v-{year}-kz").fill("3,75")
    seo.get_by_role("button", name=words["values"]).click()
    expect(seo.locator(".messagelist .success")).to_contain_text(words["stored"])
    expect(seo.locator(f"#v-{year}-kz")).to_have_value("3.75")
    seo.goto(f"{desk.url}/{language}/indicators/cotton-yield/?view=table")
    expect(seo.locator("main")).to_contain_text("3.75")
    assert violations == []


def test_a_block_from_a_spreadsheet_fills_the_cells_it_is_pasted_over(editor, desk):
    seo = editor(3)
    seo.goto(f"{desk.url}/admin/issues/indicator/?q=cotton-yield")
    seo.locator("#result_list tbody td.field-observations_count a").first.click()
    seo.goto(f"{seo.url}?first=1990&last=1992&places=kz+uz")
    seo.locator("#v-1990-kz").evaluate(
        """cell => {
            const data = new DataTransfer();
            data.setData("text", "1.1\\t1.2\\r\\n2.1\\t2.2\\r\\n");
            cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    for name, value in (("1990-kz", "1.1"), ("1990-uz", "1.2"), ("1991-kz", "2.1"), ("1991-uz", "2.2")):
        expect(seo.locator(f"#v-{name}")).to_have_value(value)


def test_a_table_is_typed_and_a_file_brought_without_scripts(editor, desk):
    seo = editor(3, java_script_enabled=False)
    seo.goto(f"{desk.url}/admin/issues/indicator/?q=wheat-yield")
    seo.locator("#result_list tbody td.field-observations_count a").first.click()
    seo.goto(f"{seo.url}?first=2024&last=2024&places=uz")
    seo.locator("#v-2024-uz").fill("4.2")
    seo.locator("#id_why").fill("The yearbook is out")
    seo.locator("input[name=_save]").click()
    expect(seo.locator("#v-2024-uz")).to_have_value("4.2")
    seo.goto(f"{desk.url}/admin/portal/place/import/")
    bring(seo, WORDS["en"], "key,name_ko\naral-sea,아랄 바다\n")
    expect(seo.get_by_role("button", name="Save all")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_long_imports_say_how_far_they_are(editor, desk, width):
    """More than a thousand rows: the page shows the progress and then opens the result by itself."""
    seo = editor(3, viewport={"width": width, "height": 800})
    violations = policy_violations(seo)
    seo.goto(f"{desk.url}/admin/issues/term/import/")
    lines = "".join(f"made-up-{width}-{n},Word {n},A meaning.\n" for n in range(ROWS))
    bring(seo, WORDS["en"], f"key,term_en,definition_en\n{lines}")
    expect(seo.get_by_role("heading", name="What the file would change")).to_be_visible(timeout=SLOW)
    expect(seo.locator(".outcomes")).to_contain_text(f"New {ROWS:,}")
    seo.wait_for_load_state()
    assert seo.evaluate("document.documentElement.scrollWidth") == width
    seo.get_by_role("button", name="Save all").click()
    expect(seo.locator(".import-progress")).to_contain_text(f"{ROWS} new, 0 changed", timeout=SLOW)
    assert violations == []
