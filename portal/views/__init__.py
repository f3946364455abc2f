"""The views of the portal's own pages, one module per subject. The views that `portal.urls` names are imported here."""

from portal.views.about import About, AboutData, Privacy
from portal.views.changed import WhatChanged
from portal.views.corrections import Contact, CorrectionLog, ReportMistake, report_sent
from portal.views.country.page import CountryPage
from portal.views.home import Home
from portal.views.places import CountryList, PlacePage
from portal.views.sources import SourceList, SourcePage
from portal.views.system import (
    bad_request,
    favicon,
    healthz,
    manifest,
    not_found,
    opensearch,
    readyz,
    robots,
    server_error,
    version,
)

__all__ = [
    "About",
    "AboutData",
    "Contact",
    "CorrectionLog",
    "CountryList",
    "CountryPage",
    "Home",
    "PlacePage",
    "Privacy",
    "ReportMistake",
    "SourceList",
    "SourcePage",
    "WhatChanged",
    "bad_request",
    "favicon",
    "healthz",
    "manifest",
    "not_found",
    "opensearch",
    "readyz",
    "report_sent",
    "robots",
    "server_error",
    "version",
]
