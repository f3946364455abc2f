"""Pages as a reader without an account gets them."""

import pytest

from portal.core.choices import PublicationStatus
from portal.open_data.offline.rendering import render
from tests.make import make_project
from tests.pages import LANGUAGES

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", LANGUAGES)
def test_rendered_page_is_the_one_that_readers_get(client, language):
    make_project(key="trees", title_ko="나무", title_ru="Деревья")
    for path in ("projects/trees/", "projects/?per_page=100", "map/?view=provinces"):
        page = render(f"/{language}/{path}")
        assert (page.status, page.text) == (200, client.get(f"/{language}/{path}").content.decode())


def test_unpublished_records_are_not_there_and_archived_ones_are_gone():
    make_project(key="draft", publication=PublicationStatus.DRAFT)
    make_project(key="archived", publication=PublicationStatus.ARCHIVED)
    assert [render(f"/en/projects/{key}/").status for key in ("draft", "never", "archived")] == [404, 404, 410]


def test_list_tells_how_many_pages_it_has():
    make_project()
    assert render("/en/projects/?per_page=100").context["table"].paginator.num_pages == 1
