"""Forms of the admin in a browser: duplicates, references, citations, previews and languages, also by keyboard."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from portal.models import Place, Source
from projects.models import Organisation
from tests.browser.served import VIEWPORTS
from tests.browser.test_accessibility import COLOURS, report

KIM, HAN, SEO, PARK = 0, 2, 3, 4
WORDS = {
    "en": {
        "already": "Does this record already exist?",
        "another": "No, it is a different record: save anyway",
        "from": "From a reference",
        "fill": "Fill in the form",
        "read": "The form is filled in from the reference: check it, then save",
        "cite": "Cite a source: Drivers (English)",
        "preview": "Preview",
        "no_source": "No source has this key: [nobody-2020]",
    },
    "ko": {
        "already": "이미 등록된 자료입니까?",
        "another": "다른 자료이므로 그대로 저장",
        "from": "서지 정보로 채우기",
        "fill": "양식 채우기",
        "read": "서지 정보로 양식을 채웠습니다. 확인한 뒤 저장해 주십시오",
        "cite": "출처 인용: 동인 (English)",
        "preview": "미리보기",
        "no_source": "이 식별자를 가진 출처가 없습니다: [nobody-2020]",
    },
}
BIBTEX = r"""@article{x, author = {Nurmuhamedov, {\c{S}}irin and Kim, Chul-soo},
  title = {Salt crusts of the {Sarykamysh} depression}, journal = {Arid Lands}, year = 2021, month = mar,
  doi = {10.1234/arid.2021.7}, language = {english}, volume = {7}}"""


def save(page):
    page.locator("input[name=_save]").first.click()


def open_change(page, desk, kind, words):
    page.goto(f"{desk.url}/admin/{kind}/?q={words}")
    with page.expect_navigation():  # until its scripts have run
        page.locator("#result_list tbody th a").first.click()
    expect(page.locator("form[id$=_form]")).to_be_visible()
    page.locator(".form-contents button").click()  # it unfolds all parts


@pytest.fixture(params=["en", "ko"])
def language(request):
    return request.param


# ── Duplicates ───────────────────────────────────────────────────────────────────────────────────────────────


def test_look_alikes_are_told_while_one_types_and_do_not_stop_who_has_looked(desk, editor, language):
    page, words = editor(HAN, language), WORDS[language]
    page.goto(f"{desk.url}/admin/projects/organisation/add/")
    told = page.locator("#duplicate-check")
    page.locator("#id_name_en").press_sequentially("Korea Forest Servise")
    expect(told).to_contain_text(words["already"])
    link = told.get_by_role("link").first
    expect(link).to_have_attribute("target", "_blank")
    expect(told).to_contain_text("korea-forest-service")
    page.locator("#id_key").fill(f"forestry-{language}")
    page.locator("#id_kind").select_option("government")
    page.get_by_label(words["another"]).check()
    page.locator("#id_acronym").fill("STAYS")
    save(page)
    expect(page.locator(".messagelist .success")).to_be_visible()
    # Remove it, so that the other language finds the same candidates.
    with desk.database():
        Organisation.objects.get(key=f"forestry-{language}").delete()


def test_without_javascript_the_form_comes_back_once_and_nothing_is_lost(desk, editor, language):
    page, words = editor(HAN, language, java_script_enabled=False), WORDS[language]
    page.goto(f"{desk.url}/admin/portal/place/add/")
    page.locator("#id_name_en").fill("Нукус")
    page.locator("#id_key").fill(f"nukus-{language}")
    page.locator("#id_kind").select_option("city")
    page.locator("details:has(#id_latitude) > summary").click()
    page.locator("#id_latitude").fill("42.46")
    page.locator("#id_longitude").fill("59.6")
    save(page)
    expect(page.locator("#duplicate-check")).to_contain_text(words["already"])
    expect(page.locator("#id_longitude")).to_have_value("59.6")
    page.get_by_label(words["another"]).check()
    save(page)
    expect(page.locator(".messagelist .success")).to_be_visible()
    with desk.database():
        Place.objects.get(key=f"nukus-{language}").delete()


# ── A source from a reference ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scripts", [True, False])
def test_a_source_is_made_from_bibtex(desk, editor, language, scripts):
    page, words = editor(HAN, language, java_script_enabled=scripts), WORDS[language]
    page.goto(f"{desk.url}/admin/portal/source/add/")
    page.locator(".from-reference summary", has_text=words["from"]).click()
    page.locator("#reference").fill(BIBTEX)
    page.get_by_role("button", name=words["fill"]).click()
    expect(page.locator(".desk-note").first).to_contain_text(words["read"])
    expect(page.locator(".desk-note").first).to_contain_text("volume: 7")
    for name, value in {
        "title": "Salt crusts of the Sarykamysh depression",
        "author": "Şirin Nurmuhamedov, Chul-soo Kim",
        "publisher": "Arid Lands",
        "date": "2021-03",
        "doi": "10.1234/arid.2021.7",
        "url": "https://doi.org/10.1234/arid.2021.7",
        "language": "en",
        "key": "nurmuhamedov-2021",
    }.items():
        expect(page.locator(f"#id_{name}")).to_have_value(value)
    save(page)
    expect(page.locator(".messagelist .success")).to_be_visible()
    page.goto(f"{desk.url}/admin/portal/source/add/")
    page.locator(".from-reference summary").click()
    page.locator("#reference").fill("https://doi.org/10.1234/arid.2021.7")
    page.get_by_role("button", name=words["fill"]).click()
    expect(page.locator("#duplicate-check")).to_contain_text("nurmuhamedov-2021")
    with desk.database():
        Source.objects.get(key="nurmuhamedov-2021").delete()


# ── Prose ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_source_is_cited_and_the_prose_previewed_by_keyboard(desk, editor, language):
    page, words = editor(SEO, language), WORDS[language]
    open_change(page, desk, "issues/issue", "aral-sea-depletion")
    text = page.locator("#id_drivers_en")
    text.fill("The first claim.")
    text.press("Home")
    for _ in "The first claim":
        text.press("ArrowRight")
    picker = page.get_by_role("combobox", name=words["cite"])
    text.press("Tab")
    expect(picker).to_be_focused()
    picker.fill("micklin hope")
    option = page.locator(".suggestions [role=option]:visible").first
    expect(option).to_contain_text("micklin-2016")
    expect(picker).to_have_attribute("aria-expanded", "true")
    picker.press("ArrowDown")
    expect(picker).to_have_attribute("aria-activedescendant", option.get_attribute("id"))
    picker.press("Enter")
    expect(text).to_be_focused()
    expect(text).to_have_value("The first claim [micklin-2016].")
    expect(picker).to_have_value("")
    text.press("Tab")
    picker.press("Enter")  # in the empty field it chooses nothing and sends nothing
    picker.press("Tab")
    button = page.get_by_role("button", name=words["preview"]).first
    expect(button).to_be_focused()
    button.press("Enter")
    preview = page.locator("#preview-drivers_en")
    expect(preview.locator("sup a")).to_have_text("1")
    expect(preview.locator(".note-list")).to_contain_text("The Future Aral Sea")
    text.fill("The first claim [nobody-2020].")
    expect(preview).to_contain_text(words["no_source"])
    assert "/change/" in page.url


def test_terms_in_a_preview_open_their_definition_and_do_not_send_the_form(desk, editor):
    page = editor(SEO)
    open_change(page, desk, "issues/issue", "aral-sea-depletion")
    page.locator("#id_state_en").fill("Tugai forests dried.")
    page.get_by_role("button", name="Preview").nth(6).click()
    preview = page.locator("#preview-state_en")
    preview.locator("button.term").click()
    expect(preview.locator(".definition")).to_be_visible()
    assert "/change/" in page.url


def test_text_that_is_kept_in_the_browser_has_the_marks_that_were_put_in(desk, editor):
    page = editor(SEO)
    open_change(page, desk, "issues/issue", "aral-sea-depletion")
    address = page.url
    page.locator("#id_impacts_en").fill("Dust.")
    picker = page.get_by_role("combobox", name="Cite a source: Impacts (English)")
    picker.fill("micklin hope")
    page.locator(".suggestions [role=option]:visible", has_text="The Future Aral Sea").click()
    expect(page.locator("#id_impacts_en")).to_have_value("Dust. [micklin-2016]")
    page.wait_for_timeout(1_200)  # the draft is stored after a moment
    page.goto(address)
    page.get_by_role("button", name="Restore").click()
    expect(page.locator("#id_impacts_en")).to_have_value("Dust. [micklin-2016]")
    page.locator(".form-contents button").click()  # it unfolds all parts
    page.get_by_role("button", name="Preview").nth(9).click()
    expect(page.locator("#preview-impacts_en sup a")).to_have_text("1")


# ── Languages ────────────────────────────────────────────────────────────────────────────────────────────────


def test_languages_can_be_chosen_and_the_choice_is_remembered(desk, editor):
    page = editor(SEO)
    open_change(page, desk, "issues/term", "tugai")
    fields = {code: page.locator(f"#id_definition_{code}") for code in ("en", "ko", "ru")}
    for field in fields.values():
        expect(field).to_be_visible()
    page.get_by_label("Show languages").select_option("English + 한국어")
    expect(fields["ru"]).to_be_hidden()
    expect(fields["ko"]).to_be_visible()
    english, korean = fields["en"].bounding_box(), fields["ko"].bounding_box()
    assert english["x"] + english["width"] <= korean["x"]  # languages side by side
    page.reload()
    expect(fields["ru"]).to_be_hidden()
    page.get_by_label("Show languages").select_option("All")
    expect(fields["ru"]).to_be_visible()


def test_how_complete_a_language_is_follows_what_one_types(desk, editor):
    page = editor(SEO)
    page.goto(f"{desk.url}/admin/projects/project/add/")
    marks = page.locator("#languages [data-language]")
    expect(marks).to_have_text(["0 of 2", "0 of 2", "0 of 2"])
    page.locator("#id_title_ko").fill("나무")
    expect(marks).to_have_text(["0 of 2", "1 of 2", "0 of 2"])
    page.locator("details:has(#id_results_en) > summary").click()
    page.locator("#id_results_en").fill("Planted.")  # optional, but it must be translated once it has a text
    expect(marks).to_have_text(["1 of 3", "1 of 3", "0 of 3"])
    page.locator("#issue_links-group summary").first.click()
    page.locator("#issue_links-group .add-row a").click()
    expect(marks).to_have_text(["1 of 4", "1 of 4", "0 of 4"])
    page.locator("#id_issue_links-0-rationale_ru").fill("Так.")
    expect(marks).to_have_text(["1 of 4", "1 of 4", "1 of 4"])
    page.locator("#issue_links-0 .inline-deletelink").click()
    expect(marks).to_have_text(["1 of 3", "1 of 3", "0 of 3"])


def test_a_translator_begins_with_english_and_korean(desk, editor):
    page = editor(PARK, "ko")
    open_change(page, desk, "issues/term", "tugai")
    expect(page.locator("#languages-shown")).to_have_value("en ko")
    expect(page.locator("#id_definition_ko")).to_be_visible()
    expect(page.locator(".fieldBox.field-definition_ru .readonly")).to_be_hidden()
    mark = page.locator("#languages [data-language=ko]")
    before = mark.text_content()
    page.locator("#id_definition_ko").fill("")
    expect(mark).not_to_have_text(before)
    expect(page.locator("#languages [data-language=en]")).to_have_text(
        "2 중 2"
    )  # the user cannot edit it, but it counts


def test_a_field_that_is_wrong_or_led_to_is_never_hidden(desk, editor):
    page = editor(HAN)
    page.goto(f"{desk.url}/admin/issues/term/add/")
    page.get_by_label("Show languages").select_option("Русский")
    expect(page.locator("#id_term_en")).to_be_hidden()
    save(page)
    expect(page.locator("#id_term_en")).to_be_visible()
    expect(page.locator(".errorlist").first).to_be_visible()


def test_without_javascript_all_languages_are_shown(desk, editor):
    page = editor(HAN, java_script_enabled=False)
    page.goto(f"{desk.url}/admin/issues/term/add/")
    for code in ("en", "ko", "ru"):
        expect(page.locator(f"#id_definition_{code}")).to_be_visible()
    expect(page.locator("#languages-shown")).to_be_hidden()
    expect(page.locator("#languages [data-language]")).to_have_text([re.compile("0 of 2")] * 3)


# ── Everybody ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("width", VIEWPORTS)
def test_axe_finds_nothing_in_what_forms_have_been_given(desk, editor, width):
    """Return the parts of each form that the portal renders. Those of Django and Select2 are not ours to change."""
    page = editor(SEO, bypass_csp=True, viewport=VIEWPORTS[width], reduced_motion="reduce")
    parts = ["#duplicate-check", "#languages", ".from-reference", ".prose-tools", ".prose-preview", ".desk-note"]
    found = {}

    def check(name):
        # Django’s links change their colour slowly, and axe must see the last one.
        page.add_style_tag(content="*, ::before, ::after { transition: none !important }")
        here = [part for part in parts if page.locator(part).count()]
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            rules = (
                {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
                if scheme == "light"
                else COLOURS
            )
            results = Axe().run(page, context={"include": [[part] for part in here]}, options={"runOnly": rules})
            for violation in results.response["violations"]:
                found.setdefault(report(violation), []).append(f"{name} {scheme}")

    page.goto(f"{desk.url}/admin/portal/source/add/")
    page.locator(".from-reference summary").click()
    page.locator("#reference").fill(BIBTEX + "@misc{y, title={Aral Sea}}")
    page.get_by_role("button", name="Fill in the form").click()
    page.locator(".from-reference summary").click()
    page.locator("#id_title").fill("The Future Aral Sea: Hope and Despair")
    expect(page.locator("#duplicate-check a").first).to_be_visible()
    check("source")
    open_change(page, desk, "issues/issue", "aral-sea-depletion")
    page.locator("#id_drivers_en").fill("Cotton [micklin-2016]. Tugai [nobody-2020].")
    page.get_by_role("button", name="Preview").first.click()
    expect(page.locator("#preview-drivers_en .prose-problem")).to_be_visible()
    page.get_by_role("combobox", name="Cite a source: Drivers (English)").press_sequentially("aral")
    expect(page.locator(".suggestions [role=option]:visible").first).to_be_visible()
    check("issue")
    assert not found, "\n".join(f"{', '.join(where)}:\n{what}" for what, where in found.items())


@pytest.mark.parametrize("kind", ["issues/issue", "projects/project", "portal/source", "projects/organisation"])
def test_no_form_is_wider_than_a_phone(desk, editor, kind):
    page = editor(SEO, "ru", viewport={"width": 360, "height": 740})
    page.goto(f"{desk.url}/admin/{kind}/add/")
    ours = "#languages, .from-reference, .prose-tools, #duplicate-check"
    for box in page.locator(ours).all():
        place = box.bounding_box()
        assert place is None or (place["x"] >= 0 and place["x"] + place["width"] <= 360), kind
