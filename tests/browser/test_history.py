"""A correction in real browsers: made with a reason, visible to readers and editors, and reverted."""

import pytest
from playwright.sync_api import expect

EVENT = "aral-fishing-ends"
WORDS = {
    "en": {
        "asks": "State the reason in one sentence",
        "why": "The report gives another year.",
        "what_changed": "What changed",
        "revert": "Revert",
        "done": "The record was reverted.",
        "reverted": "Reverted to what it was before the first recorded change: It was right after all.",
        "because": "It was right after all.",
    },
    "ko": {
        "asks": "변경 사유를 한 문장으로",
        "why": "보고서에는 다른 해로 나옵니다.",
        "what_changed": "바뀐 점",
        "revert": "되돌리기",
        "done": "자료를 이전 상태로 되돌렸습니다.",
        "reverted": "기록된 첫 변경 전의 상태로 되돌렸습니다: 처음 글이 맞았습니다.",
        "because": "처음 글이 맞았습니다.",
    },
}


@pytest.fixture
def watched(editor):
    """Return a function like `editor`, and check at the end that the browser reported no errors."""
    complaints = []

    def opened(*who):
        page = editor(*who)
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield opened
    assert complaints == []


def open_event(page, desk):
    page.goto(f"{desk.url}/admin/issues/event/?q={EVENT}")
    page.locator("#result_list tbody th a").first.click()


@pytest.mark.parametrize("language", WORDS)
def test_a_correction_is_explained_read_and_taken_back(watched, desk, language):
    words = WORDS[language]
    han, seo = watched(2, language), watched(3, language)
    open_event(seo, desk)
    field = seo.locator(f"#id_text_{language}")
    right = field.input_value()
    wrong = f"{right} 1999."
    field.fill(wrong)
    seo.locator("input[name=_save]").last.click()
    expect(seo.locator(".field-why .errorlist")).to_contain_text(words["asks"])
    expect(field).to_have_value(wrong)
    seo.locator("#id_why").fill(words["why"])
    seo.locator("input[name=_save]").last.click()
    expect(seo.locator(".messagelist .success")).to_be_visible()

    han.goto(f"{desk.url}/{language}/timeline/{EVENT}/")
    han.locator(".cite a[href$='/changes/']").click()
    change = han.locator(".change").first
    expect(change).to_contain_text(words["why"])
    expect(change.locator("ins")).to_have_text(["1999."])
    expect(han.locator("body")).not_to_contain_text("seo")

    open_event(han, desk)
    han.locator(".object-tools .historylink").click()
    expect(han.locator("#content h1")).to_have_text(words["what_changed"])
    newest = han.locator(".history-change").first
    for told in ("seo", words["why"], "1999."):
        expect(newest).to_contain_text(told)
    expect(han.locator(".history-change a.button")).to_have_count(0)  # it is public now

    open_event(seo, desk)
    seo.locator(".object-tools .historylink").click()
    seo.locator(".history-change a.button").last.click()
    expect(seo.locator(".history-change del")).to_have_text(["1999."])
    seo.locator("#id_why").fill(words["because"])
    seo.get_by_role("button", name=words["revert"], exact=True).click()
    expect(seo.locator(".messagelist .success")).to_have_text(words["done"])
    expect(seo.locator(f"#id_text_{language}")).to_have_value(right)

    han.goto(f"{desk.url}/{language}/timeline/{EVENT}/changes/")
    expect(han.locator(".change").first).to_contain_text(words["reverted"])
    expect(han.locator(".change").first.locator("del")).to_have_text(["1999."])
