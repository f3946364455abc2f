"""Record pages: footnotes, former keys, query parameters and formats."""

import pytest
from django.utils import timezone

from portal.core.choices import PublicationStatus
from portal.generic.detail import RecordView, source_footnotes
from projects.views import ProjectPage
from tests import reading
from tests.make import make_citation, make_former_key, make_project, make_source

pytestmark = pytest.mark.django_db


def test_footnotes_are_the_published_sources_in_the_editors_order():
    project = make_project()
    second, first, hidden = (make_source(key=key) for key in ("b", "a", "hidden"))
    hidden.publication = PublicationStatus.DRAFT
    hidden.save()
    for position, source in enumerate((second, hidden, first), start=1):
        make_citation(project, source, position=position)
    assert [(number, source.key) for number, source in source_footnotes(project)] == [(1, "b"), (2, "a")]


def test_former_key_redirects_to_the_record_that_replaced_it(client):
    make_project(key="trees")
    make_former_key(kind="project", key="forest", now="trees")
    response = client.get("/ko/projects/forest/")
    assert (response.status_code, response["Location"]) == (301, "/ko/projects/trees/")
    day = timezone.localdate().isoformat()
    response = client.get(f"/en/projects/forest/on/{day}/")
    assert (response.status_code, response["Location"]) == (301, f"/en/projects/trees/on/{day}/")


def test_key_that_never_existed_is_not_found(client):
    assert client.get("/en/projects/forest/").status_code == 404


def test_page_and_file_have_their_own_parameters():
    class Page(RecordView):
        parameters = ("year",)
        file_parameters = ("fields",)

    assert Page.known_parameters(as_file=False) == {"year", "format"}
    assert Page.known_parameters(as_file=True) == {"year", "format", "lang", "fields"}


def test_todays_version_has_related_records_and_all_formats_and_a_past_one_has_neither(client):
    project = make_project(key="trees", updated_at=timezone.now())
    today, past = (
        client.get(url) for url in ("/en/projects/trees/", f"{project.get_absolute_url()}on/{timezone.localdate()}/")
    )
    assert today.status_code == past.status_code == 200
    assert set(ProjectPage().related_context(project)) <= set(today.context_data)
    assert "X-Robots-Tag" not in today.headers
    assert past.headers["X-Robots-Tag"] == "noindex"
    names = [{link.name for link in page.context_data["record_formats"]} for page in (today, past)]
    assert names[1] < names[0]
    assert reading.page(past).get("lang") == "en"
