"""A reader reports a mistake on a phone, without JavaScript and without a mouse."""

import pytest
from playwright.sync_api import expect

from portal.models import ReaderReport
from tests.browser.served import VIEWPORTS

RECORD = "projects/koica-gggi-aral-sea-grip/"
WORDS = {
    "en": ("Report a mistake", "Send to the editors", "Thank you"),
    "ko": ("오류 신고", "편집자에게 보내기", "감사합니다"),
    "ru": ("Сообщить об ошибке", "Отправить редакторам", "Спасибо"),
}
WRONG = "The end is 2023, not 2024."
A_LETTER = 220  # milliseconds, as people type: the form takes longer than its shortest time


@pytest.fixture(params=WORDS)
def phone(request, new_context, desk):
    """Return a page of a phone without JavaScript that shows a record, with the language and its words."""
    context = new_context(viewport=VIEWPORTS["phone"], has_touch=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{desk.url}/{request.param}/{RECORD}")
    return page, request.param, WORDS[request.param]


def test_report_takes_two_taps_and_two_fields(phone, desk):
    page, language, (link, button, thanks) = phone
    page.get_by_role("main").get_by_role("link", name=link).tap()
    page.locator("[name=message]").press_sequentially(WRONG, delay=A_LETTER)
    page.locator("[name=url]").fill("https://example.org/report.pdf")
    assert page.evaluate("document.documentElement.scrollWidth") == VIEWPORTS["phone"]["width"]
    page.get_by_role("button", name=button).tap()
    expect(page.get_by_role("heading", level=1)).to_have_text(thanks)
    with desk.database():
        stored = ReaderReport.objects.latest("pk")
    assert (stored.address, stored.url) == (f"/{language}/{RECORD}", "https://example.org/report.pdf")
    assert stored.message == WRONG
    assert page.context.cookies() == []


def test_report_is_sent_by_keyboard_and_errors_lead_to_their_field(phone, desk):
    page, _language, (link, _button, thanks) = phone
    page.get_by_role("contentinfo").get_by_role("link", name=link).press("Enter")
    page.locator("[name=message]").focus()
    page.keyboard.press("Tab")
    expect(page.locator("[name=url]")).to_be_focused()
    page.keyboard.type("nowhere")
    page.keyboard.press("Enter")
    message, address = page.locator("[name=message]"), page.locator("[name=url]")
    expect(message).to_have_attribute("aria-invalid", "true")
    expect(address).to_have_value("nowhere")
    box = page.locator(f"#{address.get_attribute('aria-describedby').split()[-1]}")
    expect(box).to_be_visible()
    message.focus()
    page.keyboard.type(WRONG, delay=A_LETTER)
    page.keyboard.press("Tab")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("https://example.org/")
    for _ in range(3):  # the e-mail, the link to the privacy page, the button: the hidden field is passed over
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(thanks)
