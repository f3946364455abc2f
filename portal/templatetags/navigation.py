"""The portal's main pages as the header and the footer list them."""

from django import template
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

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
    """Return {"bar": entries, "groups": [{"heading", "entries"}]} for the header and the footer of a page.

    An entry has label, url and current: "page" on its own page, "true" on a page below it, else "". Of several entries
    above a page the nearest is current.
    """
    request = context.get("request")
    path = request.path if request else ""
    urls = {name: reverse(name) for name in LABELS}
    nearest = max((url for url in urls.values() if path.startswith(url)), key=len, default=None)

    def entries(names):
        return [
            {
                "label": LABELS[name],
                "url": urls[name],
                "current": "" if urls[name] != nearest else "page" if path == nearest else "true",
            }
            for name in names
        ]

    groups = [{"heading": heading, "entries": entries(group)} for heading, group in GROUPS]
    return {"bar": entries(BAR), "groups": groups}
