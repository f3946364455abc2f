"""Pictures in real browsers: a reviewer uploads one, and readers see it when they ask for it."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_policy import MOST_BYTES
from tests.drawings import drawing

REVIEWER = 3
TEXTS = {
    "alt_en": "Circles on a light ground",
    "alt_ko": "밝은 바탕의 원들",
    "alt_ru": "Круги на светлом фоне",
    "location_en": "Moynaq",
    "taken_on": "2021-07",
    "author": "Test Drawer",
    "credit": "Test Drawer",
}
HEADINGS = {"en": "Pictures", "ko": "사진", "ru": "Изображения"}


def upload(page, desk):
    """Upload a picture of Nukus by the links that an editor follows, and show it."""
    page.goto(f"{desk.url}/admin/portal/place/?q=nukus")
    page.locator("#result_list tbody th a").first.click()
    page.get_by_role("link", name="Pictures (0)").click()
    page.get_by_role("link", name="Add picture").first.click()
    page.set_input_files(
        "#id_upload", {"name": "DSC_0001 <b>.JPG", "mimeType": "image/jpeg", "buffer": drawing(1600, 1000)}
    )
    for name, text in TEXTS.items():
        page.locator(f"#id_{name}").fill(text)
    page.locator("#id_licence").select_option("cc-by-4.0")
    page.locator("#id_persons").select_option("none")
    page.locator("#id_is_shown").check()
    page.locator("#id_why").fill("The first picture of the city.")
    page.locator("input[name=_save]").first.click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def test_reviewer_uploads_a_picture_and_readers_see_it(editor, desk, new_context):
    upload(editor(REVIEWER), desk)
    for language, heading in HEADINGS.items():
        context = new_context(viewport={"width": 390, "height": 844})
        page, requested, sizes = context.new_page(), [], []
        page.on("request", lambda request, requested=requested: requested.append(request.url))
        network = context.new_cdp_session(page)
        network.on("Network.loadingFinished", lambda event, sizes=sizes: sizes.append(event["encodedDataLength"]))
        network.send("Network.enable")
        page.goto(f"{desk.url}/{language}/places/nukus/", wait_until="networkidle")
        assert not [url for url in requested if "/files/" in url]  # a folded picture costs nothing
        assert sum(sizes) <= MOST_BYTES
        page.get_by_role("heading", name=heading, exact=True).click()
        image = page.locator("figure.picture img")
        expect(image).to_have_attribute("alt", TEXTS[f"alt_{language}"])
        expect(image).to_be_visible()
        expect(image).to_have_js_property("complete", True)
        assert image.evaluate("(image) => image.naturalWidth") > 0
        assert [url.rpartition("/")[2] for url in requested if "/files/" in url] == ["390.webp"]
        box = image.bounding_box()
        assert box["height"] == pytest.approx(box["width"] * 1000 / 1600, abs=1)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        context.close()
