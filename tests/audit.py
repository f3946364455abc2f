"""Run Lighthouse on one page of each kind, as a slow phone loads it: `make audit`, or `python -m tests.audit`.

Each page must score 100 in performance, accessibility, best practices and SEO. PORTAL_URL names a portal that is
running already. Without it, one is started on the current database for the time of the audit. LIGHTHOUSE names the
program.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys

from tests.browser.served import CHROMIUM_ARGS, NO_CHROMIUM, ROOT, Site, chromium, serve
from tests.pages import LANGUAGES, PAGES, SILENT, address, status

LIGHTHOUSE = os.environ.get("LIGHTHOUSE") or ROOT / ".node/lighthouse/node_modules/.bin/lighthouse"
WANTED = 100
ATTEMPTS = 3  # Chromium sometimes does not report when a page began to load
WHOLE = tuple(kind for kind in PAGES if status(kind) == 200)  # search engines must not find an error page


def chosen():
    parser = argparse.ArgumentParser(prog="python -m tests.audit", description=__doc__.splitlines()[0])
    parser.add_argument("--page", nargs="+", choices=WHOLE, default=WHOLE, help="default: all")
    parser.add_argument("--lang", nargs="+", choices=LANGUAGES, default=("en",), help="default: en")
    return parser.parse_args()


def audit(url, kind):
    """Return the scores of a page by category, and the audits that cost it points."""
    flags = " ".join(["--headless", *CHROMIUM_ARGS])
    command = [LIGHTHOUSE, url, "--quiet", "--output=json", "--output-path=stdout", f"--chrome-flags={flags}"]
    if kind in SILENT or "?" in url:  # robots.txt excludes it from search engines
        command.append("--skip-audits=is-crawlable")
    environment = os.environ | {"CHROME_PATH": chromium()}
    for _ in range(ATTEMPTS):
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode == 0:
            break
    else:
        sys.exit(f"{url}: {done.stderr.strip()}")
    told = json.loads(done.stdout)
    scores = {name: round(category["score"] * 100) for name, category in told["categories"].items()}
    weighed = {one["id"] for category in told["categories"].values() for one in category["auditRefs"] if one["weight"]}
    failed = [
        f"{one['title']} {one.get('displayValue', '')}".strip()
        for name, one in told["audits"].items()
        if name in weighed and one["score"] is not None and one["score"] < 0.9
    ]
    return scores, failed


def main():
    if not chromium():
        sys.exit(NO_CHROMIUM)
    wanted, missed = chosen(), 0
    running = os.environ.get("PORTAL_URL")
    with contextlib.nullcontext(Site(running.rstrip("/"), None, None)) if running else serve() as site:
        for kind in wanted.page:
            for language in wanted.lang:
                scores, failed = audit(site.url + address(kind, language), kind)
                missed += min(scores.values()) < WANTED
                print(f"{kind + ' ' + language:24}", *(f"{name} {score:3}" for name, score in scores.items()), sep="  ")
                for title in failed if min(scores.values()) < WANTED else ():
                    print(f"{'':26}{title}")
    sys.exit(f"{missed} pages have less than {WANTED}." if missed else 0)


if __name__ == "__main__":
    main()
