"""One page of each kind, with keys from the fixtures. Browser tests, the markup checker and screenshots visit them.

Add each new kind of page here: then every such check covers it.
"""

LANGUAGES = ("en", "ko", "ru")

# From the kind of page to its path below the language.
PAGES = {
    "home": "",
    "issues": "issues/",
    "causes": "issues/?view=causes",
    "changes": "issues/aral-sea-depletion/changes/",
    "issue": "issues/aral-sea-depletion/",
    "indicators": "indicators/",
    "indicator": "indicators/aral-sea-area/",
    "projects": "projects/",
    "project": "projects/koica-gggi-aral-sea-grip/",
    "past": "projects/koica-gggi-aral-sea-grip/on/2026-11-25/",
    "organisations": "organisations/",
    "organisation": "organisations/koica/",
    "agreements": "agreements/",
    "agreement": "agreements/kr-uz-environment-mou-2009/",
    "ledger": "agreements/ledger/",
    "ledger-years": "agreements/ledger/?scope=all&view=years",
    "brief": "brief/",
    "brief-made": "brief/?country=uz&issue=water-scarcity",
    "lessons": "lessons/",
    "lesson": "lessons/koica-gggi-aral-sea-grip-result-1/",
    "countries": "countries/",
    "country": "countries/uz/",
    "korea": "countries/kr/",
    "place": "places/nukus/",
    "timeline": "timeline/",
    "event": "timeline/aral-fishing-ends/",
    "coverage": "coverage/",
    "map": "map/",
    "map-provinces": "map/?view=provinces",
    "gyeonggi": "gyeonggi/",
    "ties": "gyeonggi/ties/",
    "plan": "plan/",
    "plan-checked": "plan/?country=uz&place=nukus&area=water-resources&issue=aral-sea-depletion&year_from=2027",
    "compare": "compare/",
    "compare-found": "compare/?project=koica-gggi-aral-sea-grip&find=aral+sea",
    "compare-countries": "compare/?country=uz&country=kz&country=kr&country=tm",
    "compare-issues": "compare/?issue=aral-sea-depletion&issue=aralkum",
    "compare-projects": "compare/?project=koica-gggi-aral-sea-grip&project=kfs-aral-sea-forest-restoration-kz",
    "glossary": "glossary/",
    "sources": "sources/",
    "source": "sources/wikipedia-aral-sea/",
    "search": "search/?q=aral",
    "about": "about/",
    "about-data": "about/data/",
    "contact": "contact/",
    "corrections": "corrections/",
    "what-changed": "changes/",
    "digest": "digests/",
    "digest-sent": "digests/sent/",
    "privacy": "privacy/",
    "report": "report/?address=/en/projects/koica-gggi-aral-sea-grip/",
    "report-sent": "report/sent/1/",
    "data": "data/",
    "not-found": "no-such-page/",
}

# Pages with "noindex" for search engines.
SILENT = {
    *(
        "search",
        "brief-made",
        "compare-found",
        "changes",
        "past",
        "not-found",
        "report",
        "report-sent",
        "plan-checked",
        "digest",
        "digest-sent",
    ),
}

# Embeds, which are for the frames of other sites: from the kind to its path below the language.
EMBEDS = {
    "chart": "embed/indicators/aral-sea-area/",
    "chart-of-countries": "embed/indicators/water-stress/",
    "map-of-values": "embed/indicators/water-stress/?view=map",
    "project": "embed/projects/koica-gggi-aral-sea-grip/",
    "projects": "embed/projects/?country=uz",
    "agreements": "embed/agreements/",
    "map": "embed/map/",
    "map-provinces": "embed/map/?view=provinces",
}


def address(kind, language):
    """Return the path and query of the page of that kind."""
    return f"/{language}/{PAGES[kind]}"


def status(kind):
    """Return the expected status code of the page of that kind."""
    return 404 if kind == "not-found" else 200
