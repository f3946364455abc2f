"""A published record is corrected by an editor and approved by a reviewer in real browsers, and then reverted."""

from playwright.sync_api import expect

HAN, SEO = 2, 3  # an editor and a reviewer: tests/browser/conftest.py


class Clicks:
    """Clicks on elements, and counts them."""

    def __init__(self):
        self.count = 0

    def __call__(self, locator):
        locator.click()
        self.count += 1


def test_published_text_is_revised_approved_and_reverted(editor, desk):
    """Readers keep the live text until the reviewer publishes. It takes both at most 8 clicks together."""
    han, seo, reader, click = editor(HAN), editor(SEO), editor(HAN), Clicks()
    reader.goto(f"{desk.url}/en/glossary/")
    expect(reader.locator("main")).not_to_contain_text("What Han revised.")

    han.goto(f"{desk.url}/admin/issues/term/?q=aralkum")
    han.locator("#result_list tbody th a").first.click()
    record = han.url
    click(han.get_by_role("link", name="Revise", exact=True))
    text = han.locator("#id_definition_en")
    before = text.input_value()
    click(text)
    text.fill("What Han revised.")
    click(han.locator("#id_why"))
    han.locator("#id_why").fill("The new source says so.")
    click(han.locator("input[name=_submit]").last)
    expect(han.locator(".messagelist .success")).to_contain_text("waits for review")
    expect(han.locator(".history-change")).to_contain_text("What Han revised.")
    reader.reload()
    expect(reader.locator("main")).not_to_contain_text("What Han revised.")

    seo.goto(f"{desk.url}/admin/")
    click(seo.locator("section[aria-labelledby=desk-waiting] a").first)
    expect(seo.locator(".history-change ins")).to_contain_text("What Han revised.")
    click(seo.get_by_role("button", name="Publish the revision"))
    expect(seo.locator(".messagelist .success")).to_have_text("The revision was published.")
    reader.reload()
    expect(reader.locator("main")).to_contain_text("What Han revised.")
    assert click.count <= 8

    seo.goto(record.partition("?")[0].replace("/change/", "/history/"))
    expect(seo.locator(".history-change").first).to_contain_text("Written by: han")
    expect(seo.locator(".history-change").first).to_contain_text("Approved by: seo")
    seo.get_by_role("link", name="Revert to this version").last.click()
    seo.locator("#id_why").fill("The first source was right.")
    seo.get_by_role("button", name="Revert", exact=True).click()
    expect(seo.locator(".messagelist .success")).to_be_visible()
    expect(seo.locator("#id_definition_en")).to_have_value(before)


def test_form_of_a_revision_works_without_scripts(editor, desk):
    page = editor(HAN, java_script_enabled=False)
    page.goto(f"{desk.url}/admin/issues/term/?q=tugai")
    page.locator("#result_list tbody th a").first.click()
    page.get_by_role("link", name="Revise", exact=True).click()
    page.locator("#id_definition_en").fill("A forest by a river.")
    page.locator("#id_why").fill("It is shorter.")
    page.locator("input[name=_save]").last.click()
    expect(page.locator(".messagelist .success")).to_contain_text("was saved")
    page.get_by_role("link", name="Edit the revision").click()
    expect(page.locator("#id_definition_en")).to_have_value("A forest by a river.")
    page.get_by_role("link", name="Cancel").first.click()
    page.get_by_role("button", name="Discard the revision").click()
    expect(page.locator(".messagelist .success")).to_contain_text("discarded")
