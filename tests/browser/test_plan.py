"""A planner checks a plan on a phone, without JavaScript and without a mouse."""

import pytest
from playwright.sync_api import expect

from tests.browser.served import VIEWPORTS

TEXTS = {
    "en": "Coal stoves of Bishkek schools shall be replaced by electric heat pumps",
    "ko": "비슈케크 학교의 석탄 난로를 전기 히트펌프로 바꾼다",
    "ru": "Заменим угольные печи в школах Бишкека электрическими тепловыми насосами",
}
PROJECT = "koica-kyrgyz-air-quality"


@pytest.mark.parametrize("language", TEXTS)
def test_plan_is_checked_by_keyboard_on_a_phone(site, new_context, language):
    context = new_context(viewport=VIEWPORTS["phone"], has_touch=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}/{language}/plan/")
    page.locator("[name=title]").focus()
    page.keyboard.press("Tab")
    expect(page.locator("[name=text]")).to_be_focused()
    page.keyboard.type(TEXTS[language])
    page.locator("[name=country][value=kg]").press("Space")
    page.locator("summary", has=page.locator("xpath=following-sibling::fieldset//*[@name='area']")).press("Enter")
    page.locator("[name=area][value=air-quality]").press("Space")
    page.locator("[name=year_to]").press("Enter")
    expect(page.locator(".plan-neighbours a").first).to_have_attribute("href", f"/{language}/projects/{PROJECT}/")
    assert page.evaluate("document.documentElement.scrollWidth") == VIEWPORTS["phone"]["width"]
    assert page.url == f"{site.url}/{language}/plan/"
    assert context.cookies() == []
    page.locator(".plan-again > summary").press("Enter")
    expect(page.locator("[name=text]")).to_have_value(TEXTS[language])
    expect(page.locator("[name=area][value=air-quality]")).to_be_checked()
