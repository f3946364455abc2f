"""The styleguide of components."""

import pytest
from django.conf import settings
from django.test import RequestFactory
from django.test.signals import template_rendered
from django_htmx.middleware import HtmxMiddleware

from portal.templatetags import navigation
from portal.views.styleguide import styleguide
from tests import reading
from tests.make import (
    make_citation,
    make_project,
)
from tests.portal.views.sections import sections

pytestmark = pytest.mark.django_db


def gallery():
    """Show the styleguide, which has a URL only with DEBUG."""
    request = RequestFactory().get("/en/styleguide/")
    return HtmxMiddleware(styleguide)(request)


def test_styleguide_stands_with_a_single_project():
    make_citation(make_project())
    shown = gallery()
    parts = sections(shown)
    assert {"Tags", "Entries", "Terms", "List"} <= set(parts)
    assert "Confidence: High" in reading.words(reading.page(shown))
    assert {"Line chart", "Map of the region"} & set(parts) == set()


@pytest.mark.usefixtures("content")
class TestStyleguide:
    def test_it_shows_each_component_and_chart(self):
        names = set()
        navigation._links.cache_clear()  # the links of the header and the footer are rendered once
        template_rendered.connect(collect := lambda template, **_rest: names.add(template.name), weak=False)
        try:
            answer = gallery()
        finally:
            template_rendered.disconnect(collect)
        drawn = {name for name in names if name and name.startswith(("components/", "charts/"))}
        templates = settings.BASE_DIR / "templates"
        assert drawn == {
            f"{folder}/{path.name}"
            for folder in ("components", "charts")
            for path in (templates / folder).glob("*.html")
        }
        assert "On the map" in sections(answer)
        ids = reading.page(answer).xpath("//@id")
        assert sorted({one for one in ids if ids.count(one) > 1}) == []
