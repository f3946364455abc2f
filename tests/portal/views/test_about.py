"""The pages about the portal, about privacy and about the completeness of the data."""

import pytest

from portal.models.corrections import MONTHS_KEPT
from tests import reading
from tests.make import make_portal_details
from tests.pages import LANGUAGES

pytestmark = pytest.mark.django_db

EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
DETAILS = {"publisher_en": "Gyeonggi Research Institute", "email": "editors@example.org", "office_en": "1 Main Street"}


@EVERY_LANGUAGE
@pytest.mark.parametrize("name", ["about", "privacy"])
def test_page_has_a_text_of_its_own_in_each_language(client, language, name):
    """A language without a template would show the English one."""
    response = client.get(f"/{language}/{name}/")
    assert response.status_code == 200
    assert response.templates[0].name == f"portal/{name}_{language}.html"


@EVERY_LANGUAGE
def test_page_of_privacy_says_how_many_months_an_address_is_kept(client, language):
    words = reading.words(reading.page(client.get(f"/{language}/privacy/")))
    assert str(MONTHS_KEPT) in words


@pytest.mark.parametrize("name", ["about", "privacy"])
def test_who_answers_for_the_portal_is_named_as_far_as_it_is_known(client, name):
    before = reading.words(reading.page(client.get(f"/en/{name}/")))
    assert not [text for text in DETAILS.values() if text in before]
    make_portal_details(**DETAILS)
    page = reading.page(client.get(f"/en/{name}/"))
    assert [text for text in DETAILS.values() if text not in reading.words(page)] == []
    assert page.xpath("//main//a[starts-with(@href, 'mailto:')]/@href") == ["mailto:editors@example.org"]


@pytest.mark.parametrize(
    ("name", "trail"), [("about", []), ("privacy", ["/en/about/"]), ("about/data", ["/en/about/"])]
)
def test_way_back_leads_through_the_page_about_the_portal(client, name, trail):
    response = client.get(f"/en/{name}/")
    assert [address for _title, address in response.context["trail"] if address] == trail
    assert response.context["trail"][-1] == (response.context["title"], None)


def test_page_of_the_portal_is_a_page_about_it_for_search_engines(client):
    assert '"@type": "AboutPage"' in client.get("/en/about/").content.decode().replace('":"', '": "')


def test_page_of_the_data_has_counts_though_there_are_no_records(client):
    response = client.get("/en/about/data/")
    assert response.status_code == 200
    assert {count for _kind, count, *_rest in response.context["kinds"]} == {0}
