"""axe finds no violation on any kind of page or embed: in each language, light and dark, on a phone and a desktop.

Colours are the same in each language. They are checked everywhere in English, and once in the other languages.
"""

from itertools import groupby
from operator import itemgetter

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.served import VIEWPORTS
from tests.pages import EMBEDS, LANGUAGES, PAGES, status

# Level AA of WCAG 2.2 (its rule on target size is off by default), and axe's good practices.
EVERYTHING = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
# A scheme changes only colours: in the dark scheme the rules on colours are enough.
ALL = {"runOnly": EVERYTHING}
WITHOUT_COLOURS = {"runOnly": EVERYTHING, "rules": {rule: {"enabled": False} for rule in COLOURS}}
ONLY_COLOURS = {"runOnly": {"type": "rule", "values": COLOURS}}
# From a language to the checks of a page: the viewport, the scheme, and the rules.
CHECKS = {
    "en": [(viewport, *check) for viewport in VIEWPORTS for check in (("light", ALL), ("dark", ONLY_COLOURS))],
    "ko": [("phone", "light", ALL), ("desktop", "light", WITHOUT_COLOURS)],
    "ru": [
        ("phone", "light", WITHOUT_COLOURS),
        ("desktop", "light", WITHOUT_COLOURS),
        ("desktop", "dark", ONLY_COLOURS),
    ],
}
# From the kind of page or embed to its path below the language, and its status.
EVERY = {kind: (path, status(kind)) for kind, path in PAGES.items()} | {
    f"embed-{kind}": (path, 200) for kind, path in EMBEDS.items()
}
ENOUGH = 5  # places reported for each violation
AXE = Axe().axe_script  # half a megabyte: a context gets it once, as its `init_script`
RUN = "(options) => axe.run(options).then((found) => found.violations)"


def violations(page, rules):
    """Return what axe finds on a page whose context has AXE as its `init_script`."""
    return page.evaluate(RUN, {**rules, "resultTypes": ["violations"]})


def report(violation):
    places = [f"    {' '.join(map(str, node['target']))}\n      {node['html'][:200]}" for node in violation["nodes"]]
    reason = (violation["nodes"][0].get("failureSummary") or "").replace("\n", " ")
    return "\n".join(
        [f"  {violation['id']} ({violation['impact']}), {len(places)} times: {violation['help']}. {reason}"]
        + places[:ENOUGH]
    )


@pytest.fixture(scope="module")
def tab(site, browser):
    """A tab for all pages, whose files it then has. A new one for each page would take a sixth longer."""
    context = browser.new_context(
        base_url=site.url,
        bypass_csp=True,  # the policy forbids scripts of others, and axe is one
        reduced_motion="reduce",  # colours are checked after their transition
    )
    context.add_init_script(AXE)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", EVERY)
def test_axe_finds_nothing(site, tab, kind, language):
    path, expected = EVERY[kind]
    found = {}  # from the violation to its places
    for viewport, checks in groupby(CHECKS[language], key=itemgetter(0)):
        tab.set_viewport_size(VIEWPORTS[viewport])
        assert tab.goto(f"/{language}/{path}").status == expected, site.log()
        for _viewport, scheme, rules in checks:
            tab.emulate_media(color_scheme=scheme)
            for violation in violations(tab, rules):
                found.setdefault(report(violation), []).append(f"{viewport} {scheme}")

    listed = "\n".join(f"{', '.join(where)}:\n{what}" for what, where in found.items())
    assert not found, f"/{language}/{path}\n{listed}"


def test_axe_would_find_something(new_context):
    context = new_context(bypass_csp=True)
    context.add_init_script(AXE)
    page = context.new_page()
    page.goto("about:blank")
    page.set_content("<html><body style='color:#999;background:#888'><p>Grey on grey</p><img src=x.png></body></html>")

    found, dark, rest = (
        {one["id"] for one in violations(page, rules)} for rules in (ALL, ONLY_COLOURS, WITHOUT_COLOURS)
    )

    assert {"color-contrast", "image-alt", "html-has-lang"} <= found
    assert dark == {"color-contrast"}
    assert rest == found - {"color-contrast"}
