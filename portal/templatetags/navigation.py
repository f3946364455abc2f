"""The portal's main pages as the header and the footer list them."""

import functools

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

register = template.Library()

# Names of URLs, in the order of the bar under the header. A narrow header has no bar, and its menu begins with them.
BAR = ["issues", "countries", "gyeonggi", "projects", "agreements", "indicators", "map", "plan"]

# (heading, {URL name: label}) of each group of the menu, which is the site index of the footer too.
GROUPS = [
    (_("Topics"), {"issues": _("Issues"), "countries": _("Countries"), "indicators": _("Indicators"), "map": _("Map")}),
    (
        _("Cooperation"),
        {
            "plan": pgettext_lazy("menu", "Plan"),
            "projects": _("Projects"),
            "agreements": _("Agreements"),
            "ledger": _("Ledger of ties"),
            "organisations": _("Organisations"),
            "results": _("Results and lessons"),
            "brief": pgettext_lazy("menu", "Make a brief"),
            "coverage": _("Gaps and coverage"),
            "timeline": _("Timeline"),
            "gyeonggi": _("Gyeonggi"),
            "gyeonggi-ties": _("Ties"),
        },
    ),
    (
        _("Data"),
        {
            "compare": pgettext_lazy("menu", "Compare"),
            "sources": _("Sources"),
            "glossary": _("Glossary"),
            "data": _("Open data and API"),
            "about-data": _("Data completeness"),
        },
    ),
    (
        _("About the portal"),
        {
            "about": _("About"),
            "contact": _("Contact"),
            "what-changed": pgettext_lazy("menu", "What changed"),
            "corrections": _("Corrections"),
            "privacy": _("Privacy"),
        },
    ),
]
LABELS = {name: label for _heading, entries in GROUPS for name, label in entries.items()}


@register.simple_tag(takes_context=True)
def site_navigation(context):
    """Return the HTML of the links of the header and the footer of a page: {"bar": …, "index": …}.

    A link is current on its own page ("page") and on a page below it ("true"). Of several links above a page the
    nearest is current.
    """
    request = context.get("request")
    path = request.path if request else ""
    language = get_language()
    nearest = max((url for url in _urls(language).values() if path.startswith(url)), key=len, default=None)
    return _links(language, nearest, "page" if path == nearest else "true")


@functools.cache
def _urls(language):
    """Return the URL of each entry by its name, in the active language."""
    return {name: reverse(name) for name in LABELS}


@functools.cache
def _links(language, nearest, current):
    """Return the links of the active language. Cached: most pages have the same ones, and they take 3 ms to render."""
    urls = _urls(language)

    def entries(names):
        return [
            {"label": LABELS[name], "url": urls[name], "current": current if urls[name] == nearest else ""}
            for name in names
        ]

    groups = [{"heading": heading, "entries": entries(group)} for heading, group in GROUPS]
    return {
        "bar": render_to_string("components/site_bar.html", {"entries": entries(BAR)}),
        "index": render_to_string("components/site_index.html", {"groups": groups}),
    }
