"""Embeds in the frame of a page of another port: light, without scripts, by keyboard, on a phone, in both schemes."""

import re
from http.server import BaseHTTPRequestHandler

import pytest
from playwright.sync_api import expect

from tests.browser.served import other_site
from tests.browser.test_policy import Visit
from tests.pages import EMBEDS, LANGUAGES

# Bytes of a first visit, compressed, headers included.
MOST_BYTES = dict.fromkeys(EMBEDS, 20_000) | dict.fromkeys(("project", "projects", "agreements"), 40_000)


class Host(BaseHTTPRequestHandler):
    """Serve a page of another site, whose body is `server.body`."""

    def do_GET(self):
        page = f"<!doctype html><html lang=en><title>Another site</title>{self.server.body}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def host():
    """Run another site on another port: set `host.body`, and visit `host.url`."""
    with other_site(Host) as server:
        yield server


def framed(page, host, code):
    """Open a page of the other site with this code; return the frame, and the complaints of the browser."""
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    host.body = code
    page.goto(host.url, wait_until="networkidle")
    return page.frame_locator("iframe"), complaints


def frame_code(site, path, width=640):
    return f'<iframe src="{site.url}/{path}" title="Embed" width="{width}" height="600"></iframe>'


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", EMBEDS)
def test_embed_is_light_and_fits_a_phone(site, new_context, kind, language):
    visit = Visit(site, new_context, f"/{language}/{EMBEDS[kind]}", {"width": 720, "height": 600})
    assert visit.status == 200
    assert [url for url in visit.requests.values() if not url.startswith(f"{site.url}/")] == []
    assert (visit.complaints, visit.runs_out) == ([], {})
    # A frame asks for no icon, as the next test finds.
    assert sum(size for url, size in visit.sizes.items() if "/img/icon" not in url) <= MOST_BYTES[kind], visit.sizes


@pytest.mark.parametrize("kind", EMBEDS)
def test_embed_is_shown_in_the_frame_of_another_site_without_cookies(site, new_context, host, kind):
    context = new_context(viewport={"width": 800, "height": 800})
    page, requests = context.new_page(), []
    page.on("request", lambda request: requests.append(request.url))
    frame, complaints = framed(page, host, frame_code(site, f"en/{EMBEDS[kind]}"))
    expect(frame.get_by_role("heading", level=1)).to_be_visible()
    expect(frame.get_by_role("link", name="Open on the portal")).to_be_visible()
    assert complaints == []
    assert context.cookies() == []
    assert [url for url in requests if "/img/icon" in url] == []


@pytest.mark.parametrize("path", ["en/projects/koica-gggi-aral-sea-grip/", "en/indicators/aral-sea-area/", "en/map/"])
def test_page_itself_is_not_shown_in_a_frame(site, page, host, path):
    frame, complaints = framed(page, host, frame_code(site, path))
    assert any("frame-ancestors" in text for text in complaints)
    expect(frame.get_by_role("heading", level=1)).to_have_count(0)


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "This content is not available"), ("ko", "표시할 내용이 없습니다"), ("ru", "Содержание недоступно")],
)
def test_frame_of_a_record_that_does_not_exist_says_so(site, page, host, language, said):
    frame, _complaints = framed(page, host, frame_code(site, f"{language}/embed/projects/no-such-project/"))
    expect(frame.get_by_role("heading", level=1)).to_have_text(said)


@pytest.mark.parametrize(("scheme", "ground"), [("light", "rgb(251, 250, 246)"), ("dark", "rgb(16, 24, 27)")])
def test_embed_follows_the_colour_scheme_of_the_reader(site, new_context, host, scheme, ground):
    page = new_context(color_scheme=scheme).new_page()
    frame, _complaints = framed(page, host, frame_code(site, "en/embed/projects/"))
    expect(frame.locator("body")).to_have_css("background-color", ground)


@pytest.mark.parametrize("kind", EMBEDS)
def test_links_open_outside_the_frame_by_keyboard(site, new_context, host, kind):
    context = new_context(viewport={"width": 360, "height": 800})
    page = context.new_page()
    frame, _complaints = framed(page, host, frame_code(site, f"en/{EMBEDS[kind]}", width=320))
    link = frame.get_by_role("link", name="Open on the portal")
    link.focus()
    with context.expect_page() as opened:
        page.keyboard.press("Enter")
    expect(opened.value).to_have_url(re.compile(f"^{site.url}/en/{re.escape(EMBEDS[kind].removeprefix('embed/'))}"))
    assert page.url == f"{host.url}/"


def test_chart_in_a_frame_is_read_by_arrow_keys(site, page, host):
    frame, _complaints = framed(page, host, frame_code(site, "en/embed/indicators/water-stress/"))
    chart = frame.get_by_role("group", name="Level of water stress")
    chart.focus()
    reading = frame.locator(".chart-reading")
    expect(reading).to_contain_text("2022")
    page.keyboard.press("Home")
    expect(reading).to_contain_text("1990")


def test_chart_in_a_frame_serves_without_javascript(site, new_context, host):
    page = new_context(java_script_enabled=False).new_page()
    frame, _complaints = framed(page, host, frame_code(site, "en/embed/indicators/water-stress/"))
    expect(frame.locator("svg.chart-narrow")).to_be_visible()
    expect(frame.locator(".chart-reading")).to_contain_text("2022")


# ── The code on pages ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "embed"),
    [
        ("indicators/aral-sea-area/", "indicators/aral-sea-area/"),
        ("projects/koica-gggi-aral-sea-grip/", "projects/koica-gggi-aral-sea-grip/"),
        ("projects/?country=uz", "projects/?country=uz"),
        ("map/?view=provinces", "map/?view=provinces"),
    ],
)
def test_copied_code_shows_the_embed_on_another_site(site, new_context, host, path, embed):
    context = new_context(permissions=["clipboard-read", "clipboard-write"], viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{site.url}/en/{path}")
    page.get_by_text("Embed", exact=True).press("Enter")
    field = page.get_by_label("Code for another website", exact=True)
    expect(field).not_to_be_editable()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Copy: Code for another website").click()
    expect(page.get_by_role("status").get_by_text("Copied")).to_be_visible()
    code = page.evaluate("navigator.clipboard.readText()")
    assert f'src="{site.url}/en/embed/{embed}"' in code
    frame, complaints = framed(context.new_page(), host, code)
    expect(frame.get_by_role("link", name="Open on the portal")).to_be_attached()
    assert complaints == []


def test_code_of_a_list_follows_its_filters_and_keeps_its_button(page, site):
    page.goto(f"{site.url}/en/projects/")
    page.get_by_role("checkbox", name=re.compile("^Turkmenistan")).check()
    expect(page).to_have_url(f"{site.url}/en/projects/?country=tm")
    page.get_by_text("Embed", exact=True).click()
    expect(page.get_by_label("Code for another website", exact=True)).to_have_value(re.compile(r"/\?country=tm"))
    expect(page.get_by_role("button", name="Copy: Code for another website")).to_have_count(1)


def test_code_stands_in_its_field_without_javascript(new_context, site):
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{site.url}/ko/projects/koica-gggi-aral-sea-grip/")
    page.get_by_text("퍼가기", exact=True).click()
    expect(page.get_by_label("다른 누리집에 넣을 코드")).to_have_value(re.compile("^<iframe src="))
    expect(page.get_by_role("button", name=re.compile("복사"))).to_have_count(0)
