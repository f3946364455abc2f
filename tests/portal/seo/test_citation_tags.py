"""Meta tags for reference managers."""

import pytest
from django.utils import timezone

from portal.citations.references import reference_of_source
from portal.core.urls import snapshot_url
from portal.models import Source
from portal.seo.citation_tags import citation_tags
from tests import reading
from tests.make import make_answer, make_project, make_source
from tests.portal.seo.heads import SITE

pytestmark = pytest.mark.django_db


def metas(response, start):
    """Return pairs of name and content of the meta tags with that prefix."""
    tags = reading.page(response).xpath("//meta[starts-with(@name, $start)]", start=start)
    return [(tag.get("name"), tag.get("content")) for tag in tags]


def test_page_of_a_record_says_how_to_cite_it(client):
    project = make_project(key="trees", title_ko="아랄쿰의 나무")
    assert metas(client.get("/ko/projects/trees/"), "citation_") == [
        ("citation_title", "아랄쿰의 나무"),
        ("citation_author", "중앙아시아 환경·협력 포털"),
        ("citation_publisher", "중앙아시아 환경·협력 포털"),
        ("citation_publication_date", f"{project.updated_at.astimezone():%Y/%m/%d}"),
        ("citation_language", "ko"),
        ("citation_public_url", f"{SITE}/ko/projects/trees/"),
    ]


def test_page_of_a_day_is_cited_at_its_own_address(client):
    make_project(key="trees")
    here = snapshot_url("/en/projects/trees/", timezone.localdate())
    tags = dict(metas(client.get(here), "citation_"))
    assert (tags["citation_title"], tags["citation_public_url"]) == ("Trees for the Aralkum", f"{SITE}{here}")


def test_page_of_a_source_says_how_to_cite_the_source(client):
    make_source(
        key="aral", author="Philip Micklin and others", date="2016", doi="10.1007/x", url="https://example.org/a"
    )
    assert metas(client.get("/ru/sources/aral/"), "citation_") == [
        ("citation_title", "The Future Aral Sea"),
        ("citation_author", "Micklin, Philip"),
        ("citation_journal_title", "Environmental Earth Sciences"),
        ("citation_publication_date", "2016"),
        ("citation_doi", "10.1007/x"),
        ("citation_language", "en"),
        ("citation_public_url", "https://example.org/a"),
    ]


def test_report_is_of_an_institution():
    tags = dict(citation_tags(reference_of_source(make_source(kind=Source.Kind.REPORT, publisher="UNECE"))))
    assert (tags["citation_technical_report_institution"], tags["citation_author"]) == ("UNECE", "UNECE")


def test_lists_are_not_cited(client):
    make_answer()
    assert metas(client.get("/en/projects/"), "citation_") == []
