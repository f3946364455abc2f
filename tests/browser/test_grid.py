"""The table of values in a browser: what was typed is kept, and pasted values that do not fit are told."""

from playwright.sync_api import expect


def open_grid(page, desk):
    page.goto(f"{desk.url}/admin/issues/indicator/?q=aral-sea-area")
    page.locator("#result_list .field-observations_count a").first.click()
    expect(page.locator(".grid")).to_be_visible()
    page.wait_for_load_state()  # scripts that keep what is typed run after the table is there


def test_typed_values_are_kept_on_leaving_and_only_those(editor, desk):
    page = editor(0)
    open_grid(page, desk)
    address = page.url
    cells = page.locator(".grid tbody input")
    stored = cells.nth(1).input_value()
    cells.first.fill("123.5")
    page.goto(f"{desk.url}/admin/")  # at once, without waiting
    page.goto(address)
    expect(cells.first).not_to_have_value("123.5")
    page.get_by_role("button", name="Restore").click()
    expect(cells.first).to_have_value("123.5")
    expect(page.locator(".grid td.changed")).to_have_count(1)
    expect(cells.nth(1)).to_have_value(stored)
    page.get_by_role("button", name="Add the year").click()
    expect(cells.first).to_have_value("123.5")
    expect(page.locator(".autosave")).to_have_count(0)  # the page holds the value itself
    page.locator("#id_why").fill("A correction.")
    page.locator("#id_why").press("Enter")
    expect(page.locator("#id_why")).to_have_value("A correction.")
    page.locator("input[name=_save]").click()
    expect(page.locator(".messagelist .success")).to_contain_text("Saved: ")
    page.goto(address)
    expect(page.locator(".autosave")).to_have_count(0)


def test_pasted_values_that_do_not_fit_are_told(editor, desk):
    page = editor(0)
    open_grid(page, desk)
    cells = page.locator(".grid tbody tr:last-child input")
    last = cells.count() - 1
    cells.nth(last).evaluate(
        """(cell) => {
          const data = new DataTransfer();
          data.setData("text", "7\\t8\\n9\\t");
          cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    expect(cells.nth(last)).to_have_value("7")
    expect(page.locator("#grid-left-out")).to_have_text(
        "Pasted values that do not fit into the table and were left out: 2 (8 · 9)."
    )
