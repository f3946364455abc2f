"""Take screenshots of one page of each kind: `make shots`, or `python -m tests.shots --page issue --lang ko`.

The files are shots/<page>-<language>-<width>-<scheme>.png. PORTAL_URL names a portal that is running already. Without
it, one is started on the current database for the time of the run.
"""

import argparse
import contextlib
import os
import sys

from playwright.sync_api import sync_playwright

from tests.browser.served import CHROMIUM_ARGS, NO_CHROMIUM, ROOT, SCHEMES, VIEWPORTS, Site, chromium, serve
from tests.pages import LANGUAGES, PAGES, address, status

SHOTS = ROOT / "shots"


def chosen():
    parser = argparse.ArgumentParser(prog="python -m tests.shots", description=__doc__.splitlines()[0])
    for option, names in {"page": PAGES, "lang": LANGUAGES, "width": VIEWPORTS, "scheme": SCHEMES}.items():
        parser.add_argument(f"--{option}", nargs="+", choices=tuple(names), default=tuple(names), help="default: all")
    return parser.parse_args()


def shoot(browser, url, wanted):
    """Take the requested screenshots. Return the number of pages with an unexpected status."""
    wrong = 0
    for width in wanted.width:
        for scheme in wanted.scheme:
            context = browser.new_context(
                base_url=url, viewport=VIEWPORTS[width], color_scheme=scheme, reduced_motion="reduce"
            )
            page = context.new_page()
            for kind in wanted.page:
                for language in wanted.lang:
                    answer = page.goto(address(kind, language), wait_until="networkidle").status
                    path = SHOTS / f"{kind}-{language}-{width}-{scheme}.png"
                    page.screenshot(path=path, full_page=True)
                    odd = "" if answer == status(kind) else f" — answered {answer}, not {status(kind)}"
                    wrong += bool(odd)
                    print(f"{path.relative_to(ROOT)}{odd}", flush=True)
            context.close()
    return wrong


def main():
    wanted = chosen()
    executable = chromium()
    if not executable:
        sys.exit(NO_CHROMIUM)
    SHOTS.mkdir(exist_ok=True)
    url = os.environ.get("PORTAL_URL", "").rstrip("/")
    with contextlib.nullcontext(Site(url, None, None)) if url else serve() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGS)
        wrong = shoot(browser, site.url, wanted)
        browser.close()
        if wrong:
            sys.exit(f"{wrong} pages did not answer as they should.\n{'' if url else site.log()}")


if __name__ == "__main__":
    main()
