"""Fixtures of the coverage table."""

from urllib.parse import urlsplit

import pytest
from django.http import QueryDict

from portal.core.choices import Area
from portal.facets import bitmaps
from portal.facets.filters import Facet
from portal.tracking import content_version
from projects.filters import ProjectFilter
from projects.models import Project
from tests.make import make_country
from tests.portal.views.coverage.pages import make


@pytest.fixture
def listed(monkeypatch):
    """Return a function that returns the number of projects in the list at a URL.

    It reads names of choices once, and the bitmaps once for each state of the content. Within the transaction of a test
    the portal reads them for each list.
    """
    known = ProjectFilter(QueryDict(), queryset=Project.objects.published())
    kept, current = {}, bitmaps.snapshots.current

    def once(name, read, update):
        key = name, content_version.state().number
        if key not in kept:
            kept[key] = current(name, read, update)
        return kept[key]

    def listed(url):
        filterset = ProjectFilter(QueryDict(urlsplit(url).query), queryset=known.queryset)
        for name, item in filterset.filters.items():
            if isinstance(item, Facet):
                item.choices = known.filters[name].choices
        assert filterset.error_messages == []
        with monkeypatch.context() as patch:
            patch.setattr(bitmaps.snapshots, "current", once)
            return filterset.qs.count()

    return listed


@pytest.fixture
def two_countries():
    return make_country(key="kz", name_en="Kazakhstan"), make_country(key="uz", name_en="Uzbekistan")


@pytest.fixture
def budgets(two_countries):
    kz, uz = two_countries
    make("dollars", countries=[kz, uz], areas=[Area.FORESTRY], budget="2500000.50", currency="USD")
    make("more", countries=[kz], areas=[Area.FORESTRY], budget="1000000", currency="USD")
    make("won", countries=[kz], areas=[Area.FORESTRY], budget="900000000", currency="KRW")
    make("unknown", countries=[kz], areas=[Area.FORESTRY, Area.WASTE])
    return two_countries
