"""Every page is small, fits a phone, loads nothing from other hosts, obeys the content policy and does not shift."""

import re
from http.server import BaseHTTPRequestHandler

import pytest
from playwright.sync_api import expect

from tests.browser.served import VIEWPORTS, other_site
from tests.pages import LANGUAGES, PAGES, address, status

MOST_BYTES = 63_000  # compressed, headers included, on a first visit; 60,000 until the content grew by a fifth
MOST_BYTES_OF = {".css": 20_000, ".js": 25_000}
LEAFLET = {"map": ".js"}  # an interactive map uses Leaflet, which is larger than everything else
NARROW = (360, 320)  # CSS pixels: a small phone; a window of 1280 at 400 % zoom (WCAG 2.2, 1.4.10)
MOST_SHIFT = 0.02  # a tenth of the threshold for a good score

WATCH_SHIFTS = """
window.portalShifts = [];
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    const nodes = entry.sources.map(source => source.node && (source.node.outerHTML || source.node.textContent));
    window.portalShifts.push({value: entry.value, nodes: nodes.map(node => String(node).slice(0, 120))});
  }
}).observe({type: "layout-shift", buffered: true});
"""


# A browser with a window loads them too. The headless shell does not.
READ_ICONS = """Promise.all(
  [...document.querySelectorAll("link[rel=icon]")].map(icon => fetch(icon.href).then(got => got.arrayBuffer(), () => 0))
)"""


class Visit:
    """A first visit to a page: its requests, the responses, and the errors of the browser."""

    def __init__(self, site, new_context, path, viewport):
        context = new_context(base_url=site.url, viewport=viewport)
        context.add_init_script(WATCH_SHIFTS)
        page = context.new_page()
        self.complaints, self.requests, self.bytes = [], {}, {}
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        network = context.new_cdp_session(page)
        network.on("Network.requestWillBeSent", lambda e: self.requests.update({e["requestId"]: e["request"]["url"]}))
        network.on("Network.loadingFinished", lambda e: self.bytes.update({e["requestId"]: e["encodedDataLength"]}))
        network.send("Network.enable")
        self.url = f"{site.url}{path}"
        self.status = page.goto(path, wait_until="networkidle").status
        page.evaluate(READ_ICONS)
        self.shifts = page.evaluate("window.portalShifts")
        self.runs_out = {}
        for width in NARROW:
            page.set_viewport_size({"width": width, "height": viewport["height"]})
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if over:
                self.runs_out[width] = over
        context.close()

    def _on_console(self, message):
        own_answer = message.location.get("url") == self.url and "Failed to load resource" in message.text
        if message.type in {"error", "warning"} and not own_answer:  # the status of an error page is expected
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    @property
    def shift(self):
        """Return the sum of all layout shifts (CLS without session windows)."""
        return sum(shift["value"] for shift in self.shifts)

    @property
    def sizes(self):
        """Return a dict from URL to transferred bytes, the largest first."""
        rows = [(self.requests.get(request, request), int(size)) for request, size in self.bytes.items()]
        return dict(sorted(rows, key=lambda row: -row[1]))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", PAGES)
def test_a_page_is_light_and_keeps_to_itself(site, new_context, kind, language):
    # A wider window requests the same files in every language, so one language is enough.
    for width in VIEWPORTS if language == "en" else ["phone"]:
        visit = Visit(site, new_context, address(kind, language), VIEWPORTS[width])
        for _time in range(3):
            if visit.shift > MOST_SHIFT:
                # A busy machine may paint half a page first. A page that shifts by itself does so each time.
                visit = Visit(site, new_context, address(kind, language), VIEWPORTS[width])

        assert visit.status == status(kind), site.log()
        # The browser draws a field for a date with a picture of its own. The content policy refuses those of pages.
        ours = (f"{site.url}/", "data:image/svg+xml;base64,")
        assert [url for url in visit.requests.values() if not url.startswith(ours)] == []
        assert visit.complaints == []
        assert visit.runs_out == {}
        assert sum(visit.sizes.values()) <= MOST_BYTES, visit.sizes
        for ending, most in MOST_BYTES_OF.items():
            if LEAFLET.get(kind) != ending:
                assert sum(size for url, size in visit.sizes.items() if url.endswith(ending)) <= most, visit.sizes
        assert visit.shift <= MOST_SHIFT, visit.shifts


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", r"Page size: \d\d kB"), ("ko", r"페이지 크기: \d\dkB"), ("ru", r"Размер страницы: \d\d кБ")],
)
def test_a_page_says_what_it_weighs(site, page, language, said):
    page.goto(f"{site.url}/{language}/about/", wait_until="networkidle")
    expect(page.locator("[data-weight]")).to_have_text(re.compile(said))


class BadManners(BaseHTTPRequestHandler):
    """Serve a page that violates every rule that pages of the portal must obey."""

    PAGE = b"""<!doctype html><title>Bad manners</title><link rel=icon href=/icon.svg><p id=moved style=height:400px>One
        <script>alert(1)</script><script src=/late.js></script><img src=http://localhost:9/picture.png>"""
    SCRIPT = b"setTimeout(() => { document.getElementById('moved').style.marginTop = '400px' }, 200)"

    def do_GET(self):
        body = {"/": self.PAGE, "/late.js": self.SCRIPT}.get(self.path, b"")
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/javascript" if self.path == "/late.js" else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", "script-src 'self'")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def rude_site():
    with other_site(BadManners) as server:
        yield server


def test_a_visit_notices_bad_manners(rude_site, new_context):
    # On a busy machine the first paint may come after the shift, or the shift after the last look.
    visits = (Visit(rude_site, new_context, "/", VIEWPORTS["desktop"]) for _time in range(5))
    visit = next((visit for visit in visits if visit.shift > MOST_SHIFT), None)

    assert visit is not None
    assert visit.status == 200
    assert "http://localhost:9/picture.png" in visit.requests.values()
    assert any("violates the following Content Security Policy" in text for text in visit.complaints)
    assert any("icon.svg" in text for text in visit.complaints)
    assert visit.sizes[f"{rude_site.url}/"] > len(BadManners.PAGE)
    assert visit.sizes[f"{rude_site.url}/late.js"] > len(BadManners.SCRIPT)
